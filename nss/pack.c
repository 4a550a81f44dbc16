/* SPDX-License-Identifier: ISC */
#include <stdint.h>

#include "nss/pack.h"

int
nk_pack_list(struct nk_pack *b, char ***listp)
{
	size_t slack = (uintptr_t)b->back % _Alignof(char *);

	if (slack > nk_pack_left(b))
		return -ERANGE;
	b->back -= slack;
	return nk_pack_prepend(b, listp, NULL);
}

int
nk_pack_prepend(struct nk_pack *b, char ***listp, char *element)
{
	if (sizeof(element) > nk_pack_left(b))
		return -ERANGE;
	b->back -= sizeof(element);
	*listp = (char **)(void *)b->back;
	**listp = element;
	return 0;
}
