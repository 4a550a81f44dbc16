/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_MESSAGE_H
#define NASKEYS_SANDBOX_MESSAGE_H

/* What the sandbox's two ends say to each other; for lib/sandbox alone. */

#include <stdint.h>

#define NK_SANDBOX_VERSION	1

/* In front of the request, and of the answer. */
struct nk_sandbox_head {
	uint32_t	version;
	int32_t		result;		/* 0 in a request, or -errno */
	uint32_t	len;		/* of the bytes that follow */
};

/*
 * The arguments of the child: the option, the name of the work, and in
 * decimal digits uid, gid, seconds, and the longest answer.
 */
#define NK_SANDBOX_OPTION	"--sandbox"	/* not for people */
#define NK_SANDBOX_NUMBERS	4
#define NK_SANDBOX_ARGS		(3 + NK_SANDBOX_NUMBERS)

/* For a task, the last number is that of its sockets. */
#define NK_SANDBOX_TASK_OPTION	"--sandbox-task"

/* In front of each packet that a task says or hears. */
struct nk_sandbox_packet {
	uint32_t	version;
	uint32_t	type;
};

#endif /* NASKEYS_SANDBOX_MESSAGE_H */
