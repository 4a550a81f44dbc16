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

bool
nk_der_has(const struct nk_wire *w, uint8_t tag)
{
	return w->left > 0 && w->p[0] == tag;
}

int
nk_der_get_positive(struct nk_wire *w, struct nk_wire *n)
{
	struct nk_wire next = *w, c;
	int r;

	if ((r = nk_der_get(&next, NK_DER_INTEGER, &c)) < 0)
		return r;
	if (c.left == 0 || (c.p[0] & 0x80) != 0)
		return -EBADMSG;	/* empty, or negative */
	if (c.p[0] == 0) {
		if (c.left == 1 || (c.p[1] & 0x80) == 0)
			return -EBADMSG;	/* zero, or a zero too many */
		c.p++;
		c.left--;
	}
	*n = c;
	*w = next;
	return 0;
}

int
nk_der_get_version(struct nk_wire *w, uint8_t *vp)
{
	struct nk_wire next = *w, c;
	int r;

	if ((r = nk_der_get(&next, NK_DER_INTEGER, &c)) < 0)
		return r;
	if (c.left != 1 || (c.p[0] & 0x80) != 0)
		return -EBADMSG;
	*vp = c.p[0];
	*w = next;
	return 0;
}
