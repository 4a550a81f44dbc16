/* SPDX-License-Identifier: ISC */
/*
 * Pairing with another machine, with a fault in each system call of the
 * helper and of the children that it starts, and with either killed at each:
 * afterwards both machines have all of it or nothing, and what they have is
 * what was answered.  Where the helper itself was killed the other machine
 * may keep the key: then the audit log says that it was about to get it, and
 * pairing again succeeds.
 *
 *	pair_fault [-e] [-k KILLS] [-n POINTS] HELPER URL USER FILE SHELL IDLE
 *
 * URL: of the other machine's API, which gives keys to USER, into FILE, and
 * another shell, which it writes into SHELL.  IDLE: a port of 127.0.0.1 that
 * closes a connection when nobody asks that API anything.  -e: with a key that
 * is here already, not a new one.  -n: so many points of each kind of fault,
 * and more of some; -k: of kills; without them all.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

#include "lib/attr.h"
#include "lib/sandbox/confine.h"
#include "tests/fault/faults.h"
#include "tests/fault/inout.h"
#include "tests/fault/place.h"
#include "tests/fault/tree.h"

#define PATH_LEN	512
#define TEXT_MAX	65536
#define HOT		16	/* points where it is easy to be wrong */
#define MINE		"# mine\n"	/* what is in FILE before */

/* Whose call it is. */
enum who {
	HELPER,
	CHILD,
	WHOS
};
static const char *const who_names[WHOS] = { "helper", "child" };

/* Besides the faults of files: those of a network, of limits, and a kill. */
enum kind {
	KIND_RESET = FAULTS,
	KIND_PIPE,
	KIND_TIMEOUT,
	KIND_INTERRUPT,
	KIND_PIECE,		/* half of what a socket would take or give */
	KIND_LIMIT,
	KIND_KILL,
	KINDS
};
static const struct {
	const char	*name;
	int		 error;
} kinds[KINDS - FAULTS] = {
	{ "ECONNRESET", ECONNRESET }, { "EPIPE", EPIPE },
	{ "ETIMEDOUT", ETIMEDOUT }, { "EINTR of a socket", EINTR },
	{ "piece", 0 }, { "EMFILE", EMFILE }, { "kill", 0 },
};

struct test {
	const char	*helper, *url, *user, *file, *shell;
	in_port_t	 idle;
	char		*dir;
	bool		 existing;
	int		 points, kills;	/* of each kind; 0: all */
	char		 key_id[32];	/* of the key that is here already */
	char		 model[PATH_LEN], near[PATH_LEN];
	char		 in[PATH_LEN], out[PATH_LEN];
	char		 shell_before[64];
	enum who	 who;
	unsigned int	 kind;		/* enum fault or enum kind */
	int		 point, of;
	char		 what[PATH_LEN];
	char		 answer[TEXT_MAX], said[TEXT_MAX];
	int		 done, refused, kept, left, bad;
};

static const char *
kind_name(unsigned int kind)
{
	return kind < FAULTS ? faults_names[kind] : kinds[kind - FAULTS].name;
}

static void NK_PRINTF(2, 0)
print_failure(const struct test *t, const char *fmt, va_list ap)
{
	(void)printf("FAIL: %s in the %s, %d of %d (%s): ",
	    t->kind == KINDS ? "nothing" : kind_name(t->kind),
	    who_names[t->who], t->point, t->of, t->what);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	(void)fflush(stdout);
}

/* The test cannot go on. */
static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(const struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_failure(t, fmt, ap);
	va_end(ap);
	exit(EXIT_FAILURE);
}

/* It goes on, and has failed. */
static void NK_PRINTF(2, 3)
wrong(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_failure(t, fmt, ap);
	va_end(ap);
	t->bad++;
}

/* ---- files and programs ---- */

static void
write_file(const struct test *t, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t len = strlen(text);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		fail(t, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

/* "" where there is none. */
static void
read_file(const struct test *t, const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, buf, size - 1);

	if (n == -1)
		fail(t, "%s: %s", path, strerror(errno));
	buf[n] = '\0';
	if (fd != -1)
		(void)close(fd);
}

/* Ask a helper whom nobody disturbs; the answer is in t->said. */
static int
ask(struct test *t, const char *option, const char *request)
{
	int saved[2], status = -1;
	pid_t pid;

	write_file(t, t->in, request);
	if (inout_redirect(t->in, t->out, saved) < 0)
		fail(t, "dup: %s", strerror(errno));
	if ((pid = fork()) == 0) {
		(void)execl(t->helper, t->helper, "--state-dir", t->near,
		    option, (char *)NULL);
		_exit(127);
	}
	inout_restore(saved);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		fail(t, "fork: %s", strerror(errno));
	read_file(t, t->out, t->said, sizeof(t->said));
	return status;
}

/* ---- both machines ---- */

static void
write_pairing(const struct test *t, bool existing, char *buf, size_t size)
{
	char key[128];

	(void)snprintf(key, sizeof(key), existing ?
	    "\"generate_key\":false,\"existing_key_id\":%s" :
	    "\"generate_key\":true,\"name\":\"new key\",\"type\":"
	    "\"ed25519\"", t->key_id);
	(void)snprintf(buf, size, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"keychaincredential.setup_ssh_connection\",\"params\":[{"
	    "\"private_key\":{%s},\"connection_name\":\"new\","
	    "\"setup_type\":\"SEMI-AUTOMATIC\",\"semi_automatic_setup\":{"
	    "\"url\":\"%s\",\"password\":\"staple\",\"username\":"
	    "\"%s\"}}]}\n", key, t->url, t->user);
}

/* Wait until the other machine has done what it was asked for. */
static void
wait_idle(const struct test *t)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(t->idle),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char c;

	if (s == -1 || connect(s, (const struct sockaddr *)&sin,
	    sizeof(sin)) == -1 || read(s, &c, 1) != 0)
		fail(t, "the other machine: %s", strerror(errno));
	(void)close(s);
}

static void
reset(const struct test *t)
{
	char line[3 * PATH_LEN];

	(void)snprintf(line, sizeof(line), "rm -rf %.400s && cp -a %.400s %.400s",
	    t->near, t->model, t->near);
	if (system(line) != 0)
		fail(t, "%s", line);
	write_file(t, t->file, MINE);
	write_file(t, t->shell, t->shell_before);
}

static const char look[] =
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"keychaincredential.query\","
	    "\"params\":[[],{\"select\":[\"name\",\"id\",\"public_key\"]}]}\n"
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"naskeys.audit.query\","
	    "\"params\":[[],{\"select\":[\"text\"]}]}\n";

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

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static bool
is_result(const char *answer)
{
	return strstr(answer, "\"result\":") != NULL &&
	    strchr(answer, '\n') != NULL;
}

struct state {
	bool	 near, near_nothing;	/* what was asked for is here */
	bool	 far, far_nothing;	/* key and shell are there */
	int	 far_keys;
	int	 begun, ended;		/* as the audit log has it */
	char	 id[32];		/* the connection's */
};

/* Both machines, as they say themselves. */
static void
get_state(struct test *t, struct state *s)
{
	char file[TEXT_MAX], shell[64], key[1024] = "", *audit;
	bool paired;

	if (ask(t, NULL, look) != 0 || strstr(t->said, "\"error\"") != NULL ||
	    (audit = strchr(t->said, '\n')) == NULL)
		fail(t, "it does not say how it stands: %.400s", t->said);
	*audit++ = '\0';
	read_file(t, t->file, file, sizeof(file));
	read_file(t, t->shell, shell, sizeof(shell));
	get_member(t->said, "\"public_key\":\"", key, sizeof(key));
	key[strcspn(key, " ") + 1 + strcspn(key + strcspn(key, " ") + 1,
	    " ")] = '\0';
	get_member(t->said, "\"name\":\"new\",\"id\":", s->id,
	    sizeof(s->id));
	paired = strstr(t->said, "\"name\":\"new key\"") != NULL;
	s->near = s->id[0] != '\0' && paired;
	s->near_nothing = s->id[0] == '\0' && paired == t->existing;
	s->far_keys = count(file, "ssh-ed25519 ");
	s->far = key[0] != '\0' && strstr(file, key) != NULL &&
	    strcmp(shell, t->shell_before) != 0;
	s->far_nothing = strcmp(file, MINE) == 0 &&
	    strcmp(shell, t->shell_before) == 0;
	s->begun = count(audit, "Begin to pair connection new with ");
	s->ended = count(audit, "has failed, and nothing of it") +
	    count(audit, "is still there") +
	    count(audit, "\"Pair connection new with ");
}

/* ---- the traced one ---- */

static bool
is_one_of(long nr, const long *calls, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (calls[i] == nr)
			return true;
	return false;
}
#define IS_ONE_OF(nr, calls) \
	is_one_of((nr), (calls), sizeof(calls) / sizeof((calls)[0]))

static bool
is_socket(const struct tracer *tr)
{
	char path[PATH_LEN];

	tracer_fd_path(tr, tr->args[0], path, sizeof(path));
	return strncmp(path, "socket:", 7) == 0;
}

static bool
net_applies(unsigned int kind, enum who who, const struct tracer *tr)
{
	static const long sends[] = { SYS_sendto, SYS_sendmsg, SYS_write };
	static const long hears[] = { SYS_recvfrom, SYS_recvmsg, SYS_read };
	static const long stream[] = { SYS_sendto, SYS_recvfrom };
	static const long makes[] = { SYS_socket, SYS_socketpair, SYS_pipe2,
	    SYS_openat, SYS_clone, SYS_clone3, SYS_vfork, SYS_fork,
	    SYS_pidfd_open };
	bool sending = IS_ONE_OF(tr->nr, sends);
	bool hearing = IS_ONE_OF(tr->nr, hears);

	switch (kind) {
	case KIND_LIMIT:
		return IS_ONE_OF(tr->nr, makes);
	case KIND_PIECE:
		return who == CHILD && IS_ONE_OF(tr->nr, stream) &&
		    tr->args[0] >= NK_CONFINE_SOCKET && tr->args[2] > 1;
	case KIND_INTERRUPT:
		return tr->nr == SYS_poll || tr->nr == SYS_ppoll ||
		    ((sending || hearing) && is_socket(tr));
	case KIND_PIPE:
		return sending && is_socket(tr);
	case KIND_TIMEOUT:
		return tr->nr == SYS_connect || (hearing && is_socket(tr));
	default:
		return tr->nr == SYS_connect ||
		    ((sending || hearing) && is_socket(tr));
	}
}

/* Can this call, which is about to be made, meet with it? */
static bool
applies(unsigned int kind, enum who who, const struct tracer *tr)
{
	if (kind < FAULTS)
		return faults_apply((enum fault)kind, tr);
	return kind == KIND_KILL || net_applies(kind, who, tr);
}

static void
strike(struct test *t, struct tree *tree)
{
	struct tracer *tr = tree->now;

	(void)snprintf(t->what, sizeof(t->what), "process %d, system call "
	    "%ld(%lu)", (int)(tr - tree->all), tr->nr,
	    (unsigned long)tr->args[0]);
	if (t->kind == KIND_KILL)
		tree_kill(tree);
	else if (t->kind < FAULTS)
		faults_inject((enum fault)t->kind, tr);
	else if (t->kind == KIND_PIECE)
		tracer_set_arg(tr, 2, tr->args[2] / 2);
	else
		tracer_fail(tr, kinds[t->kind - FAULTS].error);
}

/*
 * Nothing that fails makes a program do what ends it by a signal; but a child
 * may still speak to a helper that listens no more.
 */
static void
check_ends(struct test *t, const struct tree *tree)
{
	size_t i;
	int status;

	for (i = 0; i < tree->n; i++) {
		status = tree->all[i].status;
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL &&
		    (i == 0 || WTERMSIG(status) != SIGPIPE))
			wrong(t, "signal %d ended process %zu",
			    WTERMSIG(status), i);
	}
	if (t->kind != KIND_KILL && !WIFEXITED(tree->all[0].status))
		wrong(t, "the helper ended badly (status %#x)",
		    tree->all[0].status);
}

/* It has read the request by now. */
static bool
has_read(const struct tree *tree, enum tracer_stop stop)
{
	const struct tracer *tr = tree->now;

	return stop == TRACER_EXIT && tr == &tree->all[0] && tr->ret > 0 &&
	    (tr->nr == SYS_read || tr->nr == SYS_pread64) &&
	    tr->args[0] == STDIN_FILENO;
}

/* A call is about to be made: count it, and strike where it is meant. */
static bool
at_entry(struct test *t, struct tree *tree, bool struck,
    int counts[WHOS][KINDS])
{
	enum who who = tree->now == &tree->all[0] ? HELPER : CHILD;
	unsigned int k;

	for (k = 0; k < KINDS; k++) {
		if (!applies(k, who, tree->now))
			continue;
		counts[who][k]++;
		if (!struck && who == t->who && k == t->kind &&
		    counts[who][k] == t->point) {
			strike(t, tree);
			return true;
		}
	}
	return struck;
}

/*
 * Pair, and strike at the point that is meant, if it comes to it; counts gets
 * how many points there were of each kind.
 */
static void
run_traced(struct test *t, int counts[WHOS][KINDS])
{
	char *argv[] = { (char *)(uintptr_t)t->helper,
	    (char[]){ "--state-dir" }, t->near, NULL };
	bool asked = false, struck = false;
	static struct tree tree;
	char request[TEXT_MAX];
	enum tracer_stop stop;
	int saved[2], r;

	write_pairing(t, t->existing, request, sizeof(request));
	write_file(t, t->in, request);
	if (inout_redirect(t->in, t->out, saved) < 0)
		fail(t, "dup: %s", strerror(errno));
	r = tree_start(&tree, argv);
	inout_restore(saved);
	if (r < 0)
		fail(t, "cannot trace: %s", strerror(-r));
	while ((stop = tree_next(&tree)) != TRACER_GONE) {
		if (asked && stop == TRACER_ENTRY)
			struck = at_entry(t, &tree, struck, counts);
		else if (has_read(&tree, stop))
			asked = true;
	}
	if (!asked)
		fail(t, "it was never seen to read the request");
	check_ends(t, &tree);
	read_file(t, t->out, t->answer, sizeof(t->answer));
	wait_idle(t);
}

/* ---- what must be true ---- */

static void
check_works(struct test *t, const char *id)
{
	char request[256];

	(void)snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\","
	    "\"id\":1,\"method\":\"keychaincredential.test\","
	    "\"params\":[%.20s]}\n", id);
	if (ask(t, NULL, request) != 0 || strstr(t->said, "\"ok\":true") ==
	    NULL)
		wrong(t, "the connection does not work: %.400s", t->said);
}

static void
check_acknowledged(struct test *t, const struct state *s, int keys)
{
	if (!s->near || !s->far || s->far_keys != keys)
		wrong(t, "acknowledged, and not there (here %d, there %d, %d "
		    "keys)", s->near, s->far, s->far_keys);
	check_works(t, s->id);
}

/* The other machine has the key, and nobody here knows it any more. */
static void
check_left(struct test *t, const struct state *s)
{
	char request[TEXT_MAX];
	struct state again;

	if (!s->near_nothing || s->begun != s->ended + 1)
		wrong(t, "killed, and not said to have begun: %.400s",
		    t->answer);
	t->left++;
	write_pairing(t, t->existing, request, sizeof(request));
	if (ask(t, NULL, request) != 0 ||
	    strstr(t->said, "\"result\"") == NULL)
		wrong(t, "not to be had again: %.400s", t->said);
	get_state(t, &again);
	check_acknowledged(t, &again, s->far_keys + !t->existing);
}

static void
check(struct test *t)
{
	struct state s;

	get_state(t, &s);
	if (strstr(t->answer, "EINPROGRESS") != NULL ||
	    is_result(t->answer)) {
		t->done++;
		check_acknowledged(t, &s, 1);
	} else if (strstr(t->answer, "\"error\":") != NULL) {
		t->refused++;
		if (!s.near_nothing || !s.far_nothing)
			wrong(t, "refused, and there (here %d, there %d, %d "
			    "keys): %.600s", !s.near_nothing,
			    !s.far_nothing, s.far_keys, t->answer);
	} else if (s.near) {
		t->kept++;
		check_acknowledged(t, &s, 1);
	} else if (t->kind == KIND_KILL && t->who == HELPER &&
	    !s.far_nothing)
		check_left(t, &s);
	else if (!s.near_nothing || !s.far_nothing)
		wrong(t, "no answer, and there is something");
	if (ask(t, "--check", "") != 0)
		wrong(t, "--check: %.400s", t->said);
}

/* ---- all of it ---- */

static void
try_point(struct test *t, int point)
{
	int unused[WHOS][KINDS] = { { 0 } };

	t->point = point;
	(void)snprintf(t->what, sizeof(t->what), "not reached");
	reset(t);
	run_traced(t, unused);
	check(t);
}

/*
 * Of one kind: points that lie evenly among all, and the last
 * ones, where all is committed.
 */
static void
try_points(struct test *t, int points, int last)
{
	int bad = t->bad, i, n;

	n = points > 0 && points < t->of ? points : t->of;
	t->done = t->refused = t->kept = t->left = 0;
	for (i = 0; i < n; i++)
		try_point(t, 1 + (int)((2L * i + 1) * t->of / (2L * n)));
	for (i = t->of - last; n < t->of && i < t->of; i++, n++)
		try_point(t, i + 1);
	if (n > 0 && t->bad == bad)
		(void)printf("PASS: %s in the %s, at %d of %d calls: "
		    "%d refused and nothing left, %d done, %d done without "
		    "an answer, %d told by the audit log\n",
		    kind_name(t->kind), who_names[t->who], n, t->of,
		    t->refused, t->done, t->kept, t->left);
	(void)fflush(stdout);
}

/* More where it is easy to be wrong: a message not heard, and the end. */
static void
go_along(struct test *t)
{
	bool sampled = t->who == HELPER && t->points > 0 && t->points < HOT;

	if (t->kind == KIND_KILL)
		try_points(t, t->kills, 0);
	else if (sampled && t->kind == KIND_TIMEOUT && !t->existing)
		try_points(t, HOT, 0);
	else
		try_points(t, t->points, sampled && t->kind == FAULT_EIO &&
		    !t->existing ? HOT : 0);
}

static void
go_through(struct test *t)
{
	int counts[WHOS][KINDS] = { { 0 } };

	reset(t);
	run_traced(t, counts);
	check(t);
	if (t->done != 1)
		fail(t, "refused without a fault: %.400s", t->answer);
	for (t->who = HELPER; t->who < WHOS; t->who++) {
		for (t->kind = 0; t->kind < KINDS; t->kind++) {
			t->of = counts[t->who][t->kind];
			go_along(t);
		}
	}
}

/* A keypair that another connection has left. */
static void
make_key(struct test *t)
{
	char request[TEXT_MAX];
	struct state s;

	write_pairing(t, false, request, sizeof(request));
	if (ask(t, NULL, request) != 0 || !is_result(t->said))
		fail(t, "no key: %.400s", t->said);
	get_state(t, &s);
	get_member(t->said, "\"name\":\"new key\",\"id\":", t->key_id,
	    sizeof(t->key_id));
	(void)snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\","
	    "\"id\":1,\"method\":\"keychaincredential.delete\","
	    "\"params\":[%s]}\n", s.id);
	if (ask(t, NULL, request) != 0 || !is_result(t->said))
		fail(t, "%.400s", t->said);
}

static void
prepare(struct test *t)
{
	int r;

	if ((r = place_make(&t->dir, 0)) < 0)
		fail(t, "no place: %s", strerror(-r));
	(void)snprintf(t->in, sizeof(t->in), "%.400s/in", t->dir);
	(void)snprintf(t->out, sizeof(t->out), "%.400s/out", t->dir);
	(void)snprintf(t->model, sizeof(t->model), "%.400s/model", t->dir);
	(void)snprintf(t->near, sizeof(t->near), "%.400s/near", t->dir);
	read_file(t, t->shell, t->shell_before, sizeof(t->shell_before));
	if (mkdir(t->near, 0700) == -1)
		fail(t, "%s: %s", t->near, strerror(errno));
	if (ask(t, "--sync", "") != 0)
		fail(t, "no store: %.400s", t->said);
	if (t->existing)
		make_key(t);
	if (rename(t->near, t->model) == -1)
		fail(t, "%s: %s", t->model, strerror(errno));
}

int
main(int argc, char *argv[])
{
	static struct test t = { .who = HELPER, .kind = KINDS };
	int c;

	while ((c = getopt(argc, argv, "ek:n:")) != -1) {
		if (c == 'e')
			t.existing = true;
		else if (c == 'k')
			t.kills = (int)strtol(optarg, NULL, 10);
		else if (c == 'n')
			t.points = (int)strtol(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 6)
		return 2;
	if (!tracer_is_possible()) {
		(void)printf("SKIP: no tracing on this architecture\n");
		return 0;
	}
	t.helper = argv[optind];
	t.url = argv[optind + 1];
	t.user = argv[optind + 2];
	t.file = argv[optind + 3];
	t.shell = argv[optind + 4];
	t.idle = (in_port_t)strtoul(argv[optind + 5], NULL, 10);
	prepare(&t);
	go_through(&t);
	place_remove(t.dir);
	return t.bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
