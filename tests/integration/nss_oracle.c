/* SPDX-License-Identifier: ISC */

/*
 * The same accounts stand in /etc/passwd, /etc/group and /etc/shadow and in
 * the maps.  Every entry point of glibc's own "files" and of
 * libnss_naskeys.so.2 is called directly, and the answers are compared: the
 * oracle is glibc.
 *
 *	nss_oracle MODULE [shadow]
 *
 * With "shadow" the hashes and the ageing are compared too.
 */

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <shadow.h>
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
describe(const struct database *d, const union row *r, bool ageing,
    char *text)
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
		    r->sp.sp_namp, ageing ? r->sp.sp_pwdp : "",
		    ageing ? r->sp.sp_lstchg : 0, ageing ? r->sp.sp_min : 0,
		    ageing ? r->sp.sp_max : 0, ageing ? r->sp.sp_warn : 0,
		    ageing ? r->sp.sp_inact : 0, r->sp.sp_expire,
		    r->sp.sp_flag);
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

/* All rows of an enumeration, as sorted texts. */
struct rows {
	char	**v;
	size_t	  n;
};

static struct rows
enumerate(const struct database *d, bool ageing)
{
	struct rows rows = { NULL, 0 };
	char *buffer = malloc(BUFFER), *text = malloc(TEXT);
	union row r;
	int e = 0;

	if (buffer == NULL || text == NULL)
		err(1, NULL);
	d->setent(0);
	while (d->getent(&r, buffer, BUFFER, &e) == NSS_STATUS_SUCCESS) {
		describe(d, &r, ageing, text);
		rows.v = reallocarray(rows.v, rows.n + 1, sizeof(char *));
		if (rows.v == NULL || (rows.v[rows.n++] = strdup(text)) == NULL)
			err(1, NULL);
	}
	d->endent();
	qsort(rows.v, rows.n, sizeof(char *), by_text);
	free(buffer);
	free(text);
	return rows;
}

/* Rows of files that are ours too: the machine's own are below. */
#define FIRST_OF_OURS	20000u

static bool
ours(const struct database *d, const union row *r)
{
	if (d->name[0] == 'p')
		return r->pw.pw_uid >= FIRST_OF_OURS && r->pw.pw_uid < 60000;
	if (d->name[0] == 'g')
		return r->gr.gr_gid >= FIRST_OF_OURS && r->gr.gr_gid < 60000;
	return true;
}

static void
compare_enumeration(const struct database *files, const struct database *nk,
    bool ageing)
{
	struct rows a = enumerate(files, ageing), b = enumerate(nk, ageing);
	size_t missing = 0, found = 0;
	char what[64];

	for (size_t i = 0; i < b.n; i++) {
		if (bsearch(&b.v[i], a.v, a.n, sizeof(char *), by_text) == NULL) {
			if (missing++ < 3)
				printf("  not in files: %.300s\n", b.v[i]);
		} else
			found++;
		if (i > 0 && strcmp(b.v[i], b.v[i - 1]) == 0)
			missing++;
	}
	snprintf(what, sizeof(what), "%s: enumeration, %zu entries",
	    nk->name, found);
	verdict(missing == 0 && found >= 100 && a.n >= b.n, what);
	for (size_t i = 0; i < a.n; i++)
		free(a.v[i]);
	for (size_t i = 0; i < b.n; i++)
		free(b.v[i]);
	free(a.v);
	free(b.v);
}

/*
 * The edge: every size below what is needed is TRYAGAIN with ERANGE, every
 * size from there on is the same answer.
 */
static bool
edge(const struct database *d, const char *name, bool ageing,
    const char *wanted, char *text)
{
	size_t need = 0;
	bool good = true;

	for (size_t len = 0; len < 65536; len = len < 1024 ? len + 1 : len * 2) {
		union row r;
		char *buffer = malloc(len + 1);
		int e = 0;
		enum nss_status s;

		if (buffer == NULL)
			err(1, NULL);
		s = d->byname(name, &r, buffer, len, &e);
		if (s == NSS_STATUS_SUCCESS) {
			if (need == 0)
				need = len;
			describe(d, &r, ageing, text);
			good = good && strcmp(text, wanted) == 0;
		} else
			good = good && need == 0 && e == ERANGE &&
			    s == NSS_STATUS_TRYAGAIN;
		free(buffer);
		if (need != 0 && len > need + 40)
			break;
	}
	return good && need != 0;
}

/* Each row of files, asked for by name and by id, at both services. */
static void
compare_lookups(const struct database *files, const struct database *nk,
    bool ageing)
{
	char *buffer = malloc(BUFFER), *other = malloc(BUFFER);
	char *a = malloc(TEXT), *b = malloc(TEXT), what[96];
	size_t names = 0, ids = 0, bad = 0, edges = 0, bad_edges = 0;
	union row r, q;
	int e = 0;

	if (buffer == NULL || other == NULL || a == NULL || b == NULL)
		err(1, NULL);
	files->setent(0);
	while (files->getent(&r, buffer, BUFFER, &e) == NSS_STATUS_SUCCESS) {
		const char *name = r.pw.pw_name;	/* first in each */
		enum nss_status s;

		s = nk->byname(name, &q, other, BUFFER, &e);
		if (s != NSS_STATUS_SUCCESS) {
			/* the machine's own accounts are none of ours */
			if (s == NSS_STATUS_NOTFOUND && e == ENOENT &&
			    (files->name[0] == 's' || !ours(files, &r)))
				continue;
			if (bad++ < 3)
				printf("  %s: status %d, errno %d\n", name,
				    s, e);
			continue;
		}
		names++;
		describe(files, &r, ageing, a);
		describe(nk, &q, ageing, b);
		if (strcmp(a, b) != 0 && bad++ < 3)
			printf("  files:   %.300s\n  naskeys: %.300s\n", a, b);
		if (names % 50 == 1) {
			edges++;
			if (!edge(nk, name, ageing, a, b))
				bad_edges++;
		}
		if (nk->byid == NULL)
			continue;
		s = nk->byid(files->name[0] == 'p' ? r.pw.pw_uid :
		    r.gr.gr_gid, &q, other, BUFFER, &e);
		describe(nk, &q, ageing, b);
		if (s != NSS_STATUS_SUCCESS || strcmp(a, b) != 0)
			bad++;
		ids++;
	}
	files->endent();
	snprintf(what, sizeof(what), "%s: %zu by name, %zu by id",
	    nk->name, names, ids);
	verdict(bad == 0 && names >= 100, what);
	snprintf(what, sizeof(what), "%s: every buffer size, %zu rows",
	    nk->name, edges);
	verdict(bad_edges == 0 && edges > 0, what);
	free(buffer);
	free(other);
	free(a);
	free(b);
}

static int
by_gid(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

static long
groups_of(const struct service *s, const char *name, gid_t primary,
    gid_t but, gid_t **gp)
{
	long start = 0, size = 1, n = 0;
	int e = 0;

	if ((*gp = malloc(sizeof(gid_t))) == NULL)
		err(1, NULL);
	if (s->initgroups(name, primary, &start, &size, gp, -1, &e) !=
	    NSS_STATUS_SUCCESS)
		start = 0;
	for (long i = 0; i < start; i++)
		if ((*gp)[i] != but)
			(*gp)[n++] = (*gp)[i];
	qsort(*gp, (size_t)n, sizeof(gid_t), by_gid);
	return n;
}

static void
compare_initgroups(const struct service *files, const struct service *nk,
    gid_t managed)
{
	char *buffer = malloc(BUFFER), what[64];
	size_t n = 0, bad = 0;
	struct passwd pw;
	int e = 0;

	if (buffer == NULL)
		err(1, NULL);
	nk->passwd.setent(0);
	while (nk->passwd.getent(&pw, buffer, BUFFER, &e) ==
	    NSS_STATUS_SUCCESS) {
		gid_t *a, *b;
		long na = groups_of(files, pw.pw_name, pw.pw_gid, managed, &a);
		long nb = groups_of(nk, pw.pw_name, pw.pw_gid, managed, &b);

		if (na != nb || memcmp(a, b, (size_t)na * sizeof(gid_t)) != 0)
			bad++;
		n++;
		free(a);
		free(b);
	}
	nk->passwd.endent();
	snprintf(what, sizeof(what), "initgroups: %zu users", n);
	verdict(bad == 0 && n >= 100, what);
	free(buffer);
}

static const struct service *shared;

static void *
thread(void *arg)
{
	char buffer[4096], name[32];
	size_t bad = 0;

	for (int i = 0; i < 20000; i++) {
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

			alarm(20);
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

int
main(int argc, char **argv)
{
	struct service files, nk;
	bool ageing = argc > 2 && strcmp(argv[2], "shadow") == 0;
	struct group *managed = getgrnam("naskeys-managed");
	void *h;

	if (argc < 2)
		errx(2, "usage: nss_oracle MODULE [shadow]");
	if ((h = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) == NULL)
		errx(1, "%s", dlerror());
	load(&nk, h, "naskeys");
	load(&files, RTLD_DEFAULT, "files");
	compare_enumeration(&files.passwd, &nk.passwd, ageing);
	compare_enumeration(&files.group, &nk.group, ageing);
	compare_enumeration(&files.shadow, &nk.shadow, ageing);
	compare_lookups(&files.passwd, &nk.passwd, ageing);
	compare_lookups(&files.group, &nk.group, ageing);
	compare_lookups(&files.shadow, &nk.shadow, ageing);
	compare_initgroups(&files, &nk,
	    managed != NULL ? managed->gr_gid : 0);
	threads_and_fork(&nk);
	return failed;
}
