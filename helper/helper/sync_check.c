/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "helper/helper/connection.h"
#include "helper/helper/log.h"
#include "helper/helper/ssh_wait.h"
#include "helper/helper/sync_check.h"
#include "lib/keyfile/apply.h"
#include "lib/map/reader.h"
#include "lib/rpc/map_readers.h"
#include "lib/sshservice/sshdkeys.h"
#include "lib/store/keyfiles.h"
#include "lib/store/session.h"

#define WHY_MAX	(STATE_PATH_MAX + 256)

static const struct map_row {
	const char		*name;
	enum nk_map_kind	 kind;
} maps[] = {
	{ NK_MAP_ACCOUNTS,	NK_MAP_KIND_ACCOUNTS },
	{ NK_MAP_KEYS,		NK_MAP_KIND_KEYS },
	{ NK_MAP_SECRETS,	NK_MAP_KIND_SECRETS },
};
#define NMAPS	(sizeof(maps) / sizeof(maps[0]))

static int
map_path(char path[STATE_PATH_MAX], const struct state *s, const char *name)
{
	int n;

	n = snprintf(path, STATE_PATH_MAX, "%s/%s", s->nk.maps, name);
	return n < 0 || n >= STATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ---- --sync ---- */

/* One of a million users' homes is not worth a line each. */
#define PENDING_LOGGED	20

static int
log_pending(void *arg, const struct nk_keyfile_home *h)
{
	int *left = arg;

	log_say(LOG_WARNING, "%.500s/.ssh/authorized_keys (uid %u) is not "
	    "yet as it should be: %.300s", h->home, h->uid,
	    h->reason != NULL ? h->reason : "not tried yet");
	return --*left > 0 ? 0 : 1;
}

/*
 * What cannot be written now is for later, and what is wrong with one user
 * is no reason to fail for all: the maps and central files are in order.
 */
static void
sync_homes(const struct state *s, const struct nk_conf *conf,
    struct nk_publisher *p)
{
	const struct nk_keyfile_work w = { .publisher = p,
	    .state = &s->nk, .conf = conf };
	int left = PENDING_LOGGED, r;

	if ((r = nk_keyfile_sync(&w, false)) < 0)
		log_say(LOG_WARNING, "authorized_keys files in homes: %s",
		    state_strerror(-r));
	r = nk_keyfile_home_each(nk_publisher_store(p), 0, true, log_pending,
	    &left);
	if (r < 0)
		log_say(LOG_WARNING, "%s: %s", s->nk.store,
		    state_strerror(-r));
}

static void
log_host_key(void *arg, const char *text)
{
	(void)arg;
	log_say(LOG_NOTICE, "%s", text);
}

static void
sync_host_keys(const struct state *s, const struct nk_conf *conf,
    struct nk_publisher *p)
{
	const struct nk_sshd_work w = { .publisher = p, .state = &s->nk,
	    .report = log_host_key };
	int r = nk_sshd_keys_sync(&w, conf);

	if (r < 0)
		log_say(LOG_WARNING, "host keys: %s", state_strerror(-r));
}

/*
 * A map which the wrong people can read, or the right ones cannot, has to
 * be made anew: the group may have been made after it.
 */
static int
sync_maps(const struct state *s, const struct nk_conf *conf,
    const char **wherep)
{
	struct nk_publisher *p = NULL;
	int r;

	if ((r = nk_publisher_open(&p, &s->nk, conf, NK_STORE_CREATE)) == 0)
		r = nk_publisher_sync(p, nk_map_readers_check(&s->nk, NULL,
		    NULL) < 0, NULL, NULL);
	if (r == 0) {
		sync_homes(s, conf, p);
		ssh_wait_settle(s, conf, p);
		sync_host_keys(s, conf, p);
	}
	if (p != NULL)
		log_missing(p, s->nk.store);
	if (p != NULL && nk_publisher_central(p) < 0)
		*wherep = s->nk.central;
	if (p != NULL && nk_publisher_revoked(p) < 0)
		*wherep = s->nk.revoked;
	if (p != NULL && nk_publisher_sudo(p) < 0)
		log_say(LOG_WARNING, "%s: not all rules for sudo are in it "
		    "(see --check): %s", s->nk.sudoers,
		    strerror(-nk_publisher_sudo(p)));
	nk_publisher_free(p);
	return r;
}

int
sync_run(const struct state *state)
{
	struct nk_session *session = NULL;
	struct nk_conf conf;
	char why[WHY_MAX];
	const char *where;
	int r;

	if (state_load_conf(state, &conf, why, sizeof(why)) < 0) {
		log_say(LOG_ERR, "%s", why);
		return EXIT_FAILURE;
	}
	if ((r = state_make_folders(state, &where)) == 0) {
		where = state->nk.store;
		r = sync_maps(state, &conf, &where);
	}
	if (r == 0) {
		/* Now, while there is room for it. */
		where = state->nk.session;
		r = nk_session_open(&session, state->nk.session);
		nk_session_close(session);
	}
	if (r < 0) {
		log_say(LOG_ERR, "%s: %s", where, state_strerror(-r));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* ---- --check ---- */

struct check {
	const struct state	*state;
	struct nk_conf		 conf;
	int			 faults;
};

/* nk_publisher_verify()'s report. */
static void
report(void *arg, const char *what)
{
	struct check *c = arg;

	c->faults++;
	(void)puts(what);
}

static void
report_about(struct check *c, const char *where, const char *what)
{
	c->faults++;
	(void)printf("%s: %s\n", where, what);
}

static void
check_groups(struct check *c)
{
	static const char *const names[] = { "naskeys-akc", "naskeys-admin",
	    "naskeys-managed" };
	uint32_t gid;
	size_t i;
	int r;

	if (!c->state->nk.system)
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((r = state_group(names[i], &gid)) < 0)
			report_about(c, names[i], r == -ENOENT ?
			    "there is no such group" :
			    "the group's line cannot be used");
}

/* The key need not be there; where it is, nobody else may read it. */
static void
check_seal_key(struct check *c)
{
	const char *path = c->state->seal_key;
	struct stat st;

	if (lstat(path, &st) == -1) {
		if (errno != ENOENT)
			report_about(c, path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != c->state->nk.owner ||
	    (st.st_mode & 077) != 0)
		report_about(c, path, "others can read the sealing key");
}

/* What can be said without the store; false: no comparison is possible. */
static bool
check_maps_are_there(struct check *c)
{
	int before = c->faults;
	char path[STATE_PATH_MAX];
	struct nk_view view;
	struct stat st;
	size_t i;
	int r;

	for (i = 0; i < NMAPS; i++) {
		if ((r = map_path(path, c->state, maps[i].name)) < 0) {
			report_about(c, maps[i].name, strerror(-r));
			continue;
		}
		if (lstat(path, &st) == -1) {
			report_about(c, path, strerror(errno));
			continue;
		}
		if ((r = nk_view_open(&view, -1, path, maps[i].kind,
		    NK_VIEW_PREAD)) < 0) {
			report_about(c, path, r == -EIO ?
			    "this is no good map" : strerror(-r));
			continue;
		}
		nk_view_close(&view);
	}
	if ((r = nk_map_readers_check(&c->state->nk, report, c)) < 0 &&
	    r != -EBADMSG)
		report_about(c, c->state->nk.maps, strerror(-r));
	return c->faults == before;
}

/* Without maps the store is still worth a look; it is only read. */
static int
check_store_alone(struct check *c)
{
	struct nk_store *s = NULL;
	int r, files = 0;

	if ((r = nk_store_open(&s, c->state->nk.store, NK_STORE_READ)) == 0) {
		r = nk_store_verify(s, report, c);
		files = nk_publisher_verify_files(s, &c->state->nk, report,
		    c);
	}
	nk_store_close(s);
	return r < 0 ? r : files;
}

static int
check_store_and_maps(struct check *c)
{
	struct nk_publisher *p = NULL;
	int r;

	if ((r = nk_publisher_open(&p, &c->state->nk, &c->conf,
	    NK_STORE_READ)) == 0)
		r = nk_publisher_verify(p, report, c);
	nk_publisher_free(p);
	return r;
}

int
check_run(const struct state *state)
{
	struct check c = { .state = state };
	char why[WHY_MAX];
	const char *where;
	int r;

	if (state_load_conf(state, &c.conf, why, sizeof(why)) < 0)
		report(&c, why);
	check_groups(&c);
	check_seal_key(&c);
	if ((r = state_check_folders(state, &where)) < 0)
		report_about(&c, where, state_strerror(-r));
	if (check_maps_are_there(&c))
		r = check_store_and_maps(&c);
	else
		r = check_store_alone(&c);
	if (r < 0 && r != -EBADMSG)
		report_about(&c, state->nk.store, state_strerror(-r));
	else if (r == -EBADMSG && c.faults == 0)
		report_about(&c, state->nk.store, "it is damaged");
	if (c.faults > 0)
		(void)puts(NK_VERIFY_ADVICE);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		log_say(LOG_ERR, "standard output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return c.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
