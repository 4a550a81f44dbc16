/* SPDX-License-Identifier: ISC */
#include "lib/home/dirjob.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/home.h"
#include "lib/account/tree.h"
#include "lib/fullio.h"
#include "lib/home/become.h"
#include "lib/home/copy.h"
#include "lib/home/homedir.h"
#include "lib/home/place.h"
#include "lib/home/report.h"
#include "lib/monotonic.h"

#define DESCRIPTORS	(2 * NK_TREE_DEPTH + 32)
#define NICE		10	/* logins come first */
#define TELL_MS		500

struct job {
	const struct nk_dirjob	*what;
	int			 fd;
	int64_t			 told;		/* ms, the last time */
	struct nk_homereport_record now;
	struct nk_homefile_result first;	/* why something was lost */
};

/* ---- what is said ---- */

static int
say(struct job *j, uint32_t kind, const struct nk_homefile_result *res,
    const char *path)
{
	j->now.kind = kind;
	j->now.result = *res;
	j->now.len = path == NULL ? 0 : (uint32_t)strlen(path);
	j->told = nk_monotonic_ms();
	if (nk_write_full(j->fd, &j->now, sizeof(j->now)) < 0 ||
	    (path != NULL && nk_write_full(j->fd, path, j->now.len) < 0))
		return -EPIPE;
	return 0;
}

static const struct nk_homefile_result done = { NK_HOMEFILE_DONE, 0 };

static int
tell_copy(void *arg, const struct nk_copy *c)
{
	struct job *j = arg;

	if (!c->dry)
		j->now.done = c->entries;
	if (nk_monotonic_ms() - j->told < TELL_MS)
		return 0;
	return say(j, NK_HOMEREPORT_PROGRESS, &done, NULL);
}

static void
tell_entry(void *arg)
{
	struct job *j = arg;

	if (nk_monotonic_ms() - j->told >= TELL_MS)
		(void)say(j, NK_HOMEREPORT_PROGRESS, &done, NULL);
}

static int
tell_lost(void *arg, const char *path, int error)
{
	struct nk_homefile_result why;
	struct job *j = arg;

	if (nk_homefile_errno(&why, error) == 0)
		return -EINVAL;
	if (j->now.lost++ == 0)
		j->first = why;
	if (j->now.lost > NK_HOMEREPORT_LOST_MAX)
		return 0;
	return say(j, NK_HOMEREPORT_LOST, &why,
	    path[0] == '\0' ? "." : path);
}

/* ---- the jobs: 0, or -res->error ---- */

static int
copy_skeleton(struct job *j, const struct nk_place *p)
{
	struct nk_copy c = { .to = p->home, .fill = true,
	    .entries_max = NK_SKELETON_FILES, .bytes_max = NK_SKELETON_BYTES,
	    .tell = tell_copy, .lost = tell_lost, .arg = j };
	int from, r;

	from = open(j->what->skeleton, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from == -1)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	c.from = from;
	r = nk_copy_run(&c);
	close(from);
	return r;
}

static int
do_set(struct job *j, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	bool wrote = false;
	struct stat st;
	int r = 0;

	if (fstat(p->home, &st) == -1)
		return nk_homefile_errno(res, errno);
	if (j->what->skeleton != NULL)
		r = copy_skeleton(j, p);
	if (r == 0)
		r = nk_place_set_mode(p->home, j->what->mode & 0777, &wrote);
	if (r == 0)
		r = nk_place_sync(p->home);
	if (r < 0)
		return nk_homefile_errno(res, -r);
	j->now.mode = st.st_mode & 07777;
	return 0;
}

/* Look at all of it; then, if nothing is in the way, copy it. */
static int
copy_all(struct job *j, int from, int to, struct nk_homefile_result *res)
{
	struct nk_copy c = { .from = from, .to = to, .dry = true,
	    .entries_max = NK_HOMEDIR_ENTRIES, .bytes_max = NK_HOMEDIR_BYTES,
	    .tell = tell_copy, .lost = tell_lost, .arg = j };
	int r;

	if ((r = nk_copy_run(&c)) == 0 && j->now.lost == 0) {
		j->now.total = c.entries;
		c.dry = false;
		r = nk_copy_run(&c);
		j->now.done = c.entries;
	}
	if (r == 0 && j->now.lost == 0 && syncfs(to) == -1)
		r = -errno;
	if (r < 0) {
		j->now.elsewhere = r == -ENOSPC || r == -EDQUOT ||
		    r == -EROFS;
		return nk_homefile_errno(res, -r);
	}
	if (j->now.lost > 0)
		*res = j->first;
	return -res->error;
}

static int
do_copy(struct job *j, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	const struct nk_homefile_who *who = j->what->who;
	struct stat st, other;
	struct nk_place to;
	bool wrote = false;
	int r;

	r = nk_place_open_home(&to, j->what->to, who->uid, who->root, res);
	if (r < 0) {
		j->now.elsewhere = 1;
		return r;
	}
	if (fstat(p->home, &st) == -1 || fstat(to.home, &other) == -1)
		r = nk_homefile_errno(res, errno);
	else if (st.st_dev != other.st_dev || st.st_ino != other.st_ino)
		r = copy_all(j, p->home, to.home, res);
	if (r == 0 && j->what->take_mode && (r = nk_place_set_mode(to.home,
	    st.st_mode & 0777, &wrote)) < 0)
		r = nk_homefile_errno(res, -r);
	nk_place_close(&to);
	return r;
}

/* Of a walk that removes: something has another kind, or is new there. */
static int
explain_removal(int error, struct nk_homefile_result *res)
{
	switch (error) {
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENOTEMPTY:
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	default:
		return nk_homefile_errno(res, error);
	}
}

static int
do_empty(struct job *j, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	int r = nk_tree_empty(p->home, tell_entry, j);

	return r < 0 ? explain_removal(-r, res) : 0;
}

static int
remove_folder(struct job *j, const struct nk_place *p, int fd)
{
	int r = nk_tree_empty(fd, tell_entry, j);

	close(fd);
	if (r == 0 && unlinkat(p->home, NK_PLACE_SSH, AT_REMOVEDIR) == -1 &&
	    errno != ENOENT)
		r = -errno;
	return r;
}

static int
do_remove_ssh(struct job *j, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	int fd = nk_tree_open(p->home, NK_PLACE_SSH), r = 0;

	if (fd >= 0)
		r = remove_folder(j, p, fd);
	else if (fd == -ENOTDIR || fd == -ELOOP)
		r = unlinkat(p->home, NK_PLACE_SSH, 0) == -1 ? -errno : 0;
	else if (fd != -ENOENT)
		r = fd;
	if (r == 0 && fd != -ENOENT)
		r = nk_place_sync(p->home);
	if (r == -EXDEV || r == -EBUSY)
		return nk_homefile_set(res, NK_HOMEFILE_SSH_MOUNT);
	return r < 0 ? explain_removal(-r, res) : 0;
}

/* ---- the child ---- */

static void
do_job(struct job *j, struct nk_homefile_result *res)
{
	const struct nk_homefile_who *who = j->what->who;
	struct nk_place p;
	int r;

	if (nk_place_open_home(&p, who->home, who->uid, who->root, res) < 0)
		return;
	switch (j->what->kind) {
	case NK_DIRJOB_SET:
		r = do_set(j, &p, res);
		break;
	case NK_DIRJOB_COPY:
		r = do_copy(j, &p, res);
		break;
	case NK_DIRJOB_EMPTY:
		r = do_empty(j, &p, res);
		break;
	case NK_DIRJOB_REMOVE_SSH:
		r = do_remove_ssh(j, &p, res);
		break;
	default:
		r = nk_homefile_errno(res, EINVAL);
	}
	nk_place_close(&p);
	if (r == 0)
		*res = done;
}

int
nk_dirjob_do(const struct nk_dirjob *what, int fd)
{
	struct job j = { .what = what, .fd = fd, .told = nk_monotonic_ms() };
	struct nk_homefile_result res = done;

	do_job(&j, &res);
	return say(&j, NK_HOMEREPORT_END, &res, NULL) < 0 ? 1 : 0;
}

int
nk_dirjob_work(void *job, int fd)
{
	const struct nk_dirjob *what = job;
	const struct nk_become become = {
		.uid = what->who->uid,
		.gid = what->who->gid,
		.groups = what->who->groups,
		.n_groups = what->who->n_groups,
		.seconds = what->seconds,
		.file_max = SIZE_MAX,
		.descriptors = DESCRIPTORS,
	};
	struct job j = { .what = what, .fd = fd };
	struct nk_homefile_result res;

	/* where it may: the helper's unit has no such call */
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	if (nk_become(&become) == 0)
		return nk_dirjob_do(what, fd);
	/* Its EPERM is none of the home's. */
	if (nk_homefile_errno(&res, ENOTSUP) == 0)
		return 1;
	return say(&j, NK_HOMEREPORT_END, &res, NULL) < 0 ? 1 : 0;
}
