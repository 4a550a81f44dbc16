/* SPDX-License-Identifier: ISC */

/* naskeysctl user otp: second factors. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/qr.h"
#include "helper/ctl/secret.h"
#include "helper/ctl/value.h"

#define ATTEMPTS	3	/* of typing the device's code */
#define KIND_LEN	8

const struct ctl_option ctl_user_otp_options[] = {
	{ "kind", "KIND", "totp, by the time (the default), or hotp, by a "
	    "counter" },
	{ "algorithm", "A", "sha1 (the default), sha256 or sha512" },
	{ "digits", "N", "6 (the default) or 8" },
	{ "period", "S", "seconds that a code lasts; 30 by default" },
	{ "window", "N", "how many codes before and after are taken" },
	{ "secret-stdin", NULL, "read the device's own secret, in base 32" },
	{ "code-stdin", NULL, "read the codes from standard input" },
	{ NULL, NULL, NULL },
};

/* ---- what is asked for ---- */

/* Names of standards are in capitals there. */
static int
add_name(const struct ctl *c, const struct ctl_args *a, const char *option,
    json_t *to)
{
	const char *value = ctl_get(a, option);
	char name[KIND_LEN];
	size_t i;

	if (value == NULL)
		return CTL_DONE;
	if (strlen(value) >= sizeof(name))
		return ctl_misuse(c, "--%s: there is no \"%s\"", option,
		    value);
	for (i = 0; value[i] != '\0'; i++)
		name[i] = (char)toupper((unsigned char)value[i]);
	name[i] = '\0';
	return put(c, to, option, json_string(name), option);
}

static int
add_rule(const struct ctl *c, const struct ctl_args *a, json_t *to)
{
	int r;

	if ((r = add_name(c, a, "kind", to)) != CTL_DONE ||
	    (r = add_name(c, a, "algorithm", to)) != CTL_DONE ||
	    (r = add_number(c, a, "digits", to, "digits")) != CTL_DONE ||
	    (r = add_number(c, a, "period", to, "period")) != CTL_DONE)
		return r;
	return add_number(c, a, "window", to, "window");
}

/*
 * Put a line of standard input, or what is typed, into the request.  The
 * connection is closed first: the helper waits for nobody who types.
 */
static int
add_secret(struct ctl *c, bool standard, const char *prompt, json_t *to,
    const char *field)
{
	char text[SECRET_MAX] = "";
	int r;

	if (!standard)
		ctl_hang_up(c);
	r = standard ? secret_read_line(c, text, sizeof(text)) :
	    secret_ask(c, prompt, text, sizeof(text));
	if (r == CTL_DONE)
		r = put(c, to, field, json_string(text), "what was given");
	explicit_bzero(text, sizeof(text));
	return r;
}

/* Who is no administrator gives a code of the factor that there is. */
static int
add_current(struct ctl *c, const struct ctl_args *a, const char *name,
    json_t *to, const char *field)
{
	json_t *row = NULL;
	int r = CTL_DONE;

	if (!ctl_is_own(c, name))
		return CTL_DONE;
	if ((r = ctl_find(c, "user", name, &row)) == CTL_DONE &&
	    row_bool(row, "twofactor_auth_configured") &&
	    !row_bool(row, "admin"))
		r = add_secret(c, ctl_has(a, "code-stdin"), "Current "
		    "one-time password or recovery code: ", to, field);
	json_decref(row);
	return r;
}

/* ---- enroll ---- */

static void
show_proposal(const struct ctl *c, const json_t *o)
{
	if (c->json) {
		ctl_print_json(o);
	} else {
		(void)qr_print(row_string(o, "uri"));
		ctl_say("%s", row_string(o, "uri"));
		ctl_say("Secret: %s", row_string(o, "secret"));
	}
	(void)fflush(stdout);	/* a program reads it before the code */
}

static void
show_recovery(const struct ctl *c, const char *name, const json_t *o)
{
	const json_t *codes = json_object_get(o, "recovery_codes"), *v;
	size_t i;

	if (c->json) {
		ctl_print_json(o);
		return;
	}
	ctl_say("The second factor of %s is in force.  Recovery codes, each "
	    "good once; keep them apart from the device:", name);
	json_array_foreach(codes, i, v)
		ctl_say("  %s", json_string_value(v));
}

/* A wrong one may be typed again; standard input has one. */
static int
confirm(struct ctl *c, const struct ctl_args *a, const char *name,
    json_t *request)
{
	bool standard = ctl_has(a, "code-stdin");
	json_t *result = NULL;
	int r = CTL_FAILED, i;

	for (i = 0; r == CTL_FAILED && i < (standard ? 1 : ATTEMPTS); i++) {
		if ((r = add_secret(c, standard, "One-time password that the "
		    "device shows: ", request, "code")) != CTL_DONE)
			return r;
		r = ctl_call(c, "user.otp_enroll", json_pack("[s,O]", name,
		    request), -1, &result);
	}
	if (r == CTL_DONE)
		show_recovery(c, name, result);
	json_decref(result);
	return r;
}

/* What the device needs, and the request becomes that of the second call. */
static int
propose(struct ctl *c, const char *name, json_t *request)
{
	json_t *o = NULL;
	int r;

	r = ctl_call(c, "user.otp_enroll", json_pack("[s,O]", name,
	    request), -1, &o);
	if (r == CTL_DONE) {
		show_proposal(c, o);
		r = put(c, request, "secret", json_incref(json_object_get(o,
		    "secret")), "");
	}
	json_decref(o);
	return r;
}

static int
enroll(struct ctl *c, const struct ctl_args *a, const char *name)
{
	json_t *request = json_object();
	int r;

	if (!ctl_has(a, "code-stdin") && !isatty(STDIN_FILENO))
		r = ctl_fail(c, "no terminal to ask for the device's code: "
		    "give it with --code-stdin");
	else if ((r = add_rule(c, a, request)) == CTL_DONE &&
	    (r = add_current(c, a, name, request, "current_code")) ==
	    CTL_DONE && (!ctl_has(a, "secret-stdin") ||
	    (r = add_secret(c, true, NULL, request, "secret")) ==
	    CTL_DONE) && (r = propose(c, name, request)) == CTL_DONE)
		r = confirm(c, a, name, request);
	json_decref(request);
	return r;
}

/* ---- remove ---- */

static int
remove_factor(struct ctl *c, const struct ctl_args *a, const char *name)
{
	json_t *request = json_object(), *result = NULL;
	int r;

	if ((r = add_current(c, a, name, request, "code")) == CTL_DONE &&
	    (r = ctl_call(c, "user.otp_remove", json_pack("[s,O]", name,
	    request), -1, &result)) == CTL_DONE)
		r = ctl_done(c, result, "Removed the second factor of %s",
		    name);
	json_decref(request);
	json_decref(result);
	return r;
}

int
ctl_user_otp(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0], *verb = a->positional[1];

	if (strcmp(verb, "enroll") == 0)
		return enroll(c, a, name);
	if (strcmp(verb, "remove") == 0)
		return remove_factor(c, a, name);
	return ctl_misuse(c, "\"%s\" is neither enroll nor remove", verb);
}
