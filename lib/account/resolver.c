/* SPDX-License-Identifier: ISC */
#include "lib/account/resolver.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/account/lookup.h"

#define NSSWITCH	"/etc/nsswitch.conf"

struct nk_resolver {
	struct nk_child	child;
};

struct request {
	uint32_t	n;
	struct {
		uint8_t		group, by_name;
		uint16_t	unused;
		uint32_t	id;
		char		name[256];
	} v[NK_QUESTIONS_MAX];
};

struct answer {
	int32_t				r;
	struct nk_directory_entry	v[NK_QUESTIONS_MAX];
};

/* ---- in the child ---- */

/* What tells one nsswitch.conf from the next. */
struct version {
	bool		known;
	struct stat	st;
};

/* Has the file changed since the last call, or is this the first? */
static bool
has_changed(struct version *v)
{
	struct stat st = { .st_ino = 0 };
	bool changed;

	if (stat(NSSWITCH, &st) == -1)
		memset(&st, 0, sizeof(st));
	changed = !v->known || st.st_ino != v->st.st_ino ||
	    st.st_dev != v->st.st_dev || st.st_size != v->st.st_size ||
	    st.st_mtim.tv_sec != v->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != v->st.st_mtim.tv_nsec;
	v->known = true;
	v->st = st;
	return changed;
}

static int
look_up(const struct request *q, struct answer *a)
{
	const char *name;
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < q->n; i++) {
		name = q->v[i].by_name != 0 ? q->v[i].name : NULL;
		r = q->v[i].group != 0 ?
		    nk_lookup_group(name, q->v[i].id, &a->v[i]) :
		    nk_lookup_user(name, q->v[i].id, &a->v[i]);
	}
	return r;
}

static int
serve(void *arg, int fd)
{
	struct version version = { .known = false };
	struct request q;
	struct answer a;
	ssize_t n;

	(void)arg;
	while ((n = recv(fd, &q, sizeof(q), 0)) == (ssize_t)sizeof(q)) {
		memset(&a, 0, sizeof(a));
		a.r = has_changed(&version) ? nk_lookup_prepare() : 0;
		if (a.r < 0)
			version.known = false;
		else
			a.r = look_up(&q, &a);
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(a))
			return 1;
	}
	return n == 0 ? 0 : 1;
}

const struct nk_network_work nk_resolver_work = { "resolver", serve };

/* ---- in the parent ---- */

static int
pack(struct request *out, const struct nk_question *q, size_t n)
{
	size_t i, len;

	if (n > NK_QUESTIONS_MAX)
		return -E2BIG;
	memset(out, 0, sizeof(*out));
	out->n = (uint32_t)n;
	for (i = 0; i < n; i++) {
		out->v[i].group = q[i].group;
		out->v[i].id = q[i].id;
		if (q[i].name == NULL)
			continue;
		len = strlen(q[i].name);
		if (len >= sizeof(out->v[i].name))
			return -E2BIG;
		memcpy(out->v[i].name, q[i].name, len);
		out->v[i].by_name = 1;
	}
	return 0;
}

static void
unpack(struct nk_question *q, size_t n, const struct answer *a)
{
	struct nk_directory_entry *e;
	size_t i;

	for (i = 0; i < n; i++) {
		e = &q[i].entry;
		*e = a->v[i];
		e->name[sizeof(e->name) - 1] = '\0';
		e->gecos[sizeof(e->gecos) - 1] = '\0';
		e->home[sizeof(e->home) - 1] = '\0';
		e->shell[sizeof(e->shell) - 1] = '\0';
	}
}

static int
start(struct nk_resolver **rp)
{
	struct nk_resolver *res;
	int r;

	if (*rp != NULL)
		return 0;
	if ((res = calloc(1, sizeof(*res))) == NULL)
		return -ENOMEM;
	if ((r = nk_network_child(&nk_resolver_work, NULL, 0,
	    &res->child)) < 0) {
		free(res);
		return r;
	}
	*rp = res;
	return 0;
}

int
nk_resolver_ask(struct nk_resolver **rp, struct nk_question *q, size_t n,
    unsigned int seconds)
{
	struct request request;
	struct answer answer;
	bool old = *rp != NULL;
	int r;

	if (n == 0)
		return 0;
	if ((r = pack(&request, q, n)) < 0 || (r = start(rp)) < 0)
		return r;
	r = nk_child_exchange(&(*rp)->child, &request, sizeof(request),
	    NULL, seconds, &answer, sizeof(answer));
	if (r < 0) {
		nk_resolver_free(*rp);
		*rp = NULL;
		/* One that had died meanwhile is worth another. */
		if (old && r != -ETIMEDOUT)
			return nk_resolver_ask(rp, q, n, seconds);
		return r == -ETIMEDOUT ? r : -EIO;
	}
	if (answer.r < 0)
		return -EIO;
	unpack(q, n, &answer);
	return 0;
}

void
nk_resolver_free(struct nk_resolver *r)
{
	if (r == NULL)
		return;
	nk_child_stop(&r->child);
	free(r);
}
