/* SPDX-License-Identifier: ISC */
#include "lib/rpc/consumer_write.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/dependants.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rotation_guard.h"
#include "lib/ssh/linetext.h"

#define KIND_MAX	32	/* characters */
#define PATH_LEN	128

const struct nk_arg nk_consumer_fields[] = {
	{ .name = "kind", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED |
	    NK_ARG_NONEMPTY, .max = KIND_MAX },
	{ .name = "title", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED |
	    NK_ARG_NONEMPTY, .max = NK_CONSUMER_TITLE_MAX },
	{ .name = "on_delete", .type = NK_ARG_STRING },
	{ .name = "command", .type = NK_ARG_ARRAY, .flags = NK_ARG_NULL |
	    NK_ARG_NONEMPTY, .max = NK_CONSUMER_WORDS_MAX,
	    .fields = nk_consumer_command_word },
	{ .name = NULL },
};

static const char *const on_delete_names[] = {
	[NK_ON_DELETE_DELETE] = "DELETE",
	[NK_ON_DELETE_DISABLE] = "DISABLE",
};

/* ---- what a request says ---- */

static int
complain(struct nk_error *e, const char *path, const char *member,
    const char *text)
{
	char where[PATH_LEN];

	(void)snprintf(where, sizeof(where), "%s.%s", path, member);
	nk_error_add(e, where, EINVAL, "%s", text);
	return -EINVAL;
}

static bool
is_kind(const char *s)
{
	return *s >= 'A' && *s <= 'Z' &&
	    s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

/* "disable" is the peer's way with tasks. */
static int
read_on_delete(const char *name, const char *path, enum nk_on_delete *vp,
    struct nk_error *e)
{
	*vp = NK_ON_DELETE_DISABLE;
	if (name == NULL || strcmp(name, on_delete_names[*vp]) == 0)
		return 0;
	*vp = NK_ON_DELETE_DELETE;
	if (strcmp(name, on_delete_names[*vp]) == 0)
		return 0;
	return complain(e, path, "on_delete",
	    "Input should be 'DELETE' or 'DISABLE'");
}

int
nk_consumer_read(struct nk_context *c, const json_t *data, const char *path,
    struct nk_consumer *row, struct nk_error *e)
{
	const char *kind = json_string_value(json_object_get(data, "kind"));
	const char *title = json_string_value(json_object_get(data, "title"));
	char where[PATH_LEN];
	int r;

	*row = (struct nk_consumer){ .id = 0 };
	if (!is_kind(kind))
		return complain(e, path, "kind", "Input should be "
		    "'REPLICATION', 'RSYNC', 'SFTP_CLOUD' or another word in "
		    "upper case");
	if (nk_linetext_check(title, strlen(title), NULL) < 0)
		return complain(e, path, "title", "The title may not have "
		    "control characters");
	if ((r = read_on_delete(json_string_value(json_object_get(data,
	    "on_delete")), path, &row->on_delete, e)) < 0)
		return r;
	(void)snprintf(where, sizeof(where), "%s.command", path);
	if ((r = nk_consumer_command_take(c, json_object_get(data,
	    "command"), where, &row->command, e)) < 0)
		return r;
	row->kind = strdup(kind);
	row->title = strdup(title);
	row->created_by = strdup(c->actor);
	row->created_at = nk_now();
	if (row->kind != NULL && row->title != NULL &&
	    row->created_by != NULL)
		return 0;
	nk_consumer_clear(row);
	return -ENOMEM;
}

/* ---- what it is ---- */

/* An array, or null; NULL: no memory. */
static json_t *
command_json(const struct nk_consumer *row)
{
	json_t *words;

	if (row->command == NULL)
		return json_null();
	words = json_loads(row->command, 0, NULL);
	return words != NULL ? words : json_array();
}

/* The credential's name, or null. */
static int
put_credential(struct nk_object *b, struct nk_store *s, int64_t id)
{
	struct nk_credential row;
	int r;

	if (id == 0) {
		nk_object_null(b, "credential_id");
		nk_object_null(b, "credential");
		return 0;
	}
	nk_object_int(b, "credential_id", id);
	if ((r = nk_credential_get(s, id, &row)) == 0)
		nk_object_text(b, "credential", row.name);
	nk_credential_clear(&row);
	return r;
}

int
nk_consumer_entity(struct nk_store *s, const struct nk_consumer *row,
    json_t **op)
{
	struct nk_object b;
	int r;

	nk_object_init(&b, NULL);
	nk_object_int(&b, "id", row->id);
	r = put_credential(&b, s, row->credential_id);
	nk_object_bool(&b, "enabled", row->credential_id != 0);
	nk_object_text(&b, "kind", row->kind);
	nk_object_text(&b, "title", row->title);
	nk_object_text(&b, "on_delete", on_delete_names[row->on_delete]);
	nk_object_put(&b, "command", command_json(row));
	nk_object_date(&b, "created_at", row->created_at, 0);
	nk_object_text(&b, "created_by", row->created_by);
	if (r == 0)
		return nk_object_finish(&b, op);
	json_decref(b.o);
	return r == -ENOENT ? -EBADMSG : r;
}

/* ---- inside an edit ---- */

/* state is what the audit row keeps of it, before or after. */
static int
audit(struct nk_context *c, const char *action, const char *verb,
    const struct nk_consumer *row, bool is_new)
{
	struct nk_subject subject = { "consumer", row->id, row->title };
	json_t *state = NULL;
	char *title;
	int r;

	if ((r = nk_dependant_title(row, &title)) < 0)
		return r;
	if ((r = nk_consumer_entity(nk_publisher_store(c->publisher), row,
	    &state)) == 0)
		r = nk_audit_write(c, action, &subject, is_new ? NULL : state,
		    is_new ? state : NULL, "%s %s", verb, title);
	json_decref(state);
	free(title);
	return r;
}

int
nk_consumer_bind(struct nk_context *c, const char *action, const char *path,
    struct nk_consumer *row, struct nk_error *e)
{
	int r;

	if ((r = nk_rotation_check_pair(c, row->credential_id, 0, e)) < 0)
		return r;
	r = nk_consumer_insert(nk_publisher_store(c->publisher), row);
	if (r == -EEXIST)
		return complain(e, path, "title", "Is already bound to this "
		    "credential");
	return r < 0 ? r : audit(c, action, "Bind", row, true);
}

int
nk_consumer_unbind(struct nk_context *c, const char *action, int64_t id,
    bool release, struct nk_commands *cs)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_consumer row;
	char *title = NULL;
	int r;

	/* one that is disabled has had its command run */
	if ((r = nk_consumer_get(s, id, &row)) == 0 &&
	    (r = nk_dependant_title(&row, &title)) == 0 &&
	    (r = nk_commands_add(cs, title, row.credential_id == 0 ? NULL :
	    row.command)) == 0 &&
	    (r = audit(c, action, "Unbind", &row, false)) == 0)
		r = release ? nk_consumer_release(s, id) :
		    nk_consumer_delete(s, id);
	nk_consumer_clear(&row);
	free(title);
	return r;
}
