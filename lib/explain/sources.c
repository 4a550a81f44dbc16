/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/keyfiles.h"
#include "lib/account/textfile.h"
#include "lib/explain/authline.h"
#include "lib/explain/command.h"
#include "lib/explain/parts.h"
#include "lib/ssh/base64.h"

#define CA_FILE_MAX	(4u << 20)

void
nk_refusals_add(struct nk_refusals *rs, unsigned int rank, const char *id,
    const char *remedy, const char *fmt, ...)
{
	struct nk_explain *x = rs->e->x;
	char text[NK_EXPLAIN_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nk_explain_say(x, id, NK_EXPLAIN_WARN, remedy, "%s", text);
	if (!x->failed && rank > rs->rank) {
		rs->rank = rank;
		rs->step = x->n - 1;
	}
}

struct nk_judge
nk_explain_judge(const struct nk_explaining *e)
{
	return (struct nk_judge){
		.user = e->q->user,
		.address = e->q->address,
		.now = e->q->now,
		.version = e->version,
		.use_dns = nk_setting_is(&e->settings, "usedns", "yes"),
	};
}

int
nk_judge_text(const struct nk_explaining *e, const struct nk_examined *k,
    const char *text, size_t len, struct nk_judgement *j)
{
	const struct nk_judge q = nk_explain_judge(e);
	struct nk_authline l;
	uint8_t *blob;
	size_t blob_len;
	int r;

	*j = (struct nk_judgement){ .judged = NK_JUDGED_OTHER };
	if (nk_authline_split(text, len, &l) < 0)
		return 0;
	r = nk_base64_decode(l.base64, l.base64_len, &blob, &blob_len);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = nk_judge_line(&q, k, l.options, l.options_len, blob, blob_len,
	    j);
	free(blob);
	return r;
}

int
nk_refusals_judge(struct nk_refusals *rs, const struct nk_examined *k,
    const char *id, const char *where, const char *text, size_t len,
    struct nk_judgement *j)
{
	int r;

	if ((r = nk_judge_text(rs->e, k, text, len, j)) < 0 ||
	    j->judged == NK_JUDGED_OTHER)
		return r;
	if (j->judged == NK_JUDGED_REFUSED) {
		if (j->unknown)
			rs->e->x->unknown = true;
		nk_refusals_add(rs, NK_TELLS_LINE, "options", j->remedy,
		    "%s has the key, but sshd refuses it: %s", where, j->why);
		return 0;
	}
	nk_explain_say(rs->e->x, id, NK_EXPLAIN_OK, NULL,
	    "%s has the key.", where);
	if (j->command || j->restricted)
		nk_explain_say(rs->e->x, "options", NK_EXPLAIN_INFO, NULL,
		    j->command ? "It may run one command only, the one that "
		    "its line or certificate says." : "It may log in, but "
		    "not forward anything unless its line says so "
		    "(restrict).");
	return 1;
}

/* ---- AuthorizedKeysFile ---- */

bool
nk_explain_next_file(struct nk_explaining *e, struct nk_file_walk *w)
{
	const struct nk_keyfiles k = { .user = e->q->user,
	    .home = e->account->home, .uid = e->account->uid };
	const char *word;
	size_t len;

	if (w->left == NULL)
		w->left = nk_setting(&e->settings, "authorizedkeysfile");
	while (w->left != NULL &&
	    (word = nk_setting_word(&w->left, &len)) != NULL) {
		if (len == 4 && strncasecmp(word, "none", 4) == 0)
			continue;
		if (nk_keyfiles_expand(&k, word, len, w->path,
		    sizeof(w->path)) == 0)
			return true;
		nk_explain_doubt(e->x, "authorized_keys_file", NULL,
		    "sshd reads a file whose name is not understood here: "
		    "%.*s", (int)(len < 512 ? len : 512), word);
	}
	return false;
}

struct nk_authfile_question
nk_explain_authfile(const struct nk_explaining *e, const char *path,
    const struct nk_examined *k)
{
	return (struct nk_authfile_question){
		.account = e->account,
		.path = path,
		.strict = nk_setting_is(&e->settings, "strictmodes", "yes"),
		.lone_group = e->lone_group,
		.blob = k != NULL ? k->wanted : NULL,
		.blob_len = k != NULL ? k->wanted_len : 0,
		.seconds = e->q->seconds,
		.keep = e->q->keep,
		.hangs = e->q->hangs,
	};
}

/* The file cannot be used; does it hold the key all the same? */
static void
say_fault(struct nk_refusals *rs, const char *path,
    const struct nk_modes *m, bool holds)
{
	unsigned int rank = holds ? NK_TELLS_LINE : NK_TELLS_NOTHING;
	const char *id = "strict_modes", *has = holds ? "; it holds the key"
	    : "";

	switch (m->fault) {
	case NK_MODES_FINE:
		return;
	case NK_MODES_ABSENT:
		nk_explain_say(rs->e->x, "authorized_keys_file",
		    NK_EXPLAIN_INFO, NULL, "%s is not there.", path);
		return;
	case NK_MODES_CLOSED:
		nk_refusals_add(rs, NK_TELLS_CLOSED, "authorized_keys_file",
		    "Let the user read the file and pass through the folders "
		    "above it.", "sshd cannot open %s as the user: %s.", path,
		    strerror(m->number));
		return;
	case NK_MODES_NOT_REGULAR:
		nk_refusals_add(rs, NK_TELLS_CLOSED, "authorized_keys_file",
		    "Put a regular file there.", "%s is no regular file.",
		    path);
		return;
	case NK_MODES_OWNER:
		nk_refusals_add(rs, rank, id, "Give it to the user with "
		    "chown(1).", "sshd does not trust %s (StrictModes): %s "
		    "belongs to uid %u, neither the user nor root%s.", path,
		    m->path, m->owner, has);
		return;
	case NK_MODES_WRITABLE:
		nk_refusals_add(rs, rank, id, "\"chmod go-w\" on it.",
		    "sshd does not trust %s (StrictModes): %s can be written "
		    "by others (mode %04o)%s.", path, m->path, m->mode, has);
		return;
	}
}

/* 1: a line takes the key; 0: none does. */
static int
look_at_lines(struct nk_refusals *rs, const char *path,
    const struct nk_examined *k, struct nk_authfile *f,
    struct nk_judgement *j)
{
	char where[PATH_MAX + 32];
	const char *text;
	uint32_t line;
	size_t len;
	bool any = false;
	int r = 0;

	while (r == 0 && nk_authfile_next(f, &line, &text, &len)) {
		any = true;
		(void)snprintf(where, sizeof(where), "%s:%u", path, line);
		r = nk_refusals_judge(rs, k, "authorized_keys_file", where,
		    text, len, j);
	}
	if (r == 0 && !any)
		nk_explain_say(rs->e->x, "authorized_keys_file",
		    NK_EXPLAIN_INFO, NULL, "%s does not have the key.", path);
	return r;
}

static int
look_at_file(struct nk_refusals *rs, const char *path,
    const struct nk_examined *k, struct nk_judgement *j)
{
	const struct nk_authfile_question q = nk_explain_authfile(rs->e, path,
	    k);
	struct nk_authfile f;
	const char *text;
	uint32_t line;
	size_t len;
	int r;

	r = nk_authfile_read(&q, &f);
	if (r == 0 && f.modes.fault == NK_MODES_FINE)
		r = look_at_lines(rs, path, k, &f, j);
	else if (r == 0)
		say_fault(rs, path, &f.modes, nk_authfile_next(&f, &line,
		    &text, &len));
	else if (r != -ENOMEM) {
		nk_explain_doubt(rs->e->x, "authorized_keys_file", "See that "
		    "the file system of the home answers.", "%s cannot be "
		    "looked at: %s.", path, strerror(-r));
		r = 0;
	}
	nk_authfile_clear(&f);
	return r;
}

/* ---- TrustedUserCAKeys ---- */

static bool
trusts(const char *path, const struct nk_examined *k)
{
	struct nk_authline l;
	const char *p;
	char *text;
	uint8_t *blob;
	size_t len, blob_len, n;
	bool yes = false;

	if (nk_textfile_read(AT_FDCWD, path, CA_FILE_MAX, &text, &len) < 0)
		return false;
	for (p = text; !yes && *p != '\0'; p += n + (p[n] != '\0')) {
		n = strcspn(p, "\n");
		if (nk_authline_split(p, n, &l) < 0 || nk_base64_decode(
		    l.base64, l.base64_len, &blob, &blob_len) < 0)
			continue;
		yes = blob_len == k->wanted_len &&
		    memcmp(blob, k->wanted, blob_len) == 0;
		free(blob);
	}
	free(text);
	return yes;
}

/* 1: sshd itself trusts the authority, and the certificate is good. */
static int
look_at_trusted(struct nk_refusals *rs, const struct nk_examined *k,
    struct nk_judgement *j)
{
	struct nk_explaining *e = rs->e;
	const char *path = nk_setting(&e->settings, "trustedusercakeys");
	const struct nk_judge q = nk_explain_judge(e);

	if (!nk_examined_is_certificate(k) || nk_setting_is_none(path))
		return 0;
	if (!e->q->may_see && !nk_explain_is_public(path)) {
		nk_explain_doubt(e->x, "trusted_user_ca_keys", "Ask an "
		    "administrator.", "Only root may read which authorities "
		    "sshd trusts.");
		return 0;
	}
	if (!trusts(path, k)) {
		nk_explain_say(e->x, "trusted_user_ca_keys", NK_EXPLAIN_INFO,
		    NULL, "%s does not have the certificate's authority.",
		    path);
		return 0;
	}
	if (!nk_setting_is_none(nk_setting(&e->settings,
	    "authorizedprincipalsfile")) ||
	    !nk_setting_is_none(nk_setting(&e->settings,
	    "authorizedprincipalscommand"))) {
		nk_explain_doubt(e->x, "trusted_user_ca_keys", "Look whether "
		    "it has one of the certificate's principals.", "%s has "
		    "the certificate's authority, but which principals are "
		    "the user's is said by AuthorizedPrincipalsFile or "
		    "-Command.", path);
		return 0;
	}
	nk_judge_certificate(&q, k, q.user, j);
	if (j->judged != NK_JUDGED_TAKEN) {
		nk_refusals_add(rs, NK_TELLS_LINE, "certificate", j->remedy,
		    "%s has the certificate's authority, but sshd refuses "
		    "it: %s", path, j->why);
		return 0;
	}
	nk_explain_say(e->x, "trusted_user_ca_keys", NK_EXPLAIN_OK, NULL,
	    "%s has the certificate's authority.", path);
	return 1;
}

/* ---- all of them ---- */

static int
ask_sources(struct nk_refusals *rs, const struct nk_examined *k,
    struct nk_judgement *j)
{
	struct nk_file_walk w = { .left = NULL };
	int r = 0;

	while (r == 0 && nk_explain_next_file(rs->e, &w))
		r = look_at_file(rs, w.path, k, j);
	if (r == 0)
		r = look_at_trusted(rs, k, j);
	if (r == 0)
		r = nk_explain_command(rs, k, j);
	return r;
}

int
nk_explain_sources(struct nk_explaining *e, const struct nk_examined *k,
    struct nk_judgement *j)
{
	struct nk_refusals rs = { .e = e };
	bool unknown = e->x->unknown;
	int r;

	if ((r = ask_sources(&rs, k, j)) < 0)
		return r;
	if (r == 1) {	/* what was unclear before has not decided */
		e->x->unknown = unknown;
		return 1;
	}
	if (rs.rank > NK_TELLS_NOTHING && !e->x->unknown)
		e->x->steps[rs.step].state = NK_EXPLAIN_STOP;
	else if (!e->x->unknown)
		nk_explain_say(e->x, "no_key", NK_EXPLAIN_STOP,
		    "\"naskeysctl key add\" gives the user a key.",
		    "Nothing that sshd asks has the key %s.",
		    k->fingerprint);
	return 0;
}
