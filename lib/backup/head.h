/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BACKUP_HEAD_H
#define NASKEYS_BACKUP_HEAD_H

/*
 * The first bytes of a backup, which say all about the rest
 * (naskeys-backup(5)).  The store follows them, and nothing else.  Numbers
 * are big-endian, and what is not used is zero:
 *
 *	  0  16	"naskeys-backup\n\0"
 *	 16   4	version of this format, 1
 *	 20   4	version of the store's schema
 *	 24  16	the store's id
 *	 40   8	when it was made, seconds since the epoch
 *	 48   8	bytes of the store
 *	 56  32	their SHA-256
 *	 88  16	id of the sealing key, digits; NULs: nothing is sealed
 *	104   4	0: without that key; 1: with it; 2: wrapped
 *	108   4	2: the binary logarithm of scrypt's N
 *	112  16	2: scrypt's salt
 *	128  12	2: the nonce of AES-256-GCM
 *	140  32	1: the key; 2: encrypted
 *	172  16	2: the tag, which authenticates bytes 0 to 127 as well
 *	188  36	zero
 *	224  32	the SHA-256 of bytes 0 to 223
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/sealkey.h"

#define NK_BACKUP_HEAD		256u
#define NK_BACKUP_BOUND		128u	/* bytes that the tag covers */
#define NK_BACKUP_FORMAT	1u
#define NK_BACKUP_DIGEST	32u
#define NK_BACKUP_SALT		16u
#define NK_BACKUP_NONCE		12u
#define NK_BACKUP_TAG		16u
#define NK_BACKUP_LOG_N_MIN	14u	/* 16 MiB */
#define NK_BACKUP_LOG_N_MAX	18u	/* 256 MiB */

enum nk_backup_key {
	NK_BACKUP_KEY_NONE,
	NK_BACKUP_KEY_PLAIN,
	NK_BACKUP_KEY_WRAPPED,
};

struct nk_backup_head {
	uint32_t		schema;
	uint8_t			store_id[16];
	int64_t			made_at;
	uint64_t		size;		/* of the store */
	uint8_t			digest[NK_BACKUP_DIGEST];
	char			seal_id[NK_SEALKEY_ID + 1];	/* or "" */
	enum nk_backup_key	kind;
	uint32_t		log_n;
	uint8_t			salt[NK_BACKUP_SALT];
	uint8_t			nonce[NK_BACKUP_NONCE];
	uint8_t			key[NK_SEALKEY_SIZE];	/* may be a secret */
	uint8_t			tag[NK_BACKUP_TAG];
	uint8_t			sum[NK_BACKUP_DIGEST];	/* as it was read; it
						   tells one backup from all
						   others */
};

/* Fill bytes from *h, which is sound.  0 or -ENOMEM. */
int	nk_backup_head_format(const struct nk_backup_head *h,
	    uint8_t bytes[NK_BACKUP_HEAD]) NK_MUST_CHECK;

/*
 * Fill *h from bytes.  0; -EBADMSG, these are none, or damaged; -ENOTSUP, of
 * a newer format; -ENOMEM.  *whyp says what, and *h holds nothing then.
 */
int	nk_backup_head_parse(const uint8_t bytes[NK_BACKUP_HEAD],
	    struct nk_backup_head *h, const char **whyp) NK_MUST_CHECK;

/* Wipe it. */
void	nk_backup_head_clear(struct nk_backup_head *h);

#endif /* NASKEYS_BACKUP_HEAD_H */
