/* SPDX-License-Identifier: ISC */
#include "lib/login/login.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "lib/account/password.h"
#include "lib/login/agent.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define HASH_NS		25000000	/* about what a hash takes */
#define STRANGER_TRIES	60		/* hashes for another's name */
#define STRANGER_PERIOD	60		/* s */

/* Who may send what; an operation that is not here is refused. */
static const struct {
	nk_login_fn	*handle;
	bool		 self;		/* for the own account, not only root */
} operations[NK_FRAME_OP_END] = {
	[NK_FRAME_VERIFY] =		{ nk_login_verify, true },
	[NK_FRAME_OTP] =		{ nk_login_otp, true },
	[NK_FRAME_CHAUTHTOK] =		{ nk_login_chauthtok, true },
	[NK_FRAME_MKHOME] =		{ nk_login_mkhome, false },
	[NK_FRAME_SESSION_OPEN] =	{ nk_login_session_open, false },
	[NK_FRAME_SESSION_CLOSE] =	{ nk_login_session_close, false },
	[NK_FRAME_FAILURE] =		{ nk_login_failure, false },
	[NK_FRAME_SUCCESS] =		{ nk_login_success, false },
	[NK_FRAME_AGENT_CHALLENGE] =	{ nk_login_agent_challenge, false },
	[NK_FRAME_AGENT_VERIFY] =	{ nk_login_agent_verify, false },
};

void
nk_login_say(struct nk_login_answer *a, enum nk_frame_code code,
    const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > NK_FRAME_TEXT_MAX)
		len = NK_FRAME_TEXT_MAX;
	a->code = code;
	a->len = len;
	if (len > 0)
		memcpy(a->text, text, len);
}

void
nk_login_note(struct nk_login_answer *a, int priority, const char *fmt, ...)
{
	va_list ap;

	a->priority = priority;
	va_start(ap, fmt);
	(void)vsnprintf(a->note, sizeof(a->note), fmt, ap);
	va_end(ap);
}

bool
nk_login_is_self(const struct nk_login *l)
{
	return l->c->rank != NK_RANK_ROOT;
}

int
nk_login_text(const struct nk_frame_field *f, char *buf, size_t room)
{
	if (f->len >= room)
		return -EMSGSIZE;
	if (f->len > 0)
		memcpy(buf, f->p, f->len);
	buf[f->len] = '\0';
	return 0;
}

void
nk_login_pause(void)
{
	const struct timespec ts = { .tv_nsec = HASH_NS };

	(void)nanosleep(&ts, NULL);
}

/* 0; -EAGAIN: this asker has had its share of hashes. */
static int
take_stranger(const struct nk_login *l)
{
	char subject[32];

	(void)snprintf(subject, sizeof(subject), "stranger:%u",
	    l->c->caller->uid);
	return nk_session_rate(l->c->session, subject, STRANGER_TRIES,
	    STRANGER_PERIOD, nk_session_now());
}

/*
 * Rule 2.  Which password it is held against does not matter: nothing of
 * the result is told.  Who asks too often waits in place of it.
 */
static int
refuse_as_wrong(const struct nk_login *l, const struct nk_frame *f,
    struct nk_login_answer *a)
{
	char password[NK_FRAME_SECRET_MAX + 1] = "";
	char hash[NK_PASSWORD_HASH_MAX + 1];
	int r = 0;

	nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
	if ((r = take_stranger(l)) == -EAGAIN) {
		nk_login_pause();
		return 0;
	}
	if (r == 0 && nk_frame_nfields(f->op) > 1)
		r = nk_login_text(&f->field[1], password, sizeof(password));
	if (r == 0)
		r = nk_password_hash(password, NULL, 0, hash);
	if (r == -EINVAL)
		r = 0;			/* longer than any that there is */
	explicit_bzero(password, sizeof(password));
	explicit_bzero(hash, sizeof(hash));
	return r;
}

static int
find_user(struct nk_login *l, const struct nk_frame *f, struct nk_user **up)
{
	char name[NK_FRAME_USER_MAX + 1];
	int r;

	*up = NULL;
	if ((r = nk_login_text(&f->field[0], name, sizeof(name))) < 0)
		return r;
	r = nk_user_by_name(nk_publisher_store(l->c->publisher), name, up);
	return r == -ENOENT ? 0 : r;
}

static int
handle(struct nk_login *l, const struct nk_frame *f,
    struct nk_login_answer *a)
{
	struct nk_user *u = NULL;
	int r;

	if ((r = nk_rights_compute(l->c, GROUP_FILE,
	    (int64_t)time(NULL))) < 0)
		return r;
	if (f->op >= NK_FRAME_OP_END || operations[f->op].handle == NULL ||
	    (nk_login_is_self(l) && !operations[f->op].self)) {
		nk_login_say(a, NK_FRAME_PERM_DENIED, NULL);
		return 0;
	}
	if (f->op == NK_FRAME_AGENT_VERIFY)
		return operations[f->op].handle(l, NULL, f, a);
	if ((r = find_user(l, f, &u)) < 0)
		return r;
	if (nk_login_is_self(l) && (u == NULL || !u->managed ||
	    u->id != l->c->user_id))
		r = refuse_as_wrong(l, f, a);
	else if (u == NULL || !u->managed)
		nk_login_say(a, NK_FRAME_USER_UNKNOWN, NULL);
	else
		r = operations[f->op].handle(l, u, f, a);
	nk_user_free(u);
	return r;
}

void
nk_login_handle(struct nk_login *l, const struct nk_frame *f,
    struct nk_login_answer *a)
{
	int r;

	a->len = 0;
	a->note[0] = '\0';
	a->code = NK_FRAME_UNAVAILABLE;
	if ((r = handle(l, f, a)) == 0)
		return;
	nk_login_say(a, NK_FRAME_UNAVAILABLE, NULL);
	nk_login_note(a, LOG_ERR, "%s: %s", nk_frame_name(f->op),
	    strerror(-r));
}

void
nk_login_clear(struct nk_login *l)
{
	nk_login_agent_free(l->agent);
	l->agent = NULL;
}
