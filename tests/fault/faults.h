/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_FAULTS_H
#define NASKEYS_TEST_FAULTS_H

/* Which system calls can fail, and how, and making them do so. */

#include <stdbool.h>

#include "tests/fault/tracer.h"

enum fault {
	FAULT_EIO,
	FAULT_ENOSPC,
	FAULT_SHORT,		/* half of what was to be read or written */
	FAULT_EINTR,		/* where the manual allows it */
	FAULTS
};

extern const char *const faults_names[FAULTS];

/* At an entry: can this call meet with that fault? */
bool	faults_apply(enum fault fault, const struct tracer *tr);
/* At such an entry: it does. */
void	faults_inject(enum fault fault, struct tracer *tr);
/* Is the call on the list of those that can fail, or of those that cannot? */
bool	faults_know(long nr);

#endif /* NASKEYS_TEST_FAULTS_H */
