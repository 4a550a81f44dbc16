/* SPDX-License-Identifier: ISC */

/* Rotation of the key that seals, ended at each of its steps. */

#include <sys/wait.h>

#include <signal.h>

#include "tests/unit/keychain_fixture.h"

#define PAIRS	5

START_TEST(everything_anew)
{
	struct nk_keychain before;
	char old[256], now[256];
	struct sealed was;
	int64_t n;
	int i;

	add_sealed(PAIRS);
	(void)snprintf(old, sizeof(old), "%s", slurp(key_path));
	was = sealed_of(1);
	/* a keychain that has the old key in memory */
	nk_keychain_init(&before, s, key_path);
	ck_assert_int_eq(open_with(&before, 1), 0);
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, PAIRS);
	ck_assert_int_eq(open_with(&before, 1), 0);
	nk_keychain_clear(&before);
	assert_all_open(PAIRS);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
	(void)snprintf(now, sizeof(now), "%s", slurp(key_path));
	ck_assert_str_ne(now, old);
	/* the old key opens nothing, and the new one nothing that is old */
	put_file(key_path, old, 0600);
	for (i = 1; i <= PAIRS; i++)
		ck_assert_int_eq(open_fresh(i), -ENOKEY);
	put_file(key_path, now, 0600);
	assert_all_open(PAIRS);
	replace_sealed(1, was.p, was.len);
	ck_assert_int_eq(open_fresh(1), -ENOKEY);
	free(was.p);
}
END_TEST

/* More rows than are sealed at a time, not all with a private half. */
START_TEST(many)
{
	struct nk_keychain kc;
	const char *text;
	int64_t n;
	int i;

	nk_keychain_init(&kc, s, key_path);
	begin();
	for (i = 1; i <= 1000; i++) {
		ck_assert_int_eq(add_pair(i), i);
		text = secret_of(i);
		if (i % 3 != 0)
			ck_assert_int_eq(nk_keychain_seal(&kc, i, text,
			    strlen(text)), 0);
	}
	commit();
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, 1000 - 333);
	for (i = 1; i <= 1000; i++)
		ck_assert_int_eq(open_with(&kc, i), i % 3 != 0 ? 0 :
		    -ENOENT);
	nk_keychain_clear(&kc);
}
END_TEST

/* Prepared and rolled back, and then again with the same keychain. */
START_TEST(prepared_twice)
{
	struct nk_keychain kc;
	int64_t n;
	int i;

	add_sealed(PAIRS);
	nk_keychain_init(&kc, s, key_path);
	for (i = 0; i < 2; i++) {
		begin();
		ck_assert_int_eq(nk_keychain_rotate_prepare(&kc, &n), 0);
		ck_assert_int_eq(n, PAIRS);
		nk_store_rollback(s);
		ck_assert_int_eq(open_with(&kc, 1), 0);
	}
	begin();
	ck_assert_int_eq(nk_keychain_rotate_prepare(&kc, &n), 0);
	commit();
	ck_assert_int_eq(nk_keychain_rotate_install(&kc), 0);
	nk_keychain_clear(&kc);
	assert_all_open(PAIRS);
}
END_TEST

/* ---- what cannot be rotated ---- */

START_TEST(nothing_sealed)
{
	int64_t n = 7;

	ck_assert_int_eq(rotate(&n), -ENOENT);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(access(key_path, F_OK), -1);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
}
END_TEST

START_TEST(all_deleted)
{
	int64_t n = 7;

	add_sealed(1);
	begin();
	ck_assert_int_eq(nk_credential_delete(s, 1), 0);
	commit();
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, 0);
	begin();
	(void)add_pair(2);
	commit();
	ck_assert_int_eq(seal(2), 0);
	ck_assert_int_eq(open_fresh(2), 0);
}
END_TEST

START_TEST(key_lost)
{
	struct sealed was;
	int64_t n;

	put_file(key_path, KEY_A, 0600);
	add_sealed(PAIRS);
	was = sealed_of(PAIRS);
	ck_assert_int_eq(unlink(key_path), 0);
	ck_assert_int_eq(rotate(&n), -ENOKEY);
	ck_assert_int_eq(access(key_path, F_OK), -1);
	put_file(key_path, KEY_B, 0600);
	ck_assert_int_eq(rotate(&n), -ENOKEY);
	ck_assert_str_eq(slurp(key_path), KEY_B);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
	assert_untouched(PAIRS, &was);
	free(was.p);
	put_file(key_path, KEY_A, 0600);
	assert_all_open(PAIRS);
}
END_TEST

/* One value that does not open, and nothing is sealed anew. */
START_TEST(one_damaged)
{
	struct sealed first, v;
	int64_t n;

	put_file(key_path, KEY_A, 0600);
	add_sealed(PAIRS);
	first = sealed_of(1);
	v = sealed_of(PAIRS);
	v.p[v.len - 1] ^= 1;
	replace_sealed(PAIRS, v.p, v.len);
	ck_assert_int_eq(rotate(&n), -EBADMSG);
	ck_assert_str_eq(slurp(key_path), KEY_A);
	assert_untouched(1, &first);
	assert_untouched(PAIRS, &v);
	assert_all_open(PAIRS - 1);
	v.p[v.len - 1] ^= 1;
	replace_sealed(PAIRS, v.p, v.len);
	assert_all_open(PAIRS);
	ck_assert_int_eq(rotate(&n), 0);
	assert_all_open(PAIRS);
	free(first.p);
	free(v.p);
}
END_TEST

/* ---- interrupted ---- */

enum step {
	PREPARED,
	ROLLED_BACK,
	COMMITTED,
	INSTALLED,
	NSTEPS,
};

/* Another process, as far as the step; there it says so and waits. */
static void
child(enum step step, int fd)
{
	struct nk_keychain kc;
	int64_t n;

	if (nk_store_open(&s, path, NK_STORE_WRITE) < 0)
		_exit(1);
	nk_keychain_init(&kc, s, key_path);
	if (nk_store_begin(s) < 0 || nk_keychain_rotate_prepare(&kc, &n) < 0)
		_exit(2);
	if (step == ROLLED_BACK)
		nk_store_rollback(s);
	if (step >= COMMITTED && nk_store_commit(s) < 0)
		_exit(3);
	if (step == INSTALLED && nk_keychain_rotate_install(&kc) < 0)
		_exit(4);
	if (write(fd, "", 1) != 1)
		_exit(5);
	for (;;)
		(void)pause();
}

/* The child when it has come to the step; the store is open here again. */
static pid_t
start(enum step step)
{
	int fds[2];
	pid_t pid;
	char c;

	nk_store_close(s);
	s = NULL;
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0)
		child(step, fds[1]);
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	close(fds[0]);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	return pid;
}

static void
end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* While it waits, when it has been killed, and after the next one. */
START_TEST(interrupted)
{
	struct nk_keychain reader;
	char old[256];
	int64_t n;
	pid_t pid;

	add_sealed(PAIRS);
	(void)snprintf(old, sizeof(old), "%s", slurp(key_path));
	pid = start((enum step)_i);
	nk_keychain_init(&reader, s, key_path);
	assert_all_open(PAIRS);
	ck_assert_int_eq(open_with(&reader, 1), 0);
	end(pid);
	ck_assert_int_eq(open_with(&reader, 2), 0);
	assert_all_open(PAIRS);
	/* what is in force is in its place now; the rest can wait */
	ck_assert_int_eq(access(fresh_path, F_OK),
	    _i < COMMITTED ? 0 : -1);
	ck_assert_int_eq(strcmp(slurp(key_path), old) == 0,
	    _i < COMMITTED);
	ck_assert_int_eq(seal(1), 0);
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, PAIRS);
	ck_assert_int_eq(open_with(&reader, 3), 0);
	nk_keychain_clear(&reader);
	assert_all_open(PAIRS);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
}
END_TEST

/* The next thing after the end is a rotation, and no reader before it. */
START_TEST(rotated_at_once)
{
	int64_t n;

	add_sealed(PAIRS);
	end(start((enum step)_i));
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, PAIRS);
	assert_all_open(PAIRS);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
}
END_TEST

/* The other one has committed and holds its new file still. */
START_TEST(two_at_once)
{
	int64_t n;
	pid_t pid;

	add_sealed(PAIRS);
	pid = start(_i == 0 ? COMMITTED : ROLLED_BACK);
	ck_assert_int_eq(rotate(&n), -EAGAIN);
	assert_all_open(PAIRS);
	ck_assert_int_eq(seal(1), 0);
	end(pid);
	assert_all_open(PAIRS);
	ck_assert_int_eq(rotate(&n), 0);
	assert_all_open(PAIRS);
}
END_TEST

/* A commit that failed, and the same keychain goes on. */
START_TEST(rolled_back_here)
{
	struct nk_keychain kc;
	char old[256];
	int64_t n;

	add_sealed(PAIRS);
	(void)snprintf(old, sizeof(old), "%s", slurp(key_path));
	nk_keychain_init(&kc, s, key_path);
	begin();
	ck_assert_int_eq(nk_keychain_rotate_prepare(&kc, &n), 0);
	nk_store_rollback(s);
	ck_assert_int_eq(open_with(&kc, 1), 0);
	assert_all_open(PAIRS);
	nk_keychain_clear(&kc);
	assert_all_open(PAIRS);
	ck_assert_str_eq(slurp(key_path), old);
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
	assert_all_open(PAIRS);
}
END_TEST

/* ---- readers while one rotation comes after the other ---- */

static void
rotate_on(int fd)
{
	int64_t n;
	int i;

	if (nk_store_open(&s, path, NK_STORE_WRITE) < 0)
		_exit(1);
	for (i = 0; i < 300; i++) {
		if (rotate(&n) != 0)
			_exit(2);
	}
	close(fd);
	_exit(0);
}

static int
open_row(void *arg, const struct nk_credential *row)
{
	return open_with(arg, row->id);
}

/* All of them, as they are at one point in time. */
static void
walk(void)
{
	struct nk_keychain kc;

	nk_keychain_init(&kc, s, key_path);
	ck_assert_int_eq(nk_keychain_read_begin(&kc), 0);
	ck_assert_int_eq(nk_credential_each(s, 0, open_row, &kc), 0);
	nk_store_read_end(s);
	nk_keychain_clear(&kc);
}

START_TEST(readers_meanwhile)
{
	int fds[2], status, id = 0;
	pid_t pid;
	char c;

	add_sealed(PAIRS);
	nk_store_close(s);
	s = NULL;
	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0)
		rotate_on(fds[1]);
	close(fds[1]);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), 0);
	while (read(fds[0], &c, 1) == -1 && errno == EAGAIN) {
		if (_i == 0)
			ck_assert_int_eq(open_fresh(id++ % PAIRS + 1), 0);
		else
			walk();
	}
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keychain rotate");
	TCase *tc = tcase_create("rotation");

	tcase_add_checked_fixture(tc, setup_keychain, teardown);
	tcase_add_test(tc, everything_anew);
	tcase_add_test(tc, many);
	tcase_add_test(tc, prepared_twice);
	tcase_add_test(tc, nothing_sealed);
	tcase_add_test(tc, all_deleted);
	tcase_add_test(tc, key_lost);
	tcase_add_test(tc, one_damaged);
	tcase_add_loop_test(tc, interrupted, 0, NSTEPS);
	tcase_add_loop_test(tc, rotated_at_once, 0, NSTEPS);
	tcase_add_loop_test(tc, two_at_once, 0, 2);
	tcase_add_test(tc, rolled_back_here);
	tcase_add_loop_test(tc, readers_meanwhile, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
