/* SPDX-License-Identifier: ISC */
#include "lib/ssh/der.h"

#include <errno.h>

#define LENGTH_BYTES_MAX	3	/* 16 MiB are enough for a key */

int
nk_der_get(struct nk_wire *w, uint8_t tag, struct nk_wire *content)
{
	struct nk_wire next = *w;
	uint8_t b, first, n;
	size_t len;
	int r;

	if ((r = nk_wire_get_u8(&next, &b)) < 0)
		return r;
	if (b != tag)
		return -EBADMSG;
	if ((r = nk_wire_get_u8(&next, &first)) < 0)
		return r;
	len = first;
	if (first >= 0x80) {
		if ((n = first & 0x7f) < 1 || n > LENGTH_BYTES_MAX)
			return -EBADMSG;
		for (len = 0; n > 0; n--) {
			if ((r = nk_wire_get_u8(&next, &b)) < 0)
				return r;
			if (len == 0 && b == 0)
				return -EBADMSG;
			len = len << 8 | b;
		}
		if (len < 0x80)
			return -EBADMSG;
	}
	if (len > next.left)
		return -EBADMSG;
	content->p = next.p;
	content->left = len;
	w->p = next.p + len;
	w->left = next.left - len;
	return 0;
}
