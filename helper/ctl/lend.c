/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <bsd/string.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/lend.h"
#include "helper/ctl/lendfiles.h"
#include "helper/ctl/value.h"
#include "lib/ssh/fingerprint.h"

#define BACKLOG	16

const char *
lend_path(const struct lend *l, const char *name,
    char buf[static LEND_PATH_MAX])
{
	(void)snprintf(buf, LEND_PATH_MAX, "%s/%s", l->dir.path, name);
	return buf;
}

/* ---- borrowing ---- */

/*
 * The name as "connection export" writes it, too: '_' for what ssh and rsync
 * could take for something else.
 */
static void
choose_alias(struct lend *l)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char *p;

	(void)strlcpy(l->alias, l->name, sizeof(l->alias));
	for (p = l->alias; *p != '\0'; p++)
		if (strchr(safe, *p) == NULL)
			*p = '_';
	if (l->alias[0] == '-')
		l->alias[0] = '_';
}

static int
find_id(struct ctl *c, struct lend *l)
{
	json_t *row;
	int r;

	if ((r = connection_find(c, l->name, &row)) == CTL_DONE)
		l->id = row_int(row, "id");
	json_decref(row);
	return r;
}

/* Listen in the folder, which nobody else enters. */
static int
open_socket(const struct lend *l, const struct ctl *c, int *fdp)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[LEND_PATH_MAX];

	_Static_assert(PRIVATEDIR_MAX + sizeof(LEND_AGENT) <=
	    sizeof(sun.sun_path), "the agent's path fits");
	(void)lend_path(l, LEND_AGENT, path);
	memcpy(sun.sun_path, path, strlen(path));
	*fdp = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fdp == -1 || bind(*fdp, (const struct sockaddr *)&sun,
	    sizeof(sun)) == -1 || listen(*fdp, BACKLOG) == -1)
		return ctl_fail(c, "%s: %s", path, strerror(errno));
	return CTL_DONE;
}

static int
borrow(struct lend *l, struct ctl *c, bool bound)
{
	const char *why = NULL;
	int fd = -1, r;

	if ((r = open_socket(l, c, &fd)) == CTL_DONE)
		r = ctl_call(c, "keychaincredential.lend",
		    json_pack("[I,{s:b}]", l->id, "bound", bound ? 1 : 0),
		    fd, &l->terms);
	if (fd != -1)
		close(fd);	/* it is the helper's now */
	if (r == CTL_DONE && nk_hostkeys_read(row_string(l->terms,
	    "remote_host_key"), &l->pins, &why) < 0)
		r = ctl_fail(c, "the connection's host keys: %s", why);
	return r;
}

int
lend_open(struct lend *l, struct ctl *c, const char *name, bool bound)
{
	int r;

	*l = (struct lend){ .name = name, .dir = { .fd = -1 } };
	choose_alias(l);
	if ((r = find_id(c, l)) != CTL_DONE ||
	    (r = privatedir_make(&l->dir, c)) != CTL_DONE ||
	    (r = borrow(l, c, bound)) != CTL_DONE)
		return r;
	return lendfiles_write(l, c);
}

/* ---- host keys that were rotated ---- */

/* Say of those of a that are not in b what has become of them. */
static void
tell(const struct lend *l, const struct ctl *c, const struct nk_hostkeys *a,
    const struct nk_hostkeys *b, const char *what)
{
	char *fingerprint;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (nk_hostkeys_have(b, a->v[i].blob, a->v[i].len))
			continue;
		if (nk_fingerprint_sha256(a->v[i].blob, a->v[i].len,
		    &fingerprint) < 0)
			continue;
		ctl_warn(c, "%s %s: %s %s", l->name, what,
		    a->v[i].type->name, fingerprint);
		free(fingerprint);
	}
}

static bool
has_all(const struct nk_hostkeys *hk, const struct nk_hostkeys *wanted)
{
	size_t i;

	for (i = 0; i < wanted->n; i++)
		if (!nk_hostkeys_have(hk, wanted->v[i].blob,
		    wanted->v[i].len))
			return false;
	return true;
}

/* Add to *hk those of a that are not in "not", unless they are in or. */
static int
add(struct nk_hostkeys *hk, const struct nk_hostkeys *a,
    const struct nk_hostkeys *not, const struct nk_hostkeys *or)
{
	const struct nk_hostkey *k;
	int r = 0;

	for (k = a->v; r == 0 && k < a->v + a->n; k++)
		if (!nk_hostkeys_have(not, k->blob, k->len) ||
		    nk_hostkeys_have(or, k->blob, k->len))
			r = nk_hostkeys_add(hk, k->blob, k->len);
	return r;
}

/* What is pinned now, without ours that are gone, and with those that came. */
static int
merge(const struct lend *l, const struct nk_hostkeys *found,
    const struct nk_hostkeys *now, char **textp)
{
	struct nk_hostkeys all = { NULL, 0 };
	int r;

	*textp = NULL;
	if ((r = add(&all, now, &l->pins, found)) == 0 &&
	    (r = add(&all, found, &l->pins, now)) == 0)
		r = nk_hostkeys_write(&all, textp);
	nk_hostkeys_clear(&all);
	return r;
}

/* Pin them; attributes, of which now was read, are the connection's. */
static int
pin(const struct lend *l, struct ctl *c, const struct nk_hostkeys *found,
    const struct nk_hostkeys *now, json_t *attributes)
{
	json_t *result = NULL;
	char *text;
	int r;

	tell(l, c, found, &l->pins, "has proven a new host key, which "
	    "is pinned from now on");
	tell(l, c, &l->pins, found, "has this host key no more, and it "
	    "is not pinned any longer");
	if ((r = merge(l, found, now, &text)) < 0)
		r = ctl_fail(c, "the new host keys cannot be pinned: %s",
		    r == -E2BIG ? "all of them are longer than 1024 "
		    "characters; remove one with \"connection edit\"" :
		    strerror(-r));
	else if (json_object_set_new(attributes, "remote_host_key",
	    json_string(text)) == 0)
		r = ctl_call(c, "keychaincredential.update",
		    json_pack("[I,{s:O}]", l->id, "attributes", attributes),
		    -1, &result);
	free(text);
	json_decref(result);
	return r;
}

/*
 * One of the keys that were pinned at the start has vouched for what was
 * found; which one is not known.  Where one of them is pinned no longer,
 * because somebody trusts it no more, nothing that it may have vouched for
 * is taken.
 */
static int
update(const struct lend *l, struct ctl *c, const struct nk_hostkeys *found)
{
	struct nk_hostkeys now;
	json_t *row = NULL, *attributes;
	int r;

	if ((r = ctl_call(c, "keychaincredential.get_instance",
	    json_pack("[I]", l->id), -1, &row)) != CTL_DONE)
		return r;
	attributes = json_object_get(row, "attributes");
	if (nk_hostkeys_read(row_string(attributes, "remote_host_key"), &now,
	    NULL) < 0)
		r = ctl_fail(c, "the connection's host keys cannot be read");
	else if (has_all(&now, &l->pins))
		r = pin(l, c, found, &now, attributes);
	else if (!has_all(&now, found))
		r = ctl_fail(c, "the pinned host keys of %s were changed "
		    "meanwhile: what the remote has proven by the old ones "
		    "is not pinned", l->name);
	nk_hostkeys_clear(&now);
	json_decref(row);
	return r;
}

/*
 * ssh adds a key to its file when the remote has proven that it holds it, in
 * a session that a pinned key has authenticated, and takes out those that it
 * has no more.  At least one of ours must have stayed.
 */
static void
take_up(const struct lend *l, struct ctl *c)
{
	struct nk_hostkeys found;
	bool stayed = false;
	size_t i;

	if (lendfiles_read_hosts(l, &found) < 0)
		return;
	for (i = 0; i < found.n; i++)
		stayed = stayed || nk_hostkeys_have(&l->pins,
		    found.v[i].blob, found.v[i].len);
	if (stayed && (!has_all(&l->pins, &found) ||
	    !has_all(&found, &l->pins)))
		(void)update(l, c, &found);
	nk_hostkeys_clear(&found);
}

void
lend_close(struct lend *l, struct ctl *c)
{
	ctl_hang_up(c);		/* that is the end of the agent */
	if (l->pins.n > 0)
		take_up(l, c);
	privatedir_remove(&l->dir);
	nk_hostkeys_clear(&l->pins);
	json_decref(l->terms);
	l->terms = NULL;
}
