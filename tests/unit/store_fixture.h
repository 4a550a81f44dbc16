/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_STORE_FIXTURE_H
#define NASKEYS_TEST_STORE_FIXTURE_H

/* A new store in a folder of its own for each test. */

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/store/store.h"
#include "tests/unit/tmp.h"

static char dir[64];
static char path[96];
static struct nk_store *s;

static inline void
make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "store")));
	(void)snprintf(path, sizeof(path), "%s/naskeys.db", dir);
}

static inline void
remove_dir(void)
{
	char name[400];
	struct dirent *e;
	DIR *d = opendir(dir);

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		if (unlink(name) == -1)
			(void)rmdir(name);
	}
	closedir(d);
	(void)rmdir(dir);
}

static inline void
setup(void)
{
	make_dir();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_CREATE), 0);
}

static inline void
teardown(void)
{
	nk_store_close(s);
	s = NULL;
	remove_dir();
}

static inline void
set_text(char **textp, const char *text)
{
	free(*textp);
	*textp = text == NULL ? NULL : strdup(text);
}

/* Begin and commit must work for a test to mean anything. */
static inline void
begin(void)
{
	ck_assert_int_eq(nk_store_begin(s), 0);
}

static inline void
commit(void)
{
	ck_assert_int_eq(nk_store_commit(s), 0);
}

/* Inside a transaction: insert a user, -errno or its id. */
static inline int64_t
add_user(const char *name, uint32_t uid, bool managed)
{
	struct nk_user *u = nk_user_new();
	int64_t id;
	int r;

	ck_assert_ptr_nonnull(u);
	set_text(&u->name, name);
	u->uid = uid;
	u->managed = managed;
	r = nk_user_insert(s, u);
	id = u->id;
	nk_user_free(u);
	return r < 0 ? r : id;
}

static inline int64_t
add_group(const char *name, uint32_t gid)
{
	struct nk_group *g = nk_group_new();
	int64_t id;
	int r;

	ck_assert_ptr_nonnull(g);
	set_text(&g->name, name);
	g->gid = gid;
	r = nk_group_insert(s, g);
	id = g->id;
	nk_group_free(g);
	return r < 0 ? r : id;
}

/* A key line that differs from those of other letters; all is borrowed. */
struct key_text {
	char	fingerprint[64];
	uint8_t	blob[8];
	char	text[64];
};

static inline void
make_key(struct nk_key *k, struct key_text *t, int64_t user, char letter)
{
	static char type[] = "ssh-ed25519", by[] = "root";

	memset(k, 0, sizeof(*k));
	memset(t->blob, letter, sizeof(t->blob));
	(void)snprintf(t->fingerprint, sizeof(t->fingerprint),
	    "SHA256:%c", letter);
	(void)snprintf(t->text, sizeof(t->text), "comment %c", letter);
	k->user_id = user;
	k->added_by = by;
	k->added_at = 1000;
	k->expires_at = INT64_MAX;
	if (letter == ' ') {
		k->kind = NK_KEY_BLANK;
	} else if (letter >= 'a') {
		k->kind = NK_KEY_COMMENT;
		k->comment = t->text;
	} else {
		k->kind = NK_KEY_KEY;
		k->type = type;
		k->blob = t->blob;
		k->blob_len = sizeof(t->blob);
		k->fingerprint = t->fingerprint;
		k->comment = t->text;
		k->bits = 256;
	}
}

static inline int64_t
add_key(int64_t user, char letter)
{
	struct key_text t;
	struct nk_key k;
	int r;

	make_key(&k, &t, user, letter);
	r = nk_key_append(s, &k);
	return r < 0 ? r : k.id;
}

static inline int64_t
last_seq(void)
{
	int64_t seq;

	ck_assert_int_eq(nk_store_seq(s, &seq), 0);
	return seq;
}

/* The changes after "since" as text: "U2 K2 G1 A0". */
static inline const char *
changes_after(int64_t since)
{
	static char text[256];
	struct nk_changes cs;
	size_t i, used = 0;

	text[0] = '\0';
	ck_assert_int_eq(nk_store_changes(s, since, &cs), 0);
	for (i = 0; i < cs.n && used < sizeof(text) - 32; i++) {
		ck_assert(cs.v[i].seq > since);
		ck_assert(i == 0 || cs.v[i].seq > cs.v[i - 1].seq);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%c%lld", i > 0 ? " " : "", "UKGA"[cs.v[i].kind],
		    (long long)cs.v[i].id);
	}
	nk_changes_clear(&cs);
	return text;
}

static inline int
run_suite(Suite *suite)
{
	SRunner *sr = srunner_create(suite);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif /* NASKEYS_TEST_STORE_FIXTURE_H */
