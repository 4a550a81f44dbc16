/* SPDX-License-Identifier: ISC */
#include "lib/account/runner.h"

#include <sys/mman.h>

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/fullio.h"

#define INPUT_FD	4
#define NO_INPUT	UINT32_MAX

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

/* As bytes: this, the words with their NULs, and the input. */
struct packed {
	uint32_t	words;		/* the path is one */
	uint32_t	input;		/* bytes, or NO_INPUT */
};

/* *bytesp is the caller's to free. */
static int
pack(const struct nk_runner *p, char **bytesp, size_t *lenp)
{
	struct packed head = { 1, NO_INPUT };
	size_t len = sizeof(head) + strlen(p->path) + 1, i;
	char *at;

	if (p->input_len >= NK_NETWORK_BYTES_MAX)
		return -E2BIG;
	for (i = 0; i < NK_RUNNER_ARGS_MAX && p->args[i] != NULL; i++)
		len += strlen(p->args[i]) + 1;
	head.words += (uint32_t)i;
	if (p->input != NULL) {
		head.input = (uint32_t)p->input_len;
		len += p->input_len;
	}
	if ((at = malloc(len)) == NULL)
		return -ENOMEM;
	*bytesp = at;
	*lenp = len;
	memcpy(at, &head, sizeof(head));
	at = stpcpy(at + sizeof(head), p->path) + 1;
	for (i = 0; i + 1 < head.words; i++)
		at = stpcpy(at, p->args[i]) + 1;
	if (p->input != NULL)
		memcpy(at, p->input, p->input_len);
	return 0;
}

/* In the child that has the network: a NUL stands behind the bytes. */
static int
unpack_and_work(void *arg, int fd)
{
	const struct nk_network_arg *a = arg;
	const char *p = a->bytes, *end = p + a->len;
	struct nk_runner r = { .path = NULL };
	struct packed head;
	uint32_t i;

	if (a->len < sizeof(head))
		return 99;
	memcpy(&head, p, sizeof(head));
	if (head.words == 0 || head.words > NK_RUNNER_ARGS_MAX + 1)
		return 99;
	p += sizeof(head);
	for (i = 0; i < head.words; i++) {
		if (p >= end)
			return 99;
		if (i == 0)
			r.path = p;
		else
			r.args[i - 1] = p;
		p += strlen(p) + 1;
	}
	if (p > end || (size_t)(end - p) !=
	    (head.input == NO_INPUT ? 0 : head.input))
		return 99;
	if (head.input != NO_INPUT) {
		r.input = p;
		r.input_len = head.input;
	}
	return work(&r, fd);
}

const struct nk_network_work nk_runner_work = { "program", unpack_and_work };

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

static int
run_there(const struct nk_runner *p, struct output *o)
{
	size_t len;
	char *bytes;
	int r;

	if ((r = pack(p, &bytes, &len)) < 0)
		return r;
	r = nk_network_run(&nk_runner_work, bytes, len, p->seconds, take, o);
	explicit_bzero(bytes, len);	/* as the input may have to be */
	free(bytes);
	return r;
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
	r = p->network && nk_network_path() != NULL ? run_there(p, &o) :
	    nk_child_run(work, &copy, NULL, p->seconds, take, &o);
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
