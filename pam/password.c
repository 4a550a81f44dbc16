/* SPDX-License-Identifier: ISC */
/*
 * A new password.  The helper holds it against the rules and writes it; here
 * people are asked.  Who is not the machine's root, or has to change an
 * expired password, gives the old one, and it is passed on: the helper then
 * applies the rules for a user's own change.
 */
#include "pam/call.h"

#include <security/pam_ext.h>

#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "pam/ask.h"
#include "pam/authenticate.h"

static bool
is_own_change(const struct nk_call *c)
{
	return getuid() != 0 || (c->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0;
}

/* An empty new password only asks whether it may be changed now. */
static int
change(const struct nk_call *c, const char *old, const char *new)
{
	const struct nk_question q = { .op = NK_FRAME_CHAUTHTOK,
	    .field = { c->user, old, new } };
	char text[NK_FRAME_TEXT_MAX + 1];
	int result;

	if (strlen(new) > NK_FRAME_SECRET_MAX) {
		nk_tell_person(c, PAM_ERROR_MSG, "This password is too "
		    "long.");
		return PAM_AUTHTOK_ERR;
	}
	result = nk_ask(c, &q, text, sizeof(text));
	if (result != PAM_SUCCESS && text[0] != '\0')
		nk_tell_person(c, PAM_ERROR_MSG, text);
	return result;
}

/* PAM_PRELIM_CHECK: is it for the asker to change, and may it be now? */
static int
prepare(const struct nk_call *c, struct nk_lookup *l)
{
	const char *old = NULL;
	int result;

	if ((result = nk_check_theirs(c, &l->account)) != PAM_SUCCESS ||
	    !is_own_change(c))
		return result;
	result = pam_get_authtok(c->pamh, PAM_OLDAUTHTOK, &old, NULL);
	if (result == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (result != PAM_SUCCESS)
		return result;
	if ((result = nk_verify_password(c, l, old)) != PAM_SUCCESS)
		return result;
	return change(c, old, "");
}

static int
get_new(const struct nk_call *c, const char **newp)
{
	int result = pam_get_authtok(c->pamh, PAM_AUTHTOK, newp, NULL);

	return result == PAM_CONV_AGAIN ? PAM_INCOMPLETE : result;
}

/* PAM_UPDATE_AUTHTOK */
static int
update(const struct nk_call *c, const struct nk_account *a)
{
	const char *old = "", *new = NULL;
	int result;

	if ((result = nk_check_theirs(c, a)) != PAM_SUCCESS)
		return result;
	if (is_own_change(c) &&
	    (old = nk_item(c, PAM_OLDAUTHTOK))[0] == '\0')
		return PAM_AUTHTOK_RECOVERY_ERR;
	if ((result = get_new(c, &new)) != PAM_SUCCESS)
		return result;
	if (new[0] == '\0') {
		nk_tell_person(c, PAM_ERROR_MSG, "No password was given.");
		return PAM_AUTHTOK_ERR;
	}
	if ((result = change(c, old, new)) == PAM_SUCCESS)
		nk_log(c, LOG_NOTICE, "password changed");
	return result;
}

/*
 * The modules behind us are told to use the new password that somebody
 * before them has asked for.  Where we are the first that is our duty, also
 * for users who are not ours.
 */
static int
pass_on(const struct nk_call *c, int result)
{
	const char *new = NULL;
	int got;

	if ((c->flags & PAM_UPDATE_AUTHTOK) == 0 || c->options->use_authtok)
		return result;
	return (got = get_new(c, &new)) == PAM_SUCCESS ? result : got;
}

int
nk_change_password(struct nk_call *c)
{
	struct nk_lookup l;
	int r, result;

	result = pam_get_user(c->pamh, &c->user, NULL);
	if (result != PAM_SUCCESS)
		return result == PAM_CONV_AGAIN ? PAM_INCOMPLETE : result;
	if ((r = nk_lookup_begin(&l, &c->place->maps, c->user,
	    c->options->min_uid)) < 0)
		result = nk_result(r);
	else if ((c->flags & PAM_PRELIM_CHECK) != 0)
		result = prepare(c, &l);
	else
		result = update(c, &l.account);
	nk_lookup_end(&l);
	if (r == -ENODATA)
		nk_log_no_map(c);
	if (result == PAM_USER_UNKNOWN || result == PAM_AUTHINFO_UNAVAIL)
		result = pass_on(c, result);
	return result;
}
