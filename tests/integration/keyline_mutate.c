/* SPDX-License-Identifier: ISC */
#include "tests/integration/keyline_mutate.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/wire.h"
#include "tests/integration/option_mutate.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PICK(st, a)	((a)[below((st), COUNT(a))])
#define SPOTS_MAX	64

static const char *const befores[] = {
	"", "", " ", "\t  ", "restrict ", "no-pty,command=\"a \\\" b\" ",
	"from=\"192.0.2.0/24,!192.0.2.7\" ", "from=\"10.0.0.1/8\" ", "pty, ",
	"command=\"open ", "cert-authority,principals=\"a,b\" ", "nonsense ",
	"expiry-time=\"20991231Z\" ", "tunnel=\"0\",permitopen=\"h:1\"\t",
	"expiry-time=\"20990231\" ", "environment=\"A=b c\" ", "no-restrict ",
	"PTY,No-User-RC\t", "permitlisten=\"[::1]:*\" ", ",pty ", "17 ",
	"\xef\xbb\xbf", "# ", "ssh-rsa ", "2048 65537 ",
};
static const char *const afters[] = {
	"", " ", " a comment", "\tb  c ", " # d", " \xc3\xa4", " \xff",
	" \x1b[31m", " e \"f\\", "  ssh-rsa AAAA", "\r", " g\r", "\t",
};
static const char *const swaps[] = {
	"ssh-rsa", "ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384", "ssh-dss", "RSA", "sk-ssh-ed25519@openssh.com",
	"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "SSH-RSA",
	"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
};

/* xorshift64*: the same lines for the same seed everywhere. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static size_t
below(uint64_t *state, size_t n)
{
	return n == 0 ? 0 : (size_t)(next_random(state) >> 16) % n;
}

void
print_key(const char *before, const char *type, const uint8_t *blob,
    size_t len, const char *after)
{
	char *base64;

	if (nk_base64_encode(blob, len, &base64) < 0)
		errx(EXIT_FAILURE, "out of memory");
	printf("%s%s %s%s\n", before, type, base64, after);
	free(base64);
}

/* ---- the fields of a blob ---- */

/* Where a field's contents lie in the blob; 4 bytes of length before them. */
struct spot {
	size_t	 off, len;
	size_t	 outer;		/* contents of the string around it; 0: none */
	bool	 bare;		/* a number without a length */
};

struct spots {
	struct spot	 v[SPOTS_MAX];
	size_t		 n;
};

static void
add_spot(struct spots *all, size_t off, size_t len, size_t outer, bool bare)
{
	if (all->n < SPOTS_MAX)
		all->v[all->n++] = (struct spot){ off, len, outer, bare };
}

/* Note count strings of w, which is read of blob. */
static bool
add_strings(struct spots *all, struct nk_wire *w, const uint8_t *blob,
    size_t outer, size_t count)
{
	const uint8_t *s;
	size_t n;

	for (; count > 0 && w->left > 0; count--) {
		if (nk_wire_get_string(w, &s, &n) < 0)
			return false;
		add_spot(all, (size_t)(s - blob), n, outer, false);
	}
	return true;
}

/* Note the strings inside the last string noted. */
static void
add_inner(struct spots *all, const uint8_t *blob)
{
	const struct spot outer = all->v[all->n - 1];
	struct nk_wire w = { blob + outer.off, outer.len };

	(void)add_strings(all, &w, blob, outer.off, SPOTS_MAX);
}

static bool
add_number(struct spots *all, struct nk_wire *w, const uint8_t *blob,
    size_t len)
{
	if (w->left < len)
		return false;
	add_spot(all, (size_t)(w->p - blob), len, 0, true);
	w->p += len;
	w->left -= len;
	return true;
}

/* The strings of a key of that type behind its name. */
static size_t
count_parts(const char *type)
{
	const size_t sk = strncmp(type, "sk-", 3) == 0;

	if (strstr(type, "ed25519") != NULL)
		return 1 + sk;
	return 2 + sk;
}

/* Find all fields of a key, or of a certificate. */
static void
find_spots(const struct nk_keyline *l, const uint8_t *blob, size_t len,
    struct spots *all)
{
	struct nk_wire w = { blob, len };
	const size_t parts = count_parts(l->type);
	int i;

	all->n = 0;
	if (!l->certificate) {
		(void)add_strings(all, &w, blob, 0, SPOTS_MAX);
		return;
	}
	/* type, nonce, key; serial, kind; id, principals; from, to; ... */
	if (!add_strings(all, &w, blob, 0, 2 + parts) ||
	    !add_number(all, &w, blob, 8) || !add_number(all, &w, blob, 4) ||
	    !add_strings(all, &w, blob, 0, 1) ||
	    !add_strings(all, &w, blob, 0, 1))
		return;
	add_inner(all, blob);
	if (!add_number(all, &w, blob, 8) || !add_number(all, &w, blob, 8))
		return;
	/* ... critical options, extensions, reserved, authority, signature */
	for (i = 0; i < 5 && add_strings(all, &w, blob, 0, 1); i++)
		add_inner(all, blob);
}

/* Replace cut bytes of blob at off by s[len]; it may grow or shrink. */
static size_t
splice(uint8_t *blob, size_t blob_len, size_t off, size_t cut,
    const void *s, size_t len)
{
	if (off + cut > blob_len || blob_len - cut + len > KEYLINE_BLOB_MAX)
		return blob_len;
	memmove(blob + off + len, blob + off + cut, blob_len - off - cut);
	if (len > 0)
		memcpy(blob + off, s, len);
	return blob_len - cut + len;
}

/* Add d to the length that stands before the contents at off. */
static void
add_length(uint8_t *blob, size_t off, int d)
{
	struct nk_wire w = { blob + off - 4, 4 };
	struct nk_wire_out o = { blob + off - 4, 4 };
	uint32_t v;

	if (nk_wire_get_u32(&w, &v) < 0 ||
	    nk_wire_put_u32(&o, v + (uint32_t)d) < 0)
		errx(EXIT_FAILURE, "no length");
}

/* Replace cut bytes at off of the field by s[len], and set the lengths. */
static size_t
change_field(uint8_t *blob, size_t len, const struct spot *f, size_t off,
    size_t cut, const void *s, size_t n)
{
	const size_t after = splice(blob, len, f->off + off, cut, s, n);
	const int d = (int)((ptrdiff_t)after - (ptrdiff_t)len);

	if (!f->bare)
		add_length(blob, f->off, d);
	if (f->outer != 0)
		add_length(blob, f->outer, d);
	return after;
}

/* Change one field of the blob somehow.  Returns its new length. */
static size_t
mutate_field(uint64_t *st, const struct nk_keyline *l, uint8_t *blob,
    size_t len)
{
	struct spots all;
	const struct spot *f;
	const uint8_t b = (uint8_t)next_random(st);

	find_spots(l, blob, len, &all);
	if (all.n == 0)
		return len;
	f = &all.v[below(st, all.n)];
	switch (below(st, f->bare ? 2 : 8)) {
	case 0:			/* another byte in it */
		if (f->len > 0)
			blob[f->off + below(st, f->len)] = b;
		return len;
	case 1:			/* its last bit */
		if (f->len > 0)
			blob[f->off + f->len - 1] ^= 1;
		return len;
	case 2:
		return change_field(blob, len, f, 0, 0, "\0", 1);
	case 3:
		return change_field(blob, len, f, f->len, 0, "\0", 1);
	case 4:			/* one byte less */
		if (f->len == 0)
			return len;
		return change_field(blob, len, f, 0, 1, NULL, 0);
	case 5:			/* nothing at all */
		return change_field(blob, len, f, 0, f->len, NULL, 0);
	case 6:			/* the last byte is gone */
		if (f->len == 0)
			return len;
		return change_field(blob, len, f, f->len - 1, 1, NULL, 0);
	default:		/* another length before it */
		blob[f->off - 1 - below(st, 4)] = b;
		return len;
	}
}

/* Change the blob somehow.  Returns its new length. */
static size_t
mutate_blob(uint64_t *st, const struct nk_keyline *l, uint8_t *blob,
    size_t len)
{
	const char *name;

	switch (below(st, 8)) {
	case 0:			/* cut */
		return below(st, len + 1);
	case 1:			/* trailing bytes */
		return splice(blob, len, len, 0, "\0\0\0\1x", 1 +
		    below(st, 5));
	case 2:			/* another name inside */
		name = PICK(st, swaps);
		len = splice(blob, len, 4, blob[3], name, strlen(name));
		blob[3] = (uint8_t)strlen(name);
		return len;
	default:
		return mutate_field(st, l, blob, len);
	}
}

/* ---- the text ---- */

/* Print l with a change in its base64 text. */
static void
print_bad_base64(uint64_t *st, const struct nk_keyline *l)
{
	static const char strange[] = "=+/-_*AZ \t.";
	char *text = strdup(l->base64);
	size_t i;

	if (text == NULL)
		err(EXIT_FAILURE, NULL);
	i = below(st, strlen(text));
	switch (below(st, 5)) {
	case 0:
		text[i] = strange[below(st, sizeof(strange) - 1)];
		break;
	case 1:
		text[i] = '\0';
		break;
	case 2:			/* the unused bits, or one more character */
		text[strlen(text) - 1]++;
		break;
	case 3:			/* white space in its midst */
		printf("%s %.*s%s%s\n", l->type, (int)i, text,
		    below(st, 2) == 0 ? " " : "\t", text + i);
		free(text);
		return;
	default:
		text[strcspn(text, "=")] = '\0';
	}
	printf("%s %s%s\n", l->type, text, PICK(st, afters));
	free(text);
}

/* Print l in another dress of its line. */
static void
print_dressed(uint64_t *st, const struct nk_keyline *l)
{
	static const char *const blanks[] = { " ", "  ", "\t", " \t ", "" };
	static const char *const marks[] = { "", "", "", "", "\"", "'", "=",
	    "|", "," };
	const char *mark = PICK(st, marks);

	printf("%s%s%s%s%s%s%s%s\n", PICK(st, befores), l->type,
	    PICK(st, blanks), mark, l->base64, mark, PICK(st, blanks),
	    below(st, 2) == 0 ? l->type : "comment");
}

void
print_changed_keyline(uint64_t *st, const struct nk_keyline *ls, size_t n)
{
	const struct nk_keyline *l = &ls[below(st, n)];
	uint8_t blob[KEYLINE_BLOB_MAX];
	char options[OPTIONS_TEXT_MAX];
	const char *before = "", *after = "", *type = l->type;
	size_t len = l->blob_len;

	if (len > sizeof(blob))
		errx(EXIT_FAILURE, "key too long");
	memcpy(blob, l->blob, len);
	switch (below(st, 10)) {
	case 0:
	case 1:			/* the line around the key */
		before = PICK(st, befores);
		after = PICK(st, afters);
		break;
	case 2:
		after = PICK(st, afters);
		break;
	case 3:
		make_options(st, options);
		printf("%s %s %s\n", options, l->type, l->base64);
		return;
	case 4:
		type = PICK(st, swaps);
		break;
	case 5:
		print_bad_base64(st, l);
		return;
	case 6:
		print_dressed(st, l);
		return;
	default:
		len = mutate_blob(st, l, blob, len);
	}
	print_key(before, type, blob, len, after);
}
