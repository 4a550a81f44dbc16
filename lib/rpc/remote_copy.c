/* SPDX-License-Identifier: ISC */
#include "lib/rpc/remote_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/remote/remote.h"
#include "lib/rpc/connection_open.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_private.h"
#include "lib/rpc/keyrow.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/pubkey.h"

#define SCHEMA		"keychain_copy_key"
#define PASSWORD_MAX	1024
#define OPTION_MAX	4096

static const struct nk_arg copy_fields[] = {
	{ .name = "password", .type = NK_ARG_STRING, .flags =
	    NK_ARG_REQUIRED | NK_ARG_NONEMPTY | NK_ARG_SECRET,
	    .max = PASSWORD_MAX },
	{ .name = "restrict", .type = NK_ARG_BOOL },
	{ .name = "from", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_NONEMPTY, .max = OPTION_MAX / 4 },
	{ .name = "command", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_NONEMPTY, .max = OPTION_MAX / 4 },
	{ .name = NULL },
};

const struct nk_arg nk_remote_copy_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = SCHEMA, .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	    .fields = copy_fields },
	{ .name = NULL },
};

/* ---- the line ---- */

/* NAME="VALUE", with a comma before it unless it is the first. */
static void
put_option(FILE *f, const char *name, const json_t *value, bool *firstp)
{
	const char *s = json_string_value(value);

	if (s == NULL)
		return;
	(void)fprintf(f, "%s%s=\"", *firstp ? "" : ",", name);
	for (; *s != '\0'; s++)
		(void)fprintf(f, *s == '"' ? "\\%c" : "%c", *s);
	(void)fputc('"', f);
	*firstp = false;
}

static int
make_text(const json_t *o, const struct nk_privatekey *key, char **textp,
    size_t *lenp)
{
	bool first = !json_is_true(json_object_get(o, "restrict"));
	char *line;
	FILE *f;
	int r;

	if ((r = nk_privatekey_public_line(key, &line)) < 0)
		return r;
	if ((f = open_memstream(textp, lenp)) == NULL) {
		free(line);
		return -ENOMEM;
	}
	if (!first)
		(void)fputs("restrict", f);
	put_option(f, "from", json_object_get(o, "from"), &first);
	put_option(f, "command", json_object_get(o, "command"), &first);
	(void)fprintf(f, "%s%s", first ? "" : " ", line);
	free(line);
	r = ferror(f) != 0 ? -ENOMEM : 0;
	return fclose(f) == EOF ? -ENOMEM : r;
}

/* What comes of it is read as any line of keys is. */
static int
make_line(struct nk_context *c, const json_t *o,
    const struct nk_privatekey *key, struct nk_keyline *l,
    struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	const char *why = NULL;
	char *text = NULL;
	size_t len = 0;
	int r;

	policy.rsa_min_bits = NK_RSA_BITS_FLOOR;
	r = make_text(o, key, &text, &len);
	if (r == 0 && (r = nk_keyline_parse(text, len, &policy, l, &why)) <
	    0 && r != -ENOMEM) {
		nk_error_add(e, SCHEMA, EINVAL, "The options make no line of "
		    "authorized_keys: %s", why);
		r = -EINVAL;
	}
	free(text);
	return r;
}

/* ---- copying ---- */

static int
audit(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_connection_opened *o = arg;
	const struct nk_subject subject = { "connection", o->row.id,
	    o->name };

	(void)e;
	return nk_audit_write(c, "keychaincredential.copy_key", &subject,
	    NULL, NULL, "Copy the key of connection %s to %s at %s", o->name,
	    o->row.username, o->row.host);
}

static int
copy(struct nk_connection_opened *opened, const struct nk_secret *password,
    const struct nk_keyline *l, bool *addedp, struct nk_error *e)
{
	const struct nk_remote_target t = { opened->row.host,
	    opened->row.port, opened->row.connect_timeout };
	const struct nk_remote_login login = { opened->row.username,
	    &opened->pins, NULL, password };
	struct nk_remote_report report;
	struct nk_sandbox sb;
	char *line = NULL;
	size_t len;
	int r;

	if ((r = nk_keychain_sandbox(&sb, e)) < 0 ||
	    (r = nk_keyline_format(l, &line, &len)) < 0)
		return r;
	sb.program = NK_REMOTE_PROGRAM;
	r = nk_remote_copy_key(&sb, &t, &login, line, l->type, l->base64,
	    addedp, &report);
	free(line);
	return r == -EIO ? nk_error_call(e, EFAULT, "%s", report.reason) : r;
}

static int
take_password(const json_t *o, struct nk_secret *password)
{
	const json_t *v = json_object_get(o, "password");

	return nk_secret_append(password, json_string_value(v),
	    json_string_length(v));
}

int
nk_remote_copy_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *o = json_array_get(params, 1);
	struct nk_secret password = NK_SECRET_NONE;
	struct nk_connection_opened opened;
	struct nk_keyline l = { .kind = NK_LINE_BLANK };
	bool added = false;
	int r;

	if ((r = nk_connection_open(c, json_integer_value(json_array_get(
	    params, 0)), &opened, e)) < 0)
		return r;
	if ((r = make_line(c, o, &opened.key, &l, e)) == 0 &&
	    (r = take_password(o, &password)) == 0 &&
	    (r = copy(&opened, &password, &l, &added, e)) == 0 && added)
		r = nk_edit_run(c, audit, &opened, e);
	if (r == 0 && (*resultp = json_pack("{s:b}", "added", added ? 1 :
	    0)) == NULL)
		r = -ENOMEM;
	nk_secret_clear(&password);
	nk_keyline_clear(&l);
	nk_connection_opened_clear(&opened);
	return r;
}
