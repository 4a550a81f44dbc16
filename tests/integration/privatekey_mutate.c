/* SPDX-License-Identifier: ISC */
#include "tests/integration/privatekey_mutate.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/der.h"
#include "lib/ssh/secretbase64.h"
#include "lib/ssh/secretder.h"
#include "lib/ssh/secretwire.h"
#include "lib/ssh/wire.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define FIELDS_MAX	24

/* xorshift64*: the same keys for the same seed everywhere. */
static size_t
below(uint64_t *state, size_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return n == 0 ? 0 :
	    (size_t)((*state * 0x2545f4914f6cdd1dULL) >> 16) % n;
}

static void
must(int r)
{
	if (r < 0)
		errx(EXIT_FAILURE, "%s", strerrorname_np(-r));
}

static void
add(struct nk_secret *s, const void *bytes, size_t n)
{
	must(nk_secret_append(s, bytes, n));
}

/* ---- a change of bytes ---- */

enum change {
	FLIP,			/* one bit */
	LAST,			/* the lowest bit */
	ZERO_BEFORE,
	ZERO_BEHIND,
	SHORTER,		/* the last byte is gone */
	EMPTY,
	CHANGES,
};

static const char *const change_names[] = {
	[FLIP] = "flip", [LAST] = "last", [ZERO_BEFORE] = "zero-before",
	[ZERO_BEHIND] = "zero-behind", [SHORTER] = "shorter",
	[EMPTY] = "empty",
};

/* Append bytes[n] to *out with that change. */
static void
add_changed(uint64_t *state, enum change change, const uint8_t *bytes,
    size_t n, struct nk_secret *out)
{
	const size_t start = out->len;

	if (change == ZERO_BEFORE)
		add(out, "", 1);
	if (change != EMPTY)
		add(out, bytes, change == SHORTER && n > 0 ? n - 1 : n);
	if (change == ZERO_BEHIND)
		add(out, "", 1);
	if (change == FLIP && n > 0)
		out->p[start + below(state, n)] ^=
		    (uint8_t)(1U << below(state, 8));
	if (change == LAST && n > 0)
		out->p[start + n - 1] ^= 1;
}

/* ---- OpenSSH's form ---- */

/* A file in pieces: strings, and bytes without a length. */
struct field {
	const char	*name;
	struct nk_wire	 w;
	bool		 bare;
};

struct file {
	struct field	 fields[FIELDS_MAX];
	size_t		 n;
	size_t		 blob, section;	/* where they begin */
};

static void
push(struct file *f, const char *name, const void *p, size_t len, bool bare)
{
	if (f->n == FIELDS_MAX)
		errx(EXIT_FAILURE, "too many fields");
	f->fields[f->n++] = (struct field){ name, { p, len }, bare };
}

/* All strings of bytes[len], named in their order. */
static void
push_strings(struct file *f, const char *const *names, const uint8_t *bytes,
    size_t len)
{
	struct nk_wire w = { bytes, len }, s;

	while (w.left > 0) {
		must(nk_wire_get_sub(&w, &s));
		push(f, *names++, s.p, s.left, false);
	}
}

static void
take_apart(const struct nk_privatekey *k, struct file *f)
{
	static const char *const rsa[] = { "type", "n", "e", "d", "iqmp",
	    "p", "q" };
	static const char *const rsa_blob[] = { "blob-type", "blob-e",
	    "blob-n" };
	static const char *const ec[] = { "type", "curve", "point", "d" };
	static const char *const ec_blob[] = { "blob-type", "blob-curve",
	    "blob-point" };
	static const char *const ed[] = { "type", "point", "seed-point" };
	static const char *const ed_blob[] = { "blob-type", "blob-point" };
	const bool is_rsa = k->type->alg == NK_ALG_RSA;
	const bool is_ec = k->type->alg == NK_ALG_ECDSA;

	f->n = 0;
	push(f, "magic", "openssh-key-v1", 15, true);
	push(f, "cipher", "none", 4, false);
	push(f, "kdf", "none", 4, false);
	push(f, "options", "", 0, false);
	push(f, "keys", "\0\0\0\1", 4, true);
	f->blob = f->n;
	push_strings(f, is_rsa ? rsa_blob : is_ec ? ec_blob : ed_blob,
	    k->blob, k->blob_len);
	f->section = f->n;
	push(f, "check1", "abcd", 4, true);
	push(f, "check2", "abcd", 4, true);
	push_strings(f, is_rsa ? rsa : is_ec ? ec : ed, k->numbers.p,
	    k->numbers.len);
	push(f, "comment", "comment", 7, false);
	push(f, "padding", "", 0, true);
}

static void
add_field(uint64_t *state, const struct field *field, enum change change,
    struct nk_secret *out)
{
	struct nk_secret s = NK_SECRET_NONE;

	add_changed(state, change, field->w.p, field->w.left, &s);
	if (field->bare)
		add(out, s.p, s.len);
	else
		must(nk_secretwire_put_string(out, s.p, s.len));
	nk_secret_clear(&s);
}

/* The padding that the section needs so far, or another one. */
static const char *
add_padding(uint64_t *state, bool changed, struct nk_secret *section)
{
	const size_t right = (8 - section->len % 8) % 8;
	size_t n = right, i;
	const char *name = "right";
	uint8_t b;

	if (changed && below(state, 3) == 0) {
		name = "blocks-more";
		n += 16;
	} else if (changed && right > 0) {
		name = below(state, 2) == 0 ? "wrong" : "none";
		n = strcmp(name, "none") == 0 ? 0 : n;
	}
	for (i = 1; i <= n; i++) {
		b = (uint8_t)(strcmp(name, "wrong") == 0 && i == n ? 0 : i);
		add(section, &b, 1);
	}
	return name;
}

/* Put the file together with one of its fields changed. */
static void
make_openssh(uint64_t *state, const struct nk_privatekey *k,
    struct nk_secret *out, char *name)
{
	struct nk_secret blob = NK_SECRET_NONE, section = NK_SECRET_NONE;
	enum change change = (enum change)below(state, CHANGES);
	const char *what = change_names[change];
	struct nk_secret *to;
	struct file f;
	size_t i, which;

	take_apart(k, &f);
	which = below(state, f.n);
	for (i = 0; i < f.n; i++) {
		to = i >= f.section ? &section : i >= f.blob ? &blob : out;
		if (i == f.n - 1)
			what = i == which ?
			    add_padding(state, true, &section) :
			    (add_padding(state, false, &section), what);
		else if (i == which)
			add_field(state, &f.fields[i], change, to);
		else
			add_field(state, &f.fields[i], CHANGES, to);
	}
	must(nk_secretwire_put_string(out, blob.p, blob.len));
	must(nk_secretwire_put_string(out, section.p, section.len));
	nk_secret_clear(&blob);
	nk_secret_clear(&section);
	(void)snprintf(name, MUTATION_NAME_MAX, "openssh %s-%s %s",
	    k->type->alg == NK_ALG_RSA ? "rsa" : k->type->alg ==
	    NK_ALG_ECDSA ? "ec" : "ed", f.fields[which].name, what);
}

/* ---- DER ---- */

enum der_change {
	LONG_LENGTH = CHANGES,	/* one byte more than it takes */
	TWICE,
	GONE,
	DER_CHANGES,
};

struct der_job {
	uint64_t	*state;
	size_t		 target;	/* of the elements, counted from 0 */
	int		 change;
	size_t		 count;
	uint8_t		 tag;		/* the target's */
};

static void
add_element(const struct der_job *job, uint8_t tag,
    const struct nk_secret *content, bool here, struct nk_secret *out)
{
	const int change = here ? job->change : CHANGES;
	uint8_t length[5] = { tag, 0x83, (uint8_t)(content->len >> 16),
	    (uint8_t)(content->len >> 8), (uint8_t)content->len };

	if (change == GONE)
		return;
	if (change == LONG_LENGTH) {
		add(out, length, sizeof(length));
		add(out, content->p, content->len);
		return;
	}
	must(nk_secretder_put(out, tag, content->p, content->len));
	if (change == TWICE)
		must(nk_secretder_put(out, tag, content->p, content->len));
}

/* Is there one element of DER in w, and nothing else? */
static bool
is_nested(uint8_t tag, struct nk_wire w)
{
	struct nk_wire c;

	if ((tag & 0x20) != 0)
		return true;
	return tag == NK_DER_OCTET_STRING && w.left > 0 &&
	    (w.p[0] == NK_DER_SEQUENCE || w.p[0] == NK_DER_OCTET_STRING) &&
	    nk_der_get(&w, w.p[0], &c) == 0 && w.left == 0;
}

/* Append the elements in w to *out, with the change. */
static void
rebuild(struct der_job *job, struct nk_wire w, struct nk_secret *out)
{
	struct nk_secret content;
	struct nk_wire c;
	uint8_t tag;
	bool here;

	while (w.left > 0) {
		tag = w.p[0];
		must(nk_der_get(&w, tag, &c));
		here = job->count++ == job->target;
		content = NK_SECRET_NONE;
		if (here)
			job->tag = tag;
		if (here && job->change < (int)CHANGES)
			add_changed(job->state, (enum change)job->change,
			    c.p, c.left, &content);
		else if (is_nested(tag, c))
			rebuild(job, c, &content);
		else
			add(&content, c.p, c.left);
		add_element(job, tag, &content, here, out);
		nk_secret_clear(&content);
	}
}

static size_t
count_elements(struct nk_wire w)
{
	struct der_job job = { NULL, SIZE_MAX, CHANGES, 0, 0 };
	struct nk_secret s = NK_SECRET_NONE;

	rebuild(&job, w, &s);
	nk_secret_clear(&s);
	return job.count;
}

/* The bytes between the first and the last line of a text. */
static void
decode(const struct nk_secret *text, struct nk_secret *raw)
{
	struct nk_secret body = NK_SECRET_NONE;
	const char *p = strchr((const char *)text->p, '\n');

	for (; p != NULL && *p != '-'; p++) {
		if (*p != '\n')
			add(&body, p, 1);
	}
	must(nk_secretbase64_decode((const char *)body.p, body.len, raw));
	nk_secret_clear(&body);
}

static void
make_der(uint64_t *state, const struct nk_privatekey *k, bool pkcs1,
    struct nk_secret *out, char *name)
{
	static const char *const names[] = { "long-length", "twice", "gone" };
	struct nk_secret text = NK_SECRET_NONE, raw = NK_SECRET_NONE;
	struct der_job job = { state, 0, 0, 0, 0 };
	struct nk_wire w;

	must(nk_privatekey_write(k, pkcs1 ? NK_PRIVATEKEY_PKCS1 :
	    NK_PRIVATEKEY_PKCS8, &text));
	decode(&text, &raw);
	w = (struct nk_wire){ raw.p, raw.len };
	job.target = below(state, count_elements(w));
	job.change = (int)below(state, DER_CHANGES);
	rebuild(&job, w, out);
	nk_secret_clear(&text);
	nk_secret_clear(&raw);
	(void)snprintf(name, MUTATION_NAME_MAX, "%s %s-%zu-%02x %s",
	    pkcs1 ? "pkcs1" : "pkcs8", k->type->alg == NK_ALG_RSA ? "rsa" :
	    "ec", job.target, job.tag, job.change < (int)CHANGES ?
	    change_names[job.change] : names[job.change - LONG_LENGTH]);
}

/* ---- the text ---- */

static const struct {
	const char	*name;
	const char	*before, *behind;
	size_t		 width;
	const char	*newline;
} dresses[] = {
	{ "as-it-is", "", "", 64, "\n" },
	{ "crlf", "", "", 64, "\r\n" },
	{ "narrow", "", "", 4, "\n" },
	{ "odd-width", "", "", 33, "\n" },
	{ "wide", "", "", 76, "\n" },
	{ "text-before", "words\n", "", 64, "\n" },
	{ "blank-before", "\n", "", 64, "\n" },
	{ "text-behind", "", "words\n", 64, "\n" },
	{ "blank-behind", "", "\n \n", 64, "\n" },
};

static void
dress(size_t which, const char *label, const struct nk_secret *raw,
    struct nk_secret *out)
{
	const char *newline = dresses[which].newline;
	struct nk_secret lines = NK_SECRET_NONE;
	char mark[80];
	size_t i;

	must(nk_secretbase64_encode(raw->p, raw->len, dresses[which].width,
	    &lines));
	add(out, dresses[which].before, strlen(dresses[which].before));
	(void)snprintf(mark, sizeof(mark), "-----BEGIN %s-----%s", label,
	    newline);
	add(out, mark, strlen(mark));
	for (i = 0; i < lines.len; i++) {
		if (lines.p[i] == '\n')
			add(out, newline, strlen(newline));
		else
			add(out, lines.p + i, 1);
	}
	(void)snprintf(mark, sizeof(mark), "-----END %s-----%s", label,
	    newline);
	add(out, mark, strlen(mark));
	add(out, dresses[which].behind, strlen(dresses[which].behind));
	nk_secret_clear(&lines);
}

/* The key as it is in another dress. */
static void
make_dressed(uint64_t *state, const struct nk_privatekey *k,
    struct nk_secret *text, char *name)
{
	const bool pkcs8 = k->type->alg != NK_ALG_ED25519 &&
	    below(state, 2) == 0;
	struct nk_secret plain = NK_SECRET_NONE, raw = NK_SECRET_NONE;
	const size_t which = below(state, COUNT(dresses));

	must(nk_privatekey_write(k, pkcs8 ? NK_PRIVATEKEY_PKCS8 :
	    NK_PRIVATEKEY_OPENSSH, &plain));
	decode(&plain, &raw);
	dress(which, pkcs8 ? "PRIVATE KEY" : "OPENSSH PRIVATE KEY", &raw,
	    text);
	nk_secret_clear(&plain);
	nk_secret_clear(&raw);
	(void)snprintf(name, MUTATION_NAME_MAX, "%s text %s",
	    pkcs8 ? "pkcs8" : "openssh", dresses[which].name);
}

void
mutate_privatekey(uint64_t *state, const struct nk_privatekey *k,
    struct nk_secret *text, char name[static MUTATION_NAME_MAX])
{
	struct nk_secret raw = NK_SECRET_NONE;
	const char *label = "OPENSSH PRIVATE KEY";
	const size_t choice = below(state, 8);

	if (choice < 3) {
		make_dressed(state, k, text, name);
		return;
	}
	if (choice < 6 || k->type->alg == NK_ALG_ED25519)
		make_openssh(state, k, &raw, name);
	else if (choice == 6 && k->type->alg == NK_ALG_RSA) {
		label = "RSA PRIVATE KEY";
		make_der(state, k, true, &raw, name);
	} else {
		label = "PRIVATE KEY";
		make_der(state, k, false, &raw, name);
	}
	dress(0, label, &raw, text);
	nk_secret_clear(&raw);
}
