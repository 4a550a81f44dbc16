/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/machine/nsswitch.h"

#define SERVICE		"naskeys"

enum database {
	PASSWD,
	GROUP,
	SHADOW,
	INITGROUPS,
	NONE,			/* any other line */
};

static const char *const databases[] = {
	[PASSWD] = "passwd",
	[GROUP] = "group",
	[SHADOW] = "shadow",
	[INITGROUPS] = "initgroups",
};

/* A part of a line. */
struct span {
	const char	*p, *end;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool
is_word(struct span word, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(word.end - word.p) == n &&
	    memcmp(word.p, what, n) == 0;
}

/* The database of this line; *rest is what follows its colon. */
static enum database
line_database(struct span line, struct span *rest)
{
	struct span name = line;
	enum database db;
	const char *colon;

	colon = memchr(line.p, ':', (size_t)(line.end - line.p));
	if (colon == NULL)
		return NONE;
	name.end = colon;
	while (name.p < name.end && blank(*name.p))
		name.p++;
	while (name.p < name.end && blank(name.end[-1]))
		name.end--;
	rest->p = colon + 1;
	rest->end = line.end;
	for (db = PASSWD; db < NONE; db++)
		if (is_word(name, databases[db]))
			break;
	return db;
}

/* Cut the next word or [action] off *rest; false at the end, or at a '#'. */
static bool
next_word(struct span *rest, struct span *word)
{
	const char *at = rest->p, *end = rest->end;

	while (at < end && blank(*at))
		at++;
	if (at == end || *at == '#')
		return false;
	word->p = at;
	if (*at == '[') {
		while (at < end && *at != ']')
			at++;
		if (at < end)
			at++;
	} else
		while (at < end && !blank(*at) && *at != '[' && *at != '#')
			at++;
	word->end = rest->p = at;
	return true;
}

/* Cut one STATUS=REACTION off an action; false when there is none. */
static bool
next_reaction(struct span *action, struct span *status, bool *notp,
    struct span *reaction)
{
	const char *at = action->p, *end = action->end;

	while (at < end && (blank(*at) || *at == '[' || *at == ']'))
		at++;
	*notp = at < end && *at == '!';
	at += *notp ? 1 : 0;
	status->p = at;
	while (at < end && *at != '=' && *at != ']' && !blank(*at))
		at++;
	status->end = at;
	if (at == end || *at != '=')
		return false;
	reaction->p = ++at;
	while (at < end && *at != ']' && !blank(*at))
		at++;
	reaction->end = action->p = at;
	return true;
}

static bool
is_keyword(struct span word, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(word.end - word.p) == n &&
	    strncasecmp(word.p, what, n) == 0;
}

/* Does the action end the search at this outcome?  "before": without it. */
static bool
ends_search(struct span action, const char *outcome, bool before)
{
	struct span status, reaction;
	bool ends = before, not;

	while (next_reaction(&action, &status, &not, &reaction))
		if (is_keyword(status, outcome) != not)
			ends = is_keyword(reaction, "return");
	return ends;
}

/* Where the service belongs in rest; NULL when it is there already. */
static const char *
place(struct span rest)
{
	const char *last = rest.p, *found = NULL;
	struct span word;
	bool bound = false;	/* an action that follows is files' */

	while (next_word(&rest, &word)) {
		last = word.end;
		if (is_word(word, SERVICE))
			return NULL;
		if (*word.p == '[') {
			if (bound && !ends_search(word, "NOTFOUND", false))
				found = word.end;
			bound = false;
		} else if (found == NULL && (is_word(word, "files") ||
		    is_word(word, "compat"))) {
			found = word.end;
			bound = true;
		} else
			bound = false;
	}
	return found != NULL ? found : last;
}

/* Copy one line (without its newline) to f; true when it became longer. */
static bool
copy_line(FILE *f, struct span line, bool seen[NONE])
{
	struct span rest;
	enum database db = line_database(line, &rest);
	const char *at = NULL;

	if (db != NONE) {
		seen[db] = true;
		at = place(rest);
	}
	if (at != NULL && db == INITGROUPS)
		at = rest.p;
	fwrite(line.p, 1, (size_t)((at != NULL ? at : line.end) - line.p), f);
	if (at == NULL)
		return false;
	fputs(db == INITGROUPS ? " " SERVICE " [SUCCESS=continue]" :
	    " " SERVICE, f);
	if (at < line.end && !blank(*at) && *at != '[' && *at != '#')
		fputc(' ', f);
	fwrite(at, 1, (size_t)(line.end - at), f);
	return true;
}

int
nk_nsswitch_add(const char *text, char **outp, bool *changedp)
{
	bool seen[NONE] = { false }, ends = true, failed;
	struct span line = { text, text };
	enum database db;
	char *out = NULL;
	size_t len = 0;
	FILE *f;

	*outp = NULL;
	*changedp = false;
	if ((f = open_memstream(&out, &len)) == NULL)
		return -ENOMEM;
	for (; *line.p != '\0'; line.p = line.end + (ends ? 1 : 0)) {
		line.end = strchrnul(line.p, '\n');
		ends = *line.end == '\n';
		if (copy_line(f, line, seen))
			*changedp = true;
		if (ends)
			fputc('\n', f);
	}
	for (db = PASSWD; db < INITGROUPS; db++) {
		if (seen[db])
			continue;
		fprintf(f, "%s%s: files " SERVICE "\n", ends ? "" : "\n",
		    databases[db]);
		ends = true;
		*changedp = true;
	}
	failed = ferror(f) != 0;
	if (fclose(f) == EOF || failed) {
		free(out);
		return -ENOMEM;
	}
	*outp = out;
	return 0;
}

/* ---- is it as it should be ---- */

/* What is known of a line's words, up to where we are. */
struct judged {
	bool	 ours, files;	/* were named */
	bool	 first;		/* ours, before files */
	bool	 ended;		/* the search, before ours */
	bool	 alone;		/* it ends with ours, */
	bool	 more;		/* and others follow */
};

static void
judge_service(struct judged *j, struct span word, struct span action,
    const char *outcome, bool ends)
{
	bool returns = ends_search(action, outcome, ends);

	if (is_word(word, SERVICE)) {
		j->ours = true;
		j->alone = returns;
		return;
	}
	j->more = j->ours;
	if (is_word(word, "files") || is_word(word, "compat")) {
		j->files = true;
		j->first = j->first || j->ours;
	}
	if (!j->ours)
		j->ended = j->ended || returns;
}

/*
 * Of initgroups the first service that answers ends the search, of others the
 * one that says NOTFOUND only where an action says so.
 */
static enum nk_nsswitch_state
judge_line(struct span rest, bool initgroups)
{
	const char *outcome = initgroups ? "SUCCESS" : "NOTFOUND";
	struct span word, next, none = { rest.p, rest.p };
	struct judged j = { .ours = false };
	bool some = next_word(&rest, &word), more;

	for (; some; word = next, some = more) {
		more = next_word(&rest, &next);
		if (*word.p != '[')
			judge_service(&j, word, more && *next.p == '[' ?
			    next : none, outcome, initgroups);
	}
	if (!j.ours)
		return NK_NSSWITCH_MISSING;
	if (j.ended)
		return NK_NSSWITCH_UNREACHED;
	if (initgroups)
		return j.alone && j.more ? NK_NSSWITCH_ENDS :
		    NK_NSSWITCH_GOOD;
	return j.first ? NK_NSSWITCH_BEFORE_FILES : NK_NSSWITCH_GOOD;
}

enum nk_nsswitch_state
nk_nsswitch_judge(const char *text, const char *database,
    unsigned int *linep)
{
	struct span line = { text, text }, rest;
	enum database db;
	unsigned int number = 0;

	*linep = 0;
	while (*line.p != '\0') {
		line.end = strchrnul(line.p, '\n');
		number++;
		db = line_database(line, &rest);
		if (db != NONE && strcmp(databases[db], database) == 0) {
			*linep = number;
			return judge_line(rest, db == INITGROUPS);
		}
		line.p = *line.end == '\0' ? line.end : line.end + 1;
	}
	return strcmp(database, databases[INITGROUPS]) == 0 ?
	    NK_NSSWITCH_GOOD : NK_NSSWITCH_MISSING;
}
