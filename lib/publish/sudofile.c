/* SPDX-License-Identifier: ISC */
#include "lib/publish/sudofile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/runner.h"
#include "lib/fullio.h"
#include "lib/publish/ownfile.h"
#include "lib/publish/sudotext.h"
#include "lib/store/sudo.h"

#define MODE		0440
#define VISUDO_S	60u
#define VISUDO_MAX	(256u * 1024u)

/* ---- what it should hold ---- */

/* Is sudo there, and the folder? */
static bool
has_sudo(const struct nk_state *state)
{
	const char *slash = strrchr(state->sudoers, '/');
	char folder[PATH_MAX];
	int n;

	n = snprintf(folder, sizeof(folder), "%.*s",
	    (int)(slash - state->sudoers), state->sudoers);
	return n > 0 && (size_t)n < sizeof(folder) &&
	    access(folder, X_OK) == 0 && access(state->visudo, X_OK) == 0;
}

static int
count(void *arg, const struct nk_sudo *row)
{
	bool *has = arg;

	(void)row;
	*has = true;
	return 1;
}

int
nk_sudo_file_make(struct nk_store *s, const struct nk_state *state,
    struct nk_sudo_file *f)
{
	bool left = false;
	int64_t revision;
	int r;

	*f = (struct nk_sudo_file){ .text = NULL };
	if (state->sudoers == NULL)
		return 0;
	if ((r = nk_sudo_revision(s, &revision)) < 0 || revision == 0)
		return r;
	if (!has_sudo(state)) {
		r = nk_sudo_each(s, count, &left);
		f->fault = left ? -ENOPKG : 0;
		return r < 0 ? r : 0;
	}
	r = nk_sudotext_make(s, state->visudo, &f->text, &f->len, &left);
	f->fault = left ? -EBADMSG : 0;
	return r;
}

void
nk_sudo_file_clear(struct nk_sudo_file *f)
{
	free(f->text);
	*f = (struct nk_sudo_file){ .text = NULL };
}

/* ---- what it holds ---- */

/* Its first bytes, NUL-terminated; closes fd. */
static int
read_head(int fd, char head[NK_SUDO_HEAD_MAX])
{
	size_t len = 0;
	int r = nk_read_full(fd, head, NK_SUDO_HEAD_MAX - 1, &len);

	close(fd);
	head[len] = '\0';
	return r;
}

static bool
has_mark(const char *head)
{
	return strncmp(head, NK_SUDO_MARK, sizeof(NK_SUDO_MARK) - 1) == 0;
}

/* One that a person has put there, under our name. */
static bool
is_foreign(const struct nk_state *state)
{
	char head[NK_SUDO_HEAD_MAX];
	int fd;

	if ((fd = open(state->sudoers, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK)) == -1)
		return errno != ENOENT;
	return read_head(fd, head) < 0 || !has_mark(head);
}

bool
nk_sudo_file_is(struct nk_store *s, const struct nk_state *state,
    int64_t revision)
{
	char head[NK_SUDO_HEAD_MAX], wanted[NK_SUDO_HEAD_MAX];
	struct stat st;
	int fd, r;

	if (state->sudoers == NULL)
		return true;
	if ((r = nk_ownfile_open(state->sudoers, state->owner, MODE, &fd,
	    &st)) < 0)
		return r == -ENOENT || access(state->sudoers, F_OK) == -1 ?
		    revision == 0 || !has_sudo(state) : is_foreign(state);
	if (read_head(fd, head) < 0 ||
	    nk_sudotext_head(s, revision, wanted) < 0)
		return false;
	if (!has_mark(head))
		return true;		/* not for us to change */
	return revision != 0 && has_sudo(state) &&
	    strncmp(head, wanted, strlen(wanted)) == 0;
}

int
nk_sudo_file_compare(const struct nk_state *state,
    const struct nk_sudo_file *f)
{
	struct stat st;

	if (state->sudoers == NULL)
		return 0;
	if (f->text != NULL)
		return nk_ownfile_compare(state->sudoers, state->owner, MODE,
		    f->text, f->len);
	if (lstat(state->sudoers, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return is_foreign(state) ? 0 : -EBADMSG;
}

int
nk_sudo_file_write(const struct nk_state *state,
    const struct nk_sudo_file *f)
{
	int r, s;

	if (state->sudoers == NULL)
		return 0;
	if (is_foreign(state))
		return f->text == NULL ? 0 : -EEXIST;
	if (f->text == NULL)
		return nk_ownfile_remove(state->sudoers, state->owner);
	r = nk_ownfile_replace(state->sudoers, state->owner, MODE, f->text,
	    f->len);
	/* better no rules than one that was taken away */
	if (r < 0 && (s = nk_ownfile_remove(state->sudoers,
	    state->owner)) < 0)
		r = s;
	return r;
}

/* ---- is all well? ---- */

static const char *
explain(int r)
{
	switch (r) {
	case -ENOENT:
		return "the rules for sudo are not in sudoers.d";
	case -EPERM:
		return "the file of rules in sudoers.d is not root's with "
		    "mode 0440, so that sudo does not read it";
	case -EEXIST:
		return "the file of rules in sudoers.d was not made by "
		    "naskeys: rename it, and say naskeysctl sync";
	case -EBADMSG:
		return "the file of rules in sudoers.d does not say what the "
		    "store says";
	default:
		return "the file of rules in sudoers.d cannot be read";
	}
}

/* Does sudo's own configuration name the file, and is it well? */
static const char *
check_whole(const struct nk_state *state)
{
	const struct nk_runner run = {
		.path = state->visudo,
		.args = { "-c" },
		.seconds = VISUDO_S,
		.max = VISUDO_MAX,
	};
	const char *why = NULL;
	char *text;
	size_t len;
	int r;

	r = nk_runner_run(&run, &text, &len);
	if (r < 0)
		why = "\"visudo -c\" finds faults in sudo's configuration";
	else if (strstr(text, state->sudoers) == NULL)
		why = "sudo does not read the rules: /etc/sudoers does not "
		    "say \"@includedir /etc/sudoers.d\"";
	free(text);
	return why;
}

int
nk_sudo_file_verify(struct nk_store *s, const struct nk_state *state,
    void (*report)(void *arg, const char *what), void *arg)
{
	const char *why = NULL;
	struct nk_sudo_file f;
	int r;

	if (state->sudoers == NULL)
		return 0;
	if ((r = nk_sudo_file_make(s, state, &f)) < 0)
		goto out;
	if (f.text != NULL && is_foreign(state))
		r = -EEXIST;
	else
		r = nk_sudo_file_compare(state, &f);
	if (r < 0)
		why = explain(r);
	else if (f.fault == -ENOPKG)
		why = "there are users or groups with commands for sudo, and "
		    "no sudo: install it, and say naskeysctl sync";
	else if (f.fault < 0)
		why = "some commands are left out of the rules, for sudo does "
		    "not take them (they may be older than naskeys's own "
		    "check, or visudo may differ): see the file in sudoers.d";
	else if (f.text != NULL)
		why = check_whole(state);
	r = 0;
	if (why != NULL) {
		report(arg, why);
		r = -EBADMSG;
	}
 out:
	nk_sudo_file_clear(&f);
	return r;
}
