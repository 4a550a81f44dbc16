/* SPDX-License-Identifier: ISC */
#include "lib/agent/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/certificate.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/frommatch.h"
#include "lib/ssh/keyoptions.h"
#include "lib/store/revoked.h"

/* What the line's options are held against. */
struct asked {
	struct nk_sshd_version	 v;
	const char		*rhost;
	int64_t			 now;
};

/* One option.  0; -EACCES: then the line does not authorise; -ENOMEM. */
static int
take_option(struct nk_agent_line *l, const struct nk_keyoption *o,
    const struct asked *asked)
{
	char *value;
	int r;

	if (o->name == NK_OPT_TOUCH_REQUIRED)
		l->no_touch = o->negated;
	else if (o->name == NK_OPT_VERIFY_REQUIRED)
		l->verify = !o->negated;
	if (o->name != NK_OPT_FROM && o->name != NK_OPT_PRINCIPALS)
		return 0;
	if ((r = nk_keyoption_value(o, &value)) < 0)
		return r;
	if (value == NULL)
		return -EACCES;
	if (o->name == NK_OPT_PRINCIPALS) {
		free(l->names);
		l->names = value;
		return 0;
	}
	r = nk_from_admits(value, strlen(value), asked->rhost) ? 0 : -EACCES;
	free(value);
	return r;
}

/* As take_option(), for all of them. */
static int
take_options(struct nk_agent_line *l, const struct asked *asked)
{
	const char *text = l->k->options;
	size_t len = strlen(text);
	struct nk_keyoptions all;
	struct nk_keyoption o;
	int r;

	if ((r = nk_keyoptions_parse(text, len, asked->v, &all, NULL)) < 0)
		return r == -ENOMEM ? r : -EACCES;
	if (all.command || all.restricted ||
	    all.cert_authority != l->k->cert_authority ||
	    (all.expires && (int64_t)all.expiry <= asked->now))
		return -EACCES;
	while ((r = nk_keyoption_get(&text, &len, asked->v, &o,
	    NULL)) == 0) {
		if ((r = take_option(l, &o, asked)) < 0)
			return r;
	}
	return r == -ENOENT ? 0 : -EACCES;
}

/* As take_option(); *l owns names. */
static int
read_line(struct nk_agent_line *l, const struct nk_key *k, const char *user,
    const struct asked *asked)
{
	*l = (struct nk_agent_line){ .k = k };
	if (k->kind != NK_KEY_KEY || k->blob_len == 0 ||
	    k->expires_at <= asked->now)
		return -EACCES;
	if ((l->names = strdup(user)) == NULL)
		return -ENOMEM;
	if (k->options == NULL)
		return k->cert_authority ? -EACCES : 0;
	return take_options(l, asked);
}

int
nk_agent_lines_load(struct nk_store *s, const struct nk_user *u,
    struct nk_sshd_version v, const char *rhost, int64_t now,
    struct nk_agent_lines *ls)
{
	const struct asked asked = { v, rhost, now };
	size_t i;
	int r;

	*ls = (struct nk_agent_lines){ .v = NULL };
	if ((r = nk_keys_of_user(s, u->id, &ls->keys)) < 0)
		return r;
	ls->v = calloc(ls->keys.n + 1, sizeof(*ls->v));
	if (ls->v == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < ls->keys.n; i++) {
		r = read_line(&ls->v[ls->n], &ls->keys.v[i], u->name,
		    &asked);
		if (r == 0) {
			ls->n++;
			continue;
		}
		free(ls->v[ls->n].names);
		if (r == -EACCES)
			r = 0;
	}
	if (r < 0)
		nk_agent_lines_clear(ls);
	return r;
}

void
nk_agent_lines_clear(struct nk_agent_lines *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		free(ls->v[i].names);
	free(ls->v);
	nk_keys_clear(&ls->keys);
	*ls = (struct nk_agent_lines){ .v = NULL };
}

static bool
is_blob(const struct nk_key *k, const uint8_t *blob, size_t len)
{
	return k->blob_len == len && memcmp(k->blob, blob, len) == 0;
}

const struct nk_agent_line *
nk_agent_lines_find(const struct nk_agent_lines *ls,
    const struct nk_agent_offer *o)
{
	const struct nk_agent_line *l;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		l = &ls->v[i];
		if (l->k->cert_authority != (o->ca_len > 0))
			continue;
		if (o->ca_len == 0 ? is_blob(l->k, o->blob, o->len) :
		    is_blob(l->k, o->ca, o->ca_len) &&
		    nk_agent_certificate_names(o->principals, l->names))
			return l;
	}
	return NULL;
}

int
nk_agent_check_revoked(struct nk_store *s, const uint8_t *blob, size_t len)
{
	char *fingerprint;
	bool revoked;
	int r;

	if ((r = nk_fingerprint_sha256(blob, len, &fingerprint)) < 0)
		return r;
	r = nk_revoked_has(s, fingerprint, &revoked);
	free(fingerprint);
	if (r < 0)
		return r;
	return revoked ? -EACCES : 0;
}

const struct nk_agent_line *
nk_agent_lines_by_id(const struct nk_agent_lines *ls, int64_t id)
{
	size_t i;

	for (i = 0; i < ls->n; i++) {
		if (ls->v[i].k->id == id)
			return &ls->v[i];
	}
	return NULL;
}

bool
nk_agent_line_is_content(const struct nk_agent_line *l, uint32_t shown)
{
	bool no_touch = l->no_touch;

	if ((shown & NK_AGENT_SECURITY_KEY) == 0)
		return true;
	if (l->k->cert_authority && (shown & NK_AGENT_CERT_NO_TOUCH) == 0)
		no_touch = false;
	if (!no_touch && (shown & NK_AGENT_TOUCHED) == 0)
		return false;
	if (l->verify || (shown & NK_AGENT_CERT_VERIFY) != 0)
		return (shown & NK_AGENT_VERIFIED) != 0;
	return true;
}
