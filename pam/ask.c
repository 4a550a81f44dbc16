/* SPDX-License-Identifier: ISC */
#include "pam/ask.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

int
nk_ask_result(enum nk_frame_code code)
{
	switch (code) {
	case NK_FRAME_OK:
		return PAM_SUCCESS;
	case NK_FRAME_AUTH_ERR:
	case NK_FRAME_USER_UNKNOWN:	/* the map had it: deleted since */
		return PAM_AUTH_ERR;
	case NK_FRAME_ACCT_EXPIRED:
		return PAM_ACCT_EXPIRED;
	case NK_FRAME_PERM_DENIED:
		return PAM_PERM_DENIED;
	case NK_FRAME_AUTHTOK_ERR:
		return PAM_AUTHTOK_ERR;
	default:
		return PAM_SYSTEM_ERR;
	}
}

int
nk_ask_open(const struct nk_call *c, struct nk_pamsock *s)
{
	return nk_pamsock_open(s, nk_is_root() ? c->place->root_socket :
	    c->place->socket, c->place->owner, NK_PAMSOCK_MS);
}

/* A secret that is too long is refused; a text for the log is cut. */
void
nk_ask_frame(struct nk_frame *f, const struct nk_question *q)
{
	bool secret = q->op == NK_FRAME_VERIFY || q->op == NK_FRAME_OTP ||
	    q->op == NK_FRAME_CHAUTHTOK;
	size_t i, n = nk_frame_nfields(q->op);

	*f = (struct nk_frame){ .op = q->op };
	for (i = 0; i < n; i++) {
		nk_frame_set(f, i, q->field[i]);
		if (i > 0 && i < 4 && !secret &&
		    f->field[i].len > NK_FRAME_TEXT_MAX)
			f->field[i].len = NK_FRAME_TEXT_MAX;
		/* half of what sshd says would name another key */
		if (q->op == NK_FRAME_SESSION_OPEN && i == 4 &&
		    f->field[i].len > NK_FRAME_INFO_MAX)
			f->field[i].len = 0;
	}
}

int
nk_ask(const struct nk_call *c, const struct nk_question *q, char *text,
    size_t room)
{
	struct nk_pamsock s = NK_PAMSOCK_NONE;
	enum nk_frame_code code = NK_FRAME_UNAVAILABLE;
	struct nk_frame f;
	size_t len = 0;
	int r;

	text[0] = '\0';
	nk_ask_frame(&f, q);
	if ((r = nk_ask_open(c, &s)) == 0 && q->ms != 0)
		r = nk_pamsock_extend(&s, q->ms);
	if (r == 0)
		r = nk_pamsock_ask(&s, &f, &code, text, room, &len);
	nk_pamsock_close(&s);
	if (r < 0) {
		nk_log(c, LOG_ERR, "%s: no answer from the helper: %s",
		    nk_frame_name(q->op), strerror(-r));
		return PAM_SYSTEM_ERR;
	}
	if (code == NK_FRAME_UNAVAILABLE)
		nk_log(c, LOG_ERR, "%s: the helper cannot say",
		    nk_frame_name(q->op));
	return nk_ask_result(code);
}

void
nk_tell(const struct nk_call *c, const struct nk_question *q)
{
	struct nk_pamsock s = NK_PAMSOCK_NONE;
	struct nk_frame f;
	int r;

	nk_ask_frame(&f, q);
	if ((r = nk_ask_open(c, &s)) == 0)
		r = nk_pamsock_tell(&s, &f);
	nk_pamsock_close(&s);
	if (r < 0)
		nk_log(c, LOG_DEBUG, "%s: not said to the helper: %s",
		    nk_frame_name(q->op), strerror(-r));
}
