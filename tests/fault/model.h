/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_MODEL_H
#define NASKEYS_TEST_MODEL_H

/*
 * A stream of edits in which each follows from a seed and its number, and
 * what the accounts look like after each: whoever replays it knows what a
 * store or a map must say, without asking either.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define MODEL_USERS	12u
#define MODEL_KEYS	6u
#define MODEL_GROUPS	4u

enum op_kind {
	OP_CREATE,
	OP_ADD_KEY,
	OP_REMOVE_KEY,
	OP_LOCK,
	OP_UNLOCK,
	OP_RENAME,
	OP_UID,
	OP_EXPIRE,
	OP_PASSWORD,
	OP_DELETE,
	OP_JOIN,
	OP_LEAVE,
	OP_GROUP_CREATE,
	OP_GROUP_RENAME,
	OP_GROUP_DELETE,
	OP_BULK,		/* of all users: another password, a lock */
	OP_KINDS
};

struct op {
	enum op_kind	kind;
	unsigned int	user, key, group;
};

struct model_user {
	bool		there, locked;
	bool		central;		/* has a central file */
	uint32_t	name, uid, hash;	/* versions */
	int64_t		expires_at;
	uint32_t	keys;			/* bits */
	uint32_t	groups;			/* bits */
};

struct model_group {
	bool		there;
	uint32_t	version;
};

struct model {
	uint64_t		seed;
	uint64_t		edits;		/* so many are in it */
	struct model_user	users[MODEL_USERS];
	struct model_group	groups[MODEL_GROUPS];
};

extern const char *const op_names[OP_KINDS];

void	model_init(struct model *m, uint64_t seed);
/* The next edit; model_apply() takes it into the model. */
struct op model_next(const struct model *m);
void	model_apply(struct model *m, const struct op *op);
/* Replay until so many edits are in it. */
void	model_to(struct model *m, uint64_t edits);

/* What names and numbers follow from slot and version. */
#define MODEL_TEXT	512
uint32_t model_uid(const struct model *m, unsigned int user);
/* 0 to 2, as enum nk_keyfile_mode: another one with each name. */
unsigned int model_mode(const struct model *m, unsigned int user);
void	model_user_name(unsigned int user, uint32_t version,
	    char buf[MODEL_TEXT]);
void	model_gecos(const struct model *m, unsigned int user,
	    char buf[MODEL_TEXT]);
void	model_hash(const struct model *m, unsigned int user,
	    char buf[MODEL_TEXT]);
void	model_group_name(unsigned int group, uint32_t version,
	    char buf[MODEL_TEXT]);
uint32_t model_gid(unsigned int group, uint32_t version);
void	model_key_comment(unsigned int user, unsigned int key,
	    char buf[MODEL_TEXT]);
/* The number behind the comment of one of user's keys, or -1. */
int	model_key_of(unsigned int user, const char *text, size_t len);

/* A small generator of numbers, the same everywhere. */
uint64_t model_random(uint64_t *state);

#endif /* NASKEYS_TEST_MODEL_H */
