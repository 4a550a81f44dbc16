/* SPDX-License-Identifier: ISC */
#include "lib/home/homedir.h"

#include <errno.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/home/become.h"
#include "lib/home/dirjob.h"
#include "lib/home/report.h"

static int
take(void *arg, const void *bytes, size_t len)
{
	return nk_homereport_take(arg, bytes, len);
}

/* Have the job done.  0, or -res->error. */
static int
run(const struct nk_homefile_who *who, struct nk_dirjob *j,
    struct nk_homereport *report, struct nk_homefile_result *res)
{
	int r;

	if (who->seconds < 1 || who->seconds > NK_HOMEFILE_SECONDS_MAX ||
	    who->n_groups > NK_BECOME_GROUPS_MAX)
		return nk_homefile_errno(res, EINVAL);
	j->who = who;
	j->seconds = j->kind == NK_DIRJOB_COPY || j->kind == NK_DIRJOB_EMPTY ?
	    NK_HOMEDIR_SECONDS : who->seconds;
	r = nk_child_watch(nk_dirjob_work, j, who->lock, j->seconds,
	    who->seconds, take, report);
	if (r == -EIO || (r == 0 && !nk_homereport_is_whole(report)))
		return nk_homefile_set(res, NK_HOMEFILE_KILLED);
	if (r < 0)
		return nk_homefile_errno(res, -r);
	*res = report->last.result;
	return -res->error;
}

int
nk_homedir_set(const struct nk_homefile_who *who, mode_t mode,
    const char *skeleton, mode_t *oldp, struct nk_homefile_result *res)
{
	struct nk_dirjob j = { .kind = NK_DIRJOB_SET, .mode = mode,
	    .skeleton = skeleton };
	struct nk_homereport report = { .progress = NULL };
	int r = run(who, &j, &report, res);

	if (oldp != NULL)
		*oldp = r == 0 ? (mode_t)report.last.mode : 0;
	return r;
}

int
nk_homedir_copy(const struct nk_homefile_who *who, const char *to, bool mode,
    const struct nk_homedir_watch *watch, struct nk_homedir_end *endp,
    struct nk_homefile_result *res)
{
	struct nk_dirjob j = { .kind = NK_DIRJOB_COPY, .to = to,
	    .take_mode = mode };
	struct nk_homereport report = { .progress = watch->progress,
	    .lost = watch->lost, .arg = watch->arg };
	int r = run(who, &j, &report, res);

	*endp = (struct nk_homedir_end){ .entries = report.last.done,
	    .lost = report.last.lost,
	    .elsewhere = report.last.elsewhere == 1 };
	return r;
}

int
nk_homedir_empty(const struct nk_homefile_who *who,
    struct nk_homefile_result *res)
{
	struct nk_dirjob j = { .kind = NK_DIRJOB_EMPTY };
	struct nk_homereport report = { .progress = NULL };

	return run(who, &j, &report, res);
}

int
nk_homedir_remove_ssh(const struct nk_homefile_who *who,
    struct nk_homefile_result *res)
{
	struct nk_dirjob j = { .kind = NK_DIRJOB_REMOVE_SSH };
	struct nk_homereport report = { .progress = NULL };

	return run(who, &j, &report, res);
}

/* ---- sentences ---- */

static const char *
failure(int error)
{
	const char *text;

	switch (error) {
	case EEXIST:
		return "Another file of this name is there already.";
	case EXDEV:
		return "Something is mounted there; it has to be moved "
		    "apart.";
	case EAGAIN:
		return "It was changed by somebody else meanwhile.";
	case ENODEV:
		return "A device is not copied.";
	case E2BIG:
		return "It is too large to be copied: too many files or "
		    "bytes, or folders nested too deep.";
	case ENOTSUP:
		return "No process could become the user.";
	default:
		text = strerrordesc_np(error);
		return text != NULL ? text : "Unknown error";
	}
}

const char *
nk_homedir_sentence(const struct nk_homefile_result *res)
{
	switch (res->outcome) {
	case NK_HOMEFILE_DONE:
		return "It is done.";
	case NK_HOMEFILE_CHANGED:
		return "It was changed by somebody else meanwhile.";
	case NK_HOMEFILE_DENIED:
		return "The user may not do that: look at the modes of the "
		    "home directory and of what is in it.";
	case NK_HOMEFILE_IMMUTABLE:
		return "The home directory path is immutable; see lsattr(1).";
	case NK_HOMEFILE_FAILED:
		return failure(res->error);
	default:
		return nk_homefile_sentence(res->outcome);
	}
}
