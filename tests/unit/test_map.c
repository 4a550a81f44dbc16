/* SPDX-License-Identifier: ISC */

/*
 * Writer and readers of the maps together: what is put is what is read,
 * against a model under thousands of random edits; and the promises about
 * space, growth and cost.  What a killed writer leaves is in test_map_crash.
 */

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/view.h"
#include "tests/unit/mapfault.h"
#include "tests/unit/maptest.h"

static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };

static struct mt_dir dir;
static struct mt_answer want, got;

static void
setup(void)
{
	mapfault_reset();
	mt_dir_make(&dir);
}

static void
teardown(void)
{
	mapfault_reset();
	mt_dir_remove(&dir);
}

static struct nk_mapwriter *
create(enum nk_map_kind kind, uint64_t users, uint64_t groups)
{
	struct nk_map_hint hint = { users, groups, 0 };
	struct nk_mapwriter *w = NULL;

	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, mt_name(kind), kind,
	    &mt_identity, &hint, 0600, getuid(), getgid()), 0);
	return w;
}

static struct nk_mapwriter *
open_writer(enum nk_map_kind kind)
{
	struct nk_mapwriter *w = NULL;

	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, mt_name(kind), kind,
	    &mt_identity), 0);
	return w;
}

static void
verify(struct nk_mapwriter *w)
{
	static char where[] = "verify";

	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
}

/* All kinds of readers must say a. */
static void
expect(enum nk_map_kind kind, const struct mt_question *q,
    const struct mt_answer *a)
{
	static const enum nk_view_mode modes[] = { NK_VIEW_PREAD,
	    NK_VIEW_ONCE, NK_VIEW_MAPPED };
	struct mt_reader m;
	size_t i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(mt_reader_open(&m, dir.fd, kind, modes[i]),
		    0);
		mt_reader_ask(&m, q, &got);
		ck_assert_msg(mt_same(a, &got), "question %d row %llu id %u "
		    "name %s: want %d %s, got %d %s", q->ask,
		    (unsigned long long)q->row, q->id,
		    q->name != NULL ? q->name : "-", a->r, a->text, got.r,
		    got.text);
		nk_view_close(&m.v);
	}
}

static void
expect_result(enum nk_map_kind kind, struct mt_question q, int r)
{
	want.r = r;
	want.len = 0;
	want.text[0] = '\0';
	expect(kind, &q, &want);
}

/* ---- the small world, built in bulk ---- */

static void
expect_world_user(uint32_t i)
{
	struct nk_put_user u;
	struct mt_question q;
	char name[64];

	mt_world_user(&u, i);
	snprintf(name, sizeof(name), "%s", u.name);
	mt_tell_user(&want, &u);
	q = (struct mt_question){ MT_USER_NAME, .name = name };
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	q = (struct mt_question){ MT_USER_ROW, .row = i };
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	q = (struct mt_question){ MT_USER_UID, .id = u.uid };
	if ((u.flags & NK_USER_MANAGED) != 0)
		expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	else
		expect_result(NK_MAP_KIND_ACCOUNTS, q, -ENOENT);
}

static void
expect_world(void)
{
	struct nk_put_keyset k;
	struct nk_put_secret s;
	struct mt_question q;
	uint32_t i;

	for (i = 1; i <= MT_WORLD_USERS; i++) {
		expect_world_user(i);
		mt_world_keyset(&k, i);
		mt_tell_keyset(&want, &k);
		q = (struct mt_question){ MT_KEYS, .row = i, .id = 100 + i };
		expect(NK_MAP_KIND_KEYS, &q, &want);
		q.id = 99 + i;
		expect(NK_MAP_KIND_KEYS, &q, &want);
		q.id = 101 + i;
		expect_result(NK_MAP_KIND_KEYS, q, -ENOENT);
		mt_world_secret(&s, i);
		mt_tell_secret(&want, &s);
		q = (struct mt_question){ MT_SECRET, .row = i, .id = 99 + i };
		expect(NK_MAP_KIND_SECRETS, &q, &want);
		q.id = 98 + i;
		expect_result(NK_MAP_KIND_SECRETS, q, -ENOENT);
	}
}

START_TEST(world)
{
	struct nk_mapwriter *w;
	struct mt_question q;
	uint64_t odd[] = { 1, 3, 5, 7, 9, 11 };
	size_t i, turn;

	mt_world_make(dir.fd);
	for (turn = 0; turn < 2; turn++) {
		expect_world();
		q = (struct mt_question){ MT_MEMBERS, .row = 1 };
		mt_tell_rows(&want, odd, 6);
		expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
		expect_result(NK_MAP_KIND_ACCOUNTS, (struct mt_question){
		    MT_USER_NAME, .name = "user" }, -ENOENT);
		expect_result(NK_MAP_KIND_ACCOUNTS, (struct mt_question){
		    MT_USER_NAME, .name = "user1x" }, -ENOENT);
		expect_result(NK_MAP_KIND_ACCOUNTS, (struct mt_question){
		    MT_USER_NAME, .name = "" }, -ENOENT);
		expect_result(NK_MAP_KIND_ACCOUNTS, (struct mt_question){
		    MT_USER_UID, .id = 0 }, -ENOENT);
		/* And once more, from a compacted copy. */
		for (i = 0; i < 3; i++) {
			w = open_writer(kinds[i]);
			ck_assert_uint_eq(nk_mapwriter_published(w), 42);
			verify(w);
			ck_assert_int_eq(nk_mapwriter_compact(w), 0);
			ck_assert(nk_mapwriter_is_current(w));
			verify(w);
			nk_mapwriter_free(w);
			mt_size_without_holes(dir.fd, mt_name(kinds[i]));
		}
	}
}
END_TEST

START_TEST(modes_and_leftovers)
{
	struct nk_map_hint hint = { 1, 1, 0 };
	struct nk_mapwriter *w;
	struct stat st;
	int fd;

	/* What a killed builder left is in nobody's way. */
	fd = openat(dir.fd, "keys.map.new", O_CREAT | O_WRONLY, 0666);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, &mt_identity, &hint, 0640, getuid(),
	    getgid()), 0);
	ck_assert_int_eq(fstatat(dir.fd, "keys.map.new", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(nk_mapwriter_is_current(w), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	ck_assert_int_eq(nk_mapwriter_is_current(w), 1);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(fstatat(dir.fd, NK_MAP_KEYS, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	/* One that is given up leaves nothing. */
	w = create(NK_MAP_KIND_KEYS, 1, 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(fstatat(dir.fd, "keys.map.new", &st, 0), -1);
	nk_mapwriter_free(NULL);
}
END_TEST

/* ---- refusals ---- */

START_TEST(refused_opens)
{
	struct nk_map_identity other = mt_identity;
	struct nk_map_hint hint = { 1, 1, 0 };
	struct nk_mapwriter *w = NULL;
	struct nk_view v = NK_VIEW_NONE;
	int fd;

	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, &mt_identity), -ENOENT);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, NK_VIEW_PREAD), -ENOENT);
	ck_assert_int_eq(nk_view_check(&v, dir.fd, NK_MAP_KEYS), -ESTALE);
	nk_view_close(&v);
	mt_world_make(dir.fd);
	other.boot_id[0]++;
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, &other), -ESTALE);
	other = mt_identity;
	other.store_id[15]++;
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, &other), -ESTALE);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_SECRETS, &mt_identity), -EBADMSG);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_SECRETS, NK_VIEW_MAPPED), -EIO);
	ck_assert_int_eq(symlinkat(NK_MAP_KEYS, dir.fd, "link"), 0);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "link", NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD), -EIO);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "link", NK_MAP_KIND_KEYS,
	    NK_VIEW_ONCE), -EIO);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, "link",
	    NK_MAP_KIND_KEYS, &mt_identity), -EBADMSG);
	ck_assert_int_eq(mkfifoat(dir.fd, "fifo", 0600), 0);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "fifo", NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD), -EIO);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "fifo", NK_MAP_KIND_KEYS,
	    NK_VIEW_ONCE), -EIO);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, "fifo",
	    NK_MAP_KIND_KEYS, &mt_identity), -EBADMSG);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, ".", NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD), -EIO);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, ".", NK_MAP_KIND_KEYS,
	    NK_VIEW_ONCE), -EIO);
	fd = openat(dir.fd, "empty", O_CREAT | O_WRONLY, 0600);
	close(fd);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "empty", NK_MAP_KIND_KEYS,
	    NK_VIEW_MAPPED), -EIO);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, "empty", NK_MAP_KIND_KEYS,
	    NK_VIEW_ONCE), -EIO);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, "empty",
	    NK_MAP_KIND_KEYS, &mt_identity), -EBADMSG);
	ck_assert_ptr_null(w);
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, "a/b",
	    NK_MAP_KIND_KEYS, &mt_identity, &hint, 0600, 0, 0), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, "",
	    NK_MAP_KIND_KEYS, &mt_identity, &hint, 0600, 0, 0), -EINVAL);
	hint.users = UINT64_MAX / 2;
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, &mt_identity, &hint, 0600, 0, 0), -EFBIG);
	expect_world();
}
END_TEST

/*
 * A map of another version: readers have none, the writer makes a new one,
 * and whoever has the old one open sees that it is no more.
 */
START_TEST(other_versions)
{
	const uint32_t versions[] = { 1, NK_MAP_VERSION - 1,
	    NK_MAP_VERSION + 1, UINT32_MAX };
	struct nk_mapwriter *w = NULL;
	struct nk_map_header h;
	struct nk_view old, v;
	uint64_t published;
	int fd, mode;

	mt_world_make(dir.fd);
	ck_assert_int_eq(nk_view_open(&old, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_MAPPED), 0);
	fd = openat(dir.fd, NK_MAP_ACCOUNTS, O_RDWR);
	ck_assert_int_eq(pread(fd, &h, sizeof(h), 0), sizeof(h));
	h.version = versions[_i];
	h.sum = nk_cell_sum(h.salt, 0, &h, sizeof(h));
	ck_assert_int_eq(pwrite(fd, &h, sizeof(h), 0), sizeof(h));
	close(fd);
	for (mode = NK_VIEW_PREAD; mode <= NK_VIEW_MAPPED; mode++)
		ck_assert_int_eq(nk_view_open(&v, dir.fd, NK_MAP_ACCOUNTS,
		    NK_MAP_KIND_ACCOUNTS, (enum nk_view_mode)mode), -EIO);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity), -ESTALE);
	ck_assert_int_eq(nk_mapwriter_peek(dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &published, NULL), -ESTALE);
	ck_assert_int_eq(nk_view_check(&old, dir.fd, NK_MAP_ACCOUNTS), 0);
	mt_world_make(dir.fd);
	ck_assert_int_eq(nk_view_check(&old, dir.fd, NK_MAP_ACCOUNTS),
	    -ESTALE);
	nk_view_close(&old);
	expect_world();
}
END_TEST

/* What kind of map is asked of is checked too. */
START_TEST(refused_kinds)
{
	struct mt_question q = { MT_USER_ROW, .row = 1, .name = "user1" };
	size_t i;

	mt_world_make(dir.fd);
	for (q.ask = MT_USER_NAME; q.ask <= MT_SECRET; q.ask++) {
		for (i = 0; i < 3; i++) {
			if (kinds[i] == (q.ask == MT_KEYS ?
			    NK_MAP_KIND_KEYS : q.ask == MT_SECRET ?
			    NK_MAP_KIND_SECRETS : NK_MAP_KIND_ACCOUNTS))
				continue;
			expect_result(kinds[i], q, -EIO);
		}
	}
}
END_TEST

static char big[NK_RECORD_MAX + 64];

static const char *
text_of(size_t len)
{
	memset(big, 'x', sizeof(big));
	big[len] = '\0';
	return big;
}

START_TEST(user_limits)
{
	static const struct {
		const char	*what;
		size_t		 name, gecos, home, shell;
		uint32_t	 ngroups;
		int		 want;
	} rows[] = {
		{ "all at their limits", 255, 1023, 1023, 255, 64, 0 },
		{ "no name",		0, 0, 0, 0, 0, -EINVAL },
		{ "shortest",		1, 0, 0, 0, 0, 0 },
		{ "name",		256, 0, 0, 0, 0, -EINVAL },
		{ "gecos",		1, 1024, 0, 0, 0, -EINVAL },
		{ "home",		1, 0, 1024, 0, 0, -EINVAL },
		{ "shell",		1, 0, 0, 256, 0, -EINVAL },
		{ "groups",		1, 0, 0, 0, 65, -EINVAL },
	};
	struct nk_put_group_ref refs[65];
	struct nk_put_group g = { .gid = 1 };
	char name[16], *s[4];
	struct nk_put_user u = { .groups = refs };
	struct nk_mapwriter *w;
	struct mt_question q = { .ask = MT_USER_ROW };
	size_t i, j, len[4];
	int installed;

	for (installed = 0; installed < 2; installed++) {
		w = create(NK_MAP_KIND_ACCOUNTS, 10, 65);
		for (i = 0; i < 65; i++) {
			snprintf(name, sizeof(name), "g%zu", i);
			g = (struct nk_put_group){ i + 1,
			    (uint32_t)i + 5000, name };
			refs[i] = (struct nk_put_group_ref){ g.row, g.gid };
			ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
		}
		if (installed == 1)
			ck_assert_int_eq(nk_mapwriter_install(w), 0);
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			len[0] = rows[i].name;
			len[1] = rows[i].gecos;
			len[2] = rows[i].home;
			len[3] = rows[i].shell;
			for (j = 0; j < 4; j++)
				s[j] = strdup(text_of(len[j]));
			u.name = s[0];
			u.gecos = s[1];
			u.home = s[2];
			u.shell = s[3];
			u.row = u.uid = (uint32_t)i + 1;
			u.ngroups = rows[i].ngroups;
			ck_assert_msg(nk_mapwriter_put_user(w, &u) ==
			    rows[i].want, "%s", rows[i].what);
			if (rows[i].want == 0 && installed == 1) {
				q.row = u.row;
				mt_tell_user(&want, &u);
				expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
			}
			for (j = 0; j < 4; j++)
				free(s[j]);
		}
		verify(w);
		nk_mapwriter_free(w);
	}
}
END_TEST

START_TEST(refused_accounts)
{
	struct nk_put_group_ref refs[2] = { { 1, 5001 }, { 1, 5001 } };
	struct nk_put_user u, good;
	struct nk_put_group g;
	struct nk_mapwriter *w, *k;
	uint64_t bytes = 0, generation;
	uint32_t slots = 0;

	mt_world_make(dir.fd);
	w = open_writer(NK_MAP_KIND_ACCOUNTS);
	k = open_writer(NK_MAP_KIND_KEYS);
	mt_world_user(&good, 1);
	u = good;
	u.row = 0;
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_user_need(w, &u, &bytes, &slots),
	    -EINVAL);
	u = good;
	u.name = NULL;
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), -EINVAL);
	u = good;
	u.groups = refs;
	u.ngroups = 2;			/* the same one twice */
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), -EINVAL);
	refs[1].group_row = 0;
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), -EINVAL);
	refs[1].group_row = 99;		/* none of that row */
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), -ENOENT);
	ck_assert_int_eq(nk_mapwriter_put_user(k, &good), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_restrict_user(w, 0, 1), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_restrict_user(k, 1, 1), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_restrict_user(w, 99, 1), 0);
	ck_assert_int_eq(nk_mapwriter_drop_user(w, 0), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_user(k, 1), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_user(w, 99), 0);
	ck_assert_int_eq(nk_mapwriter_user_generation(w, 99, &generation),
	    -ENOENT);
	ck_assert_int_eq(nk_mapwriter_user_generation(w, 1, &generation), 0);
	ck_assert_uint_eq(generation, 101);
	mt_world_group(&g, 1);
	g.row = 0;
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), -EINVAL);
	g.row = 1;
	g.name = text_of(NK_GROUP_NAME_MAX + 1);
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), -EINVAL);
	g.name = "";
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), -EINVAL);
	g.name = text_of(NK_GROUP_NAME_MAX);
	ck_assert_int_eq(nk_mapwriter_group_need(k, &g, &bytes, &slots),
	    -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_group(k, 1), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_group(w, 99), 0);
	ck_assert_int_eq(nk_mapwriter_settings(k, &(struct nk_map_settings){
	    .min_id = 1 }), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_install(w), -EINVAL);
	ck_assert_uint_eq(bytes, 0);
	ck_assert_uint_eq(slots, 0);
	expect_world();
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	verify(w);
	nk_mapwriter_free(w);
	nk_mapwriter_free(k);
}
END_TEST

START_TEST(key_limits)
{
	static struct nk_put_keyline lines[NK_KEYSET_MAX + 1];
	static char texts[NK_KEYSET_MAX + 1][16];
	struct nk_put_keyline l = { .expires_at = NK_NEVER };
	struct nk_put_keyset k = { .row = 1, .generation = { 1, 0 },
	    .lines = &l, .count = 1 };
	struct mt_question q = { MT_KEYS, .row = 1, .id = 1 };
	struct nk_mapwriter *w = create(NK_MAP_KIND_KEYS, 10, 0);
	uint32_t most = NK_RECORD_MAX -
	    (uint32_t)sizeof(struct nk_keyline_record), i;

	l.text = text_of(most);
	ck_assert_int_eq(nk_mapwriter_put_keyset(w, &k), 0);
	for (i = most - 9; i <= most + 1; i++) {
		l.text = text_of(i);
		l.text_len = i;
		ck_assert_int_eq(nk_mapwriter_put_keyset(w, &k),
		    i <= most ? 0 : -EINVAL);
	}
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	l.text_len = most;
	mt_tell_keyset(&want, &k);
	expect(NK_MAP_KIND_KEYS, &q, &want);
	for (i = 0; i <= NK_KEYSET_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "key %u", i);
		lines[i] = (struct nk_put_keyline){ .text = texts[i],
		    .text_len = (uint32_t)strlen(texts[i]) };
	}
	k.lines = lines;
	k.count = NK_KEYSET_MAX + 1;
	ck_assert_int_eq(nk_mapwriter_put_keyset(w, &k), -EINVAL);
	k.count = NK_KEYSET_MAX;
	ck_assert_int_eq(nk_mapwriter_put_keyset(w, &k), 0);
	mt_tell_keyset(&want, &k);
	expect(NK_MAP_KIND_KEYS, &q, &want);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	expect(NK_MAP_KIND_KEYS, &q, &want);
	verify(w);
	nk_mapwriter_free(w);
}
END_TEST

START_TEST(refused_keys_and_secrets)
{
	static const struct {
		const char	*what;
		struct nk_put_keyline l;
	} lines[] = {
		{ "newline", { "a\nb", 3, 0, 1, 0, 1, 0, 0 } },
		{ "NUL", { "a\0b", 3, 0, 1, 0, 1, 0, 0 } },
		{ "no text", { NULL, 0, 0, 0, 0, 0, 0, 0 } },
		{ "type behind", { "abc", 3, 4, 0, 0, 1, 0, 0 } },
		{ "type too long", { "abc", 3, 2, 2, 0, 1, 0, 0 } },
		{ "type wraps", { "abc", 3, 2, UINT32_MAX, 0, 1, 0, 0 } },
		{ "blob behind", { "abc", 3, 0, 1, 4, 0, 0, 0 } },
		{ "blob too long", { "abc", 3, 0, 1, 1, 3, 0, 0 } },
		{ "blob wraps", { "abc", 3, 0, 1, 3, UINT32_MAX, 0, 0 } },
	};
	struct nk_put_keyset k = { .row = 1, .generation = { 101, 100 },
	    .count = 1 };
	struct nk_put_secret s;
	struct nk_mapwriter *w;
	uint64_t g[2] = { 1, 2 };
	size_t i;

	mt_world_make(dir.fd);
	w = open_writer(NK_MAP_KIND_KEYS);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		k.lines = &lines[i].l;
		ck_assert_msg(nk_mapwriter_put_keyset(w, &k) == -EINVAL,
		    "%s", lines[i].what);
	}
	k.row = k.count = 0;
	ck_assert_int_eq(nk_mapwriter_put_keyset(w, &k), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_keyset(w, 0), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_keyset(w, 99), 0);
	ck_assert_int_eq(nk_mapwriter_keyset_generations(w, 0, g), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_keyset_generations(w, 99, g), 0);
	mt_world_secret(&s, 1);
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), -EINVAL);
	nk_mapwriter_free(w);
	w = open_writer(NK_MAP_KIND_SECRETS);
	s.hash = NULL;
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), -EINVAL);
	s.hash = text_of(NK_HASH_MAX + 1);
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), -EINVAL);
	s.row = 0;
	s.hash = "";
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_secret(w, 0), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_drop_secret(w, 99), 0);
	ck_assert_int_eq(nk_mapwriter_secret_generations(w, 0, g), -EINVAL);
	ck_assert_int_eq(nk_mapwriter_secret_generations(w, 99, g), 0);
	expect_world();
	s.row = 1;
	s.hash = text_of(NK_HASH_MAX);
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	verify(w);
	nk_mapwriter_free(w);
}
END_TEST

/* ---- the model ---- */

#define USERS		90u
#define GROUPS		12u
#define EDITS		4000u
#define REFS		5u

struct model_user {
	bool		 there;
	struct nk_put_user u;
	struct nk_put_group_ref refs[REFS];
	char		 name[80], gecos[300], home[80];
};

struct model_group {
	bool		 there;
	struct nk_put_group g;
	char		 name[80];
};

static struct model_user users[USERS];
static struct model_group groups[GROUPS];
static uint64_t next_row = 1, seed = 0x9e3779b97f4a7c15u;
static uint32_t next_id = 3000;

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

/* Names come back, of another row, now and then; ids too. */
static void
new_name(char *name, size_t size, char kind)
{
	snprintf(name, size, "%c%u%.*s", kind, any(4000),
	    any(8) == 0 ? (int)any(60) : 0,
	    "-with-a-longer-name-than-most-people-have-in-this-world-here");
}

static bool
name_is_taken(const char *name)
{
	uint32_t i, n = 0;

	for (i = 0; i < USERS; i++)
		n += users[i].there && strcmp(users[i].name, name) == 0;
	for (i = 0; i < GROUPS; i++)
		n += groups[i].there && strcmp(groups[i].name, name) == 0;
	return n > 1;
}

static void
change_groups(struct model_user *m)
{
	uint32_t g, i;

	m->u.ngroups = 0;
	for (i = 0; i < REFS; i++) {
		g = any(GROUPS);
		if (!groups[g].there || any(2) == 0)
			continue;
		if (m->u.ngroups > 0 && m->refs[m->u.ngroups - 1].group_row
		    >= groups[g].g.row)
			continue;	/* ascending, so none comes twice */
		m->refs[m->u.ngroups++] = (struct nk_put_group_ref){
		    groups[g].g.row, groups[g].g.gid };
	}
}

static void
change_user(struct model_user *m)
{
	uint32_t what = m->there ? any(64) : 63;

	if (!m->there) {
		memset(m, 0, sizeof(*m));
		m->u.row = next_row++;
		m->u.name = m->name;
		m->u.gecos = m->gecos;
		m->u.home = m->home;
		m->u.shell = "/bin/bash";
		m->u.groups = m->refs;
		m->u.flags = NK_USER_MANAGED;
		m->there = true;
	}
	m->u.generation = any(1000);
	if ((what & 1) != 0)
		do
			new_name(m->name, sizeof(m->name), 'u');
		while (name_is_taken(m->name));
	if ((what & 2) != 0)
		m->u.uid = next_id++;
	if ((what & 4) != 0)
		snprintf(m->gecos, sizeof(m->gecos), "%0*u", (int)any(280),
		    any(1000));
	if ((what & 8) != 0)
		change_groups(m);
	if ((what & 16) != 0)
		m->u.flags ^= any(8) == 0 ? NK_USER_MANAGED : NK_USER_LOCKED;
	if ((what & 32) != 0)
		snprintf(m->home, sizeof(m->home), "/home/%u", any(10));
}

/* Groups that are gone are gone from the records when they are put. */
static void
forget_dead_groups(struct model_user *m)
{
	uint32_t g, i, n = 0;

	for (i = 0; i < m->u.ngroups; i++) {
		for (g = 0; g < GROUPS; g++) {
			if (groups[g].there &&
			    groups[g].g.row == m->refs[i].group_row) {
				m->refs[n] = m->refs[i];
				m->refs[n++].gid = groups[g].g.gid;
			}
		}
	}
	m->u.ngroups = n;
}

/* Where the last record ends, as the file says. */
static uint64_t
end_of(enum nk_map_kind kind)
{
	struct nk_map_state state = { 0 };
	int fd = openat(dir.fd, mt_name(kind), O_RDONLY);

	if (fd == -1)
		return 0;		/* not yet installed */
	ck_assert_int_eq(pread(fd, &state, sizeof(state), NK_MAP_STATE_AT),
	    sizeof(state));
	close(fd);
	return state.end;
}

/* With the promised room alone: no allocation beside it, no more used. */
static void
put_with_reserve(struct nk_mapwriter *w, const struct nk_put_user *u)
{
	uint64_t bytes = 0, end;
	uint32_t slots = 0;

	ck_assert_int_eq(nk_mapwriter_user_need(w, u, &bytes, &slots), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(w, bytes, slots), 0);
	end = end_of(NK_MAP_KIND_ACCOUNTS);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_put_user(w, u), 0);
	mapfault.full = false;
	ck_assert_uint_le(end_of(NK_MAP_KIND_ACCOUNTS) - end, bytes);
}

static void
edit_user(struct nk_mapwriter *w)
{
	struct model_user *m = &users[any(USERS)];

	if (m->there && any(6) == 0) {
		mapfault.full = true;
		ck_assert_int_eq(nk_mapwriter_drop_user(w, m->u.row), 0);
		mapfault.full = false;
		m->there = false;
		return;
	}
	if (m->there && any(8) == 0) {
		m->u.flags |= NK_USER_LOCKED;
		ck_assert_int_eq(nk_mapwriter_restrict_user(w, m->u.row,
		    NK_USER_LOCKED), 0);
		return;
	}
	change_user(m);
	forget_dead_groups(m);
	put_with_reserve(w, &m->u);
}

static void
edit_group(struct nk_mapwriter *w)
{
	struct model_group *m = &groups[any(GROUPS)];

	if (m->there && any(4) == 0) {
		ck_assert_int_eq(nk_mapwriter_drop_group(w, m->g.row), 0);
		m->there = false;
		return;
	}
	if (!m->there)
		m->g = (struct nk_put_group){ .row = next_row++,
		    .name = m->name };
	m->there = true;
	do
		new_name(m->name, sizeof(m->name), 'g');
	while (name_is_taken(m->name));
	if (any(2) == 0 || m->g.gid == 0)
		m->g.gid = next_id++;
	ck_assert_int_eq(nk_mapwriter_put_group(w, &m->g), 0);
}

static void
expect_group(uint32_t i)
{
	struct model_group *m = &groups[i];
	struct mt_question q = { MT_GROUP_ROW, .row = m->g.row };
	uint64_t rows[USERS];
	uint32_t j, k;
	size_t n = 0;

	if (m->g.row == 0)
		return;
	if (!m->there) {
		expect_result(NK_MAP_KIND_ACCOUNTS, q, -ENOENT);
		return;
	}
	mt_tell_group(&want, &m->g);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	q = (struct mt_question){ MT_GROUP_NAME, .name = m->name };
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	q = (struct mt_question){ MT_GROUP_GID, .id = m->g.gid };
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	for (j = 0; j < USERS; j++) {
		for (k = 0; users[j].there && k < users[j].u.ngroups; k++) {
			if (users[j].refs[k].group_row == m->g.row)
				rows[n++] = users[j].u.row;
		}
	}
	/* The answer is in order: sort by insertion. */
	for (j = 1; j < n; j++) {
		for (k = j; k > 0 && rows[k - 1] > rows[k]; k--) {
			uint64_t t = rows[k];

			rows[k] = rows[k - 1];
			rows[k - 1] = t;
		}
	}
	mt_tell_rows(&want, rows, n);
	q = (struct mt_question){ MT_MEMBERS, .row = m->g.row };
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
}

/* Of the groups that the user's record names, those that still are so. */
static void
expect_gids(const struct model_user *m)
{
	struct mt_question q = { MT_GIDS, .name = m->name };
	const struct nk_put_group_ref *ref;
	uint32_t gids[REFS], g, i;
	size_t n = 0;

	for (i = 0; i < m->u.ngroups; i++) {
		ref = &m->refs[i];
		for (g = 0; g < GROUPS; g++)
			if (groups[g].there && groups[g].g.row ==
			    ref->group_row && groups[g].g.gid == ref->gid)
				gids[n++] = ref->gid;
	}
	mt_tell_gids(&want, gids, n);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
}

static void
expect_model(void)
{
	struct mt_question q;
	uint32_t i;

	for (i = 0; i < USERS; i++) {
		if (users[i].u.row == 0)
			continue;
		q = (struct mt_question){ MT_USER_ROW, .row =
		    users[i].u.row };
		if (!users[i].there) {
			expect_result(NK_MAP_KIND_ACCOUNTS, q, -ENOENT);
			q = (struct mt_question){ MT_USER_UID, .id =
			    users[i].u.uid };
			expect_result(NK_MAP_KIND_ACCOUNTS, q, -ENOENT);
			continue;
		}
		mt_tell_user(&want, &users[i].u);
		expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
		q = (struct mt_question){ MT_USER_NAME, .name =
		    users[i].name };
		expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
		q = (struct mt_question){ MT_USER_UID, .id =
		    users[i].u.uid };
		if ((users[i].u.flags & NK_USER_MANAGED) != 0)
			expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
		else
			expect_result(NK_MAP_KIND_ACCOUNTS, q, -ENOENT);
		expect_gids(&users[i]);
	}
	for (i = 0; i < GROUPS; i++)
		expect_group(i);
}

START_TEST(random_edits)
{
	struct nk_mapwriter *w = create(NK_MAP_KIND_ACCOUNTS, USERS, GROUPS);
	uint32_t i, j, compactions = 0;

	seed += (uint64_t)_i * 77;
	for (i = 0; i < EDITS; i++) {
		if (i == 40)		/* until then in memory, at first */
			ck_assert_int_eq(nk_mapwriter_install(w), 0);
		if (any(5) == 0)
			edit_group(w);
		else
			edit_user(w);
		if (i < 40 || i % 200 != 199)
			continue;
		verify(w);
		expect_model();
		mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS);
		nk_mapwriter_free(w);
		w = open_writer(NK_MAP_KIND_ACCOUNTS);
		if (any(3) != 0 && !nk_mapwriter_wants_compaction(w))
			continue;
		compactions++;
		ck_assert_int_eq(nk_mapwriter_compact(w), 0);
		for (j = 0; j < USERS; j++)
			forget_dead_groups(&users[j]);
		verify(w);
		expect_model();
	}
	ck_assert_uint_gt(compactions, 0);
	nk_mapwriter_free(w);
}
END_TEST

#define SETS	20u
#define LINES	14u

struct model_set {
	bool		 there;
	struct nk_put_keyset k;
	struct nk_put_keyline lines[LINES];
	char		 texts[LINES][6000];
	struct nk_put_secret s;
	char		 hash[NK_HASH_MAX + 1];
};
static struct model_set sets[SETS];

static void
change_set(struct model_set *m)
{
	uint32_t i, j, len;

	m->k.generation[1] = m->k.generation[0];
	m->k.generation[0] = any(10000);
	i = m->k.count < LINES && any(3) != 0 ? m->k.count++ : any(LINES);
	if (i >= m->k.count)
		m->k.count = any(LINES);
	/* Replace one, move one, take one away, or expire one. */
	len = any(20) == 0 ? 100 + any(5800) : 20 + any(200);
	if (any(2) == 0 || m->lines[i].text == NULL) {
		snprintf(m->texts[i], sizeof(m->texts[i]), "key %0*u",
		    (int)len, any(1000000));
		m->lines[i] = (struct nk_put_keyline){ .text = m->texts[i],
		    .text_len = (uint32_t)strlen(m->texts[i]), .type_len = 3,
		    .blob_at = 4, .blob_len = len, .expires_at = NK_NEVER };
	}
	m->lines[i].expires_at = any(3) == 0 ? any(100) : NK_NEVER;
	for (j = 0; j < m->k.count; j++) {
		if (m->lines[j].text == NULL)
			m->k.count = j;
	}
}

static void
edit_set(struct nk_mapwriter *keys, struct nk_mapwriter *secrets)
{
	struct model_set *m = &sets[any(SETS)];
	uint64_t bytes = 0, end;
	uint32_t slots = 0;

	if (m->there && any(8) == 0) {
		m->there = false;
		ck_assert_int_eq(nk_mapwriter_drop_keyset(keys, m->k.row), 0);
		ck_assert_int_eq(nk_mapwriter_drop_secret(secrets,
		    m->k.row), 0);
		return;
	}
	if (!m->there) {
		memset(m, 0, sizeof(*m));
		m->there = true;
		m->k.row = m->s.row = next_row++;
		m->k.lines = m->lines;
		m->s.hash = m->hash;
	}
	change_set(m);
	snprintf(m->hash, sizeof(m->hash), "%0*u", (int)any(400), any(99));
	m->s.locked_until = any(50);
	memcpy(m->s.generation, m->k.generation, sizeof(m->k.generation));
	ck_assert_int_eq(nk_mapwriter_keyset_need(keys, &m->k, &bytes,
	    &slots), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(keys, bytes, slots), 0);
	end = end_of(NK_MAP_KIND_KEYS);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_put_keyset(keys, &m->k), 0);
	mapfault.full = false;
	ck_assert_uint_le(end_of(NK_MAP_KIND_KEYS) - end, bytes);
	bytes = slots = 0;
	ck_assert_int_eq(nk_mapwriter_secret_need(secrets, &m->s, &bytes,
	    &slots), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(secrets, bytes, slots), 0);
	end = end_of(NK_MAP_KIND_SECRETS);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_put_secret(secrets, &m->s), 0);
	ck_assert_uint_le(end_of(NK_MAP_KIND_SECRETS) - end, bytes);
	m->k.generation[1] = m->s.generation[1] = 77777;
	ck_assert_int_eq(nk_mapwriter_keyset_generations(keys, m->k.row,
	    m->k.generation), 0);
	ck_assert_int_eq(nk_mapwriter_secret_generations(secrets, m->k.row,
	    m->k.generation), 0);
	mapfault.full = false;
}

static void
expect_sets(void)
{
	struct mt_question q = { .ask = MT_KEYS };
	uint32_t i;

	for (i = 0; i < SETS; i++) {
		q.row = sets[i].k.row;
		q.id = 77777;
		if (q.row == 0)
			continue;
		if (!sets[i].there) {
			q.ask = MT_KEYS;
			expect_result(NK_MAP_KIND_KEYS, q, -ENOENT);
			q.ask = MT_SECRET;
			expect_result(NK_MAP_KIND_SECRETS, q, -ENOENT);
			continue;
		}
		q.ask = MT_KEYS;
		mt_tell_keyset(&want, &sets[i].k);
		expect(NK_MAP_KIND_KEYS, &q, &want);
		q.ask = MT_SECRET;
		mt_tell_secret(&want, &sets[i].s);
		expect(NK_MAP_KIND_SECRETS, &q, &want);
	}
}

START_TEST(random_sets)
{
	struct nk_mapwriter *keys = create(NK_MAP_KIND_KEYS, SETS, 0);
	struct nk_mapwriter *secrets = create(NK_MAP_KIND_SECRETS, SETS, 0);
	uint32_t i;

	for (i = 0; i < EDITS; i++) {
		if (i == 20) {
			ck_assert_int_eq(nk_mapwriter_install(keys), 0);
			ck_assert_int_eq(nk_mapwriter_install(secrets), 0);
		}
		edit_set(keys, secrets);
		if (i < 20 || i % 100 != 99)
			continue;
		verify(keys);
		verify(secrets);
		expect_sets();
		if (any(4) != 0 && !nk_mapwriter_wants_compaction(keys))
			continue;
		ck_assert_int_eq(nk_mapwriter_compact(keys), 0);
		ck_assert_int_eq(nk_mapwriter_compact(secrets), 0);
		expect_sets();
	}
	nk_mapwriter_free(keys);
	nk_mapwriter_free(secrets);
}
END_TEST

/* ---- size, growth, cost ---- */

static void
crowd_user(struct nk_put_user *u, uint32_t i, struct nk_put_group_ref *ref)
{
	static char name[32], home[48];

	snprintf(name, sizeof(name), "member%u", i);
	snprintf(home, sizeof(home), "/home/member%u", i);
	*u = (struct nk_put_user){ .row = i, .uid = 3000 + i, .gid = 100,
	    .flags = NK_USER_MANAGED, .expires_at = NK_NEVER, .name = name,
	    .gecos = "", .home = home, .shell = "/bin/sh", .groups = ref,
	    .ngroups = 1 };
}

static struct nk_mapwriter *
make_crowd(uint32_t n)
{
	struct nk_mapwriter *w = create(NK_MAP_KIND_ACCOUNTS, n + 10, 2);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct nk_put_group g = { 1, 5001, "crowd" };
	struct nk_put_user u;
	uint32_t i;

	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	for (i = 1; i <= n; i++) {
		crowd_user(&u, i, &ref);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	return w;
}

/* The system calls of each kind of edit; they must be the same for all n. */
static void
count_edits(uint32_t n, unsigned long counts[9], uint64_t bytes[9])
{
	struct nk_mapwriter *w = make_crowd(n);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct nk_put_user u;
	int i;

	verify(w);
	for (i = 0; i < 9; i++) {
		crowd_user(&u, n / 2, &ref);
		if (i >= 2 && i <= 5)
			u.name = "renamed";
		mapfault_reset();
		switch (i) {
		case 0:			/* lock */
			ck_assert_int_eq(nk_mapwriter_restrict_user(w, u.row,
			    NK_USER_LOCKED), 0);
			break;
		case 1:			/* unlock, another generation */
			u.generation++;
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 2:			/* rename */
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 3:			/* more than fits */
			u.gecos = "a full name that is much longer than all "
			    "the room that was left for it in the record";
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 4:			/* leave the group */
			u.ngroups = 0;
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 5:			/* join it again */
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 6:			/* a new one */
			crowd_user(&u, n + 1, &ref);
			ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
			break;
		case 7:
			ck_assert_int_eq(nk_mapwriter_drop_user(w, u.row),
			    0);
			break;
		case 8:
			ck_assert_int_eq(nk_mapwriter_set_published(w, 7), 0);
			break;
		}
		counts[i] = mapfault.writes;
		bytes[i] = mapfault.bytes;
	}
	verify(w);
	nk_mapwriter_free(w);
}

START_TEST(cost_of_an_edit)
{
	static const char *const what[] = { "lock", "unlock", "rename",
	    "more than fits", "leave", "join", "create", "drop", "publish" };
	/* Joins may need a chunk more; the rest is fixed. */
	static const unsigned long most[] = { 1, 1, 4, 5, 2, 7, 9, 4, 1 };
	unsigned long few[9], many[9];
	uint64_t bytes[9];
	int i;

	count_edits(40, few, bytes);
	count_edits(20000, many, bytes);
	for (i = 0; i < 9; i++) {
		ck_assert_msg(few[i] <= most[i] && many[i] <= most[i],
		    "%s: %lu and %lu writes, more than %lu", what[i], few[i],
		    many[i], most[i]);
		ck_assert_msg(bytes[i] < 9000, "%s: %llu bytes", what[i],
		    (unsigned long long)bytes[i]);
	}
}
END_TEST

START_TEST(crowded_group)
{
	static uint64_t rows[6000];
	struct nk_mapwriter *w = make_crowd(5000);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct mt_question q = { MT_MEMBERS, .row = 1 };
	struct nk_put_user u;
	uint32_t i;
	size_t n = 0;

	/* Every third leaves, others come: all in the open. */
	for (i = 1; i <= 5600; i++) {
		if (i <= 5000 && i % 3 != 0) {
			rows[n++] = i;
			continue;
		}
		crowd_user(&u, i, &ref);
		u.ngroups = i > 5000;
		if (i > 5000)
			rows[n++] = i;
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	verify(w);
	mt_tell_rows(&want, rows, n);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	verify(w);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	nk_mapwriter_free(w);
}
END_TEST

/* A view from before sees what came behind its end, without opening. */
START_TEST(growth)
{
	struct mt_reader m[2];
	struct nk_mapwriter *w = make_crowd(10);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct mt_question q = { .ask = MT_USER_ROW };
	struct nk_put_user u;
	uint64_t before, ino[2];
	uint32_t i, j;

	before = mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS);
	for (j = 0; j < 2; j++) {
		ck_assert_int_eq(mt_reader_open(&m[j], dir.fd,
		    NK_MAP_KIND_ACCOUNTS, j == 0 ? NK_VIEW_PREAD :
		    NK_VIEW_MAPPED), 0);
		ino[j] = (uint64_t)(uintptr_t)m[j].v.base;
	}
	for (i = 11; i < 440; i++) {
		crowd_user(&u, i, &ref);
		u.gecos = text_of(1000);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
		for (j = 0; j < 2 && i % 7 == 0; j++) {
			q.row = i;
			mt_tell_user(&want, &u);
			mt_reader_ask(&m[j], &q, &got);
			ck_assert(mt_same(&want, &got));
		}
	}
	ck_assert_uint_gt(mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS),
	    before + 5 * 65536);
	for (j = 0; j < 2; j++) {
		/* In the same mapping. */
		ck_assert_uint_eq(ino[j], (uint64_t)(uintptr_t)m[j].v.base);
		ck_assert_int_eq(nk_view_grow(&m[j].v, dir.fd,
		    NK_MAP_ACCOUNTS), 0);
		nk_view_close(&m[j].v);
	}
	nk_mapwriter_free(w);
}
END_TEST

/* More than the mapping's spare room: -ESTALE, and opened again. */
START_TEST(growth_beyond_the_mapping)
{
	struct nk_mapwriter *w = make_crowd(10);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct mt_question q = { MT_USER_ROW, .row = 11 };
	struct nk_put_user u;
	struct mt_reader m;

	ck_assert_int_eq(mt_reader_open(&m, dir.fd, NK_MAP_KIND_ACCOUNTS,
	    NK_VIEW_MAPPED), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(w, 20u << 20, 0), 0);
	ck_assert_int_eq(nk_view_grow(&m.v, dir.fd, NK_MAP_ACCOUNTS),
	    -ESTALE);
	crowd_user(&u, 11, &ref);
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	mt_tell_user(&want, &u);
	mt_reader_ask(&m, &q, &got);
	ck_assert(mt_same(&want, &got));
	nk_view_close(&m.v);
	nk_mapwriter_free(w);
}
END_TEST

/* Who keeps name and uid needs no slot, and each new one needs one. */
static void
expect_need(struct nk_mapwriter *w)
{
	struct nk_put_group_ref ref = { 1, 5001 };
	uint32_t need[4] = { 0 };
	struct nk_put_user u;
	uint64_t bytes = 0;

	crowd_user(&u, 7, &ref);
	u.flags |= NK_USER_LOCKED;
	ck_assert_int_eq(nk_mapwriter_user_need(w, &u, &bytes, &need[0]), 0);
	ck_assert_uint_eq(bytes, 0);
	u.uid = 99;
	ck_assert_int_eq(nk_mapwriter_user_need(w, &u, &bytes, &need[1]), 0);
	u.name = "another";
	ck_assert_int_eq(nk_mapwriter_user_need(w, &u, &bytes, &need[2]), 0);
	u.row = 999;
	ck_assert_int_eq(nk_mapwriter_user_need(w, &u, &bytes, &need[3]), 0);
	ck_assert_uint_eq(need[0], 0);
	ck_assert_uint_eq(need[1], 1);
	ck_assert_uint_eq(need[2], 2);
	ck_assert_uint_eq(need[3], 3);
}

/* What a table cannot take: compaction makes room for just that. */
START_TEST(full_tables)
{
	struct nk_mapwriter *w = make_crowd(200);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct nk_put_user u;
	uint32_t i;
	int r = 0;

	for (i = 201; r == 0; i++) {
		crowd_user(&u, i, &ref);
		r = nk_mapwriter_put_user(w, &u);
	}
	ck_assert_int_eq(r, -EFBIG);
	ck_assert_uint_eq(i - 2, 448);		/* 7/8 of 512 */
	ck_assert_int_eq(nk_mapwriter_wants_compaction(w), 1);
	verify(w);
	expect_need(w);
	/* The table is full of tombstones, then: they are used again. */
	for (i = 100; i < 200; i++)
		ck_assert_int_eq(nk_mapwriter_drop_user(w, i), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(w, 0, 1), -EFBIG);
	ck_assert_int_eq(nk_mapwriter_reserve(w, 0, 0), 0);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	ck_assert_int_eq(nk_mapwriter_wants_compaction(w), 0);
	verify(w);
	ck_assert_int_eq(nk_mapwriter_reserve(w, 4000 * 200, 4000), -EFBIG);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	ck_assert_int_eq(nk_mapwriter_reserve(w, 4000 * 200, 4000), 0);
	for (i = 1000; i < 4000; i++) {
		crowd_user(&u, i, &ref);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	verify(w);
	nk_mapwriter_free(w);
}
END_TEST

/* The same few rows over and over: tombstones and garbage are bounded. */
START_TEST(churn)
{
	struct nk_mapwriter *w = make_crowd(20);
	struct nk_put_group_ref ref = { 1, 5001 };
	struct nk_put_user u;
	uint32_t i, compactions = 0;

	for (i = 100; i < 6000; i++) {
		crowd_user(&u, i, &ref);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
		ck_assert_int_eq(nk_mapwriter_drop_user(w, i), 0);
		if (nk_mapwriter_wants_compaction(w)) {
			compactions++;
			ck_assert_int_eq(nk_mapwriter_compact(w), 0);
		}
	}
	verify(w);
	ck_assert_uint_gt(compactions, 0);
	ck_assert_uint_lt(compactions, 60);
	ck_assert_uint_lt(mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS),
	    1u << 20);
	nk_mapwriter_free(w);
}
END_TEST

/* Rows that are equal modulo the table's size must not pile up. */
START_TEST(rows_far_apart)
{
	struct nk_mapwriter *w = create(NK_MAP_KIND_SECRETS, 6000, 0);
	struct nk_put_secret s;
	struct mt_question q = { .ask = MT_SECRET };
	uint64_t row;
	uint32_t i;

	for (i = 1; i <= 6000; i++) {
		mt_world_secret(&s, 3);
		row = i <= 3000 ? i : ((uint64_t)i - 3000) << 14 | 5;
		s.row = row;
		ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	}
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	verify(w);
	for (i = 1; i < 3000; i += 100) {
		s.row = q.row = (uint64_t)i << 14 | 5;
		q.id = 103;
		mt_tell_secret(&want, &s);
		expect(NK_MAP_KIND_SECRETS, &q, &want);
	}
	nk_mapwriter_free(w);
}
END_TEST

/* Rows put twice, and everything else, before anybody reads the file. */
START_TEST(edits_before_installation)
{
	struct nk_mapwriter *w = create(NK_MAP_KIND_ACCOUNTS, 30, 4);
	struct nk_put_user u;
	struct nk_put_group g;
	uint32_t i;

	for (i = 1; i <= MT_WORLD_GROUPS; i++) {
		mt_world_group(&g, i);
		ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	}
	for (i = 1; i <= MT_WORLD_USERS; i++) {
		mt_world_user(&u, i);
		u.gecos = "not yet";
		u.ngroups = 0;
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
		if (i % 3 == 0)
			ck_assert_int_eq(nk_mapwriter_drop_user(w, i), 0);
	}
	for (i = 1; i <= MT_WORLD_USERS; i++) {
		mt_world_user(&u, i);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	verify(w);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	verify(w);
	for (i = 1; i <= MT_WORLD_USERS; i++)
		expect_world_user(i);
	nk_mapwriter_free(w);
}
END_TEST

/* Hints that are too high or too low, in bytes. */
START_TEST(hints)
{
	struct nk_map_hint hint = { 1000, 1000, 3 << 20 };
	struct nk_mapwriter *w = NULL;
	struct nk_put_group g;
	uint32_t i;

	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid()), 0);
	mt_world_group(&g, 1);
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	verify(w);
	ck_assert_uint_lt(mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS),
	    400000);
	nk_mapwriter_free(w);
	hint.bytes = 100;
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid()), 0);
	for (i = 1; i <= 1000; i++) {
		mt_world_group(&g, i);
		ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	}
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	verify(w);
	mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS);
	nk_mapwriter_free(w);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid()), -ENOSPC);
	ck_assert_ptr_null(w);
}
END_TEST

/*
 * A process that may not map reads, through a descriptor which it must not
 * take for its own once the process has closed and reused it.
 */
START_TEST(mmap_denied)
{
	struct mt_question q = { .ask = MT_USER_ROW, .row = 2 };
	struct nk_put_user u;
	struct nk_mapwriter *w;
	struct mt_reader m;
	struct stat st;
	int fd, saved;

	mt_world_make(dir.fd);
	mapfault.no_mmap = true;
	ck_assert_int_ne(saved = dup(STDIN_FILENO), -1);
	close(STDIN_FILENO);
	ck_assert_int_eq(mt_reader_open(&m, dir.fd, NK_MAP_KIND_ACCOUNTS,
	    NK_VIEW_MAPPED), 0);
	ck_assert_int_eq(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
	ck_assert_ptr_null(m.v.base);
	ck_assert_int_gt(m.v.fd, STDERR_FILENO);
	ck_assert_int_eq(fcntl(m.v.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	expect_world();
	mt_world_user(&u, 2);
	mt_tell_user(&want, &u);
	mt_reader_ask(&m, &q, &got);
	ck_assert(mt_same(&want, &got));
	w = open_writer(NK_MAP_KIND_ACCOUNTS);
	verify(w);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	nk_mapwriter_free(w);
	mt_reader_ask(&m, &q, &got);
	ck_assert(mt_same(&want, &got));
	/* The process makes something else of it. */
	fd = m.v.fd;
	ck_assert_int_eq(dup2(STDERR_FILENO, fd), fd);
	ck_assert_int_eq(nk_view_check(&m.v, dir.fd, NK_MAP_ACCOUNTS),
	    -ESTALE);
	ck_assert_int_eq(nk_view_grow(&m.v, dir.fd, NK_MAP_ACCOUNTS) < 0, 1);
	nk_view_close(&m.v);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
}
END_TEST

/* Without fallocate(2), and when writes are cut short. */
START_TEST(poor_file_systems)
{
	struct nk_put_group_ref ref = { 1, 5001 };
	struct mt_question q = { .ask = MT_USER_ROW, .row = 50 };
	struct nk_mapwriter *w;
	struct nk_put_user u;
	uint32_t i;

	mapfault.no_fallocate = mapfault.halves = true;
	w = make_crowd(10);
	for (i = 11; i < 200; i++) {
		crowd_user(&u, i, &ref);
		u.gecos = text_of(900);
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	crowd_user(&u, 50, &ref);
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	mt_tell_user(&want, &u);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	verify(w);
	mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_reserve(w, 200000, 0), -ENOSPC);
	mapfault.full = false;
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	verify(w);
	mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	nk_mapwriter_free(w);
}
END_TEST

/* What is finished needs no more room to be installed. */
START_TEST(finished)
{
	struct nk_mapwriter *w = create(NK_MAP_KIND_ACCOUNTS, 4, 4);
	struct mt_question q = { .ask = MT_GROUP_ROW, .row = 1 };
	struct nk_put_group g;

	mt_world_group(&g, 1);
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	ck_assert_int_eq(nk_mapwriter_finish(w), 0);
	mapfault.full = true;
	ck_assert_int_eq(nk_mapwriter_finish(w), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	mapfault.full = false;
	ck_assert_int_eq(nk_mapwriter_finish(w), -EINVAL);
	verify(w);
	mt_tell_group(&want, &g);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	nk_mapwriter_free(w);
}
END_TEST

/* A mark whose successor never came costs nothing but a stat. */
START_TEST(forgotten_mark)
{
	uint64_t mark = NK_MAP_SUPERSEDED;
	struct nk_mapwriter *w;
	struct nk_view v;
	int fd;

	mt_world_make(dir.fd);
	ck_assert_int_eq(nk_view_open(&v, dir.fd, NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, NK_VIEW_MAPPED), 0);
	fd = openat(dir.fd, NK_MAP_KEYS, O_RDWR);
	ck_assert_int_eq(pwrite(fd, &mark, sizeof(mark),
	    NK_MAP_SUPERSEDED_AT), sizeof(mark));
	ck_assert_int_eq(nk_view_check(&v, dir.fd, NK_MAP_KEYS), 0);
	expect_world();
	w = open_writer(NK_MAP_KIND_KEYS);
	ck_assert_int_eq(pread(fd, &mark, sizeof(mark),
	    NK_MAP_SUPERSEDED_AT), sizeof(mark));
	ck_assert_uint_eq(mark, 0);
	close(fd);
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	ck_assert_int_eq(nk_view_check(&v, dir.fd, NK_MAP_KEYS), -ESTALE);
	nk_view_close(&v);
	/* Whatever stands in the way of a new file is taken away. */
	ck_assert_int_eq(unlinkat(dir.fd, NK_MAP_KEYS, 0), 0);
	ck_assert_int_eq(symlinkat("elsewhere", dir.fd, NK_MAP_KEYS), 0);
	ck_assert_int_eq(nk_mapwriter_is_current(w), 0);
	nk_mapwriter_free(w);
	w = create(NK_MAP_KIND_KEYS, 1, 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	nk_mapwriter_free(w);
	w = open_writer(NK_MAP_KIND_KEYS);
	nk_mapwriter_free(w);
}
END_TEST

/* Two writers by turns, as two helpers that keep their maps open. */
START_TEST(two_writers)
{
	struct nk_map_settings settings = { .managed_gid = 7, .min_id = 8 };
	struct mt_question q = { .ask = MT_SETTINGS };
	struct nk_mapwriter *w[2];
	struct nk_put_user u;
	uint32_t i;

	mt_world_make(dir.fd);
	w[0] = open_writer(NK_MAP_KIND_ACCOUNTS);
	w[1] = open_writer(NK_MAP_KIND_ACCOUNTS);
	for (i = 100; i < 420; i++) {
		ck_assert_int_eq(nk_mapwriter_refresh(w[i % 2]), 0);
		mt_world_user(&u, i);
		u.ngroups = 0;
		u.gecos = text_of(500);
		ck_assert_int_eq(nk_mapwriter_put_user(w[i % 2], &u), 0);
		ck_assert_int_eq(nk_mapwriter_set_published(w[i % 2], i), 0);
	}
	ck_assert_int_eq(nk_mapwriter_refresh(w[0]), 0);
	ck_assert_uint_eq(nk_mapwriter_published(w[0]), 419);
	verify(w[0]);
	expect_world();
	ck_assert_int_eq(nk_mapwriter_settings(w[0], &settings), 0);
	ck_assert_int_eq(nk_mapwriter_refresh(w[1]), 0);
	ck_assert_int_eq(nk_mapwriter_compact(w[1]), 0);
	ck_assert_int_eq(nk_mapwriter_refresh(w[0]), -ESTALE);
	ck_assert_int_eq(nk_mapwriter_is_current(w[0]), 0);
	verify(w[1]);
	want.r = 0;
	want.len = (size_t)snprintf(want.text, sizeof(want.text), "7 8 0");
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	nk_mapwriter_free(w[0]);
	nk_mapwriter_free(w[1]);
	w[0] = create(NK_MAP_KIND_ACCOUNTS, 1, 1);
	ck_assert_int_eq(nk_mapwriter_refresh(w[0]), -EINVAL);
	nk_mapwriter_free(w[0]);
}
END_TEST

/* What is found is kept for the put, and not when the lock is taken anew. */
START_TEST(found_once)
{
	struct nk_mapwriter *w[2];
	struct nk_put_user u;
	struct mt_question q = { .ask = MT_USER_ROW, .row = 4 };
	uint64_t generation, bytes = 0;
	uint32_t slots = 0;

	mt_world_make(dir.fd);
	w[0] = open_writer(NK_MAP_KIND_ACCOUNTS);
	w[1] = open_writer(NK_MAP_KIND_ACCOUNTS);
	mt_world_user(&u, 4);
	u.gecos = "Somebody Else";
	mapfault_reset();
	ck_assert_int_eq(nk_mapwriter_user_generation(w[0], 4, &generation),
	    0);
	ck_assert_uint_eq(mapfault.reads, 2);	/* slot, record */
	ck_assert_int_eq(nk_mapwriter_user_need(w[0], &u, &bytes, &slots), 0);
	ck_assert_int_eq(nk_mapwriter_put_user(w[0], &u), 0);
	/* slots of the name and of the uid */
	ck_assert_uint_eq(mapfault.reads, 4);
	/* another one moves the record, and takes it away */
	ck_assert_int_eq(nk_mapwriter_user_generation(w[0], 4, &generation),
	    0);
	ck_assert_int_eq(nk_mapwriter_refresh(w[1]), 0);
	u.gecos = text_of(700);
	u.generation = ++generation;
	ck_assert_int_eq(nk_mapwriter_put_user(w[1], &u), 0);
	ck_assert_int_eq(nk_mapwriter_refresh(w[0]), 0);
	ck_assert_int_eq(nk_mapwriter_user_generation(w[0], 4, &generation),
	    0);
	ck_assert_uint_eq(generation, u.generation);
	u.gecos = "Somebody Else";
	ck_assert_int_eq(nk_mapwriter_put_user(w[0], &u), 0);
	verify(w[0]);
	mt_tell_user(&want, &u);
	expect(NK_MAP_KIND_ACCOUNTS, &q, &want);
	nk_mapwriter_forget(w[0]);
	ck_assert_int_eq(nk_mapwriter_refresh(w[1]), 0);
	ck_assert_int_eq(nk_mapwriter_drop_user(w[1], 4), 0);
	ck_assert_int_eq(nk_mapwriter_refresh(w[0]), 0);
	ck_assert_int_eq(nk_mapwriter_user_generation(w[0], 4, &generation),
	    -ENOENT);
	nk_mapwriter_free(w[0]);
	nk_mapwriter_free(w[1]);
}
END_TEST

/* What the map says already is not written. */
START_TEST(nothing_new)
{
	struct nk_mapwriter *w[3];
	struct nk_put_keyset k;
	struct nk_put_secret s;
	struct nk_put_group g;
	struct nk_put_user u;
	uint32_t i;

	mt_world_make(dir.fd);
	for (i = 0; i < 3; i++)
		w[i] = open_writer(kinds[i]);
	mapfault_reset();
	for (i = 1; i <= MT_WORLD_GROUPS; i++) {
		mt_world_group(&g, i);
		ck_assert_int_eq(nk_mapwriter_put_group(w[0], &g), 0);
	}
	for (i = 1; i <= MT_WORLD_USERS; i++) {
		mt_world_user(&u, i);
		ck_assert_int_eq(nk_mapwriter_put_user(w[0], &u), 0);
		mt_world_keyset(&k, i);
		ck_assert_int_eq(nk_mapwriter_put_keyset(w[1], &k), 0);
		ck_assert_int_eq(nk_mapwriter_keyset_generations(w[1], i,
		    k.generation), 0);
		mt_world_secret(&s, i);
		ck_assert_int_eq(nk_mapwriter_put_secret(w[2], &s), 0);
		ck_assert_int_eq(nk_mapwriter_secret_generations(w[2], i,
		    s.generation), 0);
		ck_assert_int_eq(nk_mapwriter_secret_locked(w[2], i,
		    s.locked_until), 0);
	}
	ck_assert_uint_eq(mapfault.writes, 0);
	for (i = 0; i < 3; i++) {
		verify(w[i]);
		nk_mapwriter_free(w[i]);
	}
	expect_world();
}
END_TEST

/* A hash that was found is gone from memory when the lock is. */
START_TEST(forgotten_hash)
{
	uint64_t bytes = 0;
	struct nk_put_secret s;
	struct nk_mapwriter *w;
	uint32_t slots = 0;
	size_t size;

	mt_world_make(dir.fd);
	w = open_writer(NK_MAP_KIND_SECRETS);
	size = malloc_usable_size(w);
	mt_world_secret(&s, 3);
	s.hash = "a-hash-to-be-found";
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	ck_assert_int_eq(nk_mapwriter_secret_need(w, &s, &bytes, &slots), 0);
	ck_assert_ptr_nonnull(memmem(w, size, s.hash, strlen(s.hash)));
	nk_mapwriter_forget(w);
	ck_assert_ptr_null(memmem(w, size, s.hash, strlen(s.hash)));
	/* also what was found and then changed */
	s.locked_until++;
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	nk_mapwriter_forget(w);
	ck_assert_ptr_null(memmem(w, size, s.hash, strlen(s.hash)));
	nk_mapwriter_free(w);
}
END_TEST

/* No trace of a hash that was replaced or dropped. */
START_TEST(no_old_hashes)
{
	static char file[1 << 20];
	struct nk_put_secret s;
	struct nk_mapwriter *w;
	ssize_t len;
	int fd;

	w = create(NK_MAP_KIND_SECRETS, 10, 0);
	mt_world_secret(&s, 3);
	s.hash = "old-hash-of-some-length";
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	s.row = 4;
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	s.row = 5;
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	s.row = 3;
	s.hash = "*";
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	s.row = 4;
	s.hash = text_of(300);
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	ck_assert_int_eq(nk_mapwriter_drop_secret(w, 5), 0);
	verify(w);
	fd = openat(dir.fd, NK_MAP_SECRETS, O_RDONLY);
	ck_assert_int_gt(len = read(fd, file, sizeof(file)), 0);
	close(fd);
	ck_assert_ptr_null(memmem(file, (size_t)len, "old-", 4));
	ck_assert_ptr_null(memmem(file, (size_t)len, "length", 6));
	nk_mapwriter_free(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map");
	TCase *tc = tcase_create("map");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, world);
	tcase_add_test(tc, modes_and_leftovers);
	tcase_add_test(tc, refused_opens);
	tcase_add_loop_test(tc, other_versions, 0, 4);
	tcase_add_test(tc, refused_kinds);
	tcase_add_test(tc, user_limits);
	tcase_add_test(tc, refused_accounts);
	tcase_add_test(tc, key_limits);
	tcase_add_test(tc, refused_keys_and_secrets);
	tcase_add_loop_test(tc, random_edits, 0, 2);
	tcase_add_test(tc, random_sets);
	tcase_add_test(tc, cost_of_an_edit);
	tcase_add_test(tc, crowded_group);
	tcase_add_test(tc, growth);
	tcase_add_test(tc, growth_beyond_the_mapping);
	tcase_add_test(tc, full_tables);
	tcase_add_test(tc, churn);
	tcase_add_test(tc, rows_far_apart);
	tcase_add_test(tc, edits_before_installation);
	tcase_add_test(tc, hints);
	tcase_add_test(tc, mmap_denied);
	tcase_add_test(tc, poor_file_systems);
	tcase_add_test(tc, finished);
	tcase_add_test(tc, forgotten_mark);
	tcase_add_test(tc, two_writers);
	tcase_add_test(tc, found_once);
	tcase_add_test(tc, nothing_new);
	tcase_add_test(tc, forgotten_hash);
	tcase_add_test(tc, no_old_hashes);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
