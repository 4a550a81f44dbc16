/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/sshdkeys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/account/textfile.h"
#include "lib/keychain/keychain.h"
#include "lib/publish/lock.h"
#include "lib/sshservice/pending.h"

#define CERTIFICATE_MAX	65536u
#define TEXT_MAX	(PATH_MAX + 1024)
#define SECONDS		10	/* for sshd's answer */

static void NK_PRINTF(2, 3)
say(const struct nk_sshd_work *w, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->report(w->arg, text);
}

static int
is_one(void *arg, const struct nk_sshd_key *k)
{
	(void)arg;
	(void)k;
	return 1;
}

/* ---- into the files ---- */

static int
write_line(const struct nk_sshd_work *w, const struct nk_sshd_key *k,
    bool over)
{
	char path[PATH_MAX], *line;
	int n, r;

	n = snprintf(path, sizeof(path), "%s.pub", k->path);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if ((n = asprintf(&line, "%s\n", k->text)) == -1)
		return -ENOMEM;
	r = nk_sshd_file_write(path, w->state->owner, line, (size_t)n, 0644,
	    over);
	free(line);
	return r == -EEXIST ? 0 : r;	/* sshd does not need it */
}

int
nk_sshd_keys_write(const struct nk_sshd_work *w, const struct nk_sshd_key *k,
    bool over, bool over_public)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_keychain kc;
	int r;

	if (k->certificate)
		return nk_sshd_file_write(k->path, w->state->owner, k->text,
		    strlen(k->text), 0644, over);
	nk_keychain_init(&kc, nk_publisher_store(w->publisher),
	    w->state->seal_key);
	r = nk_keychain_get(&kc, NK_SEALED_SSHD_KEY, k->id, &text);
	nk_keychain_clear(&kc);
	if (r == 0)
		r = nk_sshd_file_write(k->path, w->state->owner, text.p,
		    text.len, 0600, over);
	nk_secret_clear(&text);
	return r < 0 ? r : write_line(w, k, over_public);
}

struct restoring {
	const struct nk_sshd_work	*w;
	int				 failed;
};

static int
restore_one(void *arg, const struct nk_sshd_key *k)
{
	struct restoring *all = arg;
	struct stat st;
	int r;

	if (lstat(k->path, &st) == 0)
		return 0;
	r = errno == ENOENT ? nk_sshd_keys_write(all->w, k, false, false) :
	    -errno;
	if (r == 0)
		say(all->w, "%s was missing and is back%s%s", k->path,
		    k->certificate ? "" : ": ", k->fingerprint);
	else if (r != -EEXIST) {
		all->failed = r;
		say(all->w, "%s is missing and could not be put back: %s",
		    k->path, r == -ENOKEY ? "the key that secrets are "
		    "sealed with is not there" : strerror(-r));
	}
	return 0;
}

int
nk_sshd_keys_restore(const struct nk_sshd_work *w)
{
	struct restoring all = { .w = w };
	int r;

	r = nk_sshd_key_each(nk_publisher_store(w->publisher), 0,
	    restore_one, &all);
	return r < 0 ? r : all.failed;
}

/* ---- into the store ---- */

static int
tell(struct nk_store *s, const char *path)
{
	struct nk_audit a = {
		.at = (int64_t)time(NULL), .actor = "naskeys",
		.action = "ssh.host_keys", .object_kind = "service",
		.object_id = 1, .object = "ssh", .text = "Keep a host key",
	};
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "Keep %s", path);
	a.text = text;
	return nk_audit_add(s, &a);
}

int
nk_sshd_keys_keep(struct nk_store *s, const char *seal_key,
    const char *path, const struct nk_sshd_file *f)
{
	struct nk_sshd_key k = { .saved_at = (int64_t)time(NULL) };
	struct nk_keychain kc;
	int r;

	if ((k.path = strdup(path)) == NULL ||
	    (k.text = strdup(f->line)) == NULL ||
	    (k.fingerprint = strdup(f->fingerprint)) == NULL)
		r = -ENOMEM;
	else
		r = nk_sshd_key_put(s, &k);
	if (r == 0) {
		nk_keychain_init(&kc, s, seal_key);
		r = nk_keychain_put(&kc, NK_SEALED_SSHD_KEY, k.id, f->text.p,
		    f->text.len);
		nk_keychain_clear(&kc);
	}
	nk_sshd_key_clear(&k);
	return r;
}

struct keeping {
	const struct nk_sshd_work	*w;
	const char			*path;
	const struct nk_sshd_file	*file;	/* NULL: a certificate */
	const char			*text;
};

static int
keep(struct nk_store *s, void *arg)
{
	const struct keeping *j = arg;
	int r;

	r = nk_sshd_keys_keep(s, j->w->state->seal_key, j->path, j->file);
	return r < 0 ? r : tell(s, j->path);
}

static int
keep_certificate(struct nk_store *s, void *arg)
{
	const struct keeping *j = arg;
	struct nk_sshd_key k = { .saved_at = (int64_t)time(NULL),
	    .certificate = true };
	int r;

	if ((k.path = strdup(j->path)) == NULL ||
	    (k.text = strdup(j->text)) == NULL ||
	    (k.fingerprint = strdup("")) == NULL)
		r = -ENOMEM;
	else if ((r = nk_sshd_key_put(s, &k)) == 0)
		r = tell(s, j->path);
	nk_sshd_key_clear(&k);
	return r;
}

static void
say_differs(const struct nk_sshd_work *w, const struct nk_sshd_key *k,
    const char *fingerprint)
{
	say(w, "%s is %s, and not %s, which the store keeps: \"naskeysctl "
	    "service host-key restore %s\" puts that one back, and \"... "
	    "accept\" takes this one", k->path, fingerprint, k->fingerprint,
	    k->path);
}

/* Others could not be told about without a guess at their bytes. */
static bool
is_plain(const struct nk_sshd_work *w, const char *path)
{
	const char *p;

	for (p = path; *p >= 0x20 && *p < 0x7f; p++)
		;
	if (*p != '\0' || path[0] != '/')
		say(w, "A host key whose path is not absolute, or is not all "
		    "printable ASCII, is not kept");
	return *p == '\0' && path[0] == '/';
}

static int
save_key(const struct nk_sshd_work *w, const char *path)
{
	struct nk_store *s = nk_publisher_store(w->publisher);
	struct keeping j = { .w = w, .path = path };
	char why[NK_SSHD_FILE_WHY_MAX];
	struct nk_sshd_file f;
	struct nk_sshd_key k;
	int r;

	if ((r = nk_sshd_file_read(path, w->state->owner, &f, why)) < 0) {
		if (r != -ENOENT)
			say(w, "%s is not kept: %s", path, why);
		return 0;
	}
	j.file = &f;
	r = nk_sshd_key_get(s, path, &k);
	if (r == -ENOENT)
		r = nk_publisher_record(w->publisher, keep, &j);
	else if (r == 0 && strcmp(k.fingerprint, f.fingerprint) != 0)
		say_differs(w, &k, f.fingerprint);
	nk_sshd_key_clear(&k);
	nk_sshd_file_clear(&f);
	return r;
}

static int
save_certificate(const struct nk_sshd_work *w, const char *path)
{
	struct nk_store *s = nk_publisher_store(w->publisher);
	struct keeping j = { .w = w, .path = path };
	struct nk_sshd_key k;
	char *text;
	size_t len;
	bool same;
	int r;

	if (nk_textfile_read(AT_FDCWD, path, CERTIFICATE_MAX, &text,
	    &len) < 0)
		return 0;
	j.text = text;
	r = nk_sshd_key_get(s, path, &k);
	same = r == 0 && strcmp(k.text, text) == 0;
	nk_sshd_key_clear(&k);
	if ((r == 0 && !same) || (r == -ENOENT && len > 0))
		r = nk_publisher_record(w->publisher, keep_certificate, &j);
	free(text);
	return r == -ENOENT ? 0 : r;
}

int
nk_sshd_keys_save(const struct nk_sshd_work *w, const struct nk_settings *s)
{
	const char *path;
	size_t pos = 0;
	int r;

	/* then the files have no private half */
	if (nk_setting_is_none(nk_setting(s, "hostkeyagent")))
		while ((path = nk_setting_next(s, "hostkey", &pos)) != NULL)
			if (is_plain(w, path) && (r = save_key(w, path)) < 0)
				return r;
	pos = 0;
	while ((path = nk_setting_next(s, "hostcertificate", &pos)) != NULL)
		if (!nk_setting_is_none(path) && is_plain(w, path) &&
		    (r = save_certificate(w, path)) < 0)
			return r;
	return 0;
}

static int
sync_locked(const struct nk_sshd_work *w, const struct nk_conf *conf)
{
	struct nk_settings s;
	int r, saved;

	r = nk_sshd_keys_restore(w);
	/* an sshd that cannot be asked names nothing */
	if (nk_settings_ask(&s, conf->sshd, "root", SECONDS) < 0)
		return r;
	saved = nk_sshd_keys_save(w, &s);
	nk_settings_clear(&s);
	return r < 0 ? r : saved;
}

int
nk_sshd_keys_sync(const struct nk_sshd_work *w, const struct nk_conf *conf)
{
	int fd = -1, r;

	if (!w->state->system ||
	    (r = nk_sshd_key_each(nk_publisher_store(w->publisher),
	    0, is_one, NULL)) == 0)
		return 0;
	if (r < 0 || (r = nk_lock_take(NK_PENDING_LOCK, w->state->owner,
	    NK_PENDING_LOCK_MS, &fd)) < 0)
		return r;
	r = sync_locked(w, conf);
	nk_lock_drop(&fd);
	return r;
}

/* ---- where they differ ---- */

static int
check_one(void *arg, const struct nk_sshd_key *k)
{
	struct restoring *all = arg;
	char why[NK_SSHD_FILE_WHY_MAX];
	struct nk_sshd_file f;
	int r;

	if (k->certificate)
		return 0;
	r = nk_sshd_file_read(k->path, all->w->state->owner, &f, why);
	if (r == 0 && strcmp(k->fingerprint, f.fingerprint) != 0) {
		all->failed = -EBADMSG;
		say_differs(all->w, k, f.fingerprint);
	} else if (r < 0) {
		all->failed = -EBADMSG;
		say(all->w, "%s: %s; \"naskeysctl service host-key restore "
		    "%s\" puts back what the store keeps", k->path, why,
		    k->path);
	}
	nk_sshd_file_clear(&f);
	return 0;
}

int
nk_sshd_keys_check(const struct nk_sshd_work *w)
{
	struct restoring all = { .w = w };
	int r;

	r = nk_sshd_key_each(nk_publisher_store(w->publisher), 0, check_one,
	    &all);
	return r < 0 ? r : all.failed;
}
