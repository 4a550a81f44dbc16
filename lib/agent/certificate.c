/* SPDX-License-Identifier: ISC */
#include "lib/agent/certificate.h"

#include <errno.h>
#include <string.h>

#include "lib/ssh/frommatch.h"

static bool
is_text(const uint8_t *s, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(s, text, len) == 0;
}

/* The data of the named option; false: there is none. */
static bool
find_option(struct nk_wire list, const char *name, struct nk_wire *data)
{
	const uint8_t *s;
	size_t len;

	while (nk_wire_get_string(&list, &s, &len) == 0 &&
	    nk_wire_get_sub(&list, data) == 0) {
		if (is_text(s, len, name))
			return true;
	}
	return false;
}

bool
nk_agent_certificate_has(struct nk_wire list, const char *name)
{
	struct nk_wire data;

	return find_option(list, name, &data);
}

/* Does it limit where it may be used from, and not to rhost? */
static bool
excludes(const struct nk_certificate *c, const char *rhost)
{
	const uint8_t *s;
	struct nk_wire data;
	size_t len;

	if (!find_option(c->critical, "source-address", &data))
		return false;
	return nk_wire_get_string(&data, &s, &len) < 0 ||
	    !nk_cidrlist_admits((const char *)s, len, rhost);
}

int
nk_agent_certificate_check(const struct nk_certificate *c, int64_t now,
    const char *rhost)
{
	if (c->kind != NK_CERT_USER || now < 0 ||
	    (uint64_t)now < c->valid_after ||
	    (uint64_t)now >= c->valid_before)
		return -EACCES;
	/* sshd takes such a one for everybody. */
	if (c->principals.left == 0)
		return -EACCES;
	if (nk_agent_certificate_has(c->critical, "force-command") ||
	    excludes(c, rhost))
		return -EACCES;
	return 0;
}

static bool
is_among(const uint8_t *s, size_t len, const char *names)
{
	size_t n;

	for (;; names += n + 1) {
		n = strcspn(names, ",");
		if (n > 0 && n == len && memcmp(names, s, n) == 0)
			return true;
		if (names[n] == '\0')
			return false;
	}
}

bool
nk_agent_certificate_names(struct nk_wire principals, const char *names)
{
	const uint8_t *s;
	bool found = false;
	size_t len;

	while (principals.left > 0) {
		if (nk_wire_get_text(&principals, &s, &len) < 0)
			return false;
		if (is_among(s, len, names))
			found = true;
	}
	return found;
}
