/* SPDX-License-Identifier: ISC */
#include "helper/helper/ssh_wait.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/helper/log.h"
#include "lib/publish/lock.h"
#include "lib/sshservice/pending.h"

#define LOCK		NK_RUNSTATEDIR "/naskeys/ssh-wait.lock"
#define LOOK_S		5	/* a confirmation is seen so late */
#define RETRY_S		10	/* after a failure */
#define WHY_MAX		(STATE_PATH_MAX + 256)

static void
tell(int r)
{
	if (r == 1)
		log_say(LOG_NOTICE, "sshd's new configuration was not "
		    "confirmed: the old one was put back");
	else if (r < 0)
		log_say(LOG_ERR, "sshd's old configuration could not be put "
		    "back: %s", state_strerror(-r));
}

/* Look once, with a store of its own: who waits holds nothing open. */
static int
look(const struct state *s, const struct nk_conf *conf, int64_t *untilp)
{
	struct nk_publisher *p = NULL;
	int r;

	if (access(s->nk.store, F_OK) == -1 && errno == ENOENT)
		return 0;	/* nothing is pending without it */
	r = nk_publisher_open(&p, &s->nk, conf, NK_STORE_WRITE);
	if (r == 0)
		r = nk_pending_settle(p, conf, untilp);
	nk_publisher_free(p);
	return r;
}

static time_t
time_to_look(int r, int64_t until)
{
	if (r < 0)
		return r == -EAGAIN ? 1 : RETRY_S;
	until -= nk_pending_now();
	return until < 1 ? 1 : until < LOOK_S ? (time_t)until : LOOK_S;
}

/*
 * Until nothing is pending.  A disk that is full now, or an sshd that does
 * not take the signal, is no reason to leave it at that.
 */
static void
wait_for_end(const struct state *s, const struct nk_conf *conf)
{
	struct timespec pause = { .tv_sec = 0 };
	int64_t until = 0;
	int told = 0, r;

	while ((r = look(s, conf, &until)) == 2 || r < 0) {
		if (r < 0 && r != -EAGAIN && r != told)
			tell(told = r);
		pause.tv_sec = time_to_look(r, until);
		(void)nanosleep(&pause, NULL);
	}
	tell(r);
}

int
ssh_wait_run(const struct state *s)
{
	struct nk_conf conf;
	char why[WHY_MAX];
	int64_t until = 0;
	int lock = -1;

	log_to_syslog();
	if (!s->nk.system)
		return EXIT_FAILURE;
	/* with the defaults then: the time runs out all the same */
	if (state_load_conf(s, &conf, why, sizeof(why)) < 0)
		log_say(LOG_ERR, "%s", why);
	/*
	 * One is enough, and more would gather.  Who found the lock taken
	 * relies on its holder, who therefore looks again without it.
	 */
	do {
		if (nk_lock_take(LOCK, geteuid(), 0, &lock) == -EAGAIN)
			return EXIT_SUCCESS;
		wait_for_end(s, &conf);
		nk_lock_drop(&lock);
	} while (look(s, &conf, &until) != 0);
	return EXIT_SUCCESS;
}

void
ssh_wait_settle(const struct state *s, const struct nk_conf *conf,
    struct nk_publisher *p)
{
	int64_t until = 0;
	int r;

	if (!s->nk.system)
		return;
	r = nk_pending_settle(p, conf, &until);
	if (r == 0 || r == -EAGAIN)
		return;		/* who works on it sees to it */
	tell(r);
	if (r != 1 && (r = nk_pending_start_waiter()) < 0)
		tell(r);
}
