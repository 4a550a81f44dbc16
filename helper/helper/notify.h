/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_NOTIFY_H
#define NASKEYS_HELPER_NOTIFY_H

#include "helper/helper/sanitise.h"

/* sd_notify(3).  Without a service manager there is nobody to tell. */
void	notify(const struct handover *h, const char *text);

#endif /* NASKEYS_HELPER_NOTIFY_H */
