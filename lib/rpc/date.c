/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/rpc/date.h"
#include "lib/rpc/rpc.h"

#define MS_PER_DAY	86400000LL

/* Exactly n digits at *pp, which moves behind them. */
static bool
take_number(const char **pp, unsigned int n, int64_t min, int64_t max,
    int64_t *np)
{
	const char *p = *pp;
	int64_t v = 0;

	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p - '0');
	}
	if (v < min || v > max)
		return false;
	*pp = p;
	*np = v;
	return true;
}

static bool
take_char(const char **pp, char c)
{
	if (**pp != c)
		return false;
	(*pp)++;
	return true;
}

static bool
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days from 1970-01-01; y from 1 to 9999. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	static const int before[] =
	    { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t past = y - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 +
	    before[m - 1] + (m > 2 && is_leap(y) ? 1 : 0) + d - 1 - 719162;
}

static bool
take_day(const char **pp, int64_t *msp)
{
	static const int lengths[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t y, m, d, last;

	if (!take_number(pp, 4, 1, 9999, &y) || !take_char(pp, '-') ||
	    !take_number(pp, 2, 1, 12, &m) || !take_char(pp, '-'))
		return false;
	last = lengths[m - 1] + (m == 2 && is_leap(y) ? 1 : 0);
	if (!take_number(pp, 2, 1, last, &d))
		return false;
	*msp = days_of(y, m, d) * MS_PER_DAY;
	return true;
}

/* Digits behind a point, of which three count. */
static bool
take_fraction(const char **pp, int64_t *msp)
{
	const char *p = *pp;
	int64_t v = 0, unit = 100;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++, unit /= 10)
		v += unit * (*p - '0');
	*pp = p;
	*msp += v;
	return true;
}

static bool
take_time(const char **pp, int64_t *msp)
{
	int64_t h, m, s;

	if (!take_number(pp, 2, 0, 23, &h) || !take_char(pp, ':') ||
	    !take_number(pp, 2, 0, 59, &m))
		return false;
	*msp += (h * 60 + m) * 60000;
	if (!take_char(pp, ':'))
		return true;
	if (!take_number(pp, 2, 0, 59, &s))
		return false;
	*msp += s * 1000;
	return !take_char(pp, '.') || take_fraction(pp, msp);
}

static bool
take_zone(const char **pp, int64_t *msp)
{
	int64_t h, m, sign;

	if (**pp == '\0' || take_char(pp, 'Z'))
		return true;
	sign = **pp == '-' ? 1 : -1;
	if (!take_char(pp, '+') && !take_char(pp, '-'))
		return false;
	if (!take_number(pp, 2, 0, 23, &h))
		return false;
	(void)take_char(pp, ':');
	if (!take_number(pp, 2, 0, 59, &m))
		return false;
	*msp += sign * (h * 60 + m) * 60000;
	return true;
}

int
nk_date_parse(const char *text, int64_t *msp)
{
	const char *p = text;
	int64_t ms;

	if (!take_day(&p, &ms))
		return -EINVAL;
	if (*p != '\0') {
		if (!take_char(&p, 'T') && !take_char(&p, ' '))
			return -EINVAL;
		if (!take_time(&p, &ms) || !take_zone(&p, &ms))
			return -EINVAL;
	}
	if (*p != '\0' || ms < NK_DATE_MIN || ms > NK_DATE_MAX)
		return -EINVAL;
	*msp = ms;
	return 0;
}

static int
get_encoded(const json_t *value, int64_t *msp)
{
	const json_t *v;
	const char *type, *text;
	int64_t ms;

	if ((v = json_object_get(value, "$date")) != NULL) {
		if (json_object_size(value) != 1 || !json_is_integer(v))
			return -EINVAL;
		ms = json_integer_value(v);
		if (ms < NK_DATE_MIN || ms > NK_DATE_MAX)
			return -EINVAL;
		*msp = ms;
		return 0;
	}
	type = json_string_value(json_object_get(value, "$type"));
	text = json_string_value(json_object_get(value, "$value"));
	if (json_object_size(value) != 2 || type == NULL || text == NULL ||
	    strcmp(type, "date") != 0 || strlen(text) != 10)
		return -EINVAL;
	return nk_date_parse(text, msp);
}

int
nk_json_date_get(const json_t *value, int64_t *msp)
{
	if (json_is_string(value))
		return nk_date_parse(json_string_value(value), msp);
	if (json_is_object(value))
		return get_encoded(value, msp);
	return -EINVAL;
}

json_t *
nk_json_date_new(int64_t seconds)
{
	json_t *o;

	if (seconds < NK_DATE_MIN / 1000 || seconds > NK_DATE_MAX / 1000)
		return json_null();
	if ((o = json_object()) == NULL)
		return NULL;
	if (json_object_set_new(o, "$date",
	    json_integer(seconds * 1000)) == -1) {
		json_decref(o);
		return NULL;
	}
	return o;
}
