/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_WRITE_H
#define NASKEYS_RPC_USER_WRITE_H

/* What creating, changing and importing users share, under the lock. */

#include <stdbool.h>

#include "lib/account/password.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/user_rules.h"

#define NK_HISTORY_MAX	10	/* old hashes that are kept */

/* A plain password and its hash, wiped by nk_new_password_clear(). */
struct nk_new_password {
	char	plain[512];	/* what is told to the caller, or "" */
	char	hash[NK_PASSWORD_HASH_MAX + 1];	/* "": no change */
};
void	nk_new_password_clear(struct nk_new_password *s);

/*
 * The hash of the password that the edit gives or asks for.  0; -EINVAL
 * with *e set; -errno.
 */
int	nk_new_password_make(struct nk_new_password *s,
	    const struct nk_conf *conf, const struct nk_user_edit *ed,
	    struct nk_error *e) NK_MUST_CHECK;

/* The hash of a password as the configuration has it; errors as above. */
int	nk_password_make(const struct nk_conf *conf, const char *password,
	    char hash[NK_PASSWORD_HASH_MAX + 1], struct nk_error *e)
	    NK_MUST_CHECK;

/* Give the row this hash ("*": none) now; the old one goes to history. */
int	nk_user_set_hash(struct nk_user *u, const char *hash) NK_MUST_CHECK;

/*
 * A group for a new user, of the same name: the one that is there, or a new
 * one with this gid and an audit row.
 */
int	nk_group_provide(struct nk_context *c, const char *action,
	    const char *name, uint32_t gid, int64_t *idp,
	    struct nk_error *e) NK_MUST_CHECK;

/* Make the supplementary groups so, with group 1 as "admin" says. */
int	nk_user_set_groups(struct nk_store *s, const struct nk_user *u,
	    const struct nk_ids *groups, bool *changedp) NK_MUST_CHECK;

/*
 * Under the lock: is none of the edit's keys revoked?  0; -EINVAL with *e
 * set; -errno.
 */
int	nk_user_check_revoked(struct nk_store *s,
	    const struct nk_user_edit *ed, struct nk_error *e)
	    NK_MUST_CHECK;

/*
 * Make the lines so.  A line that stays keeps its expiry, and who added it
 * when.  The rows in *ks are changed.
 */
int	nk_user_set_keys(struct nk_store *s, int64_t user,
	    struct nk_keys *ks, bool *changedp) NK_MUST_CHECK;

/*
 * The user's object with "password" and "warnings", as create and update
 * answer.  given: the lines that were given; NULL, none were.
 */
int	nk_user_result(struct nk_context *c, const struct nk_user *u,
	    const char *plain, const struct nk_keys *given,
	    json_t **resultp) NK_MUST_CHECK;

/* Delete the row, with its audit row. */
int	nk_user_remove(struct nk_context *c, const char *action,
	    const struct nk_user *u) NK_MUST_CHECK;

/* 0 for -EINVAL with *e set, so that more can be reported; else r. */
int	nk_collected(int r, const struct nk_error *e);

/* ---- the methods ---- */

int	nk_user_create(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_user_update_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_user_delete_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_user_set_password(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_user_setup_administrator(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_USER_WRITE_H */
