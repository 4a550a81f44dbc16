/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "lib/rpc/rights.h"

#define LINE_MAX_LEN	256	/* what is kept of a line: up to the gid */

/* ---- the group file ---- */

/* A line of the file while its bytes go by; more than fits is not kept. */
struct group_scan {
	const char	*name;
	size_t		 name_len;
	char		 line[LINE_MAX_LEN];
	size_t		 len;
	size_t		 found;		/* lines with that name */
	gid_t		 gid;
	int		 r;		/* of the line that was found */
};

static int
parse_gid(const char *text, gid_t *gidp)
{
	const char *why = NULL;
	char number[16];
	size_t len = strcspn(text, ":");
	long long n;

	if (text[len] != ':' || len == 0 || len >= sizeof(number) ||
	    strspn(text, "0123456789") != len ||
	    (len > 1 && text[0] == '0'))
		return -EBADMSG;
	memcpy(number, text, len);
	number[len] = '\0';
	n = strtonum(number, 0, UINT32_MAX, &why);
	if (why != NULL)
		return -EBADMSG;
	if (n == 0 || n == NK_OVERFLOW_ID || n == UINT32_MAX)
		return -EPERM;
	*gidp = (gid_t)n;
	return 0;
}

/* name:password:gid:members */
static void
take_line(struct group_scan *s)
{
	const char *p, *gid;

	s->line[s->len] = '\0';
	p = s->line;
	if (s->len > s->name_len && p[s->name_len] == ':' &&
	    memcmp(p, s->name, s->name_len) == 0) {
		s->found++;
		p += s->name_len + 1;
		gid = strchr(p, ':');
		s->r = gid == NULL ? -EBADMSG : parse_gid(gid + 1, &s->gid);
	}
	s->len = 0;
}

static int
take_bytes(struct group_scan *s, const char *p, size_t n)
{
	for (; n > 0; n--, p++) {
		if (*p == '\0')
			return -EBADMSG;
		if (*p == '\n')
			take_line(s);
		else if (s->len < sizeof(s->line) - 1)
			s->line[s->len++] = *p;
	}
	return 0;
}

static int
scan_file(int fd, struct group_scan *s)
{
	char buf[4096];
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if ((r = take_bytes(s, buf, (size_t)n)) < 0)
			return r;
	}
	if (s->len > 0)
		take_line(s);
	return 0;
}

int
nk_group_file_gid(const char *path, const char *name, gid_t *gidp)
{
	struct group_scan s = { .name = name, .name_len = strlen(name) };
	int fd, r;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return -errno;
	r = scan_file(fd, &s);
	close(fd);
	if (r < 0)
		return r;
	if (s.found == 0)
		return -ENOENT;
	if (s.found > 1)
		return -EBADMSG;
	if (s.r == 0)
		*gidp = s.gid;
	return s.r;
}

/* ---- the decision ---- */

bool
nk_caller_is_in(const struct nk_caller *caller, gid_t gid)
{
	size_t i;

	if (caller->gid == gid)
		return true;
	for (i = 0; i < caller->ngroups; i++) {
		if (caller->groups[i] == gid)
			return true;
	}
	return false;
}

static bool
has_roots_rank(uid_t uid, uid_t owner)
{
	return uid == 0 || (uid == owner && uid != NK_OVERFLOW_ID &&
	    uid != (uid_t)-1);
}

enum nk_rank
nk_rank_decide(const struct nk_caller *caller, uid_t owner,
    const struct nk_user *account, bool in_admin_group, int64_t now)
{
	if (caller->gateway)
		return NK_RANK_NOBODY;
	if (has_roots_rank(caller->uid, owner))
		return NK_RANK_ROOT;
	if (caller->uid == NK_OVERFLOW_ID || caller->uid == (uid_t)-1)
		return NK_RANK_NOBODY;
	if (account != NULL && account->uid != caller->uid)
		return NK_RANK_NOBODY;
	if (account != NULL && (account->locked || account->expires_at <= now))
		return NK_RANK_NOBODY;
	if (in_admin_group)
		return NK_RANK_ADMIN;
	if (account != NULL && account->managed && account->admin)
		return NK_RANK_ADMIN;
	return NK_RANK_USER;
}

static bool
is_in_admin_group(const struct nk_caller *caller, const char *group_path)
{
	gid_t gid;

	return nk_group_file_gid(group_path, NK_ADMIN_GROUP, &gid) == 0 &&
	    nk_caller_is_in(caller, gid);
}

int
nk_rights_compute(struct nk_context *c, const char *group_path, int64_t now)
{
	const struct nk_caller *caller = c->caller;
	uid_t owner = c->state != NULL ? c->state->owner : 0;
	struct nk_user *account = NULL;
	bool owns;
	int r;

	c->rank = NK_RANK_NOBODY;
	c->user_id = 0;
	if (caller->gateway) {
		(void)strlcpy(c->actor, "gateway", sizeof(c->actor));
		return 0;
	}
	if (caller->uid == 0) {
		c->rank = NK_RANK_ROOT;
		c->user_id = NK_USER_ROOT_ID;
		(void)strlcpy(c->actor, "root", sizeof(c->actor));
		return 0;
	}
	(void)snprintf(c->actor, sizeof(c->actor), "uid %u", caller->uid);
	r = c->publisher == NULL ? -ENODEV :
	    nk_user_by_uid(nk_publisher_store(c->publisher), caller->uid,
	    &account);
	owns = has_roots_rank(caller->uid, owner);
	if (r < 0 && r != -ENOENT && !owns)
		return r;
	if (account != NULL) {
		c->user_id = account->id;
		(void)strlcpy(c->actor, account->name, sizeof(c->actor));
	}
	c->rank = nk_rank_decide(caller, owner, account,
	    !owns && is_in_admin_group(caller, group_path), now);
	nk_user_free(account);
	return 0;
}
