/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_JOBS_H
#define NASKEYS_STORE_JOBS_H

/*
 * Jobs of people behind the gateway, in session.db: the newest NK_JOBS_MAX.
 * Each is run by one process; another one can read it and ask for its end.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/session.h"

#define NK_JOBS_MAX	1000

enum nk_job_state {
	NK_JOB_WAITING,
	NK_JOB_RUNNING,
	NK_JOB_SUCCESS,
	NK_JOB_FAILED,
	NK_JOB_ABORTED,
};

struct nk_job {
	int64_t			 id;
	int64_t			 changed;	/* grows with each change */
	enum nk_job_state	 state;
	bool			 abort;		/* somebody wants its end */
	int64_t			 pid, start;	/* as of a nk_user_session */
	const char		*object;	/* the rest, as JSON */
};

/* *j gets its id. */
int	nk_job_add(struct nk_session *s, struct nk_job *j) NK_MUST_CHECK;
/* State and object are those of *j from now on.  -ENOENT. */
int	nk_job_set(struct nk_session *s, const struct nk_job *j)
	    NK_MUST_CHECK;
/* -ENOENT: there is none, or it has ended. */
int	nk_job_abort(struct nk_session *s, int64_t id) NK_MUST_CHECK;

/* The one job; fn's result, or -ENOENT.  Strings last for the call. */
int	nk_job_get(struct nk_session *s, int64_t id,
	    int (*fn)(void *arg, const struct nk_job *j), void *arg)
	    NK_MUST_CHECK;
/* In the order of their last change, which is above "after". */
int	nk_job_each(struct nk_session *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_job *j), void *arg)
	    NK_MUST_CHECK;
/* The highest id, and the last change: 0, there is no job. */
int	nk_job_last(struct nk_session *s, int64_t *idp, int64_t *changedp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_JOBS_H */
