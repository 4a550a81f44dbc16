/* SPDX-License-Identifier: ISC */
#include "lib/otp/uri.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/otp/base32.h"

const char *
nk_otp_hash_name(enum nk_otp_hash hash)
{
	switch (hash) {
	case NK_OTP_SHA256:
		return "SHA256";
	case NK_OTP_SHA512:
		return "SHA512";
	case NK_OTP_SHA1:
	default:
		return "SHA1";
	}
}

static int
append(struct nk_secret *out, const char *text)
{
	return nk_secret_append(out, text, strlen(text));
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static int
append_encoded(struct nk_secret *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char code[3] = "%";
	int r = 0;

	for (; r == 0 && *text != '\0'; text++) {
		code[1] = hex[(unsigned char)*text >> 4];
		code[2] = hex[(unsigned char)*text & 15];
		r = is_unreserved(*text) ? nk_secret_append(out, text, 1) :
		    nk_secret_append(out, code, sizeof(code));
	}
	return r;
}

int
nk_otp_uri(const struct nk_otp *o, const struct nk_secret *seed,
    const char *issuer, const char *account, struct nk_secret *out)
{
	bool hotp = o->kind == NK_OTP_HOTP;
	char rest[96];
	int n, r;

	n = snprintf(rest, sizeof(rest), "&algorithm=%s&digits=%u&%s=%"
	    PRId64, nk_otp_hash_name(o->hash), o->digits,
	    hotp ? "counter" : "period", hotp ? o->next :
	    (int64_t)o->period);
	if (n < 0 || (size_t)n >= sizeof(rest))
		return -E2BIG;
	if ((r = append(out, hotp ? "otpauth://hotp/" :
	    "otpauth://totp/")) < 0 ||
	    (r = append_encoded(out, issuer)) < 0 ||
	    (r = append(out, ":")) < 0 ||
	    (r = append_encoded(out, account)) < 0 ||
	    (r = append(out, "?secret=")) < 0 ||
	    (r = nk_base32_encode(seed->p, seed->len, out)) < 0 ||
	    (r = append(out, "&issuer=")) < 0 ||
	    (r = append_encoded(out, issuer)) < 0)
		return r;
	return append(out, rest);
}
