/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_BENCH_PROCESS_MEMORY_H
#define NASKEYS_TESTS_BENCH_PROCESS_MEMORY_H

/* What processes take, as proc(5) has it.  All is in KiB. */

#include <sys/types.h>

#include <stdint.h>

struct process_memory {
	uint64_t	pss;		/* with its share of what is shared */
	uint64_t	private;
};

/* End the program when it cannot be found out. */
struct process_memory process_memory(pid_t pid);
/* All its children together, once there are n of them and no others. */
struct process_memory process_memory_of_children(pid_t pid, size_t n);
/* Of the whole machine. */
uint64_t memory_available(void);

#endif /* NASKEYS_TESTS_BENCH_PROCESS_MEMORY_H */
