/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_STATE_H
#define NASKEYS_HELPER_STATE_H

/*
 * Where this machine's state lies, or the whole of it in one folder
 * (--state-dir), and as whom it is worked on.
 *
 *  1. Without --state-dir only root MUST go on: everybody else talks to the
 *     acceptor's socket.
 *  2. A folder of --state-dir MUST NOT be writable by anybody but its owner,
 *     and everything in it MUST be done as its owner, because the owner
 *     could swap links under a root who walks there.  Root becomes the
 *     owner for good; anybody else must be the owner.
 *  3. The gids of our groups MUST come from /etc/group itself, never from
 *     the name services, and MUST NOT be 0.
 */

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"

#define STATE_PATH_MAX	512

struct state {
	struct nk_state	nk;		/* points into this struct */
	char		dir[STATE_PATH_MAX];	/* "": the machine's own */
	char		store[STATE_PATH_MAX];
	char		session[STATE_PATH_MAX];
	char		feed[STATE_PATH_MAX];
	char		jobs[STATE_PATH_MAX];
	char		revoked[STATE_PATH_MAX];
	char		central[STATE_PATH_MAX];
	char		maps[STATE_PATH_MAX];
	char		lock[STATE_PATH_MAX];
	char		seal_key[STATE_PATH_MAX];
	char		conf[STATE_PATH_MAX];
	uint32_t	conf_owner;
};

/*
 * Fill in *s and become who has to do the work.  state_dir and seal_key as
 * on the command line, or NULL.  Returns 0, or -errno with a sentence in
 * *whyp.  Nothing is made.
 */
int	state_init(struct state *s, const char *state_dir,
	    const char *seal_key, const char **whyp) NK_MUST_CHECK;

/*
 * Make the folders that are missing, and see that nobody else can write in
 * them.  On failure *wherep is the folder in question.
 */
int	state_make_folders(const struct state *s, const char **wherep)
	    NK_MUST_CHECK;

/* The same without making: -ENOENT where one is missing. */
int	state_check_folders(const struct state *s, const char **wherep)
	    NK_MUST_CHECK;

/*
 * Read naskeys.conf.  On failure *c holds the defaults and "why", of size
 * bytes, a sentence.
 */
int	state_load_conf(const struct state *s, struct nk_conf *c, char *why,
	    size_t size) NK_MUST_CHECK;

/* Why a file or folder of the state cannot be used. */
const char *state_strerror(int number);

/* The gid of a group that /etc/group itself has, or -errno. */
int	state_group(const char *name, uint32_t *gidp) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_STATE_H */
