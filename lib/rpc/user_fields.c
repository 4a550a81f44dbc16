/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/password.h"
#include "lib/account/sudo.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/user_rules.h"
#include "lib/rpc/way_in.h"

#define ID_MAX		90000000	/* the peer's */
#define TEXT_MAX	2048

/* ---- what the objects may hold ---- */

static const struct nk_arg command = {
	.name = "", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY,
};
static const struct nk_arg group_id = { .name = "", .type = NK_ARG_INT };
static const struct nk_arg key_line = {
	.name = "", .type = NK_ARG_STRING, .flags = NK_ARG_LONG,
};

#define COMMON_FIELDS							\
	{ .name = "full_name", .type = NK_ARG_STRING },			\
	{ .name = "home", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_NONEMPTY },					\
	{ .name = "home_mode", .type = NK_ARG_STRING },			\
	{ .name = "home_create", .type = NK_ARG_BOOL },			\
	{ .name = "shell", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_NONEMPTY },					\
	{ .name = "email", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_NULL },					\
	{ .name = "group", .type = NK_ARG_INT, .flags = NK_ARG_NULL },	\
	{ .name = "groups", .type = NK_ARG_ARRAY, .max = 1000,		\
	    .fields = &group_id },					\
	{ .name = "password", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_NULL | NK_ARG_SECRET },			\
	{ .name = "random_password", .type = NK_ARG_BOOL },		\
	{ .name = "password_disabled", .type = NK_ARG_BOOL },		\
	{ .name = "ssh_password_enabled", .type = NK_ARG_BOOL },	\
	{ .name = "sshpubkey", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_NULL | NK_ARG_LONG },			\
	{ .name = "locked", .type = NK_ARG_BOOL },			\
	{ .name = "smb", .type = NK_ARG_BOOL },				\
	{ .name = "webshare", .type = NK_ARG_BOOL },			\
	{ .name = "userns_idmap", .type = NK_ARG_ANY },			\
	{ .name = "sudo_commands", .type = NK_ARG_ARRAY, .max = 1000,	\
	    .fields = &command },					\
	{ .name = "sudo_commands_nopasswd", .type = NK_ARG_ARRAY,	\
	    .max = 1000, .fields = &command },				\
	{ .name = "admin", .type = NK_ARG_BOOL },			\
	{ .name = "account_expires_at", .type = NK_ARG_DATE,		\
	    .flags = NK_ARG_NULL }

#define CREATE_FIELDS							\
	{ .name = "username", .type = NK_ARG_STRING,			\
	    .flags = NK_ARG_REQUIRED },					\
	{ .name = "uid", .type = NK_ARG_INT, .flags = NK_ARG_NULL,	\
	    .min = 0, .max = ID_MAX },					\
	{ .name = "group_create", .type = NK_ARG_BOOL },		\
	{ .name = "managed", .type = NK_ARG_BOOL }

const struct nk_arg nk_user_create_fields[] = {
	CREATE_FIELDS,
	COMMON_FIELDS,
	{ .name = NULL },
};

const struct nk_arg nk_user_update_fields[] = {
	NK_FORCE_ARG,
	{ .name = "username", .type = NK_ARG_STRING },
	{ .name = "accept_uid", .type = NK_ARG_BOOL },
	COMMON_FIELDS,
	{ .name = NULL },
};

const struct nk_arg nk_user_import_fields[] = {
	CREATE_FIELDS,
	COMMON_FIELDS,
	{ .name = "unixhash", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_SECRET },
	{ .name = "keys", .type = NK_ARG_ARRAY, .max = NK_KEYLINES_MAX,
	    .fields = &key_line },
	{ .name = NULL },
};

/* ---- reading them ---- */

void
nk_user_edit_refuse(const struct nk_user_edit *ed, struct nk_error *e,
    const char *field, int number, const char *fmt, ...)
{
	char attribute[128], text[TEXT_MAX];
	va_list ap;

	(void)snprintf(attribute, sizeof(attribute), "%s.%s", ed->schema,
	    field);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nk_error_add(e, attribute, number, "%s", text);
}

/* Put value in the place of *field, unless it is there already. */
static int
set_text(struct nk_user_edit *ed, char **field, const char *value,
    unsigned int bit)
{
	char *copy = NULL;

	if (ed->old != NULL && (value == NULL || *field == NULL ?
	    value == *field : strcmp(value, *field) == 0))
		return 0;
	if (value != NULL && (copy = strdup(value)) == NULL)
		return -ENOMEM;
	free(*field);
	*field = copy;
	ed->given |= bit;
	return 0;
}

static void
set_flag(struct nk_user_edit *ed, bool *field, bool value, unsigned int bit)
{
	if (ed->old == NULL || *field != value)
		ed->given |= bit;
	*field = value;
}

#define AT(member)	offsetof(struct nk_user, member)

static const struct {
	const char	*name;
	size_t		 offset;
	unsigned int	 bit;
} texts[] = {
	{ "username",	AT(name),	NK_GIVEN_USERNAME },
	{ "full_name",	AT(full_name),	NK_GIVEN_FULL_NAME },
	{ "home",	AT(home),	NK_GIVEN_HOME },
	{ "shell",	AT(shell),	NK_GIVEN_SHELL },
	{ "email",	AT(email),	NK_GIVEN_EMAIL },
};

static const struct {
	const char	*name;
	size_t		 offset;
	unsigned int	 bit;
} flags[] = {
	{ "locked",	AT(locked),	NK_GIVEN_LOCKED },
	{ "password_disabled", AT(password_disabled),
	    NK_GIVEN_PASSWORD_DISABLED },
	{ "ssh_password_enabled", AT(ssh_password_enabled),
	    NK_GIVEN_SSH_PASSWORD },
	{ "smb",	AT(smb),	NK_GIVEN_SMB },
	{ "webshare",	AT(webshare),	NK_GIVEN_WEBSHARE },
	{ "admin",	AT(admin),	NK_GIVEN_ADMIN },
};

static int
read_plain(struct nk_user_edit *ed, const json_t *fields)
{
	char *row = (char *)ed->row;
	const json_t *v;
	size_t i;
	int r;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if ((v = json_object_get(fields, texts[i].name)) == NULL)
			continue;
		/* the offset is one of a char * */
		if ((r = set_text(ed, (char **)(void *)(row +
		    texts[i].offset), json_string_value(v),
		    texts[i].bit)) < 0)
			return r;
	}
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((v = json_object_get(fields, flags[i].name)) == NULL)
			continue;
		set_flag(ed, (bool *)(void *)(row + flags[i].offset),
		    json_is_true(v), flags[i].bit);
	}
	return 0;
}

static void
read_ids(struct nk_user_edit *ed, const json_t *fields)
{
	const json_t *v;
	int64_t id;

	v = json_object_get(fields, "uid");
	if (json_is_integer(v)) {
		ed->row->uid = (uint32_t)json_integer_value(v);
		ed->given |= NK_GIVEN_UID;
	}
	ed->group_create = json_is_true(json_object_get(fields,
	    "group_create"));
	ed->accept_uid = json_is_true(json_object_get(fields, "accept_uid"));
	if ((v = json_object_get(fields, "group")) == NULL)
		return;
	id = json_is_null(v) ? 0 : json_integer_value(v);
	if (ed->old == NULL ? !json_is_null(v) : id != ed->row->group_id)
		ed->given |= NK_GIVEN_GROUP;
	ed->row->group_id = id;
}

/* "groups", and what it says of the right of an administrator. */
static int
read_groups(struct nk_user_edit *ed, const json_t *fields,
    struct nk_error *e)
{
	const json_t *v = json_object_get(fields, "groups");
	bool said = json_object_get(fields, "admin") != NULL;
	bool admin = false;
	size_t i;

	if (v == NULL)
		return 0;
	ed->given |= NK_GIVEN_GROUPS;
	ed->groups.v = calloc(json_array_size(v) + 1, sizeof(int64_t));
	if (ed->groups.v == NULL)
		return -ENOMEM;
	for (i = 0; i < json_array_size(v); i++) {
		ed->groups.v[i] = json_integer_value(json_array_get(v, i));
		admin = admin || ed->groups.v[i] == NK_GROUP_ADMINS_ID;
	}
	ed->groups.n = i;
	if (said && ed->row->admin != admin) {
		nk_user_edit_refuse(ed, e, "admin", EINVAL, "\"admin\" and "
		    "membership of builtin_administrators in \"groups\" "
		    "are the same and must agree.");
		return 0;
	}
	/* root's is not for this to take; the rules will say so */
	if (ed->row->id != NK_USER_ROOT_ID)
		set_flag(ed, &ed->row->admin, admin, NK_GIVEN_ADMIN);
	return 0;
}

static void
read_password(struct nk_user_edit *ed, const json_t *fields)
{
	const json_t *v = json_object_get(fields, "password");
	const char *text = json_string_value(v);

	ed->random_password = json_is_true(json_object_get(fields,
	    "random_password"));
	if (v == NULL)
		return;
	ed->given |= NK_GIVEN_PASSWORD;
	ed->password = text != NULL && text[0] != '\0' ? text : NULL;
}

/* A hash from elsewhere: what is locked there stays locked. */
static int
read_hash(struct nk_user_edit *ed, const json_t *fields, struct nk_error *e)
{
	const json_t *v = json_object_get(fields, "unixhash");
	const char *hash = NULL;
	enum nk_hash_kind kind;

	if (!json_is_string(v))
		return 0;
	ed->given |= NK_GIVEN_HASH;
	if (nk_password_check_hash(json_string_value(v), &kind, &hash) < 0) {
		nk_user_edit_refuse(ed, e, "unixhash", EINVAL, "This is no "
		    "hash of crypt(5) that this machine knows.");
		return 0;
	}
	if (ed->password != NULL || ed->random_password)
		nk_user_edit_refuse(ed, e, "unixhash", EINVAL,
		    "Give either a password or a hash.");
	if (kind == NK_HASH_LOCKED)
		ed->row->locked = true;
	if (kind == NK_HASH_NONE)
		ed->row->password_disabled = true;
	return set_text(ed, &ed->row->hash, hash, NK_GIVEN_HASH);
}

static void
read_home_options(struct nk_user_edit *ed, const json_t *fields,
    struct nk_error *e)
{
	const char *mode = json_string_value(json_object_get(fields,
	    "home_mode"));
	unsigned long n;
	char *end;

	ed->home_mode = 0700;
	ed->home_create = json_is_true(json_object_get(fields,
	    "home_create"));
	if (ed->home_create)
		ed->given |= NK_GIVEN_HOME_CREATE;
	if (mode == NULL)
		return;
	n = strtoul(mode, &end, 8);
	if (mode[0] < '0' || mode[0] > '7' || *end != '\0' || n > 0777) {
		nk_user_edit_refuse(ed, e, "home_mode", EINVAL,
		    "Please provide a valid value for home_mode attribute");
		return;
	}
	ed->home_mode = (mode_t)n;
	if ((n & 0400) == 0)
		nk_user_edit_refuse(ed, e, "home_mode", EINVAL,
		    "Home directory must be readable by User.");
	if ((n & 0100) == 0)
		nk_user_edit_refuse(ed, e, "home_mode", EINVAL,
		    "Home directory must be executable by User.");
	if ((n & 0500) == 0500)		/* else no rule has to look at it */
		ed->given |= NK_GIVEN_HOME_MODE;
}

/* "home_create" makes HOME/USERNAME; without a new HOME, the old one. */
static int
read_home_create(struct nk_user_edit *ed, const json_t *fields)
{
	char path[TEXT_MAX];
	size_t len;
	int n;

	/* "/home/x/" and "/home/x" are one */
	for (len = strlen(ed->row->home); len > 1 &&
	    ed->row->home[len - 1] == '/'; len--)
		ed->row->home[len - 1] = '\0';
	if (ed->old != NULL && strcmp(ed->row->home, ed->old->home) == 0)
		ed->given &= ~(unsigned int)NK_GIVEN_HOME;
	if (!ed->home_create || json_object_get(fields, "home") == NULL)
		return 0;
	n = snprintf(path, sizeof(path), "%s/%s",
	    len == 1 ? "" : ed->row->home, ed->row->name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return 0;	/* too long as it is: the rules refuse it */
	return set_text(ed, &ed->row->home, path, NK_GIVEN_HOME);
}

static int
read_idmap(struct nk_user_edit *ed, const json_t *fields,
    struct nk_error *e)
{
	const json_t *v = json_object_get(fields, "userns_idmap");
	const char *text = json_string_value(v);
	char number[24];

	if (v == NULL)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 1 &&
	    json_integer_value(v) < UINT32_MAX) {
		(void)snprintf(number, sizeof(number),
		    "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text = number;
	} else if (!json_is_null(v) &&
	    (text == NULL || strcmp(text, "DIRECT") != 0)) {
		nk_user_edit_refuse(ed, e, "userns_idmap", EINVAL,
		    "Input should be null, \"DIRECT\" or an integer from 1");
		return 0;
	}
	return set_text(ed, &ed->row->userns_idmap, text, NK_GIVEN_IDMAP);
}

static void
read_expiry(struct nk_user_edit *ed, const json_t *fields,
    struct nk_error *e)
{
	const json_t *v = json_object_get(fields, "account_expires_at");
	int64_t ms, when = INT64_MAX;

	if (v == NULL)
		return;
	if (!json_is_null(v)) {
		if (nk_json_date_get(v, &ms) < 0 || ms < 0) {
			nk_user_edit_refuse(ed, e, "account_expires_at",
			    EINVAL, "The date must not be before 1970.");
			return;
		}
		when = ms / 1000;
	}
	if (ed->old == NULL || ed->row->expires_at != when)
		ed->given |= NK_GIVEN_EXPIRES;
	ed->row->expires_at = when;
}

/* ---- commands for sudo ---- */

struct sudo_report {
	const struct nk_user_edit	*ed;
	const char			*field;
	struct nk_error			*e;
};

static void
report_command(void *arg, size_t index, const char *text)
{
	const struct sudo_report *s = arg;
	char field[64];

	(void)snprintf(field, sizeof(field), "%s.%zu", s->field, index);
	nk_user_edit_refuse(s->ed, s->e, field, EINVAL, "%s", text);
}

/* One command a line. */
static char *
join(const char *const *v, size_t n)
{
	size_t len = 1, i, at = 0, l;
	char *text;

	for (i = 0; i < n; i++)
		len += strlen(v[i]) + 1;
	if ((text = malloc(len)) == NULL)
		return NULL;
	for (i = 0; i < n; i++) {
		if (i > 0)
			text[at++] = '\n';
		l = strlen(v[i]);
		memcpy(text + at, v[i], l);
		at += l;
	}
	text[at] = '\0';
	return text;
}

int
nk_sudo_read(const struct nk_user_edit *ed, const json_t *list,
    const char *field, const char *old, char **textp, struct nk_error *e)
{
	struct sudo_report report = { ed, field, e };
	size_t n = json_array_size(list), i;
	const char **v;
	int r = 0;

	*textp = NULL;
	if ((v = calloc(n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		v[i] = json_string_value(json_array_get(list, i));
	if ((*textp = join(v, n)) == NULL)
		r = -ENOMEM;
	else if (old == NULL || strcmp(*textp, old) != 0)
		r = nk_sudo_check(v, n, report_command, &report);
	free(v);
	return r == -EINVAL ? 0 : r;	/* reported */
}

static int
read_sudo(struct nk_user_edit *ed, const json_t *fields, const char *field,
    char **to, unsigned int bit, struct nk_error *e)
{
	const json_t *list = json_object_get(fields, field);
	char *text;
	int r;

	if (list == NULL)
		return 0;
	r = nk_sudo_read(ed, list, field, ed->old == NULL ? NULL : *to,
	    &text, e);
	if (r == 0)
		r = set_text(ed, to, text, bit);
	free(text);
	return r;
}

/* ---- keys ---- */

static int
read_sshpubkey(struct nk_user_edit *ed, const struct nk_user_rules *rules,
    const char *text, struct nk_error *e)
{
	static const char blanks[] = " \t\r\n\v\f";
	const char *why = NULL;
	size_t line = 0, len;
	int r;

	text += strspn(text, blanks);
	for (len = strlen(text); len > 0 &&
	    strchr(blanks, text[len - 1]) != NULL; len--)
		;
	r = nk_keyrow_parse(text, len, rules->conf, rules->actor, &ed->keys,
	    &line, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && line > 0)
		nk_user_edit_refuse(ed, e, "sshpubkey", EINVAL,
		    "line %zu: %s", line, why);
	else if (r < 0)
		nk_user_edit_refuse(ed, e, "sshpubkey", EINVAL, "%s",
		    why != NULL ? why : "The text is no authorized_keys.");
	return 0;
}

static int
read_key_list(struct nk_user_edit *ed, const struct nk_user_rules *rules,
    const json_t *list, struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(rules->conf);
	size_t n = json_array_size(list), i;
	struct nk_keyline l;
	const char *why, *text;
	char field[32];
	int r;

	if ((ed->keys.v = calloc(n + 1, sizeof(*ed->keys.v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		text = json_string_value(json_array_get(list, i));
		why = NULL;
		r = nk_keyline_parse(text, strlen(text), &policy, &l, &why);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			(void)snprintf(field, sizeof(field), "keys.%zu", i);
			nk_user_edit_refuse(ed, e, field, EINVAL, "%s",
			    why != NULL ? why : "The line is malformed.");
			continue;
		}
		r = nk_keyrow_take(&ed->keys.v[ed->keys.n++], &l,
		    rules->actor, nk_now());
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_keys(struct nk_user_edit *ed, const struct nk_user_rules *rules,
    const json_t *fields, struct nk_error *e)
{
	const json_t *text = json_object_get(fields, "sshpubkey");
	const json_t *list = json_object_get(fields, "keys");

	if (text == NULL && list == NULL)
		return 0;
	ed->given |= NK_GIVEN_KEYS;
	if (text != NULL && list != NULL) {
		nk_user_edit_refuse(ed, e, "keys", EINVAL,
		    "Give either \"keys\" or \"sshpubkey\".");
		return 0;
	}
	if (list != NULL)
		return read_key_list(ed, rules, list, e);
	if (json_is_null(text))
		return 0;
	return read_sshpubkey(ed, rules, json_string_value(text), e);
}

static bool
has_key(const struct nk_keys *ks)
{
	size_t i;

	for (i = 0; i < ks->n; i++) {
		if (ks->v[i].kind == NK_KEY_KEY)
			return true;
	}
	return false;
}

/* ---- the whole ---- */

static int
set_defaults(struct nk_user_edit *ed, const struct nk_user_rules *rules,
    const json_t *fields)
{
	const json_t *managed = json_object_get(fields, "managed");
	struct nk_user *u = ed->row;
	char *home, *shell;

	u->managed = managed == NULL || json_is_true(managed);
	u->created_at = nk_now();
	if (!u->managed)
		return 0;
	home = strdup(rules->conf->default_home);
	shell = strdup(rules->conf->default_shell);
	if (home == NULL || shell == NULL) {
		free(home);
		free(shell);
		return -ENOMEM;
	}
	free(u->home);
	free(u->shell);
	u->home = home;
	u->shell = shell;
	return 0;
}

int
nk_user_edit_read(struct nk_user_edit *ed, const struct nk_user_rules *rules,
    const char *schema, const struct nk_user *old, struct nk_user *base,
    const json_t *fields, struct nk_error *e)
{
	int r;

	memset(ed, 0, sizeof(*ed));
	ed->schema = schema;
	ed->old = old;
	ed->row = base != NULL ? base : nk_user_new();
	if (ed->row == NULL)
		return -ENOMEM;
	if (old == NULL && (r = set_defaults(ed, rules, fields)) < 0)
		return r;
	if ((r = read_plain(ed, fields)) < 0 ||
	    (r = read_groups(ed, fields, e)) < 0)
		return r;
	read_ids(ed, fields);
	read_password(ed, fields);
	read_home_options(ed, fields, e);
	read_expiry(ed, fields, e);
	if ((r = read_hash(ed, fields, e)) < 0 ||
	    (r = read_home_create(ed, fields)) < 0 ||
	    (r = read_idmap(ed, fields, e)) < 0 ||
	    (r = read_sudo(ed, fields, "sudo_commands",
	    &ed->row->sudo_commands, NK_GIVEN_SUDO, e)) < 0 ||
	    (r = read_sudo(ed, fields, "sudo_commands_nopasswd",
	    &ed->row->sudo_commands_nopasswd, NK_GIVEN_SUDO_NOPASSWD,
	    e)) < 0 ||
	    (r = read_keys(ed, rules, fields, e)) < 0)
		return r;
	/* A user who was given keys and no password logs in by key. */
	if (old == NULL && has_key(&ed->keys) && ed->password == NULL &&
	    !ed->random_password && (ed->given & NK_GIVEN_HASH) == 0)
		ed->row->password_disabled = true;
	return nk_error_is_set(e) ? -EINVAL : 0;
}

void
nk_user_edit_clear(struct nk_user_edit *ed)
{
	nk_user_free(ed->row);
	nk_ids_clear(&ed->groups);
	nk_keys_clear(&ed->keys);
	memset(ed, 0, sizeof(*ed));
}
