/* SPDX-License-Identifier: ISC */

/*
 * What our parser thinks of key options, for options_oracle.sh, which holds
 * it against sshd.
 *
 *	options_oracle judge		for the Nth line of standard input
 *					"N refuse SENTENCE", or "N accept" with
 *					what limits it (from, expired, ca,
 *					principals) and "N is MEANING" for each
 *					thing that the options say, in the
 *					words and the encoding of sshd's log
 *	options_oracle keys N FOLDER	Ed25519 keys FOLDER/1 to N, whose
 *					public lines are printed
 *	options_oracle generate SEED N	N lines of options
 */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "lib/ssh/keyline.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/privatekey.h"
#include "tests/integration/option_mutate.h"

/* Long lines, so that sshd's own limits are met first. */
static const struct nk_keypolicy policy = { 2048, 1U << 20, 400, { 9, 2 } };

#define TUNNEL_ANY	"2147483647"

/* What sshd says together of all options. */
struct meaning {
	bool	 flags[NK_OPT_X11_FORWARDING + 1];
	bool	 principal;		/* alice is one, or none are named */
	char	*tunnel;		/* NULL: none */
	char	*names;			/* of environment: ,A,,B, */
};

/* Print text as sshd's log shows it: \ doubled, beyond ASCII in octal. */
static void
print_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\\\", stdout);
		else if ((unsigned char)*text >= 0x80)
			printf("\\%03o", (unsigned char)*text);
		else
			putchar(*text);
	}
}

/* One meaning of line n: what, text and end together. */
static void
print_is(unsigned long n, const char *what, const char *text,
    const char *end)
{
	printf("%lu is %s", n, what);
	print_text(text);
	puts(end);
}

static bool
names_alice(const char *principals)
{
	size_t n;

	for (;; principals += n + 1) {
		n = strcspn(principals, ",");
		if (n == 5 && memcmp(principals, "alice", 5) == 0)
			return true;
		if (principals[n] == '\0')
			return false;
	}
}

/* Note what o says, as sshd does, in the order of the text. */
static void
note_flag(struct meaning *m, const struct nk_keyoption *o)
{
	m->flags[o->name] = !o->negated;
	if (o->name == NK_OPT_RESTRICT) {
		m->flags[NK_OPT_AGENT_FORWARDING] = false;
		m->flags[NK_OPT_PORT_FORWARDING] = false;
		m->flags[NK_OPT_PTY] = false;
		m->flags[NK_OPT_USER_RC] = false;
		m->flags[NK_OPT_X11_FORWARDING] = false;
	}
}

/* Of two settings of one variable, the first counts. */
static bool
is_first_of_name(struct meaning *m, const char *setting)
{
	const int n = (int)strcspn(setting, "=");
	char *name, *names;
	bool first;

	if (asprintf(&name, ",%.*s,", n, setting) == -1)
		err(EXIT_FAILURE, NULL);
	first = m->names == NULL || strstr(m->names, name) == NULL;
	if (asprintf(&names, "%s%s", m->names == NULL ? "" : m->names,
	    name) == -1)
		err(EXIT_FAILURE, NULL);
	free(name);
	free(m->names);
	m->names = names;
	return first;
}

static void
note_value(unsigned long n, struct meaning *m, const struct nk_keyoption *o,
    const char *value)
{
	const char *listen;

	switch (o->name) {
	case NK_OPT_COMMAND:
		print_is(n, "forced command: \"", value, "\"");
		break;
	case NK_OPT_ENVIRONMENT:
		if (is_first_of_name(m, value))
			print_is(n, "environment: ", value, "");
		break;
	case NK_OPT_PERMITOPEN:
		print_is(n, "permitted open: ", value, "");
		break;
	case NK_OPT_PERMITLISTEN:
		listen = strchr(value, ':') == NULL ?
		    "permitted listen: *:" : "permitted listen: ";
		print_is(n, listen, value, "");
		break;
	case NK_OPT_PRINCIPALS:
		print_is(n, "authorized principals: \"", value, "\"");
		m->principal = names_alice(value);
		break;
	case NK_OPT_TUNNEL:
		free(m->tunnel);
		if ((m->tunnel = strdup(strcasecmp(value, "any") == 0 ?
		    TUNNEL_ANY : value)) == NULL)
			err(EXIT_FAILURE, NULL);
		break;
	default:
		break;
	}
}

static void
print_flags(unsigned long n, const struct meaning *m, bool expires)
{
	const bool *f = m->flags;

	printf("%lu is key options:%s%s%s%s%s%s%s%s%s", n,
	    f[NK_OPT_AGENT_FORWARDING] ? " agent-forwarding" : "",
	    f[NK_OPT_COMMAND] ? " command" : "",
	    f[NK_OPT_ENVIRONMENT] ? " environment" : "",
	    expires ? "expires" : "",
	    !f[NK_OPT_TOUCH_REQUIRED] ? " no-touch-required" : "",
	    f[NK_OPT_PERMITOPEN] ? " permitopen" : "",
	    f[NK_OPT_PERMITLISTEN] ? " permitlisten" : "",
	    f[NK_OPT_PORT_FORWARDING] ? " port-forwarding" : "",
	    f[NK_OPT_PRINCIPALS] ? " principals" : "");
	printf("%s%s%s%s%s%s\n",
	    f[NK_OPT_PTY] ? " pty" : "",
	    f[NK_OPT_VERIFY_REQUIRED] ? " uv" : "",
	    m->tunnel != NULL ? " tun=" : "",
	    m->tunnel != NULL ? m->tunnel : "",
	    f[NK_OPT_USER_RC] ? " user-rc" : "",
	    f[NK_OPT_X11_FORWARDING] ? " x11-forwarding" : "");
}

static void
print_expiry(unsigned long n, time_t t)
{
	char buf[32];
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		errx(EXIT_FAILURE, "a time that cannot be written");
	printf("%lu is expires at %s\n", n, buf);
}

static void
print_meaning(unsigned long n, const char *text)
{
	struct meaning m = { .principal = true };
	struct nk_keyoptions all;
	struct nk_keyoption o;
	size_t len = strlen(text);
	char *value;

	m.flags[NK_OPT_AGENT_FORWARDING] = m.flags[NK_OPT_PORT_FORWARDING] =
	    m.flags[NK_OPT_PTY] = m.flags[NK_OPT_TOUCH_REQUIRED] =
	    m.flags[NK_OPT_USER_RC] = m.flags[NK_OPT_X11_FORWARDING] = true;
	memset(&all, 0, sizeof(all));
	if (len > 0 && nk_keyoptions_parse(text, len, policy.sshd, &all,
	    NULL) < 0)
		errx(EXIT_FAILURE, "line %lu: its options alone are refused",
		    n);
	while (nk_keyoption_get(&text, &len, policy.sshd, &o, NULL) == 0) {
		if (nk_keyoption_value(&o, &value) < 0)
			err(EXIT_FAILURE, NULL);
		note_flag(&m, &o);
		if (value != NULL)
			note_value(n, &m, &o, value);
		free(value);
	}
	print_flags(n, &m, all.expires);
	if (all.expires)
		print_expiry(n, all.expiry);
	printf("%lu accept%s%s%s%s\n", n, all.from ? " from" : "",
	    all.expires && all.expiry <= time(NULL) ? " expired" : "",
	    all.cert_authority ? " ca" : "",
	    m.principal ? "" : " principals");
	free(m.tunnel);
	free(m.names);
}

static void
judge(void)
{
	struct nk_keyline l;
	const char *why = "";
	char *line = NULL;
	size_t size = 0;
	unsigned long n = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		n++;
		if (line[len - 1] == '\n')
			len--;
		if (nk_keyline_parse(line, (size_t)len, &policy, &l,
		    &why) < 0) {
			printf("%lu refuse %s\n", n, why);
			continue;
		}
		if (l.kind == NK_LINE_KEY)
			print_meaning(n, l.options != NULL ? l.options : "");
		else
			printf("%lu refuse no key\n", n);
		nk_keyline_clear(&l);
	}
	free(line);
}

static void
make_key(const char *folder, unsigned long n)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_privatekey k;
	char path[4096], *line;
	int fd;

	if (nk_privatekey_generate("ssh-ed25519", 0, "key", &k) < 0 ||
	    nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH, &text) < 0 ||
	    nk_privatekey_public_line(&k, &line) < 0)
		errx(EXIT_FAILURE, "no key");
	if (snprintf(path, sizeof(path), "%s/%lu", folder, n) >=
	    (int)sizeof(path))
		errx(EXIT_FAILURE, "%s: too long", folder);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600)) == -1 || write(fd, text.p, text.len) !=
	    (ssize_t)text.len || close(fd) == -1)
		err(EXIT_FAILURE, "%s", path);
	puts(line);
	free(line);
	nk_secret_clear(&text);
	nk_privatekey_clear(&k);
}

int
main(int argc, char *argv[])
{
	char text[OPTIONS_TEXT_MAX];
	unsigned long i, n;
	uint64_t state;

	if (argc == 2 && strcmp(argv[1], "judge") == 0)
		judge();
	else if (argc == 4 && strcmp(argv[1], "keys") == 0) {
		n = strtoul(argv[2], NULL, 10);
		for (i = 1; i <= n; i++)
			make_key(argv[3], i);
	} else if (argc == 4 && strcmp(argv[1], "generate") == 0) {
		state = strtoull(argv[2], NULL, 10) * 2 + 1;
		for (n = strtoul(argv[3], NULL, 10); n > 0; n--) {
			make_options(&state, text);
			puts(text);
		}
	} else {
		fprintf(stderr, "usage: options_oracle judge | "
		    "keys N FOLDER | generate SEED N\n");
		return 2;
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
