/* SPDX-License-Identifier: ISC */
#include "lib/explain/pamstack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/sshdsettings.h"
#include "lib/account/textfile.h"

#define PAM_FOLDER	NK_SYSCONFDIR "/pam.d"
#define PAM_FILE_MAX	65536u
#define PAM_FILES_MAX	8u		/* that include one another */
#define NAME_ROOM	256u

struct stack {
	char	names[PAM_FILES_MAX][NAME_ROOM];
	size_t	n;
};

static void
add_file(struct stack *s, const char *name, size_t len)
{
	if (s->n == PAM_FILES_MAX || len == 0 || len >= NAME_ROOM ||
	    memchr(name, '/', len) != NULL)
		return;
	memcpy(s->names[s->n], name, len);
	s->names[s->n++][len] = '\0';
}

static bool
is_word(const char *word, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(word, text, len) == 0;
}

/* The control field may be several words in brackets. */
static const char *
skip_control(const char **p, size_t *lenp)
{
	const char *word = nk_setting_word(p, lenp), *end;

	if (word != NULL && word[0] == '[' &&
	    (end = strchr(word, ']')) != NULL)
		*p = end + 1;
	return word;
}

/* A line of the account phase; true: it names the module. */
static bool
look_at_line(struct stack *s, const char *line, const char *module)
{
	const char *word, *control;
	size_t len, control_len;

	if ((word = nk_setting_word(&line, &len)) == NULL)
		return false;
	if (is_word(word, len, "@include")) {
		if ((word = nk_setting_word(&line, &len)) != NULL)
			add_file(s, word, len);
		return false;
	}
	if (!is_word(word, len, "account") && !is_word(word, len, "-account"))
		return false;
	control = skip_control(&line, &control_len);
	word = nk_setting_word(&line, &len);
	if (control == NULL || word == NULL)
		return false;
	if (is_word(control, control_len, "include") ||
	    is_word(control, control_len, "substack")) {
		add_file(s, word, len);
		return false;
	}
	return is_word(word, len, module);
}

static bool
look_at_file(struct stack *s, const char *name, const char *module)
{
	char path[sizeof(PAM_FOLDER) + NAME_ROOM + 1], *text, *line, *end;
	bool found = false;
	size_t len;

	(void)snprintf(path, sizeof(path), PAM_FOLDER "/%s", name);
	if (nk_textfile_read(AT_FDCWD, path, PAM_FILE_MAX, &text, &len) < 0)
		return false;
	for (line = text; !found && *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		found = look_at_line(s, line, module);
	}
	free(text);
	return found;
}

bool
nk_pam_account_has(const char *module)
{
	struct stack s = { .n = 0 };
	size_t i;

	add_file(&s, "sshd", strlen("sshd"));
	for (i = 0; i < s.n; i++) {
		if (look_at_file(&s, s.names[i], module))
			return true;
	}
	return false;
}
