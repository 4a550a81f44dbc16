/* SPDX-License-Identifier: ISC */
#include "lib/rpc/adopt_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/account/resolver.h"
#include "lib/explain/modes.h"
#include "lib/fullio.h"
#include "lib/home/become.h"
#include "lib/home/homefile.h"
#include "lib/keyfile/homelock.h"
#include "lib/publish/gids.h"
#include "lib/rpc/import_warn.h"
#include "lib/rpc/key_places.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/user_rules.h"

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

/* With all groups, since a home may be behind one of them. */
static int
find_managed(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f, struct nk_homefile_who *who)
{
	uint32_t gid;
	int r;

	r = nk_key_places_gid(c, u, &gid);
	if (r == -ENOENT) {
		say(f, "The user's group was deleted meanwhile; look again.");
		return 0;
	}
	if (r < 0 || (r = set_home(f, u->home)) < 0)
		return r;
	who->gid = gid;
	r = nk_served_gids(nk_publisher_store(c->publisher), c->conf,
	    c->state, u, NULL, &f->groups, &who->n_groups);
	who->groups = f->groups;
	return r;
}

/* f->home stays NULL where there is none. */
static int
find_home(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f, struct nk_homefile_who *who)
{
	int r = 0;

	*who = (struct nk_homefile_who){
		.uid = u->uid,
		.root = c->state->owner,
		.seconds = c->conf->lookup_timeout,
	};
	if (!u->managed)
		r = ask_elsewhere(c, u, f, who);
	else if (!nk_is_no_home(c->conf, u->home))
		r = find_managed(c, u, f, who);
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

/* ---- who could have written it, and what is beside it ---- */

struct question {
	const struct nk_homefile_who	*who;
	struct nk_modes_check		 check;
	const char			*other;
};

struct answer {
	enum nk_modes_fault	fault;
	bool			other;
};

/* In a child, as the user. */
static int
look(void *arg, int fd)
{
	const struct question *q = arg;
	const struct nk_become become = {
		.uid = q->who->uid,
		.gid = q->who->gid,
		.groups = q->who->groups,
		.n_groups = q->who->n_groups,
		.seconds = q->who->seconds,
	};
	struct answer a;
	struct nk_modes m;
	struct stat st;

	if (nk_become(&become) < 0)
		return 1;
	memset(&a, 0, sizeof(a));
	nk_modes_look(&q->check, &m);
	a.fault = m.fault;
	a.other = lstat(q->other, &st) == 0;
	return nk_write_full(fd, &a, sizeof(a)) == 0 ? 0 : 1;
}

/*
 * What somebody else could have written is not the user's word, and sshd
 * (StrictModes) takes it for nothing.  Its own settings name a second file,
 * unless somebody has changed them: nothing reads that here, but that it is
 * there is worth saying.
 */
static int
look_around(const struct nk_homefile_who *who, struct nk_adopt_file *f)
{
	struct question q = { .who = who, .check = { .path = f->path,
	    .home = f->home, .uid = who->uid, .lone_group = true } };
	struct answer a;
	char *other;
	int r;

	if (asprintf(&other, "%s2", f->path) == -1)
		return -ENOMEM;
	q.other = other;
	r = nk_child_ask(look, &q, who->lock, who->seconds, &a, sizeof(a));
	free(other);
	if (r < 0) {
		if (f->found)
			say(f, "Who may write to the file could not be "
			    "seen.");
		return 0;
	}
	f->other = a.other;
	if (f->found && a.fault != NK_MODES_FINE)
		say(f, "Others may write to the file, to .ssh or to the home "
		    "directory, so that sshd does not trust it: take that "
		    "right away, see whose keys they are, and adopt them "
		    "then.");
	return 0;
}

/* Under the lock of the home. */
static int
read_file(struct nk_context *c, const struct nk_homefile_who *who,
    struct nk_adopt_file *f)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char *text = NULL;
	int r;

	if (nk_homefile_read(who, &seen, &text, &res) < 0) {
		say_result(f, &res);
		return res.error == ENOMEM ? -ENOMEM : 0;
	}
	f->found = text != NULL;
	r = look_around(who, f);
	if (text == NULL)
		return r;
	if (r == 0 && f->why[0] == '\0')
		r = nk_found_lines_read(text, (size_t)seen.file.size,
		    &policy, &f->lines);
	explicit_bzero(text, (size_t)seen.file.size);
	free(text);
	return r;
}

int
nk_adopt_file_read(struct nk_context *c, const struct nk_user *u,
    struct nk_adopt_file *f)
{
	struct nk_homefile_result res;
	struct nk_homefile_who who;
	struct nk_homelock lock;
	int r;

	memset(f, 0, sizeof(*f));
	if ((r = find_home(c, u, f, &who)) < 0 || f->home == NULL)
		return r;
	if ((r = nk_homelock_enter(&lock, c->state, &who, NK_HOMELOCK_MS,
	    &res)) < 0) {
		say_result(f, &res);
		return r == -ENOMEM ? r : 0;
	}
	r = read_file(c, &who, f);
	nk_homelock_drop(&lock);
	return r;
}

void
nk_adopt_file_clear(struct nk_adopt_file *f)
{
	nk_found_lines_clear(&f->lines);
	free(f->home);
	free(f->path);
	free(f->groups);
	memset(f, 0, sizeof(*f));
}
