/* SPDX-License-Identifier: ISC */
/*
 * The central authorized_keys files: MUST 16 of lib/publish/edit.c, and what
 * lib/publish/central.h promises.
 */
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/publish/internal.h"
#include "lib/store/keyfiles.h"
#include "tests/fault/edits.h"
#include "tests/fault/place.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

#define NEVER	INT64_MAX
#define LINE_A	"ssh-ed25519 QUFB comment A\n"
#define LINE_B	"ssh-ed25519 QkJC comment B\n"

static char *dir;
static struct edits_place place;
static struct nk_publisher *p;
static int64_t alice;

/* ---- edits ---- */

static void
begin(void)
{
	ck_assert_int_eq(nk_edit_begin(p), 0);
}

static void
commit(void)
{
	ck_assert_int_eq(nk_edit_commit(p), 0);
}

static int64_t
add_user(const char *name, uint32_t uid, enum nk_keyfile_mode mode)
{
	struct nk_user *u = nk_user_new();
	int64_t id;

	ck_assert_ptr_nonnull(u);
	free(u->name);
	ck_assert_ptr_nonnull(u->name = strdup(name));
	u->uid = uid;
	u->keyfile_mode = mode;
	ck_assert_int_eq(nk_user_insert(nk_publisher_store(p), u), 0);
	id = u->id;
	nk_user_free(u);
	return id;
}

static void
add_key(int64_t user, char letter, int64_t expires_at)
{
	char type[] = "ssh-ed25519", by[] = "tests", comment[16], print[16];
	uint8_t blob[3];
	struct nk_key k = { .user_id = user, .kind = NK_KEY_KEY,
	    .bits = 256, .type = type, .blob = blob,
	    .blob_len = sizeof(blob), .fingerprint = print,
	    .comment = comment, .added_by = by,
	    .expires_at = expires_at };

	memset(blob, letter, sizeof(blob));
	(void)snprintf(comment, sizeof(comment), "comment %c", letter);
	(void)snprintf(print, sizeof(print), "SHA256:%c", letter);
	ck_assert_int_eq(nk_key_append(nk_publisher_store(p), &k), 0);
}

struct change {
	uint32_t		uid;
	enum nk_keyfile_mode	mode;
	bool			locked;
	const char		*shell;
};

/* Inside an edit. */
static void
change(int64_t id, struct change to)
{
	struct nk_user *u;

	ck_assert_int_eq(nk_user_get(nk_publisher_store(p), id, &u), 0);
	u->uid = to.uid;
	u->keyfile_mode = to.mode;
	u->locked = to.locked;
	if (to.shell != NULL) {
		free(u->shell);
		ck_assert_ptr_nonnull(u->shell = strdup(to.shell));
	}
	ck_assert_int_eq(nk_user_update(nk_publisher_store(p), u), 0);
	nk_user_free(u);
}

static void
set(struct change to)
{
	begin();
	change(alice, to);
	commit();
}

/* ---- what is there ---- */

static const char *
path_of(const char *name)
{
	static char path[MODEL_TEXT + 256];

	(void)snprintf(path, sizeof(path), "%s/%s", place.central, name);
	return path;
}

static const char *
file(const char *name)
{
	static char text[4096];
	ssize_t n;
	int fd;

	if ((fd = open(path_of(name), O_RDONLY | O_NOFOLLOW)) == -1)
		return strerror(errno);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The names in the folder. */
static const char *
names(void)
{
	static char text[1024];
	struct dirent **e;
	int i, n = scandir(place.central, &e, NULL, compare_names);

	text[0] = '\0';
	if (n == -1)
		return strerror(errno);
	for (i = 0; i < n; i++) {
		if (e[i]->d_name[0] != '.')
			(void)strcat(strcat(text, e[i]->d_name), " ");
		free(e[i]);
	}
	free(e);
	return text;
}

static struct stat
stat_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(lstat(path_of(name), &st), 0);
	return st;
}

static void
collect(void *arg, const char *what)
{
	(void)strcat(strcat(arg, what), "\n");
}

static const char *
faults(void)
{
	static char text[2048];
	int r;

	text[0] = '\0';
	r = nk_publisher_verify(p, collect, text);
	ck_assert_int_eq(r, text[0] == '\0' ? 0 : -EBADMSG);
	return text;
}

static int
sync_all(void)
{
	return nk_publisher_sync(p, false, NULL, NULL);
}

static void
setup(void)
{
	ck_assert_int_eq(place_make(&dir, 0), 0);
	edits_place_init(&place, dir);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
}

/* Alice has a file with one key. */
static void
setup_alice(void)
{
	setup();
	begin();
	alice = add_user("alice", 3000, NK_KEYFILE_CENTRAL);
	add_key(alice, 'A', NEVER);
	commit();
	ck_assert_str_eq(file("3000"), LINE_A);
}

static void
teardown(void)
{
	nk_publisher_free(p);
	place_remove(dir);
}

/* ---- files follow the store ---- */

START_TEST(only_where_wanted)
{
	begin();
	alice = add_user("alice", 3000, NK_KEYFILE_NONE);
	add_key(alice, 'A', NEVER);
	commit();
	ck_assert_int_eq(access(place.central, F_OK), -1);
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_int_eq(access(place.central, F_OK), -1);
	ck_assert_str_eq(faults(), "");
}
END_TEST

START_TEST(modes)	/* MUST 4, whatever the umask is */
{
	mode_t old = umask(0077);

	setup_alice();
	(void)umask(old);
	ck_assert_uint_eq(stat_of(".").st_mode, S_IFDIR | 0755);
	ck_assert_uint_eq(stat_of("3000").st_mode, S_IFREG | 0644);
	ck_assert_uint_eq(stat_of("3000").st_uid, geteuid());
	ck_assert_str_eq(names(), "3000 ");
	ck_assert_str_eq(faults(), "");
}
END_TEST

START_TEST(keys_follow)
{
	size_t n;

	begin();
	add_key(alice, 'B', NEVER);
	commit();
	ck_assert_str_eq(file("3000"), LINE_A LINE_B);
	begin();
	ck_assert_int_eq(nk_keys_remove(nk_publisher_store(p), alice,
	    "SHA256:A", &n), 0);
	commit();
	ck_assert_str_eq(file("3000"), LINE_B);
	begin();
	ck_assert_int_eq(nk_keys_remove(nk_publisher_store(p), alice,
	    "SHA256:B", &n), 0);
	nk_edit_abort(p);
	ck_assert_str_eq(file("3000"), LINE_B);
	begin();
	ck_assert_int_eq(nk_keys_remove(nk_publisher_store(p), alice,
	    "SHA256:B", &n), 0);
	commit();
	ck_assert_str_eq(file("3000"), "");
	ck_assert_str_eq(names(), "3000 ");
	ck_assert_str_eq(faults(), "");
}
END_TEST

static const struct {
	const char	*what;
	struct change	 to;
	const char	*names, *name, *text;
} changes[] = {
	{ "locked", { 3000, NK_KEYFILE_CENTRAL, true, NULL },
	  "3000 ", "3000", "" },
	{ "another uid", { 3001, NK_KEYFILE_CENTRAL, false, NULL },
	  "3001 ", "3001", LINE_A },
	{ "no file", { 3000, NK_KEYFILE_NONE, false, NULL }, "", NULL,
	  NULL },
	{ "home, not yet", { 3000, NK_KEYFILE_HOME, false, NULL },
	  "3000 ", "3000", LINE_A },
	{ "home and uid", { 3002, NK_KEYFILE_HOME, false, NULL },
	  "3002 ", "3002", LINE_A },
	{ "another shell", { 3000, NK_KEYFILE_CENTRAL, false, "/bin/x" },
	  "3000 ", "3000", LINE_A },
};

START_TEST(users_follow)
{
	set(changes[_i].to);
	ck_assert_msg(strcmp(names(), changes[_i].names) == 0, "%s: %s",
	    changes[_i].what, names());
	if (changes[_i].name != NULL)
		ck_assert_str_eq(file(changes[_i].name), changes[_i].text);
	ck_assert_str_eq(faults(), "");
	set((struct change){ 3000, NK_KEYFILE_CENTRAL, false, NULL });
	ck_assert_str_eq(file("3000"), LINE_A);
	ck_assert_str_eq(names(), "3000 ");
}
END_TEST

START_TEST(goes_with_its_user)
{
	begin();
	ck_assert_int_eq(nk_user_delete(nk_publisher_store(p), alice), 0);
	commit();
	ck_assert_str_eq(names(), "");
	ck_assert_str_eq(faults(), "");
}
END_TEST

/* The home has it now: the second half of a change of mode. */
START_TEST(given_up)
{
	set((struct change){ 3000, NK_KEYFILE_HOME, false, NULL });
	begin();
	ck_assert_int_eq(nk_keyfile_central_delete(nk_publisher_store(p),
	    alice), 0);
	commit();
	ck_assert_str_eq(names(), "");
	ck_assert_str_eq(faults(), "");
}
END_TEST

/* One takes the uid, and the file's name, of another in one edit. */
START_TEST(name_taken_over)
{
	int64_t bob;

	begin();
	change(alice, (struct change){ 3001, NK_KEYFILE_CENTRAL, false,
	    NULL });
	bob = add_user("bob", 3000, NK_KEYFILE_CENTRAL);
	add_key(bob, 'B', NEVER);
	commit();
	ck_assert_str_eq(file("3000"), LINE_B);
	ck_assert_str_eq(file("3001"), LINE_A);
	ck_assert_str_eq(faults(), "");
}
END_TEST

/* What says the same already is left alone. */
START_TEST(not_without_need)
{
	struct stat st = stat_of("3000");

	set((struct change){ 3000, NK_KEYFILE_CENTRAL, false, "/bin/x" });
	ck_assert_uint_eq(stat_of("3000").st_ino, st.st_ino);
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_uint_eq(stat_of("3000").st_ino, st.st_ino);
	/* a reader of the old file goes on with it */
	begin();
	add_key(alice, 'B', NEVER);
	commit();
	ck_assert_uint_ne(stat_of("3000").st_ino, st.st_ino);
}
END_TEST

START_TEST(many)	/* at once, and as new maps */
{
	char name[16], uid[16];
	int64_t id;
	int i, round;

	for (round = 0; round < 2; round++) {
		begin();
		if (round == 1)
			ck_assert_int_eq(nk_store_changes_bulk(
			    nk_publisher_store(p)), 0);
		for (i = 0; i < 40; i++) {
			(void)snprintf(name, sizeof(name), "u%d_%d", round,
			    i);
			id = add_user(name, (uint32_t)(4000 + 100 * round +
			    i), NK_KEYFILE_CENTRAL);
			add_key(id, i % 2 == 0 ? 'A' : 'B', NEVER);
		}
		commit();
		for (i = 0; i < 40; i++) {
			(void)snprintf(uid, sizeof(uid), "%d",
			    4000 + 100 * round + i);
			ck_assert_str_eq(file(uid), i % 2 == 0 ? LINE_A :
			    LINE_B);
		}
		ck_assert_str_eq(faults(), "");
	}
}
END_TEST

static time_t later;		/* seconds that the clock is ahead */

/* Stands before libc's. */
time_t
time(time_t *now)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		return -1;
	ts.tv_sec += later;
	if (now != NULL)
		*now = ts.tv_sec;
	return ts.tv_sec;
}

/* It was right when it was written, and is right until somebody writes. */
START_TEST(time_passes)
{
	int64_t end = (int64_t)time(NULL) + 3600;

	begin();
	add_key(alice, 'B', end);
	commit();
	ck_assert_ptr_nonnull(strstr(file("3000"), LINE_B));
	later = 3601;
	ck_assert_str_eq(faults(), "");
	ck_assert_ptr_nonnull(strstr(file("3000"), LINE_B));
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_str_eq(file("3000"), LINE_A);
	ck_assert_str_eq(faults(), "");
}
END_TEST

/* ---- MUST 3 ---- */

static void
damage_nothing(void)
{
	write_file("3000.new", "x", 0600);	/* of a killed holder */
}

static void
damage_text(void)
{
	write_file("3000", LINE_A LINE_B, 0644);
}

static void
damage_end(void)
{
	write_file("3000", "ssh-ed25519 QUFB comment A", 0644);
}

static void
damage_mode(void)
{
	write_file("3000", LINE_A, 0664);
}

static void
damage_missing(void)
{
	ck_assert_int_eq(unlink(path_of("3000")), 0);
}

static void
damage_link(void)
{
	char *to = strdup(path_of("other"));

	damage_missing();
	ck_assert_int_eq(symlink(to, path_of("3000")), 0);
	free(to);
}

static void
damage_fifo(void)
{
	damage_missing();
	ck_assert_int_eq(mkfifo(path_of("3000"), 0644), 0);
}

static void
damage_stranger(void)
{
	write_file("4711", LINE_A, 0644);
}

static void
damage_zero(void)
{
	write_file("03000", LINE_A, 0644);
}

static void
damage_name(void)
{
	write_file("alice", LINE_A, 0644);
}

static char away[MODEL_TEXT + 16];

static void
damage_folder(void)
{
	static int n;

	(void)snprintf(away, sizeof(away), "%s.away%d", place.central, n++);
	ck_assert_int_eq(rename(place.central, away), 0);
}

static void
damage_folder_mode(void)
{
	ck_assert_int_eq(chmod(place.central, 0700), 0);
}

#define NOT_ITS_KEYS	"authorized_keys/3000 (user alice): it does not say " \
	"which keys its user has\n"
#define NO_FILE		"authorized_keys/3000 (user alice): it is no file " \
	"that everybody can read and only its owner can write\n"

static const struct {
	void		(*damage)(void);
	const char	*fault;
} damages[] = {
	{ damage_nothing, "" },
	{ damage_text, NOT_ITS_KEYS },
	{ damage_end, NOT_ITS_KEYS },
	{ damage_mode, NO_FILE },
	{ damage_missing, "authorized_keys/3000 (user alice): "
	  "it is missing\n" },
	{ damage_link, NO_FILE },
	{ damage_fifo, NO_FILE },
	{ damage_stranger, "authorized_keys/4711: it is nobody's\n" },
	{ damage_zero, "authorized_keys/03000: it is nobody's\n" },
	{ damage_name, "authorized_keys/alice: it is nobody's\n" },
	{ damage_folder, "authorized_keys: the folder is missing\n" },
	{ damage_folder_mode, "authorized_keys: it is no folder that "
	  "everybody can read and only its owner can write\n" },
};

START_TEST(repaired)
{
	damages[_i].damage();
	ck_assert_str_eq(faults(), damages[_i].fault);
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_str_eq(names(), "3000 ");
	ck_assert_str_eq(file("3000"), LINE_A);
	ck_assert_str_eq(faults(), "");
	/* and by an edit of this user, what is this user's */
	damages[_i].damage();
	begin();
	add_key(alice, 'B', NEVER);
	commit();
	ck_assert_str_eq(file("3000"), LINE_A LINE_B);
}
END_TEST

/* ---- what cannot be written ---- */

static void
edit_fails(int error)
{
	struct nk_keys ks;

	begin();
	add_key(alice, 'B', NEVER);
	ck_assert_int_eq(nk_edit_commit(p), error);
	ck_assert_int_eq(nk_publisher_central(p), error);
	ck_assert_int_eq(nk_keys_of_user(nk_publisher_store(p), alice, &ks),
	    0);
	ck_assert_uint_eq(ks.n, 1);
	nk_keys_clear(&ks);
}

START_TEST(folder_of_others)
{
	ck_assert_int_eq(chmod(place.central, 0775), 0);
	edit_fails(-EPERM);
	ck_assert_int_eq(sync_all(), -EPERM);
	ck_assert_int_eq(chmod(place.central, 0755), 0);
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_str_eq(names(), "3000 ");
}
END_TEST

START_TEST(link_for_a_folder)
{
	damage_folder();
	ck_assert_int_eq(symlink(away, place.central), 0);
	edit_fails(-EPERM);
	ck_assert_int_eq(sync_all(), -EPERM);
}
END_TEST

START_TEST(text_too_long)	/* nothing is left beside */
{
	char *comment = calloc(1, 70000);
	char type[] = "ssh-ed25519", by[] = "tests", print[] = "SHA256:L";
	uint8_t blob[1] = { 1 };
	struct nk_key k = { .user_id = alice, .kind = NK_KEY_KEY,
	    .type = type, .blob = blob, .blob_len = 1, .fingerprint = print,
	    .comment = comment, .added_by = by, .expires_at = NEVER };

	ck_assert_ptr_nonnull(comment);
	memset(comment, 'c', 69999);
	begin();
	ck_assert_int_eq(nk_key_append(nk_publisher_store(p), &k), 0);
	ck_assert_int_eq(nk_edit_commit(p), -E2BIG);
	ck_assert_str_eq(names(), "3000 ");
	ck_assert_str_eq(file("3000"), LINE_A);
	free(comment);
}
END_TEST

/* MUST 5: it is told, others' edits go on, and it is tried again. */
START_TEST(folder_for_a_file)
{
	int64_t bob;

	damage_missing();
	ck_assert_int_eq(mkdir(path_of("3000"), 0755), 0);
	edit_fails(-EISDIR);
	ck_assert_int_eq(sync_all(), -EISDIR);
	begin();
	bob = add_user("bob", 3001, NK_KEYFILE_CENTRAL);
	add_key(bob, 'B', NEVER);
	commit();
	ck_assert_str_eq(file("3001"), LINE_B);
	ck_assert_str_eq(faults(), NO_FILE);
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_publisher_central(p), -EISDIR);
	ck_assert_int_eq(rmdir(path_of("3000")), 0);
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_publisher_central(p), 0);
	ck_assert_str_eq(file("3000"), LINE_A);
	ck_assert_str_eq(faults(), "");
}
END_TEST

/* The next edit of anybody does it as well. */
START_TEST(tried_by_the_next_edit)
{
	damage_missing();
	ck_assert_int_eq(mkdir(path_of("3000"), 0755), 0);
	ck_assert_int_eq(sync_all(), -EISDIR);
	ck_assert_int_eq(rmdir(path_of("3000")), 0);
	begin();
	(void)add_user("bob", 3001, NK_KEYFILE_NONE);
	commit();
	ck_assert_str_eq(file("3000"), LINE_A);
	ck_assert_int_eq(nk_publisher_central(p), 0);
}
END_TEST

/* A folder of nobody is left alone, and said. */
START_TEST(stray_folder)
{
	ck_assert_int_eq(mkdir(path_of("4711"), 0755), 0);
	ck_assert_int_eq(sync_all(), 0);
	ck_assert_str_eq(faults(), "authorized_keys/4711: it is nobody's\n");
	ck_assert_int_eq(rmdir(path_of("4711")), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("publish_central");
	SRunner *sr = srunner_create(suite);
	TCase *tc = tcase_create("none");
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_where_wanted);
	suite_add_tcase(suite, tc);
	tc = tcase_create("modes");
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, modes);
	suite_add_tcase(suite, tc);
	tc = tcase_create("files");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_alice, teardown);
	tcase_add_test(tc, keys_follow);
	tcase_add_loop_test(tc, users_follow, 0, COUNT(changes));
	tcase_add_test(tc, goes_with_its_user);
	tcase_add_test(tc, given_up);
	tcase_add_test(tc, name_taken_over);
	tcase_add_test(tc, not_without_need);
	tcase_add_test(tc, many);
	tcase_add_test(tc, time_passes);
	tcase_add_loop_test(tc, repaired, 0, COUNT(damages));
	tcase_add_test(tc, folder_of_others);
	tcase_add_test(tc, link_for_a_folder);
	tcase_add_test(tc, text_too_long);
	tcase_add_test(tc, folder_for_a_file);
	tcase_add_test(tc, tried_by_the_next_edit);
	tcase_add_test(tc, stray_folder);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
