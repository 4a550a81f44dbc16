/* SPDX-License-Identifier: ISC */

/*
 * naskeysctl: the command line.  It asks the helper for everything; what a
 * caller may do is the helper's to decide.
 */

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/ctl/args.h"
#include "helper/ctl/ctl.h"
#include "lib/rpc/client.h"

static void
print_options(const struct ctl_option *o)
{
	char left[64];

	for (; o != NULL && o->name != NULL; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		printf("  %-26s %s\n", left, o->help);
	}
}

static void
print_command(const struct ctl_command *cmd)
{
	printf("Usage: naskeysctl %s%s%s %s\n\n%s.\n", cmd->object,
	    cmd->verb != NULL ? " " : "", cmd->verb != NULL ? cmd->verb : "",
	    cmd->synopsis, cmd->summary);
	if (cmd->options != NULL) {
		printf("\nOptions:\n");
		print_options(cmd->options);
	}
	printf("\nOptions of every command:\n");
	print_options(ctl_global_options);
}

/* All commands, or those of one object. */
static void
print_usage(FILE *to, const char *object)
{
	const struct ctl_command *cmd;
	char left[40];

	fprintf(to, "Usage: naskeysctl OBJECT VERB ...\n\n");
	for (cmd = ctl_commands; cmd->object != NULL; cmd++) {
		if (object != NULL && strcmp(object, cmd->object) != 0)
			continue;
		snprintf(left, sizeof(left), "%s%s%s", cmd->object,
		    cmd->verb != NULL ? " " : "",
		    cmd->verb != NULL ? cmd->verb : "");
		fprintf(to, "  %-14s %s\n", left, cmd->summary);
	}
	fprintf(to, "\n\"naskeysctl OBJECT VERB --help\" says more; "
	    "see naskeysctl(8).\n");
}

static bool
is_object(const char *word)
{
	const struct ctl_command *cmd;

	for (cmd = ctl_commands; cmd->object != NULL; cmd++)
		if (strcmp(cmd->object, word) == 0)
			return true;
	return false;
}

/* Find the command that argv[1..] names; *usedp words name it. */
static const struct ctl_command *
find_command(int argc, char **argv, int *usedp)
{
	const struct ctl_command *cmd;

	for (cmd = ctl_commands; cmd->object != NULL; cmd++) {
		if (strcmp(cmd->object, argv[1]) != 0)
			continue;
		*usedp = 1;
		if (cmd->verb == NULL)
			return cmd;
		*usedp = 2;
		if (argc > 2 && strcmp(cmd->verb, argv[2]) == 0)
			return cmd;
	}
	return NULL;
}

/* Global options may stand before the object: let them go to the end. */
static int
first_words(int argc, char **argv)
{
	const struct ctl n = { 0 };

	if (argc < 2) {
		print_usage(stderr, NULL);
		return CTL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout, NULL);
		return CTL_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("naskeysctl %s\n", NK_VERSION);
		return CTL_DONE;
	}
	if (!is_object(argv[1])) {
		if (argv[1][0] == '-')
			return ctl_misuse(&n, "options come after the "
			    "command");
		return ctl_misuse(&n, "no object \"%s\"", argv[1]);
	}
	if (argc > 2 && (strcmp(argv[2], "--help") == 0 ||
	    strcmp(argv[2], "-h") == 0)) {
		print_usage(stdout, argv[1]);
		return CTL_DONE;
	}
	return -1;
}

static int
run(const struct ctl_command *cmd, int argc, char **argv)
{
	struct ctl_args a;
	struct ctl c = { 0 };
	char where[40];
	int r, want = 0;

	snprintf(where, sizeof(where), "%s%s%s", cmd->object,
	    cmd->verb != NULL ? " " : "", cmd->verb != NULL ? cmd->verb : "");
	c.where = where;
	r = ctl_args_parse(&c, cmd, argc, argv, &a, &want);
	if (r == 0)
		r = cmd->run(&c, &a);
	else if (want == 'h') {
		print_command(cmd);
		r = CTL_DONE;
	} else if (want == 'V') {
		printf("naskeysctl %s\n", NK_VERSION);
		r = CTL_DONE;
	}
	ctl_args_clear(&a);
	nk_client_free(c.client);
	return r;
}

/* Descriptors 0 to 2 must be open, or a socket of ours becomes one. */
static void
open_standard_descriptors(void)
{
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			_exit(CTL_FAILED);
	} while (fd <= 2);
	close(fd);
}

int
main(int argc, char **argv)
{
	const struct ctl_command *cmd;
	const struct ctl none = { 0 };
	int used = 0, r;

	open_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0);	/* passwords pass through here */
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	nk_json_wipe_memory();
	if ((r = first_words(argc, argv)) < 0) {
		cmd = find_command(argc, argv, &used);
		if (cmd == NULL && argc > 2)
			r = ctl_misuse(&none, "%s has no verb \"%s\"",
			    argv[1], argv[2]);
		else if (cmd == NULL) {
			print_usage(stderr, argv[1]);
			r = CTL_USAGE;
		} else
			r = run(cmd, argc - used, argv + used);
	}
	if (fflush(stdout) != 0 && r == CTL_DONE) {
		fprintf(stderr, "naskeysctl: standard output: %s\n",
		    strerror(errno));
		r = CTL_FAILED;
	}
	return r;
}
