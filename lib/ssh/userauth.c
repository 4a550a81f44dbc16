/* SPDX-License-Identifier: ISC */
#include "lib/ssh/userauth.h"

#include <errno.h>
#include <stdbool.h>

#define REQUEST	50		/* SSH_MSG_USERAUTH_REQUEST */

/* Take the method; does the server's key stand at the end? */
static int
get_method(struct nk_wire *w, bool *hostboundp)
{
	struct nk_wire method;
	int r;

	if ((r = nk_wire_get_sub(w, &method)) < 0)
		return r;
	*hostboundp = nk_wire_is_text(&method,
	    "publickey-hostbound-v00@openssh.com");
	return *hostboundp || nk_wire_is_text(&method, "publickey") ? 0 :
	    -EBADMSG;
}

static int
get_key(struct nk_wire *w, struct nk_userauth *u)
{
	uint8_t with_signature;
	int r;

	if ((r = nk_wire_get_u8(w, &with_signature)) < 0)
		return r;
	if (with_signature != 1)
		return -EBADMSG;	/* this is never signed */
	if ((r = nk_wire_get_sub(w, &u->algorithm)) < 0)
		return r;
	return nk_wire_get_sub(w, &u->blob);
}

int
nk_userauth_read(const uint8_t *data, size_t len, struct nk_userauth *u)
{
	struct nk_wire w = { data, len };
	bool hostbound;
	uint8_t type;
	int r;

	u->host = (struct nk_wire){ NULL, 0 };
	if ((r = nk_wire_get_sub(&w, &u->session)) < 0 ||
	    (r = nk_wire_get_u8(&w, &type)) < 0)
		return r;
	if (type != REQUEST)
		return -EBADMSG;
	if ((r = nk_wire_get_sub(&w, &u->user)) < 0 ||
	    (r = nk_wire_get_sub(&w, &u->service)) < 0 ||
	    (r = get_method(&w, &hostbound)) < 0 ||
	    (r = get_key(&w, u)) < 0 ||
	    (hostbound && (r = nk_wire_get_sub(&w, &u->host)) < 0))
		return r;
	return nk_wire_get_end(&w);
}
