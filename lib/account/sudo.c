/* SPDX-License-Identifier: ISC */
#include "lib/account/sudo.h"

#include <sys/stat.h>

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/shellword.h"
#include "lib/account/sudorule.h"

#define WHY_MAX		1280	/* a path and a sentence */
#define WORD_MAX	1024	/* bytes of an executable's path */

static int
explain(char why[WHY_MAX], const char *text)
{
	(void)snprintf(why, WHY_MAX, "%s", text);
	return -EINVAL;
}

/* In the quotes that the peer uses. */
static int
explain_path(char why[WHY_MAX], const char *before, const char *path,
    const char *after)
{
	const char *q = strchr(path, '\'') != NULL &&
	    strchr(path, '"') == NULL ? "\"" : "'";

	(void)snprintf(why, WHY_MAX, "%s%s%s%s%s", before, q, path, q, after);
	return -EINVAL;
}

/* The first word of the command, its quotes taken off. */
static int
first_word(const char *s, char word[WORD_MAX], char why[WHY_MAX])
{
	struct nk_shellword w = NK_SHELLWORD_NONE;
	const char *reason = NULL;
	bool first = true;
	int r;

	while ((r = nk_shellword_next(&s, &w, &reason)) == 1) {
		if (first && strlen(w.text) >= WORD_MAX)
			r = explain(why, "Executable path is too long");
		else if (first)
			memcpy(word, w.text, strlen(w.text) + 1);
		nk_shellword_clear(&w);
		if (r < 0)
			return r;
		first = false;
	}
	return r == -EINVAL ? explain(why, reason) : r;
}

/* No empty, "." or ".." component; slashes at the end do not count. */
static bool
is_normalized(const char *path)
{
	size_t n;

	while (*path != '\0') {
		path++;		/* the slash */
		n = strcspn(path, "/");
		if (n == 0 && strspn(path, "/") != strlen(path))
			return false;
		if ((n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

static bool
is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 0111) != 0;
}

static int
check_exists(const char *path, char why[WHY_MAX])
{
	bool found = path[strlen(path) - 1] == '/';
	glob_t g;
	size_t i;
	int r;

	r = glob(path, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &g);
	if (r == GLOB_NOSPACE) {
		globfree(&g);
		return -ENOMEM;
	}
	if (r != 0 || g.gl_pathc == 0) {
		globfree(&g);
		return explain_path(why, "No paths matching ", path,
		    " exist");
	}
	for (i = 0; !found && i < g.gl_pathc; i++)
		found = is_executable(g.gl_pathv[i]);
	globfree(&g);
	return found ? 0 : explain_path(why, "None of the paths matching ",
	    path, " is executable");
}

/* What sudoers cannot say is refused when it is set, not left out later. */
static int
check_rule(const char *command, char why[WHY_MAX])
{
	const char *reason = NULL;
	char *rule;
	int r;

	r = nk_sudorule_format(command, &rule, &reason);
	free(rule);
	return r == -EINVAL ? explain(why, reason) : r;
}

static int
check_command(const char *command, char why[WHY_MAX])
{
	char word[WORD_MAX] = "";
	const char *p;
	int r;

	for (p = command; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return explain(why, "A command must be one line "
			    "without control characters");
	}
	if ((r = first_word(command, word, why)) < 0)
		return r;
	if (strcmp(command, "ALL") == 0)
		return 0;
	if (word[0] != '/')
		return explain(why, "Executable must be an absolute path");
	if (!is_normalized(word))
		return explain(why, "Executable path must be normalized");
	if ((r = check_exists(word, why)) < 0)
		return r;
	return check_rule(command, why);
}

int
nk_sudo_check(const char *const *commands, size_t n,
    void (*report)(void *arg, size_t index, const char *text), void *arg)
{
	char why[WHY_MAX];
	size_t i;
	int r = 0, bad;

	for (i = 0; n > 1 && i < n; i++) {
		if (strcmp(commands[i], "ALL") == 0) {
			report(arg, i,
			    "ALL cannot be used with other commands");
			return -EINVAL;
		}
	}
	for (i = 0; i < n; i++) {
		if ((bad = check_command(commands[i], why)) == -ENOMEM)
			return bad;
		if (bad < 0) {
			report(arg, i, why);
			r = bad;
		}
	}
	return r;
}
