/* SPDX-License-Identifier: ISC */
/*
 * A name service that answers from a mapped file with nothing but what a
 * lookup needs: one probe, one record, one copy.  Neither the file nor the
 * buffer's whole size is checked beyond what keeps the copy within it.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/bench/floor.h"

NSS_DECLARE_MODULE_FUNCTIONS(floor)

#define NSS_EXPORT	__attribute__((visibility("default")))

static const struct floor_header *header;
static const uint64_t *names, *uids;
static const uint8_t *records;

static int
map(void)
{
	struct stat st;
	void *p = MAP_FAILED;
	int fd = open(FLOOR_PATH, O_RDONLY | O_CLOEXEC);

	if (fd != -1 && fstat(fd, &st) == 0)
		p = floor_map(fd, (size_t)st.st_size);
	if (fd != -1)
		close(fd);
	if (p == MAP_FAILED)
		return -1;
	header = p;
	names = (const uint64_t *)p + FLOOR_HEADER / sizeof(*names);
	uids = names + header->mask + 1;
	records = (const uint8_t *)(uids + header->mask + 1);
	return 0;
}

/* The record behind the next slot of this hash from *atp on, or NULL. */
static const struct floor_record *
next(const uint64_t *table, uint64_t hash, uint64_t *atp)
{
	uint64_t slot;

	while ((slot = table[*atp & header->mask]) != 0) {
		(*atp)++;
		if ((slot ^ hash) >> 32 == 0)
			return (const void *)(records +
			    ((uint32_t)slot - 1) * header->stride);
	}
	return NULL;
}

static const struct floor_record *
by_name(const char *name)
{
	size_t len = strlen(name);
	const struct floor_record *r;
	uint64_t hash, at;

	if (header == NULL && map() == -1)
		return NULL;
	at = hash = floor_hash_name(name, len);
	do {
		r = next(names, hash, &at);
	} while (r != NULL && memcmp(r->text, name, len + 1) != 0);
	return r;
}

static const struct floor_record *
by_uid(uid_t uid)
{
	const struct floor_record *r;
	uint64_t hash, at;

	if (header == NULL && map() == -1)
		return NULL;
	at = hash = floor_hash_id(uid);
	do {
		r = next(uids, hash, &at);
	} while (r != NULL && r->uid != uid);
	return r;
}

static enum nss_status
answer(const struct floor_record *r, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	if (r == NULL) {
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	if (len < r->length) {
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buf, r->text, r->length);
	*pw = (struct passwd){
		.pw_name = buf, .pw_passwd = buf + r->passwd,
		.pw_gecos = buf + r->gecos, .pw_dir = buf + r->home,
		.pw_shell = buf + r->shell,
		.pw_uid = r->uid, .pw_gid = r->gid,
	};
	return NSS_STATUS_SUCCESS;
}

NSS_EXPORT enum nss_status
_nss_floor_getpwnam_r(const char *name, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	return answer(by_name(name), pw, buf, len, errnop);
}

NSS_EXPORT enum nss_status
_nss_floor_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len,
    int *errnop)
{
	return answer(by_uid(uid), pw, buf, len, errnop);
}

NSS_EXPORT enum nss_status
_nss_floor_initgroups_dyn(const char *user, gid_t group, long int *start,
    long int *size, gid_t **groupsp, long int limit, int *errnop)
{
	const struct floor_record *r = by_name(user);
	uint32_t i;

	(void)group;
	(void)limit;
	if (r == NULL) {
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	for (i = 0; i < FLOOR_GROUPS && *start < *size; i++)
		(*groupsp)[(*start)++] = r->groups[i];
	return NSS_STATUS_SUCCESS;
}
