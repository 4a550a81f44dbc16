/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_FOREGROUND_H
#define NASKEYS_CTL_FOREGROUND_H

/*
 * Another program in our place: it has our standard streams, environment,
 * terminal and process group.  Signals that are sent to us go on to it, it
 * stops and continues with us, and how it ended is how we end.
 */

#include "helper/ctl/ctl.h"

/*
 * Run the program argv[0], sought in PATH, to its end.  CTL_DONE, with
 * *statusp as waitpid(2) has it, or CTL_FAILED after a sentence.
 */
int	foreground_run(const struct ctl *c, const char *const argv[],
	    int *statusp) NK_MUST_CHECK;

/*
 * The exit status that says the same.  When a signal ended the program we
 * end by it, too, and this does not return.
 */
int	foreground_end(int status);

#endif /* NASKEYS_CTL_FOREGROUND_H */
