/* SPDX-License-Identifier: ISC */
#include "lib/account/keyfiles.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/missing.h"
#include "lib/account/sshdsettings.h"

#define DEFAULT_FILE	".ssh/authorized_keys"
#define DEFAULT_FILES	DEFAULT_FILE " " DEFAULT_FILE "2"

/* ---- what sshd reads ---- */

/*
 * The words of AuthorizedKeysFile; *s holds them.  What sshd does not say
 * is taken to be its default; but one that nobody here could ask, or that
 * has not come to an end, has not been silent: NULL.
 */
static const char *
ask_sshd(const struct nk_keyfiles *k, struct nk_settings *s)
{
	const char *words = NULL;
	int r;

	r = nk_settings_ask(s, k->sshd, k->user, k->seconds);
	if (r == -ECONNREFUSED || r == -ETIMEDOUT)
		return NULL;
	if (r == 0)
		words = nk_setting(s, "authorizedkeysfile");
	return words != NULL ? words : DEFAULT_FILES;
}

static int
put(char *path, size_t room, size_t *at, const char *text, size_t len)
{
	if (len >= room - *at)
		return -ENAMETOOLONG;
	memcpy(path + *at, text, len);
	*at += len;
	path[*at] = '\0';
	return 0;
}

static int
put_token(const struct nk_keyfiles *k, char token, char *path, size_t room,
    size_t *at)
{
	char number[16];

	switch (token) {
	case '%':
		return put(path, room, at, "%", 1);
	case 'h':
		return put(path, room, at, k->home, strlen(k->home));
	case 'u':
		return put(path, room, at, k->user, strlen(k->user));
	case 'U':
		(void)snprintf(number, sizeof(number), "%u", k->uid);
		return put(path, room, at, number, strlen(number));
	default:
		return -EBADMSG;
	}
}

int
nk_keyfiles_expand(const struct nk_keyfiles *k, const char *word, size_t len,
    char *path, size_t room)
{
	size_t at = 0, i;
	int r = 0;

	path[0] = '\0';
	if (len > 0 && word[0] != '/' && (len < 2 || word[0] != '%' ||
	    word[1] != 'h') &&
	    ((r = put(path, room, &at, k->home, strlen(k->home))) < 0 ||
	    (r = put(path, room, &at, "/", 1)) < 0))
		return r;
	for (i = 0; r == 0 && i < len; i++) {
		if (word[i] != '%')
			r = put(path, room, &at, word + i, 1);
		else if (++i == len)
			r = -EBADMSG;
		else
			r = put_token(k, word[i], path, room, &at);
	}
	return r;
}

struct files {
	char	*path[NK_KEYFILES_MAX];
	size_t	 n;
};

static void
files_clear(struct files *f)
{
	while (f->n > 0)
		free(f->path[--f->n]);
}

/* Their paths; those before one that cannot be told stay in *f. */
static int
files_of(const struct nk_keyfiles *k, const char *words, struct files *f)
{
	char path[PATH_MAX];
	const char *word;
	size_t len, i;
	int r;

	f->n = 0;
	for (i = 0; i < NK_KEYFILES_MAX; i++) {
		if ((word = nk_setting_word(&words, &len)) == NULL)
			break;
		if (len == 4 && memcmp(word, "none", 4) == 0)
			continue;
		if ((r = nk_keyfiles_expand(k, word, len, path,
		    sizeof(path))) < 0)
			return r;
		if ((f->path[f->n] = strdup(path)) == NULL)
			return -ENOMEM;
		f->n++;
	}
	return 0;
}

/* ---- what is in the files ---- */

/* One that is away may come back with what is in it. */
static const char *
home_that_counts(const struct nk_keyfiles *k, const char *path)
{
	if (strcmp(k->home, k->no_home) == 0 || k->home[0] != '/' ||
	    strncmp(path, k->home, strlen(k->home)) != 0)
		return NULL;
	return k->home;
}

/* A path that was found to be missing, and so is all below it. */
struct gone {
	size_t	len;			/* 0: none */
	char	path[PATH_MAX];
};

static bool
is_gone(struct gone *g, const char *path)
{
	if (g->len > 0 && strncmp(path, g->path, g->len) == 0 &&
	    (path[g->len] == '/' || path[g->len] == '\0'))
		return true;
	g->len = 0;
	if (strlen(path) >= sizeof(g->path) ||
	    !nk_path_is_missing(path, &g->len))
		return false;
	memcpy(g->path, path, g->len);
	return true;
}

/* What everybody would be told there is, no user has to be asked for. */
static bool
is_known_missing(const struct nk_keyfiles *k, const char *path,
    struct gone *g, enum nk_looked *statep)
{
	const char *home = home_that_counts(k, path);

	if (!is_gone(g, path))
		return false;
	*statep = home != NULL && g->len <= strlen(home) ?
	    NK_LOOKED_UNKNOWN : NK_LOOKED_ABSENT;
	return true;
}

static bool
is_without(enum nk_looked state)
{
	return state == NK_LOOKED_WITHOUT || state == NK_LOOKED_ABSENT;
}

/*
 * Which of the files have to be opened?  Those before *stopp, which may come
 * back, or is NULL.  Where nobody has a home, nobody is at work either: there
 * is no entering.
 */
static int
choose(const struct nk_keyfiles *k, const struct files *f,
    struct nk_look *question, const char **stopp)
{
	struct gone gone;
	enum nk_looked state;
	bool in_home, entered = k->enter == NULL;
	size_t i;
	int r;

	gone.len = 0;
	*stopp = NULL;
	for (i = 0; i < f->n; i++) {
		in_home = home_that_counts(k, f->path[i]) != NULL;
		if (!in_home && is_known_missing(k, f->path[i], &gone,
		    &state))
			continue;
		if (!entered && (r = k->enter(k->arg, &question->keep)) < 0)
			return r;
		entered = true;
		if (!in_home || !is_known_missing(k, f->path[i], &gone,
		    &state)) {
			question->path[question->npaths++] = f->path[i];
		} else if (!is_without(state)) {
			*stopp = f->path[i];
			break;
		}
	}
	return 0;
}

/* The first file that is not known to be without the key. */
struct doubt {
	enum nk_looked	 state;
	const char	*path;		/* NULL: none */
	bool		 others;	/* or one behind it: nothing was said */
};

static int
look(const struct nk_keyfiles *k, struct nk_looker **lp,
    const struct files *f, struct doubt *d)
{
	struct nk_look question = { .uid = k->uid, .gid = k->gid,
	    .home = home_that_counts(k, k->home), .word = k->base64 };
	struct nk_look_answer answer = { .state = NK_LOOKED_ABSENT };
	int r;

	*d = (struct doubt){ .state = NK_LOOKED_UNKNOWN };
	if ((r = choose(k, f, &question, &d->path)) < 0 ||
	    question.npaths == 0)
		return r;
	if (nk_looker_ask(lp, &question, k->seconds, &answer) < 0) {
		d->path = question.path[0];
		d->others = question.npaths > 1;
	} else if (!is_without(answer.state)) {
		d->state = answer.state;
		d->path = question.path[answer.path];
	}
	return 0;
}

static void
tell(const struct doubt *d, char why[NK_KEYFILES_WHY_MAX])
{
	if (d->state == NK_LOOKED_HOLDS)
		(void)snprintf(why, NK_KEYFILES_WHY_MAX,
		    "%s still holds the key, and sshd reads it.", d->path);
	else
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "%s%s cannot be "
		    "looked at now; if it holds the key, sshd will accept "
		    "it.", d->path, d->others ?
		    ", or another file that sshd reads," : "");
}

void
nk_keyfiles_prepare(const struct nk_keyfiles *k, struct nk_looker **lp)
{
	char path[PATH_MAX];
	enum nk_looked state;
	struct gone gone;

	gone.len = 0;
	if (nk_keyfiles_expand(k, DEFAULT_FILE, strlen(DEFAULT_FILE), path,
	    sizeof(path)) == 0 && is_known_missing(k, path, &gone, &state))
		return;
	/* where it does not start now, it may when it is asked */
	if (nk_looker_start(lp) < 0)
		*lp = NULL;
}

int
nk_keyfiles_look(const struct nk_keyfiles *k, struct nk_looker **lp,
    bool *deadp, char why[NK_KEYFILES_WHY_MAX])
{
	struct nk_settings settings;
	struct files files;
	struct doubt doubt;
	const char *words;
	int error, r;

	*deadp = false;
	why[0] = '\0';
	if ((words = ask_sshd(k, &settings)) == NULL) {
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "sshd cannot be "
		    "asked now which files it reads; if one holds the key, "
		    "sshd will accept it.");
		return 0;
	}
	error = files_of(k, words, &files);
	nk_settings_clear(&settings);
	if ((r = look(k, lp, &files, &doubt)) == 0 && doubt.path != NULL)
		tell(&doubt, why);
	else if (r == 0)
		r = error;
	*deadp = r == 0 && doubt.path == NULL;
	files_clear(&files);
	return r;
}
