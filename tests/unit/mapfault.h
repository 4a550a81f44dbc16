/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_MAPFAULT_H
#define NASKEYS_TESTS_MAPFAULT_H

/*
 * Faults for the map writer.  A test that links mapfault.c has pwrite(2),
 * fallocate(2), renameat(2), unlinkat(2), ftruncate(2) and mmap(2) of its
 * own, in place of libc's: they count, and stop where they are told.  Its
 * pread(2) counts only.
 */

#include <stdbool.h>
#include <stdint.h>

struct mapfault {
	long		left;		/* calls until death; -1: immortal */
	bool		dead;		/* nothing reaches the disk any more */
	bool		full;		/* no space to be allocated */
	bool		halves;		/* pwrite writes a half at most */
	bool		no_fallocate;	/* the file system has none */
	bool		no_mmap;	/* a security module says no */
	unsigned long	reads;		/* calls of pread */
	unsigned long	writes;		/* calls of pwrite */
	uint64_t	bytes;		/* written by them */
	unsigned long	allocations;
};

extern struct mapfault mapfault;

/* No faults, nothing counted. */
void	mapfault_reset(void);
/* Die at the n-th call from now on, counted from 0. */
void	mapfault_die_at(long n);

#endif /* NASKEYS_TESTS_MAPFAULT_H */
