/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/keyfiles.h"
#include "lib/account/network.h"
#include "lib/account/sshdsettings.h"
#include "lib/account/missing.h"
#include "tests/unit/tmp.h"
#include "lib/fullio.h"

#define B64	"AAAAC3NzaC1lZDI1NTE5AAAAIEEv"

/* ---- the words of AuthorizedKeysFile ---- */

static const struct {
	const char	*word;
	int		 r;
	const char	*path;
} words[] = {
	{ ".ssh/authorized_keys", 0, "/home/alice/.ssh/authorized_keys" },
	{ "%h/keys", 0, "/home/alice/keys" },
	{ "/etc/keys/%u", 0, "/etc/keys/alice" },
	{ "/etc/keys/%U.%u", 0, "/etc/keys/1000.alice" },
	{ "/a%%b", 0, "/a%b" },
	{ "%u", 0, "/home/alice/alice" },
	{ "/a%", -EBADMSG, NULL },
	{ "/a%x", -EBADMSG, NULL },
	{ "/%h%h%h%h%h%h%h", -ENAMETOOLONG, NULL },
};

START_TEST(expand)
{
	const struct nk_keyfiles k = {
		.user = "alice", .home = "/home/alice", .uid = 1000,
	};
	char path[64];
	int r;

	r = nk_keyfiles_expand(&k, words[_i].word, strlen(words[_i].word),
	    path, sizeof(path));
	ck_assert_msg(r == words[_i].r, "%s: got %d", words[_i].word, r);
	if (r == 0)
		ck_assert_str_eq(path, words[_i].path);
}
END_TEST

/* ---- the text ---- */

static const struct {
	const char	*text;
	bool		 holds;
} texts[] = {
	{ "ssh-ed25519 " B64, true },
	{ "ssh-ed25519 " B64 " a b\n", true },
	{ "# c\nno-pty,command=\"a b\" ssh-ed25519\t" B64 "\r\n", true },
	{ "# ssh-ed25519 " B64 "\nssh-ed25519 " B64 "\n", true },
	{ "ssh-ed25519 AAAAC3\f\vNzaC1\rlZDI1NTE5-AAAAIEEv x\n", true },
	{ "", false },
	{ "# ssh-ed25519 " B64 "\n", false },
	{ "  # ssh-ed25519 " B64 "\n", false },
	{ "\r\n\t# " B64 "\n#" B64 "\n# " B64, false },
	{ "\n \n# " B64 "\n \rx # " B64 "\n", true },
	{ "ssh-ed25519 " B64 "AA\n", false },
	{ "ssh-ed25519 AA" B64 "\n", false },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEw\n", false },
};

START_TEST(holds)
{
	ck_assert_msg(nk_text_has_word(texts[_i].text,
	    strlen(texts[_i].text), B64) == texts[_i].holds, "%s",
	    texts[_i].text);
	ck_assert(!nk_text_has_word(texts[_i].text, strlen(texts[_i].text),
	    ""));
}
END_TEST

/* A user may make one as he likes; it takes its length, not the square. */
START_TEST(long_comment)
{
	const size_t word = strlen(" " B64), n = NK_LOOK_SIZE_MAX / word;
	char *text = malloc(1 + n * word);
	size_t i;

	ck_assert_ptr_nonnull(text);
	text[0] = '#';
	for (i = 0; i < n; i++)
		memcpy(text + 1 + i * word, " " B64, word);
	ck_assert(!nk_text_has_word(text, 1 + n * word, B64));
	text[1 + (n / 2) * word] = '\n';
	ck_assert(nk_text_has_word(text, 1 + n * word, B64));
	free(text);
}
END_TEST

/* ---- with files, and an sshd that says where they are ---- */

static char folder[48];
static char sshd[64], home[64], file[96], why[NK_KEYFILES_WHY_MAX];
static struct nk_keyfiles k;

static void
put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(folder, sizeof(folder),
	    "keyfiles")));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	(void)snprintf(sshd, sizeof(sshd), "%s/sshd", folder);
	(void)snprintf(home, sizeof(home), "%s/home", folder);
	(void)snprintf(file, sizeof(file), "%s/home/keys", folder);
	ck_assert_int_eq(mkdir(home, 0755), 0);
	k = (struct nk_keyfiles){
		.sshd = sshd, .user = "alice", .home = home,
		.no_home = "/var/empty", .uid = getuid(), .gid = getgid(),
		.base64 = B64, .seconds = 60,
	};
}

static void
teardown(void)
{
	(void)unlink(sshd);
	(void)chmod(home, 0755);
	(void)unlink(file);
	(void)rmdir(home);
	(void)rmdir(folder);
}

/* The same answer, whether a child was ready for it or not. */
static bool
is_dead(void)
{
	struct nk_looker *ready = NULL, *late = NULL;
	bool dead = true, again = true;

	nk_keyfiles_prepare(&k, &ready);
	ck_assert_int_eq(nk_keyfiles_look(&k, &ready, &dead, why), 0);
	nk_looker_free(ready);
	ck_assert_int_eq(nk_keyfiles_look(&k, &late, &again, why), 0);
	nk_looker_free(late);
	ck_assert_int_eq(dead, again);
	return dead;
}

START_TEST(switched_off)
{
	put(sshd, "#!/bin/sh\n[ \"$*\" = \"-T -C user=alice,"
	    NK_SETTINGS_HERE "\" ] && echo 'port 22\nauthorizedkeysfile "
	    "none\nusepam yes'\n", 0755);
	put(file, "ssh-ed25519 " B64 "\n", 0644);
	ck_assert(is_dead());
	/* then it does not matter that the home is away */
	k.home = "/no/such/home";
	ck_assert(is_dead());
}
END_TEST

START_TEST(elsewhere)
{
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile /none keys'\n", 0755);
	ck_assert(is_dead());
	put(file, "ssh-ed25519 " B64 "\n", 0644);
	ck_assert(!is_dead());
	ck_assert_ptr_nonnull(strstr(why, "/home/keys still holds the key"));
	put(file, "# ssh-ed25519 " B64 "\n", 0644);
	ck_assert(is_dead());
	k.home = "/no/such/home";
	ck_assert(!is_dead());
	ck_assert_ptr_nonnull(strstr(why, "cannot be looked at now"));
	k.no_home = "/no/such/home";
	ck_assert(is_dead());
}
END_TEST

/*
 * An sshd that fails says nothing: its defaults hold.  Of one that hangs
 * nothing is known.
 */
START_TEST(silent)
{
	put(sshd, "#!/bin/sh\nexec sleep 999\n", 0755);
	k.seconds = 1;
	ck_assert(!is_dead());
	ck_assert_ptr_nonnull(strstr(why, "cannot be asked now"));
	k.seconds = 60;
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile none'; exit 1\n",
	    0755);
	k.home = "/no/such/home";
	ck_assert(!is_dead());
	k.sshd = "/no/such/sshd";
	ck_assert(!is_dead());
	k.sshd = NULL;
	ck_assert(!is_dead());
}
END_TEST

/* But nobody has heard it where it could not even be asked (network.h). */
START_TEST(out_of_reach)
{
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	ck_assert(is_dead());
	nk_network_use("/no/such/socket");
	ck_assert(!is_dead());
	ck_assert_ptr_nonnull(strstr(why, "cannot be asked now"));
	nk_network_use(NULL);
}
END_TEST

/* Neither a pipe nor a file that the user may not read stops us. */
START_TEST(hostile)
{
	k.sshd = NULL;
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	k.sshd = sshd;
	ck_assert_int_eq(mkfifo(file, 0666), 0);
	ck_assert(!is_dead());
	ck_assert_int_eq(unlink(file), 0);
	put(file, "ssh-ed25519 " B64 "\n", 0600);
	if (geteuid() == 0) {
		k.uid = k.gid = 4242;
		ck_assert(!is_dead());
		ck_assert_ptr_nonnull(strstr(why, "cannot be looked at"));
	}
}
END_TEST

/* What counts is the file as it is at the look, not as it was before. */
START_TEST(changed_meanwhile)
{
	struct nk_looker *l = NULL;
	bool dead = true;

	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	nk_keyfiles_prepare(&k, &l);
	ck_assert_ptr_nonnull(l);
	put(file, "ssh-ed25519 " B64 "\n", 0644);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(!dead);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	nk_looker_free(l);
}
END_TEST

/* The one child that this process has. */
static pid_t
only_child(void)
{
	char path[64], text[32] = "";
	int fd, pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children",
	    (int)getpid());
	ck_assert_int_ne(fd = open(path, O_RDONLY), -1);
	ck_assert_int_gt((int)read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	pid = (int)strtol(text, NULL, 10);
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Whoever was ended by somebody says nothing, and so do we; but only once. */
START_TEST(killed)
{
	struct nk_looker *l = NULL;
	bool dead = true;

	put(file, "ssh-ed25519 " B64 "X\n", 0644);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	nk_keyfiles_prepare(&k, &l);
	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(kill(only_child(), SIGKILL), 0);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(!dead);
	ck_assert_ptr_nonnull(strstr(why, "cannot be looked at now"));
	ck_assert_ptr_null(l);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	nk_looker_free(l);
}
END_TEST

/* Then nobody knows at which of several files it was. */
START_TEST(killed_at_one_of_many)
{
	char expected[NK_KEYFILES_WHY_MAX];
	struct nk_looker *l = NULL;
	bool dead = true;

	put(file, "ssh-ed25519 " B64 "X\n", 0644);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys keys2'\n", 0755);
	(void)snprintf(expected, sizeof(expected), "%s, or another file that "
	    "sshd reads, cannot be looked at now; if it holds the key, sshd "
	    "will accept it.", file);
	nk_keyfiles_prepare(&k, &l);
	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(kill(only_child(), SIGKILL), 0);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(!dead);
	ck_assert_str_eq(why, expected);
	ck_assert_ptr_null(l);
}
END_TEST

/* One after another, each with the own rights and with nobody else's. */
START_TEST(one_user_after_another)
{
	static const uid_t askers[] = { 4242, 4243, 4242, 0, 4243 };
	struct nk_looker *l = NULL;
	pid_t first = 0;
	bool dead;
	size_t i;

	if (geteuid() != 0)
		return;
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	put(file, "ssh-ed25519 " B64 "X\n", 0600);
	ck_assert_int_eq(chown(file, 4242, 4242), 0);
	for (i = 0; i < sizeof(askers) / sizeof(askers[0]); i++) {
		k.uid = k.gid = askers[i];
		ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
		ck_assert(dead == (askers[i] != 4243));
		if (first == 0)
			first = only_child();
		ck_assert_int_eq(only_child(), first);
	}
	nk_looker_free(l);
}
END_TEST

/* ---- what cannot be there ---- */

static const struct {
	const char	*path;
	size_t		 end;		/* 0: not known to be missing */
} paths[] = {
	{ "/naskeys-none", 13 },
	{ "/naskeys-none/.ssh/authorized_keys", 13 },
	{ "//naskeys-none/", 14 },
	{ "", 0 },
	{ "naskeys-none", 0 },
	{ "/", 0 },
	{ "/./naskeys-none", 0 },
	{ "/../naskeys-none", 0 },
	{ "/usr", 0 },			/* is there */
	{ "/etc/passwd/none", 0 },	/* is no folder */
	{ "/proc/naskeys-none", 0 },	/* another file system */
	{ "/tmp/naskeys-none", 0 },	/* others write there */
	{ "/proc/self/root/naskeys-none", 0 },	/* a link */
};

START_TEST(missing)
{
	size_t end = 0;

	ck_assert_msg(nk_path_is_missing(paths[_i].path, &end) ==
	    (paths[_i].end != 0), "%s", paths[_i].path);
	ck_assert_msg(end == paths[_i].end, "%s: %zu", paths[_i].path, end);
}
END_TEST

/* Neither a home that is not there nor one that nobody has needs a child. */
START_TEST(no_child)
{
	struct nk_looker *l = NULL;
	bool dead = true;

	k.sshd = NULL;
	k.home = "/naskeys-none";
	nk_keyfiles_prepare(&k, &l);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert_ptr_null(l);
	ck_assert(!dead);
	ck_assert_str_eq(why, "/naskeys-none/.ssh/authorized_keys cannot be "
	    "looked at now; if it holds the key, sshd will accept it.");
	k.no_home = k.home;
	nk_keyfiles_prepare(&k, &l);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert_ptr_null(l);
	ck_assert(dead);
}
END_TEST

/* The first one that counts is named, and what sshd could not read is last. */
START_TEST(one_of_many)
{
	struct nk_looker *l = NULL;
	char second[sizeof(file) + 1];
	bool dead = false;

	(void)snprintf(second, sizeof(second), "%s2", file);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile /et keys none %h/keys2"
	    " keys3 %k'\n", 0755);
	put(file, "ssh-ed25519 " B64 "X\n", 0644);
	put(second, "ssh-ed25519 " B64 "\n", 0644);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(!dead);
	ck_assert_int_eq(strncmp(why, second, strlen(second)), 0);
	ck_assert_ptr_nonnull(strstr(why, " still holds"));
	put(file, "ssh-ed25519 " B64 "\n", 0644);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(!dead);
	ck_assert_int_eq(strncmp(why, file, strlen(file)), 0);
	ck_assert_int_eq(why[strlen(file)], ' ');
	put(file, "\n", 0644);
	put(second, "\n", 0644);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), -EBADMSG);
	ck_assert(!dead);
	ck_assert_int_eq(unlink(second), 0);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys3 keys keys2'\n",
	    0755);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	nk_looker_free(l);
}
END_TEST

/* What is below a missing name is missing; what begins as it does is not. */
START_TEST(below_the_missing)
{
	struct nk_looker *l = NULL;
	bool dead = false;

	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile /et /et/a /et'\n",
	    0755);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	ck_assert_ptr_null(l);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile /et /etc/passwd'\n",
	    0755);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	ck_assert_ptr_nonnull(l);
	nk_looker_free(l);
}
END_TEST

/* arg: how often, until it is refused. */
static int
enter(void *arg, const int **keepp)
{
	int *left = arg;

	*keepp = NULL;
	return (*left)-- > 0 ? 0 : -EAGAIN;
}

/* Where nobody has a home there is nothing to enter; elsewhere it is asked. */
START_TEST(entered)
{
	struct nk_looker *l = NULL;
	bool dead = true;
	int left = 1;

	put(file, "ssh-ed25519 " B64 "X\n", 0644);
	put(sshd, "#!/bin/sh\necho 'authorizedkeysfile keys'\n", 0755);
	k.enter = enter;
	k.arg = &left;
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	ck_assert_int_eq(left, 0);
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), -EAGAIN);
	ck_assert(!dead);
	/* one that is away could be on its way back */
	left = 0;
	k.home = "/naskeys-none";
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), -EAGAIN);
	ck_assert(!dead);
	left = 0;
	k.no_home = k.home;
	ck_assert_int_eq(nk_keyfiles_look(&k, &l, &dead, why), 0);
	ck_assert(dead);
	ck_assert_int_eq(left, 0);
	nk_looker_free(l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keyfiles");
	TCase *pure = tcase_create("pure"), *files = tcase_create("files");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(pure, expand, 0,
	    (int)(sizeof(words) / sizeof(words[0])));
	tcase_add_loop_test(pure, holds, 0,
	    (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(pure, long_comment);
	tcase_add_loop_test(pure, missing, 0,
	    (int)(sizeof(paths) / sizeof(paths[0])));
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_set_timeout(files, 30);
	tcase_add_test(files, switched_off);
	tcase_add_test(files, elsewhere);
	tcase_add_test(files, silent);
	tcase_add_test(files, out_of_reach);
	tcase_add_test(files, hostile);
	tcase_add_test(files, changed_meanwhile);
	tcase_add_test(files, killed);
	tcase_add_test(files, killed_at_one_of_many);
	tcase_add_test(files, one_user_after_another);
	tcase_add_test(files, no_child);
	tcase_add_test(files, one_of_many);
	tcase_add_test(files, below_the_missing);
	tcase_add_test(files, entered);
	suite_add_tcase(s, pure);
	suite_add_tcase(s, files);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
