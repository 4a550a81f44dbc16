/* SPDX-License-Identifier: ISC */

/*
 * naskeys-helper: the one writer.
 *
 *  1. Nothing but the arguments MUST be believed of the starter: neither
 *     the environment, nor open descriptors, nor signals, nor limits at
 *     which the kernel would end us (sanitise.h).
 *  2. What says where the state lies MUST NOT be taken from somebody whose
 *     privilege is less than ours.  On accepted connections the acceptor is
 *     the starter, and it passes on only what it was given itself.
 *  3. What anybody may do is decided by the kernel's word on who is at the
 *     other end (peer.h), for each request anew (lib/rpc/rights.h).
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/helper/listen.h"
#include "helper/helper/log.h"
#include "helper/helper/options.h"
#include "helper/helper/sanitise.h"
#include "helper/helper/pamserve.h"
#include "helper/helper/serve.h"
#include "helper/helper/ssh_wait.h"
#include "helper/helper/state.h"
#include "helper/helper/sync_check.h"
#include "lib/account/directory.h"
#include "lib/account/network.h"
#include "lib/account/resolver.h"
#include "lib/account/runner.h"
#include "lib/agent/checker.h"
#include "lib/explain/account.h"
#include "lib/keychain/privatetext.h"
#include "lib/libcrypto.h"
#include "lib/login/ask.h"
#include "lib/sandbox/sandbox.h"
#include "lib/sshservice/control.h"
#include "lib/sshservice/interfaces.h"
#include "lib/store/store.h"

#define EXIT_USAGE	2

static int
print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

static int
print_help(void)
{
	return print(
	    "usage: naskeys-helper [OPTION]...\n"
	    "Reads JSON-RPC 2.0 requests, one a line, from standard input and\n"
	    "writes the answers, one a line, to standard output.\n"
	    "\n"
	    "  --listen PATH      accept connections on this socket instead;\n"
	    "                     may be given several times\n"
	    "  --protocol NAME    json (default), gateway, middleware, pam or\n"
	    "                     network: of the --listen before it, or of\n"
	    "                     standard input\n"
	    "  --state-dir DIR    all state lies in DIR\n"
	    "  --seal-key FILE    the key that seals secrets\n"
	    "  --network PATH     the socket of the acceptor that has the\n"
	    "                     machine's network\n"
	    "  --sync             bring maps and store into agreement\n"
	    "  --ssh-wait         put back what ssh.apply has changed and\n"
	    "                     nobody confirms\n"
	    "  --check            print what is wrong with store and maps\n"
	    "  --version, --help\n");
}

static int
serve(const struct options *o, const struct state *state)
{
	struct stat st;
	int r;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISSOCK(st.st_mode))
		log_to_syslog();	/* nobody reads standard error */
	r = o->protocol == PROTOCOL_PAM ?
	    pamserve_connection(state, STDIN_FILENO) :
	    serve_connection(state, o->protocol, STDIN_FILENO, STDOUT_FILENO);
	switch (r) {
	case 0:
		return EXIT_SUCCESS;
	case -EPIPE:			/* the other end has gone */
	case -ECONNRESET:
	case -ETIMEDOUT:		/* it breaks the rules: no news */
	case -EMSGSIZE:
		return EXIT_FAILURE;
	default:
		log_say(LOG_ERR, "connection: %s", strerror(-r));
		return EXIT_FAILURE;
	}
}

static int
run(const struct options *o, const struct handover *h)
{
	const char *why = NULL;
	struct state state;
	int r;

	if ((o->state_dir != NULL || o->seal_key != NULL ||
	    o->network != NULL) && sanitise_is_raised()) {	/* MUST 2 */
		log_say(LOG_ERR, "--state-dir, --seal-key and --network are "
		    "not for a program with more rights than its caller");
		return EXIT_FAILURE;
	}
	nk_network_use(o->network);
	if (o->mode == RUN_SYNC)
		nk_store_several_threads();
	else
		nk_store_single_thread();
	if ((r = state_init(&state, o->state_dir, o->seal_key, &why)) < 0) {
		if (r == -EPERM)	/* the sentence says it all */
			log_say(LOG_ERR, "%s", why);
		else
			log_say(LOG_ERR, "%s: %s", why, strerror(-r));
		return EXIT_FAILURE;
	}
	if (chdir("/") == -1) {
		log_say(LOG_ERR, "/: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	switch (o->mode) {
	case RUN_LISTEN:
		return listen_run(o, &state, h);
	case RUN_SYNC:
		state.nk.threads = true;
		return sync_run(&state);
	case RUN_SSH_WAIT:
		return ssh_wait_run(&state);
	case RUN_CHECK:
		return check_run(&state);
	default:
		return serve(o, &state);
	}
}

/* What is asked of it by a helper that has no network. */
static const struct nk_network_work *const network_works[] = {
	&nk_ask_work, &nk_control_work, &nk_directory_group_work,
	&nk_directory_groups_work, &nk_directory_list_work,
	&nk_directory_user_work, &nk_interfaces_work, &nk_resolver_work,
	&nk_runner_work, &nk_sandbox_task_work, &nk_seen_account_work, NULL,
};

/* It needs no store, and has none. */
static int
serve_network(void)
{
	int r;

	log_to_syslog();
	if (chdir("/") == -1)
		return EXIT_FAILURE;
	r = nk_network_serve(STDIN_FILENO, network_works);
	if (r < 0 && r != -EPIPE)
		log_say(LOG_ERR, "network: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What its children do in the sandbox. */
static const struct nk_sandbox_work *const sandbox_tables[] = {
	nk_agent_works, nk_privatetext_works, NULL,
};

int
main(int argc, char **argv)
{
	const char *why = NULL, *word = NULL;
	struct handover handover;
	struct options options;
	int r;

	nk_sandbox_serve(argc, argv, sandbox_tables);
	if ((r = sanitise(&handover)) < 0 ||
	    (r = nk_libcrypto_start()) < 0) {
		log_say(LOG_ERR, "cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (options_parse(&options, argc, argv, &why, &word) < 0) {
		log_say(LOG_ERR, "%.100s %s", word, why);
		return EXIT_USAGE;
	}
	if (options.mode == RUN_VERSION)
		return print("naskeys-helper " NK_VERSION "\n");
	if (options.mode == RUN_HELP)
		return print_help();
	if (options.mode != RUN_LISTEN)
		closefrom(3);		/* a handover is the acceptor's */
	if (options.mode == RUN_SERVE && options.protocol == PROTOCOL_NETWORK)
		return serve_network();
	return run(&options, &handover);
}
