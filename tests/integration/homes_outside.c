/* SPDX-License-Identifier: ISC */
#include "tests/integration/homes_outside.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/temp.h"

#define VICTIM	4301u
#define MARK	"OUTSIDE"	/* in each text */

static void
die(const char *what)
{
	(void)printf("FAIL: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void
make_folder(const char *dir, const char *name, uid_t uid, mode_t mode)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, mode) == -1 || chown(path, uid, uid) == -1 ||
	    chmod(path, mode) == -1)
		die(path);
}

static void
make_file(const char *dir, const char *name, uid_t uid, mode_t mode)
{
	static const char text[] = MARK " text\n";
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1 || write(fd, text, sizeof(text) - 1) !=
	    (ssize_t)sizeof(text) - 1 || fchown(fd, uid, uid) == -1 ||
	    fchmod(fd, mode) == -1 || close(fd) == -1)
		die(path);
}

void
outside_make(const char *dir, uid_t user)
{
	char path[512];

	make_folder(dir, "mallory", user, 0755);
	make_folder(dir, "copy", user, 0700);
	make_folder(dir, "victim", VICTIM, 0700);
	make_folder(dir, "victim/.ssh", VICTIM, 0700);
	make_file(dir, "victim/.ssh/authorized_keys", VICTIM, 0600);
	make_folder(dir, "outside", user, 0755);
	make_file(dir, "outside/authorized_keys", user, 0600);
	make_file(dir, "outside/keep", user, 0644);
	make_folder(dir, "etc", 0, 0755);
	make_file(dir, "etc/shadow", 0, 0600);
	(void)snprintf(path, sizeof(path), "%s/link", dir);
	if (symlink("victim", path) == -1)
		die(path);
	make_folder(dir, "foreign", VICTIM, 0755);
	make_folder(dir, "foreign/.ssh", user, 0700);
	make_file(dir, "foreign/.ssh/authorized_keys", user, 0600);
	make_file(dir, "nothome", user, 0644);
}

bool
outside_is_in(const char *text, size_t len)
{
	return memmem(text, len, MARK, sizeof(MARK) - 1) != NULL;
}

/* ---- as it is ---- */

static const char *const names[] = { ".", "victim", "victim/.ssh",
    "victim/.ssh/authorized_keys", "outside", "outside/authorized_keys",
    "outside/keep", "etc", "etc/shadow", "link", "foreign", "foreign/.ssh",
    "foreign/.ssh/authorized_keys", "nothome" };

/* How many entries a folder has. */
static unsigned int
count_entries(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, NULL), i;

	for (i = 0; i < n; i++)
		free(list[i]);
	if (n >= 0)
		free(list);
	return n < 0 ? 0 : (unsigned int)n;
}

static void
describe_one(FILE *f, const char *path, const char *name)
{
	char text[64] = "";
	struct stat st;
	ssize_t n;
	int fd;

	if (lstat(path, &st) == -1) {
		(void)fprintf(f, "%s: %s\n", name, strerror(errno));
		return;
	}
	(void)fprintf(f, "%s %o %u %u", name, st.st_mode, st.st_uid,
	    st.st_gid);
	if (S_ISDIR(st.st_mode))
		(void)fprintf(f, " %u", count_entries(path));
	if (S_ISREG(st.st_mode) && (fd = open(path, O_RDONLY)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		text[n < 0 ? 0 : n] = '\0';
		close(fd);
		(void)fprintf(f, " %lld.%09ld %lld %s",
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		    (long long)st.st_size, text);
	}
	(void)fputc('\n', f);
}

/* The home is the folder that has "v" in it. */
static void
undo_swap(const char *dir)
{
	static const char *const places[] = { "link", "foreign", "nothome" };
	char path[512], home[512];
	size_t i;

	(void)snprintf(home, sizeof(home), "%s/mallory", dir);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/v", dir,
		    places[i]);
		if (access(path, F_OK) == -1)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, places[i]);
		if (renameat2(AT_FDCWD, path, AT_FDCWD, home,
		    RENAME_EXCHANGE) == -1)
			die(path);
	}
}

char *
outside_describe(const char *dir)
{
	char path[512], *text = NULL;
	size_t len, i;
	FILE *f;

	undo_swap(dir);
	if ((f = open_memstream(&text, &len)) == NULL)
		die("open_memstream");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		describe_one(f, path, names[i]);
	}
	if (fclose(f) != 0)
		die("fclose");
	return text;
}

int
outside_count_temps(const char *home)
{
	char path[512];
	struct dirent **list;
	int n, i, found = 0;

	(void)snprintf(path, sizeof(path), "%s/.ssh", home);
	if ((n = scandir(path, &list, NULL, NULL)) < 0)
		return 0;
	for (i = 0; i < n; i++) {
		found += strncmp(list[i]->d_name, NK_TEMP_PREFIX,
		    sizeof(NK_TEMP_PREFIX) - 1) == 0;
		free(list[i]);
	}
	free(list);
	return found;
}
