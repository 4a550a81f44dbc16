/* SPDX-License-Identifier: ISC */
#include "lib/remote/said.h"

#include <errno.h>
#include <string.h>

#include "lib/ssh/wire.h"

static int
get_step(struct nk_wire *w, struct nk_remote_said *said)
{
	uint32_t step;

	if (nk_wire_get_u32(w, &step) < 0 || step >= NK_REMOTE_STEPS)
		return -EBADMSG;
	said->step = (enum nk_remote_step)step;
	return 0;
}

static int
get_fault(struct nk_wire *w, struct nk_remote_said *said)
{
	uint32_t fault;

	if (nk_wire_get_u32(w, &fault) < 0 || fault <= NK_REMOTE_TIME ||
	    fault >= NK_REMOTE_FAULTS ||
	    nk_wire_get_string(w, &said->bytes, &said->len) < 0 ||
	    said->len > NK_REMOTE_WORDS_MAX)
		return -EBADMSG;
	said->fault = (enum nk_remote_fault)fault;
	return 0;
}

static int
get_changed(struct nk_wire *w, struct nk_remote_said *said)
{
	uint32_t changed;

	if (nk_wire_get_u32(w, &changed) < 0 || changed > 1)
		return -EBADMSG;
	said->changed = changed == 1;
	return 0;
}

static int
get_options(struct nk_wire *w, struct nk_remote_said *said)
{
	if (nk_wire_get_text(w, &said->bytes, &said->len) < 0 ||
	    said->len > NK_REMOTE_OPTIONS_MAX)
		return -EBADMSG;
	return 0;
}

/* One is trusted or it is said why not; what is none cannot be. */
static int
get_certificate(struct nk_wire *w, struct nk_remote_said *said)
{
	uint32_t trusted;
	size_t len;

	if (nk_wire_get_string(w, &said->digest, &len) < 0 ||
	    (len != 0 && len != NK_PAIR_DIGEST) ||
	    nk_wire_get_u32(w, &trusted) < 0 || trusted > (len != 0) ||
	    nk_wire_get_string(w, &said->bytes, &said->len) < 0 ||
	    said->len > NK_REMOTE_WORDS_MAX)
		return -EBADMSG;
	said->trusted = trusted == 1;
	if (len == 0)
		said->digest = NULL;
	return 0;
}

static int
get_plan(struct nk_wire *w, struct nk_remote_said *said)
{
	if (nk_wire_get_u32(w, &said->pairing) < 0 ||
	    (said->pairing & ~NK_PAIR_ALL) != 0)
		return -EBADMSG;
	return 0;
}

static int
get_port(struct nk_wire *w, struct nk_remote_said *said)
{
	uint32_t port;

	if (nk_wire_get_u32(w, &port) < 0 || port == 0 || port > UINT16_MAX)
		return -EBADMSG;
	said->port = (uint16_t)port;
	return 0;
}

int
nk_remote_said_read(uint32_t type, const void *p, size_t len,
    struct nk_remote_said *said)
{
	struct nk_wire w = { p, len };
	int r;

	memset(said, 0, sizeof(*said));
	switch (type) {
	case NK_REMOTE_MSG_STEP:
		r = get_step(&w, said);
		break;
	case NK_REMOTE_MSG_FAULT:
		r = get_fault(&w, said);
		break;
	case NK_REMOTE_MSG_HOST_KEY:
		if ((r = nk_wire_get_u32(&w, &said->which)) == 0)
			r = nk_wire_get_string(&w, &said->bytes, &said->len);
		break;
	case NK_REMOTE_MSG_NO_HOST_KEY:
		if ((r = nk_wire_get_u32(&w, &said->which)) == 0)
			r = get_fault(&w, said);
		break;
	case NK_REMOTE_MSG_WRITTEN:
		r = get_changed(&w, said);
		break;
	case NK_REMOTE_MSG_OPTIONS:
		r = get_options(&w, said);
		break;
	case NK_REMOTE_MSG_CERTIFICATE:
		r = get_certificate(&w, said);
		break;
	case NK_REMOTE_MSG_PLAN:
		r = get_plan(&w, said);
		break;
	case NK_REMOTE_MSG_PAIRED:
		r = get_port(&w, said);
		break;
	case NK_REMOTE_MSG_SOCKET:
	case NK_REMOTE_MSG_DONE:
		r = 0;
		break;
	default:
		r = -EBADMSG;
	}
	return r < 0 || nk_wire_get_end(&w) < 0 ? -EBADMSG : 0;
}
