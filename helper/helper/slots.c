/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper/slots.h"

int
slots_init(struct slots *s, uint32_t max, uint32_t per_uid)
{
	memset(s, 0, sizeof(*s));
	if ((s->v = calloc(max, sizeof(*s->v))) == NULL && max > 0)
		return -ENOMEM;
	s->max = max;
	s->per_uid = per_uid;
	return 0;
}

void
slots_clear(struct slots *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static size_t
share(const struct slots *s)
{
	size_t left = s->max - s->used, half = (s->max + 1) / 2, n;

	n = s->per_uid < half ? s->per_uid : half;
	if (left < half)
		n = n * left / half;
	return n > 0 || left == 0 || s->per_uid == 0 ? n : 1;
}

bool
slots_admit(const struct slots *s, uid_t uid)
{
	size_t i, held = 0;

	for (i = 0; i < s->max; i++)
		if (s->v[i].pid != 0 && s->v[i].uid == uid)
			held++;
	return held < share(s);
}

bool
slots_is_crowded(const struct slots *s)
{
	return s->used >= (s->max + 1) / 2;
}

bool
slots_has_room(const struct slots *s, enum standing standing)
{
	switch (standing) {
	case STANDING_ADMIN:
		return s->used < s->max;
	case STANDING_ACCOUNT:
		return s->used < s->max - s->max / 8;
	default:
		return !slots_is_crowded(s);
	}
}

int
slots_take(struct slots *s, uid_t uid, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->max; i++) {
		if (s->v[i].pid == 0) {
			s->v[i].pid = pid;
			s->v[i].uid = uid;
			s->used++;
			return 0;
		}
	}
	return -ENOSPC;
}

void
slots_release(struct slots *s, pid_t pid)
{
	size_t i;

	if (pid <= 0)
		return;
	for (i = 0; i < s->max; i++) {
		if (s->v[i].pid == pid) {
			s->v[i].pid = 0;
			s->used--;
			return;
		}
	}
}
