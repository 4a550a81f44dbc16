/* SPDX-License-Identifier: ISC */
/*
 * Power failures.  The writes and syncs of an editor on the store's files
 * are recorded once.  Then, over and over, the power fails at some moment of
 * the record: what was synced is on the disk; of what was not, either the
 * first few writes of each file, or any of their sectors.  The store must
 * open, be sound, and have every acknowledged edit, and any other whole or
 * not at all.
 *
 *	power [-e EDITS] [-n FAILURES] [-s SEED]
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
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
#include "tests/fault/place.h"
#include "tests/fault/tracer.h"

#define SECTOR	512u

enum file { FILE_DB, FILE_WAL, FILES, NO_FILE = FILES };
static const char *const file_names[FILES] = { "naskeys.db",
    "naskeys.db-wal" };

enum event_kind {
	EVENT_WRITE,
	EVENT_TRUNCATE,
	EVENT_SYNC,		/* has returned; covers what came before
				   "from" */
	EVENT_ACK,		/* of edit "from" */
};

struct event {
	enum event_kind	 kind;
	enum file	 file;
	uint64_t	 at, len;	/* of a write; at: new length */
	uint64_t	 from;
	uint8_t		*data;
};

struct image {
	uint8_t	*data;
	size_t	 len, room;
};

struct test {
	char		*dir, *scratch;
	struct edits_place place, again;
	uint64_t	 seed, random;
	struct event	*events;
	size_t		 nevents, room;
	struct image	 base[FILES];
	uint64_t	 writes, syncs, edits, lost;
};

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(const struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: seed %" PRIu64 ": ", t->seed);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	exit(EXIT_FAILURE);
}

/* ---- files in memory ---- */

static void
image_extend(const struct test *t, struct image *im, size_t len)
{
	if (len > im->room) {
		im->room = len * 2;
		if ((im->data = realloc(im->data, im->room)) == NULL)
			fail(t, "no memory");
	}
	if (len > im->len) {
		memset(im->data + im->len, 0, len - im->len);
		im->len = len;
	}
}

static void
image_load(const struct test *t, struct image *im, const char *path)
{
	struct stat st;
	int fd;

	if ((fd = open(path, O_RDONLY)) == -1 || fstat(fd, &st) == -1)
		fail(t, "%s: %s", path, strerror(errno));
	image_extend(t, im, (size_t)st.st_size);
	if (read(fd, im->data, im->len) != (ssize_t)im->len)
		fail(t, "%s: short", path);
	(void)close(fd);
}

static void
image_store(const struct test *t, const struct image *im, const char *path)
{
	int fd;

	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    write(fd, im->data, im->len) != (ssize_t)im->len)
		fail(t, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

static void
image_path(const struct test *t, enum file file, const char *dir,
    char path[MODEL_TEXT])
{
	int n = snprintf(path, MODEL_TEXT, "%s/%s", dir, file_names[file]);

	if (n < 0 || n >= (int)MODEL_TEXT)
		fail(t, "path too long");
}

/* ---- recording ---- */

static enum file
file_of(const struct test *t, const struct tracer *tr)
{
	char path[MODEL_TEXT], name[MODEL_TEXT];
	int i;

	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	for (i = 0; i < FILES; i++) {
		image_path(t, (enum file)i, t->dir, name);
		if (strcmp(path, name) == 0)
			return (enum file)i;
	}
	return NO_FILE;
}

static struct event *
event_add(struct test *t, enum event_kind kind, enum file file)
{
	struct event *e;

	if (t->nevents == t->room) {
		t->room = t->room == 0 ? 1024 : t->room * 2;
		t->events = reallocarray(t->events, t->room, sizeof(*e));
		if (t->events == NULL)
			fail(t, "no memory");
	}
	e = &t->events[t->nevents++];
	*e = (struct event){ .kind = kind, .file = file };
	return e;
}

/* A write counts from when it begins, a sync from when it has ended. */
static void
on_entry(struct test *t, const struct tracer *tr, uint64_t *sync_from)
{
	enum file file;
	struct event *e;

	*sync_from = t->nevents;
	switch (tr->nr) {
	case SYS_pwrite64:
		if ((file = file_of(t, tr)) == NO_FILE)
			return;
		e = event_add(t, EVENT_WRITE, file);
		e->len = tr->args[2];
		e->at = tr->args[3];
		if ((e->data = malloc(e->len)) == NULL ||
		    tracer_peek(tr, tr->args[1], e->data, e->len) < 0)
			fail(t, "cannot read what is written");
		t->writes++;
		break;
	case SYS_ftruncate:
		if ((file = file_of(t, tr)) != NO_FILE)
			event_add(t, EVENT_TRUNCATE, file)->at = tr->args[1];
		break;
	case SYS_write:
	case SYS_pwritev:
	case SYS_writev:
	case SYS_fallocate:
		if (file_of(t, tr) != NO_FILE)
			fail(t, "system call %ld is not recorded", tr->nr);
		break;
	default:
		break;
	}
}

static void
on_exit_of(struct test *t, const struct tracer *tr, uint64_t sync_from)
{
	struct editor_note n;
	enum file file;

	if (tr->nr == SYS_fdatasync || tr->nr == SYS_fsync) {
		if ((file = file_of(t, tr)) == NO_FILE)
			return;
		event_add(t, EVENT_SYNC, file)->from = sync_from;
		t->syncs++;
	}
	if (tr->nr == SYS_write && tr->args[0] == EDITOR_FD &&
	    tracer_peek(tr, tr->args[1], &n, sizeof(n)) == 0) {
		if (n.what == EDITOR_DONE)
			event_add(t, EVENT_ACK, NO_FILE)->from = n.edit;
		else if (n.result < 0)
			fail(t, "the editor: %s", strerror(-n.result));
	}
}

static void
record(struct test *t, unsigned long edits)
{
	char seed[24], count[24];
	char *argv[] = { (char[]){ "/proc/self/exe" },
	    (char[]){ "--editor" }, t->dir, seed, (char[]){ "0" }, count,
	    NULL };
	struct tracer tr;
	enum tracer_stop stop;
	uint64_t sync_from = 0;

	(void)snprintf(seed, sizeof(seed), "%" PRIu64, t->seed);
	(void)snprintf(count, sizeof(count), "%lu", edits);
	if (tracer_start(&tr, argv) < 0)
		fail(t, "cannot trace");
	while ((stop = tracer_next(&tr)) != TRACER_GONE) {
		if (stop == TRACER_ENTRY)
			on_entry(t, &tr, &sync_from);
		else
			on_exit_of(t, &tr, sync_from);
	}
	if (tr.status != 0)
		fail(t, "the editor has failed (status %#x)", tr.status);
	t->edits = edits;
}

/* ---- replaying ---- */

static void
apply(const struct test *t, struct image *im, const struct event *e)
{
	if (e->kind == EVENT_TRUNCATE) {
		image_extend(t, im, e->at);
		im->len = e->at;
		return;
	}
	image_extend(t, im, e->at + e->len);
	memcpy(im->data + e->at, e->data, e->len);
}

/* Each sector of the write by itself, with so many chances of 8. */
static void
apply_sectors(struct test *t, struct image *im, const struct event *e,
    unsigned int chances)
{
	uint64_t at = e->at, end = e->at + e->len, len;

	for (; at < end; at += len) {
		len = SECTOR - at % SECTOR;
		if (len > end - at)
			len = end - at;
		if (model_random(&t->random) % 8 >= chances)
			continue;
		image_extend(t, im, at + len);
		memcpy(im->data + at, e->data + (at - e->at), len);
	}
}

/* What came before this event is on the disk for certain. */
static size_t
synced(const struct test *t, enum file file, size_t until)
{
	size_t i, from = 0;

	for (i = 0; i < until; i++)
		if (t->events[i].kind == EVENT_SYNC &&
		    t->events[i].file == file)
			from = t->events[i].from;
	return from;
}

static bool
changes(const struct event *e, enum file file)
{
	return e->file == file && (e->kind == EVENT_WRITE ||
	    e->kind == EVENT_TRUNCATE);
}

/* The file as the power failure at that event leaves it. */
static void
leave(struct test *t, enum file file, size_t until, bool ordered,
    struct image *im)
{
	size_t sure = synced(t, file, until), open = 0, keep, i;
	unsigned int chances = (unsigned int)(model_random(&t->random) % 9);

	im->len = 0;
	image_extend(t, im, t->base[file].len);
	memcpy(im->data, t->base[file].data, im->len);
	for (i = 0; i < until; i++)
		open += i >= sure && changes(&t->events[i], file);
	keep = open == 0 ? 0 : model_random(&t->random) % (open + 1);
	if (ordered)
		t->lost += open - keep;
	for (i = 0; i < until; i++) {
		const struct event *e = &t->events[i];

		if (!changes(e, file))
			continue;
		if (i < sure)
			apply(t, im, e);
		else if (ordered && keep > 0) {
			apply(t, im, e);
			keep--;
		} else if (!ordered && e->kind == EVENT_WRITE) {
			apply_sectors(t, im, e, chances);
			t->lost += chances < 8;
		} else if (!ordered && model_random(&t->random) % 2 == 0)
			apply(t, im, e);
	}
}

static void
complain(void *arg, const char *what)
{
	(void)arg;
	(void)printf("power: %s\n", what);
}

static void
check(const struct test *t, size_t until, bool ordered)
{
	uint64_t acked = 0;
	struct nk_store *s;
	struct model m;
	char why[MODEL_TEXT];
	int64_t n;
	size_t i;
	int r;

	for (i = 0; i < until; i++)
		if (t->events[i].kind == EVENT_ACK)
			acked = t->events[i].from;
	if ((r = nk_store_open(&s, t->again.store, NK_STORE_WRITE)) < 0)
		fail(t, "event %zu of %zu, %s: the store does not open: %s",
		    until, t->nevents, ordered ? "in order" : "sectors",
		    strerror(-r));
	if ((r = nk_store_verify(s, complain, NULL)) < 0)
		fail(t, "event %zu, %s: the store is damaged", until,
		    ordered ? "in order" : "sectors");
	n = edits_count(s);
	if (n < (int64_t)acked || n > (int64_t)acked + 1)
		fail(t, "event %zu, %s: %" PRIu64 " edits acknowledged, %"
		    PRId64 " found", until, ordered ? "in order" : "sectors",
		    acked, n);
	model_init(&m, t->seed);
	model_to(&m, (uint64_t)n);
	if ((r = edits_check_store(s, &m, why)) < 0)
		fail(t, "event %zu: %s (%d)", until, why, r);
	nk_store_close(s);
}

static void
power_failure(struct test *t)
{
	size_t until = model_random(&t->random) % (t->nevents + 1);
	bool ordered = model_random(&t->random) % 2 == 0;
	char path[MODEL_TEXT];
	struct image im = { NULL, 0, 0 };
	int i;

	for (i = 0; i < FILES; i++) {
		leave(t, (enum file)i, until, ordered, &im);
		image_path(t, (enum file)i, t->scratch, path);
		image_store(t, &im, path);
	}
	free(im.data);
	(void)snprintf(path, sizeof(path), "%.400s-shm", t->again.store);
	(void)unlink(path);
	check(t, until, ordered);
}

static void
prepare(struct test *t)
{
	struct nk_publisher *p;
	char path[MODEL_TEXT];
	int i;

	if (place_make(&t->dir, 0) < 0 || place_make(&t->scratch, 0) < 0)
		fail(t, "no place");
	edits_place_init(&t->place, t->dir);
	edits_place_init(&t->again, t->scratch);
	if (nk_publisher_open(&p, &t->place.state, &t->place.conf,
	    NK_STORE_CREATE) < 0 || edits_setup(p) < 0)
		fail(t, "no store");
	nk_publisher_free(p);
	for (i = 0; i < FILES; i++) {
		image_path(t, (enum file)i, t->dir, path);
		image_load(t, &t->base[i], path);
	}
}

int
main(int argc, char *argv[])
{
	struct test t = { .seed = 1 };
	unsigned long edits = 150, failures = 300, i;
	int c;

	if (argc == 6 && strcmp(argv[1], "--editor") == 0)
		return editor_main(argv + 2);
	while ((c = getopt(argc, argv, "e:n:s:")) != -1) {
		if (c == 'e')
			edits = strtoul(optarg, NULL, 10);
		else if (c == 'n')
			failures = strtoul(optarg, NULL, 10);
		else if (c == 's')
			t.seed = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if (!tracer_is_possible()) {
		(void)printf("SKIP: power: not on this architecture\n");
		return 77;
	}
	t.random = t.seed;
	prepare(&t);
	record(&t, edits);
	for (i = 0; i < failures; i++)
		power_failure(&t);
	(void)printf("PASS: %lu failures in a record of %" PRIu64
	    " edits, %" PRIu64 " writes and %" PRIu64 " syncs; %" PRIu64
	    " writes lost whole or in part\n", failures, t.edits, t.writes,
	    t.syncs, t.lost);
	for (i = 0; i < t.nevents; i++)
		free(t.events[i].data);
	free(t.events);
	for (i = 0; i < FILES; i++)
		free(t.base[i].data);
	place_remove(t.dir);
	place_remove(t.scratch);
	return EXIT_SUCCESS;
}
