/* SPDX-License-Identifier: ISC */
#include "lib/otp/recovery.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/otp/otp.h"

/* Digits and letters without i, l, o and u. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

int
nk_recovery_new(struct nk_secret *set)
{
	uint8_t random[NK_RECOVERY_CODES * NK_RECOVERY_LEN];
	size_t i;
	int r = 0;

	if (getentropy(random, sizeof(random)) == -1)
		return -EIO;
	for (i = 0; r == 0 && i < sizeof(random); i++)
		r = nk_secret_append(set, &alphabet[random[i] & 31], 1);
	explicit_bzero(random, sizeof(random));
	return r;
}

bool
nk_recovery_fold(char *code)
{
	char *p;

	for (p = code; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if (*p == 'o')
			*p = '0';
		else if (*p == 'i' || *p == 'l')
			*p = '1';
	}
	return (size_t)(p - code) == NK_RECOVERY_LEN &&
	    strspn(code, alphabet) == NK_RECOVERY_LEN;
}

size_t
nk_recovery_count(const struct nk_secret *set)
{
	return set->len / NK_RECOVERY_LEN;
}

/* Every code is compared, wherever the right one stands. */
int
nk_recovery_take(struct nk_secret *set, const char *code, size_t *leftp)
{
	size_t n = nk_recovery_count(set), i, found = n;
	uint8_t *p;

	if (set->len % NK_RECOVERY_LEN != 0)
		return -EBADMSG;
	for (i = 0; i < n; i++)
		if (nk_otp_is_equal(set->p + i * NK_RECOVERY_LEN, code,
		    NK_RECOVERY_LEN))
			found = i;
	if (found == n)
		return -EACCES;
	p = set->p + found * NK_RECOVERY_LEN;
	set->len -= NK_RECOVERY_LEN;
	memmove(p, p + NK_RECOVERY_LEN, set->len - found * NK_RECOVERY_LEN);
	explicit_bzero(set->p + set->len, NK_RECOVERY_LEN);
	*leftp = n - 1;
	return 0;
}

void
nk_recovery_show(const struct nk_secret *set, size_t i,
    char out[NK_RECOVERY_SHOWN + 1])
{
	const uint8_t *p = set->p + i * NK_RECOVERY_LEN;
	size_t half = NK_RECOVERY_LEN / 2;

	memcpy(out, p, half);
	out[half] = '-';
	memcpy(out + half + 1, p + half, half);
	out[NK_RECOVERY_SHOWN] = '\0';
}
