/* SPDX-License-Identifier: ISC */
#include "tests/fault/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <syscall.h>

const char *const faults_names[FAULTS] = {
	"EIO", "ENOSPC", "short", "EINTR",
};

#define CAN_EIO		0x1u
#define CAN_ENOSPC	0x2u
#define CAN_SHORT	0x4u
#define CAN_EINTR	0x8u

static const struct {
	long		nr;
	unsigned int	can;
} calls[] = {
	{ SYS_read,		CAN_EIO | CAN_SHORT },
	{ SYS_pread64,		CAN_EIO | CAN_SHORT | CAN_EINTR },
	{ SYS_write,		CAN_EIO | CAN_ENOSPC | CAN_SHORT },
	{ SYS_pwrite64,		CAN_EIO | CAN_ENOSPC | CAN_SHORT |
				CAN_EINTR },
	{ SYS_openat,		CAN_EIO },
	{ SYS_getdents64,	CAN_EIO },
	{ SYS_fsync,		CAN_EIO | CAN_ENOSPC },
	{ SYS_syncfs,		CAN_EIO | CAN_ENOSPC },
	{ SYS_fdatasync,	CAN_EIO | CAN_ENOSPC },
	{ SYS_ftruncate,	CAN_EIO | CAN_ENOSPC },
	{ SYS_fallocate,	CAN_EIO | CAN_ENOSPC | CAN_EINTR },
	{ SYS_rename,		CAN_EIO | CAN_ENOSPC },
	{ SYS_renameat,		CAN_EIO | CAN_ENOSPC },
	{ SYS_renameat2,	CAN_EIO | CAN_ENOSPC },
	{ SYS_link,		CAN_EIO | CAN_ENOSPC },
	{ SYS_linkat,		CAN_EIO | CAN_ENOSPC },
	{ SYS_unlink,		CAN_EIO },
	{ SYS_unlinkat,		CAN_EIO },
	{ SYS_mkdir,		CAN_EIO | CAN_ENOSPC },
	{ SYS_fstat,		CAN_EIO },
	{ SYS_stat,		CAN_EIO },
	{ SYS_lstat,		CAN_EIO },
	{ SYS_newfstatat,	CAN_EIO },
	{ SYS_access,		CAN_EIO },
	{ SYS_readlink,		CAN_EIO },
	{ SYS_lseek,		CAN_EIO },
	{ SYS_fchmod,		CAN_EIO },
	{ SYS_fchown,		CAN_EIO },
	{ SYS_flock,		CAN_EIO | CAN_EINTR },
	{ SYS_fcntl,		CAN_EIO },
	{ SYS_mmap,		CAN_EIO },
	{ SYS_getrandom,	CAN_EIO },
};

/* These ask nothing of a disk, and fail for no reason of its. */
static const long others[] = {
	SYS_brk, SYS_munmap, SYS_close, SYS_exit_group,
	SYS_clock_nanosleep, SYS_getpid, SYS_geteuid,
};

bool
faults_know(long nr)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr)
			return true;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] == nr)
			return true;
	return false;
}

/* A lock is never refused to be given up, and dup(2) reads no disk. */
static bool
is_lock(const struct tracer *tr)
{
	struct flock lock;

	return (tr->args[1] == F_SETLK || tr->args[1] == F_OFD_SETLK) &&
	    tracer_peek(tr, tr->args[2], &lock, sizeof(lock)) == 0 &&
	    lock.l_type != F_UNLCK;
}

/* Memory that malloc(3) asks for is not meant here. */
static bool
is_file_mapping(const struct tracer *tr)
{
	return (int)tr->args[4] >= 0;
}

bool
faults_apply(enum fault fault, const struct tracer *tr)
{
	static const unsigned int bits[FAULTS] = {
		CAN_EIO, CAN_ENOSPC, CAN_SHORT, CAN_EINTR,
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == tr->nr)
			break;
	if (i == sizeof(calls) / sizeof(calls[0]))
		return false;
	if (tr->nr == SYS_openat && fault == FAULT_ENOSPC)
		return (tr->args[2] & O_CREAT) != 0;
	if ((calls[i].can & bits[fault]) == 0)
		return false;
	if (tr->nr == SYS_fcntl)
		return is_lock(tr);
	if (tr->nr == SYS_mmap)
		return is_file_mapping(tr);
	return fault != FAULT_SHORT || tr->args[2] > 1;
}

void
faults_inject(enum fault fault, struct tracer *tr)
{
	static const int errors[FAULTS] = { EIO, ENOSPC, 0, EINTR };

	if (fault == FAULT_SHORT)
		tracer_set_arg(tr, 2, tr->args[2] / 2);
	else
		tracer_fail(tr, errors[fault]);
}
