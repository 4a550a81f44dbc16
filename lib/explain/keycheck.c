/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/looker.h"
#include "lib/account/textfile.h"
#include "lib/account/runner.h"
#include "lib/explain/parts.h"
#include "lib/ssh/wildcard.h"
#include "lib/ssh/base64.h"

#define REVOKED_MAX	(64u << 20)	/* of a list of revoked keys */
#define KRL_MAGIC	"SSHKRL\n\0"
#define KRL_MAGIC_LEN	8u
#define ALGORITHM_MAX	128

/* ---- which ways there are ---- */

/* Is publickey, alone, one of the ways?  Or the beginning of one? */
static void
read_methods(const char *value, bool *alonep, bool *beginsp)
{
	const char *word;
	size_t len, n;

	*alonep = false;
	*beginsp = false;
	while ((word = nk_setting_word(&value, &len)) != NULL) {
		n = strcspn(word, ", \t");
		if (n != strlen("publickey") ||
		    memcmp(word, "publickey", n) != 0)
			continue;
		*beginsp = true;
		if (n == len)
			*alonep = true;
	}
}

int
nk_explain_methods(struct nk_explaining *e)
{
	const char *value = nk_setting(&e->settings,
	    "authenticationmethods");
	bool alone, begins;

	if (nk_setting_is(&e->settings, "pubkeyauthentication", "no")) {
		nk_explain_say(e->x, "pubkey_authentication",
		    NK_EXPLAIN_STOP, "Set PubkeyAuthentication yes.",
		    "sshd's configuration says PubkeyAuthentication no.");
		return 0;
	}
	if (nk_setting_is_none(value) || strcmp(value, "any") == 0)
		return 1;
	read_methods(value, &alone, &begins);
	e->partial = begins && !alone;
	if (begins)
		return 1;
	nk_explain_say(e->x, "authentication_methods", NK_EXPLAIN_STOP,
	    "Name publickey, by itself, among AuthenticationMethods.",
	    "sshd takes no key first: AuthenticationMethods is \"%s\".",
	    value);
	return 0;
}

/* ---- the algorithms ---- */

/* Which names a signature by the key may have; NULL at the end. */
static void
name_algorithms(const struct nk_examined *k, const char *names[3])
{
	const struct nk_keytype *t = k->kb.type;

	names[0] = t->name;
	names[1] = names[2] = NULL;
	if (t->alg != NK_ALG_RSA)
		return;
	names[0] = t->certificate ? "rsa-sha2-512-cert-v01@openssh.com" :
	    "rsa-sha2-512";
	names[1] = t->certificate ? "rsa-sha2-256-cert-v01@openssh.com" :
	    "rsa-sha2-256";
}

static int
check_algorithm(struct nk_explaining *e, const struct nk_examined *k)
{
	const char *list = nk_setting(&e->settings,
	    "pubkeyacceptedalgorithms"), *names[3];
	size_t i;

	if (list == NULL)	/* before 8.5 */
		list = nk_setting(&e->settings, "pubkeyacceptedkeytypes");
	name_algorithms(k, names);
	for (i = 0; list != NULL && names[i] != NULL; i++) {
		if (nk_wildcard_list_has(list, names[i]))
			return 1;
	}
	if (list == NULL)
		return 1;
	nk_explain_say(e->x, "algorithm", NK_EXPLAIN_STOP, "Use a key of "
	    "another type, or add its algorithm to "
	    "PubkeyAcceptedAlgorithms.", "sshd's PubkeyAcceptedAlgorithms "
	    "does not have %s.", names[0]);
	return 0;
}

static int
check_authority(struct nk_explaining *e, const struct nk_examined *k)
{
	const char *list = nk_setting(&e->settings, "casignaturealgorithms");
	char name[ALGORITHM_MAX];

	nk_examined_ca_algorithm(k, name, sizeof(name));
	if (name[0] == '\0' || list == NULL ||
	    nk_wildcard_list_has(list, name))
		return 1;
	nk_explain_say(e->x, "certificate", NK_EXPLAIN_STOP, "Have the key "
	    "signed by another authority, or add the algorithm to "
	    "CASignatureAlgorithms.", "The certificate is signed with %s, "
	    "which sshd's CASignatureAlgorithms does not have.", name);
	return 0;
}

static int
check_size(struct nk_explaining *e, const struct nk_examined *k)
{
	const char *value = nk_setting(&e->settings, "requiredrsasize");
	unsigned long least;

	if (k->kb.type->alg != NK_ALG_RSA || value == NULL)
		return 1;
	least = strtoul(value, NULL, 10);
	if (k->kb.key.bits >= least)
		return 1;
	nk_explain_say(e->x, "rsa_size", NK_EXPLAIN_STOP, "Make a new key: "
	    "\"ssh-keygen -t ed25519\".", "The RSA key has %u bits, and "
	    "sshd's RequiredRSASize is %lu.", k->kb.key.bits, least);
	return 0;
}

/* ---- revocation ---- */

/* 1: it is not listed; 0: it is; -EIO: bad list; -ENOENT: no ssh-keygen. */
static int
ask_ssh_keygen(const struct nk_explaining *e, const char *path,
    const struct nk_examined *k)
{
	struct nk_runner p = { .path = e->q->ssh_keygen,
	    .args = { "-Q", "-f", path, NK_RUNNER_INPUT },
	    .seconds = e->q->seconds, .max = 65536 };
	char *base64, *line = NULL, *text = NULL;
	size_t len;
	int n, r;

	if ((r = nk_base64_encode(k->blob, k->blob_len, &base64)) < 0)
		return r;
	n = asprintf(&line, "%s %s\n", k->kb.type->name, base64);
	free(base64);
	if (n < 0)
		return -ENOMEM;
	p.input = line;
	p.input_len = (size_t)n;
	r = nk_runner_run(&p, &text, &len);
	free(line);
	if (r == 0)
		r = 1;
	else if (r == -EIO && strstr(text, ": REVOKED") != NULL)
		r = 0;
	free(text);
	return r < 0 && r != -ENOMEM && r != -ENOENT ? -EIO : r;
}

static int
has_word(const char *text, size_t len, const uint8_t *blob, size_t blob_len)
{
	char *base64;
	int r;

	if ((r = nk_base64_encode(blob, blob_len, &base64)) < 0)
		return r;
	r = nk_text_has_word(text, len, base64) ? 1 : 0;
	free(base64);
	return r;
}

/* As ask_ssh_keygen(); a KRL, or plain keys. */
static int
look_up_revoked(const struct nk_explaining *e, const char *path,
    const char *text, size_t len, const struct nk_examined *k)
{
	struct nk_examined ca;
	int r;

	if (len < KRL_MAGIC_LEN ||
	    memcmp(text, KRL_MAGIC, KRL_MAGIC_LEN) != 0) {
		r = has_word(text, len, k->plain, k->plain_len);
		if (r == 0)
			r = has_word(text, len, k->wanted, k->wanted_len);
		return r < 0 ? r : !r;
	}
	r = ask_ssh_keygen(e, path, k);
	if (r != 1 || !nk_examined_is_certificate(k))
		return r;
	if ((r = nk_examined_take(&ca, k->wanted, k->wanted_len, NULL)) < 0)
		return r;
	r = ask_ssh_keygen(e, path, &ca);
	nk_examined_clear(&ca);
	return r;
}

static int
say_unreadable(struct nk_explaining *e, const char *path, const char *why)
{
	nk_explain_say(e->x, "revoked_keys", NK_EXPLAIN_STOP, "Put a valid "
	    "list there (\"ssh-keygen -k -f FILE\" makes an empty one), or "
	    "take RevokedKeys out of sshd's configuration.", "sshd refuses "
	    "every key, since it cannot use its RevokedKeys file %s: %s.",
	    path, why);
	return 0;
}

static int
check_revoked(struct nk_explaining *e, const struct nk_examined *k)
{
	const char *path = nk_setting(&e->settings, "revokedkeys");
	char *text;
	size_t len;
	int r;

	if (nk_setting_is_none(path))
		return 1;
	if (!e->q->may_see && !nk_explain_is_public(path)) {
		nk_explain_doubt(e->x, "revoked_keys", "Ask an "
		    "administrator.", "Only root may read which keys are "
		    "revoked.");
		return 1;
	}
	r = nk_textfile_read(AT_FDCWD, path, REVOKED_MAX, &text, &len);
	if (r < 0)
		return r == -ENOMEM ? r : say_unreadable(e, path,
		    strerror(-r));
	r = look_up_revoked(e, path, text, len, k);
	free(text);
	if (r == -EIO)
		return say_unreadable(e, path, "it is damaged");
	if (r == -ENOENT) {
		nk_explain_doubt(e->x, "revoked_keys", NULL, "There is no "
		    "%s to look into %s.", e->q->ssh_keygen, path);
		return 1;
	}
	if (r == 0)
		nk_explain_say(e->x, "revoked_keys", NK_EXPLAIN_STOP,
		    "Use another key.", "The key is revoked: %s lists it%s.",
		    path, nk_examined_is_certificate(k) ?
		    " or its certificate" : "");
	return r;
}

int
nk_explain_keycheck(struct nk_explaining *e, const struct nk_examined *k)
{
	int r;

	if ((r = check_algorithm(e, k)) != 1 ||
	    (r = check_authority(e, k)) != 1 || (r = check_size(e, k)) != 1 ||
	    (r = check_revoked(e, k)) != 1)
		return r;
	nk_explain_say(e->x, "key", NK_EXPLAIN_OK, NULL, "sshd takes keys "
	    "like %s (%s), and it is not revoked.", k->fingerprint,
	    k->kb.type->name);
	return 1;
}
