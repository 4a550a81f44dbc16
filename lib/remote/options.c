/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/remote/login.h"
#include "lib/remote/remote.h"
#include "lib/remote/said.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/wire.h"

/* They will stand before another key: what is no option is none of them. */
static int
check_options(struct nk_remote_talk *talk, const char *text, size_t len)
{
	struct nk_keyoptions o;
	const char *why = NULL;
	int r;

	r = nk_keyoptions_parse(text, len, NK_KEYPOLICY_DEFAULT.sshd, &o,
	    &why);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && o.cert_authority)
		why = "it is that of a certificate authority";
	return why == NULL ? 0 : nk_remote_fail(talk, NK_REMOTE_NO_LINE, why,
	    strlen(why));
}

static int
take_options(struct nk_remote_talk *talk, uint32_t type,
    const struct nk_secret *bytes, char **optionsp)
{
	struct nk_remote_said said;
	int r;

	if (type != NK_REMOTE_MSG_OPTIONS ||
	    nk_remote_said_read(type, bytes->p, bytes->len, &said) < 0)
		return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	if (said.len == 0)
		return 0;
	if ((r = check_options(talk, (const char *)said.bytes,
	    said.len)) < 0)
		return r;
	*optionsp = strndup((const char *)said.bytes, said.len);
	return *optionsp == NULL ? -ENOMEM : 0;
}

static int
hear_options(struct nk_remote_talk *talk, char **optionsp)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	bool heard = false;
	uint32_t type;
	int fd, r;

	while ((r = nk_remote_hear(talk, &type, &bytes, &fd)) == 0 &&
	    (type != NK_REMOTE_MSG_DONE || !heard)) {
		if (fd != -1)
			nk_sandbox_drop(fd);
		r = fd != -1 || heard ? nk_remote_fail(talk,
		    NK_REMOTE_FAILED, NULL, 0) : take_options(talk, type,
		    &bytes, optionsp);
		if (r < 0)
			break;
		heard = true;
	}
	if (r == 0)
		nk_remote_step_done(talk->report);
	nk_secret_clear(&bytes);
	return r;
}

int
nk_remote_key_options(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, const struct nk_remote_login *login,
    const char *type, const char *base64, char **optionsp,
    struct nk_remote_report *report)
{
	uint8_t tail[8 + NK_REMOTE_LINE_MAX];
	struct nk_wire_out o = { tail, sizeof(tail) };
	struct nk_remote_signer signer;
	struct nk_remote_talk talk;
	int r;

	*optionsp = NULL;
	nk_remote_begin(&talk, t, report);
	if (nk_wire_put_string(&o, type, strlen(type)) < 0 ||
	    nk_wire_put_string(&o, base64, strlen(base64)) < 0)
		return -E2BIG;
	if ((r = nk_remote_login(&talk, sb, login, NK_REMOTE_KEY_OPTIONS,
	    tail, sizeof(tail) - o.left, &signer)) == 0)
		r = hear_options(&talk, optionsp);
	nk_remote_end(&talk);
	nk_remote_signer_close(&signer);
	if (r < 0) {
		free(*optionsp);
		*optionsp = NULL;
	}
	return r;
}
