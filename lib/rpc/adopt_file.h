/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ADOPT_FILE_H
#define NASKEYS_RPC_ADOPT_FILE_H

/*
 * The authorized_keys file in a user's home, for who wants the keys in it.
 * It is read by a child that has become the user (lib/home/homefile.h), and
 * only read.
 *
 *  1. Nothing MUST be taken from a file that others than root and the user
 *     may have written, though it is the user's: sshd takes nothing either.
 */

#include <sys/types.h>

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/ssh/foundlines.h"
#include "lib/store/store.h"

#define NK_ADOPT_WHY_MAX	256

struct nk_adopt_file {
	char			*home;	/* NULL: the user has none, or it is
					   not known: then why says more */
	char			*path;	/* of the file, likewise */
	gid_t			*groups; /* as whom it was read */
	bool			 found;	/* it is there and could be read */
	bool			 other;	/* authorized_keys2 is there, too */
	struct nk_found_lines	 lines;
	/* Nothing can be taken from it, for that reason; or "". */
	char			 why[NK_ADOPT_WHY_MAX];
};

/*
 * Read it.  0, also where nothing can be taken from it; -ENOMEM.  Clear it in
 * either case.  Takes as long as the configuration's lookup_timeout lets
 * each of three children take at most.
 */
int	nk_adopt_file_read(struct nk_context *c, const struct nk_user *u,
	    struct nk_adopt_file *f) NK_MUST_CHECK;
void	nk_adopt_file_clear(struct nk_adopt_file *f);

#endif /* NASKEYS_RPC_ADOPT_FILE_H */
