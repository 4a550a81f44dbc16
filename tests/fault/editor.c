/* SPDX-License-Identifier: ISC */
#include "tests/fault/editor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fault/edits.h"

#define TRIES		1000	/* of one edit */
#define COMPACT_EVERY	5	/* edits, on average */
#define TIDY_EVERY	7

static void
note(enum editor_what what, int result, uint64_t edit)
{
	const struct editor_note n = { (uint32_t)what, result, edit };

	if (write(EDITOR_FD, &n, sizeof(n)) != sizeof(n))
		_exit(3);
}

/* Between two edits, at places that follow from their numbers. */
static int
housekeeping(struct nk_publisher *p, const struct model *m)
{
	uint64_t state = m->seed + m->edits;
	uint64_t random = model_random(&state);
	int r = 0;

	if (random % COMPACT_EVERY == 0) {
		note(EDITOR_COMPACT, 0, m->edits);
		r = edits_compact(p);
		note(EDITOR_COMPACTED, r, m->edits);
	}
	if (random / 64 % TIDY_EVERY == 0) {
		note(EDITOR_TIDY, 0, m->edits);
		r = nk_publisher_tidy(p);
		note(EDITOR_TIDIED, r, m->edits);
	}
	return r;
}

/* The next edit, again and again until it is in. */
static int
edit(struct nk_publisher *p, struct model *m)
{
	struct op op = model_next(m);
	int i, r = -EIO;

	for (i = 0; i < TRIES; i++) {
		note(EDITOR_BEGIN, (int)op.kind, m->edits + 1);
		r = edits_do(p, m, &op);
		if (r == 0 || r == -EINPROGRESS) {
			model_apply(m, &op);
			note(r == 0 ? EDITOR_DONE : EDITOR_LATER, r,
			    m->edits);
			return 0;
		}
		note(EDITOR_FAILED, r, m->edits + 1);
	}
	return r;
}

int
editor_main(char *const args[])
{
	struct edits_place pl;
	struct nk_publisher *p;
	struct model m;
	uint64_t until;

	edits_place_init(&pl, args[0]);
	model_init(&m, strtoull(args[1], NULL, 10));
	model_to(&m, strtoull(args[2], NULL, 10));
	until = m.edits + strtoull(args[3], NULL, 10);
	if (nk_publisher_open(&p, &pl.state, &pl.conf, NK_STORE_WRITE) < 0)
		return 2;
	note(EDITOR_OPEN, 0, m.edits);
	while (m.edits < until) {
		(void)housekeeping(p, &m);	/* the notes say how it went */
		if (edit(p, &m) < 0)
			return 1;
	}
	nk_publisher_free(p);
	return 0;
}
