/* SPDX-License-Identifier: ISC */

/*
 * The journal: which rows changed, in the order of their transactions, so
 * that whoever holds the lock next can publish what a killed holder did
 * not.  A row is noted once in a transaction.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

/* ---- the transaction's notes: a hash set of row and kind ---- */

static size_t
find_slot(const struct nk_notes *notes, uint64_t key)
{
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) &
	    (notes->size - 1);

	while (notes->slots[i] != 0 && notes->slots[i] != key)
		i = (i + 1) & (notes->size - 1);
	return i;
}

static int
notes_grow(struct nk_notes *notes)
{
	struct nk_notes bigger = { .n = notes->n, .stale = notes->stale };
	size_t i;

	bigger.size = notes->size == 0 ? 64 : notes->size * 2;
	bigger.v = reallocarray(notes->v, bigger.size / 2,
	    sizeof(*bigger.v));
	if (bigger.v == NULL)
		return -ENOMEM;
	notes->v = bigger.v;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -ENOMEM;
	for (i = 0; i < notes->size; i++) {
		if (notes->slots[i] != 0)
			bigger.slots[find_slot(&bigger, notes->slots[i])] =
			    notes->slots[i];
	}
	free(notes->slots);
	*notes = bigger;
	return 0;
}

/* 1: it is new, and its seq is still to be filled in; 0: it is there. */
static int
notes_add(struct nk_notes *notes, enum nk_change_kind kind, int64_t id)
{
	uint64_t key = ((uint64_t)id << 3 | kind) + 1;
	size_t slot;
	int r;

	if (notes->n >= notes->size / 2 && (r = notes_grow(notes)) < 0)
		return r;
	slot = find_slot(notes, key);
	if (notes->slots[slot] == key)
		return 0;
	notes->slots[slot] = key;
	notes->v[notes->n++] = (struct nk_change){ .kind = kind, .id = id };
	return 1;
}

void
nk_notes_forget(struct nk_store *s)
{
	free(s->notes.slots);
	free(s->notes.v);
	memset(&s->notes, 0, sizeof(s->notes));
	s->noted_all = false;
}

int
nk_notes_reload(struct nk_store *s)
{
	struct nk_stmt *st;
	enum nk_change_kind kind;
	int r;

	if (s->notes.n == 0 && !s->noted_all)
		return 0;
	nk_notes_forget(s);
	s->notes.stale = true;
	if ((r = nk_db_stmt(s->db, "SELECT kind, row_id FROM journal"
	    " WHERE seq > $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, s->notes_from);
	while ((r = nk_stmt_step(st)) == 1) {
		kind = (enum nk_change_kind)nk_stmt_int(st, 0, 0,
		    NK_CHANGE_CENTRAL);
		if (kind == NK_CHANGE_ALL)
			s->noted_all = true;
		r = notes_add(&s->notes, kind, nk_stmt_int(st, 1, 0,
		    INT64_MAX));
		if (r < 0 || (r = nk_stmt_check(st)) < 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

/* ---- writing ---- */

static int
note_write(struct nk_store *s, enum nk_change_kind kind, int64_t id,
    int64_t *seqp)
{
	int r;

	if ((r = nk_counter_next(s, NK_COUNTER_CHANGE, seqp)) < 0)
		return r;
	return nk_db_run(s->db, "INSERT INTO journal (seq, kind, row_id)"
	    " VALUES ($1, $2, $3)", 3, (int64_t[]){ *seqp, kind, id }, NULL);
}

int
nk_change_note(struct nk_store *s, enum nk_change_kind kind, int64_t id)
{
	struct nk_notes *notes = &s->notes;
	int64_t seq;
	int r;

	if (notes->n == 0 && !s->noted_all && (r = nk_counter_get(s,
	    NK_COUNTER_CHANGE, &s->notes_from)) < 0)
		return r;
	if (!s->bulk && notes->n < NK_NOTES_MAX && !s->noted_all) {
		if ((r = notes_add(notes, kind, id)) <= 0)
			return r;
		return note_write(s, kind, id, &notes->v[notes->n - 1].seq);
	}
	if (s->noted_all)
		return 0;
	if ((r = note_write(s, NK_CHANGE_ALL, 0, &seq)) < 0)
		return r;
	s->noted_all = true;
	return 0;
}

int
nk_change_note_users(struct nk_store *s, const char *sql, int64_t id)
{
	struct nk_ids users = { NULL, 0 };
	size_t i;
	int r;

	r = nk_ids_read(s, sql, id, &users);
	for (i = 0; r == 0 && i < users.n; i++)
		r = nk_change_note(s, NK_CHANGE_USER, users.v[i]);
	nk_ids_clear(&users);
	return r;
}

int
nk_store_changes_bulk(struct nk_store *s)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (!s->bulk)
		nk_db_set_cache(s->db, NK_STORE_BULK_KIB);
	s->bulk = true;
	return 0;
}

int
nk_store_changes_trim(struct nk_store *s, int64_t seq)
{
	int64_t last, trimmed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_CHANGE, &last)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_TRIMMED, &trimmed)) < 0)
		return r;
	if (seq > last)
		return -EINVAL;
	if (seq <= trimmed)
		return 0;
	s->notes.stale = s->notes.n > 0;
	if ((r = nk_db_run(s->db, "DELETE FROM journal WHERE seq <= $1",
	    1, &seq, NULL)) < 0)
		return r;
	return nk_store_half(s, nk_counter_set(s, NK_COUNTER_TRIMMED, seq));
}

/* ---- reading ---- */

void
nk_changes_clear(struct nk_changes *cs)
{
	free(cs->v);
	cs->v = NULL;
	cs->n = 0;
}

int
nk_store_seq(struct nk_store *s, int64_t *seqp)
{
	return nk_counter_get(s, NK_COUNTER_CHANGE, seqp);
}

static int
changes_read(struct nk_stmt *st, struct nk_changes *cs)
{
	struct nk_change *v;
	size_t room = 0;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		if (cs->n == room) {
			room = room == 0 ? 16 : room * 2;
			v = reallocarray(cs->v, room, sizeof(*v));
			if (v == NULL)
				return -ENOMEM;
			cs->v = v;
		}
		v = &cs->v[cs->n++];
		v->seq = nk_stmt_int(st, 0, 1, INT64_MAX);
		v->kind = (enum nk_change_kind)nk_stmt_int(st, 1, 0,
		    NK_CHANGE_CENTRAL);
		v->id = nk_stmt_int(st, 2, 0, INT64_MAX);
	}
	return r < 0 ? r : nk_stmt_check(st);
}

static int
changes_since(struct nk_store *s, int64_t since, struct nk_changes *cs)
{
	struct nk_stmt *st;
	int64_t last, trimmed;
	int r;

	if ((r = nk_counter_get(s, NK_COUNTER_CHANGE, &last)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_TRIMMED, &trimmed)) < 0)
		return r;
	if (since < trimmed || since > last)
		return -ERANGE;
	if ((r = nk_db_stmt(s->db, "SELECT seq, kind, row_id FROM journal"
	    " WHERE seq > $1 ORDER BY seq", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, since);
	r = changes_read(st, cs);
	nk_stmt_end(st);
	return r;
}

/* What an edit asks of its own transaction is known without the journal. */
static int
changes_noted(const struct nk_notes *notes, struct nk_changes *cs)
{
	if ((cs->v = reallocarray(NULL, notes->n, sizeof(*cs->v))) == NULL)
		return -ENOMEM;
	memcpy(cs->v, notes->v, notes->n * sizeof(*cs->v));
	cs->n = notes->n;
	return 0;
}

int
nk_store_changes(struct nk_store *s, int64_t since, struct nk_changes *cs)
{
	int r;

	cs->v = NULL;
	cs->n = 0;
	if (s->notes.n > 0 && !s->notes.stale && !s->noted_all &&
	    since == s->notes_from && nk_store_may_write(s) == 0)
		return changes_noted(&s->notes, cs);
	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	r = changes_since(s, since, cs);
	nk_store_read_end(s);
	if (r < 0)
		nk_changes_clear(cs);
	return r;
}
