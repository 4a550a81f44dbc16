/* SPDX-License-Identifier: ISC */

/*
 * naskeysctl: the command line.  It asks the helper for everything; what a
 * caller may do is the helper's to decide.
 */

#include <ctype.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/ctl/args.h"
#include "helper/ctl/ctl.h"
#include "lib/rpc/client.h"

#define HELP_COLUMN	29	/* where what an option does begins */
#define HELP_WIDTH	79

/* In as many lines as its words need. */
static void
print_help(const char *help)
{
	size_t column = HELP_COLUMN, n;
	bool first = true;

	for (; *help != '\0'; help += n + strspn(help + n, " ")) {
		n = strcspn(help, " ");
		if (!first && column + 1 + n > HELP_WIDTH) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", (int)n, help);
		column += n + (first ? 0 : 1);
		first = false;
	}
	putchar('\n');
}

static void
print_options(const struct ctl_option *o)
{
	char left[64];

	for (; o != NULL && o->name != NULL; o++) {
		snprintf(left, sizeof(left), "  --%s%s%s", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		if (strlen(left) < HELP_COLUMN)
			printf("%-*s", HELP_COLUMN, left);
		else
			printf("%s\n%*s", left, HELP_COLUMN, "");
		print_help(o->help);
	}
}

static void
print_command(const struct ctl_command *cmd)
{
	printf("Usage: naskeysctl %s%s%s%s%s\n\n%c%s.\n", cmd->object,
	    cmd->verb != NULL ? " " : "", cmd->verb != NULL ? cmd->verb : "",
	    cmd->synopsis[0] != '\0' ? " " : "", cmd->synopsis,
	    toupper((unsigned char)cmd->summary[0]), cmd->summary + 1);
	if (cmd->options != NULL) {
		printf("\nOptions:\n");
		print_options(cmd->options);
	}
	printf("\nOptions of every command:\n");
	print_options(ctl_global_options);
}

static void
print_version(void)
{
	printf("naskeysctl %s\n", NK_VERSION);
}

/* "user add"; its length. */
static int
name_command(const struct ctl_command *cmd, char *name, size_t room)
{
	return snprintf(name, room, "%s%s%s", cmd->object,
	    cmd->verb != NULL ? " " : "", cmd->verb != NULL ? cmd->verb : "");
}

/* All commands, or those of one object. */
static void
print_usage(FILE *to, const char *object)
{
	const struct ctl_command *cmd;
	int n, width = 0;
	char left[40];

	for (cmd = ctl_commands; cmd->object != NULL; cmd++) {
		n = name_command(cmd, left, sizeof(left));
		if (n > width && (object == NULL ||
		    strcmp(object, cmd->object) == 0))
			width = n;
	}
	fprintf(to, "Usage: naskeysctl %s VERB ...\n\n", object != NULL ?
	    object : "OBJECT");
	for (cmd = ctl_commands; cmd->object != NULL; cmd++) {
		if (object != NULL && strcmp(object, cmd->object) != 0)
			continue;
		(void)name_command(cmd, left, sizeof(left));
		fprintf(to, "  %-*s  %s\n", width, left, cmd->summary);
	}
	fprintf(to, "\n\"naskeysctl %s VERB --help\" says more; "
	    "see naskeysctl(8).\n", object != NULL ? object : "OBJECT");
}

/* Find the command that the words argv[0..] name; *usedp of them do. */
static const struct ctl_command *
find_command(int argc, char **argv, int *usedp)
{
	const struct ctl_command *cmd;

	for (cmd = ctl_commands; cmd->object != NULL; cmd++) {
		if (strcmp(cmd->object, argv[0]) != 0)
			continue;
		*usedp = cmd->verb == NULL ? 1 : 2;
		if (cmd->verb == NULL ||
		    (argc > 1 && strcmp(cmd->verb, argv[1]) == 0))
			return cmd;
	}
	return NULL;
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

/* The words name no command: say what is there. */
static int
no_command(const struct ctl *c, int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		print_usage(stdout, NULL);
		return CTL_DONE;
	}
	if (argc > 0 && !is_object(argv[0]))
		return ctl_misuse(c, "no object \"%s\"", argv[0]);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)) {
		print_usage(stdout, argv[0]);
		return CTL_DONE;
	}
	if (argc > 1 && argv[1][0] != '-')
		return ctl_misuse(&(const struct ctl){ .where = argv[0] },
		    "there is no verb \"%s\"", argv[1]);
	print_usage(stderr, argc > 0 ? argv[0] : NULL);
	return CTL_USAGE;
}

static int
run(struct ctl *c, const struct ctl_command *cmd, int argc, char **argv)
{
	struct ctl_args a;
	char where[40];
	int r, want = 0;

	(void)name_command(cmd, where, sizeof(where));
	c->where = where;
	r = ctl_args_parse(c, cmd, argc, argv, &a, &want);
	if (r == 0)
		r = cmd->run(c, &a);
	else if (want == 'h')
		print_command(cmd);
	else if (want == 'V')
		print_version();
	ctl_args_clear(&a);
	nk_client_free(c->client);
	c->client = NULL;
	c->where = NULL;
	return want != 0 ? CTL_DONE : r;
}

static int
run_words(int argc, char **argv)
{
	const struct ctl_command *cmd = NULL;
	struct ctl c = { .json = false };
	int words = 0, used = 0, r, want = 0;

	if ((r = ctl_args_globals(&c, argc, argv, &words, &want)) > 0)
		return r;
	if (want == 'h')
		print_usage(stdout, NULL);
	else if (want == 'V')
		print_version();
	if (want != 0)
		return CTL_DONE;
	if (words < argc)
		cmd = find_command(argc - words, argv + words, &used);
	if (cmd == NULL)
		return no_command(&c, argc - words, argv + words);
	/* getopt steps over one word before the options */
	return run(&c, cmd, argc - words - used + 1, argv + words + used - 1);
}

/* Descriptors 0 to 2 must be open, or a socket of ours becomes one. */
static void
open_standard_descriptors(void)
{
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			_exit(CTL_FAILED);
	} while (fd <= STDERR_FILENO);
	close(fd);
}

int
main(int argc, char **argv)
{
	int r;

	open_standard_descriptors();
	/* "| head" ends us quietly, whatever our starter made of SIGPIPE */
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_DUMPABLE, 0);	/* passwords pass through here */
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	nk_json_wipe_memory();
	r = run_words(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "naskeysctl: standard output could not be "
		    "written\n");
		if (r == CTL_DONE)
			r = CTL_FAILED;
	}
	return r;
}
