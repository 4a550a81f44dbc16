/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/table.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

#define PAGE	1000

const struct ctl_option ctl_audit_options[] = {
	{ "since", "TIME", "only what happened since (e.g. -1d)" },
	{ "follow", NULL, "go on with what happens from now on" },
	{ NULL, NULL, NULL },
};

struct audit {
	struct ctl	*c;
	struct table	 t;
	json_int_t	 last;		/* row id */
	int64_t		 since;		/* seconds */
	bool		 comma;
};

static void
add_row(struct audit *au, const json_t *row)
{
	char at[WHEN_LEN];

	table_add(&au->t, row_date(row, "at", "-", at, sizeof(at)));
	table_add(&au->t, row_string(row, "actor"));
	table_add(&au->t, row_string(row, "action"));
	table_add(&au->t, row_string(row, "text"));
}

/* One page of what is new; *np rows of it. */
static int
next_page(struct audit *au, size_t *np)
{
	char since[WHEN_LEN];
	time_t t = (time_t)au->since;
	json_t *rows = NULL, *row;
	struct tm tm;
	size_t i;
	int r;

	*np = 0;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return ctl_misuse(au->c, "--since: out of range");
	r = ctl_call(au->c, "naskeys.audit.query", json_pack(
	    "[[[s,s,I],[s,s,s]],{s:i}]", "id", ">", au->last, "at.$date",
	    ">=", since, "limit", PAGE), -1, &rows);
	if (r != CTL_DONE)
		return r;
	json_array_foreach(rows, i, row) {
		au->last = row_int(row, "id");
		if (au->c->json) {
			json_dumpf(row, stdout, JSON_COMPACT |
			    JSON_ENSURE_ASCII);
			fputc('\n', stdout);
		} else
			add_row(au, row);
	}
	*np = i;
	if (!au->c->json && table_print(&au->t) < 0)
		r = ctl_fail(au->c, "out of memory");
	json_decref(rows);
	fflush(stdout);
	return r;
}

int
ctl_audit(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "TIME", "WHO", "METHOD",
	    "WHAT" };
	const char *since = ctl_get(a, "since");
	struct audit au = { .c = c };
	size_t n;
	int r;

	if (since != NULL && when_parse(since, time(NULL), &au.since) < 0)
		return ctl_misuse(c, "--since: \"%s\" is no time: say -1d "
		    "or 2027-01-31T12:00", since);
	table_init(&au.t, headings, 4);
	do {
		r = next_page(&au, &n);
		if (r == CTL_DONE && n < PAGE && ctl_has(a, "follow"))
			sleep(1);
	} while (r == CTL_DONE && (n == PAGE || ctl_has(a, "follow")));
	table_clear(&au.t);
	return r;
}
