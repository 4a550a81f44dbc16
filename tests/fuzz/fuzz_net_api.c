/* SPDX-License-Identifier: ISC */

/*
 * What another NAS sends on a websocket, as naskeys-net reads it.  The first
 * byte says what the rest is: the answer to an upgrade, frames, or a text of
 * either protocol.  An upgrade that is taken has the one answer to its key;
 * a frame is not longer than it may be and makes progress; a text is an
 * answer with a result, or has one line of words that is bounded; an account
 * that is taken has a number.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/api.h"
#include "helper/net/ws.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
give_answer(const uint8_t *p, size_t len)
{
	static const char accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
	char head[WS_HEAD_MAX];
	int r, status;

	if (len >= sizeof(head))
		return;
	memcpy(head, p, len);
	head[len] = '\0';
	r = ws_read_answer(head, accept, &status);
	require(status == 0 || (status >= 100 && status <= 599));
	require(r != 0 || (status == 101 && strstr(head, accept) != NULL));
}

static void
give_frames(const uint8_t *p, size_t len)
{
	struct ws_frame f;
	int n;

	while ((n = ws_read_frame(p, len, &f)) > 0) {
		require((size_t)n <= len && f.len <= WS_MESSAGE_MAX);
		require(f.opcode < WS_CLOSE || (f.final && f.len < 126));
		p += n;
		len -= (size_t)n;
		if (f.len > len)
			break;
		p += f.len;
		len -= (size_t)f.len;
	}
}

static void
give_text(bool legacy, const uint8_t *p, size_t len)
{
	struct api a = { .legacy = legacy, .calls = 1 };
	struct api_account u;
	json_t *result = NULL;
	enum api_outcome r;

	r = api_read(&a, (const char *)p, len, &result);
	require((r == API_RESULT) == (result != NULL));
	require(strlen(a.words) <= NK_REMOTE_WORDS_MAX);
	require(strchr(a.words, '\n') == NULL);
	require((a.number > 0) == (r == API_REFUSED || r == API_NO_METHOD));
	if (r == API_RESULT) {
		if (api_read_account(result, &u))
			require(u.row != NULL &&
			    (!u.no_shell || (u.has_rules && !u.our_shell)));
		else
			require(u.row == NULL);
		api_account_clear(&u);
	}
	json_decref(result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] & 3) {
	case 0:
		give_answer(data + 1, size - 1);
		break;
	case 1:
		give_frames(data + 1, size - 1);
		break;
	default:
		give_text((data[0] & 1) != 0, data + 1, size - 1);
	}
	return 0;
}
