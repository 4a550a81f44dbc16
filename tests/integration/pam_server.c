/* SPDX-License-Identifier: ISC */
/*
 * pam_server SOCKET LOG RULE...: tests/fixture/pamserver.h, until SIGTERM.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fixture/pamserver.h"

int
main(int argc, char **argv)
{
	sigset_t end;
	int number;
	pid_t pid;

	if (argc < 4)
		errx(2, "usage: pam_server SOCKET LOG RULE...");
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	pid = nk_pamserver_start(argv[1], argv[2],
	    (const char *const *)(argv + 3));
	(void)sigwait(&end, &number);
	nk_pamserver_stop(pid);
	(void)unlink(argv[1]);
	return EXIT_SUCCESS;
}
