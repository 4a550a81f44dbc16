/* SPDX-License-Identifier: ISC */
#include "lib/home/outcome.h"

#include <errno.h>
#include <stddef.h>

#define ERRNO_MAX	4095	/* what the kernel answers at most */

static const struct row {
	int		 error;		/* 0: any that no other row has */
	bool		 may_pass;
	const char	*sentence;
} rows[NK_HOMEFILE_OUTCOMES] = {
	[NK_HOMEFILE_DONE] = { 0, false,
	    "The file is as it should be." },
	[NK_HOMEFILE_CHANGED] = { ESTALE, false,
	    "The file was changed by somebody else meanwhile; look at it "
	    "again." },
	[NK_HOMEFILE_NO_HOME] = { ENOENT, true,
	    "The home directory is not there." },
	[NK_HOMEFILE_ABOVE] = { EPERM, false,
	    "A folder or link above the home directory belongs to somebody "
	    "other than root, or others may write to it." },
	[NK_HOMEFILE_HOME_LINK] = { ELOOP, false,
	    "The home directory is a symbolic link; set it to the folder "
	    "that the link names." },
	[NK_HOMEFILE_HOME_KIND] = { ENOTDIR, false,
	    "What stands at the home directory's path is no folder." },
	[NK_HOMEFILE_HOME_FOREIGN] = { EPERM, true,
	    "The home directory does not belong to the user; it may not be "
	    "mounted." },
	[NK_HOMEFILE_HOME_OPEN] = { EPERM, false,
	    "Others may write to the home directory of root; take that "
	    "right away." },
	[NK_HOMEFILE_SSH_LINK] = { ELOOP, false,
	    "In the home directory, .ssh is a symbolic link; make it a "
	    "folder." },
	[NK_HOMEFILE_SSH_KIND] = { ENOTDIR, false,
	    "In the home directory, .ssh is no folder; remove it." },
	[NK_HOMEFILE_SSH_FOREIGN] = { EPERM, false,
	    "In the home directory, .ssh does not belong to the user; give "
	    "it to the user or remove it." },
	[NK_HOMEFILE_SSH_MOUNT] = { EXDEV, false,
	    "In the home directory, .ssh is a mount point; unmount what is "
	    "there." },
	[NK_HOMEFILE_FILE_LINK] = { ELOOP, false,
	    ".ssh/authorized_keys is a symbolic link; make it a file." },
	[NK_HOMEFILE_FILE_KIND] = { EINVAL, false,
	    ".ssh/authorized_keys is no regular file; remove it." },
	[NK_HOMEFILE_FILE_FOREIGN] = { EPERM, false,
	    ".ssh/authorized_keys does not belong to the user; give it to "
	    "the user or remove it." },
	[NK_HOMEFILE_FILE_MOUNT] = { EXDEV, false,
	    ".ssh/authorized_keys is a mount point; unmount what is "
	    "there." },
	[NK_HOMEFILE_FILE_LINKED] = { EMLINK, false,
	    ".ssh/authorized_keys is a hard link: the file has other names "
	    "too; make it a file of its own." },
	[NK_HOMEFILE_FILE_SIZE] = { EFBIG, false,
	    ".ssh/authorized_keys would be or is larger than 4 MiB." },
	[NK_HOMEFILE_DENIED] = { EACCES, false,
	    "The user may not read or write .ssh/authorized_keys: look at "
	    "the modes of the home directory, of .ssh and of the file." },
	[NK_HOMEFILE_IMMUTABLE] = { EPERM, false,
	    ".ssh/authorized_keys or its folder is protected from changes; "
	    "see lsattr(1)." },
	[NK_HOMEFILE_READ_ONLY] = { EROFS, true,
	    "The home directory is on a read-only file system." },
	[NK_HOMEFILE_FULL] = { ENOSPC, true,
	    "The home directory's file system is full." },
	[NK_HOMEFILE_QUOTA] = { EDQUOT, true,
	    "The user's disk quota is used up." },
	[NK_HOMEFILE_STALE] = { EIO, true,
	    "The file server no longer knows the home directory (stale file "
	    "handle)." },
	[NK_HOMEFILE_IO] = { EIO, true,
	    "The home directory's disk or server failed (input/output "
	    "error)." },
	[NK_HOMEFILE_TIMEOUT] = { ETIMEDOUT, true,
	    "The home directory's disk or server did not answer in time." },
	[NK_HOMEFILE_KILLED] = { EINTR, true,
	    "The process that works in the home directory was ended before "
	    "it was done." },
	[NK_HOMEFILE_FAILED] = { 0, true,
	    "Working in the home directory failed." },
};

/* Those of the system that stand for one errno. */
static const struct {
	int				error;
	enum nk_homefile_outcome	outcome;
} system_errors[] = {
	{ EACCES,	NK_HOMEFILE_DENIED },
	{ EPERM,	NK_HOMEFILE_IMMUTABLE },
	{ EROFS,	NK_HOMEFILE_READ_ONLY },
	{ ENOSPC,	NK_HOMEFILE_FULL },
	{ EDQUOT,	NK_HOMEFILE_QUOTA },
	{ ESTALE,	NK_HOMEFILE_STALE },
	{ EIO,		NK_HOMEFILE_IO },
	{ ETIMEDOUT,	NK_HOMEFILE_TIMEOUT },
};

const char *
nk_homefile_sentence(enum nk_homefile_outcome outcome)
{
	if ((unsigned int)outcome >= NK_HOMEFILE_OUTCOMES)
		outcome = NK_HOMEFILE_FAILED;
	return rows[outcome].sentence;
}

bool
nk_homefile_may_pass(enum nk_homefile_outcome outcome)
{
	return (unsigned int)outcome < NK_HOMEFILE_OUTCOMES &&
	    rows[outcome].may_pass;
}

int
nk_homefile_set(struct nk_homefile_result *res,
    enum nk_homefile_outcome outcome)
{
	res->outcome = outcome;
	res->error = rows[outcome].error;
	return -res->error;
}

int
nk_homefile_errno(struct nk_homefile_result *res, int error)
{
	size_t i;

	for (i = 0; i < sizeof(system_errors) / sizeof(system_errors[0]);
	    i++) {
		if (system_errors[i].error == error)
			return nk_homefile_set(res,
			    system_errors[i].outcome);
	}
	res->outcome = NK_HOMEFILE_FAILED;
	res->error = error > 0 && error <= ERRNO_MAX ? error : EINVAL;
	return -res->error;
}

bool
nk_homefile_is_sound(const struct nk_homefile_result *res)
{
	struct nk_homefile_result again;

	if ((unsigned int)res->outcome >= NK_HOMEFILE_OUTCOMES)
		return false;
	if (res->outcome != NK_HOMEFILE_FAILED)
		return res->error == rows[res->outcome].error;
	return nk_homefile_errno(&again, res->error) == -res->error &&
	    again.outcome == NK_HOMEFILE_FAILED;
}
