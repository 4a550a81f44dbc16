/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NSS_RESULT_H
#define NASKEYS_NSS_RESULT_H

/*
 * What every entry point does first and last, and the only place where our
 * results become those of nss.h.
 */

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

struct nk_call {
	int	saved_errno;
	int	cancel_state;
};

/*
 * A thread that is cancelled within open(2) or pread(2) would keep its
 * reference to the mapping for ever.
 */
static inline void
nk_call_begin(struct nk_call *c)
{
	c->saved_errno = errno;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
	    &c->cancel_state);
}

static inline enum nss_status
nk_call_end(const struct nk_call *c, int r, int *errnop)
{
	(void)pthread_setcancelstate(c->cancel_state, NULL);
	errno = c->saved_errno;
	if (r == 0)
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

#endif /* NASKEYS_NSS_RESULT_H */
