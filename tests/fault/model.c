/* SPDX-License-Identifier: ISC */
#include "tests/fault/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/attr.h"

const char *const op_names[OP_KINDS] = {
	"create", "add-key", "remove-key", "lock", "unlock", "rename", "uid",
	"expire", "password", "delete", "join", "leave", "group-create",
	"group-rename", "group-delete", "bulk",
};

/* How often each is tried. */
static const unsigned int weights[OP_KINDS] = {
	8, 12, 8, 5, 5, 5, 4, 4, 5, 4, 6, 4, 4, 3, 3, 2,
};

uint64_t
model_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
model_init(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->seed = seed;
}

static enum op_kind
kind_of(uint64_t random)
{
	unsigned int i, sum = 0;

	for (i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	random %= sum;
	for (i = 0; random >= weights[i]; i++)
		random -= weights[i];
	return (enum op_kind)i;
}

/* Would it change anything? */
static bool
applies(const struct model *m, const struct op *op)
{
	const struct model_user *u = &m->users[op->user];
	const struct model_group *g = &m->groups[op->group];

	switch (op->kind) {
	case OP_CREATE:
		return !u->there;
	case OP_ADD_KEY:
		return u->there && (u->keys & 1u << op->key) == 0;
	case OP_REMOVE_KEY:
		return u->there && (u->keys & 1u << op->key) != 0;
	case OP_LOCK:
		return u->there && !u->locked;
	case OP_UNLOCK:
		return u->there && u->locked;
	case OP_RENAME:
	case OP_UID:
	case OP_EXPIRE:
	case OP_PASSWORD:
	case OP_DELETE:
	case OP_BULK:
		return u->there;
	case OP_JOIN:
		return u->there && g->there &&
		    (u->groups & 1u << op->group) == 0;
	case OP_LEAVE:
		return u->there && g->there &&
		    (u->groups & 1u << op->group) != 0;
	case OP_GROUP_CREATE:
		return !g->there;
	case OP_GROUP_RENAME:
	case OP_GROUP_DELETE:
		return g->there;
	default:
		return false;
	}
}

struct op
model_next(const struct model *m)
{
	uint64_t state = m->seed ^ (m->edits + 1) *
	    UINT64_C(0xd1342543de82ef95);
	struct op op;

	do {		/* one of the two creations applies, or most others */
		op.kind = kind_of(model_random(&state));
		op.user = (unsigned int)(model_random(&state) % MODEL_USERS);
		op.key = (unsigned int)(model_random(&state) % MODEL_KEYS);
		op.group = (unsigned int)(model_random(&state) %
		    MODEL_GROUPS);
	} while (!applies(m, &op));
	return op;
}

static void
apply_bulk(struct model *m, const struct op *op)
{
	unsigned int i;

	for (i = 0; i < MODEL_USERS; i++)
		if (m->users[i].there)
			m->users[i].hash++;
	m->users[op->user].locked = !m->users[op->user].locked;
}

static void
apply_user(struct model *m, const struct op *op)
{
	struct model_user *u = &m->users[op->user];

	switch (op->kind) {
	case OP_CREATE:
		*u = (struct model_user){ .there = true,
		    .name = u->name + 1, .uid = u->uid + 1,
		    .hash = u->hash + 1, .expires_at = INT64_MAX,
		    .keys = 1u << op->key };
		break;
	case OP_ADD_KEY:
		u->keys |= 1u << op->key;
		break;
	case OP_REMOVE_KEY:
		u->keys &= ~(1u << op->key);
		break;
	case OP_LOCK:
		u->locked = true;
		break;
	case OP_UNLOCK:
		u->locked = false;
		break;
	case OP_RENAME:
		u->name++;
		break;
	case OP_UID:
		u->uid++;
		break;
	case OP_EXPIRE:		/* long ago, or long to come */
		u->expires_at = (int64_t)(1000 + m->edits) *
		    (op->key % 2 == 0 ? 1 : 10000000);
		break;
	case OP_PASSWORD:
		u->hash++;
		break;
	case OP_DELETE:
		u->there = false;
		u->keys = u->groups = 0;
		break;
	default:
		break;
	}
}

static void
apply_group(struct model *m, const struct op *op)
{
	struct model_user *u = &m->users[op->user];
	struct model_group *g = &m->groups[op->group];
	unsigned int i;

	switch (op->kind) {
	case OP_JOIN:
		u->groups |= 1u << op->group;
		break;
	case OP_LEAVE:
		u->groups &= ~(1u << op->group);
		break;
	case OP_GROUP_CREATE:
		g->there = true;
		g->version++;
		break;
	case OP_GROUP_RENAME:
		g->version++;
		break;
	case OP_GROUP_DELETE:
		g->there = false;
		for (i = 0; i < MODEL_USERS; i++)
			m->users[i].groups &= ~(1u << op->group);
		break;
	default:
		break;
	}
}

/* What was in the central folder stays there while the mode is HOME. */
static void
apply_mode(struct model *m, const struct op *op)
{
	struct model_user *u = &m->users[op->user];

	if (op->kind == OP_CREATE)
		u->central = model_mode(m, op->user) == 2;
	else if (op->kind == OP_RENAME && model_mode(m, op->user) != 1)
		u->central = model_mode(m, op->user) == 2;
	else if (op->kind == OP_DELETE)
		u->central = false;
}

void
model_apply(struct model *m, const struct op *op)
{
	if (op->kind == OP_BULK)
		apply_bulk(m, op);
	apply_user(m, op);
	apply_mode(m, op);
	apply_group(m, op);
	m->edits++;
}

void
model_to(struct model *m, uint64_t edits)
{
	struct op op;

	while (m->edits < edits) {
		op = model_next(m);
		model_apply(m, &op);
	}
}

/* ---- names and numbers ---- */

static void NK_PRINTF(2, 3)
text(char buf[MODEL_TEXT], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, MODEL_TEXT, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= MODEL_TEXT)
		abort();
}

uint32_t
model_uid(const struct model *m, unsigned int user)
{
	return 20000 + user * 1000 + m->users[user].uid % 1000;
}

unsigned int
model_mode(const struct model *m, unsigned int user)
{
	return (user + m->users[user].name) % 3;
}

void
model_user_name(unsigned int user, uint32_t version, char buf[MODEL_TEXT])
{
	text(buf, "u%02u_%" PRIu32, user, version);
}

void
model_gecos(const struct model *m, unsigned int user, char buf[MODEL_TEXT])
{
	text(buf, "u%02u_%" PRIu32 " is %" PRIu32, user,
	    m->users[user].name, model_uid(m, user));
}

void
model_hash(const struct model *m, unsigned int user, char buf[MODEL_TEXT])
{
	text(buf, "$y$j9T$u%02u$%" PRIu32, user, m->users[user].hash);
}

void
model_group_name(unsigned int group, uint32_t version, char buf[MODEL_TEXT])
{
	text(buf, "g%02u_%" PRIu32, group, version);
}

uint32_t
model_gid(unsigned int group, uint32_t version)
{
	return 40000 + group * 1000 + version % 1000;
}

void
model_key_comment(unsigned int user, unsigned int key, char buf[MODEL_TEXT])
{
	text(buf, "key-%02u-%u", user, key);
}

int
model_key_of(unsigned int user, const char *line, size_t len)
{
	char comment[MODEL_TEXT];
	unsigned int key;
	size_t n;

	for (key = 0; key < MODEL_KEYS; key++) {
		model_key_comment(user, key, comment);
		n = strlen(comment);
		if (len > n && line[len - n - 1] == ' ' &&
		    memcmp(line + len - n, comment, n) == 0)
			return (int)key;
	}
	return -1;
}
