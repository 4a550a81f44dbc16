/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "lib/remote/login.h"
#include "lib/remote/message.h"
#include "lib/remote/remote.h"
#include "lib/ssh/wire.h"

/* There is nothing more to hear than the end. */
static int
hear_end(struct nk_remote_talk *talk)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;
	int fd, r;

	r = nk_remote_hear(talk, &type, &bytes, &fd);
	if (r == 0 && fd != -1)
		nk_sandbox_drop(fd);
	if (r == 0 && (type != NK_REMOTE_MSG_DONE || fd != -1))
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	if (r == 0)
		nk_remote_step_done(talk->report);
	nk_secret_clear(&bytes);
	return r;
}

int
nk_remote_test(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, const struct nk_remote_login *login,
    const char *command, bool sftp, struct nk_remote_report *report)
{
	uint8_t tail[8 + NK_REMOTE_COMMAND_MAX];
	struct nk_wire_out o = { tail, sizeof(tail) };
	struct nk_remote_signer signer;
	struct nk_remote_talk talk;
	int r;

	nk_remote_begin(&talk, t, report);
	if (command == NULL)
		command = "";
	if (nk_wire_put_string(&o, command, strlen(command)) < 0 ||
	    nk_wire_put_u32(&o, sftp) < 0)
		return -E2BIG;
	if ((r = nk_remote_login(&talk, sb, login, NK_REMOTE_TEST, tail,
	    sizeof(tail) - o.left, &signer)) == 0)
		r = hear_end(&talk);
	nk_remote_end(&talk);
	nk_remote_signer_close(&signer);
	return r;
}
