/* SPDX-License-Identifier: ISC */
#include "lib/publish/revoked.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/fullio.h"
#include "lib/ssh/krl.h"
#include "lib/store/revoked.h"

#define MODE	0644

/* ---- what it should hold ---- */

static int
take_row(void *arg, const struct nk_revoked *row)
{
	struct nk_krl *k = arg;

	if ((uint64_t)row->revoked_at > k->date)
		k->date = (uint64_t)row->revoked_at;
	return nk_krl_add(k, row->fingerprint);
}

int
nk_revoked_file_make(struct nk_store *s, struct nk_revoked_file *f)
{
	struct nk_krl k = NK_KRL_NONE;
	int64_t revision;
	int r;

	*f = NK_REVOKED_FILE_NONE;
	if ((r = nk_revoked_revision(s, &revision)) == 0) {
		k.version = (uint64_t)revision;
		r = nk_revoked_each(s, take_row, &k);
	}
	if (r == 0)
		r = nk_krl_format(&k, &f->bytes, &f->len);
	nk_krl_clear(&k);
	return r;
}

void
nk_revoked_file_clear(struct nk_revoked_file *f)
{
	free(f->bytes);
	*f = NK_REVOKED_FILE_NONE;
}

/* ---- what it holds ---- */

bool
nk_revoked_file_is(struct nk_ownfile *f, const struct nk_state *state,
    int64_t revision)
{
	uint8_t header[NK_KRL_HEADER];
	uint64_t version = 0;
	size_t len;
	int r;

	if (nk_ownfile_look(f, state->revoked, state->owner, MODE) < 0)
		return false;
	r = nk_pread_full(f->fd, header, sizeof(header), 0, &len);
	if (r == 0 && len < sizeof(header))
		r = -EBADMSG;
	if (r == 0)
		r = nk_krl_get_version(header, &version);
	return r == 0 && version == (uint64_t)revision;
}

int
nk_revoked_file_compare(const struct nk_state *state,
    const struct nk_revoked_file *f)
{
	return nk_ownfile_compare(state->revoked, state->owner, MODE,
	    f->bytes, f->len);
}

int
nk_revoked_file_write(const struct nk_state *state,
    const struct nk_revoked_file *f)
{
	return nk_ownfile_replace(state->revoked, state->owner, MODE,
	    f->bytes, f->len);
}
