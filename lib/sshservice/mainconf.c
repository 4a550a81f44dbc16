/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/mainconf.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/account/textfile.h"
#include "lib/sshservice/conftext.h"

#define PATH_LEN	1024
#define FILE_MAX	(1u << 20)
#define KEYWORD_MAX	64

/* ---- Include ---- */

/* One pattern's files in sshd's order, the drop-in always among them. */
static int
each_of_pattern(const struct nk_mainconf *m, const char *pattern,
    int (*fn)(void *arg, const char *path), void *arg)
{
	bool ours = fnmatch(pattern, m->drop_in, FNM_PATHNAME |
	    FNM_PERIOD) == 0;
	glob_t g = { .gl_pathc = 0 };
	size_t i;
	int r;

	r = glob(pattern, 0, NULL, &g);
	if (r != 0 && r != GLOB_NOMATCH)
		return r == GLOB_NOSPACE ? -ENOMEM : -EACCES;
	for (i = 0, r = 0; i < g.gl_pathc && r == 0; i++) {
		if (ours && strcmp(m->drop_in, g.gl_pathv[i]) <= 0) {
			ours = false;
			r = fn(arg, m->drop_in);
			if (strcmp(m->drop_in, g.gl_pathv[i]) == 0)
				continue;
		}
		if (r == 0)
			r = fn(arg, g.gl_pathv[i]);
	}
	globfree(&g);
	return r == 0 && ours ? fn(arg, m->drop_in) : r;
}

/* Call fn for each file that an Include with this value names. */
static int
each_included(const struct nk_mainconf *m, const char *value,
    int (*fn)(void *arg, const char *path), void *arg)
{
	char words[NK_CONFTEXT_LINE_MAX], pattern[PATH_LEN], *rest, *word;
	int n, r;

	(void)snprintf(words, sizeof(words), "%s", value);
	for (rest = words; (word = strsep(&rest, " \t\"")) != NULL;) {
		if (word[0] == '\0')
			continue;
		n = word[0] == '/' ?
		    snprintf(pattern, sizeof(pattern), "%s", word) :
		    snprintf(pattern, sizeof(pattern), "%s/%s", m->folder,
		    word);
		if (n < 0 || (size_t)n >= sizeof(pattern))
			return -ENAMETOOLONG;
		if ((r = each_of_pattern(m, pattern, fn, arg)) != 0)
			return r;
	}
	return 0;
}

/* ---- walking through all lines that count for every connection ---- */

struct place {
	const char	*path;
	unsigned int	 number;
	const char	*line;
	bool		 before;	/* of the drop-in */
};

struct walk {
	const struct nk_mainconf *m;
	bool		 before;
	int		(*fn)(void *arg, const struct place *p);
	void		*arg;
};

static int
walk_text(struct walk *w, const char *path, const char *text)
{
	char line[NK_CONFTEXT_LINE_MAX];
	struct place p = { .path = path, .line = line };
	int r = 0;

	while (r == 0 && nk_conftext_next(&text, line, sizeof(line))) {
		p.number++;
		p.before = w->before;
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		r = w->fn(w->arg, &p);
	}
	return r;
}

/* A file that cannot be read is for sshd -t to complain of. */
static int
walk_file(void *arg, const char *path)
{
	struct walk *w = arg;
	char *text;
	size_t len;
	int r;

	if (strcmp(path, w->m->drop_in) == 0) {
		w->before = false;
		return 0;
	}
	r = nk_textfile_read(AT_FDCWD, path, FILE_MAX, &text, &len);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = walk_text(w, path, text);
	free(text);
	return r;
}

static int
walk_all(const struct nk_mainconf *m,
    int (*fn)(void *arg, const struct place *p), void *arg)
{
	struct walk w = { .m = m, .before = true, .fn = fn, .arg = arg };
	char line[NK_CONFTEXT_LINE_MAX];
	struct place p = { .path = m->main, .line = line };
	const char *text = m->main_text, *value;
	int r = 0;

	while (r == 0 && nk_conftext_next(&text, line, sizeof(line))) {
		p.number++;
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		if ((value = nk_conftext_value(line, "Include")) != NULL)
			r = each_included(m, value, walk_file, &w);
		p.before = w.before;
		if (r == 0 && value == NULL)
			r = fn(arg, &p);
	}
	return r;
}

/* ---- is ours included ---- */

static int
is_ours(void *arg, const char *path)
{
	const struct nk_mainconf *m = arg;

	return strcmp(path, m->drop_in) == 0 ? 1 : 0;
}

int
nk_mainconf_includes(const struct nk_mainconf *m, bool *yesp)
{
	char line[NK_CONFTEXT_LINE_MAX];
	struct nk_mainconf copy = *m;
	const char *text = m->main_text, *value;
	int r = 0;

	while (r == 0 && nk_conftext_next(&text, line, sizeof(line))) {
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		if ((value = nk_conftext_value(line, "Include")) != NULL)
			r = each_included(m, value, is_ours, &copy);
	}
	*yesp = r == 1;
	return r < 0 ? r : 0;
}

/* ---- the candidate ---- */

struct candidate {
	const struct nk_mainconf *m;
	const char	*instead;
	FILE		*f;
	bool		 some;
};

static int
put_path(void *arg, const char *path)
{
	struct candidate *c = arg;

	if (strcmp(path, c->m->drop_in) == 0)
		path = c->instead;
	if (path == NULL)
		return 0;
	fprintf(c->f, "%s \"%s\"", c->some ? "" : "Include", path);
	c->some = true;
	return 0;
}

/* The text up to where a Match begins, and *textp moves there. */
static int
put_global(struct candidate *c, const char **textp)
{
	char line[NK_CONFTEXT_LINE_MAX];
	const char *start = *textp, *next = start, *value;
	int r;

	for (; nk_conftext_next(&next, line, sizeof(line)); start = next) {
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		if ((value = nk_conftext_value(line, "Include")) == NULL) {
			fwrite(start, 1, (size_t)(next - start), c->f);
			continue;
		}
		c->some = false;
		if ((r = each_included(c->m, value, put_path, c)) < 0)
			return r;
		fputs(c->some ? "\n" : "#\n", c->f);
	}
	*textp = start;
	return 0;
}

int
nk_mainconf_candidate(const struct nk_mainconf *m, const char *instead,
    char **textp)
{
	struct candidate c = { .m = m, .instead = instead };
	const char *rest = m->main_text;
	char *text = NULL;
	bool failed;
	size_t len;
	int r;

	*textp = NULL;
	if ((c.f = open_memstream(&text, &len)) == NULL)
		return -ENOMEM;
	if ((r = put_global(&c, &rest)) == 0)
		fputs(rest, c.f);
	failed = ferror(c.f) != 0;
	if (fclose(c.f) == EOF || failed)
		r = -ENOMEM;
	if (r < 0)
		free(text);
	else
		*textp = text;
	return r;
}

/* ---- conflicts ---- */

struct search {
	const struct nk_mainconf *m;
	struct nk_conflict	*found;
	size_t			 n;
};

static bool
is_among(const char *keyword, const char *const list[])
{
	for (; *list != NULL; list++)
		if (strcasecmp(keyword, *list) == 0)
			return true;
	return false;
}

/* Do the two lines of one keyword contradict each other? */
static bool
contradicts(const char *keyword, const char *theirs, const char *ours,
    bool before)
{
	static const char *const added[] = { "Port", "ListenAddress",
	    "HostKey", NULL };
	static const char *const together[] = { "AcceptEnv", "AllowUsers",
	    "AllowGroups", "DenyUsers", "DenyGroups", "HostCertificate",
	    NULL };
	size_t word;

	if (is_among(keyword, added))
		return true;
	if (is_among(keyword, together))
		return false;
	if (strcasecmp(keyword, "Subsystem") == 0) {
		word = strcspn(ours, " \t");
		return strncmp(theirs, ours, word) == 0 &&
		    strcspn(theirs, " \t") == word;
	}
	return before && strcasecmp(theirs, ours) != 0;
}

/* Without a ListenAddress of ours sshd shall listen everywhere. */
static bool
narrows(const struct search *s, const char *keyword)
{
	return strcasecmp(keyword, "ListenAddress") == 0 &&
	    nk_conftext_has(s->m->drop_in_text, "Port") &&
	    !nk_conftext_has(s->m->drop_in_text, "ListenAddress");
}

static void
add_conflict(struct search *s, const struct place *p)
{
	struct nk_conflict *c = &s->found[s->n++];

	*c = (struct nk_conflict){ .number = p->number,
	    .in_main = strcmp(p->path, s->m->main) == 0 };
	(void)snprintf(c->path, sizeof(c->path), "%s", p->path);
	(void)snprintf(c->line, sizeof(c->line), "%.200s", p->line);
}

static int
compare_line(void *arg, const struct place *p)
{
	char line[NK_CONFTEXT_LINE_MAX], keyword[KEYWORD_MAX];
	struct search *s = arg;
	const char *text = s->m->drop_in_text, *ours, *theirs;
	bool found;

	if (s->n == NK_CONFLICTS_MAX ||
	    !nk_conftext_keyword(p->line, keyword, sizeof(keyword)) ||
	    (theirs = nk_conftext_value(p->line, keyword)) == NULL)
		return 0;
	found = narrows(s, keyword);
	while (!found && nk_conftext_next(&text, line, sizeof(line))) {
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		ours = nk_conftext_value(line, keyword);
		found = ours != NULL && contradicts(keyword, theirs, ours,
		    p->before);
	}
	if (found)
		add_conflict(s, p);
	return 0;
}

int
nk_mainconf_conflicts(const struct nk_mainconf *m,
    struct nk_conflict conflicts[NK_CONFLICTS_MAX], size_t *np)
{
	struct search s = { .m = m, .found = conflicts };
	int r = 0;

	if (m->drop_in_text != NULL)
		r = walk_all(m, compare_line, &s);
	*np = s.n;
	return r;
}
