/* SPDX-License-Identifier: ISC */
/*
 * The real naskeys-helper, asked in JSON-RPC as everybody asks it: killed at
 * each system call of a request in turn, and with a fault in each.  What it
 * has answered is in, what it has not is in whole or not at all, and the
 * next helper finds store and maps in agreement.
 *
 *	helper [-n KILLS] [-k STEP] [-f STEP] HELPER
 *
 * -k: at every so manieth stop of each kind of edit (more often in phases
 * that are short), and until there were KILLS in each phase; -f: a fault in
 * every so manieth call.
 */
#include <sys/stat.h>
#include <sys/wait.h>

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
#include "tests/fault/faults.h"
#include "tests/fault/inout.h"
#include "tests/fault/place.h"
#include "tests/fault/tracer.h"

#define PATH_LEN	512
#define ANSWER_MAX	16384
#define KEY		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJIl8L33k82r" \
			"mgKp42gJ3Dix7PZXk1thESsfr2DMZJmU key"
#define ROUNDS_MAX	100000

/* A round of edits that ends where it began. */
static const char *const edits[] = {
	"{'method':'user.create','params':[{'username':'crash','uid':23100,"
	    "'full_name':'Crash','group_create':true,"
	    "'password_disabled':true}]",
	"{'method':'user.add_key','params':['crash',{'key':'" KEY "'}]",
	"{'method':'user.update','params':[ID,{'locked':true}]",
	"{'method':'user.update','params':[ID,{'locked':false,"
	    "'full_name':'Crash again'}]",
	"{'method':'user.update','params':[ID,{'username':'crashed'}]",
	"{'method':'user.remove_key','params':['crashed','FP']",
	"{'method':'user.delete','params':[ID]",
};
#define EDITS	((int)(sizeof(edits) / sizeof(edits[0])))

static const char look[] =
	"{'jsonrpc':'2.0','id':1,'method':'user.query','params':[[['uid','=',"
	    "23100]],{'select':['username','full_name','locked',"
	    "'sshpubkey']}]}\n"
	"{'jsonrpc':'2.0','id':2,'method':'naskeys.audit.query','params':["
	    "[],{'count':true}]}\n"
	"{'jsonrpc':'2.0','id':3,'method':'group.query','params':[[['group',"
	    "'^','crash']],{'select':['group']}]}\n";
static const char look_ids[] =
	"{'jsonrpc':'2.0','id':1,'method':'user.query','params':[[['uid','=',"
	    "23100]],{'select':['id']}]}\n"
	"{'jsonrpc':'2.0','id':1,'method':'user.keys','params':['crashed']}\n";

enum phase {
	BEFORE_COMMIT,		/* until the log's sync has returned */
	COMMIT_TO_PUBLISH,	/* until the first write to a map */
	WITHIN_PUBLISH,		/* until the answer is written */
	AFTER_ANSWER,		/* checkpoint and the rest */
	PHASES
};

static const char *const phase_names[PHASES] = {
	"before-commit", "commit-to-publish", "within-publish",
	"after-answer",
};
/* Of 32 steps of the longest one, so many are made here. */
static const int phase_steps[PHASES] = { 32, 1, 4, 8 };

struct test {
	const char	*helper;
	char		*dir;
	char		 in[PATH_LEN], out[PATH_LEN];
	char		 states[EDITS + 1][ANSWER_MAX];
	int		 at;		/* so many edits of the round are in */
	int64_t		 audits, rows[EDITS];	/* and what each adds */
	char		 id[32], fp[64];	/* of the row and the key */
	bool		 injecting;
	enum fault	 fault;
	enum phase	 target;	/* of the kill; a fault knows none */
	int		 next[EDITS][PHASES];	/* which stop is its turn */
	bool		 over[EDITS][PHASES];	/* its last stop was hit */
	enum phase	 phase;		/* where the traced helper is */
	bool		 header;	/* the log's header was written last */
	char		 what[PATH_LEN];
	int		 kills[PHASES], refused, done, later, silent;
};

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(const struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: edit %d, stop %d (%s, %s): ", t->at,
	    t->at < EDITS ? t->next[t->at][t->target] : 0, t->injecting ?
	    faults_names[t->fault] : "kill", t->what);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)fflush(stdout);
	exit(EXIT_FAILURE);
}

/* ---- files ---- */

/* Text with ' for ", as requests are easier to read that way. */
static void
write_request(const struct test *t, const char *text)
{
	char buf[ANSWER_MAX];
	size_t i, n = strlen(text);
	int fd;

	if (n >= sizeof(buf))
		fail(t, "a long request");
	for (i = 0; i < n; i++)
		buf[i] = text[i] == '\'' ? '"' : text[i];
	fd = open(t->in, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, buf, n) != (ssize_t)n)
		fail(t, "%s: %s", t->in, strerror(errno));
	(void)close(fd);
}

static void
read_answer(const struct test *t, char buf[ANSWER_MAX])
{
	int fd = open(t->out, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, buf, ANSWER_MAX - 1);

	if (n == -1)
		fail(t, "%s: %s", t->out, strerror(errno));
	buf[n] = '\0';
	(void)close(fd);
}

/* ---- a helper whom nobody disturbs ---- */

static int
run(const struct test *t, const char *option, char answer[ANSWER_MAX])
{
	int saved[2], status = -1;
	pid_t pid;

	if (inout_redirect(t->in, t->out, saved) < 0)
		fail(t, "dup: %s", strerror(errno));
	if ((pid = fork()) == 0) {
		(void)execl(t->helper, t->helper, "--state-dir", t->dir,
		    option, (char *)NULL);
		_exit(127);
	}
	inout_restore(saved);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fail(t, "fork: %s", strerror(errno));
	read_answer(t, answer);
	return status;
}

/* What the store says, and how many audit rows there are. */
static void
get_state(const struct test *t, char state[ANSWER_MAX], int64_t *auditsp)
{
	char answer[ANSWER_MAX], *audits, *groups;

	write_request(t, look);
	if (run(t, NULL, answer) != 0 || strstr(answer, "error") != NULL ||
	    (audits = strchr(answer, '\n')) == NULL ||
	    (groups = strchr(audits + 1, '\n')) == NULL)
		fail(t, "it does not say how it stands: %.400s", answer);
	*auditsp = strtoll(strstr(audits, "\"result\":") + 9, NULL, 10);
	*audits = '\0';
	(void)snprintf(state, ANSWER_MAX, "%.4000s%.4000s", answer, groups);
}

/* The text behind a name in an answer, or "". */
static void
get_member(const char *answer, const char *name, char *buf, size_t len)
{
	const char *p = strstr(answer, name);

	buf[0] = '\0';
	if (p == NULL)
		return;
	p += strlen(name);
	(void)snprintf(buf, len, "%.*s", (int)strcspn(p, "\",}"), p);
}

/* Edits name the row by its number, and the key by its fingerprint. */
static void
learn_ids(struct test *t)
{
	char answer[ANSWER_MAX];

	write_request(t, look_ids);
	(void)run(t, NULL, answer);
	get_member(answer, "\"result\":[{\"id\":", t->id, sizeof(t->id));
	if (t->fp[0] == '\0')
		get_member(answer, "\"fingerprint\":\"", t->fp,
		    sizeof(t->fp));
}

static void
write_edit(struct test *t)
{
	const char *p = edits[t->at], *var = strstr(p, "ID"), *value = "";
	char text[ANSWER_MAX];

	if (t->at == 1 || t->fp[0] == '\0')
		learn_ids(t);		/* of a new row */
	if (var != NULL)
		value = t->id;
	else if ((var = strstr(p, "FP")) != NULL)
		value = t->fp;
	else
		var = p + strlen(p);
	(void)snprintf(text, sizeof(text), "%.*s%s%s,'jsonrpc':'2.0','id':1}\n",
	    (int)(var - p), p, value, *var == '\0' ? "" : var + 2);
	write_request(t, text);
}

static bool
is_result(const char *answer)
{
	return strstr(answer, "\"result\":") != NULL &&
	    strchr(answer, '\n') != NULL;
}

/* The edit as it should be. */
static void
edit_plainly(struct test *t)
{
	char answer[ANSWER_MAX], state[ANSWER_MAX];

	write_edit(t);
	if (run(t, NULL, answer) != 0 || !is_result(answer))
		fail(t, "refused without a fault: %.400s", answer);
	get_state(t, state, &t->audits);
	if (strcmp(state, t->states[t->at + 1]) != 0)
		fail(t, "not what was asked for: %.400s", state);
	t->at = (t->at + 1) % EDITS;
}

/* ---- the traced one ---- */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Where does this call take it? */
static void
follow(struct test *t, const struct tracer *tr, enum tracer_stop stop)
{
	char path[PATH_LEN];

	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	if (stop == TRACER_ENTRY && tr->nr == SYS_pwrite64) {
		if (ends_with(path, "/naskeys.db-wal"))
			t->header = tr->args[2] == 32 && tr->args[3] == 0;
		else if (t->phase == COMMIT_TO_PUBLISH &&
		    strstr(path, "/maps/") != NULL)
			t->phase = WITHIN_PUBLISH;
	}
	if (stop != TRACER_EXIT)
		return;
	if (t->phase == BEFORE_COMMIT && !t->header &&
	    (tr->nr == SYS_fdatasync || tr->nr == SYS_fsync) &&
	    ends_with(path, "/naskeys.db-wal"))
		t->phase = COMMIT_TO_PUBLISH;
	if (tr->nr == SYS_write && ends_with(path, "/out"))
		t->phase = AFTER_ANSWER;
}

/* Kill it here, or let this call fail: is this the stop? */
static bool
strike(struct test *t, struct tracer *tr, enum tracer_stop stop, int *countp)
{
	if (t->injecting ? stop != TRACER_ENTRY ||
	    !faults_apply(t->fault, tr) : t->phase != t->target)
		return false;
	if (++*countp != t->next[t->at][t->target])
		return false;
	(void)snprintf(t->what, sizeof(t->what), "%s, system call %ld",
	    phase_names[t->phase], tr->nr);
	if (t->injecting)
		faults_inject(t->fault, tr);
	else
		tracer_kill(tr);
	return true;
}

/* Run the edit at hand.  Was it struck? */
static bool
run_traced(struct test *t, char answer[ANSWER_MAX])
{
	char *argv[] = { (char *)(uintptr_t)t->helper,
	    (char[]){ "--state-dir" }, t->dir, NULL };
	bool asked = false, struck = false;
	enum tracer_stop stop;
	struct tracer tr;
	int saved[2], count = 0, r;

	write_edit(t);
	t->phase = BEFORE_COMMIT;
	t->header = false;
	if (inout_redirect(t->in, t->out, saved) < 0)
		fail(t, "dup: %s", strerror(errno));
	r = tracer_start(&tr, argv);
	inout_restore(saved);
	if (r < 0)
		fail(t, "cannot trace: %s", strerror(-r));
	while ((stop = tracer_next(&tr)) != TRACER_GONE) {
		if (asked)
			follow(t, &tr, stop);
		if (asked && !struck && strike(t, &tr, stop, &count)) {
			struck = true;
			if (!t->injecting)
				break;
		}
		if (stop == TRACER_EXIT && tr.nr == SYS_pread64 &&
		    tr.args[0] == STDIN_FILENO && tr.ret > 0)
			asked = true;
	}
	if (!asked)
		fail(t, "it was never seen to read the request");
	read_answer(t, answer);
	if (!struck && (stop != TRACER_GONE || !WIFEXITED(tr.status)))
		fail(t, "it ended badly (status %#x)", tr.status);
	if (t->injecting && WIFSIGNALED(tr.status))
		fail(t, "a signal ended it (status %#x)", tr.status);
	return struck;
}

/* ---- what must be true ---- */

static void
check(struct test *t, const char *answer)
{
	char state[ANSWER_MAX], said[ANSWER_MAX];
	int64_t audits;
	bool before, after;

	get_state(t, state, &audits);
	before = strcmp(state, t->states[t->at]) == 0 && audits == t->audits;
	after = strcmp(state, t->states[t->at + 1]) == 0 &&
	    audits == t->audits + t->rows[t->at];
	if (!before && !after)
		fail(t, "neither before nor after: %" PRId64 " audit rows "
		    "after %" PRId64 ", %.400s", audits, t->audits, state);
	if (is_result(answer) && !after)
		fail(t, "acknowledged, and lost");
	if (strstr(answer, "EINPROGRESS") != NULL) {
		t->later++;
		if (!after)
			fail(t, "stored, and lost");
	} else if (strstr(answer, "\"error\":") != NULL) {
		t->refused++;
		if (!before)
			fail(t, "refused, and done: %.400s", answer);
	} else if (is_result(answer))
		t->done++;
	else
		t->silent++;
	if (run(t, "--check", said) != 0)
		fail(t, "--check: %.400s", said);
	t->audits = audits;
	if (after)
		t->at = (t->at + 1) % EDITS;
	else
		edit_plainly(t);	/* the next try is good */
}

static bool
is_over(const struct test *t, int kills)
{
	int i;

	for (i = 0; i < EDITS; i++)
		if (!t->over[i][t->target])
			return false;
	return t->injecting || t->kills[t->target] >= kills;
}

/* Every so manieth stop, beginning elsewhere each time. */
static void
go_through(struct test *t, int kills, int step)
{
	char answer[ANSWER_MAX];
	int i, edit, *next;

	for (i = 0; i < EDITS; i++) {
		t->next[i][t->target] = 1 + i % step;
		t->over[i][t->target] = false;
	}
	for (i = 0; !is_over(t, kills); i++) {
		if (i == ROUNDS_MAX)
			fail(t, "it comes to no end");
		edit = t->at;
		next = &t->next[edit][t->target];
		if (t->over[edit][t->target] && (t->injecting ||
		    t->kills[t->target] >= kills)) {
			edit_plainly(t);	/* on to the others */
			continue;
		}
		if (run_traced(t, answer)) {
			t->kills[t->phase] += !t->injecting;
			check(t, answer);
			*next += step;
		} else {
			t->over[edit][t->target] = true;
			check(t, answer);
			*next = 1 + i % step;
		}
		t->what[0] = '\0';
	}
}

static void
kill_and_look(struct test *t, int kills, int step)
{
	int i;

	for (i = 0; i < PHASES; i++) {
		t->target = (enum phase)i;
		go_through(t, kills, 1 + (step - 1) * phase_steps[i] / 32);
	}
	t->target = BEFORE_COMMIT;
}

static void
report(struct test *t)
{
	int i, all = 0;

	for (i = 0; i < PHASES && !t->injecting; i++) {
		(void)printf("PASS: %s: %d kills\n", phase_names[i],
		    t->kills[i]);
		all += t->kills[i];
	}
	(void)printf("PASS: %s: ", t->injecting ?
	    faults_names[t->fault] : "kill");
	if (!t->injecting)
		(void)printf("%d kills, ", all);
	(void)printf("%d refused and nothing changed, %d done, %d published "
	    "later, %d without an answer\n", t->refused, t->done, t->later,
	    t->silent);
	(void)fflush(stdout);
	t->refused = t->done = t->later = t->silent = 0;
}

/* A log that is soon full has checkpoints made, and is soon read. */
static void
write_conf(const struct test *t)
{
	static const char conf[] = "wal_limit = 65536\n";
	char path[PATH_LEN];
	int fd;

	(void)snprintf(path, sizeof(path), "%.400s/naskeys.conf", t->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1 || write(fd, conf, strlen(conf)) == -1)
		fail(t, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

/* A first round, which nothing disturbs, shows what each edit does. */
static void
prepare(struct test *t)
{
	char answer[ANSWER_MAX];
	int64_t before = 0;
	int r;

	if ((r = place_make(&t->dir, 0)) < 0)
		fail(t, "no place: %s", strerror(-r));
	(void)snprintf(t->in, sizeof(t->in), "%.400s/in", t->dir);
	(void)snprintf(t->out, sizeof(t->out), "%.400s/out", t->dir);
	write_conf(t);
	for (t->at = 0; ; t->at++) {
		get_state(t, t->states[t->at], &t->audits);
		if (t->at > 0)
			t->rows[t->at - 1] = t->audits - before;
		before = t->audits;
		if (t->at > 0 && strcmp(t->states[t->at],
		    t->states[t->at - 1]) == 0)
			fail(t, "an edit that changes nothing");
		if (t->at == EDITS)
			break;
		write_edit(t);
		if (run(t, NULL, answer) != 0 || !is_result(answer))
			fail(t, "refused: %.400s", answer);
	}
	if (strcmp(t->states[EDITS], t->states[0]) != 0)
		fail(t, "a round leaves something behind");
	t->at = 0;
}

int
main(int argc, char *argv[])
{
	static struct test t;
	int kills = 50, kill_step = 1, fault_step = 1, c;

	while ((c = getopt(argc, argv, "f:k:n:")) != -1) {
		if (c == 'f')
			fault_step = (int)strtol(optarg, NULL, 10);
		else if (c == 'k')
			kill_step = (int)strtol(optarg, NULL, 10);
		else if (c == 'n')
			kills = (int)strtol(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind + 1 != argc || kill_step < 1 || fault_step < 1)
		return 2;
	t.helper = argv[optind];
	if (!tracer_is_possible()) {
		(void)printf("SKIP: helper: not on this architecture\n");
		return 77;
	}
	prepare(&t);
	kill_and_look(&t, kills, kill_step);
	report(&t);
	t.injecting = true;
	for (c = 0; c < FAULTS; c++) {
		t.fault = (enum fault)c;
		go_through(&t, 0, fault_step);
		report(&t);
	}
	place_remove(t.dir);
	return EXIT_SUCCESS;
}
