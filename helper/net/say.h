/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_SAY_H
#define NASKEYS_NET_SAY_H

/*
 * What the children of naskeys-net say to their parent (lib/remote/message.h).
 * Where that fails nobody listens any more: the child ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/remote/message.h"
#include "lib/remote/remote.h"

void	say_step(enum nk_remote_step step);
/* The step has failed; words may be NULL. */
_Noreturn void	say_fault(enum nk_remote_fault fault, const char *words);
_Noreturn void	say_done(void);
/* The same by a child that can still take back what it has done. */
void	say_end(void);
void	say_socket(int fd);
void	say_host_key(uint32_t which, const uint8_t *blob, size_t len);
void	say_no_host_key(uint32_t which, enum nk_remote_fault fault,
	    const char *words);
void	say_written(bool changed);
void	say_options(const char *text, size_t len);
/* digest NULL: there is none; why: it is not trusted, or NULL. */
void	say_certificate(const uint8_t *digest, const char *why);
void	say_plan(uint32_t flags);
void	say_paired(uint16_t port);
/* As say_fault(), by a child that can still take back what it has done. */
void	say_failure(enum nk_remote_fault fault, const char *words);

/* The request: its bytes, which are never freed. */
struct nk_wire	hear_request(void);

#endif /* NASKEYS_NET_SAY_H */
