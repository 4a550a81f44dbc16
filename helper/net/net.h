/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_H
#define NASKEYS_NET_H

/* What naskeys-net does in its sandbox; a file for each. */

#include <stddef.h>

/* NK_REMOTE_DIAL: names and connections. */
void	dial_run(size_t n_sockets);
/* NK_REMOTE_SCAN: host keys. */
void	scan_run(size_t n_sockets);
/* NK_REMOTE_TEST: log in, run a command, try SFTP. */
void	test_run(size_t n_sockets);
/* NK_REMOTE_COPY_KEY: log in, append a line to the user's keys. */
void	copy_run(size_t n_sockets);
/* NK_REMOTE_REMOVE_KEY: log in, take lines out of them. */
void	remove_run(size_t n_sockets);
/* NK_REMOTE_KEY_OPTIONS: log in, read what stands before a key in them. */
void	options_run(size_t n_sockets);
/* NK_REMOTE_PAIR_TASK: give its API a key, get its host keys. */
void	pair_run(size_t n_sockets);
int	pair_prepare(void);

#endif /* NASKEYS_NET_H */
