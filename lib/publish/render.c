/* SPDX-License-Identifier: ISC */
#include "lib/publish/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keypolicy.h"

#define SECONDS_A_DAY	86400

static const char *
text_or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

bool
nk_render_is_shut(const struct nk_user *u, int64_t now)
{
	return u->locked || u->expires_at <= now;
}

static uint32_t
user_flags(const struct nk_user *u)
{
	uint32_t flags = 0;

	if (u->managed)
		flags |= NK_USER_MANAGED | NK_USER_IN_MANAGED;
	if (u->in_managed_group)
		flags |= NK_USER_IN_MANAGED;
	if (u->locked)
		flags |= NK_USER_LOCKED;
	if (u->admin)
		flags |= NK_USER_ADMIN;
	if (u->password_disabled)
		flags |= NK_USER_PASSWORD_DISABLED;
	if (u->ssh_password_enabled)
		flags |= NK_USER_SSH_PASSWORD;
	return flags;
}

void
nk_render_user(const struct nk_user *u, struct nk_put_user *put)
{
	*put = (struct nk_put_user){
		.row = (uint64_t)u->id,
		.generation = (uint64_t)u->generation,
		.expires_at = u->expires_at,
		.uid = u->uid,
		.flags = user_flags(u),
		.name = text_or_empty(u->name),
		.gecos = text_or_empty(u->full_name),
		.home = text_or_empty(u->home),
		.shell = text_or_empty(u->shell),
	};
}

/* A disabled password's hash stays in the store alone. */
void
nk_render_secret(const struct nk_user *u, bool otp,
    struct nk_put_secret *put)
{
	int64_t day = u->last_password_change / SECONDS_A_DAY;

	if (u->last_password_change <= 0)
		day = -1;
	else if (day > INT32_MAX)
		day = INT32_MAX;
	*put = (struct nk_put_secret){
		.row = (uint64_t)u->id,
		.generation = { (uint64_t)u->generation,
		    (uint64_t)u->generation },
		.locked_until = NK_LOCKED_KEEP,
		.last_change = (int32_t)day,
		.min_days = u->min_days,
		.max_days = u->max_days,
		.warn_days = u->warn_days,
		.inactive_days = u->inactive_days,
		.flags = (u->must_change ? NK_SECRET_MUST_CHANGE : 0) |
		    (otp ? NK_SECRET_OTP : 0),
		.hash = u->password_disabled || u->hash == NULL ||
		    u->hash[0] == '\0' ? "*" : u->hash,
	};
}

static bool
is_one_line(const char *s)
{
	return s == NULL || s[strcspn(s, "\r\n")] == '\0';
}

static int
text_add(struct nk_keytext *t, const char *s, size_t len)
{
	size_t size = t->size == 0 ? 1024 : t->size;
	char *p;

	if (len > NK_RECORD_MAX)
		return -E2BIG;
	while (size - t->len < len)
		size *= 2;
	if (size != t->size) {
		if ((p = realloc(t->text, size)) == NULL)
			return -ENOMEM;
		t->text = p;
		t->size = size;
	}
	memcpy(t->text + t->len, s, len);
	t->len += len;
	return 0;
}

/* Append s and, unless it is the last of its line, a space. */
static int
word_add(struct nk_keytext *t, const char *s, bool last)
{
	int r;

	if ((r = text_add(t, s, strlen(s))) < 0)
		return r;
	return last ? 0 : text_add(t, " ", 1);
}

/*
 * The key's options, and with them its end, so that sshd sees to it too;
 * *textp is the caller's to free, or NULL: none.  A key whose end sshd
 * cannot be told is not given out: -EPERM.
 */
static int
options_text(const struct nk_key *k, char **textp)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	const char *given = k->options;
	int r;

	*textp = NULL;
	if (given != NULL && given[0] == '\0')
		given = NULL;
	if (k->expires_at == INT64_MAX)
		return given != NULL && (*textp = strdup(given)) == NULL ?
		    -ENOMEM : 0;
	r = nk_keyoptions_add_expiry(given, (time_t)k->expires_at,
	    policy.sshd, textp);
	return r == 0 || r == -ENOMEM ? r : -EPERM;
}

static int
line_text(struct nk_keytext *t, const struct nk_key *k, const char *options,
    const char *base64, struct nk_put_keyline *l)
{
	size_t start = t->len;
	bool comment = k->comment != NULL && k->comment[0] != '\0';
	int r;

	if (options != NULL && (r = word_add(t, options, false)) < 0)
		return r;
	l->type_at = (uint32_t)(t->len - start);
	l->type_len = (uint32_t)strlen(k->type);
	if ((r = word_add(t, k->type, false)) < 0)
		return r;
	l->blob_at = (uint32_t)(t->len - start);
	l->blob_len = (uint32_t)strlen(base64);
	if ((r = word_add(t, base64, !comment)) < 0)
		return r;
	if (comment && (r = word_add(t, k->comment, true)) < 0)
		return r;
	if (t->len - start >
	    NK_RECORD_MAX - sizeof(struct nk_keyline_record))
		return -E2BIG;
	l->text_len = (uint32_t)(t->len - start);
	return 0;
}

static int
line_room(struct nk_keytext *t)
{
	struct nk_put_keyline *p;
	size_t room;

	if (t->count >= NK_KEYSET_MAX)
		return -E2BIG;
	if (t->count < t->room)
		return 0;
	room = t->room == 0 ? 8 : t->room * 2;
	if ((p = reallocarray(t->lines, room, sizeof(*p))) == NULL)
		return -ENOMEM;
	t->lines = p;
	t->room = room;
	return 0;
}

int
nk_keytext_add(struct nk_keytext *t, const struct nk_key *k)
{
	struct nk_put_keyline *l;
	size_t start = t->len;
	char *options, *base64;
	int r;

	if (k->kind != NK_KEY_KEY || k->type == NULL || k->blob == NULL ||
	    !is_one_line(k->options) || !is_one_line(k->type) ||
	    !is_one_line(k->comment))
		return 0;
	if ((r = line_room(t)) < 0)
		return r;
	if ((r = options_text(k, &options)) < 0)
		return r == -EPERM ? 0 : r;
	if ((r = nk_base64_encode(k->blob, k->blob_len, &base64)) < 0) {
		free(options);
		return r;
	}
	l = &t->lines[t->count];
	*l = (struct nk_put_keyline){
		.expires_at = k->expires_at,
		.flags = k->cert_authority ? NK_KEY_CERT_AUTHORITY : 0,
	};
	if ((r = line_text(t, k, options, base64, l)) < 0)
		t->len = start;
	else
		t->count++;
	free(base64);
	free(options);
	return r;
}

void
nk_keytext_set(struct nk_keytext *t, int64_t row, uint64_t from, uint64_t to,
    struct nk_put_keyset *put)
{
	const char *p = t->text;
	size_t i;

	for (i = 0; i < t->count; i++) {	/* the text has moved */
		t->lines[i].text = p;
		p += t->lines[i].text_len;
	}
	*put = (struct nk_put_keyset){
		.row = (uint64_t)row,
		.generation = { from, to },
		.lines = t->lines,
		.count = (uint32_t)t->count,
	};
}

void
nk_keytext_reset(struct nk_keytext *t)
{
	t->count = 0;
	t->len = 0;
}

void
nk_keytext_clear(struct nk_keytext *t)
{
	free(t->lines);
	free(t->text);
	*t = (struct nk_keytext){ 0 };
}
