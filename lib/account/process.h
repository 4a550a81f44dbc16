/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_PROCESS_H
#define NASKEYS_ACCOUNT_PROCESS_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/attr.h"

/*
 * When the process was started, in the kernel's ticks since boot (proc(5),
 * stat): what tells it from a later one with the same number.  0; -ESRCH,
 * there is none; -EBADMSG; -errno.
 */
int	nk_process_start(pid_t pid, int64_t *timep) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_PROCESS_H */
