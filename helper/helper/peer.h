/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_PEER_H
#define NASKEYS_HELPER_PEER_H

/*
 * Who is at the other end.  The kernel says so; no name is ever looked up,
 * and nothing that the other end sends has a part in it.
 */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define PEER_GROUPS_MAX	65536	/* the kernel's own limit */

/*
 * Fill in uid, gid, groups and pid of *c; gateway is left false.  When fd
 * is a socket they are its peer's, as they were when it connected; it must
 * be a connected stream socket of the Unix family (-EPROTOTYPE).  Anything
 * else is the person who started this process: the real ids, never the
 * effective ones.  peer_clear() frees what this allocated.
 * Returns 0, -EPROTOTYPE, -EACCES (the kernel does not know the peer's
 * uid), -E2BIG, -ENOMEM, or as the system call reports it; *c is then empty.
 */
int	peer_get(int fd, struct nk_caller *c) NK_MUST_CHECK;
void	peer_clear(struct nk_caller *c);

/* The uid alone, of a connected socket: for counting. */
int	peer_get_uid(int fd, uid_t *uidp) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_PEER_H */
