/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONSUMER_COMMAND_H
#define NASKEYS_RPC_CONSUMER_COMMAND_H

/*
 * The command by which a job's program learns that its consumer was unbound.
 *
 *  1. It MUST be set by root or an administrator who sits at the machine's
 *     own socket: it runs with the helper's rights.
 *  2. There MUST be no shell and no environment: it is a list of words, the
 *     first of which is an absolute path.
 *  3. Only root may be able to change the program, or put another one in its
 *     place; that is seen to when it is run.
 *  4. It MUST run after the commit, without any lock, for a bounded time;
 *     that it fails takes nothing back.
 */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define NK_CONSUMER_WORDS_MAX		8
#define NK_CONSUMER_COMMAND_SECONDS	30

/* The element of an array "command", for nk_args_check(). */
extern const struct nk_arg nk_consumer_command_word[];

/*
 * May the caller set this command?  path names the argument.  *textp is what
 * the store keeps, the caller's to free; NULL where command is NULL or JSON's
 * null.  0; -EINVAL with *e set; -ENOMEM.
 */
int	nk_consumer_command_take(struct nk_context *c, const json_t *command,
	    const char *path, char **textp, struct nk_error *e)
	    NK_MUST_CHECK;

/* Commands that are to be run once the edit is committed. */
struct nk_commands {
	struct nk_command {
		char	*title;		/* whose it is */
		char	*text;		/* as the store has it */
	}	*v;
	size_t	 n;
};

/* text NULL: nothing is to be run.  0, -ENOMEM. */
int	nk_commands_add(struct nk_commands *cs, const char *title,
	    const char *text) NK_MUST_CHECK;
/*
 * Run them, one after the other.  What failed is said by notifications
 * ("naskeys.warning") and in the audit log; action is the method.
 */
void	nk_commands_run(struct nk_context *c, const char *action,
	    const struct nk_commands *cs);
void	nk_commands_clear(struct nk_commands *cs);

#endif /* NASKEYS_RPC_CONSUMER_COMMAND_H */
