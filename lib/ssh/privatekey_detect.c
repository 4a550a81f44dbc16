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

#define FIRST	1
#define SECOND	2

/* Marks, and which bytes are the first two of any: most are not. */
struct search {
	const struct literal	*marks;
	size_t			 n;
	uint8_t			 is[256];
};

static void
search_init(struct search *s, const struct literal *marks, size_t n)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->marks = marks;
	s->n = n;
	for (i = 0; i < n; i++) {
		s->is[(uint8_t)marks[i].s[0]] |= FIRST;
		s->is[(uint8_t)marks[i].s[1]] |= SECOND;
	}
}

/* Does one of the marks stand anywhere in buf[len]? */
static bool
contains(const struct search *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t i, k;

	for (i = 0; i + 1 < len; i++) {
		if ((s->is[p[i]] & FIRST) == 0 ||
		    (s->is[p[i + 1]] & SECOND) == 0)
			continue;
		for (k = 0; k < s->n; k++) {
			if (s->marks[k].len <= len - i &&
			    (uint8_t)s->marks[k].s[1] == p[i + 1] &&
			    memcmp(p + i, s->marks[k].s,
			    s->marks[k].len) == 0)
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
	const uint8_t *end = p + len;

	/* a length, of which the first three bytes are 0, and a byte more */
	for (; end - p > 3; p++) {
		p = memchr(p, 0, (size_t)(end - p) - 3);
		if (p == NULL)
			return false;
		if (p[1] == 0 && p[2] == 0 && begins_section(
		    (struct nk_wire){ p, (size_t)(end - p) }))
			return true;
	}
	return false;
}

static bool
is_private_bytes(const struct search *bytes, const uint8_t *p, size_t len)
{
	return contains(bytes, p, len) || contains_section(p, len);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The bytes of n characters' values; out has room for them. */
static size_t
pack(const uint8_t *v, size_t n, uint8_t *out)
{
	uint8_t *o = out;
	uint32_t group;

	for (; n >= 4; n -= 4, v += 4) {
		group = (uint32_t)v[0] << 18 | (uint32_t)v[1] << 12 |
		    (uint32_t)v[2] << 6 | v[3];
		*o++ = (uint8_t)(group >> 16);
		*o++ = (uint8_t)(group >> 8);
		*o++ = (uint8_t)group;
	}
	if (n >= 2)
		*o++ = (uint8_t)(v[0] << 2 | v[1] >> 4);
	if (n == 3)
		*o++ = (uint8_t)(v[1] << 4 | v[2] >> 2);
	return (size_t)(o - out);
}

/* Does a word of base64 in s[len] begin like a private key in DER? */
static bool
any_word_is_der(const char *s, size_t len)
{
	uint8_t values[40], head[30];
	size_t i, n, k;
	bool found = false;

	for (i = 0; i < len && !found; i++) {
		/* SEQUENCE with any of the lengths: 0x30 and 0x00 to 0x83 */
		if (s[i] != 'M' || (i > 0 && !is_blank(s[i - 1])))
			continue;
		for (n = 0, k = i; k < len && n < sizeof(values); k++) {
			if (!is_blank(s[k]))
				values[n++] = (uint8_t)nk_base64_value(s[k]);
		}
		found = begins_der_private(head, pack(values, n, head));
	}
	explicit_bzero(values, sizeof(values));
	explicit_bzero(head, sizeof(head));
	return found;
}

/*
 * Look into a stretch of base64 whose values are v[n].  A cut may have taken
 * characters off its front, so each of the four places that a group can
 * begin at is tried.  buf has room for what they decode to.
 */
static bool
is_private_run(const struct search *bytes, const uint8_t *v, size_t n,
    uint8_t *buf)
{
	size_t skip;

	for (skip = 0; skip < 4 && skip < n; skip++) {
		if (is_private_bytes(bytes, buf, pack(v + skip, n - skip,
		    buf)))
			return true;
	}
	return false;
}

/* buf has room for len values and what they decode to. */
static bool
has_private_run(const struct search *bytes, const char *text, size_t len,
    uint8_t *buf)
{
	size_t i, n, run;

	for (i = 0; i < len; i += run + 1) {
		run = nk_base64_values(text + i, len - i, buf, &n);
		if (run >= 16 && (any_word_is_der(text + i, run) ||
		    is_private_run(bytes, buf, n, buf + len)))
			return true;
	}
	return false;
}

static int
detect(const char *text, size_t len, const char **advicep)
{
	const size_t room = len + len / 4 * 3 + 3;
	const uint8_t *p = (const uint8_t *)text;
	struct search putty, clear, bytes;
	uint8_t *buf;
	bool found;

	search_init(&putty, putty_marks, COUNT(putty_marks));
	search_init(&clear, clear_marks, COUNT(clear_marks));
	search_init(&bytes, byte_marks, COUNT(byte_marks));
	if (contains(&putty, text, len))
		return nk_refuse(advicep, -EPERM, advice_putty);
	if (contains(&clear, text, len) || begins_der_private(p, len) ||
	    is_private_bytes(&bytes, p, len))
		return nk_refuse(advicep, -EPERM, advice);
	if ((buf = malloc(room)) == NULL)
		return nk_refuse(advicep, -ENOMEM, NK_WHY_NOMEM);
	found = has_private_run(&bytes, text, len, buf);
	explicit_bzero(buf, room);
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
