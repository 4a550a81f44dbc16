/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_REPORT_H
#define NASKEYS_HOME_REPORT_H

/*
 * What a child says while it works on a whole home (homedir.h), on its way
 * to the parent: records as both have them in memory, of which the last one
 * says how it ended.  As with answer.h, the child may have been made to say
 * anything: a record is looked at when it is whole, and one that is not
 * possible there ends the job.
 */

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/outcome.h"

#define NK_HOMEREPORT_LOST_MAX	20	/* that are named; all are counted */

enum nk_homereport_kind {
	NK_HOMEREPORT_PROGRESS = 1,
	NK_HOMEREPORT_LOST,		/* followed by a path */
	NK_HOMEREPORT_END,
};

struct nk_homereport_record {
	uint32_t	kind;
	uint32_t	len;		/* of the path; 0 with the others */
	struct nk_homefile_result result;	/* DONE with PROGRESS */
	uint32_t	mode;		/* END: that the home had */
	uint32_t	elsewhere;	/* END: 1, it is about the other
					   home; 0 */
	uint64_t	done, total;	/* entries; total 0: not known yet */
	uint64_t	lost;		/* entries so far */
};

/* What a child has said.  Begin with the two functions, or NULL, alone. */
struct nk_homereport {
	void	(*progress)(void *arg, uint64_t done, uint64_t total);
	/* path: below the home; it and why live as long as the call */
	void	(*lost)(void *arg, const char *path,
		    const struct nk_homefile_result *why);
	void	*arg;

	struct nk_homereport_record last;
	bool	 ended;			/* last is END */

	/* of the record that is being taken */
	struct nk_homereport_record head;
	size_t	 got;			/* bytes of head and path */
	unsigned int named;		/* LOST records so far */
	char	 path[PATH_MAX];
};

/* Take the next bytes.  0; -EBADMSG, it is no report. */
int	nk_homereport_take(struct nk_homereport *r, const void *bytes,
	    size_t len) NK_MUST_CHECK;

/* Did it say how it ended, and nothing after that? */
bool	nk_homereport_is_whole(const struct nk_homereport *r);

#endif /* NASKEYS_HOME_REPORT_H */
