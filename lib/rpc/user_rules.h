/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_RULES_H
#define NASKEYS_RPC_USER_RULES_H

/*
 * What user.create, user.update and a line of user.import may say.  First
 * the fields are read into a row, then the row is held against the rules;
 * all that is wrong is reported, in *e, as SCHEMA.FIELD.
 */

#include <sys/types.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/account/shells.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define NK_GROUPS_OF_USER_MAX	64	/* supplementary ones */
#define NK_FULL_NAME_MAX	1023	/* bytes, as the maps have it */

/* What differs from the old row; everything that a new user is given. */
enum nk_given {
	NK_GIVEN_USERNAME	= 1 << 0,
	NK_GIVEN_UID		= 1 << 1,
	NK_GIVEN_FULL_NAME	= 1 << 2,
	NK_GIVEN_HOME		= 1 << 3,
	NK_GIVEN_SHELL		= 1 << 4,
	NK_GIVEN_EMAIL		= 1 << 5,
	NK_GIVEN_LOCKED		= 1 << 6,
	NK_GIVEN_PASSWORD_DISABLED = 1 << 7,
	NK_GIVEN_SSH_PASSWORD	= 1 << 8,
	NK_GIVEN_SMB		= 1 << 9,
	NK_GIVEN_WEBSHARE	= 1 << 10,
	NK_GIVEN_ADMIN		= 1 << 11,
	NK_GIVEN_GROUP		= 1 << 12,
	NK_GIVEN_GROUPS		= 1 << 13,
	NK_GIVEN_PASSWORD	= 1 << 14,	/* null too */
	NK_GIVEN_KEYS		= 1 << 15,
	NK_GIVEN_SUDO		= 1 << 16,
	NK_GIVEN_SUDO_NOPASSWD	= 1 << 17,
	NK_GIVEN_IDMAP		= 1 << 18,
	NK_GIVEN_EXPIRES	= 1 << 19,
	NK_GIVEN_HOME_MODE	= 1 << 20,
	NK_GIVEN_HOME_CREATE	= 1 << 21,
	NK_GIVEN_HASH		= 1 << 22,	/* user.import's */
};

struct nk_user_edit {
	const char		*schema;	/* "user_create" */
	const struct nk_user	*old;		/* NULL: a new user */
	struct nk_user		*row;		/* as it shall be */
	unsigned int		 given;
	bool			 group_create;
	bool			 random_password;
	bool			 home_create;	/* row->home is made */
	bool			 accept_uid;
	mode_t			 home_mode;
	const char		*password;	/* of the fields, or NULL */
	struct nk_ids		 groups;	/* NK_GIVEN_GROUPS: as listed,
						   perhaps several times */
	struct nk_keys		 keys;		/* NK_GIVEN_KEYS */
};

/* What the rules need to know, for one request or many lines. */
struct nk_user_rules {
	const struct nk_conf	*conf;
	const char		*actor;		/* who adds keys */
	struct nk_shells	 shells;
	bool			 blind;		/* homes are not looked at:
						   that could hang */
};

/* The objects of user.create, user.update and user.import. */
extern const struct nk_arg nk_user_create_fields[];
extern const struct nk_arg nk_user_update_fields[];
extern const struct nk_arg nk_user_import_fields[];

/* fields: what will be held against them; NULL: anything. */
int	nk_user_rules_init(struct nk_user_rules *rules,
	    const struct nk_context *c, const json_t *fields) NK_MUST_CHECK;
void	nk_user_rules_clear(struct nk_user_rules *rules);

/*
 * Read the fields, which were checked against their nk_arg, over the old
 * row (base, a copy of old's; or NULL).  base becomes the edit's.
 * 0; -EINVAL with *e set (the edit may still be held against the rules, so
 * that all is reported at once); -ENOMEM.
 */
int	nk_user_edit_read(struct nk_user_edit *ed,
	    const struct nk_user_rules *rules, const char *schema,
	    const struct nk_user *old, struct nk_user *base,
	    const json_t *fields, struct nk_error *e) NK_MUST_CHECK;
void	nk_user_edit_clear(struct nk_user_edit *ed);

/* Report FIELD of the edit. */
void	nk_user_edit_refuse(const struct nk_user_edit *ed,
	    struct nk_error *e, const char *field, int number,
	    const char *fmt, ...) NK_PRINTF(5, 6);

/*
 * Read a list of commands for sudo, one a line in *textp (the caller's to
 * free, also on failure), and report what is wrong in SCHEMA.FIELD.N,
 * unless it is the old text.  0, also when something was reported; -ENOMEM.
 */
int	nk_sudo_read(const struct nk_user_edit *ed, const json_t *list,
	    const char *field, const char *old, char **textp,
	    struct nk_error *e) NK_MUST_CHECK;

/* The rules that need neither the store nor a name service. */
int	nk_user_rules_check(const struct nk_user_rules *rules,
	    struct nk_user_edit *ed, struct nk_error *e) NK_MUST_CHECK;

/* The rules that the store decides; again under the lock.  0, -errno. */
int	nk_user_rules_check_store(struct nk_context *c,
	    const struct nk_user_edit *ed, struct nk_error *e) NK_MUST_CHECK;

/* One of them: is the home another user's already? */
int	nk_user_rules_check_home(struct nk_context *c,
	    const struct nk_user_edit *ed, struct nk_error *e) NK_MUST_CHECK;

/* Is it the path of those who have no home? */
bool	nk_is_no_home(const struct nk_conf *conf, const char *home);

/*
 * Would nobody be left with full rights if "but" had none?  root has them
 * unless it is locked.  1, 0 or -errno.
 */
int	nk_is_last_admin(struct nk_store *s, int64_t but) NK_MUST_CHECK;

/*
 * Has a user that we manage this uid, or does it stand for nobody?  Then no
 * account that lives elsewhere can be taken in with it: -EINVAL with *e
 * set; or -errno.
 */
int	nk_user_check_external_uid(struct nk_store *s,
	    const struct nk_user_edit *ed, const char *field,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_USER_RULES_H */
