/* SPDX-License-Identifier: ISC */
/*
 * The head of a backup.  The sum over it is set right, so that what lies
 * behind it is reached; then what is understood has one way to be written.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/backup/head.h"

#define SUMMED	(NK_BACKUP_HEAD - NK_BACKUP_DIGEST)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static int
parse(const uint8_t bytes[NK_BACKUP_HEAD])
{
	uint8_t again[NK_BACKUP_HEAD];
	struct nk_backup_head h;
	const char *why = NULL;
	int r;

	if ((r = nk_backup_head_parse(bytes, &h, &why)) < 0) {
		require(why != NULL);
		require(h.size == 0 && h.schema == 0);
		return r;
	}
	require(h.size > 0 && h.made_at >= 0);
	require(h.kind == NK_BACKUP_KEY_NONE ||
	    strlen(h.seal_id) == NK_SEALKEY_ID);
	require(nk_backup_head_format(&h, again) == 0);
	require(memcmp(bytes, again, sizeof(again)) == 0);
	nk_backup_head_clear(&h);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[NK_BACKUP_HEAD] = { 0 };

	memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	(void)parse(bytes);
	require(EVP_Digest(bytes, SUMMED, bytes + SUMMED, NULL, EVP_sha256(),
	    NULL) == 1);
	(void)parse(bytes);
	return 0;
}
