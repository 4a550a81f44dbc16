/* SPDX-License-Identifier: ISC */

/*
 * naskeysctl connection export: a connection in the words of ssh, rclone and
 * rsync.  They name further files, which are made beside: FILE.known_hosts,
 * and FILE.key where the private half is asked for.
 */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/file.h"
#include "helper/ctl/value.h"

#define SAFE	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
		"0123456789._-"

const struct ctl_option ctl_connection_export_options[] = {
	{ "format", "F", "ssh-config, rclone, rsync or known-hosts" },
	{ "private", NULL, "write the private key to FILE.key, too" },
	{ "output", "FILE", "write a new file, mode 0600" },
	{ NULL, NULL, NULL },
};

/* What the forms are made of. */
struct connection {
	const char	*name, *host, *user, *host_keys;
	int		 port, timeout;
	const char	*known_hosts, *key;	/* paths; key NULL: none */
};

struct form {
	const char	*name;
	/* Writes the text to f. */
	void		(*write)(FILE *f, const struct connection *cn);
	bool		 alone;		/* names no other files */
};

/* The name where a space or a sign would mean something: '_' for each. */
static void
put_alias(FILE *f, const char *name)
{
	for (; *name != '\0'; name++)
		fputc(strchr(SAFE, *name) != NULL ? *name : '_', f);
}

static bool
is_ipv6(const struct connection *cn)
{
	return strchr(cn->host, ':') != NULL;
}

/* As ssh looks for the host: with its port unless that is 22. */
static void
write_known_hosts(FILE *f, const struct connection *cn)
{
	const char *p, *end;

	for (p = cn->host_keys; *p != '\0'; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		if (cn->port == 22)
			fprintf(f, "%s ", cn->host);
		else
			fprintf(f, "[%s]:%d ", cn->host, cn->port);
		fprintf(f, "%.*s\n", (int)(end - p), p);
	}
}

static void
write_ssh_config(FILE *f, const struct connection *cn)
{
	const char *p;

	fputs("Host ", f);
	put_alias(f, cn->name);
	fputs("\n\tHostName ", f);
	for (p = cn->host; *p != '\0'; p++)
		fputs(*p == '%' ? "%%" : (char[]){ *p, '\0' }, f);
	fprintf(f, "\n\tPort %d\n\tUser %s\n", cn->port, cn->user);
	if (cn->key != NULL)
		fprintf(f, "\tIdentityFile %s\n\tIdentitiesOnly yes\n",
		    cn->key);
	fprintf(f, "\tUserKnownHostsFile %s\n"
	    "\tGlobalKnownHostsFile /dev/null\n"
	    "\tStrictHostKeyChecking yes\n"
	    "\tConnectTimeout %d\n"
	    "\tForwardAgent no\n", cn->known_hosts, cn->timeout);
}

static void
write_rclone(FILE *f, const struct connection *cn)
{
	fputc('[', f);
	put_alias(f, cn->name);
	fprintf(f, "]\ntype = sftp\nhost = %s%s%s\nport = %d\nuser = %s\n",
	    is_ipv6(cn) ? "[" : "", cn->host, is_ipv6(cn) ? "]" : "",
	    cn->port, cn->user);
	if (cn->key != NULL)
		fprintf(f, "key_file = %s\n", cn->key);
	else
		fputs("key_use_agent = true\n", f);
	fprintf(f, "known_hosts_file = %s\n", cn->known_hosts);
}

/* The value of rsync's -e. */
static void
write_rsync(FILE *f, const struct connection *cn)
{
	fprintf(f, "ssh -F none -p %d -l %s", cn->port, cn->user);
	if (cn->key != NULL)
		fprintf(f, " -i %s -o IdentitiesOnly=yes", cn->key);
	fprintf(f, " -o UserKnownHostsFile=%s"
	    " -o GlobalKnownHostsFile=/dev/null"
	    " -o StrictHostKeyChecking=yes"
	    " -o ConnectTimeout=%d -o ForwardAgent=no\n", cn->known_hosts,
	    cn->timeout);
}

static const struct form forms[] = {
	{ "ssh-config",		write_ssh_config,	false },
	{ "rclone",		write_rclone,		false },
	{ "rsync",		write_rsync,		false },
	{ "known-hosts",	write_known_hosts,	true },
};

static const struct form *
find_form(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < sizeof(forms) / sizeof(forms[0]);
	    i++) {
		if (strcmp(forms[i].name, name) == 0)
			return &forms[i];
	}
	return NULL;
}

/* The text that write() writes; the caller's to free. */
static int
render(const struct ctl *c, const struct connection *cn,
    void (*write)(FILE *f, const struct connection *cn), char **textp)
{
	size_t len;
	FILE *f;

	*textp = NULL;
	if ((f = open_memstream(textp, &len)) == NULL)
		return ctl_fail(c, "out of memory");
	write(f, cn);
	if (fclose(f) == EOF) {
		free(*textp);
		*textp = NULL;
		return ctl_fail(c, "out of memory");
	}
	return CTL_DONE;
}

static int
make_file(const struct ctl *c, const char *path, const struct connection *cn,
    void (*write)(FILE *f, const struct connection *cn))
{
	char *text;
	int r;

	if ((r = render(c, cn, write, &text)) == CTL_DONE)
		r = write_new_file(c, path, text);
	free(text);
	return r;
}

/* Last of all, so that no key is given out for files that cannot be. */
static int
make_key(struct ctl *c, json_int_t id, const char *path)
{
	json_t *text = NULL;
	int r;

	if ((r = ctl_call(c, "keychaincredential.export",
	    json_pack("[I,{s:s}]", id, "format", "openssh"), -1, &text)) ==
	    CTL_DONE)
		r = write_new_file(c, path, json_string_value(text));
	json_decref(text);
	return r;
}

/* All of the files, or none. */
static int
make_files(struct ctl *c, const struct form *form, struct connection *cn,
    json_int_t id, const char *path, bool private)
{
	char hosts[PATH_MAX + 16], key[PATH_MAX + 16];
	int r;

	(void)snprintf(hosts, sizeof(hosts), "%s.known_hosts", path);
	(void)snprintf(key, sizeof(key), "%s.key", path);
	cn->known_hosts = hosts;
	cn->key = private ? key : NULL;
	if ((r = make_file(c, path, cn, form->write)) != CTL_DONE ||
	    form->alone)
		return r;
	if ((r = make_file(c, hosts, cn, write_known_hosts)) == CTL_DONE) {
		if (!private || (r = make_key(c, id, key)) == CTL_DONE)
			return r;
		(void)unlink(hosts);
	}
	(void)unlink(path);
	return r;
}

/*
 * The path from the root on, as it is named in the files: their forms quote
 * in different ways, so that one which needs quoting is refused.
 */
static int
take_path(const struct ctl *c, const char *given, char path[PATH_MAX])
{
	int r;

	if ((r = file_absolute(given, path)) < 0)
		return ctl_fail(c, "%s: %s", given, strerror(-r));
	if (path[strspn(path, SAFE "/@+=:,")] != '\0')
		return ctl_fail(c, "%s: ssh, rclone and rsync would read this "
		    "path in different ways: take letters, digits and signs "
		    "that need no quoting", path);
	return CTL_DONE;
}

static int
check_call(const struct ctl *c, const struct ctl_args *a,
    const struct form *form)
{
	bool private = ctl_has(a, "private");

	if (form == NULL)
		return ctl_misuse(c, "--format is ssh-config, rclone, rsync "
		    "or known-hosts");
	if (private && form->alone)
		return ctl_misuse(c, "--private: there is no private key in "
		    "known-hosts");
	if (!form->alone && ctl_get(a, "output") == NULL)
		return ctl_misuse(c, "--format %s names other files beside "
		    "its own: say --output FILE", form->name);
	return CTL_DONE;
}

int
ctl_connection_export(struct ctl *c, const struct ctl_args *a)
{
	const struct form *form = find_form(ctl_get(a, "format"));
	const char *to = ctl_get(a, "output");
	struct connection cn = { .name = a->positional[0] };
	const json_t *at;
	char path[PATH_MAX], *text = NULL;
	json_t *row = NULL;
	int r;

	if ((r = check_call(c, a, form)) != CTL_DONE ||
	    (to != NULL && (r = take_path(c, to, path)) != CTL_DONE) ||
	    (r = connection_find(c, a->positional[0], &row)) != CTL_DONE)
		return r;
	at = json_object_get(row, "attributes");
	cn.host = row_string(at, "host");
	cn.user = row_string(at, "username");
	cn.host_keys = row_string(at, "remote_host_key");
	cn.port = (int)row_int(at, "port");
	cn.timeout = (int)row_int(at, "connect_timeout");
	if (to != NULL)
		r = make_files(c, form, &cn, row_int(row, "id"), path,
		    ctl_has(a, "private"));
	else if ((r = render(c, &cn, form->write, &text)) == CTL_DONE &&
	    fputs(text, stdout) == EOF)
		r = ctl_fail(c, "standard output: %s", strerror(errno));
	free(text);
	json_decref(row);
	return r;
}
