/* SPDX-License-Identifier: ISC */
#include "lib/account/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#include "lib/account/nsswitch.h"
#include "lib/fullio.h"

#define NSSWITCH	"/etc/nsswitch.conf"
#define ENTRY_MAX	(1u << 20)	/* bytes of one user or group */

/* -ENOENT is no file; the text is NUL-terminated. */
static int
read_nsswitch(char *text, size_t room, size_t *lenp)
{
	int fd, r;

	*lenp = 0;
	if ((fd = open(NSSWITCH, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? 0 : -errno;
	if ((r = nk_read_full(fd, text, room, lenp)) == 0 && *lenp == room)
		r = -EFBIG;
	close(fd);
	return r;
}

int
nk_lookup_prepare(void)
{
	static const char *const databases[] = { "passwd", "group" };
	char services[NK_SERVICES_MAX], *text;
	size_t len, i;
	int r;

	if ((text = malloc(NK_NSSWITCH_MAX)) == NULL)
		return -ENOMEM;
	r = read_nsswitch(text, NK_NSSWITCH_MAX, &len);
	for (i = 0; r == 0 && i < 2; i++) {
		r = nk_nsswitch_services(text, len, databases[i], services);
		if (r == 0 &&
		    __nss_configure_lookup(databases[i], services) != 0)
			r = -EIO;
	}
	free(text);
	return r;
}

static void
copy_name(struct nk_directory_entry *e, const char *name, uint32_t id)
{
	e->id = id;
	e->found = strlen(name) < sizeof(e->name);
	(void)snprintf(e->name, sizeof(e->name), "%s", name);
}

/* ENOENT and some others mean "no such entry" (getpwnam_r(3)). */
static bool
is_absent(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	    error == EBADF || error == EPERM;
}

static void
copy_user(struct nk_directory_entry *e, const struct passwd *pw)
{
	copy_name(e, pw->pw_name, pw->pw_uid);
	e->gid = pw->pw_gid;
	(void)snprintf(e->gecos, sizeof(e->gecos), "%s", pw->pw_gecos);
	(void)snprintf(e->home, sizeof(e->home), "%s", pw->pw_dir);
	(void)snprintf(e->shell, sizeof(e->shell), "%s", pw->pw_shell);
}

int
nk_lookup_user(const char *name, uint32_t uid, struct nk_directory_entry *e)
{
	struct passwd pw, *got = NULL;
	char *buf;
	int error;

	memset(e, 0, sizeof(*e));
	if ((buf = malloc(ENTRY_MAX)) == NULL)
		return -ENOMEM;
	error = name != NULL ?
	    getpwnam_r(name, &pw, buf, ENTRY_MAX, &got) :
	    getpwuid_r(uid, &pw, buf, ENTRY_MAX, &got);
	if (got != NULL)
		copy_user(e, got);
	free(buf);
	return got == NULL && !is_absent(error) ? -EIO : 0;
}

int
nk_lookup_group(const char *name, uint32_t gid,
    struct nk_directory_entry *e)
{
	struct group gr, *got = NULL;
	char *buf;
	int error;

	memset(e, 0, sizeof(*e));
	if ((buf = malloc(ENTRY_MAX)) == NULL)
		return -ENOMEM;
	error = name != NULL ?
	    getgrnam_r(name, &gr, buf, ENTRY_MAX, &got) :
	    getgrgid_r(gid, &gr, buf, ENTRY_MAX, &got);
	if (got != NULL)
		copy_name(e, got->gr_name, got->gr_gid);
	free(buf);
	return got == NULL && !is_absent(error) ? -EIO : 0;
}
