/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_QUEUE_H
#define NASKEYS_GATEWAY_QUEUE_H

/*
 * Bytes of connections, on their way.  All of them count against one budget,
 * and each is wiped before its memory is given back: logins pass through.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/* What all connections may hold together. */
struct budget {
	size_t	used, max;	/* bytes */
};

/* ---- bytes in a row ---- */

struct buffer {
	uint8_t		*p;
	size_t		 len, room;
	struct budget	*budget;
};

void	buffer_init(struct buffer *b, struct budget *budget);
/* -ENOBUFS: above the budget; -ENOMEM; then b is as it was. */
int	buffer_append(struct buffer *b, const void *bytes, size_t n)
	    NK_MUST_CHECK;
/* The first n of them are done. */
void	buffer_take(struct buffer *b, size_t n);
void	buffer_clear(struct buffer *b);

/* ---- pieces of messages ---- */

/* In front of a piece's bytes, for whoever sends it. */
#define PIECE_ROOM	16u

struct piece {
	struct piece	*next;
	size_t		 len;
	bool		 first, last;	/* of its message */
	uint8_t		 data[];	/* PIECE_ROOM, then len bytes */
};

struct queue {
	struct piece	*head, **tail;
	size_t		 bytes;
	struct budget	*budget;
};

/* It must not be moved. */
void	queue_init(struct queue *q, struct budget *budget);
/* As buffer_append(). */
int	queue_put(struct queue *q, const void *bytes, size_t n, bool first,
	    bool last) NK_MUST_CHECK;
/* The head has been sent. */
void	queue_drop(struct queue *q);
/* All of "from" behind what is in q. */
void	queue_join(struct queue *q, struct queue *from);
void	queue_clear(struct queue *q);

#endif /* NASKEYS_GATEWAY_QUEUE_H */
