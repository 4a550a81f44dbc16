/* SPDX-License-Identifier: ISC */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/args.h"

#define OWN	1000	/* what getopt_long() returns: OWN + index */
#define GLOBAL	2000

const struct ctl_option ctl_global_options[] = {
	{ "json", NULL, "print the method's result as JSON" },
	{ "force", NULL, "do not ask before what cannot be taken back" },
	{ "state-dir", "DIR", "all state lies in DIR" },
	{ "seal-key", "FILE", "the key that seals secrets" },
	{ "help", NULL, "show this help" },
	{ "version", NULL, "show the version" },
	{ NULL, NULL, NULL },
};

static size_t
count_options(const struct ctl_option *o)
{
	size_t n = 0;

	while (o != NULL && o[n].name != NULL && n < CTL_OPTIONS_MAX)
		n++;
	return n;
}

static void
fill(struct option *to, const struct ctl_option *from, size_t n, int first)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = (struct option){ from[i].name, from[i].arg != NULL ?
		    required_argument : no_argument, NULL, first + (int)i };
}

static int
take_global(struct ctl *c, size_t i, const char *value, int *wantp)
{
	const char *name = ctl_global_options[i].name;

	if (strcmp(name, "json") == 0)
		c->json = true;
	else if (strcmp(name, "force") == 0)
		c->force = true;
	else if (strcmp(name, "state-dir") == 0)
		c->state_dir = value;
	else if (strcmp(name, "seal-key") == 0)
		c->seal_key = value;
	else {
		*wantp = strcmp(name, "help") == 0 ? 'h' : 'V';
		return -1;
	}
	return 0;
}

static int
take_own(const struct ctl *c, struct ctl_args *a, size_t i,
    const char *value)
{
	const char **v;

	if (a->n[i] == CTL_VALUES_MAX)
		return ctl_misuse(c, "--%s is given more than %d times",
		    a->options[i].name, CTL_VALUES_MAX);
	if ((v = reallocarray(a->values[i], a->n[i] + 1,
	    sizeof(*v))) == NULL)
		return ctl_fail(c, "out of memory");
	v[a->n[i]++] = value != NULL ? value : "";
	a->values[i] = v;
	return 0;
}

/* -o is the short form of --output, where a command has that. */
static int
take_output(const struct ctl *c, struct ctl_args *a, const char *value)
{
	size_t i, n = count_options(a->options);

	for (i = 0; i < n; i++)
		if (strcmp(a->options[i].name, "output") == 0)
			return take_own(c, a, i, value);
	return ctl_misuse(c, "unknown option -o");
}

/* What getopt_long() refused stands in optopt, or in argv. */
static int
refuse(const struct ctl *c, const struct ctl_args *a, int ch, char **argv,
    const struct option *all)
{
	const char *hint = a->passes ? ": what the other program is to see "
	    "stands behind --" : "";
	const struct option *o;

	for (o = all; optopt >= OWN && o->name != NULL; o++)
		if (o->val == optopt)
			return ctl_misuse(c, "--%s %s", o->name, ch == ':' ?
			    "needs a value" : "takes no value");
	if (optopt > 0 && optopt < OWN)
		return ctl_misuse(c, "unknown option -%c%s", optopt, hint);
	return ctl_misuse(c, "unknown option %s%s", argv[optind - 1], hint);
}

/* optstring says whether options may stand behind other words. */
static int
parse(struct ctl *c, int argc, char **argv, const char *optstring,
    struct ctl_args *a, int *wantp)
{
	struct option all[2 * CTL_OPTIONS_MAX + 1];
	size_t own = count_options(a->options);
	int ch, r = 0;

	memset(all, 0, sizeof(all));
	fill(all, a->options, own, OWN);
	fill(all + own, ctl_global_options,
	    count_options(ctl_global_options), GLOBAL);
	optind = 0;		/* glibc: forget the call before */
	opterr = 0;
	while (r == 0 &&
	    (ch = getopt_long(argc, argv, optstring, all, NULL)) != -1) {
		if (ch >= GLOBAL)
			r = take_global(c, (size_t)(ch - GLOBAL), optarg,
			    wantp);
		else if (ch >= OWN)
			r = take_own(c, a, (size_t)(ch - OWN), optarg);
		else if (ch == 'o')
			r = take_output(c, a, optarg);
		else if (ch == 'h') {
			*wantp = 'h';
			r = -1;
		} else
			r = refuse(c, a, ch, argv, all);
	}
	return r;
}

int
ctl_args_globals(struct ctl *c, int argc, char **argv, int *usedp,
    int *wantp)
{
	static const struct ctl_option no_options[] = { { NULL, NULL, NULL } };
	struct ctl_args none = { .options = no_options };
	int r;

	r = parse(c, argc, argv, "+:h", &none, wantp);
	*usedp = optind;
	return r;
}

int
ctl_args_parse(struct ctl *c, const struct ctl_command *cmd, int argc,
    char **argv, struct ctl_args *a, int *wantp)
{
	int r;

	memset(a, 0, sizeof(*a));
	a->options = cmd->options;
	a->passes = strstr(cmd->synopsis, "-- ") != NULL;
	if ((r = parse(c, argc, argv, ":ho:", a, wantp)) != 0)
		return r;
	a->positional = argv + optind;
	a->npositional = argc - optind;
	if (a->npositional < cmd->min)
		return ctl_misuse(c, "too few arguments");
	if (cmd->max >= 0 && a->npositional > cmd->max)
		return ctl_misuse(c, "too many arguments");
	return 0;
}

void
ctl_args_clear(struct ctl_args *a)
{
	size_t i;

	for (i = 0; i < CTL_OPTIONS_MAX; i++)
		free(a->values[i]);
	memset(a, 0, sizeof(*a));
}

const char *const *
ctl_all(const struct ctl_args *a, const char *name, size_t *np)
{
	size_t i;

	*np = 0;
	for (i = 0; a->options != NULL && a->options[i].name != NULL; i++)
		if (strcmp(a->options[i].name, name) == 0) {
			*np = a->n[i];
			return a->values[i];
		}
	return NULL;
}

const char *
ctl_get(const struct ctl_args *a, const char *name)
{
	size_t n;
	const char *const *v = ctl_all(a, name, &n);

	return n > 0 ? v[n - 1] : NULL;
}

bool
ctl_has(const struct ctl_args *a, const char *name)
{
	return ctl_get(a, name) != NULL;
}
