/* SPDX-License-Identifier: ISC */

/* Which authorized_keys files there are, as rows. */

#include <errno.h>
#include <stdint.h>

#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char alice_home[] = "/home/alice", bob_home[] = "/home/bob";
static char full[] = "the disk is full";

/* ---- files in homes ---- */

static int64_t
add_home(int64_t user, char *home, bool pending)
{
	struct nk_keyfile_home h = { .user_id = user, .uid = 3000,
	    .gid = 3001, .home = home, .pending = pending };

	ck_assert_int_eq(nk_keyfile_home_put(s, &h), 0);
	ck_assert_int_gt(h.id, 0);
	return h.id;
}

struct seen {
	char	text[256];
	int	n, stop_at;
};

static int
see_home(void *arg, const struct nk_keyfile_home *h)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	(void)snprintf(seen->text + used, sizeof(seen->text) - used,
	    "%lld:%s%s ", (long long)h->user_id, h->home,
	    h->pending ? "!" : "");
	return ++seen->n == seen->stop_at ? -ECANCELED : 0;
}

static const char *
homes(int64_t user, bool pending_only)
{
	static struct seen seen;
	struct nk_keyfile_homes hs;
	size_t i;

	seen = (struct seen){ .n = 0 };
	ck_assert_int_eq(nk_keyfile_homes_get(s, user, pending_only, &hs),
	    0);
	for (i = 0; i < hs.n; i++)
		(void)see_home(&seen, &hs.v[i]);
	nk_keyfile_homes_clear(&hs);
	return seen.text;
}

START_TEST(home_rows)
{
	struct nk_keyfile_home *h;
	struct seen first = { .stop_at = 1 };
	int64_t id;

	begin();
	id = add_home(7, alice_home, true);
	(void)add_home(9, alice_home, false);
	(void)add_home(7, bob_home, false);
	commit();
	ck_assert_str_eq(homes(0, false),
	    "7:/home/alice! 7:/home/bob 9:/home/alice ");
	ck_assert_str_eq(homes(7, false), "7:/home/alice! 7:/home/bob ");
	ck_assert_str_eq(homes(0, true), "7:/home/alice! ");
	ck_assert_str_eq(homes(9, true), "");
	ck_assert_str_eq(homes(8, false), "");
	ck_assert_int_eq(nk_keyfile_home_each(s, 0, false, see_home,
	    &first), -ECANCELED);
	ck_assert_int_eq(first.n, 1);

	ck_assert_int_eq(nk_keyfile_home_get(s, 8, alice_home, &h), -ENOENT);
	ck_assert_ptr_null(h);
	ck_assert_int_eq(nk_keyfile_home_get(s, 7, alice_home, &h), 0);
	ck_assert(h->id == id && h->user_id == 7 && h->uid == 3000 &&
	    h->gid == 3001 && h->pending && h->tried_at == 0);
	ck_assert_str_eq(h->home, alice_home);
	ck_assert_ptr_null(h->reason);
	h->tried_at = 1700000000;
	ck_assert_ptr_nonnull(h->reason = strdup(full));
	begin();
	ck_assert_int_eq(nk_keyfile_home_put(s, h), 0);
	commit();
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_keyfile_home_get(s, 7, alice_home, &h), 0);
	ck_assert(h->id == id && h->tried_at == 1700000000);
	ck_assert_str_eq(h->reason, full);
	nk_keyfile_home_free(h);
	nk_keyfile_home_free(NULL);
	/* in the order of ids, not of their names */
	begin();
	(void)add_home(8, bob_home, true);
	(void)add_home(8, alice_home, true);
	commit();
	ck_assert_str_eq(homes(8, true), "8:/home/bob! 8:/home/alice! ");
	ck_assert_str_eq(homes(8, false), "8:/home/bob! 8:/home/alice! ");
	ck_assert_str_eq(changes_after(0), "");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(home_conflicts)
{
	struct nk_keyfile_home h = { .id = 5, .user_id = 7,
	    .home = alice_home };

	begin();
	ck_assert_int_eq(nk_keyfile_home_put(s, &h), -ENOENT);
	(void)add_home(7, alice_home, false);
	h.id = 0;
	ck_assert_int_eq(nk_keyfile_home_put(s, &h), -EEXIST);
	ck_assert_int_eq(h.id, 0);
	h.id = add_home(7, bob_home, false);
	ck_assert_int_eq(nk_keyfile_home_put(s, &h), -EEXIST);
	ck_assert_int_eq(nk_keyfile_home_delete(s, h.id + 1), -ENOENT);
	commit();
	ck_assert_str_eq(homes(0, false), "7:/home/alice 7:/home/bob ");
}
END_TEST

static const struct {
	const char		*what;
	struct nk_keyfile_home	 row;
} bad_homes[] = {
	{ "nobody's", { .home = alice_home } },
	{ "id below 0", { .id = -1, .user_id = 1, .home = alice_home } },
	{ "no home", { .user_id = 1 } },
	{ "a path that is not absolute", { .user_id = 1,
	    .home = alice_home + 1 } },
	{ "uid -1", { .user_id = 1, .uid = UINT32_MAX,
	    .home = alice_home } },
	{ "gid -1", { .user_id = 1, .gid = UINT32_MAX,
	    .home = alice_home } },
	{ "tried before 1970", { .user_id = 1, .home = alice_home,
	    .tried_at = -1 } },
};

START_TEST(refuses_home)
{
	struct nk_keyfile_home h = bad_homes[_i].row;
	static char lines[] = "/home/a\nb";

	begin();
	ck_assert_msg(nk_keyfile_home_put(s, &h) == -EINVAL, "%s",
	    bad_homes[_i].what);
	h = (struct nk_keyfile_home){ .user_id = 1, .home = lines };
	ck_assert_int_eq(nk_keyfile_home_put(s, &h), -EINVAL);
	commit();
	ck_assert_str_eq(homes(0, false), "");
}
END_TEST

/* ---- their lines ---- */

static int
see_line(void *arg, const struct nk_keyfile_line *l)
{
	struct seen *seen = arg;

	(void)strcat(seen->text, l->fingerprint + 7);
	(void)strcat(seen->text, l->line);
	return ++seen->n == seen->stop_at ? -ECANCELED : 0;
}

static const char *
lines_of(int64_t home)
{
	static struct seen seen;

	seen = (struct seen){ .n = 0 };
	ck_assert_int_eq(nk_keyfile_lines_each(s, home, see_line, &seen), 0);
	return seen.text;
}

static int
add_line(int64_t home, const char *fingerprint, const char *line)
{
	const struct nk_keyfile_line l = { fingerprint, line };

	return nk_keyfile_line_add(s, home, &l);
}

START_TEST(line_rows)
{
	struct seen first = { .stop_at = 1 };
	int64_t a, b;

	begin();
	a = add_home(7, alice_home, false);
	b = add_home(7, bob_home, false);
	ck_assert_int_eq(add_line(a, "SHA256:B", "two"), 0);
	ck_assert_int_eq(add_line(a, "SHA256:A", "one"), 0);
	ck_assert_int_eq(add_line(a, "SHA256:A", "one"), 0);
	ck_assert_int_eq(add_line(b, "SHA256:A", "one"), 0);
	commit();
	ck_assert_str_eq(lines_of(a), "AoneBtwo");
	ck_assert_str_eq(lines_of(b), "Aone");
	ck_assert_int_eq(nk_keyfile_lines_each(s, a, see_line, &first),
	    -ECANCELED);
	ck_assert_int_eq(first.n, 1);
	begin();
	ck_assert_int_eq(nk_keyfile_lines_clear(s, b), 0);
	ck_assert_int_eq(nk_keyfile_lines_clear(s, b), 0);
	commit();
	ck_assert_str_eq(lines_of(b), "");
	ck_assert_str_eq(lines_of(a), "AoneBtwo");
	begin();
	ck_assert_int_eq(nk_keyfile_home_delete(s, a), 0);
	commit();
	ck_assert_str_eq(lines_of(a), "");
	ck_assert_str_eq(homes(0, false), "7:/home/bob ");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(buried)
{
	const struct nk_keyfile_line key = { "SHA256:A", "SHA256:A" };
	const struct nk_keyfile_line line = { "SHA256:A", "SHA256:A " };
	int64_t a, b, n, bytes;

	ck_assert(nk_keyfile_line_is_buried(&key));
	ck_assert(!nk_keyfile_line_is_buried(&line));
	ck_assert_int_eq(nk_keyfile_line_bury(s, 1, "SHA256:A"), -EINVAL);
	begin();
	a = add_home(7, alice_home, false);
	b = add_home(7, bob_home, false);
	ck_assert_int_eq(nk_keyfile_lines_size(s, a, &n, &bytes), 0);
	ck_assert(n == 0 && bytes == 0);
	ck_assert_int_eq(add_line(a, "SHA256:A", "one"), 0);
	ck_assert_int_eq(add_line(a, "SHA256:A", "\303\244"), 0);
	ck_assert_int_eq(add_line(a, "SHA256:B", "two"), 0);
	ck_assert_int_eq(add_line(b, "SHA256:A", "one"), 0);
	ck_assert_int_eq(nk_keyfile_lines_size(s, a, &n, &bytes), 0);
	ck_assert(n == 3 && bytes == 3 * 8 + 3 + 2 + 3);
	ck_assert_int_eq(nk_keyfile_line_bury(s, a, "SHA256:A"), 0);
	ck_assert_int_eq(nk_keyfile_line_bury(s, a, "SHA256:A"), 0);
	ck_assert_int_eq(nk_keyfile_line_bury(s, a, "SHA256:C"), 0);
	ck_assert_int_eq(nk_keyfile_line_bury(s, a, "MD5:00"), -EINVAL);
	commit();
	ck_assert_str_eq(lines_of(a), "ASHA256:ACSHA256:CBtwo");
	ck_assert_str_eq(lines_of(b), "Aone");
}
END_TEST

START_TEST(homes_found)
{
	struct nk_keyfile_home *h;
	struct nk_ids users;
	struct nk_user *u;
	int64_t id, file, other;

	begin();
	ck_assert_int_gt(id = add_user("carol", 3003, true), 0);
	ck_assert_int_eq(nk_user_get(s, id, &u), 0);
	u->keyfile_mode = NK_KEYFILE_HOME;
	set_text(&u->home, bob_home);
	ck_assert_int_eq(nk_user_update(s, u), 0);
	nk_user_free(u);
	(void)add_home(id + 7, alice_home, true);
	(void)add_home(id + 9, alice_home, false);
	(void)add_home(id + 7, bob_home, false);
	commit();
	ck_assert_int_eq(nk_keyfile_home_of_other(s, id + 7, alice_home,
	    &h), 0);
	ck_assert_int_eq(h->user_id, id + 9);
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_keyfile_home_of_other(s, id + 7, bob_home, &h),
	    -ENOENT);
	ck_assert_ptr_null(h);
	begin();
	file = add_home(id, bob_home, false);
	/* one that its user lives in is nobody else's to take */
	ck_assert_int_eq(nk_keyfile_home_of_other(s, id + 9, bob_home, &h),
	    0);
	ck_assert_int_eq(h->user_id, id + 7);
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_keyfile_home_of_other(s, id + 7, bob_home, &h),
	    -ENOENT);
	ck_assert_int_eq(nk_user_get(s, id, &u), 0);
	u->keyfile_mode = NK_KEYFILE_NONE;
	ck_assert_int_eq(nk_user_update(s, u), 0);
	ck_assert_int_eq(nk_keyfile_home_of_other(s, id + 7, bob_home, &h),
	    0);
	ck_assert_int_eq(h->user_id, id);
	nk_keyfile_home_free(h);
	u->keyfile_mode = NK_KEYFILE_HOME;
	ck_assert_int_eq(nk_user_update(s, u), 0);
	nk_user_free(u);
	ck_assert_int_eq(add_line(file, "SHA256:A", "one"), 0);
	/* a home that its user has left */
	other = add_home(id, alice_home, true);
	ck_assert_int_eq(add_line(other, "SHA256:A", "one"), 0);
	ck_assert_int_eq(nk_keyfile_home_of_key(s, 0, "SHA256:A", &h),
	    -ENOENT);
	ck_assert_int_eq(nk_keyfile_home_get(s, id, bob_home, &h), 0);
	h->pending = true;
	ck_assert_int_eq(nk_keyfile_home_put(s, h), 0);
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_keyfile_home_of_key(s, id + 7, "SHA256:A", &h),
	    -ENOENT);
	ck_assert_int_eq(nk_keyfile_home_of_key(s, 0, "SHA256:B", &h),
	    -ENOENT);
	ck_assert_int_eq(nk_keyfile_home_of_key(s, id, "SHA256:A", &h), 0);
	ck_assert_int_eq(h->id, file);
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_keyfile_home_of_key(s, 0, "SHA256:A", &h), 0);
	nk_keyfile_home_free(h);
	commit();
	ck_assert_int_eq(nk_keyfile_home_users(s, &users), 0);
	ck_assert_uint_eq(users.n, 3);
	ck_assert(users.v[0] == id && users.v[1] == id + 7 &&
	    users.v[2] == id + 9);
	nk_ids_clear(&users);
}
END_TEST

START_TEST(refuses_line)
{
	int64_t a;

	begin();
	a = add_home(7, alice_home, false);
	ck_assert_int_eq(add_line(a, NULL, "one"), -EINVAL);
	ck_assert_int_eq(add_line(a, "MD5:00", "one"), -EINVAL);
	ck_assert_int_eq(add_line(a, "SHA256:A", NULL), -EINVAL);
	ck_assert_int_eq(add_line(a, "SHA256:A", ""), -EINVAL);
	ck_assert_int_eq(add_line(a, "SHA256:A", "one\ntwo"), -EINVAL);
	ck_assert_int_eq(add_line(a + 1, "SHA256:A", "one"), -ENOENT);
	commit();
	ck_assert_str_eq(lines_of(a), "");
}
END_TEST

START_TEST(outside)
{
	struct nk_keyfile_home h = { .user_id = 7, .home = alice_home };

	ck_assert_int_eq(nk_keyfile_home_put(s, &h), -EINVAL);
	ck_assert_int_eq(nk_keyfile_home_delete(s, 1), -EINVAL);
	ck_assert_int_eq(add_line(1, "SHA256:A", "one"), -EINVAL);
	ck_assert_int_eq(nk_keyfile_lines_clear(s, 1), -EINVAL);
	ck_assert_int_eq(nk_keyfile_central_delete(s, 1), -EINVAL);
	ck_assert_int_eq(nk_keyfile_default_set(s, NK_KEYFILE_HOME),
	    -EINVAL);
}
END_TEST

/* ---- the central files ---- */

static int
see_central(void *arg, int64_t user, uint32_t uid)
{
	struct seen *seen = arg;
	size_t used = strlen(seen->text);

	(void)snprintf(seen->text + used, sizeof(seen->text) - used,
	    "%lld:%u ", (long long)user, uid);
	return ++seen->n == seen->stop_at ? -ECANCELED : 0;
}

static const char *
central(void)
{
	static struct seen seen;

	seen = (struct seen){ .n = 0 };
	ck_assert_int_eq(nk_keyfile_central_each(s, see_central, &seen), 0);
	return seen.text;
}

/* The changes that only central files make, of the last transaction. */
static const char *
files_after(int64_t since)
{
	static char text[128];
	struct nk_changes cs;
	size_t i, used = 0;

	text[0] = '\0';
	ck_assert_int_eq(nk_store_changes(s, since, &cs), 0);
	for (i = 0; i < cs.n; i++) {
		if (cs.v[i].kind == NK_CHANGE_CENTRAL)
			used += (size_t)snprintf(text + used,
			    sizeof(text) - used, "%lld ",
			    (long long)cs.v[i].id);
	}
	nk_changes_clear(&cs);
	return text;
}

static int
set_user(int64_t id, uint32_t uid, enum nk_keyfile_mode mode)
{
	struct nk_user *u;
	int r;

	ck_assert_int_eq(nk_user_get(s, id, &u), 0);
	u->uid = uid;
	u->keyfile_mode = mode;
	r = nk_user_update(s, u);
	nk_user_free(u);
	return r;
}

/* The row is where the mode and uid say, after each step. */
static const struct {
	const char		*what;
	uint32_t		 uid;
	enum nk_keyfile_mode	 mode;
	const char		*rows, *noted;
} steps[] = {
	{ "none",	   3000, NK_KEYFILE_NONE,    "", "" },
	{ "home",	   3000, NK_KEYFILE_HOME,    "", "" },
	{ "central",	   3000, NK_KEYFILE_CENTRAL, "2:3000 ", "3000 " },
	{ "again",	   3000, NK_KEYFILE_CENTRAL, "2:3000 ", "" },
	{ "uid",	   3009, NK_KEYFILE_CENTRAL, "2:3009 ",
	  "3009 3000 " },
	{ "home keeps",	   3009, NK_KEYFILE_HOME,    "2:3009 ", "" },
	{ "uid at home",   3000, NK_KEYFILE_HOME,    "2:3000 ",
	  "3000 3009 " },
	{ "back",	   3000, NK_KEYFILE_CENTRAL, "2:3000 ", "" },
	{ "uid and none",  3001, NK_KEYFILE_NONE,    "", "3000 " },
	{ "uid, central",  3002, NK_KEYFILE_CENTRAL, "2:3002 ", "3002 " },
};

START_TEST(follows)
{
	uint32_t uid;
	int64_t seq, user;
	int i;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	commit();
	for (i = 0; i < N(steps); i++) {
		seq = last_seq();
		begin();
		ck_assert_int_eq(set_user(2, steps[i].uid, steps[i].mode),
		    0);
		commit();
		ck_assert_msg(strcmp(central(), steps[i].rows) == 0,
		    "%s: %s", steps[i].what, central());
		ck_assert_msg(strcmp(files_after(seq), steps[i].noted) == 0,
		    "%s: %s", steps[i].what, files_after(seq));
		ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	}
	ck_assert_int_eq(nk_keyfile_central_get(s, 2, &uid), 0);
	ck_assert_uint_eq(uid, 3002);
	ck_assert_int_eq(nk_keyfile_central_get(s, 1, &uid), -ENOENT);
	ck_assert_int_eq(nk_keyfile_central_by_uid(s, 3002, &user), 0);
	ck_assert_int_eq(user, 2);
	ck_assert_int_eq(nk_keyfile_central_by_uid(s, 3000, &user), -ENOENT);
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	commit();
	ck_assert_str_eq(central(), "");
	ck_assert_str_eq(files_after(seq), "3002 ");
}
END_TEST

static int64_t
add_central(const char *name, uint32_t uid, bool managed)
{
	struct nk_user *u = nk_user_new();
	int64_t id;
	int r;

	ck_assert_ptr_nonnull(u);
	set_text(&u->name, name);
	u->uid = uid;
	u->managed = managed;
	u->keyfile_mode = NK_KEYFILE_CENTRAL;
	r = nk_user_insert(s, u);
	id = u->id;
	nk_user_free(u);
	return r < 0 ? r : id;
}

/* Two accounts of one uid cannot have a file each. */
START_TEST(one_a_uid)
{
	struct seen first = { .stop_at = 1 };
	int64_t id;

	begin();
	ck_assert_int_eq(add_central("alice", 3000, true), 2);
	ck_assert_int_eq(add_central("bob", 3001, false), 3);
	ck_assert_int_eq(add_user("carl", 3001, false), 4);
	commit();
	ck_assert_str_eq(central(), "2:3000 3:3001 ");
	ck_assert_int_eq(nk_keyfile_central_each(s, see_central, &first),
	    -ECANCELED);
	begin();
	ck_assert_int_eq(set_user(4, 3001, NK_KEYFILE_CENTRAL), -EEXIST);
	ck_assert_int_eq(nk_store_commit(s), -EEXIST);
	begin();
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(add_central("dora", 3001, false), -EEXIST);
	nk_store_rollback_to(s);
	id = add_central("dora", 3002, false);
	ck_assert_int_gt(id, 0);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(given_up)
{
	int64_t seq;

	begin();
	ck_assert_int_eq(add_central("alice", 3000, true), 2);
	ck_assert_int_eq(nk_keyfile_central_delete(s, 2), -EINVAL);
	ck_assert_int_eq(nk_keyfile_central_delete(s, 3), -ENOENT);
	ck_assert_int_eq(set_user(2, 3000, NK_KEYFILE_HOME), 0);
	commit();
	seq = last_seq();
	ck_assert_str_eq(central(), "2:3000 ");
	begin();
	ck_assert_int_eq(nk_keyfile_central_delete(s, 2), 0);
	commit();
	ck_assert_str_eq(central(), "");
	ck_assert_str_eq(files_after(seq), "3000 ");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* A note of uid 2 is not one of row 2, also after going back. */
START_TEST(noted_apart)
{
	int64_t seq = last_seq();

	begin();
	ck_assert_int_eq(add_central("alice", 2, false), 2);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	nk_store_rollback_to(s);
	ck_assert_int_eq(add_key(2, 'A'), 1);
	commit();
	ck_assert_str_eq(files_after(seq), "2 ");
	ck_assert_str_eq(central(), "2:2 ");
}
END_TEST

static const struct {
	const char	*sql, *what;
} broken[] = {
	{ "UPDATE keyfile_central SET uid = 4000",
	  "user row 2 has a central file of another uid, or should not" },
	{ "UPDATE users SET keyfile_mode = 0",
	  "user row 2 has a central file of another uid, or should not" },
	{ "DELETE FROM keyfile_central",
	  "user row 2 should have a central file" },
	{ "INSERT INTO keyfile_homes (id, user_id, uid, gid, home, pending,"
	  " tried_at) VALUES (9, 2, 1, 1, '/', 0, 0)",
	  "keyfile row 9 has an id that was not given yet" },
};

static void
take_fault(void *arg, const char *what)
{
	(void)strcat(arg, what);
}

START_TEST(verified)
{
	char text[512] = "";

	begin();
	ck_assert_int_eq(add_central("alice", 3000, true), 2);
	ck_assert_int_eq(nk_db_exec(s->db, broken[_i].sql), 0);
	commit();
	ck_assert_int_eq(nk_store_verify(s, take_fault, text), -EBADMSG);
	ck_assert_str_eq(text, broken[_i].what);
}
END_TEST

/* ---- the mode of new users ---- */

START_TEST(of_new_users)
{
	enum nk_keyfile_mode mode, set;

	ck_assert_int_eq(nk_keyfile_default_get(s, &mode), -ENOENT);
	for (set = NK_KEYFILE_NONE; set <= NK_KEYFILE_CENTRAL; set++) {
		begin();
		ck_assert_int_eq(nk_keyfile_default_set(s, set), 0);
		ck_assert_int_eq(nk_keyfile_default_set(s,
		    (enum nk_keyfile_mode)3), -EINVAL);
		commit();
		ck_assert_int_eq(nk_keyfile_default_get(s, &mode), 0);
		ck_assert_int_eq(mode, set);
	}
	ck_assert_str_eq(changes_after(0), "");
	begin();
	ck_assert_int_eq(nk_db_exec(s->db, "UPDATE properties SET value ="
	    " x'07' WHERE name = 'keyfile_mode'"), 0);
	commit();
	ck_assert_int_eq(nk_keyfile_default_get(s, &mode), -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_keyfiles");
	TCase *tc = tcase_create("keyfiles");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, home_rows);
	tcase_add_test(tc, homes_found);
	tcase_add_test(tc, home_conflicts);
	tcase_add_loop_test(tc, refuses_home, 0, N(bad_homes));
	tcase_add_test(tc, line_rows);
	tcase_add_test(tc, buried);
	tcase_add_test(tc, refuses_line);
	tcase_add_test(tc, outside);
	tcase_add_test(tc, follows);
	tcase_add_test(tc, one_a_uid);
	tcase_add_test(tc, given_up);
	tcase_add_test(tc, noted_apart);
	tcase_add_loop_test(tc, verified, 0, N(broken));
	tcase_add_test(tc, of_new_users);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
