/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_PACKET_H
#define NASKEYS_SANDBOX_PACKET_H

/* Packets between a task and its parent; for lib/sandbox alone. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

/*
 * Send type and bytes[len] in one packet, with the descriptor pass unless
 * it is -1.  0; -E2BIG; -errno.
 */
int	nk_packet_send(int fd, uint32_t type, const void *bytes, size_t len,
	    int pass, int flags) NK_MUST_CHECK;

/*
 * Receive one.  *passedp is the one descriptor that came with it, or -1.
 * 0; -EPIPE, the other end is closed; -EIO, it is no packet of ours; -errno.
 */
int	nk_packet_receive(int fd, int flags, uint32_t *typep,
	    struct nk_secret *bytes, int *passedp) NK_MUST_CHECK;

#endif /* NASKEYS_SANDBOX_PACKET_H */
