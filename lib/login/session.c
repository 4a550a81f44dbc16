/* SPDX-License-Identifier: ISC */
/*
 * Sessions: when a user has logged in last, and with which key from where.
 * sshd tells the key in SSH_AUTH_INFO_0, a line for each method that it
 * accepted: "publickey", the key's type and its blob in base64.  Of a
 * certificate it is the authority's key that stands in a line of ours.  The
 * keys are kept with the session, which ends with them when they are revoked.
 *
 * A home may be there now that was away when a user's keys were changed: its
 * authorized_keys file is seen to after all else.  Nobody waits for it, since
 * the frame has no answer.
 *
 * The session's process is the one that connected: the kernel says which it
 * is, and the time at which it was started tells it from a later one with
 * the same number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "lib/account/process.h"
#include "lib/keyfile/apply.h"
#include "lib/login/login.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyblob.h"
#include "lib/store/sessions.h"

#define METHOD		"publickey "
#define KEYS_MAX	8	/* that one login is made with */

struct used {
	char	*fingerprint;	/* of the line's key */
	char	*own;		/* of the key in a certificate, or NULL */
	bool	 authority;
};

struct record {
	int64_t		 user_id;
	int64_t		 now;
	const char	*rhost;
	struct used	 keys[KEYS_MAX];
	size_t		 n;
};

static void
record_clear(struct record *rec)
{
	while (rec->n > 0) {
		free(rec->keys[--rec->n].fingerprint);
		free(rec->keys[rec->n].own);
	}
}

/* sshd took the key, whatever its size. */
static int
take_blob(struct used *u, const uint8_t *blob, size_t len)
{
	struct nk_keypolicy any = NK_KEYPOLICY_DEFAULT;
	struct nk_keyblob kb;
	int r;

	any.rsa_min_bits = NK_RSA_BITS_FLOOR;
	if ((r = nk_keyblob_parse(blob, len, &any, &kb, NULL)) < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	*u = (struct used){ .authority = kb.type->certificate };
	if (!u->authority)
		return nk_fingerprint_sha256(blob, len, &u->fingerprint);
	if ((r = nk_fingerprint_sha256(blob, len, &u->own)) < 0)
		return r;
	r = nk_fingerprint_sha256(kb.cert.ca_blob, kb.cert.ca_blob_len,
	    &u->fingerprint);
	if (r < 0)
		free(u->own);
	return r;
}

/* The third word of a line, of a key. */
static int
take_key(struct record *rec, const char *line, size_t len)
{
	const char *word = line + strlen(METHOD), *end = line + len;
	uint8_t *blob;
	size_t blob_len;
	int r;

	if ((word = memchr(word, ' ', (size_t)(end - word))) == NULL)
		return -EBADMSG;
	word++;
	if ((r = nk_base64_decode(word, strcspn(word, " \n"), &blob,
	    &blob_len)) < 0)
		return r;
	if ((r = take_blob(&rec->keys[rec->n], blob, blob_len)) == 0)
		rec->n++;
	free(blob);
	return r;
}

/* What is not understood names no key of ours. */
static int
take_info(struct record *rec, const char *info)
{
	size_t len;
	int r;

	for (; *info != '\0'; info += len + (info[len] == '\n')) {
		len = strcspn(info, "\n");
		if (rec->n == KEYS_MAX || len < strlen(METHOD) ||
		    memcmp(info, METHOD, strlen(METHOD)) != 0)
			continue;
		r = take_key(rec, info, len);
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return 0;
}

static bool
was_used(const struct record *rec, const struct nk_key *k)
{
	size_t i;

	for (i = 0; i < rec->n; i++) {
		if (k->kind == NK_KEY_KEY &&
		    k->cert_authority == rec->keys[i].authority &&
		    strcmp(k->fingerprint, rec->keys[i].fingerprint) == 0)
			return true;
	}
	return false;
}

static int
write_record(struct nk_store *s, void *arg)
{
	const struct record *rec = arg;
	struct nk_keys ks;
	size_t i;
	int r;

	if ((r = nk_user_set_last_login(s, rec->user_id, rec->now)) < 0 ||
	    rec->n == 0)
		return r;
	if ((r = nk_keys_of_user(s, rec->user_id, &ks)) < 0)
		return r;
	for (i = 0; r == 0 && i < ks.n; i++) {
		if (was_used(rec, &ks.v[i]))
			r = nk_key_set_last_used(s, ks.v[i].id, rec->now,
			    rec->rhost);
	}
	nk_keys_clear(&ks);
	return r;
}

/* Whichever of them is revoked, the session is one of its. */
static struct nk_session_keys
keys_of(const struct record *rec)
{
	struct nk_session_keys keys = { .n = 0 };
	size_t i;

	_Static_assert(sizeof(keys.v) / sizeof(keys.v[0]) == 2 * KEYS_MAX,
	    "room for a certificate's two");
	for (i = 0; i < rec->n; i++) {
		keys.v[keys.n++] = rec->keys[i].fingerprint;
		if (rec->keys[i].own != NULL)
			keys.v[keys.n++] = rec->keys[i].own;
	}
	return keys;
}

/* A process that has gone has no session. */
static int
remember_session(struct nk_login *l, const struct nk_user *u,
    const char *service, const char *tty, const struct record *rec)
{
	const struct nk_session_keys keys = keys_of(rec);
	struct nk_user_session s = { .user_id = u->id,
	    .pid = l->c->caller->pid, .service = service, .tty = tty,
	    .rhost = rec->rhost != NULL ? rec->rhost : "",
	    .since = (int64_t)time(NULL) };
	int r;

	if (s.pid <= 0)
		return 0;
	r = nk_process_start((pid_t)s.pid, &s.start);
	if (r == 0)
		r = nk_sessions_add(l->c->session, &s, &keys);
	return r == -ESRCH ? 0 : r;
}

int
nk_login_session_open(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	char service[NK_FRAME_TEXT_MAX + 1], rhost[NK_FRAME_TEXT_MAX + 1];
	char tty[NK_FRAME_TEXT_MAX + 1], info[NK_FRAME_INFO_MAX + 1];
	const struct nk_keyfile_work homes = { .publisher = l->c->publisher,
	    .state = l->c->state, .conf = l->c->conf };
	struct record rec = { .user_id = u->id, .now = (int64_t)time(NULL) };
	int r, kept;

	if ((r = nk_login_text(&f->field[1], service,
	    sizeof(service))) < 0 ||
	    (r = nk_login_text(&f->field[2], rhost, sizeof(rhost))) < 0 ||
	    (r = nk_login_text(&f->field[3], tty, sizeof(tty))) < 0 ||
	    (r = nk_login_text(&f->field[4], info, sizeof(info))) < 0)
		return r;
	rec.rhost = rhost[0] != '\0' ? rhost : NULL;
	r = take_info(&rec, info);
	kept = remember_session(l, u, service, tty, &rec);
	if (r == 0)
		r = nk_publisher_record(l->c->publisher, write_record, &rec);
	record_clear(&rec);
	nk_login_say(a, NK_FRAME_OK, NULL);
	if (r == 0)
		r = nk_keyfile_session(&homes, u->id);
	return r < 0 ? r : kept;
}

int
nk_login_session_close(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	int r;

	(void)f;
	if ((r = nk_sessions_remove(l->c->session, u->id,
	    l->c->caller->pid)) == 0)
		nk_login_say(a, NK_FRAME_OK, NULL);
	return r;
}
