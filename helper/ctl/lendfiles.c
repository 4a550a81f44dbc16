/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/lendfiles.h"
#include "helper/ctl/value.h"
#include "lib/fullio.h"
#include "lib/ssh/base64.h"

#define SSH_PORT	22

/* A text that grows; NULL once there was no memory. */
struct text {
	FILE	*f;
	char	*p;
	size_t	 len;
};

static int
text_open(struct text *t, const struct ctl *c)
{
	*t = (struct text){ NULL, NULL, 0 };
	if ((t->f = open_memstream(&t->p, &t->len)) == NULL)
		return ctl_fail(c, "out of memory");
	return CTL_DONE;
}

/* Write it as the file name, and free it. */
static int
text_put(struct text *t, const struct lend *l, const struct ctl *c,
    const char *name)
{
	bool bad = ferror(t->f) != 0;
	int r;

	if (fclose(t->f) == EOF || bad)
		r = ctl_fail(c, "out of memory");
	else
		r = privatedir_write(&l->dir, c, name, t->p);
	free(t->p);
	return r;
}

/* ---- the remote's host keys ---- */

static int
put_hosts(const struct lend *l, const struct ctl *c, const char *name,
    const char *file)
{
	struct text t;
	char *base64;
	size_t i;
	int r;

	if ((r = text_open(&t, c)) != CTL_DONE)
		return r;
	for (i = 0; i < l->pins.n; i++) {
		if (nk_base64_encode(l->pins.v[i].blob, l->pins.v[i].len,
		    &base64) < 0) {
			r = ctl_fail(c, "out of memory");
			break;
		}
		fprintf(t.f, "%s %s %s\n", name, l->pins.v[i].type->name,
		    base64);
		free(base64);
	}
	if (r == CTL_DONE)
		return text_put(&t, l, c, file);
	(void)fclose(t.f);
	free(t.p);
	return r;
}

/* As ssh and others look it up that know no alias. */
static int
put_hosts_by_name(const struct lend *l, const struct ctl *c)
{
	const char *host = row_string(l->terms, "host");
	json_int_t port = row_int(l->terms, "port");
	char name[512];
	int n;

	n = port == SSH_PORT ? snprintf(name, sizeof(name), "%s", host) :
	    snprintf(name, sizeof(name), "[%s]:%" JSON_INTEGER_FORMAT, host,
	    port);
	if (n < 0 || (size_t)n >= sizeof(name))
		return ctl_fail(c, "the name of the host is too long");
	return put_hosts(l, c, name, LEND_HOSTS_BY_NAME);
}

int
lendfiles_read_hosts(const struct lend *l, struct nk_hostkeys *hk)
{
	char text[NK_HOSTKEYS_TEXT_MAX + 1];
	ssize_t n;
	int fd, r;

	fd = openat(l->dir.fd, LEND_KNOWN_HOSTS, O_RDONLY | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	r = n == -1 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	return nk_hostkeys_read(text, hk, NULL);
}

/* ---- the configuration ---- */

/*
 * Types of host keys, those of the pins first, so that the remote shows one
 * that is known.  The others stand there for it to prove new ones by.
 */
static void
put_algorithms(FILE *f, const struct lend *l)
{
	static const struct {
		const char	*type, *algorithms;
	} all[] = {
		{ "ssh-ed25519", "ssh-ed25519" },
		{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
		{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
		{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
		{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256" },
		{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com" },
		{ "sk-ecdsa-sha2-nistp256@openssh.com",
		  "sk-ecdsa-sha2-nistp256@openssh.com" },
	};
	const char *comma = "";
	size_t i, k;
	int pinned;
	bool is;

	fputs("\tHostKeyAlgorithms ", f);
	for (pinned = 1; pinned >= 0; pinned--)
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			for (is = false, k = 0; k < l->pins.n; k++)
				is = is || strcmp(l->pins.v[k].type->name,
				    all[i].type) == 0;
			if (is != (pinned == 1))
				continue;
			fprintf(f, "%s%s", comma, all[i].algorithms);
			comma = ",";
		}
	fputc('\n', f);
}

/* A "%" is doubled where ssh would expand it. */
static void
put_host(FILE *f, const char *host)
{
	fputs("\tHostName ", f);
	for (; *host != '\0'; host++)
		fputs(*host == '%' ? "%%" : (const char[]){ *host, '\0' },
		    f);
	fputc('\n', f);
}

/* How it is authenticated: by the lent key, and nothing else is tried. */
static void
put_keys(FILE *f, const struct lend *l)
{
	char path[LEND_PATH_MAX];

	fprintf(f, "\tIdentityAgent %s\n", lend_path(l, LEND_AGENT, path));
	fprintf(f, "\tIdentityFile %s\n", lend_path(l, LEND_KEY, path));
	fputs("\tIdentitiesOnly yes\n"
	    "\tPreferredAuthentications publickey\n"
	    "\tPasswordAuthentication no\n"
	    "\tKbdInteractiveAuthentication no\n"
	    "\tGSSAPIAuthentication no\n"
	    "\tHostbasedAuthentication no\n"
	    "\tBatchMode yes\n"
	    "\tAddKeysToAgent no\n"
	    "\tForwardAgent no\n", f);
}

/* Who the remote must be: what was pinned, and nothing else. */
static void
put_trust(FILE *f, const struct lend *l)
{
	char path[LEND_PATH_MAX];

	fprintf(f, "\tHostKeyAlias %s\n", l->alias);
	fprintf(f, "\tUserKnownHostsFile %s\n",
	    lend_path(l, LEND_KNOWN_HOSTS, path));
	fputs("\tGlobalKnownHostsFile /dev/null\n"
	    "\tStrictHostKeyChecking yes\n"
	    "\tUpdateHostKeys yes\n"
	    "\tVerifyHostKeyDNS no\n"
	    "\tCheckHostIP no\n"
	    "\tCanonicalizeHostname no\n"
	    "\tHashKnownHosts no\n", f);
	put_algorithms(f, l);
}

static int
put_config(const struct lend *l, const struct ctl *c)
{
	struct text t;
	int r;

	if ((r = text_open(&t, c)) != CTL_DONE)
		return r;
	fprintf(t.f, "Host %s\n", l->alias);
	put_host(t.f, row_string(l->terms, "host"));
	fprintf(t.f, "\tPort %" JSON_INTEGER_FORMAT "\n\tUser %s\n",
	    row_int(l->terms, "port"), row_string(l->terms, "username"));
	fprintf(t.f, "\tConnectTimeout %" JSON_INTEGER_FORMAT "\n",
	    row_int(l->terms, "connect_timeout"));
	put_keys(t.f, l);
	put_trust(t.f, l);
	fputs("\tControlMaster no\n"
	    "\tControlPath none\n"
	    "\tForwardX11 no\n"
	    "\tPermitLocalCommand no\n", t.f);
	return text_put(&t, l, c, LEND_CONFIG);
}

int
lendfiles_write(const struct lend *l, const struct ctl *c)
{
	struct text t;
	int r;

	if ((r = text_open(&t, c)) != CTL_DONE)
		return r;
	fprintf(t.f, "%s\n", row_string(l->terms, "public_key"));
	if ((r = text_put(&t, l, c, LEND_KEY)) != CTL_DONE ||
	    (r = put_hosts(l, c, l->alias, LEND_KNOWN_HOSTS)) != CTL_DONE ||
	    (r = put_hosts_by_name(l, c)) != CTL_DONE)
		return r;
	return put_config(l, c);
}
