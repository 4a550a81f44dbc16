/* SPDX-License-Identifier: ISC */
#include "helper/gateway/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP	1024u	/* bytes that a buffer grows by, at least */

static int
spend(struct budget *b, size_t n)
{
	if (n > b->max - b->used)
		return -ENOBUFS;
	b->used += n;
	return 0;
}

static void
give_back(struct budget *b, size_t n)
{
	b->used -= n;
}

/* ---- bytes in a row ---- */

void
buffer_init(struct buffer *b, struct budget *budget)
{
	*b = (struct buffer){ .budget = budget };
}

static int
grow(struct buffer *b, size_t need)
{
	size_t room = b->room * 2;
	uint8_t *p;
	int r;

	if (room < need)
		room = need + (STEP - need % STEP);
	if ((r = spend(b->budget, room)) < 0)
		return r;
	if ((p = malloc(room)) == NULL) {
		give_back(b->budget, room);
		return -ENOMEM;
	}
	if (b->p != NULL) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->room);
		free(b->p);
	}
	give_back(b->budget, b->room);
	b->p = p;
	b->room = room;
	return 0;
}

int
buffer_append(struct buffer *b, const void *bytes, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	if (n > SIZE_MAX / 4 - b->len)
		return -ENOBUFS;
	if (b->len + n > b->room && (r = grow(b, b->len + n)) < 0)
		return r;
	memcpy(b->p + b->len, bytes, n);
	b->len += n;
	return 0;
}

void
buffer_take(struct buffer *b, size_t n)
{
	if (n == b->len) {
		buffer_clear(b);
		return;
	}
	memmove(b->p, b->p + n, b->len - n);
	explicit_bzero(b->p + b->len - n, n);
	b->len -= n;
}

void
buffer_clear(struct buffer *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->room);
	free(b->p);
	give_back(b->budget, b->room);
	buffer_init(b, b->budget);
}

/* ---- pieces of messages ---- */

static size_t
size_of(size_t n)
{
	return sizeof(struct piece) + PIECE_ROOM + n;
}

void
queue_init(struct queue *q, struct budget *budget)
{
	*q = (struct queue){ .budget = budget };
	q->tail = &q->head;
}

int
queue_put(struct queue *q, const void *bytes, size_t n, bool first, bool last)
{
	struct piece *p;
	int r;

	if (n > SIZE_MAX / 4)
		return -ENOBUFS;
	if ((r = spend(q->budget, size_of(n))) < 0)
		return r;
	if ((p = malloc(size_of(n))) == NULL) {
		give_back(q->budget, size_of(n));
		return -ENOMEM;
	}
	p->next = NULL;
	p->len = n;
	p->first = first;
	p->last = last;
	if (n > 0)
		memcpy(p->data + PIECE_ROOM, bytes, n);
	*q->tail = p;
	q->tail = &p->next;
	q->bytes += size_of(n);
	return 0;
}

void
queue_drop(struct queue *q)
{
	struct piece *p = q->head;
	size_t size;

	if (p == NULL)
		return;
	size = size_of(p->len);
	if ((q->head = p->next) == NULL)
		q->tail = &q->head;
	q->bytes -= size;
	give_back(q->budget, size);
	explicit_bzero(p, size);
	free(p);
}

void
queue_join(struct queue *q, struct queue *from)
{
	if (from->head == NULL)
		return;
	*q->tail = from->head;
	q->tail = from->tail;
	q->bytes += from->bytes;
	queue_init(from, from->budget);
}

void
queue_clear(struct queue *q)
{
	while (q->head != NULL)
		queue_drop(q);
}
