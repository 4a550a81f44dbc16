/* SPDX-License-Identifier: ISC */
#include "lib/rpc/consumer_command.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/rootpath.h"
#include "lib/account/runner.h"
#include "lib/rpc/remark.h"
#include "lib/ssh/linetext.h"

#define WORD_MAX	255	/* characters */
#define OUTPUT_MAX	65536
#define LINE_MAX_SHOWN	200
#define SENTENCE_MAX	1024
#define LINKS_MAX	8

const struct nk_arg nk_consumer_command_word[] = {
	{ .name = "word", .type = NK_ARG_STRING, .max = WORD_MAX },
	{ .name = NULL },
};

/* ---- what is taken ---- */

static int
check_words(const json_t *command, const char *path, struct nk_error *e)
{
	const char *word = json_string_value(json_array_get(command, 0));
	size_t i;

	if (word == NULL || word[0] != '/') {
		nk_error_add(e, path, EINVAL, "The command begins with the "
		    "absolute path of a program");
		return -EINVAL;
	}
	for (i = 0; i < json_array_size(command); i++) {
		word = json_string_value(json_array_get(command, i));
		if (nk_linetext_check(word, strlen(word), NULL) < 0) {
			nk_error_add(e, path, EINVAL, "The words of the "
			    "command may not have control characters");
			return -EINVAL;
		}
	}
	return 0;
}

int
nk_consumer_command_take(struct nk_context *c, const json_t *command,
    const char *path, char **textp, struct nk_error *e)
{
	int r;

	*textp = NULL;
	if (command == NULL || json_is_null(command))
		return 0;
	if (c->caller->gateway) {
		nk_error_add(e, path, EACCES, "A command is set on the NAS "
		    "itself alone, with naskeysctl or over helper.sock");
		return -EINVAL;
	}
	if ((r = check_words(command, path, e)) < 0)
		return r;
	*textp = json_dumps(command, JSON_COMPACT);
	return *textp == NULL ? -ENOMEM : 0;
}

/* ---- the list ---- */

int
nk_commands_add(struct nk_commands *cs, const char *title, const char *text)
{
	struct nk_command *v, *new;

	if (text == NULL)
		return 0;
	if ((v = reallocarray(cs->v, cs->n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	cs->v = v;
	new = &v[cs->n];
	new->title = strdup(title);
	new->text = strdup(text);
	if (new->title == NULL || new->text == NULL) {
		free(new->title);
		free(new->text);
		return -ENOMEM;
	}
	cs->n++;
	return 0;
}

void
nk_commands_clear(struct nk_commands *cs)
{
	size_t i;

	for (i = 0; i < cs->n; i++) {
		free(cs->v[i].title);
		free(cs->v[i].text);
	}
	free(cs->v);
	*cs = (struct nk_commands){ NULL, 0 };
}

/* ---- running ---- */

/*
 * The program without symbolic links, when nobody but root can change which
 * one it is.  0; -EPERM; -errno.
 */
static int
resolve(const char *path, uid_t root, char out[PATH_MAX])
{
	struct stat st;
	char *slash;
	int fd, r;

	if (realpath(path, out) == NULL)
		return -errno;
	slash = strrchr(out, '/');
	*slash = '\0';
	r = nk_rootpath_open(slash == out ? "/" : out, LINKS_MAX, root, &fd);
	*slash = '/';
	if (r < 0)
		return r;
	if (fstatat(fd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) == -1)
		r = -errno;
	else if (!S_ISREG(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != root) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		r = -EPERM;
	else if ((st.st_mode & S_IXUSR) == 0)
		r = -EACCES;
	close(fd);
	return r;
}

static const char *
why(int r)
{
	switch (r) {
	case -EPERM:
		return "it, or a folder on the way to it, is not root's "
		    "alone to change";
	case -ETIMEDOUT:
		return "it did not end in time";
	case -E2BIG:
		return "it said too much";
	default:
		return strerror(-r);
	}
}

/* The first line of its output, as far as it may be shown. */
static void
say_failed(const char *name, char *output, char sentence[SENTENCE_MAX])
{
	char line[LINE_MAX_SHOWN + 1];

	(void)snprintf(line, sizeof(line), "%s", nk_runner_line(output));
	(void)snprintf(sentence, SENTENCE_MAX, "%s failed: %s", name,
	    nk_linetext_check(line, strlen(line), NULL) == 0 ? line :
	    "what it says is no text");
}

/* sentence is "" when all is well. */
static void
run(const json_t *words, uid_t root, char sentence[SENTENCE_MAX])
{
	const char *name = json_string_value(json_array_get(words, 0));
	char path[PATH_MAX], *output = NULL;
	struct nk_runner p = {
		.path = path, .seconds = NK_CONSUMER_COMMAND_SECONDS,
		.max = OUTPUT_MAX, .network = true,
	};
	size_t i, len;
	int r;

	sentence[0] = '\0';
	for (i = 1; i < json_array_size(words) && i <= NK_RUNNER_ARGS_MAX;
	    i++)
		p.args[i - 1] = json_string_value(json_array_get(words, i));
	if ((r = resolve(name, root, path)) == 0)
		r = nk_runner_run(&p, &output, &len);
	if (r == -EIO && output != NULL)
		say_failed(name, output, sentence);
	else if (r < 0)
		(void)snprintf(sentence, SENTENCE_MAX, "%s cannot be run: %s",
		    name, why(r));
	free(output);
}

/* It is unbound all the same. */
static void
tell(struct nk_context *c, const char *action, const char *title,
    const char *sentence)
{
	const struct nk_subject subject = { "consumer", 0, title };
	char text[2 * SENTENCE_MAX];

	(void)snprintf(text, sizeof(text), "Unbind %s: %s", title,
	    sentence);
	nk_remark(c, action, &subject, text);
}

void
nk_commands_run(struct nk_context *c, const char *action,
    const struct nk_commands *cs)
{
	char sentence[SENTENCE_MAX];
	json_t *words;
	size_t i;

	for (i = 0; i < cs->n; i++) {
		words = json_loads(cs->v[i].text, 0, NULL);
		if (json_is_array(words) && json_array_size(words) > 0 &&
		    json_array_size(words) <= NK_CONSUMER_WORDS_MAX)
			run(words, c->state->owner, sentence);
		else
			(void)snprintf(sentence, sizeof(sentence), "%s",
			    "what is stored of its command is damaged");
		json_decref(words);
		if (sentence[0] != '\0')
			tell(c, action, cs->v[i].title, sentence);
	}
}
