/* SPDX-License-Identifier: ISC */
#include "lib/ssh/wire.h"

#include <errno.h>
#include <string.h>

/* Take len bytes; the caller has no position to commit otherwise. */
static int
take(struct nk_wire *w, const uint8_t **sp, size_t len)
{
	if (len > w->left)		/* never p + len: that may overflow */
		return -EBADMSG;
	*sp = w->p;
	w->p += len;
	w->left -= len;
	return 0;
}

int
nk_wire_get_u8(struct nk_wire *w, uint8_t *vp)
{
	const uint8_t *s;
	int r;

	if ((r = take(w, &s, 1)) < 0)
		return r;
	*vp = s[0];
	return 0;
}

int
nk_wire_get_u32(struct nk_wire *w, uint32_t *vp)
{
	const uint8_t *s;
	int r;

	if ((r = take(w, &s, 4)) < 0)
		return r;
	*vp = (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 |
	    (uint32_t)s[2] << 8 | s[3];
	return 0;
}

int
nk_wire_get_u64(struct nk_wire *w, uint64_t *vp)
{
	struct nk_wire next = *w;
	uint32_t hi, lo;
	int r;

	if ((r = nk_wire_get_u32(&next, &hi)) < 0 ||
	    (r = nk_wire_get_u32(&next, &lo)) < 0)
		return r;
	*vp = (uint64_t)hi << 32 | lo;
	*w = next;
	return 0;
}

int
nk_wire_get_string(struct nk_wire *w, const uint8_t **sp, size_t *lenp)
{
	struct nk_wire next = *w;	/* commit to *w when all is well */
	uint32_t len;
	int r;

	if ((r = nk_wire_get_u32(&next, &len)) < 0 ||
	    (r = take(&next, sp, len)) < 0)
		return r;
	*lenp = len;
	*w = next;
	return 0;
}

int
nk_wire_get_text(struct nk_wire *w, const uint8_t **sp, size_t *lenp)
{
	struct nk_wire next = *w;
	const uint8_t *s;
	size_t len;
	int r;

	if ((r = nk_wire_get_string(&next, &s, &len)) < 0)
		return r;
	if (len > 0 && memchr(s, '\0', len) != NULL)
		return -EBADMSG;
	*sp = s;
	*lenp = len;
	*w = next;
	return 0;
}

int
nk_wire_get_sub(struct nk_wire *w, struct nk_wire *sub)
{
	const uint8_t *s;
	size_t len;
	int r;

	if ((r = nk_wire_get_string(w, &s, &len)) < 0)
		return r;
	sub->p = s;
	sub->left = len;
	return 0;
}

int
nk_wire_get_mpint(struct nk_wire *w, const uint8_t **np, size_t *lenp)
{
	struct nk_wire next = *w;
	const uint8_t *s;
	size_t len;
	int r;

	if ((r = nk_wire_get_string(&next, &s, &len)) < 0)
		return r;
	if (len == 0 || (s[0] & 0x80) != 0)
		return -EBADMSG;	/* zero, or negative */
	if (s[0] == 0) {
		if (len == 1 || (s[1] & 0x80) == 0)
			return -EBADMSG;	/* a zero too many */
		s++;
		len--;
	}
	*np = s;
	*lenp = len;
	*w = next;
	return 0;
}

int
nk_wire_get_end(const struct nk_wire *w)
{
	return w->left == 0 ? 0 : -EBADMSG;
}

bool
nk_wire_is(const struct nk_wire *w, const void *bytes, size_t len)
{
	return w->left == len && (len == 0 || memcmp(w->p, bytes, len) == 0);
}

bool
nk_wire_is_text(const struct nk_wire *w, const char *text)
{
	return nk_wire_is(w, text, strlen(text));
}

int
nk_wire_put(struct nk_wire_out *o, const void *s, size_t len)
{
	if (len > o->left)
		return -ENOBUFS;
	if (len > 0)
		memcpy(o->p, s, len);
	o->p += len;
	o->left -= len;
	return 0;
}

int
nk_wire_put_u32(struct nk_wire_out *o, uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	return nk_wire_put(o, b, sizeof(b));
}

int
nk_wire_put_string(struct nk_wire_out *o, const void *s, size_t len)
{
	struct nk_wire_out next = *o;
	int r;

	if (len > UINT32_MAX)
		return -ENOBUFS;
	if ((r = nk_wire_put_u32(&next, (uint32_t)len)) < 0 ||
	    (r = nk_wire_put(&next, s, len)) < 0)
		return r;
	*o = next;
	return 0;
}
