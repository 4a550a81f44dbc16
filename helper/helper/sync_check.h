/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SYNC_CHECK_H
#define NASKEYS_HELPER_SYNC_CHECK_H

#include "helper/helper/state.h"

/*
 * Bring maps and store into agreement; what is missing is made.  Complains
 * on standard error.  Returns the program's exit status.
 */
int	sync_run(const struct state *state);

/*
 * Print what is wrong with folders, configuration, groups, the sealing key,
 * the store and the maps, a line each, on standard output.  Returns the
 * program's exit status: 0 only if nothing is.
 */
int	check_run(const struct state *state);

#endif /* NASKEYS_HELPER_SYNC_CHECK_H */
