/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_DIRECTORY_H
#define NASKEYS_DIRECTORY_H

/*
 * Is a name or id taken elsewhere?  The machine's name services are asked
 * without our own module, in a child with a time limit (network.h), before
 * the lock is taken.  A child that does not answer in time is killed:
 * -ETIMEDOUT.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/account/network.h"
#include "lib/attr.h"

struct nk_directory_entry {
	bool		found;
	uint32_t	id;		/* uid or gid */
	char		name[256];
	/* Of a user; cut where they are longer. */
	uint32_t	gid;
	char		gecos[256];
	char		home[1024];
	char		shell[256];
};

/* name NULL: by id. */
int	nk_directory_user(const char *name, uint32_t uid,
	    unsigned int seconds, struct nk_directory_entry *e)
	    NK_MUST_CHECK;
int	nk_directory_group(const char *name, uint32_t gid,
	    unsigned int seconds, struct nk_directory_entry *e)
	    NK_MUST_CHECK;

/* The most groups of a user that nk_directory_groups() tells. */
#define NK_DIRECTORY_GROUPS_MAX	256

/*
 * The gids of all groups of the user "name", "gid" among them, at most
 * NK_DIRECTORY_GROUPS_MAX; *np of them.
 */
int	nk_directory_groups(const char *name, uint32_t gid,
	    unsigned int seconds, uint32_t *gids, size_t *np) NK_MUST_CHECK;

/* The most entries that nk_directory_read() takes: -E2BIG above. */
#define NK_DIRECTORY_MAX	8000000

/*
 * One enumeration of all the other services: every user (or group) name and
 * id.  Sets that answer membership in about constant time.
 */
struct nk_directory;
int	nk_directory_read(struct nk_directory **dp, unsigned int seconds)
	    NK_MUST_CHECK;
void	nk_directory_free(struct nk_directory *d);
bool	nk_directory_has_user(const struct nk_directory *d,
	    const char *name);
/* The same, and the uid of its first holder. */
bool	nk_directory_user_id(const struct nk_directory *d, const char *name,
	    uint32_t *uidp);
/* The name of its first holder, or NULL. */
const char *nk_directory_uid(const struct nk_directory *d, uint32_t uid);
bool	nk_directory_has_group(const struct nk_directory *d,
	    const char *name);
const char *nk_directory_gid(const struct nk_directory *d, uint32_t gid);

/* The works of the above, for nk_network_serve(). */
extern const struct nk_network_work nk_directory_user_work;
extern const struct nk_network_work nk_directory_group_work;
extern const struct nk_network_work nk_directory_groups_work;
extern const struct nk_network_work nk_directory_list_work;

#endif /* NASKEYS_DIRECTORY_H */
