/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/groupfile.h"

#define GID_LAST	4294967294ULL	/* (gid_t)-1 is no gid */
#define GID_OVERFLOW	65534		/* kernel: of another namespace */

enum field {
	FIELD_NAME,
	FIELD_PASSWORD,
	FIELD_GID,
	FIELD_MEMBERS,
};

/* Where in the file we are.  Lines may be of any length: none is stored. */
struct scan {
	const char	*name;
	size_t		 name_len;
	uint64_t	 gid;		/* of the line at hand */
	size_t		 at;		/* bytes of the field at hand */
	enum field	 field;
	bool		 ours;		/* so far the line is the name's */
	bool		 found;
	uint32_t	 found_gid;
};

static void
scan_line_start(struct scan *s)
{
	s->gid = 0;
	s->at = 0;
	s->field = FIELD_NAME;
	s->ours = true;
}

/* A decimal number without sign, blank or leading zero. */
static int
scan_digit(struct scan *s, char c)
{
	if (c < '0' || c > '9' || (s->at > 0 && s->gid == 0))
		return -EBADMSG;
	s->gid = s->gid * 10 + (uint64_t)(c - '0');
	return s->gid > GID_LAST ? -EBADMSG : 0;
}

static int
scan_colon(struct scan *s)
{
	switch (s->field) {
	case FIELD_NAME:
		s->ours = s->at == s->name_len;
		s->field = FIELD_PASSWORD;
		break;
	case FIELD_PASSWORD:
		s->field = FIELD_GID;
		break;
	case FIELD_GID:		/* only now is the number known whole */
		if (s->at == 0 || s->found)
			return -EBADMSG;
		s->found = true;
		s->found_gid = (uint32_t)s->gid;
		s->field = FIELD_MEMBERS;
		break;
	default:
		return -EBADMSG;
	}
	s->at = 0;
	return 0;
}

/* A line that is not the name's is none of our business: only skipped. */
static int
scan_byte(struct scan *s, char c)
{
	int r = 0;

	if (c == '\n') {
		if (s->ours && (s->field == FIELD_PASSWORD ||
		    s->field == FIELD_GID))
			return -EBADMSG;
		scan_line_start(s);
		return 0;
	}
	if (!s->ours)
		return 0;
	if (c == ':')
		return scan_colon(s);
	if (s->field == FIELD_NAME)
		s->ours = s->at < s->name_len && s->name[s->at] == c;
	else if (s->field == FIELD_GID)
		r = scan_digit(s, c);
	s->at++;
	return r;
}

static int
scan_file(struct scan *s, int fd)
{
	char buf[8192];
	size_t i, total = 0;
	ssize_t n;
	int r;

	scan_line_start(s);
	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			break;
		if ((size_t)n > NK_GROUPFILE_MAX - total)
			return -EFBIG;
		total += (size_t)n;
		for (i = 0; i < (size_t)n; i++)
			if ((r = scan_byte(s, buf[i])) < 0)
				return r;
	}
	/* A file cut short within our line says nothing that we may trust. */
	return scan_byte(s, '\n');
}

static int
check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EACCES;
	return 0;
}

int
nk_groupfile_gid(const char *path, const char *name, uint32_t *gidp)
{
	struct scan s = { .name = name, .name_len = strlen(name) };
	int fd, r;

	if (s.name_len == 0 || strpbrk(name, ":\n") != NULL)
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -errno;
	if ((r = check_file(fd)) < 0 || (r = scan_file(&s, fd)) < 0)
		goto out;
	if (!s.found)
		r = -ENOENT;
	else if (s.found_gid == 0 || s.found_gid == GID_OVERFLOW)
		r = -EPERM;
	else
		*gidp = s.found_gid;
 out:
	close(fd);
	return r;
}
