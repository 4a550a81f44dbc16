/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/textfile.h"

#define PUBLIC		".pub"
#define FILE_MAX	16384	/* bytes of a public key's file */

/* A peer knows the first five words. */
#define MISSING(kind)	"Host " kind " key not configured: sshd has no " \
	kind " key among its HostKey files, or none with its " PUBLIC \
	" file beside it (ssh-keygen -A makes those that are missing)"

static const struct kind {
	const char	*types;	/* what their names begin with */
	const char	*missing;
} kinds[] = {
	{ "ssh-rsa", MISSING("RSA") },
	{ "ecdsa-sha2-nistp", MISSING("ECDSA") },
	{ "ssh-ed25519", MISSING("ED25519") },
};

/* ---- host keys ---- */

/* Of a key that an agent holds, HostKey may name the public half itself. */
static int
public_path(const char *path, char public[PATH_MAX])
{
	const size_t len = strlen(path), end = strlen(PUBLIC);
	bool is = len > end && strcmp(path + len - end, PUBLIC) == 0;
	int n;

	n = snprintf(public, PATH_MAX, "%s%s", path, is ? "" : PUBLIC);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The single key of the file; what sshd cannot load does not count. */
static int
read_public(const char *path, struct nk_hostkeys *hk)
{
	char public[PATH_MAX], *text;
	size_t len;
	int r;

	if ((r = public_path(path, public)) < 0)
		return r;
	if (access(path, F_OK) == -1)
		return -errno;
	if ((r = nk_textfile_read(AT_FDCWD, public, FILE_MAX, &text,
	    &len)) < 0)
		return r;
	r = memchr(text, '\0', len) != NULL ? -EBADMSG :
	    nk_hostkeys_read(text, hk, NULL);
	free(text);
	if (r == 0 && hk->n != 1) {
		nk_hostkeys_clear(hk);
		r = -EBADMSG;
	}
	return r;
}

/* -ENOENT: the file holds none of the kind; -E2BIG: there is no room. */
static int
take_key(const struct kind *k, const char *path, struct nk_hostkeys *keys)
{
	struct nk_hostkeys hk;
	int r;

	if ((r = read_public(path, &hk)) < 0)
		return r == -ENOMEM || r == -E2BIG ? r : -ENOENT;
	if (strncmp(hk.v[0].type->name, k->types, strlen(k->types)) == 0)
		r = nk_hostkeys_add(keys, hk.v[0].blob, hk.v[0].len);
	else
		r = -ENOENT;
	nk_hostkeys_clear(&hk);
	return r;
}

/* The first that there is room for. */
static int
find_key(const struct nk_settings *s, const struct kind *k,
    struct nk_hostkeys *keys)
{
	const char *path;
	size_t pos = 0;
	int r, worst = -ENOENT;

	while ((path = nk_setting_next(s, "hostkey", &pos)) != NULL) {
		r = take_key(k, path, keys);
		if (r == 0 || r == -ENOMEM)
			return r;
		if (r == -E2BIG)
			worst = r;
	}
	return worst;
}

static int
read_keys(const struct nk_settings *s, struct nk_hostkeys *keys,
    const char **whyp)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		r = find_key(s, &kinds[i], keys);
		if (r == -ENOENT)
			*whyp = kinds[i].missing;
	}
	if (r == -E2BIG)
		*whyp = "The host keys of this machine are longer than 1024 "
		    "characters together, and nobody could keep them: RSA "
		    "with 4096 bits and ECDSA with 256 fit";
	return r;
}

/* ---- the port ---- */

/* 0: it is none. */
static uint16_t
read_port(const char *text)
{
	unsigned long n;
	char *end;

	if (text[0] < '1' || text[0] > '9')
		return 0;
	n = strtoul(text, &end, 10);
	return *end != '\0' || n > UINT16_MAX ? 0 : (uint16_t)n;
}

/* Of "ADDRESS:PORT", "[ADDRESS]:PORT". */
static uint16_t
port_behind(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon == NULL ? 0 : read_port(colon + 1);
}

/* Where no address says otherwise, sshd listens there. */
static bool
listens_at(const struct nk_settings *s, uint16_t port)
{
	const char *address;
	size_t pos = 0;
	bool some = false;

	while ((address = nk_setting_next(s, "listenaddress",
	    &pos)) != NULL) {
		if (port_behind(address) == port)
			return true;
		some = true;
	}
	return !some;
}

/* A Port counts only for addresses that have none of their own. */
static uint16_t
find_port(const struct nk_settings *s)
{
	const char *text;
	size_t pos = 0;
	uint16_t port;

	while ((text = nk_setting_next(s, "port", &pos)) != NULL) {
		port = read_port(text);
		if (port != 0 && listens_at(s, port))
			return port;
	}
	text = nk_setting(s, "listenaddress");
	return text == NULL ? 0 : port_behind(text);
}

int
nk_sshidentity_read(const struct nk_settings *s, struct nk_sshidentity *id,
    const char **whyp)
{
	int r;

	*id = (struct nk_sshidentity){ .port = find_port(s) };
	if (id->port == 0) {
		*whyp = "sshd does not say on which port it listens";
		return -EBADMSG;
	}
	*whyp = NULL;
	if ((r = read_keys(s, &id->keys, whyp)) < 0)
		nk_sshidentity_clear(id);
	return r;
}

void
nk_sshidentity_clear(struct nk_sshidentity *id)
{
	nk_hostkeys_clear(&id->keys);
}
