/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_LOG_H
#define NASKEYS_HELPER_LOG_H

/*
 * One line for each event: on standard error for the person who started the
 * program, in the system's log (AUTHPRIV) once nobody is there to read it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"

#define LOG_EVERY_MS	10000	/* of an event that others can cause */

/* Whose lines they are; without it, naskeys-helper's. */
void	log_program(const char *name);

/* From now on, to the system's log. */
void	log_to_syslog(void);

/* priority as in syslog(3); no newline at the end. */
void	log_say(int priority, const char *fmt, ...) NK_PRINTF(2, 3);

/* An event which somebody else can repeat as often as he likes. */
struct log_rate {
	int64_t		next_ms;	/* not before */
	uint64_t	kept_back;
};

/*
 * May the event be logged at now_ms?  Then *beforep is how many like it
 * were kept back since the last one.
 */
bool	log_rate_pass(struct log_rate *l, int64_t now_ms, uint64_t *beforep);

#endif /* NASKEYS_HELPER_LOG_H */
