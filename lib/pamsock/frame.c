/* SPDX-License-Identifier: ISC */
#include "lib/pamsock/frame.h"

#include <errno.h>
#include <string.h>

#include "lib/ssh/wire.h"

enum kind {
	NO_FIELD,
	USER,
	SECRET,
	TEXT,
	INFO,
	AGENT,			/* bytes: everything else is text */
};

static const struct {
	size_t	max;
	bool	empty;		/* may be */
	bool	text;		/* has no NUL */
} kinds[] = {
	[NO_FIELD] =	{ 0, false, false },
	[USER] =	{ NK_FRAME_USER_MAX, false, true },
	[SECRET] =	{ NK_FRAME_SECRET_MAX, true, true },
	[TEXT] =	{ NK_FRAME_TEXT_MAX, true, true },
	[INFO] =	{ NK_FRAME_INFO_MAX, true, true },
	[AGENT] =	{ NK_FRAME_AGENT_MAX, false, false },
};

static const struct {
	const char	*name;
	bool		 answered;
	enum kind	 fields[NK_FRAME_FIELDS_MAX];
} ops[NK_FRAME_OP_END] = {
	[NK_FRAME_VERIFY] =
	    { "VERIFY", true, { USER, SECRET } },
	[NK_FRAME_OTP] =
	    { "OTP", true, { USER, SECRET } },
	[NK_FRAME_FAILURE] =
	    { "FAILURE", true, { USER, TEXT, TEXT, TEXT } },
	[NK_FRAME_SUCCESS] =
	    { "SUCCESS", false, { USER, TEXT, TEXT, TEXT } },
	[NK_FRAME_SESSION_OPEN] =
	    { "SESSION_OPEN", false, { USER, TEXT, TEXT, TEXT, INFO } },
	[NK_FRAME_SESSION_CLOSE] =
	    { "SESSION_CLOSE", false, { USER, TEXT, TEXT } },
	[NK_FRAME_CHAUTHTOK] =
	    { "CHAUTHTOK", true, { USER, SECRET, SECRET } },
	[NK_FRAME_MKHOME] =
	    { "MKHOME", true, { USER } },
	[NK_FRAME_AGENT_CHALLENGE] =
	    { "AGENT_CHALLENGE", true, { USER, TEXT, TEXT } },
	[NK_FRAME_AGENT_VERIFY] =
	    { "AGENT_VERIFY", true, { AGENT } },
};

static bool
is_op(unsigned int op)
{
	return op < NK_FRAME_OP_END && ops[op].name != NULL;
}

size_t
nk_frame_nfields(enum nk_frame_op op)
{
	size_t n = 0;

	if (!is_op(op))
		return 0;
	while (n < NK_FRAME_FIELDS_MAX && ops[op].fields[n] != NO_FIELD)
		n++;
	return n;
}

bool
nk_frame_is_answered(enum nk_frame_op op)
{
	return is_op(op) && ops[op].answered;
}

const char *
nk_frame_name(enum nk_frame_op op)
{
	return is_op(op) ? ops[op].name : "unknown";
}

static size_t
most(enum nk_frame_op op)
{
	size_t i, n = nk_frame_nfields(op), len = 0;

	for (i = 0; i < n; i++)
		len += 4 + kinds[ops[op].fields[i]].max;
	return len;
}

static int
get_head(struct nk_wire *w, uint8_t *whatp, uint32_t *lenp)
{
	uint8_t version, zero[2];

	if (nk_wire_get_u8(w, &version) < 0 || nk_wire_get_u8(w, whatp) < 0 ||
	    nk_wire_get_u8(w, &zero[0]) < 0 ||
	    nk_wire_get_u8(w, &zero[1]) < 0 || nk_wire_get_u32(w, lenp) < 0)
		return -EBADMSG;
	return version == NK_FRAME_VERSION && zero[0] == 0 && zero[1] == 0 ?
	    0 : -EBADMSG;
}

static int
put_head(struct nk_wire_out *o, unsigned int what)
{
	const uint8_t head[4] = { NK_FRAME_VERSION, (uint8_t)what, 0, 0 };

	return nk_wire_put(o, head, sizeof(head));
}

int
nk_frame_length(const uint8_t head[static NK_FRAME_HEAD], size_t *lenp)
{
	struct nk_wire w = { .p = head, .left = NK_FRAME_HEAD };
	uint32_t len;
	uint8_t op;
	int r;

	if ((r = get_head(&w, &op, &len)) < 0)
		return r;
	if (!is_op(op) || len > most(op))
		return -EBADMSG;
	*lenp = NK_FRAME_HEAD + len;
	return 0;
}

/* 0, -EMSGSIZE or -EINVAL. */
static int
check_field(enum kind kind, const struct nk_frame_field *f)
{
	if (f->len > kinds[kind].max)
		return -EMSGSIZE;
	if (f->len == 0)
		return kinds[kind].empty ? 0 : -EINVAL;
	return kinds[kind].text && memchr(f->p, '\0', f->len) != NULL ?
	    -EINVAL : 0;
}

int
nk_frame_parse(const uint8_t *buf, size_t len, struct nk_frame *f)
{
	struct nk_wire w = { .p = buf, .left = len };
	struct nk_frame got = { 0 };
	size_t i, n;
	uint32_t rest;
	uint8_t op;
	int r;

	if ((r = get_head(&w, &op, &rest)) < 0)
		return r;
	if (!is_op(op) || rest != w.left)
		return -EBADMSG;
	got.op = op;
	n = nk_frame_nfields(got.op);
	for (i = 0; i < n; i++) {
		if (nk_wire_get_string(&w, &got.field[i].p,
		    &got.field[i].len) < 0 ||
		    check_field(ops[op].fields[i], &got.field[i]) < 0)
			return -EBADMSG;
	}
	if ((r = nk_wire_get_end(&w)) < 0)
		return r;
	*f = got;
	return 0;
}

int
nk_frame_write(const struct nk_frame *f, uint8_t *buf, size_t room,
    size_t *lenp)
{
	struct nk_wire_out o = { .p = buf, .left = room };
	size_t i, n, len = 0;
	int r;

	if ((n = nk_frame_nfields(f->op)) == 0)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if ((r = check_field(ops[f->op].fields[i], &f->field[i])) < 0)
			return r;
		len += 4 + f->field[i].len;
	}
	if ((r = put_head(&o, f->op)) < 0 ||
	    (r = nk_wire_put_u32(&o, (uint32_t)len)) < 0)
		return r;
	for (i = 0; i < n; i++) {
		if ((r = nk_wire_put_string(&o, f->field[i].p,
		    f->field[i].len)) < 0)
			return r;
	}
	*lenp = room - o.left;
	return 0;
}

void
nk_frame_set(struct nk_frame *f, size_t i, const char *text)
{
	if (i >= NK_FRAME_FIELDS_MAX)
		return;
	f->field[i].p = (const uint8_t *)text;
	f->field[i].len = text != NULL ? strlen(text) : 0;
}

static size_t
text_max(enum nk_frame_code code)
{
	return code == NK_FRAME_CONTINUE ? NK_FRAME_AGENT_MAX :
	    NK_FRAME_TEXT_MAX;
}

int
nk_frame_answer_head(const uint8_t head[static NK_FRAME_ANSWER_HEAD],
    enum nk_frame_code *codep, size_t *textp)
{
	struct nk_wire w = { .p = head, .left = NK_FRAME_ANSWER_HEAD };
	uint32_t len;
	uint8_t code;
	int r;

	if ((r = get_head(&w, &code, &len)) < 0)
		return r;
	if (code == 0 || code >= NK_FRAME_CODE_END || len > text_max(code))
		return -EBADMSG;
	*codep = code;
	*textp = len;
	return 0;
}

int
nk_frame_answer_write(enum nk_frame_code code, const void *text, size_t len,
    uint8_t *buf, size_t room, size_t *lenp)
{
	struct nk_wire_out o = { .p = buf, .left = room };
	int r;

	if (code == 0 || code >= NK_FRAME_CODE_END)
		return -EINVAL;
	if (len > text_max(code))
		return -EMSGSIZE;
	if ((r = put_head(&o, code)) < 0 ||
	    (r = nk_wire_put_string(&o, text, len)) < 0)
		return r;
	*lenp = room - o.left;
	return 0;
}
