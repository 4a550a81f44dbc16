/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/point.h"
#include "lib/ssh/wire.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(s), sizeof(s) - 1
#define BLOB_MAX	4096

static const struct nk_keypolicy policy = { 2048, 16384, 400, { 9, 2 } };

/* The blob of base64 text; the caller frees it. */
static uint8_t *
decode(const char *base64, size_t *lenp)
{
	uint8_t *blob = NULL;

	ck_assert_int_eq(nk_base64_decode(base64, strlen(base64), &blob,
	    lenp), 0);
	return blob;
}

START_TEST(accepted)
{
	const struct ssh_key *k = &ssh_keys[_i];
	struct nk_keyblob kb;
	const char *why = NULL;
	size_t len;
	uint8_t *blob = decode(k->base64, &len);

	ck_assert_msg(nk_keyblob_parse(blob, len, &policy, &kb, &why) == 0,
	    "%s: %s", k->type, why);
	ck_assert_str_eq(kb.type->name, k->type);
	ck_assert_uint_eq(kb.key.bits, k->bits);
	ck_assert_int_eq(kb.type->certificate, _i >= KEY_CERT_ED25519);
	if (kb.type->certificate) {
		ck_assert_uint_eq(kb.cert.serial, 7);
		ck_assert_int_eq(kb.cert.kind, NK_CERT_USER);
		ck_assert_uint_eq(kb.cert.valid_after, 1577836800);
		ck_assert_uint_eq(kb.cert.principals.left, 4 + 5 + 4 + 3);
	}
	free(blob);
}
END_TEST

/* No prefix of a blob is a blob, and nothing may follow one. */
START_TEST(every_cut)
{
	struct nk_keyblob kb;
	const char *why;
	size_t len, n;
	uint8_t *blob = decode(ssh_keys[_i].base64, &len), *longer, *cut;

	for (n = 0; n < len; n++) {
		cut = malloc(n + 1);	/* so that a reader beyond is seen */
		ck_assert_ptr_nonnull(cut);
		memcpy(cut, blob, n);
		why = NULL;
		ck_assert_int_lt(nk_keyblob_parse(cut, n, &policy, &kb,
		    &why), 0);
		ck_assert_ptr_nonnull(why);
		free(cut);
	}
	longer = realloc(blob, len + 1);
	ck_assert_ptr_nonnull(longer);
	longer[len] = 0;
	ck_assert_int_eq(nk_keyblob_parse(longer, len + 1, &policy, &kb,
	    NULL), -EBADMSG);
	free(longer);
}
END_TEST

/* Every bit of a certificate is under its signature, or is it. */
START_TEST(every_bit_of_a_certificate)
{
	struct nk_keyblob kb;
	size_t len, n;
	uint8_t *blob = decode(ssh_keys[_i].base64, &len);

	for (n = 0; n < len; n++) {
		blob[n] ^= (uint8_t)(1 << (n % 8));
		ck_assert_int_lt(nk_keyblob_parse(blob, len, &policy, &kb,
		    NULL), 0);
		blob[n] ^= (uint8_t)(1 << (n % 8));
	}
	ck_assert_int_eq(nk_keyblob_parse(blob, len, &policy, &kb, NULL), 0);
	free(blob);
}
END_TEST

START_TEST(no_reason_wanted)
{
	struct nk_keyblob kb;

	ck_assert_int_eq(nk_keyblob_parse((const uint8_t *)"", 0, &policy,
	    &kb, NULL), -EBADMSG);
}
END_TEST

/*** Blobs made by hand ***/

#define ED	"\0\0\0\x0bssh-ed25519"
#define RSA_	"\0\0\0\7ssh-rsa"
#define P256	"\0\0\0\x13" "ecdsa-sha2-nistp256"
#define ZEROS8	"\0\0\0\0\0\0\0\0"
#define ONES8	"\377\377\377\377\377\377\377\377"
#define E65537	"\0\0\0\3\1\0\1"
/* The generator of P-256. */
#define GX	"\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40" \
	"\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
#define GY	"\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e" \
	"\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"

/* A point whose x is too small to be one that anybody drew. */
#define SMALL_X	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\x05"
#define ITS_Y	"\x45\x92\x43\xb9\xaa\x58\x18\x06" \
	"\xfe\x91\x3b\xce\x99\x81\x7a\xde" \
	"\x11\xca\x50\x3c\x64\xd9\xa3\xc5" \
	"\x33\x41\x5c\x08\x32\x48\xfb\xcc"

static const struct {
	const char	*what;
	const char	*blob;
	size_t		 len;
	int		 want;
	const char	*why;		/* a piece of the sentence */
} made[] = {
	{ "ECDSA generator", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x41\4" GX GY),
	    0, NULL },
	{ "nothing", RAW(""), -EBADMSG, "cut" },
	{ "empty name", RAW("\0\0\0\0"), -EBADMSG, "names no type" },
	{ "unknown name", RAW("\0\0\0\3abc"), -EBADMSG, "names no type" },
	{ "short name", RAW("\0\0\0\7ED25519\0\0\0\x20" ONES8),
	    -EBADMSG, "names no type" },
	{ "NUL behind the name", RAW("\0\0\0\x0cssh-ed25519\0\0\0\0\x20"),
	    -EBADMSG, "names no type" },
	{ "DSA", RAW("\0\0\0\7ssh-dss\0\0\0\1\1"), -EPERM, "DSA keys" },
	{ "another curve", RAW("\0\0\0\x13" "ecdsa-sha2-nistk163"), -EPERM,
	    "elliptic curve" },
	{ "Ed448", RAW("\0\0\0\x09ssh-ed448"), -EPERM, "not taken" },
	{ "name of a signature", RAW("\0\0\0\x0crsa-sha2-512"), -EPERM,
	    "name signatures" },
	{ "Ed25519, 31 bytes", RAW(ED "\0\0\0\x1f" ONES8 ONES8 ONES8
	    "1234567"), -EBADMSG, "cut" },
	{ "Ed25519, 33 bytes", RAW(ED "\0\0\0\x21" ONES8 ONES8 ONES8 ONES8
	    "1"), -EBADMSG, "cut" },
	{ "Ed25519, y too large", RAW(ED "\0\0\0\x20" ONES8 ONES8 ONES8
	    ONES8), -EBADMSG, "no point" },
	{ "Ed25519, y = prime", RAW(ED "\0\0\0\x20"
	    "\xed\377\377\377\377\377\377\377" ONES8 ONES8
	    "\377\377\377\377\377\377\377\x7f"), -EBADMSG, "no point" },
	{ "Ed25519, not on the curve", RAW(ED "\0\0\0\x20\2\0\0\0\0\0\0\0"
	    ZEROS8 ZEROS8 ZEROS8), -EBADMSG, "no point" },
	{ "Ed25519, order 1", RAW(ED "\0\0\0\x20\1\0\0\0\0\0\0\0"
	    ZEROS8 ZEROS8 ZEROS8), -EBADMSG, "no point" },
	{ "Ed25519, order 4", RAW(ED "\0\0\0\x20" ZEROS8 ZEROS8 ZEROS8
	    ZEROS8), -EBADMSG, "no point" },
	{ "Ed25519, order 4, sign", RAW(ED "\0\0\0\x20" ZEROS8 ZEROS8 ZEROS8
	    "\0\0\0\0\0\0\0\x80"), -EBADMSG, "no point" },
	{ "Ed25519, order 2", RAW(ED "\0\0\0\x20"
	    "\xec\377\377\377\377\377\377\377" ONES8 ONES8
	    "\377\377\377\377\377\377\377\x7f"), -EBADMSG, "no point" },
	{ "Ed25519, order 8", RAW(ED "\0\0\0\x20"
	    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
	    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"
	    ), -EBADMSG, "no point" },
	{ "Ed25519, order 8, other", RAW(ED "\0\0\0\x20"
	    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
	    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\xfa"
	    ), -EBADMSG, "no point" },
	{ "ECDSA, other curve", RAW(P256 "\0\0\0\x08nistp384\0\0\0\x41\4" GX
	    GY), -EBADMSG, "curve is not" },
	{ "ECDSA, NUL behind the curve", RAW(P256 "\0\0\0\x09nistp256\0"
	    "\0\0\0\x41\4" GX GY), -EBADMSG, "curve is not" },
	{ "ECDSA, off the curve", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x41\4"
	    GX GX), -EBADMSG, "no point" },
	{ "ECDSA, small x", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x41\4"
	    SMALL_X ITS_Y), -EBADMSG, "no point" },
	{ "ECDSA, infinity", RAW(P256 "\0\0\0\x08nistp256\0\0\0\1\0"),
	    -EBADMSG, "no point" },
	{ "ECDSA, no point", RAW(P256 "\0\0\0\x08nistp256\0\0\0\0"),
	    -EBADMSG, "no point" },
	{ "ECDSA, compressed", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x21\3" GX),
	    -EBADMSG, "no point" },
	{ "ECDSA, hybrid", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x41\7" GX GY),
	    -EBADMSG, "no point" },
	{ "ECDSA, cut point", RAW(P256 "\0\0\0\x08nistp256\0\0\0\x21\4" GX),
	    -EBADMSG, "no point" },
	{ "security key, no application",
	    RAW("\0\0\0\x22sk-ecdsa-sha2-nistp256@openssh.com"
	    "\0\0\0\x08nistp256\0\0\0\x41\4" GX GY), -EBADMSG, "cut" },
	{ "security key, empty application",
	    RAW("\0\0\0\x22sk-ecdsa-sha2-nistp256@openssh.com"
	    "\0\0\0\x08nistp256\0\0\0\x41\4" GX GY "\0\0\0\0"), -EBADMSG,
	    "application" },
	{ "security key, application with NUL",
	    RAW("\0\0\0\x22sk-ecdsa-sha2-nistp256@openssh.com"
	    "\0\0\0\x08nistp256\0\0\0\x41\4" GX GY "\0\0\0\4ssh\0"), -EBADMSG,
	    "application" },
	{ "RSA, nothing", RAW(RSA_), -EBADMSG, "cut" },
	{ "RSA, no modulus", RAW(RSA_ E65537), -EBADMSG, "cut" },
	{ "RSA, exponent zero", RAW(RSA_ "\0\0\0\0\0\0\0\1\3"), -EBADMSG,
	    "shortest form" },
	{ "RSA, negative exponent", RAW(RSA_ "\0\0\0\1\377\0\0\0\1\3"),
	    -EBADMSG, "shortest form" },
	{ "RSA, long exponent", RAW(RSA_ "\0\0\0\2\0\3\0\0\0\1\3"), -EBADMSG,
	    "shortest form" },
	{ "RSA, exponent 1", RAW(RSA_ "\0\0\0\1\1\0\0\0\1\3"), -EBADMSG,
	    "exponent is not odd" },
	{ "RSA, exponent 2", RAW(RSA_ "\0\0\0\1\2\0\0\0\1\3"), -EBADMSG,
	    "exponent is not odd" },
	{ "RSA, even exponent", RAW(RSA_ "\0\0\0\3\1\0\2\0\0\0\1\3"),
	    -EBADMSG, "exponent is not odd" },
	{ "RSA, exponent of 72 bits", RAW(RSA_ "\0\0\0\x09\1" ZEROS8
	    "\0\0\0\1\3"), -EBADMSG, "exponent is not odd" },
	{ "RSA, odd exponent of 72 bits", RAW(RSA_ "\0\0\0\x09\1\0\0\0\0\0\0"
	    "\0\1\0\0\0\1\3"), -EBADMSG, "exponent is longer" },
	{ "RSA, modulus zero", RAW(RSA_ E65537 "\0\0\0\0"), -EBADMSG,
	    "shortest form" },
	{ "RSA, negative modulus", RAW(RSA_ E65537 "\0\0\0\1\201"), -EBADMSG,
	    "shortest form" },
	{ "RSA, tiny modulus", RAW(RSA_ E65537 "\0\0\0\1\3"), -EPERM,
	    "smaller" },
	{ "RSA, even modulus", RAW(RSA_ E65537 "\0\0\0\1\4"), -EBADMSG,
	    "modulus is even" },
};

START_TEST(by_hand)
{
	struct nk_keyblob kb;
	const char *why = "";
	int r = nk_keyblob_parse((const uint8_t *)made[_i].blob,
	    made[_i].len, &policy, &kb, &why);

	ck_assert_msg(r == made[_i].want, "%s: got %d: %s", made[_i].what, r,
	    why);
	if (r < 0)
		ck_assert_msg(strstr(why, made[_i].why) != NULL, "%s: %s",
		    made[_i].what, why);
}
END_TEST

/* An RSA blob whose modulus has that many bits. */
static size_t
rsa_of_size(unsigned int bits, uint8_t *blob)
{
	struct nk_wire_out o = { blob, BLOB_MAX };
	uint8_t n[BLOB_MAX] = { 0 };
	size_t len = (bits + 7) / 8;

	n[1] = (uint8_t)(1U << ((bits - 1) % 8));
	n[len] |= 1;
	ck_assert_int_eq(nk_wire_put(&o, RAW(RSA_ E65537)), 0);
	if (n[1] >= 0x80)
		ck_assert_int_eq(nk_wire_put_string(&o, n, len + 1), 0);
	else
		ck_assert_int_eq(nk_wire_put_string(&o, n + 1, len), 0);
	return BLOB_MAX - o.left;
}

static const struct {
	unsigned int	bits;
	unsigned int	min;		/* of the policy */
	int		want;
} sizes[] = {
	{ 2048, 2048, 0 },
	{ 2047, 2048, -EPERM },
	{ 2049, 2048, 0 },
	{ 3071, 3072, -EPERM },
	{ 3072, 3072, 0 },
	{ 1024, 0, 0 },			/* ssh-keygen's limit */
	{ 1023, 0, -EPERM },
	{ 16384, 2048, 0 },
	{ 16385, 2048, -EPERM },
	{ 16400, 2048, -EPERM },
	{ 24000, 2048, -EPERM },
};

START_TEST(rsa_sizes)
{
	struct nk_keypolicy p = policy;
	struct nk_keyblob kb;
	uint8_t blob[BLOB_MAX];
	size_t len = rsa_of_size(sizes[_i].bits, blob);

	p.rsa_min_bits = sizes[_i].min;
	ck_assert_int_eq(nk_keyblob_parse(blob, len, &p, &kb, NULL),
	    sizes[_i].want);
	if (sizes[_i].want == 0)
		ck_assert_uint_eq(kb.key.bits, sizes[_i].bits);
}
END_TEST

static const struct {
	int			key;
	struct nk_sshd_version	sshd;
	int			want;
} versions[] = {
	{ KEY_RSA2048, { 0, 0 }, 0 },
	{ KEY_ED25519, { 6, 5 }, 0 },
	{ KEY_ED25519, { 6, 4 }, -EPERM },
	{ KEY_P256, { 5, 6 }, -EPERM },
	{ KEY_P256, { 5, 7 }, 0 },
	{ KEY_SK_ED25519, { 8, 1 }, -EPERM },
	{ KEY_SK_ED25519, { 8, 2 }, 0 },
	{ KEY_SK_P256, { 7, 9 }, -EPERM },
	{ KEY_CERT_SK_P256, { 8, 1 }, -EPERM },
	{ KEY_CERT_RSA2048, { 5, 5 }, -EPERM },
	{ KEY_CERT_RSA2048, { 10, 0 }, 0 },
};

START_TEST(sshd_versions)
{
	struct nk_keypolicy p = policy;
	struct nk_keyblob kb;
	size_t len;
	uint8_t *blob = decode(ssh_keys[versions[_i].key].base64, &len);

	p.sshd = versions[_i].sshd;
	ck_assert_int_eq(nk_keyblob_parse(blob, len, &p, &kb, NULL),
	    versions[_i].want);
	free(blob);
}
END_TEST

START_TEST(ed25519_negative_x)
{
	uint8_t point[NK_ED25519_SIZE];
	struct nk_keyblob kb;
	size_t len;
	uint8_t *blob = decode(ED25519_BASE64, &len);

	ck_assert_int_eq(nk_keyblob_parse(blob, len, &policy, &kb, NULL), 0);
	memcpy(point, kb.key.point, sizeof(point));
	point[NK_ED25519_SIZE - 1] ^= 0x80;
	ck_assert_int_eq(nk_point_check_ed25519(point), 0);
	free(blob);
}
END_TEST

/* Half of all numbers are the y of a point: ours and libcrypto's agree. */
START_TEST(ed25519_points)
{
	EVP_PKEY *pkey;
	uint8_t seed[32] = { 0 }, point[NK_ED25519_SIZE];
	size_t len = sizeof(point);
	int i, on = 0;

	for (i = 0; i < 50; i++) {
		seed[0] = (uint8_t)i;
		pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
		    seed, sizeof(seed));
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, point,
		    &len), 1);
		ck_assert_int_eq(nk_point_check_ed25519(point), 0);
		EVP_PKEY_free(pkey);
	}
	for (i = 0; i < 400; i++) {
		memset(point, i, sizeof(point));
		point[0] = (uint8_t)(i >> 3);
		point[NK_ED25519_SIZE - 1] &= 0x3f;
		on += nk_point_check_ed25519(point) == 0;
	}
	ck_assert_int_gt(on, 130);
	ck_assert_int_lt(on, 270);
}
END_TEST

START_TEST(unknown_curve)
{
	ck_assert_int_eq(nk_point_check_nist("nistp224",
	    (const uint8_t *)RAW("\4" GX GY)), -EBADMSG);
	ck_assert_ptr_null(nk_point_group("nistp224"));
	ck_assert_str_eq(nk_point_group("nistp256"), "prime256v1");
}
END_TEST

/*** Certificates made by hand: of an Ed25519 key ***/

enum authority {
	CA_ED25519,
	CA_SK_ED25519,
	CA_SK_P256,
	CA_RSA,			/* it signs nothing that verifies */
	CA_CERTIFICATE,
	CA_UNKNOWN,
	CA_TRAILING,		/* a byte behind its key */
	CA_CUT,
};

enum signature {
	SIG_GOOD,
	SIG_WRONG,
	SIG_OTHER_NAME,
	SIG_NUL_NAME,
	SIG_EMPTY,
	SIG_SHORT,
	SIG_TRAILING,
	SIG_MISSING,
	SIG_WEBAUTHN,
	SIG_SHA1,
};

struct bytes {
	const char	*s;		/* NULL: the default */
	size_t		 len;
};

static const struct recipe {
	const char	*what;
	int		 want;
	const char	*why;
	uint32_t	 kind;		/* 0: 1 */
	struct bytes	 key_id;
	struct bytes	 principals;
	uint64_t	 after, before;	/* 0: for ever */
	struct bytes	 critical;
	struct bytes	 extensions;
	struct bytes	 reserved;
	enum authority	 ca;
	enum signature	 sig;
	size_t		 trailing;
} recipes[] = {
	{ .what = "plain" },
	{ .what = "host", .kind = 2 },
	{ .what = "no principals", .principals = { RAW("") } },
	{ .what = "empty key id", .key_id = { RAW("") } },
	{ .what = "force-command", .critical = { RAW("\0\0\0\x0d"
	    "force-command\0\0\0\6\0\0\0\2ls") } },
	{ .what = "source-address", .critical = { RAW("\0\0\0\x0e"
	    "source-address\0\0\0\x18\0\0\0\x14" "192.0.2.1,::1/128,f:") },
	    .want = -EBADMSG, .why = "network" },
	{ .what = "good source-address", .critical = { RAW("\0\0\0\x0e"
	    "source-address\0\0\0\x13\0\0\0\x0f" "192.0.2.1,::/64") } },
	{ .what = "source-address with host bits", .critical = { RAW(
	    "\0\0\0\x0esource-address\0\0\0\x11\0\0\0\x0d" "192.0.2.1/024") },
	    .want = -EBADMSG, .why = "network" },
	{ .what = "verify-required", .critical = { RAW("\0\0\0\x0f"
	    "verify-required\0\0\0\0") } },
	{ .what = "verify-required with data", .critical = { RAW("\0\0\0\x0f"
	    "verify-required\0\0\0\1x") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "unknown critical option", .critical = { RAW("\0\0\0\3"
	    "abc\0\0\0\0") }, .want = -EPERM, .why = "critical option" },
	{ .what = "extension as critical option", .critical = { RAW(
	    "\0\0\0\x0apermit-pty\0\0\0\0") }, .want = -EPERM,
	    .why = "critical option" },
	{ .what = "force-command twice", .critical = { RAW("\0\0\0\x0d"
	    "force-command\0\0\0\6\0\0\0\2ls\0\0\0\x0d"
	    "force-command\0\0\0\6\0\0\0\2ls") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "options out of order", .critical = { RAW("\0\0\0\x0f"
	    "verify-required\0\0\0\0\0\0\0\x0d"
	    "force-command\0\0\0\6\0\0\0\2ls") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "option without data", .critical = { RAW("\0\0\0\x0d"
	    "force-command") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "bytes behind the command", .critical = { RAW("\0\0\0\x0d"
	    "force-command\0\0\0\7\0\0\0\2lsx") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "option without name", .critical = { RAW("\0\0\0\0"
	    "\0\0\0\0") }, .want = -EBADMSG, .why = "options are malformed" },
	{ .what = "unknown extension", .extensions = { RAW("\0\0\0\3abc"
	    "\0\0\0\1x") } },
	{ .what = "extensions in order", .extensions = { RAW("\0\0\0\x0a"
	    "permit-pty\0\0\0\0\0\0\0\x0epermit-user-rc\0\0\0\0") } },
	{ .what = "extension twice", .extensions = { RAW("\0\0\0\x0a"
	    "permit-pty\0\0\0\0\0\0\0\x0apermit-pty\0\0\0\0") },
	    .want = -EBADMSG, .why = "options are malformed" },
	{ .what = "extension with data", .extensions = { RAW("\0\0\0\x0a"
	    "permit-pty\0\0\0\1x") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "cut extension", .extensions = { RAW("\0\0\0\x0a"
	    "permit-pty\0\0\0") }, .want = -EBADMSG,
	    .why = "options are malformed" },
	{ .what = "kind 0x100", .kind = 0x100, .want = -EBADMSG,
	    .why = "neither" },
	{ .what = "kind 3", .kind = 3, .want = -EBADMSG, .why = "neither" },
	{ .what = "NUL in the key id", .key_id = { RAW("a\0b") },
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "cut principal", .principals = { RAW("\0\0\0\5abc") },
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "empty principal", .principals = { RAW("\0\0\0\0") },
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "NUL in a principal", .principals = { RAW("\0\0\0\3a\0b") },
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "ends before it begins", .after = 2, .before = 1,
	    .want = -EBADMSG, .why = "ends before" },
	{ .what = "ends when it begins", .after = 2, .before = 2,
	    .want = -EBADMSG, .why = "ends before" },
	{ .what = "something reserved", .reserved = { RAW("x") },
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "by a security key", .ca = CA_SK_ED25519 },
	{ .what = "by a security key, wrong", .ca = CA_SK_ED25519,
	    .sig = SIG_WRONG, .want = -EBADMSG, .why = "does not verify" },
	{ .what = "by a security key of P-256", .ca = CA_SK_P256 },
	{ .what = "by a security key of P-256, wrong", .ca = CA_SK_P256,
	    .sig = SIG_WRONG, .want = -EBADMSG, .why = "does not verify" },
	{ .what = "by a security key in a browser", .ca = CA_SK_P256,
	    .sig = SIG_WEBAUTHN, .want = -EPERM, .why = "web browser" },
	{ .what = "by a security key, trailing", .ca = CA_SK_P256,
	    .sig = SIG_TRAILING, .want = -EBADMSG, .why = "malformed" },
	{ .what = "by RSA with SHA-1", .ca = CA_RSA, .sig = SIG_SHA1,
	    .want = -EPERM, .why = "SHA-1" },
	{ .what = "by RSA with a name of Ed25519", .ca = CA_RSA,
	    .want = -EBADMSG, .why = "malformed" },
	{ .what = "by a certificate", .ca = CA_CERTIFICATE, .want = -EPERM,
	    .why = "signed by a type" },
	{ .what = "by an unknown key", .ca = CA_UNKNOWN, .want = -EPERM,
	    .why = "signed by a type" },
	{ .what = "bytes behind the authority", .ca = CA_TRAILING,
	    .want = -EBADMSG, .why = "cut" },
	{ .what = "cut authority", .ca = CA_CUT, .want = -EBADMSG,
	    .why = "cut" },
	{ .what = "wrong signature", .sig = SIG_WRONG, .want = -EBADMSG,
	    .why = "does not verify" },
	{ .what = "other name", .sig = SIG_OTHER_NAME, .want = -EBADMSG,
	    .why = "malformed" },
	{ .what = "NUL behind the name", .sig = SIG_NUL_NAME,
	    .want = -EBADMSG, .why = "malformed" },
	{ .what = "empty signature", .sig = SIG_EMPTY, .want = -EBADMSG,
	    .why = "malformed" },
	{ .what = "short signature", .sig = SIG_SHORT, .want = -EBADMSG,
	    .why = "does not verify" },
	{ .what = "bytes behind the signature", .sig = SIG_TRAILING,
	    .want = -EBADMSG, .why = "malformed" },
	{ .what = "no signature", .sig = SIG_MISSING, .want = -EBADMSG,
	    .why = "cut" },
	{ .what = "bytes behind all", .trailing = 1, .want = -EBADMSG,
	    .why = "follows the end" },
};

static EVP_PKEY *
ed25519_pair(uint8_t fill, uint8_t pub[static 32])
{
	uint8_t seed[32];
	size_t len = 32;
	EVP_PKEY *pkey;

	memset(seed, fill, sizeof(seed));
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
	ck_assert_ptr_nonnull(pkey);
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, pub, &len), 1);
	return pkey;
}

static void
put_string(struct nk_wire_out *o, const void *s, size_t len)
{
	ck_assert_int_eq(nk_wire_put_string(o, s, len), 0);
}

static void
put_or(struct nk_wire_out *o, const struct bytes *b, const void *s,
    size_t len)
{
	if (b->s != NULL)
		put_string(o, b->s, b->len);
	else
		put_string(o, s, len);
}

static void
put_u64(struct nk_wire_out *o, uint64_t v)
{
	ck_assert_int_eq(nk_wire_put_u32(o, (uint32_t)(v >> 32)), 0);
	ck_assert_int_eq(nk_wire_put_u32(o, (uint32_t)v), 0);
}

/* The authority's key, as its own string. */
static EVP_PKEY *
put_ca(struct nk_wire_out *o, enum authority ca)
{
	uint8_t blob[512], pub[32], point[65];
	struct nk_wire_out k = { blob, sizeof(blob) };
	const char *name = ca == CA_SK_ED25519 ?
	    "sk-ssh-ed25519@openssh.com" : ca == CA_SK_P256 ?
	    "sk-ecdsa-sha2-nistp256@openssh.com" : ca == CA_CERTIFICATE ?
	    "ssh-ed25519-cert-v01@openssh.com" : ca == CA_UNKNOWN ?
	    "ssh-ed26619" : "ssh-ed25519";
	EVP_PKEY *pkey;
	uint8_t *rsa;
	size_t len;

	if (ca == CA_RSA) {
		rsa = decode(RSA2048_BASE64, &len);
		put_string(o, rsa, len);
		free(rsa);
		return ed25519_pair(2, pub);
	}
	put_string(&k, name, strlen(name));
	if (ca == CA_SK_P256) {
		pkey = EVP_EC_gen("P-256");
		ck_assert_int_eq(EVP_PKEY_get_octet_string_param(pkey, "pub",
		    point, sizeof(point), &len), 1);
		ck_assert_uint_eq(len, sizeof(point));
		put_string(&k, "nistp256", 8);
		put_string(&k, point, len);
	} else {
		pkey = ed25519_pair(2, pub);
		put_string(&k, pub, ca == CA_CUT ? 31 : 32);
	}
	if (ca == CA_SK_ED25519 || ca == CA_SK_P256)
		put_string(&k, "ssh:", 4);
	if (ca == CA_TRAILING)
		ck_assert_int_eq(nk_wire_put(&k, "x", 1), 0);
	put_string(o, blob, sizeof(blob) - k.left);
	return pkey;
}

/* r and s of a DER signature as two mpints, which happen to look alike. */
static size_t
der_to_mpints(const uint8_t *der, uint8_t *out)
{
	struct nk_wire_out o = { out, 128 };
	size_t rlen = der[3], slen = der[5 + rlen];

	put_string(&o, der + 4, rlen);
	put_string(&o, der + 6 + rlen, slen);
	return 128 - o.left;
}

static size_t
sign(EVP_PKEY *pkey, enum authority ca, const uint8_t *data, size_t len,
    uint8_t *sig)
{
	const bool sk = ca == CA_SK_ED25519 || ca == CA_SK_P256;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t msg[69], der[128];
	size_t n = sizeof(der);

	if (sk) {		/* flags 1, counter 0x01020304 */
		SHA256((const uint8_t *)"ssh:", 4, msg);
		memcpy(msg + 32, "\1\1\2\3\4", 5);
		SHA256(data, len, msg + 37);
		data = msg;
		len = sizeof(msg);
	}
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, ca == CA_SK_P256 ?
	    EVP_sha256() : NULL, NULL, pkey), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, der, &n, data, len), 1);
	EVP_MD_CTX_free(ctx);
	if (ca == CA_SK_P256)
		return der_to_mpints(der, sig);
	memcpy(sig, der, n);
	return n;
}

/* The signature over what stands in blob so far. */
static void
put_signature(struct nk_wire_out *o, EVP_PKEY *pkey, const struct recipe *c,
    const uint8_t *blob)
{
	uint8_t out[256], sig[128];
	struct nk_wire_out s = { out, sizeof(out) };
	size_t n = sign(pkey, c->ca, blob, BLOB_MAX - o->left, sig);
	const char *name = c->sig == SIG_OTHER_NAME ? "ssh-ed25518" :
	    c->sig == SIG_SHA1 ? "ssh-rsa" :
	    c->sig == SIG_WEBAUTHN ?
	    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com" :
	    c->ca == CA_SK_ED25519 ? "sk-ssh-ed25519@openssh.com" :
	    c->ca == CA_SK_P256 ? "sk-ecdsa-sha2-nistp256@openssh.com" :
	    "ssh-ed25519";

	if (c->sig == SIG_MISSING)
		return;
	if (c->sig == SIG_EMPTY) {
		put_string(o, "", 0);
		return;
	}
	if (c->sig == SIG_WRONG)
		sig[n - 1] ^= 1;
	put_string(&s, name, strlen(name) + (c->sig == SIG_NUL_NAME));
	put_string(&s, sig, c->sig == SIG_SHORT ? n - 1 : n);
	if (c->ca == CA_SK_ED25519 || c->ca == CA_SK_P256)
		ck_assert_int_eq(nk_wire_put(&s, "\1\1\2\3\4", 5), 0);
	if (c->sig == SIG_TRAILING)
		ck_assert_int_eq(nk_wire_put(&s, "x", 1), 0);
	put_string(o, out, sizeof(out) - s.left);
}

static size_t
make_certificate(const struct recipe *c, uint8_t *blob)
{
	static const char name[] = "ssh-ed25519-cert-v01@openssh.com";
	struct nk_wire_out o = { blob, BLOB_MAX };
	uint8_t pub[32];
	EVP_PKEY *pkey;

	EVP_PKEY_free(ed25519_pair(1, pub));
	put_string(&o, name, sizeof(name) - 1);
	put_string(&o, "nonce", 5);
	put_string(&o, pub, sizeof(pub));
	put_u64(&o, 0x0102030405060708ULL);
	ck_assert_int_eq(nk_wire_put_u32(&o, c->kind == 0 ? 1 : c->kind), 0);
	put_or(&o, &c->key_id, "id", 2);
	put_or(&o, &c->principals, RAW("\0\0\0\5alice"));
	put_u64(&o, c->after);
	put_u64(&o, c->before == 0 ? UINT64_MAX : c->before);
	put_or(&o, &c->critical, "", 0);
	put_or(&o, &c->extensions, "", 0);
	put_or(&o, &c->reserved, "", 0);
	pkey = put_ca(&o, c->ca);
	put_signature(&o, pkey, c, blob);
	EVP_PKEY_free(pkey);
	ck_assert_int_eq(nk_wire_put(&o, "xxxx", c->trailing), 0);
	return BLOB_MAX - o.left;
}

START_TEST(certificate_by_hand)
{
	const struct recipe *c = &recipes[_i];
	uint8_t blob[BLOB_MAX];
	size_t len = make_certificate(c, blob);
	struct nk_keyblob kb;
	const char *why = "";
	int r = nk_keyblob_parse(blob, len, &policy, &kb, &why);

	ck_assert_msg(r == c->want, "%s: got %d: %s", c->what, r, why);
	if (r < 0)
		ck_assert_msg(strstr(why, c->why) != NULL, "%s: %s", c->what,
		    why);
	else
		ck_assert_uint_eq(kb.cert.serial, 0x0102030405060708ULL);
}
END_TEST

START_TEST(many_principals)
{
	static char list[5 * (NK_CERT_PRINCIPALS_MAX + 1)];
	struct recipe c = { .what = "many principals" };
	uint8_t blob[BLOB_MAX];
	struct nk_keyblob kb;
	size_t i, len;

	for (i = 0; i <= NK_CERT_PRINCIPALS_MAX; i++)
		memcpy(list + 5 * i, "\0\0\0\1a", 5);
	c.principals = (struct bytes){ list, 5 * NK_CERT_PRINCIPALS_MAX };
	len = make_certificate(&c, blob);
	ck_assert_int_eq(nk_keyblob_parse(blob, len, &policy, &kb, NULL), 0);
	c.principals.len += 5;
	len = make_certificate(&c, blob);
	ck_assert_int_eq(nk_keyblob_parse(blob, len, &policy, &kb, NULL),
	    -EBADMSG);
}
END_TEST

START_TEST(plain_of_certificate)
{
	const int distance = KEY_CERT_ED25519 - KEY_ED25519;
	size_t len, plain_len = 0, want_len;
	uint8_t *blob = decode(ssh_keys[_i + distance].base64, &len);
	uint8_t *want = decode(ssh_keys[_i].base64, &want_len);
	uint8_t *plain = NULL;

	ck_assert_int_eq(nk_keyblob_plain(blob, len, &plain, &plain_len), 0);
	ck_assert_uint_eq(plain_len, want_len);
	ck_assert_mem_eq(plain, want, want_len);
	free(plain);
	ck_assert_int_eq(nk_keyblob_plain(want, want_len, &plain,
	    &plain_len), 0);
	ck_assert_uint_eq(plain_len, want_len);
	ck_assert_mem_eq(plain, want, want_len);
	free(plain);
	free(want);
	free(blob);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_keyblob");
	TCase *tc = tcase_create("keyblob");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, accepted, 0, KEY_COUNT);
	tcase_add_loop_test(tc, every_cut, 0, KEY_COUNT);
	tcase_add_loop_test(tc, every_bit_of_a_certificate, KEY_CERT_ED25519,
	    KEY_COUNT);
	tcase_add_test(tc, no_reason_wanted);
	tcase_add_loop_test(tc, by_hand, 0, COUNT(made));
	tcase_add_loop_test(tc, rsa_sizes, 0, COUNT(sizes));
	tcase_add_loop_test(tc, sshd_versions, 0, COUNT(versions));
	tcase_add_test(tc, ed25519_negative_x);
	tcase_add_test(tc, ed25519_points);
	tcase_add_test(tc, unknown_curve);
	tcase_add_loop_test(tc, certificate_by_hand, 0, COUNT(recipes));
	tcase_add_test(tc, many_principals);
	tcase_add_loop_test(tc, plain_of_certificate, 0, KEY_CERT_ED25519);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
