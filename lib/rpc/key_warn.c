/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_warn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/key_futile.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/weakkey.h"
#include "lib/ssh/wire.h"

#define WHERE_MAX	384	/* a name and a fingerprint */

/* Where the lists are; they are root's, whoever asks. */
static const char *const folders[NK_BLACKLIST_FOLDERS] = {
	"/usr/share/ssh", NK_SYSCONFDIR "/ssh",
};

int
nk_key_warner_init(struct nk_key_warner *w, struct nk_context *c)
{
	*w = (struct nk_key_warner){ .c = c, .list = json_array() };
	if (w->list == NULL)
		return -ENOMEM;
	nk_blacklist_init(&w->blacklist, folders, 0);
	return 0;
}

void
nk_key_warner_clear(struct nk_key_warner *w)
{
	json_decref(w->list);
	w->list = NULL;
	nk_blacklist_clear(&w->blacklist);
}

json_t *
nk_key_warner_list(const struct nk_key_warner *w)
{
	return json_incref(w->list);
}

/* One of at most NK_KEY_WARNINGS_MAX; instead of one more: "and so on". */
static int
say(struct nk_key_warner *w, size_t *countp, const char *where,
    const char *text, const char *more)
{
	json_t *v;

	if (*countp > NK_KEY_WARNINGS_MAX)
		return 0;
	v = (*countp)++ == NK_KEY_WARNINGS_MAX ? json_string(more) :
	    where == NULL ? json_string(text) :
	    json_sprintf("%s: %s", where, text);
	return json_array_append_new(w->list, v) == -1 ? -ENOMEM : 0;
}

/* ---- the key itself ---- */

static int
say_fault(struct nk_key_warner *w, const char *where, const char *text)
{
	return say(w, &w->faults, where, text, "More keys are weak, or "
	    "certificates, than are named here.");
}

static int
look_up(struct nk_key_warner *w, const char *where, unsigned int bits,
    const uint8_t *blob, size_t len)
{
	int r = nk_blacklist_find(&w->blacklist, bits, blob, len);

	if (r == 0 || r == -ENOMEM)
		return r;
	if (r == 1)
		return say_fault(w, where, "The private half of this key is "
		    "public: it is on this machine's list of compromised keys. "
		    "Make a new key, and remove this one everywhere.");
	/* only an administrator can do something about that */
	return w->c->rank < NK_RANK_ADMIN ? 0 : say_fault(w, where,
	    "Whether this key is a compromised one is not known: the list "
	    "blacklist.RSA of its size, in /usr/share/ssh or /etc/ssh, "
	    "cannot be used.");
}

static int
warn_of_weakness(struct nk_key_warner *w, const char *where,
    const uint8_t *blob, size_t len)
{
	struct nk_weakkey weak;
	char text[160];
	int r;

	if ((r = nk_weakkey_look(blob, len, &weak)) < 0 || !weak.rsa)
		return r;
	if (weak.exponent != 0) {
		(void)snprintf(text, sizeof(text), "The RSA exponent is %u, "
		    "which makes many mistakes of software fatal: make a "
		    "new key with ssh-keygen.", weak.exponent);
		if ((r = say_fault(w, where, text)) < 0)
			return r;
	}
	if (weak.roca && (r = say_fault(w, where, "This key comes from a "
	    "chip whose keys can be broken (ROCA, CVE-2017-15361): make a "
	    "new key elsewhere.")) < 0)
		return r;
	return look_up(w, where, weak.bits, blob, len);
}

int
nk_key_warn_blob(struct nk_key_warner *w, const char *where,
    const uint8_t *blob, size_t len)
{
	struct nk_wire in = { blob, len };
	const struct nk_keytype *t;
	const uint8_t *name;
	size_t n;
	int r;

	if (nk_wire_get_string(&in, &name, &n) < 0 ||
	    (t = nk_keytype_find((const char *)name, n)) == NULL)
		return -EBADMSG;
	if (t->certificate && (r = say_fault(w, where, "This is a "
	    "certificate where a plain public key belongs, and sshd lets "
	    "nobody in by such a line: give the .pub file without \"-cert\", "
	    "or the authority's key with the option cert-authority.")) < 0)
		return r;
	return warn_of_weakness(w, where, blob, len);
}

/* ---- who else has it ---- */

static int
say_shared(struct nk_key_warner *w, const char *where, const char *text)
{
	return say(w, &w->shared, where, text, "More keys are shared between "
	    "users than are named here.");
}

static int
say_holder(struct nk_key_warner *w, const char *where, int64_t id)
{
	char text[WHERE_MAX];
	struct nk_user *u;
	int r;

	r = nk_user_get(nk_publisher_store(w->c->publisher), id, &u);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "User %s has the same key.",
	    u->name);
	nk_user_free(u);
	return say_shared(w, where, text);
}

static int
warn_of_others(struct nk_key_warner *w, const char *where,
    const struct nk_key *k)
{
	struct nk_ids ids;
	size_t i;
	int r;

	if (w->c->rank < NK_RANK_ADMIN || w->shared > NK_KEY_WARNINGS_MAX)
		return 0;
	r = nk_key_holders(nk_publisher_store(w->c->publisher),
	    k->fingerprint, k->user_id, NK_KEY_HOLDERS_MAX + 1, &ids);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < ids.n && i < NK_KEY_HOLDERS_MAX; i++)
		r = say_holder(w, where, ids.v[i]);
	if (r == 0 && ids.n > NK_KEY_HOLDERS_MAX)
		r = say_shared(w, where, "More users have the same key.");
	nk_ids_clear(&ids);
	return r;
}

/* ---- what it is good for ---- */

static int
say_futile(struct nk_key_warner *w, const char *where, const char *text)
{
	return text[0] == '\0' ? 0 : say(w, &w->futile, where, text, "More "
	    "keys can let nobody in than are named here.");
}

static int
warn_of_line(struct nk_key_warner *w, const char *where,
    const struct nk_key *k)
{
	char text[NK_KEY_FUTILE_MAX];
	int r;

	if ((r = nk_key_futile_line(k, nk_now(), text)) < 0)
		return r;
	return say_futile(w, where, text);
}

int
nk_key_warn_user(struct nk_key_warner *w, const struct nk_user *u)
{
	char text[NK_KEY_FUTILE_MAX];

	nk_key_futile_user(u, nk_now(), text);
	return say_futile(w, NULL, text);
}

/* ---- lines ---- */

int
nk_key_warn(struct nk_key_warner *w, const char *where,
    const struct nk_key *k)
{
	int r;

	if (k->kind != NK_KEY_KEY)
		return 0;
	if ((r = nk_key_warn_blob(w, where, k->blob, k->blob_len)) < 0 ||
	    (r = warn_of_line(w, where, k)) < 0)
		return r;
	return warn_of_others(w, where, k);
}

int
nk_key_warn_all(struct nk_key_warner *w, const char *name,
    const struct nk_keys *ks)
{
	char where[WHERE_MAX];
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ks->n; i++) {
		if (ks->v[i].kind != NK_KEY_KEY)
			continue;
		(void)snprintf(where, sizeof(where), "%s%s%s",
		    name != NULL ? name : "", name != NULL ? ": " : "",
		    ks->v[i].fingerprint);
		r = nk_key_warn(w, where, &ks->v[i]);
	}
	return r;
}
