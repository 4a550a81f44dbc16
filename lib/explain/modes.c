/* SPDX-License-Identifier: ISC */
#include "lib/explain/modes.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_MAX	(1u << 20)	/* bytes of one entry */

/* How many accounts have this primary group; -1: one has another uid. */
static int
count_primary(gid_t gid, uid_t uid, char *buf)
{
	struct passwd pw = { .pw_name = NULL }, *got = NULL;
	int n = 0;

	setpwent();
	while (n >= 0 && getpwent_r(&pw, buf, ENTRY_MAX, &got) == 0) {
		if (pw.pw_gid == gid)
			n = pw.pw_uid == uid ? n + 1 : -1;
	}
	endpwent();
	return n;
}

/*
 * How many the group lists: 0 or 1, who is then the owner; -1: others, or
 * nobody can say.
 */
static int
count_listed(const struct stat *st, char *buf)
{
	struct group g, *group = NULL;
	struct passwd pw, *got = NULL;
	char *first = NULL;
	int n = -1;

	if (getgrgid_r(st->st_gid, &g, buf, ENTRY_MAX, &group) != 0 ||
	    group == NULL)
		return -1;
	if (g.gr_mem[0] == NULL)
		return 0;
	if (g.gr_mem[1] == NULL && (first = strdup(g.gr_mem[0])) != NULL &&
	    getpwuid_r(st->st_uid, &pw, buf, ENTRY_MAX, &got) == 0 &&
	    got != NULL && strcmp(pw.pw_name, first) == 0)
		n = 1;
	free(first);
	return n;
}

/* Is the owner, who has this uid, alone in the file's group? */
static bool
is_alone(const struct stat *st, uid_t uid)
{
	char *buf = malloc(ENTRY_MAX);
	int listed, primary = -1;

	if (buf == NULL)
		return false;
	if ((listed = count_listed(st, buf)) >= 0)
		primary = count_primary(st->st_gid, uid, buf);
	free(buf);
	return listed >= 0 && primary >= 0 && listed + primary > 0;
}

static enum nk_modes_fault
judge(const struct nk_modes_check *c, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != c->uid)
		return NK_MODES_OWNER;
	if ((st->st_mode & 002) != 0)
		return NK_MODES_WRITABLE;
	if ((st->st_mode & 020) != 0 &&
	    (!c->lone_group || !is_alone(st, c->uid)))
		return NK_MODES_WRITABLE;
	return NK_MODES_FINE;
}

static bool
fail(struct nk_modes *m, enum nk_modes_fault fault, const char *path,
    const struct stat *st)
{
	m->fault = fault;
	if (fault == NK_MODES_FINE)
		return false;
	(void)snprintf(m->path, sizeof(m->path), "%s", path);
	if (st != NULL) {
		m->mode = st->st_mode & 07777;
		m->owner = st->st_uid;
	}
	return true;
}

static bool
fail_errno(struct nk_modes *m, const char *path)
{
	m->number = errno;
	return fail(m, errno == ENOENT || errno == ENOTDIR ?
	    NK_MODES_ABSENT : NK_MODES_CLOSED, path, NULL);
}

/* The folder above; true: there was one, and path is it now. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || strcmp(path, "/") == 0)
		return false;
	slash[slash == path ? 1 : 0] = '\0';
	return true;
}

static void
look_up(const struct nk_modes_check *c, const char *home, char *path,
    struct nk_modes *m)
{
	struct stat st;

	while (go_up(path)) {
		if (stat(path, &st) == -1) {
			(void)fail_errno(m, path);
			return;
		}
		if (fail(m, judge(c, &st), path, &st) ||
		    (home != NULL && strcmp(path, home) == 0))
			return;
	}
}

void
nk_modes_look(const struct nk_modes_check *c, struct nk_modes *m)
{
	char path[PATH_MAX], home[PATH_MAX];
	bool has_home;
	struct stat st;

	*m = (struct nk_modes){ .fault = NK_MODES_FINE };
	if (realpath(c->path, path) == NULL || stat(path, &st) == -1) {
		(void)fail_errno(m, c->path);
		return;
	}
	/* A home that is not there does not end the walk: the root does. */
	has_home = c->home != NULL && realpath(c->home, home) != NULL;
	if (!S_ISREG(st.st_mode)) {
		(void)fail(m, NK_MODES_NOT_REGULAR, c->path, &st);
		return;
	}
	if (fail(m, judge(c, &st), path, &st))
		return;
	look_up(c, has_home ? home : NULL, path, m);
}

void
nk_modes_look_chroot(const char *path, struct nk_modes *m)
{
	const struct nk_modes_check c = { .uid = 0 };
	char copy[PATH_MAX];
	struct stat st;

	*m = (struct nk_modes){ .fault = NK_MODES_FINE };
	if (strlen(path) >= sizeof(copy) || path[0] != '/') {
		m->number = EINVAL;
		(void)fail(m, NK_MODES_CLOSED, path, NULL);
		return;
	}
	memcpy(copy, path, strlen(path) + 1);
	if (stat(copy, &st) == -1) {
		(void)fail_errno(m, copy);
		return;
	}
	if (!S_ISDIR(st.st_mode))
		(void)fail(m, NK_MODES_NOT_REGULAR, copy, &st);
	else if (!fail(m, judge(&c, &st), copy, &st))
		look_up(&c, NULL, copy, m);
}
