/* SPDX-License-Identifier: ISC */
#include "lib/account/runner.h"

#include <sys/mman.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/fullio.h"

#define INPUT_FD	4

struct output {
	char	*text;
	size_t	 len, max;
};

/* Make the input readable as NK_RUNNER_INPUT.  0 or -errno. */
static int
give_input(const struct nk_runner *p)
{
	int fd, r;

	if (p->input == NULL)
		return 0;
	if ((fd = memfd_create("input", 0)) == -1)
		return -errno;
	if ((r = nk_write_full(fd, p->input, p->input_len)) < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -errno;
	if (fd != INPUT_FD && dup2(fd, INPUT_FD) == -1)
		return -errno;
	return 0;
}

/* In the child. */
static int
work(void *arg, int fd)
{
	const struct nk_runner *p = arg;
	char copies[NK_RUNNER_ARGS_MAX + 1][PATH_MAX];
	char *argv[NK_RUNNER_ARGS_MAX + 2], *envp[] = { NULL };
	const char *word = p->path;
	size_t i;
	int n;

	for (i = 0; word != NULL && i <= NK_RUNNER_ARGS_MAX; i++) {
		n = snprintf(copies[i], sizeof(copies[i]), "%s", word);
		if (n < 0 || (size_t)n >= sizeof(copies[i]))
			return 99;
		argv[i] = copies[i];
		word = p->args[i];
	}
	argv[i] = NULL;
	if (give_input(p) < 0 || dup2(fd, 1) == -1 || dup2(fd, 2) == -1)
		return 99;
	(void)execve(argv[0], argv, envp);
	return 99;
}

static int
take(void *arg, const void *bytes, size_t len)
{
	struct output *o = arg;

	if (len > o->max - o->len)
		return -E2BIG;
	memcpy(o->text + o->len, bytes, len);
	o->len += len;
	return 0;
}

int
nk_runner_run(const struct nk_runner *p, char **textp, size_t *lenp)
{
	struct output o = { .max = p->max };
	struct nk_runner copy = *p;
	int r;

	*textp = NULL;
	*lenp = 0;
	if (access(p->path, X_OK) == -1)
		return -ENOENT;
	if ((o.text = malloc(p->max + 1)) == NULL)
		return -ENOMEM;
	r = nk_child_run(work, &copy, NULL, p->seconds, take, &o);
	if (r < 0 && r != -EIO) {
		free(o.text);
		return r;
	}
	o.text[o.len] = '\0';
	*textp = o.text;
	*lenp = o.len;
	return r;
}

const char *
nk_runner_line(char *text)
{
	size_t len = strcspn(text, "\r\n");

	text[len] = '\0';
	return len > 0 ? text : "it says nothing";
}
