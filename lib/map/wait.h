/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_WAIT_H
#define NASKEYS_MAP_WAIT_H

/*
 * A reader that meets what a writer has half written waits a little and
 * reads again: at first spinning, then giving way, then in short sleeps, in
 * case the writer lost its processor in the middle.  About 10 ms in all.
 */

#include <stdbool.h>

/* Wait for the *triesp-th time; false once it has been long enough. */
bool	nk_wait(unsigned int *triesp);

#endif /* NASKEYS_MAP_WAIT_H */
