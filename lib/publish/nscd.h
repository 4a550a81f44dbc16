/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_NSCD_H
#define NASKEYS_PUBLISH_NSCD_H

#include <stdbool.h>

/* Where its socket is; NULL: there is none. */
const char *nk_nscd_socket(void);

/* Does a cache listen there? */
bool	nk_nscd_listens(const char *path);

/*
 * Tell the name service cache that listens on the socket "path" to forget
 * its users and groups (what it knows of supplementary groups goes with
 * the groups).  Waits for its word for at most a quarter of a second.
 * Nothing is said about success: a cache that does not listen forgets by
 * itself, and logins do not ask it.
 */
void	nk_nscd_forget(const char *path);

#endif /* NASKEYS_PUBLISH_NSCD_H */
