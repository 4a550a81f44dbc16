/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_MAPTEST_H
#define NASKEYS_TESTS_MAPTEST_H

/*
 * What the tests of the maps share: a folder, a reader that follows the
 * rules of lib/map/reader.h, and questions whose answers are texts, so that
 * "what it was before", "what it is after" and "what a reader got" can be
 * compared whatever the kind of map.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map/reader.h"
#include "lib/mapwriter/mapwriter.h"

#define MT_ANSWER_MAX	(80u * 1024u)

/* A new folder on a tmpfs, if there is one; removed with what is in it. */
struct mt_dir {
	int	fd;
	char	path[64];
};
void	mt_dir_make(struct mt_dir *d);
void	mt_dir_remove(struct mt_dir *d);

/* Make "to" a copy of "from"; no function that tests replace is used. */
void	mt_copy(int dirfd, const char *from, const char *to);
/* The file's size; fails the test when it has holes. */
uint64_t mt_size_without_holes(int dirfd, const char *name);

extern const struct nk_map_identity mt_identity;

/* The name of the map of this kind. */
const char *mt_name(enum nk_map_kind kind);

enum mt_ask {
	MT_USER_NAME, MT_USER_UID, MT_USER_ROW, MT_GROUP_NAME, MT_GROUP_GID,
	MT_GROUP_ROW, MT_GIDS, MT_MEMBERS, MT_USERS, MT_GROUPS, MT_SETTINGS, MT_KEYS,
	MT_SECRET,
};

struct mt_question {
	enum mt_ask	 ask;
	uint64_t	 row;		/* or the generation is in id */
	uint32_t	 id;
	const char	*name;
};

struct mt_answer {
	int	r;			/* what the reader said */
	size_t	len;
	char	text[MT_ANSWER_MAX];	/* if it said 0 */
};

/* Ask once; r is what came out, -ESTALE too. */
void	mt_answer(const struct nk_view *v, const struct mt_question *q,
	    struct mt_answer *a);
bool	mt_same(const struct mt_answer *a, const struct mt_answer *b);

/* The answers that a user, group, key or secret shall have. */
void	mt_tell_user(struct mt_answer *a, const struct nk_put_user *u);
void	mt_tell_group(struct mt_answer *a, const struct nk_put_group *g);
void	mt_tell_rows(struct mt_answer *a, const uint64_t *rows, size_t n);
void	mt_tell_gids(struct mt_answer *a, const uint32_t *gids, size_t n);
void	mt_tell_keyset(struct mt_answer *a, const struct nk_put_keyset *k);
void	mt_tell_secret(struct mt_answer *a, const struct nk_put_secret *s);

/* A reader as NSS (mapped) or the AuthorizedKeysCommand (pread) is one. */
struct mt_reader {
	struct nk_view		v;
	int			dirfd;
	enum nk_map_kind	kind;
	enum nk_view_mode	mode;
};
int	mt_reader_open(struct mt_reader *m, int dirfd, enum nk_map_kind kind,
	    enum nk_view_mode mode);
/* Check, ask, and on -ESTALE grow or open again and ask once more. */
void	mt_reader_ask(struct mt_reader *m, const struct mt_question *q,
	    struct mt_answer *a);

/* For nk_mapwriter_verify(): fails the test with what it is told. */
void	mt_report(void *arg, const char *what);

/*
 * A small world: users 1 to 12 in groups 1 to 4, with keys and secrets, and
 * all questions about it.  Installs all three maps.
 */
#define MT_WORLD_USERS	12u
#define MT_WORLD_GROUPS	4u
void	mt_world_make(int dirfd);
/* The questions about a map of this kind; *np of them. */
const struct mt_question *mt_world_questions(enum nk_map_kind kind,
	    size_t *np);

/* Its pieces, to be changed and put again; valid until the next call. */
void	mt_world_user(struct nk_put_user *u, uint32_t i);
void	mt_world_group(struct nk_put_group *g, uint32_t i);
void	mt_world_keyset(struct nk_put_keyset *k, uint32_t i);
void	mt_world_secret(struct nk_put_secret *s, uint32_t i);

#endif /* NASKEYS_TESTS_MAPTEST_H */
