/* SPDX-License-Identifier: ISC */
/*
 * A fault in each system call of an edit in turn: of every kind of edit, of
 * compaction, of tidying up and of the start.  What comes back must be
 * either a refusal, and nothing has changed, or success, and all of it has;
 * and the next try without a fault must work.
 *
 *	inject [-f FAULT] [-s SEED] [-q] [-v]	-q: every fourth call
 */
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

#include "lib/attr.h"
#include "tests/fault/editor.h"
#include "tests/fault/edits.h"
#include "tests/fault/faults.h"
#include "tests/fault/keyfiles.h"
#include "tests/fault/look.h"
#include "tests/fault/place.h"
#include "tests/fault/tracer.h"

/* Work that is not an edit. */
enum {
	WORK_COMPACT = OP_KINDS,
	WORK_TIDY,
	WORK_OPEN,
	WORKS
};

#define UNTOUCHED_MAX	2	/* runs too short for the fault: done */
#define EDITS_MAX	100000
#define RUNS_MAX	200000	/* pieces of work, of one fault */
#define START_EVERY	10	/* of these, until starts are done */

struct test {
	char		*dir;
	struct edits_place place;
	struct look	 look;
	uint64_t	 seed;
	struct model	 m;
	enum fault	 fault;
	int		 step;
	/* of the fault under test */
	int		 next[WORKS];	/* which call is its turn */
	int		 untouched[WORKS];
	/* of the piece of work that runs */
	int		 work;		/* -1: none */
	int		 calls;		/* that the fault applies to */
	bool		 fired;
	char		 last[MODEL_TEXT];	/* what was hit */
	/* results */
	bool		 verbose;
	bool		 again;		/* with a new process, to see what
					   comes back */
	uint64_t	 faults, refused, done, later, runs;
};

static const char *
work_name(int work)
{
	static const char *const names[] = { "compact", "tidy", "open" };

	if (work < 0)
		return "none";
	return work < (int)OP_KINDS ? op_names[work] :
	    names[work - (int)OP_KINDS];
}

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(const struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: %s: seed %" PRIu64 ", after edit %" PRIu64
	    ", work %s call %d (%s): ", faults_names[t->fault], t->seed,
	    t->m.edits, work_name(t->work),
	    t->work < 0 ? 0 : t->next[t->work], t->last);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)fflush(stdout);
	exit(EXIT_FAILURE);
}

/* ---- the fault ---- */

/* A call that no list knows is one that is not tested. */
static void
check_known(const struct test *t, long nr)
{
	if (!faults_know(nr))
		fail(t, "system call %ld is on no list of this test", nr);
}

/* What it says to us is not part of the work. */
static bool
applies(const struct test *t, const struct tracer *tr)
{
	return faults_apply(t->fault, tr) && !(tr->nr == SYS_write &&
	    tr->args[0] == EDITOR_FD);
}

static void
inject(struct test *t, struct tracer *tr)
{
	char path[MODEL_TEXT];

	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	(void)snprintf(t->last, sizeof(t->last), "system call %ld, %.200s",
	    tr->nr, path);
	faults_inject(t->fault, tr);
	t->fired = true;
	t->faults++;
	if (t->verbose)
		(void)printf("%s: fault in call %d: %s\n", work_name(t->work),
		    t->calls, t->last);
}

/* ---- what must be true ---- */

static void
complain(void *arg, const char *what)
{
	(void)arg;
	(void)printf("inject: %s\n", what);
}

/*
 * Store and maps say what the model does, seen from outside while the
 * editor stands still.
 */
static void
check(struct test *t, bool maps)
{
	struct nk_publisher *p;
	char why[MODEL_TEXT];
	int64_t n;
	int r;

	if ((r = nk_publisher_open(&p, &t->place.state, &t->place.conf,
	    NK_STORE_READ)) < 0)
		fail(t, "cannot read the store: %s", strerror(-r));
	n = edits_count(nk_publisher_store(p));
	if (n != (int64_t)t->m.edits)
		fail(t, "the store has %" PRId64 " edits", n);
	if ((r = edits_check_store(nk_publisher_store(p), &t->m, why)) < 0)
		fail(t, "the store: %s (%d)", why, r);
	if (maps && (r = look_all(&t->look, &t->m, why)) < 0)
		fail(t, "the maps: %s", why);
	if (maps && (r = keyfiles_check(t->place.central, &t->m, why)) < 0)
		fail(t, "%s", why);
	if (maps && (r = nk_publisher_verify(p, complain, NULL)) < 0)
		fail(t, "verify: %s", strerror(-r));
	nk_publisher_free(p);
}

/* ---- the pieces of work ---- */

static void
work_begins(struct test *t, int work)
{
	t->work = work;
	t->calls = 0;
	t->fired = false;
	if (++t->runs > RUNS_MAX)
		fail(t, "it comes to no end");
}

static void
work_ended(struct test *t)
{
	if (t->fired) {
		/* a bulk edit has as many calls as all others together */
		t->next[t->work] += t->work == (int)OP_BULK ? t->step * 4 -
		    3 : t->step;
		t->untouched[t->work] = 0;
	} else {
		t->untouched[t->work]++;
	}
	t->work = -1;
	t->fired = false;
}

static bool
is_done(const struct test *t, int work)
{
	return t->untouched[work] >= UNTOUCHED_MAX;
}

static bool
edits_are_done(const struct test *t)
{
	int i;

	for (i = 0; i < WORKS; i++)
		if (i != WORK_OPEN && !is_done(t, i))
			return false;
	return true;
}

/* What is to be found out now needs another process: or nothing is. */
static bool
wants_start(const struct test *t)
{
	return edits_are_done(t) || t->again ||
	    (t->runs % START_EVERY == 0 && !is_done(t, WORK_OPEN));
}

static void
edit_ended(struct test *t, const struct editor_note *n)
{
	switch ((enum editor_what)n->what) {
	case EDITOR_DONE:
		model_to(&t->m, n->edit);
		t->done += t->fired;
		if (t->fired)
			check(t, true);
		break;
	case EDITOR_LATER:
		model_to(&t->m, n->edit);
		t->later++;
		check(t, false);
		break;
	default:
		if (!t->fired)
			fail(t, "refused without a fault: %s",
			    strerror(-n->result));
		t->refused++;
		check(t, true);
		t->again = t->refused % 4 == 0;
	}
	work_ended(t);
}

static void
on_note(struct test *t, const struct editor_note *n)
{
	switch ((enum editor_what)n->what) {
	case EDITOR_OPEN:
		work_ended(t);
		break;
	case EDITOR_BEGIN:
		work_begins(t, n->result);
		break;
	case EDITOR_COMPACT:
		work_begins(t, WORK_COMPACT);
		break;
	case EDITOR_TIDY:
		work_begins(t, WORK_TIDY);
		break;
	case EDITOR_COMPACTED:
	case EDITOR_TIDIED:
		if (n->result < 0 && !t->fired)
			fail(t, "it failed without a fault: %s",
			    strerror(-n->result));
		if (t->fired)
			check(t, true);
		t->refused += n->result < 0;
		t->done += t->fired && n->result == 0;
		work_ended(t);
		break;
	default:
		edit_ended(t, n);
	}
}

/* The editor has ended: a start may fail, all else must not. */
static void
on_end(struct test *t, const struct tracer *tr)
{
	if (t->work != WORK_OPEN || !t->fired || !WIFEXITED(tr->status))
		fail(t, "the editor has ended (status %#x)", tr->status);
	t->refused++;
	work_ended(t);
	check(t, true);
}

static void
run_editor(struct test *t)
{
	char seed[24], from[24], count[24];
	char *argv[] = { (char[]){ "/proc/self/exe" },
	    (char[]){ "--editor" }, t->dir, seed, from, count, NULL };
	struct editor_note n;
	struct tracer tr;
	enum tracer_stop stop;
	bool armed = false;	/* not while it is loaded and linked */
	int r;

	(void)snprintf(seed, sizeof(seed), "%" PRIu64, t->seed);
	(void)snprintf(from, sizeof(from), "%" PRIu64, t->m.edits);
	(void)snprintf(count, sizeof(count), "%d", EDITS_MAX);
	if ((r = tracer_start(&tr, argv)) < 0)
		fail(t, "cannot trace: %s", strerror(-r));
	work_begins(t, WORK_OPEN);
	t->again = false;
	while ((stop = tracer_next(&tr)) != TRACER_GONE) {
		char path[32];

		if (stop == TRACER_ENTRY && tr.nr == SYS_openat && !armed) {
			tracer_peek_string(&tr, tr.args[1], path,
			    sizeof(path));
			armed = strncmp(path, "/proc/sys/", 10) == 0;
		}
		if (stop == TRACER_ENTRY && armed && t->work >= 0)
			check_known(t, tr.nr);
		if (stop == TRACER_ENTRY && armed && t->work >= 0 &&
		    !t->fired && applies(t, &tr) &&
		    ++t->calls == t->next[t->work])
			inject(t, &tr);
		if (stop == TRACER_EXIT && tr.nr == SYS_write &&
		    tr.args[0] == EDITOR_FD && tracer_peek(&tr, tr.args[1],
		    &n, sizeof(n)) == 0)
			on_note(t, &n);
		if (t->work == -1 && wants_start(t))
			break;
	}
	if (stop == TRACER_GONE)
		on_end(t, &tr);
	else
		tracer_kill(&tr);
}

static void
run_fault(struct test *t, enum fault fault)
{
	int i;

	t->fault = fault;
	t->faults = t->refused = t->done = t->later = t->runs = 0;
	for (i = 0; i < WORKS; i++) {
		t->next[i] = 1;
		t->untouched[i] = 0;
	}
	while (!edits_are_done(t) || !is_done(t, WORK_OPEN))
		run_editor(t);
	t->work = -1;
	(void)printf("PASS: %s: %" PRIu64 " faults: %" PRIu64
	    " refused and nothing changed, %" PRIu64 " done, %" PRIu64
	    " published later, %" PRIu64 " edits in all\n",
	    faults_names[fault], t->faults, t->refused, t->done, t->later,
	    t->runs);
	(void)fflush(stdout);
}

int
main(int argc, char *argv[])
{
	struct test t = { .seed = 1, .step = 1, .work = -1 };
	struct nk_publisher *p;
	const char *only = NULL;
	int c, i, r;

	if (argc == 6 && strcmp(argv[1], "--editor") == 0)
		return editor_main(argv + 2);
	while ((c = getopt(argc, argv, "f:s:qv")) != -1) {
		if (c == 'f')
			only = optarg;
		else if (c == 's')
			t.seed = strtoull(optarg, NULL, 10);
		else if (c == 'q')
			t.step = 4;
		else if (c == 'v')
			t.verbose = true;
		else
			return 2;
	}
	if (!tracer_is_possible()) {
		(void)printf("SKIP: inject: not on this architecture\n");
		return 77;
	}
	model_init(&t.m, t.seed);
	if ((r = place_make(&t.dir, 0)) < 0)
		fail(&t, "no place: %s", strerror(-r));
	edits_place_init(&t.place, t.dir);
	if ((r = nk_publisher_open(&p, &t.place.state, &t.place.conf,
	    NK_STORE_CREATE)) < 0 || (r = edits_setup(p)) < 0)
		fail(&t, "no store: %s", strerror(-r));
	nk_publisher_free(p);
	look_init(&t.look, t.place.maps);
	for (i = 0; i < FAULTS; i++)
		if (only == NULL || strcmp(only, faults_names[i]) == 0)
			run_fault(&t, (enum fault)i);
	look_end(&t.look);
	place_remove(t.dir);
	return EXIT_SUCCESS;
}
