/* SPDX-License-Identifier: ISC */
#include "helper/net/sftp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/login.h"
#include "lib/ssh/wire.h"

#define REPLACE		"posix-rename@openssh.com"	/* an extension */
#define STATUS_MAX	1024	/* bytes of an answer with a sentence */

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
 * One more channel stays idle: some servers (dropbear) hang up when the last
 * one is closed, and a shell is to be asked for behind an SFTP server that
 * could not be started.  A server that has only one to give gives this one;
 * it has to be closed before there can be another.
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
	if (sftp != NULL)
		sftp_free(sftp);	/* with its channel */
	else if (c != NULL)
		ssh_channel_free(c);
	return NULL;
}

/* ---- what libssh has not ---- */

static bool
read_all(ssh_channel c, uint8_t *bytes, size_t len)
{
	size_t done;
	int n;

	for (done = 0; done < len; done += (size_t)n) {
		n = ssh_channel_read(c, bytes + done, (uint32_t)(len - done),
		    0);
		if (n <= 0)
			return false;
	}
	return true;
}

/* The answer to the request with this number, none other being awaited. */
static bool
is_done(ssh_channel c, uint32_t id)
{
	uint8_t bytes[STATUS_MAX];
	struct nk_wire w = { bytes, 4 };
	uint32_t len, answered, status;

	if (!read_all(c, bytes, 4) || nk_wire_get_u32(&w, &len) < 0 ||
	    len < 9 || len > sizeof(bytes) || !read_all(c, bytes, len))
		return false;
	w = (struct nk_wire){ bytes + 1, len - 1 };
	return bytes[0] == SSH_FXP_STATUS &&
	    nk_wire_get_u32(&w, &answered) == 0 && answered == id &&
	    nk_wire_get_u32(&w, &status) == 0 && status == SSH_FX_OK;
}

bool
sftp_replace(sftp_session sftp, const char *path, const char *place)
{
	const uint8_t extended = SSH_FXP_EXTENDED;
	size_t room = 21 + strlen(REPLACE) + strlen(path) + strlen(place);
	struct nk_wire_out o;
	uint8_t *bytes;
	bool done;

	if (room > UINT16_MAX ||
	    sftp_extension_supported(sftp, REPLACE, "1") == 0 ||
	    (bytes = malloc(room)) == NULL)
		return false;
	o = (struct nk_wire_out){ bytes, room };
	sftp->id_counter++;
	done = nk_wire_put_u32(&o, (uint32_t)room - 4) == 0 &&
	    nk_wire_put(&o, &extended, 1) == 0 &&
	    nk_wire_put_u32(&o, sftp->id_counter) == 0 &&
	    nk_wire_put_string(&o, REPLACE, strlen(REPLACE)) == 0 &&
	    nk_wire_put_string(&o, path, strlen(path)) == 0 &&
	    nk_wire_put_string(&o, place, strlen(place)) == 0 &&
	    ssh_channel_write(sftp->channel, bytes, (uint32_t)room) ==
	    (int)room && is_done(sftp->channel, sftp->id_counter);
	free(bytes);
	return done;
}
