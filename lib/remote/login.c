/* SPDX-License-Identifier: ISC */
#include "lib/remote/login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/remote/dial.h"
#include "lib/remote/said.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/wire.h"

#define LIST_MAX	256	/* bytes of a list of algorithms */
#define WORDS_MAX	600	/* bytes of fingerprints */

/* ---- host keys ---- */

/* What proves a key of a type, best first. */
static const struct {
	const char	*type;
	const char	*algorithms;
} proofs[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
};

#define PROOFS	(sizeof(proofs) / sizeof(proofs[0]))

static bool
has_type(const struct nk_hostkeys *pins, const char *type)
{
	size_t i;

	for (i = 0; i < pins->n; i++) {
		if (strcmp(pins->v[i].type->name, type) == 0)
			return true;
	}
	return false;
}

void
nk_remote_host_key_list(const struct nk_hostkeys *pins, char *list,
    size_t room)
{
	size_t i, round, n = 0;
	int r;

	list[0] = '\0';
	for (round = 0; round < 2; round++) {
		for (i = 0; i < PROOFS; i++) {
			if (has_type(pins, proofs[i].type) == (round == 1))
				continue;
			r = snprintf(list + n, room - n, "%s%s",
			    n == 0 ? "" : ",", proofs[i].algorithms);
			if (r < 0 || (size_t)r >= room - n)
				return;
			n += (size_t)r;
		}
	}
}

/* "TYPE SHA256:..."; "" where it cannot be had. */
static void
describe(const struct nk_keytype *type, const uint8_t *blob, size_t len,
    char *text, size_t room)
{
	char *fingerprint = NULL;

	text[0] = '\0';
	if (nk_fingerprint_sha256(blob, len, &fingerprint) == 0)
		(void)snprintf(text, room, "%s %s", type->name, fingerprint);
	free(fingerprint);
}

/* Append to text[room]; what is too long is cut. */
static void
append(char *text, size_t room, const char *more)
{
	size_t n = strlen(text);

	(void)snprintf(text + n, room - n, "%s", more);
}

/* "it shows ...; pinned: ..., ..." */
static int
fail_changed(struct nk_remote_talk *talk, const struct nk_hostkeys *pins)
{
	char words[WORDS_MAX], pin[NK_REMOTE_SHOWN_SIZE];
	size_t i;

	(void)snprintf(words, sizeof(words), "it shows %s; pinned:",
	    talk->report->host_key);
	for (i = 0; i < pins->n; i++) {
		describe(pins->v[i].type, pins->v[i].blob, pins->v[i].len,
		    pin, sizeof(pin));
		append(words, sizeof(words), i == 0 ? " " : ", ");
		append(words, sizeof(words), pin);
	}
	return nk_remote_fail(talk, NK_REMOTE_CHANGED, words, strlen(words));
}

int
nk_remote_verify(struct nk_remote_talk *talk, const struct nk_hostkeys *pins,
    const uint8_t *blob, size_t len)
{
	struct nk_hostkeys shown = { NULL, 0 };
	int r;

	/* the parser of keys, so that only a key is ever shown */
	if ((r = nk_hostkeys_add(&shown, blob, len)) == 0)
		describe(shown.v[0].type, shown.v[0].blob, shown.v[0].len,
		    talk->report->host_key, NK_REMOTE_SHOWN_SIZE);
	nk_hostkeys_clear(&shown);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	return nk_hostkeys_have(pins, blob, len) ? 0 :
	    fail_changed(talk, pins);
}

/* ---- the child ---- */

static int
make_request(const struct nk_remote_login *login, const void *tail,
    size_t len, struct nk_secret *request)
{
	uint8_t head[LIST_MAX + 8];
	struct nk_wire_out o = { head, sizeof(head) };
	char list[LIST_MAX];
	size_t user = strlen(login->user);
	int r;

	nk_remote_host_key_list(login->pins, list, sizeof(list));
	if ((r = nk_wire_put_string(&o, list, strlen(list))) < 0 ||
	    (r = nk_wire_put_u32(&o, (uint32_t)user)) < 0 ||
	    (r = nk_secret_append(request, head, sizeof(head) - o.left)) < 0 ||
	    (r = nk_secret_append(request, login->user, user)) < 0)
		return r;
	return nk_secret_append(request, tail, len);
}

/* One connection and one end of the signer's socket go to the child. */
static int
start(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    const struct nk_remote_login *login, const char *task,
    const struct nk_secret *request, struct nk_remote_signer *signer)
{
	int fds[2] = { -1, -1 }, r;
	size_t n;

	if ((r = nk_remote_dial(talk, sb, fds, 1, &n)) < 0)
		return r;
	if (nk_remote_signer_init(signer, login->user, login->key,
	    &fds[1]) < 0)
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	else {
		talk->signer = signer;
		r = nk_remote_start(talk, sb, task, fds, 2, request->p,
		    request->len);
		close(fds[1]);
	}
	nk_sandbox_drop(fds[0]);
	return r;
}

static int
hear_host_key(struct nk_remote_talk *talk, const struct nk_hostkeys *pins)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	struct nk_remote_said said;
	uint32_t type;
	int fd, r;

	if ((r = nk_remote_hear(talk, &type, &bytes, &fd)) == 0) {
		if (fd != -1)
			nk_sandbox_drop(fd);
		if (type != NK_REMOTE_MSG_HOST_KEY || fd != -1 ||
		    nk_remote_said_read(type, bytes.p, bytes.len, &said) < 0 ||
		    said.which != 0 ||
		    nk_remote_step(talk->report, NK_REMOTE_VERIFY) < 0)
			r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
		else
			r = nk_remote_verify(talk, pins, said.bytes,
			    said.len);
	}
	nk_secret_clear(&bytes);
	return r;
}

int
nk_remote_login(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    const struct nk_remote_login *login, const char *task, const void *tail,
    size_t len, struct nk_remote_signer *signer)
{
	struct nk_secret request = NK_SECRET_NONE;
	int r;

	signer->fd = -1;
	if ((r = make_request(login, tail, len, &request)) == 0 &&
	    request.len > NK_SANDBOX_MESSAGE_MAX)
		r = -E2BIG;
	if (r == 0)
		r = start(talk, sb, login, task, &request, signer);
	nk_secret_clear(&request);
	if (r < 0 || (r = hear_host_key(talk, login->pins)) < 0)
		return r;
	if (login->password != NULL)
		return nk_remote_tell(talk, NK_REMOTE_MSG_GO,
		    login->password->p, login->password->len);
	signer->open = true;
	return nk_remote_tell(talk, NK_REMOTE_MSG_GO, NULL, 0);
}
