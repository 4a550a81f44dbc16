/* SPDX-License-Identifier: ISC */

/* naskeysctl backup, restore. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/args.h"
#include "helper/ctl/call.h"
#include "helper/ctl/secret.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"
#include "lib/backup/head.h"
#include "lib/fullio.h"

#define TEMP	".naskeys-new"

const struct ctl_option ctl_backup_options[] = {
	{ "with-seal-key", NULL, "with the key that opens its secrets" },
	{ "passphrase", NULL, "ask for one that the key is wrapped under" },
	{ "passphrase-stdin", NULL, "one line of standard input is it" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_restore_options[] = {
	{ "dry-run", NULL, "verify it, show what it holds, change nothing" },
	{ "passphrase-stdin", NULL, "one line of standard input is the "
	    "passphrase" },
	{ "without-seal-key", NULL, "also where its secrets cannot be "
	    "opened" },
	{ NULL, NULL, NULL },
};

/* An object, and the passphrase in it unless it is "". */
static int
make_options(const struct ctl *c, const char *passphrase, json_t **op)
{
	json_t *o = json_object();

	if (o == NULL || (passphrase[0] != '\0' && json_object_set_new(o,
	    "passphrase", json_string(passphrase)) == -1)) {
		json_decref(o);
		return ctl_fail(c, "the passphrase is no UTF-8 text");
	}
	*op = o;
	return CTL_DONE;
}

static void
say_tally(const json_t *t)
{
	ctl_say("  %" JSON_INTEGER_FORMAT " users, %" JSON_INTEGER_FORMAT
	    " groups, %" JSON_INTEGER_FORMAT " keys, %" JSON_INTEGER_FORMAT
	    " revoked keys,", row_int(t, "users"),
	    row_int(t, "groups"), row_int(t, "keys"),
	    row_int(t, "revoked"));
	ctl_say("  %" JSON_INTEGER_FORMAT " keypairs, %" JSON_INTEGER_FORMAT
	    " connections, %" JSON_INTEGER_FORMAT " second factors, %"
	    JSON_INTEGER_FORMAT " host keys", row_int(t, "keypairs"),
	    row_int(t, "connections"), row_int(t, "second_factors"),
	    row_int(t, "host_keys"));
}

/* ---- backup ---- */

static int
ask_passphrase(const struct ctl *c, const struct ctl_args *a,
    char buf[SECRET_MAX])
{
	buf[0] = '\0';
	if (ctl_has(a, "passphrase-stdin"))
		return secret_read_line(c, buf, SECRET_MAX);
	if (ctl_has(a, "passphrase"))
		return secret_ask_new(c, buf, SECRET_MAX);
	return CTL_DONE;
}

/* Beside FILE, so that FILE is whole or not there. */
static int
open_temp(const struct ctl *c, const char *file, char temp[PATH_MAX],
    int *fdp)
{
	int n = snprintf(temp, PATH_MAX, "%s" TEMP, file);

	if (n < 0 || n >= PATH_MAX)
		return ctl_fail(c, "%s: %s", file, strerror(ENAMETOOLONG));
	if (!c->force && access(file, F_OK) == 0)
		return ctl_fail(c, "%s is there already: --force replaces it",
		    file);
	if (unlink(temp) == -1 && errno != ENOENT)
		return ctl_fail(c, "%s: %s", temp, strerror(errno));
	*fdp = open(temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (*fdp == -1)
		return ctl_fail(c, "%s: %s", temp, strerror(errno));
	if (fchmod(*fdp, 0600) == -1) {
		n = errno;
		(void)close(*fdp);
		(void)unlink(temp);
		return ctl_fail(c, "%s: %s", temp, strerror(n));
	}
	return CTL_DONE;
}

/* The helper has synced it; its name is next. */
static int
put_in_place(const struct ctl *c, const char *temp, const char *file)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int fd, r = 0;

	(void)snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 :
	    (int)(slash - file) + 1, slash == NULL ? "." : file);
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, file,
	    c->force ? 0 : RENAME_NOREPLACE) == -1)
		return ctl_fail(c, "%s: %s", file, strerror(errno));
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    fsync(fd) == -1)
		r = errno;
	if (fd != -1)
		(void)close(fd);
	return r == 0 ? CTL_DONE : ctl_fail(c, "%s: %s", folder,
	    strerror(r));
}

static int
tell_backup(const struct ctl *c, const char *file, bool wrapped,
    const json_t *result)
{
	bool with_key = row_bool(result, "with_seal_key");
	int r;

	r = ctl_done(c, result, "Wrote %s:", file);
	if (c->json)
		return r;
	say_tally(json_object_get(result, "holds"));
	if (with_key && !wrapped)
		ctl_say("The key that opens its secrets is in it: whoever "
		    "can read the file has them all.");
	else if (with_key)
		ctl_say("Its secrets open with the passphrase alone.");
	else if (row_bool(result, "has_secrets"))
		ctl_say("The key that opens its secrets is not in it: keep "
		    "%s/naskeys/seal.key elsewhere.", NK_SYSCONFDIR);
	return r;
}

int
ctl_backup(struct ctl *c, const struct ctl_args *a)
{
	const char *file = a->positional[0];
	bool wrapped = ctl_has(a, "passphrase") ||
	    ctl_has(a, "passphrase-stdin");
	char passphrase[SECRET_MAX], temp[PATH_MAX];
	json_t *o = NULL, *result = NULL;
	int fd = -1, r;

	if (wrapped && !ctl_has(a, "with-seal-key"))
		return ctl_misuse(c, "a passphrase goes with "
		    "--with-seal-key");
	if ((r = ask_passphrase(c, a, passphrase)) != CTL_DONE)
		return r;
	if ((r = make_options(c, passphrase, &o)) != CTL_DONE)
		goto out;
	if (json_object_set_new(o, "with_seal_key",
	    json_boolean(ctl_has(a, "with-seal-key"))) == -1) {
		r = ctl_fail(c, "out of memory");
		goto out;
	}
	if ((r = open_temp(c, file, temp, &fd)) != CTL_DONE)
		goto out;
	r = ctl_call(c, "naskeys.backup", json_pack("[O]", o), fd, &result);
	if (r == CTL_DONE)
		r = put_in_place(c, temp, file);
	if (r != CTL_DONE)
		(void)unlink(temp);
	else
		r = tell_backup(c, file, wrapped, result);
 out:
	explicit_bzero(passphrase, sizeof(passphrase));
	if (fd != -1)
		(void)close(fd);
	json_decref(o);
	json_decref(result);
	return r;
}

/* ---- restore ---- */

static int
open_backup(const struct ctl *c, const char *file, int *fdp)
{
	struct stat st;

	if ((*fdp = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1)
		return ctl_fail(c, "%s: %s", file, strerror(errno));
	if (fstat(*fdp, &st) == 0 && S_ISREG(st.st_mode))
		return CTL_DONE;
	(void)close(*fdp);
	*fdp = -1;
	return ctl_fail(c, "%s: must be a file", file);
}

/* Does its key take a passphrase?  What is wrong with it the helper says. */
static bool
is_wrapped(int fd)
{
	uint8_t bytes[NK_BACKUP_HEAD];
	struct nk_backup_head h;
	const char *why;
	bool is = false;
	size_t n;

	if (nk_pread_full(fd, bytes, sizeof(bytes), 0, &n) == 0 &&
	    n == sizeof(bytes) && nk_backup_head_parse(bytes, &h,
	    &why) == 0) {
		is = h.kind == NK_BACKUP_KEY_WRAPPED;
		nk_backup_head_clear(&h);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return is;
}

static void
show_key(const json_t *plan)
{
	const char *key = row_string(plan, "seal_key");

	if (strcmp(key, "missing") == 0)
		ctl_say("Its secrets cannot be opened: the key is neither in "
		    "it nor on this machine. Keypairs, second factors and "
		    "host keys stay closed until it is.");
	else if (strcmp(key, "backup") == 0)
		ctl_say("Its sealing key comes with it, and takes the place "
		    "of this machine's.");
	else if (strcmp(key, "machine") == 0)
		ctl_say("Its secrets open with this machine's sealing key.");
}

static void
show_plan(const struct ctl *c, const json_t *plan)
{
	const json_t *since = json_object_get(plan, "revoked_since");
	char when[WHEN_LEN];
	json_t *fp;
	size_t i;

	if (c->json)
		return;
	ctl_say("The backup of %s holds:", row_date(plan, "made_at",
	    "never", when, sizeof(when)));
	say_tally(json_object_get(plan, "holds"));
	ctl_say("in place of what this machine has:");
	say_tally(json_object_get(plan, "before"));
	show_key(plan);
	ctl_say("Keys that were added since are gone, and keys that were "
	    "removed since are back; what was revoked stays revoked.");
	json_array_foreach(since, i, fp)
		ctl_say("  revoked since: %s", json_string_value(fp));
}

static int
call_restore(struct ctl *c, json_t *o, int fd, json_t **resultp)
{
	*resultp = NULL;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return ctl_fail(c, "the backup: %s", strerror(errno));
	return ctl_call(c, "naskeys.restore", json_pack("[O]", o), fd,
	    resultp);
}

static int
put_in_force(struct ctl *c, json_t *o, int fd)
{
	json_t *result;
	int r;

	if (json_object_set_new(o, "dry_run", json_false()) == -1)
		return ctl_fail(c, "out of memory");
	if ((r = call_restore(c, o, fd, &result)) == CTL_DONE)
		r = ctl_done(c, result, "Restored. Say \"naskeysctl check\", "
		    "and \"naskeysctl service apply\" where sshd's settings "
		    "are to be in force.");
	json_decref(result);
	return r;
}

static int
restore(struct ctl *c, const struct ctl_args *a, json_t *o, int fd)
{
	json_t *plan = NULL;
	int r;

	if (json_object_set_new(o, "without_seal_key",
	    json_boolean(ctl_has(a, "without-seal-key"))) == -1 ||
	    json_object_set_new(o, "dry_run", json_true()) == -1)
		return ctl_fail(c, "out of memory");
	/* nobody waits for the plan, and it takes as long again */
	if (c->force && !ctl_has(a, "dry-run"))
		return put_in_force(c, o, fd);
	if ((r = call_restore(c, o, fd, &plan)) == CTL_DONE) {
		show_plan(c, plan);
		if (ctl_has(a, "dry-run") && c->json)
			ctl_print_json(plan);
	}
	/* what was shown is what is put in force */
	if (r == CTL_DONE && json_object_set(o, "digest",
	    json_object_get(plan, "digest")) == -1)
		r = ctl_fail(c, "out of memory");
	json_decref(plan);
	if (r != CTL_DONE || ctl_has(a, "dry-run"))
		return r;
	if ((r = ctl_confirm(c, "Put it in the place of what is here?")) !=
	    CTL_DONE)
		return r;
	return put_in_force(c, o, fd);
}

int
ctl_restore(struct ctl *c, const struct ctl_args *a)
{
	char passphrase[SECRET_MAX] = "";
	json_t *o = NULL;
	int fd, r;

	if ((r = open_backup(c, a->positional[0], &fd)) != CTL_DONE)
		return r;
	if (ctl_has(a, "passphrase-stdin"))
		r = secret_read_line(c, passphrase, sizeof(passphrase));
	else if (is_wrapped(fd))
		r = secret_ask(c, "Passphrase of the sealing key: ",
		    passphrase, sizeof(passphrase));
	if (r == CTL_DONE && (r = make_options(c, passphrase, &o)) ==
	    CTL_DONE)
		r = restore(c, a, o, fd);
	explicit_bzero(passphrase, sizeof(passphrase));
	json_decref(o);
	(void)close(fd);
	return r;
}
