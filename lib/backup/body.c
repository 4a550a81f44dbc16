/* SPDX-License-Identifier: ISC */
#include "lib/backup/body.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/fullio.h"

#define PIECE	(256u << 10)

/* A copy under way: a piece of it, and the sum so far. */
struct pump {
	uint8_t		*piece;
	EVP_MD_CTX	*sum;
};

static void
pump_clear(struct pump *p)
{
	free(p->piece);
	EVP_MD_CTX_free(p->sum);
}

static int
pump_init(struct pump *p)
{
	p->piece = malloc(PIECE);
	p->sum = EVP_MD_CTX_new();
	if (p->piece != NULL && p->sum != NULL &&
	    EVP_DigestInit_ex(p->sum, EVP_sha256(), NULL) == 1)
		return 0;
	pump_clear(p);
	return -ENOMEM;
}

static int
pump_sum(struct pump *p, uint8_t digest[NK_BACKUP_DIGEST])
{
	unsigned int len;

	return EVP_DigestFinal_ex(p->sum, digest, &len) == 1 &&
	    len == NK_BACKUP_DIGEST ? 0 : -ENOMEM;
}

/* Up to n bytes, fewer only at the end. */
static int
take(int fd, unsigned int seconds, void *bytes, size_t n, size_t *lenp)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t *to = bytes;
	ssize_t got;
	int ready;

	for (*lenp = 0; *lenp < n; *lenp += (size_t)got) {
		if ((ready = poll(&p, 1, (int)seconds * 1000)) == 0)
			return -ETIMEDOUT;
		got = ready == -1 ? -1 : read(fd, to + *lenp, n - *lenp);
		if (got == 0)
			break;
		if (got == -1 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (got == -1)
			got = 0;	/* once more */
	}
	return 0;
}

/* ---- out ---- */

static int
put_at(int fd, const uint8_t *bytes, size_t n, uint64_t at)
{
	ssize_t done;

	for (; n > 0; bytes += done, n -= (size_t)done,
	    at += (uint64_t)done) {
		done = pwrite(fd, bytes, n, (off_t)at);
		if (done == -1 && errno != EINTR)
			return -errno;
		if (done == -1)
			done = 0;
	}
	return 0;
}

int
nk_backup_put_body(int from, int to, uint64_t *sizep,
    uint8_t digest[NK_BACKUP_DIGEST])
{
	struct pump p;
	size_t n;
	int r;

	*sizep = 0;
	if ((r = pump_init(&p)) < 0)
		return r;
	do {
		if ((r = nk_pread_full(from, p.piece, PIECE, (off_t)*sizep,
		    &n)) < 0)
			break;
		if (EVP_DigestUpdate(p.sum, p.piece, n) != 1)
			r = -ENOMEM;
		else
			r = put_at(to, p.piece, n, NK_BACKUP_HEAD + *sizep);
		*sizep += n;
	} while (r == 0 && n == PIECE);
	if (r == 0)
		r = pump_sum(&p, digest);
	pump_clear(&p);
	return r;
}

/* ---- in ---- */

int
nk_backup_take_head(int from, unsigned int seconds, struct nk_backup_head *h,
    const char **whyp)
{
	uint8_t bytes[NK_BACKUP_HEAD];
	size_t n;
	int r;

	*h = (struct nk_backup_head){ .schema = 0 };
	if ((r = take(from, seconds, bytes, sizeof(bytes), &n)) == 0 &&
	    n < sizeof(bytes)) {
		*whyp = "it is cut short, or no backup at all";
		r = -EBADMSG;
	}
	if (r == 0)
		r = nk_backup_head_parse(bytes, h, whyp);
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

static int
take_all(struct pump *p, int from, unsigned int seconds, int to,
    const struct nk_backup_head *h, const char **whyp)
{
	uint64_t left = h->size;
	size_t want, n;
	int r;

	for (; left > 0; left -= n) {
		want = left < PIECE ? (size_t)left : PIECE;
		if ((r = take(from, seconds, p->piece, want, &n)) < 0)
			return r;
		if (n < want) {
			*whyp = "it is cut short";
			return -EBADMSG;
		}
		if (EVP_DigestUpdate(p->sum, p->piece, n) != 1)
			return -ENOMEM;
		if ((r = nk_write_full(to, p->piece, n)) < 0)
			return r;
	}
	if ((r = take(from, seconds, p->piece, 1, &n)) == 0 && n > 0) {
		*whyp = "there is something behind its end";
		r = -EBADMSG;
	}
	return r;
}

int
nk_backup_take_body(int from, unsigned int seconds, int to,
    const struct nk_backup_head *h, const char **whyp)
{
	uint8_t digest[NK_BACKUP_DIGEST];
	struct pump p;
	int r;

	if ((r = pump_init(&p)) < 0)
		return r;
	if ((r = take_all(&p, from, seconds, to, h, whyp)) == 0 &&
	    (r = pump_sum(&p, digest)) == 0 &&
	    /* against damage alone: no secret */
	    memcmp(digest, h->digest, sizeof(digest)) != 0) {
		*whyp = "it is damaged";
		r = -EBADMSG;
	}
	pump_clear(&p);
	return r;
}
