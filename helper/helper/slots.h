/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SLOTS_H
#define NASKEYS_HELPER_SLOTS_H

/*
 * Who holds how many connections.  Root's are not counted, and nothing here
 * waits or allocates after slots_init().
 *
 * While half of all slots are free a uid may have its full share, but never
 * more than that half; as they run out its share shrinks in proportion,
 * down to one.  So it takes many uids, and not just a few greedy ones, to
 * leave none for another.  And since somebody may have very many uids, the
 * second half of the slots is for accounts, and the last eighth of all for
 * administrators.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/helper/standing.h"
#include "lib/attr.h"

struct slot {
	pid_t	pid;		/* 0: free */
	uid_t	uid;
};

struct slots {
	struct slot	*v;
	size_t		 max;		/* of all uids together */
	size_t		 used;
	size_t		 per_uid;
};

int	slots_init(struct slots *s, uint32_t max, uint32_t per_uid)
	    NK_MUST_CHECK;
void	slots_clear(struct slots *s);

/* May uid have one connection more? */
bool	slots_admit(const struct slots *s, uid_t uid);

/* Is only the half left that strangers cannot have? */
bool	slots_is_crowded(const struct slots *s);

/* Is there a slot for somebody of this standing? */
bool	slots_has_room(const struct slots *s, enum standing standing);

/* After slots_admit(): process pid serves it.  -ENOSPC: no slot is free. */
int	slots_take(struct slots *s, uid_t uid, pid_t pid) NK_MUST_CHECK;

/* pid has ended; a pid that holds none is ignored. */
void	slots_release(struct slots *s, pid_t pid);

#endif /* NASKEYS_HELPER_SLOTS_H */
