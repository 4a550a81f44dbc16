/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/helper/clock.h"
#include "helper/helper/listen.h"
#include "helper/helper/listener.h"
#include "helper/helper/log.h"
#include "helper/helper/middleware.h"
#include "helper/helper/notify.h"
#include "helper/helper/peer.h"
#include "helper/helper/slots.h"
#include "helper/helper/spawn.h"

#define BATCH		64	/* of one socket, before another has its turn */
#define PAUSE_MS	100	/* when something is used up */
#define REPAIR_MS	200	/* between a death and the repair after it */
#define PRIORITY	(-5)	/* to get its turn beside busy helpers */

struct acceptor {
	const struct state	*state;
	struct spawn		 spawn;
	struct slots		 slots;
	struct slots		 gateway;	/* of its connections alone */
	struct standing_groups	 groups;
	struct listener		 listeners[OPTIONS_LISTEN_MAX];
	size_t			 nlisteners;
	int			 signals;	/* signalfd(2) */
	int			 spare;		/* given up for one accept(2) */
	int64_t			 paused_until;	/* 0: not paused */
	int64_t			 repair_at;	/* 0: nothing to repair */
	pid_t			 repairer;	/* 0: none runs */
	bool			 stopping;
	bool			 storeless;	/* the network's alone */
	struct log_rate		 refused, failed;
};

/* ---- what happens to a connection ---- */

static void
note_refused(struct acceptor *a, uid_t uid)
{
	uint64_t before;

	if (log_rate_pass(&a->refused, nk_monotonic_ms(), &before))
		log_say(LOG_NOTICE, "uid %u: too many connections "
		    "(%" PRIu64 " more were closed before)", uid, before);
}

static void
note_failed(struct acceptor *a, const char *what, int error)
{
	uint64_t before;

	if (log_rate_pass(&a->failed, nk_monotonic_ms(), &before))
		log_say(LOG_ERR, "%s: %s (%" PRIu64 " times before)", what,
		    strerror(-error), before);
}

static void
pause_accepting(struct acceptor *a, const char *what, int error)
{
	note_failed(a, what, error);
	a->paused_until = nk_monotonic_ms() + PAUSE_MS;
}

/* Who it is matters only where there is little left. */
static bool
has_room(struct acceptor *a, int fd, uid_t uid)
{
	return !slots_is_crowded(&a->slots) || slots_has_room(&a->slots,
	    standing_find(&a->groups, a->state, fd, uid));
}

/*
 * Where a connection of this uid counts, NULL: nowhere.  One process of the
 * gateway speaks for everybody who connects to it, and so has slots of its
 * own, whoever runs it.
 */
static struct slots *
slots_of(struct acceptor *a, const struct listener *l, uid_t uid)
{
	if (l->protocol == PROTOCOL_GATEWAY)
		return &a->gateway;
	return uid != 0 && uid != a->state->nk.owner ? &a->slots : NULL;
}

static bool
may_enter(struct acceptor *a, const struct slots *s, int fd, uid_t uid)
{
	if (s == &a->gateway)
		return slots_has_room(s, STANDING_ADMIN);
	return s == NULL || (slots_admit(s, uid) && has_room(a, fd, uid));
}

/* MUST 2 and 3.  fd is the caller's to close. */
static void
admit(struct acceptor *a, const struct listener *l, int fd)
{
	struct slots *s;
	pid_t pid;
	uid_t uid;
	int r;

	if ((r = peer_get_uid(fd, &uid)) < 0) {
		note_failed(a, "credentials of a peer", r);
		return;
	}
	s = slots_of(a, l, uid);
	if (!may_enter(a, s, fd, uid)) {
		note_refused(a, uid);
		return;
	}
	if ((r = spawn_helper(&a->spawn, fd, l->protocol, &pid)) < 0) {
		pause_accepting(a, "new process", r);
		return;
	}
	if (s != NULL && (r = slots_take(s, uid, pid)) < 0)
		note_failed(a, "slots", r);	/* may_enter() saw one */
}

static void
keep_spare(struct acceptor *a)
{
	if (a->spare == -1)
		a->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/*
 * No descriptor is left: give up the spare one, so that whoever waits is at
 * least told.
 */
static int
turn_away(struct acceptor *a, const struct listener *l)
{
	int fd;

	if (a->spare != -1)
		close(a->spare);
	a->spare = -1;
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd != -1)
		close(fd);
	keep_spare(a);
	return fd == -1 ? -EMFILE : 0;
}

/* Returns 0, or -EAGAIN when this socket has had its turn. */
static int
accept_one(struct acceptor *a, const struct listener *l)
{
	int fd, saved;

	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd != -1) {
		admit(a, l, fd);
		close(fd);
		return a->paused_until == 0 ? 0 : -EAGAIN;
	}
	saved = errno;
	switch (saved) {
	case EAGAIN:
		return -EAGAIN;
	case EINTR:
	case ECONNABORTED:
		return 0;
	case EMFILE:
		if (turn_away(a, l) == 0)
			return 0;
		break;
	default:
		break;
	}
	pause_accepting(a, "accept", -saved);
	return -EAGAIN;
}

/* ---- who has ended ---- */

/* MUST 6.  Deaths that come close together are repaired once. */
static void
need_repair(struct acceptor *a)
{
	if (a->repair_at == 0 && !a->storeless)
		a->repair_at = nk_monotonic_ms() + REPAIR_MS;
}

static void
repair(struct acceptor *a)
{
	int r;

	a->repair_at = 0;
	if ((r = spawn_repair(&a->spawn, &a->repairer)) == 0)
		return;
	a->repairer = 0;
	note_failed(a, "new process", r);
	need_repair(a);
}

static void
reap(struct acceptor *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == a->repairer)
			a->repairer = 0;
		else {
			slots_release(&a->slots, pid);
			slots_release(&a->gateway, pid);
		}
		if (WIFSIGNALED(status))
			need_repair(a);
	}
}

/* ---- signals ---- */

static void
take_signals(struct acceptor *a)
{
	struct signalfd_siginfo info;

	while (read(a->signals, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(a);
		else
			a->stopping = true;
	}
}

static int
open_signals(struct acceptor *a)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -errno;
	a->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return a->signals == -1 ? -errno : 0;
}

/* ---- the loop ---- */

/* A pause that is over ends here, and a repair whose time has come begins. */
static void
do_what_is_due(struct acceptor *a)
{
	int64_t now;

	if (a->paused_until == 0 && a->repair_at == 0)
		return;
	now = nk_monotonic_ms();
	if (a->paused_until != 0 && a->paused_until <= now) {
		a->paused_until = 0;
		keep_spare(a);
	}
	if (a->repair_at != 0 && a->repair_at <= now && a->repairer == 0)
		repair(a);
}

/* How long poll(2) may wait. */
static int
time_left(const struct acceptor *a)
{
	int64_t end = a->paused_until, left;

	if (a->repair_at != 0 && a->repairer == 0 &&
	    (end == 0 || a->repair_at < end))
		end = a->repair_at;
	if (end == 0)
		return -1;
	left = end - nk_monotonic_ms();
	return left > 0 ? (int)left : 0;
}

/* MUST 4: while paused, sockets are not even looked at. */
static int
wait_and_accept(struct acceptor *a)
{
	struct pollfd p[OPTIONS_LISTEN_MAX + 1];
	nfds_t n = (nfds_t)a->nlisteners;
	int timeout, turns;
	size_t i;

	do_what_is_due(a);
	timeout = time_left(a);
	for (i = 0; i < a->nlisteners; i++)
		p[i] = (struct pollfd){ .fd = a->paused_until == 0 ?
		    a->listeners[i].fd : -1, .events = POLLIN };
	p[n] = (struct pollfd){ .fd = a->signals, .events = POLLIN };
	if (poll(p, n + 1, timeout) == -1)
		return errno == EINTR ? 0 : -errno;
	if (p[n].revents != 0)
		take_signals(a);	/* first: they free slots */
	for (i = 0; i < a->nlisteners && !a->stopping; i++) {
		if (p[i].fd == -1 || p[i].revents == 0)
			continue;
		for (turns = 0; turns < BATCH; turns++)
			if (accept_one(a, &a->listeners[i]) < 0)
				break;
	}
	return 0;
}

/* ---- start and end ---- */

static int
open_listeners(struct acceptor *a, const struct options *o,
    const struct handover *h)
{
	const char *why = NULL;
	struct listener *l;
	size_t i;
	int fd, r;

	for (i = 0; i < o->nlisten; i++) {
		listener_init(&a->listeners[i], &o->listen[i]);
		if (o->listen[i].protocol == PROTOCOL_MIDDLEWARE &&
		    (r = middleware_check()) < 0) {
			log_say(LOG_ERR, "--protocol middleware needs the "
			    "gateway: " MIDDLEWARE_PROGRAM ": %s",
			    strerror(-r));
			return r;
		}
	}
	a->nlisteners = o->nlisten;
	for (fd = 3; fd < 3 + h->nfds; fd++) {
		r = listener_adopt(a->listeners, a->nlisteners, fd, &why);
		if (r < 0) {
			log_say(LOG_ERR, "descriptor %d: %s: %s", fd, why,
			    strerror(-r));
			return r;
		}
	}
	for (i = 0; i < a->nlisteners; i++) {
		l = &a->listeners[i];
		if (l->fd != -1)
			continue;
		if ((r = listener_make(l, a->state, &why)) < 0) {
			log_say(LOG_ERR, "%s: %s: %s", l->path, why,
			    strerror(-r));
			return r;
		}
	}
	return 0;
}

/* Where the network is there is no store, and another acceptor sees to it. */
static bool
serves_network_alone(const struct options *o)
{
	size_t i;

	for (i = 0; i < o->nlisten; i++)
		if (o->listen[i].protocol != PROTOCOL_NETWORK)
			return false;
	return true;
}

static int
start(struct acceptor *a, const struct options *o, const struct handover *h)
{
	struct nk_conf conf;
	char why[STATE_PATH_MAX + 256];
	const char *where;
	int r;

	if ((r = state_load_conf(a->state, &conf, why, sizeof(why))) < 0) {
		log_say(LOG_ERR, "%s", why);
		return r;
	}
	if ((r = state_make_folders(a->state, &where)) < 0) {
		log_say(LOG_ERR, "%s: %s", where, state_strerror(-r));
		return r;
	}
	if ((r = slots_init(&a->slots, conf.connections_max,
	    conf.connections_per_uid)) < 0 ||
	    (r = slots_init(&a->gateway, conf.gateway_connections, 1)) < 0 ||
	    (r = spawn_init(&a->spawn, o, a->state)) < 0) {
		log_say(LOG_ERR, "%s", strerror(-r));
		return r;
	}
	a->storeless = serves_network_alone(o);
	if (!a->storeless && (r = spawn_sync(&a->spawn)) < 0)
		return r;			/* it has said why */
	if ((r = open_listeners(a, o, h)) < 0)
		return r;
	if ((r = open_signals(a)) < 0)
		log_say(LOG_ERR, "signals: %s", strerror(-r));
	return r;
}

int
listen_run(const struct options *o, const struct state *state,
    const struct handover *h)
{
	struct acceptor a = { .state = state, .signals = -1, .spare = -1 };
	size_t i;
	int r;

	if ((r = start(&a, o, h)) < 0)
		goto out;
	keep_spare(&a);
	if (geteuid() == 0)	/* it works without, only slower */
		(void)setpriority(PRIO_PROCESS, 0, PRIORITY);
	log_to_syslog();
	notify(h, "READY=1");
	while (!a.stopping)
		if ((r = wait_and_accept(&a)) < 0)
			break;
	if (r < 0)
		log_say(LOG_ERR, "poll: %s", strerror(-r));
	notify(h, "STOPPING=1");
 out:
	for (i = 0; i < a.nlisteners; i++)
		listener_close(&a.listeners[i]);
	slots_clear(&a.slots);
	slots_clear(&a.gateway);
	if (a.signals != -1)
		close(a.signals);
	if (a.spare != -1)
		close(a.spare);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
