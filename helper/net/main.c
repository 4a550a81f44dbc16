/* SPDX-License-Identifier: ISC */

/*
 * naskeys-net: speaks to other machines.
 *
 *  1. It MUST do nothing unless it is a child of the sandbox (lib/sandbox),
 *     which has taken every right from it before the first byte comes.
 *  2. It decides nothing: it says what happens, and its parent, which holds
 *     what is to be kept from the other machine, checks what it says.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/net.h"
#include "lib/remote/message.h"
#include "lib/sandbox/sandbox.h"

#define EXIT_USAGE	2

static const struct nk_sandbox_task tasks[] = {
	{ NK_REMOTE_DIAL, NK_SANDBOX_DIAL, dial_run, NULL },
	{ NK_REMOTE_SCAN, NK_SANDBOX_TALK, scan_run, NULL },
	{ NK_REMOTE_TEST, NK_SANDBOX_TALK, test_run, NULL },
	{ NK_REMOTE_COPY_KEY, NK_SANDBOX_TALK, copy_run, NULL },
	{ NK_REMOTE_REMOVE_KEY, NK_SANDBOX_TALK, remove_run, NULL },
	{ NK_REMOTE_KEY_OPTIONS, NK_SANDBOX_TALK, options_run, NULL },
	{ NK_REMOTE_PAIR_TASK, NK_SANDBOX_TALK, pair_run, pair_prepare },
	{ .name = NULL },
};

static int
print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	const struct nk_sandbox_task *const tables[] = { tasks, NULL };

	nk_sandbox_serve_tasks(argc, argv, tables);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print("naskeys-net " NK_VERSION "\n");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return print("usage: naskeys-net --version | --help\n"
		    "Speaks to other machines for naskeys-helper, which "
		    "starts it.\n");
	(void)fputs("naskeys-net: it is started by naskeys-helper alone\n",
	    stderr);
	return EXIT_USAGE;
}
