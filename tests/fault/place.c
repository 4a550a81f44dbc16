/* SPDX-License-Identifier: ISC */
#include "tests/fault/place.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_LEN	512

/* Errors only mean that the maps are on the disk, like all else. */
static void
mount_maps(const char *maps, size_t size)
{
	char options[64] = "mode=0755";

	if (size > 0)
		(void)snprintf(options, sizeof(options),
		    "mode=0755,size=%zu", size);
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return;
	(void)mount("tmpfs", maps, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

int
place_make(char **pathp, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_LEN], maps[PATH_LEN + 8];
	int n;

	*pathp = NULL;
	n = snprintf(path, sizeof(path), "%s/naskeys-fault.XXXXXX",
	    tmp == NULL || tmp[0] != '/' ? "/tmp" : tmp);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (mkdtemp(path) == NULL || chmod(path, 0755) == -1)
		return -errno;
	(void)snprintf(maps, sizeof(maps), "%s/maps", path);
	if (mkdir(maps, 0755) == -1)
		return -errno;
	mount_maps(maps, size);
	*pathp = strdup(path);
	return *pathp == NULL ? -ENOMEM : 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void
place_remove(char *path)
{
	char maps[PATH_LEN + 8];

	if (path == NULL)
		return;
	(void)snprintf(maps, sizeof(maps), "%s/maps", path);
	(void)umount2(maps, MNT_DETACH);
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}
