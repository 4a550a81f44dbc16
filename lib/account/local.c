/* SPDX-License-Identifier: ISC */
#include "lib/account/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/passwdfile.h"
#include "lib/account/password.h"

struct reader {
	FILE	*f;
	char	*line;
	size_t	 room;
};

static int
reader_open(struct reader *r, const char *path)
{
	*r = (struct reader){ .f = fopen(path, "re") };
	return r->f == NULL ? -errno : 0;
}

/* The next line, without its end; NULL: there is none. */
static char *
reader_next(struct reader *r)
{
	if (getline(&r->line, &r->room, r->f) == -1)
		return NULL;
	r->line[strcspn(r->line, "\n")] = '\0';
	return r->line;
}

/* -errno of what was read. */
static int
reader_close(struct reader *r)
{
	int result = ferror(r->f) ? -EIO : 0;

	if (r->line != NULL)		/* it may have hashes */
		explicit_bzero(r->line, r->room);
	free(r->line);
	(void)fclose(r->f);		/* it was only read */
	return result;
}

int
nk_local_members(const char *path, const char *group,
    int (*fn)(void *arg, const char *name, size_t len), void *arg)
{
	struct nk_group_line g;
	struct reader in;
	char *line;
	int closed, r;

	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (r == -ENOENT && (line = reader_next(&in)) != NULL) {
		if (nk_group_line_parse(line, &g) == 0 &&
		    strcmp(g.name, group) == 0)
			r = nk_member_list_each(g.members, fn, arg);
	}
	closed = reader_close(&in);
	return r == -ENOENT && closed < 0 ? closed : r;
}

int
nk_local_has_password(const char *path, const char *user, bool *hasp)
{
	struct nk_shadow_line s;
	enum nk_hash_kind kind;
	struct reader in;
	const char *hash;
	char *line;
	int closed, r;

	*hasp = false;
	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (r == -ENOENT && (line = reader_next(&in)) != NULL) {
		if (nk_shadow_line_parse(line, &s) < 0 ||
		    strcmp(s.name, user) != 0)
			continue;
		*hasp = nk_password_check_hash(s.hash, &kind, &hash) == 0 &&
		    kind == NK_HASH_PLAIN;
		r = 0;
	}
	closed = reader_close(&in);
	return r == -ENOENT && closed < 0 ? closed : r;
}
