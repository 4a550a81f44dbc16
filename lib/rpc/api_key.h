/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_API_KEY_H
#define NASKEYS_RPC_API_KEY_H

/*
 * API keys as they are given out: "ID-SECRET", with 64 letters and digits,
 * of which the store has a digest.  Whoever has one logs in with it alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/apikeys.h"

#define NK_API_KEY_SECRET	64
#define NK_API_KEY_SIZE		(20 + 1 + NK_API_KEY_SECRET + 1)

/* The id in it, or 0: it cannot be one. */
int64_t	nk_api_key_parse(const char *key);

/* A new one of this id; the caller wipes it. */
int	nk_api_key_make(int64_t id, char key[NK_API_KEY_SIZE])
	    NK_MUST_CHECK;

/* Neither revoked nor expired. */
bool	nk_api_key_is_good(const struct nk_api_key *k, int64_t now);

/* SHA-256 in hex, of what is given out and not kept. */
int	nk_digest_hex(const char *text, char digest[NK_WEB_DIGEST_SIZE])
	    NK_MUST_CHECK;

/* What an API shows of it: no secret, nor its digest. */
int	nk_api_key_entity(struct nk_context *c, const struct nk_api_key *k,
	    json_t **op) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_API_KEY_H */
