/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NSS_RESULT_H
#define NASKEYS_NSS_RESULT_H

/* The only place where our results become those of nss.h. */

#include <errno.h>
#include <nss.h>
#include <pthread.h>

/* Declares our entry points with glibc's own types. */
NSS_DECLARE_MODULE_FUNCTIONS(naskeys)

#define NSS_EXPORT	__attribute__((visibility("default")))

/*
 * No map is there (yet): unavailable, but with the errno that "files" gives
 * for a missing file.  Programs that run before the maps are made, such as
 * systemd-sysusers, take any other errno for a failure of the machine.
 */
#define NK_NO_MAP	ENODEV

static inline enum nss_status
nk_result(int r, int *errnop)
{
	if (r == 0)			/* not by the table of a switch */
		return NSS_STATUS_SUCCESS;
	switch (r) {
	case -ENOENT:
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	case -ERANGE:		/* glibc comes back with a larger buffer */
	case -ENOMEM:
		*errnop = -r;
		return NSS_STATUS_TRYAGAIN;
	case -NK_NO_MAP:
		*errnop = ENOENT;
		return NSS_STATUS_UNAVAIL;
	case -EAGAIN:		/* callers would ask again without end */
		*errnop = EIO;
		return NSS_STATUS_UNAVAIL;
	default:
		*errnop = -r;
		return NSS_STATUS_UNAVAIL;
	}
}

/*
 * Around system calls: what they do to errno is not the caller's affair,
 * and a thread that is cancelled within one would keep its reference to the
 * mapping for ever.  A lookup in a mapping that is there makes none.
 */
struct nk_guard {
	int	saved_errno;
	int	cancel_state;
};

static inline void
nk_guard_begin(struct nk_guard *g)
{
	g->saved_errno = errno;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
	    &g->cancel_state);
}

static inline void
nk_guard_end(const struct nk_guard *g)
{
	(void)pthread_setcancelstate(g->cancel_state, NULL);
	errno = g->saved_errno;
}

#endif /* NASKEYS_NSS_RESULT_H */
