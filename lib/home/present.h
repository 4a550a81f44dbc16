/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_PRESENT_H
#define NASKEYS_HOME_PRESENT_H

/* The authorized_keys file that is in .ssh now. */

#include <sys/types.h>
#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/outcome.h"
#include "lib/home/place.h"

#define NK_PRESENT_FILE	"authorized_keys"
#define NK_PRESENT_MAX	(4u << 20)	/* bytes */
#define NK_PRESENT_HASH	32		/* bytes of SHA-256 */

struct nk_present {
	int		 fd;		/* -1: there is no such file */
	struct stat	 st;
	char		*text;		/* NUL-terminated */
	size_t		 len;
	uint8_t		 hash[NK_PRESENT_HASH];
};
#define NK_PRESENT_NONE	((struct nk_present){ .fd = -1 })

/*
 * Open and read it, if it is there: a regular file of the user's with one
 * name, and no mount point (which nk_place_openat() sees; the device number
 * would not tell, since a bind mount may have the same one, and a folder and
 * a file of one overlay may have two).  Before it is opened for reading,
 * what the name stands for is looked at without opening it (O_PATH), since
 * to open a device may do something.  0, or -res->error.
 */
int	nk_present_read(struct nk_present *f, const struct nk_place *p,
	    struct nk_homefile_result *res) NK_MUST_CHECK;
void	nk_present_close(struct nk_present *f);

/*
 * Does "name" in .ssh stand for this very file, and has it still the text
 * that was read?
 */
bool	nk_present_is_still(const struct nk_present *f,
	    const struct nk_place *p, const char *name);

/* SHA-256.  0 or -ENOTSUP. */
int	nk_present_hash(const void *bytes, size_t len,
	    uint8_t hash[NK_PRESENT_HASH]) NK_MUST_CHECK;

#endif /* NASKEYS_HOME_PRESENT_H */
