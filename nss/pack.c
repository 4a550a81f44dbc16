/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "nss/pack.h"

static size_t
left(const struct nk_pack *b)
{
	return (size_t)(b->back - b->front);
}

void
nk_pack_init(struct nk_pack *b, char *buf, size_t len)
{
	b->front = buf;
	b->back = buf + len;
}

int
nk_pack_text(struct nk_pack *b, char **out, const char *text, size_t len)
{
	if (len >= left(b))
		return -ERANGE;
	memcpy(b->front, text, len);
	b->front[len] = '\0';
	*out = b->front;
	b->front += len + 1;
	return 0;
}

int
nk_pack_list(struct nk_pack *b, char ***listp)
{
	size_t slack = (uintptr_t)b->back % _Alignof(char *);

	if (slack > left(b))
		return -ERANGE;
	b->back -= slack;
	return nk_pack_prepend(b, listp, NULL);
}

int
nk_pack_prepend(struct nk_pack *b, char ***listp, char *element)
{
	if (sizeof(element) > left(b))
		return -ERANGE;
	b->back -= sizeof(element);
	*listp = (char **)(void *)b->back;
	**listp = element;
	return 0;
}
