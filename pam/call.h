/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_CALL_H
#define NASKEYS_PAM_CALL_H

/*
 * One call of the module, and what its phases share.  The phases return
 * results of Linux-PAM; what lies below them returns 0 or -errno, and
 * nk_result() is the only place where the one becomes the other.
 */

#include <sys/types.h>

#include <security/pam_modules.h>

#include <stdbool.h>

#include "lib/attr.h"
#include "pam/lookup.h"
#include "pam/options.h"

/* Where everything is, and who must own it.  No environment changes it. */
struct nk_place {
	struct nk_maps	 maps;
	const char	*socket;
	const char	*root_socket;
	uid_t		 owner;		/* of the sockets' other end */
};

struct nk_call {
	pam_handle_t		*pamh;
	unsigned int		 flags;		/* PAM_SILENT, ... */
	const struct nk_options	*options;
	const struct nk_place	*place;
	const char		*user;
};

typedef int nk_phase(struct nk_call *c);

nk_phase	nk_authenticate;		/* authenticate.c */
nk_phase	nk_set_credentials;
nk_phase	nk_manage_account;		/* account.c */
nk_phase	nk_open_session, nk_close_session;	/* session.c */
nk_phase	nk_change_password;		/* password.c */

/*
 * 0 is success; -ENOENT, not ours; -ENODATA, accounts.map cannot be read:
 * the only two results that Debian's stack goes past.  -EPERM, refused.
 */
int	nk_result(int r);

/*
 * Is the account, as the name service has it, the one that the map has?
 * PAM_SUCCESS; PAM_USER_UNKNOWN, it has another uid: not ours; PAM_SYSTEM_ERR,
 * the name service has nobody of that name, though it should have ours: that
 * may be for want of a descriptor, and is no reason to ask another module.
 */
int	nk_check_theirs(const struct nk_call *c, const struct nk_account *a)
	    NK_MUST_CHECK;

/* Effectively.  Nothing on the way to a hash asks for it. */
bool	nk_is_root(void);

/* pam_get_item(3) of a text: never NULL. */
const char *nk_item(const struct nk_call *c, int item);

/* A line in the log about the user; "debug" ones only with that option. */
void	nk_log(const struct nk_call *c, int priority, const char *fmt, ...)
	    NK_PRINTF(3, 4);

/*
 * accounts.map cannot be read: without the name, which nobody knows and which
 * may be a password that was typed too early.
 */
void	nk_log_no_map(const struct nk_call *c);

/* A sentence for the person, unless silence was asked for. */
void	nk_tell_person(const struct nk_call *c, int style, const char *text);

/*
 * What the handle remembers of our auth phase, until it ends: the name, how
 * often it was refused, and whether the password was what let the user in.
 */
struct nk_memory {
	char		*user;
	unsigned int	 failures;
	bool		 by_password;
};

/* NULL: our auth phase did not run for this user. */
const struct nk_memory *nk_remembered(const struct nk_call *c);

/*
 * Remember it.  Returns result, or PAM_MAXTRIES instead of a PAM_AUTH_ERR
 * after which nobody should be asked again, or PAM_BUF_ERR.
 */
int	nk_remember(const struct nk_call *c, int result, bool by_password)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PAM_CALL_H */
