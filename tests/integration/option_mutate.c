/* SPDX-License-Identifier: ISC */
#include "tests/integration/option_mutate.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PICK(st, a)	((a)[below((st), COUNT(a))])
#define OPTIONS_MAX	5
#define CHANGES_MAX	3

static const char *const flags[] = {
	"agent-forwarding", "cert-authority", "port-forwarding", "pty",
	"restrict", "touch-required", "user-rc", "verify-required",
	"X11-forwarding", "no-agent-forwarding", "no-port-forwarding",
	"no-pty", "no-touch-required", "no-user-rc", "no-verify-required",
	"no-X11-forwarding",
};
static const char *const no_flags[] = {
	"no-restrict", "no-cert-authority", "no-command", "no-", "pt", "ptyy",
	"nonsense", "no-no-pty", "zos-key-ring-label", "command", "from",
	"pty=\"yes\"", "restrict=", " pty", "pty ", "", "\"pty\"", "#pty",
	"permit-pty", "ssh-rsa", "expiry-time", "key=\"a\"",
};

/* Values, each made of up to three pieces of one row one after another. */
static const struct kind {
	const char	*name;
	const char	*joint;		/* between two of the first pieces */
	const char	*first[16];
	const char	*second[16];
	const char	*third[12];
} kinds[] = {
	{ "command", " ", { "true", "/bin/ls", "echo \\\"a\\\"", "a,b", "\\",
	    "%u", "\xc3\xa4", "\\\\", "#", "a=b", "" }, { "" }, { "" } },
	{ "environment", "_", { "A", "LANG", "b9", "_", "A", "Z" },
	    { "=", "=", "=", "=", " =", "", "-=", ".=", "==" },
	    { "", "x", "b c", "\\\"q\\\"", "x,y", "\xc3\xa4" } },
	{ "expiry-time", "", { "2099", "2031", "2024", "2038", "1971",
	    "2020", "2099", "9999", "1969", "0001", "99" },
	    { "1231", "0101", "0228", "0229", "0630", "0231", "1301", "0001",
	    "0100", "12" }, { "", "Z", "z", "UTC", "2359", "235959Z",
	    "0000", "240000", "2360", "235960", " ", "GMT" } },
	{ "from", ",", { "127.0.0.1", "127.0.0.0/8", "*", "!10.0.0.1",
	    "192.0.2.0/24", "::1", "2001:db8::/32", "*.example.org",
	    "!127.0.0.1", "127.0.0.?", "host", "10.0.0.1/8", "127.1",
	    "0.0.0.0/0", "a b", "fe80::1%lo" },
	    { "", "", "", "", "", "", "", "", "", "", "", ",", "/33",
	    " ", "." }, { "" } },
	{ "permitopen", "", { "host", "*", "127.0.0.1", "[::1]",
	    "[2001:db8::2]", "a.example.org", "::1", "", "[", "a_b", "h*t",
	    "[host]", "host/" }, { ":", ":", ":", ":", ":", ":", "", "::",
	    " :", "/" }, { "1", "80", "*", "65535", "65536", "0", "080",
	    "http", "-1", "+1", " 1", "" } },
	{ "permitlisten", "", { "host", "*", "127.0.0.1", "[::1]",
	    "localhost", "[::]", "", "", "", "::1", "h*t", "0.0.0.0",
	    "[fe80::*]" }, { ":", ":", ":", ":", ":", ":", "", "", "::" },
	    { "1", "80", "*", "65535", "65536", "0", "080", "http", "-1",
	    "+1", " 1", "" } },
	{ "principals", ",", { "alice", "bob", "carol", "bob smith", "*",
	    "a@b", "alice ", "\xc3\xa4", "" }, { "", "", "", "", ",", " " },
	    { "" } },
	{ "tunnel", "", { "0", "1", "any", "ANY", "2147483645",
	    "2147483646", "2147483647", "2147483648", "tun0", "-1", "00",
	    "", "1:2", "any:any", " 7", "0x1" }, { "" }, { "" } },
};

struct text {
	char	*s;
	size_t	 n;
};

/* xorshift64*: the same options for the same seed everywhere. */
static size_t
below(uint64_t *state, size_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return n == 0 ? 0 :
	    (size_t)((*state * 0x2545f4914f6cdd1dULL) >> 16) % n;
}

/* Append s; what has no room is left out. */
static void
add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (n >= OPTIONS_TEXT_MAX - t->n)
		return;
	memcpy(t->s + t->n, s, n + 1);
	t->n += n;
}

/*
 * One of the strings before the first NULL, which are at most max: the first
 * ones, which are right, more often.
 */
static const char *
pick(uint64_t *st, const char *const *strings, size_t max)
{
	size_t n = 0;

	while (n < max && strings[n] != NULL)
		n++;
	return strings[below(st, 1 + below(st, n))];
}

static void
add_value(uint64_t *st, const struct kind *k, struct text *t)
{
	size_t n = k->joint[0] == '\0' ? 1 : 1 + below(st, 3);

	add(t, k->name);
	add(t, "=\"");
	for (; n > 0; n--) {
		add(t, pick(st, k->first, COUNT(k->first)));
		if (n > 1)
			add(t, k->joint);
	}
	add(t, pick(st, k->second, COUNT(k->second)));
	add(t, pick(st, k->third, COUNT(k->third)));
	add(t, "\"");
}

/* Turn the case of some letters behind start, which are of a name. */
static void
change_case(uint64_t *st, struct text *t, size_t start)
{
	size_t i;

	for (i = start; i < t->n && t->s[i] != '='; i++) {
		if (below(st, 2) == 0)
			t->s[i] = (char)toupper((unsigned char)t->s[i]);
	}
}

/* Change one character or two of them. */
static void
change_character(uint64_t *st, struct text *t)
{
	static const char strange[] = "\"\"\\,,= \t!*?[]:/.-#0aZ%\x01\x7f\xff";
	const size_t i = below(st, t->n);
	const char c = strange[below(st, sizeof(strange) - 1)];
	char other;

	switch (below(st, 4)) {
	case 0:			/* gone */
		memmove(t->s + i, t->s + i + 1, t->n - i);
		t->n--;
		return;
	case 1:			/* one more */
		if (t->n + 1 >= OPTIONS_TEXT_MAX)
			return;
		memmove(t->s + i + 1, t->s + i, t->n - i + 1);
		t->s[i] = c;
		t->n++;
		return;
	case 2:
		t->s[i] = c;
		return;
	default:		/* two change places */
		if (i + 1 == t->n)
			return;
		other = t->s[i];
		t->s[i] = t->s[i + 1];
		t->s[i + 1] = other;
	}
}

void
make_options(uint64_t *st, char text[static OPTIONS_TEXT_MAX])
{
	struct text t = { text, 0 };
	size_t n = 1 + below(st, OPTIONS_MAX), start;

	t.s[0] = '\0';
	for (; n > 0; n--) {
		start = t.n;
		if (below(st, 40) == 0)
			add(&t, PICK(st, no_flags));
		else if (below(st, 2) == 0)
			add(&t, PICK(st, flags));
		else
			add_value(st, &PICK(st, kinds), &t);
		if (below(st, 12) == 0)
			change_case(st, &t, start);
		if (n > 1)
			add(&t, ",");
	}
	if (below(st, 4) != 0)
		return;
	for (n = 1 + below(st, CHANGES_MAX); n > 0 && t.n > 0; n--)
		change_character(st, &t);
}
