/* SPDX-License-Identifier: ISC */
/* "MUST n" is a line of the list on top of lib/publish/edit.c. */
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/publish/internal.h"
#include "lib/publish/lock.h"
#include "lib/publish/nscd.h"
#include "lib/store/internal.h"
#include "tests/fault/edits.h"
#include "tests/fault/keyfiles.h"
#include "tests/fault/look.h"
#include "tests/fault/place.h"

#define SEED	42
#define SMALL	(1024u * 1024)	/* bytes of the maps' tmpfs */

static char *dir;
static struct edits_place place;
static struct nk_publisher *p;
static struct model m;
static struct look look;
static char why[MODEL_TEXT];

static void
setup_size(size_t size)
{
	ck_assert_int_eq(place_make(&dir, size), 0);
	edits_place_init(&place, dir);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
	ck_assert_int_eq(edits_setup(p), 0);
	model_init(&m, SEED);
	look_init(&look, place.maps);
}

static void
setup(void)
{
	setup_size(0);
}

static void
setup_small(void)
{
	setup_size(SMALL);
}

static void
teardown(void)
{
	look_end(&look);
	nk_publisher_free(p);
	place_remove(dir);
}

static void
reopen(void)
{
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
}

/* ---- what must be true ---- */

struct faults {
	unsigned int	n;
	char		text[4096];	/* a line each, cut */
};

static void
collect(void *arg, const char *what)
{
	struct faults *f = arg;
	size_t len = strlen(f->text);

	f->n++;
	(void)snprintf(f->text + len, sizeof(f->text) - len, "%s\n", what);
}

static struct faults
faults(struct nk_publisher *of)
{
	struct faults f = { 0, "" };
	int r = nk_publisher_verify(of, collect, &f);

	ck_assert_msg(r == (f.n == 0 ? 0 : -EBADMSG), "%d, %u faults: %s", r,
	    f.n, f.text);
	return f;
}

/* Store, maps and model agree. */
static void
check_all(void)
{
	struct faults f = faults(p);
	int r;

	ck_assert_msg(f.n == 0, "after edit %d: %s", (int)m.edits, f.text);
	r = edits_check_store(nk_publisher_store(p), &m, why);
	ck_assert_msg(r == 0, "after edit %d: %s", (int)m.edits, why);
	r = look_all(&look, &m, why);
	ck_assert_msg(r == 0, "after edit %d: %s", (int)m.edits, why);
	r = keyfiles_check(place.central, &m, why);
	ck_assert_msg(r == 0, "after edit %d: %s", (int)m.edits, why);
}

static int
do_op(const struct op *op)
{
	int r;

	if ((r = edits_do(p, &m, op)) == 0)
		model_apply(&m, op);
	return r;
}

static void
do_next(void)
{
	struct op op = model_next(&m);
	int r = do_op(&op);

	ck_assert_msg(r == 0, "edit %d, %s: %d", (int)m.edits + 1,
	    op_names[op.kind], r);
}

static void
do_many(unsigned int n)
{
	while (n-- > 0)
		do_next();
}

/* A user with so many keys, in slot 0. */
static void
make_user(unsigned int keys)
{
	struct op op = { OP_CREATE, 0, 0, 0 };

	ck_assert_int_eq(do_op(&op), 0);
	op.kind = OP_ADD_KEY;
	for (op.key = 1; op.key < keys; op.key++)
		ck_assert_int_eq(do_op(&op), 0);
}

static struct looked
look_at(unsigned int user, uint32_t version, int want)
{
	struct looked l;
	int r = look_user(&look, NK_VIEW_PREAD, user, version, &l);

	ck_assert_msg(r == want, "u%02u_%u: %d", user, version, r);
	return l;
}

/* ---- edits ---- */

START_TEST(stream)
{
	int i;

	for (i = 0; i < 400; i++) {
		do_next();
		if (i % 4 == 0)
			check_all();
		if (i % 50 == 0)
			reopen();
		ck_assert_int_eq(nk_publisher_tidy(p), 0);
	}
	check_all();
}
END_TEST

START_TEST(readers_keep_up)	/* one that had the maps open for long */
{
	struct look old;
	struct looked l;
	int i;

	look_init(&old, place.maps);
	make_user(1);
	ck_assert_int_eq(look_user(&old, NK_VIEW_MAPPED, 0, 1, &l), 0);
	for (i = 0; i < 5; i++) {
		do_many(20);
		ck_assert_int_eq(edits_compact(p), 0);
		ck_assert_int_eq(look_all(&old, &m, why), 0);
	}
	look_end(&old);
}
END_TEST

START_TEST(abort_changes_nothing)	/* MUST 4 */
{
	struct nk_user *u;

	make_user(2);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_by_name(nk_publisher_store(p), "u00_1",
	    &u), 0);
	ck_assert_int_eq(nk_user_delete(nk_publisher_store(p), u->id), 0);
	nk_edit_abort(p);
	nk_user_free(u);
	check_all();
	do_many(3);		/* and the lock is free */
	check_all();
}
END_TEST

START_TEST(brackets)
{
	struct nk_publisher *reader;

	ck_assert_int_eq(nk_edit_commit(p), -EINVAL);
	nk_edit_abort(p);	/* nothing to do */
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_edit_begin(p), -EINVAL);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(nk_edit_commit(p), -EINVAL);
	ck_assert_int_eq(nk_publisher_open(&reader, &place.state,
	    &place.conf, NK_STORE_READ), 0);
	ck_assert_int_eq(nk_edit_begin(reader), -EROFS);
	ck_assert_int_eq(nk_publisher_sync(reader, true, NULL, NULL),
	    -EROFS);
	ck_assert_uint_eq(faults(reader).n, 0);
	nk_publisher_free(reader);
	check_all();
}
END_TEST

/* A user's row as a test needs it; changed by fn. */
static void
edit_user(const char *name, void (*fn)(struct nk_user *u))
{
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_by_name(nk_publisher_store(p), name, &u),
	    0);
	fn(u);
	ck_assert_int_eq(nk_user_update(nk_publisher_store(p), u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_uint_eq(faults(p).n, 0);
}

static int
find_map_user(const char *name, struct nk_map_user *u)
{
	struct nk_view v;
	char path[MODEL_TEXT + 16];
	int r;

	(void)snprintf(path, sizeof(path), "%s/accounts.map", place.maps);
	ck_assert_int_eq(nk_view_open(&v, -1, path, NK_MAP_KIND_ACCOUNTS,
	    NK_VIEW_PREAD), 0);
	r = nk_map_user_by_name(&v, name, strlen(name), u);
	nk_view_close(&v);
	return r;
}

static void
map_user(const char *name, struct nk_map_user *u)
{
	ck_assert_int_eq(find_map_user(name, u), 0);
}

static void
make_admin(struct nk_user *u)
{
	u->admin = true;
	u->ssh_password_enabled = true;
}

static void
disable_password(struct nk_user *u)
{
	u->password_disabled = true;
}

START_TEST(rendered_account)
{
	struct nk_map_user u;

	make_user(1);
	map_user("u00_1", &u);
	ck_assert_uint_eq(u.flags, NK_USER_MANAGED | NK_USER_IN_MANAGED);
	ck_assert_int_eq(u.expires_at, NK_NEVER);
	ck_assert_uint_eq(u.gid, 39999);
	edit_user("u00_1", make_admin);
	map_user("u00_1", &u);
	ck_assert_uint_eq(u.flags, NK_USER_MANAGED | NK_USER_IN_MANAGED |
	    NK_USER_ADMIN | NK_USER_SSH_PASSWORD);
	/* root: not managed, in the store's own group alone */
	map_user("root", &u);
	ck_assert_uint_eq(u.flags, NK_USER_ADMIN);
	ck_assert_uint_eq(u.uid, 0);
	ck_assert_uint_eq(u.ngroups, 0);
	/* a disabled password's hash is shown to nobody */
	edit_user("u00_1", disable_password);
	ck_assert_uint_eq(look_at(0, 1, 0).strange, true);
}
END_TEST

static void
base_gid(uint32_t gid)
{
	struct nk_store *s = nk_publisher_store(p);
	struct nk_group *g;

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_group_by_name(s, "faultbase", &g), 0);
	g->gid = gid;
	ck_assert_int_eq(nk_group_update(s, g), 0);
	nk_group_free(g);
	ck_assert_int_eq(nk_edit_commit(p), 0);
}

START_TEST(primary_gid_follows)
{
	struct nk_map_user u;

	make_user(1);
	base_gid(38000);
	map_user("u00_1", &u);
	ck_assert_uint_eq(u.gid, 38000);
	check_all();
}
END_TEST

/* Two users change names in one transaction; so do two groups. */
START_TEST(names_swapped)
{
	struct nk_store *s = nk_publisher_store(p);
	struct op op = { OP_CREATE, 1, 1, 0 };
	struct nk_user *a, *b;
	char *name;
	struct nk_map_user u;

	make_user(1);
	ck_assert_int_eq(do_op(&op), 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_by_name(s, "u00_1", &a), 0);
	ck_assert_int_eq(nk_user_by_name(s, "u01_1", &b), 0);
	name = a->name;
	a->name = strdup("between");
	ck_assert_int_eq(nk_user_update(s, a), 0);
	free(a->name);
	a->name = b->name;
	b->name = name;
	ck_assert_int_eq(nk_user_update(s, b), 0);
	ck_assert_int_eq(nk_user_update(s, a), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_uint_eq(faults(p).n, 0);
	map_user("u00_1", &u);
	ck_assert_uint_eq(u.row, (uint64_t)b->id);
	map_user("u01_1", &u);
	ck_assert_uint_eq(u.row, (uint64_t)a->id);
	nk_user_free(a);
	nk_user_free(b);
}
END_TEST

START_TEST(name_taken_over)	/* deleted, and made anew in one go */
{
	struct nk_store *s = nk_publisher_store(p);
	struct nk_user *u;
	struct nk_map_user before, after;
	struct looked l;

	make_user(3);
	map_user("u00_1", &before);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_by_name(s, "u00_1", &u), 0);
	ck_assert_int_eq(nk_user_delete(s, u->id), 0);
	ck_assert_int_eq(nk_user_insert(s, u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_uint_eq(faults(p).n, 0);
	map_user("u00_1", &after);
	ck_assert_uint_gt(after.row, before.row);
	l = look_at(0, 1, 0);
	ck_assert_uint_eq(l.keys, 0);	/* of the one before */
}
END_TEST

/*
 * MUST 7: what is in accounts.map when publishing ends early, because the
 * map of keys cannot be written?  What restricts is there, what permits is
 * not.
 */
static const struct {
	const char	*what;
	enum op_kind	 first, kind;	/* first: OP_KINDS: none */
	bool		 there, locked;
	bool		 shut;		/* by its expiry */
} orders[] = {
	{ "lock",	OP_KINDS,	OP_LOCK,	true, true, false },
	{ "unlock",	OP_LOCK,	OP_UNLOCK,	true, true, false },
	{ "delete",	OP_KINDS,	OP_DELETE,	false, false, false },
	{ "create",	OP_DELETE,	OP_CREATE,	false, false, false },
	{ "expire",	OP_KINDS,	OP_EXPIRE,	true, false, true },
	{ "rename",	OP_KINDS,	OP_RENAME,	false, false, false },
};

/* The store's part of an edit, left open; the plan to publish it. */
static void
begin_op(const struct op *op, struct nk_plan *plan)
{
	struct nk_changes cs = { NULL, 0 };
	struct nk_store *s = nk_publisher_store(p);

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(edits_change(s, &m, op), 0);
	ck_assert_int_eq(nk_store_changes(s, p->base, &cs), 0);
	ck_assert_int_eq(nk_plan_make(p, &cs, plan), 0);
	ck_assert_int_eq(nk_plan_reserve(p, plan), 0);
	nk_changes_clear(&cs);
}

START_TEST(order)
{
	struct nk_mapwriter *keys = p->map[NK_PUB_KEYS];
	struct op op = { orders[_i].first, 0, 0, 0 };
	struct nk_plan plan;
	struct nk_map_user u;
	struct model after;
	char name[MODEL_TEXT];
	int r;

	make_user(1);
	if (op.kind != OP_KINDS)
		ck_assert_int_eq(do_op(&op), 0);
	op.kind = orders[_i].kind;
	begin_op(&op, &plan);
	/* a map of another kind takes no keys */
	p->map[NK_PUB_KEYS] = p->map[NK_PUB_SECRETS];
	ck_assert_int_lt(nk_plan_publish(p, &plan), 0);
	p->map[NK_PUB_KEYS] = keys;
	after = m;
	model_apply(&after, &op);
	model_user_name(0, after.users[0].name, name);
	r = find_map_user(name, &u);
	ck_assert_msg(r == (orders[_i].there ? 0 : -ENOENT), "%s: %d",
	    orders[_i].what, r);
	if (r == 0) {
		ck_assert_int_eq((u.flags & NK_USER_LOCKED) != 0,
		    orders[_i].locked);
		ck_assert_int_eq(u.expires_at < (int64_t)time(NULL),
		    orders[_i].shut);
	}
	/* and doing it again comes to the same end */
	ck_assert_int_eq(nk_plan_publish(p, &plan), 0);
	ck_assert_int_eq(nk_plan_publish(p, &plan), 0);
	nk_plan_clear(&plan);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	model_apply(&m, &op);
	ck_assert_uint_eq(faults(p).n, 0);
	ck_assert_int_eq(look_all(&look, &m, why), 0);
}
END_TEST

/* ---- keys ---- */

static void
add_line(enum nk_key_kind kind, const char *options, const char *comment,
    int64_t expires_at, bool authority)
{
	struct nk_store *s = nk_publisher_store(p);
	char type[] = "ssh-ed25519", print[] = "SHA256:x", by[] = "tests";
	uint8_t blob[] = { 0, 0, 0, 1, 'x' };
	struct nk_key k = { .kind = kind, .cert_authority = authority,
	    .added_by = by, .expires_at = expires_at };
	struct nk_user *u;

	if (kind == NK_KEY_KEY) {
		k.type = type;
		k.blob = blob;
		k.blob_len = sizeof(blob);
		k.fingerprint = print;
	}
	ck_assert_int_eq(nk_user_by_name(s, "u00_1", &u), 0);
	k.user_id = u->id;
	k.options = options == NULL ? NULL : strdup(options);
	k.comment = comment == NULL ? NULL : strdup(comment);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_key_append(s, &k), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	free(k.options);
	free(k.comment);
	nk_user_free(u);
}

static const struct {
	const char	*what, *options, *comment, *text;
	enum nk_key_kind kind;
	int64_t		 expires_at;
	bool		 authority;
} lines[] = {
	{ "bare", NULL, NULL, "ssh-ed25519 AAAAAXg=", NK_KEY_KEY, NK_NEVER,
	  false },
	{ "options kept whole", "from=\"10.0.0.0/8\",restrict", "my key",
	  "from=\"10.0.0.0/8\",restrict ssh-ed25519 AAAAAXg= my key",
	  NK_KEY_KEY, NK_NEVER, false },
	{ "empty words", "", "", "ssh-ed25519 AAAAAXg=", NK_KEY_KEY,
	  NK_NEVER, false },
	{ "expiry", NULL, "e",
	  "expiry-time=\"20090213233130Z\" ssh-ed25519 AAAAAXg= e",
	  NK_KEY_KEY, 1234567890, false },
	{ "expiry beside options", "restrict,pty", NULL,
	  "restrict,pty,expiry-time=\"20090213233130Z\" ssh-ed25519 AAAAAXg=",
	  NK_KEY_KEY, 1234567890, false },
	{ "a line that ends sooner", "expiry-time=\"20090213Z\"", NULL,
	  "expiry-time=\"20090213Z\" ssh-ed25519 AAAAAXg=", NK_KEY_KEY,
	  1234567890, false },
	{ "a line that ends later", "expiry-time=\"20090214Z\"", NULL,
	  "expiry-time=\"20090214Z\",expiry-time=\"20090213233130Z\" "
	  "ssh-ed25519 AAAAAXg=", NK_KEY_KEY, 1234567890, false },
	{ "an end that sshd cannot be told", NULL, NULL, NULL, NK_KEY_KEY,
	  253402300800, false },
	{ "an end before all others", NULL, NULL, NULL, NK_KEY_KEY, 0,
	  false },
	{ "an end with options that sshd cannot have", "nonsense", NULL,
	  NULL, NK_KEY_KEY, 1234567890, false },
	{ "authority", "cert-authority", NULL,
	  "cert-authority ssh-ed25519 AAAAAXg=", NK_KEY_KEY, NK_NEVER, true },
	{ "carriage return in options", "restrict\r", NULL, NULL, NK_KEY_KEY,
	  NK_NEVER, false },
	{ "carriage return in comment", NULL, "a\rssh-rsa", NULL, NK_KEY_KEY,
	  NK_NEVER, false },
	{ "comment line", NULL, "# hello", NULL, NK_KEY_COMMENT, NK_NEVER,
	  false },
	{ "blank line", NULL, NULL, NULL, NK_KEY_BLANK, NK_NEVER, false },
};

START_TEST(rendered_key)
{
	static uint8_t buf[NK_RECORD_MAX];
	char path[MODEL_TEXT + 16];
	struct nk_map_user u;
	struct nk_map_keyset k;
	struct nk_map_keyline l;
	struct nk_view v;

	make_user(1);
	add_line(lines[_i].kind, lines[_i].options, lines[_i].comment,
	    lines[_i].expires_at, lines[_i].authority);
	ck_assert_uint_eq(faults(p).n, 0);
	map_user("u00_1", &u);
	(void)snprintf(path, sizeof(path), "%s/keys.map", place.maps);
	ck_assert_int_eq(nk_view_open(&v, -1, path, NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD), 0);
	ck_assert_int_eq(nk_map_keyset_find(&v, u.row, u.generation, &k), 0);
	ck_assert_msg(k.count == 1u + (lines[_i].text != NULL), "%s: %u",
	    lines[_i].what, k.count);
	if (lines[_i].text != NULL) {
		ck_assert_int_eq(nk_map_keyline_at(&v, k.entries[1].unit,
		    u.row, buf, sizeof(buf), &l), 0);
		ck_assert_uint_eq(l.text_len, strlen(lines[_i].text));
		ck_assert_mem_eq(l.text, lines[_i].text, l.text_len);
		ck_assert_int_eq(l.expires_at, lines[_i].expires_at);
		ck_assert_uint_eq(l.flags, lines[_i].authority ?
		    NK_KEY_CERT_AUTHORITY : 0);
		ck_assert_mem_eq(l.type, "ssh-ed25519", l.type_len);
		ck_assert_mem_eq(l.blob, "AAAAAXg=", l.blob_len);
	}
	nk_view_close(&v);
}
END_TEST

START_TEST(too_many_keys)	/* refused whole, not cut */
{
	struct nk_keytext t = { 0 };
	char type[] = "ssh-ed25519";
	uint8_t blob[1] = { 1 };
	struct nk_key k = { .kind = NK_KEY_KEY, .type = type, .blob = blob,
	    .blob_len = 1, .expires_at = NK_NEVER };
	char *long_comment;
	size_t i;

	for (i = 0; i < NK_KEYSET_MAX; i++)
		ck_assert_int_eq(nk_keytext_add(&t, &k), 0);
	ck_assert_int_eq(nk_keytext_add(&t, &k), -E2BIG);
	ck_assert_uint_eq(t.count, NK_KEYSET_MAX);
	nk_keytext_reset(&t);
	/* "ssh-ed25519 AQ== " is 17 bytes */
	i = NK_RECORD_MAX - sizeof(struct nk_keyline_record) - 17;
	ck_assert_ptr_nonnull(long_comment = calloc(1, i + 2));
	memset(long_comment, 'c', i);
	k.comment = long_comment;
	ck_assert_int_eq(nk_keytext_add(&t, &k), 0);
	long_comment[i] = 'c';
	ck_assert_int_eq(nk_keytext_add(&t, &k), -E2BIG);
	ck_assert_uint_eq(t.count, 1);
	free(long_comment);
	nk_keytext_clear(&t);
}
END_TEST

/* ---- many ---- */

static void
insert_users(unsigned int from, unsigned int n)
{
	struct nk_store *s = nk_publisher_store(p);
	struct nk_group *g;
	struct nk_user *u;
	unsigned int i;
	char name[32];

	ck_assert_int_eq(nk_group_by_name(s, "faultbase", &g), 0);
	for (i = from; i < from + n; i++) {
		ck_assert_ptr_nonnull(u = nk_user_new());
		(void)snprintf(name, sizeof(name), "many%u", i);
		free(u->name);
		u->name = strdup(name);
		u->managed = u->in_managed_group = true;
		u->uid = 100000 + i;
		u->group_id = g->id;
		ck_assert_int_eq(nk_user_insert(s, u), 0);
		nk_user_free(u);
	}
	nk_group_free(g);
}

static void
find_users(unsigned int n)
{
	struct nk_map_user u;
	char name[32];
	unsigned int i;

	for (i = 0; i < n; i += 17) {
		(void)snprintf(name, sizeof(name), "many%u", i);
		map_user(name, &u);
		ck_assert_uint_eq(u.uid, 100000 + i);
	}
}

START_TEST(tables_grow)		/* one by one, past what they were made for */
{
	unsigned int i;

	for (i = 0; i < 1100; i++) {
		ck_assert_int_eq(nk_edit_begin(p), 0);
		insert_users(i, 1);
		ck_assert_int_eq(nk_edit_commit(p), 0);
		if (i % 3 == 0)
			ck_assert_int_eq(nk_publisher_tidy(p), 0);
	}
	find_users(1100);
	ck_assert_uint_eq(faults(p).n, 0);
}
END_TEST

START_TEST(many_at_once)	/* more than a table can take, no bulk */
{
	ck_assert_int_eq(nk_edit_begin(p), 0);
	insert_users(0, 3000);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	find_users(3000);
	ck_assert_uint_eq(faults(p).n, 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	insert_users(3000, NK_PLAN_MAX + 10);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	find_users(3000 + NK_PLAN_MAX + 10);
	ck_assert_uint_eq(faults(p).n, 0);
}
END_TEST

START_TEST(import)		/* MUST 11 */
{
	make_user(3);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_store_changes_bulk(nk_publisher_store(p)), 0);
	insert_users(0, 20000);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	find_users(20000);
	ck_assert_uint_eq(faults(p).n, 0);
	ck_assert_uint_eq(look_at(0, 1, 0).keys, 7);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_store_changes_bulk(nk_publisher_store(p)), 0);
	insert_users(20000, 10);
	nk_edit_abort(p);
	ck_assert_uint_eq(faults(p).n, 0);
}
END_TEST

START_TEST(keys_beside)		/* a thread builds their map, or nobody else */
{
	place.state.threads = _i == 1;
	make_user(5);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	insert_users(0, 3000);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	do_many(60);		/* keys of the first user, and of the last */
	ck_assert_int_eq(nk_publisher_sync(p, true, NULL, NULL), 0);
	ck_assert_uint_eq(faults(p).n, 0);
	ck_assert_int_eq(look_all(&look, &m, why), 0);
	find_users(3000);
	/* what is not yet committed no other handle of the store sees */
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_store_changes_bulk(nk_publisher_store(p)), 0);
	insert_users(3000, 10);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_uint_eq(faults(p).n, 0);
	find_users(3010);
}
END_TEST

/* ---- several processes ---- */

/* Edit in turn with the parent: the even or the odd edits of the stream. */
static void
other_process(int turn_in, int turn_out, unsigned int edits)
{
	struct nk_publisher *mine;
	struct op op;
	char token;
	unsigned int i;

	if (nk_publisher_open(&mine, &place.state, &place.conf,
	    NK_STORE_WRITE) < 0)
		_exit(2);
	for (i = 0; i < edits; i++) {
		if (read(turn_in, &token, 1) != 1)
			_exit(3);
		op = model_next(&m);	/* the parent's */
		model_apply(&m, &op);
		op = model_next(&m);
		if (edits_do(mine, &m, &op) < 0)
			_exit(4);
		model_apply(&m, &op);
		if (i % 7 == 0 && edits_compact(mine) < 0)
			_exit(5);
		if (write(turn_out, &token, 1) != 1)
			_exit(6);
	}
	nk_publisher_free(mine);
	_exit(0);
}

START_TEST(two_processes)
{
	int to[2], from[2], status;
	unsigned int i;
	struct op op;
	char token = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		other_process(to[0], from[1], 150);
	for (i = 0; i < 150; i++) {
		do_next();
		ck_assert_int_eq(write(to[1], &token, 1), 1);
		ck_assert_int_eq(read(from[0], &token, 1), 1);
		op = model_next(&m);	/* the child's */
		model_apply(&m, &op);
		if (i % 11 == 0)
			check_all();
		if (i % 13 == 0)
			ck_assert_int_eq(edits_compact(p), 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	check_all();
}
END_TEST

START_TEST(verify_beside_edits)	/* what is being edited is not wrong */
{
	struct nk_publisher *reader;
	struct faults f;
	pid_t pid;
	int status, i;

	make_user(2);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (nk_publisher_open(&reader, &place.state, &place.conf,
		    NK_STORE_WRITE) < 0)
			_exit(2);
		p = reader;
		for (i = 0; i < 300; i++) {
			struct op op = model_next(&m);

			if (do_op(&op) < 0 || (i % 20 == 0 &&
			    edits_compact(p) < 0))
				_exit(3);
		}
		_exit(0);
	}
	ck_assert_int_eq(nk_publisher_open(&reader, &place.state,
	    &place.conf, NK_STORE_READ), 0);
	do {
		f = faults(reader);
		ck_assert_msg(f.n == 0, "%s", f.text);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	nk_publisher_free(reader);
}
END_TEST

/* Committed, and its writer killed before it published. */
static void
commit_unpublished(void)
{
	struct nk_store *s;
	struct nk_user *u;

	ck_assert_int_eq(nk_store_open(&s, place.store, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_begin(s), 0);
	ck_assert_int_eq(nk_user_by_name(s, "u00_1", &u), 0);
	u->locked = true;
	ck_assert_int_eq(nk_user_update(s, u), 0);
	ck_assert_int_eq(nk_store_commit(s), 0);
	nk_user_free(u);
	nk_store_close(s);
	m.users[0].locked = true;
}

START_TEST(repair_comes_first)	/* MUST 2 */
{
	make_user(2);
	commit_unpublished();
	ck_assert_int_eq(look_at(0, 1, 0).locked, false);
	ck_assert_uint_eq(faults(p).n, 2);	/* behind, and the user */
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(look_at(0, 1, 0).locked, true);
	nk_edit_abort(p);
	check_all();
}
END_TEST

START_TEST(repair_at_open)
{
	make_user(2);
	commit_unpublished();
	reopen();
	check_all();
}
END_TEST

/* Where the store says more than the maps, whoever looks sees it. */
START_TEST(look_before_repair)
{
	bool as_reader = _i == 1;

	make_user(2);
	commit_unpublished();
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open_as_is(&p, &place.state,
	    &place.conf, as_reader ? NK_STORE_READ : NK_STORE_WRITE), 0);
	ck_assert_uint_eq(faults(p).n, 2);	/* behind, and the user */
	ck_assert_uint_eq(faults(p).n, 2);	/* still */
	ck_assert_int_eq(look_at(0, 1, 0).locked, false);
	ck_assert_int_eq(nk_publisher_mend(p), 0);
	ck_assert_uint_eq(faults(p).n, as_reader ? 2 : 0);
	ck_assert_int_eq(look_at(0, 1, 0).locked, !as_reader);
	reopen();
	check_all();
}
END_TEST

START_TEST(repair_by_sync)
{
	make_user(2);
	commit_unpublished();
	ck_assert_int_eq(nk_publisher_sync(p, _i == 1, NULL, NULL), 0);
	check_all();
}
END_TEST

START_TEST(journal_is_trimmed)
{
	struct nk_changes cs = { NULL, 0 };
	struct nk_store *s = nk_publisher_store(p);

	do_many(30);
	ck_assert_int_eq(nk_store_changes(s, 0, &cs), -ERANGE);
	ck_assert_int_eq(nk_store_changes(s, p->base, &cs), 0);
	ck_assert_uint_le(cs.n, 16);
	nk_changes_clear(&cs);
}
END_TEST

/* ---- the lock ---- */

/* Hold the lock for so many milliseconds in a process of its own. */
static pid_t
hold_lock(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };
	int ready[2], fd;
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (nk_lock_take(place.lock, place.state.owner, 100, &fd) < 0)
			_exit(1);
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		(void)nanosleep(&ts, NULL);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

START_TEST(lock_waits)		/* MUST 1 */
{
	pid_t pid = hold_lock(600000);
	int64_t before = now_ms();
	int fd, status;

	ck_assert_int_eq(nk_lock_take(place.lock, place.state.owner, 50,
	    &fd), -EAGAIN);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_ge(now_ms() - before, 50);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	before = now_ms();
	pid = hold_lock(300);
	do_many(1);		/* waits for the holder */
	ck_assert_int_ge(now_ms() - before, 290);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	check_all();
}
END_TEST

START_TEST(lock_goes_with_its_holder)
{
	pid_t pid = hold_lock(60000);
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	do_many(1);
	check_all();
}
END_TEST

static const char *const lock_kinds[] = {
	"symlink", "readable by others", "folder", "fifo", "owner",
};

START_TEST(lock_refused)
{
	char elsewhere[MODEL_TEXT];
	uint32_t owner = place.state.owner;
	int fd, r;

	(void)snprintf(elsewhere, sizeof(elsewhere), "%.400s/else", dir);
	ck_assert_int_eq(unlink(place.lock), 0);
	switch (_i) {
	case 0:
		ck_assert_int_ne(fd = open(elsewhere, O_RDWR | O_CREAT,
		    0600), -1);
		ck_assert_int_eq(close(fd), 0);
		ck_assert_int_eq(symlink(elsewhere, place.lock), 0);
		break;
	case 1:
		ck_assert_int_ne(fd = open(place.lock, O_RDWR | O_CREAT,
		    0600), -1);
		ck_assert_int_eq(fchmod(fd, 0640), 0);
		ck_assert_int_eq(close(fd), 0);
		break;
	case 2:
		ck_assert_int_eq(mkdir(place.lock, 0700), 0);
		break;
	case 3:
		ck_assert_int_eq(mkfifo(place.lock, 0600), 0);
		break;
	default:
		owner++;
	}
	r = nk_lock_take(place.lock, owner, 50, &fd);
	ck_assert_msg(r == (_i == 2 ? -EISDIR : -EPERM), "%s: %d",
	    lock_kinds[_i], r);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(lock_replaced)	/* while one waits for the old file */
{
	pid_t pid = hold_lock(200);
	int status;

	ck_assert_int_eq(unlink(place.lock), 0);
	do_many(1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	pid = hold_lock(0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	check_all();
}
END_TEST

/* ---- another store in the store's place ---- */

START_TEST(store_replaced)	/* MUST 13, 10 */
{
	struct edits_place other;
	struct nk_publisher *o;
	char *elsewhere;

	make_user(3);
	ck_assert_int_eq(place_make(&elsewhere, 0), 0);
	edits_place_init(&other, elsewhere);
	ck_assert_int_eq(nk_publisher_open(&o, &other.state, &other.conf,
	    NK_STORE_CREATE), 0);
	ck_assert_int_eq(edits_setup(o), 0);
	ck_assert_int_eq(nk_store_checkpoint(nk_publisher_store(o), 0), 0);
	nk_publisher_free(o);
	ck_assert_int_eq(rename(other.store, place.store), 0);
	(void)snprintf(why, sizeof(why), "%.400s-wal", place.store);
	(void)unlink(why);
	(void)snprintf(why, sizeof(why), "%.400s-shm", place.store);
	(void)unlink(why);
	ck_assert_int_eq(nk_edit_begin(p), -EAGAIN);
	ck_assert_int_eq(nk_publisher_sync(p, true, NULL, NULL), -EAGAIN);
	ck_assert_uint_eq(look_at(0, 1, 0).keys, 7);
	reopen();
	model_init(&m, SEED);	/* an empty one */
	check_all();
	(void)look_at(0, 1, -ENOENT);
	do_many(5);
	check_all();
	place_remove(elsewhere);
}
END_TEST

/*
 * The rows are another store's in the same file, and its last change has the
 * number of ours, whose maps are there, or gone.
 */
START_TEST(rows_replaced)	/* MUST 10 */
{
	const uint8_t id[16] = "another store's";
	struct nk_store *store = nk_publisher_store(p);

	make_user(3);
	ck_assert_int_eq(nk_store_begin(store), 0);
	ck_assert_int_eq(nk_property_set(store, "id", id, sizeof(id)), 0);
	ck_assert_int_eq(nk_store_commit(store), 0);
	if (_i == 1) {
		(void)snprintf(why, sizeof(why), "%.400s/%s", place.maps,
		    NK_MAP_ACCOUNTS);
		ck_assert_int_eq(unlink(why), 0);
	}
	do_next();
	check_all();
	do_many(5);
	check_all();
}
END_TEST

START_TEST(store_went_back)	/* to an older copy of itself */
{
	char copy[MODEL_TEXT], cmd[MODEL_TEXT];
	struct model before;
	struct stat st;
	char *buf;
	int fd;

	make_user(2);
	ck_assert_int_eq(nk_store_checkpoint(nk_publisher_store(p), 0), 0);
	before = m;
	(void)snprintf(copy, sizeof(copy), "%.400s/copy", dir);
	ck_assert_int_ne(fd = open(place.store, O_RDONLY), -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_ptr_nonnull(buf = malloc((size_t)st.st_size));
	ck_assert_int_eq(read(fd, buf, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	do_many(10);
	nk_publisher_free(p);
	p = NULL;
	ck_assert_int_ne(fd = open(copy, O_WRONLY | O_CREAT, 0600), -1);
	ck_assert_int_eq(write(fd, buf, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	free(buf);
	ck_assert_int_eq(rename(copy, place.store), 0);
	(void)snprintf(cmd, sizeof(cmd), "%.400s-wal", place.store);
	(void)unlink(cmd);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	m = before;
	check_all();
	ck_assert_int_ge(nk_publisher_missing(p), 10);
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_publisher_missing(p), 0);
}
END_TEST

/* ---- maps that are not what they should be: MUST 10 ---- */

static const char *const map_names[] = {
	NK_MAP_KEYS, NK_MAP_SECRETS, NK_MAP_ACCOUNTS,
};
enum damage {
	REMOVED, EMPTY, CUT, NO_MAGIC, BAD_HEADER, BAD_STATE, FOLDER_GONE,
	OTHER_BOOT, DAMAGES
};
static const char *const damage_names[DAMAGES] = {
	"removed", "empty", "cut", "no magic", "header", "state",
	"folder gone", "other boot",
};

static void
write_at(const char *path, off_t at, const char *what, size_t len)
{
	int fd;

	ck_assert_int_ne(fd = open(path, O_WRONLY), -1);
	ck_assert_int_eq(pwrite(fd, what, len, at), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

/* A good map, but of another boot. */
static void
make_foreign(size_t i)
{
	struct nk_map_identity id = { { 1 }, { 2 } };
	const struct nk_map_hint hint = { 0, 0, 0 };
	const struct nk_publish_file *f = &nk_publish_files[i];
	struct nk_mapwriter *w;
	int fd;

	memcpy(id.store_id, p->id.store_id, sizeof(id.store_id));
	ck_assert_int_ne(fd = open(place.maps, O_RDONLY | O_DIRECTORY), -1);
	ck_assert_int_eq(nk_mapwriter_create(&w, fd, f->name, f->kind, &id,
	    &hint, f->mode, geteuid(), getegid()), 0);
	ck_assert_int_eq(nk_mapwriter_set_published(w,
	    (uint64_t)nk_publish_published(p)), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(close(fd), 0);
}

static void
damage(enum damage how, size_t i)
{
	char path[MODEL_TEXT], away[MODEL_TEXT];

	(void)snprintf(path, sizeof(path), "%.400s/%s", place.maps,
	    map_names[i]);
	switch (how) {
	case REMOVED:
		ck_assert_int_eq(unlink(path), 0);
		break;
	case EMPTY:
		ck_assert_int_eq(truncate(path, 0), 0);
		break;
	case CUT:
		ck_assert_int_eq(truncate(path, 5000), 0);
		break;
	case NO_MAGIC:
		write_at(path, 0, "nothing!", 8);
		break;
	case BAD_HEADER:
		write_at(path, 24, "\377\377", 2);
		break;
	case BAD_STATE:
		write_at(path, (off_t)NK_MAP_STATE_AT + 8, "\377\377", 2);
		break;
	case FOLDER_GONE:
		(void)umount2(place.maps, MNT_DETACH);
		(void)snprintf(away, sizeof(away), "%.400s/away", dir);
		ck_assert_int_eq(rename(place.maps, away), 0);
		break;
	default:
		make_foreign(i);
	}
}

START_TEST(maps_damaged)
{
	enum damage how = (enum damage)(_i / 6);
	size_t i = (size_t)(_i % 3);
	bool open = _i / 3 % 2 == 0;	/* on an open connection, or at open */

	make_user(3);
	do_many(10);
	damage(how, i);
	if (how == BAD_STATE) {	/* the reader does not look there */
		ck_assert_msg(open || faults(p).n > 0, "%s, %s",
		    damage_names[how], map_names[i]);
	}
	if (open)
		do_next();
	else
		reopen();
	check_all();
	do_many(3);
	check_all();
}
END_TEST

START_TEST(folder_refused)
{
	ck_assert_int_eq(chmod(place.maps, 0777), 0);
	do_many(3);		/* it is open and trusted */
	nk_publisher_free(p);
	p = NULL;
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), -EPERM);
	ck_assert_int_eq(chmod(place.maps, 0700), 0);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	check_all();
}
END_TEST

START_TEST(modes)
{
	struct stat st;
	char path[MODEL_TEXT];
	static const mode_t want[] = { 0640, 0600, 0644 };
	size_t i;

	for (i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%.400s/%s", place.maps,
		    map_names[i]);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, want[i]);
		ck_assert_uint_eq(st.st_uid, geteuid());
	}
	ck_assert_int_eq(stat(place.lock, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(settings_follow)
{
	struct nk_map_settings s;
	struct nk_view v;
	char path[MODEL_TEXT];

	nk_publisher_free(p);
	place.conf.min_id = 5000;
	place.conf.shadow_hashes = true;
	place.state.managed_gid = 777;
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_READ), 0);
	ck_assert_uint_eq(faults(p).n, 1);
	ck_assert_uint_eq(faults(p).n, 1);	/* not repaired */
	reopen();
	ck_assert_uint_eq(faults(p).n, 0);
	(void)snprintf(path, sizeof(path), "%.400s/accounts.map",
	    place.maps);
	ck_assert_int_eq(nk_view_open(&v, -1, path, NK_MAP_KIND_ACCOUNTS,
	    NK_VIEW_PREAD), 0);
	ck_assert_int_eq(nk_map_settings(&v, &s), 0);
	ck_assert_uint_eq(s.min_id, 5000);
	ck_assert_uint_eq(s.managed_gid, 777);
	ck_assert_uint_eq(s.flags, NK_MAP_SHADOW_HASHES);
	nk_view_close(&v);
}
END_TEST

/* ---- a full file system ---- */

static void
fill(void)
{
	char path[MODEL_TEXT];
	static const char zeros[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%.400s/ballast", place.maps);
	ck_assert_int_ne(fd = open(path, O_WRONLY | O_CREAT, 0600), -1);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	(void)close(fd);
}

static void
unfill(void)
{
	char path[MODEL_TEXT];

	(void)snprintf(path, sizeof(path), "%.400s/ballast", place.maps);
	ck_assert_int_eq(unlink(path), 0);
}

static bool
is_private(void)
{
	char path[MODEL_TEXT];

	(void)snprintf(path, sizeof(path), "%.400s/..", place.maps);
	struct stat a, b;
	return stat(place.maps, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_dev != b.st_dev;
}

/* Use up what the files have in hand, until an addition is refused. */
static int
until_refused(void)
{
	int r = 0, i;

	for (i = 0; i < 20000 && r == 0; i++) {
		ck_assert_int_eq(nk_edit_begin(p), 0);
		insert_users(100000 + (unsigned int)i, 1);
		r = nk_edit_commit(p);
	}
	return r;
}

START_TEST(full_maps)		/* MUST 5, 6 */
{
	static const enum op_kind restricting[] = { OP_LOCK, OP_REMOVE_KEY,
	    OP_REMOVE_KEY, OP_REMOVE_KEY, OP_LEAVE, OP_EXPIRE, OP_DELETE };
	struct op op = { OP_GROUP_CREATE, 0, 0, 0 };
	int64_t users, after;
	size_t i;
	int r;

	if (!is_private())
		return;		/* not allowed to mount here */
	make_user(4);
	ck_assert_int_eq(do_op(&op), 0);
	op.kind = OP_JOIN;
	ck_assert_int_eq(do_op(&op), 0);
	fill();
	ck_assert_int_eq(until_refused(), -ENOSPC);
	ck_assert_int_eq(nk_user_count(nk_publisher_store(p), &users), 0);
	ck_assert_uint_eq(faults(p).n, 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	insert_users(1, 1);
	ck_assert_int_eq(nk_edit_commit(p), -ENOSPC);
	ck_assert_int_eq(nk_user_count(nk_publisher_store(p), &after), 0);
	ck_assert_int_eq(users, after);
	for (i = 0; i < sizeof(restricting) / sizeof(restricting[0]); i++) {
		op = (struct op){ restricting[i], 0, (unsigned int)i, 0 };
		if (op.kind == OP_EXPIRE)
			op.key = 0;	/* long ago */
		r = do_op(&op);
		ck_assert_msg(r == 0, "%s with full maps: %d",
		    op_names[op.kind], r);
		ck_assert_int_eq(look_all(&look, &m, why), 0);
		ck_assert_uint_eq(faults(p).n, 0);
	}
	/* a bulk edit needs new files */
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_store_changes_bulk(nk_publisher_store(p)), 0);
	insert_users(2, 2);
	ck_assert_int_eq(nk_edit_commit(p), -ENOSPC);
	ck_assert_int_eq(nk_publisher_tidy(p), 0);
	unfill();
	ck_assert_int_eq(nk_edit_begin(p), 0);
	insert_users(1, 1);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_uint_eq(faults(p).n, 0);
}
END_TEST

START_TEST(full_at_boot)	/* MUST 10: refused, not half done */
{
	size_t i;

	if (!is_private())
		return;
	place.state.threads = _i == 1;
	make_user(2);
	nk_publisher_free(p);
	p = NULL;
	for (i = 0; i < 3; i++)
		damage(REMOVED, i);
	fill();
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), -ENOSPC);
	ck_assert_ptr_null(p);
	unfill();
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	check_all();
	damage(OTHER_BOOT, 2);	/* small, so that the rest does not fit */
	fill();
	ck_assert_int_eq(nk_edit_begin(p), -ENOSPC);
	ck_assert_int_eq(nk_publisher_sync(p, false, NULL, NULL), -ENOSPC);
	unfill();
	do_many(2);
	check_all();
}
END_TEST

/* ---- verify finds what is wrong ---- */

enum wrong {
	W_HASH, W_KEY, W_KEY_GONE, W_NAME, W_FLAGS, W_GROUP, W_EXTRA_USER,
	W_EXTRA_GROUP, W_EXTRA_KEYS, W_EXTRA_SECRET, W_GENERATION, W_BEHIND,
	W_MISSING, WRONGS
};
static const char *const wrong_says[WRONGS] = {
	"another secret", "keys in keys.map", "not found in keys.map",
	"another account", "another account", "other groups",
	"in accounts.map and not in the store",
	"in accounts.map and not in the store", "keys.map: row 999",
	"secrets.map: row 999", "valid for another generation",
	"the maps lack changes", "it is missing",
};

/* Put something into the maps that the store does not say. */
static void
falsify(enum wrong what, struct nk_plan_user *u)
{
	struct nk_mapwriter *acc = p->map[NK_PUB_ACCOUNTS];
	struct nk_mapwriter *keys = p->map[NK_PUB_KEYS];
	struct nk_mapwriter *secrets = p->map[NK_PUB_SECRETS];
	const uint64_t two[2] = { u->to, u->to + 1 };
	struct nk_put_group g = { .row = 999, .gid = 9999, .name = "extra" };
	int r = 0;

	switch (what) {
	case W_HASH:
		u->secret.hash = "$y$";
		r = nk_mapwriter_put_secret(secrets, &u->secret);
		break;
	case W_KEY:
		u->keyset.count--;
		r = nk_mapwriter_put_keyset(keys, &u->keyset);
		break;
	case W_KEY_GONE:
		r = nk_mapwriter_drop_keyset(keys, u->put.row);
		break;
	case W_NAME:
		u->put.name = "somebody";
		r = nk_mapwriter_put_user(acc, &u->put);
		break;
	case W_FLAGS:
		r = nk_mapwriter_restrict_user(acc, u->put.row,
		    NK_USER_LOCKED);
		break;
	case W_GROUP:
		u->put.ngroups = 0;
		r = nk_mapwriter_put_user(acc, &u->put);
		break;
	case W_EXTRA_USER:
		u->put.row = 999;
		u->put.uid = 9999;
		u->put.name = "extra";
		r = nk_mapwriter_put_user(acc, &u->put);
		break;
	case W_EXTRA_GROUP:
		r = nk_mapwriter_put_group(acc, &g);
		break;
	case W_EXTRA_KEYS:
		u->keyset.row = 999;
		r = nk_mapwriter_put_keyset(keys, &u->keyset);
		break;
	case W_EXTRA_SECRET:
		u->secret.row = 999;
		r = nk_mapwriter_put_secret(secrets, &u->secret);
		break;
	case W_GENERATION:
		r = nk_mapwriter_keyset_generations(keys, u->put.row, two);
		break;
	case W_BEHIND:
		r = nk_mapwriter_set_published(secrets, 1);
		break;
	default:
		damage(REMOVED, 1);
	}
	ck_assert_int_eq(r, 0);
}

START_TEST(verify_finds)
{
	struct op op = { OP_GROUP_CREATE, 0, 0, 0 };
	struct nk_plan_user u = { .account = true, .keys = true };
	struct nk_publisher *reader;
	struct faults f;

	make_user(3);
	ck_assert_int_eq(do_op(&op), 0);
	op.kind = OP_JOIN;
	ck_assert_int_eq(do_op(&op), 0);
	ck_assert_int_eq(nk_user_by_name(nk_publisher_store(p), "u00_1",
	    &u.user), 0);
	u.row = u.user->id;
	u.from = (uint64_t)u.user->generation;
	ck_assert_int_eq(nk_plan_user_render(nk_publisher_store(p), &u), 0);
	u.keyset.generation[0] = u.to;
	check_all();
	falsify((enum wrong)_i, &u);
	nk_plan_user_clear(&u);
	ck_assert_int_eq(nk_publisher_open(&reader, &place.state,
	    &place.conf, NK_STORE_READ), 0);
	f = faults(reader);
	ck_assert_msg(f.n >= 1 && strstr(f.text, wrong_says[_i]) != NULL,
	    "%s: %u faults: %s", wrong_says[_i], f.n, f.text);
	ck_assert_uint_eq(faults(reader).n, f.n);	/* not repaired */
	nk_publisher_free(reader);
	ck_assert_int_eq(nk_publisher_sync(p, true, NULL, NULL), 0);
	check_all();
}
END_TEST

/* ---- tidying up: MUST 15 ---- */

static off_t
size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

static int
count_row(void *arg, const struct nk_audit *a)
{
	int *np = arg;

	(void)a;
	++*np;
	return 0;
}

START_TEST(tidied)
{
	int rows = 0, i;
	char wal[MODEL_TEXT];

	place.conf.audit_rows = 50;
	place.conf.wal_limit = 65536;
	(void)snprintf(wal, sizeof(wal), "%.400s-wal", place.store);
	for (i = 0; i < 400; i++) {
		do_next();
		ck_assert_int_eq(nk_publisher_tidy(p), 0);
		ck_assert_int_lt(size_of(wal), 4 * 1024 * 1024);
	}
	check_all();
	ck_assert_int_eq(nk_audit_each(nk_publisher_store(p), 0, 0,
	    count_row, &rows), 0);
	ck_assert_int_ge(rows, 50);
	ck_assert_int_le(rows, 50 + 2 * NK_TIDY_EVERY);
}
END_TEST

START_TEST(tidied_by_size)
{
	struct nk_audit a = { .actor = "x", .action = "x", .text = "x",
	    .object_kind = "x", .object = "x" };
	int rows = 0, i;

	ck_assert_int_eq(nk_edit_begin(p), 0);
	for (i = 0; i < 2000; i++)
		ck_assert_int_eq(nk_audit_add(nk_publisher_store(p), &a), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	place.conf.audit_size = 0;
	for (i = 0; i < 2 * NK_TIDY_EVERY; i++) {
		do_next();
		ck_assert_int_eq(nk_publisher_tidy(p), 0);
	}
	check_all();
	ck_assert_int_eq(nk_audit_each(nk_publisher_store(p), 0, INT64_MIN,
	    count_row, &rows), 0);
	ck_assert_int_le(rows, 2000 + 2 * NK_TIDY_EVERY - NK_TIDY_BITE);
}
END_TEST

START_TEST(tidy_does_not_wait)
{
	int64_t before = now_ms();
	pid_t pid;
	int status;

	do_many(1);
	pid = hold_lock(2000);
	ck_assert_int_eq(nk_publisher_tidy(p), 0);
	ck_assert_int_lt(now_ms() - before, 1500);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}
END_TEST

/* ---- the name service cache ---- */

struct cache {
	char	path[MODEL_TEXT];
	int	fd;
	pid_t	pid;
};

/* Answers each request after so many seconds; writes what was asked. */
static void
cache_serve(int fd, int out, unsigned int delay_s)
{
	const struct timespec ts = { delay_s, 0 };
	const int32_t answer = 0;
	char buf[64];
	ssize_t n;
	int c;

	for (;;) {
		if ((c = accept(fd, NULL, NULL)) == -1 ||
		    (n = read(c, buf, sizeof(buf))) < 0 ||
		    write(out, buf, (size_t)n) != n)
			_exit(1);
		(void)nanosleep(&ts, NULL);
		(void)send(c, &answer, sizeof(answer), MSG_NOSIGNAL);
		(void)close(c);
	}
}

static int
cache_start(struct cache *c, unsigned int delay_s, bool serve)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int out[2];

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/nscd",
	    dir);
	(void)snprintf(c->path, sizeof(c->path), "%s", sun.sun_path);
	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_ne(c->fd = socket(AF_UNIX, SOCK_STREAM, 0), -1);
	ck_assert_int_eq(bind(c->fd, (struct sockaddr *)&sun, sizeof(sun)),
	    0);
	ck_assert_int_eq(listen(c->fd, 1), 0);
	c->pid = -1;
	if (serve && (c->pid = fork()) == 0)
		cache_serve(c->fd, out[1], delay_s);
	(void)close(out[1]);
	return out[0];
}

static void
cache_stop(const struct cache *c)
{
	if (c->pid > 0) {
		ck_assert_int_eq(kill(c->pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(c->pid, NULL, 0), c->pid);
	}
	(void)close(c->fd);
}

START_TEST(nscd_told)
{
	static const char want[] =
	    "\2\0\0\0\12\0\0\0\7\0\0\0passwd\0"
	    "\2\0\0\0\12\0\0\0\6\0\0\0group";
	char got[128];
	struct cache c;
	size_t n = 0;
	ssize_t r;
	int in = cache_start(&c, 0, true);

	nk_nscd_forget(c.path);
	while (n < sizeof(want) &&
	    (r = read(in, got + n, sizeof(got) - n)) > 0)
		n += (size_t)r;
	ck_assert_uint_eq(n, sizeof(want));
	ck_assert_mem_eq(got, want, sizeof(want));
	cache_stop(&c);
	(void)close(in);
}
END_TEST

START_TEST(nscd_does_not_hold_up)	/* slow, deaf, or not there */
{
	int64_t before = now_ms();
	char long_path[200];
	struct cache c;
	int in = cache_start(&c, 600, _i == 0);

	nk_nscd_forget(c.path);
	ck_assert_int_lt(now_ms() - before, 60000);
	cache_stop(&c);
	(void)close(in);
	before = now_ms();
	nk_nscd_forget(c.path);		/* nobody listens any more */
	nk_nscd_forget("/nonexistent/nscd");
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	nk_nscd_forget(long_path);
	ck_assert_int_lt(now_ms() - before, 60000);
}
END_TEST

static TCase *
add_case(Suite *s, const char *name, void (*make)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, make, teardown);
	suite_add_tcase(s, tc);
	return tc;
}

static void
add_edits(Suite *s)
{
	TCase *tc = add_case(s, "edits", setup);

	tcase_add_test(tc, stream);
	tcase_add_test(tc, readers_keep_up);
	tcase_add_test(tc, abort_changes_nothing);
	tcase_add_test(tc, brackets);
	tcase_add_test(tc, rendered_account);
	tcase_add_test(tc, primary_gid_follows);
	tcase_add_test(tc, names_swapped);
	tcase_add_test(tc, name_taken_over);
	tcase_add_loop_test(tc, order, 0,
	    (int)(sizeof(orders) / sizeof(orders[0])));
	tcase_add_loop_test(tc, rendered_key, 0,
	    (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tc, too_many_keys);
	tcase_add_test(tc, tables_grow);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, import);
	tcase_add_loop_test(tc, keys_beside, 0, 2);
	tcase_add_test(tc, two_processes);
	tcase_add_test(tc, verify_beside_edits);
	tcase_add_test(tc, tidied);
	tcase_add_test(tc, tidied_by_size);
	tcase_add_test(tc, tidy_does_not_wait);
}

static void
add_repairs(Suite *s)
{
	TCase *tc = add_case(s, "repairs", setup);

	tcase_add_test(tc, repair_comes_first);
	tcase_add_test(tc, repair_at_open);
	tcase_add_loop_test(tc, look_before_repair, 0, 2);
	tcase_add_loop_test(tc, repair_by_sync, 0, 2);
	tcase_add_test(tc, journal_is_trimmed);
	tcase_add_test(tc, store_replaced);
	tcase_add_loop_test(tc, rows_replaced, 0, 2);
	tcase_add_test(tc, store_went_back);
	tcase_add_loop_test(tc, maps_damaged, 0, DAMAGES * 6);
	tcase_add_test(tc, folder_refused);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, settings_follow);
	tcase_add_loop_test(tc, verify_finds, 0, WRONGS);
}

int
main(void)
{
	Suite *s = suite_create("publish");
	SRunner *sr = srunner_create(s);
	TCase *tc;
	int failed;

	add_edits(s);
	add_repairs(s);
	tc = add_case(s, "lock", setup);
	tcase_add_test(tc, lock_waits);
	tcase_add_test(tc, lock_goes_with_its_holder);
	tcase_add_loop_test(tc, lock_refused, 0,
	    (int)(sizeof(lock_kinds) / sizeof(lock_kinds[0])));
	tcase_add_test(tc, lock_replaced);
	tc = add_case(s, "nscd", setup);
	tcase_add_test(tc, nscd_told);
	tcase_add_loop_test(tc, nscd_does_not_hold_up, 0, 2);
	tc = add_case(s, "full", setup_small);
	tcase_add_test(tc, full_maps);
	tcase_add_loop_test(tc, full_at_boot, 0, 2);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
