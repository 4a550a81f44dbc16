/* SPDX-License-Identifier: ISC */

/*
 * keychaincredential.ssh_pair and replication.pair: another machine, on which
 * an administrator of this one has logged in here, gets its key into an
 * account, and learns by which keys it will know this machine.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/key_revoked.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/web.h"
#include "lib/ssh/keyline.h"
#include "lib/sshservice/identity.h"

#define HOST_MAX	255	/* characters */
#define KEY_MAX		16384	/* likewise */
#define PAIRINGS	60	/* of an account, in */
#define PERIOD		60	/* s */

static const char no_sshd[] = "sshd does not say what its settings are: see "
    "what \"sshd -t\" says about them";

struct pairing {
	const char	*action;	/* the method */
	const char	*key_field;	/* where the key came in */
	const char	*username;
	struct nk_key	 key;
};

/* ---- what is given ---- */

/* It stands at the beginning of a line, and is dropped there as a word. */
static int
check_host(const char *host, const char *field, struct nk_error *e)
{
	const char *p = host;

	while (*p > ' ' && *p <= '~')
		p++;
	if (p != host && *p == '\0' && host[0] != '#' && host[0] != '@')
		return 0;
	nk_error_add(e, field, EINVAL, "This is no name of a host: it is one "
	    "word of printable characters of ASCII");
	return -EINVAL;
}

static int
refuse_key(const struct pairing *p, const char *why, struct nk_error *e)
{
	nk_error_add(e, p->key_field, EINVAL, "%s", why);
	return -EINVAL;
}

/* One public key without options, perhaps with newlines around it. */
static int
read_key(struct nk_context *c, const char *text, struct pairing *p,
    struct nk_error *e)
{
	static const char white[] = " \t\r\n";
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	const char *why = NULL;
	struct nk_keyline l;
	size_t len;
	int r;

	text += strspn(text, white);
	len = strlen(text);
	while (len > 0 && strchr(white, text[len - 1]) != NULL)
		len--;
	if (memchr(text, '\n', len) != NULL)
		return refuse_key(p, "This is more than one line: give one "
		    "public key", e);
	if ((r = nk_keyline_parse(text, len, &policy, &l, &why)) < 0)
		return r == -ENOMEM ? r : refuse_key(p, why != NULL ? why :
		    "This is no public key", e);
	if (l.kind != NK_LINE_KEY)
		r = refuse_key(p, "This is no public key", e);
	else if (l.options != NULL || l.certificate)
		r = refuse_key(p, "A machine is paired by a plain public "
		    "key, without options and without a certificate", e);
	else
		return nk_keyrow_take(&p->key, &l, c->actor, nk_now());
	nk_keyline_clear(&l);
	return r;
}

/* Each one asks sshd, and stands in the audit log. */
static int
take_rate(struct nk_context *c, struct nk_error *e)
{
	char subject[32];
	int r;

	(void)snprintf(subject, sizeof(subject), "pair:%u", c->actor_uid);
	r = nk_session_rate(c->session, subject, PAIRINGS, PERIOD,
	    nk_session_now());
	return r == -EAGAIN ? nk_error_call(e, EBUSY,
	    "Rate Limit Exceeded") : r;
}

/* ---- the key ---- */

/*
 * A line that is there stays as it is, also where an administrator has
 * restricted it; an authority's says nothing about the key itself.
 */
static bool
find_key(const struct nk_keys *ks, const struct nk_key *k, size_t *np)
{
	bool found = false;
	size_t i;

	*np = 0;
	for (i = 0; i < ks->n; i++) {
		*np += ks->v[i].kind == NK_KEY_KEY;
		found = found || (ks->v[i].kind == NK_KEY_KEY &&
		    !ks->v[i].cert_authority &&
		    ks->v[i].blob_len == k->blob_len &&
		    memcmp(ks->v[i].blob, k->blob, k->blob_len) == 0);
	}
	return found;
}

static int
check_revoked(struct nk_store *s, struct pairing *p, struct nk_error *e)
{
	const struct nk_keys one = { &p->key, 1 };
	const struct nk_key *k;
	int r;

	if ((r = nk_key_find_revoked(s, &one, &k)) < 0 || k == NULL)
		return r;
	nk_error_add(e, p->key_field, EPERM, NK_KEY_REVOKED_TEXT,
	    k->fingerprint);
	return -EINVAL;
}

/* *addedp: it was not there. */
static int
put_key(struct nk_store *s, struct pairing *p, bool *addedp,
    struct nk_error *e)
{
	struct nk_keys there;
	size_t n;
	int r;

	if ((r = nk_keys_of_user(s, p->key.user_id, &there)) < 0)
		return r;
	*addedp = !find_key(&there, &p->key, &n);
	if (*addedp && n >= NK_KEYLINES_MAX) {
		nk_error_add(e, p->key_field, EINVAL, "A user cannot have "
		    "more than %d keys.", NK_KEYLINES_MAX);
		r = -EINVAL;
	} else if (*addedp) {
		r = nk_key_append(s, &p->key);
	}
	nk_keys_clear(&there);
	return r;
}

static int
write_audit(struct nk_context *c, const struct pairing *p, bool added)
{
	const struct nk_subject subject = { "user", p->key.user_id,
	    p->username };
	char origin[NK_WEB_ORIGIN_SIZE] = "this machine";
	json_t *after;
	int r;

	if ((after = nk_keyrow_audit(&p->key)) == NULL)
		return -ENOMEM;
	if (c->web != NULL && !c->web->local)
		nk_web_origin(c->web, origin);
	r = nk_audit_write(c, p->action, &subject, NULL, added ? after :
	    NULL, "Pair user %s with a machine, from %s: %s key %s",
	    p->username, origin, added ? "add" : "keep", p->key.fingerprint);
	json_decref(after);
	return r;
}

static int
pair(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct pairing *p = arg;
	struct nk_user *u;
	bool added;
	int r;

	r = nk_user_by_name(s, p->username, &u);
	if (r == -ENOENT)
		return nk_error_call(e, EFAULT, "User %s does not exist: "
		    "naskeys has no account of this name", p->username);
	if (r < 0)
		return r;
	p->key.user_id = u->id;
	nk_user_free(u);
	if ((r = check_revoked(s, p, e)) < 0 ||
	    (r = put_key(s, p, &added, e)) < 0)
		return r;
	return write_audit(c, p, added);
}

/* ---- this machine ---- */

static int
find_identity(struct nk_context *c, struct nk_sshidentity *id,
    struct nk_error *e)
{
	struct nk_settings s;
	const char *why;
	int r;

	if (!c->state->system)
		return nk_error_call(e, EOPNOTSUPP, "This is not the "
		    "machine's own state: its sshd lets nobody in here");
	r = nk_settings_ask(&s, c->conf->sshd, "root",
	    c->conf->lookup_timeout);
	if (r < 0)
		return r == -ENOMEM ? r : nk_error_call(e, EFAULT, "%s",
		    no_sshd);
	r = nk_sshidentity_read(&s, id, &why);
	nk_settings_clear(&s);
	return r < 0 && why != NULL ? nk_error_call(e, EFAULT, "%s", why) : r;
}

/*
 * "HOST TYPE BASE64" and two newlines for each, as the peer's own machines
 * answer; the first word is dropped there.
 */
static int
show_keys(const struct nk_hostkeys *keys, const char *host, char **textp)
{
	char *lines, *line, *rest = NULL;
	size_t len;
	FILE *f;
	int r;

	*textp = NULL;
	if ((r = nk_hostkeys_write(keys, &lines)) < 0)
		return r;
	if ((f = open_memstream(textp, &len)) == NULL) {
		free(lines);
		return -ENOMEM;
	}
	for (line = strtok_r(lines, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		(void)fprintf(f, "%s %s\n\n", host, line);
	free(lines);
	return fclose(f) == EOF ? -ENOMEM : 0;
}

static int
answer(const struct nk_sshidentity *id, const char *host,
    const char *port_name, const char *keys_name, json_t **resultp)
{
	char *text;
	int r;

	if ((r = show_keys(&id->keys, host, &text)) == 0 &&
	    (*resultp = json_pack("{s:i, s:s}", port_name, (int)id->port,
	    keys_name, text)) == NULL)
		r = -ENOMEM;
	free(text);
	return r;
}

/* ---- the methods ---- */

/* What could be refused is, before a key is put anywhere. */
static int
run(struct nk_context *c, struct pairing *p, const char *text,
    struct nk_sshidentity *id, struct nk_error *e)
{
	int r;

	if ((r = take_rate(c, e)) == 0 &&
	    (r = read_key(c, text, p, e)) == 0 &&
	    (r = find_identity(c, id, e)) == 0)
		r = nk_edit_run(c, pair, p, e);
	nk_key_clear(&p->key);
	return r;
}

/* The names under which the two of them have the same. */
struct names {
	const char	*method, *schema;
	const char	*host, *user, *key;
	const char	*port, *host_keys;
};

static int
handle(struct nk_context *c, const struct names *n, const json_t *o,
    json_t **resultp, struct nk_error *e)
{
	const char *host = json_string_value(json_object_get(o, n->host));
	const char *user = json_string_value(json_object_get(o, n->user));
	char host_field[64], key_field[64];
	struct pairing p = { .action = n->method, .key_field = key_field,
	    .username = user != NULL ? user : "root" };
	struct nk_sshidentity id = { .port = 0 };
	int r;

	(void)snprintf(host_field, sizeof(host_field), "%s.%s", n->schema,
	    n->host);
	(void)snprintf(key_field, sizeof(key_field), "%s.%s", n->schema,
	    n->key);
	if ((r = check_host(host, host_field, e)) == 0 && (r = run(c, &p,
	    json_string_value(json_object_get(o, n->key)), &id, e)) == 0)
		r = answer(&id, host, n->port, n->host_keys, resultp);
	nk_sshidentity_clear(&id);
	return r;
}

static int
ssh_pair(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	static const struct names names = { "keychaincredential.ssh_pair",
	    "keychain_ssh_pair", "remote_hostname", "username", "public_key",
	    "port", "host_key" };

	return handle(c, &names, json_array_get(params, 0), resultp, e);
}

static int
replication_pair(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	static const struct names names = { "replication.pair",
	    "replication_pair", "hostname", "user", "public-key", "ssh_port",
	    "ssh_hostkey" };

	return handle(c, &names, json_array_get(params, 0), resultp, e);
}

#define HOST	NK_ARG_STRING, NK_ARG_REQUIRED, 0, HOST_MAX, NULL
#define KEY	NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_SECRET, 0, KEY_MAX, \
	NULL

static const struct nk_arg ssh_fields[] = {
	{ "remote_hostname", HOST },
	{ "username", NK_ARG_STRING, 0, 0, 0, NULL },
	{ "public_key", KEY },
	{ .name = NULL },
};

static const struct nk_arg replication_fields[] = {
	{ "hostname", HOST },
	{ "user", NK_ARG_STRING, NK_ARG_NULL, 0, 0, NULL },
	{ "public-key", KEY },
	{ .name = NULL },
};

static const struct nk_arg ssh_args[] = {
	{ "keychain_ssh_pair", NK_ARG_OBJECT, NK_ARG_REQUIRED, 0, 0,
	    ssh_fields },
	{ .name = NULL },
};

static const struct nk_arg replication_args[] = {
	{ "replication_pair", NK_ARG_OBJECT, NK_ARG_REQUIRED, 0, 0,
	    replication_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_pairing[] = {
	{ "keychaincredential.ssh_pair", NK_RIGHT_ADMIN, NK_EDITS, ssh_args,
	    ssh_pair },
	{ "replication.pair", NK_RIGHT_ADMIN, NK_EDITS, replication_args,
	    replication_pair },
	{ .name = NULL },
};
