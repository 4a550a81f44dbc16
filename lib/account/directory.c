/* SPDX-License-Identifier: ISC */
#include "lib/account/directory.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/lookup.h"
#include "lib/account/nameset.h"
#include "lib/fullio.h"

/* ---- in the child ---- */

struct query {
	uint32_t	id;
	uint32_t	by_id;		/* 0 or 1 */
	char		name[256];
};

static int
take_query(const void *arg, struct query *q)
{
	const struct nk_network_arg *a = arg;

	if (a->len != sizeof(*q))
		return -EBADMSG;
	memcpy(q, a->bytes, sizeof(*q));
	return memchr(q->name, '\0', sizeof(q->name)) == NULL ? -EBADMSG :
	    nk_lookup_prepare();
}

static int
ask_user(void *arg, int fd)
{
	struct nk_directory_entry e;
	struct query q;

	if (take_query(arg, &q) < 0 ||
	    nk_lookup_user(q.by_id != 0 ? NULL : q.name, q.id, &e) < 0)
		return 1;
	return nk_write_full(fd, &e, sizeof(e)) < 0;
}

static int
ask_group(void *arg, int fd)
{
	struct nk_directory_entry e;
	struct query q;

	if (take_query(arg, &q) < 0 ||
	    nk_lookup_group(q.by_id != 0 ? NULL : q.name, q.id, &e) < 0)
		return 1;
	return nk_write_full(fd, &e, sizeof(e)) < 0;
}

struct group_list {
	uint32_t	n;
	uint32_t	gids[NK_DIRECTORY_GROUPS_MAX];
};

static int
ask_groups(void *arg, int fd)
{
	struct group_list list = { .n = 0 };
	gid_t gids[NK_DIRECTORY_GROUPS_MAX];
	int n = NK_DIRECTORY_GROUPS_MAX, i;
	struct query q;

	if (take_query(arg, &q) < 0)
		return 1;
	if (getgrouplist(q.name, q.id, gids, &n) == -1)
		n = NK_DIRECTORY_GROUPS_MAX;
	for (i = 0; i < n; i++)
		list.gids[i] = gids[i];
	list.n = (uint32_t)n;
	return nk_write_full(fd, &list, sizeof(list)) < 0;
}

/* What the enumerating child sends, followed by len bytes of name. */
struct item {
	char		kind;		/* 'u', 'g', or 'e': the end */
	uint8_t		len;
	uint16_t	unused;
	uint32_t	id;
};

#define OUT_MAX		16384

struct out {
	int		 fd;
	size_t		 len;
	unsigned char	 bytes[OUT_MAX];
};

static int
out_flush(struct out *o)
{
	int r = nk_write_full(o->fd, o->bytes, o->len);

	o->len = 0;
	return r;
}

static int
out_item(struct out *o, char kind, const char *name, uint32_t id)
{
	size_t len = strlen(name);
	struct item it = { .kind = kind, .len = (uint8_t)len, .id = id };
	int r;

	if (len > UINT8_MAX)
		return 0;	/* longer than any name of ours */
	if (o->len + sizeof(it) + len > OUT_MAX && (r = out_flush(o)) < 0)
		return r;
	memcpy(o->bytes + o->len, &it, sizeof(it));
	memcpy(o->bytes + o->len + sizeof(it), name, len);
	o->len += sizeof(it) + len;
	return 0;
}

static int
list_all(void *arg, int fd)
{
	struct out o = { .fd = fd };
	const struct passwd *pw;
	const struct group *gr;

	(void)arg;
	if (nk_lookup_prepare() < 0)
		return 1;
	setpwent();
	while ((pw = getpwent()) != NULL) {
		if (out_item(&o, 'u', pw->pw_name, pw->pw_uid) < 0)
			return 2;
	}
	setgrent();
	while ((gr = getgrent()) != NULL) {
		if (out_item(&o, 'g', gr->gr_name, gr->gr_gid) < 0)
			return 2;
	}
	if (out_item(&o, 'e', "", 0) < 0 || out_flush(&o) < 0)
		return 2;
	return 0;
}

const struct nk_network_work nk_directory_user_work = { "user", ask_user };
const struct nk_network_work nk_directory_group_work = { "group", ask_group };
const struct nk_network_work nk_directory_groups_work = {
	"groups", ask_groups,
};
const struct nk_network_work nk_directory_list_work = { "list", list_all };

/* ---- in the parent ---- */

static int
make_query(struct query *q, const char *name, uint32_t id)
{
	memset(q, 0, sizeof(*q));
	q->id = id;
	q->by_id = name == NULL;
	if (name != NULL && strlen(name) >= sizeof(q->name))
		return -E2BIG;
	if (name != NULL)
		memcpy(q->name, name, strlen(name));
	return 0;
}

static int
ask_entry(const struct nk_network_work *w, const char *name, uint32_t id,
    unsigned int seconds, struct nk_directory_entry *e)
{
	struct query q;
	int r;

	memset(e, 0, sizeof(*e));
	if ((r = make_query(&q, name, id)) < 0)
		return r;
	if ((r = nk_network_ask(w, &q, sizeof(q), seconds, e,
	    sizeof(*e))) < 0) {
		memset(e, 0, sizeof(*e));
		return r;
	}
	e->name[sizeof(e->name) - 1] = '\0';
	e->gecos[sizeof(e->gecos) - 1] = '\0';
	e->home[sizeof(e->home) - 1] = '\0';
	e->shell[sizeof(e->shell) - 1] = '\0';
	return 0;
}

int
nk_directory_user(const char *name, uint32_t uid, unsigned int seconds,
    struct nk_directory_entry *e)
{
	return ask_entry(&nk_directory_user_work, name, uid, seconds, e);
}

int
nk_directory_group(const char *name, uint32_t gid, unsigned int seconds,
    struct nk_directory_entry *e)
{
	return ask_entry(&nk_directory_group_work, name, gid, seconds, e);
}

int
nk_directory_groups(const char *name, uint32_t gid, unsigned int seconds,
    uint32_t *gids, size_t *np)
{
	struct group_list list;
	struct query q;
	int r;

	*np = 0;
	if ((r = make_query(&q, name, gid)) < 0 ||
	    (r = nk_network_ask(&nk_directory_groups_work, &q, sizeof(q),
	    seconds, &list, sizeof(list))) < 0)
		return r;
	if (list.n > NK_DIRECTORY_GROUPS_MAX)
		return -EIO;
	memcpy(gids, list.gids, list.n * sizeof(*gids));
	*np = list.n;
	return 0;
}

struct nk_directory {
	struct nk_nameset	*users;
	struct nk_nameset	*groups;
};

/* The stream of items, cut anywhere. */
struct intake {
	struct nk_directory	*d;
	bool			 ended;
	size_t			 have;
	unsigned char		 item[sizeof(struct item) + UINT8_MAX];
};

/* How many bytes the item that has begun needs in all, as far as is known. */
static size_t
item_size(const struct intake *in)
{
	struct item it;

	if (in->have < sizeof(it))
		return sizeof(it);
	memcpy(&it, in->item, sizeof(it));
	return sizeof(it) + it.len;
}

static int
take_item(struct intake *in)
{
	struct nk_nameset *set;
	struct item it;
	const char *name = (const char *)in->item + sizeof(it);

	memcpy(&it, in->item, sizeof(it));
	if (it.kind == 'e') {
		in->ended = true;
		return 0;
	}
	if ((it.kind != 'u' && it.kind != 'g') ||
	    memchr(name, '\0', it.len) != NULL)
		return -EIO;
	set = it.kind == 'u' ? in->d->users : in->d->groups;
	if (nk_nameset_count(set) >= NK_DIRECTORY_MAX)
		return -E2BIG;
	return nk_nameset_add(set, name, it.len, it.id);
}

static int
take_items(void *arg, const void *bytes, size_t len)
{
	struct intake *in = arg;
	const unsigned char *p = bytes;
	size_t n, whole;
	int r;

	while (len > 0) {
		if (in->ended)
			return -EIO;
		whole = item_size(in);
		n = whole - in->have < len ? whole - in->have : len;
		memcpy(in->item + in->have, p, n);
		in->have += n;
		p += n;
		len -= n;
		if (in->have < sizeof(struct item) ||
		    in->have < item_size(in))
			continue;
		if ((r = take_item(in)) < 0)
			return r;
		in->have = 0;
	}
	return 0;
}

int
nk_directory_read(struct nk_directory **dp, unsigned int seconds)
{
	struct intake in = { .d = NULL };
	struct nk_directory *d;
	int r;

	*dp = NULL;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return -ENOMEM;
	in.d = d;
	if ((r = nk_nameset_new(&d->users)) < 0 ||
	    (r = nk_nameset_new(&d->groups)) < 0)
		goto out;
	if ((r = nk_network_run(&nk_directory_list_work, NULL, 0, seconds,
	    take_items, &in)) < 0)
		goto out;
	if (!in.ended) {
		r = -EIO;
		goto out;
	}
	*dp = d;
	d = NULL;
 out:
	nk_directory_free(d);
	return r;
}

void
nk_directory_free(struct nk_directory *d)
{
	if (d == NULL)
		return;
	nk_nameset_free(d->users);
	nk_nameset_free(d->groups);
	free(d);
}

bool
nk_directory_has_user(const struct nk_directory *d, const char *name)
{
	return nk_nameset_has(d->users, name, NULL);
}

bool
nk_directory_user_id(const struct nk_directory *d, const char *name,
    uint32_t *uidp)
{
	return nk_nameset_has(d->users, name, uidp);
}

const char *
nk_directory_uid(const struct nk_directory *d, uint32_t uid)
{
	return nk_nameset_name(d->users, uid);
}

bool
nk_directory_has_group(const struct nk_directory *d, const char *name)
{
	return nk_nameset_has(d->groups, name, NULL);
}

const char *
nk_directory_gid(const struct nk_directory *d, uint32_t gid)
{
	return nk_nameset_name(d->groups, gid);
}
