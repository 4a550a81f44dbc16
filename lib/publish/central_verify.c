/* SPDX-License-Identifier: ISC */

/* Does the central folder say what the store says? */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/publish/central.h"
#include "lib/publish/filetext.h"
#include "lib/store/keyfiles.h"

#define FAULT_MAX	512	/* bytes of a sentence */

struct verify {
	struct nk_store		*store;
	const struct nk_state	*state;
	void			(*report)(void *arg, const char *what);
	void			*arg;
	int			 dirfd;
	bool			 bad;
};

/* name: NULL, the folder itself. */
static void
fault(struct verify *v, const char *name, const char *what)
{
	char text[FAULT_MAX];

	/* a long one is cut: it is for a person to read */
	(void)snprintf(text, sizeof(text), "authorized_keys%s%.255s: %s",
	    name == NULL ? "" : "/", name == NULL ? "" : name, what);
	v->bad = true;
	v->report(v->arg, text);
}

/* NULL, or what is wrong with the file that t is for. */
static const char *
differs(const struct verify *v, uint32_t uid, const struct nk_filetext *t)
{
	const char *what = NULL;
	size_t i, len, max = 0;
	char *text;
	int r;

	for (i = 0; i < t->n; i++)
		max += strlen(t->lines[i].line) + 1;
	r = nk_central_read(v->dirfd, v->state, uid, max, &text, &len);
	if (r == -ENOENT)
		return "it is missing";
	if (r == -EPERM)
		return "it is no file that everybody can read and only its "
		    "owner can write";
	if (r < 0 && r != -EFBIG)
		return "it cannot be read";
	if (r == -EFBIG || !nk_filetext_fits(t, text, len))
		what = "it does not say which keys its user has";
	free(text);
	return what;
}

static int
check_file(void *arg, int64_t user_id, uint32_t uid)
{
	struct verify *v = arg;
	struct nk_filetext t;
	struct nk_user *u;
	const char *what;
	char name[64];
	int r;

	if ((r = nk_user_get(v->store, user_id, &u)) < 0)
		return r == -ENOENT ? 0 : r;	/* the store's own fault */
	if ((r = nk_filetext_make(v->store, u, (int64_t)time(NULL),
	    &t)) == 0) {
		what = differs(v, uid, &t);
		(void)snprintf(name, sizeof(name), "%u (user %.40s)", uid,
		    u->name);
		if (what != NULL)
			fault(v, name, what);
		nk_filetext_clear(&t);
	}
	nk_user_free(u);
	return r;
}

/* What a killed holder left beside a file is read by nobody. */
static int
check_name(struct verify *v, const char *name)
{
	int64_t user_id;
	uint32_t uid;
	int r = -ENOENT;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    nk_central_is_new(name))
		return 0;
	if (nk_central_is_file(name, &uid))
		r = nk_keyfile_central_by_uid(v->store, uid, &user_id);
	if (r == -ENOENT) {
		fault(v, name, "it is nobody's");
		r = 0;
	}
	return r;
}

static int
check_names(struct verify *v)
{
	struct dirent *e;
	int fd, r = 0;
	DIR *d;

	if ((fd = openat(v->dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return -errno;
	if ((d = fdopendir(fd)) == NULL) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL)
		r = check_name(v, e->d_name);
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(d);
	return r;
}

static int
count_file(void *arg, int64_t user_id, uint32_t uid)
{
	(void)user_id;
	(void)uid;
	*(bool *)arg = true;
	return -ECANCELED;		/* one is enough */
}

int
nk_central_verify(struct nk_store *s, const struct nk_state *state,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct verify v = { .store = s, .state = state, .report = report,
	    .arg = arg, .dirfd = -1 };
	bool any = false;
	int r;

	if ((r = nk_keyfile_central_each(s, count_file, &any)) < 0 &&
	    r != -ECANCELED)
		return r;
	r = nk_central_open(state, &v.dirfd);
	if (r == -ENOENT && !any)
		return 0;
	if (r < 0) {
		fault(&v, NULL, r == -ENOENT ? "the folder is missing" :
		    r == -EPERM ? "it is no folder that everybody can read "
		    "and only its owner can write" : "it cannot be read");
		return -EBADMSG;
	}
	if ((r = nk_keyfile_central_each(s, check_file, &v)) == 0)
		r = check_names(&v);
	(void)close(v.dirfd);
	return r < 0 ? r : v.bad ? -EBADMSG : 0;
}
