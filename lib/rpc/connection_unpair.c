/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_unpair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/remote/remote.h"
#include "lib/rpc/connection_open.h"
#include "lib/rpc/credential_delete.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/hold.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/fingerprint.h"

#define COMMAND_MAX	512

static const char action[] = "keychaincredential.unpair";

static const struct nk_arg unpair_fields[] = {
	{ .name = "cascade", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_connection_unpair_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = unpair_fields },
	{ .name = NULL },
};

struct unpairing {
	struct nk_connection_opened	 o;
	char				*fingerprint;
	char				*line;		/* TYPE BASE64 ... */
	struct nk_deletion		 deletion;
	bool				 removed;	/* it was there */
	struct nk_sandbox		 sb;
	struct nk_remote_target		 target;
	struct nk_remote_login		 login;
	struct nk_remote_report		 report;
};

/* ---- before anything is changed ---- */

/* A machine has many names and addresses, but its own host keys. */
static int
is_same_machine(const struct nk_connection *other,
    const struct nk_connection_opened *o)
{
	struct nk_hostkeys pins;
	int r, same = 0;
	size_t i;

	if (strcasecmp(other->host, o->row.host) == 0)
		return 1;
	if ((r = nk_hostkeys_read(other->host_keys, &pins, NULL)) < 0)
		return r;
	for (i = 0; i < pins.n && same == 0; i++)
		same = nk_hostkeys_have(&o->pins, pins.v[i].blob,
		    pins.v[i].len);
	nk_hostkeys_clear(&pins);
	return same;
}

/* 1: it logs in as the same user of the same machine; 0; -errno. */
static int
is_same_way(struct nk_store *s, int64_t id,
    const struct nk_connection_opened *o)
{
	struct nk_connection other;
	int r;

	if ((r = nk_connection_get(s, id, &other)) < 0)
		return r;
	r = strcmp(other.username, o->row.username) != 0 ? 0 :
	    is_same_machine(&other, o);
	nk_connection_clear(&other);
	return r;
}

/* Another connection would not get in any more. */
static int
check_alone(struct nk_context *c, const struct nk_connection_opened *o,
    struct nk_error *e)
{
	const struct nk_connection *row = &o->row;
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential other;
	struct nk_rotation ro;
	struct nk_ids ids;
	size_t i;
	int r;

	if ((r = nk_rotation_get(s, row->id, &ro)) != -ENOENT)
		return r < 0 ? r : nk_error_call(e, EBUSY, "A rotation of "
		    "its key is unfinished: finish or abandon that first");
	if ((r = nk_connections_of_keypair(s, row->keypair_id, &ids)) < 0)
		return r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		if (ids.v[i] == row->id ||
		    (r = is_same_way(s, ids.v[i], o)) <= 0)
			continue;
		r = nk_credential_get(s, ids.v[i], &other);
		if (r == 0)
			r = nk_error_call(e, EBUSY, "The connection %s logs "
			    "in to %s at %s with the same key: delete one of "
			    "them without unpairing", other.name,
			    row->username, row->host);
		nk_credential_clear(&other);
	}
	nk_ids_clear(&ids);
	return r;
}

static int
check(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct unpairing *u = arg;
	int r;

	if ((r = check_alone(c, &u->o, e)) < 0 ||
	    (r = nk_credential_delete_edit(c, &u->deletion, e)) < 0)
		return r;
	nk_commands_clear(&u->deletion.commands);
	return 1;		/* nothing is to be changed yet */
}

/* ---- the other machine ---- */

static int
failed(const struct unpairing *u, struct nk_error *e)
{
	return nk_error_call(e, EFAULT, "The key could not be removed: %s.  "
	    "The connection stays; delete it without unpairing to leave the "
	    "key there", u->report.reason);
}

/* 1: the key lets in there; 0: not; -errno. */
static int
lets_in(struct unpairing *u, struct nk_error *e)
{
	int r = nk_remote_test(&u->sb, &u->target, &u->login, NULL, false,
	    &u->report);

	if (r == 0)
		return 1;
	if (r != -EIO)
		return r;
	return u->report.fault == NK_REMOTE_DENIED ? 0 : failed(u, e);
}

/*
 * A naskeys there holds the key itself, and lets the user remove it; where
 * there is none, that command fails.
 */
static int
remove_by_command(struct unpairing *u, bool *removedp, struct nk_error *e)
{
	char command[COMMAND_MAX];
	int n, r;

	n = snprintf(command, sizeof(command),
	    "naskeysctl key remove '%s' %s", u->login.user, u->fingerprint);
	if (n < 0 || (size_t)n >= sizeof(command))
		return -E2BIG;
	r = nk_remote_test(&u->sb, &u->target, &u->login, command, false,
	    &u->report);
	*removedp = r == 0;
	if (r == -EIO)
		return u->report.fault == NK_REMOTE_NO_COMMAND ? 0 :
		    failed(u, e);
	return r;
}

/* Out of the file; the command may have seen to it that no one gets there. */
static int
remove_from_file(struct unpairing *u, bool by_command, struct nk_error *e)
{
	char *type = strndup(u->line, strcspn(u->line, " "));
	const char *base64 = u->line + strcspn(u->line, " ") + 1;
	char *word = strndup(base64, strcspn(base64, " "));
	bool removed = false;
	int r = -ENOMEM;

	if (type != NULL && word != NULL)
		r = nk_remote_remove_key(&u->sb, &u->target, &u->login, type,
		    word, &removed, &u->report);
	free(type);
	free(word);
	u->removed = removed || by_command;
	if (r != -EIO)
		return r;
	return by_command && u->report.fault == NK_REMOTE_DENIED ? 0 :
	    failed(u, e);
}

static int
remove_there(struct unpairing *u, struct nk_error *e)
{
	bool by_command;
	int r;

	/* one that is shut out now may be let in again */
	if ((r = lets_in(u, e)) <= 0)
		return r < 0 ? r : failed(u, e);
	if ((r = remove_by_command(u, &by_command, e)) < 0 ||
	    (r = remove_from_file(u, by_command, e)) < 0)
		return r;
	if (u->removed && (r = lets_in(u, e)) <= 0)
		return r;
	return nk_error_call(e, EFAULT, "%s at %s still lets in with the key: "
	    "it stands in another place there than the user's "
	    "authorized_keys.  The connection stays", u->o.row.username,
	    u->o.row.host);
}

/* ---- and here ---- */

static int
finish(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct unpairing *u = arg;
	const struct nk_subject subject = { "credential", u->o.row.id,
	    u->o.name };
	int r;

	if ((r = nk_credential_delete_edit(c, &u->deletion, e)) < 0)
		return r;
	return nk_audit_write(c, action, &subject, NULL, NULL, "Unpair "
	    "connection %s: remove key %s of %s at %s", u->o.name,
	    u->fingerprint, u->o.row.username, u->o.row.host);
}

static int
delete_here(struct nk_context *c, struct unpairing *u, struct nk_error *e)
{
	int r = nk_edit_run(c, finish, u, e);
	const char *at;
	char *why;

	/* -EINPROGRESS: it is committed, and only publishing is not done */
	if (r == 0 || r == -EINPROGRESS) {
		nk_commands_run(c, action, &u->deletion.commands);
		return r;
	}
	if ((why = strdup(nk_error_is_set(e) ? nk_error_sentence(e, &at) :
	    strerror(-r))) == NULL)
		return -ENOMEM;
	r = nk_error_call(e, -r, "The key lets nobody in to %s at %s any "
	    "more, but the connection could not be deleted: %s",
	    u->o.row.username, u->o.row.host, why);
	free(why);
	return r;
}

static int
open_way(struct unpairing *u, struct nk_error *e)
{
	const struct nk_connection *row = &u->o.row;
	int r;

	if ((r = nk_keychain_sandbox(&u->sb, e)) < 0 ||
	    (r = nk_privatekey_public_line(&u->o.key, &u->line)) < 0 ||
	    (r = nk_fingerprint_sha256(u->o.key.blob, u->o.key.blob_len,
	    &u->fingerprint)) < 0)
		return r;
	u->sb.program = NK_REMOTE_PROGRAM;
	u->target = (struct nk_remote_target){ row->host, row->port,
	    row->connect_timeout };
	u->login = (struct nk_remote_login){ row->username, &u->o.pins,
	    &u->o.key, NULL };
	return 0;
}

int
nk_connection_unpair_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	int64_t id = json_integer_value(json_array_get(params, 0));
	struct unpairing u = {
		.deletion.id = id,
		.deletion.cascade = json_is_true(json_object_get(
		    json_array_get(params, 1), "cascade")),
	};
	struct nk_hold hold = { .held = false };
	int r;

	if ((r = nk_connection_open(c, id, &u.o, e)) < 0)
		return r;
	nk_hold_begin(&hold);
	if ((r = open_way(&u, e)) == 0 &&
	    (r = nk_edit_run(c, check, &u, e)) == 0 &&
	    (r = remove_there(&u, e)) == 0 &&
	    (r = delete_here(c, &u, e)) == 0 &&
	    (*resultp = json_pack("{s:s}", "removed", u.fingerprint)) == NULL)
		r = -ENOMEM;
	nk_commands_clear(&u.deletion.commands);
	nk_connection_opened_clear(&u.o);
	free(u.line);
	free(u.fingerprint);
	nk_hold_end(&hold);
	return r;
}
