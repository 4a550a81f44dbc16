/* SPDX-License-Identifier: ISC */
#include "lib/account/nameset.h"

#include <sys/random.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	size_t		name;		/* offset into text */
	uint32_t	id;
};

/* Slots hold 1 + the index of a pair, 0: empty. */
struct nk_nameset {
	uint64_t	 seed[2];
	struct pair	*pairs;
	size_t		 n, room;
	char		*text;
	size_t		 text_len, text_room;
	uint32_t	*by_name, *by_id;
	size_t		 slots;		/* of each, a power of two */
};

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	h ^= h >> 33;
	return h;
}

static uint64_t
hash_name(const struct nk_nameset *s, const char *name, size_t len)
{
	uint64_t h = s->seed[0], word;

	while (len >= 8) {
		memcpy(&word, name, 8);
		h = mix(h ^ word) + s->seed[1];
		name += 8;
		len -= 8;
	}
	word = len;
	memcpy((char *)&word + 1, name, len);
	return mix(h ^ word);
}

static uint64_t
hash_id(const struct nk_nameset *s, uint32_t id)
{
	return mix(s->seed[1] ^ id);
}

int
nk_nameset_new(struct nk_nameset **sp)
{
	struct nk_nameset *s;

	*sp = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	if (getrandom(s->seed, sizeof(s->seed), 0) !=
	    (ssize_t)sizeof(s->seed)) {
		free(s);
		return -EIO;
	}
	*sp = s;
	return 0;
}

void
nk_nameset_free(struct nk_nameset *s)
{
	if (s == NULL)
		return;
	free(s->pairs);
	free(s->text);
	free(s->by_name);
	free(s->by_id);
	free(s);
}

size_t
nk_nameset_count(const struct nk_nameset *s)
{
	return s->n;
}

static void
insert(uint32_t *table, size_t slots, uint64_t hash, size_t index)
{
	size_t at = (size_t)hash & (slots - 1);

	while (table[at] != 0)
		at = (at + 1) & (slots - 1);
	table[at] = (uint32_t)(index + 1);
}

static int
grow_tables(struct nk_nameset *s)
{
	size_t slots = s->slots == 0 ? 64 : s->slots * 2, i;
	uint32_t *by_name, *by_id;
	const char *name;

	by_name = calloc(slots, sizeof(*by_name));
	by_id = calloc(slots, sizeof(*by_id));
	if (by_name == NULL || by_id == NULL) {
		free(by_name);
		free(by_id);
		return -ENOMEM;
	}
	/* In order, so that the first of equal ones is found first. */
	for (i = 0; i < s->n; i++) {
		name = s->text + s->pairs[i].name;
		insert(by_name, slots, hash_name(s, name, strlen(name)), i);
		insert(by_id, slots, hash_id(s, s->pairs[i].id), i);
	}
	free(s->by_name);
	free(s->by_id);
	s->by_name = by_name;
	s->by_id = by_id;
	s->slots = slots;
	return 0;
}

static int
make_room(struct nk_nameset *s, size_t len)
{
	struct pair *pairs;
	size_t room;
	char *text;

	if (s->n >= UINT32_MAX - 1)
		return -ENOMEM;
	if (s->n == s->room) {
		room = s->room == 0 ? 32 : s->room * 2;
		pairs = reallocarray(s->pairs, room, sizeof(*pairs));
		if (pairs == NULL)
			return -ENOMEM;
		s->pairs = pairs;
		s->room = room;
	}
	if (len >= s->text_room - s->text_len) {
		room = s->text_room * 2 + len + 1024;
		if ((text = realloc(s->text, room)) == NULL)
			return -ENOMEM;
		s->text = text;
		s->text_room = room;
	}
	if (s->n >= s->slots / 2)
		return grow_tables(s);
	return 0;
}

int
nk_nameset_add(struct nk_nameset *s, const char *name, size_t len,
    uint32_t id)
{
	int r;

	if ((r = make_room(s, len)) < 0)
		return r;
	s->pairs[s->n].name = s->text_len;
	s->pairs[s->n].id = id;
	memcpy(s->text + s->text_len, name, len);
	s->text[s->text_len + len] = '\0';
	s->text_len += len + 1;
	insert(s->by_name, s->slots, hash_name(s, name, len), s->n);
	insert(s->by_id, s->slots, hash_id(s, id), s->n);
	s->n++;
	return 0;
}

bool
nk_nameset_has(const struct nk_nameset *s, const char *name, uint32_t *idp)
{
	const struct pair *p;
	size_t at;

	if (s->slots == 0)
		return false;
	at = (size_t)hash_name(s, name, strlen(name)) & (s->slots - 1);
	for (; s->by_name[at] != 0; at = (at + 1) & (s->slots - 1)) {
		p = &s->pairs[s->by_name[at] - 1];
		if (strcmp(s->text + p->name, name) == 0) {
			if (idp != NULL)
				*idp = p->id;
			return true;
		}
	}
	return false;
}

const char *
nk_nameset_name(const struct nk_nameset *s, uint32_t id)
{
	const struct pair *p;
	size_t at;

	if (s->slots == 0)
		return NULL;
	at = (size_t)hash_id(s, id) & (s->slots - 1);
	for (; s->by_id[at] != 0; at = (at + 1) & (s->slots - 1)) {
		p = &s->pairs[s->by_id[at] - 1];
		if (p->id == id)
			return s->text + p->name;
	}
	return NULL;
}
