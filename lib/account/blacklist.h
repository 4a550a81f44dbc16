/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_BLACKLIST_H
#define NASKEYS_ACCOUNT_BLACKLIST_H

/*
 * Lists of keys whose private halves are known, in the form of Debian's
 * packages openssh-blacklist: a file blacklist.RSA-BITS for each size, in
 * /usr/share/ssh (packages) and /etc/ssh (the administrator).  It begins
 * with comment lines ('#'); then come, sorted, the last 20 of the 32 lower
 * case hexadecimal digits of the key's MD5 fingerprint, one a line.  That
 * they are absent is normal.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_BLACKLIST_FOLDERS	2
#define NK_BLACKLIST_SIZES	8		/* that are kept open */
#define NK_BLACKLIST_HEAD_MAX	4096		/* bytes of comments */
#define NK_BLACKLIST_FILE_MAX	(64L << 20)

/* A list that is open; fd -1: there is none; "error": it is of no use. */
struct nk_blacklist_file {
	int	fd;
	int	error;		/* 0 or -errno */
	off_t	start;		/* where the comments end */
	off_t	n;		/* lines behind them */
};

struct nk_blacklist {
	const char *const	*folders;	/* NK_BLACKLIST_FOLDERS */
	uid_t			 owner;
	size_t			 n;
	struct {
		unsigned int		 bits;
		struct nk_blacklist_file file[NK_BLACKLIST_FOLDERS];
	} sizes[NK_BLACKLIST_SIZES];
};

/*
 * Opens nothing yet.  The folders are borrowed.  A list must be a regular
 * file that belongs to owner and that nobody else can write to.
 */
void	nk_blacklist_init(struct nk_blacklist *b,
	    const char *const folders[static NK_BLACKLIST_FOLDERS],
	    uid_t owner);

/*
 * Is the RSA key blob[len] of that many bits on a list?  Lists are opened
 * when they are first needed, and are as they were then.  Returns 1, it is;
 * 0, no list has it; -EBADMSG, -EPERM or another -errno: it stands in none
 * that can be used, and one cannot (malformed, unsorted, too large, somebody
 * else's); -ENOMEM.
 */
int	nk_blacklist_find(struct nk_blacklist *b, unsigned int bits,
	    const uint8_t *blob, size_t len) NK_MUST_CHECK;

/* Close what is open; b is then as after init. */
void	nk_blacklist_clear(struct nk_blacklist *b);

#endif /* NASKEYS_ACCOUNT_BLACKLIST_H */
