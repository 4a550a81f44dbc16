/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyline.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(s), sizeof(s) - 1

#define ED		"ssh-ed25519 " ED25519_BASE64
#define EC		"ecdsa-sha2-nistp256 " P256_BASE64
#define SPKI_ED25519	"MCowBQYDK2VwAyEAQS/O180Q6VGADaaU" \
			"wB759z3qzszI7vvElA2NPpSc22E="

static const struct nk_keypolicy policy = { 2048, 16384, 400, { 9, 2 } };

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* All fields but the kind must be as nobody had touched them. */
static void
assert_empty(const struct nk_keyline *l)
{
	ck_assert_ptr_null(l->options);
	ck_assert_ptr_null(l->type);
	ck_assert_ptr_null(l->blob);
	ck_assert_uint_eq(l->blob_len, 0);
	ck_assert_ptr_null(l->base64);
	ck_assert_ptr_null(l->comment);
}

static const struct {
	const char		*text;
	enum nk_keyline_kind	 kind;
	const char		*options;
	const char		*comment;
	const char		*formatted;	/* NULL: as text */
} accepted[] = {
	{ ED, NK_LINE_KEY, NULL, NULL, NULL },
	{ ED " alice@example.org", NK_LINE_KEY, NULL, "alice@example.org",
	    NULL },
	{ " \t" ED "\t  a  b\tc \t", NK_LINE_KEY, NULL, "a  b\tc",
	    ED " a  b\tc" },
	{ "ssh-ed25519\t " ED25519_BASE64 " ", NK_LINE_KEY, NULL, NULL, ED },
	{ ED " # no comment of ours", NK_LINE_KEY, NULL,
	    "# no comment of ours", NULL },
	{ ED " \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", NK_LINE_KEY, NULL,
	    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", NULL },
	{ ED " \"quote", NK_LINE_KEY, NULL, "\"quote", NULL },
	{ "restrict " ED, NK_LINE_KEY, "restrict", NULL, NULL },
	{ "Restrict,PTY \t" ED " x", NK_LINE_KEY, "Restrict,PTY", "x",
	    "Restrict,PTY " ED " x" },
	{ "command=\"a \\\"ssh-rsa\\\" b\",no-pty " ED, NK_LINE_KEY,
	    "command=\"a \\\"ssh-rsa\\\" b\",no-pty", NULL, NULL },
	{ "from=\"192.0.2.0/24,*.example.org\" " EC " x", NK_LINE_KEY,
	    "from=\"192.0.2.0/24,*.example.org\"", "x", NULL },
	{ "cert-authority,principals=\"alice,bob\" " ED, NK_LINE_KEY,
	    "cert-authority,principals=\"alice,bob\"", NULL, NULL },
	{ "# a comment", NK_LINE_COMMENT, NULL, "# a comment", NULL },
	{ "#", NK_LINE_COMMENT, NULL, "#", NULL },
	{ " \t# with blanks ", NK_LINE_COMMENT, NULL, " \t# with blanks ",
	    NULL },
	{ "#" ED, NK_LINE_COMMENT, NULL, "#" ED, NULL },
	{ "", NK_LINE_BLANK, NULL, NULL, NULL },
	{ " \t ", NK_LINE_BLANK, NULL, NULL, "" },
};

START_TEST(accept)
{
	const char *text = accepted[_i].text, *why = "";
	struct nk_keyline l, again;
	char *out = NULL;
	size_t len = 0;
	int r = nk_keyline_parse(text, strlen(text), &policy, &l, &why);

	ck_assert_msg(r == 0, "%.40s: %d: %s", text, r, why);
	ck_assert_int_eq(l.kind, accepted[_i].kind);
	ck_assert_msg(same(l.options, accepted[_i].options), "%.40s: %s",
	    text, l.options);
	ck_assert_msg(same(l.comment, accepted[_i].comment), "%.40s: %s",
	    text, l.comment);
	ck_assert_int_eq(nk_keyline_format(&l, &out, &len), 0);
	ck_assert_str_eq(out, accepted[_i].formatted == NULL ? text :
	    accepted[_i].formatted);
	ck_assert_uint_eq(len, strlen(out));
	ck_assert_int_eq(nk_keyline_parse(out, len, &policy, &again, NULL),
	    0);
	ck_assert(nk_keyline_equal(&l, &again));
	free(out);
	nk_keyline_clear(&again);
	nk_keyline_clear(&l);
	assert_empty(&l);
}
END_TEST

START_TEST(every_type)
{
	const struct ssh_key *k = &ssh_keys[_i];
	struct nk_keyline l;
	char line[4096];
	int n = snprintf(line, sizeof(line), "%s %s %s", k->type, k->base64,
	    "x");

	ck_assert_int_eq(nk_keyline_parse(line, (size_t)n, &policy, &l, NULL),
	    0);
	ck_assert_str_eq(l.type, k->type);
	ck_assert_str_eq(l.base64, k->base64);
	ck_assert_uint_eq(l.bits, k->bits);
	ck_assert_uint_gt(l.blob_len, 50);
	ck_assert_int_eq(l.certificate, _i >= KEY_CERT_ED25519);
	ck_assert(!l.cert_authority);
	nk_keyline_clear(&l);

	n = snprintf(line, sizeof(line), "cert-authority %s %s", k->type,
	    k->base64);
	ck_assert_int_eq(nk_keyline_parse(line, (size_t)n, &policy, &l, NULL),
	    _i >= KEY_CERT_ED25519 ? -EPERM : 0);
	ck_assert(l.cert_authority == (_i < KEY_CERT_ED25519));
	nk_keyline_clear(&l);
}
END_TEST

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
	int		 want;
	const char	*why;
} refused[] = {
	{ "one word", RAW("hello"), -EBADMSG, "no public key" },
	{ "prose", RAW("please add my key"), -EBADMSG, "no public key" },
	{ "an address", RAW("https://example.org/key.pub"), -EBADMSG,
	    "no public key" },
	{ "type alone", RAW("ssh-ed25519"), -EBADMSG, "ends after" },
	{ "type and blanks", RAW("ssh-ed25519 \t "), -EBADMSG, "ends after" },
	{ "key alone", RAW(ED25519_BASE64), -EBADMSG, "type before the key" },
	{ "key and comment", RAW(ED25519_BASE64 " alice"), -EBADMSG,
	    "type before the key" },
	{ "options alone", RAW("restrict"), -EBADMSG, "no public key" },
	{ "options and type", RAW("restrict ssh-ed25519"), -EBADMSG,
	    "ends after" },
	{ "type twice", RAW("ssh-ed25519 " ED), -EBADMSG, "base64" },
	{ "options behind the type", RAW("ssh-ed25519 restrict "
	    ED25519_BASE64), -EBADMSG, "damaged" },
	{ "two words of options", RAW("restrict, pty " ED), -EBADMSG,
	    "no public key" },
	{ "blank in options", RAW("command=ls -l " ED), -EBADMSG,
	    "no public key" },
	{ "open quote", RAW("command=\"ls " ED), -EBADMSG, "not closed" },
	{ "escaped quote", RAW("command=\"ls\\\" " ED), -EBADMSG,
	    "not closed" },
	{ "bad option", RAW("restrict,nonsense " ED), -EBADMSG, "no such" },
	{ "bad option value", RAW("from=\"\" " ED), -EBADMSG, "empty entry" },
	{ "known_hosts line", RAW("host.example.org " ED), -EBADMSG,
	    "no such" },
	{ "marked known_hosts line", RAW("@cert-authority *.org " ED),
	    -EBADMSG, "no public key" },
	{ "SSH 1", RAW("2048 35 1234567890 alice"), -EBADMSG,
	    "no public key" },
	{ "capital type", RAW("SSH-ED25519 " ED25519_BASE64), -EBADMSG,
	    "no public key" },
	{ "type in quotes", RAW("\"ssh-ed25519\" " ED25519_BASE64),
	    -EBADMSG, "type" },
	{ "DSA", RAW("ssh-dss " DSA_BASE64), -EPERM, "DSA keys" },
	{ "DSA behind options", RAW("restrict ssh-dss " DSA_BASE64), -EPERM,
	    "DSA keys" },
	{ "DSA under another type", RAW("ssh-rsa " DSA_BASE64), -EPERM,
	    "DSA keys" },
	{ "DSA certificate", RAW("ssh-dss-cert-v01@openssh.com AAAA"),
	    -EPERM, "DSA keys" },
	{ "signature algorithm", RAW("rsa-sha2-512 " RSA2048_BASE64),
	    -EPERM, "name signatures" },
	{ "webauthn", RAW("webauthn-sk-ecdsa-sha2-nistp256@openssh.com "
	    SK_P256_BASE64), -EPERM, "webauthn" },
	{ "X.509", RAW("x509v3-ssh-rsa AAAA"), -EPERM, "X.509" },
	{ "unknown curve", RAW("ecdsa-sha2-nistp224 AAAA"), -EPERM,
	    "elliptic curve" },
	{ "unknown ssh- type", RAW("ssh-xmss@openssh.com AAAA"), -EPERM,
	    "not taken" },
	{ "unknown security key", RAW("sk-ssh-rsa@openssh.com AAAA"),
	    -EPERM, "security key" },
	{ "old certificate", RAW("ssh-rsa-cert-v00@openssh.com AAAA"),
	    -EPERM, "v00" },
	{ "small RSA", RAW("ssh-rsa " RSA1024_BASE64), -EPERM, "smaller" },
	{ "host certificate",
	    RAW("ssh-ed25519-cert-v01@openssh.com " HOST_CERT_BASE64), -EPERM,
	    "host's certificate" },
	{ "other type", RAW("ssh-rsa " ED25519_BASE64), -EBADMSG,
	    "another type" },
	{ "other curve", RAW("ecdsa-sha2-nistp384 " P256_BASE64), -EBADMSG,
	    "another type" },
	{ "security key as plain", RAW("ssh-ed25519 " SK_ED25519_BASE64),
	    -EBADMSG, "another type" },
	{ "certificate as plain", RAW("ssh-ed25519 " CERT_ED25519_BASE64),
	    -EBADMSG, "another type" },
	{ "plain as certificate",
	    RAW("ssh-ed25519-cert-v01@openssh.com " ED25519_BASE64),
	    -EBADMSG, "another type" },
	{ "no padding", RAW("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ"),
	    -EBADMSG, "base64" },
	{ "cut base64", RAW("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA"),
	    -EBADMSG, "cut" },
	{ "base64 with =", RAW(ED "="), -EBADMSG, "base64" },
	{ "comment glued on", RAW(ED "@host"), -EBADMSG, "base64" },
	{ "base64 in two", RAW("ssh-ed25519 AAAAC3NzaC1lZDI1 NTE5"),
	    -EBADMSG, "key" },
	{ "NUL in front", RAW("\0" ED), -EBADMSG, "control" },
	{ "NUL in the key", RAW("ssh-ed25519 AAAA\0C3Nz"), -EBADMSG,
	    "control" },
	{ "NUL behind", RAW(ED "\0"), -EBADMSG, "control" },
	{ "newline behind", RAW(ED "\n"), -EBADMSG, "control" },
	{ "two lines", RAW(ED "\n" ED), -EBADMSG, "control" },
	{ "line in the comment", RAW(ED " x\n" ED), -EBADMSG, "control" },
	{ "line in a comment line", RAW("# x\n" ED), -EBADMSG, "control" },
	{ "carriage return", RAW(ED "\r"), -EBADMSG, "control" },
	{ "carriage return inside", RAW(ED " a\rb"), -EBADMSG, "control" },
	{ "vertical tab", RAW("\v" ED), -EBADMSG, "control" },
	{ "form feed", RAW("ssh-ed25519\f" ED25519_BASE64), -EBADMSG,
	    "control" },
	{ "escape", RAW(ED " \033[31m"), -EBADMSG, "control" },
	{ "DEL", RAW(ED " \177"), -EBADMSG, "control" },
	{ "C1 control", RAW(ED " \xc2\x85"), -EBADMSG, "control" },
	{ "line separator", RAW(ED " \xe2\x80\xa8"), -EBADMSG, "control" },
	{ "paragraph separator", RAW(ED " \xe2\x80\xa9"), -EBADMSG,
	    "control" },
	{ "right to left override", RAW(ED " \xe2\x80\xae"), -EBADMSG,
	    "control" },
	{ "isolate", RAW(ED " \xe2\x81\xa6"), -EBADMSG, "control" },
	{ "lone byte", RAW(ED " \xff"), -EBADMSG, "UTF-8" },
	{ "Latin-1", RAW(ED " M\xfcller"), -EBADMSG, "UTF-8" },
	{ "cut character", RAW(ED " \xe2\x82"), -EBADMSG, "UTF-8" },
	{ "continuation alone", RAW(ED " \x82"), -EBADMSG, "UTF-8" },
	{ "overlong", RAW(ED " \xc0\xaf"), -EBADMSG, "UTF-8" },
	{ "overlong of three", RAW(ED " \xe0\x80\xaf"), -EBADMSG, "UTF-8" },
	{ "overlong of four", RAW(ED " \xf0\x80\x80\xaf"), -EBADMSG,
	    "UTF-8" },
	{ "surrogate", RAW(ED " \xed\xa0\x80"), -EBADMSG, "UTF-8" },
	{ "beyond Unicode", RAW(ED " \xf4\x90\x80\x80"), -EBADMSG, "UTF-8" },
	{ "five bytes", RAW(ED " \xf8\x88\x80\x80\x80"), -EBADMSG, "UTF-8" },
	{ "byte order mark", RAW("\xef\xbb\xbf" ED), -EBADMSG,
	    "no public key" },
	{ "UTF-16", RAW("s\0s\0h\0-\0"), -EBADMSG, "control" },
	{ "private key", RAW("-----BEGIN OPENSSH PRIVATE KEY-----"), -EPERM,
	    "private key" },
	{ "private key in a comment",
	    RAW("# -----BEGIN RSA PRIVATE KEY----- MIIE"), -EPERM,
	    "private key" },
	{ "private key as comment of a key",
	    RAW(ED " -----BEGIN EC PRIVATE KEY-----"), -EPERM,
	    "private key" },
	{ "private body as key", RAW("ssh-ed25519 b3BlbnNzaC1rZXktdjEAAAAA"),
	    -EPERM, "private key" },
	{ "PEM", RAW("-----BEGIN PUBLIC KEY-----"), -EBADMSG,
	    "no public key" },
};

START_TEST(refuse)
{
	const char *why = "";
	struct nk_keyline l;
	int r = nk_keyline_parse(refused[_i].text, refused[_i].len, &policy,
	    &l, &why);

	ck_assert_msg(r == refused[_i].want, "%s: got %d: %s",
	    refused[_i].what, r, why);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s: %s",
	    refused[_i].what, why);
	assert_empty(&l);
	ck_assert_int_eq(nk_keyline_parse(refused[_i].text, refused[_i].len,
	    &policy, &l, NULL), refused[_i].want);
}
END_TEST

START_TEST(line_limit)
{
	struct nk_keypolicy p = policy;
	const char *why = NULL;
	struct nk_keyline l;

	p.line_max = sizeof(ED) - 1;
	ck_assert_int_eq(nk_keyline_parse(RAW(ED), &p, &l, &why), 0);
	nk_keyline_clear(&l);
	p.line_max--;
	ck_assert_int_eq(nk_keyline_parse(RAW(ED), &p, &l, &why), -E2BIG);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(nk_keyline_parse(RAW("# -----BEGIN PRIVATE KEY---"
	    "-- that is longer than the limit of this policy, yet says why"),
	    &p, &l, &why), -EPERM);
}
END_TEST

START_TEST(huge_line)
{
	char *text = calloc(1, NK_KEYTEXT_MAX + 1);
	struct nk_keylines ls;
	struct nk_keyline l;

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', NK_KEYTEXT_MAX + 1);
	ck_assert_int_eq(nk_keyline_parse(text, NK_KEYTEXT_MAX + 1, &policy,
	    &l, NULL), -E2BIG);
	ck_assert_int_eq(nk_keylines_parse(text, NK_KEYTEXT_MAX + 1, &policy,
	    &ls, NULL, NULL), -E2BIG);
	free(text);
}
END_TEST

START_TEST(sshd_is_too_old)
{
	struct nk_keypolicy p = policy;
	struct nk_keyline l;

	p.sshd = (struct nk_sshd_version){ 7, 1 };
	ck_assert_int_eq(nk_keyline_parse(RAW("no-pty " ED), &p, &l, NULL),
	    0);
	nk_keyline_clear(&l);
	ck_assert_int_eq(nk_keyline_parse(RAW("restrict " ED), &p, &l, NULL),
	    -EPERM);
	ck_assert_int_eq(nk_keyline_parse(RAW(
	    "sk-ssh-ed25519@openssh.com " SK_ED25519_BASE64), &p, &l, NULL),
	    -EPERM);
}
END_TEST

static const struct {
	const char	*a, *b;
	bool		 want;
} equals[] = {
	{ ED, ED, true },
	{ ED " x", "\t" ED "\t x ", true },
	{ "", "  ", true },
	{ "# a", "# a", true },
	{ ED, EC, false },
	{ ED, ED " x", false },
	{ ED " x", ED " y", false },
	{ "pty " ED, ED, false },
	{ "pty " ED, "PTY " ED, false },
	{ "# a", "#a", false },
	{ "# a", "", false },
	{ ED, "", false },
	{ "ssh-ed25519-cert-v01@openssh.com " CERT_ED25519_BASE64, ED, false },
};

START_TEST(equal)
{
	struct nk_keyline a, b;

	ck_assert_int_eq(nk_keyline_parse(equals[_i].a, strlen(equals[_i].a),
	    &policy, &a, NULL), 0);
	ck_assert_int_eq(nk_keyline_parse(equals[_i].b, strlen(equals[_i].b),
	    &policy, &b, NULL), 0);
	ck_assert(nk_keyline_equal(&a, &b) == equals[_i].want);
	ck_assert(nk_keyline_equal(&b, &a) == equals[_i].want);
	ck_assert(nk_keyline_equal(&a, &a));
	nk_keyline_clear(&a);
	nk_keyline_clear(&b);
}
END_TEST

/*** Texts ***/

#define SSH2_BEGIN	"---- BEGIN SSH2 PUBLIC KEY ----\n"
#define SSH2_END	"---- END SSH2 PUBLIC KEY ----\n"
#define SSH2(headers)	SSH2_BEGIN headers ED25519_BASE64 "\n" SSH2_END
#define PEM(type, body)	"-----BEGIN " type "-----\n" body "\n" \
			    "-----END " type "-----\n"
#define SPKI_P256 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhQm6djy1u0PwphaLPKLdbTlMNj9A\n" \
	"EYXatnPued03u6bVjD2z14XO7Em1cce8PacjJSRxbLVwP4hJz+t/AjxwsA=="
#define PKCS1_2048 \
	"MIIBCgKCAQEAwFiaXPhZuxMVPlzBPUMt4nqn2YviW39pVhxQu6yN3HHDtDkczQfu\n" \
	"7a/9hxqvLIRxR4w4YSUOAEZbkl85VC6IUCBZdrNzqkf//n/NprwbViCopxfwARWs\n" \
	"9kHlh+9Rg3Lxcw+zDMFEBaD/Y7bifHq3USfIg4ddocG5WAsK2OSWtWqZ4tBLNDjg\n" \
	"sNwHmtqOX2GIt9AXy/JDP/9BovyypD4LjVHq1uLYB4qROtwgQPEDWTdKOVzGqNpM\n" \
	"3ocIWbYCUCwqPU3Q9LM2QkrO1iDnBHT7l62LMRs3+mUTCxR9TFlsv/RY/qOYH/2l\n" \
	"aVTSp985fYOE71aqc9NO0IlevQoOtb66UQIDAQAB"
#define SPKI_2048 \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwFiaXPhZuxMVPlzBPUMt\n" \
	"4nqn2YviW39pVhxQu6yN3HHDtDkczQfu7a/9hxqvLIRxR4w4YSUOAEZbkl85VC6I\n" \
	"UCBZdrNzqkf//n/NprwbViCopxfwARWs9kHlh+9Rg3Lxcw+zDMFEBaD/Y7bifHq3\n" \
	"USfIg4ddocG5WAsK2OSWtWqZ4tBLNDjgsNwHmtqOX2GIt9AXy/JDP/9BovyypD4L\n" \
	"jVHq1uLYB4qROtwgQPEDWTdKOVzGqNpM3ocIWbYCUCwqPU3Q9LM2QkrO1iDnBHT7\n" \
	"l62LMRs3+mUTCxR9TFlsv/RY/qOYH/2laVTSp985fYOE71aqc9NO0IlevQoOtb66\n" \
	"UQIDAQAB"

/* Texts and the lines that they are, each formatted and ended by "|". */
static const struct {
	const char	*what;
	const char	*text;
	const char	*lines;
} texts[] = {
	{ "nothing", "", "" },
	{ "byte order mark alone", "\xef\xbb\xbf", "" },
	{ "one line", ED, ED "|" },
	{ "one line and its end", ED "\n", ED "|" },
	{ "CRLF", ED "\r\n" EC " x\r\n", ED "|" EC " x|" },
	{ "CRLF inside only", ED "\r\n" EC, ED "|" EC "|" },
	{ "byte order mark", "\xef\xbb\xbf" ED "\n", ED "|" },
	{ "byte order mark and CRLF", "\xef\xbb\xbf# x\r\n" ED "\r\n",
	    "# x|" ED "|" },
	{ "blank lines", "\n\n" ED "\n \n", "||" ED "||" },
	{ "comments", "# a\n" ED "\n  # b\n", "# a|" ED "|  # b|" },
	{ "the same twice", ED "\n" ED "\n", ED "|" ED "|" },
	{ "options", "restrict " ED "\npty " ED "\n",
	    "restrict " ED "|pty " ED "|" },
	{ "RFC 4716", SSH2(""), ED "|" },
	{ "RFC 4716, no newline behind", SSH2_BEGIN ED25519_BASE64
	    "\n---- END SSH2 PUBLIC KEY ----", ED "|" },
	{ "RFC 4716, comment", SSH2("Comment: alice's key\n"),
	    ED " alice's key|" },
	{ "RFC 4716, quoted comment", SSH2("COMMENT:\"a \"b\" c\"  \n"),
	    ED " a \"b\" c|" },
	{ "RFC 4716, empty comment", SSH2("Comment: \"\"\n"), ED "|" },
	{ "RFC 4716, long comment", SSH2("Comment: alice \\\nand\\\n bob\n"),
	    ED " alice and bob|" },
	{ "RFC 4716, other headers",
	    SSH2("Subject: alice\nx-foo: a\\\nb: c\nComment: x\n"),
	    ED " x|" },
	{ "RFC 4716, wrapped", SSH2_BEGIN "AAAAC3NzaC1lZDI1NTE5AAAAIEEvztf"
	    "NEOlRgA2mlMAe\r\n+fc96s7MyO77xJQNjT6UnNth\r\n" SSH2_END,
	    ED "|" },
	{ "RFC 4716 among lines", "# a\n" SSH2("Comment: x\n") "\n" EC "\n",
	    "# a|" ED " x||" EC "|" },
	{ "PEM, Ed25519", PEM("PUBLIC KEY", SPKI_ED25519), ED "|" },
	{ "PEM, ECDSA", PEM("PUBLIC KEY", SPKI_P256), EC "|" },
	{ "PEM, RSA", PEM("PUBLIC KEY", SPKI_2048),
	    "ssh-rsa " RSA2048_BASE64 "|" },
	{ "PKCS#1", PEM("RSA PUBLIC KEY", PKCS1_2048),
	    "ssh-rsa " RSA2048_BASE64 "|" },
	{ "two in PEM", PEM("PUBLIC KEY", SPKI_ED25519) PEM("PUBLIC KEY",
	    SPKI_P256), ED "|" EC "|" },
};

/* The lines of ls as texts[] writes them. */
static char *
join(const struct nk_keylines *ls)
{
	char *all = calloc(1, 1), *bigger, *text;
	size_t i, used = 0, len;

	for (i = 0; i < ls->n; i++) {
		ck_assert_int_eq(nk_keyline_format(&ls->v[i], &text, &len),
		    0);
		bigger = realloc(all, used + len + 2);
		ck_assert_ptr_nonnull(bigger);
		all = bigger;
		memcpy(all + used, text, len);
		used += len;
		all[used++] = '|';
		all[used] = '\0';
		free(text);
	}
	return all;
}

START_TEST(accept_text)
{
	struct nk_keylines ls;
	const char *why = "";
	size_t line = 99;
	char *all;
	int r = nk_keylines_parse(texts[_i].text, strlen(texts[_i].text),
	    &policy, &ls, &line, &why);

	ck_assert_msg(r == 0, "%s: %d: line %zu: %s", texts[_i].what, r,
	    line, why);
	ck_assert_uint_eq(line, 0);
	all = join(&ls);
	ck_assert_msg(strcmp(all, texts[_i].lines) == 0, "%s: %s",
	    texts[_i].what, all);
	free(all);
	nk_keylines_clear(&ls);
	ck_assert_ptr_null(ls.v);
	ck_assert_uint_eq(ls.n, 0);
}
END_TEST

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
	int		 want;
	size_t		 line;
	const char	*why;
} bad_texts[] = {
	{ "first line", RAW("x\n" ED "\n"), -EBADMSG, 1, "no public key" },
	{ "second line", RAW(ED "\nx\n" ED "\n"), -EBADMSG, 2,
	    "no public key" },
	{ "last line", RAW(ED "\r\n\r\n# x\r\n\nnonsense"), -EBADMSG, 5,
	    "no public key" },
	{ "policy", RAW("\n" ED "\nssh-rsa " RSA1024_BASE64 "\n"), -EPERM, 3,
	    "smaller" },
	{ "NUL", RAW(ED "\n\0\n"), -EBADMSG, 2, "control" },
	{ "old Mac line ends", RAW(ED "\r" ED "\r"), -EBADMSG, 1,
	    "control" },
	{ "two carriage returns", RAW(ED "\r\r\n"), -EBADMSG, 1,
	    "control" },
	{ "carriage return at the end", RAW(ED "\n# x\r"), -EBADMSG, 2,
	    "control" },
	{ "second byte order mark", RAW(ED "\n\xef\xbb\xbf" ED), -EBADMSG, 2,
	    "no public key" },
	{ "wrapped line", RAW("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n"
	    "IEEvztfNEOlRgA2mlMAe\n"), -EBADMSG, 1, "cut" },
	{ "certificate request", RAW("-----BEGIN CERTIFICATE REQUEST-----\n"
	    "MIIB\n-----END CERTIFICATE REQUEST-----\n"), -EBADMSG, 1,
	    "begins no public key" },
	{ "BEGIN without END", RAW(SSH2_BEGIN ED25519_BASE64 "\n"), -EBADMSG,
	    2, "no END line" },
	{ "BEGIN alone", RAW(SSH2_BEGIN), -EBADMSG, 1, "no END line" },
	{ "END alone", RAW(SSH2_END), -EBADMSG, 1, "no public key" },
	{ "other END", RAW(SSH2_BEGIN ED25519_BASE64 "\n"
	    "-----END PUBLIC KEY-----\n"), -EBADMSG, 3, "no END line" },
	{ "empty body", RAW("\n" SSH2_BEGIN SSH2_END), -EBADMSG, 3,
	    "base64" },
	{ "header behind the body", RAW(SSH2_BEGIN ED25519_BASE64 "\n"
	    "Comment: x\n" SSH2_END), -EBADMSG, 4, "base64" },
	{ "two comments", RAW(SSH2("Comment: a\nComment: b\n")), -EBADMSG, 3,
	    "two comments" },
	{ "endless header", RAW(SSH2_BEGIN "Comment: a\\"), -EBADMSG, 2,
	    "no END line" },
	{ "control character in a comment", RAW(SSH2("Comment: \033[m\n")),
	    -EBADMSG, 2, "control" },
	{ "NUL in a comment", RAW(SSH2("Comment: a\0b\n")), -EBADMSG, 2,
	    "control" },
	{ "NUL in another header", RAW(SSH2("Subject: a\0b\n")), -EBADMSG, 2,
	    "control" },
	{ "NUL in a continued comment", RAW(SSH2("Comment: a\\\n\0b\n")),
	    -EBADMSG, 3, "control" },
	{ "DSA in RFC 4716", RAW(SSH2_BEGIN DSA_BASE64 "\n" SSH2_END),
	    -EPERM, 1, "DSA keys" },
	{ "no blob in RFC 4716", RAW(SSH2_BEGIN "aGVsbG8h\n" SSH2_END),
	    -EBADMSG, 1, "cut" },
	{ "PEM, bad base64", RAW(PEM("PUBLIC KEY", "MCow*")), -EBADMSG, 3,
	    "base64" },
	{ "PEM, cut", RAW(PEM("PUBLIC KEY", "MCowBQYDK2VwAyEA")), -EBADMSG,
	    3, "PEM public key is cut" },
	{ "PEM, PKCS#1 inside", RAW(PEM("PUBLIC KEY", PKCS1_2048)),
	    -EBADMSG, 8, "PEM public key is cut" },
	{ "PKCS#1, other inside", RAW(PEM("RSA PUBLIC KEY", SPKI_P256)),
	    -EBADMSG, 4, "PEM public key is cut" },
	{ "PEM, length of two bytes", RAW(PEM("PUBLIC KEY",
	    "MIEqMAUGAytlcAMhAEEvztfNEOlRgA2mlMAe+fc96s7MyO77xJQNjT6UnNth")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, length with a zero", RAW(PEM("PUBLIC KEY",
	    "MIIAKjAFBgMrZXADIQBBL87XzRDpUYANppTAHvn3PerOzMju+8SUDY0+"
	    "lJzbYQ==")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, indefinite length", RAW(PEM("PUBLIC KEY",
	    "MIAwBQYDK2VwAyEAQS/O180Q6VGADaaUwB759z3qzszI7vvElA2NPpSc"
	    "22EAAA==")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, trailing byte", RAW(PEM("PUBLIC KEY",
	    "MCowBQYDK2VwAyEAQS/O180Q6VGADaaUwB759z3qzszI7vvElA2NPpSc22EA")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, unused bits", RAW(PEM("PUBLIC KEY",
	    "MCowBQYDK2VwAyEBQS/O180Q6VGADaaUwB759z3qzszI7vvElA2NPpSc22E=")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, parameters of Ed25519", RAW(PEM("PUBLIC KEY",
	    "MCwwBwYDK2VwBQADIQBBL87XzRDpUYANppTAHvn3PerOzMju+8SUDY0+"
	    "lJzbYQ==")),
	    -EBADMSG, 3, "PEM public key is cut" },
	{ "PEM, NULL with contents", RAW(PEM("PUBLIC KEY",
	    "MIIBIzAOBgkqhkiG9w0BAQEFAQADggEPADCCAQoCggEBAMBYmlz4WbsTFT5c\n"
	    "wT1DLeJ6p9mL4lt/aVYcULusjdxxw7Q5HM0H7u2v/YcaryyEcUeMOGElDgBG\n"
	    "W5JfOVQuiFAgWXazc6pH//5/zaa8G1YgqKcX8AEVrPZB5YfvUYNy8XMPswzB\n"
	    "RAWg/2O24nx6t1EnyIOHXaHBuVgLCtjklrVqmeLQSzQ44LDcB5rajl9hiLfQ\n"
	    "F8vyQz//QaL8sqQ+C41R6tbi2AeKkTrcIEDxA1k3SjlcxqjaTN6HCFm2AlAs\n"
	    "Kj1N0PSzNkJKztYg5wR0+5etizEbN/plEwsUfUxZbL/0WP6jmB/9pWlU0qff\n"
	    "OX2DhO9WqnPTTtCJXr0KDrW+ulECAwEAAQ==")),
	    -EBADMSG, 9, "PEM public key is cut" },
	{ "PEM, X25519", RAW(PEM("PUBLIC KEY",
	    "MCowBQYDK2VuAyEA4MoAZxvpLwvg5LP1UmYhCsUSEqG1IdMnbgG3Xqa1gEk=")),
	    -EPERM, 3, "of a kind" },
	{ "PEM, another curve", RAW(PEM("PUBLIC KEY",
	    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEebVWYXjkYBwhnC+mCkf1bGLQiGfmyhaW\n"
	    "TTo/MGGCXqrLWJmvJyvhwg4zXeFSlSYGwWEzQX9kx1bWeLtd0BPxMQ==")),
	    -EPERM, 4, "of a kind" },
	{ "PEM with headers", RAW(PEM("PUBLIC KEY", "Name: x\n\n"
	    SPKI_ED25519)), -EBADMSG, 5, "base64" },
	{ "private key behind a good line", RAW(ED
	    "\n-----BEGIN PRIVATE KEY-----\n"), -EPERM, 0, "private key" },
	{ "private key in lines", RAW(ED "\nb3BlbnNzaC1r\nZXktdjEAAAAA\n"),
	    -EPERM, 0, "private key" },
};

START_TEST(refuse_text)
{
	struct nk_keylines ls = { NULL, 77 };
	const char *why = "";
	size_t line = 99;
	int r = nk_keylines_parse(bad_texts[_i].text, bad_texts[_i].len,
	    &policy, &ls, &line, &why);

	ck_assert_msg(r == bad_texts[_i].want, "%s: got %d: %s",
	    bad_texts[_i].what, r, why);
	ck_assert_msg(line == bad_texts[_i].line, "%s: line %zu",
	    bad_texts[_i].what, line);
	ck_assert_msg(strstr(why, bad_texts[_i].why) != NULL, "%s: %s",
	    bad_texts[_i].what, why);
	ck_assert_ptr_null(ls.v);
	ck_assert_uint_eq(ls.n, 0);
	ck_assert_int_eq(nk_keylines_parse(bad_texts[_i].text,
	    bad_texts[_i].len, &policy, &ls, NULL, NULL), bad_texts[_i].want);
}
END_TEST

static char *
repeat(const char *s, size_t n, size_t *lenp)
{
	size_t len = strlen(s), i;
	char *text = malloc(len * n + 1);

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < n; i++)
		memcpy(text + i * len, s, len);
	*lenp = len * n;
	return text;
}

static const struct {
	const char	*line;
	size_t		 max;
} limits[] = {
	{ ED "\n", 7 },
	{ SSH2(""), 7 },
	{ "\n", NK_KEYLINES_OTHER_MAX },
	{ "# x\n", NK_KEYLINES_OTHER_MAX },
};

START_TEST(limit_of_lines)
{
	struct nk_keypolicy p = policy;
	struct nk_keylines ls;
	size_t len, line;
	char *text;

	p.lines_max = 7;
	text = repeat(limits[_i].line, limits[_i].max, &len);
	ck_assert_int_eq(nk_keylines_parse(text, len, &p, &ls, &line, NULL),
	    0);
	ck_assert_uint_eq(ls.n, limits[_i].max);
	nk_keylines_clear(&ls);
	free(text);
	text = repeat(limits[_i].line, limits[_i].max + 1, &len);
	ck_assert_int_eq(nk_keylines_parse(text, len, &p, &ls, &line, NULL),
	    -E2BIG);
	ck_assert_uint_ge(line, limits[_i].max + 1);
	ck_assert_ptr_null(ls.v);
	free(text);
}
END_TEST

START_TEST(limits_do_not_add_up)
{
	struct nk_keypolicy p = policy;
	struct nk_keylines ls;

	p.lines_max = 1;
	ck_assert_int_eq(nk_keylines_parse(RAW("\n# x\n" ED "\n\n"), &p, &ls,
	    NULL, NULL), 0);
	ck_assert_uint_eq(ls.n, 4);
	nk_keylines_clear(&ls);
}
END_TEST

START_TEST(long_armored_key)
{
	struct nk_keypolicy p = policy;
	struct nk_keylines ls;

	p.line_max = sizeof(ED " x") - 1;
	ck_assert_int_eq(nk_keylines_parse(RAW(SSH2("Comment: x\n")), &p, &ls,
	    NULL, NULL), 0);
	nk_keylines_clear(&ls);
	p.line_max--;
	ck_assert_int_eq(nk_keylines_parse(RAW(SSH2("Comment: x\n")), &p, &ls,
	    NULL, NULL), -E2BIG);
	p.line_max = sizeof(ED25519_BASE64) - 2;
	ck_assert_int_eq(nk_keylines_parse(RAW(SSH2("")), &p, &ls, NULL,
	    NULL), -E2BIG);
}
END_TEST

START_TEST(clear_nothing)
{
	struct nk_keylines ls = { NULL, 0 };

	nk_keyline_clear(NULL);
	nk_keylines_clear(NULL);
	nk_keylines_clear(&ls);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_keyline");
	TCase *tc = tcase_create("keyline");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, accept, 0, COUNT(accepted));
	tcase_add_loop_test(tc, every_type, 0, KEY_COUNT);
	tcase_add_loop_test(tc, refuse, 0, COUNT(refused));
	tcase_add_test(tc, line_limit);
	tcase_add_test(tc, huge_line);
	tcase_add_test(tc, sshd_is_too_old);
	tcase_add_loop_test(tc, equal, 0, COUNT(equals));
	tcase_add_loop_test(tc, accept_text, 0, COUNT(texts));
	tcase_add_loop_test(tc, refuse_text, 0, COUNT(bad_texts));
	tcase_add_loop_test(tc, limit_of_lines, 0, COUNT(limits));
	tcase_add_test(tc, limits_do_not_add_up);
	tcase_add_test(tc, long_armored_key);
	tcase_add_test(tc, clear_nothing);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
