/* SPDX-License-Identifier: ISC */
#include "lib/rpc/api_key.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/web_account.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789";
#define LETTERS	(sizeof(alphabet) - 1)

int64_t
nk_api_key_parse(const char *key)
{
	size_t digits = strspn(key, "0123456789");
	int64_t id = 0;
	size_t i;

	if (digits == 0 || digits > 18 || key[0] == '0' ||
	    key[digits] != '-' ||
	    strspn(key + digits + 1, alphabet) != NK_API_KEY_SECRET ||
	    key[digits + 1 + NK_API_KEY_SECRET] != '\0')
		return 0;
	for (i = 0; i < digits; i++)
		id = id * 10 + (key[i] - '0');
	return id;
}

/* Each letter is as likely as another: bytes above the last whole round go. */
int
nk_api_key_make(int64_t id, char key[NK_API_KEY_SIZE])
{
	unsigned char bytes[NK_API_KEY_SECRET];
	size_t i, n, end;

	n = (size_t)snprintf(key, NK_API_KEY_SIZE, "%" PRId64 "-", id);
	end = n + NK_API_KEY_SECRET;
	while (n < end) {
		if (getrandom(bytes, sizeof(bytes), 0) !=
		    (ssize_t)sizeof(bytes))
			return -EIO;
		for (i = 0; i < sizeof(bytes) && n < end; i++) {
			if (bytes[i] < 256 / LETTERS * LETTERS)
				key[n++] = alphabet[bytes[i] % LETTERS];
		}
	}
	key[n] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

bool
nk_api_key_is_good(const struct nk_api_key *k, int64_t now)
{
	return !k->revoked && k->expires_at > now;
}

int
nk_digest_hex(const char *text, char digest[NK_WEB_DIGEST_SIZE])
{
	unsigned char bytes[32];
	size_t i;

	if (EVP_Digest(text, strlen(text), bytes, NULL, EVP_sha256(),
	    NULL) != 1)
		return -EIO;
	for (i = 0; i < sizeof(bytes); i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* Why nobody can log in with it, or NULL; *localp: of the account. */
static int
find_fault(struct nk_context *c, const struct nk_api_key *k,
    const char **whyp, bool *localp)
{
	struct nk_web_standing standing;
	struct nk_web_account now;
	struct nk_user *u = NULL;
	int r;

	*whyp = k->revoked ? "It was sent without TLS" : NULL;
	r = nk_web_account_find(c, k->account.name, nk_now(), &now,
	    &standing);
	if (r < 0 && r != -ENOENT)
		return r;
	if (*whyp == NULL && (r == -ENOENT ||
	    !nk_web_account_equals(&now, &k->account)))
		*whyp = "The account or its password has changed";
	*localp = r == 0 && now.proof[0] != '\0';
	if (r == -ENOENT || *localp || now.user_id == 0)
		return 0;
	r = nk_user_get(nk_publisher_store(c->publisher), now.user_id, &u);
	*localp = r == 0 && u->managed;
	nk_user_free(u);
	return r;
}

int
nk_api_key_entity(struct nk_context *c, const struct nk_api_key *k,
    json_t **op)
{
	const struct nk_web_account *a = &k->account;
	const char *why;
	struct nk_object b;
	bool local;
	int r;

	if ((r = find_fault(c, k, &why, &local)) < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_int(&b, "id", k->id);
	nk_object_text(&b, "name", k->name);
	nk_object_text(&b, "username", a->name);
	nk_object_int(&b, "user_identifier", a->user_id != 0 ? a->user_id :
	    a->uid);
	nk_object_text(&b, "keyhash", "********");
	nk_object_date(&b, "created_at", k->created_at, 0);
	nk_object_date(&b, "expires_at", k->expires_at, INT64_MAX);
	nk_object_bool(&b, "local", local);
	nk_object_bool(&b, "revoked", why != NULL);
	nk_object_text(&b, "revoked_reason", why);
	return nk_object_finish(&b, op);
}
