/* SPDX-License-Identifier: ISC */
#include "lib/ssh/krl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/wire.h"

#define MAGIC		"SSHKRL\n"	/* with its NUL: 8 bytes */
#define FORMAT		1
#define SECTION_SHA256	5
#define ROOM_FIRST	64

int
nk_krl_add(struct nk_krl *k, const char *fingerprint)
{
	uint8_t digest[NK_FINGERPRINT_SHA256];
	size_t room = k->room;
	void *bigger;
	int r;

	if ((r = nk_fingerprint_digest(fingerprint, digest)) < 0)
		return r;
	if (k->n == NK_KRL_KEYS_MAX)
		return -E2BIG;
	if (k->n == room) {
		room = room == 0 ? ROOM_FIRST : room * 2;
		bigger = reallocarray(k->hash, room, sizeof(*k->hash));
		if (bigger == NULL)
			return -ENOMEM;
		k->hash = bigger;
		k->room = room;
	}
	memcpy(k->hash[k->n++], digest, sizeof(digest));
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, NK_FINGERPRINT_SHA256);
}

/* Each once, in their order. */
static void
sort(struct nk_krl *k)
{
	size_t i, n = 0;

	if (k->n == 0)
		return;
	qsort(k->hash, k->n, sizeof(*k->hash), compare);
	for (i = 1; i < k->n; i++)
		if (compare(k->hash[n], k->hash[i]) != 0 && ++n != i)
			memcpy(k->hash[n], k->hash[i], sizeof(*k->hash));
	k->n = n + 1;
}

static int
put_u64(struct nk_wire_out *o, uint64_t v)
{
	int r;

	if ((r = nk_wire_put_u32(o, (uint32_t)(v >> 32))) < 0)
		return r;
	return nk_wire_put_u32(o, (uint32_t)v);
}

static int
put_header(struct nk_wire_out *o, const struct nk_krl *k)
{
	int r;

	if ((r = nk_wire_put(o, MAGIC, sizeof(MAGIC))) < 0 ||
	    (r = nk_wire_put_u32(o, FORMAT)) < 0 ||
	    (r = put_u64(o, k->version)) < 0 ||
	    (r = put_u64(o, k->date)) < 0 ||
	    (r = put_u64(o, 0)) < 0 ||			/* flags */
	    (r = nk_wire_put_u32(o, 0)) < 0)		/* reserved */
		return r;
	return nk_wire_put_u32(o, 0);			/* comment */
}

static int
put_hashes(struct nk_wire_out *o, const struct nk_krl *k)
{
	const uint8_t type = SECTION_SHA256;
	size_t i;
	int r;

	if ((r = nk_wire_put(o, &type, 1)) < 0 ||
	    (r = nk_wire_put_u32(o, (uint32_t)(k->n *
	    (4 + sizeof(*k->hash))))) < 0)
		return r;
	for (i = 0; i < k->n; i++)
		if ((r = nk_wire_put_string(o, k->hash[i],
		    sizeof(*k->hash))) < 0)
			return r;
	return 0;
}

int
nk_krl_format(struct nk_krl *k, uint8_t **bytesp, size_t *lenp)
{
	struct nk_wire_out o;
	uint8_t *bytes;
	size_t len;
	int r;

	*bytesp = NULL;
	*lenp = 0;
	sort(k);
	len = NK_KRL_HEADER;
	if (k->n > 0)
		len += 1 + 4 + k->n * (4 + sizeof(*k->hash));
	if ((bytes = malloc(len)) == NULL)
		return -ENOMEM;
	o = (struct nk_wire_out){ bytes, len };
	if ((r = put_header(&o, k)) == 0 && k->n > 0)
		r = put_hashes(&o, k);
	if (r < 0) {
		free(bytes);
		return r;
	}
	*bytesp = bytes;
	*lenp = len;
	return 0;
}

void
nk_krl_clear(struct nk_krl *k)
{
	free(k->hash);
	*k = NK_KRL_NONE;
}

int
nk_krl_get_version(const uint8_t header[NK_KRL_HEADER], uint64_t *versionp)
{
	struct nk_wire w = { header + sizeof(MAGIC),
	    NK_KRL_HEADER - sizeof(MAGIC) };
	uint64_t version, date, flags, strings;
	uint32_t format;
	int r;

	if (memcmp(header, MAGIC, sizeof(MAGIC)) != 0)
		return -EBADMSG;
	if ((r = nk_wire_get_u32(&w, &format)) < 0 ||
	    (r = nk_wire_get_u64(&w, &version)) < 0 ||
	    (r = nk_wire_get_u64(&w, &date)) < 0 ||
	    (r = nk_wire_get_u64(&w, &flags)) < 0 ||
	    (r = nk_wire_get_u64(&w, &strings)) < 0)
		return r;
	if (format != FORMAT || flags != 0 || strings != 0)
		return -EBADMSG;
	*versionp = version;
	return 0;
}
