/* SPDX-License-Identifier: ISC */

/* The NAS's own keypairs: naskeysctl keypair, and seal rotate. */

#include <bsd/stdlib.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/credential.h"
#include "helper/ctl/keyshow.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"
#include "lib/fullio.h"
#include "lib/ssh/privatekey_detect.h"

const struct ctl_option ctl_keypair_generate_options[] = {
	{ "type", "TYPE", "ed25519 (the default), rsa or ecdsa" },
	{ "bits", "N", "rsa: 2048 to 16384, 3072 by default; "
	    "ecdsa: 256, 384 or 521" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_keypair_import_options[] = {
	{ "public", "FILE", "the public half, which must belong to it" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_keypair_show_options[] = {
	{ "visual", NULL, "draw the key's fingerprint, as ssh-keygen -lv" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_keypair_export_options[] = {
	{ "private", NULL, "the private half" },
	{ "format", "F", "openssh (the default), pkcs8 or pkcs1" },
	{ "output", "FILE", "write a new file, mode 0600" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_keypair_delete_options[] = {
	{ "cascade", NULL, "also delete or release what uses it" },
	{ NULL, NULL, NULL },
};

static const char *const shown[] = { "id", "name", "type", "key_type",
    "bits", "fingerprint", "public_key", "has_private", "created_at",
    "created_by", NULL };

/* A request's strings are wiped by jansson when the request goes. */
static int
create(struct ctl *c, const char *name, json_t *attributes, json_t **rowp)
{
	return ctl_call(c, "keychaincredential.create",
	    json_pack("[{s:s,s:s,s:o}]", "name", name, "type",
	    "SSH_KEY_PAIR", "attributes", attributes), -1, rowp);
}

/* What is printed or, with --json, given out: without the private half. */
static int
created(const struct ctl *c, json_t *row, const char *verb)
{
	(void)json_object_del(row, "attributes");
	ctl_print_warnings(c, row);
	return ctl_done(c, row, "%s keypair %s: %s", verb,
	    row_string(row, "name"), row_string(row, "fingerprint"));
}

/* ---- generate ---- */

int
ctl_keypair_generate(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0], *type = ctl_get(a, "type");
	char host[HOST_NAME_MAX + 1] = "localhost";
	json_t *o, *pair = NULL, *row = NULL;
	int r;

	(void)gethostname(host, sizeof(host) - 1);
	if ((o = json_pack("{s:s,s:s++}", "type",
	    type == NULL ? "ed25519" : type, "comment", name, "@", host)) ==
	    NULL)
		return ctl_misuse(c, "NAME: it is no UTF-8 text");
	if ((r = add_number(c, a, "bits", o, "bits")) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.generate_ssh_key_pair",
	    json_pack("[O]", o), -1, &pair)) == CTL_DONE &&
	    (r = create(c, name, json_incref(pair), &row)) == CTL_DONE)
		r = created(c, row, "Generated");
	json_decref(o);
	json_decref(pair);
	json_decref(row);
	return r;
}

/* ---- import ---- */

/* Does the text hold a private key, by its looks? */
static bool
is_private(const char *text)
{
	return nk_privatekey_detect(text, strlen(text), NULL) == -EPERM;
}

int
ctl_keypair_import(struct ctl *c, const struct ctl_args *a)
{
	const char *public_file = ctl_get(a, "public");
	json_t *attributes = json_object(), *row = NULL;
	char *text = NULL, *public_text = NULL;
	int r;

	if ((r = read_text(c, a->positional[1], &text)) != CTL_DONE ||
	    (public_file != NULL && (r = read_text(c, public_file,
	    &public_text)) != CTL_DONE))
		goto out;
	if (public_text == NULL && !is_private(text))
		r = put(c, attributes, "public_key", json_string(text),
		    "FILE");
	else if ((r = put(c, attributes, "private_key", json_string(text),
	    "FILE")) == CTL_DONE && public_text != NULL)
		r = put(c, attributes, "public_key",
		    json_string(public_text), "--public");
	if (r == CTL_DONE && (r = create(c, a->positional[0],
	    json_incref(attributes), &row)) == CTL_DONE)
		r = created(c, row, "Imported");
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	free(public_text);
	json_decref(attributes);
	json_decref(row);
	return r;
}

/* ---- list and show ---- */

static void
fill_keypair(struct table *t, const json_t *row)
{
	char made[WHEN_LEN];

	table_add(t, row_string(row, "name"));
	table_add(t, row_string(row, "key_type"));
	table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(row, "bits"));
	table_add(t, row_string(row, "fingerprint"));
	table_add(t, row_bool(row, "has_private") ? "yes" : "no");
	table_add(t, row_date(row, "created_at", "-", made, sizeof(made)));
}

int
ctl_keypair_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "NAME", "TYPE", "BITS",
	    "FINGERPRINT", "PRIVATE", "CREATED" };
	static const struct ctl_list list = {
		.method = "keychaincredential.query", .fields = shown,
		.headings = headings,
		.columns = sizeof(headings) / sizeof(headings[0]),
		.fill = fill_keypair, .fields_always = true,
		.type = "SSH_KEY_PAIR",
	};

	(void)a;
	return ctl_list(c, &list);
}

/* The row with this name, without its private half. */
static int
find(struct ctl *c, const char *name, json_t **rowp)
{
	json_t *rows, *select = json_array();
	size_t i;
	int r;

	*rowp = NULL;
	for (i = 0; shown[i] != NULL; i++)
		(void)json_array_append_new(select, json_string(shown[i]));
	r = ctl_call(c, "keychaincredential.query",
	    json_pack("[[[s,s,s],[s,s,s]],{s:o}]", "name", "=", name, "type",
	    "=", "SSH_KEY_PAIR", "select", select), -1, &rows);
	if (r != CTL_DONE)
		return r;
	if ((*rowp = json_incref(json_array_get(rows, 0))) == NULL)
		r = ctl_fail(c, "there is no keypair %s", name);
	json_decref(rows);
	return r;
}

static int
find_id(struct ctl *c, const char *name, json_int_t *idp)
{
	json_t *row;
	int r;

	if ((r = find(c, name, &row)) == CTL_DONE)
		*idp = row_int(row, "id");
	json_decref(row);
	return r;
}

int
ctl_keypair_show(struct ctl *c, const struct ctl_args *a)
{
	char made[WHEN_LEN];
	json_t *row;
	int r;

	if ((r = find(c, a->positional[0], &row)) != CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(row);
	} else {
		ctl_say("Keypair      %s", row_string(row, "name"));
		ctl_say("Type         %s, %" JSON_INTEGER_FORMAT " bits",
		    row_string(row, "key_type"), row_int(row, "bits"));
		ctl_say("Fingerprint  %s", row_string(row, "fingerprint"));
		ctl_say("Private key  %s", row_bool(row, "has_private") ?
		    "yes, sealed" : "no");
		ctl_say("Created      %s by %s", row_date(row, "created_at",
		    "-", made, sizeof(made)), row_string(row, "created_by"));
		r = keyshow_public(c, row_string(row, "public_key"),
		    ctl_has(a, "visual"));
	}
	json_decref(row);
	return r;
}

/* ---- export ---- */

int
ctl_keypair_export(struct ctl *c, const struct ctl_args *a)
{
	const char *format = ctl_get(a, "format"), *to = ctl_get(a, "output");
	bool private = ctl_has(a, "private");
	json_t *text = NULL;
	json_int_t id;
	int r;

	if (!private && format != NULL && strcmp(format, "public") != 0)
		return ctl_misuse(c, "--format is for the private half: "
		    "say --private");
	if (private && format == NULL)
		format = "openssh";
	if ((r = find_id(c, a->positional[0], &id)) != CTL_DONE)
		return r;
	r = ctl_call(c, "keychaincredential.export",
	    json_pack("[I,{s:s}]", id, "format", private ? format :
	    "public"), -1, &text);
	if (r == CTL_DONE && to != NULL)
		r = write_new_file(c, to, json_string_value(text));
	else if (r == CTL_DONE && c->json)
		ctl_print_json(text);
	else if (r == CTL_DONE && (fflush(stdout) == EOF ||
	    nk_write_full(STDOUT_FILENO, json_string_value(text),
	    json_string_length(text)) < 0))
		r = ctl_fail(c, "standard output: %s", strerror(errno));
	json_decref(text);
	return r;
}

/* ---- rename, delete, used-by ---- */

int
ctl_keypair_rename(struct ctl *c, const struct ctl_args *a)
{
	json_t *row = NULL;
	json_int_t id;
	int r;

	if ((r = find_id(c, a->positional[0], &id)) != CTL_DONE)
		return r;
	r = ctl_call(c, "keychaincredential.update", json_pack("[I,{s:s}]",
	    id, "name", a->positional[1]), -1, &row);
	if (r == CTL_DONE) {
		(void)json_object_del(row, "attributes");
		r = ctl_done(c, row, "Renamed keypair %s to %s",
		    a->positional[0], a->positional[1]);
	}
	json_decref(row);
	return r;
}

int
ctl_keypair_delete(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	json_t *result = NULL;
	json_int_t id;
	int r;

	if ((r = find_id(c, name, &id)) != CTL_DONE ||
	    (r = ctl_confirm(c, "Delete the keypair %s? Its private half "
	    "cannot be had back.", name)) != CTL_DONE)
		return r;
	r = ctl_call(c, "keychaincredential.delete", json_pack("[I,{s:b}]",
	    id, "cascade", ctl_has(a, "cascade") ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Deleted keypair %s", name);
	json_decref(result);
	return r;
}

int
ctl_keypair_used_by(struct ctl *c, const struct ctl_args *a)
{
	json_int_t id;
	int r;

	if ((r = find_id(c, a->positional[0], &id)) != CTL_DONE)
		return r;
	return credential_used_by(c, "keypair", a->positional[0], id);
}

/* ---- the key that seals ---- */

int
ctl_seal_rotate(struct ctl *c, const struct ctl_args *a)
{
	json_t *result = NULL;
	json_int_t n;
	int r;

	(void)a;
	r = ctl_call(c, "naskeys.seal_rotate", json_array(), -1, &result);
	if (r == CTL_DONE) {
		n = row_int(result, "resealed");
		r = ctl_done(c, result, "Sealed %" JSON_INTEGER_FORMAT
		    " secret%s with a new key", n, n == 1 ? "" : "s");
	}
	json_decref(result);
	return r;
}
