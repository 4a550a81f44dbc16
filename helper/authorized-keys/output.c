/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#include "helper/authorized-keys/output.h"

#define ALIGNMENT	alignof(max_align_t)
#define OUTPUT_MAX	(64u << 20)	/* every key of a full set fits */

#define STEP		(64u << 10)

/*
 * Enough for a key or two, and so little that the program's data stay on
 * one page: every further page costs its start more than all else does.
 */
static alignas(ALIGNMENT) char first[1536];

void
nk_output_init(struct nk_output *o)
{
	o->buf = first;
	o->len = 0;
	o->cap = sizeof(first);
}

static int
grow(struct nk_output *o, size_t cap)
{
	char *buf;

	buf = mmap(NULL, cap, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		return -ENOMEM;
	memcpy(buf, o->buf, o->len);
	if (o->buf != first)
		(void)munmap(o->buf, o->cap);
	o->buf = buf;
	o->cap = cap;
	return 0;
}

size_t
nk_output_left(const struct nk_output *o, char **placep)
{
	size_t at = (o->len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	if (at >= o->cap)
		return 0;
	*placep = o->buf + at;
	return o->cap - at;
}

int
nk_output_room(struct nk_output *o, size_t need, char **placep)
{
	size_t cap = o->cap < STEP ? STEP : o->cap;
	int r;

	if (need > OUTPUT_MAX || o->len > OUTPUT_MAX - need)
		return -EFBIG;
	while (cap < o->len + ALIGNMENT + need)
		cap *= 2;
	if (cap > o->cap && (r = grow(o, cap)) < 0)
		return r;
	(void)nk_output_left(o, placep);
	return 0;
}

void
nk_output_append(struct nk_output *o, const char *text, size_t len)
{
	memmove(o->buf + o->len, text, len);
	o->len += len;
}

int
nk_output_write(const struct nk_output *o, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < o->len) {
		n = write(fd, o->buf + done, o->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EPIPE ? 0 : -errno;
		done += (size_t)n;
	}
	return 0;
}
