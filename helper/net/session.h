/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_SESSION_H
#define NASKEYS_NET_SESSION_H

/* An SSH session of libssh's on a socket that is there. */

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <stdbool.h>

#include "helper/net/say.h"

struct session {
	ssh_session		 ssh;
	struct ssh_counter_struct in_out;	/* bytes on the socket */
	char			 words[NK_REMOTE_WORDS_MAX + 1];
	char			 first[NK_REMOTE_WORDS_MAX + 1]; /* error */
};

/*
 * Make one that takes these algorithms for its host key and reads no
 * configuration.  It does not return where that fails.
 */
void	session_open(struct session *s, int fd, const char *hostkeys);

/* Whom it is for; before anything else. */
void	session_user(struct session *s, const char *user);

/* From now on its calls wait: the parent keeps the time. */
void	session_wait(struct session *s);

/*
 * Go on with greeting and key exchange as far as it goes without waiting.
 * SSH_OK, SSH_AGAIN or SSH_ERROR.
 */
int	session_advance(struct session *s);

/* Has the other end sent its greeting? */
bool	session_greeted(const struct session *s);

/* What poll(2) should wait for. */
short	session_events(const struct session *s);

/* Why SSH_ERROR came; *wordsp is what more there is to say, or NULL. */
enum nk_remote_fault	session_fault(struct session *s,
	    const char **wordsp);

/*
 * A session's channel that is open, once it is logged in; NULL, the other
 * end opens none.
 */
ssh_channel	session_channel(struct session *s);

/*
 * Wait for the exit status of the command in a channel; -1, the other end
 * says none, as when a signal ended it.
 */
int	session_exit_status(ssh_channel c);

/*
 * The blob of the host key, which the other end has proven to have; the
 * caller frees it.
 */
void	session_host_key(const struct session *s, uint8_t **blobp,
	    size_t *lenp);

#endif /* NASKEYS_NET_SESSION_H */
