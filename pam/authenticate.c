/* SPDX-License-Identifier: ISC */
/*
 * Who asks to be let in:
 *
 *  1. A name that is not ours MUST be neither let in nor refused by us.  One
 *     that nobody knows MUST cost what a wrong password costs.
 *  2. One hash is computed for each password, whatever becomes of it.
 *  3. A wrong password, a locked account and one that is locked out MUST
 *     look the same; the log says which it was.
 *  4. What let the user in MUST still hold after the hash was computed, and
 *     after the last answer of the person, in maps read anew.
 *  5. Who has a second factor MUST NOT be let in without it.
 *  6. Without an answer nobody is let in, and no other module is asked.
 */
#include "pam/authenticate.h"

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "pam/agent.h"
#include "pam/ask.h"
#include "pam/hash.h"

#define DELAY_US	2000000u	/* after a failure: pam_unix(8)'s */

static const char nowhere[] = "secrets.map cannot be read or trusted";

static bool
is_sshd(const struct nk_call *c)
{
	return strcmp(nk_item(c, PAM_SERVICE), "sshd") == 0;
}

static bool
is_locked_out(const struct nk_password *s)
{
	struct timespec ts;

	if (s->locked_until == 0)
		return false;
	return clock_gettime(CLOCK_BOOTTIME, &ts) == -1 ||
	    s->locked_until > ts.tv_sec;
}

/* Can a password be right at all, where it is asked for? */
static bool
takes_password(const struct nk_call *c, const struct nk_account *a)
{
	if ((a->flags & NK_USER_PASSWORD_DISABLED) != 0)
		return false;
	return !is_sshd(c) || (a->flags & NK_USER_SSH_PASSWORD) != 0;
}

/* Why even the right password is refused, or NULL. */
static const char *
refusal(const struct nk_call *c, const struct nk_lookup *l)
{
	if ((l->account.flags & NK_USER_LOCKED) != 0)
		return "the account is locked";
	if ((l->account.flags & NK_USER_PASSWORD_DISABLED) != 0)
		return "it has no password";
	if (!takes_password(c, &l->account))
		return "it has no password over SSH";
	if (is_locked_out(&l->secret))
		return "locked out after failures";
	return NULL;
}

/*
 * Rule 4; every edit that takes a right away raises the generation, but for a
 * second factor that has come or gone.
 */
static int
check_again(const struct nk_call *c, const struct nk_lookup *l,
    bool by_password)
{
	struct nk_lookup now;
	const char *why = NULL;
	int r;

	r = nk_lookup_begin(&now, &c->place->maps, c->user,
	    c->options->min_uid);
	if (r == 0)
		r = nk_lookup_secret(&now);
	if (r < 0)
		why = "the maps cannot be read again";
	else if (now.account.row != l->account.row ||
	    now.account.uid != l->account.uid ||
	    now.account.generation != l->account.generation)
		why = "the account was changed meanwhile";
	else if (((now.secret.flags ^ l->secret.flags) & NK_SECRET_OTP) != 0)
		why = "the second factor was changed meanwhile";
	else if (by_password)
		why = refusal(c, &now);
	nk_lookup_end(&now);
	if (why == NULL)
		return PAM_SUCCESS;
	nk_log(c, LOG_NOTICE, "refused: %s", why);
	return PAM_AUTH_ERR;
}

static void
report_failure(const struct nk_call *c)
{
	const struct nk_question q = { .op = NK_FRAME_FAILURE, .field = {
	    c->user, nk_item(c, PAM_SERVICE), nk_item(c, PAM_RHOST),
	    nk_item(c, PAM_TTY) } };
	char text[2];

	if (nk_ask(c, &q, text, sizeof(text)) != PAM_SUCCESS)
		nk_log(c, LOG_ERR, "the failure is not counted");
}

static int
verify_by_map(const struct nk_call *c, struct nk_lookup *l,
    const char *password)
{
	const char *why = refusal(c, l);
	int r = nk_hash_verify(password, l->secret.hash), result;

	/* whoever called may have left us few descriptors: for the report */
	nk_lookup_close(l);
	if ((result = nk_check_theirs(c, &l->account)) != PAM_SUCCESS)
		return result;
	if (why != NULL) {
		nk_log(c, LOG_NOTICE, "refused: %s", why);
		return PAM_AUTH_ERR;
	}
	if (r == 0)
		return check_again(c, l, true);
	if (r == -EPERM) {
		nk_log(c, LOG_NOTICE, "refused: wrong password");
		report_failure(c);
	}
	return nk_result(r);
}

/* Who may not read hashes asks the helper, which counts for itself. */
static int
verify_by_helper(const struct nk_call *c, const struct nk_lookup *l,
    const char *password)
{
	const struct nk_question q = { .op = NK_FRAME_VERIFY,
	    .field = { c->user, password } };
	char text[2];
	int result;

	if ((result = nk_check_theirs(c, &l->account)) != PAM_SUCCESS)
		return result;
	if (strlen(password) > NK_FRAME_SECRET_MAX)
		return nk_result(nk_hash_verify(password, NULL));
	return nk_ask(c, &q, text, sizeof(text));
}

int
nk_verify_password(const struct nk_call *c, struct nk_lookup *l,
    const char *password)
{
	int r, result;

	if ((r = nk_lookup_secret(l)) == 0)
		return verify_by_map(c, l, password);
	if (r == -EACCES && !nk_is_root())
		return verify_by_helper(c, l, password);
	if ((result = nk_check_theirs(c, &l->account)) != PAM_SUCCESS)
		return result;
	nk_log(c, LOG_ERR, "%s: %s", nowhere, strerror(-r));
	return nk_result(r);
}

static int
get_password(const struct nk_call *c, const char **passwordp)
{
	int result = pam_get_authtok(c->pamh, PAM_AUTHTOK, passwordp, NULL);

	if (result == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (result == PAM_SUCCESS)
		(void)pam_fail_delay(c->pamh, DELAY_US);
	return result;
}

/* An empty hash, which is nothing that the helper ever publishes. */
static bool
needs_no_password(const struct nk_call *c, struct nk_lookup *l)
{
	return c->options->nullok &&
	    (c->flags & PAM_DISALLOW_NULL_AUTHTOK) == 0 &&
	    nk_lookup_secret(l) == 0 && l->secret.hash[0] == '\0' &&
	    refusal(c, l) == NULL &&
	    nk_check_theirs(c, &l->account) == PAM_SUCCESS;
}

static int
ask_password(const struct nk_call *c, struct nk_lookup *l)
{
	const char *password = NULL;
	int result;

	if (needs_no_password(c, l))
		return PAM_SUCCESS;
	if ((result = get_password(c, &password)) != PAM_SUCCESS)
		return result;
	return nk_verify_password(c, l, password);
}

/* ---- the second factor ---- */

static int
ask_otp_of_helper(const struct nk_call *c, const char *otp)
{
	const struct nk_question q = { .op = NK_FRAME_OTP,
	    .field = { c->user, otp } };
	char text[2];

	return nk_ask(c, &q, text, sizeof(text));
}

/*
 * Who may not read the map learns it from the helper: an empty one-time
 * password is right for who needs none.
 */
static int
has_second_factor(const struct nk_call *c, const struct nk_lookup *l,
    bool *hasp)
{
	int result;

	*hasp = true;
	if (nk_is_root()) {
		*hasp = (l->secret.flags & NK_SECRET_OTP) != 0;
		return PAM_SUCCESS;
	}
	result = ask_otp_of_helper(c, "");
	if (result == PAM_SUCCESS)
		*hasp = false;
	return result == PAM_AUTH_ERR ? PAM_SUCCESS : result;
}

static int
ask_otp(const struct nk_call *c)
{
	char *otp = NULL;
	int result;

	result = pam_prompt(c->pamh, PAM_PROMPT_ECHO_OFF, &otp,
	    "One-time password: ");
	if (result == PAM_CONV_AGAIN)
		result = PAM_INCOMPLETE;
	if (result == PAM_SUCCESS && otp == NULL)
		result = PAM_CONV_ERR;
	if (result == PAM_SUCCESS) {
		(void)pam_fail_delay(c->pamh, DELAY_US);
		result = PAM_AUTH_ERR;
		if (otp[0] != '\0' && strlen(otp) <= NK_FRAME_SECRET_MAX)
			result = ask_otp_of_helper(c, otp);
		if (result == PAM_AUTH_ERR)
			nk_log(c, LOG_NOTICE, "refused: wrong one-time "
			    "password");
	}
	if (otp != NULL)
		explicit_bzero(otp, strlen(otp));
	free(otp);
	return result;
}

/* *askedp: the person has answered. */
static int
second_factor(const struct nk_call *c, const struct nk_lookup *l,
    bool *askedp)
{
	int result;

	*askedp = true;
	if ((result = has_second_factor(c, l, askedp)) != PAM_SUCCESS ||
	    !*askedp)
		return result;
	if (c->options->otp)
		return ask_otp(c);
	nk_log(c, LOG_NOTICE, "refused: it has a second factor, and this "
	    "service does not ask for it");
	return PAM_AUTH_ERR;
}

/* ---- what comes before a password ---- */

/*
 * Has sshd already taken a public key in this connection?  It says so in the
 * handle's environment, which in another service somebody else may fill.
 */
static bool
has_shown_key(const struct nk_call *c)
{
	static const char word[] = "publickey ";
	const char *line;

	if (!nk_is_root() || !is_sshd(c))
		return false;
	line = pam_getenv(c->pamh, "SSH_AUTH_INFO_0");
	while (line != NULL) {
		if (strncmp(line, word, sizeof(word) - 1) == 0)
			return true;
		if ((line = strchr(line, '\n')) != NULL)
			line++;
	}
	return false;
}

/*
 * Is the user let in without a password?  By the agent, or since the second
 * factor follows on a key and no password could be right here.
 */
static bool
is_known_by_key(const struct nk_call *c, struct nk_lookup *l)
{
	const char *how = NULL;
	bool key;

	key = c->options->otp && !takes_password(c, &l->account) &&
	    has_shown_key(c);
	if (!key && !c->options->agent)
		return false;
	if ((l->account.flags & NK_USER_LOCKED) != 0 ||
	    nk_lookup_secret(l) < 0 ||
	    nk_check_theirs(c, &l->account) != PAM_SUCCESS)
		return false;
	nk_lookup_close(l);
	if (key && (l->secret.flags & NK_SECRET_OTP) != 0)
		how = "a public key";
	else if (c->options->agent && nk_agent(c, &l->account) == PAM_SUCCESS)
		how = "its ssh-agent";
	if (how != NULL)
		nk_log(c, LOG_INFO, "known by %s", how);
	return how != NULL;
}

static int
let_in(const struct nk_call *c, struct nk_lookup *l, bool *by_passwordp)
{
	const struct nk_question q = { .op = NK_FRAME_SUCCESS, .field = {
	    c->user, nk_item(c, PAM_SERVICE), nk_item(c, PAM_RHOST),
	    nk_item(c, PAM_TTY) } };
	bool asked;
	int result;

	*by_passwordp = !is_known_by_key(c, l);
	if (*by_passwordp &&
	    (result = ask_password(c, l)) != PAM_SUCCESS)
		return result;
	if ((result = second_factor(c, l, &asked)) != PAM_SUCCESS)
		return result;
	/* what took its time: a person, or the agent */
	if (nk_is_root() && (asked || !*by_passwordp) &&
	    (result = check_again(c, l, *by_passwordp)) != PAM_SUCCESS)
		return result;
	/* an agent alone makes up for no failure */
	if (nk_is_root() && (asked || *by_passwordp))
		nk_tell(c, &q);
	nk_log(c, LOG_DEBUG, "let in");
	return PAM_SUCCESS;
}

/* Rule 1.  A name that others know is theirs, and asked for by them. */
static int
refuse_stranger(const struct nk_call *c)
{
	const char *password = NULL;
	int result;

	if (pam_modutil_getpwnam(c->pamh, c->user) != NULL)
		return PAM_USER_UNKNOWN;
	if ((result = get_password(c, &password)) != PAM_SUCCESS)
		return result;
	return nk_hash_verify(password, NULL) == -EPERM ? PAM_USER_UNKNOWN :
	    PAM_BUF_ERR;
}

int
nk_authenticate(struct nk_call *c)
{
	struct nk_lookup l;
	bool by_password = false;
	int r, result;

	result = pam_get_user(c->pamh, &c->user, NULL);
	if (result == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (result != PAM_SUCCESS)
		return result;
	if ((r = nk_lookup_begin(&l, &c->place->maps, c->user,
	    c->options->min_uid)) == 0)
		result = let_in(c, &l, &by_password);
	else if (r == -ENOENT)
		result = refuse_stranger(c);
	else
		result = nk_result(r);
	nk_lookup_end(&l);
	if (r == -ENODATA)
		nk_log_no_map(c);
	return nk_remember(c, result, by_password);
}

/* After an auth phase that refused, libpam itself answers with a refusal. */
int
nk_set_credentials(struct nk_call *c)
{
	struct nk_lookup l;
	int r, result;

	if ((c->user = nk_item(c, PAM_USER))[0] == '\0')
		return PAM_USER_UNKNOWN;
	r = nk_lookup_begin(&l, &c->place->maps, c->user,
	    c->options->min_uid);
	result = r == 0 ? nk_check_theirs(c, &l.account) : nk_result(r);
	nk_lookup_end(&l);
	return result;
}
