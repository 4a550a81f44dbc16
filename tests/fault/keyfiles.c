/* SPDX-License-Identifier: ISC */
#include "tests/fault/keyfiles.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
bad(char why[MODEL_TEXT], const char *name, const char *what)
{
	(void)snprintf(why, MODEL_TEXT, "authorized_keys/%.200s: %.200s",
	    name, what);
	return -EBADMSG;
}

static bool
has_file(const struct model *m, unsigned int user)
{
	return m->users[user].there && m->users[user].central;
}

/* Whose file is it?  MODEL_USERS: nobody's. */
static unsigned int
owner_of(const struct model *m, const char *name)
{
	char uid[MODEL_TEXT];
	unsigned int user;

	for (user = 0; user < MODEL_USERS; user++) {
		(void)snprintf(uid, sizeof(uid), "%u", model_uid(m, user));
		if (has_file(m, user) && strcmp(name, uid) == 0)
			break;
	}
	return user;
}

/* The keys that the file has; -1: and something else. */
static int
read_keys(FILE *f, unsigned int user)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int key, keys = 0;

	while (keys >= 0 && (n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		else
			n = 0;
		key = model_key_of(user, line, (size_t)n);
		keys = key < 0 || (keys & 1 << key) != 0 ? -1 :
		    keys | 1 << key;
	}
	free(line);
	return keys;
}

static int
check_file(const char *folder, const char *name, const struct model *m,
    unsigned int user, char why[MODEL_TEXT])
{
	const struct model_user *u = &m->users[user];
	char path[MODEL_TEXT + 256];
	struct stat st;
	int keys, want = (int)u->keys;
	FILE *f;

	if (u->locked || u->expires_at <= (int64_t)time(NULL))
		want = 0;
	(void)snprintf(path, sizeof(path), "%s/%.200s", folder, name);
	if (stat(path, &st) == -1 || (f = fopen(path, "re")) == NULL)
		return bad(why, name, strerror(errno));
	keys = read_keys(f, user);
	(void)fclose(f);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0644 ||
	    st.st_uid != geteuid())
		return bad(why, name, "another mode or owner");
	return keys == want ? 0 : bad(why, name, keys < 0 ?
	    "a strange line" : "other keys");
}

/* Texts beside their files are nobody's concern. */
static bool
counts(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' &&
	    !(len > 4 && strcmp(name + len - 4, ".new") == 0);
}

int
keyfiles_check(const char *folder, const struct model *m,
    char why[MODEL_TEXT])
{
	unsigned int user, n = 0, want = 0;
	struct dirent *e;
	int r = 0;
	DIR *d;

	for (user = 0; user < MODEL_USERS; user++)
		want += has_file(m, user);
	if ((d = opendir(folder)) == NULL)
		return want == 0 ? 0 : bad(why, "", strerror(errno));
	while (r == 0 && (e = readdir(d)) != NULL) {
		if (!counts(e->d_name))
			continue;
		user = owner_of(m, e->d_name);
		r = user == MODEL_USERS ?
		    bad(why, e->d_name, "it is nobody's") :
		    check_file(folder, e->d_name, m, user, why);
		n++;
	}
	(void)closedir(d);
	if (r == 0 && n != want)
		r = bad(why, "", "a file is missing");
	return r;
}
