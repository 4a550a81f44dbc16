/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "lib/remote/login.h"
#include "lib/remote/remote.h"
#include "lib/remote/said.h"
#include "lib/ssh/wire.h"

/* Whether the file was changed, and the end. */
static int
hear_result(struct nk_remote_talk *talk, bool *changedp)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	struct nk_remote_said said;
	bool heard = false;
	uint32_t type;
	int fd, r;

	while ((r = nk_remote_hear(talk, &type, &bytes, &fd)) == 0 &&
	    (type != NK_REMOTE_MSG_DONE || !heard)) {
		if (fd != -1)
			nk_sandbox_drop(fd);
		if (fd != -1 || heard || type != NK_REMOTE_MSG_WRITTEN ||
		    nk_remote_said_read(type, bytes.p, bytes.len, &said) < 0) {
			r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
			break;
		}
		*changedp = said.changed;
		heard = true;
	}
	if (r == 0)
		nk_remote_step_done(talk->report);
	nk_secret_clear(&bytes);
	return r;
}

/* Log in with a request that ends in tail[len], and hear what came of it. */
static int
change(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    const struct nk_remote_login *login, const char *task, const void *tail,
    size_t len, bool *changedp)
{
	struct nk_remote_signer signer;
	int r;

	if ((r = nk_remote_login(talk, sb, login, task, tail, len,
	    &signer)) == 0)
		r = hear_result(talk, changedp);
	nk_remote_end(talk);
	nk_remote_signer_close(&signer);
	return r;
}

int
nk_remote_copy_key(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, const struct nk_remote_login *login,
    const char *line, const char *type, const char *base64, bool *addedp,
    struct nk_remote_report *report)
{
	uint8_t tail[12 + 2 * NK_REMOTE_LINE_MAX];
	struct nk_wire_out o = { tail, sizeof(tail) };
	struct nk_remote_talk talk;

	*addedp = false;
	nk_remote_begin(&talk, t, report);
	if (strlen(line) > NK_REMOTE_LINE_MAX ||
	    nk_wire_put_string(&o, line, strlen(line)) < 0 ||
	    nk_wire_put_string(&o, type, strlen(type)) < 0 ||
	    nk_wire_put_string(&o, base64, strlen(base64)) < 0)
		return -E2BIG;
	return change(&talk, sb, login, NK_REMOTE_COPY_KEY, tail,
	    sizeof(tail) - o.left, addedp);
}

int
nk_remote_remove_key(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, const struct nk_remote_login *login,
    const char *type, const char *base64, bool *removedp,
    struct nk_remote_report *report)
{
	uint8_t tail[8 + NK_REMOTE_LINE_MAX];
	struct nk_wire_out o = { tail, sizeof(tail) };
	struct nk_remote_talk talk;

	*removedp = false;
	nk_remote_begin(&talk, t, report);
	if (nk_wire_put_string(&o, type, strlen(type)) < 0 ||
	    nk_wire_put_string(&o, base64, strlen(base64)) < 0)
		return -E2BIG;
	return change(&talk, sb, login, NK_REMOTE_REMOVE_KEY, tail,
	    sizeof(tail) - o.left, removedp);
}
