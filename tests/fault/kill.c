/* SPDX-License-Identifier: ISC */
/*
 * Kills the editor at a system call of each phase of an edit, over and over,
 * while readers look on that have had the maps open for long.  Whoever comes
 * next must find every acknowledged edit, and any other whole or not at
 * all; the readers must never see anything else.
 *
 *	kill [-n KILLS] [-s SEED]	KILLS in each phase
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

#include "tests/fault/editor.h"
#include "tests/fault/edits.h"
#include "tests/fault/keyfiles.h"
#include "tests/fault/look.h"
#include "tests/fault/place.h"
#include "tests/fault/tracer.h"

enum phase {
	BEFORE_COMMIT,		/* until the log's sync has returned */
	COMMIT_TO_PUBLISH,	/* until the first change of a file */
	WITHIN_CENTRAL,		/* until the first write to a map */
	WITHIN_PUBLISH,		/* until the edit is acknowledged */
	WITHIN_COMPACTION,
	WITHIN_REPAIR,		/* of what an earlier kill left */
	WITHIN_TIDYING,
	PHASES,
	NO_PHASE = PHASES
};

static const char *const phase_names[PHASES] = {
	"before-commit", "commit-to-publish", "within-central",
	"within-publish", "within-compaction", "within-repair",
	"within-tidying",
};

#define READERS		2
#define EDITS_MAX	100000	/* of one editor: no end */
#define STOPS_MAX	150	/* to the kill, counted in its phase */

/* What all processes of this test share. */
struct shared {
	_Atomic uint64_t	acked;
	_Atomic uint64_t	looks[READERS];
	_Atomic bool		stop;
	_Atomic int		failed;		/* a reader has: why is set */
	char			why[READERS][MODEL_TEXT];
};

struct test {
	char		*dir;
	struct edits_place place;
	uint64_t	 seed, random;
	struct model	 m;		/* as of the last acknowledgement */
	struct shared	*shared;
	pid_t		 readers[READERS];
	struct look	 look;
	int		 longest[PHASES];	/* stops seen in one go */
	int		 kills[PHASES];
	uint64_t	 edits;
};

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(const struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: seed %" PRIu64 ", after edit %" PRIu64
	    ": ", t->seed, t->m.edits);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)fflush(stdout);
	atomic_store(&t->shared->stop, true);
	exit(EXIT_FAILURE);
}

/* ---- readers ---- */

static void
read_once(struct test *t, struct look *look, struct model *m, int id)
{
	struct shared *sh = t->shared;
	unsigned int user = (unsigned int)(model_random(&t->random) %
	    MODEL_USERS);
	struct looked l;
	const char *what;
	uint64_t last;
	uint32_t version;
	int r;

	model_to(m, atomic_load(&sh->acked));
	version = m->users[user].name;
	if (version > 0 && model_random(&t->random) % 4 == 0)
		version--;
	r = look_user(look, id == 0 ? NK_VIEW_MAPPED : NK_VIEW_PREAD, user,
	    version, &l);
	last = atomic_load(&sh->acked) + 1;
	what = look_judge(m, last, user, version, r, &l);
	atomic_fetch_add(&sh->looks[id], 1);
	if (what == NULL)
		return;
	(void)snprintf(sh->why[id], MODEL_TEXT, "reader %d, u%02u_%u at "
	    "edits %" PRIu64 " to %" PRIu64 ": %s (%d; keys %#x, groups "
	    "%#x, hash %u, locked %d, uid %u)", id, user, version, m->edits,
	    last, what, r, l.keys, l.groups, l.hash, l.locked, l.uid);
	atomic_store(&sh->failed, 1);
	_exit(1);
}

static void
start_reader(struct test *t, int id)
{
	struct look look;
	struct model m;

	if ((t->readers[id] = fork()) == -1)
		fail(t, "fork: %s", strerror(errno));
	if (t->readers[id] != 0)
		return;
	look_init(&look, t->place.maps);
	model_init(&m, t->seed);
	t->random = t->seed + (uint64_t)id + 1;
	while (!atomic_load(&t->shared->stop))
		read_once(t, &look, &m, id);
	look_end(&look);
	_exit(0);
}

static void
check_readers(const struct test *t)
{
	int i, status;

	if (atomic_load(&t->shared->failed) != 0)
		for (i = 0; i < READERS; i++)
			if (t->shared->why[i][0] != '\0')
				fail(t, "%s", t->shared->why[i]);
	for (i = 0; i < READERS; i++)
		if (waitpid(t->readers[i], &status, WNOHANG) != 0)
			fail(t, "reader %d has died (status %#x)", i,
			    status);
}

/* ---- whoever comes after the killed one ---- */

static void
complain(void *arg, const char *what)
{
	(void)arg;
	(void)printf("kill: %s\n", what);
}

static void
check_after(struct test *t)
{
	struct nk_publisher *p;
	char why[MODEL_TEXT];
	int64_t n;
	int r;

	check_readers(t);
	if ((r = nk_publisher_open(&p, &t->place.state, &t->place.conf,
	    NK_STORE_WRITE)) < 0)
		fail(t, "the next open: %s", strerror(-r));
	n = edits_count(nk_publisher_store(p));
	if (n < 0 || (uint64_t)n < t->m.edits ||
	    (uint64_t)n > t->m.edits + 1)
		fail(t, "the store has %" PRId64 " edits", n);
	model_to(&t->m, (uint64_t)n);
	if ((r = edits_check_store(nk_publisher_store(p), &t->m, why)) < 0)
		fail(t, "the store: %s (%d)", why, r);
	if ((r = nk_publisher_verify(p, complain, NULL)) < 0)
		fail(t, "verify: %s", strerror(-r));
	nk_publisher_free(p);
	if ((r = look_all(&t->look, &t->m, why)) < 0)
		fail(t, "the maps: %s", why);
	if ((r = keyfiles_check(t->place.central, &t->m, why)) < 0)
		fail(t, "%s", why);
	atomic_store(&t->shared->acked, t->m.edits);
	check_readers(t);
}

/* ---- the killer ---- */

/* Where the editor is, told from its notes and its calls. */
struct where {
	enum phase	phase;
	bool		header;		/* the log's header is what was
					   written last to it */
	bool		starting;	/* it has not yet opened the maps */
};

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Does the call change something in the folder of the central files? */
static bool
is_central(const struct tracer *tr)
{
	char path[MODEL_TEXT];

	if (tr->nr != SYS_renameat && tr->nr != SYS_unlinkat &&
	    tr->nr != SYS_fsync)
		return false;
	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	return strstr(path, "/authorized_keys") != NULL;
}

/* Does the call change something in the folder of the maps? */
static bool
is_publishing(const struct tracer *tr)
{
	char path[MODEL_TEXT];

	switch (tr->nr) {
	case SYS_pwrite64:
	case SYS_write:
	case SYS_fallocate:
		tracer_fd_path(tr, tr->args[0], path, sizeof(path));
		return strstr(path, "/maps/") != NULL;
	case SYS_renameat:
	case SYS_renameat2:
		return !is_central(tr);
	default:
		return false;
	}
}

static void
on_entry(struct where *w, const struct tracer *tr)
{
	char path[MODEL_TEXT];

	if (w->phase == COMMIT_TO_PUBLISH && is_central(tr))
		w->phase = WITHIN_CENTRAL;
	if ((w->phase == COMMIT_TO_PUBLISH || w->phase == WITHIN_CENTRAL) &&
	    is_publishing(tr))
		w->phase = WITHIN_PUBLISH;
	if (w->phase != BEFORE_COMMIT || tr->nr != SYS_pwrite64)
		return;
	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	if (ends_with(path, "-wal"))
		w->header = tr->args[2] == 32 && tr->args[3] == 0;
}

static void
on_exit_of(struct test *t, struct where *w, const struct tracer *tr)
{
	struct editor_note n;

	if (w->phase == BEFORE_COMMIT && !w->header &&
	    (tr->nr == SYS_fdatasync || tr->nr == SYS_fsync) &&
	    !is_central(tr))
		w->phase = COMMIT_TO_PUBLISH;
	if (tr->nr != SYS_write || tr->args[0] != EDITOR_FD ||
	    tracer_peek(tr, tr->args[1], &n, sizeof(n)) < 0)
		return;
	switch ((enum editor_what)n.what) {
	case EDITOR_OPEN:
		w->starting = false;
		w->phase = NO_PHASE;
		break;
	case EDITOR_BEGIN:
		w->phase = BEFORE_COMMIT;
		w->header = false;
		break;
	case EDITOR_DONE:
		w->phase = NO_PHASE;
		model_to(&t->m, n.edit);
		atomic_store(&t->shared->acked, n.edit);
		t->edits++;
		break;
	case EDITOR_COMPACT:
		w->phase = WITHIN_COMPACTION;
		break;
	case EDITOR_TIDY:
		w->phase = WITHIN_TIDYING;
		break;
	case EDITOR_COMPACTED:
	case EDITOR_TIDIED:
		w->phase = NO_PHASE;
		if (n.result < 0)
			fail(t, "housekeeping: %s", strerror(-n.result));
		break;
	default:
		fail(t, "an edit was refused: %s", strerror(-n.result));
	}
}

/* Run an editor and kill it at the given stop of the phase. */
static void
kill_once(struct test *t, enum phase phase)
{
	char seed[24], from[24], count[24];
	char *argv[] = { (char[]){ "/proc/self/exe" },
	    (char[]){ "--editor" }, t->dir, seed, from, count, NULL };
	struct where w = { phase == WITHIN_REPAIR ? WITHIN_REPAIR : NO_PHASE,
	    false, true };
	struct tracer tr;
	enum tracer_stop stop;
	int64_t left;
	int run = 0, r;

	left = t->longest[phase] * 2 < STOPS_MAX || phase == WITHIN_REPAIR ?
	    t->longest[phase] * 2 : STOPS_MAX;
	left = 1 + (int64_t)(model_random(&t->random) % (uint64_t)left);
	(void)snprintf(seed, sizeof(seed), "%" PRIu64, t->seed);
	(void)snprintf(from, sizeof(from), "%" PRIu64, t->m.edits);
	(void)snprintf(count, sizeof(count), "%d", EDITS_MAX);
	if ((r = tracer_start(&tr, argv)) < 0)
		fail(t, "cannot trace: %s", strerror(-r));
	do {
		if ((stop = tracer_next(&tr)) == TRACER_GONE)
			break;
		if (stop == TRACER_ENTRY)
			on_entry(&w, &tr);
		else
			on_exit_of(t, &w, &tr);
		if (phase == WITHIN_REPAIR && !w.starting)
			break;
		if (w.phase != phase) {
			run = 0;
			continue;
		}
		left--;
		if (++run > t->longest[phase])
			t->longest[phase] = run;
	} while (left > 0);
	if (stop == TRACER_GONE)
		fail(t, "the editor has ended by itself (status %#x)",
		    tr.status);
	tracer_kill(&tr);
	t->kills[phase]++;
}

/* Something to repair: a kill after COMMIT, and nobody who looks after it. */
static void
kill_in_repair(struct test *t)
{
	struct edits_place *pl = &t->place;
	struct nk_store *s;
	int64_t n;
	int kills = t->kills[WITHIN_PUBLISH];
	int commits = t->kills[COMMIT_TO_PUBLISH];

	kill_once(t, model_random(&t->random) % 2 == 0 ? WITHIN_PUBLISH :
	    COMMIT_TO_PUBLISH);
	t->kills[WITHIN_PUBLISH] = kills;
	t->kills[COMMIT_TO_PUBLISH] = commits;
	if (nk_store_open(&s, pl->store, NK_STORE_WRITE) < 0 ||
	    (n = edits_count(s)) < 0)
		fail(t, "the store cannot be opened");
	nk_store_close(s);
	/* the next editor must know where it stands */
	if ((uint64_t)n < t->m.edits || (uint64_t)n > t->m.edits + 1)
		fail(t, "the store has %" PRId64 " edits", n);
	model_to(&t->m, (uint64_t)n);
	kill_once(t, WITHIN_REPAIR);
}

static void
prepare(struct test *t)
{
	struct nk_publisher *p;
	int r;

	if ((r = place_make(&t->dir, 0)) < 0)
		fail(t, "no place: %s", strerror(-r));
	edits_place_init(&t->place, t->dir);
	if ((r = nk_publisher_open(&p, &t->place.state, &t->place.conf,
	    NK_STORE_CREATE)) < 0 || (r = edits_setup(p)) < 0)
		fail(t, "no store: %s", strerror(-r));
	nk_publisher_free(p);
	look_init(&t->look, t->place.maps);
}

static void
finish(struct test *t)
{
	uint64_t looks = 0;
	int i, status, all = 0;

	atomic_store(&t->shared->stop, true);
	for (i = 0; i < READERS; i++) {
		if (waitpid(t->readers[i], &status, 0) == -1 || status != 0)
			fail(t, "reader %d ended with status %#x: %s", i,
			    status, t->shared->why[i]);
		looks += atomic_load(&t->shared->looks[i]);
	}
	look_end(&t->look);
	for (i = 0; i < PHASES; i++) {
		(void)printf("PASS: %s: %d kills\n", phase_names[i],
		    t->kills[i]);
		all += t->kills[i];
	}
	(void)printf("PASS: all: %d kills, %" PRIu64 " edits acknowledged, "
	    "%" PRIu64 " looks of %d readers\n", all, t->edits, looks,
	    READERS);
	place_remove(t->dir);
}

int
main(int argc, char *argv[])
{
	struct test t = { .seed = 1 };
	int kills = 6, c, i;

	if (argc == 6 && strcmp(argv[1], "--editor") == 0)
		return editor_main(argv + 2);
	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			kills = (int)strtol(optarg, NULL, 10);
		else if (c == 's')
			t.seed = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if (!tracer_is_possible()) {
		(void)printf("SKIP: kill: not on this architecture\n");
		return 77;
	}
	t.shared = mmap(NULL, sizeof(*t.shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t.shared == MAP_FAILED)
		return 1;
	t.random = t.seed;
	model_init(&t.m, t.seed);
	for (i = 0; i < PHASES; i++)
		t.longest[i] = 10;
	prepare(&t);
	for (i = 0; i < READERS; i++)
		start_reader(&t, i);
	for (i = 0; i < kills * PHASES; i++) {
		if (i % PHASES == WITHIN_REPAIR)
			kill_in_repair(&t);
		else
			kill_once(&t, (enum phase)(i % PHASES));
		check_after(&t);
	}
	finish(&t);
	return EXIT_SUCCESS;
}
