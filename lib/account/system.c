/* SPDX-License-Identifier: ISC */
#include "lib/account/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/home.h"
#include "lib/account/ids.h"
#include "lib/account/names.h"
#include "lib/account/shells.h"
#include "lib/account/textfile.h"

enum { PASSWD, SHADOW, GROUP };

static const char *const names[] = { "passwd", "shadow", "group" };

/* What is known while the files are read. */
struct reading {
	struct nk_system	*s;
	struct nk_nameset	*users;		/* name, index of the user */
	struct nk_nameset	*uids;		/* name, uid */
	struct nk_nameset	*groups;	/* name, gid */
	size_t			 room;		/* of the array being filled */
	const char		*file;
	size_t			 line;
	char			*why;
};

static int
complain(const struct reading *rd, int r, const char *text)
{
	(void)snprintf(rd->why, NK_SYSTEM_WHY_MAX, "%s, line %zu: %s",
	    rd->file, rd->line, text);
	return r;
}

static int
add_user(struct reading *rd, char *line)
{
	struct nk_system *s = rd->s;
	struct nk_system_user u = { .taken = false }, *v;
	int r;

	if ((r = nk_passwd_line_parse(line, &u.pw)) < 0)
		return r;
	if (nk_nameset_has(rd->users, u.pw.name, NULL))
		return complain(rd, -EBADMSG,
		    "this name stands in an earlier line too");
	if (nk_nameset_name(rd->uids, u.pw.uid) != NULL && u.pw.uid != 0)
		return complain(rd, -EBADMSG,
		    "this uid stands in an earlier line too");
	if (s->nusers == rd->room) {
		rd->room = rd->room == 0 ? 64 : rd->room * 2;
		v = reallocarray(s->users, rd->room, sizeof(*v));
		if (v == NULL)
			return -ENOMEM;
		s->users = v;
	}
	if ((r = nk_nameset_add(rd->users, u.pw.name, strlen(u.pw.name),
	    (uint32_t)s->nusers)) < 0 ||
	    (r = nk_nameset_add(rd->uids, u.pw.name, strlen(u.pw.name),
	    u.pw.uid)) < 0)
		return r;
	s->users[s->nusers++] = u;
	return 0;
}

static int
add_shadow(struct reading *rd, char *line)
{
	struct nk_shadow_line sp;
	struct nk_system_user *u;
	uint32_t index;
	int r;

	r = nk_shadow_line_parse(line, &sp);
	if (r == -EBADMSG) {		/* cut up as far as it could be read */
		line[strcspn(line, ":")] = '\0';
		if (nk_nameset_has(rd->users, line, &index))
			rd->s->users[index].unclear = true;
	}
	if (r < 0)
		return r;
	if (!nk_nameset_has(rd->users, sp.name, &index))
		return 0;
	u = &rd->s->users[index];
	if (u->sp.name != NULL)
		return complain(rd, -EBADMSG,
		    "this name stands in an earlier line too");
	u->sp = sp;
	return 0;
}

static int
add_group(struct reading *rd, char *line)
{
	struct nk_system *s = rd->s;
	struct nk_system_group g = { .taken = false }, *v;
	int r;

	if ((r = nk_group_line_parse(line, &g.gr)) < 0)
		return r;
	if (nk_nameset_has(rd->groups, g.gr.name, NULL) ||
	    nk_nameset_name(rd->groups, g.gr.gid) != NULL)
		return complain(rd, -EBADMSG,
		    "this name or gid stands in an earlier line too");
	if (s->ngroups == rd->room) {
		rd->room = rd->room == 0 ? 64 : rd->room * 2;
		v = reallocarray(s->groups, rd->room, sizeof(*v));
		if (v == NULL)
			return -ENOMEM;
		s->groups = v;
	}
	if ((r = nk_nameset_add(rd->groups, g.gr.name, strlen(g.gr.name),
	    g.gr.gid)) < 0)
		return r;
	s->groups[s->ngroups++] = g;
	return 0;
}

static void
skip(struct reading *rd)
{
	struct nk_system *s = rd->s;

	if (s->nskipped < NK_SYSTEM_SKIPPED_MAX) {
		s->skipped[s->nskipped].file = rd->file;
		s->skipped[s->nskipped].line = rd->line;
	}
	s->nskipped++;
}

static int
read_file(struct reading *rd, int dirfd, int which,
    int (*add)(struct reading *rd, char *line))
{
	char *line, *end;
	int r;

	rd->file = names[which];
	rd->line = 0;
	rd->room = 0;
	r = nk_textfile_read(dirfd, names[which], NK_SYSTEM_FILE_MAX,
	    &rd->s->text[which], &rd->s->text_len[which]);
	if (r == -ENOENT && which == SHADOW)
		return 0;
	if (r < 0) {
		(void)snprintf(rd->why, NK_SYSTEM_WHY_MAX,
		    "%s cannot be read: %s", rd->file, strerror(-r));
		return r;
	}
	if (memchr(rd->s->text[which], '\0', rd->s->text_len[which]) != NULL)
		return complain(rd, -EBADMSG, "there is a NUL in the file");
	for (line = rd->s->text[which]; *line != '\0'; line = end) {
		rd->line++;
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		r = add(rd, line);
		if (r == -EBADMSG && rd->why[0] == '\0')
			skip(rd);
		else if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

int
nk_system_read(struct nk_system *s, const char *etc,
    char why[NK_SYSTEM_WHY_MAX])
{
	struct reading rd = { .s = s, .why = why };
	int dirfd, r;

	memset(s, 0, sizeof(*s));
	why[0] = '\0';
	dirfd = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1) {
		r = -errno;
		(void)snprintf(why, NK_SYSTEM_WHY_MAX,
		    "the folder cannot be opened: %s", strerror(-r));
		return r;
	}
	if ((r = nk_nameset_new(&rd.users)) < 0 ||
	    (r = nk_nameset_new(&rd.uids)) < 0 ||
	    (r = nk_nameset_new(&rd.groups)) < 0 ||
	    (r = read_file(&rd, dirfd, PASSWD, add_user)) < 0 ||
	    (r = read_file(&rd, dirfd, SHADOW, add_shadow)) < 0 ||
	    (r = read_file(&rd, dirfd, GROUP, add_group)) < 0)
		goto out;
 out:
	close(dirfd);
	nk_nameset_free(rd.users);
	nk_nameset_free(rd.uids);
	nk_nameset_free(rd.groups);
	if (r < 0)
		nk_system_clear(s);
	return r;
}

void
nk_system_clear(struct nk_system *s)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		if (s->text[i] != NULL)
			explicit_bzero(s->text[i], s->text_len[i]);
		free(s->text[i]);
	}
	free(s->users);
	free(s->groups);
	memset(s, 0, sizeof(*s));
}

/* ---- what is taken over ---- */

const char *
nk_system_refuses(const struct nk_system_user *u)
{
	char name_why[NK_NAME_WHY_MAX];
	const char *why;

	if (u->unclear)
		return "its line in shadow is malformed";
	if (nk_username_check(u->pw.name, strlen(u->pw.name), name_why) < 0)
		return "the name is none that naskeys takes";
	if (nk_home_check(u->pw.home, &why) < 0)
		return "the home directory is none that naskeys takes";
	if (strlen(u->pw.shell) > NK_SHELL_MAX ||
	    strlen(u->pw.gecos) > NK_HOME_MAX)
		return "its shell or full name is too long";
	return NULL;
}

struct choice {
	const struct nk_nameset	*taken;		/* users */
	bool			 any, others;	/* of a group's members */
};

static int
look_at_member(void *arg, const char *name, size_t len)
{
	struct choice *c = arg;
	char copy[256];

	if (len >= sizeof(copy)) {
		c->others = true;
		return 0;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (nk_nameset_has(c->taken, copy, NULL))
		c->any = true;
	else
		c->others = true;
	return 0;
}

/*
 * Whose primary group is it?  Two sets with the gids of those who are
 * taken, and of those who are not.
 */
static int
choose_groups(struct nk_system *s, uint32_t min, uint32_t max,
    const struct nk_nameset *taken, const struct nk_nameset *primary,
    const struct nk_nameset *foreign)
{
	char why[NK_NAME_WHY_MAX];
	struct nk_system_group *g;
	size_t i;
	int r;

	for (i = 0; i < s->ngroups; i++) {
		struct choice c = { .taken = taken };

		g = &s->groups[i];
		g->taken = g->leaves = false;
		if (g->gr.gid < min || g->gr.gid > max ||
		    nk_id_is_nobody(g->gr.gid) ||
		    nk_groupname_check(g->gr.name, strlen(g->gr.name),
		    why) < 0)
			continue;
		r = nk_member_list_each(g->gr.members, look_at_member, &c);
		if (r < 0)
			return r;
		g->taken = c.any ||
		    nk_nameset_name(primary, g->gr.gid) != NULL;
		g->leaves = g->taken && !c.others &&
		    nk_nameset_name(foreign, g->gr.gid) == NULL;
	}
	return 0;
}

int
nk_system_choose(struct nk_system *s, uint32_t min, uint32_t max,
    bool (*want)(void *arg, const struct nk_system_user *u), void *arg)
{
	struct nk_nameset *taken = NULL, *primary = NULL, *foreign = NULL;
	struct nk_system_user *u;
	size_t i, len;
	int r;

	if ((r = nk_nameset_new(&taken)) < 0 ||
	    (r = nk_nameset_new(&primary)) < 0 ||
	    (r = nk_nameset_new(&foreign)) < 0)
		goto out;
	for (i = 0; i < s->nusers; i++) {
		u = &s->users[i];
		len = strlen(u->pw.name);
		u->taken = u->pw.uid >= min && u->pw.uid <= max &&
		    u->pw.uid != 0 && !nk_id_is_nobody(u->pw.uid) &&
		    nk_system_refuses(u) == NULL &&
		    (want == NULL || want(arg, u));
		if ((u->taken && (r = nk_nameset_add(taken, u->pw.name, len,
		    u->pw.uid)) < 0) ||
		    (r = nk_nameset_add(u->taken ? primary : foreign,
		    u->pw.name, len, u->pw.gid)) < 0)
			goto out;
	}
	r = choose_groups(s, min, max, taken, primary, foreign);
 out:
	nk_nameset_free(taken);
	nk_nameset_free(primary);
	nk_nameset_free(foreign);
	return r;
}

const struct nk_system_user *
nk_system_user(const struct nk_system *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nusers; i++) {
		if (strcmp(s->users[i].pw.name, name) == 0)
			return &s->users[i];
	}
	return NULL;
}

const struct nk_system_group *
nk_system_gid(const struct nk_system *s, uint32_t gid)
{
	size_t i;

	for (i = 0; i < s->ngroups; i++) {
		if (s->groups[i].gr.gid == gid)
			return &s->groups[i];
	}
	return NULL;
}

const struct nk_system_group *
nk_system_group(const struct nk_system *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->ngroups; i++) {
		if (strcmp(s->groups[i].gr.name, name) == 0)
			return &s->groups[i];
	}
	return NULL;
}
