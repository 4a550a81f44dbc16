/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper/framing.h"

#define SIZE_FIRST	4096
#define SIZE_KEPT	65536	/* from one request to the next */

void
framing_init(struct framing *f, size_t max)
{
	memset(f, 0, sizeof(*f));
	f->max = max;
}

static void
drop_buffer(struct framing *f)
{
	if (f->buf != NULL)
		explicit_bzero(f->buf, f->len);
	free(f->buf);
	f->buf = NULL;
	f->size = 0;
}

void
framing_clear(struct framing *f)
{
	drop_buffer(f);
	framing_init(f, f->max);
}

size_t
framing_share(const char *p, size_t len)
{
	const char *newline;

	if (len == 0 || (newline = memchr(p, '\n', len)) == NULL)
		return len;
	return (size_t)(newline - p) + 1;
}

/* Not realloc(3): it leaves the old block as it was. */
static int
make_room(struct framing *f, size_t more)
{
	size_t size = f->size > 0 ? f->size : SIZE_FIRST;
	char *buf;

	if (more <= f->size - f->len)
		return 0;
	while (size - f->len < more)	/* ends: len + more <= max */
		size *= 2;
	if ((buf = malloc(size)) == NULL)
		return -ENOMEM;
	if (f->len > 0)
		memcpy(buf, f->buf, f->len);
	drop_buffer(f);
	f->buf = buf;
	f->size = size;
	return 0;
}

int
framing_add(struct framing *f, const char *p, size_t len)
{
	bool newline;
	int r;

	if (len == 0)
		return 0;
	if (f->complete || framing_share(p, len) != len)
		return -EINVAL;
	newline = p[len - 1] == '\n';
	if (newline)
		len--;
	if (len > f->max - f->len)
		return -EMSGSIZE;
	if ((r = make_room(f, len)) < 0)
		return r;
	if (len > 0)
		memcpy(f->buf + f->len, p, len);
	f->len += len;
	f->begun = true;
	f->complete = newline;
	return 0;
}

void
framing_next(struct framing *f)
{
	if (f->size > SIZE_KEPT)
		drop_buffer(f);
	else if (f->buf != NULL)
		explicit_bzero(f->buf, f->len);
	f->len = 0;
	f->begun = false;
	f->complete = false;
}
