/* SPDX-License-Identifier: ISC */
#include "lib/account/sshdsettings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"

struct question {
	const char	*sshd, *user;
};

/* In the child: sshd's settings for this user, on fd. */
static int
run_sshd(void *arg, int fd)
{
	const struct question *q = arg;
	char test[] = "-T", criteria[] = "-C", spec[512], program[PATH_MAX];
	char *argv[] = { program, test, criteria, spec, NULL };
	char *envp[] = { NULL };
	int n;

	n = snprintf(spec, sizeof(spec),
	    "user=%s,host=localhost,addr=127.0.0.1", q->user);
	if (n < 0 || (size_t)n >= sizeof(spec) || dup2(fd, 1) == -1)
		return 1;
	n = snprintf(program, sizeof(program), "%s", q->sshd);
	if (n < 0 || (size_t)n >= sizeof(program))
		return 1;
	(void)execve(program, argv, envp);
	return 1;
}

static int
take_output(void *arg, const void *bytes, size_t len)
{
	struct nk_sshd_settings *s = arg;

	if (len > NK_SSHD_SETTINGS_MAX - s->len)
		return -E2BIG;
	memcpy(s->text + s->len, bytes, len);
	s->len += len;
	return 0;
}

int
nk_sshd_settings_ask(struct nk_sshd_settings *s, const char *sshd,
    const char *user, unsigned int seconds)
{
	struct question q = { sshd, user };
	int r;

	s->len = 0;
	s->text[0] = '\0';
	if (sshd == NULL)
		return -ENOENT;
	/* a name with a comma would be several criteria */
	if (strpbrk(user, ",= ") != NULL)
		return -EINVAL;
	if ((r = nk_child_run(run_sshd, &q, seconds, take_output, s)) < 0)
		s->len = 0;
	s->text[s->len] = '\0';
	return r;
}

const char *
nk_sshd_settings_find(const struct nk_sshd_settings *s, const char *keyword,
    size_t *lenp)
{
	size_t n = strlen(keyword);
	const char *line;

	for (line = s->text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, keyword, n) == 0 && line[n] == ' ') {
			*lenp = strcspn(line + n + 1, "\n");
			return line + n + 1;
		}
	}
	return NULL;
}
