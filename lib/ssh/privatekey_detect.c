/* SPDX-License-Identifier: ISC */
#include "lib/ssh/privatekey_detect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/wire.h"

static const char advice[] = "this is a private key: whoever saw it can use "
    "it, so treat it as exposed and make a new pair; only the public half "
    "(the one line of the .pub file) belongs here";
static const char advice_putty[] = "this is a private key of PuTTY: treat it "
    "as exposed and make a new pair; only what PuTTYgen shows as \"Public "
    "key for pasting into OpenSSH authorized_keys file\" belongs here";

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define LITERAL(s)	{ (s), sizeof(s) - 1 }

struct literal {
	const char	*s;		/* two bytes at least */
	size_t		 len;
};

/* What only private keys say in clear, cut at any place behind it. */
static const struct literal clear_marks[] = {
	LITERAL("-BEGIN PRIV"),
	LITERAL("-BEGIN RSA PRIV"),
	LITERAL("-BEGIN DSA PRIV"),
	LITERAL("-BEGIN EC PRIV"),
	LITERAL("-BEGIN OPENSSH PRIV"),
	LITERAL("-BEGIN ENCRYPTED PRIV"),
	LITERAL("- BEGIN SSH2 ENCRYPTED PRIV"),
	LITERAL("PRIVATE KEY-"),
	LITERAL("PRIVATE KEY -"),
	LITERAL("PRIVATE KEY BLOCK-"),
	LITERAL("Proc-Type: 4,ENCRYPTED"),
	LITERAL("DEK-Info: "),
	LITERAL("SSH PRIVATE KEY FILE FORMAT"),
	LITERAL("openssh-key-v1"),
};
static const struct literal putty_marks[] = {
	LITERAL("PuTTY-User-Key-File-"),
	LITERAL("Private-Lines: "),
	LITERAL("Private-MAC: "),
	LITERAL("Private-Hash: "),
};

/* The same in the bytes that base64 encodes. */
static const struct literal byte_marks[] = {
	LITERAL("openssh-key-v1"),
	/* its cipher and key derivation, where the name was cut off */
	LITERAL("\0\0\0\4none\0\0\0\4none\0\0\0\0"),
	LITERAL("\0\0\0\6bcrypt\0\0\0\x18"),
	/* PKCS#1: a number follows the exponent 65537 */
	LITERAL("\2\3\1\0\1\2\x81"),
	LITERAL("\2\3\1\0\1\2\x82"),
	/* SEC1: [1], the public half behind the private one, by curve */
	LITERAL("\xa1\x44\x03\x42\0\4"),
	LITERAL("\xa1\x64\x03\x62\0\4"),
	LITERAL("\xa1\x81\x89\x03\x81\x86\0\4"),
	/* PKCS#8: Ed25519 and the private octets */
	LITERAL("\x2b\x65\x70\x04\x22\x04\x20"),
	/* ssh.com: its magic number and the words behind it */
	LITERAL("if-modn{sign{rsa"),
	LITERAL("dl-modp{sign{dsa"),
};

/*
 * The private section of the OpenSSH form begins like a public key and goes
 * on where that would have ended: by so many strings, and by what follows.
 */
enum follows {
	LENGTH,			/* of a private number, from min to max */
	FLAGS_LENGTH,		/* a byte that is not 0, and such a length */
};

static const struct {
	const char	*type;
	unsigned int	 strings;
	size_t		 first;		/* length of the first, at least */
	enum follows	 follows;
	uint32_t	 min, max;
} sections[] = {
	{ "ssh-ed25519", 1, 32, LENGTH, 64, 64 },
	/* the modulus is first here, second in a public key */
	{ "ssh-rsa", 2, 64, LENGTH, 64, 2049 },
	{ "ecdsa-sha2-nistp256", 2, 8, LENGTH, 16, 33 },
	{ "ecdsa-sha2-nistp384", 2, 8, LENGTH, 32, 49 },
	{ "ecdsa-sha2-nistp521", 2, 8, LENGTH, 48, 66 },
	{ "ssh-dss", 4, 64, LENGTH, 16, 33 },
	{ "sk-ssh-ed25519@openssh.com", 2, 32,
	    FLAGS_LENGTH, 8, 2047 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", 3, 8,
	    FLAGS_LENGTH, 8, 2047 },
};

/* Does one of the marks stand anywhere in buf[len]? */
static bool
contains(const void *buf, size_t len, const struct literal *marks, size_t n)
{
	const uint8_t *p = buf;
	bool first[256] = { false };
	size_t i, k;

	for (k = 0; k < n; k++)
		first[(uint8_t)marks[k].s[0]] = true;
	for (i = 0; i < len; i++) {
		if (!first[p[i]])
			continue;
		for (k = 0; k < n; k++) {
			if (marks[k].len <= len - i &&
			    (uint8_t)marks[k].s[1] == p[i + 1] &&
			    memcmp(p + i, marks[k].s, marks[k].len) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Take one DER header off w.  *contp is what it says of its content, of
 * which w may hold less: the text may be cut.
 */
static int
get_der_header(struct nk_wire *w, uint8_t *tagp, size_t *contp)
{
	uint8_t b = 0, n;
	size_t len;
	int r;

	if ((r = nk_wire_get_u8(w, tagp)) < 0 ||
	    (r = nk_wire_get_u8(w, &b)) < 0)
		return r;
	len = b;
	if (b >= 0x80) {
		if ((n = b & 0x7f) < 1 || n > 3)
			return -EBADMSG;
		for (len = 0; n > 0; n--) {
			if ((r = nk_wire_get_u8(w, &b)) < 0)
				return r;
			len = len << 8 | b;
		}
	}
	*contp = len;
	return 0;
}

/*
 * Do the bytes p[len] begin like the DER form of a private key?  Those are
 * SEQUENCE, INTEGER 0 or 1, and then what no public form has there; or, when
 * encrypted, SEQUENCE, SEQUENCE, the name of a password-based scheme.
 */
static bool
begins_der_private(const uint8_t *p, size_t len)
{
	static const uint8_t pbes[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
	    0xf7, 0x0d, 0x01, 0x05 };
	static const uint8_t pbe12[] = { 0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86,
	    0xf7, 0x0d, 0x01, 0x0c, 0x01 };
	struct nk_wire w = { p, len };
	uint8_t tag, version;
	size_t content;

	if (get_der_header(&w, &tag, &content) < 0 || tag != 0x30 ||
	    get_der_header(&w, &tag, &content) < 0)
		return false;
	if (tag == 0x30)
		return (w.left >= sizeof(pbes) &&
		    memcmp(w.p, pbes, sizeof(pbes)) == 0) ||
		    (w.left >= sizeof(pbe12) &&
		    memcmp(w.p, pbe12, sizeof(pbe12)) == 0);
	if (tag != 0x02 || content != 1 ||
	    nk_wire_get_u8(&w, &version) < 0 || version > 1 || w.left < 2)
		return false;
	switch (w.p[0]) {
	case 0x02:		/* PKCS#1 and DSA: the modulus */
		return w.p[1] >= 0x40;
	case 0x30:		/* PKCS#8: the algorithm */
		return w.left > 2 && w.p[2] == 0x06;
	case 0x04:		/* SEC1: the private octets */
		return version == 1;
	}
	return false;
}

/* Does a private section of the OpenSSH form begin at w? */
static bool
begins_section(struct nk_wire w)
{
	const uint8_t *s;
	uint32_t v;
	uint8_t flags = 1;
	size_t i, len;
	unsigned int n;

	if (nk_wire_get_string(&w, &s, &len) < 0)
		return false;
	for (i = 0; i < COUNT(sections); i++) {
		if (strlen(sections[i].type) == len &&
		    memcmp(sections[i].type, s, len) == 0)
			break;
	}
	if (i == COUNT(sections))
		return false;
	for (n = 0; n < sections[i].strings; n++) {
		if (nk_wire_get_string(&w, &s, &len) < 0 ||
		    (n == 0 && len < sections[i].first))
			return false;
	}
	if (sections[i].follows == FLAGS_LENGTH &&
	    nk_wire_get_u8(&w, &flags) < 0)
		return false;
	return flags != 0 && nk_wire_get_u32(&w, &v) == 0 &&
	    v >= sections[i].min && v <= sections[i].max;
}

static bool
contains_section(const uint8_t *p, size_t len)
{
	static const uint8_t zeros[3];
	size_t i;

	for (i = 0; i + sizeof(zeros) < len; i++) {
		if (p[i] == 0 && memcmp(p + i, zeros, sizeof(zeros)) == 0 &&
		    begins_section((struct nk_wire){ p + i, len - i }))
			return true;
	}
	return false;
}

static bool
is_private_bytes(const uint8_t *p, size_t len)
{
	return contains(p, len, byte_marks, COUNT(byte_marks)) ||
	    contains_section(p, len);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Decode base64 characters from s[len] on, over white space, into out, which
 * has room for max bytes.  Returns how many came out.
 */
static size_t
decode_run(const char *s, size_t len, size_t skip, uint8_t *out, size_t max)
{
	uint32_t acc = 0;
	unsigned int bits = 0;
	size_t i, n = 0;
	int v;

	for (i = 0; i < len && n < max; i++) {
		if (is_blank(s[i]))
			continue;
		if ((v = nk_base64_value(s[i])) < 0)
			break;
		if (skip > 0) {
			skip--;
			continue;
		}
		acc = (acc << 6 | (uint32_t)v) & 0xffff;
		if ((bits += 6) >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(acc >> bits);
		}
	}
	return n;
}

/* Does a word of base64 in s[len] begin like a private key in DER? */
static bool
any_word_is_der(const char *s, size_t len)
{
	uint8_t head[32];
	size_t i, n;
	bool found = false;

	for (i = 0; i < len && !found; i++) {
		/* SEQUENCE with any of the lengths: 0x30 and 0x00 to 0x83 */
		if (s[i] != 'M' || (i > 0 && !is_blank(s[i - 1])))
			continue;
		n = decode_run(s + i, len - i, 0, head, sizeof(head));
		found = begins_der_private(head, n);
	}
	explicit_bzero(head, sizeof(head));
	return found;
}

/*
 * Look into the stretch s[len] of base64 and white space.  A cut may have
 * taken characters off its front, so each of the four places that a group
 * can begin at is tried.  buf has room for what len characters decode to.
 */
static bool
is_private_run(const char *s, size_t len, uint8_t *buf, size_t max)
{
	size_t skip, n;

	if (any_word_is_der(s, len))
		return true;
	for (skip = 0; skip < 4; skip++) {
		n = decode_run(s, len, skip, buf, max);
		if (is_private_bytes(buf, n))
			return true;
	}
	return false;
}

static bool
has_private_run(const char *text, size_t len, uint8_t *buf, size_t max)
{
	size_t i, start;

	for (i = 0; i < len; i++) {
		start = i;
		while (i < len && (is_blank(text[i]) ||
		    nk_base64_value(text[i]) >= 0))
			i++;
		if (i - start >= 16 &&
		    is_private_run(text + start, i - start, buf, max))
			return true;
	}
	return false;
}

static int
detect(const char *text, size_t len, const char **advicep)
{
	const size_t max = len / 4 * 3 + 3;
	const uint8_t *p = (const uint8_t *)text;
	uint8_t *buf;
	bool found;

	if (contains(text, len, putty_marks, COUNT(putty_marks)))
		return nk_refuse(advicep, -EPERM, advice_putty);
	if (contains(text, len, clear_marks, COUNT(clear_marks)) ||
	    begins_der_private(p, len) || is_private_bytes(p, len))
		return nk_refuse(advicep, -EPERM, advice);
	if ((buf = malloc(max)) == NULL)
		return nk_refuse(advicep, -ENOMEM, NK_WHY_NOMEM);
	found = has_private_run(text, len, buf, max);
	explicit_bzero(buf, max);
	free(buf);
	if (found)
		return nk_refuse(advicep, -EPERM, advice);
	return 0;
}

/* The same without the NULs that UTF-16 puts between the letters. */
static int
detect_narrowed(const char *text, size_t len, const char **advicep)
{
	char *narrow;
	size_t i, n = 0;
	int r;

	if ((narrow = malloc(len)) == NULL)
		return nk_refuse(advicep, -ENOMEM, NK_WHY_NOMEM);
	for (i = 0; i < len; i++) {
		if (text[i] != '\0')
			narrow[n++] = text[i];
	}
	r = detect(narrow, n, advicep);
	explicit_bzero(narrow, len);
	free(narrow);
	return r;
}

int
nk_privatekey_detect(const char *text, size_t len, const char **advicep)
{
	int r;

	if ((r = detect(text, len, advicep)) < 0)
		return r;
	if (len > 0 && memchr(text, '\0', len) != NULL)
		return detect_narrowed(text, len, advicep);
	return 0;
}
