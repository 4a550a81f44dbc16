/* SPDX-License-Identifier: ISC */
#include "lib/remote/pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/remote/dial.h"
#include "lib/remote/said.h"
#include "lib/ssh/wire.h"

#define CONNECTIONS	2	/* one for each protocol that is tried */
#define REQUEST_MAX	(NK_REMOTE_LINE_MAX + 4096u)
#define SECRETS_MAX	(4 * (NK_PAIR_SECRET_MAX + 4))

static const char prefix[] = "SHA256:";

/* ---- fingerprints ---- */

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
nk_pair_read_fingerprint(const char *text, uint8_t digest[NK_PAIR_DIGEST])
{
	int high, low;
	size_t i;

	if (strncasecmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	for (i = 0; i < NK_PAIR_DIGEST; i++) {
		if (i > 0 && *text == ':')
			text++;
		if ((high = nibble(text[0])) == -1 ||
		    (low = nibble(text[1])) == -1)
			return -EINVAL;
		digest[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return *text == '\0' ? 0 : -EINVAL;
}

static void
write_fingerprint(const uint8_t *digest, char *text)
{
	size_t i, at = sizeof(prefix) - 1;

	memcpy(text, prefix, sizeof(prefix));
	for (i = 0; i < NK_PAIR_DIGEST; i++)
		at += (size_t)snprintf(text + at,
		    NK_PAIR_FINGERPRINT_SIZE - at, i == 0 ? "%02X" :
		    ":%02X", digest[i]);
}

/* ---- what the child is told ---- */

static int
make_request(const struct nk_remote_pairing *a, enum nk_pair_work work,
    uint32_t flags, uint8_t *request, size_t *lenp)
{
	struct nk_wire_out o = { request, REQUEST_MAX };

	if (nk_wire_put_u32(&o, work) < 0 ||
	    nk_wire_put_u32(&o, flags) < 0 ||
	    nk_wire_put_u32(&o, a->url->tls) < 0 ||
	    nk_wire_put_string(&o, a->url->host, strlen(a->url->host)) < 0 ||
	    nk_wire_put_u32(&o, a->url->port) < 0 ||
	    nk_wire_put_string(&o, a->url->path, strlen(a->url->path)) < 0 ||
	    nk_wire_put_string(&o, a->user, strlen(a->user)) < 0 ||
	    nk_wire_put_string(&o, a->line, strlen(a->line)) < 0 ||
	    nk_wire_put_string(&o, a->fingerprint,
	    strlen(a->fingerprint)) < 0)
		return -E2BIG;
	*lenp = REQUEST_MAX - o.left;
	return 0;
}

static int
put_secret(struct nk_wire_out *o, const struct nk_secret *s)
{
	return nk_wire_put_string(o, s->len == 0 ? "" : (const char *)s->p,
	    s->len);
}

static int
tell_secrets(struct nk_remote_paired *p)
{
	const struct nk_remote_pairing *a = p->asked;
	struct nk_secret all = NK_SECRET_NONE;
	struct nk_wire_out o;
	int r;

	if ((r = nk_secret_reserve(&all, SECRETS_MAX)) < 0)
		return r;
	o = (struct nk_wire_out){ all.p, SECRETS_MAX };
	if (nk_wire_put_string(&o, a->admin, strlen(a->admin)) < 0 ||
	    put_secret(&o, a->password) < 0 || put_secret(&o, a->otp) < 0 ||
	    put_secret(&o, a->token) < 0)
		r = -E2BIG;
	else
		r = nk_remote_tell(&p->talk, NK_REMOTE_MSG_GO, all.p,
		    SECRETS_MAX - o.left);
	all.len = SECRETS_MAX - o.left;
	nk_secret_clear(&all);
	return r;
}

/* ---- what it says ---- */

static int
lie(struct nk_remote_paired *p)
{
	return nk_remote_fail(&p->talk, NK_REMOTE_FAILED, NULL, 0);
}

/* The next message, which brings no descriptor. */
static int
hear(struct nk_remote_paired *p, struct nk_secret *bytes, uint32_t *typep,
    struct nk_remote_said *said)
{
	int fd, r;

	if ((r = nk_remote_hear(&p->talk, typep, bytes, &fd)) < 0)
		return r;
	if (fd != -1)
		nk_sandbox_drop(fd);
	if (fd != -1 || nk_remote_said_read(*typep, bytes->p, bytes->len,
	    said) < 0)
		return lie(p);
	return 0;
}

/* Is it one to which a secret may go? */
static int
judge(struct nk_remote_paired *p, const struct nk_remote_said *said)
{
	static const char other[] = "it is another one than the pinned one";
	const struct nk_remote_pairing *a = p->asked;

	if ((said->digest != NULL) != a->url->tls)
		return lie(p);
	if (said->digest == NULL)
		return 0;
	write_fingerprint(said->digest, p->certificate);
	if (a->pin != NULL) {
		p->trusted = memcmp(a->pin, said->digest,
		    NK_PAIR_DIGEST) == 0;
		return p->trusted ? 0 : nk_remote_fail(&p->talk,
		    NK_REMOTE_UNTRUSTED, other, sizeof(other) - 1);
	}
	p->trusted = said->trusted;
	if (p->trusted || !a->verify)
		return 0;
	return nk_remote_fail(&p->talk, NK_REMOTE_UNTRUSTED, said->bytes,
	    said->len);
}

static int
add_key(struct nk_remote_paired *p, const struct nk_remote_said *said)
{
	int r = nk_hostkeys_add(&p->keys, said->bytes, said->len);

	/* one of a type that is not taken, or without room, is not missed */
	if (r == -EPERM || r == -E2BIG)
		return 0;
	return r == 0 || r == -ENOMEM ? r : nk_remote_fail(&p->talk,
	    NK_REMOTE_BROKEN, NULL, 0);
}

/* What it may change from now on stands in p->flags. */
static int
agree(struct nk_remote_paired *p, uint32_t flags)
{
	int r;

	p->planned = true;
	p->flags = flags;
	if ((r = nk_remote_tell(&p->talk, NK_REMOTE_MSG_GO, NULL, 0)) == 0)
		p->agreed = true;
	return r;
}

/* 1: go on; 0: that was all; -errno. */
static int
take(struct nk_remote_paired *p, uint32_t type,
    const struct nk_remote_said *said, bool look)
{
	static const char none[] = "it says no host key that is taken";
	bool planned = p->planned;
	int r;

	switch (type) {
	case NK_REMOTE_MSG_PLAN:
		if (planned)
			return lie(p);
		if (!look)
			return (r = agree(p, said->pairing)) < 0 ? r : 1;
		p->planned = true;
		p->flags = said->pairing;
		return 1;
	case NK_REMOTE_MSG_HOST_KEY:
		if (!planned || look)
			return lie(p);
		return (r = add_key(p, said)) < 0 ? r : 1;
	case NK_REMOTE_MSG_PAIRED:
		if (!planned || look || p->port != 0)
			return lie(p);
		p->port = said->port;
		return p->keys.n > 0 ? 1 : nk_remote_fail(&p->talk,
		    NK_REMOTE_BROKEN, none, sizeof(none) - 1);
	case NK_REMOTE_MSG_DONE:
		return planned && (look || p->port != 0) ? 0 : lie(p);
	default:
		return lie(p);
	}
}

static int
hear_certificate(struct nk_remote_paired *p, struct nk_secret *bytes)
{
	struct nk_remote_said said;
	uint32_t type;
	int r;

	if ((r = hear(p, bytes, &type, &said)) < 0)
		return r;
	if (type != NK_REMOTE_MSG_CERTIFICATE)
		return lie(p);
	if ((r = judge(p, &said)) < 0)
		return r;
	return tell_secrets(p);
}

/* ---- a child and what it does ---- */

static int
start(struct nk_remote_paired *p, const struct nk_sandbox *sb,
    enum nk_pair_work work, uint32_t flags)
{
	uint8_t request[REQUEST_MAX];
	int fds[CONNECTIONS], r;
	size_t n, len;

	if ((r = make_request(p->asked, work, flags, request, &len)) < 0)
		return r;
	p->target = (struct nk_remote_target){ p->asked->url->host,
	    p->asked->url->port, p->asked->seconds };
	nk_remote_begin(&p->talk, &p->target, &p->report);
	p->talk.each = true;
	if ((r = nk_remote_dial(&p->talk, sb, fds, CONNECTIONS, &n)) < 0)
		return r;
	r = nk_remote_start(&p->talk, sb, NK_REMOTE_PAIR_TASK, fds, n,
	    request, len);
	while (n > 0)
		nk_sandbox_drop(fds[--n]);
	return r;
}

/*
 * What was planned is not done where it was not told to go on, or was refused.
 * How far it has come beyond that need not have been heard.
 */
static void
keep_done(struct nk_remote_paired *p)
{
	enum nk_remote_fault fault = p->report.fault;

	if (!p->agreed)
		p->flags &= ~NK_PAIR_CHANGES;
	else if (fault == NK_REMOTE_NOT_PAIRED ||
	    fault == NK_REMOTE_NOT_UPDATED)
		p->flags &= ~(NK_PAIR_SHELL | NK_PAIR_SUDO);
}

int
nk_remote_pair(const struct nk_sandbox *sb,
    const struct nk_remote_pairing *asked, bool look,
    struct nk_remote_paired *p)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	struct nk_remote_said said;
	uint32_t type;
	int r;

	memset(p, 0, sizeof(*p));
	p->talk.child = NK_SANDBOX_CHILD_NONE;
	p->asked = asked;
	if ((r = start(p, sb, look ? NK_PAIR_LOOK : NK_PAIR_PAIR,
	    asked->sudo ? NK_PAIR_SUDO : 0)) < 0)
		return r;
	if ((r = hear_certificate(p, &bytes)) == 0) {
		do {
			if ((r = hear(p, &bytes, &type, &said)) == 0)
				r = take(p, type, &said, look);
		} while (r > 0);
	}
	if (r == 0)
		nk_remote_step_done(&p->report);
	else
		keep_done(p);
	nk_secret_clear(&bytes);
	return r;
}

/* ---- taking it back ---- */

static bool
is_undoing(const struct nk_remote_report *r)
{
	return r->n > 0 && r->steps[r->n - 1].step == NK_REMOTE_UNDO;
}

/* What it still had to say of the pairing comes before the step. */
static int
hear_undone(struct nk_remote_paired *p, struct nk_secret *bytes)
{
	struct nk_remote_said said;
	uint32_t type;
	int r;

	do {
		if ((r = hear(p, bytes, &type, &said)) < 0)
			return r;
	} while (!is_undoing(&p->report));
	if (type != NK_REMOTE_MSG_DONE)
		return lie(p);
	p->flags &= ~NK_PAIR_CHANGES;
	return 0;
}

/* By the child that has done it, if it is there and can. */
static int
undo_here(struct nk_remote_paired *p, struct nk_secret *bytes)
{
	struct nk_sandbox_child child = p->talk.child;
	int r;

	if (child.fd == -1)
		return -EIO;
	nk_remote_begin(&p->talk, &p->target, &p->report);
	p->talk.child = child;
	p->talk.each = true;
	if ((r = nk_remote_tell(&p->talk, NK_REMOTE_MSG_UNDO, NULL, 0)) == 0)
		r = hear_undone(p, bytes);
	return r;
}

int
nk_remote_unpair(const struct nk_sandbox *sb, struct nk_remote_paired *p)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	int r;

	if ((p->flags & NK_PAIR_CHANGES) == 0)
		return 0;
	if ((r = undo_here(p, &bytes)) == -EIO) {
		nk_remote_end(&p->talk);
		if ((r = start(p, sb, NK_PAIR_UNDO, p->flags)) == 0 &&
		    (r = hear_certificate(p, &bytes)) == 0)
			r = hear_undone(p, &bytes);
	}
	nk_remote_end(&p->talk);
	nk_secret_clear(&bytes);
	return r;
}

void
nk_remote_pair_end(struct nk_remote_paired *p)
{
	nk_remote_end(&p->talk);
	nk_hostkeys_clear(&p->keys);
}
