/* SPDX-License-Identifier: ISC */
#include "lib/account/blacklist.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/ssh/fingerprint.h"

#define DIGITS	20
#define RECORD	(DIGITS + 1)	/* with its newline */

void
nk_blacklist_init(struct nk_blacklist *b,
    const char *const folders[static NK_BLACKLIST_FOLDERS], uid_t owner)
{
	memset(b, 0, sizeof(*b));
	b->folders = folders;
	b->owner = owner;
}

static void
close_files(struct nk_blacklist_file *files)
{
	size_t i;

	for (i = 0; i < NK_BLACKLIST_FOLDERS; i++) {
		if (files[i].fd != -1)
			close(files[i].fd);
		files[i].fd = -1;
	}
}

void
nk_blacklist_clear(struct nk_blacklist *b)
{
	while (b->n > 0)
		close_files(b->sizes[--b->n].file);
}

/* ---- opening ---- */

/* Behind the comments; the whole file may be comments. */
static int
find_start(struct nk_blacklist_file *f)
{
	char head[NK_BLACKLIST_HEAD_MAX];
	const char *nl;
	size_t len, at = 0;
	int r;

	if ((r = nk_pread_full(f->fd, head, sizeof(head), 0, &len)) < 0)
		return r;
	while (at < len && (head[at] == '#' || head[at] == '\n')) {
		if ((nl = memchr(head + at, '\n', len - at)) == NULL)
			return -EBADMSG;
		at = (size_t)(nl - head) + 1;
	}
	f->start = (off_t)at;
	return 0;
}

static int
check_file(struct nk_blacklist_file *f, uid_t owner)
{
	struct stat st;
	int r;

	if (fstat(f->fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -EPERM;
	if (st.st_size > NK_BLACKLIST_FILE_MAX)
		return -EFBIG;
	if ((r = find_start(f)) < 0)
		return r;
	if ((st.st_size - f->start) % RECORD != 0)
		return -EBADMSG;
	f->n = (st.st_size - f->start) / RECORD;
	return 0;
}

static void
open_file(const struct nk_blacklist *b, const char *folder,
    unsigned int bits, struct nk_blacklist_file *f)
{
	char path[PATH_MAX];
	int n;

	*f = (struct nk_blacklist_file){ .fd = -1 };
	n = snprintf(path, sizeof(path), "%s/blacklist.RSA-%u", folder, bits);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		f->error = -ENAMETOOLONG;
		return;
	}
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd == -1)
		f->error = errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	else
		f->error = check_file(f, b->owner);
}

/* The lists of this size; "room" takes those of one size too many. */
static struct nk_blacklist_file *
files_of(struct nk_blacklist *b, unsigned int bits,
    struct nk_blacklist_file *room)
{
	struct nk_blacklist_file *files = room;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->sizes[i].bits == bits)
			return b->sizes[i].file;
	}
	if (b->n < NK_BLACKLIST_SIZES) {
		b->sizes[b->n].bits = bits;
		files = b->sizes[b->n++].file;
	}
	for (i = 0; i < NK_BLACKLIST_FOLDERS; i++)
		open_file(b, b->folders[i], bits, &files[i]);
	return files;
}

/* ---- looking ---- */

static int
read_record(const struct nk_blacklist_file *f, off_t i, char *digits)
{
	char record[RECORD];
	size_t n;
	int r;

	r = nk_pread_full(f->fd, record, sizeof(record),
	    f->start + i * RECORD, &n);
	if (r < 0)
		return r;
	if (n != sizeof(record) || record[DIGITS] != '\n')
		return -EBADMSG;
	record[DIGITS] = '\0';
	if (strspn(record, "0123456789abcdef") != DIGITS)
		return -EBADMSG;
	memcpy(digits, record, sizeof(record));
	return 0;
}

/* What lies out of order is noticed where the search comes upon it. */
static int
search(const struct nk_blacklist_file *f, const char *digits)
{
	char low[RECORD] = "", high[RECORD] = "g", at[RECORD];
	off_t first = 0, end = f->n, mid;
	int r;

	while (first < end) {
		mid = first + (end - first) / 2;
		if ((r = read_record(f, mid, at)) < 0)
			return r;
		if (strcmp(at, low) < 0 || strcmp(at, high) > 0)
			return -EBADMSG;
		if ((r = strcmp(digits, at)) == 0)
			return 1;
		if (r < 0) {
			end = mid;
			memcpy(high, at, sizeof(high));
		} else {
			first = mid + 1;
			memcpy(low, at, sizeof(low));
		}
	}
	return 0;
}

/* The last digits of the MD5 fingerprint, without its colons. */
static int
key_digits(const uint8_t *blob, size_t len, char digits[static RECORD])
{
	const char *s;
	size_t n = 0;
	char *md5;
	int r;

	if ((r = nk_fingerprint_md5(blob, len, &md5)) < 0)
		return r;
	for (s = md5 + strlen(md5) - (DIGITS + DIGITS / 2 - 1); *s != '\0';
	    s++) {
		if (*s != ':')
			digits[n++] = *s;
	}
	digits[n] = '\0';
	free(md5);
	return 0;
}

static int
find(const struct nk_blacklist_file *files, const uint8_t *blob, size_t len)
{
	char digits[RECORD];
	int error = 0, r;
	bool hashed = false;
	size_t i;

	for (i = 0; i < NK_BLACKLIST_FOLDERS; i++) {
		r = files[i].error;
		if (r == 0 && files[i].fd == -1)
			continue;
		if (r == 0 && !hashed) {
			if ((r = key_digits(blob, len, digits)) < 0)
				return r;
			hashed = true;
		}
		if (r == 0 && (r = search(&files[i], digits)) == 1)
			return 1;
		if (r < 0)
			error = r;
	}
	return error;
}

int
nk_blacklist_find(struct nk_blacklist *b, unsigned int bits,
    const uint8_t *blob, size_t len)
{
	struct nk_blacklist_file room[NK_BLACKLIST_FOLDERS];
	const struct nk_blacklist_file *files = files_of(b, bits, room);
	int r = find(files, blob, len);

	if (files == room)
		close_files(room);
	return r;
}
