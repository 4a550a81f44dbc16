/* SPDX-License-Identifier: ISC */

/* naskeys.backup and naskeys.restore.  Root's alone: all secrets are in it. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/agent/lending.h"
#include "lib/backup/backup.h"
#include "lib/backup/restore.h"
#include "lib/backup/wrap.h"
#include "lib/keyfile/apply.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/remark.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/ssh_hostkeys.h"
#include "lib/store/revoked.h"
#include "lib/store/weblogins.h"

#define REVOKED_MAX	100	/* told one by one */
#define SUM_SIZE	(2 * NK_BACKUP_DIGEST + 1)
#define SUBJECT		((struct nk_subject){ "store", 0, "naskeys" })

static json_t *
tally_json(const struct nk_tally *t)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
	    "users", (json_int_t)t->users, "groups", (json_int_t)t->groups,
	    "keys", (json_int_t)t->keys,
	    "keypairs", (json_int_t)t->keypairs,
	    "connections", (json_int_t)t->connections,
	    "second_factors", (json_int_t)t->factors,
	    "host_keys", (json_int_t)t->host_keys,
	    "revoked", (json_int_t)t->revoked);
}

/* Nothing is opened by name: MUST 3 of lib/backup/backup.h. */
static int
take_file(struct nk_context *c, int *fdp, struct nk_error *e)
{
	int fd = c->passed_fd;

	if (fd == -1)
		return nk_error_call(e, EINVAL, "Send the file's descriptor "
		    "with the request.");
	c->passed_fd = -1;
	if (nk_lending_check(fd) == 0) {
		close(fd);
		return nk_error_call(e, EINVAL, "The file must be a regular "
		    "file or a pipe.");
	}
	*fdp = fd;
	return 0;
}

/* ---- backup ---- */

struct backup {
	bool			with_key, wrapped;
	struct nk_backup_made	made;
};

/* Like the export of a private key it is in the log. */
static int
log_backup(struct nk_context *c, const struct backup *b)
{
	const struct nk_subject subject = SUBJECT;

	return nk_remark_audit(c, "naskeys.backup", &subject,
	    !b->made.with_key ? "Back up the store" : b->wrapped ?
	    "Back up the store with the sealing key under a passphrase" :
	    "Back up the store with the sealing key");
}

static int
explain_backup(const struct nk_context *c, int r, struct nk_error *e)
{
	switch (r) {
	case -EINVAL:
		return nk_error_call(e, EINVAL, "The backup must go to an "
		    "empty regular file that can be read and written.");
	case -EAGAIN:
		return nk_error_call(e, EBUSY, "Another backup is being "
		    "made.");
	case -ENOKEY:
		return nk_error_call(e, ENOKEY, "The sealing key %s is "
		    "missing, not as it must be, or not the one: nothing was "
		    "written with it (\"naskeysctl check\").",
		    c->state->seal_key);
	case -EBADMSG:
		return nk_error_call(e, EFAULT, "The store is damaged: see "
		    "\"naskeysctl check\".");
	default:
		return nk_error_call(e, -r, "The backup could not be "
		    "written: %s.", strerror(-r));
	}
}

static int
system_backup(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 0);
	const char *passphrase = json_string_value(json_object_get(o,
	    "passphrase"));
	struct backup b = { .wrapped = passphrase != NULL, .with_key =
	    json_is_true(json_object_get(o, "with_seal_key")) };
	int fd, r;

	if (b.wrapped && strlen(passphrase) > NK_BACKUP_PASSPHRASE_MAX)
		return nk_error_call(e, EINVAL, "A passphrase has at most "
		    "%u bytes.", NK_BACKUP_PASSPHRASE_MAX);
	if (b.wrapped && !b.with_key)
		return nk_error_call(e, EINVAL, "A passphrase is for the "
		    "sealing key: say \"with_seal_key\" too.");
	if ((r = take_file(c, &fd, e)) < 0)
		return r;
	r = nk_backup_make(nk_publisher_store(c->publisher), c->state,
	    b.with_key, passphrase, fd, &b.made);
	if (close(fd) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		return explain_backup(c, r, e);
	if ((r = log_backup(c, &b)) < 0)
		return r;
	*resultp = json_pack("{s:o,s:I,s:b,s:b,s:o}",
	    "made_at", nk_json_date_new(b.made.at),
	    "size", (json_int_t)b.made.size,
	    "with_seal_key", b.made.with_key,
	    "has_secrets", b.made.sealed,
	    "holds", tally_json(&b.made.tally));
	return *resultp == NULL ? -ENOMEM : 0;
}

/* ---- restore ---- */

struct restore {
	struct nk_context	*c;
	struct nk_restore	 rs;
	struct nk_tally		 now;
	json_t			*since;		/* revoked since the backup */
};

/* Of the store that is there; -ECANCELED: enough. */
static int
count_revoked(void *arg, const struct nk_revoked *row)
{
	struct restore *x = arg;
	bool has;
	int r;

	if ((r = nk_revoked_has(x->rs.store, row->fingerprint, &has)) < 0 ||
	    has)
		return r;
	if (json_array_size(x->since) >= REVOKED_MAX)
		return -ECANCELED;
	return json_array_append_new(x->since,
	    json_string(row->fingerprint)) == -1 ? -ENOMEM : 0;
}

static int
compare(struct restore *x)
{
	struct nk_store *s = nk_publisher_store(x->c->publisher);
	int r;

	if ((x->since = json_array()) == NULL)
		return -ENOMEM;
	if ((r = nk_store_tally(s, &x->now)) < 0)
		return r;
	r = nk_revoked_each(s, count_revoked, x);
	return r == -ECANCELED ? 0 : r;
}

static int
explain_restore(const struct restore *x, int r, struct nk_error *e)
{
	if (x->rs.why[0] != '\0')
		return nk_error_call(e, r == -ENOTSUP ? ENOTSUP : EINVAL,
		    "The backup cannot be used: %s. Nothing was changed.",
		    x->rs.why);
	switch (r) {
	case -EACCES:
		return nk_error_call(e, EACCES, "This is not the passphrase "
		    "of the backup's sealing key; nothing was changed.");
	case -EINVAL:
		return nk_error_call(e, EINVAL, "The backup's sealing key "
		    "takes a passphrase; nothing was changed.");
	case -EAGAIN:
		return nk_error_call(e, EBUSY, "Another restore, or an edit, "
		    "is at work; nothing was changed.");
	case -EROFS:
		return nk_error_call(e, EROFS, "The key file %s cannot be "
		    "replaced here; nothing was changed. Put the key where "
		    "it comes from, and restore a backup without it.",
		    x->rs.state->seal_key);
	case -EINPROGRESS:
		return r;
	default:
		return nk_error_call(e, -r, "The backup could not be "
		    "restored: %s. Nothing was changed.", strerror(-r));
	}
}

/* In hex: one backup is told from all others by it. */
static void
get_sum(const struct restore *x, char sum[SUM_SIZE])
{
	size_t i;

	for (i = 0; i < NK_BACKUP_DIGEST; i++)
		(void)snprintf(sum + 2 * i, 3, "%02x", x->rs.head.sum[i]);
}

/* The file may have been replaced since somebody agreed to what it holds. */
static int
check_sum(const struct restore *x, const char *agreed, struct nk_error *e)
{
	char sum[SUM_SIZE];

	get_sum(x, sum);
	if (agreed == NULL || strcmp(agreed, sum) == 0)
		return 0;
	return nk_error_call(e, ESTALE, "The file is not the backup whose "
	    "\"digest\" is given: it has changed since; nothing was "
	    "changed. Look at it again.");
}

static int
refuse_without_key(const struct restore *x, struct nk_error *e)
{
	const struct nk_tally *t = &x->rs.tally;

	return nk_error_call(e, ENOKEY, "The key that the backup's secrets "
	    "are sealed with is neither in it nor in %s: the private halves "
	    "of %" PRId64 " keypairs, %" PRId64 " second factors and %" PRId64
	    " host keys could not be opened. Put that key there first, or say "
	    "that it is to be done without; nothing was changed.",
	    x->rs.state->seal_key, t->keypairs, t->factors, t->host_keys);
}

static int
write_audit(struct nk_store *s, void *arg)
{
	const struct restore *x = arg;
	struct nk_audit a = {
		.at = nk_now(), .actor_uid = x->c->actor_uid,
		.actor = x->c->actor, .action = "naskeys.restore",
		.object_kind = "store", .object = "naskeys",
	};
	char text[128];

	(void)snprintf(text, sizeof(text), "Restore the store from a backup "
	    "made at %" PRId64, x->rs.head.made_at);
	a.text = text;
	return nk_audit_add(s, &a);
}

/* What --sync does, too; what cannot be done now is for later. */
static int
follow(struct nk_context *c)
{
	const struct nk_keyfile_work homes = { .publisher = c->publisher,
	    .state = c->state, .conf = c->conf };
	int r, s;

	r = nk_keyfile_sync(&homes, true);
	if ((s = nk_ssh_hostkeys_sync(c)) < 0 && r == 0)
		r = s;
	return r;
}

static int
apply(struct restore *x, struct nk_error *e)
{
	const struct nk_subject subject = SUBJECT;
	int r;

	r = nk_restore_apply(&x->rs, x->c->publisher, write_audit, x);
	if (r < 0)
		return explain_restore(x, r, e);
	if (nk_web_logins_end(x->c->session) < 0)
		nk_remark(x->c, "naskeys.restore", &subject, "The backup is "
		    "in force; logins of administrators of /etc/group "
		    "through the gateway could not be ended");
	if (follow(x->c) < 0)
		nk_remark(x->c, "naskeys.restore", &subject, "The backup is "
		    "in force; files in homes or host keys could not all be "
		    "seen to: say naskeysctl sync");
	return 0;
}

static json_t *
answer(const struct restore *x, bool dry_run)
{
	static const char *const keys[] = {
		[NK_RESTORE_KEY_NONE] = NULL,
		[NK_RESTORE_KEY_BACKUP] = "backup",
		[NK_RESTORE_KEY_MACHINE] = "machine",
		[NK_RESTORE_KEY_MISSING] = "missing",
	};
	char sum[SUM_SIZE];

	get_sum(x, sum);
	return json_pack("{s:b,s:s,s:o,s:I,s:I,s:s?,s:o,s:o,s:O}",
	    "dry_run", dry_run, "digest", sum,
	    "made_at", nk_json_date_new(x->rs.head.made_at),
	    "schema", (json_int_t)x->rs.head.schema,
	    "schema_known", (json_int_t)nk_store_version_known(),
	    "seal_key", keys[x->rs.key_from],
	    "holds", tally_json(&x->rs.tally),
	    "before", tally_json(&x->now),
	    "revoked_since", x->since);
}

static int
restore(struct restore *x, const json_t *o, int fd, json_t **resultp,
    struct nk_error *e)
{
	bool dry_run = json_is_true(json_object_get(o, "dry_run"));
	int r;

	r = nk_restore_read(&x->rs, x->c->state, fd,
	    x->c->conf->request_timeout, json_string_value(
	    json_object_get(o, "passphrase")));
	if (r < 0)
		return explain_restore(x, r, e);
	if ((r = check_sum(x, json_string_value(json_object_get(o,
	    "digest")), e)) < 0 || (r = compare(x)) < 0)
		return r;
	if (!dry_run && x->rs.key_from == NK_RESTORE_KEY_MISSING &&
	    !json_is_true(json_object_get(o, "without_seal_key")))
		return refuse_without_key(x, e);
	if (!dry_run && (r = apply(x, e)) < 0)
		return r;
	return (*resultp = answer(x, dry_run)) == NULL ? -ENOMEM : 0;
}

static int
system_restore(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct restore x = { .c = c };
	int fd, r;

	if ((r = take_file(c, &fd, e)) < 0)
		return r;
	r = restore(&x, json_array_get(params, 0), fd, resultp, e);
	nk_restore_clear(&x.rs);
	json_decref(x.since);
	close(fd);
	return r;
}

/* ---- the table ---- */

#define PASSPHRASE	{ .name = "passphrase", .type = NK_ARG_STRING,	\
	    .flags = NK_ARG_NULL | NK_ARG_SECRET | NK_ARG_NONEMPTY,	\
	    .max = NK_BACKUP_PASSPHRASE_MAX }

static const struct nk_arg backup_fields[] = {
	{ .name = "with_seal_key", .type = NK_ARG_BOOL },
	PASSPHRASE,
	{ .name = NULL },
};

static const struct nk_arg backup_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = backup_fields },
	{ .name = NULL },
};

static const struct nk_arg restore_fields[] = {
	{ .name = "dry_run", .type = NK_ARG_BOOL },
	{ .name = "without_seal_key", .type = NK_ARG_BOOL },
	{ .name = "digest", .type = NK_ARG_STRING, .flags = NK_ARG_NULL,
	    .max = SUM_SIZE - 1 },
	PASSPHRASE,
	{ .name = NULL },
};

static const struct nk_arg restore_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = restore_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_backup[] = {
	{ "naskeys.backup", NK_RIGHT_ROOT, NK_READS, backup_args,
	    system_backup },
	{ "naskeys.restore", NK_RIGHT_ROOT, NK_EDITS, restore_args,
	    system_restore },
	{ .name = NULL },
};
