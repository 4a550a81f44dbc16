/* SPDX-License-Identifier: ISC */
/*
 * What the parser accepts is within the documented limits, and parsing it
 * once more gives the same; what it refuses changes nothing, names a line
 * that the text has, and gives a reason.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf/conf.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
check_accepted(const struct nk_conf *c)
{
	require(c->min_id >= 1 && c->min_id <= c->first_auto_id);
	require(c->first_auto_id <= c->max_id && c->max_id <= INT32_MAX);
	require(c->default_shell[0] == '/' && c->default_home[0] == '/');
	require(strchr(c->default_shell, ':') == NULL);
	require(strchr(c->default_home, ':') == NULL);
	require(c->skeleton[0] == '/' && c->sshd[0] == '/');
	require(c->chained_command[0] == '/' || c->chained_command[0] == '\0');
	require(strlen(c->chained_command) < NK_CONF_PATH_MAX);
	require(c->chained_timeout >= 1 && c->chained_timeout <= 60);
}

static unsigned int
count_lines(const uint8_t *data, size_t size)
{
	unsigned int n = 1;
	size_t i;

	for (i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nk_conf c, before, again;
	const char *why;
	unsigned int line;

	memset(&c, 0, sizeof(c));
	nk_conf_init(&c);
	memcpy(&before, &c, sizeof(c));
	if (nk_conf_parse(&c, (const char *)data, size, &line, &why) < 0) {
		require(memcmp(&c, &before, sizeof(c)) == 0);
		require(line >= 1 && line <= count_lines(data, size));
		require(why != NULL);
		return 0;
	}
	require(line == 0);
	check_accepted(&c);
	memcpy(&again, &c, sizeof(c));
	require(nk_conf_parse(&again, (const char *)data, size, &line,
	    &why) == 0);
	require(again.min_id == c.min_id && again.max_id == c.max_id);
	require(strcmp(again.chained_command, c.chained_command) == 0);
	return 0;
}
