/* SPDX-License-Identifier: ISC */

/* The pictures that ssh-keygen -lv (OpenSSH 9.2) draws of the test's keys. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/randomart.h"
#include "tests/unit/ssh_keys.h"

/* Under the title; a certificate has its key's. */
static const char *const boards[KEY_CERT_ED25519] = {
	[KEY_ED25519] =
	    "| . o*o= .   .oEo=|\n"
	    "|  *..& o   . * o |\n"
	    "| . =B B     B = .|\n"
	    "|  .. B * . + * o |\n"
	    "|    + = S . o o  |\n"
	    "|     . o   .     |\n"
	    "|      .          |\n"
	    "|                 |\n"
	    "|                 |\n"
	    "+----[SHA256]-----+",
	[KEY_RSA2048] =
	    "|          .+=+=B*|\n"
	    "|         ...o o++|\n"
	    "|        .  .+o.o+|\n"
	    "|         ....*o. |\n"
	    "|      . S .=  E  |\n"
	    "|       o o= o    |\n"
	    "|      . +. +     |\n"
	    "|    . .+=.       |\n"
	    "|     B*+*B.      |\n"
	    "+----[SHA256]-----+",
	[KEY_P256] =
	    "|   .o ...    .. o|\n"
	    "|   . o o o  .  ..|\n"
	    "|    . o B  .   . |\n"
	    "|       + O..   ..|\n"
	    "|        S =.o o.o|\n"
	    "|         = Eo* ++|\n"
	    "|        . . .o=**|\n"
	    "|         . o  o+@|\n"
	    "|          . ...+*|\n"
	    "+----[SHA256]-----+",
	[KEY_P384] =
	    "|    . .          |\n"
	    "|   + o .         |\n"
	    "|. . = =          |\n"
	    "|o... X o         |\n"
	    "|.o..o.O S E      |\n"
	    "|. ..*= o . .     |\n"
	    "|.  = .=.o ..     |\n"
	    "|oo.   .+o++o     |\n"
	    "|+o+. .o oXB      |\n"
	    "+----[SHA256]-----+",
	[KEY_P521] =
	    "|                 |\n"
	    "|                 |\n"
	    "|              .  |\n"
	    "|         o ..oo  |\n"
	    "|        S = .*=..|\n"
	    "|         o * O*oo|\n"
	    "|        . o Oo+oo|\n"
	    "|         . =.=.oO|\n"
	    "|          ++**EXX|\n"
	    "+----[SHA256]-----+",
	[KEY_SK_ED25519] =
	    "|       **  .o. oo|\n"
	    "|      +B   oo.+o.|\n"
	    "|     .+.+ + .+*..|\n"
	    "|      .. + + = =.|\n"
	    "|        S . B o o|\n"
	    "|         = X o . |\n"
	    "|        E * B   .|\n"
	    "|           = o . |\n"
	    "|            . .  |\n"
	    "+----[SHA256]-----+",
	[KEY_SK_P256] =
	    "|                 |\n"
	    "|      .. .       |\n"
	    "|     ..+. * . .. |\n"
	    "|    o.o .O =....o|\n"
	    "|     o.ES = .= o.|\n"
	    "|    .  + + .+*= .|\n"
	    "|     o...oo.++o. |\n"
	    "|    o o.o.=..    |\n"
	    "|     ooo.o oo.   |\n"
	    "+----[SHA256]-----+",
};

static const struct {
	const char	*title;
	const char	*name;
} titles[KEY_COUNT] = {
	[KEY_ED25519] = { "+--[ED25519 256]--+",
	    "ED25519" },
	[KEY_RSA2048] = { "+---[RSA 2048]----+",
	    "RSA" },
	[KEY_P256] = { "+---[ECDSA 256]---+",
	    "ECDSA" },
	[KEY_P384] = { "+---[ECDSA 384]---+",
	    "ECDSA" },
	[KEY_P521] = { "+---[ECDSA 521]---+",
	    "ECDSA" },
	[KEY_SK_ED25519] = { "+[ED25519-SK 256]-+",
	    "ED25519-SK" },
	[KEY_SK_P256] = { "+-[ECDSA-SK 256]--+",
	    "ECDSA-SK" },
	[KEY_CERT_ED25519] = { "+-[ED25519-CERT]--+",
	    "ED25519-CERT" },
	[KEY_CERT_RSA2048] = { "+-[RSA-CERT 2048]-+",
	    "RSA-CERT" },
	[KEY_CERT_P256] = { "+[ECDSA-CERT 256]-+",
	    "ECDSA-CERT" },
	[KEY_CERT_P384] = { "+[ECDSA-CERT 384]-+",
	    "ECDSA-CERT" },
	[KEY_CERT_P521] = { "+[ECDSA-CERT 521]-+",
	    "ECDSA-CERT" },
	[KEY_CERT_SK_ED25519] = { "+[ED25519-SK-CERT-+",
	    "ED25519-SK-CERT" },
	[KEY_CERT_SK_P256] = { "+-[ECDSA-SK-CERT]-+",
	    "ECDSA-SK-CERT" },
};

static const struct nk_keytype *
type_of(int i)
{
	const struct nk_keytype *type = nk_keytype_find(ssh_keys[i].type,
	    strlen(ssh_keys[i].type));

	ck_assert_ptr_nonnull(type);
	return type;
}

/* The picture of the key, with as many bits as it shall say. */
static char *
picture(int i, unsigned int bits)
{
	const char *base64 = ssh_keys[i].base64;
	uint8_t *blob = NULL;
	char *text = NULL;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(base64, strlen(base64), &blob,
	    &len), 0);
	ck_assert_int_eq(nk_randomart(blob, len, type_of(i), bits, &text),
	    0);
	free(blob);
	return text;
}

START_TEST(as_ssh_keygen)
{
	char want[512], *text = picture(_i, ssh_keys[_i].bits);

	(void)snprintf(want, sizeof(want), "%s\n%s", titles[_i].title,
	    boards[_i % KEY_CERT_ED25519]);
	ck_assert_str_eq(text, want);
	free(text);
}
END_TEST

START_TEST(short_names)
{
	ck_assert_str_eq(nk_keytype_short(type_of(_i)), titles[_i].name);
}
END_TEST

/* The number goes where there is no room for it, and the frame stays. */
static const struct {
	int		 key;
	unsigned int	 bits;
	const char	*title;
} long_titles[] = {
	{ KEY_RSA2048,		16384,	"+---[RSA 16384]---+\n" },
	{ KEY_CERT_RSA2048,	16384,	"+[RSA-CERT 16384]-+\n" },
	{ KEY_CERT_RSA2048,	100000,	"+[RSA-CERT 100000-+\n" },
	{ KEY_CERT_RSA2048,	1000000, "+---[RSA-CERT]----+\n" },
	{ KEY_ED25519,		4294967295u, "+----[ED25519]----+\n" },
};

START_TEST(long_title)
{
	char *text = picture(long_titles[_i].key, long_titles[_i].bits);
	const char *title = long_titles[_i].title;

	ck_assert_msg(strncmp(text, title, strlen(title)) == 0, "%s", text);
	ck_assert_uint_eq(strlen(text), 11 * 20 - 1);
	free(text);
}
END_TEST

START_TEST(cut_certificate)
{
	const char *base64 = CERT_P256_BASE64;
	uint8_t *blob = NULL;
	char here, *text = &here;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(base64, strlen(base64), &blob,
	    &len), 0);
	ck_assert_int_eq(nk_randomart(blob, 50, type_of(KEY_CERT_P256), 256,
	    &text), -EBADMSG);
	ck_assert_ptr_null(text);
	free(blob);
}
END_TEST

int
main(void)
{
	const int n = (int)(sizeof(long_titles) / sizeof(long_titles[0]));
	Suite *suite = suite_create("ssh randomart");
	TCase *tc = tcase_create("randomart");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, as_ssh_keygen, 0, KEY_COUNT);
	tcase_add_loop_test(tc, short_names, 0, KEY_COUNT);
	tcase_add_loop_test(tc, long_title, 0, n);
	tcase_add_test(tc, cut_certificate);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
