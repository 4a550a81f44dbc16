/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keytype.h"

#include <string.h>

#define ED25519	"ssh-ed25519"
#define RSA	"ssh-rsa"
#define P256	"ecdsa-sha2-nistp256"
#define P384	"ecdsa-sha2-nistp384"
#define P521	"ecdsa-sha2-nistp521"
#define CERT	"-cert-v01@openssh.com"
#define SK_ED	"sk-ssh-ed25519"
#define SK_EC	"sk-ecdsa-sha2-nistp256"
#define VENDOR	"@openssh.com"

static const struct nk_keytype types[] = {
	{ ED25519, ED25519, NK_ALG_ED25519, NULL, 256, { 6, 5 }, false },
	{ RSA, RSA, NK_ALG_RSA, NULL, 0, { 0, 0 }, false },
	{ P256, P256, NK_ALG_ECDSA, "nistp256", 256, { 5, 7 }, false },
	{ P384, P384, NK_ALG_ECDSA, "nistp384", 384, { 5, 7 }, false },
	{ P521, P521, NK_ALG_ECDSA, "nistp521", 521, { 5, 7 }, false },
	{ SK_ED VENDOR, SK_ED VENDOR, NK_ALG_SK_ED25519, NULL, 256,
	    { 8, 2 }, false },
	{ SK_EC VENDOR, SK_EC VENDOR, NK_ALG_SK_ECDSA, "nistp256", 256,
	    { 8, 2 }, false },
	{ ED25519 CERT, ED25519, NK_ALG_ED25519, NULL, 256, { 6, 5 }, true },
	{ RSA CERT, RSA, NK_ALG_RSA, NULL, 0, { 5, 6 }, true },
	{ P256 CERT, P256, NK_ALG_ECDSA, "nistp256", 256, { 5, 7 }, true },
	{ P384 CERT, P384, NK_ALG_ECDSA, "nistp384", 384, { 5, 7 }, true },
	{ P521 CERT, P521, NK_ALG_ECDSA, "nistp521", 521, { 5, 7 }, true },
	{ SK_ED CERT, SK_ED VENDOR, NK_ALG_SK_ED25519, NULL, 256,
	    { 8, 2 }, true },
	{ SK_EC CERT, SK_EC VENDOR, NK_ALG_SK_ECDSA, "nistp256", 256,
	    { 8, 2 }, true },
};

/* How names begin that are types of keys but not taken; first match. */
static const struct {
	const char	*prefix;
	const char	*advice;
} refused[] = {
	{ "ssh-dss", "DSA keys (ssh-dss) are too weak and sshd no longer "
	    "takes them: make a new key with ssh-keygen -t ed25519" },
	{ "rsa-sha2-", "rsa-sha2-256 and rsa-sha2-512 name signatures, not "
	    "keys: the type of an RSA key line is ssh-rsa" },
	{ "webauthn-", "webauthn types name signatures, not keys: "
	    "use sk-ecdsa-sha2-nistp256@openssh.com" },
	{ "ssh-rsa-cert-v00", "certificates of the old form v00 are refused: "
	    "have the key signed again with today's ssh-keygen" },
	{ "x509v3-", "X.509 keys are refused, sshd does not take them: "
	    "make a new key with ssh-keygen -t ed25519" },
	{ "ecdsa-sha2-", "this elliptic curve is not taken: "
	    "use ecdsa-sha2-nistp256, nistp384 or nistp521, or ssh-ed25519" },
	{ "sk-", "this type of security key is not taken: make a new key "
	    "with ssh-keygen -t ed25519-sk or -t ecdsa-sk" },
	{ "ssh-", "this type of key is not taken: make a new key with "
	    "ssh-keygen -t ed25519" },
	{ "ecdsa-", "this type of key is not taken: make a new key with "
	    "ssh-keygen -t ed25519" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

const struct nk_keytype *
nk_keytype_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++) {
		if (strlen(types[i].name) == len &&
		    memcmp(types[i].name, name, len) == 0)
			return &types[i];
	}
	return NULL;
}

const char *
nk_keytype_advice(const char *name, size_t len)
{
	size_t i, n;

	for (i = 0; i < COUNT(refused); i++) {
		n = strlen(refused[i].prefix);
		if (len >= n && memcmp(refused[i].prefix, name, n) == 0)
			return refused[i].advice;
	}
	return NULL;
}
