/* SPDX-License-Identifier: ISC */
#include "lib/account/local.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/passwdfile.h"
#include "lib/account/password.h"

struct reader {
	FILE	*f;
	char	*line;
	size_t	 room;
};

static int
reader_open(struct reader *r, const char *path)
{
	*r = (struct reader){ .f = fopen(path, "re") };
	return r->f == NULL ? -errno : 0;
}

/* The next line, without its end; NULL: there is none. */
static char *
reader_next(struct reader *r)
{
	if (getline(&r->line, &r->room, r->f) == -1)
		return NULL;
	r->line[strcspn(r->line, "\n")] = '\0';
	return r->line;
}

/* -errno of what was read. */
static int
reader_close(struct reader *r)
{
	int result = ferror(r->f) ? -EIO : 0;

	if (r->line != NULL)		/* it may have hashes */
		explicit_bzero(r->line, r->room);
	free(r->line);
	(void)fclose(r->f);		/* it was only read */
	return result;
}

int
nk_local_members(const char *path, const char *group,
    int (*fn)(void *arg, const char *name, size_t len), void *arg)
{
	struct nk_group_line g;
	struct reader in;
	char *line;
	int closed, r;

	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (r == -ENOENT && (line = reader_next(&in)) != NULL) {
		if (nk_group_line_parse(line, &g) == 0 &&
		    strcmp(g.name, group) == 0)
			r = nk_member_list_each(g.members, fn, arg);
	}
	closed = reader_close(&in);
	return r == -ENOENT && closed < 0 ? closed : r;
}

int
nk_local_has_password(const char *path, const char *user, bool *hasp)
{
	struct nk_shadow_line s;
	enum nk_hash_kind kind;
	struct reader in;
	const char *hash;
	char *line;
	int closed, r;

	*hasp = false;
	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (r == -ENOENT && (line = reader_next(&in)) != NULL) {
		if (nk_shadow_line_parse(line, &s) < 0 ||
		    strcmp(s.name, user) != 0)
			continue;
		*hasp = nk_password_check_hash(s.hash, &kind, &hash) == 0 &&
		    kind == NK_HASH_PLAIN;
		r = 0;
	}
	closed = reader_close(&in);
	return r == -ENOENT && closed < 0 ? closed : r;
}

static bool
is_line_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	return len > 0 && strncmp(line, name, len) == 0 && line[len] == ':';
}

/* Add the name's first line in the file to md; copy it to *linep. */
static int
take_line(const char *path, const char *name, EVP_MD_CTX *md, char **linep)
{
	struct reader in;
	char *line;
	int closed, r;

	*linep = NULL;
	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (r == -ENOENT && (line = reader_next(&in)) != NULL) {
		if (!is_line_of(line, name))
			continue;
		r = EVP_DigestUpdate(md, line, strlen(line) + 1) == 1 &&
		    (*linep = strdup(line)) != NULL ? 0 : -ENOMEM;
	}
	closed = reader_close(&in);
	return r == -ENOENT && closed < 0 ? closed : r;
}

static int
take_passwd(const char *path, const char *name, EVP_MD_CTX *md,
    struct nk_local_account *a)
{
	struct nk_passwd_line p;
	size_t len;
	char *line;
	int r;

	if ((r = take_line(path, name, md, &line)) < 0)
		return r;
	len = strlen(line);		/* which is cut up */
	r = nk_passwd_line_parse(line, &p) < 0 ? -EBADMSG : 0;
	if (r == 0)
		a->uid = p.uid;
	explicit_bzero(line, len);
	free(line);
	return r;
}

/* Some accounts have no line there. */
static int
take_shadow(const char *path, const char *name, EVP_MD_CTX *md,
    struct nk_local_account *a)
{
	struct nk_shadow_line s;
	size_t len;
	char *line;
	int r;

	a->expire = -1;
	if ((r = take_line(path, name, md, &line)) < 0)
		return r == -ENOENT ? 0 : r;
	len = strlen(line);
	r = nk_shadow_line_parse(line, &s) < 0 ? -EBADMSG : 0;
	if (r == 0)
		a->expire = s.expire;
	explicit_bzero(line, len);
	free(line);
	return r;
}

int
nk_local_account(const char *passwd, const char *shadow, const char *name,
    struct nk_local_account *a)
{
	EVP_MD_CTX *md;
	int r = -ENOMEM;

	memset(a, 0, sizeof(*a));
	if ((md = EVP_MD_CTX_new()) == NULL)
		return -ENOMEM;
	if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    (r = take_passwd(passwd, name, md, a)) == 0 &&
	    (r = take_shadow(shadow, name, md, a)) == 0 &&
	    EVP_DigestFinal_ex(md, a->digest, NULL) != 1)
		r = -EIO;
	EVP_MD_CTX_free(md);
	return r;
}

int
nk_local_passwd(const char *path, const char *user,
    int (*fn)(void *arg, const struct nk_passwd_line *p), void *arg)
{
	struct nk_passwd_line p;
	struct reader in;
	bool found = false;
	char *line;
	int closed, r;

	if ((r = reader_open(&in, path)) < 0)
		return r;
	r = -ENOENT;
	while (!found && (line = reader_next(&in)) != NULL) {
		found = is_line_of(line, user);
		if (found)
			r = nk_passwd_line_parse(line, &p) < 0 ? -EBADMSG :
			    fn(arg, &p);
	}
	closed = reader_close(&in);
	return !found && closed < 0 ? closed : r;
}
