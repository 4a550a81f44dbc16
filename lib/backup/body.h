/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BACKUP_BODY_H
#define NASKEYS_BACKUP_BODY_H

/* The store in a backup: bytes that are counted and summed on their way. */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/backup/head.h"

/*
 * Copy all of the file "from", from its beginning, to "to" at the offset
 * NK_BACKUP_HEAD; *sizep bytes with this sum.  0, -ENOMEM or -errno.
 */
int	nk_backup_put_body(int from, int to, uint64_t *sizep,
	    uint8_t digest[NK_BACKUP_DIGEST]) NK_MUST_CHECK;

/* Read the head of a backup; nothing behind it.  As nk_backup_head_parse(). */
int	nk_backup_take_head(int from, unsigned int seconds,
	    struct nk_backup_head *h, const char **whyp) NK_MUST_CHECK;

/*
 * Copy what h promises behind the head to the end of "to".  0; -EBADMSG, it
 * is cut short, longer, or not what it was: *whyp; -ETIMEDOUT, nothing came
 * for so many seconds; -ENOMEM; -errno.
 */
int	nk_backup_take_body(int from, unsigned int seconds, int to,
	    const struct nk_backup_head *h, const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_BACKUP_BODY_H */
