/* SPDX-License-Identifier: ISC */
#include "lib/ssh/frommatch.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/wildcard.h"

#define MAPPED		12	/* bytes before an address of IPv4 */

struct address {
	uint8_t		p[16];
	unsigned int	bits;		/* 32 or 128 */
};

static int
parse_address(const char *s, size_t len, struct address *a)
{
	static const uint8_t mapped[MAPPED] = { [10] = 0xff, [11] = 0xff };
	char buf[INET6_ADDRSTRLEN];

	if (len >= sizeof(buf) || memchr(s, '\0', len) != NULL)
		return -EBADMSG;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, a->p) == 1) {
		a->bits = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, buf, a->p) != 1)
		return -EBADMSG;
	a->bits = 128;
	if (memcmp(a->p, mapped, MAPPED) == 0) {
		memmove(a->p, a->p + MAPPED, 4);
		a->bits = 32;
	}
	return 0;
}

static bool
equal_bits(const uint8_t *a, const uint8_t *b, unsigned int n)
{
	if (memcmp(a, b, n / 8) != 0)
		return false;
	return n % 8 == 0 || ((a[n / 8] ^ b[n / 8]) >> (8 - n % 8)) == 0;
}

/*
 * Is s[len] an address or a network?  0, and *yesp: is a in it?  -EBADMSG:
 * it is something else.
 */
static int
match_network(const char *s, size_t len, const struct address *a, bool *yesp)
{
	const char *slash = memchr(s, '/', len);
	size_t n = slash == NULL ? len : (size_t)(slash - s), i;
	unsigned int mask = 0;
	struct address net;
	int r;

	if ((r = parse_address(s, n, &net)) < 0)
		return r;
	if (slash == NULL)
		mask = net.bits;
	for (i = n + 1; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || mask > 128)
			return -EBADMSG;
		mask = mask * 10 + (unsigned int)(s[i] - '0');
	}
	/* A network of such addresses is too odd to let anybody in. */
	if (slash != NULL && (n + 1 == len || mask > net.bits ||
	    (net.bits == 32 && memchr(s, ':', n) != NULL)))
		return -EBADMSG;
	*yesp = net.bits == a->bits && equal_bits(net.p, a->p, mask);
	return 0;
}

/* Can the pattern be meant for anything but addresses? */
static bool
may_be_name(const char *s, size_t len)
{
	size_t i;

	if (memchr(s, ':', len) != NULL)
		return false;
	for (i = 0; i < len; i++) {
		if ((s[i] < '0' || s[i] > '9') && s[i] != '.' &&
		    s[i] != '*' && s[i] != '?')
			return true;
	}
	return false;
}

/* One entry of from=, without its "!". */
static bool
match_entry(const char *s, size_t len, bool excludes,
    const struct address *a, const char *text)
{
	bool yes;

	if (match_network(s, len, a, &yes) == 0)
		return yes;
	if (nk_wildcard_is_lower(s, len, text))
		return true;
	return excludes && (may_be_name(s, len) ||
	    memchr(s, '/', len) != NULL);
}

/* The address, and the text that patterns are held against. */
static int
read_address(const char *text, struct address *a,
    char canonical[static INET6_ADDRSTRLEN])
{
	int r;

	if ((r = parse_address(text, strlen(text), a)) < 0)
		return r;
	if (inet_ntop(a->bits == 32 ? AF_INET : AF_INET6, a->p, canonical,
	    INET6_ADDRSTRLEN) == NULL)
		return -errno;
	return 0;
}

/* The length of the entry at s[len], up to a comma or the end. */
static size_t
entry_length(const char *s, size_t len)
{
	const char *comma = memchr(s, ',', len);

	return comma == NULL ? len : (size_t)(comma - s);
}

bool
nk_from_admits(const char *text, size_t len, const char *address)
{
	char canonical[INET6_ADDRSTRLEN];
	bool admitted = false, not;
	struct address a;
	size_t n;

	if (read_address(address, &a, canonical) < 0)
		return false;
	for (;; text += n + 1, len -= n + 1) {
		n = entry_length(text, len);
		not = n > 0 && text[0] == '!';
		if (match_entry(text + not, n - not, not, &a, canonical)) {
			if (not)
				return false;
			admitted = true;
		}
		if (n == len)
			return admitted;
	}
}

/* Does the entry no, without its "!", surely exclude all of the entry yes? */
static bool
excludes(const char *no, const char *yes)
{
	char canonical[INET6_ADDRSTRLEN];
	struct address a;
	bool in = false;

	if (strcmp(no, "*") == 0 || strcasecmp(no, yes) == 0)
		return true;
	if (read_address(yes, &a, canonical) < 0)
		return false;
	return match_network(no, strlen(no), &a, &in) == 0 ? in :
	    nk_wildcard_is_lower(no, strlen(no), canonical);
}

enum nk_from_reach
nk_from_reach(char *const *entries, size_t n)
{
	enum nk_from_reach reach = NK_FROM_NOBODY;
	size_t i, j;

	for (i = 0; i < n; i++) {
		if (entries[i][0] == '!')
			continue;
		for (j = 0; j < n; j++) {
			if (entries[j][0] == '!' &&
			    excludes(entries[j] + 1, entries[i]))
				break;
		}
		if (j < n)
			continue;
		if (strchr(entries[i], '/') != NULL ||
		    !may_be_name(entries[i], strlen(entries[i])))
			return NK_FROM_SOME;
		reach = NK_FROM_NAMES;
	}
	return reach;
}

bool
nk_cidrlist_admits(const char *text, size_t len, const char *address)
{
	char canonical[INET6_ADDRSTRLEN];
	struct address a;
	bool yes;
	size_t n;

	if (read_address(address, &a, canonical) < 0)
		return false;
	for (;; text += n + 1, len -= n + 1) {
		n = entry_length(text, len);
		if (match_network(text, n, &a, &yes) == 0 && yes)
			return true;
		if (n == len)
			return false;
	}
}
