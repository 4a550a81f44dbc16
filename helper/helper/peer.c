/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/peer.h"

static int
socket_option(int fd, int name, int want)
{
	socklen_t len = sizeof(int);
	int value = -1;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1)
		return -errno;
	return len == sizeof(int) && value == want ? 0 : -EPROTOTYPE;
}

/* Other families have no credentials, and other types no stream of lines. */
static int
check_socket(int fd)
{
	int r;

	if ((r = socket_option(fd, SO_DOMAIN, AF_UNIX)) < 0 ||
	    (r = socket_option(fd, SO_TYPE, SOCK_STREAM)) < 0 ||
	    (r = socket_option(fd, SO_ACCEPTCONN, 0)) < 0)
		return r;
	return 0;
}

static int
socket_cred(int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);

	memset(cred, 0xff, sizeof(*cred));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len) == -1)
		return -errno;
	if (len != sizeof(*cred) || cred->uid == (uid_t)-1 ||
	    cred->gid == (gid_t)-1)
		return -EACCES;
	return 0;
}

/* The kernel says how much room it wants when there is too little. */
static int
socket_groups(int fd, gid_t **groupsp, size_t *np)
{
	gid_t *groups = NULL, none;
	socklen_t len = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &len) == 0) {
		*groupsp = NULL;
		*np = 0;
		return 0;
	}
	if (errno != ERANGE)
		return -errno;
	if (len > PEER_GROUPS_MAX * sizeof(gid_t))
		return -E2BIG;
	if ((groups = malloc(len)) == NULL)
		return -ENOMEM;
	/* They cannot have grown: they are those of the time of connect. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1) {
		int saved = errno;

		free(groups);
		return -saved;
	}
	*groupsp = groups;
	*np = len / sizeof(gid_t);
	return 0;
}

static int
get_socket(int fd, struct nk_caller *c)
{
	struct ucred cred;
	int r;

	if ((r = check_socket(fd)) < 0 ||
	    (r = socket_cred(fd, &cred)) < 0 ||
	    (r = socket_groups(fd, &c->groups, &c->ngroups)) < 0)
		return r;
	c->uid = cred.uid;
	c->gid = cred.gid;
	c->pid = cred.pid > 0 ? cred.pid : 0;
	return 0;
}

static int
get_process(struct nk_caller *c)
{
	gid_t *groups = NULL;
	int n;

	if ((n = getgroups(0, NULL)) == -1)
		return -errno;
	if (n > 0) {
		if ((groups = calloc((size_t)n, sizeof(*groups))) == NULL)
			return -ENOMEM;
		if ((n = getgroups(n, groups)) == -1) {
			int saved = errno;

			free(groups);
			return -saved;
		}
	}
	c->uid = getuid();
	c->gid = getgid();
	c->groups = groups;
	c->ngroups = (size_t)n;
	return 0;
}

int
peer_get(int fd, struct nk_caller *c)
{
	struct stat st;
	int r;

	memset(c, 0, sizeof(*c));
	c->uid = (uid_t)-1;
	c->gid = (gid_t)-1;
	if (fstat(fd, &st) == -1)
		return -errno;
	if (S_ISSOCK(st.st_mode))
		r = get_socket(fd, c);
	else
		r = get_process(c);
	return r;
}

void
peer_clear(struct nk_caller *c)
{
	free(c->groups);
	c->groups = NULL;
	c->ngroups = 0;
}

int
peer_get_uid(int fd, uid_t *uidp)
{
	struct ucred cred;
	int r;

	if ((r = socket_cred(fd, &cred)) < 0)
		return r;
	*uidp = cred.uid;
	return 0;
}
