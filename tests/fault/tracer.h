/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_TRACER_H
#define NASKEYS_TEST_TRACER_H

/* A process held by ptrace(2), from system call to system call. */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tracer_stop {
	TRACER_ENTRY,		/* before the call is made */
	TRACER_EXIT,		/* it has been made; ret is its result */
	TRACER_GONE,		/* the process has ended; status */
};

struct tracer {
	pid_t		 pid;
	bool		 inside;	/* between entry and exit */
	int		 fail;		/* errno to be answered, 0: none */
	int		 status;	/* of waitpid(2) */
	long		 nr;		/* SYS_... */
	uint64_t	 args[6];
	int64_t		 ret;
};

/* Does this machine's architecture allow calls to be changed? */
bool	tracer_is_possible(void);

/*
 * Run argv (argv[0] is a path) with /dev/null as descriptor 3, stopped
 * before its first instruction.  0 or -errno.
 */
int	tracer_start(struct tracer *t, char *const argv[]);
/* Let it run to the next stop. */
enum tracer_stop tracer_next(struct tracer *t);
/* It has stopped at a call, as waitpid(2) has said. */
enum tracer_stop tracer_at_call(struct tracer *t);
/* kill -9, here and now, and wait for it. */
void	tracer_kill(struct tracer *t);

/* At an entry: the call is not made and answers -error. */
void	tracer_fail(struct tracer *t, int error);
/* At an entry: another argument. */
void	tracer_set_arg(struct tracer *t, int i, uint64_t value);

/* Its memory; 0 or -errno. */
int	tracer_peek(const struct tracer *t, uint64_t at, void *buf,
	    size_t len);
/* A string of its memory, cut to len. */
void	tracer_peek_string(const struct tracer *t, uint64_t at, char *buf,
	    size_t len);
/* What its descriptor fd is; "" when it is nothing. */
void	tracer_fd_path(const struct tracer *t, uint64_t fd, char *buf,
	    size_t len);

#endif /* NASKEYS_TEST_TRACER_H */
