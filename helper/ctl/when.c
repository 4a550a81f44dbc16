/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "helper/ctl/when.h"

#define SECONDS_MAX	(100LL * 366 * 86400)	/* how far from now */
#define LEAP_HOURS	3	/* that a zone ever put its clocks forward */

/* N digits, as a number; NULL when there are none or too many. */
static const char *
digits(const char *s, size_t least, size_t most, int64_t *np)
{
	size_t i;
	int64_t n = 0;

	for (i = 0; i < most && s[i] >= '0' && s[i] <= '9'; i++)
		n = n * 10 + (s[i] - '0');
	if (i < least)
		return NULL;
	*np = n;
	return s + i;
}

static int
parse_relative(const char *text, time_t now, int64_t *whenp)
{
	static const struct {
		char	unit;
		int64_t	seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
	    { 'd', 86400 }, { 'w', 7 * 86400 } };
	const char *s;
	size_t i;
	int64_t n;

	if ((s = digits(text + 1, 1, 9, &n)) == NULL || s[0] == '\0' ||
	    s[1] != '\0')
		return -EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != s[0])
			continue;
		n *= units[i].seconds;
		if (n > SECONDS_MAX)
			return -EINVAL;
		*whenp = text[0] == '+' ? now + n : now - n;
		return 0;
	}
	return -EINVAL;
}

/* HH:MM[:SS]; whether there is such a time is found out later */
static const char *
parse_clock(const char *s, struct tm *tm)
{
	int64_t h, m, sec = 0;

	if ((s = digits(s, 2, 2, &h)) == NULL || *s++ != ':' ||
	    (s = digits(s, 2, 2, &m)) == NULL)
		return NULL;
	if (*s == ':' && (s = digits(s + 1, 2, 2, &sec)) == NULL)
		return NULL;
	tm->tm_hour = (int)h;
	tm->tm_min = (int)m;
	tm->tm_sec = (int)sec;
	return s;
}

/* -EINVAL: no clock shows this time, as on the 31st of February. */
static int
to_seconds(const struct tm *tm, bool utc, int64_t *whenp)
{
	struct tm copy = *tm, again;
	time_t t = utc ? timegm(&copy) : mktime(&copy);

	if ((utc ? gmtime_r(&t, &again) : localtime_r(&t, &again)) == NULL ||
	    again.tm_year != tm->tm_year || again.tm_mon != tm->tm_mon ||
	    again.tm_mday != tm->tm_mday || again.tm_hour != tm->tm_hour ||
	    again.tm_min != tm->tm_min || again.tm_sec != tm->tm_sec)
		return -EINVAL;
	*whenp = t;
	return 0;
}

int
when_parse(const char *text, time_t now, int64_t *whenp)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t y, m, d;
	bool day = false, utc;
	const char *s;

	if (strcmp(text, "never") == 0) {
		*whenp = WHEN_NEVER;
		return 0;
	}
	if (text[0] == '+' || text[0] == '-')
		return parse_relative(text, now, whenp);
	if ((s = digits(text, 4, 4, &y)) == NULL || *s++ != '-' ||
	    (s = digits(s, 2, 2, &m)) == NULL || *s++ != '-' ||
	    (s = digits(s, 2, 2, &d)) == NULL)
		return -EINVAL;
	if (*s != ' ' && *s != 'T')
		day = true;
	else if ((s = parse_clock(s + 1, &tm)) == NULL)
		return -EINVAL;
	utc = *s == 'Z';
	if (s[utc ? 1 : 0] != '\0' || y < 1970)
		return -EINVAL;
	tm.tm_year = (int)y - 1900;
	tm.tm_mon = (int)m - 1;
	tm.tm_mday = (int)d;
	/* where the clocks leap over midnight, a day begins later */
	while (to_seconds(&tm, utc, whenp) < 0) {
		if (!day || ++tm.tm_hour > LEAP_HOURS)
			return -EINVAL;
	}
	return 0;
}

const char *
when_format(int64_t when, char *buf, size_t len)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (when == WHEN_NEVER)
		snprintf(buf, len, "never");
	else if (localtime_r(&t, &tm) == NULL ||
	    strftime(buf, len, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, len, "%lld", (long long)when);
	return buf;
}
