/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_revoked.h"

#include <errno.h>

#include "lib/rpc/edit.h"
#include "lib/store/revoked.h"

int
nk_key_find_revoked(struct nk_store *s, const struct nk_keys *ks,
    const struct nk_key **kp)
{
	int64_t revision;
	bool has = false;
	size_t i;
	int r;

	*kp = NULL;
	/* an import of very many keys need not ask for each */
	if ((r = nk_revoked_revision(s, &revision)) < 0 || revision == 0)
		return r;
	for (i = 0; i < ks->n; i++) {
		if (ks->v[i].kind != NK_KEY_KEY)
			continue;
		if ((r = nk_revoked_has(s, ks->v[i].fingerprint, &has)) < 0)
			return r;
		if (has) {
			*kp = &ks->v[i];
			return 0;
		}
	}
	return 0;
}

int
nk_key_readmit(struct nk_context *c, const struct nk_keys *ks)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_subject subject = { "key", 0, NULL };
	const struct nk_key *k;
	int r;

	while ((r = nk_key_find_revoked(s, ks, &k)) == 0 && k != NULL) {
		subject.name = k->fingerprint;
		if ((r = nk_revoked_remove(s, k->fingerprint)) < 0 ||
		    (r = nk_audit_write(c, "user.add_key", &subject, NULL,
		    NULL, "Key %s is not revoked any more",
		    k->fingerprint)) < 0)
			return r;
	}
	return r;
}
