/* SPDX-License-Identifier: ISC */
#include "lib/agent/keeper.h"

#include <errno.h>
#include <string.h>

#include "lib/ssh/agentmsg.h"
#include "lib/ssh/secretwire.h"
#include "lib/ssh/sign.h"
#include "lib/ssh/userauth.h"
#include "lib/ssh/wire.h"

#define SERVICE	"ssh-connection"

static int
put_type(struct nk_secret *answer, uint8_t type)
{
	return nk_secret_append(answer, &type, 1);
}

static const struct nk_hostkey *
find_pin(const struct nk_hostkeys *pins, const struct nk_wire *blob)
{
	size_t i;

	for (i = 0; pins != NULL && i < pins->n; i++) {
		if (nk_wire_is(blob, pins->v[i].blob, pins->v[i].len))
			return &pins->v[i];
	}
	return NULL;
}

/* ---- which key there is ---- */

static int
list(const struct nk_privatekey *key, struct nk_wire w,
    struct nk_secret *answer)
{
	const char *comment = key->comment != NULL ? key->comment : "";
	int r;

	if (nk_wire_get_end(&w) < 0)
		return put_type(answer, NK_AGENTMSG_FAILURE);
	if ((r = put_type(answer, NK_AGENTMSG_LIST_ANSWER)) < 0 ||
	    (r = nk_secretwire_put_u32(answer, 1)) < 0 ||
	    (r = nk_secretwire_put_string(answer, key->blob,
	    key->blob_len)) < 0)
		return r;
	return nk_secretwire_put_string(answer, comment, strlen(comment));
}

/* ---- with whom the session is ---- */

/* 0; -EACCES, it shows no session with a pinned host; -errno. */
static int
bind_session(const struct nk_keeper *k, struct nk_keeper_talk *t,
    struct nk_wire w)
{
	struct nk_wire host, session, sig;
	const struct nk_hostkey *pin;
	uint8_t forwarding;
	int r;

	if (nk_wire_get_sub(&w, &host) < 0 ||
	    nk_wire_get_sub(&w, &session) < 0 ||
	    nk_wire_get_sub(&w, &sig) < 0 ||
	    nk_wire_get_u8(&w, &forwarding) < 0 || nk_wire_get_end(&w) < 0)
		return -EACCES;
	if (forwarding != 0 || t->spoilt || t->session_len > 0 ||
	    session.left == 0 || session.left > sizeof(t->session) ||
	    (pin = find_pin(k->pins, &host)) == NULL || k->check == NULL)
		return -EACCES;
	r = k->check(k->check_arg, pin->blob, pin->len, sig.p, sig.left,
	    session.p, session.left);
	if (r < 0)
		return r == -ENOMEM ? r : -EACCES;
	memcpy(t->session, session.p, session.left);
	t->session_len = session.left;
	t->host = pin;
	return 0;
}

static int
extend(const struct nk_keeper *k, struct nk_keeper_talk *t,
    struct nk_wire w, struct nk_secret *answer)
{
	struct nk_wire name;
	int r;

	if (nk_wire_get_sub(&w, &name) < 0 ||
	    !nk_wire_is_text(&name, "session-bind@openssh.com"))
		return put_type(answer, NK_AGENTMSG_FAILURE);
	if ((r = bind_session(k, t, w)) == 0)
		return put_type(answer, NK_AGENTMSG_SUCCESS);
	t->spoilt = true;
	return r == -EACCES ? put_type(answer, NK_AGENTMSG_FAILURE) : r;
}

/* ---- a signature ---- */

/*
 * The algorithm, where the request to the server and the flags to the agent
 * name the same one, or NULL.
 */
static const char *
find_algorithm(const struct nk_keytype *type, const struct nk_wire *name,
    uint32_t flags)
{
	static const struct {
		const char	*name;
		uint32_t	 flags;
	} rsa[] = {
		{ "rsa-sha2-512", NK_AGENTMSG_RSA_SHA2_512 },
		{ "rsa-sha2-256", NK_AGENTMSG_RSA_SHA2_256 },
	};
	size_t i;

	if (type->alg != NK_ALG_RSA)
		return nk_wire_is_text(name, type->name) ? type->name : NULL;
	for (i = 0; i < sizeof(rsa) / sizeof(rsa[0]); i++) {
		if (flags == rsa[i].flags &&
		    nk_wire_is_text(name, rsa[i].name))
			return rsa[i].name;
	}
	return NULL;
}

/* Is the session one that the key was lent to? */
static bool
is_lent(const struct nk_keeper *k, const struct nk_keeper_talk *t,
    const struct nk_userauth *u)
{
	const struct nk_hostkey *host = NULL;

	if (t->spoilt || u->session.left == 0 ||
	    u->session.left > NK_KEEPER_SESSION_MAX)
		return false;
	if (u->host.p != NULL && k->pins != NULL &&
	    (host = find_pin(k->pins, &u->host)) == NULL)
		return false;
	if (t->session_len == 0)
		return !k->bound;
	return nk_wire_is(&u->session, t->session, t->session_len) &&
	    (host == NULL || host == t->host);
}

/* What it is asked to sign; *algorithmp is NULL where that is refused. */
static void
look_at(const struct nk_keeper *k, const struct nk_keeper_talk *t,
    struct nk_wire w, struct nk_wire *data, const char **algorithmp)
{
	struct nk_userauth u;
	struct nk_wire blob;
	uint32_t flags;

	*algorithmp = NULL;
	if (nk_wire_get_sub(&w, &blob) < 0 ||
	    nk_wire_get_sub(&w, data) < 0 ||
	    nk_wire_get_u32(&w, &flags) < 0 || nk_wire_get_end(&w) < 0 ||
	    !nk_wire_is(&blob, k->key->blob, k->key->blob_len) ||
	    nk_userauth_read(data->p, data->left, &u) < 0)
		return;
	if (nk_wire_is(&u.blob, k->key->blob, k->key->blob_len) &&
	    nk_wire_is_text(&u.user, k->user) &&
	    nk_wire_is_text(&u.service, SERVICE) && is_lent(k, t, &u))
		*algorithmp = find_algorithm(k->key->type, &u.algorithm,
		    flags);
}

static int
sign(const struct nk_keeper *k, const struct nk_keeper_talk *t,
    struct nk_wire w, struct nk_secret *answer)
{
	struct nk_secret sig = NK_SECRET_NONE;
	const char *algorithm;
	struct nk_wire data;
	int r;

	look_at(k, t, w, &data, &algorithm);
	if (algorithm == NULL)
		return put_type(answer, NK_AGENTMSG_FAILURE);
	if ((r = nk_sign(k->key, algorithm, data.p, data.left, &sig)) == 0 &&
	    (r = put_type(answer, NK_AGENTMSG_SIGN_ANSWER)) == 0)
		r = nk_secretwire_put_string(answer, sig.p, sig.len);
	nk_secret_clear(&sig);
	return r;
}

int
nk_keeper_answer(const struct nk_keeper *k, struct nk_keeper_talk *t,
    const uint8_t *msg, size_t len, struct nk_secret *answer)
{
	struct nk_wire w = { msg, len };
	uint8_t type;

	if (len > NK_KEEPER_MESSAGE_MAX || nk_wire_get_u8(&w, &type) < 0)
		return put_type(answer, NK_AGENTMSG_FAILURE);
	switch (type) {
	case NK_AGENTMSG_LIST:
		return list(k->key, w, answer);
	case NK_AGENTMSG_SIGN:
		return sign(k, t, w, answer);
	case NK_AGENTMSG_EXTENSION:
		return extend(k, t, w, answer);
	default:
		return put_type(answer, NK_AGENTMSG_FAILURE);
	}
}
