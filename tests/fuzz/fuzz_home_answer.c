/* SPDX-License-Identifier: ISC */

/*
 * What a child that works in a home says to its parent: an answer (the first
 * byte names the kind of job) or the report of work on a whole home.  The
 * second byte says in how large pieces it comes, which must not matter.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/home/answer.h"
#include "lib/home/report.h"

#define REPORT	3	/* of the first byte modulo 4 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* ---- an answer ---- */

static int
give_answer(struct nk_homeanswer *a, const uint8_t *p, size_t len,
    size_t piece)
{
	size_t n;
	int r = 0;

	for (; r == 0 && len > 0; p += n, len -= n) {
		n = len < piece ? len : piece;
		r = nk_homeanswer_take(a, p, n);
	}
	return r;
}

/* What is whole is what was said, sound, and possible for that job. */
static void
check_answer(enum nk_homejob_kind kind, size_t piece, const uint8_t *p,
    size_t len)
{
	struct nk_homeanswer a = { .kind = kind }, b = { .kind = kind };
	int r = give_answer(&a, p, len, piece);

	require(give_answer(&b, p, len, len == 0 ? 1 : len) == r);
	require(nk_homeanswer_is_whole(&a) == nk_homeanswer_is_whole(&b) ||
	    r < 0);
	if (r == 0 && nk_homeanswer_is_whole(&a)) {
		require(len == sizeof(a.head) + a.len);
		require(memcmp(&a.head, p, sizeof(a.head)) == 0);
		require(nk_homefile_is_sound(&a.head.result));
		require((a.text != NULL) == (kind == NK_HOMEJOB_READ &&
		    a.head.file.present));
		require(a.text == NULL || (a.len == a.head.file.size &&
		    a.len <= NK_PRESENT_MAX && a.text[a.len] == '\0' &&
		    memcmp(a.text, p + sizeof(a.head), a.len) == 0));
		require(a.head.result.outcome == NK_HOMEFILE_DONE ||
		    !a.head.file.present);
	}
	free(a.text);
	free(b.text);
}

/* ---- a report ---- */

struct heard {
	uint64_t	 done;
	unsigned int	 n, lost;
};

static void
hear_progress(void *arg, uint64_t done, uint64_t total)
{
	struct heard *h = arg;

	(void)total;
	require(done >= h->done);
	h->done = done;
	h->n++;
}

static void
hear_lost(void *arg, const char *path, const struct nk_homefile_result *why)
{
	struct heard *h = arg;
	size_t len = strlen(path);

	require(len > 0 && len < PATH_MAX);
	require(nk_homefile_is_sound(why) && why->error > 0);
	require(++h->lost <= NK_HOMEREPORT_LOST_MAX);
}

static int
give_report(struct nk_homereport *r, const uint8_t *p, size_t len,
    size_t piece)
{
	size_t n;
	int ret = 0;

	for (; ret == 0 && len > 0; p += n, len -= n) {
		n = len < piece ? len : piece;
		ret = nk_homereport_take(r, p, n);
	}
	return ret;
}

static void
check_report(size_t piece, const uint8_t *p, size_t len)
{
	struct heard h = { 0, 0, 0 }, g = { 0, 0, 0 };
	struct nk_homereport a = { hear_progress, hear_lost, &h, { 0 },
	    false, { 0 }, 0, 0, "" };
	struct nk_homereport b = { hear_progress, hear_lost, &g, { 0 },
	    false, { 0 }, 0, 0, "" };
	int r = give_report(&a, p, len, piece);

	require(give_report(&b, p, len, len == 0 ? 1 : len) == r);
	require(h.n == g.n && h.lost == g.lost && h.done == g.done);
	require(nk_homereport_is_whole(&a) == nk_homereport_is_whole(&b));
	if (r < 0 || !nk_homereport_is_whole(&a))
		return;
	require(a.last.kind == NK_HOMEREPORT_END);
	require(nk_homefile_is_sound(&a.last.result));
	require(a.last.mode <= 07777 && a.last.done >= h.done &&
	    a.last.lost >= h.lost);
	require(a.last.result.outcome != NK_HOMEFILE_DONE ||
	    a.last.lost == 0);
	/* the last bytes are that record */
	require(len >= sizeof(a.last) && memcmp(&a.last, p + len -
	    sizeof(a.last), sizeof(a.last)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] % 4 == REPORT)
		check_report((size_t)data[1] + 1, data + 2, size - 2);
	else
		check_answer((enum nk_homejob_kind)(data[0] % 4),
		    (size_t)data[1] + 1, data + 2, size - 2);
	return 0;
}
