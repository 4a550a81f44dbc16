/* SPDX-License-Identifier: ISC */
/*
 * May the user come in now?  A locked or expired account may not, however
 * it was let in: sshd admits it by a key.  A password that has aged is
 * nothing to a key: its age counts only where we have just taken it.
 */
#include "pam/call.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define SECONDS_A_DAY	86400

static void
warn_of_end(const struct nk_call *c, int64_t days)
{
	char text[80];

	(void)snprintf(text, sizeof(text), days == 0 ?
	    "Your password expires today." : days == 1 ?
	    "Your password expires tomorrow." :
	    "Your password expires in %lld days.", (long long)days);
	nk_tell_person(c, PAM_TEXT_INFO, text);
}

/* What the account does not say, the machine's configuration may. */
static void
complete(struct nk_password *s, const struct nk_account *a)
{
	if (s->max_days < 0 && a->max_days > 0)
		s->max_days = a->max_days;
	if (s->warn_days < 0)
		s->warn_days = a->warn_days;
}

/* As shadow(5) has it.  Set fields are not negative. */
static int
judge_age(const struct nk_call *c, const struct nk_password *s, int64_t today)
{
	int64_t age = today - s->last_change;

	if ((s->flags & NK_SECRET_MUST_CHANGE) != 0 || s->last_change == 0) {
		nk_tell_person(c, PAM_ERROR_MSG, "An administrator wants you "
		    "to choose a new password now.");
		return PAM_NEW_AUTHTOK_REQD;
	}
	if (s->last_change < 0 || s->max_days < 0 || age < 0)
		return PAM_SUCCESS;	/* or the clock has gone back */
	if (age > s->max_days && s->inactive_days >= 0 &&
	    age > (int64_t)s->max_days + s->inactive_days) {
		nk_tell_person(c, PAM_ERROR_MSG, "Your password expired too "
		    "long ago: ask an administrator.");
		return PAM_AUTHTOK_EXPIRED;
	}
	if (age > s->max_days) {
		nk_tell_person(c, PAM_ERROR_MSG, "Your password has expired: "
		    "choose a new one now.");
		return PAM_NEW_AUTHTOK_REQD;
	}
	if (s->warn_days >= 0 && age > (int64_t)s->max_days - s->warn_days)
		warn_of_end(c, s->max_days - age);
	return PAM_SUCCESS;
}

/* Only root's programs can know; the others changed nothing by asking. */
static int
check_age(const struct nk_call *c, struct nk_lookup *l, int64_t now)
{
	const struct nk_memory *m = nk_remembered(c);
	int r;

	if (m == NULL || !m->by_password)
		return PAM_SUCCESS;
	if ((r = nk_lookup_secret(l)) == -EACCES && !nk_is_root())
		return PAM_SUCCESS;
	if (r < 0) {
		nk_log(c, LOG_ERR, "secrets.map cannot be read or trusted: "
		    "%s", strerror(-r));
		return nk_result(r);
	}
	complete(&l->secret, &l->account);
	return judge_age(c, &l->secret, now / SECONDS_A_DAY);
}

static int
judge(const struct nk_call *c, struct nk_lookup *l)
{
	struct timespec ts;
	int result;

	if ((result = nk_check_theirs(c, &l->account)) != PAM_SUCCESS)
		return result;
	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		return PAM_SYSTEM_ERR;
	if ((l->account.flags & NK_USER_LOCKED) != 0) {
		nk_log(c, LOG_NOTICE, "refused: the account is locked");
		return PAM_PERM_DENIED;
	}
	if (l->account.expires_at <= ts.tv_sec) {
		nk_log(c, LOG_NOTICE, "refused: the account has expired");
		nk_tell_person(c, PAM_ERROR_MSG,
		    "Your account has expired: ask an administrator.");
		return PAM_ACCT_EXPIRED;
	}
	return check_age(c, l, ts.tv_sec);
}

int
nk_manage_account(struct nk_call *c)
{
	struct nk_lookup l;
	int r, result;

	if ((c->user = nk_item(c, PAM_USER))[0] == '\0')
		return PAM_USER_UNKNOWN;
	r = nk_lookup_begin(&l, &c->place->maps, c->user,
	    c->options->min_uid);
	result = r == 0 ? judge(c, &l) : nk_result(r);
	nk_lookup_end(&l);
	if (r == -ENODATA)
		nk_log_no_map(c);
	return result;
}
