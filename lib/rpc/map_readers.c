/* SPDX-License-Identifier: ISC */
#include "lib/rpc/map_readers.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "lib/map/reader.h"

static const struct map {
	const char	*name;
	mode_t		 mode;
	bool		 keys;		/* the group matters */
} maps[] = {
	{ NK_MAP_ACCOUNTS,	0644,	false },
	{ NK_MAP_KEYS,		0640,	true },
	{ NK_MAP_SECRETS,	0600,	false },
};

static bool
has_right_readers(const struct nk_state *s, const struct map *m,
    const struct stat *st)
{
	if (!S_ISREG(st->st_mode) || st->st_uid != s->owner ||
	    (st->st_mode & 07777) != m->mode)
		return false;
	return !m->keys || st->st_gid == s->keys_gid;
}

int
nk_map_readers_check(const struct nk_state *s,
    void (*report)(void *arg, const char *what), void *arg)
{
	char path[PATH_MAX], text[PATH_MAX + 64];
	struct stat st;
	size_t i;
	int n, r = 0;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		n = snprintf(path, sizeof(path), "%s/%s", s->maps,
		    maps[i].name);
		if (n < 0 || (size_t)n >= sizeof(path))
			return -ENAMETOOLONG;
		if (lstat(path, &st) == -1 ||
		    has_right_readers(s, &maps[i], &st))
			continue;
		r = -EBADMSG;
		if (report == NULL)
			continue;
		(void)snprintf(text, sizeof(text),
		    "%s: wrong owner, group or mode", path);
		report(arg, text);
	}
	return r;
}
