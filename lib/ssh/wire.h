/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_WIRE_H
#define NASKEYS_SSH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/*
 * The data types of RFC 4251, section 5.
 *
 * A read position in borrowed memory.  Getters move it only on success, and
 * leave their results untouched on failure.  What they point to lies in the
 * memory under w: do not free it, do not outlive it.
 */
struct nk_wire {
	const uint8_t	*p;
	size_t		 left;
};

/* Take one number.  Returns 0, or -EBADMSG when w is too short. */
int	nk_wire_get_u8(struct nk_wire *w, uint8_t *vp) NK_MUST_CHECK;
int	nk_wire_get_u32(struct nk_wire *w, uint32_t *vp) NK_MUST_CHECK;
int	nk_wire_get_u64(struct nk_wire *w, uint64_t *vp) NK_MUST_CHECK;

/* Take one string.  Returns 0, or -EBADMSG when w is too short. */
int	nk_wire_get_string(struct nk_wire *w, const uint8_t **sp,
	    size_t *lenp) NK_MUST_CHECK;

/* Take one string that contains no NUL.  Returns 0 or -EBADMSG. */
int	nk_wire_get_text(struct nk_wire *w, const uint8_t **sp,
	    size_t *lenp) NK_MUST_CHECK;

/* Take one string as a reader of its own, *sub.  Returns 0 or -EBADMSG. */
int	nk_wire_get_sub(struct nk_wire *w, struct nk_wire *sub)
	    NK_MUST_CHECK;

/*
 * Take one mpint that is greater than zero and written in the one shortest
 * way.  *np is its magnitude, most significant byte (never 0) first.
 * Returns 0 or -EBADMSG.
 */
int	nk_wire_get_mpint(struct nk_wire *w, const uint8_t **np,
	    size_t *lenp) NK_MUST_CHECK;

/* Returns 0 if nothing is left in w, -EBADMSG if trailing data remains. */
int	nk_wire_get_end(const struct nk_wire *w) NK_MUST_CHECK;

/* Is what remains in w exactly bytes[len], or text?  Not for secrets. */
bool	nk_wire_is(const struct nk_wire *w, const void *bytes, size_t len);
bool	nk_wire_is_text(const struct nk_wire *w, const char *text);

/*
 * A write position in memory of the caller's.  Putters move it only on
 * success and return 0, or -ENOBUFS when the rest is too short.
 */
struct nk_wire_out {
	uint8_t	*p;
	size_t	 left;
};

/* Bytes as they are. */
int	nk_wire_put(struct nk_wire_out *o, const void *s, size_t len)
	    NK_MUST_CHECK;
int	nk_wire_put_u32(struct nk_wire_out *o, uint32_t v) NK_MUST_CHECK;
int	nk_wire_put_string(struct nk_wire_out *o, const void *s, size_t len)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_WIRE_H */
