/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_EDITOR_H
#define NASKEYS_TEST_EDITOR_H

#include <stdint.h>

/*
 * The worker: makes the model's edits, one after another, and says on
 * descriptor 3 where it is.  Whoever traces it sees the notes.
 */
#define EDITOR_FD	3

enum editor_what {
	EDITOR_OPEN = 1,	/* store and maps are open and agree */
	EDITOR_BEGIN,		/* an edit begins */
	EDITOR_DONE,		/* acknowledged: edit is in */
	EDITOR_FAILED,		/* refused, result says why; tried again */
	EDITOR_LATER,		/* in the store, not yet in the maps */
	EDITOR_COMPACT,		/* compaction begins */
	EDITOR_COMPACTED,
	EDITOR_TIDY,		/* checkpoint and the rest begin */
	EDITOR_TIDIED,
};

struct editor_note {
	uint32_t	what;
	int32_t		result;
	uint64_t	edit;
};

/* Run as "program --editor DIR SEED FROM COUNT". */
int	editor_main(char *const args[]);

#endif /* NASKEYS_TEST_EDITOR_H */
