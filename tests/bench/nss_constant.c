/* SPDX-License-Identifier: ISC */
/*
 * The floor that bench_nss measures against: a name service that knows
 * nothing and says the same to everybody.  A name that begins with '-' and
 * an id above 0x80000000 are not found.
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

NSS_DECLARE_MODULE_FUNCTIONS(constant)

#define NSS_EXPORT	__attribute__((visibility("default")))

static enum nss_status
answer(struct passwd *pw, char *buf, size_t len, int *errnop)
{
	static const char texts[] = "name\0x\0Some User\0/home/name\0/bin/sh";

	if (len < sizeof(texts)) {
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buf, texts, sizeof(texts));
	*pw = (struct passwd){
		.pw_name = buf, .pw_passwd = buf + 5, .pw_gecos = buf + 7,
		.pw_dir = buf + 17, .pw_shell = buf + 28,
		.pw_uid = 10000, .pw_gid = 10000,
	};
	return NSS_STATUS_SUCCESS;
}

NSS_EXPORT enum nss_status
_nss_constant_getpwnam_r(const char *name, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	if (name[0] == '-') {
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	return answer(pw, buf, len, errnop);
}

NSS_EXPORT enum nss_status
_nss_constant_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len,
    int *errnop)
{
	if (uid > 0x80000000u) {
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	return answer(pw, buf, len, errnop);
}

/* NK_GROUPS in the environment: how many groups everybody is in. */
NSS_EXPORT enum nss_status
_nss_constant_initgroups_dyn(const char *user, gid_t group, long int *start,
    long int *size, gid_t **groupsp, long int limit, int *errnop)
{
	static long count = -1;
	const char *text;
	long i;

	(void)user;
	(void)group;
	(void)limit;
	(void)errnop;
	if (count == -1) {
		text = getenv("NK_GROUPS");
		count = text == NULL ? 0 : strtol(text, NULL, 10);
	}
	for (i = 0; i < count && *start < *size; i++)
		(*groupsp)[(*start)++] = (gid_t)(20000 + i);
	return NSS_STATUS_SUCCESS;
}
