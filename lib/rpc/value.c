/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/value.h"

enum value_class {
	CLASS_NULL,
	CLASS_NUMBER,
	CLASS_STRING,
	CLASS_DATE,
	CLASS_OTHER,
};

static enum value_class
class_of(const json_t *v)
{
	if (v == NULL)
		return CLASS_NULL;
	switch (json_typeof(v)) {
	case JSON_NULL:
		return CLASS_NULL;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_INTEGER:
	case JSON_REAL:
		return CLASS_NUMBER;
	case JSON_STRING:
		return CLASS_STRING;
	case JSON_OBJECT:
		if (json_object_size(v) == 1 &&
		    json_is_integer(json_object_get(v, "$date")))
			return CLASS_DATE;
		return CLASS_OTHER;
	case JSON_ARRAY:
		return CLASS_OTHER;
	}
	return CLASS_OTHER;
}

static int64_t
integer_of(const json_t *v)
{
	return json_is_integer(v) ? json_integer_value(v) : json_is_true(v);
}

/* Exact, where a cast of n to double would round. */
static int
compare_with_real(int64_t n, double d)
{
	int64_t whole;

	if (d >= 9223372036854775808.0)
		return -1;
	if (d < -9223372036854775808.0)
		return 1;
	whole = (int64_t)d;		/* towards zero */
	if (n != whole)
		return n < whole ? -1 : 1;
	d -= (double)whole;
	return d > 0 ? -1 : d < 0 ? 1 : 0;
}

static int
compare_numbers(const json_t *a, const json_t *b)
{
	double x, y;
	int64_t m, n;

	if (json_is_real(a) && json_is_real(b)) {
		x = json_real_value(a);
		y = json_real_value(b);
		return (x > y) - (x < y);
	}
	if (json_is_real(b))
		return compare_with_real(integer_of(a), json_real_value(b));
	if (json_is_real(a))
		return -compare_with_real(integer_of(b), json_real_value(a));
	m = integer_of(a);
	n = integer_of(b);
	return (m > n) - (m < n);
}

int
nk_value_compare(const json_t *a, const json_t *b)
{
	enum value_class ca = class_of(a), cb = class_of(b);

	if (ca != cb)
		return ca < cb ? -1 : 1;
	switch (ca) {
	case CLASS_NUMBER:
		return compare_numbers(a, b);
	case CLASS_STRING:
		return strcmp(json_string_value(a), json_string_value(b));
	case CLASS_DATE:
		return compare_numbers(json_object_get(a, "$date"),
		    json_object_get(b, "$date"));
	case CLASS_NULL:
	case CLASS_OTHER:
		break;
	}
	return 0;
}

bool
nk_value_is_comparable(const json_t *a, const json_t *b)
{
	enum value_class c = class_of(a);

	return c == class_of(b) && c != CLASS_NULL && c != CLASS_OTHER;
}

bool
nk_value_is_scalar(const json_t *v)
{
	return class_of(v) != CLASS_OTHER;
}

bool
nk_value_is_equal(const json_t *a, const json_t *b)
{
	union {			/* json_equal() only reads */
		const json_t	*given;
		json_t		*passed;
	} x = { .given = a }, y = { .given = b };

	if (nk_value_is_scalar(a) || nk_value_is_scalar(b))
		return nk_value_compare(a, b) == 0;
	return json_equal(x.passed, y.passed) == 1;
}

/* ---- case ---- */

static uint32_t
fold_latin(uint32_t c)
{
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7))
		return c + 32;
	if (c == 0x178)
		return 0xff;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);	/* odd ones are capital */
	if (c >= 0x100 && c <= 0x177 && c != 0x130 && c != 0x131 &&
	    c != 0x138 && c != 0x149)
		return c | 1;		/* even ones are capital */
	return c;
}

static uint32_t
fold_greek_cyrillic(uint32_t c)
{
	if ((c >= 0x391 && c <= 0x3ab && c != 0x3a2))
		return c + 32;
	if (c == 0x3c2)
		return 0x3c3;		/* final sigma */
	if (c == 0x386)
		return 0x3ac;
	if (c >= 0x388 && c <= 0x38a)
		return c + 37;
	if (c == 0x38c)
		return 0x3cc;
	if (c == 0x38e || c == 0x38f)
		return c + 63;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c >= 0x410 && c <= 0x42f)
		return c + 32;
	if ((c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf))
		return c | 1;
	return c;
}

/*
 * All letters that change are one byte of ASCII, or two bytes (U+0080 to
 * U+07FF) and stay so; U+1E9E, three bytes, becomes two.
 */
static void
fold_text(char *text)
{
	unsigned char *p = (unsigned char *)text, *w = p;
	uint32_t c;

	while (*p != '\0') {
		if (p[0] >= 'A' && p[0] <= 'Z') {
			*w++ = (unsigned char)(*p++ + 32);
		} else if (memcmp(p, "\303\237", 2) == 0) {
			*w++ = 's';
			*w++ = 's';
			p += 2;
		} else if (p[0] == 0xe1 && p[1] == 0xba && p[2] == 0x9e) {
			*w++ = 's';
			*w++ = 's';
			p += 3;
		} else if ((p[0] & 0xe0) == 0xc0 && p[1] != '\0') {
			c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
			c = c < 0x370 ? fold_latin(c) : fold_greek_cyrillic(c);
			*w++ = (unsigned char)(0xc0 | c >> 6);
			*w++ = (unsigned char)(0x80 | (c & 0x3f));
			p += 2;
		} else
			*w++ = *p++;
	}
	*w = '\0';
}

static json_t *
fold_string(const json_t *v)
{
	char *text;
	json_t *s;

	if ((text = strdup(json_string_value(v))) == NULL)
		return NULL;
	fold_text(text);
	s = json_string(text);
	explicit_bzero(text, strlen(text));
	free(text);
	return s;
}

json_t *
nk_value_fold(json_t *v)
{
	json_t *a, *item;
	size_t i;

	if (json_is_string(v))
		return fold_string(v);
	if (!json_is_array(v))
		return json_incref(v);
	if ((a = json_array()) == NULL)
		return NULL;
	for (i = 0; i < json_array_size(v); i++) {
		item = json_array_get(v, i);
		item = json_is_string(item) ? fold_string(item) :
		    json_incref(item);
		if (json_array_append_new(a, item) == -1) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}
