/* SPDX-License-Identifier: ISC */
#include "lib/rpc/adopt_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/account/looker.h"
#include "lib/account/resolver.h"
#include "lib/explain/modes.h"
#include "lib/fullio.h"
#include "lib/home/become.h"
#include "lib/home/homefile.h"
#include "lib/rpc/import_warn.h"
#include "lib/rpc/key_places.h"
#include "lib/rpc/keyrow.h"

#define FILE_NAME	NK_PLACE_SSH "/" NK_PRESENT_FILE

static void
say(struct nk_adopt_file *f, const char *text)
{
	(void)snprintf(f->why, sizeof(f->why), "%s", text);
}

/* ---- whose home, and where ---- */

static int
set_home(struct nk_adopt_file *f, const char *home)
{
	if (!nk_import_is_utf8(home)) {
		say(f, "The path of the home directory is no UTF-8 text.");
		return 0;
	}
	if ((f->home = strdup(home)) == NULL ||
	    asprintf(&f->path, "%s/" FILE_NAME, strcmp(home, "/") == 0 ? "" :
	    home) == -1) {
		f->path = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Of an account that lives elsewhere, which its name services know. */
static int
ask_elsewhere(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f, struct nk_homefile_who *who)
{
	struct nk_question q = { .name = u->name };

	if (nk_resolver_ask(&c->resolver, &q, 1, c->conf->lookup_timeout) < 0)
		say(f, "The machine's name services do not answer, so that "
		    "the account's home is not known.");
	else if (!q.entry.found)
		say(f, "The account lives elsewhere, and no name service of "
		    "this machine knows it.");
	else if (q.entry.id != u->uid)
		say(f, "The account has another uid elsewhere than it had "
		    "when it was added, and may be somebody else's.");
	else if (strlen(q.entry.home) == sizeof(q.entry.home) - 1)
		say(f, "The path of the home directory is too long.");
	else {
		who->gid = q.entry.gid;
		return set_home(f, q.entry.home);
	}
	return 0;
}

/* f->home stays NULL where there is none. */
static int
find_home(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f, struct nk_homefile_who *who)
{
	uint32_t gid = 0;
	int r = 0;

	*who = (struct nk_homefile_who){
		.uid = u->uid,
		.root = c->state->owner,
		.seconds = c->conf->lookup_timeout,
	};
	if (!u->managed)
		r = ask_elsewhere(c, u, f, who);
	else if (strcmp(u->home, c->conf->default_home) != 0 &&
	    (r = nk_key_places_gid(c, u, &gid)) == 0) {
		who->gid = gid;
		r = set_home(f, u->home);
	}
	who->home = f->home;
	return r;
}

/* ---- what is there ---- */

static void
say_result(struct nk_adopt_file *f, const struct nk_homefile_result *res)
{
	const char *text = nk_homefile_sentence(res->outcome);

	if (res->outcome == NK_HOMEFILE_FAILED)
		(void)snprintf(f->why, sizeof(f->why), "%s (%s)", text,
		    strerror(res->error));
	else
		say(f, text);
}

/* ---- who could have written it ---- */

struct place {
	const struct nk_homefile_who	*who;
	struct nk_modes_check		 check;
};

/* In a child, as the user. */
static int
look_at_modes(void *arg, int fd)
{
	const struct place *p = arg;
	const struct nk_become become = {
		.uid = p->who->uid,
		.gid = p->who->gid,
		.seconds = p->who->seconds,
	};
	struct nk_modes m;

	if (nk_become(&become) < 0)
		return 1;
	nk_modes_look(&p->check, &m);
	return nk_write_full(fd, &m, sizeof(m)) == 0 ? 0 : 1;
}

/*
 * What somebody else could have written is not the user's word, and sshd
 * (StrictModes) takes it for nothing.
 */
static void
check_modes(const struct nk_homefile_who *who, struct nk_adopt_file *f)
{
	struct place p = { .who = who, .check = { .path = f->path,
	    .home = f->home, .uid = who->uid, .lone_group = true } };
	struct nk_modes m;

	if (nk_child_ask(look_at_modes, &p, who->seconds, &m, sizeof(m)) < 0)
		say(f, "Who may write to the file could not be seen.");
	else if (m.fault != NK_MODES_FINE)
		say(f, "Others may write to the file, to .ssh or to the home "
		    "directory, so that sshd does not trust it: take that "
		    "right away, see whose keys they are, and adopt them "
		    "then.");
}

/*
 * sshd's own settings name a second file, unless somebody has changed them.
 * Nothing reads it here; that it is there is worth saying.
 */
static void
look_at_other(struct nk_context *c, const struct nk_homefile_who *who,
    struct nk_adopt_file *f)
{
	struct nk_look look = { .uid = who->uid, .gid = who->gid,
	    .word = "none" };
	enum nk_looked state = NK_LOOKED_ABSENT;
	char *path;

	if (asprintf(&path, "%s2", f->path) == -1)
		return;
	look.path = path;
	if (nk_looker_ask(&c->looker, &look, who->seconds, &state) == 0)
		f->other = state != NK_LOOKED_ABSENT;
	free(path);
}

int
nk_adopt_file_read(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	struct nk_homefile_result res;
	struct nk_homefile_who who;
	struct nk_homefile seen;
	char *text = NULL;
	int r;

	memset(f, 0, sizeof(*f));
	if ((r = find_home(c, u, f, &who)) < 0 || f->home == NULL)
		return r;
	if (nk_homefile_read(&who, &seen, &text, &res) < 0) {
		say_result(f, &res);
		return res.error == ENOMEM ? -ENOMEM : 0;
	}
	look_at_other(c, &who, f);
	if (text == NULL)
		return 0;
	f->found = true;
	check_modes(&who, f);
	if (f->why[0] == '\0')
		r = nk_found_lines_read(text, (size_t)seen.file.size,
		    &policy, &f->lines);
	explicit_bzero(text, (size_t)seen.file.size);
	free(text);
	return r;
}

void
nk_adopt_file_clear(struct nk_adopt_file *f)
{
	nk_found_lines_clear(&f->lines);
	free(f->home);
	free(f->path);
	memset(f, 0, sizeof(*f));
}
