/* SPDX-License-Identifier: ISC */
#include "lib/account/shells.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/textfile.h"

static int
add(struct nk_shells *s, const char *path, size_t len)
{
	char **v, *copy;

	if ((copy = strndup(path, len)) == NULL)
		return -ENOMEM;
	if (nk_shells_has(s, copy)) {
		free(copy);
		return 0;
	}
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (v == NULL) {
		free(copy);
		return -ENOMEM;
	}
	s->v = v;
	s->v[s->n++] = copy;
	return 0;
}

/* What stands on the line before white space and comment. */
static size_t
word_length(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r' ||
		    line[i] == '#')
			break;
		if ((unsigned char)line[i] < 0x20 || line[i] == ':')
			return 0;
	}
	return i;
}

int
nk_shells_load(struct nk_shells *s, const char *path)
{
	const char *line, *end;
	char *text = NULL;
	size_t len, n;
	int r;

	*s = (struct nk_shells){ NULL, 0 };
	r = nk_textfile_read(AT_FDCWD, path, NK_SHELLS_FILE_MAX, &text, &len);
	if (r < 0 && r != -ENOENT)
		return r;
	r = add(s, NK_NOLOGIN, strlen(NK_NOLOGIN));
	for (line = text; r == 0 && line != NULL && *line != '\0';
	    line = *end == '\0' ? end : end + 1) {
		end = line + strcspn(line, "\n");
		n = word_length(line, (size_t)(end - line));
		if (n > 1 && n <= NK_SHELL_MAX && line[0] == '/')
			r = add(s, line, n);
	}
	free(text);
	if (r < 0)
		nk_shells_clear(s);
	return r;
}

void
nk_shells_clear(struct nk_shells *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct nk_shells){ NULL, 0 };
}

bool
nk_shells_has(const struct nk_shells *s, const char *shell)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], shell) == 0)
			return true;
	}
	return false;
}

bool
nk_shell_is_nologin(const char *shell)
{
	const char *name = strrchr(shell, '/');

	return name != NULL && (strcmp(name, "/nologin") == 0 ||
	    strcmp(name, "/false") == 0);
}
