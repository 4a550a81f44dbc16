/* SPDX-License-Identifier: ISC */

/*
 * What the machine's own files say: lines of passwd, shadow, group and
 * gshadow, and nsswitch.conf.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/nsswitch.h"
#include "lib/account/passwdfile.h"

/* A field must lie within the line, and hold no separator. */
static void
check_field(const char *field, const char *line, size_t size)
{
	if (field < line || field > line + size ||
	    strlen(field) > (size_t)(line + size - field) ||
	    strchr(field, ':') != NULL || strchr(field, '\n') != NULL)
		abort();
}

static int
check_member(void *arg, const char *name, size_t len)
{
	const char *list = arg;

	if (len == 0 || name < list || name + len > list + strlen(list) ||
	    memchr(name, ',', len) != NULL)
		abort();
	return 0;
}

static void
check_group(char *line, size_t size,
    int (*parse)(char *line, struct nk_group_line *g))
{
	struct nk_group_line g;
	char *members;

	if (parse(line, &g) != 0)
		return;
	check_field(g.name, line, size);
	check_field(g.members, line, size);
	members = line + (g.members - line);
	if (nk_member_list_each(members, check_member, members) != 0)
		abort();
}

static void
check_line(const uint8_t *data, size_t size, int which)
{
	struct nk_passwd_line p;
	struct nk_shadow_line s;
	char *line = malloc(size + 1);

	if (line == NULL)
		return;
	memcpy(line, data, size);
	line[size] = '\0';
	if (which == 0 && nk_passwd_line_parse(line, &p) == 0) {
		check_field(p.name, line, size);
		check_field(p.shell, line, size);
		if (p.name[0] == '\0' || p.uid == UINT32_MAX)
			abort();
	}
	if (which == 1 && nk_shadow_line_parse(line, &s) == 0) {
		check_field(s.hash, line, size);
		if (s.expire < -1 || s.last_change < -1)
			abort();
	}
	if (which == 2)
		check_group(line, size, nk_group_line_parse);
	if (which == 3)
		check_group(line, size, nk_gshadow_line_parse);
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[NK_SERVICES_MAX];
	const char *p;
	int which;

	for (which = 0; which < 4; which++)
		check_line(data, size, which);
	if (nk_nsswitch_services((const char *)data, size, "passwd",
	    out) != 0)
		return 0;
	/* never nothing, and never ourselves */
	if (out[0] == '\0' || strlen(out) >= sizeof(out))
		abort();
	for (p = out; *p != '\0'; p++) {
		if (*p == '[' && (p = strchr(p, ']')) == NULL)
			abort();	/* an action is whole */
		if ((p == out || p[-1] == ' ') &&
		    strncmp(p, "naskeys", 7) == 0 &&
		    (p[7] == '\0' || p[7] == ' '))
			abort();
	}
	return 0;
}
