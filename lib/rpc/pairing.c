/* SPDX-License-Identifier: ISC */
#include "lib/rpc/pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/keychain_private.h"
#include "lib/rpc/remark.h"
#include "lib/ssh/fingerprint.h"

#define SENTENCE_MAX	2048

/* ---- what has failed ---- */

static int
say_untrusted(const struct nk_pairing *p, struct nk_error *e)
{
	return nk_error_call(e, NK_ESSLCERT, "Unable to connect to remote "
	    "system: %s.  It has the fingerprint %s: where that is what its "
	    "administrator sees there (naskeysctl gateway show), pin it with "
	    "--pin-certificate (certificate_fingerprint)",
	    p->paired.report.reason, p->paired.certificate);
}

/* Does the fault belong to the way there, or to what is done there? */
static bool
has_entered(const struct nk_remote_report *report)
{
	return report->n > 0 &&
	    report->steps[report->n - 1].step > NK_REMOTE_ENTER;
}

/* In the peer's words. */
static int
say_fault(const struct nk_pairing *p, struct nk_error *e)
{
	const struct nk_remote_report *report = &p->paired.report;

	switch (report->fault) {
	case NK_REMOTE_UNTRUSTED:
		return say_untrusted(p, e);
	case NK_REMOTE_NO_ENTRY:
		return nk_error_call(e, EFAULT, "%s", report->reason);
	case NK_REMOTE_NOT_PAIRED:
		return nk_error_call(e, EFAULT, "Semi-automatic SSH "
		    "connection setup failed: %s.  Please make sure that "
		    "home directory for %s user on the remote system exists "
		    "and is writeable", report->reason, p->asked.user);
	case NK_REMOTE_NOT_UPDATED:
		return nk_error_call(e, EFAULT, "Error updating remote user "
		    "attributes: %s", report->reason);
	default:
		return nk_error_call(e, EFAULT, has_entered(report) ?
		    "Semi-automatic SSH connection setup failed: %s" :
		    "Unable to connect to remote system: %s",
		    report->reason);
	}
}

/* ---- the other machine ---- */

static int
get_sandbox(struct nk_sandbox *sb, struct nk_error *e)
{
	int r = nk_keychain_sandbox(sb, e);

	sb->program = NK_REMOTE_PROGRAM;
	return r;
}

/* Whoever listens on the way gets to know the password: that is said. */
static void
warn(struct nk_context *c, const struct nk_pairing *p)
{
	const struct nk_subject subject = { "credential", 0, p->name };
	bool unknown = p->url.tls && !p->asked.verify && p->asked.pin == NULL;
	char text[SENTENCE_MAX];

	if (nk_url_is_loopback(&p->url) || (p->url.tls && !unknown))
		return;
	(void)snprintf(text, sizeof(text), "The password or token for %s is "
	    "sent %s", p->url.host, unknown ? "without knowing who is there: "
	    "its certificate is not verified" : "without TLS: whoever is on "
	    "the way can read it");
	nk_remark(c, p->action, &subject, text);
}

/* Whoever is killed in between takes nothing back: it is said before. */
static int
note(struct nk_context *c, const struct nk_pairing *p, struct nk_error *e)
{
	const struct nk_subject subject = { "credential", 0, p->name };
	char text[SENTENCE_MAX];
	int r;

	(void)snprintf(text, sizeof(text), "Begin to pair connection %s with "
	    "%s at %s: key %s", p->name, p->asked.user, p->url.host,
	    p->fingerprint);
	r = nk_remark_audit(c, p->action, &subject, text);
	if (r < 0 && r != -EINPROGRESS)
		return nk_error_call(e, -r, "The audit log cannot be written "
		    "(%s), and nothing was changed", strerror(-r));
	return 0;
}

/* The key lets in behind the host keys that came with it. */
static int
try_login(const struct nk_sandbox *sb, const struct nk_pairing *p,
    struct nk_error *e)
{
	const struct nk_remote_target t = { p->url.host, p->paired.port,
	    p->asked.seconds };
	const struct nk_remote_login login = { p->asked.user,
	    &p->paired.keys, &p->key, NULL };
	struct nk_remote_report report;
	int r;

	r = nk_remote_test(sb, &t, &login, NULL, false, &report);
	return r == -EIO ? nk_error_call(e, EFAULT, "Semi-automatic SSH "
	    "connection setup failed: the key does not let in: %s",
	    report.reason) : r;
}

static int
keep_host_keys(const struct nk_pairing *p, struct nk_connection *conn)
{
	free(conn->host_keys);
	conn->port = p->paired.port;
	return nk_hostkeys_write(&p->paired.keys, &conn->host_keys);
}

static int
describe_key(struct nk_pairing *p)
{
	int r;

	if ((r = nk_privatekey_public_line(&p->key, &p->line)) < 0 ||
	    (r = nk_fingerprint_sha256(p->key.blob, p->key.blob_len,
	    &p->fingerprint)) < 0)
		return r;
	p->asked.line = p->line;
	p->asked.fingerprint = p->fingerprint;
	return 0;
}

int
nk_pairing_make(struct nk_context *c, struct nk_pairing *p,
    struct nk_connection *conn, struct nk_error *e)
{
	struct nk_sandbox sb;
	int r;

	if ((r = get_sandbox(&sb, e)) < 0 || (r = describe_key(p)) < 0 ||
	    (!p->look && (r = note(c, p, e)) < 0))
		return r;
	warn(c, p);
	nk_hold_begin(&p->hold);
	p->begun = true;
	r = nk_remote_pair(&sb, &p->asked, p->look, &p->paired);
	if (r == -EIO)
		r = say_fault(p, e);
	if (p->look)
		return r;
	if (r == 0)
		r = try_login(&sb, p, e);
	if (r == 0)
		r = keep_host_keys(p, conn);
	return r < 0 ? nk_pairing_undo(c, p, conn, r, e) : 0;
}

/* ---- taking it back ---- */

/* "the key and the shell" */
static void
list_left(uint32_t flags, char *text, size_t room)
{
	bool key = (flags & NK_PAIR_KEY) != 0;
	bool shell = (flags & NK_PAIR_SHELL) != 0;
	bool sudo = (flags & NK_PAIR_SUDO) != 0;

	(void)snprintf(text, room, "%s%s%s%s%s", key ? "the key" : "",
	    key && shell ? sudo ? ", " : " and " : "",
	    shell ? "the shell" : "", (key || shell) && sudo ? " and " : "",
	    sudo ? "the sudo rule" : "");
}

/* Over SSH, where its API does not do it: the key at least. */
static int
remove_key(const struct nk_sandbox *sb, struct nk_pairing *p)
{
	const struct nk_remote_target t = { p->url.host, p->paired.port,
	    p->asked.seconds };
	const struct nk_remote_login login = { p->asked.user,
	    &p->paired.keys, &p->key, NULL };
	struct nk_remote_report report;
	const char *base64 = strchr(p->line, ' ') + 1;
	char *word, *type;
	bool removed = false;
	int r;

	if (p->paired.keys.n == 0 || p->paired.port == 0)
		return -EIO;
	if ((word = strndup(base64, strcspn(base64, " "))) == NULL)
		return -ENOMEM;
	if ((type = strndup(p->line, strcspn(p->line, " "))) == NULL) {
		free(word);
		return -ENOMEM;
	}
	r = nk_remote_remove_key(sb, &t, &login, type, word, &removed,
	    &report);
	free(type);
	free(word);
	if (r < 0 || !removed)
		return r < 0 ? r : -EIO;
	p->paired.flags &= ~NK_PAIR_KEY;
	return (p->paired.flags & NK_PAIR_CHANGES) == 0 ? 0 : -EIO;
}

static int
write_left(struct nk_context *c, const struct nk_pairing *p,
    const struct nk_connection *conn, const char *what, const char *why)
{
	const struct nk_subject subject = { "credential", 0, p->name };
	char text[SENTENCE_MAX];

	(void)snprintf(text, sizeof(text), "What pairing connection %s has "
	    "changed of %s at %s is still there, %s: %s", p->name,
	    conn->username, conn->host, what, why);
	return nk_remark_audit(c, p->action, &subject, text);
}

/* All that was said before comes behind it. */
static int
fail_left(struct nk_context *c, const struct nk_pairing *p,
    const struct nk_connection *conn, const char *why, int r,
    struct nk_error *e)
{
	const char *at = NULL, *said = nk_error_is_set(e) ?
	    nk_error_sentence(e, &at) : strerror(-r);
	char text[SENTENCE_MAX], what[64];
	int logged;

	(void)snprintf(text, sizeof(text), "%s%s%s", at == NULL ? "" : at,
	    at == NULL ? "" : ": ", said);
	list_left(p->paired.flags, what, sizeof(what));
	logged = write_left(c, p, conn, what, why);
	(void)logged;	/* what follows is said in either case */
	return nk_error_call(e, EFAULT, "What was changed of %s at %s may "
	    "still be there, %s: it could not be taken back (%s).  What had "
	    "failed: %s", conn->username, conn->host, what, why, text);
}

/* The end of what note() has said; an error is there already: r. */
static int
fail_undone(struct nk_context *c, const struct nk_pairing *p,
    const struct nk_connection *conn, int r)
{
	const struct nk_subject subject = { "credential", 0, p->name };
	char text[SENTENCE_MAX];
	int logged;

	(void)snprintf(text, sizeof(text), "Pairing connection %s with %s at "
	    "%s has failed, and nothing of it is left there", p->name,
	    conn->username, conn->host);
	logged = nk_remark_audit(c, p->action, &subject, text);
	(void)logged;
	return r;
}

int
nk_pairing_undo(struct nk_context *c, struct nk_pairing *p,
    const struct nk_connection *conn, int r, struct nk_error *e)
{
	char why[NK_REMOTE_REASON_MAX + 1];
	struct nk_error unused;
	struct nk_sandbox sb;
	int failed;

	if ((p->paired.flags & NK_PAIR_CHANGES) == 0)
		return fail_undone(c, p, conn, r);
	nk_error_init(&unused);
	if ((failed = get_sandbox(&sb, &unused)) == 0)
		failed = nk_remote_unpair(&sb, &p->paired);
	(void)snprintf(why, sizeof(why), "%s", failed == -EIO ?
	    p->paired.report.reason : strerror(-failed));
	if (failed < 0 && (p->paired.flags & NK_PAIR_KEY) != 0)
		failed = remove_key(&sb, p);
	nk_error_clear(&unused);
	return failed < 0 ? fail_left(c, p, conn, why, r, e) :
	    fail_undone(c, p, conn, r);
}
