/* SPDX-License-Identifier: ISC */
#include "lib/rpc/otp_fields.h"

#include <errno.h>
#include <string.h>

#include "lib/otp/base32.h"
#include "lib/otp/otp.h"
#include "lib/otp/uri.h"
#include "lib/rpc/edit.h"

const struct nk_arg nk_otp_enroll_fields[] = {
	{ .name = "kind", .type = NK_ARG_STRING },
	{ .name = "algorithm", .type = NK_ARG_STRING },
	{ .name = "digits", .type = NK_ARG_INT, .min = 6, .max = 8 },
	{ .name = "period", .type = NK_ARG_INT, .min = NK_OTP_PERIOD_MIN,
	    .max = NK_OTP_PERIOD_MAX },
	{ .name = "window", .type = NK_ARG_INT, .min = 0,
	    .max = NK_OTP_HOTP_WINDOW_MAX },
	{ .name = "secret", .type = NK_ARG_STRING, .flags = NK_ARG_SECRET },
	{ .name = "code", .type = NK_ARG_STRING, .flags = NK_ARG_SECRET },
	{ .name = "current_code", .type = NK_ARG_STRING,
	    .flags = NK_ARG_SECRET },
	{ .name = NULL },
};

static int
wrong(struct nk_error *e, const char *attribute, const char *text)
{
	nk_error_add(e, attribute, EINVAL, "%s", text);
	return -EINVAL;
}

static const char *
text_of(const json_t *data, const char *field)
{
	return json_string_value(json_object_get(data, field));
}

static int
read_kind(const json_t *data, struct nk_otp *o, struct nk_error *e)
{
	const char *kind = text_of(data, "kind");

	if (kind == NULL || strcmp(kind, "TOTP") == 0)
		o->kind = NK_OTP_TOTP;
	else if (strcmp(kind, "HOTP") == 0)
		o->kind = NK_OTP_HOTP;
	else
		return wrong(e, "otp_enroll.kind",
		    "Input should be 'TOTP' or 'HOTP'");
	return 0;
}

static int
read_hash(const json_t *data, struct nk_otp *o, struct nk_error *e)
{
	const char *name = text_of(data, "algorithm");
	enum nk_otp_hash hash;

	o->hash = NK_OTP_SHA1;
	if (name == NULL)
		return 0;
	for (hash = NK_OTP_SHA1; hash <= NK_OTP_SHA512; hash++) {
		if (strcmp(name, nk_otp_hash_name(hash)) != 0)
			continue;
		if (hash != NK_OTP_SHA1 && o->kind == NK_OTP_HOTP)
			return wrong(e, "otp_enroll.algorithm",
			    "HOTP is SHA1 alone");
		o->hash = hash;
		return 0;
	}
	return wrong(e, "otp_enroll.algorithm",
	    "Input should be 'SHA1', 'SHA256' or 'SHA512'");
}

static unsigned int
number_of(const json_t *data, const char *field, unsigned int none)
{
	const json_t *v = json_object_get(data, field);

	return json_is_integer(v) ? (unsigned int)json_integer_value(v) :
	    none;
}

static int
read_rule(const json_t *data, struct nk_otp *o, struct nk_error *e)
{
	bool hotp;
	int r;

	if ((r = read_kind(data, o, e)) < 0 || (r = read_hash(data, o, e)) < 0)
		return r;
	hotp = o->kind == NK_OTP_HOTP;
	if (hotp && json_object_get(data, "period") != NULL)
		return wrong(e, "otp_enroll.period", "HOTP has no period");
	o->digits = number_of(data, "digits", 6);
	if (o->digits != 6 && o->digits != 8)
		return wrong(e, "otp_enroll.digits",
		    "Input should be 6 or 8");
	o->period = number_of(data, "period", hotp ? 0 : NK_OTP_PERIOD);
	o->window = number_of(data, "window", hotp ? NK_OTP_HOTP_WINDOW :
	    NK_OTP_TOTP_WINDOW);
	if (!nk_otp_is_valid(o))
		return wrong(e, "otp_enroll.window", "Out of range: 0 to 4 "
		    "periods (TOTP), 1 to 50 counters (HOTP)");
	return 0;
}

static int
read_seed(const json_t *data, struct nk_secret *seed, struct nk_error *e)
{
	const char *text = text_of(data, "secret");
	int r;

	if (text == NULL && json_object_get(data, "code") != NULL)
		return wrong(e, "otp_enroll.secret", "Field required");
	if (text == NULL)
		return nk_otp_seed_new(seed);
	if ((r = nk_base32_decode(text, seed)) == -EBADMSG)
		return wrong(e, "otp_enroll.secret", "Not base 32");
	if (r < 0)
		return r;
	if (seed->len < NK_OTP_SEED_MIN || seed->len > NK_OTP_SEED_MAX)
		return wrong(e, "otp_enroll.secret",
		    "It must have 16 to 64 bytes (26 to 103 characters)");
	return 0;
}

int
nk_otp_fields_read(const json_t *data, struct nk_otp *o,
    struct nk_secret *seed, struct nk_error *e)
{
	int r;

	*o = (struct nk_otp){ .user_id = 0 };
	if ((r = read_rule(data, o, e)) < 0)
		return r;
	return read_seed(data, seed, e);
}

int
nk_otp_fields_confirm(struct nk_otp *o, const struct nk_secret *seed,
    const char *text, struct nk_error *e)
{
	char code[NK_OTP_TEXT_MAX + 1];
	int64_t factor = 0;
	int r = -EACCES;

	if (nk_otp_text_parse(text, code) == NK_OTP_TEXT_DIGITS)
		r = nk_otp_verify(o, seed, code, nk_now(), &factor);
	explicit_bzero(code, sizeof(code));
	if (r == -EACCES)
		return wrong(e, "otp_enroll.code", "This is not the code "
		    "that the secret gives now: are the clocks right?");
	if (r == 0)
		o->next = factor + 1;
	return r;
}
