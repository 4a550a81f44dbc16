/* SPDX-License-Identifier: ISC */

/* A login, and whether a command and SFTP work. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/net/login.h"
#include "helper/net/net.h"
#include "helper/net/sftp.h"

#define OUTPUT_MAX	1048576u	/* bytes that a command may print */
#define TURN_MS		50

/* What it prints is read, so that it can end, and dropped. */
static void
drain(struct session *s, ssh_channel c)
{
	char bytes[4096];
	size_t total = 0;
	int n, m;

	while (!ssh_channel_is_eof(c)) {
		n = ssh_channel_read_timeout(c, bytes, sizeof(bytes), 0,
		    TURN_MS);
		m = ssh_channel_read_nonblocking(c, bytes, sizeof(bytes), 1);
		if (n == SSH_ERROR || m == SSH_ERROR) {
			/* a channel that is closed already is at its end */
			if (ssh_is_connected(s->ssh) == 0)
				login_fault(s, NK_REMOTE_NO_COMMAND);
			break;
		}
		total += (n > 0 ? (size_t)n : 0) + (m > 0 ? (size_t)m : 0);
		if (total > OUTPUT_MAX)
			say_fault(NK_REMOTE_NO_COMMAND,
			    "it prints without end");
	}
}

static void
run_command(struct session *s, const char *command)
{
	char text[32];
	ssh_channel c;
	int status;

	say_step(NK_REMOTE_COMMAND);
	if ((c = session_channel(s)) == NULL)
		login_fault(s, NK_REMOTE_NO_COMMAND);
	if (ssh_channel_request_exec(c, command) != SSH_OK)
		login_fault(s, NK_REMOTE_NO_COMMAND);
	/* what it might read has an end; what has ended needs none */
	(void)ssh_channel_send_eof(c);
	drain(s, c);
	status = session_exit_status(c);
	if (status == -1)
		say_fault(NK_REMOTE_NO_COMMAND, "a signal ended it");
	if (status != 0) {
		(void)snprintf(text, sizeof(text), "exit status %d", status);
		say_fault(NK_REMOTE_NO_COMMAND, text);
	}
	ssh_channel_free(c);
}

static void
try_sftp(struct session *s)
{
	sftp_session sftp;

	say_step(NK_REMOTE_SFTP);
	if ((sftp = sftp_begin(s)) == NULL)
		say_fault(NK_REMOTE_NO_SFTP, NULL);
	if (sftp_canonicalize_path(sftp, ".") == NULL)
		login_fault(s, NK_REMOTE_NO_SFTP);
}

void
test_run(size_t n_sockets)
{
	struct nk_wire w = hear_request();
	char command[NK_REMOTE_COMMAND_MAX + 1];
	struct session s;
	uint32_t sftp;

	if (n_sockets != LOGIN_SOCKETS)
		_exit(1);
	login(&s, &w);
	take_text(&w, command, sizeof(command));
	if (nk_wire_get_u32(&w, &sftp) < 0 || nk_wire_get_end(&w) < 0)
		_exit(1);
	if (command[0] != '\0')
		run_command(&s, command);
	if (sftp != 0)
		try_sftp(&s);
	ssh_disconnect(s.ssh);
	say_done();
}
