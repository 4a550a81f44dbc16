/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

const struct ctl_option ctl_audit_options[] = {
	{ "since", "TIME", "only what happened since (e.g. -1d)" },
	{ "follow", NULL, "go on with what happens from now on" },
	{ NULL, NULL, NULL },
};

struct audit {
	struct ctl	*c;
	struct table	 t;
	bool		 follow;
	bool		 comma;
};

static void
add_row(struct table *t, const json_t *row)
{
	char at[WHEN_LEN];

	table_add(t, row_date(row, "at", "-", at, sizeof(at)));
	table_add(t, row_string(row, "actor"));
	table_add(t, row_string(row, "action"));
	table_add(t, row_string(row, "text"));
}

/* An array has an end; what is followed has none, so it is a row a line. */
static void
dump_row(struct audit *au, const json_t *row)
{
	if (!au->follow)
		fputs(au->comma ? ",\n" : "[", stdout);
	json_dumpf(row, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (au->follow)
		putchar('\n');
	au->comma = true;
}

static int
print_page(void *arg, const json_t *page)
{
	struct audit *au = arg;
	json_t *row;
	size_t i;

	json_array_foreach(page, i, row) {
		if (au->c->json)
			dump_row(au, row);
		else
			add_row(&au->t, row);
	}
	if (!au->c->json && table_print(&au->t) < 0)
		return ctl_fail(au->c, "out of memory");
	return CTL_DONE;
}

static int
print_rows(struct audit *au, struct ctl_pages *p)
{
	int r;

	for (;;) {
		if ((r = ctl_each(au->c, p, print_page, au)) != CTL_DONE)
			return r;
		if (!au->follow)
			break;
		if (fflush(stdout) != 0)
			return CTL_DONE;	/* main() says it */
		sleep(1);
	}
	if (au->c->json)
		puts(au->comma ? "]" : "[]");
	else if (table_print(&au->t) < 0)
		return ctl_fail(au->c, "out of memory");
	return CTL_DONE;
}

/* [["at.$date", ">=", TIME]], or NULL when --since was not given. */
static int
since_filter(const struct ctl *c, const struct ctl_args *a, json_t **filterp)
{
	const char *since = ctl_get(a, "since");
	char text[WHEN_LEN];
	int64_t when;
	struct tm tm;
	time_t t;

	*filterp = NULL;
	if (since == NULL)
		return CTL_DONE;
	if (when_parse(since, time(NULL), &when) < 0 || when == WHEN_NEVER)
		return ctl_misuse(c, "--since: \"%s\" is no time: say -1d, "
		    "2027-01-31 or 2027-01-31T12:00", since);
	t = (time_t)when;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return ctl_misuse(c, "--since: \"%s\" is out of range",
		    since);
	*filterp = json_pack("[[s,s,s]]", "at.$date", ">=", text);
	return *filterp != NULL ? CTL_DONE : ctl_fail(c, "out of memory");
}

int
ctl_audit(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "TIME", "WHO", "METHOD",
	    "WHAT" };
	static const char *const fields[] = { "id", "at", "actor", "action",
	    "text", NULL };
	struct ctl_pages p = { .method = "naskeys.audit.query",
	    .fields = c->json ? NULL : fields };
	struct audit au = { .c = c, .follow = ctl_has(a, "follow") };
	int r;

	if ((r = since_filter(c, a, &p.filters)) != CTL_DONE)
		return r;
	table_init(&au.t, headings, sizeof(headings) / sizeof(headings[0]));
	r = print_rows(&au, &p);
	table_clear(&au.t);
	json_decref(p.filters);
	return r;
}
