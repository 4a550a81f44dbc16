/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/conffile.h"
#include "lib/machine/nsswitch.h"
#include "lib/machine/parts.h"
#include "lib/publish/nscd.h"
#include "lib/sshservice/conftext.h"

#define NSSWITCH	NK_SYSCONFDIR "/nsswitch.conf"
#define NSCD_CONF	NK_SYSCONFDIR "/nscd.conf"
#define NSCD_HOUR	3600	/* s; Debian's for groups */

/* ---- nsswitch.conf ---- */

static void
say_missing(struct nk_machine *m, const char *database, unsigned int line)
{
	if (line == 0)
		nk_finding_fault(m->f, "nsswitch_missing", NSSWITCH ": there "
		    "is no line %s; \"naskeysctl init --configure\" makes "
		    "it, with naskeys", database);
	else
		nk_finding_fault(m->f, strcmp(database, "initgroups") == 0 ?
		    "nsswitch_initgroups" : "nsswitch_missing", NSSWITCH
		    ":%u: naskeys is missing on the line %s; \"naskeysctl "
		    "init --configure\" puts it there", line, database);
}

static void
say_state(struct nk_machine *m, const char *database,
    enum nk_nsswitch_state state, unsigned int line)
{
	bool initgroups = strcmp(database, "initgroups") == 0;

	switch (state) {
	case NK_NSSWITCH_MISSING:
		say_missing(m, database, line);
		return;
	case NK_NSSWITCH_BEFORE_FILES:
		nk_finding_fault(m->f, "nsswitch_order", NSSWITCH ":%u: "
		    "naskeys stands before files on the line %s, so that it "
		    "is asked about accounts of the machine's own first: "
		    "write it behind files", line, database);
		return;
	case NK_NSSWITCH_UNREACHED:
		nk_finding_fault(m->f, initgroups ? "nsswitch_initgroups" :
		    "nsswitch_order", NSSWITCH ":%u: on the line %s a "
		    "service before naskeys ends the search, and naskeys is "
		    "not asked: write %s", line, database, initgroups ?
		    "\"naskeys [SUCCESS=continue]\" in front" :
		    "naskeys before its [NOTFOUND=return]");
		return;
	case NK_NSSWITCH_ENDS:
		nk_finding_fault(m->f, "nsswitch_initgroups", NSSWITCH ":%u: "
		    "on the line initgroups naskeys ends the search, and "
		    "other groups of its users are not found: write "
		    "[SUCCESS=continue] behind naskeys", line);
		return;
	case NK_NSSWITCH_GOOD:
		return;
	}
}

void
nk_machine_nsswitch(struct nk_machine *m)
{
	static const char *const databases[] = { "passwd", "group", "shadow",
	    "initgroups" };
	enum nk_nsswitch_state state;
	unsigned int line;
	char *text;
	size_t i;
	int r;

	if ((r = nk_conffile_read(NSSWITCH, &text)) < 0) {
		nk_finding_fault(m->f, "nsswitch_missing", NSSWITCH ": %s; "
		    "\"naskeysctl init --configure\" makes it", strerror(-r));
		return;
	}
	for (i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
		state = nk_nsswitch_judge(text, databases[i], &line);
		say_state(m, databases[i], state, line);
	}
	free(text);
}

/* ---- nscd ---- */

/* "positive-time-to-live TABLE SECONDS", above an hour. */
static bool
is_long(const char *line, const char **tablep, long *secondsp)
{
	static const char *const tables[] = { "passwd", "group" };
	const char *value = nk_conftext_value(line, "positive-time-to-live");
	size_t i, len, n;

	if (value == NULL)
		return false;
	len = strcspn(value, " \t");
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		n = strlen(tables[i]);
		if (len != n || strncmp(value, tables[i], n) != 0)
			continue;
		*tablep = tables[i];
		*secondsp = strtol(value + len, NULL, 10);
		return *secondsp > NSCD_HOUR;
	}
	return false;
}

static void
look_at_times(struct nk_machine *m)
{
	char *text, line[NK_CONFTEXT_LINE_MAX];
	const char *rest, *table = NULL;
	unsigned int number = 0;
	long seconds = 0;

	if (nk_conffile_read(NSCD_CONF, &text) < 0)
		return;
	rest = text;
	while (nk_conftext_next(&rest, line, sizeof(line))) {
		number++;
		if (is_long(line, &table, &seconds))
			nk_finding_fault(m->f, "nscd_long", NSCD_CONF ":%u: "
			    "nscd keeps an entry of %s for %ld s, and one "
			    "that it was not told to forget for as long: "
			    "write %d or less, or \"enable-cache %s no\"",
			    number, table, seconds, NSCD_HOUR, table);
	}
	free(text);
}

void
nk_machine_nscd(struct nk_machine *m)
{
	const char *socket = nk_nscd_socket();

	if (socket == NULL || !nk_nscd_listens(socket))
		return;
	nk_finding_note(m->f, "nscd", "nscd runs: naskeys tells it to forget "
	    "after each change, which costs an edit some time, and answers "
	    "faster than it does; \"enable-cache passwd no\" and "
	    "\"enable-cache group no\" in " NSCD_CONF " keep it for hosts "
	    "alone");
	look_at_times(m);
}
