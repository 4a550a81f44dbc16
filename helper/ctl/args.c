/* SPDX-License-Identifier: ISC */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/args.h"

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

	while (o != NULL && o[n].name != NULL)
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
		return ctl_misuse(c, "--%s is given too often",
		    a->options[i].name);
	if ((v = reallocarray(a->values[i], a->n[i] + 1,
	    sizeof(*v))) == NULL)
		return ctl_fail(c, "out of memory");
	v[a->n[i]++] = value != NULL ? value : "";
	a->values[i] = v;
	return 0;
}

#define OWN	1000
#define GLOBAL	2000

int
ctl_args_parse(struct ctl *c, const struct ctl_command *cmd, int argc,
    char **argv, struct ctl_args *a, int *wantp)
{
	struct option all[2 * CTL_OPTIONS_MAX + 1];
	size_t own = count_options(cmd->options);
	size_t global = count_options(ctl_global_options);
	int ch, r;

	memset(a, 0, sizeof(*a));
	a->options = cmd->options;
	memset(all, 0, sizeof(all));
	fill(all, cmd->options, own, OWN);
	fill(all + own, ctl_global_options, global, GLOBAL);
	optind = 1;
	opterr = 0;
	while ((ch = getopt_long(argc, argv, ":h", all, NULL)) != -1) {
		r = 0;
		if (ch >= GLOBAL)
			r = take_global(c, (size_t)(ch - GLOBAL), optarg,
			    wantp);
		else if (ch >= OWN)
			r = take_own(c, a, (size_t)(ch - OWN), optarg);
		else if (ch == 'h') {
			*wantp = 'h';
			r = -1;
		} else if (ch == ':')
			r = ctl_misuse(c, "%s needs a value",
			    argv[optind - 1]);
		else
			r = ctl_misuse(c, "unknown option %s",
			    argv[optind - 1]);
		if (r != 0)
			return r;
	}
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

static void
complain(const struct ctl *c, const char *fmt, va_list ap)
{
	fprintf(stderr, "naskeysctl: %s%s", c->where != NULL ? c->where : "",
	    c->where != NULL ? ": " : "");
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int
ctl_fail(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CTL_FAILED;
}

int
ctl_misuse(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try \"naskeysctl%s%s --help\".\n",
	    c->where != NULL ? " " : "", c->where != NULL ? c->where : "");
	return CTL_USAGE;
}
