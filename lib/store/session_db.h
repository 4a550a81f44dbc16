/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_SESSION_DB_H
#define NASKEYS_STORE_SESSION_DB_H

/* What the files that keep something in session.db share. */

#include "lib/attr.h"
#include "lib/store/db.h"
#include "lib/store/session.h"

/*
 * Do work(db, arg) as one transaction.  What it wrote is kept when it
 * returns 0 or -EAGAIN ("no more of it now" is an answer), and undone
 * otherwise.  When the file proves damaged (-EBADMSG) it is made anew and the
 * work done once more, so arg must allow that.
 */
typedef int nk_session_work(struct nk_db *db, void *arg);
int	nk_session_run(struct nk_session *s, nk_session_work *work, void *arg)
	    NK_MUST_CHECK;

/* The same for work of one statement, which only reads: nobody waits. */
int	nk_session_read(struct nk_session *s, nk_session_work *work,
	    void *arg) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_SESSION_DB_H */
