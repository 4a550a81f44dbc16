/* SPDX-License-Identifier: ISC */

/* What is asked of a pairing, and what is said of one. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_read.h"
#include "lib/rpc/connection_setup.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/pairing.h"
#include "lib/ssh/target.h"

#define PATH_LEN	128
#define SECRET_CHARS	(NK_PAIR_SECRET_MAX / 4)
#define SECRET		NK_ARG_STRING, NK_ARG_NULL | NK_ARG_SECRET, 0, \
	SECRET_CHARS, NULL

#define MEMBERS \
	{ "url", NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_NONEMPTY, 0, \
	    NK_URL_MAX, NULL }, \
	{ "verify_ssl", NK_ARG_BOOL, 0, 0, 0, NULL }, \
	{ "token", SECRET }, \
	{ "admin_username", NK_ARG_STRING, 0, 0, 0, NULL }, \
	{ "password", SECRET }, \
	{ "otp_token", SECRET }, \
	{ "username", NK_ARG_STRING, 0, 0, 0, NULL }, \
	{ "connect_timeout", NK_ARG_INT, 0, 1, NK_CONNECTION_TIMEOUT_MAX, \
	    NULL }, \
	{ "sudo", NK_ARG_BOOL, 0, 0, 0, NULL }, \
	{ "certificate_fingerprint", NK_ARG_STRING, NK_ARG_NULL, 0, 0, \
	    NULL }, \
	{ "dry_run", NK_ARG_BOOL, 0, 0, 0, NULL }

const struct nk_arg nk_pairing_fields[] = {
	MEMBERS,
	{ .name = NULL },
};

static const struct nk_arg pair_fields[] = {
	{ "name", NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_NONEMPTY, 0, 0,
	    NULL },
	{ "private_key", NK_ARG_INT, NK_ARG_REQUIRED, 0, 0, NULL },
	MEMBERS,
	{ .name = NULL },
};

const struct nk_arg nk_connection_pair_args[] = {
	{ "keychain_remote_ssh_semiautomatic_setup", NK_ARG_OBJECT,
	    NK_ARG_REQUIRED, 0, 0, pair_fields },
	{ .name = NULL },
};

static void
complain(struct nk_error *e, const char *path, const char *member,
    const char *why)
{
	char text[PATH_LEN];

	(void)snprintf(text, sizeof(text), "%s.%s", path, member);
	nk_error_add(e, text, EINVAL, "%s", why);
}

static const char *
text_or(const json_t *o, const char *member, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : otherwise;
}

static int
take_secret(const json_t *o, const char *member, struct nk_secret *s)
{
	const json_t *v = json_object_get(o, member);

	return nk_secret_append(s, text_or(o, member, ""),
	    json_string_length(v));
}

static int
take_secrets(const json_t *o, struct nk_pairing *p, struct nk_error *e)
{
	int r;

	if ((r = take_secret(o, "password", &p->password)) < 0 ||
	    (r = take_secret(o, "otp_token", &p->otp)) < 0 ||
	    (r = take_secret(o, "token", &p->token)) < 0)
		return r;
	if (p->password.len > 0 || p->token.len > 0)
		return 0;
	return nk_error_call(e, EFAULT, "You should specify either remote "
	    "system password or temporary authentication token");
}

static void
check(const json_t *o, const char *path, struct nk_pairing *p,
    struct nk_error *e)
{
	const char *pin = text_or(o, "certificate_fingerprint", ""), *why;

	if (nk_url_read(text_or(o, "url", ""), &p->url, &why) < 0)
		complain(e, path, "url", why);
	if (nk_target_check_user(text_or(o, "username",
	    NK_CONNECTION_USER), &why) < 0)
		complain(e, path, "username", why);
	if (pin[0] == '\0')
		return;
	if (nk_pair_read_fingerprint(pin, p->pin) < 0)
		complain(e, path, "certificate_fingerprint", "this is no "
		    "fingerprint of a certificate: SHA256: and 64 "
		    "hexadecimal digits");
	else if (!nk_error_is_set(e) && !p->url.tls)
		complain(e, path, "certificate_fingerprint", "a URL that "
		    "begins with http:// has no certificate to pin");
	p->asked.pin = p->pin;
}

int
nk_pairing_read(const json_t *o, const char *path, struct nk_pairing *p,
    struct nk_connection *conn, struct nk_error *e)
{
	const json_t *seconds = json_object_get(o, "connect_timeout");
	const char *user = text_or(o, "username", NK_CONNECTION_USER);
	int r;

	check(o, path, p, e);
	if (nk_error_is_set(e))
		return -EINVAL;
	if ((r = take_secrets(o, p, e)) < 0)
		return r;
	p->look = json_is_true(json_object_get(o, "dry_run"));
	p->asked.url = &p->url;
	p->asked.seconds = seconds == NULL ? NK_CONNECTION_TIMEOUT :
	    (unsigned int)json_integer_value(seconds);
	p->asked.verify = !json_is_false(json_object_get(o, "verify_ssl"));
	p->asked.admin = text_or(o, "admin_username", NK_CONNECTION_USER);
	p->asked.password = &p->password;
	p->asked.otp = &p->otp;
	p->asked.token = &p->token;
	p->asked.user = user;
	p->asked.sudo = json_is_true(json_object_get(o, "sudo"));
	*conn = (struct nk_connection){
		.port = NK_CONNECTION_PORT,
		.connect_timeout = p->asked.seconds,
		.host = strdup(p->url.host), .username = strdup(user),
		.host_keys = strdup("unknown"),
	};
	return conn->host == NULL || conn->username == NULL ||
	    conn->host_keys == NULL ? -ENOMEM : 0;
}

void
nk_pairing_clear(struct nk_pairing *p)
{
	if (p->begun)
		nk_remote_pair_end(&p->paired);
	nk_secret_clear(&p->password);
	nk_secret_clear(&p->otp);
	nk_secret_clear(&p->token);
	nk_privatekey_clear(&p->key);
	free(p->line);
	free(p->fingerprint);
	p->line = p->fingerprint = NULL;
	p->begun = false;
	nk_hold_end(&p->hold);
}

/* ---- what is said ---- */

/* How the other machine was known when the password went there. */
static const char *
trust(const struct nk_pairing *p)
{
	if (!p->url.tls)
		return "without TLS";
	if (p->asked.pin != NULL)
		return "by a pinned certificate";
	return p->paired.trusted ? "by a trusted certificate" :
	    "by a certificate that is not trusted";
}

int
nk_pairing_audit(struct nk_context *c, const struct nk_pairing *p, int64_t id)
{
	const struct nk_subject subject = { "credential", id, p->name };
	uint32_t flags = p->paired.flags;

	return nk_audit_write(c, p->action, &subject, NULL, NULL, "Pair "
	    "connection %s with %s at %s, known %s: %s key %s%s%s",
	    p->name, p->asked.user, p->url.host, trust(p),
	    (flags & NK_PAIR_KEY) != 0 ? "add" : "keep", p->fingerprint,
	    (flags & NK_PAIR_SHELL) != 0 ? ", give it a shell" : "",
	    (flags & NK_PAIR_SUDO) != 0 ? ", give it a rule of sudo" : "");
}

json_t *
nk_pairing_show(const struct nk_pairing *p)
{
	const struct nk_remote_paired *d = &p->paired;

	return json_pack("{s:b,s:s,s:s?,s:b,s:b,s:b,s:b}",
	    "dry_run", p->look ? 1 : 0,
	    "protocol", (d->flags & NK_PAIR_LEGACY) != 0 ? "websocket" :
	    "json-rpc",
	    "certificate", p->url.tls ? d->certificate : NULL,
	    "certificate_trusted", d->trusted ? 1 : 0,
	    "key_added", (d->flags & NK_PAIR_KEY) != 0 ? 1 : 0,
	    "shell_changed", (d->flags & NK_PAIR_SHELL) != 0 ? 1 : 0,
	    "sudo_changed", (d->flags & NK_PAIR_SUDO) != 0 ? 1 : 0);
}
