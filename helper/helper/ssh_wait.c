/* SPDX-License-Identifier: ISC */
#include "helper/helper/ssh_wait.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>

#include "helper/helper/log.h"
#include "lib/sshservice/pending.h"

#define LOOK_S		5	/* a confirmation is seen so late */
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

	r = nk_publisher_open(&p, &s->nk, conf, NK_STORE_WRITE);
	if (r == 0)
		r = nk_pending_settle(p, conf, untilp);
	nk_publisher_free(p);
	return r;
}

int
ssh_wait_run(const struct state *s)
{
	struct timespec pause = { .tv_sec = 0 };
	struct nk_conf conf;
	char why[WHY_MAX];
	int64_t until = 0;
	int r;

	log_to_syslog();
	if (!s->nk.system)
		return EXIT_FAILURE;
	/* with the defaults then: the time runs out all the same */
	if (state_load_conf(s, &conf, why, sizeof(why)) < 0)
		log_say(LOG_ERR, "%s", why);
	while ((r = look(s, &conf, &until)) == 2 || r == -EAGAIN) {
		until -= nk_pending_now();
		pause.tv_sec = r == -EAGAIN || until < 1 ? 1 :
		    until < LOOK_S ? (time_t)until : LOOK_S;
		(void)nanosleep(&pause, NULL);
	}
	tell(r);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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
	if (r == 2)
		r = nk_pending_start_waiter();
	if (r != -EAGAIN)	/* else who works on it sees to it */
		tell(r);
}
