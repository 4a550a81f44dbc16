/* SPDX-License-Identifier: ISC */

/* SSH connections: naskeysctl connection add, list, show, edit, delete. */

#include "helper/ctl/connection.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection_push.h"
#include "helper/ctl/credential.h"
#include "helper/ctl/hostkeys.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

const struct ctl_option ctl_connection_add_options[] = {
	{ "host", "H", "name or address of the remote" },
	{ "port", "N", "its SSH port, 22 by default" },
	{ "user", "U", "the account there, root by default" },
	{ "keypair", "K", "log in with this keypair" },
	{ "generate-keypair", "K", "make this keypair, to log in with it" },
	{ "host-key", "FILE", "the remote's host keys, \"-\": standard "
	    "input" },
	{ "accept-host-key", "FINGERPRINT", "trust the remote's host key "
	    "that has it" },
	{ "timeout", "S", "seconds for connecting, 10 by default" },
	{ "copy-key", NULL, "put the public key into the account's "
	    "authorized_keys there, by its password" },
	{ "password-stdin", NULL, "the first line of standard input is that "
	    "password" },
	{ "restrict", NULL, "the copied key opens no terminal and forwards "
	    "nothing" },
	{ "from", "LIST", "it logs in from these addresses alone" },
	{ "command", "CMD", "it runs this command alone" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_connection_edit_options[] = {
	{ "name", "NAME", "another name for it" },
	{ "host", "H", "name or address of the remote" },
	{ "port", "N", "its SSH port" },
	{ "user", "U", "the account there" },
	{ "keypair", "K", "log in with this keypair" },
	{ "host-key", "FILE", "the remote's host keys, in place of those "
	    "there; \"-\": standard input" },
	{ "timeout", "S", "seconds for connecting" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_connection_delete_options[] = {
	{ "cascade", NULL, "also delete or release what uses it" },
	{ "unpair", NULL, "first remove its key on the remote" },
	{ NULL, NULL, NULL },
};

/* ---- finding ---- */

/* The credential of this type and name. */
static int
find(struct ctl *c, const char *type, const char *what, const char *name,
    json_t **rowp)
{
	json_t *rows = NULL;
	int r;

	*rowp = NULL;
	/* nothing of a keypair is opened that is not selected */
	if ((r = ctl_call(c, "keychaincredential.query",
	    strcmp(type, "SSH_KEY_PAIR") == 0 ?
	    json_pack("[[[s,s,s],[s,s,s]],{s:[s]}]", "name", "=", name,
	    "type", "=", type, "select", "id") :
	    json_pack("[[[s,s,s],[s,s,s]]]", "name", "=", name, "type", "=",
	    type), -1, &rows)) != CTL_DONE)
		return r;
	if ((*rowp = json_incref(json_array_get(rows, 0))) == NULL)
		r = ctl_fail(c, "there is no %s %s", what, name);
	json_decref(rows);
	return r;
}

int
connection_find(struct ctl *c, const char *name, json_t **rowp)
{
	return find(c, "SSH_CREDENTIALS", "connection", name, rowp);
}

static int
find_id(struct ctl *c, const char *name, json_int_t *idp)
{
	json_t *row;
	int r;

	if ((r = connection_find(c, name, &row)) == CTL_DONE)
		*idp = row_int(row, "id");
	json_decref(row);
	return r;
}

static int
put_keypair(struct ctl *c, const char *name, json_t *to, const char *field)
{
	json_t *row;
	int r;

	if ((r = find(c, "SSH_KEY_PAIR", "keypair", name, &row)) == CTL_DONE)
		r = put(c, to, field, json_integer(row_int(row, "id")), "");
	json_decref(row);
	return r;
}

/* ---- add and edit ---- */

/* What the options say of the attributes, besides the keypair. */
static int
add_attributes(const struct ctl *c, const struct ctl_args *a, json_t *to)
{
	const char *file = ctl_get(a, "host-key");
	char *text = NULL;
	int r;

	if ((r = add_string(c, a, "host", to, "host")) != CTL_DONE ||
	    (r = add_number(c, a, "port", to, "port")) != CTL_DONE ||
	    (r = add_string(c, a, "user", to, "username")) != CTL_DONE ||
	    (r = add_number(c, a, "timeout", to, "connect_timeout")) !=
	    CTL_DONE || file == NULL)
		return r;
	if ((r = read_text(c, file, &text)) == CTL_DONE)
		r = put(c, to, "remote_host_key", json_string(text), file);
	/* it may have been a private key by mistake */
	freezero(text, text != NULL ? strlen(text) : 0);
	return r;
}

static int
added(struct ctl *c, const struct ctl_args *a, const json_t *push,
    const json_t *row)
{
	const char *made = ctl_get(a, "generate-keypair");

	if (!c->json && made != NULL)
		ctl_say("Generated keypair %s", made);
	connection_push_say(c, push, row);
	return ctl_done(c, row, "Added connection %s", row_string(row,
	    "name"));
}

static int
check_usage(const struct ctl *c, const struct ctl_args *a)
{
	const char *made = ctl_get(a, "generate-keypair");

	if (ctl_get(a, "host") == NULL ||
	    (ctl_get(a, "keypair") == NULL) == (made == NULL))
		return ctl_misuse(c, "say --host, and --keypair or "
		    "--generate-keypair");
	if (ctl_get(a, "host-key") != NULL &&
	    ctl_get(a, "accept-host-key") != NULL)
		return ctl_misuse(c, "say --host-key or --accept-host-key, "
		    "not both");
	if (made != NULL && strcmp(made, a->positional[0]) == 0)
		return ctl_misuse(c, "keypairs and connections share their "
		    "names: the keypair needs another one than %s", made);
	return CTL_DONE;
}

int
connection_add_key(struct ctl *c, const struct ctl_args *a, json_t *key)
{
	const char *made = ctl_get(a, "generate-keypair");
	int r;

	if ((r = put(c, key, "generate_key", json_boolean(made != NULL),
	    "")) != CTL_DONE)
		return r;
	if (made == NULL)
		return put_keypair(c, ctl_get(a, "keypair"), key,
		    "existing_key_id");
	if ((r = put(c, key, "type", json_string("ed25519"), "")) !=
	    CTL_DONE)
		return r;
	return put(c, key, "name", json_string(made), "--generate-keypair");
}

int
ctl_connection_add(struct ctl *c, const struct ctl_args *a)
{
	json_t *attributes = json_object(), *key = json_object();
	json_t *options = NULL, *push = NULL, *row = NULL;
	int r;

	if ((r = check_usage(c, a)) != CTL_DONE ||
	    (r = connection_push_read(c, a, &push)) != CTL_DONE ||
	    (r = connection_add_key(c, a, key)) != CTL_DONE ||
	    (r = add_attributes(c, a, attributes)) != CTL_DONE ||
	    (ctl_get(a, "host-key") == NULL && (r = hostkeys_find(c,
	    ctl_get(a, "accept-host-key"), attributes)) != CTL_DONE) ||
	    (r = connection_push_ask(c, attributes, push)) != CTL_DONE)
		goto out;
	options = json_pack("{s:O,s:O,s:O*}", "private_key", key,
	    "manual_setup", attributes, "copy_key", push);
	if ((r = put(c, options, "connection_name",
	    json_string(a->positional[0]), "NAME")) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.setup_ssh_connection",
	    json_pack("[O]", options), -1, &row)) == CTL_DONE)
		r = added(c, a, push, row);
 out:
	json_decref(key);
	json_decref(attributes);
	json_decref(push);
	json_decref(options);
	json_decref(row);
	return r;
}

int
ctl_connection_edit(struct ctl *c, const struct ctl_args *a)
{
	const char *pair = ctl_get(a, "keypair");
	json_t *row = NULL, *change = json_object(), *attributes;
	json_t *result = NULL;
	const struct ctl_option *o;
	int r;

	for (o = ctl_connection_edit_options; o->name != NULL &&
	    !ctl_has(a, o->name); o++)
		;
	if (o->name == NULL) {
		r = ctl_misuse(c, "nothing to change was given");
		goto out;
	}
	if ((r = connection_find(c, a->positional[0], &row)) != CTL_DONE)
		goto out;
	/* the method replaces them all */
	attributes = json_object_get(row, "attributes");
	if ((r = add_attributes(c, a, attributes)) != CTL_DONE ||
	    (pair != NULL && (r = put_keypair(c, pair, attributes,
	    "private_key")) != CTL_DONE) ||
	    (r = add_string(c, a, "name", change, "name")) != CTL_DONE ||
	    (r = put(c, change, "attributes", json_incref(attributes),
	    "")) != CTL_DONE)
		goto out;
	r = ctl_call(c, "keychaincredential.update", json_pack("[I,O]",
	    row_int(row, "id"), change), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Changed connection %s",
		    row_string(result, "name"));
 out:
	json_decref(row);
	json_decref(change);
	json_decref(result);
	return r;
}

/* ---- list and show ---- */

static void
fill_connection(struct table *t, const json_t *row)
{
	const json_t *at = json_object_get(row, "attributes");
	char made[WHEN_LEN];

	table_add(t, row_string(row, "name"));
	table_add(t, row_string(at, "host"));
	table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(at, "port"));
	table_add(t, row_string(at, "username"));
	table_addf(t, "%s%s", row_string(row, "keypair"), json_is_object(
	    json_object_get(row, "rotation")) ? " (rotation unfinished)" :
	    "");
	table_add(t, row_date(row, "created_at", "-", made, sizeof(made)));
}

int
ctl_connection_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const fields[] = { "id", "name", "type",
	    "attributes", "keypair", "rotation", "host_keys", "created_at",
	    "created_by", NULL };
	static const char *const headings[] = { "NAME", "HOST", "PORT",
	    "USER", "KEYPAIR", "CREATED" };
	static const struct ctl_list list = {
		.method = "keychaincredential.query", .fields = fields,
		.headings = headings,
		.columns = sizeof(headings) / sizeof(headings[0]),
		.fill = fill_connection, .fields_always = true,
		.type = "SSH_CREDENTIALS",
	};

	(void)a;
	return ctl_list(c, &list);
}

/* Both keys, and which is in use. */
static void
show_rotation(const json_t *rotation)
{
	bool new = strcmp(row_string(rotation, "step"), "REMOVE") == 0;
	char since[WHEN_LEN];

	if (!json_is_object(rotation))
		return;
	ctl_say("Rotation     unfinished since %s; %s one is %s%s",
	    row_date(rotation, "since", "-", since, sizeof(since)),
	    new ? "the new key is in use, the old" : "the old key is in use, "
	    "the new", row_string(rotation, "fingerprint"),
	    new ? " may still be let in there" : "");
}

static void
show(const json_t *row)
{
	const json_t *at = json_object_get(row, "attributes"), *key;
	char made[WHEN_LEN];
	size_t i;

	ctl_say("Connection   %s", row_string(row, "name"));
	ctl_say("Host         %s", row_string(at, "host"));
	ctl_say("Port         %" JSON_INTEGER_FORMAT, row_int(at, "port"));
	ctl_say("User         %s", row_string(at, "username"));
	ctl_say("Keypair      %s", row_string(row, "keypair"));
	show_rotation(json_object_get(row, "rotation"));
	json_array_foreach(json_object_get(row, "host_keys"), i, key)
		ctl_say("%s %s %s", i == 0 ? "Host keys   " :
		    "            ", row_string(key, "fingerprint"),
		    row_string(key, "type"));
	ctl_say("Timeout      %" JSON_INTEGER_FORMAT " s",
	    row_int(at, "connect_timeout"));
	ctl_say("Created      %s by %s", row_date(row, "created_at", "-",
	    made, sizeof(made)), row_string(row, "created_by"));
}

int
ctl_connection_show(struct ctl *c, const struct ctl_args *a)
{
	json_t *row;
	int r;

	if ((r = connection_find(c, a->positional[0], &row)) == CTL_DONE) {
		if (c->json)
			ctl_print_json(row);
		else
			show(row);
	}
	json_decref(row);
	return r;
}

/* ---- delete, used-by ---- */

static int
deleted(struct ctl *c, const char *name, bool unpair, const json_t *result)
{
	if (unpair && !c->json)
		ctl_say("Removed its key %s on the remote",
		    row_string(result, "removed"));
	return ctl_done(c, result, "Deleted connection %s", name);
}

int
ctl_connection_delete(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	bool unpair = ctl_has(a, "unpair");
	json_t *result = NULL;
	json_int_t id;
	int r;

	if ((r = find_id(c, name, &id)) != CTL_DONE ||
	    (r = ctl_confirm(c, unpair ? "Delete the connection %s, and its "
	    "key on the remote?" : "Delete the connection %s?", name)) !=
	    CTL_DONE)
		return r;
	r = ctl_call(c, unpair ? "keychaincredential.unpair" :
	    "keychaincredential.delete", json_pack("[I,{s:b}]", id,
	    "cascade", ctl_has(a, "cascade") ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = deleted(c, name, unpair, result);
	json_decref(result);
	return r;
}

int
ctl_connection_used_by(struct ctl *c, const struct ctl_args *a)
{
	json_int_t id;
	int r;

	if ((r = find_id(c, a->positional[0], &id)) != CTL_DONE)
		return r;
	return credential_used_by(c, "connection", a->positional[0], id);
}
