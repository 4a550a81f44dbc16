/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_IMPORT_FILE_H
#define NASKEYS_RPC_IMPORT_FILE_H

/*
 * A file from outside, copied once into one of our own that nobody else can
 * open or change, and then read line by line.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_IMPORT_FILE_MAX	(UINT64_C(2) << 30)	/* bytes */
#define NK_IMPORT_SECONDS	600	/* until the end must have come */

struct nk_import_file {
	int		 fd;		/* of the copy, -1: none */
	uint64_t	 size;
	uint64_t	 lines;
	char		*buf;
	size_t		 room, have, at;	/* of buf */
};
#define NK_IMPORT_FILE_NONE	((struct nk_import_file){ .fd = -1 })

/*
 * Copy what can be read from fd (a regular file, pipe or socket) into an
 * unlinked file (0600) in the folder of the file "beside".  -ETIMEDOUT: no
 * byte came for "seconds", or the end did not come in time; -EFBIG, a
 * regular file before any of it is copied; -EBADMSG, a NUL is in it, as
 * where a file has holes; -ENOSPC and others as the system says.
 */
int	nk_import_file_copy(struct nk_import_file *f, int fd,
	    const char *beside, unsigned int seconds) NK_MUST_CHECK;

/* Go to the first line again. */
int	nk_import_file_rewind(struct nk_import_file *f) NK_MUST_CHECK;

/*
 * The next line without its newline, valid until the next call.  1; 0 at
 * the end; -E2BIG for a line above max bytes; -errno.
 */
int	nk_import_file_next(struct nk_import_file *f, size_t max,
	    const char **linep, size_t *lenp) NK_MUST_CHECK;

/* The copy is gone; the buffer is wiped. */
void	nk_import_file_clear(struct nk_import_file *f);

#endif /* NASKEYS_RPC_IMPORT_FILE_H */
