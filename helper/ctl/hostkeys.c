/* SPDX-License-Identifier: ISC */
#include "helper/ctl/hostkeys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/value.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/hostkeys.h"

/*
 * Ask the remote that attributes (host, port, connect_timeout) name for its
 * host keys.  *hk is empty on failure.
 */
static int
scan(struct ctl *c, const json_t *attributes,
    struct nk_hostkeys *hk)
{
	static const char *const fields[] = { "host", "port",
	    "connect_timeout" };
	json_t *o = json_object(), *text = NULL, *v;
	const char *why;
	size_t i;
	int r = CTL_DONE;

	*hk = (struct nk_hostkeys){ NULL, 0 };
	for (i = 0; r == CTL_DONE && i < 3; i++) {
		if ((v = json_object_get(attributes, fields[i])) != NULL)
			r = put(c, o, fields[i], json_incref(v), "");
	}
	if (r == CTL_DONE && (r = ctl_call(c,
	    "keychaincredential.remote_ssh_host_key_scan",
	    json_pack("[O]", o), -1, &text)) == CTL_DONE &&
	    nk_hostkeys_read(json_string_length(text) > 0 ?
	    json_string_value(text) : "", hk, &why) < 0)
		r = ctl_fail(c, "the helper's answer: %s", why);
	json_decref(o);
	json_decref(text);
	return r;
}

/* The caller's to free; NULL after a message. */
static char *
fingerprint_of(const struct ctl *c, const struct nk_hostkey *key)
{
	char *text;

	if (nk_fingerprint_sha256(key->blob, key->len, &text) < 0) {
		(void)ctl_fail(c, "out of memory");
		return NULL;
	}
	return text;
}

/* What was found instead, in one sentence. */
static int
refuse(const struct ctl *c, const struct nk_hostkeys *hk,
    const char *fingerprint)
{
	char *all = NULL, *one;
	size_t i, len;
	FILE *f;
	int r;

	if ((f = open_memstream(&all, &len)) == NULL)
		return ctl_fail(c, "out of memory");
	for (i = 0; i < hk->n; i++) {
		if ((one = fingerprint_of(c, &hk->v[i])) != NULL)
			fprintf(f, "%s%s (%s)", i > 0 ? ", " : "", one,
			    hk->v[i].type->name);
		free(one);
	}
	if (fclose(f) == EOF)
		r = ctl_fail(c, "out of memory");
	else
		r = ctl_fail(c, "the remote has no host key %s, but %s",
		    fingerprint, all);
	free(all);
	return r;
}

/* Of these, the one with this fingerprint. */
static int
accept_one(const struct ctl *c, const struct nk_hostkeys *hk,
    const char *fingerprint, const struct nk_hostkey **keyp)
{
	char *one;
	size_t i;
	bool same;

	*keyp = NULL;
	for (i = 0; i < hk->n; i++) {
		if ((one = fingerprint_of(c, &hk->v[i])) == NULL)
			return CTL_FAILED;
		same = strcmp(one, fingerprint) == 0;
		free(one);
		if (same) {
			*keyp = &hk->v[i];
			return CTL_DONE;
		}
	}
	return refuse(c, hk, fingerprint);
}

/* Show all of them and ask, on a terminal alone, whatever --force says. */
static int
ask(struct ctl *c, const struct nk_hostkeys *hk, const char *host)
{
	bool force = c->force;
	char *one;
	size_t i;
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return ctl_fail(c, "without a terminal to show them on, no "
		    "host key is trusted: say --host-key or "
		    "--accept-host-key");
	for (i = 0; i < hk->n; i++) {
		if ((one = fingerprint_of(c, &hk->v[i])) == NULL)
			return CTL_FAILED;
		fprintf(stderr, "%s (%s)\n", one, hk->v[i].type->name);
		free(one);
	}
	c->force = false;		/* of something else */
	r = ctl_confirm(c, "Are these the host keys of %s?", host);
	c->force = force;
	return r;
}

static int
put_host_keys(const struct ctl *c, const struct nk_hostkeys *hk, json_t *to)
{
	char *text;
	int r;

	if (nk_hostkeys_write(hk, &text) < 0)
		return ctl_fail(c, "out of memory");
	r = put(c, to, "remote_host_key", json_string(text), "");
	free(text);
	return r;
}

int
hostkeys_find(struct ctl *c, const char *fingerprint, json_t *attributes)
{
	const struct nk_hostkey *key;
	struct nk_hostkeys hk, one = { NULL, 1 };
	int r;

	if ((r = scan(c, attributes, &hk)) != CTL_DONE)
		return r;
	if (fingerprint == NULL) {
		if ((r = ask(c, &hk, row_string(attributes,
		    "host"))) == CTL_DONE)
			r = put_host_keys(c, &hk, attributes);
	} else if ((r = accept_one(c, &hk, fingerprint, &key)) ==
	    CTL_DONE) {
		one.v = &hk.v[key - hk.v];
		r = put_host_keys(c, &one, attributes);
	}
	nk_hostkeys_clear(&hk);
	return r;
}

/* ---- another one for a connection ---- */

/*
 * What is trusted from now on: the accepted key, and those trusted so far
 * that the remote still has.
 */
static int
merge(const struct ctl *c, const struct nk_hostkeys *old,
    const struct nk_hostkeys *there, const struct nk_hostkey *accepted,
    json_t *attributes)
{
	struct nk_hostkeys hk = { NULL, 0 };
	size_t i;
	int r = nk_hostkeys_add(&hk, accepted->blob, accepted->len);

	for (i = 0; r == 0 && i < old->n; i++) {
		if (nk_hostkeys_have(there, old->v[i].blob, old->v[i].len))
			r = nk_hostkeys_add(&hk, old->v[i].blob,
			    old->v[i].len);
	}
	r = r < 0 ? ctl_fail(c, "the host keys do not fit beside each "
	    "other") : put_host_keys(c, &hk, attributes);
	nk_hostkeys_clear(&hk);
	return r;
}

int
ctl_connection_accept_host_key(struct ctl *c, const struct ctl_args *a)
{
	const char *fingerprint = a->positional[1], *why;
	struct nk_hostkeys old = { NULL, 0 }, there = { NULL, 0 };
	json_t *row, *attributes, *result = NULL;
	const struct nk_hostkey *key;
	int r;

	if ((r = connection_find(c, a->positional[0], &row)) != CTL_DONE)
		goto out;
	attributes = json_object_get(row, "attributes");
	if (nk_hostkeys_read(row_string(attributes, "remote_host_key"), &old,
	    &why) < 0) {
		r = ctl_fail(c, "the connection's host keys: %s", why);
		goto out;
	}
	if ((r = scan(c, attributes, &there)) != CTL_DONE ||
	    (r = accept_one(c, &there, fingerprint, &key)) !=
	    CTL_DONE ||
	    (r = merge(c, &old, &there, key, attributes)) != CTL_DONE ||
	    (r = ctl_call(c, "keychaincredential.update",
	    json_pack("[I,{s:O}]", row_int(row, "id"), "attributes",
	    attributes), -1, &result)) != CTL_DONE)
		goto out;
	r = ctl_done(c, result, "%s trusts host key %s now",
	    a->positional[0], fingerprint);
 out:
	nk_hostkeys_clear(&old);
	nk_hostkeys_clear(&there);
	json_decref(row);
	json_decref(result);
	return r;
}
