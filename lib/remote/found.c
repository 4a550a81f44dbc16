/* SPDX-License-Identifier: ISC */
#include "lib/remote/found.h"

#include <errno.h>
#include <string.h>

#include "lib/remote/said.h"

/* What may prove a key of each type; nothing that signs with SHA-1. */
static const char *const algorithms[NK_REMOTE_TYPES] = {
	"ssh-ed25519",
	"rsa-sha2-512,rsa-sha2-256",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
};

const char *
nk_remote_found_algorithms(size_t type)
{
	return algorithms[type];
}

size_t
nk_remote_found_begin(struct nk_remote_found *f)
{
	size_t i, n = 0;

	memset(f->said, 0, sizeof(f->said));
	for (i = 0; i < NK_REMOTE_TYPES; i++) {
		if (!f->answered[i])
			f->asked[n++] = i;
	}
	return n;
}

/* A key that is too small, say, is none. */
static int
take_key(struct nk_remote_found *f, const struct nk_remote_said *said)
{
	size_t type = f->asked[said->which];
	int r = nk_hostkeys_add(&f->keys[type], said->bytes, said->len);

	if (r < 0 && r != -EPERM)
		return r == -ENOMEM ? r : -EIO;
	f->answered[type] = true;
	return 0;
}

static void
take_no_key(struct nk_remote_found *f, const struct nk_remote_said *said)
{
	size_t type = f->asked[said->which];

	f->answered[type] = said->fault == NK_REMOTE_NO_KEY;
	f->why[type].fault = said->fault;
	if (said->len > 0)
		memcpy(f->why[type].words, said->bytes, said->len);
	f->why[type].len = said->len;
}

int
nk_remote_found_take(struct nk_remote_found *f, uint32_t type, const void *p,
    size_t len)
{
	struct nk_remote_said said;

	if ((type != NK_REMOTE_MSG_HOST_KEY &&
	    type != NK_REMOTE_MSG_NO_HOST_KEY) ||
	    nk_remote_said_read(type, p, len, &said) < 0 ||
	    said.which >= f->n || f->said[said.which])
		return -EIO;
	f->said[said.which] = true;
	if (type == NK_REMOTE_MSG_HOST_KEY)
		return take_key(f, &said);
	take_no_key(f, &said);
	return 0;
}

size_t
nk_remote_found_count(const struct nk_remote_found *f)
{
	size_t i, n = 0;

	for (i = 0; i < NK_REMOTE_TYPES; i++)
		n += f->answered[i];
	return n;
}

int
nk_remote_found_collect(const struct nk_remote_found *f,
    struct nk_hostkeys *hk)
{
	size_t i;
	int r;

	for (i = 0; i < NK_REMOTE_TYPES; i++) {
		if (f->keys[i].n == 0)
			continue;
		r = nk_hostkeys_add(hk, f->keys[i].v[0].blob,
		    f->keys[i].v[0].len);
		if (r < 0 && r != -E2BIG)
			return r;
	}
	return 0;
}

enum nk_remote_fault
nk_remote_found_why(const struct nk_remote_found *f, const void **wordsp,
    size_t *lenp)
{
	size_t i = 0;

	while (i < NK_REMOTE_TYPES &&
	    (f->why[i].fault == NK_REMOTE_FINE ||
	    f->why[i].fault == NK_REMOTE_NO_KEY))
		i++;
	if (i == NK_REMOTE_TYPES)
		i = 0;
	*wordsp = f->why[i].words;
	*lenp = f->why[i].len;
	return f->why[i].fault == NK_REMOTE_FINE ? NK_REMOTE_NO_KEY :
	    f->why[i].fault;
}

void
nk_remote_found_clear(struct nk_remote_found *f)
{
	size_t i;

	for (i = 0; i < NK_REMOTE_TYPES; i++)
		nk_hostkeys_clear(&f->keys[i]);
}
