/* SPDX-License-Identifier: ISC */
#include "lib/explain/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/home/become.h"
#include "lib/ssh/wildcard.h"

#define BECOME_SECONDS	30		/* of processor time */
#define ENTRY_MAX	(1u << 20)	/* bytes of one entry */

struct question {
	int64_t	today;
	char	name[NK_ACCOUNT_NAME_MAX];
};

/* ---- in the child ---- */

static void
read_shadow(const struct question *q, char *buf, struct nk_seen_account *a)
{
	struct spwd sp, *got = NULL;

	if (getspnam_r(q->name, &sp, buf, ENTRY_MAX, &got) != 0 ||
	    got == NULL)
		return;
	a->shadow = sp.sp_pwdp != NULL && sp.sp_pwdp[0] == '!' ?
	    NK_SHADOW_LOCKED : NK_SHADOW_OPEN;
	a->expired = sp.sp_expire != -1 && sp.sp_expire < q->today;
	a->must_change = sp.sp_lstchg == 0 || (sp.sp_lstchg > 0 &&
	    sp.sp_max >= 0 && sp.sp_max < 100000 &&
	    sp.sp_lstchg + sp.sp_max < q->today);
	explicit_bzero(buf, ENTRY_MAX);
}

static int
read_groups(const struct question *q, char *buf, struct nk_seen_account *a)
{
	struct group g, *got;
	size_t at = 0, len;
	int i, n = NK_ACCOUNT_GIDS_MAX;

	if (getgrouplist(q->name, a->gid, a->gids, &n) == -1)
		return -E2BIG;
	a->n_gids = (uint32_t)n;
	for (i = 0; i < n; i++) {
		got = NULL;
		if (getgrgid_r(a->gids[i], &g, buf, ENTRY_MAX, &got) != 0 ||
		    got == NULL)
			continue;
		len = strlen(g.gr_name);
		if (len + 1 >= sizeof(a->groups) - at)
			return -E2BIG;
		memcpy(a->groups + at, g.gr_name, len);
		at += len;
		a->groups[at++] = '\n';
	}
	a->groups[at] = '\0';
	return 0;
}

static bool
copy(char *to, size_t room, const char *text)
{
	int n = snprintf(to, room, "%s", text);

	return n >= 0 && (size_t)n < room;
}

static int
read_account(const struct question *q, char *buf, struct nk_seen_account *a)
{
	struct passwd pw, *got = NULL;
	int r;

	r = getpwnam_r(q->name, &pw, buf, ENTRY_MAX, &got);
	if (r == EIO || r == ENOMEM || r == ERANGE)
		return -r;
	if (got == NULL)
		return 0;	/* others mean "no such entry" */
	a->found = true;
	a->uid = pw.pw_uid;
	a->gid = pw.pw_gid;
	if (!copy(a->home, sizeof(a->home), pw.pw_dir) ||
	    !copy(a->shell, sizeof(a->shell), pw.pw_shell))
		return -E2BIG;
	if ((r = read_groups(q, buf, a)) == 0)
		read_shadow(q, buf, a);
	return r;
}

static int
work(void *arg, int fd)
{
	const struct nk_network_arg *bytes = arg;
	struct nk_seen_account *a;
	struct question q;
	char *buf;
	int r = -ENOMEM;

	if (bytes->len != sizeof(q))
		return 1;
	memcpy(&q, bytes->bytes, sizeof(q));
	if (memchr(q.name, '\0', sizeof(q.name)) == NULL)
		return 1;
	a = calloc(1, sizeof(*a));
	buf = malloc(ENTRY_MAX);
	if (a != NULL && buf != NULL && (r = read_account(&q, buf, a)) == 0)
		r = nk_write_full(fd, a, sizeof(*a));
	free(buf);
	free(a);
	return r == 0 ? 0 : 1;
}

const struct nk_network_work nk_seen_account_work = { "account", work };

/* ---- in the parent ---- */

int
nk_seen_account_ask(const char *name, int64_t today, unsigned int seconds,
    struct nk_seen_account *a)
{
	struct question q;
	int r;

	if (strlen(name) >= sizeof(q.name))
		return -ENAMETOOLONG;
	memset(&q, 0, sizeof(q));
	q.today = today;
	memcpy(q.name, name, strlen(name));
	r = nk_network_ask(&nk_seen_account_work, &q, sizeof(q), seconds, a,
	    sizeof(*a));
	if (r < 0)
		return r;
	/* Whatever the child was made to write, strings end. */
	a->home[sizeof(a->home) - 1] = '\0';
	a->shell[sizeof(a->shell) - 1] = '\0';
	a->groups[sizeof(a->groups) - 1] = '\0';
	return a->n_gids > NK_ACCOUNT_GIDS_MAX ? -EIO : 0;
}

bool
nk_seen_account_in(const struct nk_seen_account *a, const char *p,
    size_t len)
{
	const char *name = a->groups;
	char one[NK_ACCOUNT_NAME_MAX];
	size_t n;

	for (; *name != '\0'; name += n + (name[n] != '\0')) {
		n = strcspn(name, "\n");
		if (n >= sizeof(one))
			continue;
		memcpy(one, name, n);
		one[n] = '\0';
		if (nk_wildcard_is(p, len, one))
			return true;
	}
	return false;
}

int
nk_seen_account_become(const struct nk_seen_account *a)
{
	const struct nk_become b = { .uid = a->uid, .gid = a->gid,
	    .groups = a->gids, .n_groups = a->n_gids,
	    .seconds = BECOME_SECONDS };

	/* root's files are read as sshd does, with all that root may */
	return getuid() != 0 || a->uid == 0 ? 0 : nk_become(&b);
}
