/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_KEYCHAIN_FIXTURE_H
#define NASKEYS_TEST_KEYCHAIN_FIXTURE_H

/* A store with keypairs, and the file that their seal's key is in. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "lib/keychain/keychain.h"
#include "tests/unit/store_fixture.h"

#define KEY_A	"000102030405060708090a0b0c0d0e0f" \
		"101112131415161718191a1b1c1d1e1f\n"
#define KEY_B	"ffeeddccbbaa99887766554433221100" \
		"ffeeddccbbaa99887766554433221100\n"
#define SECRET	"the-private-half-of"

static char key_path[96], fresh_path[104];

static inline void
setup_keychain(void)
{
	setup();
	(void)snprintf(key_path, sizeof(key_path), "%s/seal.key", dir);
	(void)snprintf(fresh_path, sizeof(fresh_path), "%s.new", key_path);
}

/* What the file holds, NUL-terminated; "" when there is none. */
static inline const char *
slurp(const char *name)
{
	static char text[256];
	ssize_t n;
	int fd;

	memset(text, 0, sizeof(text));
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return text;
	ck_assert_int_ge(n = read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	return text;
}

static inline void
put_file(const char *name, const char *text, mode_t mode)
{
	int fd;

	(void)unlink(name);
	ck_assert_int_ge(fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600),
	    0);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* Inside a transaction: a keypair without private half. */
static inline int64_t
add_pair(int number)
{
	char name[32], type[] = "ssh-ed25519", fp[] = "SHA256:x";
	char pub[] = "ssh-ed25519 AAAA\n", by[] = "root";
	struct nk_credential c = {
		.type = NK_CREDENTIAL_KEYPAIR, .bits = 256, .name = name,
		.key_type = type, .fingerprint = fp, .public_key = pub,
		.created_by = by,
	};

	(void)snprintf(name, sizeof(name), "pair %d", number);
	ck_assert_int_eq(nk_credential_insert(s, &c), 0);
	return c.id;
}

/* What the row's private half is. */
static inline const char *
secret_of(int64_t id)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), SECRET " %lld\n", (long long)id);
	return text;
}

/* Seal it in an edit of its own, by a keychain that knows nothing yet. */
static inline int
seal(int64_t id)
{
	const char *text = secret_of(id);
	struct nk_keychain kc;
	int r;

	nk_keychain_init(&kc, s, key_path);
	begin();
	if ((r = nk_keychain_seal(&kc, id, text, strlen(text))) == 0)
		commit();
	else
		nk_store_rollback(s);
	nk_keychain_clear(&kc);
	return r;
}

/* n keypairs, each with its private half. */
static inline void
add_sealed(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		begin();
		(void)add_pair(i);
		commit();
		ck_assert_int_eq(seal(i + 1), 0);
	}
}

/* The result with this keychain; when it opens it must be the right text. */
static inline int
open_with(struct nk_keychain *kc, int64_t id)
{
	struct nk_secret text = NK_SECRET_NONE;
	int r = nk_keychain_open(kc, id, &text);

	if (r == 0) {
		ck_assert_str_eq((const char *)text.p, secret_of(id));
		ck_assert_uint_eq(text.len, strlen(secret_of(id)));
	} else {
		ck_assert_ptr_null(text.p);
	}
	nk_secret_clear(&text);
	return r;
}

static inline int
open_fresh(int64_t id)
{
	struct nk_keychain kc;
	int r;

	nk_keychain_init(&kc, s, key_path);
	r = open_with(&kc, id);
	nk_keychain_clear(&kc);
	return r;
}

static inline void
assert_all_open(int n)
{
	int i;

	for (i = 1; i <= n; i++)
		ck_assert_int_eq(open_fresh(i), 0);
}

/* The bytes as they are in the row. */
struct sealed {
	uint8_t	*p;
	size_t	 len;
};

static inline struct sealed
sealed_of(int64_t id)
{
	struct sealed v;

	ck_assert_int_eq(nk_credential_sealed_get(s, id, &v.p, &v.len), 0);
	return v;
}

static inline void
assert_untouched(int64_t id, const struct sealed *was)
{
	struct sealed is = sealed_of(id);

	ck_assert_uint_eq(is.len, was->len);
	ck_assert_mem_eq(is.p, was->p, is.len);
	free(is.p);
}

/* Put other bytes in the row. */
static inline void
replace_sealed(int64_t id, const uint8_t *p, size_t len)
{
	begin();
	ck_assert_int_eq(nk_credential_sealed_set(s, id, p, len), 0);
	commit();
}

/* A whole rotation of the key that seals. */
static inline int
rotate(int64_t *np)
{
	struct nk_keychain kc;
	int r;

	nk_keychain_init(&kc, s, key_path);
	begin();
	if ((r = nk_keychain_rotate_prepare(&kc, np)) == 0) {
		commit();
		r = nk_keychain_rotate_install(&kc);
	} else {
		nk_store_rollback(s);
	}
	nk_keychain_clear(&kc);
	return r;
}

#endif /* NASKEYS_TEST_KEYCHAIN_FIXTURE_H */
