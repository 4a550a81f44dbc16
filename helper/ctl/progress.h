/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_PROGRESS_H
#define NASKEYS_CTL_PROGRESS_H

#include <jansson.h>

/*
 * A bar on standard error, where that is a terminal: takes the helper's
 * "naskeys.progress" notifications.  While it is shown, a signal that ends
 * us takes it away first.
 */
void	ctl_progress(void *arg, const char *method, const json_t *params);

/* Take the bar away, if there is one. */
void	ctl_progress_end(void);

#endif /* NASKEYS_CTL_PROGRESS_H */
