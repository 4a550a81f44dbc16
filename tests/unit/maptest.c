/* SPDX-License-Identifier: ISC */

#include "lib/map/quick.h"
#include "tests/unit/maptest.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURNS_MAX	100		/* of asking again */

const struct nk_map_identity mt_identity = { .boot_id = "boot",
	.store_id = "store" };

static void	give_up(const char *fmt, ...) NK_PRINTF(1, 2);

/* The tests stop at the first fault: what follows it means nothing. */
static void
give_up(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void
mt_dir_make(struct mt_dir *d)
{
	const char *places[] = { getenv("TMPDIR"), "/dev/shm", "/tmp" };
	size_t i;

	for (i = places[0] == NULL; i < sizeof(places) / sizeof(places[0]);
	    i++) {
		snprintf(d->path, sizeof(d->path), "%s/naskeys-test.XXXXXX",
		    places[i]);
		if (mkdtemp(d->path) != NULL)
			break;
	}
	if ((d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		give_up("%s: %s", d->path, strerror(errno));
}

void
mt_dir_remove(struct mt_dir *d)
{
	struct dirent *e;
	DIR *dir = opendir(d->path);

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(d->fd, e->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	close(d->fd);
	rmdir(d->path);
}

void
mt_copy(int dirfd, const char *from, const char *to)
{
	char buf[65536];
	ssize_t n;
	int in, out;

	unlinkat(dirfd, to, 0);
	in = openat(dirfd, from, O_RDONLY | O_CLOEXEC);
	out = openat(dirfd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	while (in != -1 && out != -1 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			give_up("copy: %s", strerror(errno));
	if (in == -1 || out == -1)
		give_up("copy %s to %s: %s", from, to, strerror(errno));
	close(in);
	close(out);
}

uint64_t
mt_size_without_holes(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, 0) == -1)
		give_up("%s: %s", name, strerror(errno));
	if ((uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size)
		give_up("%s has holes", name);
	return (uint64_t)st.st_size;
}

const char *
mt_name(enum nk_map_kind kind)
{
	return kind == NK_MAP_KIND_ACCOUNTS ? NK_MAP_ACCOUNTS :
	    kind == NK_MAP_KIND_KEYS ? NK_MAP_KEYS : NK_MAP_SECRETS;
}

static void	add(struct mt_answer *a, const char *fmt, ...) NK_PRINTF(2, 3);

static void
add(struct mt_answer *a, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->text + a->len, sizeof(a->text) - a->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(a->text) - a->len)
		give_up("an answer is too long");
	a->len += (size_t)n;
}

static void
begin(struct mt_answer *a)
{
	a->r = 0;
	a->len = 0;
	a->text[0] = '\0';
}

void
mt_tell_user(struct mt_answer *a, const struct nk_put_user *u)
{
	uint32_t i;

	begin(a);
	add(a, "%" PRIu64 " %" PRIu64 " %" PRId64 " %u %u %x <%s> <%s> <%s> "
	    "<%s>", u->row, u->generation, u->expires_at, u->uid, u->gid,
	    u->flags, u->name, u->gecos, u->home, u->shell);
	for (i = 0; i < u->ngroups; i++)
		add(a, " %" PRIu64 ":%u", u->groups[i].group_row,
		    u->groups[i].gid);
}

void
mt_tell_group(struct mt_answer *a, const struct nk_put_group *g)
{
	begin(a);
	add(a, "%" PRIu64 " %u <%s>", g->row, g->gid, g->name);
}

void
mt_tell_rows(struct mt_answer *a, const uint64_t *rows, size_t n)
{
	size_t i;

	begin(a);
	for (i = 0; i < n; i++)
		add(a, "%" PRIu64 " ", rows[i]);
}

void
mt_tell_gids(struct mt_answer *a, const uint32_t *gids, size_t n)
{
	size_t i;

	begin(a);
	for (i = 0; i < n; i++)
		add(a, "%u ", gids[i]);
}

void
mt_tell_keyset(struct mt_answer *a, const struct nk_put_keyset *k)
{
	const struct nk_put_keyline *l;
	uint32_t i;

	begin(a);
	add(a, "%" PRIu64 " %" PRIu64 "\n", k->generation[0],
	    k->generation[1]);
	for (i = 0; i < k->count; i++) {
		l = &k->lines[i];
		add(a, "%x %" PRId64 " [%.*s] [%.*s] [%.*s]\n", l->flags,
		    l->expires_at, (int)l->text_len, l->text,
		    (int)l->type_len, l->text + l->type_at, (int)l->blob_len,
		    l->text + l->blob_at);
	}
}

void
mt_tell_secret(struct mt_answer *a, const struct nk_put_secret *s)
{
	begin(a);
	add(a, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %d %d %d %d "
	    "%d %x <%s>", s->row, s->generation[0], s->generation[1],
	    s->locked_until, s->last_change, s->min_days, s->max_days,
	    s->warn_days, s->inactive_days, s->flags, s->hash);
}

static void
answer_user(struct mt_answer *a, const struct nk_map_user *u)
{
	struct nk_put_group_ref refs[NK_USER_GROUPS_MAX];
	struct nk_put_user put = { .row = u->row, .generation = u->generation,
	    .expires_at = u->expires_at, .uid = u->uid, .gid = u->gid,
	    .flags = u->flags, .name = u->name, .gecos = u->gecos,
	    .home = u->home, .shell = u->shell, .groups = refs,
	    .ngroups = u->ngroups };
	uint32_t i;

	if (strlen(u->name) != u->name_len || strlen(u->gecos) !=
	    u->gecos_len || strlen(u->home) != u->home_len ||
	    strlen(u->shell) != u->shell_len ||
	    u->ngroups > NK_USER_GROUPS_MAX)
		give_up("a user's lengths are wrong");
	for (i = 0; i < u->ngroups; i++)
		refs[i] = (struct nk_put_group_ref){ u->groups[i].group_row,
		    u->groups[i].gid };
	mt_tell_user(a, &put);
}

static void
answer_group(struct mt_answer *a, const struct nk_map_group *g)
{
	struct nk_put_group put = { .row = g->row, .gid = g->gid,
	    .name = g->name };

	if (strlen(g->name) != g->name_len)
		give_up("a group's length is wrong");
	mt_tell_group(a, &put);
}

static int
compare_rows(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Who is in the group, as getgrnam(3) would put it together. */
static int
answer_members(const struct nk_view *v, uint64_t group_row,
    struct mt_answer *a)
{
	static uint64_t rows[8192];
	struct nk_map_group g;
	struct nk_map_members m;
	struct nk_map_user u;
	uint32_t i, unit;
	size_t n = 0;
	int r;

	if ((r = nk_map_group_by_row(v, group_row, &g)) < 0)
		return r;
	for (unit = g.members; unit != 0; unit = m.next) {
		if ((r = nk_map_members_at(v, unit, group_row, &m)) < 0)
			return r;
		for (i = 0; i < m.count; i++) {
			r = nk_map_user_by_row(v, m.rows[i], &u);
			if (r < 0 && r != -ENOENT)
				return r;
			if (r < 0 || !nk_map_user_in_chunk(&u, group_row,
			    unit))
				continue;
			if (n == sizeof(rows) / sizeof(rows[0]))
				give_up("too many members");
			rows[n++] = u.row;
		}
	}
	qsort(rows, n, sizeof(rows[0]), compare_rows);
	mt_tell_rows(a, rows, n);
	return 0;
}

/* What lib/map/quick.h found, as reader.h has it. */
static void
take_over(struct nk_map_user *u, const struct nk_quick_user *q)
{
	const struct nk_user_record *rec = &q->rec;

	memcpy(u->page, rec, sizeof(*rec));
	memcpy(u->page + sizeof(*rec), q->room, q->used);
	u->row = rec->r.row;
	u->generation = rec->generation;
	u->expires_at = rec->expires_at;
	u->uid = rec->uid;
	u->gid = rec->gid;
	u->flags = rec->flags;
	u->ngroups = rec->ngroups;
	u->groups = (const void *)(u->page + sizeof(*rec));
	u->name_len = rec->name_len;
	u->gecos_len = rec->gecos_len;
	u->home_len = rec->home_len;
	u->shell_len = rec->shell_len;
	u->name = (const char *)u->page + sizeof(*rec) +
	    (q->text - (const char *)q->room);
	u->gecos = u->name + u->name_len + 1;
	u->home = u->gecos + u->gecos_len + 1;
	u->shell = u->home + u->home_len + 1;
	if (u->name + q->text_len != u->shell + u->shell_len ||
	    q->used != nk_record_words(rec->r.length) * sizeof(uint64_t) -
	    sizeof(*rec))
		give_up("a quick answer does not fit together");
}

/* Which groups there are is not asked here, but no other may come. */
static void
check_groups(const struct nk_view *v, const struct nk_quick_user *q)
{
	const struct nk_user_group *groups = (const void *)q->room;
	uint32_t gids[NK_QUICK_GROUPS], n, i = 0, k;
	int r = nk_quick_gids(v, q, gids, &n);

	if (r != 0 && r != -EAGAIN)
		give_up("the groups: %d", r);
	for (k = 0; r == 0 && k < n; k++, i++) {
		while (i < q->rec.ngroups && groups[i].gid != gids[k])
			i++;
		if (i == q->rec.ngroups)
			give_up("a group that was not asked for");
	}
}

/* As the name service asks where it can, every other time; or -EAGAIN. */
static int
find_user_quickly(const struct nk_view *v, const struct mt_question *q,
    struct nk_map_user *u)
{
	static _Thread_local unsigned int turn;
	_Alignas(8) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user found = { .room = room, .size = sizeof(room) };
	struct nk_quick_search s;
	int r;

	if (v->base == NULL || q->ask == MT_USER_ROW || turn++ % 2 == 0)
		return -EAGAIN;
	s = q->ask == MT_USER_NAME ?
	    nk_quick_name(v, q->name, strlen(q->name)) :
	    nk_quick_uid(v, q->id);
	r = q->ask == MT_USER_NAME ?
	    nk_quick_user(v, &s, q->name, strlen(q->name), 0, &found) :
	    nk_quick_user(v, &s, NULL, 0, q->id, &found);
	if (r == 0) {
		take_over(u, &found);
		check_groups(v, &found);
	}
	return r;
}

static int
next_user(const struct nk_view *v, uint64_t *posp, struct nk_map_user *u)
{
	_Alignas(8) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user found = { .room = room, .size = sizeof(room) };
	uint64_t pos = *posp;
	int r = -EAGAIN;

	if (v->base != NULL && (r = nk_quick_user_next(v, posp,
	    &found)) == 0)
		take_over(u, &found);
	if (r != 0 && *posp != pos)
		give_up("the position has moved");
	return r == -EAGAIN ? nk_map_user_next(v, posp, u) : r;
}

static int
answer_enumeration(const struct nk_view *v, enum mt_ask ask,
    struct mt_answer *a)
{
	static uint64_t rows[8192];
	struct nk_map_user u;
	struct nk_map_group g;
	uint64_t pos = 0;
	size_t n = 0;
	int r;

	while ((r = ask == MT_USERS ? next_user(v, &pos, &u) :
	    nk_map_group_next(v, &pos, &g)) == 0) {
		if (n == sizeof(rows) / sizeof(rows[0]))
			give_up("too many rows");
		rows[n++] = ask == MT_USERS ? u.row : g.row;
	}
	if (r != -ENOENT)
		return r;
	qsort(rows, n, sizeof(rows[0]), compare_rows);
	mt_tell_rows(a, rows, n);
	return 0;
}

static int
answer_keys(const struct nk_view *v, const struct mt_question *q,
    struct mt_answer *a)
{
	static _Alignas(8) uint8_t bufs[NK_KEYSET_MAX][8192];
	static _Alignas(8) uint8_t big[NK_RECORD_MAX];
	static struct nk_put_keyline lines[NK_KEYSET_MAX];
	struct nk_put_keyset put = { .lines = lines };
	struct nk_map_keyset k;
	struct nk_map_keyline l;
	uint32_t i;
	int r;

	if ((r = nk_map_keyset_find(v, q->row, q->id, &k)) < 0)
		return r;
	if (k.count > NK_KEYSET_MAX || k.row != q->row)
		give_up("a set that is none");
	put.generation[0] = k.generation[0];
	put.generation[1] = k.generation[1];
	put.count = k.count;
	for (i = 0; i < k.count; i++) {
		r = nk_map_keyline_at(v, k.entries[i].unit, k.row, bufs[i],
		    sizeof(bufs[i]), &l);
		if (r == -ERANGE)
			r = nk_map_keyline_at(v, k.entries[i].unit, k.row,
			    big, sizeof(big), &l);
		if (r < 0)
			return r;
		lines[i] = (struct nk_put_keyline){ .text = l.text,
		    .text_len = l.text_len, .type_len = l.type_len,
		    .type_at = (uint32_t)(l.type - l.text),
		    .blob_at = (uint32_t)(l.blob - l.text),
		    .blob_len = l.blob_len, .expires_at = l.expires_at,
		    .flags = l.flags };
	}
	mt_tell_keyset(a, &put);
	return 0;
}

static int
answer_secret(const struct nk_view *v, const struct mt_question *q,
    struct mt_answer *a)
{
	struct nk_map_secret s;
	struct nk_put_secret put;
	int r;

	if ((r = nk_map_secret_find(v, q->row, q->id, &s)) < 0)
		return r;
	if (strlen(s.hash) != s.hash_len)
		give_up("a hash's length is wrong");
	put = (struct nk_put_secret){ .row = s.row,
	    .generation = { s.generation[0], s.generation[1] },
	    .locked_until = s.locked_until, .last_change = s.last_change,
	    .min_days = s.min_days, .max_days = s.max_days,
	    .warn_days = s.warn_days, .inactive_days = s.inactive_days,
	    .flags = s.flags, .hash = s.hash };
	mt_tell_secret(a, &put);
	return 0;
}

static int
find_user(const struct nk_view *v, const struct mt_question *q,
    struct mt_answer *a)
{
	struct nk_map_user u;
	int r;

	if ((r = find_user_quickly(v, q, &u)) != -EAGAIN)
		;
	else if (q->ask == MT_USER_NAME)
		r = nk_map_user_by_name(v, q->name, strlen(q->name), &u);
	else if (q->ask == MT_USER_UID)
		r = nk_map_user_by_uid(v, q->id, &u);
	else
		r = nk_map_user_by_row(v, q->row, &u);
	if (r == 0)
		answer_user(a, &u);
	return r;
}

/* The supplementary groups, as initgroups(3) would have them, or -EAGAIN. */
static int
find_gids_quickly(const struct nk_view *v, const char *name,
    struct mt_answer *a)
{
	_Alignas(8) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user u = { .room = room, .size = sizeof(room) };
	uint32_t gids[NK_QUICK_GROUPS], n;
	struct nk_quick_search s;
	int r;

	if (v->base == NULL)
		return -EAGAIN;
	s = nk_quick_name(v, name, strlen(name));
	if ((r = nk_quick_user(v, &s, name, strlen(name), 0, &u)) < 0 ||
	    (r = nk_quick_gids(v, &u, gids, &n)) < 0)
		return r;
	mt_tell_gids(a, gids, n);
	return 0;
}

/* The same from the groups' own records, whatever is marked. */
static int
find_gids(const struct nk_view *v, const char *name, struct mt_answer *a)
{
	uint32_t gids[NK_USER_GROUPS_MAX], i;
	struct nk_map_user u;
	struct nk_map_group g;
	size_t n = 0;
	int r;

	if ((r = find_gids_quickly(v, name, a)) != -EAGAIN)
		return r;
	if ((r = nk_map_user_by_name(v, name, strlen(name), &u)) < 0)
		return r;
	for (i = 0; i < u.ngroups; i++) {
		r = nk_map_group_by_gid(v, u.groups[i].gid, &g);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && g.row == u.groups[i].group_row)
			gids[n++] = g.gid;
	}
	mt_tell_gids(a, gids, n);
	return 0;
}

static int
find_group(const struct nk_view *v, const struct mt_question *q,
    struct mt_answer *a)
{
	struct nk_map_group g;
	int r;

	if (q->ask == MT_GROUP_NAME)
		r = nk_map_group_by_name(v, q->name, strlen(q->name), &g);
	else if (q->ask == MT_GROUP_GID)
		r = nk_map_group_by_gid(v, q->id, &g);
	else
		r = nk_map_group_by_row(v, q->row, &g);
	if (r == 0)
		answer_group(a, &g);
	return r;
}

void
mt_answer(const struct nk_view *v, const struct mt_question *q,
    struct mt_answer *a)
{
	struct nk_map_settings s;

	begin(a);
	switch (q->ask) {
	case MT_USER_NAME:
	case MT_USER_UID:
	case MT_USER_ROW:
		a->r = find_user(v, q, a);
		break;
	case MT_GROUP_NAME:
	case MT_GROUP_GID:
	case MT_GROUP_ROW:
		a->r = find_group(v, q, a);
		break;
	case MT_GIDS:
		a->r = find_gids(v, q->name, a);
		break;
	case MT_MEMBERS:
		a->r = answer_members(v, q->row, a);
		break;
	case MT_USERS:
	case MT_GROUPS:
		a->r = answer_enumeration(v, q->ask, a);
		break;
	case MT_SETTINGS:
		if ((a->r = nk_map_settings(v, &s)) == 0)
			add(a, "%u %u %x", s.managed_gid, s.min_id, s.flags);
		break;
	case MT_KEYS:
		a->r = answer_keys(v, q, a);
		break;
	case MT_SECRET:
		a->r = answer_secret(v, q, a);
		break;
	}
}

bool
mt_same(const struct mt_answer *a, const struct mt_answer *b)
{
	return a->r == b->r && (a->r != 0 || strcmp(a->text, b->text) == 0);
}

int
mt_reader_open(struct mt_reader *m, int dirfd, enum nk_map_kind kind,
    enum nk_view_mode mode)
{
	m->v = NK_VIEW_NONE;
	m->dirfd = dirfd;
	m->kind = kind;
	m->mode = mode;
	return nk_view_open(&m->v, dirfd, mt_name(kind), kind, mode);
}

static int
open_again(struct mt_reader *m)
{
	nk_view_close(&m->v);
	return nk_view_open(&m->v, m->dirfd, mt_name(m->kind), m->kind,
	    m->mode);
}

void
mt_reader_ask(struct mt_reader *m, const struct mt_question *q,
    struct mt_answer *a)
{
	const char *name = mt_name(m->kind);
	int turn, r;

	for (turn = 0; turn < TURNS_MAX; turn++) {
		r = nk_view_check(&m->v, m->dirfd, name);
		if (r == -ESTALE)
			r = open_again(m);
		a->r = r;
		if (r < 0)
			return;
		mt_answer(&m->v, q, a);
		if (a->r != -ESTALE)
			return;
		r = nk_view_grow(&m->v, m->dirfd, name);
		if (r == -ESTALE)
			r = open_again(m);
		a->r = r;
		if (r < 0)
			return;
	}
	give_up("a reader that never comes to an end");
}

void
mt_report(void *arg, const char *what)
{
	give_up("%s: %s", (const char *)arg, what);
}

#define LONG_NAME	"a-user-of-a-directory\\with-a-long-name@example.org"

/* A user of the world: uneven lengths, three unmanaged, groups by bits. */
void
mt_world_user(struct nk_put_user *u, uint32_t i)
{
	static char name[64], gecos[64], home[80];
	static struct nk_put_group_ref refs[MT_WORLD_GROUPS];
	uint32_t g;

	snprintf(name, sizeof(name), "%s%u", i == 7 ? LONG_NAME : "user", i);
	snprintf(gecos, sizeof(gecos), "%.*s", (int)(i * 3), "A person whose "
	    "full name is longer, the later it came");
	snprintf(home, sizeof(home), "/home/%s", name);
	*u = (struct nk_put_user){ .row = i, .generation = 100 + i,
	    .expires_at = i == 3 ? 1000 : NK_NEVER, .uid = 3000 + i,
	    .gid = 100, .flags = i % 4 == 3 ? 0 : NK_USER_MANAGED |
	    NK_USER_IN_MANAGED, .name = name, .gecos = gecos, .home = home,
	    .shell = i == 5 ? "" : "/bin/bash", .groups = refs };
	for (g = 1; g <= MT_WORLD_GROUPS; g++) {
		if ((i >> (g - 1) & 1) != 0)
			refs[u->ngroups++] = (struct nk_put_group_ref){ g,
			    5000 + g };
	}
}

void
mt_world_group(struct nk_put_group *g, uint32_t i)
{
	static char name[64];

	snprintf(name, sizeof(name), "group%u", i);
	*g = (struct nk_put_group){ .row = i, .gid = 5000 + i,
	    .name = name };
}

static void
make_line(struct nk_put_keyline *l, char *text, size_t size, uint32_t i,
    uint32_t j)
{
	static const char type[] = "ssh-ed25519";
	int n = snprintf(text, size, "%s%s AAAA%0*u user%u@host-%u",
	    j % 2 == 1 ? "no-pty,from=\"10.0.0.0/8\" " : "", type,
	    j == 4 ? 5000 : 64, i * 100 + j, i, j);

	if (n < 0 || (size_t)n >= size)
		give_up("a line is too long");
	l->text = text;
	l->text_len = (uint32_t)n;
	l->type_at = (uint32_t)(strstr(text, type) - text);
	l->type_len = sizeof(type) - 1;
	l->blob_at = (uint32_t)(strstr(text, "AAAA") - text);
	l->blob_len = j == 4 ? 5004 : 68;
	l->expires_at = j == 2 ? 12345 : NK_NEVER;
	l->flags = j == 3 ? NK_KEY_CERT_AUTHORITY : 0;
}

/* User i has i % 6 keys; the fifth is longer than a page. */
void
mt_world_keyset(struct nk_put_keyset *k, uint32_t i)
{
	static char texts[6][6000];
	static struct nk_put_keyline lines[6];
	uint32_t j;

	*k = (struct nk_put_keyset){ .row = i, .generation = { 100 + i,
	    99 + i }, .lines = lines, .count = i % 6 };
	for (j = 0; j < k->count; j++)
		make_line(&lines[j], texts[j], sizeof(texts[j]), i, j);
}

void
mt_world_secret(struct nk_put_secret *s, uint32_t i)
{
	static char hash[128];

	snprintf(hash, sizeof(hash), "$y$j9T$%0*u", (int)(i * 7), i);
	*s = (struct nk_put_secret){ .row = i, .generation = { 100 + i,
	    99 + i }, .locked_until = i % 2 == 0 ? 0 : 77, .last_change =
	    19000, .min_days = -1, .max_days = (int32_t)i, .warn_days = 7,
	    .inactive_days = -1, .flags = i == 2 ? NK_SECRET_OTP : 0,
	    .hash = i == 1 ? "" : hash };
}

static void
must(int r, const char *what)
{
	if (r < 0)
		give_up("%s: %s", what, strerror(-r));
}

void
mt_world_make(int dirfd)
{
	static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
	    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };
	struct nk_map_hint hint = { MT_WORLD_USERS, MT_WORLD_GROUPS, 0 };
	struct nk_map_settings settings = { .managed_gid = 901,
	    .min_id = 1000, .flags = NK_MAP_SHADOW_HASHES };
	struct nk_put_user u;
	struct nk_put_group g;
	struct nk_put_keyset k;
	struct nk_put_secret s;
	struct nk_mapwriter *w[3];
	uint32_t i;

	for (i = 0; i < 3; i++)
		must(nk_mapwriter_create(&w[i], dirfd, mt_name(kinds[i]),
		    kinds[i], &mt_identity, &hint, 0600, getuid(), getgid()),
		    "create");
	must(nk_mapwriter_settings(w[0], &settings), "settings");
	for (i = 1; i <= MT_WORLD_GROUPS; i++) {
		mt_world_group(&g, i);
		must(nk_mapwriter_put_group(w[0], &g), "put group");
	}
	for (i = 1; i <= MT_WORLD_USERS; i++) {
		mt_world_user(&u, i);
		must(nk_mapwriter_put_user(w[0], &u), "put user");
		mt_world_keyset(&k, i);
		must(nk_mapwriter_put_keyset(w[1], &k), "put keyset");
		mt_world_secret(&s, i);
		must(nk_mapwriter_put_secret(w[2], &s), "put secret");
	}
	for (i = 0; i < 3; i++) {
		must(nk_mapwriter_set_published(w[i], 42), "published");
		must(nk_mapwriter_install(w[i]), "install");
		nk_mapwriter_free(w[i]);
	}
}

#define WORLD_QUESTIONS_MAX	(8 * (MT_WORLD_USERS + 4))

static void
ask_accounts(struct mt_question *q, size_t *np, char (*names)[64])
{
	struct nk_put_user u;
	struct nk_put_group g;
	uint32_t i;
	size_t n = 0;

	q[n++] = (struct mt_question){ .ask = MT_USERS };
	q[n++] = (struct mt_question){ .ask = MT_GROUPS };
	q[n++] = (struct mt_question){ .ask = MT_SETTINGS };
	/* Beyond the last ones, too: they are not there, now. */
	for (i = 1; i <= MT_WORLD_USERS + 2; i++) {
		mt_world_user(&u, i);
		snprintf(names[i], sizeof(names[i]), "%s", u.name);
		q[n++] = (struct mt_question){ MT_USER_NAME, .name =
		    names[i] };
		q[n++] = (struct mt_question){ MT_USER_UID, .id = u.uid };
		q[n++] = (struct mt_question){ MT_USER_ROW, .row = i };
	}
	names += i;
	for (i = 1; i <= MT_WORLD_GROUPS + 1; i++) {
		mt_world_group(&g, i);
		snprintf(names[i], sizeof(names[i]), "%s", g.name);
		q[n++] = (struct mt_question){ MT_GROUP_NAME, .name =
		    names[i] };
		q[n++] = (struct mt_question){ MT_GROUP_GID, .id = g.gid };
		q[n++] = (struct mt_question){ MT_GROUP_ROW, .row = i };
		q[n++] = (struct mt_question){ MT_MEMBERS, .row = i };
	}
	*np = n;
}

const struct mt_question *
mt_world_questions(enum nk_map_kind kind, size_t *np)
{
	static struct mt_question q[WORLD_QUESTIONS_MAX];
	static char names[2 * MT_WORLD_USERS + 8][64];
	uint32_t i;
	size_t n = 0;

	if (kind == NK_MAP_KIND_ACCOUNTS) {
		ask_accounts(q, np, names);
		return q;
	}
	for (i = 1; i <= MT_WORLD_USERS + 2; i++) {
		enum mt_ask ask = kind == NK_MAP_KIND_KEYS ? MT_KEYS :
		    MT_SECRET;

		q[n++] = (struct mt_question){ ask, .row = i, .id = 100 + i };
		q[n++] = (struct mt_question){ ask, .row = i, .id = 99 + i };
		q[n++] = (struct mt_question){ ask, .row = i, .id = 101 + i };
	}
	*np = n;
	return q;
}
