/* SPDX-License-Identifier: ISC */
/*
 * What people type for a code and for a secret, and names in a URI.  A code
 * that is understood is one of few forms and understood again; the bytes of
 * a secret are the only ones that its text stands for; of a URI each name
 * comes back, and nothing in it can be another part of the URI.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/otp/base32.h"
#include "lib/otp/otp.h"
#include "lib/otp/uri.h"

#define TEXT_MAX	4096

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
check_code(const char *text)
{
	char out[NK_OTP_TEXT_MAX + 1], again[NK_OTP_TEXT_MAX + 1];
	enum nk_otp_text what = nk_otp_text_parse(text, out);
	size_t n = strlen(out);

	switch (what) {
	case NK_OTP_TEXT_DIGITS:
		require((n == 6 || n == 8) &&
		    strspn(out, "0123456789") == n);
		break;
	case NK_OTP_TEXT_RECOVERY:
		require(n == 10 && strpbrk(out, "ilou -") == NULL);
		break;
	case NK_OTP_TEXT_NONE:
	default:
		require(n == 0);
		return;
	}
	require(nk_otp_text_parse(out, again) == what);
	require(strcmp(out, again) == 0);
}

static void
check_secret(const char *text)
{
	struct nk_secret bytes = NK_SECRET_NONE, back = NK_SECRET_NONE;
	struct nk_secret again = NK_SECRET_NONE;

	if (nk_base32_decode(text, &bytes) == 0 && bytes.len > 0) {
		require(nk_base32_encode(bytes.p, bytes.len, &back) == 0);
		require(nk_base32_decode((char *)back.p, &again) == 0);
		require(again.len == bytes.len &&
		    memcmp(again.p, bytes.p, bytes.len) == 0);
	}
	nk_secret_clear(&bytes);
	nk_secret_clear(&back);
	nk_secret_clear(&again);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c - 'A' + 10;
}

/* The encoded name at *pp, up to "end", is this one. */
static void
require_name(const char **pp, const char *name, char end)
{
	const char *p = *pp;
	int c;

	for (; *name != '\0'; name++) {
		c = *p++;
		if (c == '%') {
			require(strspn(p, "0123456789ABCDEF") >= 2);
			c = hex(p[0]) << 4 | hex(p[1]);
			p += 2;
		} else {
			require(strchr(":/?#&=+ %", c) == NULL);
		}
		require((char)c == *name);
	}
	require(*p == end);
	*pp = p + 1;
}

static void
check_uri(const char *issuer, const char *account)
{
	static const char secret[] = "secret=GEZDGNBVGY3TQOJQGEZDGNBV"
	    "GY3TQOJQ&issuer=", rest[] = "algorithm=SHA1&digits=6&period=30";
	const struct nk_otp o = { .digits = 6, .period = 30 };
	struct nk_secret seed = NK_SECRET_NONE, uri = NK_SECRET_NONE;
	const char *p;

	require(nk_secret_append(&seed, "12345678901234567890", 20) == 0);
	require(nk_otp_uri(&o, &seed, issuer, account, &uri) == 0);
	p = (const char *)uri.p + strlen("otpauth://totp/");
	require_name(&p, issuer, ':');
	require_name(&p, account, '?');
	require(strncmp(p, secret, sizeof(secret) - 1) == 0);
	p += sizeof(secret) - 1;
	require_name(&p, issuer, '&');
	require(strcmp(p, rest) == 0);
	nk_secret_clear(&seed);
	nk_secret_clear(&uri);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 2];
	size_t first;

	if (size > TEXT_MAX)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	first = strlen(text);
	check_code(text);
	check_secret(text);
	check_uri(text, first < size ? text + first + 1 : "");
	return 0;
}
