/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_PLACE_H
#define NASKEYS_TEST_PLACE_H

#include <stddef.h>

/*
 * A folder of the test's own below $TMPDIR or /tmp, with a tmpfs of size
 * bytes (0: no limit) on its "maps" in a mount namespace of this process,
 * where that is allowed.  *pathp is the caller's to free.  0 or -errno.
 */
int	place_make(char **pathp, size_t size);
/* Leave and remove it, with all that is in it. */
void	place_remove(char *path);

#endif /* NASKEYS_TEST_PLACE_H */
