/* SPDX-License-Identifier: ISC */
#include "lib/account/keyfiles.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/missing.h"
#include "lib/account/textfile.h"

#define DEFAULT_FILE	".ssh/authorized_keys"
#define DEFAULT_FILES	DEFAULT_FILE " " DEFAULT_FILE "2"
#define SETTING		"authorizedkeysfile "
#define OUTPUT_MAX	65536

enum state {
	ABSENT,
	WITHOUT,
	HOLDS,
	UNKNOWN,
};

/* ---- what sshd reads ---- */

/* In the child: sshd's settings for this user, on fd. */
static int
run_sshd(void *arg, int fd)
{
	const struct nk_keyfiles *k = arg;
	char test[] = "-T", criteria[] = "-C", spec[512], program[PATH_MAX];
	char *argv[] = { program, test, criteria, spec, NULL };
	char *envp[] = { NULL };
	int n;

	n = snprintf(spec, sizeof(spec),
	    "user=%s,host=localhost,addr=127.0.0.1", k->user);
	if (n < 0 || (size_t)n >= sizeof(spec) || dup2(fd, 1) == -1)
		return 1;
	n = snprintf(program, sizeof(program), "%s", k->sshd);
	if (n < 0 || (size_t)n >= sizeof(program))
		return 1;
	(void)execve(program, argv, envp);
	return 1;
}

struct output {
	char	text[OUTPUT_MAX + 1];
	size_t	len;
};

static int
take_output(void *arg, const void *bytes, size_t len)
{
	struct output *o = arg;

	if (len > OUTPUT_MAX - o->len)
		return -E2BIG;
	memcpy(o->text + o->len, bytes, len);
	o->len += len;
	return 0;
}

/*
 * The words of AuthorizedKeysFile; *out holds them.  What sshd does not
 * say is taken to be its default.
 */
static const char *
ask_sshd(const struct nk_keyfiles *k, struct output *o)
{
	struct nk_keyfiles copy = *k;
	const char *line;

	o->len = 0;
	/* a name with a comma would be several criteria */
	if (k->sshd == NULL || strpbrk(k->user, ",= ") != NULL)
		return DEFAULT_FILES;
	if (nk_child_run(run_sshd, &copy, k->seconds, take_output, o) < 0)
		return DEFAULT_FILES;
	o->text[o->len] = '\0';
	for (line = o->text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, SETTING, strlen(SETTING)) == 0)
			return line + strlen(SETTING);
	}
	return DEFAULT_FILES;
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

/* ---- what is in a file ---- */

static bool
is_end(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
nk_keyfiles_holds(const char *text, size_t len, const char *base64)
{
	const char *end = text + len, *p = text, *line;
	size_t n = strlen(base64);

	if (n == 0)
		return false;
	while (p < end &&
	    (p = memmem(p, (size_t)(end - p), base64, n)) != NULL) {
		if ((p == text || is_end(p[-1])) &&
		    (p + n == end || is_end(p[n]))) {
			for (line = p; line > text && line[-1] != '\n';
			    line--)
				;
			while (line < p && is_end(*line))
				line++;
			if (*line != '#')
				return true;
		}
		p++;
	}
	return false;
}

/* Asked of the child: path and base64 word, each with its NUL. */
#define QUESTION_MAX	(PATH_MAX + NK_KEYFILE_WORD_MAX)

static int
become(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;	/* a helper of one user's own */
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return -errno;
	return uid != 0 && setuid(0) == 0 ? -EPERM : 0;
}

/* A folder that is not there now may come back with what is in it. */
static bool
is_home_away(const struct nk_keyfiles *k, const char *path)
{
	size_t n = strlen(k->home);
	struct stat st;

	if (strcmp(k->home, k->no_home) == 0 || k->home[0] != '/' ||
	    strncmp(path, k->home, n) != 0)
		return false;
	return stat(k->home, &st) == -1;
}

/* In the child.  Opening a device or pipe could do something: look first. */
static enum state
look_at_file(const struct nk_keyfiles *k, const char *path,
    const char *base64)
{
	struct stat st;
	size_t len;
	char *text;
	bool holds;

	if (stat(path, &st) == -1) {
		if ((errno == ENOENT || errno == ENOTDIR) &&
		    !is_home_away(k, path))
			return ABSENT;
		return UNKNOWN;
	}
	if (!S_ISREG(st.st_mode) || nk_textfile_read(AT_FDCWD, path,
	    NK_KEYFILE_SIZE_MAX, &text, &len) < 0)
		return UNKNOWN;
	holds = nk_keyfiles_holds(text, len, base64);
	free(text);
	return holds ? HOLDS : WITHOUT;
}

/* In the child: become the user for good, then answer. */
static int
serve(void *arg, int fd)
{
	const struct nk_keyfiles *k = arg;
	enum state state;
	char *q, *word;
	ssize_t n;

	if (become(k->uid, k->gid) < 0 || (q = malloc(QUESTION_MAX)) == NULL)
		return 1;
	while ((n = recv(fd, q, QUESTION_MAX, 0)) > 0) {
		word = memchr(q, '\0', (size_t)n);
		if (q[n - 1] != '\0' || word == NULL || word == q + n - 1)
			break;
		state = look_at_file(k, q, word + 1);
		if (send(fd, &state, sizeof(state), MSG_NOSIGNAL) == -1)
			break;
	}
	free(q);
	return 0;
}

static int
start(const struct nk_keyfiles *k, struct nk_child *ch)
{
	struct nk_keyfiles copy = *k;

	return ch->fd != -1 ? 0 : nk_child_start(ch, serve, &copy);
}

static int
ask_child(const struct nk_keyfiles *k, struct nk_child *ch, const char *path,
    enum state *statep)
{
	size_t len = strlen(path) + 1, word = strlen(k->base64) + 1;
	char *q;
	int r;

	if (len > PATH_MAX || word > NK_KEYFILE_WORD_MAX)
		return -E2BIG;
	if ((r = start(k, ch)) < 0)
		return r;
	if ((q = malloc(len + word)) == NULL)
		return -ENOMEM;
	memcpy(q, path, len);
	memcpy(q + len, k->base64, word);
	r = nk_child_exchange(ch, q, len + word, k->seconds, statep,
	    sizeof(*statep));
	if (r < 0)
		nk_child_stop(ch);
	free(q);
	return r;
}

/* What everybody would be told there is, no user has to be asked for. */
static bool
is_known_missing(const struct nk_keyfiles *k, const char *path,
    enum state *statep)
{
	size_t n = strlen(k->home), end;

	if (!nk_path_is_missing(path, &end))
		return false;
	*statep = strcmp(k->home, k->no_home) != 0 &&
	    strncmp(path, k->home, n) == 0 && end <= n ? UNKNOWN : ABSENT;
	return true;
}

static bool
look(const struct nk_keyfiles *k, struct nk_child *ch, const char *path,
    char why[NK_KEYFILES_WHY_MAX])
{
	enum state state = UNKNOWN;

	if (!is_known_missing(k, path, &state) &&
	    ask_child(k, ch, path, &state) < 0)
		state = UNKNOWN;
	if (state == WITHOUT || state == ABSENT)
		return true;
	(void)snprintf(why, NK_KEYFILES_WHY_MAX, state == HOLDS ?
	    "%s still holds the key, and sshd reads it." :
	    "%s cannot be looked at now; if it holds the key, sshd will "
	    "accept it.", path);
	return false;
}

void
nk_keyfiles_prepare(const struct nk_keyfiles *k, struct nk_child *ch)
{
	char path[PATH_MAX];
	enum state state;

	if (nk_keyfiles_expand(k, DEFAULT_FILE, strlen(DEFAULT_FILE), path,
	    sizeof(path)) == 0 && is_known_missing(k, path, &state))
		return;
	/* where it does not start now, it may when it is asked */
	if (start(k, ch) < 0)
		*ch = NK_CHILD_NONE;
}

int
nk_keyfiles_look(const struct nk_keyfiles *k, struct nk_child *ch,
    bool *deadp, char why[NK_KEYFILES_WHY_MAX])
{
	char path[PATH_MAX];
	struct output *o;
	const char *word;
	bool dead = true;
	size_t len, i;
	int r = 0;

	*deadp = false;
	why[0] = '\0';
	if ((o = malloc(sizeof(*o))) == NULL)
		return -ENOMEM;
	word = ask_sshd(k, o);
	for (i = 0; r == 0 && dead && i < NK_KEYFILES_MAX; i++, word += len) {
		word += strspn(word, " ");
		if ((len = strcspn(word, " \n")) == 0)
			break;
		if (len == 4 && memcmp(word, "none", 4) == 0)
			continue;
		r = nk_keyfiles_expand(k, word, len, path, sizeof(path));
		if (r == 0)
			dead = look(k, ch, path, why);
	}
	free(o);
	if (r == 0)
		*deadp = dead;
	return r;
}
