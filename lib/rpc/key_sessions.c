/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_sessions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/process.h"
#include "lib/rpc/object.h"
#include "lib/store/sessions.h"

/* Those that are ended together. */
struct batch {
	struct nk_context	*c;
	json_t			*list;		/* of all batches */
	struct nk_process	 v[NK_PROCESS_END_MAX];
	json_t			*row[NK_PROCESS_END_MAX];	/* in list */
	size_t			 n;
};

static int
add_row(struct batch *b, const struct nk_user_session *s, json_t **rowp)
{
	struct nk_user *u = NULL;
	struct nk_object o;
	int r;

	r = nk_user_get(nk_publisher_store(b->c->publisher), s->user_id, &u);
	if (r < 0 && r != -ENOENT)
		return r;
	nk_object_init(&o, NULL);
	nk_object_int(&o, "pid", s->pid);
	nk_object_text(&o, "username", u != NULL ? u->name : NULL);
	nk_object_date(&o, "since", s->since, 0);
	nk_object_text(&o, "service", s->service);
	nk_object_text(&o, "tty", s->tty[0] != '\0' ? s->tty : NULL);
	nk_object_text(&o, "from", s->rhost[0] != '\0' ? s->rhost : NULL);
	nk_object_bool(&o, "ended", false);
	nk_user_free(u);
	if ((r = nk_object_finish(&o, rowp)) < 0)
		return r;
	return json_array_append_new(b->list, *rowp) == -1 ? -ENOMEM : 0;
}

static bool
is_known(const struct batch *b, int64_t pid)
{
	const json_t *row;
	size_t i;

	json_array_foreach(b->list, i, row)
		if (json_integer_value(json_object_get(row, "pid")) == pid)
			return true;
	return false;
}

/* 1: the batch is full, and the walk is made again after it. */
static int
add_session(void *arg, const struct nk_user_session *s)
{
	struct batch *b = arg;
	int fd, r;

	if (is_known(b, s->pid))
		return 0;
	if (b->n == NK_PROCESS_END_MAX)
		return 1;
	r = nk_process_open((pid_t)s->pid, s->start, &fd);
	if (r < 0)
		return r == -ESRCH ? 0 : r;
	if ((r = add_row(b, s, &b->row[b->n])) < 0) {
		close(fd);
		return r;
	}
	b->v[b->n++] = (struct nk_process){ .pid = (pid_t)s->pid, .fd = fd };
	return 0;
}

static int
end_batch(struct batch *b)
{
	int r = 0;

	nk_process_end_sessions(b->v, b->n);
	while (b->n > 0) {
		b->n--;
		close(b->v[b->n].fd);
		if (b->v[b->n].ended && json_object_set_new(b->row[b->n],
		    "ended", json_true()) == -1)
			r = -ENOMEM;
	}
	return r;
}

/* Nobody is waited for inside session.db's transaction. */
static int
end_sessions_of(struct batch *b, const char *fingerprint)
{
	int r, ended;

	do {
		r = nk_sessions_each_of_key(b->c->session, fingerprint,
		    add_session, b);
		ended = end_batch(b);
		if (ended < 0)
			return ended;
	} while (r == 1);
	return r;
}

int
nk_key_end_sessions(struct nk_context *c, const json_t *fingerprints,
    json_t **resultp)
{
	struct batch b = { .c = c, .list = json_array() };
	const json_t *v;
	size_t i;
	int r = 0;

	*resultp = NULL;
	if (b.list == NULL)
		return -ENOMEM;
	json_array_foreach(fingerprints, i, v) {
		r = end_sessions_of(&b, json_string_value(v));
		if (r < 0)
			break;
	}
	if (r < 0)
		json_decref(b.list);
	else
		*resultp = b.list;
	return r;
}
