/* SPDX-License-Identifier: ISC */
#include "helper/net/say.h"

#include <string.h>
#include <unistd.h>

#include "lib/sandbox/sandbox.h"
#include "lib/ssh/wire.h"

#define BLOB_MAX	32768	/* bytes of a host key's blob */

static void
say(uint32_t type, const void *bytes, size_t len, int fd)
{
	if (nk_sandbox_say(type, bytes, len, fd) < 0)
		_exit(1);
}

/* A fault, behind which socket's it is unless that is everybody's. */
static void
put_fault(struct nk_wire_out *o, enum nk_remote_fault fault,
    const char *words)
{
	size_t len = words == NULL ? 0 : strlen(words);

	if (len > NK_REMOTE_WORDS_MAX)
		len = NK_REMOTE_WORDS_MAX;
	if (nk_wire_put_u32(o, fault) < 0 ||
	    nk_wire_put_string(o, words == NULL ? "" : words, len) < 0)
		_exit(1);
}

void
say_failure(enum nk_remote_fault fault, const char *words)
{
	uint8_t bytes[8 + NK_REMOTE_WORDS_MAX];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	put_fault(&o, fault, words);
	say(NK_REMOTE_MSG_FAULT, bytes, sizeof(bytes) - o.left, -1);
}

void
say_fault(enum nk_remote_fault fault, const char *words)
{
	say_failure(fault, words);
	_exit(0);
}

void
say_end(void)
{
	say(NK_REMOTE_MSG_DONE, NULL, 0, -1);
}

void
say_done(void)
{
	say_end();
	_exit(0);
}

void
say_socket(int fd)
{
	say(NK_REMOTE_MSG_SOCKET, NULL, 0, fd);
}

void
say_host_key(uint32_t which, const uint8_t *blob, size_t len)
{
	uint8_t bytes[8 + BLOB_MAX];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	if (nk_wire_put_u32(&o, which) < 0 ||
	    nk_wire_put_string(&o, blob, len) < 0)
		_exit(1);
	say(NK_REMOTE_MSG_HOST_KEY, bytes, sizeof(bytes) - o.left, -1);
}

void
say_no_host_key(uint32_t which, enum nk_remote_fault fault,
    const char *words)
{
	uint8_t bytes[12 + NK_REMOTE_WORDS_MAX];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	if (nk_wire_put_u32(&o, which) < 0)
		_exit(1);
	put_fault(&o, fault, words);
	say(NK_REMOTE_MSG_NO_HOST_KEY, bytes, sizeof(bytes) - o.left, -1);
}

static void
say_number(uint32_t type, uint32_t n)
{
	uint8_t bytes[4];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	if (nk_wire_put_u32(&o, n) < 0)
		_exit(1);
	say(type, bytes, sizeof(bytes), -1);
}

void
say_step(enum nk_remote_step step)
{
	say_number(NK_REMOTE_MSG_STEP, step);
}

void
say_written(bool changed)
{
	say_number(NK_REMOTE_MSG_WRITTEN, changed);
}

void
say_plan(uint32_t flags)
{
	say_number(NK_REMOTE_MSG_PLAN, flags);
}

void
say_paired(uint16_t port)
{
	say_number(NK_REMOTE_MSG_PAIRED, port);
}

void
say_certificate(const uint8_t *digest, const char *why)
{
	uint8_t bytes[12 + NK_PAIR_DIGEST + NK_REMOTE_WORDS_MAX];
	struct nk_wire_out o = { bytes, sizeof(bytes) };
	size_t len = why == NULL ? 0 : strlen(why);

	if (len > NK_REMOTE_WORDS_MAX)
		len = NK_REMOTE_WORDS_MAX;
	if (nk_wire_put_string(&o, digest == NULL ? bytes : digest,
	    digest == NULL ? 0 : NK_PAIR_DIGEST) < 0 ||
	    nk_wire_put_u32(&o, digest != NULL && why == NULL) < 0 ||
	    nk_wire_put_string(&o, why == NULL ? "" : why, len) < 0)
		_exit(1);
	say(NK_REMOTE_MSG_CERTIFICATE, bytes, sizeof(bytes) - o.left, -1);
}

void
say_options(const char *text, size_t len)
{
	static uint8_t bytes[4 + NK_REMOTE_OPTIONS_MAX];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	if (nk_wire_put_string(&o, text, len) < 0)
		_exit(1);
	say(NK_REMOTE_MSG_OPTIONS, bytes, sizeof(bytes) - o.left, -1);
}

struct nk_wire
hear_request(void)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_REQUEST)
		_exit(1);
	return (struct nk_wire){ bytes.p, bytes.len };
}
