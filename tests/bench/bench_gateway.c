/* SPDX-License-Identifier: ISC */

/*
 * bench_gateway [--tls] PORT calls ROUNDS NAME PASSWORD UID [IDLE]
 *
 * user.query of one row through the gateway, in turn with the same call on
 * the helper's own socket, of the same account (UID) and of root; beside so
 * many connections of which nothing comes.
 *
 * bench_gateway [--tls] PORT many COUNT GATEWAY ACCEPTOR [NAME PASSWORD]
 *
 * So many connections, and what the processes with these pids take for each:
 * idle, and where a name is given after all of them have logged in at once.
 * The exit status is 1 when one could not.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/compare.h"
#include "tests/bench/process_memory.h"
#include "tests/bench/websocket.h"

#define HELPER_SOCKET	NK_RUNSTATEDIR "/naskeys/helper.sock"
#define WARM_UP		50
#define LINE_MAX_BYTES	65536u
#define PER_SOURCE	200u	/* connections: fewer than one may have */
#define PATIENCE_MS	150000	/* nothing takes as long */
#define SAMPLE_MS	50
#define MANY_MAX	100000u		/* connections */
#define NS		1e9

struct bench {
	uint16_t	 port;
	SSL_CTX		*tls;
	char		*login, *query;		/* requests */
	char		 row[300];		/* that the query finds */
};

static const char logged_in[] = "\"result\":true";

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL && n > 0)
		err(1, NULL);
	return p;
}

static char *
make_request(const char *method, json_t *params)
{
	json_t *o = json_pack("{s:s,s:i,s:s,s:o}", "jsonrpc", "2.0", "id", 1,
	    "method", method, "params", params);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);

	if (text == NULL)
		errx(1, "out of memory");
	json_decref(o);
	return text;
}

static void
make_requests(struct bench *b, const char *name, const char *password)
{
	int n = snprintf(b->row, sizeof(b->row), "\"username\":\"%s\"", name);

	if (n < 0 || (size_t)n >= sizeof(b->row))
		errx(2, "%s: too long", name);
	b->login = make_request("auth.login", json_pack("[s,s,n]", name,
	    password));
	b->query = make_request("user.query", json_pack("[[[s,s,s]]]",
	    "username", "=", name));
}

static bool
is_answer(const char *text, const char *wanted)
{
	return text != NULL && strstr(text, wanted) != NULL;
}

static void
ask(struct websocket *w, const char *request, const char *wanted)
{
	const char *answer;

	websocket_send(w, request);
	answer = websocket_receive(w);
	if (!is_answer(answer, wanted))
		errx(1, "%s", answer == NULL ? "closed" : answer);
}

/* ---- one call ---- */

enum series { GATEWAY, ACCOUNT, ROOT, SERIES };

static const char *const series_names[SERIES] = {
	[GATEWAY] = "through the gateway",
	[ACCOUNT] = "on the helper's socket",
	[ROOT] = "on it, as root",
};

/* As this uid: who connects is who asks. */
static int
connect_helper(uid_t uid)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX,
	    .sun_path = HELPER_SOCKET };
	int fd;

	if (setgroups(0, NULL) == -1 || setegid(uid) == -1 ||
	    seteuid(uid) == -1)
		err(1, "uid %u", uid);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(fd, (const struct sockaddr *)&un, sizeof(un)) == -1)
		err(1, HELPER_SOCKET);
	if (seteuid(0) == -1 || setegid(0) == -1)
		err(1, "uid 0");
	return fd;
}

static void
ask_helper(int fd, const char *line, size_t len, const char *wanted)
{
	static char answer[LINE_MAX_BYTES];
	size_t have = 0;
	ssize_t n;

	if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, HELPER_SOCKET);
	do {
		n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0);
		if (n <= 0)
			err(1, HELPER_SOCKET);
		have += (size_t)n;
	} while (answer[have - 1] != '\n');
	answer[have] = '\0';
	if (!is_answer(answer, wanted))
		errx(1, "%s", answer);
}

struct calls {
	const struct bench	*b;
	struct websocket	 ws;
	int			 helper[SERIES];
	char			 line[LINE_MAX_BYTES];	/* the query */
	size_t			 n;
	double			 us[SERIES][NK_ROUNDS_MAX];
};

static void
call_once(struct calls *c, enum series s, bool counts)
{
	uint64_t start = nk_bench_now();

	if (s == GATEWAY)
		ask(&c->ws, c->b->query, c->b->row);
	else
		ask_helper(c->helper[s], c->line, strlen(c->line), c->b->row);
	if (counts)
		c->us[s][c->n] = (double)(nk_bench_now() - start) / 1e3;
}

static void
report_calls(const struct calls *c)
{
	static double ratios[NK_ROUNDS_MAX];
	size_t i;
	int s;

	for (s = 0; s < SERIES; s++)
		printf("user.query of one row %-24s median %4.0f us, "
		    "fastest tenth %4.0f us\n", series_names[s],
		    nk_bench_quantile(c->us[s], c->n, 0.5),
		    nk_bench_quantile(c->us[s], c->n, 0.1));
	for (s = ACCOUNT; s < SERIES; s++) {
		for (i = 0; i < c->n; i++)
			ratios[i] = c->us[GATEWAY][i] / c->us[s][i];
		printf("  gateway / %-24s median of ratios %.2f "
		    "(%.2f to %.2f), of fastest tenths %.2f\n",
		    series_names[s],
		    nk_bench_quantile(ratios, c->n, 0.5),
		    nk_bench_quantile(ratios, c->n, 0.25),
		    nk_bench_quantile(ratios, c->n, 0.75),
		    nk_bench_quantile(c->us[GATEWAY], c->n, 0.1) /
		    nk_bench_quantile(c->us[s], c->n, 0.1));
	}
}

/* Connections to the end of the program. */
static void
open_idle(const struct bench *b, size_t n)
{
	struct websocket *ws = array(n, sizeof(*ws));
	size_t i;

	for (i = 0; i < n; i++)
		websocket_open(&ws[i], b->port, (uint32_t)(1 + i / PER_SOURCE),
		    b->tls);
	if (n > 0)
		printf("Beside %zu idle connections:\n", n);
	free(ws);
}

static void
measure_calls(const struct bench *b, size_t rounds, uid_t uid, size_t idle)
{
	static struct calls c;
	size_t i, s;

	c.b = b;
	open_idle(b, idle);
	(void)snprintf(c.line, sizeof(c.line), "%s\n", b->query);
	websocket_open(&c.ws, b->port, 0, b->tls);
	ask(&c.ws, b->login, logged_in);
	c.helper[ACCOUNT] = connect_helper(uid);
	c.helper[ROOT] = connect_helper(0);
	for (i = 0; i < WARM_UP + rounds; i++) {
		for (s = 0; s < SERIES; s++)	/* who is first changes */
			call_once(&c, (enum series)((s + i) % SERIES),
			    i >= WARM_UP);
		if (i >= WARM_UP)
			c.n++;
	}
	report_calls(&c);
	close(c.helper[ACCOUNT]);
	close(c.helper[ROOT]);
	websocket_close(&c.ws);
}

/* ---- many connections ---- */

struct many {
	const struct bench	*b;
	size_t			 n;
	struct websocket	*ws;
	struct pollfd		*polled;
	double			*s;		/* until the answer came */
	size_t			 answers, errors;
	uint64_t		 least;		/* memory available, KiB */
};

static void
open_all(struct many *m)
{
	uint64_t start = nk_bench_now();
	size_t i;

	for (i = 0; i < m->n; i++)
		websocket_open(&m->ws[i], m->b->port,
		    (uint32_t)(i / PER_SOURCE), m->b->tls);
	printf("%zu connections opened, one after another: %.2f s\n", m->n,
	    (double)(nk_bench_now() - start) / NS);
}

static void
take_answer(struct many *m, size_t i, const char *wanted, uint64_t start)
{
	const char *answer = websocket_receive(&m->ws[i]);

	m->polled[i].fd = -1;
	if (!is_answer(answer, wanted)) {
		if (m->errors++ == 0)
			warnx("connection %zu: %s", i,
			    answer == NULL ? "closed" : answer);
		return;
	}
	m->s[m->answers++] = (double)(nk_bench_now() - start) / NS;
}

static void
look_at_memory(struct many *m)
{
	static uint64_t last;
	uint64_t now = nk_bench_now(), free;

	if (now - last < SAMPLE_MS * 1000000u)
		return;
	last = now;
	free = memory_available();
	if (free < m->least)
		m->least = free;
}

/* All at once; what has come to an end without an answer is an error. */
static void
exchange(struct many *m, const char *what, const char *request,
    const char *wanted)
{
	uint64_t start = nk_bench_now(), before = memory_available();
	size_t i;
	int n = 1;

	m->answers = m->errors = 0;
	m->least = before;
	for (i = 0; i < m->n; i++) {
		websocket_send(&m->ws[i], request);
		m->polled[i] = (struct pollfd){ .fd = m->ws[i].fd,
		    .events = POLLIN };
	}
	while (n > 0 && m->answers + m->errors < m->n) {
		n = poll(m->polled, m->n, PATIENCE_MS);
		for (i = 0; n > 0 && i < m->n; i++)
			if (m->polled[i].fd != -1 &&
			    m->polled[i].revents != 0)
				take_answer(m, i, wanted, start);
		look_at_memory(m);
	}
	m->errors = m->n - m->answers;
	printf("%zu %s at once: %.2f s, %zu errors", m->n, what,
	    (double)(nk_bench_now() - start) / NS, m->errors);
	if (m->answers > 0)
		printf("; median %.3f s, fastest tenth %.3f s",
		    nk_bench_quantile(m->s, m->answers, 0.5),
		    nk_bench_quantile(m->s, m->answers, 0.1));
	printf("; at most %.0f MiB of memory more, of the whole machine\n",
	    (double)(before - m->least) / 1024);
}

/* What has been taken since "before", for each connection. */
static void
report_memory(const struct many *m, const char *what,
    const struct process_memory *before, const struct process_memory *now)
{
	double n = (double)m->n;

	printf("%-28s %7.1f KiB each (PSS), %7.1f KiB private\n", what,
	    ((double)now->pss - (double)before->pss) / n,
	    ((double)now->private - (double)before->private) / n);
}

static int
measure_many(const struct bench *b, size_t count, pid_t gateway,
    pid_t acceptor)
{
	const struct process_memory none = { 0, 0 };
	struct process_memory before, now;
	struct many m = { .b = b, .n = count };
	struct websocket first;

	m.ws = array(count, sizeof(*m.ws));
	m.polled = array(count, sizeof(*m.polled));
	m.s = array(count, sizeof(*m.s));
	/* what is needed once, for the first of all */
	websocket_open(&first, b->port, 0, b->tls);
	if (b->login != NULL)
		ask(&first, b->login, logged_in);
	before = process_memory(gateway);
	open_all(&m);
	now = process_memory(gateway);
	report_memory(&m, "gateway, idle:", &before, &now);
	websocket_close(&first);
	if (b->login == NULL)
		return 0;
	exchange(&m, "logins", b->login, logged_in);
	if (m.errors > 0)
		return 1;
	exchange(&m, "queries", b->query, b->row);
	now = process_memory(gateway);
	report_memory(&m, "gateway, logged in:", &before, &now);
	now = process_memory_of_children(acceptor, count);
	report_memory(&m, "helper, logged in:", &none, &now);
	return m.errors > 0;
}

/* ---- arguments ---- */

static unsigned long
number(const char *word, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*word == '\0' || *end != '\0' || n == 0 || n > max)
		errx(2, "%s: no number from 1 to %lu", word, max);
	return n;
}

/* Its certificate is its own, and whose it is is not the question here. */
static SSL_CTX *
make_tls(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		errx(1, "no TLS");
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	return tls;
}

int
main(int argc, char **argv)
{
	struct bench b = { .tls = NULL };

	if (argc > 1 && strcmp(argv[1], "--tls") == 0) {
		b.tls = make_tls();
		argc--;
		argv++;
	}
	if (argc < 6 || argc > 8)
		errx(2, "usage: see the head of the source");
	b.port = (uint16_t)number(argv[1], UINT16_MAX);
	if (strcmp(argv[2], "calls") == 0 && argc >= 7) {
		make_requests(&b, argv[4], argv[5]);
		measure_calls(&b, number(argv[3], NK_ROUNDS_MAX),
		    (uid_t)number(argv[6], INT_MAX),
		    argc == 8 ? number(argv[7], MANY_MAX) : 0);
		return 0;
	}
	if (argc == 8)
		make_requests(&b, argv[6], argv[7]);
	return measure_many(&b, number(argv[3], argc == 8 ? NK_ROUNDS_MAX :
	    MANY_MAX), (pid_t)number(argv[4], INT_MAX),
	    (pid_t)number(argv[5], INT_MAX));
}
