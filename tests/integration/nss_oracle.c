/* SPDX-License-Identifier: ISC */

/*
 * The same accounts stand in /etc/passwd, /etc/group and /etc/shadow and in
 * the maps.  Every entry point of glibc's own "files" and of
 * libnss_naskeys.so.2 is called directly, and the answers are compared: the
 * oracle is glibc.
 *
 *	nss_oracle MODULE all		every database
 *	nss_oracle MODULE hashes	shadow alone, of the names aged*
 *	nss_oracle MODULE beside	all the time until standard input
 *					ends, while a writer changes the full
 *					names of user10 to user19
 */

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <shadow.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum nss_status (*setent_fn)(int);
typedef enum nss_status (*endent_fn)(void);
typedef enum nss_status (*getent_fn)(void *, char *, size_t, int *);
typedef enum nss_status (*byname_fn)(const char *, void *, char *, size_t,
    int *);
typedef enum nss_status (*byid_fn)(unsigned int, void *, char *, size_t,
    int *);
typedef enum nss_status (*initgroups_fn)(const char *, gid_t, long *, long *,
    gid_t **, long, int *);

#define BUFFER	(1u << 20)
#define TEXT	(1u << 20)

struct database {
	const char	*name;
	setent_fn	 setent;
	endent_fn	 endent;
	getent_fn	 getent;
	byname_fn	 byname;
	byid_fn		 byid;
};

struct service {
	struct database	 passwd, group, shadow;
	initgroups_fn	 initgroups;
};

union row {
	struct passwd	 pw;
	struct group	 gr;
	struct spwd	 sp;
};

static int failed;
static const struct database *files_passwd;	/* whose account is it? */
static const char *only = "";			/* names that begin so */

static void
verdict(bool good, const char *what)
{
	printf("%s: %s\n", good ? "PASS" : "FAIL", what);
	if (!good)
		failed = 1;
}

static void *
sym(void *h, const char *service, const char *function)
{
	char name[96];
	void *p;

	snprintf(name, sizeof(name), "_nss_%s_%s", service, function);
	if ((p = dlsym(h, name)) == NULL)
		errx(1, "%s: %s", name, dlerror());
	return p;
}

static void
load(struct service *s, void *h, const char *service)
{
	s->passwd = (struct database){ "passwd",
		(setent_fn)sym(h, service, "setpwent"),
		(endent_fn)sym(h, service, "endpwent"),
		(getent_fn)sym(h, service, "getpwent_r"),
		(byname_fn)sym(h, service, "getpwnam_r"),
		(byid_fn)sym(h, service, "getpwuid_r") };
	s->group = (struct database){ "group",
		(setent_fn)sym(h, service, "setgrent"),
		(endent_fn)sym(h, service, "endgrent"),
		(getent_fn)sym(h, service, "getgrent_r"),
		(byname_fn)sym(h, service, "getgrnam_r"),
		(byid_fn)sym(h, service, "getgrgid_r") };
	s->shadow = (struct database){ "shadow",
		(setent_fn)sym(h, service, "setspent"),
		(endent_fn)sym(h, service, "endspent"),
		(getent_fn)sym(h, service, "getspent_r"),
		(byname_fn)sym(h, service, "getspnam_r"), NULL };
	s->initgroups = (initgroups_fn)sym(h, service, "initgroups_dyn");
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One row as text; the members of a group sorted, as their order is free. */
static void
describe(const struct database *d, const union row *r, char *text)
{
	size_t n = 0, at;

	if (d->name[0] == 'p') {
		snprintf(text, TEXT, "%s:%s:%u:%u:%s:%s:%s", r->pw.pw_name,
		    r->pw.pw_passwd, r->pw.pw_uid, r->pw.pw_gid,
		    r->pw.pw_gecos, r->pw.pw_dir, r->pw.pw_shell);
		return;
	}
	if (d->name[0] == 's') {
		snprintf(text, TEXT, "%s:%s:%ld:%ld:%ld:%ld:%ld:%ld:%lu",
		    r->sp.sp_namp, r->sp.sp_pwdp, r->sp.sp_lstchg,
		    r->sp.sp_min, r->sp.sp_max, r->sp.sp_warn,
		    r->sp.sp_inact, r->sp.sp_expire, r->sp.sp_flag);
		return;
	}
	while (r->gr.gr_mem[n] != NULL)
		n++;
	qsort(r->gr.gr_mem, n, sizeof(char *), by_text);
	at = (size_t)snprintf(text, TEXT, "%s:%s:%u", r->gr.gr_name,
	    r->gr.gr_passwd, r->gr.gr_gid);
	for (size_t i = 0; i < n && at < TEXT; i++)
		at += (size_t)snprintf(text + at, TEXT - at, ",%s",
		    r->gr.gr_mem[i]);
}

/* Rows of files that are ours too: the machine's own are below. */
#define FIRST_OF_OURS	20000u
#define LAST_OF_OURS	59999u

static bool
is_ours(unsigned int id)
{
	return id >= FIRST_OF_OURS && id <= LAST_OF_OURS;
}

static bool
ours(const struct database *d, const union row *r)
{
	struct passwd pw;
	char buffer[4096];
	int e = 0;

	if (strncmp(r->pw.pw_name, only, strlen(only)) != 0)
		return false;	/* the name is first in each */
	if (d->name[0] == 'p')
		return is_ours(r->pw.pw_uid);
	if (d->name[0] == 'g')
		return is_ours(r->gr.gr_gid);
	return files_passwd->byname(r->sp.sp_namp, &pw, buffer,
	    sizeof(buffer), &e) == NSS_STATUS_SUCCESS && is_ours(pw.pw_uid);
}

/* All rows of an enumeration that are ours, as texts, in its order. */
struct rows {
	char	**v;
	size_t	  n;
};

static struct rows
enumerate(const struct database *d)
{
	struct rows rows = { NULL, 0 };
	char *buffer = malloc(BUFFER), *text = malloc(TEXT);
	union row r;
	int e = 0;

	if (buffer == NULL || text == NULL)
		err(1, NULL);
	d->setent(0);
	while (d->getent(&r, buffer, BUFFER, &e) == NSS_STATUS_SUCCESS) {
		if (!ours(d, &r))
			continue;
		describe(d, &r, text);
		rows.v = reallocarray(rows.v, rows.n + 1, sizeof(char *));
		if (rows.v == NULL || (rows.v[rows.n++] = strdup(text)) == NULL)
			err(1, NULL);
	}
	d->endent();
	free(buffer);
	free(text);
	return rows;
}

static void
sort(struct rows *rows)
{
	qsort(rows->v, rows->n, sizeof(char *), by_text);
}

static void
drop(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->v[i]);
	free(rows->v);
}

static void
compare_enumeration(const struct database *files, const struct database *nk)
{
	struct rows a = enumerate(files), b = enumerate(nk);
	size_t bad = 0;
	char what[64];

	sort(&a);
	sort(&b);
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (strcmp(a.v[i], b.v[i]) != 0 && bad++ < 3)
			printf("  files:   %.300s\n  naskeys: %.300s\n",
			    a.v[i], b.v[i]);
	if (a.n != b.n)
		printf("  files has %zu, naskeys %zu\n", a.n, b.n);
	snprintf(what, sizeof(what), "%s: enumeration, %zu entries",
	    nk->name, b.n);
	verdict(bad == 0 && a.n == b.n && b.n >= 100, what);
	drop(&a);
	drop(&b);
}

/* ---- buffers ---- */

/* One way to ask for a row. */
struct question {
	const struct database	*d;
	const char		*name;	/* NULL: by id */
	unsigned int		 id;
};

#define GUARD	64u
#define AROUND	70u		/* sizes on each side of the edge */

/* What the row needs: its texts and pointers, and no more. */
static size_t
least(const struct database *d, const union row *r)
{
	size_t n;

	if (d->name[0] == 'p')
		return strlen(r->pw.pw_name) + strlen(r->pw.pw_passwd) +
		    strlen(r->pw.pw_gecos) + strlen(r->pw.pw_dir) +
		    strlen(r->pw.pw_shell) + 5;
	if (d->name[0] == 's')
		return strlen(r->sp.sp_namp) + strlen(r->sp.sp_pwdp) + 2;
	n = strlen(r->gr.gr_name) + strlen(r->gr.gr_passwd) + 2 +
	    sizeof(char *);
	for (char **m = r->gr.gr_mem; *m != NULL; m++)
		n += strlen(*m) + 1 + sizeof(char *);
	return n;
}

/* Ask with so much room: 1 the row is "wanted", 0 too small, -1 wrong. */
static int
ask(const struct question *q, size_t len, const char *wanted, char *text)
{
	unsigned char *buffer = malloc(len + GUARD);
	enum nss_status s;
	union row r;
	int e = 0, result = -1;

	if (buffer == NULL)
		err(1, NULL);
	memset(buffer, 0xa5, len + GUARD);
	s = q->name == NULL ? q->d->byid(q->id, &r, (char *)buffer, len, &e) :
	    q->d->byname(q->name, &r, (char *)buffer, len, &e);
	if (s == NSS_STATUS_SUCCESS) {
		describe(q->d, &r, text);
		if (strcmp(text, wanted) == 0)
			result = 1;
	} else if (s == NSS_STATUS_TRYAGAIN && e == ERANGE)
		result = 0;
	for (size_t i = len; i < len + GUARD; i++)
		if (buffer[i] != 0xa5)
			result = -1;
	free(buffer);
	return result;
}

/*
 * Every size below what is needed is TRYAGAIN with ERANGE, every size from
 * there on is the same answer; what is needed is what the row is long, and
 * what aligns its pointers.
 */
static bool
edge(const struct question *q, size_t need, const char *wanted, char *text)
{
	size_t from = need > AROUND ? need - AROUND : 0;
	int r, last = 0;

	for (size_t len = 0; len < from; len += 1 + len / 2)
		if (ask(q, len, wanted, text) != 0)
			return false;
	for (size_t len = from; len < need + AROUND; len++) {
		r = ask(q, len, wanted, text);
		if (r < last || (r == 1 && len < need) ||
		    (r == 0 && len >= need + sizeof(char *)))
			return false;
		last = r;
	}
	return last == 1;
}

/* An entry that did not fit is the next one again, and none is left out. */
static bool
edge_of_entry(const struct database *d, size_t at, const struct rows *all)
{
	char *buffer = malloc(BUFFER), *text = malloc(TEXT);
	enum nss_status s;
	union row r;
	size_t len = 0;
	bool good;
	int e = 0;

	if (buffer == NULL || text == NULL)
		err(1, NULL);
	d->setent(0);
	for (size_t i = 0; i < at; i++)	/* they are all ours */
		if (d->getent(&r, buffer, BUFFER, &e) != NSS_STATUS_SUCCESS)
			break;
	while ((s = d->getent(&r, buffer, len, &e)) == NSS_STATUS_TRYAGAIN &&
	    e == ERANGE && len < BUFFER)
		len++;
	good = s == NSS_STATUS_SUCCESS && len < least(d, &r) +
	    sizeof(char *);
	describe(d, &r, text);
	good = good && strcmp(text, all->v[at]) == 0;
	if (at + 1 < all->n) {
		s = d->getent(&r, buffer, BUFFER, &e);
		describe(d, &r, text);
		good = good && s == NSS_STATUS_SUCCESS &&
		    strcmp(text, all->v[at + 1]) == 0;
	}
	d->endent();
	free(buffer);
	free(text);
	return good;
}

static void
compare_entry_edges(const struct database *nk)
{
	struct rows all = enumerate(nk);
	size_t n = 0, bad = 0;
	char what[64];

	for (size_t i = 0; i < all.n; i += 97, n++)
		if (!edge_of_entry(nk, i, &all) && bad++ < 3)
			printf("  entry %zu: %.200s\n", i, all.v[i]);
	snprintf(what, sizeof(what), "%s: every buffer size, %zu entries",
	    nk->name, n);
	verdict(bad == 0 && n > 0, what);
	drop(&all);
}

/* ---- lookups ---- */

struct tally {
	size_t	names, ids, bad, edges;
	char	*a, *b;		/* texts */
};

/* Is the answer to the question row r of files? */
static void
compare_one(const struct question *q, const union row *r, struct tally *t,
    bool edges)
{
	char *buffer = malloc(BUFFER);
	enum nss_status s;
	union row got;
	int e = 0;

	if (buffer == NULL)
		err(1, NULL);
	s = q->name == NULL ? q->d->byid(q->id, &got, buffer, BUFFER, &e) :
	    q->d->byname(q->name, &got, buffer, BUFFER, &e);
	if (s != NSS_STATUS_SUCCESS) {
		if (t->bad++ < 3)
			printf("  %s: status %d, errno %d\n", r->pw.pw_name,
			    s, e);
		free(buffer);
		return;
	}
	describe(q->d, &got, t->b);
	if (strcmp(t->a, t->b) != 0 && t->bad++ < 3)
		printf("  files:   %.300s\n  naskeys: %.300s\n", t->a, t->b);
	if (edges) {
		t->edges++;
		if (!edge(q, least(q->d, &got), t->a, t->b) && t->bad++ < 3)
			printf("  %s: wrong at some size\n", r->pw.pw_name);
	}
	free(buffer);
}

/* The machine's own accounts are none of ours. */
static void
compare_stranger(const struct question *q, struct tally *t)
{
	char buffer[1024];
	union row r;
	int e = 0;

	if (q->d->byname(q->name, &r, buffer, sizeof(buffer), &e) ==
	    NSS_STATUS_NOTFOUND && e == ENOENT)
		return;
	if (t->bad++ < 3)
		printf("  %s is not of ours\n", q->name);
}

/* Each row of files, asked for by name and by id. */
static void
compare_lookups(const struct database *files, const struct database *nk)
{
	struct tally t = { .a = malloc(TEXT), .b = malloc(TEXT) };
	char *buffer = malloc(BUFFER), what[96];
	union row r;
	int e = 0;

	if (buffer == NULL || t.a == NULL || t.b == NULL)
		err(1, NULL);
	files->setent(0);
	while (files->getent(&r, buffer, BUFFER, &e) == NSS_STATUS_SUCCESS) {
		struct question q = { nk, r.pw.pw_name, 0 };

		if (!ours(files, &r)) {
			if (only[0] == '\0')
				compare_stranger(&q, &t);
			continue;
		}
		describe(files, &r, t.a);
		compare_one(&q, &r, &t, t.names++ % 50 == 0);
		if (nk->byid == NULL)
			continue;
		q.name = NULL;
		q.id = files->name[0] == 'p' ? r.pw.pw_uid : r.gr.gr_gid;
		compare_one(&q, &r, &t, t.ids++ % 50 == 0);
	}
	files->endent();
	snprintf(what, sizeof(what), "%s: %zu by name, %zu by id, every "
	    "buffer size of %zu", nk->name, t.names, t.ids, t.edges);
	verdict(t.bad == 0 && t.names >= 100 && t.edges > 0, what);
	free(buffer);
	free(t.a);
	free(t.b);
}

static int
by_gid(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

/* ---- initgroups ---- */

/* The sorted groups of a user; -1: neither found nor not found. */
static long
groups_of(const struct service *s, const char *name, gid_t primary,
    gid_t **gp)
{
	long start = 0, size = 1;
	enum nss_status status;
	int e = 0;

	if ((*gp = malloc(sizeof(gid_t))) == NULL)
		err(1, NULL);
	status = s->initgroups(name, primary, &start, &size, gp, -1, &e);
	if (status != NSS_STATUS_SUCCESS && (status != NSS_STATUS_NOTFOUND ||
	    start != 0))
		return -1;
	qsort(*gp, (size_t)start, sizeof(gid_t), by_gid);
	return start;
}

/* Ours are those of files, and naskeys-managed once. */
static bool
groups_fit(const struct service *files, const struct service *nk,
    const struct passwd *pw, gid_t managed)
{
	gid_t *a, *b;
	long na = groups_of(files, pw->pw_name, pw->pw_gid, &a);
	long nb = groups_of(nk, pw->pw_name, pw->pw_gid, &b), n = 0;

	for (long i = 0; i < nb; i++)
		if (b[i] != managed)
			b[n++] = b[i];
	bool good = na >= 0 && n == na && nb == n + 1 &&
	    memcmp(a, b, (size_t)n * sizeof(gid_t)) == 0;

	free(a);
	free(b);
	return good;
}

static void
compare_initgroups(const struct service *files, const struct service *nk,
    gid_t managed)
{
	char *buffer = malloc(BUFFER), what[64];
	size_t n = 0, bad = 0;
	union row r;
	int e = 0;

	if (buffer == NULL)
		err(1, NULL);
	files->passwd.setent(0);
	while (files->passwd.getent(&r, buffer, BUFFER, &e) ==
	    NSS_STATUS_SUCCESS) {
		if (!ours(&files->passwd, &r))
			continue;
		if (!groups_fit(files, nk, &r.pw, managed) && bad++ < 3)
			printf("  %s: other groups\n", r.pw.pw_name);
		n++;
	}
	files->passwd.endent();
	snprintf(what, sizeof(what), "initgroups: %zu users", n);
	verdict(bad == 0 && n >= 100 && managed != 0, what);
	free(buffer);
}

/* ---- threads and children ---- */

#define LOOKUPS	10000

static const struct service *shared;

static void *
thread(void *arg)
{
	char buffer[4096], name[32];
	size_t bad = 0;

	for (int i = 0; i < LOOKUPS; i++) {
		struct passwd pw;
		int e = 0;
		unsigned int n = 10 + (unsigned int)(i * 7919) % 2990;

		snprintf(name, sizeof(name), "user%u", n);
		if (shared->passwd.byname(name, &pw, buffer, sizeof(buffer),
		    &e) != NSS_STATUS_SUCCESS ||
		    strcmp(pw.pw_name, name) != 0)
			bad++;
	}
	*(size_t *)arg = bad;
	return NULL;
}

static void
threads_and_fork(const struct service *nk)
{
	pthread_t t[8];
	size_t bad[8] = { 0 }, sum = 0;
	int children = 0;

	shared = nk;
	for (size_t i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, thread, &bad[i]) != 0)
			errx(1, "pthread_create");
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		int status;

		if (pid == -1)
			err(1, "fork");
		if (pid == 0) {
			size_t wrong = 0;

			alarm(300);
			thread(&wrong);
			_exit(wrong == 0 ? 0 : 1);
		}
		if (waitpid(pid, &status, 0) == pid && status == 0)
			children++;
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		sum += bad[i];
	}
	verdict(sum == 0, "8 threads");
	verdict(children == 20, "20 children of a process with threads");
}

/* ---- beside a writer ---- */

#define ROUNDS_MIN	3	/* enumerations of each */

struct beside {
	const struct database	*d;
	struct rows		 wanted;	/* as files says, sorted */
	const atomic_bool	*over;
	size_t			 rounds, bad;
};

/* Does the writer change this row of passwd? */
static bool
is_edited(const char *text)
{
	return strncmp(text, "user1", 5) == 0 && text[5] >= '0' &&
	    text[5] <= '9' && text[6] == ':';
}

/* All are there, each once; who is not edited, as files says. */
static void
check_round(struct beside *b)
{
	struct rows got = enumerate(b->d);

	sort(&got);
	if (got.n != b->wanted.n && b->bad++ < 3)
		printf("  %s: %zu of %zu\n", b->d->name, got.n, b->wanted.n);
	for (size_t i = 0; i < got.n && i < b->wanted.n; i++) {
		const char *a = b->wanted.v[i], *c = got.v[i];

		if (strcmp(a, c) != 0 && !(is_edited(a) && is_edited(c) &&
		    a[5] == c[5]) && b->bad++ < 3)
			printf("  files:   %.200s\n  naskeys: %.200s\n", a,
			    c);
	}
	b->rounds++;
	drop(&got);
}

static void *
enumerating(void *arg)
{
	struct beside *b = arg;

	while (!atomic_load(b->over) || b->rounds < ROUNDS_MIN) {
		check_round(b);
		(void)usleep(20000);	/* the writer wants to work, too */
	}
	return NULL;
}

static bool
child_is_right(void)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		size_t wrong = 0;

		alarm(300);
		thread(&wrong);
		_exit(wrong == 0 ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* Is standard input at its end? */
static bool
has_ended(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char buffer[4096];

	return poll(&p, 1, 20) == 1 &&
	    read(STDIN_FILENO, buffer, sizeof(buffer)) <= 0;
}

/* Two threads enumerate, this one looks names up, and so do children. */
static void
beside_writer(const struct service *files, const struct service *nk)
{
	atomic_bool over = false;
	struct beside b[2] = {
		{ &nk->passwd, enumerate(&files->passwd), &over, 0, 0 },
		{ &nk->group, enumerate(&files->group), &over, 0, 0 },
	};
	size_t wrong = 0, sum = 0, children = 0, bad_children = 0;
	pthread_t t[2];
	char what[96];

	shared = nk;
	for (size_t i = 0; i < 2; i++) {
		sort(&b[i].wanted);
		if (pthread_create(&t[i], NULL, enumerating, &b[i]) != 0)
			errx(1, "pthread_create");
	}
	do {
		thread(&wrong);
		sum += wrong;
		bad_children += !child_is_right();
		children++;
	} while (!has_ended());
	atomic_store(&over, true);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		snprintf(what, sizeof(what), "%s: %zu enumerations of %zu "
		    "beside the writer", b[i].d->name, b[i].rounds,
		    b[i].wanted.n);
		verdict(b[i].bad == 0 && b[i].rounds >= ROUNDS_MIN &&
		    b[i].wanted.n >= 100, what);
		drop(&b[i].wanted);
	}
	snprintf(what, sizeof(what), "lookups beside the writer, and in %zu "
	    "children", children);
	verdict(sum == 0 && bad_children == 0, what);
}

static void
compare_all(const struct service *files, const struct service *nk)
{
	struct group *managed = getgrnam("naskeys-managed");

	compare_enumeration(&files->passwd, &nk->passwd);
	compare_enumeration(&files->group, &nk->group);
	compare_enumeration(&files->shadow, &nk->shadow);
	compare_lookups(&files->passwd, &nk->passwd);
	compare_lookups(&files->group, &nk->group);
	compare_lookups(&files->shadow, &nk->shadow);
	compare_entry_edges(&nk->passwd);
	compare_entry_edges(&nk->group);
	compare_entry_edges(&nk->shadow);
	compare_initgroups(files, nk, managed != NULL ? managed->gr_gid : 0);
	threads_and_fork(nk);
}

int
main(int argc, char **argv)
{
	struct service files, nk;
	void *h;

	if (argc != 3)
		errx(2, "usage: nss_oracle MODULE all|hashes|beside");
	if ((h = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) == NULL)
		errx(1, "%s", dlerror());
	load(&nk, h, "naskeys");
	load(&files, RTLD_DEFAULT, "files");
	files_passwd = &files.passwd;
	if (strcmp(argv[2], "all") == 0)
		compare_all(&files, &nk);
	else if (strcmp(argv[2], "beside") == 0)
		beside_writer(&files, &nk);
	else if (strcmp(argv[2], "hashes") == 0) {
		only = "aged";
		compare_enumeration(&files.shadow, &nk.shadow);
		compare_lookups(&files.shadow, &nk.shadow);
	} else
		errx(2, "%s is no mode", argv[2]);
	return failed;
}
