/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_EXPIRYTIME_H
#define NASKEYS_SSH_EXPIRYTIME_H

/*
 * The value of expiry-time: YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in
 * UTC when "Z" or "UTC" follows (any case; sshd from 9.1), otherwise in the
 * time zone of the process, which must be the one that sshd runs in.
 */

#include <stddef.h>
#include <time.h>

#include "lib/attr.h"
#include "lib/ssh/sshdversion.h"

#define NK_EXPIRYTIME_SIZE	16	/* YYYYMMDDHHMMSSZ and NUL */

/*
 * The moment that sshd v takes text[len] for.  Returns 0; -EBADMSG, it is no
 * such time, names no real day, or is not after 1970; -EPERM, v does not
 * know UTC.  On failure *tp is untouched and *whyp (may be NULL) is a static
 * sentence.
 */
int	nk_expirytime_parse(const char *text, size_t len,
	    struct nk_sshd_version v, time_t *tp, const char **whyp)
	    NK_MUST_CHECK;

/*
 * Write t for sshd v: in UTC from 9.1, in local time before.  Where a clock
 * change leaves no local time that v would read as t, the nearest earlier
 * one is written.  Returns 0; -ENOTSUP, v knows no expiry-time (it came with
 * 7.7); -EINVAL, t is not between 1970 and 9999.  buf is then "".
 */
int	nk_expirytime_format(time_t t, struct nk_sshd_version v,
	    char buf[static NK_EXPIRYTIME_SIZE]) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_EXPIRYTIME_H */
