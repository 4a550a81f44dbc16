/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_SESSIONS_H
#define NASKEYS_STORE_SESSIONS_H

/* Open sessions of users, in session.db.  Strings are at most 512 bytes. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/session.h"

struct nk_user_session {
	int64_t		 user_id;
	int64_t		 pid;
	int64_t		 start;		/* of the process: proc(5), stat */
	int64_t		 since;		/* seconds since the epoch */
	const char	*service, *tty, *rhost;		/* "": unknown */
};

/* Fingerprints (SHA256:...) of the keys that a session was opened with. */
struct nk_session_keys {
	const char	*v[16];
	size_t		 n;
};

/* Takes the place of an older one of the same process number. */
int	nk_sessions_add(struct nk_session *s, const struct nk_user_session *u,
	    const struct nk_session_keys *keys) NK_MUST_CHECK;
/* 0 also when there is none. */
int	nk_sessions_remove(struct nk_session *s, int64_t user_id,
	    int64_t pid) NK_MUST_CHECK;
/* In the order of their beginning; strings last for the call. */
int	nk_sessions_each(struct nk_session *s, int64_t user_id,
	    int (*fn)(void *arg, const struct nk_user_session *u), void *arg)
	    NK_MUST_CHECK;

/* The same for all users, of those opened with the key. */
int	nk_sessions_each_of_key(struct nk_session *s, const char *fingerprint,
	    int (*fn)(void *arg, const struct nk_user_session *u), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_SESSIONS_H */
