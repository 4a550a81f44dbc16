/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_JOB_H
#define NASKEYS_HOME_JOB_H

/*
 * What is done in a home, by a process that is the user (become.h).  No
 * process is made here.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/outcome.h"
#include "lib/home/present.h"

enum nk_homejob_kind {
	NK_HOMEJOB_READ,
	NK_HOMEJOB_REPLACE,
	NK_HOMEJOB_REMOVE,
};

struct nk_homejob {
	enum nk_homejob_kind kind;
	uid_t		 uid;
	uid_t		 root;		/* as in rootpath.h */
	const char	*home;
	/* REPLACE and REMOVE: the file that the caller has seen */
	bool		 seen;		/* or there was none */
	uint8_t		 seen_hash[NK_PRESENT_HASH];
	/* REPLACE */
	const char	*text;
	size_t		 len;
};

/* What is said of a file; all 0 where there is none. */
struct nk_homejob_file {
	bool		 present;
	uint64_t	 dev, ino, size;
	int64_t		 mtime;		/* seconds */
	uint32_t	 mtime_ns;
};

struct nk_homejob_answer {
	struct nk_homefile_result result;
	bool		 wrote;		/* anything at all */
	struct nk_homejob_file	file;	/* as it is now, where it went well */
};

/*
 * Do it.  *textp is what READ has read, of a->file.size bytes, and the
 * caller's to free; else NULL.  a->result says how it went.
 */
void	nk_homejob_do(const struct nk_homejob *j,
	    struct nk_homejob_answer *a, char **textp);

#endif /* NASKEYS_HOME_JOB_H */
