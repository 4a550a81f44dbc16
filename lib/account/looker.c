/* SPDX-License-Identifier: ISC */
#include "lib/account/looker.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/account/textfile.h"
#include "lib/ssh/base64.h"

struct nk_looker {
	struct nk_child	child;
};

/* A question: these, then home ("": none), word and paths with their NULs. */
struct head {
	uid_t	uid;
	gid_t	gid;
};
#define QUESTION_MAX	(sizeof(struct head) + NK_LOOK_WORD_MAX + \
	(1 + NK_LOOK_PATHS_MAX) * PATH_MAX)

/* ---- the text ---- */

static bool
is_end(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
	    c == '\0';
}

static bool
is_passed_over(char c)
{
	return c != '=' && nk_base64_value(c) < 0;
}

/*
 * Do both say the same key?  What is no base64 is passed over: sshd takes a
 * key with white space in it, and dropbear one with anything.
 */
static bool
is_same_key(const char *p, const char *end, const char *word)
{
	for (;;) {
		while (p < end && is_passed_over(*p))
			p++;
		while (*word != '\0' && is_passed_over(*word))
			word++;
		if (p == end || *word == '\0')
			return p == end && *word == '\0';
		if (*p++ != *word++)
			return false;
	}
}

/* The end of the word at p; a carriage return may be one, or not. */
static const char *
word_end(const char *p, const char *end, bool at_return)
{
	while (p < end && (!is_end(*p) || (*p == '\r' && !at_return)))
		p++;
	return p;
}

bool
nk_text_has_word(const char *text, size_t len, const char *word)
{
	const char *end = text + len, *p = text;
	bool gap = true;	/* more than carriage returns is before p */
	bool first = true;	/* nothing stands before p in its line */

	if (word[0] == '\0')
		return false;
	while (p < end) {
		if (first && *p == '#' &&
		    (p = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return false;
		if ((gap && is_same_key(p, word_end(p, end, false), word)) ||
		    is_same_key(p, word_end(p, end, true), word))
			return true;
		first = first && is_end(*p);
		p = word_end(p, end, true);
		for (gap = false; p < end && is_end(*p); p++) {
			gap = gap || *p != '\r';
			first = first || *p == '\n';
		}
	}
	return false;
}

/* ---- the child ---- */

static bool
is_away(const char *home, const char *path)
{
	struct stat st;

	return home != NULL && strncmp(path, home, strlen(home)) == 0 &&
	    stat(home, &st) == -1;
}

/* Opening a device or pipe could do something: look first. */
static enum nk_looked
look_at(const struct nk_look *look, const char *path)
{
	struct stat st;
	size_t len;
	char *text;
	bool holds;

	if (stat(path, &st) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			return NK_LOOKED_UNKNOWN;
		return is_away(look->home, path) ? NK_LOOKED_UNKNOWN :
		    NK_LOOKED_ABSENT;
	}
	if (!S_ISREG(st.st_mode) || nk_textfile_read(AT_FDCWD, path,
	    NK_LOOK_SIZE_MAX, &text, &len) < 0)
		return NK_LOOKED_UNKNOWN;
	holds = nk_text_has_word(text, len, look->word);
	free(text);
	return holds ? NK_LOOKED_HOLDS : NK_LOOKED_WITHOUT;
}

static struct nk_look_answer
look_at_all(const struct nk_look *look)
{
	struct nk_look_answer a;
	size_t i;

	memset(&a, 0, sizeof(a));	/* it is sent, with what lies between */
	for (i = 0; i < look->npaths; i++) {
		a.path = i;
		a.state = look_at(look, look->path[i]);
		if (a.state == NK_LOOKED_HOLDS ||
		    a.state == NK_LOOKED_UNKNOWN)
			break;
	}
	return a;
}

/* Rules 1 and 2.  A helper of one user's own has no other rights. */
static int
become(uid_t uid, gid_t gid)
{
	if (getuid() != 0)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid((gid_t)-1, gid, (gid_t)-1) == -1 ||
	    setresuid((uid_t)-1, uid, (uid_t)-1) == -1)
		return -errno;
	return geteuid() == uid && getegid() == gid ? 0 : -EPERM;
}

static int
come_back(void)
{
	if (getuid() != 0)
		return 0;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == -1 ||
	    setresgid((gid_t)-1, 0, (gid_t)-1) == -1)
		return -errno;
	return geteuid() == 0 && getegid() == 0 ? 0 : -EPERM;
}

/* The next text of a question, up to its NUL. */
static const char *
take_text(const char **pp, const char *end)
{
	const char *text = *pp;
	const char *nul = text < end ? memchr(text, '\0',
	    (size_t)(end - text)) : NULL;

	if (nul != NULL)
		*pp = nul + 1;
	return nul != NULL ? text : NULL;
}

static bool
parse(const char *q, size_t len, struct nk_look *look)
{
	const char *p = q + sizeof(struct head), *end = q + len;
	struct head h;

	if (len < sizeof(h))
		return false;
	memcpy(&h, q, sizeof(h));
	look->uid = h.uid;
	look->gid = h.gid;
	if ((look->home = take_text(&p, end)) == NULL ||
	    (look->word = take_text(&p, end)) == NULL)
		return false;
	if (look->home[0] == '\0')
		look->home = NULL;
	for (look->npaths = 0; look->npaths < NK_LOOK_PATHS_MAX && p < end;
	    look->npaths++) {
		if ((look->path[look->npaths] = take_text(&p, end)) == NULL)
			return false;
	}
	return look->npaths > 0 && p == end;
}

static int
serve(void *arg, int fd)
{
	struct nk_look_answer answer;
	struct nk_look look;
	ssize_t n;
	char *q;
	int kept;

	(void)arg;
	if ((q = malloc(QUESTION_MAX)) == NULL)
		return 1;
	while ((n = nk_child_hear(fd, q, QUESTION_MAX, &kept)) > 0) {
		if (!parse(q, (size_t)n, &look) ||
		    become(look.uid, look.gid) < 0)
			break;			/* rule 3 */
		answer = look_at_all(&look);
		if (kept != -1)		/* whoever asks may go on then */
			(void)close(kept);
		if (come_back() < 0 ||
		    send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) == -1)
			break;
	}
	free(q);
	return 0;
}

/* ---- the parent ---- */

int
nk_looker_start(struct nk_looker **lp)
{
	struct nk_looker *l;
	int r;

	if (*lp != NULL)
		return 0;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -ENOMEM;
	if ((r = nk_child_start(&l->child, serve, NULL)) < 0) {
		free(l);
		return r;
	}
	*lp = l;
	return 0;
}

void
nk_looker_free(struct nk_looker *l)
{
	if (l == NULL)
		return;
	nk_child_stop(&l->child);
	free(l);
}

static char *
put_text(char *p, const char *text, size_t len)
{
	memcpy(p, text, len);
	p[len] = '\0';
	return p + len + 1;
}

static int
write_question(const struct nk_look *look, char **qp, size_t *lenp)
{
	const struct head h = { look->uid, look->gid };
	const char *home = look->home != NULL ? look->home : "";
	size_t home_len = strlen(home), word_len = strlen(look->word), len, i;
	char *q, *p;

	if (home_len >= PATH_MAX || word_len >= NK_LOOK_WORD_MAX ||
	    look->npaths > NK_LOOK_PATHS_MAX)
		return -E2BIG;
	*lenp = sizeof(h) + home_len + word_len + 2;
	for (i = 0; i < look->npaths; i++) {
		if ((len = strlen(look->path[i])) >= PATH_MAX)
			return -E2BIG;
		*lenp += len + 1;
	}
	if ((q = malloc(*lenp)) == NULL)
		return -ENOMEM;
	memcpy(q, &h, sizeof(h));
	p = put_text(q + sizeof(h), home, home_len);
	p = put_text(p, look->word, word_len);
	for (i = 0; i < look->npaths; i++)
		p = put_text(p, look->path[i], strlen(look->path[i]));
	*qp = q;
	return 0;
}

int
nk_looker_ask(struct nk_looker **lp, const struct nk_look *look,
    unsigned int seconds, struct nk_look_answer *answerp)
{
	struct nk_look_answer answer;
	size_t len;
	char *q;
	int r;

	if ((r = write_question(look, &q, &len)) < 0)
		return r;
	if ((r = nk_looker_start(lp)) == 0) {
		r = nk_child_exchange(&(*lp)->child, q, len,
		    look->keep, seconds, &answer, sizeof(answer));
		if (r == 0 && answer.path >= look->npaths)
			r = -EIO;
		if (r == 0) {
			*answerp = answer;
		} else {
			nk_looker_free(*lp);
			*lp = NULL;
		}
	}
	free(q);
	return r;
}
