/* SPDX-License-Identifier: ISC */

/*
 * A writer that is killed before its n-th system call, for every n of every
 * kind of edit; and one that finds no space.  A kill is simulated: from the
 * n-th call on nothing of what the writer does reaches the file.
 *
 * After a kill every answer of every reader, also of those that had the map
 * open before, is what it was before or what it is after; the next writer
 * opens the map, does the same edit again, and then all is as if nothing
 * had happened.
 */

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/mapfault.h"
#include "tests/unit/maptest.h"

#define BASE		"base"
#define FULL		"full"
#define QUESTIONS_MAX	200u
#define LONG_GECOS	"somebody whose full name is much longer than the " \
    "space that the record had left for it when it was written at first, " \
    "so that it has to go elsewhere, at the end of the file"

static struct mt_dir dir;
static char where[] = "verify";
static struct mt_question questions[QUESTIONS_MAX];
static size_t nquestions;
static struct mt_answer before[QUESTIONS_MAX], after[QUESTIONS_MAX], got;

/* ---- the edits ---- */

static int
put_user(struct nk_mapwriter *w, uint32_t i, const char *name, uint32_t uid,
    const char *gecos, uint32_t flags)
{
	struct nk_put_user u;

	mt_world_user(&u, i);
	if (name != NULL)
		u.name = name;
	if (uid != 0)
		u.uid = uid;
	if (gecos != NULL)
		u.gecos = gecos;
	u.flags ^= flags;
	u.generation += 1000;
	return nk_mapwriter_put_user(w, &u);
}

static int
put_groups(struct nk_mapwriter *w, uint32_t i, uint32_t bits,
    const char *gecos)
{
	struct nk_put_group_ref refs[MT_WORLD_GROUPS + 1];
	struct nk_put_user u;
	uint32_t g;

	mt_world_user(&u, i);
	u.groups = refs;
	u.ngroups = 0;
	for (g = 1; g <= MT_WORLD_GROUPS + 1; g++) {
		if ((bits >> g & 1) != 0)
			refs[u.ngroups++] = (struct nk_put_group_ref){ g,
			    5000 + g };
	}
	if (gecos != NULL)
		u.gecos = gecos;
	return nk_mapwriter_put_user(w, &u);
}

static int
new_user(struct nk_mapwriter *w)
{
	return put_user(w, 13, NULL, 0, NULL, 0);
}

static int
rename_user(struct nk_mapwriter *w)
{
	return put_user(w, 1, "renamed", 0, NULL, 0);
}

static int
rename_longer(struct nk_mapwriter *w)
{
	return put_user(w, 1, "renamed", 0, LONG_GECOS, 0);
}

static int
change_uid(struct nk_mapwriter *w)
{
	return put_user(w, 2, NULL, 4002, NULL, 0);
}

static int
change_all(struct nk_mapwriter *w)
{
	return put_user(w, 6, "renamed", 4006, LONG_GECOS, NK_USER_LOCKED);
}

static int
grow_user(struct nk_mapwriter *w)
{
	return put_user(w, 9, NULL, 0, LONG_GECOS, 0);
}

static int
shrink_user(struct nk_mapwriter *w)
{
	return put_user(w, 12, NULL, 0, "", 0);
}

static int
unmanage(struct nk_mapwriter *w)
{
	return put_user(w, 1, NULL, 0, NULL, NK_USER_MANAGED);
}

static int
manage(struct nk_mapwriter *w)
{
	return put_user(w, 3, NULL, 0, NULL, NK_USER_MANAGED);
}

static int
lock_by_put(struct nk_mapwriter *w)
{
	return put_user(w, 4, NULL, 0, NULL, NK_USER_LOCKED);
}

static int
lock(struct nk_mapwriter *w)
{
	return nk_mapwriter_restrict_user(w, 4, NK_USER_LOCKED);
}

/* Each takes the other's name and uid: for a while they have the same. */
static int
swap_users(struct nk_mapwriter *w)
{
	int r;

	if ((r = put_user(w, 1, "user2", 3002, NULL, 0)) < 0)
		return r;
	return put_user(w, 2, "user1", 3001, NULL, 0);
}

static int
leave_one(struct nk_mapwriter *w)
{
	return put_groups(w, 12, 1u << 3, NULL);
}

static int
leave_all(struct nk_mapwriter *w)
{
	return put_groups(w, 11, 0, NULL);
}

static int
join(struct nk_mapwriter *w)
{
	return put_groups(w, 3, 1u << 1 | 1u << 2 | 1u << 3, NULL);
}

/* The chunk of group 1 is full: the base has made it so. */
static int
join_full(struct nk_mapwriter *w)
{
	return put_groups(w, 2, 1u << 1 | 1u << 2, NULL);
}

static int
join_first(struct nk_mapwriter *w)
{
	struct nk_put_group g;
	int r;

	mt_world_group(&g, MT_WORLD_GROUPS + 1);
	if ((r = nk_mapwriter_put_group(w, &g)) < 0)
		return r;
	return put_groups(w, 2, 1u << 2 | 1u << (MT_WORLD_GROUPS + 1), NULL);
}

static int
swap_groups(struct nk_mapwriter *w)
{
	return put_groups(w, 6, 1u << 1 | 1u << 4, LONG_GECOS);
}

static int
drop_user(struct nk_mapwriter *w)
{
	return nk_mapwriter_drop_user(w, 11);
}

static int
replace_user(struct nk_mapwriter *w)
{
	int r;

	if ((r = nk_mapwriter_drop_user(w, 1)) < 0)
		return r;
	return put_user(w, 13, "user1", 3001, NULL, 0);
}

static int
put_group(struct nk_mapwriter *w, uint32_t i, const char *name, uint32_t gid)
{
	struct nk_put_group g;

	mt_world_group(&g, i);
	if (name != NULL)
		g.name = name;
	if (gid != 0)
		g.gid = gid;
	return nk_mapwriter_put_group(w, &g);
}

static int
new_group(struct nk_mapwriter *w)
{
	return put_group(w, MT_WORLD_GROUPS + 1, NULL, 0);
}

static int
rename_group(struct nk_mapwriter *w)
{
	return put_group(w, 2, "team", 0);
}

static int
rename_group_longer(struct nk_mapwriter *w)
{
	return put_group(w, 2, "a-team-with-a-name-of-more-than-all-the-room-"
	    "that-it-had-until-now", 6000);
}

static int
change_gid(struct nk_mapwriter *w)
{
	return put_group(w, 3, NULL, 6000);
}

/* A group's gid comes to another one. */
static int
pass_gid_on(struct nk_mapwriter *w)
{
	int r;

	if ((r = put_group(w, 3, NULL, 6003)) < 0)
		return r;
	return put_group(w, 4, NULL, 5003);
}

static int
drop_group(struct nk_mapwriter *w)
{
	return nk_mapwriter_drop_group(w, 2);
}

static int
settings(struct nk_mapwriter *w)
{
	struct nk_map_settings s = { .managed_gid = 902, .min_id = 500 };

	return nk_mapwriter_settings(w, &s);
}

/* User i's lines without those in bits, and with n more. */
static int
put_lines(struct nk_mapwriter *w, uint32_t i, uint32_t without, uint32_t n,
    int64_t expires_at)
{
	struct nk_put_keyline lines[40];
	char texts[40][32];
	struct nk_put_keyset k;
	uint32_t j, count = 0;

	mt_world_keyset(&k, i);
	for (j = 0; j < k.count; j++) {
		if ((without >> j & 1) == 0)
			lines[count++] = k.lines[j];
		if (expires_at != NK_NEVER && count > 0)
			lines[count - 1].expires_at = expires_at;
	}
	for (j = 0; j < n; j++, count++) {
		snprintf(texts[j], sizeof(texts[j]), "type blob%u", j);
		lines[count] = (struct nk_put_keyline){ .text = texts[j],
		    .text_len = (uint32_t)strlen(texts[j]), .type_len = 4,
		    .blob_at = 5, .blob_len = 5, .expires_at = NK_NEVER };
	}
	k.lines = lines;
	k.count = count;
	return nk_mapwriter_put_keyset(w, &k);
}

static int
add_key(struct nk_mapwriter *w)
{
	return put_lines(w, 7, 0, 1, NK_NEVER);
}

static int
add_keys(struct nk_mapwriter *w)
{
	return put_lines(w, 5, 0, 30, NK_NEVER);
}

static int
first_key(struct nk_mapwriter *w)
{
	return put_lines(w, 13, 0, 1, NK_NEVER);
}

static int
remove_key(struct nk_mapwriter *w)
{
	return put_lines(w, 5, 1u << 1, 0, NK_NEVER);
}

static int
remove_keys(struct nk_mapwriter *w)
{
	return put_lines(w, 11, 0x1f, 0, NK_NEVER);
}

static int
replace_keys(struct nk_mapwriter *w)
{
	return put_lines(w, 11, 0x0d, 3, NK_NEVER);
}

/* Among them the one that is longer than a page. */
static int
expire_keys(struct nk_mapwriter *w)
{
	return put_lines(w, 11, 0, 0, 5);
}

static int
expire_key(struct nk_mapwriter *w)
{
	return put_lines(w, 7, 0, 0, 5);
}

static int
drop_keyset(struct nk_mapwriter *w)
{
	return nk_mapwriter_drop_keyset(w, 5);
}

static int
generations(struct nk_mapwriter *w)
{
	static const uint64_t g[2] = { 106, 105 };

	return nk_mapwriter_keyset_generations(w, 5, g);
}

static int
put_secret(struct nk_mapwriter *w, uint32_t i, const char *hash,
    int64_t locked_until)
{
	struct nk_put_secret s;

	mt_world_secret(&s, i);
	if (hash != NULL)
		s.hash = hash;
	s.locked_until = locked_until;
	return nk_mapwriter_put_secret(w, &s);
}

static int
new_secret(struct nk_mapwriter *w)
{
	return put_secret(w, 13, NULL, 0);
}

static int
lock_out(struct nk_mapwriter *w)
{
	return put_secret(w, 5, NULL, 999);
}

static int
longer_hash(struct nk_mapwriter *w)
{
	return put_secret(w, 5, LONG_GECOS LONG_GECOS, 0);
}

static int
disable_hash(struct nk_mapwriter *w)
{
	return put_secret(w, 5, "*", 0);
}

static int
drop_secret(struct nk_mapwriter *w)
{
	return nk_mapwriter_drop_secret(w, 5);
}

static int
secret_generations(struct nk_mapwriter *w)
{
	static const uint64_t g[2] = { 106, 105 };

	return nk_mapwriter_secret_generations(w, 5, g);
}

static int
compact(struct nk_mapwriter *w)
{
	return nk_mapwriter_compact(w);
}

/* A file built anew, as --sync does, with one user fewer and one more. */
static int
build_anew(struct nk_mapwriter *old)
{
	struct nk_map_hint hint = { 20, 10, 0 };
	struct nk_mapwriter *w = NULL;
	struct nk_put_group g;
	uint32_t i;
	int r;

	(void)old;
	if ((r = nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid())) < 0)
		return r;
	for (i = 1; i <= MT_WORLD_GROUPS; i++) {
		mt_world_group(&g, i);
		if ((r = nk_mapwriter_put_group(w, &g)) < 0)
			goto out;
	}
	for (i = 2; i <= MT_WORLD_USERS + 1; i++) {
		if ((r = put_user(w, i, NULL, 0, NULL, 0)) < 0)
			goto out;
	}
	r = nk_mapwriter_install(w);
 out:
	nk_mapwriter_free(w);
	return r;
}

#define ACCOUNTS	NK_MAP_KIND_ACCOUNTS
#define KEYS		NK_MAP_KIND_KEYS
#define SECRETS		NK_MAP_KIND_SECRETS

enum trait {
	PLAIN,
	RESTRICTS,		/* needs no space */
	REPLACES,		/* the file */
	STEPS,			/* several changes, one after another */
};

static const struct edit {
	const char	*what;
	enum nk_map_kind kind;
	int		(*run)(struct nk_mapwriter *w);
	enum trait	 trait;
} edits[] = {
	{ "new user", ACCOUNTS, new_user, PLAIN },
	{ "rename", ACCOUNTS, rename_user, PLAIN },
	{ "rename, longer", ACCOUNTS, rename_longer, PLAIN },
	{ "change uid", ACCOUNTS, change_uid, PLAIN },
	{ "change all", ACCOUNTS, change_all, PLAIN },
	{ "grow user", ACCOUNTS, grow_user, PLAIN },
	{ "shrink user", ACCOUNTS, shrink_user, RESTRICTS },
	{ "unmanage", ACCOUNTS, unmanage, RESTRICTS },
	{ "manage", ACCOUNTS, manage, PLAIN },
	{ "lock by put", ACCOUNTS, lock_by_put, RESTRICTS },
	{ "lock", ACCOUNTS, lock, RESTRICTS },
	{ "swap users", ACCOUNTS, swap_users, STEPS },
	{ "leave one", ACCOUNTS, leave_one, RESTRICTS },
	{ "leave all", ACCOUNTS, leave_all, RESTRICTS },
	{ "join", ACCOUNTS, join, PLAIN },
	{ "join full", ACCOUNTS, join_full, PLAIN },
	{ "join first", ACCOUNTS, join_first, STEPS },
	{ "swap groups", ACCOUNTS, swap_groups, PLAIN },
	{ "drop user", ACCOUNTS, drop_user, RESTRICTS },
	{ "replace user", ACCOUNTS, replace_user, STEPS },
	{ "new group", ACCOUNTS, new_group, PLAIN },
	{ "rename group", ACCOUNTS, rename_group, PLAIN },
	{ "rename group, longer", ACCOUNTS, rename_group_longer, PLAIN },
	{ "change gid", ACCOUNTS, change_gid, PLAIN },
	{ "pass gid on", ACCOUNTS, pass_gid_on, STEPS },
	{ "drop group", ACCOUNTS, drop_group, RESTRICTS },
	{ "settings", ACCOUNTS, settings, RESTRICTS },
	{ "compact accounts", ACCOUNTS, compact, REPLACES },
	{ "build anew", ACCOUNTS, build_anew, REPLACES },
	{ "add key", KEYS, add_key, PLAIN },
	{ "add keys", KEYS, add_keys, PLAIN },
	{ "first key", KEYS, first_key, PLAIN },
	{ "remove key", KEYS, remove_key, RESTRICTS },
	{ "remove keys", KEYS, remove_keys, RESTRICTS },
	{ "replace keys", KEYS, replace_keys, PLAIN },
	{ "expire keys", KEYS, expire_keys, STEPS },
	{ "expire key", KEYS, expire_key, RESTRICTS },
	{ "drop keyset", KEYS, drop_keyset, RESTRICTS },
	{ "generations", KEYS, generations, RESTRICTS },
	{ "compact keys", KEYS, compact, REPLACES },
	{ "new secret", SECRETS, new_secret, PLAIN },
	{ "lock out", SECRETS, lock_out, RESTRICTS },
	{ "longer hash", SECRETS, longer_hash, PLAIN },
	{ "disable hash", SECRETS, disable_hash, RESTRICTS },
	{ "drop secret", SECRETS, drop_secret, RESTRICTS },
	{ "secret generations", SECRETS, secret_generations, RESTRICTS },
	{ "compact secrets", SECRETS, compact, REPLACES },
};

/* ---- the stage ---- */

static struct nk_mapwriter *
open_writer(enum nk_map_kind kind)
{
	struct nk_mapwriter *w = NULL;

	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, mt_name(kind), kind,
	    &mt_identity), 0);
	return w;
}

static const char *
saved(enum nk_map_kind kind, const char *stage)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s", stage, mt_name(kind));
	return name;
}

/* The small world, with group 1's chunk full. */
static void
make_base(void)
{
	static const enum nk_map_kind kinds[] = { ACCOUNTS, KEYS, SECRETS };
	struct nk_mapwriter *w;
	uint32_t i;

	mt_world_make(dir.fd);
	w = open_writer(ACCOUNTS);
	for (i = 20; i < 26; i++)
		ck_assert_int_eq(put_groups(w, i, 1u << 1, NULL), 0);
	nk_mapwriter_free(w);
	for (i = 0; i < 3; i++)
		mt_copy(dir.fd, mt_name(kinds[i]), saved(kinds[i], BASE));
}

/* Put more until nothing goes into the file any more. */
static void
fill(enum nk_map_kind kind)
{
	static char text[2000];
	struct nk_mapwriter *w;
	struct nk_put_keyset k;
	struct nk_put_keyline l = { .text = text };
	struct nk_put_secret s;
	uint32_t row, len;
	int r;

	mt_copy(dir.fd, saved(kind, BASE), mt_name(kind));
	w = open_writer(kind);
	mapfault.full = true;
	memset(text, 'x', sizeof(text) - 1);
	for (row = 3000, len = 1000; len > 0; row++) {
		if (kind == ACCOUNTS) {
			r = put_user(w, row, NULL, 0, text + 1999 - len, 0);
		} else if (kind == KEYS) {
			l.text_len = len;
			k = (struct nk_put_keyset){ .row = row, .lines = &l,
			    .count = 1 };
			r = nk_mapwriter_put_keyset(w, &k);
		} else {
			mt_world_secret(&s, row);
			s.hash = text + 1999 - len / 2;
			r = nk_mapwriter_put_secret(w, &s);
		}
		if (r != 0) {
			ck_assert_int_eq(r, -ENOSPC);
			len /= 2;
		}
	}
	mapfault_reset();
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
	nk_mapwriter_free(w);
	mt_copy(dir.fd, mt_name(kind), saved(kind, FULL));
}

static void
setup(void)
{
	mapfault_reset();
	mt_dir_make(&dir);
	make_base();
}

static void
teardown(void)
{
	mapfault_reset();
	mt_dir_remove(&dir);
}

/* All about the world, and what the edits bring in. */
static void
make_questions(enum nk_map_kind kind)
{
	static char names[MT_WORLD_USERS][16];
	const struct mt_question *q;
	struct nk_put_user u;
	uint32_t i;

	for (i = 0; i < MT_WORLD_USERS; i++) {
		mt_world_user(&u, i + 1);
		(void)snprintf(names[i], sizeof(names[i]), "%s", u.name);
	}
	q = mt_world_questions(kind, &nquestions);
	memcpy(questions, q, nquestions * sizeof(*q));
	if (kind != ACCOUNTS)
		return;
	questions[nquestions++] = (struct mt_question){ .ask = MT_USER_NAME,
	    .name = "renamed" };
	questions[nquestions++] = (struct mt_question){ .ask = MT_USER_UID,
	    .id = 4002 };
	questions[nquestions++] = (struct mt_question){ .ask = MT_USER_UID,
	    .id = 4006 };
	questions[nquestions++] = (struct mt_question){ .ask =
	    MT_GROUP_NAME, .name = "team" };
	questions[nquestions++] = (struct mt_question){ .ask = MT_GROUP_GID,
	    .id = 6000 };
	for (i = 0; i < MT_WORLD_USERS; i++)
		questions[nquestions++] = (struct mt_question){
		    .ask = MT_GIDS, .name = names[i] };
	ck_assert_uint_le(nquestions, QUESTIONS_MAX);
}

static void
ask_all(struct mt_reader *m, struct mt_answer *answers)
{
	size_t i;

	for (i = 0; i < nquestions; i++)
		mt_reader_ask(m, &questions[i], &answers[i]);
}

/* before, and after on a copy to which nothing happens. */
static void
ask_before_and_after(const struct edit *e, const char *stage)
{
	struct nk_mapwriter *w;
	struct mt_reader m;

	make_questions(e->kind);
	mt_copy(dir.fd, saved(e->kind, stage), mt_name(e->kind));
	ck_assert_int_eq(mt_reader_open(&m, dir.fd, e->kind, NK_VIEW_MAPPED),
	    0);
	ask_all(&m, before);
	w = open_writer(e->kind);
	ck_assert_msg(e->run(w) == 0, "%s fails undisturbed", e->what);
	ask_all(&m, after);
	nk_mapwriter_free(w);
	nk_view_close(&m.v);
}

/* Each answer is one of before and after; only after, if so told. */
static void
check_answers(const struct edit *e, long n, struct mt_reader *m,
    bool only_after)
{
	size_t i;

	for (i = 0; i < nquestions; i++) {
		mt_reader_ask(m, &questions[i], &got);
		if (mt_same(&got, &after[i]) ||
		    (!only_after && mt_same(&got, &before[i])))
			continue;
		if (!only_after && e->trait == STEPS && (got.r == 0 ||
		    got.r == -ENOENT))
			continue;	/* somewhere between its steps */
		ck_abort_msg("%s, call %ld, %s: question %d row %llu id %u "
		    "name %s: got %d %.200s, before %d %.200s, after %d "
		    "%.200s", e->what,
		    n, only_after ? "done again" : "killed",
		    questions[i].ask, (unsigned long long)questions[i].row,
		    questions[i].id, questions[i].name != NULL ?
		    questions[i].name : "-", got.r, got.text, before[i].r,
		    before[i].text, after[i].r, after[i].text);
	}
}

/* What an answer about a user says of its uid and its name. */
static uint32_t
uid_in(const struct mt_answer *a)
{
	const char *p = a->text;
	int i;

	for (i = 0; i < 3; i++) {	/* row, generation, expiry */
		ck_assert_ptr_nonnull(p = strchr(p, ' '));
		p++;
	}
	return (uint32_t)strtoul(p, NULL, 10);
}

static void
name_in(const struct mt_answer *a, char *name, size_t size)
{
	const char *p = strchr(a->text, '<') + 1;

	snprintf(name, size, "%.*s", (int)strcspn(p, ">"), p);
}

/* Is u found under this name and this uid?  Each counts for itself. */
static void
seek(struct mt_reader *m, const struct mt_answer *user, bool found[2])
{
	struct mt_question q = { .ask = MT_USER_UID, .id = uid_in(user) };
	char name[64];

	mt_reader_ask(m, &q, &got);
	found[1] = found[1] || got.r == 0;
	name_in(user, name, sizeof(name));
	q = (struct mt_question){ .ask = MT_USER_NAME, .name = name };
	mt_reader_ask(m, &q, &got);
	found[0] = found[0] || got.r == 0;
}

/*
 * Who is there before and after is never gone: found under the old name or
 * the new one, and under the old uid or the new one.
 */
static void
check_presence(const struct edit *e, long n, struct mt_reader *m)
{
	bool found[2];
	size_t i;

	if (e->trait == STEPS || e->run == unmanage || e->run == manage)
		return;
	for (i = 0; i < nquestions; i++) {
		if (questions[i].ask != MT_USER_ROW || before[i].r != 0 ||
		    after[i].r != 0 || questions[i].row % 4 == 3)
			continue;
		found[0] = found[1] = false;
		seek(m, &before[i], found);
		seek(m, &after[i], found);
		ck_assert_msg(found[0] && found[1], "%s, call %ld: user %llu "
		    "is gone: %d %d", e->what, n,
		    (unsigned long long)questions[i].row, found[0],
		    found[1]);
	}
}

static void
check_readers(const struct edit *e, long n, struct mt_reader m[2],
    bool only_after)
{
	struct mt_reader fresh;
	int i;

	for (i = 0; i < 2; i++) {
		check_answers(e, n, &m[i], only_after);
		check_presence(e, n, &m[i]);
		ck_assert_int_eq(mt_reader_open(&fresh, dir.fd, e->kind,
		    m[i].mode), 0);
		check_answers(e, n, &fresh, only_after);
		nk_view_close(&fresh.v);
	}
	mt_size_without_holes(dir.fd, mt_name(e->kind));
}

/* Killed at the n-th call: false when there were fewer. */
static bool
kill_at(const struct edit *e, long n)
{
	struct nk_mapwriter *w;
	struct mt_reader m[2];
	bool died;
	int i, r;

	mt_copy(dir.fd, saved(e->kind, BASE), mt_name(e->kind));
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(mt_reader_open(&m[i], dir.fd, e->kind,
		    i == 0 ? NK_VIEW_MAPPED : NK_VIEW_PREAD), 0);
		mt_reader_ask(&m[i], &questions[0], &got);
	}
	w = open_writer(e->kind);
	mapfault_die_at(n);
	r = e->run(w);
	died = mapfault.dead;
	nk_mapwriter_free(w);
	mapfault_reset();
	ck_assert_msg(died ? r < 0 : r == 0, "%s: call %ld: %d", e->what, n,
	    r);
	check_readers(e, n, m, !died);
	/* Who comes next does it again. */
	w = open_writer(e->kind);
	ck_assert_int_eq(e->run(w), 0);
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
	nk_mapwriter_free(w);
	check_readers(e, n, m, true);
	for (i = 0; i < 2; i++)
		nk_view_close(&m[i].v);
	return died;
}

START_TEST(killed)
{
	const struct edit *e = &edits[_i];
	long n;

	ask_before_and_after(e, BASE);
	for (n = 0; kill_at(e, n); n++)
		ck_assert_int_lt(n, 200);
	ck_assert_int_gt(n, 0);
}
END_TEST

/* Killed, and whoever does it again is killed too, one call later. */
START_TEST(killed_again)
{
	const struct edit *e = &edits[_i];
	struct nk_mapwriter *w;
	struct mt_reader m[2];
	long n;
	int i, r = -1;

	if (e->trait == REPLACES)
		return;
	ask_before_and_after(e, BASE);
	mt_copy(dir.fd, saved(e->kind, BASE), mt_name(e->kind));
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(mt_reader_open(&m[i], dir.fd, e->kind,
		    i == 0 ? NK_VIEW_MAPPED : NK_VIEW_PREAD), 0);
	for (n = 0; r < 0; n++) {
		w = open_writer(e->kind);
		mapfault_die_at(n);
		r = e->run(w);
		nk_mapwriter_free(w);
		mapfault_reset();
		check_readers(e, n, m, r == 0);
		ck_assert_int_lt(n, 200);
	}
	w = open_writer(e->kind);
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
	nk_mapwriter_free(w);
	for (i = 0; i < 2; i++)
		nk_view_close(&m[i].v);
}
END_TEST

/* Killed while it creates, and never done again: dropped without trace. */
START_TEST(killed_and_dropped)
{
	static const struct edit create = { "new user", ACCOUNTS, new_user,
	    PLAIN };
	struct nk_mapwriter *w;
	struct mt_reader m;
	long n;
	bool died = true;

	ask_before_and_after(&create, BASE);
	memcpy(after, before, sizeof(after));
	for (n = 0; died; n++) {
		mt_copy(dir.fd, saved(ACCOUNTS, BASE), mt_name(ACCOUNTS));
		w = open_writer(ACCOUNTS);
		mapfault_die_at(n);
		(void)new_user(w);
		died = mapfault.dead;
		nk_mapwriter_free(w);
		mapfault_reset();
		w = open_writer(ACCOUNTS);
		ck_assert_int_eq(nk_mapwriter_drop_user(w, 13), 0);
		ck_assert_int_eq(mt_reader_open(&m, dir.fd, ACCOUNTS,
		    NK_VIEW_PREAD), 0);
		check_answers(&create, n, &m, true);
		nk_view_close(&m.v);
		nk_mapwriter_free(w);
		ck_assert_int_lt(n, 50);
	}
}
END_TEST

/* Old views find the new file, and an edit that was made there. */
START_TEST(replaced)
{
	const struct edit *e = &edits[_i];
	struct nk_mapwriter *w;
	struct mt_reader m;
	struct stat st;
	long n;

	if (e->trait != REPLACES || e->kind != ACCOUNTS)
		return;
	make_questions(e->kind);
	for (n = 0; n < 60; n++) {
		mt_copy(dir.fd, saved(e->kind, BASE), mt_name(e->kind));
		ck_assert_int_eq(mt_reader_open(&m, dir.fd, e->kind,
		    NK_VIEW_MAPPED), 0);
		w = open_writer(e->kind);
		mapfault_die_at(n);
		(void)e->run(w);
		nk_mapwriter_free(w);
		mapfault_reset();
		/* The mark decides nothing before the name does. */
		ck_assert_int_eq(fstatat(dir.fd, mt_name(e->kind), &st, 0),
		    0);
		ck_assert_int_eq(nk_view_check(&m.v, dir.fd,
		    mt_name(e->kind)), st.st_ino == m.v.ino ? 0 : -ESTALE);
		w = open_writer(e->kind);
		ck_assert_int_eq(lock(w), 0);
		nk_mapwriter_free(w);
		mt_reader_ask(&m, &(struct mt_question){ .ask = MT_USER_ROW,
		    .row = 4 }, &got);
		ck_assert_int_eq(got.r, 0);
		ck_assert_ptr_nonnull(strstr(got.text, " b <user4>"));
		nk_view_close(&m.v);
	}
}
END_TEST

/* The file is full and the tmpfs too. */
START_TEST(no_space)
{
	const struct edit *e = &edits[_i];
	struct nk_mapwriter *w;
	struct mt_reader m;
	int r;

	fill(e->kind);
	ask_before_and_after(e, FULL);
	mt_copy(dir.fd, saved(e->kind, FULL), mt_name(e->kind));
	ck_assert_int_eq(mt_reader_open(&m, dir.fd, e->kind, NK_VIEW_MAPPED),
	    0);
	w = open_writer(e->kind);
	mapfault.full = true;
	r = e->run(w);
	mapfault.full = false;
	if (e->trait == RESTRICTS)
		ck_assert_msg(r == 0, "%s needs space: %d", e->what, r);
	ck_assert_msg(r == 0 || r == -ENOSPC, "%s: %d", e->what, r);
	if (e->run == new_user || e->run == add_keys || e->run == new_secret)
		ck_assert_int_eq(r, -ENOSPC);
	if (r == 0 || e->trait != STEPS) {
		if (r < 0)	/* nothing has changed */
			memcpy(after, before, sizeof(after));
		check_answers(e, -1, &m, true);
		ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
	}
	/* It goes on when there is space again. */
	ck_assert_int_eq(e->run(w), 0);
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, where), 0);
	nk_mapwriter_free(w);
	nk_view_close(&m.v);
}
END_TEST

/* Each allocation in turn finds no space. */
START_TEST(sudden_end_of_space)
{
	const struct edit *e = &edits[_i];
	struct nk_mapwriter *w;
	struct mt_reader m;
	int r;

	ask_before_and_after(e, BASE);
	mt_copy(dir.fd, saved(e->kind, BASE), mt_name(e->kind));
	ck_assert_int_eq(mt_reader_open(&m, dir.fd, e->kind, NK_VIEW_MAPPED),
	    0);
	w = open_writer(e->kind);
	mapfault.full = true;
	r = e->run(w);
	mapfault_reset();
	ck_assert_msg(r == 0 || (r == -ENOSPC && e->trait == REPLACES),
	    "%s: %d", e->what, r);
	if (r < 0)
		memcpy(after, before, sizeof(after));
	check_answers(e, -1, &m, true);
	ck_assert_int_eq(nk_mapwriter_is_current(w), e->run != build_anew ||
	    r < 0);
	ck_assert_int_eq(faccessat(dir.fd, "accounts.map.new", F_OK, 0), -1);
	nk_mapwriter_free(w);
	nk_view_close(&m.v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map_crash");
	TCase *tc = tcase_create("crash");
	SRunner *sr = srunner_create(s);
	int failed, n = (int)(sizeof(edits) / sizeof(edits[0]));

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, killed, 0, n);
	tcase_add_loop_test(tc, killed_again, 0, n);
	tcase_add_test(tc, killed_and_dropped);
	tcase_add_loop_test(tc, replaced, 0, n);
	tcase_add_loop_test(tc, no_space, 0, n);
	tcase_add_loop_test(tc, sudden_end_of_space, 0, n);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
