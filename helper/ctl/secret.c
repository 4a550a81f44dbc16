/* SPDX-License-Identifier: ISC */

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/secret.h"

int
secret_read_line(const struct ctl *c, char *buf, size_t len)
{
	size_t n = 0;
	ssize_t got;

	if (isatty(STDIN_FILENO))
		return secret_ask(c, "Password: ", buf, len);
	/* byte by byte: what follows the line is left to be read */
	while (n < len) {
		got = read(STDIN_FILENO, buf + n, 1);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			explicit_bzero(buf, len);
			return ctl_fail(c, "standard input: %s",
			    strerror(errno));
		}
		if (got == 0 || buf[n] == '\n') {
			buf[n] = '\0';
			if (n > 0)
				return CTL_DONE;
			return ctl_fail(c, "no password on standard input");
		}
		if (buf[n] == '\0') {
			explicit_bzero(buf, len);
			return ctl_fail(c, "the password has a NUL byte");
		}
		n++;
	}
	explicit_bzero(buf, len);
	return ctl_fail(c, "the password is longer than %zu bytes", len - 1);
}

int
secret_ask(const struct ctl *c, const char *prompt, char *buf, size_t len)
{
	if (readpassphrase(prompt, buf, len, RPP_REQUIRE_TTY) == NULL) {
		explicit_bzero(buf, len);
		return ctl_fail(c, "no terminal to ask for the password: "
		    "give it on standard input (--help says how)");
	}
	if (buf[0] == '\0')
		return ctl_fail(c, "no password given");
	return CTL_DONE;
}

int
secret_ask_new(const struct ctl *c, char *buf, size_t len)
{
	char again[SECRET_MAX];
	int r;

	if ((r = secret_ask(c, "New password: ", buf, len)) != CTL_DONE)
		return r;
	r = secret_ask(c, "The same again: ", again, sizeof(again));
	if (r == CTL_DONE && strcmp(buf, again) != 0)
		r = ctl_fail(c, "the two are not the same");
	explicit_bzero(again, sizeof(again));
	if (r != CTL_DONE)
		explicit_bzero(buf, len);
	return r;
}
