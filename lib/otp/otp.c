/* SPDX-License-Identifier: ISC */
#include "lib/otp/otp.h"

#include <errno.h>
#include <liboath/oath.h>
#include <string.h>
#include <unistd.h>

#include "lib/otp/recovery.h"

#define DIGITS_MAX	8

/* ---- what somebody typed ---- */

static bool
is_digits(const char *s)
{
	size_t n = strlen(s);

	return (n == 6 || n == 8) && strspn(s, "0123456789") == n;
}

enum nk_otp_text
nk_otp_text_parse(const char *text, char out[NK_OTP_TEXT_MAX + 1])
{
	size_t n = 0;

	for (; *text != '\0' && n < NK_OTP_TEXT_MAX; text++)
		if (*text != ' ' && *text != '\t' && *text != '-')
			out[n++] = *text;
	out[n] = '\0';
	text += strspn(text, " \t-");
	if (*text == '\0' && is_digits(out))
		return NK_OTP_TEXT_DIGITS;
	if (*text == '\0' && n == NK_RECOVERY_LEN && nk_recovery_fold(out))
		return NK_OTP_TEXT_RECOVERY;
	explicit_bzero(out, NK_OTP_TEXT_MAX + 1);
	return NK_OTP_TEXT_NONE;
}

/* ---- rules and seeds ---- */

bool
nk_otp_is_valid(const struct nk_otp *o)
{
	if (o->digits != 6 && o->digits != 8)
		return false;
	if (o->kind == NK_OTP_HOTP)	/* RFC 4226 has no other hash */
		return o->hash == NK_OTP_SHA1 && o->period == 0 &&
		    o->window >= 1 && o->window <= NK_OTP_HOTP_WINDOW_MAX;
	return o->kind == NK_OTP_TOTP && o->hash <= NK_OTP_SHA512 &&
	    o->period >= NK_OTP_PERIOD_MIN &&
	    o->period <= NK_OTP_PERIOD_MAX &&
	    o->window <= NK_OTP_TOTP_WINDOW_MAX;
}

int
nk_otp_seed_new(struct nk_secret *out)
{
	uint8_t seed[NK_OTP_SEED_SIZE];
	int r;

	if (getentropy(seed, sizeof(seed)) == -1)
		return -EIO;
	r = nk_secret_append(out, seed, sizeof(seed));
	explicit_bzero(seed, sizeof(seed));
	return r;
}

/* ---- codes ---- */

bool
nk_otp_is_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;
	size_t i;

	for (i = 0; i < n; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}

/* With periods of one second TOTP's time is HOTP's counter, for each hash. */
static int
generate(const struct nk_otp *o, const struct nk_secret *seed,
    int64_t factor, char out[DIGITS_MAX + 1])
{
	static const int flags[] = {
		[NK_OTP_SHA1] = 0,
		[NK_OTP_SHA256] = OATH_TOTP_HMAC_SHA256,
		[NK_OTP_SHA512] = OATH_TOTP_HMAC_SHA512,
	};

	if (oath_totp_generate2((const char *)seed->p, seed->len,
	    (time_t)factor, 1, 0, o->digits, flags[o->hash], out) != OATH_OK)
		return -EIO;
	return 0;
}

/* The moving factors that may be tried; false: none. */
static bool
find_range(const struct nk_otp *o, int64_t now, int64_t *firstp,
    int64_t *lastp)
{
	int64_t window = o->window, at;

	if (o->next < 0 || o->next > INT64_MAX - window)
		return false;
	if (o->kind == NK_OTP_HOTP) {
		*firstp = o->next;
		*lastp = o->next + window;
		return true;
	}
	at = now / o->period;
	*firstp = at - window > o->next ? at - window : o->next;
	*lastp = at + window;
	return now >= 0 && *firstp <= *lastp;
}

/*
 * Of two moving factors with the same code TOTP takes the later one, so that
 * the code is not right once more; HOTP the earlier one, whose token would
 * otherwise be left behind.
 */
int
nk_otp_verify(const struct nk_otp *o, const struct nk_secret *seed,
    const char *code, int64_t now, int64_t *factorp)
{
	char right[DIGITS_MAX + 1] = "";
	int64_t factor, last, found = -1;
	int r = 0;

	if (!nk_otp_is_valid(o) || seed->len < NK_OTP_SEED_MIN ||
	    seed->len > NK_OTP_SEED_MAX)
		return -EINVAL;
	if (oath_init() != OATH_OK)
		return -EIO;
	if (strlen(code) != o->digits || !find_range(o, now, &factor, &last))
		return -EACCES;
	for (; r == 0 && factor <= last; factor++) {
		if ((r = generate(o, seed, factor, right)) == 0 &&
		    nk_otp_is_equal(right, code, o->digits) &&
		    (found == -1 || o->kind == NK_OTP_TOTP))
			found = factor;
	}
	explicit_bzero(right, sizeof(right));
	if (r < 0)
		return r;
	if (found == -1)
		return -EACCES;
	*factorp = found;
	return 0;
}
