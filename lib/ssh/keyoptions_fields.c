/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyoptions_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/expirytime.h"
#include "lib/ssh/keyoptions.h"

/* It was accepted once, for whatever sshd there was then. */
static const struct nk_sshd_version newest = { 99, 0 };

static void
clear_list(struct nk_option_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

void
nk_keyoption_fields_clear(struct nk_keyoption_fields *f)
{
	clear_list(&f->from);
	clear_list(&f->permitopen);
	clear_list(&f->permitlisten);
	clear_list(&f->principals);
	clear_list(&f->environment);
	free(f->command);
	free(f->tunnel);
	memset(f, 0, sizeof(*f));
}

static int
append(struct nk_option_list *l, const char *s, size_t len)
{
	char **v;

	/* Room is doubled where the number is a power of two. */
	if ((l->n & (l->n - 1)) == 0) {
		v = reallocarray(l->v, l->n == 0 ? 1 : l->n * 2, sizeof(*v));
		if (v == NULL)
			return -ENOMEM;
		l->v = v;
	}
	if ((l->v[l->n] = strndup(s, len)) == NULL)
		return -ENOMEM;
	l->n++;
	return 0;
}

static int
append_parts(struct nk_option_list *l, const char *s)
{
	size_t n;
	int r;

	for (;; s += n + 1) {
		n = strcspn(s, ",");
		if ((r = append(l, s, n)) < 0 || s[n] == '\0')
			return r;
	}
}

static int
set_text(char **textp, const char *s)
{
	free(*textp);
	return (*textp = strdup(s)) == NULL ? -ENOMEM : 0;
}

static int
set_expiry(struct nk_keyoption_fields *f, const char *s)
{
	time_t t;
	int r;

	if ((r = nk_expirytime_parse(s, strlen(s), newest, &t, NULL)) < 0)
		return r;
	if (!f->expires || t < f->expiry)
		f->expiry = t;
	f->expires = true;
	return 0;
}

static void
allow(struct nk_keyoption_fields *f, bool yes)
{
	f->agent_forwarding = f->port_forwarding = f->pty = yes;
	f->user_rc = f->x11_forwarding = yes;
}

static void
set_flag(struct nk_keyoption_fields *f, const struct nk_keyoption *o)
{
	bool *const flags[] = {
		[NK_OPT_AGENT_FORWARDING] = &f->agent_forwarding,
		[NK_OPT_CERT_AUTHORITY] = &f->cert_authority,
		[NK_OPT_PORT_FORWARDING] = &f->port_forwarding,
		[NK_OPT_PTY] = &f->pty,
		[NK_OPT_RESTRICT] = &f->restricted,
		[NK_OPT_TOUCH_REQUIRED] = &f->touch_required,
		[NK_OPT_USER_RC] = &f->user_rc,
		[NK_OPT_VERIFY_REQUIRED] = &f->verify_required,
		[NK_OPT_X11_FORWARDING] = &f->x11_forwarding,
	};

	if (o->name == NK_OPT_RESTRICT)
		allow(f, false);
	if (flags[o->name] != NULL)
		*flags[o->name] = !o->negated;
}

static int
set_value(struct nk_keyoption_fields *f, enum nk_keyoption_name name,
    const char *s)
{
	switch (name) {
	case NK_OPT_COMMAND:
		return set_text(&f->command, s);
	case NK_OPT_ENVIRONMENT:
		return append(&f->environment, s, strlen(s));
	case NK_OPT_EXPIRY_TIME:
		return set_expiry(f, s);
	case NK_OPT_FROM:
		return append_parts(&f->from, s);
	case NK_OPT_PERMITLISTEN:
		return append(&f->permitlisten, s, strlen(s));
	case NK_OPT_PERMITOPEN:
		return append(&f->permitopen, s, strlen(s));
	case NK_OPT_PRINCIPALS:
		return append_parts(&f->principals, s);
	case NK_OPT_TUNNEL:
		return set_text(&f->tunnel, s);	/* the last one counts */
	case NK_OPT_AGENT_FORWARDING:
	case NK_OPT_CERT_AUTHORITY:
	case NK_OPT_PORT_FORWARDING:
	case NK_OPT_PTY:
	case NK_OPT_RESTRICT:
	case NK_OPT_TOUCH_REQUIRED:
	case NK_OPT_USER_RC:
	case NK_OPT_VERIFY_REQUIRED:
	case NK_OPT_X11_FORWARDING:
		break;		/* flags have no value */
	}
	return -EBADMSG;
}

/* Take one option; -ENOENT at the end. */
static int
read_option(struct nk_keyoption_fields *f, const char **textp, size_t *lenp)
{
	struct nk_keyoption o;
	char *value;
	int r;

	if ((r = nk_keyoption_get(textp, lenp, newest, &o, NULL)) < 0 ||
	    (r = nk_keyoption_value(&o, &value)) < 0)
		return r;
	if (value == NULL)
		set_flag(f, &o);
	else
		r = set_value(f, o.name, value);
	free(value);
	return r;
}

int
nk_keyoption_fields_read(const char *text, size_t len,
    struct nk_keyoption_fields *f)
{
	int r;

	memset(f, 0, sizeof(*f));
	allow(f, true);
	f->touch_required = true;
	while ((r = read_option(f, &text, &len)) == 0)
		;
	if (r == -ENOENT)
		return 0;
	nk_keyoption_fields_clear(f);
	return r == -ENOMEM ? r : -EBADMSG;
}
