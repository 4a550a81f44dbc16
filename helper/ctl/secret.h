/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_SECRET_H
#define NASKEYS_CTL_SECRET_H

#include "helper/ctl/ctl.h"

#define SECRET_MAX	1024	/* bytes, with the NUL */

/* One line of standard input, without its newline. */
int	secret_read_line(struct ctl *c, char *buf, size_t len);

/* Ask on the terminal, without echo. */
int	secret_ask(struct ctl *c, const char *prompt, char *buf, size_t len);

/* Ask twice, until both are the same. */
int	secret_ask_new(struct ctl *c, char *buf, size_t len);

#endif /* NASKEYS_CTL_SECRET_H */
