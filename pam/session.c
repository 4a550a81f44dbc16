/* SPDX-License-Identifier: ISC */
/*
 * A session has begun or ended: the helper is told, and whether it hears
 * that is no matter to the user.
 */
#include "pam/call.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "pam/ask.h"

static int
find(struct nk_call *c)
{
	struct nk_lookup l;
	int r;

	if ((c->user = nk_item(c, PAM_USER))[0] == '\0')
		return PAM_SESSION_ERR;
	r = nk_lookup_begin(&l, &c->place->maps, c->user,
	    c->options->min_uid);
	nk_lookup_end(&l);
	return r == 0 ? nk_check_theirs(c, &l.account) : nk_result(r);
}

static void
make_home(const struct nk_call *c)
{
	const struct nk_question q = { .op = NK_FRAME_MKHOME,
	    .field = { c->user }, .ms = NK_ASK_HOME_MS };
	char text[NK_FRAME_TEXT_MAX + 1];

	if (nk_ask(c, &q, text, sizeof(text)) == PAM_SUCCESS)
		return;
	nk_log(c, LOG_ERR, "no home directory was made: %s", text);
	nk_tell_person(c, PAM_ERROR_MSG,
	    "Your home directory could not be made.");
}

int
nk_open_session(struct nk_call *c)
{
	const char *info;
	int result;

	if ((result = find(c)) != PAM_SUCCESS || !nk_is_root())
		return result;
	if (c->options->mkhome)
		make_home(c);
	info = pam_getenv(c->pamh, "SSH_AUTH_INFO_0");
	nk_tell(c, &(const struct nk_question){
	    .op = NK_FRAME_SESSION_OPEN, .field = { c->user,
	    nk_item(c, PAM_SERVICE), nk_item(c, PAM_RHOST),
	    nk_item(c, PAM_TTY), info } });
	return PAM_SUCCESS;
}

int
nk_close_session(struct nk_call *c)
{
	int result;

	if ((result = find(c)) != PAM_SUCCESS || !nk_is_root())
		return result;
	nk_tell(c, &(const struct nk_question){
	    .op = NK_FRAME_SESSION_CLOSE, .field = { c->user,
	    nk_item(c, PAM_SERVICE), nk_item(c, PAM_TTY) } });
	return PAM_SUCCESS;
}
