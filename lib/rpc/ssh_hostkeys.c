/* SPDX-License-Identifier: ISC */
#include "lib/rpc/ssh_hostkeys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/lock.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/remark.h"
#include "lib/rpc/ssh_apply.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/privatekey.h"
#include "lib/sshservice/sshdkeys.h"

#define SECONDS		10	/* for sshd's answer */
#define KEY_FILE	NK_SYSCONFDIR "/ssh/ssh_host_%s_key"

static const struct nk_subject subject = { "service", 1, "ssh" };

/* In the order in which sshd likes them. */
static const struct kind {
	const char	*word, *name, *type;
	unsigned int	 bits;
} kinds[] = {
	{ "ED25519", "ed25519", "ssh-ed25519", 0 },
	{ "ECDSA", "ecdsa", "ecdsa-sha2-nistp256", 0 },
	{ "RSA", "rsa", "ssh-rsa", 3072 },
};
#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void
collect(void *arg, const char *text)
{
	(void)json_array_append_new(arg, json_string(text));
}

static struct nk_sshd_work
work_of(const struct nk_context *c, void (*report)(void *, const char *),
    void *arg)
{
	return (struct nk_sshd_work){ .publisher = c->publisher,
	    .state = c->state, .report = report, .arg = arg };
}

/* ---- around ssh.apply ---- */

static bool
is_there(const struct kind *k)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), KEY_FILE, k->name);
	return access(path, F_OK) == 0;
}

static bool
has_line(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; *list != '\0'; list += n + (list[n] == '\n')) {
		n = strcspn(list, "\n");
		if (n == len && memcmp(list, word, n) == 0)
			return true;
	}
	return false;
}

int
nk_ssh_hostkeys_before(struct nk_context *c, const struct nk_ssh_service *v,
    json_t *warnings, struct nk_error *e)
{
	struct nk_sshd_work w = work_of(c, collect, warnings);
	const char *last = NULL;
	size_t i;

	if (nk_sshd_keys_restore(&w) < 0)
		last = json_string_value(json_array_get(warnings,
		    json_array_size(warnings) - 1));
	for (i = 0; i < NKINDS; i++)
		if (has_line(v->host_key_types, kinds[i].word) &&
		    !is_there(&kinds[i]))
			return nk_error_call(e, ENOENT, KEY_FILE " is not "
			    "there, and is not kept: \"naskeysctl service "
			    "host-key generate %s\" makes one%s%s",
			    kinds[i].name, kinds[i].name, last != NULL ?
			    "; " : "", last != NULL ? last : "");
	return 0;
}

int
nk_ssh_hostkeys_after(struct nk_context *c, const struct nk_settings *s,
    json_t *warnings)
{
	struct nk_sshd_work w = work_of(c, collect, warnings);
	char text[256];
	int r;

	if ((r = nk_sshd_keys_save(&w, s)) == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "The host keys are not kept: %s",
	    r == -ENOKEY ? "the key that secrets are sealed with is not "
	    "there" : strerror(-r));
	return json_array_append_new(warnings, json_string(text)) == -1 ?
	    -ENOMEM : 0;
}

int
nk_ssh_hostkeys_check(struct nk_context *c,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct nk_sshd_work w = work_of(c, report, arg);

	return c->state->system ? nk_sshd_keys_check(&w) : 0;
}

int
nk_ssh_hostkeys_sync(struct nk_context *c)
{
	json_t *told = json_array(), *text;
	struct nk_sshd_work w = work_of(c, collect, told);
	size_t i;
	int r;

	if (told == NULL)
		return -ENOMEM;
	r = nk_sshd_keys_sync(&w, c->conf);
	json_array_foreach(told, i, text)
		nk_remark(c, "naskeys.sync", &subject,
		    json_string_value(text));
	json_decref(told);
	return r == -ENOMEM ? r : 0;	/* the rest was told */
}

/* ---- ssh.host_keys ---- */

static const char *
state_of(const struct nk_context *c, const struct nk_sshd_key *k)
{
	char why[NK_SSHD_FILE_WHY_MAX];
	const char *state = "SAME";
	struct nk_sshd_file f;
	int r;

	if (k->certificate)
		return access(k->path, F_OK) == 0 ? "SAME" : "MISSING";
	r = nk_sshd_file_read(k->path, c->state->owner, &f, why);
	if (r < 0)
		state = r == -ENOENT ? "MISSING" : "UNREADABLE";
	else if (strcmp(f.fingerprint, k->fingerprint) != 0)
		state = "DIFFERS";
	nk_sshd_file_clear(&f);
	return state;
}

struct showing {
	struct nk_context	*c;
	json_t			*rows;
};

static int
show(void *arg, const struct nk_sshd_key *k)
{
	struct showing *s = arg;

	return json_array_append_new(s->rows, json_pack(
	    "{s:s,s:b,s:s?,s:s,s:s,s:o}", "path", k->path, "certificate",
	    k->certificate, "fingerprint", k->certificate ? NULL :
	    k->fingerprint, "public", k->text, "file",
	    state_of(s->c, k), "saved_at", nk_json_date_new(k->saved_at))) ==
	    -1 ? -ENOMEM : 0;
}

int
nk_ssh_hostkeys_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct showing s = { .c = c, .rows = json_array() };
	int r;

	(void)params;
	(void)e;
	if (s.rows == NULL)
		return -ENOMEM;
	r = nk_sshd_key_each(nk_publisher_store(c->publisher), 0, show, &s);
	if (r < 0)
		json_decref(s.rows);
	else
		*resultp = s.rows;
	return r;
}

/* ---- what somebody says about one ---- */

const struct nk_arg nk_ssh_hostkey_args[] = {
	{ .name = "path", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

const struct nk_arg nk_ssh_hostkey_type_args[] = {
	{ .name = "type", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

struct job {
	const char		*path, *action, *text;
	struct nk_sshd_file	 file;		/* to be kept */
	bool			 forget;
};

static int
write_job(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_sshd_key k = { .id = 0 };
	struct job *j = arg;
	int r = 0;

	(void)e;
	if (j->forget && (r = nk_sshd_key_get(s, j->path, &k)) == 0)
		r = nk_sshd_key_delete(s, k.id);
	else if (j->file.line != NULL)
		r = nk_sshd_keys_keep(s, c->state->seal_key, j->path,
		    &j->file);
	nk_sshd_key_clear(&k);
	return r < 0 ? r : nk_audit_write(c, j->action, &subject, NULL, NULL,
	    "%s %s", j->text, j->path);
}

static int
not_kept(const char *path, struct nk_error *e)
{
	return nk_error_call(e, ENOENT, "The store keeps no %.300s: "
	    "\"naskeysctl service host-key list\" says what it keeps", path);
}

/* These have the lock; the file must be one that the store names. */
static int
accept_locked(struct nk_context *c, struct job *j, struct nk_error *e)
{
	char why[NK_SSHD_FILE_WHY_MAX];
	struct nk_sshd_key k;
	int r;

	r = nk_sshd_key_get(nk_publisher_store(c->publisher), j->path, &k);
	if (r == 0 && k.certificate)
		r = -ENOENT;
	nk_sshd_key_clear(&k);
	if (r == -ENOENT)
		return not_kept(j->path, e);
	if (r < 0)
		return r;
	r = nk_sshd_file_read(j->path, c->state->owner, &j->file, why);
	if (r < 0)
		return nk_error_call(e, -r, "%.300s: %s", j->path, why);
	return nk_edit_run(c, write_job, j, e);
}

static int
restore_locked(struct nk_context *c, struct job *j, struct nk_error *e)
{
	struct nk_sshd_work w = work_of(c, collect, NULL);
	struct nk_sshd_key k;
	int r;

	r = nk_sshd_key_get(nk_publisher_store(c->publisher), j->path, &k);
	if (r == -ENOENT)
		return not_kept(j->path, e);
	if (r == 0 && (r = nk_edit_run(c, write_job, j, e)) == 0 &&
	    (r = nk_sshd_keys_write(&w, &k, true, true)) < 0)
		r = nk_error_call(e, -r, "%.300s could not be written: %s",
		    j->path, r == -ENOKEY ? "the key that secrets are sealed "
		    "with is not there" : strerror(-r));
	nk_sshd_key_clear(&k);
	return r;
}

static int
forget_locked(struct nk_context *c, struct job *j, struct nk_error *e)
{
	int r = nk_edit_run(c, write_job, j, e);

	return r == -ENOENT && !nk_error_is_set(e) ? not_kept(j->path, e) : r;
}

static int
make_key(const struct kind *kind, struct nk_sshd_file *f)
{
	struct nk_privatekey k;
	int r;

	if ((r = nk_privatekey_generate(kind->type, kind->bits, NULL,
	    &k)) < 0)
		return r;
	if ((r = nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH,
	    &f->text)) == 0 &&
	    (r = nk_privatekey_public_line(&k, &f->line)) == 0)
		r = nk_fingerprint_sha256(k.blob, k.blob_len,
		    &f->fingerprint);
	nk_privatekey_clear(&k);
	return r;
}

/* Into the store first: what is not written then, the next sync writes. */
static int
generate_locked(struct nk_context *c, struct job *j, struct nk_error *e)
{
	struct nk_sshd_work w = work_of(c, collect, NULL);
	struct nk_sshd_key k;
	const struct kind *kind = kinds;
	char path[PATH_MAX];
	int r;

	while (kind < kinds + NKINDS && strcmp(kind->word, j->path) != 0)
		kind++;
	if (kind == kinds + NKINDS) {
		nk_error_add(e, "type", EINVAL, "Input should be 'RSA', "
		    "'ECDSA' or 'ED25519'");
		return -EINVAL;
	}
	(void)snprintf(path, sizeof(path), KEY_FILE, kind->name);
	j->path = path;
	r = nk_sshd_key_get(nk_publisher_store(c->publisher), path, &k);
	nk_sshd_key_clear(&k);
	if (r == 0 || is_there(kind))
		return nk_error_call(e, EEXIST, "%s is there, or kept by the "
		    "store: who knows this machine knows it by that key",
		    path);
	if (r != -ENOENT || (r = make_key(kind, &j->file)) < 0 ||
	    (r = nk_edit_run(c, write_job, j, e)) < 0 ||
	    (r = nk_sshd_key_get(nk_publisher_store(c->publisher), path,
	    &k)) < 0)
		return r;
	r = nk_sshd_keys_write(&w, &k, false, true);
	nk_sshd_key_clear(&k);
	return r;
}

static int
run_job(struct nk_context *c, json_t *params, struct job *j,
    int (*run)(struct nk_context *, struct job *, struct nk_error *),
    json_t **resultp, struct nk_error *e)
{
	int fd = -1, r;

	j->path = json_string_value(json_array_get(params, 0));
	if ((r = nk_ssh_take_lock(c, &fd, e)) < 0)
		return r;
	r = run(c, j, e);
	nk_lock_drop(&fd);
	if (r == 0 && (*resultp = j->file.fingerprint != NULL ?
	    json_string(j->file.fingerprint) : json_null()) == NULL)
		r = -ENOMEM;
	nk_sshd_file_clear(&j->file);
	return r;
}

int
nk_ssh_hostkey_accept(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct job j = { .action = "ssh.host_key_accept", .text = "Accept" };

	return run_job(c, params, &j, accept_locked, resultp, e);
}

int
nk_ssh_hostkey_restore(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct job j = { .action = "ssh.host_key_restore",
	    .text = "Restore" };

	return run_job(c, params, &j, restore_locked, resultp, e);
}

int
nk_ssh_hostkey_forget(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct job j = { .action = "ssh.host_key_forget", .text = "Forget",
	    .forget = true };

	return run_job(c, params, &j, forget_locked, resultp, e);
}

int
nk_ssh_hostkey_generate(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct job j = { .action = "ssh.host_key_generate",
	    .text = "Generate" };

	return run_job(c, params, &j, generate_locked, resultp, e);
}
