/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyoptions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/expirytime.h"
#include "lib/ssh/fromlist.h"
#include "lib/ssh/linetext.h"
#include "lib/ssh/optionvalue.h"
#include "lib/ssh/refuse.h"

enum form {
	FLAG,
	FLAG_OR_NOT,		/* may have "no-" before it */
	VALUE,
	VALUE_ONCE,		/* sshd refuses a second one */
};

static const struct option {
	const char		*name;
	enum form		 form;
	struct nk_sshd_version	 since;
	struct nk_sshd_version	 since_not;	/* the form with "no-" */
} options[] = {
	[NK_OPT_AGENT_FORWARDING] = { "agent-forwarding", FLAG_OR_NOT,
	    { 7, 2 }, { 0, 0 } },
	[NK_OPT_CERT_AUTHORITY] = { "cert-authority", FLAG,
	    { 5, 4 }, { 0, 0 } },
	[NK_OPT_COMMAND] = { "command", VALUE_ONCE,
	    { 0, 0 }, { 0, 0 } },
	[NK_OPT_ENVIRONMENT] = { "environment", VALUE,
	    { 0, 0 }, { 0, 0 } },
	[NK_OPT_EXPIRY_TIME] = { "expiry-time", VALUE,
	    { 7, 7 }, { 0, 0 } },
	[NK_OPT_FROM] = { "from", VALUE_ONCE,
	    { 0, 0 }, { 0, 0 } },
	[NK_OPT_PERMITLISTEN] = { "permitlisten", VALUE,
	    { 7, 8 }, { 0, 0 } },
	[NK_OPT_PERMITOPEN] = { "permitopen", VALUE,
	    { 0, 0 }, { 0, 0 } },
	[NK_OPT_PORT_FORWARDING] = { "port-forwarding", FLAG_OR_NOT,
	    { 7, 2 }, { 0, 0 } },
	[NK_OPT_PRINCIPALS] = { "principals", VALUE_ONCE,
	    { 5, 6 }, { 0, 0 } },
	[NK_OPT_PTY] = { "pty", FLAG_OR_NOT,
	    { 7, 2 }, { 0, 0 } },
	[NK_OPT_RESTRICT] = { "restrict", FLAG,
	    { 7, 2 }, { 0, 0 } },
	[NK_OPT_TOUCH_REQUIRED] = { "touch-required", FLAG_OR_NOT,
	    { 8, 2 }, { 8, 2 } },
	[NK_OPT_TUNNEL] = { "tunnel", VALUE,
	    { 4, 3 }, { 0, 0 } },
	[NK_OPT_USER_RC] = { "user-rc", FLAG_OR_NOT,
	    { 7, 2 }, { 4, 9 } },
	[NK_OPT_VERIFY_REQUIRED] = { "verify-required", FLAG_OR_NOT,
	    { 8, 4 }, { 8, 4 } },
	[NK_OPT_X11_FORWARDING] = { "X11-forwarding", FLAG_OR_NOT,
	    { 7, 2 }, { 0, 0 } },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What nk_keyoptions_parse() remembers from option to option. */
struct state {
	struct nk_sshd_version	 v;
	struct nk_keyoptions	*o;
	unsigned int		 seen[COUNT(options)];
};

/* Find the option called s[len]; -ENOENT when there is none. */
static int
find_option(const char *s, size_t len, struct nk_keyoption *o)
{
	size_t i, skip;

	for (i = 0; i < COUNT(options); i++) {
		skip = options[i].form == FLAG_OR_NOT && len > 3 &&
		    strncasecmp(s, "no-", 3) == 0 ? 3 : 0;
		if (strlen(options[i].name) == len - skip &&
		    strncasecmp(options[i].name, s + skip, len - skip) == 0) {
			o->name = (enum nk_keyoption_name)i;
			o->negated = skip != 0;
			return 0;
		}
	}
	return -ENOENT;
}

/* The length of the quoted string at s[len] with its quotes; 0: no end. */
static size_t
quoted_length(const char *s, size_t len)
{
	size_t i;

	for (i = 1; i < len && s[i] != '"'; i++) {
		if (s[i] == '\\' && i + 1 < len && s[i + 1] == '"')
			i++;
	}
	return i < len ? i + 1 : 0;
}

/* Take the value behind the name; *np grows by what was taken. */
static int
get_value(const char *s, size_t len, size_t *np, struct nk_keyoption *o,
    const char **whyp)
{
	size_t n = *np, quoted;
	bool wants = options[o->name].form == VALUE ||
	    options[o->name].form == VALUE_ONCE;

	o->value = NULL;
	o->value_len = 0;
	if (wants != (n < len && s[n] == '='))
		return nk_refuse(whyp, -EBADMSG, wants ?
		    "a key option lacks its value: write NAME=\"value\"" :
		    "a key option has a value that takes none: leave it out");
	if (!wants)
		return 0;
	n++;
	if (n == len || s[n] != '"')
		return nk_refuse(whyp, -EBADMSG, "the value of a key option "
		    "must stand in double quotes: write NAME=\"value\"");
	if ((quoted = quoted_length(s + n, len - n)) == 0)
		return nk_refuse(whyp, -EBADMSG, "the value of a key option "
		    "lacks its closing quote (inside it a quote is \\\")");
	o->value = s + n + 1;
	o->value_len = quoted - 2;
	*np = n + quoted;
	return 0;
}

int
nk_keyoption_get(const char **textp, size_t *lenp, struct nk_sshd_version v,
    struct nk_keyoption *o, const char **whyp)
{
	const char *s = *textp;
	struct nk_keyoption opt;
	size_t n, len = *lenp;
	int r;

	if (len == 0)
		return -ENOENT;
	for (n = 0; n < len && s[n] != ',' && s[n] != '='; n++)
		;
	if (n == 0)
		return nk_refuse(whyp, -EBADMSG, "the key options have an "
		    "empty one: put exactly one comma between two");
	if (find_option(s, n, &opt) < 0)
		return nk_refuse(whyp, -EBADMSG, "sshd knows no such key "
		    "option, and would ignore the whole line: see "
		    "AUTHORIZED_KEYS FILE FORMAT in sshd(8)");
	if (!nk_sshd_version_has(v, opt.negated ?
	    options[opt.name].since_not : options[opt.name].since))
		return nk_refuse(whyp, -EPERM, "this system's sshd is too "
		    "old for one of the key options, and would ignore the "
		    "whole line: leave it out");
	if ((r = get_value(s, len, &n, &opt, whyp)) < 0)
		return r;
	if (n < len && s[n] != ',')
		return nk_refuse(whyp, -EBADMSG, "something other than a "
		    "comma follows the value of a key option");
	if (n + 1 == len)
		return nk_refuse(whyp, -EBADMSG, "the key options end with "
		    "a comma: take it away");
	n += n < len;
	*o = opt;
	*textp += n;
	*lenp -= n;
	return 0;
}

int
nk_keyoption_value(const struct nk_keyoption *o, char **valuep)
{
	char *value;
	size_t i, n = 0;

	*valuep = NULL;
	if (o->value == NULL)
		return 0;
	if ((value = malloc(o->value_len + 1)) == NULL)
		return -ENOMEM;
	for (i = 0; i < o->value_len; i++) {
		if (o->value[i] == '\\' && i + 1 < o->value_len &&
		    o->value[i + 1] == '"')
			i++;
		value[n++] = o->value[i];
	}
	value[n] = '\0';
	*valuep = value;
	return 0;
}

static int
check_expiry(struct state *st, const char *value, const char **whyp)
{
	time_t t;
	int r;

	if ((r = nk_expirytime_parse(value, strlen(value), st->v, &t,
	    whyp)) < 0)
		return r;
	if (!st->o->expires || t < st->o->expiry)
		st->o->expiry = t;
	st->o->expires = true;
	return 0;
}

/* How often an option may be given. */
static int
check_count(struct state *st, const struct nk_keyoption *o,
    const char **whyp)
{
	unsigned int max = ~0U;

	if (options[o->name].form == VALUE_ONCE)
		max = 1;
	else if (o->name == NK_OPT_ENVIRONMENT)
		max = NK_KEYOPTION_ENVIRONMENT_MAX;
	else if (o->name == NK_OPT_PERMITOPEN ||
	    o->name == NK_OPT_PERMITLISTEN)
		max = NK_KEYOPTION_PERMIT_MAX;
	if (st->seen[o->name]++ >= max)
		return nk_refuse(whyp, -EBADMSG, max == 1 ? "command, from "
		    "and principals may be given once only: join them" :
		    "an option is given more often than sshd takes");
	return 0;
}

/* Look into one value ("" for a flag) and note what the option means. */
static int
check_option(struct state *st, const struct nk_keyoption *o,
    const char *value, const char **whyp)
{
	switch (o->name) {
	case NK_OPT_CERT_AUTHORITY:
		st->o->cert_authority = true;
		return 0;
	case NK_OPT_RESTRICT:
		st->o->restricted = true;
		return 0;
	case NK_OPT_COMMAND:
		st->o->command = true;
		return nk_optionvalue_command(value, whyp);
	case NK_OPT_ENVIRONMENT:
		return nk_optionvalue_environment(value, whyp);
	case NK_OPT_EXPIRY_TIME:
		return check_expiry(st, value, whyp);
	case NK_OPT_FROM:
		st->o->from = true;
		return nk_fromlist_check(value, strlen(value), whyp);
	case NK_OPT_PERMITLISTEN:
		return nk_optionvalue_permitlisten(value, whyp);
	case NK_OPT_PERMITOPEN:
		return nk_optionvalue_permitopen(value, whyp);
	case NK_OPT_PRINCIPALS:
		return nk_optionvalue_principals(value, whyp);
	case NK_OPT_TUNNEL:
		return nk_optionvalue_tunnel(value, whyp);
	case NK_OPT_AGENT_FORWARDING:
	case NK_OPT_PORT_FORWARDING:
	case NK_OPT_PTY:
	case NK_OPT_TOUCH_REQUIRED:
	case NK_OPT_USER_RC:
	case NK_OPT_VERIFY_REQUIRED:
	case NK_OPT_X11_FORWARDING:
		return 0;
	}
	return nk_refuse(whyp, -EBADMSG, "sshd knows no such key option");
}

/* Take and check one option; -ENOENT at the end. */
static int
parse_option(struct state *st, const char **textp, size_t *lenp,
    const char **whyp)
{
	struct nk_keyoption o;
	char *value = NULL;
	int r;

	if ((r = nk_keyoption_get(textp, lenp, st->v, &o, whyp)) < 0 ||
	    (r = check_count(st, &o, whyp)) < 0)
		return r;
	if ((r = nk_keyoption_value(&o, &value)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	r = check_option(st, &o, value == NULL ? "" : value, whyp);
	free(value);
	return r;
}

int
nk_keyoptions_parse(const char *text, size_t len, struct nk_sshd_version v,
    struct nk_keyoptions *o, const char **whyp)
{
	struct state st = { .v = v, .o = o };
	int r;

	memset(o, 0, sizeof(*o));
	if (len == 0)
		return nk_refuse(whyp, -EBADMSG, "the key options are empty: "
		    "leave them out");
	if ((r = nk_linetext_check(text, len, whyp)) < 0)
		return r;
	while ((r = parse_option(&st, &text, &len, whyp)) == 0)
		;
	if (r != -ENOENT)
		return r;
	if (st.seen[NK_OPT_PRINCIPALS] != 0 && !o->cert_authority)
		return nk_refuse(whyp, -EBADMSG, "principals needs "
		    "cert-authority beside it, or sshd refuses the key");
	return 0;
}

int
nk_keyoptions_add_expiry(const char *options_text, time_t t,
    struct nk_sshd_version v, char **textp)
{
	static const char name[] = "expiry-time=\"";
	const size_t len = options_text == NULL ? 0 : strlen(options_text);
	char when[NK_EXPIRYTIME_SIZE], *text, *p;
	struct nk_keyoptions o = { .expires = false };
	int r;

	*textp = NULL;
	if ((r = nk_expirytime_format(t, v, when)) < 0)
		return r;
	if (options_text != NULL && (r = nk_keyoptions_parse(options_text,
	    len, v, &o, NULL)) < 0)
		return r;
	/* A comma before it, a quote behind it, and NUL. */
	if ((text = malloc(len + sizeof(name) + sizeof(when) + 2)) == NULL)
		return -ENOMEM;
	p = len > 0 ? mempcpy(text, options_text, len) : text;
	if (!o.expires || o.expiry > t) {
		if (len > 0)
			*p++ = ',';
		p = mempcpy(p, name, sizeof(name) - 1);
		p = mempcpy(p, when, strlen(when));
		*p++ = '"';
	}
	*p = '\0';
	*textp = text;
	return 0;
}
