/* SPDX-License-Identifier: ISC */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/seal/sealkey.h"

#define A	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define B	"ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static char folder[32], path[64], fresh[64], spare[64];

static void
set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_sealkey.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/seal.key", folder);
	(void)snprintf(fresh, sizeof(fresh), "%s/seal.key.new", folder);
	(void)snprintf(spare, sizeof(spare), "%s/spare", folder);
}

static void
tear_down(void)
{
	(void)chmod(folder, 0700);
	(void)unlink(path);
	(void)unlink(fresh);
	(void)unlink(spare);
	(void)rmdir(path);
	(void)rmdir(fresh);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
put(const char *name, const char *text)
{
	int fd;

	(void)unlink(name);
	ck_assert_int_ge(fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600),
	    0);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

static bool
holds(const char *name, const char *text)
{
	char buf[256] = "";
	ssize_t n;
	int fd;

	if ((fd = open(name, O_RDONLY)) == -1)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	return n == (ssize_t)strlen(text) && strcmp(buf, text) == 0;
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

/* The result of a load, and that a refusal holds nothing. */
static int
load(const char *id)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	int r;

	r = nk_sealkey_load(&k, path, id);
	if (r == 0)
		ck_assert_uint_eq(k.key.len, NK_SEALKEY_SIZE);
	else
		ck_assert(k.key.p == NULL && k.id[0] == '\0' && k.lock == 0);
	nk_sealkey_clear(&k);
	return r;
}

static void
id_of(const char *digits, char id[NK_SEALKEY_ID + 1])
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	char text[80];

	(void)snprintf(text, sizeof(text), "%s\n", digits);
	put(path, text);
	ck_assert_int_eq(nk_sealkey_load(&k, path, NULL), 0);
	memcpy(id, k.id, NK_SEALKEY_ID + 1);
	nk_sealkey_clear(&k);
	ck_assert_int_eq(unlink(path), 0);
}

/* ---- what the file says ---- */

static const struct {
	const char	*what;
	const char	*text;
	int		 r;
} contents[] = {
	{ "lower case", A "\n", 0 },
	{ "upper case", "000102030405060708090A0B0C0D0E0F"
	    "101112131415161718191A1B1C1D1E1F\n", 0 },
	{ "empty", "", -EBADMSG },
	{ "a newline", "\n", -EBADMSG },
	{ "no newline", A, -EBADMSG },
	{ "no newline, another digit", A "0", -EBADMSG },
	{ "a carriage return", A "\r", -EBADMSG },
	{ "a carriage return more", A "\r\n", -EBADMSG },
	{ "two newlines", A "\n\n", -EBADMSG },
	{ "two keys", A "\n" B "\n", -EBADMSG },
	{ "one digit too few", "00102030405060708090a0b0c0d0e0f1"
	    "01112131415161718191a1b1c1d1e1f\n", -EBADMSG },
	{ "a blank in front", " 00102030405060708090a0b0c0d0e0f1"
	    "01112131415161718191a1b1c1d1e1f\n", -EBADMSG },
	{ "a sign", "+00102030405060708090a0b0c0d0e0f1"
	    "01112131415161718191a1b1c1d1e1f\n", -EBADMSG },
	{ "0x", "0x0102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f\n", -EBADMSG },
	{ "a g at the end", "000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1g\n", -EBADMSG },
	{ "a colon", "00010203040506070809:a0b0c0d0e0f1"
	    "01112131415161718191a1b1c1d1e1f\n", -EBADMSG },
	{ "a newline within", "000102030405060708090a0b0c0d0e0f\n"
	    "01112131415161718191a1b1c1d1e1f\n", -EBADMSG },
};

START_TEST(content)
{
	put(path, contents[_i].text);
	ck_assert_msg(load(NULL) == contents[_i].r, "%s", contents[_i].what);
	ck_assert(holds(path, contents[_i].text));
}
END_TEST

START_TEST(the_bytes)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	char a[NK_SEALKEY_ID + 1], b[NK_SEALKEY_ID + 1];
	int i;

	put(path, A "\n");
	ck_assert_int_eq(nk_sealkey_load(&k, path, NULL), 0);
	for (i = 0; i < NK_SEALKEY_SIZE; i++)
		ck_assert_int_eq(k.key.p[i], i);
	ck_assert_uint_eq(strlen(k.id), NK_SEALKEY_ID);
	/* the id tells keys apart, and stays the same for ever */
	ck_assert_str_eq(k.id, "87bf567760e69824");
	nk_sealkey_clear(&k);
	id_of(A, a);
	id_of(B, b);
	ck_assert_str_ne(a, b);
	/* and gives no byte of the key away */
	ck_assert_ptr_null(strstr(A, a));
}
END_TEST

/* ---- what the file is ---- */

static const mode_t good_modes[] = { 0600, 0400 };
static const mode_t bad_modes[] = {
	0, 0200, 0500, 0700, 0601, 0602, 0604, 0610, 0620, 0640, 0660, 0644,
	0666, 0440, 0404, 0777, 01600, 02600, 04600,
};

START_TEST(good_mode)
{
	put(path, A "\n");
	ck_assert_int_eq(chmod(path, good_modes[_i]), 0);
	ck_assert_int_eq(load(NULL), 0);
}
END_TEST

START_TEST(bad_mode)
{
	int want = -EPERM;

	put(path, A "\n");
	ck_assert_int_eq(chmod(path, bad_modes[_i]), 0);
	if (geteuid() != 0 && (bad_modes[_i] & 0400) == 0)
		want = -EACCES;
	ck_assert_msg(load(NULL) == want, "mode %o", bad_modes[_i]);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert(holds(path, A "\n"));
}
END_TEST

START_TEST(another_owner)
{
	if (geteuid() != 0)
		return;
	put(path, A "\n");
	ck_assert_int_eq(chown(path, 1, 0), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
	ck_assert_int_eq(chown(path, 0, 1), 0);
	ck_assert_int_eq(load(NULL), 0);	/* a group that may nothing */
}
END_TEST

START_TEST(another_kind)
{
	put(spare, A "\n");
	ck_assert_int_eq(symlink("spare", path), 0);
	ck_assert_int_eq(load(NULL), -ELOOP);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(link(spare, path), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
}
END_TEST

START_TEST(the_folder)
{
	static const mode_t bad[] = { 0770, 0720, 0702, 0777, 01777 };
	struct nk_sealkey k = NK_SEALKEY_NONE;
	size_t i;

	put(path, A "\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(chmod(folder, bad[i]), 0);
		ck_assert_int_eq(load(NULL), -EPERM);
		ck_assert_int_eq(nk_sealkey_prepare(&k, path), -EPERM);
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_sealkey_create(&k, path), -EPERM);
	ck_assert(!is_there(path) && !is_there(fresh));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	put(path, A "\n");
	ck_assert_int_eq(load(NULL), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(load(NULL), -ENOENT);
}
END_TEST

START_TEST(no_path)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	char name[300];

	ck_assert_int_eq(nk_sealkey_load(&k, "", NULL), -EINVAL);
	ck_assert_int_eq(nk_sealkey_load(&k, "/tmp/", NULL), -EINVAL);
	ck_assert_int_eq(nk_sealkey_load(&k, "..", NULL), -EINVAL);
	ck_assert_int_eq(nk_sealkey_load(&k, "/no/folder/key", NULL),
	    -ENOENT);
	memset(name, 'n', sizeof(name));
	name[252] = '\0';	/* with ".new" one byte too long */
	ck_assert_int_eq(nk_sealkey_load(&k, name, NULL), -ENAMETOOLONG);
}
END_TEST

/* ---- making one ---- */

START_TEST(create)
{
	struct nk_sealkey k = NK_SEALKEY_NONE, again = NK_SEALKEY_NONE;
	struct stat st;

	(void)umask(0777);
	ck_assert_int_eq(nk_sealkey_create(&k, path), 0);
	(void)umask(022);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(st.st_size, 65);
	ck_assert(!is_there(fresh));
	ck_assert_int_eq(nk_sealkey_load(&again, path, k.id), 0);
	ck_assert_mem_eq(again.key.p, k.key.p, NK_SEALKEY_SIZE);
	ck_assert_str_eq(again.id, k.id);
	nk_sealkey_clear(&again);
	ck_assert_int_eq(nk_sealkey_create(&again, path), -EEXIST);
	ck_assert_ptr_null(again.key.p);
	ck_assert_int_eq(load(k.id), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_sealkey_create(&again, path), 0);
	ck_assert_str_ne(again.id, k.id);
	nk_sealkey_clear(&again);
	nk_sealkey_clear(&k);
}
END_TEST

/* Whatever stands there, it is not overwritten, nor is anything left. */
/* Where a credential lies: what root wrote there would not be kept. */
START_TEST(handed_over)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;

	ck_assert_int_eq(chmod(folder, 0500), 0);
	ck_assert_int_eq(nk_sealkey_create(&k, path), -EROFS);
	ck_assert_ptr_null(k.key.p);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(chmod(folder, 0700), 0);
	put(path, A "\n");
	ck_assert_int_eq(chmod(path, 0400), 0);
	ck_assert_int_eq(chmod(folder, 0500), 0);
	ck_assert_int_eq(nk_sealkey_load(&k, path, NULL), 0);
	nk_sealkey_clear(&k);
	ck_assert_int_eq(nk_sealkey_prepare(&k, path), -EROFS);
	ck_assert_ptr_null(k.key.p);
	ck_assert_int_eq(access(fresh, F_OK), -1);
	ck_assert(holds(path, A "\n"));
}
END_TEST

START_TEST(create_over)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;

	put(path, "");
	ck_assert_int_eq(nk_sealkey_create(&k, path), -EEXIST);
	ck_assert(holds(path, ""));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert_int_eq(nk_sealkey_create(&k, path), -EEXIST);
	ck_assert(!is_there(fresh) && !is_there(spare));
	ck_assert_int_eq(unlink(path), 0);
	/* a successor's name that is not ours to take */
	ck_assert_int_eq(symlink("nowhere", fresh), 0);
	ck_assert_int_eq(nk_sealkey_create(&k, path), -ELOOP);
	ck_assert_int_eq(unlink(fresh), 0);
	ck_assert_int_eq(mkdir(fresh, 0700), 0);
	ck_assert_int_eq(nk_sealkey_create(&k, path), -EPERM);
	ck_assert(!is_there(path) && k.key.p == NULL);
}
END_TEST

/* A creation that was killed: before the link, and after it. */
START_TEST(create_killed)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	struct stat st;

	put(fresh, A);
	ck_assert_int_eq(load(NULL), -ENOENT);
	ck_assert_int_eq(nk_sealkey_create(&k, path), 0);
	nk_sealkey_clear(&k);
	ck_assert(!is_there(fresh));
	ck_assert_int_eq(link(path, fresh), 0);
	ck_assert_int_eq(load(NULL), 0);
	ck_assert(!is_there(fresh));
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	/* another second link is none of that */
	ck_assert_int_eq(link(path, spare), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
	ck_assert_int_eq(link(path, fresh), 0);
	ck_assert_int_eq(load(NULL), -EPERM);
	ck_assert(is_there(fresh) && is_there(spare));
}
END_TEST

START_TEST(create_at_once)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	int i, r, status, made = 0;
	pid_t pid[8];

	for (i = 0; i < 8; i++) {
		ck_assert_int_ge(pid[i] = fork(), 0);
		if (pid[i] > 0)
			continue;
		r = nk_sealkey_create(&k, path);
		_exit(r == 0 ? 1 : r == -EEXIST || r == -EAGAIN ? 0 : 2);
	}
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += WEXITSTATUS(status);
	}
	ck_assert_int_eq(made, 1);
	ck_assert_int_eq(load(NULL), 0);
	ck_assert(!is_there(fresh));
}
END_TEST

/* ---- which of the two is in force ---- */

enum { NOTHING, OLD, NEW, PART, STRANGER };
static const char *const texts[] = {
	[NOTHING] = NULL, [OLD] = A "\n", [NEW] = B "\n", [PART] = B,
	[STRANGER] = NULL,
};

static const struct {
	const char	*what;
	int		 path, fresh;	/* as they are found */
	int		 id;		/* of the store */
	int		 r;
	int		 path_then, fresh_then;
} states[] = {
	{ "in peace", OLD, NOTHING, OLD, 0, OLD, NOTHING },
	{ "begun", OLD, PART, OLD, 0, OLD, PART },
	/* or committed since the id was read: it must stay */
	{ "written", OLD, NEW, OLD, 0, OLD, NEW },
	{ "committed", OLD, NEW, NEW, 0, NEW, NOTHING },
	{ "renamed", NEW, NOTHING, NEW, 0, NEW, NOTHING },
	{ "only the new one", NOTHING, NEW, NEW, 0, NEW, NOTHING },
	{ "no id yet", OLD, NEW, NOTHING, 0, OLD, NEW },
	{ "lost", NOTHING, NOTHING, OLD, -ENOENT, NOTHING, NOTHING },
	{ "lost, a new one", NOTHING, NEW, OLD, -ENOENT, NOTHING, NEW },
	{ "lost, part of one", NOTHING, PART, OLD, -ENOENT, NOTHING, PART },
	{ "another", OLD, NOTHING, NEW, -ESTALE, OLD, NOTHING },
	{ "another, part of one", OLD, PART, NEW, -ESTALE, OLD, PART },
	{ "two others", OLD, NEW, STRANGER, -ESTALE, OLD, NEW },
	{ "damaged", PART, NOTHING, OLD, -EBADMSG, PART, NOTHING },
	{ "damaged, the new one", PART, NEW, NEW, -EBADMSG, PART, NEW },
	{ "none, no id yet", NOTHING, NEW, NOTHING, -ENOENT, NOTHING, NEW },
};

static void
set_state(int at_path, int at_fresh)
{
	if (texts[at_path] != NULL)
		put(path, texts[at_path]);
	if (texts[at_fresh] != NULL)
		put(fresh, texts[at_fresh]);
}

static bool
is_state(const char *name, int state)
{
	return texts[state] == NULL ? !is_there(name) :
	    holds(name, texts[state]);
}

START_TEST(interrupted)
{
	char ids[5][NK_SEALKEY_ID + 1] = { [STRANGER] = "0123456789abcdef" };
	const char *id = NULL;
	int i;

	id_of(A, ids[OLD]);
	id_of(B, ids[NEW]);
	if (states[_i].id != NOTHING)
		id = ids[states[_i].id];
	set_state(states[_i].path, states[_i].fresh);
	for (i = 0; i < 2; i++) {	/* the second time nothing changes */
		ck_assert_msg(load(id) == states[_i].r, "%s",
		    states[_i].what);
		ck_assert_msg(is_state(path, states[_i].path_then) &&
		    is_state(fresh, states[_i].fresh_then), "%s",
		    states[_i].what);
	}
}
END_TEST

/* What stands at path and is refused is not replaced either. */
START_TEST(interrupted_and_refused)
{
	char id[NK_SEALKEY_ID + 1];

	id_of(B, id);
	put(fresh, B "\n");
	put(path, A "\n");
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(load(id), -EPERM);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(chmod(fresh, 0644), 0);
	ck_assert_int_eq(load(id), -EPERM);
	ck_assert(holds(path, A "\n") && holds(fresh, B "\n"));
	ck_assert_int_eq(chmod(fresh, 0600), 0);
	ck_assert_int_eq(load(id), 0);
	ck_assert(holds(path, B "\n") && !is_there(fresh));
}
END_TEST

START_TEST(rotate)
{
	struct nk_sealkey old = NK_SEALKEY_NONE, new = NK_SEALKEY_NONE;
	struct nk_sealkey third = NK_SEALKEY_NONE;
	struct stat st;

	ck_assert_int_eq(nk_sealkey_create(&old, path), 0);
	ck_assert_int_eq(nk_sealkey_prepare(&new, path), 0);
	ck_assert_str_ne(old.id, new.id);
	ck_assert_int_eq(lstat(fresh, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	/* under way: nobody removes it, renames it or makes another */
	ck_assert_int_eq(load(old.id), 0);
	ck_assert_int_eq(load(new.id), 0);
	ck_assert_int_eq(load(NULL), 0);
	ck_assert(is_there(fresh));
	ck_assert_int_eq(nk_sealkey_prepare(&third, path), -EAGAIN);
	ck_assert(third.key.p == NULL && is_there(fresh));
	ck_assert_int_eq(load(old.id), 0);
	ck_assert_int_eq(nk_sealkey_install(path), 0);
	ck_assert(!is_there(fresh));
	ck_assert_int_eq(load(old.id), -ESTALE);
	ck_assert_int_eq(load(new.id), 0);
	nk_sealkey_clear(&old);
	nk_sealkey_clear(&new);
}
END_TEST

/* Its lock ends with its process, and what it left gives way. */
START_TEST(rotate_killed)
{
	struct nk_sealkey old = NK_SEALKEY_NONE, new = NK_SEALKEY_NONE;
	int status;
	pid_t pid;

	ck_assert_int_eq(nk_sealkey_create(&old, path), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0)
		_exit(nk_sealkey_prepare(&new, path) == 0 ? 7 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert(is_there(fresh));
	ck_assert_int_eq(nk_sealkey_prepare(&new, path), 0);
	ck_assert_int_eq(nk_sealkey_abandon(path), 0);
	ck_assert(!is_there(fresh));
	ck_assert_int_eq(nk_sealkey_abandon(path), 0);
	nk_sealkey_clear(&new);
	ck_assert_int_eq(nk_sealkey_prepare(&new, path), 0);
	ck_assert_int_eq(load(old.id), 0);
	ck_assert(is_there(fresh));
	nk_sealkey_clear(&new);
	ck_assert_int_eq(load(old.id), 0);
	ck_assert(is_there(fresh));
	nk_sealkey_clear(&old);
}
END_TEST

START_TEST(install_what_is_no_key)
{
	put(path, A "\n");
	ck_assert_int_eq(nk_sealkey_install(path), -ENOENT);
	put(fresh, B);
	ck_assert_int_eq(nk_sealkey_install(path), -EBADMSG);
	put(fresh, B "\n");
	ck_assert_int_eq(chmod(fresh, 0640), 0);
	ck_assert_int_eq(nk_sealkey_install(path), -EPERM);
	ck_assert(holds(path, A "\n"));
}
END_TEST

/* A lock must not be closed that is none. */
START_TEST(clear_nothing)
{
	struct nk_sealkey k;

	memset(&k, 0, sizeof(k));
	nk_sealkey_clear(&k);
	nk_sealkey_clear(NULL);
	ck_assert_int_ne(fcntl(0, F_GETFD), -1);
}
END_TEST

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	Suite *s = suite_create("sealkey");
	TCase *tc = tcase_create("sealkey");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, content, 0, COUNT(contents));
	tcase_add_test(tc, the_bytes);
	tcase_add_loop_test(tc, good_mode, 0, COUNT(good_modes));
	tcase_add_loop_test(tc, bad_mode, 0, COUNT(bad_modes));
	tcase_add_test(tc, another_owner);
	tcase_add_test(tc, another_kind);
	tcase_add_test(tc, the_folder);
	tcase_add_test(tc, no_path);
	tcase_add_test(tc, create);
	tcase_add_test(tc, handed_over);
	tcase_add_test(tc, create_over);
	tcase_add_test(tc, create_killed);
	tcase_add_test(tc, create_at_once);
	tcase_add_loop_test(tc, interrupted, 0, COUNT(states));
	tcase_add_test(tc, interrupted_and_refused);
	tcase_add_test(tc, rotate);
	tcase_add_test(tc, rotate_killed);
	tcase_add_test(tc, install_what_is_no_key);
	tcase_add_test(tc, clear_nothing);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
