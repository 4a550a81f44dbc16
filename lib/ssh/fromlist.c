/* SPDX-License-Identifier: ISC */
#include "lib/ssh/fromlist.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/ssh/refuse.h"

#define ALNUM	"0123456789" \
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static const char bad_network[] = "a network must be an address, a slash "
    "and a length with no host bits set, as in 192.0.2.0/24 or "
    "2001:db8::/32";
static const char bad_address[] = "an address must be written in full, as "
    "in 192.0.2.1 or 2001:db8::1 (several with 192.0.2.* or 192.0.2.0/24)";
static const char bad_name[] = "a host may contain only letters, digits, "
    "dots, hyphens, underscores and the wildcards * and ?";

/* Do all of s[len] stand in set? */
static bool
consists_of(const char *s, size_t len, const char *set)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] == '\0' || strchr(set, s[i]) == NULL)
			return false;
	}
	return true;
}

/*
 * Read the address s[len] (no zone) into addr.  *bitsp is the length of
 * such an address.  Returns 0 or -EBADMSG.
 */
static int
parse_address(const char *s, size_t len, uint8_t addr[static 16],
    unsigned int *bitsp)
{
	char buf[INET6_ADDRSTRLEN];

	if (len >= sizeof(buf))
		return -EBADMSG;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET, buf, addr) == 1)
		*bitsp = 32;
	else if (inet_pton(AF_INET6, buf, addr) == 1)
		*bitsp = 128;
	else
		return -EBADMSG;
	return 0;
}

/* Are all bits of addr behind the first "mask" ones zero? */
static bool
host_bits_clear(const uint8_t *addr, unsigned int mask, unsigned int bits)
{
	unsigned int i;

	for (i = mask; i < bits; i++) {
		if ((addr[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	}
	return true;
}

/* Check ADDRESS/LENGTH, the slash being at s + slash. */
static int
check_network(const char *s, size_t len, size_t slash)
{
	const char *m = s + slash + 1;
	size_t i, digits = len - slash - 1;
	unsigned int bits, mask = 0;
	uint8_t addr[16];
	int r;

	if ((r = parse_address(s, slash, addr, &bits)) < 0)
		return r;
	if (digits == 0 || digits > 3 ||
	    !consists_of(m, digits, "0123456789") ||
	    (m[0] == '0' && digits > 1))
		return -EBADMSG;
	for (i = 0; i < digits; i++)
		mask = mask * 10 + (unsigned int)(m[i] - '0');
	if (mask > bits || !host_bits_clear(addr, mask, bits))
		return -EBADMSG;
	return 0;
}

/* Check an address of IPv6 with a zone, the % being at s + percent. */
static int
check_zoned(const char *s, size_t len, size_t percent)
{
	unsigned int bits;
	uint8_t addr[16];
	int r;

	if ((r = parse_address(s, percent, addr, &bits)) < 0)
		return r;
	if (bits != 128 || percent + 1 == len ||
	    !consists_of(s + percent + 1, len - percent - 1, ALNUM "._-"))
		return -EBADMSG;
	return 0;
}

/*
 * Would sshd complete s[len], which is no whole address, to one that nobody
 * meant, as 127.1 or 0x7f000001?  Anything of digits and dots counts.
 */
static bool
is_short_address(const char *s, size_t len)
{
	char buf[NK_FROM_ENTRY_MAX + 1];
	struct in_addr addr;

	if (consists_of(s, len, "0123456789."))
		return true;
	if (len >= sizeof(buf) || !consists_of(s, len, ALNUM "."))
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return inet_aton(buf, &addr) != 0;
}

/* One entry of from=, without its "!". */
static int
check_from_entry(const char *s, size_t len, const char **whyp)
{
	const char *slash = memchr(s, '/', len);
	const char *percent = memchr(s, '%', len);
	uint8_t addr[16];
	unsigned int bits;

	if (slash != NULL) {
		if (check_network(s, len, (size_t)(slash - s)) < 0)
			return nk_refuse(whyp, -EBADMSG, bad_network);
		return 0;
	}
	if (percent != NULL) {
		if (check_zoned(s, len, (size_t)(percent - s)) < 0)
			return nk_refuse(whyp, -EBADMSG, bad_address);
		return 0;
	}
	if (parse_address(s, len, addr, &bits) == 0)
		return 0;
	if (is_short_address(s, len))
		return nk_refuse(whyp, -EBADMSG, bad_address);
	if (memchr(s, ':', len) != NULL) {	/* a pattern for IPv6? */
		if (!consists_of(s, len, "0123456789abcdef:.*?") ||
		    (memchr(s, '*', len) == NULL &&
		    memchr(s, '?', len) == NULL))
			return nk_refuse(whyp, -EBADMSG, bad_address);
		return 0;
	}
	if (!consists_of(s, len, ALNUM "._-*?"))
		return nk_refuse(whyp, -EBADMSG, bad_name);
	return 0;
}

/* Take one entry off *sp[*leftp]; *endp says whether it was the last. */
static size_t
get_entry(const char **sp, size_t *leftp, const char **entryp, bool *endp)
{
	const char *comma = memchr(*sp, ',', *leftp);
	size_t len = comma == NULL ? *leftp : (size_t)(comma - *sp);

	*entryp = *sp;
	*endp = comma == NULL;
	*sp += len + !*endp;
	*leftp -= len + !*endp;
	return len;
}

int
nk_fromlist_check(const char *text, size_t len, const char **whyp)
{
	const char *s;
	bool end = false, positive = false;
	size_t n;
	int r;

	while (!end) {
		n = get_entry(&text, &len, &s, &end);
		if (n > 0 && *s == '!') {
			s++;
			n--;
		} else
			positive = true;
		if (n == 0)
			return nk_refuse(whyp, -EBADMSG, "from= has an empty "
			    "entry: name at least one host or address, and "
			    "put exactly one comma between two");
		if (n > NK_FROM_ENTRY_MAX)
			return nk_refuse(whyp, -EBADMSG, "an entry of from= "
			    "is longer than 255 bytes: shorten it");
		if ((r = check_from_entry(s, n, whyp)) < 0)
			return r;
	}
	if (!positive)
		return nk_refuse(whyp, -EBADMSG, "from= only excludes, so "
		    "nobody could use the key: add who may come, as in *");
	return 0;
}

int
nk_cidrlist_check(const char *text, size_t len, const char **whyp)
{
	const char *s, *slash;
	uint8_t addr[16];
	unsigned int bits;
	bool end = false;
	size_t n;

	while (!end) {
		n = get_entry(&text, &len, &s, &end);
		slash = memchr(s, '/', n);
		if ((slash == NULL ? parse_address(s, n, addr, &bits) :
		    check_network(s, n, (size_t)(slash - s))) < 0)
			return nk_refuse(whyp, -EBADMSG, bad_network);
	}
	return 0;
}
