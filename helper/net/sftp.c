/* SPDX-License-Identifier: ISC */
#include "helper/net/sftp.h"

#include <stddef.h>

#include "helper/net/login.h"

/*
 * What comes on standard error is dropped as it comes: as long as some of it
 * is unread, libssh sees no end of the channel and would wait for ever for a
 * server that could not be started.
 */
static int
drop_stderr(ssh_session ssh, ssh_channel c, void *data, uint32_t len,
    int is_stderr, void *arg)
{
	(void)ssh;
	(void)c;
	(void)data;
	(void)arg;
	return is_stderr != 0 ? (int)len : 0;
}

/*
 * A channel that stays idle: some servers (dropbear) hang up when the last
 * one is closed, and a shell is to be asked for behind an SFTP server that
 * could not be started.  A server that has only one to give gives this one.
 */
static ssh_channel
open_channel(struct session *s)
{
	ssh_channel idle = session_channel(s), c;

	if (idle == NULL || (c = session_channel(s)) == NULL)
		return idle;
	return c;
}

sftp_session
sftp_begin(struct session *s)
{
	static struct ssh_channel_callbacks_struct callbacks = {
		.channel_data_function = drop_stderr,
	};
	sftp_session sftp = NULL;
	ssh_channel c;

	ssh_callbacks_init(&callbacks);
	if ((c = open_channel(s)) != NULL &&
	    ssh_set_channel_callbacks(c, &callbacks) == SSH_OK &&
	    ssh_channel_request_sftp(c) == SSH_OK &&
	    (sftp = sftp_new_channel(s->ssh, c)) != NULL &&
	    sftp_init(sftp) == SSH_OK)
		return sftp;
	if (ssh_is_connected(s->ssh) == 0)
		login_fault(s, NK_REMOTE_NO_SFTP);
	return NULL;	/* what was begun goes with the process */
}
