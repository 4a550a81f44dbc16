/* SPDX-License-Identifier: ISC */
/*
 * A request that is understood is the only way to write what it says:
 * written again it is the same bytes.  So is an answer.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pamsock/frame.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
check_request(const uint8_t *data, size_t size)
{
	static uint8_t again[NK_FRAME_MAX];
	struct nk_frame f;
	size_t len, head;

	if (nk_frame_parse(data, size, &f) < 0)
		return;
	require(nk_frame_length(data, &head) == 0 && head == size);
	require(nk_frame_write(&f, again, sizeof(again), &len) == 0);
	require(len == size && memcmp(again, data, size) == 0);
}

static void
check_answer(const uint8_t *data, size_t size)
{
	static uint8_t again[NK_FRAME_ANSWER_HEAD + NK_FRAME_AGENT_MAX];
	enum nk_frame_code code;
	size_t len, text;

	if (size < NK_FRAME_ANSWER_HEAD ||
	    nk_frame_answer_head(data, &code, &text) < 0 ||
	    text != size - NK_FRAME_ANSWER_HEAD)
		return;
	require(nk_frame_answer_write(code, data + NK_FRAME_ANSWER_HEAD,
	    text, again, sizeof(again), &len) == 0);
	require(len == size && memcmp(again, data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_answer(data, size);
	return 0;
}
