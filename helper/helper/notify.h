/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_NOTIFY_H
#define NASKEYS_HELPER_NOTIFY_H

#include "helper/helper/sanitise.h"

/* sd_notify(3).  Without a service manager there is nobody to tell. */
void	notify(const struct handover *h, const char *text);

/*
 * The same in two steps, for who gives up its rights in between: the socket
 * may stand in a folder of root's alone.  A descriptor, the caller's to
 * close, or -1, with which nothing is said.
 */
int	notify_open(const struct handover *h);
void	notify_say(int fd, const char *text);

#endif /* NASKEYS_HELPER_NOTIFY_H */
