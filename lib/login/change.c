/* SPDX-License-Identifier: ISC */
/*
 * A new password, by the rules of user.set_password.  What it has to say
 * about the old one is told as a wrong password, for that is what it is.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "lib/login/failures.h"
#include "lib/rpc/user_password.h"

struct passwords {
	char	old_text[NK_FRAME_SECRET_MAX + 1];
	char	new_text[NK_FRAME_SECRET_MAX + 1];
};

static int
refuse(struct nk_login *l, const struct nk_user *u, const struct nk_error *e,
    struct nk_login_answer *a)
{
	const char *about, *text = nk_error_sentence(e, &about);

	nk_login_note(a, LOG_NOTICE, "user %.100s: password not changed: "
	    "%.300s", u->name, text);
	if (about != NULL &&
	    strcmp(about, "user.set_password.old_password") == 0) {
		nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
		return nk_login_count_failure(l, u, a);
	}
	nk_login_say(a, NK_FRAME_AUTHTOK_ERR, text);
	return 0;
}

static int
change(struct nk_login *l, const struct nk_user *u,
    const struct passwords *p, struct nk_login_answer *a)
{
	const struct nk_password_change c = {
		.old_password = p->old_text[0] != '\0' ||
		    nk_login_is_self(l) ? p->old_text : NULL,
		.new_password = p->new_text[0] != '\0' ? p->new_text : NULL,
	};
	struct nk_error e;
	int r;

	/* the module's word for root's old password counts as a login does */
	if (c.old_password != NULL && !nk_login_is_self(l) &&
	    (r = nk_login_may_try(l, u)) < 0) {
		nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
		return r == -EAGAIN ? 0 : r;
	}
	nk_error_init(&e);
	r = nk_password_change(l->c, u, &c, &e);
	if (r < 0 && nk_error_is_set(&e))
		r = refuse(l, u, &e, a);
	else if (r == 0) {
		nk_login_say(a, NK_FRAME_OK, NULL);
		if (c.new_password != NULL)
			nk_login_note(a, LOG_INFO, "user %.100s: password "
			    "changed by %.100s", u->name, l->c->actor);
	}
	nk_error_clear(&e);
	return r;
}

int
nk_login_chauthtok(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	struct passwords p = { .old_text = "" };
	int r;

	if ((r = nk_login_text(&f->field[1], p.old_text,
	    sizeof(p.old_text))) == 0 &&
	    (r = nk_login_text(&f->field[2], p.new_text,
	    sizeof(p.new_text))) == 0)
		r = change(l, u, &p, a);
	explicit_bzero(&p, sizeof(p));
	return r;
}
