/* SPDX-License-Identifier: ISC */

/*
 * Pairing: the API of another NAS gives an account there our key, and us its
 * host keys; or takes that back.
 *
 *  1. No secret MUST go out before the parent has seen the certificate.
 *  2. Nothing MUST be changed there before the parent has said that it knows
 *     what: it may have given up meanwhile.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/api.h"
#include "helper/net/login.h"
#include "helper/net/net.h"
#include "helper/net/place.h"
#include "lib/remote/url.h"
#include "lib/sandbox/confine.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/base64.h"

#define KEYS_MAX	16	/* host keys that it may say */
#define USER_ROOM	256
#define FINGERPRINT_ROOM 80

struct pairing {
	uint32_t	 work;		/* enum nk_pair_work */
	uint32_t	 flags;		/* asked for, then done */
	uint32_t	 tls;
	uint32_t	 port;
	char		 host[NK_TARGET_HOST_MAX + 1];
	char		 path[NK_URL_PATH_MAX + 1];
	char		 user[USER_ROOM];
	char		 line[NK_REMOTE_LINE_MAX + 1];
	char		 type[64];
	char		 base64[NK_REMOTE_LINE_MAX + 1];
	char		 fingerprint[FINGERPRINT_ROOM];
	struct nk_secret who;		/* what came with GO */
	uint8_t		 digest[NK_PAIR_DIGEST];
	struct ws	 ws;
	struct api	 api;
};

int
pair_prepare(void)
{
	api_prepare();
	return stream_prepare();
}

/* ---- what is asked for ---- */

/* TYPE and BASE64 of the line. */
static void
split_line(struct pairing *p)
{
	const char *end = strchr(p->line, ' ');
	size_t len;

	if (end == NULL || (size_t)(end - p->line) >= sizeof(p->type))
		_exit(1);
	memcpy(p->type, p->line, (size_t)(end - p->line));
	p->type[end - p->line] = '\0';
	len = strcspn(end + 1, " ");
	memcpy(p->base64, end + 1, len);
	p->base64[len] = '\0';
}

static void
read_request(struct pairing *p)
{
	struct nk_wire w = hear_request();

	if (nk_wire_get_u32(&w, &p->work) < 0 || p->work >= NK_PAIR_WORKS ||
	    nk_wire_get_u32(&w, &p->flags) < 0 ||
	    nk_wire_get_u32(&w, &p->tls) < 0)
		_exit(1);
	take_text(&w, p->host, sizeof(p->host));
	if (nk_wire_get_u32(&w, &p->port) < 0)
		_exit(1);
	take_text(&w, p->path, sizeof(p->path));
	take_text(&w, p->user, sizeof(p->user));
	take_text(&w, p->line, sizeof(p->line));
	take_text(&w, p->fingerprint, sizeof(p->fingerprint));
	if (nk_wire_get_end(&w) < 0)
		_exit(1);
	split_line(p);
}

/* ---- the way to its API ---- */

/* The parent's word on it, and with it the secrets. */
static void
ask_parent(struct pairing *p, const uint8_t *digest, const char *why)
{
	uint32_t type;

	say_certificate(digest, why);
	if (nk_sandbox_listen(&type, &p->who) < 0 ||
	    type != NK_REMOTE_MSG_GO)
		_exit(1);
}

static void
open_first(struct pairing *p, struct stream *s)
{
	const char *why;

	stream_open(s, NK_CONFINE_SOCKET);
	if (p->tls == 0) {
		ask_parent(p, NULL, "there is none");
		return;
	}
	say_step(NK_REMOTE_TLS);
	why = stream_secure(s, p->host, p->digest);
	ask_parent(p, p->digest, why);
}

/* What the parent has seen is what is shown again. */
static void
open_second(struct pairing *p, struct stream *s)
{
	uint8_t digest[NK_PAIR_DIGEST];

	stream_open(s, NK_CONFINE_SOCKET + 1);
	if (p->tls == 0)
		return;
	(void)stream_secure(s, p->host, digest);
	if (memcmp(digest, p->digest, sizeof(digest)) != 0)
		say_fault(NK_REMOTE_UNTRUSTED, "it shows another one now");
}

static const char *
try_path(struct pairing *p, const struct stream *s, const char *path)
{
	char whole[NK_URL_PATH_MAX + 32];

	(void)snprintf(whole, sizeof(whole), "%s%s", p->path, path);
	ws_init(&p->ws, s);
	return ws_upgrade(&p->ws, p->host, (uint16_t)p->port, whole);
}

/*
 * JSON-RPC where it is spoken (25.04 and later), on the first connection;
 * else the older protocol on the second.
 */
static void
open_api(struct pairing *p, size_t n_sockets)
{
	struct stream s;
	const char *why;
	bool legacy = n_sockets == 1;

	open_first(p, &s);
	say_step(NK_REMOTE_UPGRADE);
	if (!legacy && try_path(p, &s, "/api/current") != NULL) {
		legacy = true;
		open_second(p, &s);
	}
	if (legacy && (why = try_path(p, &s, "/websocket")) != NULL)
		say_fault(NK_REMOTE_NO_API, why);
	api_begin(&p->api, &p->ws, legacy);
}

static const char *
take_secret(struct nk_wire *w, char *text, size_t room)
{
	take_text(w, text, room);
	return text;
}

static void
enter(struct pairing *p)
{
	struct nk_wire w = { p->who.p, p->who.len };
	static char texts[4][NK_PAIR_SECRET_MAX + 1];
	struct api_who who;

	say_step(NK_REMOTE_ENTER);
	who.admin = take_secret(&w, texts[0], sizeof(texts[0]));
	who.password = take_secret(&w, texts[1], sizeof(texts[1]));
	who.otp = take_secret(&w, texts[2], sizeof(texts[2]));
	who.token = take_secret(&w, texts[3], sizeof(texts[3]));
	if (nk_wire_get_end(&w) < 0)
		_exit(1);
	if (!api_enter(&p->api, &who))
		say_fault(NK_REMOTE_NO_ENTRY, p->api.words);
	explicit_bzero(texts, sizeof(texts));
	nk_secret_clear(&p->who);
}

/* ---- taking it back ---- */

static bool
has_key(const struct pairing *p, const struct api_account *u)
{
	const struct place_text t = { u->keys, u->keys == NULL ? 0 :
	    strlen(u->keys), true, true };

	return u->keys != NULL && place_has_key(&t, p->type, p->base64);
}

/* Its keys without ours; the caller's to free. */
static char *
without_key(const struct pairing *p, const struct api_account *u)
{
	const struct place_text t = { u->keys, strlen(u->keys), true, true };
	struct place_text rest;
	char *text;

	if (!place_strip(&t, p->type, p->base64, &rest) ||
	    (text = malloc(rest.len + 1)) == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	if (rest.len > 0)
		memcpy(text, rest.p, rest.len);
	text[rest.len] = '\0';
	free(rest.p);
	return text;
}

static void
restore_account(struct pairing *p)
{
	struct api_change change = { .keys = NULL };
	struct api_account u;
	char *keys = NULL;

	if (!api_look(&p->api, p->user, &u))
		say_fault(NK_REMOTE_NOT_UNDONE, p->api.words);
	if ((p->flags & NK_PAIR_KEY) != 0 && has_key(p, &u))
		change.keys = keys = without_key(p, &u);
	change.shell = (p->flags & NK_PAIR_SHELL) != 0 && u.our_shell;
	change.sudo = (p->flags & NK_PAIR_SUDO) != 0 && u.may_replicate;
	if ((change.keys != NULL || change.shell || change.sudo) &&
	    !api_change(&p->api, &u, &change, true))
		say_fault(NK_REMOTE_NOT_UNDONE, p->api.words);
	free(keys);
	api_account_clear(&u);
}

/* What is not there afterwards has gone, whoever took it. */
static _Noreturn void
undo(struct pairing *p)
{
	struct api_account u;

	say_step(NK_REMOTE_UNDO);
	if ((p->flags & NK_PAIR_KEY) != 0)
		api_remove_key(&p->api, p->user, p->fingerprint);
	restore_account(p);
	if (!api_look(&p->api, p->user, &u))
		say_fault(NK_REMOTE_NOT_UNDONE, p->api.words);
	if ((p->flags & NK_PAIR_KEY) != 0 && (u.keys == NULL ||
	    has_key(p, &u)))
		say_fault(NK_REMOTE_NOT_UNDONE, "the key is still there");
	api_account_clear(&u);
	say_done();
}

/* It is what the parent says, who ends us if it says nothing. */
static _Noreturn void
wait_for_word(struct pairing *p)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_UNDO)
		_exit(0);
	undo(p);
}

static _Noreturn void
fail(struct pairing *p, enum nk_remote_fault fault)
{
	say_failure(fault, p->api.words);
	wait_for_word(p);
}

/* ---- pairing ---- */

/* What there is to change, of what is asked for. */
static uint32_t
plan(struct pairing *p, const struct api_account *u)
{
	uint32_t flags = p->api.legacy ? NK_PAIR_LEGACY : 0;

	if (!has_key(p, u))
		flags |= NK_PAIR_KEY;
	if (u->no_shell)
		flags |= NK_PAIR_SHELL;
	if ((p->flags & NK_PAIR_SUDO) == 0 || u->may_replicate)
		return flags;
	if (!u->has_rules)
		say_fault(NK_REMOTE_NOT_UPDATED, "it has no sudo rules by "
		    "command: pair without sudo");
	return flags | NK_PAIR_SUDO;
}

/* "NAME TYPE BASE64 [COMMENT]" a line; whether they are keys, others see. */
static void
say_host_keys(struct pairing *p, char *text)
{
	char *line, *rest = NULL, *word, *more;
	uint32_t n = 0;
	uint8_t *blob;
	size_t len;

	for (line = strtok_r(text, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest)) {
		more = NULL;
		if ((word = strtok_r(line, " \t\r", &more)) == NULL ||
		    word[0] == '#')
			continue;
		(void)strtok_r(NULL, " \t\r", &more);
		word = strtok_r(NULL, " \t\r", &more);
		if (word == NULL || n == KEYS_MAX ||
		    nk_base64_decode(word, strlen(word), &blob, &len) < 0) {
			api_say(&p->api, "its host keys are none");
			fail(p, NK_REMOTE_BROKEN);
		}
		say_host_key(n++, blob, len);
		free(blob);
	}
}

static void
pair(struct pairing *p, const struct api_account *u)
{
	const struct api_change change = {
		.shell = (p->flags & NK_PAIR_SHELL) != 0,
		.sudo = (p->flags & NK_PAIR_SUDO) != 0,
	};
	char *text = NULL;
	uint16_t port;

	/* one that is there is not to be there again with another comment */
	if ((p->flags & NK_PAIR_KEY) == 0)
		p->line[strlen(p->type) + 1 + strlen(p->base64)] = '\0';
	say_step(NK_REMOTE_PAIR);
	if (!api_pair(&p->api, p->user, p->line, &port, &text))
		fail(p, NK_REMOTE_NOT_PAIRED);
	say_host_keys(p, text);
	free(text);
	say_paired(port);
	if (change.shell || change.sudo) {
		say_step(NK_REMOTE_UPDATE);
		if (!api_change(&p->api, u, &change, false))
			fail(p, NK_REMOTE_NOT_UPDATED);
	}
	say_end();
	wait_for_word(p);
}

/* The plan, and the parent's word on it. */
static void
agree(const struct pairing *p)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	say_plan(p->flags);
	if (p->work == NK_PAIR_LOOK)
		say_done();
	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_GO)
		_exit(0);
	nk_secret_clear(&bytes);
}

void
pair_run(size_t n_sockets)
{
	static struct pairing p = { .who = { NULL, 0, 0 } };
	struct api_account u;

	if (n_sockets < 1 || n_sockets > 2)
		_exit(1);
	read_request(&p);
	open_api(&p, n_sockets);
	enter(&p);
	if (p.work == NK_PAIR_UNDO)
		undo(&p);
	say_step(NK_REMOTE_LOOK);
	if (!api_look(&p.api, p.user, &u))
		say_fault(NK_REMOTE_NOT_PAIRED, p.api.words);
	p.flags = plan(&p, &u);
	agree(&p);
	pair(&p, &u);
}
