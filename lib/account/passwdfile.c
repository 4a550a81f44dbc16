/* SPDX-License-Identifier: ISC */
#include "lib/account/passwdfile.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define FIELDS_MAX	9
#define ID_MAX		(UINT32_MAX - 1)	/* the last one means "none" */

static bool
is_no_account(const char *line)
{
	return line[strspn(line, " \t")] == '\0' || line[0] == '#' ||
	    line[0] == '+' || line[0] == '-';
}

/* Cut line at its colons into exactly n fields. */
static int
split(char *line, char *fields[FIELDS_MAX], size_t n)
{
	size_t i = 0;
	char *p;

	if (is_no_account(line))
		return -ENOENT;
	fields[i++] = line;
	for (p = line; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return -EBADMSG;
		if (*p != ':')
			continue;
		if (i == n)
			return -EBADMSG;
		*p = '\0';
		fields[i++] = p + 1;
	}
	return i == n && fields[0][0] != '\0' ? 0 : -EBADMSG;
}

static int
parse_number(const char *text, uint64_t max, uint64_t *np)
{
	uint64_t n = 0;
	size_t i;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -EBADMSG;
	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i > 10)
			return -EBADMSG;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (n > max)
		return -EBADMSG;
	*np = n;
	return 0;
}

static int
parse_id(const char *text, uint32_t *idp)
{
	uint64_t n;
	int r;

	if ((r = parse_number(text, ID_MAX, &n)) == 0)
		*idp = (uint32_t)n;
	return r;
}

/* An empty field, or "-1" as some tools write it, is -1. */
static int
parse_days(const char *text, int32_t *daysp)
{
	uint64_t n;
	int r;

	*daysp = -1;
	if (text[0] == '\0' || strcmp(text, "-1") == 0)
		return 0;
	if ((r = parse_number(text, INT32_MAX, &n)) == 0)
		*daysp = (int32_t)n;
	return r;
}

int
nk_passwd_line_parse(char *line, struct nk_passwd_line *p)
{
	char *f[FIELDS_MAX];
	int r;

	if ((r = split(line, f, 7)) < 0 ||
	    (r = parse_id(f[2], &p->uid)) < 0 ||
	    (r = parse_id(f[3], &p->gid)) < 0)
		return r;
	p->name = f[0];
	p->password = f[1];
	p->gecos = f[4];
	p->home = f[5];
	p->shell = f[6];
	return 0;
}

int
nk_shadow_line_parse(char *line, struct nk_shadow_line *s)
{
	char *f[FIELDS_MAX];
	int r;

	if ((r = split(line, f, 9)) < 0 ||
	    (r = parse_days(f[2], &s->last_change)) < 0 ||
	    (r = parse_days(f[3], &s->min)) < 0 ||
	    (r = parse_days(f[4], &s->max)) < 0 ||
	    (r = parse_days(f[5], &s->warn)) < 0 ||
	    (r = parse_days(f[6], &s->inactive)) < 0 ||
	    (r = parse_days(f[7], &s->expire)) < 0)
		return r;
	s->name = f[0];
	s->hash = f[1];
	return 0;
}

int
nk_group_line_parse(char *line, struct nk_group_line *g)
{
	char *f[FIELDS_MAX];
	int r;

	if ((r = split(line, f, 4)) < 0 ||
	    (r = parse_id(f[2], &g->gid)) < 0)
		return r;
	g->name = f[0];
	g->password = f[1];
	g->members = f[3];
	return 0;
}

int
nk_gshadow_line_parse(char *line, struct nk_group_line *g)
{
	char *f[FIELDS_MAX];
	int r;

	if ((r = split(line, f, 4)) < 0)
		return r;
	g->gid = 0;
	g->name = f[0];
	g->password = f[1];
	g->members = f[3];
	return 0;
}

int
nk_member_list_each(const char *members,
    int (*fn)(void *arg, const char *name, size_t len), void *arg)
{
	size_t len;
	int r;

	for (; *members != '\0'; members += len) {
		members += strspn(members, ",");
		len = strcspn(members, ",");
		if (len > 0 && (r = fn(arg, members, len)) != 0)
			return r;
	}
	return 0;
}
