/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_PEER_H
#define NASKEYS_SSHSERVICE_PEER_H

/* Who is at the other end of a connection within this machine. */

#include <stdbool.h>

/*
 * Has root accepted the connection fd, of TCP?  Any user may listen on a port
 * that sshd does not have yet, and say what sshd says.  false, too, where it
 * cannot be known, or the connection has ended.
 */
bool	nk_peer_is_roots(int fd);

#endif /* NASKEYS_SSHSERVICE_PEER_H */
