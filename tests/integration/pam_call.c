/* SPDX-License-Identifier: ISC */
/*
 * Calls PAM as a program would and says what came out, a line each:
 *
 *	pam_call [-lmv] [-c HOW] [-d CONFDIR] [-e NAME=VALUE] [-n TIMES]
 *	    [-p PASSWORD]... [-r RHOST] [-t TTY] SERVICE USER PHASE...
 *
 * PHASE is authenticate, setcred, account, open, close, chauthtok, expired
 * (chauthtok of an expired password) or again (the answers from the start).
 * -p answers the next question; -c is how the conversation goes on instead
 * (tests/fixture/pamtalk.h).  -e goes into the handle's environment.
 * -v prints what was said; -l keeps libpam's delay; -n does it all several
 * times; -m at the end tells how many descriptors are open that were not
 * before, and the milliseconds that it took.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fixture/pamtalk.h"

struct calls {
	const char	*confdir, *service, *user, *env, *rhost, *tty;
	char		**phases;
	struct nk_talk	 talk;
	bool		 delay, verbose;
	bool		 quiet;		/* codes have been printed */
};

static int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (d == NULL)
		err(EXIT_FAILURE, "/proc/self/fd");
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static int
call(struct calls *c, pam_handle_t *pamh, const char *phase)
{
	if (strcmp(phase, "authenticate") == 0)
		return pam_authenticate(pamh, 0);
	if (strcmp(phase, "setcred") == 0)
		return pam_setcred(pamh, PAM_ESTABLISH_CRED);
	if (strcmp(phase, "account") == 0)
		return pam_acct_mgmt(pamh, 0);
	if (strcmp(phase, "open") == 0)
		return pam_open_session(pamh, 0);
	if (strcmp(phase, "close") == 0)
		return pam_close_session(pamh, 0);
	if (strcmp(phase, "chauthtok") == 0)
		return pam_chauthtok(pamh, 0);
	if (strcmp(phase, "expired") == 0)
		return pam_chauthtok(pamh, PAM_CHANGE_EXPIRED_AUTHTOK);
	if (strcmp(phase, "again") == 0) {
		c->talk.next = 0;
		return PAM_SUCCESS;
	}
	errx(2, "%s: no such phase", phase);
}

static void
set_items(struct calls *c, pam_handle_t *pamh)
{
	if (pam_set_item(pamh, PAM_RHOST, c->rhost) != PAM_SUCCESS ||
	    pam_set_item(pamh, PAM_TTY, c->tty) != PAM_SUCCESS ||
	    (c->env != NULL && pam_putenv(pamh, c->env) != PAM_SUCCESS))
		errx(EXIT_FAILURE, "the handle takes no items");
	if (!c->delay)
		nk_talk_no_delay(pamh);
}

static void
once(struct calls *c)
{
	struct pam_conv conv = { nk_talk, &c->talk };
	pam_handle_t *pamh = NULL;
	int r = PAM_SUCCESS, i;

	c->talk.next = 0;
	c->talk.said[0] = '\0';
	r = c->confdir != NULL ? pam_start_confdir(c->service, c->user,
	    &conv, c->confdir, &pamh) :
	    pam_start(c->service, c->user, &conv, &pamh);
	if (r != PAM_SUCCESS)
		errx(EXIT_FAILURE, "pam_start: %s", nk_talk_code(r));
	set_items(c, pamh);
	for (i = 0; c->phases[i] != NULL; i++) {
		r = call(c, pamh, c->phases[i]);
		if (!c->quiet && strcmp(c->phases[i], "again") != 0)
			printf("%s\n", nk_talk_code(r));
	}
	if (c->verbose && !c->quiet)
		printf("%s", c->talk.said);
	(void)pam_end(pamh, r);
	c->quiet = true;
}

static long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
	struct calls c = { .rhost = NULL };
	int ch, fds, times = 1, n = 0;
	bool measure = false;
	long start;

	while ((ch = getopt(argc, argv, "+c:d:e:lmn:p:r:t:v")) != -1) {
		switch (ch) {
		case 'c':
			if (!nk_talk_how_parse(optarg, &c.talk.how))
				errx(2, "%s: no such way to talk", optarg);
			break;
		case 'd': c.confdir = optarg; break;
		case 'e': c.env = optarg; break;
		case 'l': c.delay = true; break;
		case 'm': measure = true; break;
		case 'n': times = (int)strtol(optarg, NULL, 10); break;
		case 'p':
			if (n == NK_TALK_ANSWERS)
				errx(2, "too many answers");
			c.talk.answer[n++] = optarg;
			break;
		case 'r': c.rhost = optarg; break;
		case 't': c.tty = optarg; break;
		case 'v': c.verbose = true; break;
		default: exit(2);
		}
	}
	if (argc - optind < 3)
		errx(2, "usage: pam_call [options] SERVICE USER PHASE...");
	c.service = argv[optind];
	c.user = argv[optind + 1];
	c.phases = argv + optind + 2;
	fds = count_fds();
	start = now_ms();
	while (times-- > 0)
		once(&c);
	if (measure)
		printf("%d descriptors, %ld ms\n", count_fds() - fds,
		    now_ms() - start);
	return EXIT_SUCCESS;
}
