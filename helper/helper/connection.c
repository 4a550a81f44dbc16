/* SPDX-License-Identifier: ISC */
#include "helper/helper/connection.h"

#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/helper/limits.h"
#include "helper/helper/log.h"
#include "helper/helper/peer.h"
#include "lib/account/looker.h"
#include "lib/account/resolver.h"
#include "lib/rpc/connection_lend.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"

/* ---- what requests work on ---- */

static void
close_services(struct connection *c)
{
	nk_session_close(c->context.session);
	c->context.session = NULL;
	nk_publisher_free(c->context.publisher);
	c->context.publisher = NULL;
	c->mended = false;
}

/* Another file in the store's place is another store: a restored one. */
static bool
services_are_current(const struct connection *c)
{
	struct stat st;

	return c->context.publisher != NULL && c->context.session != NULL &&
	    stat(c->state->nk.store, &st) == 0 &&
	    st.st_dev == c->store_dev && st.st_ino == c->store_ino;
}

int
connection_open_services(struct connection *c, const char **whatp)
{
	struct nk_context *x = &c->context;
	struct stat st;
	int r;

	if (services_are_current(c))
		return 0;
	x->rights_known = false;	/* that may take its time */
	close_services(c);
	if ((r = state_make_folders(c->state, whatp)) < 0)
		return r;
	*whatp = c->state->nk.store;
	if ((r = nk_publisher_open_as_is(&x->publisher, &c->state->nk,
	    &c->conf, NK_STORE_CREATE)) < 0)
		goto out;
	if (stat(c->state->nk.store, &st) == -1) {
		r = -errno;
		goto out;
	}
	c->store_dev = st.st_dev;
	c->store_ino = st.st_ino;
	*whatp = c->state->nk.session;
	r = nk_session_open(&x->session, c->state->nk.session);
 out:
	if (r < 0)
		close_services(c);
	return r;
}

/* ---- who asks ---- */

bool
connection_is_root(const struct connection *c)
{
	return !c->caller.gateway && c->caller.uid == 0;
}

bool
connection_is_owner(const struct connection *c)
{
	return connection_is_root(c) || (!c->caller.gateway &&
	    c->caller.uid == c->state->nk.owner);
}

bool
connection_is_trusted(struct connection *c)
{
	struct nk_context *x = &c->context;

	x->rights_known = false;
	if (connection_is_owner(c))
		return true;
	x->rights_result = nk_rights_compute(x, GROUP_FILE,
	    (int64_t)time(NULL));
	x->rights_known = true;
	return x->rights_result == 0 && x->rank >= NK_RANK_ADMIN;
}

/* ---- maps and store ---- */

void
log_missing(const struct nk_publisher *p, const char *store)
{
	int64_t n = nk_publisher_missing(p);

	if (n > 0)
		log_say(LOG_ERR, "%s: " NK_MISSING_TEXT, store, n);
}

/* sshd may go on accepting a revoked key from a file. */
static void
log_revoked(const struct nk_publisher *p, const char *file)
{
	int r = nk_publisher_revoked(p);

	if (r < 0)
		log_say(LOG_ERR, "%s: revoked keys are not in it yet: %s",
		    file, strerror(-r));
}

/* sshd may go on accepting a key that is no more. */
static void
log_central(const struct nk_publisher *p, const char *folder)
{
	int r = nk_publisher_central(p);

	if (r < 0)
		log_say(LOG_ERR, "%s: the files do not say what the store "
		    "says: %s", folder, strerror(-r));
}

static void
log_sudo(const struct nk_publisher *p, const char *file)
{
	int r = nk_publisher_sudo(p);

	if (r < 0)
		log_say(LOG_ERR, "%s: not all rules for sudo are in it (see "
		    "naskeys-helper --check): %s", file, strerror(-r));
}

/* The repair is not the asker's: it may cost what it does. */
static int
mend_unconfined(struct connection *c)
{
	int r, confined;

	if ((r = limits_lift()) < 0)
		return r;
	r = nk_publisher_mend(c->context.publisher);
	log_missing(c->context.publisher, c->state->nk.store);
	log_revoked(c->context.publisher, c->state->nk.revoked);
	log_central(c->context.publisher, c->state->nk.central);
	if (c->state->nk.sudoers != NULL)
		log_sudo(c->context.publisher, c->state->nk.sudoers);
	confined = c->trusted ? 0 : limits_confine();
	return r < 0 ? r : confined;
}

/* The asker is told, and the log has it too. */
static int
unavailable(struct nk_error *e, int error, const char *what,
    const char *reason)
{
	log_say(LOG_ERR, "%s: %s", what, reason);
	return nk_error_call(e, -error, "%s: %s", what, reason);
}

int
connection_ready(void *arg, enum nk_method_kind kind, struct nk_error *e)
{
	struct connection *c = arg;
	const char *what = NULL;
	int r;

	if (kind == NK_APART)
		return 0;
	if ((r = connection_open_services(c, &what)) < 0)
		return unavailable(e, r, what, state_strerror(-r));
	if (kind == NK_LOOKS || c->mended)
		return 0;
	c->context.rights_known = false;
	if ((r = mend_unconfined(c)) < 0) {
		close_services(c);	/* the next request opens them anew */
		return unavailable(e, r, c->state->nk.store, strerror(-r));
	}
	c->mended = true;
	return 0;
}

void
connection_tidy(struct connection *c)
{
	int r;

	if (c->context.publisher != NULL &&
	    (r = nk_publisher_tidy(c->context.publisher)) < 0)
		log_say(LOG_WARNING, "%s: work after an edit: %s",
		    c->state->nk.store, strerror(-r));
}

/* ---- the connection ---- */

void
connection_init(struct connection *c, const struct state *state)
{
	*c = (struct connection){ .state = state };
	c->conf_error = state_load_conf(state, &c->conf, c->conf_fault,
	    sizeof(c->conf_fault));
	if (c->conf_error < 0)
		log_say(LOG_ERR, "%s", c->conf_fault);
	c->context = (struct nk_context){ .state = &state->nk,
	    .conf = &c->conf, .caller = &c->caller, .passed_fd = -1,
	    .input_fd = -1, .ready = connection_ready, .ready_arg = c };
}

int
connection_meet(struct connection *c, enum protocol protocol, int in)
{
	int r;

	if ((r = peer_get(in, &c->caller)) < 0)
		return r;
	c->caller.gateway = protocol == PROTOCOL_GATEWAY;
	c->trusted = connection_is_owner(c);
	if (c->trusted)
		return 0;
	/* Only root may, once the process cannot be dumped. */
	if (geteuid() == 0 && (r = limits_offer_to_oom()) < 0)
		log_say(LOG_WARNING, "/proc/self/oom_score_adj: %s",
		    strerror(-r));
	return 0;
}

void
connection_end(struct connection *c)
{
	nk_connection_lend_end(&c->context);
	close_services(c);
	nk_resolver_free(c->context.resolver);
	c->context.resolver = NULL;
	nk_looker_free(c->context.looker);
	c->context.looker = NULL;
	peer_clear(&c->caller);
}
