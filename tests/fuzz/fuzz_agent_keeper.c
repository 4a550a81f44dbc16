/* SPDX-License-Identifier: ISC */
/*
 * An agent of one key, asked by an enemy.  The input is messages, each a
 * string (with its four bytes of length), after a byte that says whether it
 * is bound.  Every answer is one of three, a signature is for the one user
 * and key and in a session that was bound first, and a list holds that key.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/keeper.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/signature.h"
#include "lib/ssh/userauth.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"

#define USER	"backup"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };
static struct nk_privatekey key;
static struct nk_hostkeys pins;

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* The session's identifier is the proof itself: it can be made up here. */
static int
check(const void *arg, const uint8_t *blob, size_t blob_len,
    const uint8_t *sig, size_t sig_len, const uint8_t *data, size_t len)
{
	(void)arg;
	require(nk_hostkeys_have(&pins, blob, blob_len));
	return sig_len == len && memcmp(sig, data, len) == 0 ? 0 : -EBADMSG;
}

static void
start(void)
{
	if (key.type != NULL)
		return;
	require(nk_privatekey_read(ED_OPENSSH, strlen(ED_OPENSSH), &policy,
	    &key, NULL) == 0);
	require(nk_hostkeys_read(P256_PUBLIC "\n", &pins, NULL) == 0);
}

static int
is_key(const struct nk_wire *w)
{
	return nk_wire_is(w, key.blob, key.blob_len);
}

static void
check_signature(const struct nk_keeper_talk *t, int bound,
    struct nk_wire msg, const struct nk_secret *answer)
{
	struct nk_wire blob, data;
	struct nk_userauth u;
	struct nk_keyblob kb;
	const uint8_t *sig;
	size_t len;

	require(nk_wire_get_u8(&msg, &(uint8_t){ 0 }) == 0 &&
	    nk_wire_get_sub(&msg, &blob) == 0 && is_key(&blob) &&
	    nk_wire_get_sub(&msg, &data) == 0);
	require(nk_userauth_read(data.p, data.left, &u) == 0 &&
	    nk_wire_is_text(&u.user, USER) && is_key(&u.blob) &&
	    nk_wire_is_text(&u.service, "ssh-connection"));
	require(!t->spoilt && (!bound || t->session_len > 0));
	require(t->session_len == 0 ||
	    nk_wire_is(&u.session, t->session, t->session_len));
	require(nk_agentmsg_get_signature(answer->p, answer->len, &sig,
	    &len) == 0);
	require(nk_keyblob_parse(key.blob, key.blob_len, &policy, &kb,
	    NULL) == 0 && nk_signature_check(&kb.key, sig, len, data.p,
	    data.left, NULL) == 0);
}

static void
check_list(const struct nk_secret *answer)
{
	struct nk_wire w, blob;
	uint32_t n;

	require(nk_agentmsg_get_list(answer->p, answer->len, &w, &n) == 0 &&
	    n == 1 && nk_wire_get_sub(&w, &blob) == 0 && is_key(&blob));
}

static void
check_answer(const struct nk_keeper_talk *before,
    const struct nk_keeper_talk *t, int bound, struct nk_wire msg,
    const struct nk_secret *answer)
{
	require(answer->len > 0);
	switch (answer->p[0]) {
	case NK_AGENTMSG_SIGN_ANSWER:
		check_signature(t, bound, msg, answer);
		break;
	case NK_AGENTMSG_LIST_ANSWER:
		check_list(answer);
		break;
	case NK_AGENTMSG_SUCCESS:
		require(before->session_len == 0 && t->session_len > 0 &&
		    !t->spoilt && answer->len == 1);
		return;
	default:
		require(answer->p[0] == NK_AGENTMSG_FAILURE &&
		    answer->len == 1);
	}
	require(t->session_len == before->session_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nk_keeper_talk talk = { .session_len = 0 }, before;
	struct nk_secret answer = NK_SECRET_NONE;
	struct nk_wire w = { data, size }, msg;
	struct nk_keeper keeper = {
		.key = &key, .user = USER, .pins = &pins, .check = check,
	};
	uint8_t bound;

	start();
	if (nk_wire_get_u8(&w, &bound) < 0)
		return 0;
	keeper.bound = (bound & 1) != 0;
	while (nk_wire_get_sub(&w, &msg) == 0) {
		before = talk;
		require(nk_keeper_answer(&keeper, &talk, msg.p, msg.left,
		    &answer) == 0);
		check_answer(&before, &talk, keeper.bound, msg, &answer);
		nk_secret_clear(&answer);
	}
	return 0;
}
