/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_OTP_CODES_H
#define NASKEYS_TESTS_OTP_CODES_H

/* The world of methods_fixture.h with a sealing key, and codes for it. */

#include <liboath/oath.h>
#include <time.h>

#include "lib/map/reader.h"
#include "tests/unit/methods_fixture.h"

#define OTP_BYTES	"12345678901234567890"
#define OTP_SECRET	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define ALICE		2	/* row ids */
#define BOB		3
#define CAROL		5

static char seal_key[96];

static inline void
make_otp_world(void)
{
	make_world();
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", w.dir);
	w.state.seal_key = seal_key;
}

/* Two codes at a time. */
static inline const char *
hotp_code(int64_t counter)
{
	static char code[2][9];
	static int next;
	char *out = code[next++ % 2];

	ck_assert_int_eq(oath_hotp_generate(OTP_BYTES, 20,
	    (uint64_t)counter, 6, false, OATH_HOTP_DYNAMIC_TRUNCATION, out),
	    OATH_OK);
	return out;
}

static inline const char *
totp_code(int64_t from_now)
{
	return hotp_code((int64_t)time(NULL) / 30 + from_now);
}

/* The caller gives the user a factor with that secret: the answer. */
static inline json_t *
enroll(const char *name, const char *kind, const char *code,
    const char *more)
{
	char params[512];
	int n = snprintf(params, sizeof(params), "['%s',{'kind':'%s',"
	    "'secret':'" OTP_SECRET "','code':'%s'%s}]", name, kind, code,
	    more);

	ck_assert_int_lt(n, (int)sizeof(params));
	return call("user.otp_enroll", params);
}

/* It must work; recovery (may be NULL) gets the first code. */
static inline void
must_enroll(const char *name, const char *kind, const char *code,
    const char *more, char recovery[12])
{
	json_t *v = enroll(name, kind, code, more);
	json_t *codes = at(v, "result.recovery_codes");
	char *whole = dump(v);

	ck_assert_msg(json_array_size(codes) == 10, "%s", whole);
	if (recovery != NULL)
		(void)snprintf(recovery, 12, "%s", json_string_value(
		    json_array_get(codes, 0)));
	free(whole);
	json_decref(v);
}

/* Does secrets.map say that the row has a second factor? */
static inline bool
map_says_otp(uint64_t row)
{
	struct nk_map_secret secret;
	struct nk_view v;
	struct nk_user *u;
	char path[160];
	bool otp;

	(void)snprintf(path, sizeof(path), "%s/secrets.map", w.maps);
	ck_assert_int_eq(nk_user_get(nk_publisher_store(w.c.publisher),
	    (int64_t)row, &u), 0);
	ck_assert_int_eq(nk_view_open(&v, -1, path, NK_MAP_KIND_SECRETS,
	    NK_VIEW_PREAD), 0);
	ck_assert_int_eq(nk_map_secret_find(&v, row,
	    (uint64_t)u->generation, &secret), 0);
	otp = (secret.flags & NK_SECRET_OTP) != 0;
	nk_view_close(&v);
	nk_user_free(u);
	return otp;
}

#endif /* NASKEYS_TESTS_OTP_CODES_H */
