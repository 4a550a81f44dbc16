/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_IDS_H
#define NASKEYS_ACCOUNT_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define NK_ID_NOBODY	65534u	/* and the kernel's, for other namespaces */

/*
 * Is it a uid or gid that can never be one account's?  65534 is nobody and
 * nogroup; -1 means "none" to system calls, and -2 was nobody once; each of
 * these in 16 bits and in 32.
 */
static inline bool
nk_id_is_nobody(uint32_t id)
{
	return id == NK_ID_NOBODY || id == 65535u || id >= UINT32_MAX - 1;
}

#endif /* NASKEYS_ACCOUNT_IDS_H */
