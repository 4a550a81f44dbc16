/* SPDX-License-Identifier: ISC */
#include "lib/rpc/remote_push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/remote/remote.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_private.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/remark.h"
#include "lib/ssh/pubkey.h"

#define PASSWORD_MAX	1024
#define OPTION_MAX	1024
#define SENTENCE_MAX	2048

const struct nk_arg nk_push_fields[] = {
	{ .name = "password", .type = NK_ARG_STRING, .flags =
	    NK_ARG_REQUIRED | NK_ARG_NONEMPTY | NK_ARG_SECRET,
	    .max = PASSWORD_MAX },
	{ .name = "restrict", .type = NK_ARG_BOOL },
	{ .name = "from", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_NONEMPTY, .max = OPTION_MAX },
	{ .name = "command", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_NONEMPTY, .max = OPTION_MAX },
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
make_text(const json_t *o, const char *line, char **textp, size_t *lenp)
{
	bool first = !json_is_true(json_object_get(o, "restrict"));
	FILE *f;
	int r;

	if ((f = open_memstream(textp, lenp)) == NULL)
		return -ENOMEM;
	if (!first)
		(void)fputs("restrict", f);
	put_option(f, "from", json_object_get(o, "from"), &first);
	put_option(f, "command", json_object_get(o, "command"), &first);
	(void)fprintf(f, "%s%s", first ? "" : " ", line);
	r = ferror(f) != 0 ? -ENOMEM : 0;
	return fclose(f) == EOF ? -ENOMEM : r;
}

/* The line of a public key, in whatever form it is kept. */
static int
plain_line(const char *public_key, const struct nk_keypolicy *policy,
    char **linep, const char **whyp)
{
	struct nk_keylines ls;
	size_t len;
	int r;

	*linep = NULL;
	if ((r = nk_keylines_parse(public_key, strlen(public_key), policy,
	    &ls, NULL, whyp)) < 0)
		return r;
	*whyp = "it is not one public key";
	r = ls.n != 1 || ls.v[0].kind != NK_LINE_KEY ? -EBADMSG :
	    nk_keyline_format(&ls.v[0], linep, &len);
	nk_keylines_clear(&ls);
	return r;
}

/* What comes of it is read as any line of keys is. */
int
nk_push_read(struct nk_context *c, const json_t *o, const char *schema,
    const char *public_key, struct nk_push *p, struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	const json_t *password = json_object_get(o, "password");
	const char *why = NULL;
	char *line, *text = NULL;
	size_t len = 0;
	int r;

	policy.rsa_min_bits = NK_RSA_BITS_FLOOR;
	if ((r = plain_line(public_key, &policy, &line, &why)) == 0 &&
	    (r = make_text(o, line, &text, &len)) == 0)
		r = nk_keyline_parse(text, len, &policy, &p->key, &why);
	free(line);
	free(text);
	if (r < 0 && r != -ENOMEM) {
		nk_error_add(e, schema, EINVAL, "The options make no line of "
		    "authorized_keys: %s", why);
		return -EINVAL;
	}
	return r < 0 ? r : nk_secret_append(&p->password,
	    json_string_value(password), json_string_length(password));
}

void
nk_push_clear(struct nk_push *p)
{
	nk_keyline_clear(&p->key);
	nk_secret_clear(&p->password);
	nk_hold_end(&p->hold);
	p->added = false;
}

/* ---- the other machine ---- */

/* Put it there, or take it out; -EIO: the report says why not. */
static int
change(struct nk_push *p, bool in, struct nk_remote_report *report,
    struct nk_error *e)
{
	const struct nk_remote_target t = { p->conn->host, p->conn->port,
	    p->conn->connect_timeout };
	struct nk_hostkeys pins = { NULL, 0 };
	const struct nk_remote_login login = { p->conn->username, &pins,
	    NULL, &p->password };
	struct nk_sandbox sb;
	char *line = NULL;
	bool removed;
	size_t len;
	int r;

	if ((r = nk_keychain_sandbox(&sb, e)) < 0 ||
	    (r = nk_hostkeys_read(p->conn->host_keys, &pins, NULL)) < 0)
		return r;
	sb.program = NK_REMOTE_PROGRAM;
	if (!in)
		r = nk_remote_remove_key(&sb, &t, &login, p->key.type,
		    p->key.base64, &removed, report);
	else if ((r = nk_keyline_format(&p->key, &line, &len)) == 0)
		r = nk_remote_copy_key(&sb, &t, &login, line, p->key.type,
		    p->key.base64, &p->added, report);
	free(line);
	nk_hostkeys_clear(&pins);
	return r;
}

/* Whoever is killed in between takes nothing back: it is said before. */
static int
note(struct nk_context *c, const struct nk_push *p, struct nk_error *e)
{
	const struct nk_subject subject = { "credential", p->conn->id,
	    p->name };
	char text[SENTENCE_MAX];
	int r;

	(void)snprintf(text, sizeof(text), "Begin to copy the key of "
	    "connection %s to %s at %s", p->name, p->conn->username,
	    p->conn->host);
	r = nk_remark_audit(c, p->action, &subject, text);
	if (r < 0 && r != -EINPROGRESS)
		return nk_error_call(e, -r, "The audit log cannot be written "
		    "(%s), and without it no key is copied", strerror(-r));
	return 0;
}

int
nk_push_make(struct nk_context *c, struct nk_push *p, struct nk_error *e)
{
	struct nk_remote_report report;
	int r;

	if ((r = note(c, p, e)) < 0)
		return r;
	nk_hold_begin(&p->hold);
	if ((r = change(p, true, &report, e)) == 0)
		return 0;
	if (r == -EIO)
		r = nk_error_call(e, EFAULT, "%s", report.reason);
	return nk_push_undo(c, p, r, e);
}

static int
write_left(struct nk_context *c, const struct nk_push *p, const char *why)
{
	const struct nk_subject subject = { "credential", p->conn->id,
	    p->name };
	char text[SENTENCE_MAX];

	(void)snprintf(text, sizeof(text), "The key of connection %s is "
	    "still in the authorized_keys of %s at %s: %s", p->name,
	    p->conn->username, p->conn->host, why);
	return nk_remark_audit(c, p->action, &subject, text);
}

/* All that was said before comes behind it. */
static int
fail_left(const struct nk_push *p, const char *why, int r,
    struct nk_error *e)
{
	const char *at = NULL, *said = nk_error_is_set(e) ?
	    nk_error_sentence(e, &at) : strerror(-r);
	char text[SENTENCE_MAX];

	(void)snprintf(text, sizeof(text), "%s%s%s", at == NULL ? "" : at,
	    at == NULL ? "" : ": ", said);
	return nk_error_call(e, EFAULT, "The key may still be in the "
	    "authorized_keys of %s at %s: it could not be taken out again "
	    "(%s).  What had failed: %s",
	    p->conn->username, p->conn->host, why, text);
}

int
nk_push_undo(struct nk_context *c, struct nk_push *p, int r,
    struct nk_error *e)
{
	struct nk_remote_report report;
	struct nk_error not_taken;
	const char *why, *at;
	int failed, logged;

	if (!p->added)
		return r;
	nk_error_init(&not_taken);
	if ((failed = change(p, false, &report, &not_taken)) == 0) {
		p->added = false;
	} else {
		why = failed == -EIO ? report.reason :
		    nk_error_is_set(&not_taken) ?
		    nk_error_sentence(&not_taken, &at) : strerror(-failed);
		logged = write_left(c, p, why);
		(void)logged;	/* what follows is said in either case */
		r = fail_left(p, why, r, e);
	}
	nk_error_clear(&not_taken);
	return r;
}

int
nk_push_audit(struct nk_context *c, const struct nk_push *p, int64_t id)
{
	const struct nk_subject subject = { "credential", id, p->name };

	return nk_audit_write(c, p->action, &subject, NULL, NULL, "Copy the "
	    "key of connection %s to %s at %s", p->name, p->conn->username,
	    p->conn->host);
}
