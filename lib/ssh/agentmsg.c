/* SPDX-License-Identifier: ISC */
#include "lib/ssh/agentmsg.h"

#include <errno.h>

static int
put_type(struct nk_wire_out *o, uint8_t type)
{
	return nk_wire_put(o, &type, 1);
}

int
nk_agentmsg_put_list(struct nk_wire_out *o)
{
	return put_type(o, NK_AGENTMSG_LIST);
}

int
nk_agentmsg_put_sign(struct nk_wire_out *o, const uint8_t *blob,
    size_t blob_len, const uint8_t *data, size_t len, uint32_t flags)
{
	int r;

	if ((r = put_type(o, NK_AGENTMSG_SIGN)) < 0 ||
	    (r = nk_wire_put_string(o, blob, blob_len)) < 0 ||
	    (r = nk_wire_put_string(o, data, len)) < 0)
		return r;
	return nk_wire_put_u32(o, flags);
}

static int
get_type(struct nk_wire *w, uint8_t wanted)
{
	uint8_t type;
	int r;

	if ((r = nk_wire_get_u8(w, &type)) < 0)
		return r;
	if (type == NK_AGENTMSG_FAILURE)
		return -EACCES;
	return type == wanted ? 0 : -EBADMSG;
}

int
nk_agentmsg_get_list(const uint8_t *msg, size_t len, struct nk_wire *w,
    uint32_t *np)
{
	int r;

	*w = (struct nk_wire){ msg, len };
	if ((r = get_type(w, NK_AGENTMSG_LIST_ANSWER)) < 0)
		return r;
	return nk_wire_get_u32(w, np);
}

int
nk_agentmsg_get_key(struct nk_wire *w, const uint8_t **blobp, size_t *lenp)
{
	struct nk_wire next = *w, comment;
	const uint8_t *blob;
	size_t len;
	int r;

	if ((r = nk_wire_get_string(&next, &blob, &len)) < 0 ||
	    (r = nk_wire_get_sub(&next, &comment)) < 0)
		return r;
	*w = next;
	*blobp = blob;
	*lenp = len;
	return 0;
}

int
nk_agentmsg_get_signature(const uint8_t *msg, size_t len,
    const uint8_t **sigp, size_t *sig_lenp)
{
	struct nk_wire w = { msg, len };
	const uint8_t *sig;
	size_t sig_len;
	int r;

	if ((r = get_type(&w, NK_AGENTMSG_SIGN_ANSWER)) < 0 ||
	    (r = nk_wire_get_string(&w, &sig, &sig_len)) < 0 ||
	    (r = nk_wire_get_end(&w)) < 0)
		return r;
	*sigp = sig;
	*sig_lenp = sig_len;
	return 0;
}
