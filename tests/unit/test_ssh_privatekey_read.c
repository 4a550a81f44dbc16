/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "lib/libcrypto.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/secretbase64.h"
#include "tests/unit/private_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define TEXT_MAX	8192

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };
static const char encrypted[] = "Encrypted private keys are not allowed";

static int
read_text(const char *text, size_t len, struct nk_privatekey *k,
    const char **whyp)
{
	int r = nk_privatekey_read(text, len, &policy, k, whyp);

	if (r == 0) {
		ck_assert(k->type != NULL && k->blob != NULL && k->bits > 0);
		ck_assert_uint_gt(k->numbers.len, 0);
	} else {
		ck_assert(k->type == NULL && k->numbers.p == NULL &&
		    k->blob == NULL && k->comment == NULL && k->bits == 0);
		ck_assert_ptr_nonnull(*whyp);
	}
	return r;
}

/* ---- what is taken ---- */

static const struct {
	const char	*what;
	const char	*text;
	const char	*public;	/* without its comment */
	unsigned int	 bits;
	const char	*comment;
} taken[] = {
	{ "OpenSSH, Ed25519", ED_OPENSSH, ED_PUBLIC, 256, "t" },
	{ "PuTTY 2, Ed25519", ED_PUTTY2, ED_PUBLIC, 256, "t" },
	{ "PuTTY 3, Ed25519", ED_PUTTY3, ED_PUBLIC, 256, "t" },
	{ "OpenSSH, RSA", RSA_OPENSSH, RSA_PUBLIC, 1024, "t" },
	{ "PKCS#1", RSA_PKCS1, RSA_PUBLIC, 1024, NULL },
	{ "PKCS#8, RSA", RSA_PKCS8, RSA_PUBLIC, 1024, NULL },
	{ "PuTTY 2, RSA", RSA_PUTTY2, RSA_PUBLIC, 1024, "t" },
	{ "OpenSSH, P-256", P256_OPENSSH, P256_PUBLIC, 256, "t" },
	{ "SEC1, P-256", P256_SEC1, P256_PUBLIC, 256, NULL },
	{ "SEC1 with parameters", P256_PARAMETERS, NULL, 256, NULL },
	{ "PuTTY 3, P-256", P256_PUTTY3, P256_PUBLIC, 256, "t" },
	{ "OpenSSH, P-384", P384_OPENSSH, P384_PUBLIC, 384, "t" },
	{ "OpenSSH, P-521", P521_OPENSSH, P521_PUBLIC, 521, "t" },
	{ "PKCS#8, P-521", P521_PKCS8, P521_PUBLIC, 521, NULL },
};

/* Is the key's line the one that ssh-keygen wrote, but for the comment? */
static void
check_public(const struct nk_privatekey *k, const char *want,
    const char *comment)
{
	size_t n = strlen(want) - strlen(" t");
	char *line;

	ck_assert_int_eq(nk_privatekey_public_line(k, &line), 0);
	ck_assert_int_eq(strncmp(line, want, n), 0);
	if (comment == NULL) {
		ck_assert_ptr_null(k->comment);
		ck_assert_str_eq(line + n, "");
	} else {
		ck_assert_str_eq(k->comment, comment);
		ck_assert_int_eq(line[n], ' ');
		ck_assert_str_eq(line + n + 1, comment);
	}
	free(line);
}

START_TEST(take)
{
	const char *why = NULL;
	struct nk_privatekey k;
	int r;

	r = read_text(taken[_i].text, strlen(taken[_i].text), &k, &why);
	ck_assert_msg(r == 0, "%s: %d %s", taken[_i].what, r, why);
	ck_assert_uint_eq(k.bits, taken[_i].bits);
	if (taken[_i].public != NULL)
		check_public(&k, taken[_i].public, taken[_i].comment);
	nk_privatekey_clear(&k);
	nk_privatekey_clear(&k);
}
END_TEST

/* End the process when it opens a file or a socket. */
static void
forbid_opening(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT(rules), rules };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		_exit(2);
}

START_TEST(opens_nothing)
{
	const char *why = NULL;
	struct nk_privatekey k;
	int i, status = -1;
	pid_t pid;

	ck_assert_int_eq(nk_libcrypto_start(), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		forbid_opening();
		for (i = 0; i < COUNT(taken); i++) {
			if (nk_privatekey_read(taken[i].text,
			    strlen(taken[i].text), &policy, &k, &why) < 0)
				_exit(1);
			nk_privatekey_clear(&k);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* The same in other clothes: before, instead of each LF, behind. */
static const struct {
	const char	*what;
	const char	*before, *newline, *behind;
	bool		 putty;		/* does its form allow it? */
} clothes[] = {
	{ "as it is",		"", "\n", "", true },
	{ "CRLF",		"", "\r\n", "", true },
	{ "byte order mark",	"\xef\xbb\xbf", "\n", "", true },
	{ "mark and CRLF",	"\xef\xbb\xbf", "\r\n", "\r\n", true },
	{ "white space around",	" \t\r\n\n ", "\n", "\n\t \r\n", true },
	{ "white space behind each line", "", " \t\n", "", false },
	{ "indented",		"  ", "\n  ", "", false },
	{ "empty lines",	"", "\n\n", "", false },
};

START_TEST(clothing)
{
	char text[TEXT_MAX];
	struct nk_privatekey k;
	const char *why = NULL, *s;
	size_t n;
	int i, r;

	for (i = 0; i < COUNT(taken); i++) {
		n = (size_t)snprintf(text, sizeof(text), "%s",
		    clothes[_i].before);
		for (s = taken[i].text; *s != '\0'; s++) {
			if (*s != '\n')
				text[n++] = *s;
			else
				n += (size_t)snprintf(text + n,
				    sizeof(text) - n, "%s",
				    clothes[_i].newline);
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
		    clothes[_i].behind);
		ck_assert_uint_lt(n, sizeof(text));
		r = read_text(text, n, &k, &why);
		if (!clothes[_i].putty && *taken[i].text == 'P')
			ck_assert_int_lt(r, 0);
		else
			ck_assert_msg(r == 0, "%s, %s: %s", taken[i].what,
			    clothes[_i].what, why);
		nk_privatekey_clear(&k);
	}
}
END_TEST

/* ---- texts that are refused ---- */

static const struct {
	const char	*what;
	const char	*text;
	const char	*from, *to;	/* one change; from NULL: none */
	int		 want;
} refused[] = {
	{ "OpenSSH, encrypted", ENCRYPTED_OPENSSH, NULL, NULL, -EACCES },
	{ "PEM, encrypted", ENCRYPTED_PEM, NULL, NULL, -EACCES },
	{ "PKCS#8, encrypted", ENCRYPTED_PKCS8, NULL, NULL, -EACCES },
	{ "PuTTY 2, encrypted", ENCRYPTED_PUTTY2, NULL, NULL, -EACCES },
	{ "PuTTY 3, encrypted", ENCRYPTED_PUTTY3, NULL, NULL, -EACCES },
	{ "PEM, encrypted, DEK-Info alone", ENCRYPTED_PEM,
	    "Proc-Type: 4,ENCRYPTED\n", "", -EACCES },
	{ "encrypted and cut", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII",
	    NULL, NULL, -EACCES },
	{ "nothing", "", NULL, NULL, -EBADMSG },
	{ "white space", " \n\t\r\n", NULL, NULL, -EBADMSG },
	{ "a public key", ED_PUBLIC, NULL, NULL, -EBADMSG },
	{ "a public key in PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n"
	    "-----END PUBLIC KEY-----\n", NULL, NULL, -EBADMSG },
	{ "ssh.com", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", NULL,
	    NULL, -EPERM },
	{ "SSH 1", "SSH PRIVATE KEY FILE FORMAT 1.1\n", NULL, NULL, -EPERM },
	{ "DSA", RSA_PKCS1, "BEGIN RSA", "BEGIN DSA", -EPERM },
	{ "text before", ED_OPENSSH, "-----BEGIN", "key:\n-----BEGIN",
	    -EBADMSG },
	{ "text behind", ED_OPENSSH, "END OPENSSH PRIVATE KEY-----\n",
	    "END OPENSSH PRIVATE KEY-----\nx", -EBADMSG },
	{ "two keys", ED_OPENSSH ED_OPENSSH, NULL, NULL, -EBADMSG },
	{ "no BEGIN line", ED_OPENSSH,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n", "", -EBADMSG },
	{ "no END line", ED_OPENSSH, "-----END OPENSSH PRIVATE KEY-----\n",
	    "", -EBADMSG },
	{ "cut END line", ED_OPENSSH, "-----END OPENSSH PRIVATE KEY-----",
	    "-----END OPENSSH PRIVATE KEY---", -EBADMSG },
	{ "END of another form", RSA_PKCS1, "END RSA PRIVATE KEY",
	    "END PRIVATE KEY", -EBADMSG },
	{ "PKCS#1 without END", RSA_PKCS1, "-----END RSA PRIVATE KEY-----",
	    "", -EBADMSG },
	{ "another header", RSA_PKCS1, "KEY-----\n", "KEY-----\nX-Y: z\n\n",
	    -EBADMSG },
	{ "strange character", ED_OPENSSH, "b3Bl", "b3B*", -EBADMSG },
	{ "white space in a line", ED_OPENSSH, "b3Bl", "b3 Bl", -EBADMSG },
	{ "a character too few", ED_OPENSSH, "b3Bl", "b3B", -EBADMSG },
	{ "a group too few", ED_OPENSSH, "b3Bl", "", -EBADMSG },
	{ "padding within", ED_OPENSSH, "b3Bl", "b3A=", -EBADMSG },
	{ "another magic", ED_OPENSSH, "b3Bl", "b3Bk", -EBADMSG },
	{ "parameters of another curve", P256_PARAMETERS, "BggqhkjOPQMBBw==",
	    "BgUrgQQAIg==", -EBADMSG },
	{ "parameters of a strange curve", P256_PARAMETERS,
	    "BggqhkjOPQMBBw==", "BgUrgQQACg==", -EPERM },
	{ "damaged parameters", P256_PARAMETERS, "BggqhkjOPQMBBw==",
	    "BggqhkjOPQMBBwAA", -EBADMSG },
	{ "parameters alone", "-----BEGIN EC PARAMETERS-----\n"
	    "BggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", NULL, NULL,
	    -EBADMSG },
	{ "parameters twice", "-----BEGIN EC PARAMETERS-----\n"
	    "BggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	    P256_PARAMETERS, NULL, NULL, -EBADMSG },
	{ "PuTTY 1", ED_PUTTY2, "File-2", "File-1", -EBADMSG },
	{ "PuTTY 4", ED_PUTTY2, "File-2", "File-4", -EBADMSG },
	{ "PuTTY 2 called 3", ED_PUTTY2, "File-2", "File-3", -EBADMSG },
	{ "PuTTY 3 called 2", ED_PUTTY3, "File-3", "File-2", -EBADMSG },
	{ "PuTTY, another type", ED_PUTTY2, ": ssh-ed25519", ": ssh-rsa",
	    -EBADMSG },
	{ "PuTTY, another comment", ED_PUTTY2, "Comment: t", "Comment: u",
	    -EBADMSG },
	{ "PuTTY, no comment line", ED_PUTTY3, "Comment: t\n", "",
	    -EBADMSG },
	{ "PuTTY, no encryption line", ED_PUTTY3, "Encryption: none\n", "",
	    -EBADMSG },
	{ "PuTTY, lines in another order", ED_PUTTY3,
	    "Encryption: none\nComment: t\n",
	    "Comment: t\nEncryption: none\n", -EBADMSG },
	{ "PuTTY, fewer public lines", ED_PUTTY3, "Public-Lines: 2",
	    "Public-Lines: 1", -EBADMSG },
	{ "PuTTY, more public lines", ED_PUTTY3, "Public-Lines: 2",
	    "Public-Lines: 3", -EBADMSG },
	{ "PuTTY, more lines than there are", ED_PUTTY3, "Private-Lines: 1",
	    "Private-Lines: 9999", -EBADMSG },
	{ "PuTTY, too many lines", ED_PUTTY3, "Private-Lines: 1",
	    "Private-Lines: 10000", -EBADMSG },
	{ "PuTTY, strange count", ED_PUTTY3, "Private-Lines: 1",
	    "Private-Lines: 1x", -EBADMSG },
	{ "PuTTY, negative count", ED_PUTTY3, "Private-Lines: 1",
	    "Private-Lines: -1", -EBADMSG },
	{ "PuTTY, no count", ED_PUTTY3, "Private-Lines: 1",
	    "Private-Lines: ", -EBADMSG },
	{ "PuTTY, cut MAC", ED_PUTTY2, "Private-MAC: ",
	    "Private-MAC: 00", -EBADMSG },
	{ "PuTTY, no MAC", ED_PUTTY2, "Private-MAC", "Private-Hash",
	    -EBADMSG },
	{ "PuTTY, text behind", ED_PUTTY2 "x", NULL, NULL, -EBADMSG },
	{ "PuTTY, upper case", ED_PUTTY2, "Encryption: none",
	    "encryption: none", -EBADMSG },
};

/* The text with its first "from" replaced. */
static size_t
edit(char *out, const char *text, const char *from, const char *to)
{
	const char *at = from != NULL ? strstr(text, from) : NULL;
	int n;

	if (from == NULL) {
		n = snprintf(out, TEXT_MAX, "%s", text);
	} else {
		ck_assert_msg(at != NULL, "no %s", from);
		n = snprintf(out, TEXT_MAX, "%.*s%s%s", (int)(at - text),
		    text, to, at + strlen(from));
	}
	ck_assert_int_lt(n, TEXT_MAX);
	return (size_t)n;
}

START_TEST(refuse)
{
	char text[TEXT_MAX];
	struct nk_privatekey k;
	const char *why = NULL;
	size_t len;
	int r;

	len = edit(text, refused[_i].text, refused[_i].from, refused[_i].to);
	r = read_text(text, len, &k, &why);
	ck_assert_msg(r == refused[_i].want, "%s: %d %s", refused[_i].what, r,
	    why != NULL ? why : "");
	if (r == -EACCES)
		ck_assert_str_eq(why, encrypted);
	nk_privatekey_clear(&k);
}
END_TEST

START_TEST(limits)
{
	const size_t max = NK_PRIVATEKEY_TEXT_MAX;
	const char *why = NULL;
	struct nk_privatekey k;
	char *text = malloc(max + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', max + 1);
	memcpy(text, ED_OPENSSH, sizeof(ED_OPENSSH) - 1);
	ck_assert_int_eq(read_text(text, max + 1, &k, &why), -E2BIG);
	ck_assert_int_eq(read_text(text, max, &k, &why), 0);
	nk_privatekey_clear(&k);
	ck_assert_int_eq(nk_privatekey_read(text, max, &policy, &k, NULL), 0);
	nk_privatekey_clear(&k);
	ck_assert_int_eq(nk_privatekey_read("x", 1, &policy, &k, NULL),
	    -EBADMSG);
	free(text);
}
END_TEST

START_TEST(policy_of_size)
{
	const struct nk_keypolicy strict = NK_KEYPOLICY_DEFAULT;
	static const char *const texts[] = { RSA_OPENSSH, RSA_PKCS1,
	    RSA_PKCS8, RSA_PUTTY2 };
	const char *why = NULL;
	struct nk_privatekey k;

	ck_assert_int_eq(nk_privatekey_read(texts[_i], strlen(texts[_i]),
	    &strict, &k, &why), -EPERM);
	ck_assert_ptr_null(k.type);
	ck_assert_ptr_nonnull(strstr(why, "2048 bits"));
}
END_TEST

/* ---- every character ---- */

/* No change of one character makes another key of a text. */
START_TEST(characters)
{
	static const char with[] = "A/=\n :-1z";
	const size_t len = strlen(taken[_i].text);
	struct nk_privatekey k, other;
	const char *why = NULL;
	char *text = strdup(taken[_i].text);
	size_t i, n = 0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(read_text(text, len, &k, &why), 0);
	for (i = 0; i < len; i++) {
		char was = text[i];

		text[i] = with[i % (sizeof(with) - 1)];
		if (read_text(text, len, &other, &why) == 0) {
			ck_assert(other.numbers.len == k.numbers.len &&
			    memcmp(other.numbers.p, k.numbers.p,
			    k.numbers.len) == 0);
			n += text[i] != was;
		}
		nk_privatekey_clear(&other);
		text[i] = was;
	}
	/* check numbers and comment, and line ends where there are many */
	ck_assert_msg(n < 60, "%s: %zu changes are taken", taken[_i].what, n);
	nk_privatekey_clear(&k);
	free(text);
}
END_TEST

/* A text that is cut anywhere before its last line ends is no key. */
START_TEST(cuts)
{
	size_t len = strlen(taken[_i].text) - 1;
	const char *why = NULL;
	struct nk_privatekey k;

	while (len-- > 0)
		ck_assert_int_lt(read_text(taken[_i].text, len, &k, &why), 0);
}
END_TEST

/* ---- OpenSSH's form, by bytes ---- */

/* The Ed25519 key: where what stands in it. */
enum at {
	CIPHER = 19, KDF = 27, OPTIONS_LENGTH = 34, KEYS = 38,
	BLOB_LENGTH = 42, BLOB_POINT = 62, SECTION_LENGTH = 97, CHECK_1 = 98,
	TYPE = 110, POINT = 125, SEED = 161, SEED_POINT = 193,
	COMMENT_LENGTH = 228, COMMENT = 229, PADDING = 230, END = 234,
};

static const struct {
	const char	*what;
	size_t		 at;
	uint8_t		 to;
	size_t		 cut;		/* bytes taken off the end */
	int		 want;
} bytes[] = {
	{ "as it is", COMMENT, 't', 0, 0 },
	{ "another comment", COMMENT, 'u', 0, 0 },
	{ "newline in the comment", COMMENT, '\n', 0, -EBADMSG },
	{ "NUL in the comment", COMMENT, '\0', 0, -EBADMSG },
	{ "escape in the comment", COMMENT, 0x1b, 0, -EBADMSG },
	{ "comment that is not UTF-8", COMMENT, 0xff, 0, -EBADMSG },
	{ "a cipher", CIPHER, 'x', 0, -EACCES },
	{ "a key derivation", KDF, 'x', 0, -EBADMSG },
	{ "its options", OPTIONS_LENGTH, 1, 0, -EBADMSG },
	{ "no keys", KEYS, 0, 0, -EBADMSG },
	{ "two keys", KEYS, 2, 0, -EBADMSG },
	{ "long blob", BLOB_LENGTH, 52, 0, -EBADMSG },
	{ "another blob", BLOB_POINT, 0, 0, -EBADMSG },
	{ "long section", SECTION_LENGTH, 137, 0, -EBADMSG },
	{ "short section", SECTION_LENGTH, 128, 8, -EBADMSG },
	{ "section of no whole blocks", SECTION_LENGTH, 135, 1, -EBADMSG },
	{ "something behind", SECTION_LENGTH, 128, 0, -EBADMSG },
	{ "other check number", CHECK_1, 0, 0, -EBADMSG },
	{ "strange type", TYPE, 'X', 0, -EPERM },
	{ "other point", POINT, 0, 0, -EBADMSG },
	{ "other seed", SEED, 0, 0, -EBADMSG },
	{ "other point behind the seed", SEED_POINT, 0, 0, -EBADMSG },
	{ "long comment", COMMENT_LENGTH, 6, 0, -EBADMSG },
	{ "padding as comment", COMMENT_LENGTH, 5, 0, -EBADMSG },
	{ "no comment, wrong padding", COMMENT_LENGTH, 0, 0, -EBADMSG },
	{ "padding of zeros", PADDING, 0, 0, -EBADMSG },
	{ "wrong end of the padding", END - 1, 3, 0, -EBADMSG },
	{ "cut", COMMENT, 't', 1, -EBADMSG },
	{ "cut to the head", COMMENT, 't', END - 94, -EBADMSG },
};

/* The bytes that a text encodes. */
static void
decode(const char *text, struct nk_secret *raw)
{
	struct nk_secret body = NK_SECRET_NONE;
	const char *s;

	for (s = strchr(text, '\n'); *s != '-'; s++) {
		if (*s != '\n')
			ck_assert_int_eq(nk_secret_append(&body, s, 1), 0);
	}
	ck_assert_int_eq(nk_secretbase64_decode((const char *)body.p,
	    body.len, raw), 0);
	nk_secret_clear(&body);
}

static int
read_bytes(const uint8_t *p, size_t len, const char *label,
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
	r = read_text((const char *)text.p, text.len, k, &why);
	nk_secret_clear(&text);
	return r;
}

START_TEST(openssh_bytes)
{
	struct nk_secret raw = NK_SECRET_NONE;
	struct nk_privatekey k;
	int r;

	decode(ED_OPENSSH, &raw);
	ck_assert_uint_eq(raw.len, END);
	raw.p[bytes[_i].at] = bytes[_i].to;
	r = read_bytes(raw.p, raw.len - bytes[_i].cut, "OPENSSH PRIVATE KEY",
	    &k);
	ck_assert_msg(r == bytes[_i].want, "%s: %d", bytes[_i].what, r);
	nk_privatekey_clear(&k);
	nk_secret_clear(&raw);
}
END_TEST

/* Every bit of a small key: only the comment may change. */
START_TEST(openssh_bits)
{
	struct nk_secret raw = NK_SECRET_NONE;
	struct nk_privatekey k;
	size_t i;
	int bit;

	decode(ED_OPENSSH, &raw);
	for (i = 0; i < raw.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			raw.p[i] ^= (uint8_t)(1 << bit);
			if (read_bytes(raw.p, raw.len,
			    "OPENSSH PRIVATE KEY", &k) == 0)
				ck_assert_uint_eq(i, COMMENT);
			nk_privatekey_clear(&k);
			raw.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	nk_secret_clear(&raw);
}
END_TEST

/* Padding of 0 to 16 bytes that makes whole blocks of the section. */
START_TEST(padding)
{
	struct nk_secret raw = NK_SECRET_NONE;
	struct nk_privatekey k;
	uint8_t n;
	int r;

	decode(ED_OPENSSH, &raw);
	raw.len = PADDING;
	for (n = 1; n <= _i; n++)
		ck_assert_int_eq(nk_secret_append(&raw, &n, 1), 0);
	raw.p[SECTION_LENGTH] = (uint8_t)(raw.len - SECTION_LENGTH - 1);
	r = read_bytes(raw.p, raw.len, "OPENSSH PRIVATE KEY", &k);
	ck_assert_int_eq(r, _i == 4 || _i == 12 ? 0 : -EBADMSG);
	nk_privatekey_clear(&k);
	nk_secret_clear(&raw);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_privatekey_read");
	TCase *tc = tcase_create("read");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, take, 0, COUNT(taken));
	tcase_add_test(tc, opens_nothing);
	tcase_add_loop_test(tc, clothing, 0, COUNT(clothes));
	tcase_add_loop_test(tc, refuse, 0, COUNT(refused));
	tcase_add_test(tc, limits);
	tcase_add_loop_test(tc, policy_of_size, 0, 4);
	tcase_add_loop_test(tc, characters, 0, COUNT(taken));
	tcase_add_loop_test(tc, cuts, 0, COUNT(taken));
	tcase_add_loop_test(tc, openssh_bytes, 0, COUNT(bytes));
	tcase_add_test(tc, openssh_bits);
	tcase_add_loop_test(tc, padding, 0, 40);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
