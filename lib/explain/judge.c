/* SPDX-License-Identifier: ISC */
#include "lib/explain/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/agent/certificate.h"
#include "lib/ssh/frommatch.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keyoptions_fields.h"

void
nk_moment(int64_t t, char text[static NK_MOMENT_MAX])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(text, NK_MOMENT_MAX,
	    "%Y-%m-%d %H:%M UTC", &tm) == 0)
		(void)snprintf(text, NK_MOMENT_MAX, "another time");
}

/* False: what the callers return. */
static bool NK_PRINTF(3, 4)
refuse(struct nk_judgement *j, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(j->why, sizeof(j->why), fmt, ap);
	va_end(ap);
	j->judged = NK_JUDGED_REFUSED;
	j->remedy = remedy;
	return false;
}

/* ---- the certificate ---- */

static bool
find_option(struct nk_wire list, const char *name, const uint8_t **sp,
    size_t *lenp)
{
	const uint8_t *s;
	struct nk_wire data;
	size_t len;

	while (nk_wire_get_string(&list, &s, &len) == 0 &&
	    nk_wire_get_sub(&list, &data) == 0) {
		if (len == strlen(name) && memcmp(s, name, len) == 0)
			return nk_wire_get_string(&data, sp, lenp) == 0;
	}
	return false;
}

static bool
is_in_time(const struct nk_judge *q, const struct nk_certificate *c,
    struct nk_judgement *j)
{
	char when[NK_MOMENT_MAX];

	if (q->now < 0 || (uint64_t)q->now < c->valid_after) {
		nk_moment((int64_t)c->valid_after, when);
		return refuse(j, "Wait, set the clock right, or have the key "
		    "signed again.", "The certificate is valid from %s "
		    "only.", when);
	}
	if ((uint64_t)q->now >= c->valid_before) {
		nk_moment((int64_t)c->valid_before, when);
		return refuse(j, "Have the key signed again.", "The "
		    "certificate was valid until %s.", when);
	}
	return true;
}

static bool
may_come_from(const struct nk_judge *q, const struct nk_certificate *c,
    struct nk_judgement *j)
{
	const uint8_t *s;
	size_t len;

	if (!find_option(c->critical, "source-address", &s, &len) ||
	    nk_cidrlist_admits((const char *)s, len, q->address))
		return true;
	return refuse(j, "Log in from one of these addresses, or have the "
	    "key signed again.", "The certificate is good for the addresses "
	    "%.*s alone, and this one is %s.", (int)(len < 200 ? len : 200),
	    (const char *)s, q->address);
}

static bool
certificate_is_good(const struct nk_judge *q, const struct nk_examined *k,
    const char *names, struct nk_judgement *j)
{
	const struct nk_certificate *c = &k->kb.cert;

	if (c->kind != NK_CERT_USER)
		return refuse(j, "Have the key signed again, for a user.",
		    "The certificate is a host's, not a user's.");
	if (!may_come_from(q, c, j))
		return false;
	if (names == NULL && c->principals.left > 0)
		names = q->user;
	if (names != NULL && !nk_agent_certificate_names(c->principals,
	    names))
		return refuse(j, "Have the key signed again with that "
		    "principal.", "None of the certificate's principals is "
		    "%.200s.", names);
	return is_in_time(q, c, j);
}

void
nk_judge_certificate(const struct nk_judge *q, const struct nk_examined *k,
    const char *names, struct nk_judgement *j)
{
	*j = (struct nk_judgement){ .judged = NK_JUDGED_TAKEN };
	if (certificate_is_good(q, k, names, j))
		j->command = nk_agent_certificate_has(k->kb.cert.critical,
		    "force-command");
}

/* ---- the line ---- */

/* Both force a command: the same one, or sshd refuses. */
static bool
commands_agree(const struct nk_examined *k,
    const struct nk_keyoption_fields *f, struct nk_judgement *j)
{
	const uint8_t *s;
	size_t len;

	if (f->command == NULL ||
	    !find_option(k->kb.cert.critical, "force-command", &s, &len) ||
	    (strlen(f->command) == len && memcmp(f->command, s, len) == 0))
		return true;
	return refuse(j, "Take command= off the line, or have the key "
	    "signed again without a command.", "The line and the "
	    "certificate force different commands.");
}

static bool
authority_is_good(const struct nk_judge *q, const struct nk_examined *k,
    const struct nk_keyoption_fields *f, struct nk_judgement *j)
{
	char names[NK_JUDGED_TEXT_MAX * 4];
	size_t i, at = 0;
	int n;

	if (!commands_agree(k, f, j))
		return false;
	names[0] = '\0';
	for (i = 0; i < f->principals.n; i++) {
		n = snprintf(names + at, sizeof(names) - at, "%s%s",
		    i > 0 ? "," : "", f->principals.v[i]);
		if (n < 0 || (size_t)n >= sizeof(names) - at)
			break;
		at += (size_t)n;
	}
	if (f->principals.n > 0)
		return certificate_is_good(q, k, names, j);
	return certificate_is_good(q, k, NULL, j);
}

static bool
is_from(const struct nk_judge *q, const struct nk_keyoption_fields *f,
    struct nk_judgement *j)
{
	char list[NK_JUDGED_TEXT_MAX * 8];
	size_t i, at = 0;
	int n;

	if (f->from.n == 0)
		return true;
	for (i = 0; i < f->from.n; i++) {
		n = snprintf(list + at, sizeof(list) - at, "%s%s",
		    i > 0 ? "," : "", f->from.v[i]);
		if (n < 0 || (size_t)n >= sizeof(list) - at)
			break;		/* what is left out admits nobody */
		at += (size_t)n;
	}
	if (nk_from_admits(list, at, q->address))
		return true;
	j->unknown = q->use_dns;
	return refuse(j, "Log in from an address that from= admits, or "
	    "change from=.", "from=\"%.200s\" does not admit %s.", list,
	    q->address);
}

static bool
fields_are_good(const struct nk_judge *q, const struct nk_examined *k,
    const struct nk_keyoption_fields *f, struct nk_judgement *j)
{
	char when[NK_MOMENT_MAX];

	if (f->expires && (int64_t)f->expiry < q->now) {
		nk_moment((int64_t)f->expiry, when);
		return refuse(j, "Give the key a later expiry-time, or use "
		    "another key.", "The line expired at %s.", when);
	}
	if (!is_from(q, f, j))
		return false;
	return !nk_examined_is_certificate(k) || authority_is_good(q, k, f,
	    j);
}

/* Is the line of the right sort: an authority for certificates alone? */
static bool
sorts_agree(const struct nk_examined *k, bool authority,
    struct nk_judgement *j)
{
	if (nk_examined_is_certificate(k) == authority)
		return true;
	return authority ? refuse(j, "Log in with a certificate that this "
	    "key has signed, or take cert-authority off the line.",
	    "The line has the option cert-authority: its key signs "
	    "certificates and lets nobody in by itself.") :
	    refuse(j, "Put the option cert-authority before the authority's "
	    "key.", "The line holds the key of the certificate's authority, "
	    "but without the option cert-authority.");
}

static int
judge_options(const struct nk_judge *q, const struct nk_examined *k,
    const char *options, size_t len, struct nk_judgement *j)
{
	struct nk_keyoption_fields f;
	struct nk_keyoptions all;
	const char *why = NULL;
	int r;

	r = nk_keyoptions_parse(options, len, q->version, &all, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		(void)refuse(j, "Correct the options at the line's "
		    "beginning.", "The line's options void it: %s.", why);
		return 0;
	}
	if (!sorts_agree(k, all.cert_authority, j))
		return 0;
	if ((r = nk_keyoption_fields_read(options, len, &f)) < 0)
		return r;
	if (fields_are_good(q, k, &f, j)) {
		j->judged = NK_JUDGED_TAKEN;
		j->command = f.command != NULL || (all.cert_authority &&
		    nk_agent_certificate_has(k->kb.cert.critical,
		    "force-command"));
		j->restricted = f.restricted;
	}
	nk_keyoption_fields_clear(&f);
	return 0;
}

int
nk_judge_line(const struct nk_judge *q, const struct nk_examined *k,
    const char *options, size_t len, const uint8_t *blob, size_t blob_len,
    struct nk_judgement *j)
{
	*j = (struct nk_judgement){ .judged = NK_JUDGED_OTHER };
	if (blob_len != k->wanted_len ||
	    memcmp(blob, k->wanted, blob_len) != 0)
		return 0;
	if (options != NULL && len > 0)
		return judge_options(q, k, options, len, j);
	if (sorts_agree(k, false, j))
		j->judged = NK_JUDGED_TAKEN;
	return 0;
}
