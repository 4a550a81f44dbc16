/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_otp.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/otp/base32.h"
#include "lib/otp/factor.h"
#include "lib/otp/recovery.h"
#include "lib/otp/uri.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/otp_fields.h"

#define ENROLL	"user.otp_enroll"
#define REMOVE	"user.otp_remove"

struct enrolment {
	const char		*name;
	const char		*current_code;
	struct nk_otp		 otp;
	struct nk_secret	 seed, recovery;
	struct nk_keychain	 kc;
};

static int
wrong(struct nk_error *e, const char *attribute, const char *text)
{
	nk_error_add(e, attribute, EINVAL, "%s", text);
	return -EINVAL;
}

/* The user, if the caller may touch its second factor, and it can have one. */
static int
find_user(struct nk_context *c, const char *name, struct nk_user **up,
    struct nk_error *e)
{
	int r;

	if ((r = nk_key_find_user(c, name, up, e)) < 0)
		return r;
	if ((*up)->managed)
		return 0;
	nk_user_free(*up);
	*up = NULL;
	return nk_error_call(e, EINVAL, "%s: the account lives in another "
	    "name service, and logs in without naskeys.", name);
}

/* ---- the factor at hand ---- */

static int
say_unopened(const struct nk_keychain *kc, const char *name, int r,
    struct nk_error *e)
{
	if (r == -ENOKEY)
		return nk_error_call(e, EFAULT, "The second factor of %s is "
		    "not sealed with the key in %s; put the right key file "
		    "back, nothing is lost", name, kc->path);
	if (r == -EBADMSG)
		return nk_error_call(e, EFAULT, "What is stored of the "
		    "second factor of %s is damaged; an administrator can "
		    "remove it", name);
	return r;
}

/*
 * Inside the edit: rule 2.  0 also where there is none.  attribute is that
 * of the code.
 */
static int
check_present(struct nk_context *c, struct nk_keychain *kc,
    const struct nk_user *u, const char *code, const char *attribute,
    const char *action, struct nk_error *e)
{
	const struct nk_subject subject = { "user", u->id, u->name };
	struct nk_factor_use use;
	struct nk_otp o;
	int r;

	if ((r = nk_otp_get(kc->store, u->id, &o)) < 0)
		return r == -ENOENT ? 0 : r;
	if (c->rank >= NK_RANK_ADMIN)
		return 0;
	if (code == NULL)
		return wrong(e, attribute, "A code of the present second "
		    "factor, or a recovery code, is needed.");
	r = nk_factor_may_try(c->session, c->conf, u->id);
	if (r == -EAGAIN)
		return nk_error_call(e, EBUSY, "Too many codes were tried: "
		    "wait some minutes.");
	if (r < 0)
		return r;
	if ((r = nk_factor_take(kc, u->id, code, nk_now(), &use)) == -EACCES)
		return wrong(e, attribute, "This is not the code of the "
		    "present second factor, or it was used before.");
	if (r < 0)
		return say_unopened(kc, u->name, r, e);
	r = nk_factor_forget_tries(c->session, u->id);
	if (r < 0 || !use.recovery)
		return r;
	return nk_audit_write(c, action, &subject, NULL, NULL,
	    "Use recovery code of %s, %zu left", u->name, use.left);
}

/* ---- enrolment ---- */

static json_t *
json_secret(const struct nk_secret *s)
{
	return json_stringn((const char *)s->p, s->len);
}

/* What the device needs, and nothing is stored. */
static int
propose(const struct enrolment *en, json_t **resultp)
{
	char host[HOST_NAME_MAX + 1] = "";
	struct nk_secret uri = NK_SECRET_NONE, text = NK_SECRET_NONE;
	int r;

	if (gethostname(host, sizeof(host) - 1) == -1 || host[0] == '\0')
		(void)memcpy(host, "naskeys", sizeof("naskeys"));
	if ((r = nk_otp_uri(&en->otp, &en->seed, host, en->name,
	    &uri)) == 0 &&
	    (r = nk_base32_encode(en->seed.p, en->seed.len, &text)) == 0) {
		*resultp = json_pack("{s:o,s:o}", "secret",
		    json_secret(&text), "uri", json_secret(&uri));
		if (*resultp == NULL)
			r = -ENOMEM;
	}
	nk_secret_clear(&uri);
	nk_secret_clear(&text);
	return r;
}

static int
show_recovery(const struct enrolment *en, json_t **resultp)
{
	char code[NK_RECOVERY_SHOWN + 1];
	json_t *codes = json_array();
	size_t i;
	int r = 0;

	for (i = 0; i < nk_recovery_count(&en->recovery); i++) {
		nk_recovery_show(&en->recovery, i, code);
		if (json_array_append_new(codes, json_string(code)) == -1)
			r = -ENOMEM;
	}
	explicit_bzero(code, sizeof(code));
	if ((*resultp = json_pack("{s:o}", "recovery_codes", codes)) == NULL)
		r = -ENOMEM;
	return r;
}

static int
audit_enrolment(struct nk_context *c, const struct enrolment *en)
{
	const struct nk_otp *o = &en->otp;
	const struct nk_subject subject = { "user", o->user_id, en->name };
	json_t *after;
	int r;

	after = json_pack("{s:s,s:s,s:i,s:i,s:i}", "kind",
	    o->kind == NK_OTP_HOTP ? "HOTP" : "TOTP", "algorithm",
	    nk_otp_hash_name(o->hash), "digits", (int)o->digits, "period",
	    (int)o->period, "window", (int)o->window);
	if (after == NULL)
		return -ENOMEM;
	r = nk_audit_write(c, ENROLL, &subject, NULL, after,
	    "Enroll second factor of %s", en->name);
	json_decref(after);
	return r;
}

static int
enroll(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct enrolment *en = arg;
	struct nk_user *u;
	int r;

	if ((r = find_user(c, en->name, &u, e)) < 0)
		return r;
	en->otp.user_id = u->id;
	en->otp.created_at = en->otp.last_used_at = nk_now();
	if ((r = check_present(c, &en->kc, u, en->current_code,
	    "otp_enroll.current_code", ENROLL, e)) == 0 &&
	    (r = nk_factor_set(&en->kc, &en->otp, &en->seed,
	    &en->recovery)) == -ENOKEY)
		r = say_unopened(&en->kc, en->name, r, e);
	if (r == 0)
		r = audit_enrolment(c, en);
	nk_user_free(u);
	return r;
}

int
nk_user_otp_enroll(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *data = json_array_get(params, 1);
	const char *code = json_string_value(json_object_get(data, "code"));
	struct enrolment en = {
		.name = json_string_value(json_array_get(params, 0)),
		.current_code = json_string_value(json_object_get(data,
		    "current_code")),
	};
	struct nk_user *u;
	int r;

	if ((r = find_user(c, en.name, &u, e)) < 0)
		return r;
	nk_user_free(u);
	nk_keychain_of(c, &en.kc);
	if ((r = nk_otp_fields_read(data, &en.otp, &en.seed, e)) < 0)
		goto out;
	if (code == NULL) {
		r = propose(&en, resultp);
		goto out;
	}
	if ((r = nk_otp_fields_confirm(&en.otp, &en.seed, code, e)) == 0 &&
	    (r = nk_recovery_new(&en.recovery)) == 0 &&
	    (r = nk_edit_run(c, enroll, &en, e)) == 0)
		r = show_recovery(&en, resultp);
 out:
	nk_keychain_clear(&en.kc);
	nk_secret_clear(&en.seed);
	nk_secret_clear(&en.recovery);
	return r;
}

/* ---- removal ---- */

struct removal {
	const char		*name, *code;
	struct nk_keychain	 kc;
};

static int
remove_factor(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct removal *rm = arg;
	struct nk_subject subject = { "user", 0, rm->name };
	struct nk_user *u;
	int r;

	if ((r = find_user(c, rm->name, &u, e)) < 0)
		return r;
	subject.id = u->id;
	r = check_present(c, &rm->kc, u, rm->code, "otp_remove.code", REMOVE,
	    e);
	if (r == 0 && (r = nk_otp_delete(rm->kc.store, u->id)) == -ENOENT)
		r = nk_error_call(e, ENOENT, "%s has no second factor.",
		    rm->name);
	if (r == 0)
		r = nk_audit_write(c, REMOVE, &subject, NULL, NULL,
		    "Remove second factor of %s", rm->name);
	nk_user_free(u);
	return r;
}

int
nk_user_otp_remove(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct removal rm = {
		.name = json_string_value(json_array_get(params, 0)),
		.code = json_string_value(json_object_get(
		    json_array_get(params, 1), "code")),
	};
	int r;

	nk_keychain_of(c, &rm.kc);
	r = nk_edit_run(c, remove_factor, &rm, e);
	nk_keychain_clear(&rm.kc);
	if (r < 0)
		return r;
	return (*resultp = json_null()) == NULL ? -ENOMEM : 0;
}

/* ---- arguments ---- */

const struct nk_arg nk_otp_enroll_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "otp_enroll", .type = NK_ARG_OBJECT,
	    .fields = nk_otp_enroll_fields },
	{ .name = NULL },
};

static const struct nk_arg remove_fields[] = {
	{ .name = "code", .type = NK_ARG_STRING, .flags = NK_ARG_SECRET },
	{ .name = NULL },
};

const struct nk_arg nk_otp_remove_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "otp_remove", .type = NK_ARG_OBJECT,
	    .fields = remove_fields },
	{ .name = NULL },
};
