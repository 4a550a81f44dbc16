/* SPDX-License-Identifier: ISC */

/* Private keys in DER, element by element and number by number. */

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/der.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/secretbase64.h"
#include "lib/ssh/secretder.h"
#include "tests/unit/private_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static int
read_der(const char *label, const uint8_t *p, size_t len,
    struct nk_privatekey *k)
{
	struct nk_secret text = NK_SECRET_NONE;
	const char *why = NULL;
	char line[64];
	int n, r;

	n = snprintf(line, sizeof(line), "-----BEGIN %s-----\n", label);
	ck_assert_int_eq(nk_secret_append(&text, line, (size_t)n), 0);
	ck_assert_int_eq(nk_secretbase64_encode(p, len, 64, &text), 0);
	n = snprintf(line, sizeof(line), "-----END %s-----\n", label);
	ck_assert_int_eq(nk_secret_append(&text, line, (size_t)n), 0);
	r = nk_privatekey_read((const char *)text.p, text.len, &policy, k,
	    &why);
	ck_assert(r == 0 || (why != NULL && k->type == NULL));
	nk_secret_clear(&text);
	return r;
}

/* ---- elements ---- */

#define PKCS8	"PRIVATE KEY"
#define SEC1	"EC PRIVATE KEY"

/* RFC 8410, section 10.3 */
#define ED_OID	"300506032b6570"
#define SEED	"d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f" \
	"44755842"
#define EDPUB	"19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad" \
	"703166e1"
#define CURDLE	"a01f301d060a2a864886f70d01090914310f0c0d437572646c65" \
	"20436861697273"

/* the key P256_SEC1 */
#define D	"2dc5626097d1f6bf07dbc84b016518e319f6032c17fe219d07f7bda7be75" \
	"e7ce"
#define X	"02648eb00c3fde136d1178fafef2c6670e3161a4f12ca98ff7a411e1010c" \
	"61b6"
#define Y	"b43928ae5bf15165d7f66f49a0c62e28c8326b66e41d94d3692e9798be61" \
	"740b"
#define P256_OID "06082a8648ce3d030107"
#define EC_OID	"06072a8648ce3d0201"
#define EC_P256	"3013" EC_OID P256_OID
#define POINT	"a144034200" "04" X Y
#define HEAD	"020101" "0420" D

#define ZEROS	"0000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char	*what;
	const char	*label;
	const char	*hex;
	int		 want;
} elements[] = {
	{ "Ed25519", PKCS8, "302e" "020100" ED_OID "04220420" SEED, 0 },
	{ "with attributes and the public half", PKCS8,
	    "3072" "020101" ED_OID "04220420" SEED CURDLE "812100" EDPUB, 0 },
	{ "with the public half", PKCS8,
	    "3051" "020101" ED_OID "04220420" SEED "812100" EDPUB, 0 },
	{ "with attributes", PKCS8,
	    "304f" "020100" ED_OID "04220420" SEED CURDLE, 0 },
	{ "another public half", PKCS8, "3051" "020101" ED_OID "04220420"
	    SEED "812100" SEED, -EBADMSG },
	{ "public half of unwhole bytes", PKCS8, "3051" "020101" ED_OID
	    "04220420" SEED "812101" EDPUB, -EBADMSG },
	{ "public half with its own tag", PKCS8, "3051" "020101" ED_OID
	    "04220420" SEED "032100" EDPUB, -EBADMSG },
	{ "public half in version 0", PKCS8, "3051" "020100" ED_OID
	    "04220420" SEED "812100" EDPUB, -EBADMSG },
	{ "no public half in version 1", PKCS8, "302e" "020101" ED_OID
	    "04220420" SEED, -EBADMSG },
	{ "version 2", PKCS8, "302e" "020102" ED_OID "04220420" SEED,
	    -EBADMSG },
	{ "version -1", PKCS8, "302e" "0201ff" ED_OID "04220420" SEED,
	    -EBADMSG },
	{ "version of two bytes", PKCS8, "302f" "02020000" ED_OID "04220420"
	    SEED, -EBADMSG },
	{ "no version", PKCS8, "302b" ED_OID "04220420" SEED, -EBADMSG },
	{ "empty version", PKCS8, "302d" "0200" ED_OID "04220420" SEED,
	    -EBADMSG },
	{ "seed not wrapped", PKCS8, "302c" "020100" ED_OID "0420" SEED,
	    -EBADMSG },
	{ "long seed", PKCS8, "302f" "020100" ED_OID "04230421" SEED "00",
	    -EBADMSG },
	{ "something behind the seed", PKCS8, "302f" "020100" ED_OID
	    "04230420" SEED "00", -EBADMSG },
	{ "something behind the key", PKCS8, "302f" "020100" ED_OID
	    "04220420" SEED "00", -EBADMSG },
	{ "something behind all", PKCS8, "302e" "020100" ED_OID "04220420"
	    SEED "00", -EBADMSG },
	{ "parameters of Ed25519", PKCS8, "3030" "020100"
	    "300706032b65700500" "04220420" SEED, -EBADMSG },
	{ "Ed448", PKCS8, "302e" "020100" "300506032b6571" "04220420" SEED,
	    -EPERM },
	{ "X25519", PKCS8, "302e" "020100" "300506032b656e" "04220420" SEED,
	    -EPERM },
	{ "DSA", PKCS8, "3013" "020100" "300906072a8648ce380401" "0403"
	    "020101", -EPERM },
	{ "RSA-PSS", PKCS8, "3017" "020100" "300d06092a864886f70d01010a0500"
	    "0403" "020101", -EPERM },
	{ "RSA without NULL", PKCS8, "3015" "020100"
	    "300b06092a864886f70d010101" "0403" "020101", -EBADMSG },
	{ "algorithm without a name", PKCS8, "3029" "020100" "3000"
	    "04220420" SEED, -EBADMSG },
	{ "long form of a short length", PKCS8, "30812e" "020100" ED_OID
	    "04220420" SEED, -EBADMSG },
	{ "indefinite length", PKCS8, "3080" "020100" ED_OID "04220420" SEED
	    "0000", -EBADMSG },
	{ "length of four bytes", PKCS8, "30840000002e" "020100" ED_OID
	    "04220420" SEED, -EBADMSG },
	{ "no bytes", PKCS8, "", -EBADMSG },
	{ "a tag", PKCS8, "30", -EBADMSG },
	{ "empty", PKCS8, "3000", -EBADMSG },
	{ "SEC1", SEC1, "3077" HEAD "a00a" P256_OID POINT, 0 },
	{ "SEC1 without the point", SEC1, "3031" HEAD "a00a" P256_OID, 0 },
	{ "compressed point", SEC1, "3057" HEAD "a00a" P256_OID
	    "a124032200" "03" X, 0 },
	{ "the other compressed point", SEC1, "3057" HEAD "a00a" P256_OID
	    "a124032200" "02" X, -EBADMSG },
	{ "compressed point with y", SEC1, "3077" HEAD "a00a" P256_OID
	    "a144034200" "03" X Y, -EBADMSG },
	{ "hybrid point", SEC1, "3077" HEAD "a00a" P256_OID
	    "a144034200" "07" X Y, -EBADMSG },
	{ "point at infinity", SEC1, "3037" HEAD "a00a" P256_OID
	    "a104030200" "00", -EBADMSG },
	{ "empty point", SEC1, "3036" HEAD "a00a" P256_OID
	    "a103030100", -EBADMSG },
	{ "another point", SEC1, "3077" HEAD "a00a" P256_OID
	    "a144034200" "04" X X, -EBADMSG },
	{ "point of unwhole bytes", SEC1, "3077" HEAD "a00a" P256_OID
	    "a144034201" "04" X Y, -EBADMSG },
	{ "something behind the point", SEC1, "3079" HEAD "a00a" P256_OID
	    "a146034200" "04" X Y "0500", -EBADMSG },
	{ "no curve", SEC1, "306b" HEAD POINT, -EBADMSG },
	{ "curve behind the point", SEC1, "3077" HEAD POINT "a00a" P256_OID,
	    -EBADMSG },
	{ "curve by its numbers", SEC1, "3029" HEAD "a0023000", -EPERM },
	{ "secp256k1", SEC1, "302e" HEAD "a007" "06052b8104000a", -EPERM },
	{ "P-384 with a short number", SEC1, "302e" HEAD "a007"
	    "06052b81040022", 0 },
	{ "version 0", SEC1, "3031" "020100" "0420" D "a00a" P256_OID,
	    -EBADMSG },
	{ "a zero before", SEC1, "3032" "020101" "042100" D "a00a" P256_OID,
	    0 },
	{ "two zeros before", SEC1, "3033" "020101" "04220000" D "a00a"
	    P256_OID, -EBADMSG },
	{ "a one before", SEC1, "3032" "020101" "042101" D "a00a" P256_OID,
	    -EBADMSG },
	{ "INTEGER as number", SEC1, "3031" "020101" "0220" D "a00a"
	    P256_OID, -EBADMSG },
	{ "number 0", SEC1, "3031" "020101" "0420" ZEROS "000000" "a00a"
	    P256_OID, -EBADMSG },
	{ "number 1", SEC1, "3031" "020101" "0420" ZEROS "000001" "a00a"
	    P256_OID, -EBADMSG },
	{ "the order less 1", SEC1, "3031" "020101" "0420" "ffffffff00000000"
	    "ffffffffffffffffbce6faada7179e84f3b9cac2fc632550" "a00a"
	    P256_OID, -EBADMSG },
	{ "the order less 2", SEC1, "3031" "020101" "0420" "ffffffff00000000"
	    "ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f" "a00a"
	    P256_OID, 0 },
	{ "above the order", SEC1, "3031" "020101" "0420" "ffffffffffffffff"
	    "ffffffffffffffffbce6faada7179e84f3b9cac2fc632550" "a00a"
	    P256_OID, -EBADMSG },
	{ "half the order's length", SEC1, "3031" "020101" "0420"
	    "00000000000000000000000000000000ffffffffffffffffffffffffffffffff"
	    "a00a" P256_OID, -EBADMSG },
	{ "a bit more", SEC1, "3031" "020101" "0420"
	    "0000000000000000000000000000000100000000000000000000000000000000"
	    "a00a" P256_OID, 0 },
	{ "zeros before left out", SEC1, "3022" "020101" "0411"
	    "0100000000000000000000000000000000" "a00a" P256_OID, 0 },
	{ "empty number", SEC1, "3011" "020101" "0400" "a00a" P256_OID,
	    -EBADMSG },
	{ "EC in PKCS#8", PKCS8, "308187" "020100" EC_P256 "046d" "306b" HEAD
	    POINT, 0 },
	{ "with the curve inside", PKCS8, "308193" "020100" EC_P256 "0479"
	    "3077" HEAD "a00a" P256_OID POINT, 0 },
	{ "with another curve inside", PKCS8, "304a" "020100" EC_P256
	    "0430" "302e" HEAD "a007" "06052b81040022", -EBADMSG },
	{ "with no curve outside", PKCS8, "3047" "020100" "3009" EC_OID
	    "0437" "3031" HEAD "a00a" P256_OID "00000000", -EBADMSG },
	{ "EC with a public half outside", PKCS8, "304d" "020101" EC_P256
	    "0433" "3031" HEAD "a00a" P256_OID, -EBADMSG },
	{ "PKCS#8 as SEC1", SEC1, "302e" "020100" ED_OID "04220420" SEED,
	    -EBADMSG },
};

static size_t
unhex(const char *hex, uint8_t *out, size_t size)
{
	char digits[3] = "";
	size_t n;

	for (n = 0; hex[2 * n] != '\0'; n++) {
		ck_assert_uint_lt(n, size);
		memcpy(digits, hex + 2 * n, 2);
		out[n] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

START_TEST(element)
{
	struct nk_privatekey k;
	uint8_t der[256];
	size_t len;
	int r;

	len = unhex(elements[_i].hex, der, sizeof(der));
	r = read_der(elements[_i].label, der, len, &k);
	ck_assert_msg(r == elements[_i].want, "%s: %d", elements[_i].what, r);
	nk_privatekey_clear(&k);
}
END_TEST

/* No bit of a small key is without meaning. */
START_TEST(bits)
{
	struct nk_privatekey k;
	uint8_t der[256];
	size_t len, i;
	int bit;

	if (elements[_i].want != 0 || strstr(elements[_i].hex, SEED) != NULL ||
	    strstr(elements[_i].hex, X) == NULL)
		return;		/* without a public half any seed is a key */
	len = unhex(elements[_i].hex, der, sizeof(der));
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			der[i] ^= (uint8_t)(1 << bit);
			ck_assert_msg(read_der(elements[_i].label, der, len,
			    &k) < 0, "%s: %zu", elements[_i].what, i);
			der[i] ^= (uint8_t)(1 << bit);
		}
	}
}
END_TEST

START_TEST(rfc8410)
{
	uint8_t der[256], point[32];
	struct nk_privatekey k;
	size_t len;

	len = unhex(elements[0].hex, der, sizeof(der));
	ck_assert_int_eq(read_der(PKCS8, der, len, &k), 0);
	(void)unhex(EDPUB, point, sizeof(point));
	ck_assert_uint_eq(k.blob_len, 51);
	ck_assert_mem_eq(k.blob + 19, point, sizeof(point));
	nk_privatekey_clear(&k);
}
END_TEST

/* ---- the numbers of an RSA key ---- */

enum number {
	N, E, EXPONENT, P, Q, DP, DQ, IQMP, NUMBERS,
};

enum change {
	NONE,
	PLUS_2,			/* the bit above the lowest is another */
	EVEN,
	ZERO,
	ONE,
	NEGATIVE,
	ZERO_BEFORE,
	GONE,
	TWICE,
	SWAPPED,		/* with the next number */
};

static const struct {
	const char	*what;
	enum number	 which;
	enum change	 change;
	uint8_t		 version;
	int		 want;
} numbers[] = {
	{ "as it is",			N, NONE, 0, 0 },
	{ "three primes",		N, NONE, 1, -EBADMSG },
	{ "another modulus",		N, PLUS_2, 0, -EBADMSG },
	{ "even modulus",		N, EVEN, 0, -EBADMSG },
	{ "modulus 0",			N, ZERO, 0, -EBADMSG },
	{ "modulus 1",			N, ONE, 0, -EPERM },
	{ "negative modulus",		N, NEGATIVE, 0, -EBADMSG },
	{ "long modulus",		N, ZERO_BEFORE, 0, -EBADMSG },
	{ "no modulus",			N, GONE, 0, -EBADMSG },
	{ "modulus and e swapped",	N, SWAPPED, 0, -EBADMSG },
	{ "another e",			E, PLUS_2, 0, -EBADMSG },
	{ "even e",			E, EVEN, 0, -EBADMSG },
	{ "e 0",			E, ZERO, 0, -EBADMSG },
	{ "e 1",			E, ONE, 0, -EBADMSG },
	{ "long e",			E, ZERO_BEFORE, 0, -EBADMSG },
	{ "e and d swapped",		E, SWAPPED, 0, -EBADMSG },
	{ "another d",			EXPONENT, PLUS_2, 0, -EBADMSG },
	{ "d 0",			EXPONENT, ZERO, 0, -EBADMSG },
	{ "d 1",			EXPONENT, ONE, 0, -EBADMSG },
	{ "negative d",			EXPONENT, NEGATIVE, 0, -EBADMSG },
	{ "long d",			EXPONENT, ZERO_BEFORE, 0, -EBADMSG },
	{ "no d",			EXPONENT, GONE, 0, -EBADMSG },
	{ "d twice",			EXPONENT, TWICE, 0, -EBADMSG },
	{ "another p",			P, PLUS_2, 0, -EBADMSG },
	{ "even p",			P, EVEN, 0, -EBADMSG },
	{ "p 0",			P, ZERO, 0, -EBADMSG },
	{ "p 1",			P, ONE, 0, -EBADMSG },
	{ "long p",			P, ZERO_BEFORE, 0, -EBADMSG },
	{ "p and q swapped",		P, SWAPPED, 0, -EBADMSG },
	{ "another q",			Q, PLUS_2, 0, -EBADMSG },
	{ "q 1",			Q, ONE, 0, -EBADMSG },
	{ "q 0",			Q, ZERO, 0, -EBADMSG },
	{ "another dp",			DP, PLUS_2, 0, -EBADMSG },
	{ "dp 0",			DP, ZERO, 0, -EBADMSG },
	{ "dp and dq swapped",		DP, SWAPPED, 0, -EBADMSG },
	{ "another dq",			DQ, PLUS_2, 0, -EBADMSG },
	{ "dq 1",			DQ, ONE, 0, -EBADMSG },
	{ "another iqmp",		IQMP, PLUS_2, 0, -EBADMSG },
	{ "iqmp 0",			IQMP, ZERO, 0, -EBADMSG },
	{ "negative iqmp",		IQMP, NEGATIVE, 0, -EBADMSG },
	{ "no iqmp",			IQMP, GONE, 0, -EBADMSG },
	{ "iqmp twice",			IQMP, TWICE, 0, -EBADMSG },
};

static void
put(struct nk_secret *s, const struct nk_wire *n, enum change change)
{
	static const uint8_t zero, one = 1;
	const size_t at = s->len;

	if (change == ZERO || change == ONE) {
		ck_assert_int_eq(nk_secretder_put_number(s, change == ZERO ?
		    &zero : &one, 1), 0);
		return;
	}
	if (change == GONE)
		return;
	if (change == ZERO_BEFORE) {
		ck_assert_int_eq(nk_secretder_put_header(s, NK_DER_INTEGER,
		    n->left + 2), 0);
		ck_assert_int_eq(nk_secret_append(s, "\0", 2), 0);
		ck_assert_int_eq(nk_secret_append(s, n->p, n->left), 0);
		return;
	}
	ck_assert_int_eq(nk_secretder_put_number(s, n->p, n->left), 0);
	if (change == PLUS_2)
		s->p[s->len - 1] ^= 2;
	if (change == EVEN)
		s->p[s->len - 1] ^= 1;
	if (change == NEGATIVE)		/* the first byte behind the header */
		s->p[s->p[at + 1] == 0x81 ? at + 3 : at + 2] |= 0x80;
	if (change == TWICE)
		put(s, n, NONE);
}

START_TEST(number)
{
	struct nk_secret body = NK_SECRET_NONE, raw = NK_SECRET_NONE;
	struct nk_secret content = NK_SECRET_NONE, der = NK_SECRET_NONE;
	const enum number which = numbers[_i].which;
	struct nk_wire w, all, n[NUMBERS], swap;
	struct nk_privatekey k;
	const char *s;
	uint8_t version;
	int i, r;

	for (s = strchr(RSA_PKCS1, '\n'); *s != '-'; s++) {
		if (*s != '\n')
			ck_assert_int_eq(nk_secret_append(&body, s, 1), 0);
	}
	ck_assert_int_eq(nk_secretbase64_decode((const char *)body.p,
	    body.len, &raw), 0);
	all = (struct nk_wire){ raw.p, raw.len };
	ck_assert_int_eq(nk_der_get(&all, NK_DER_SEQUENCE, &w), 0);
	ck_assert_int_eq(nk_der_get_version(&w, &version), 0);
	for (i = 0; i < NUMBERS; i++)
		ck_assert_int_eq(nk_der_get_positive(&w, &n[i]), 0);
	if (numbers[_i].change == SWAPPED) {
		swap = n[which];
		n[which] = n[which + 1];
		n[which + 1] = swap;
	}
	ck_assert_int_eq(nk_secretder_put_number(&content,
	    &numbers[_i].version, 1), 0);
	for (i = 0; i < NUMBERS; i++)
		put(&content, &n[i], i == (int)which ? numbers[_i].change :
		    NONE);
	ck_assert_int_eq(nk_secretder_put(&der, NK_DER_SEQUENCE, content.p,
	    content.len), 0);
	r = read_der("RSA PRIVATE KEY", der.p, der.len, &k);
	ck_assert_msg(r == numbers[_i].want, "%s: %d", numbers[_i].what, r);
	nk_privatekey_clear(&k);
	nk_secret_clear(&body);
	nk_secret_clear(&raw);
	nk_secret_clear(&content);
	nk_secret_clear(&der);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_privatekey_der");
	TCase *tc = tcase_create("der");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, element, 0, COUNT(elements));
	tcase_add_loop_test(tc, bits, 0, COUNT(elements));
	tcase_add_test(tc, rfc8410);
	tcase_add_loop_test(tc, number, 0, COUNT(numbers));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
