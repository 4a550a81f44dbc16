/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_ARGS_H
#define NASKEYS_CTL_ARGS_H

#include "helper/ctl/ctl.h"

/*
 * Both return 0; CTL_USAGE or CTL_FAILED after a message; -1 when --help or
 * --version was asked for (*wantp is 'h' or 'V').  argv[0] is stepped over.
 */

/* The global options that stand before the first word; *usedp of argv. */
int	ctl_args_globals(struct ctl *c, int argc, char **argv, int *usedp,
	    int *wantp);
/*
 * What follows a command's object and verb: its own options and the global
 * ones, anywhere.  argv is put into another order.  ctl_args_clear() in
 * every case.
 */
int	ctl_args_parse(struct ctl *c, const struct ctl_command *cmd,
	    int argc, char **argv, struct ctl_args *a, int *wantp);
void	ctl_args_clear(struct ctl_args *a);

extern const struct ctl_option ctl_global_options[];

#endif /* NASKEYS_CTL_ARGS_H */
