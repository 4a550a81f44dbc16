/* SPDX-License-Identifier: ISC */
#include "lib/ssh/expirytime.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/refuse.h"

static const struct nk_sshd_version since_option = { 7, 7 };
static const struct nk_sshd_version since_utc = { 9, 1 };

static const char malformed[] = "expiry-time must be a real date after 1970 "
    "as YYYYMMDD, or date and time as YYYYMMDDHHMM or YYYYMMDDHHMMSS, "
    "with Z behind it for UTC";

/* The value of n decimal digits at s, or -1. */
static int
get_digits(const char *s, size_t n)
{
	int v = 0;

	for (; n > 0; s++, n--) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Take the calendar fields out of s[len]; 0 or -EBADMSG. */
static int
get_fields(const char *s, size_t len, struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int year, month, day, hour = 0, minute = 0, second = 0;

	if (len != 8 && len != 12 && len != 14)
		return -EBADMSG;
	year = get_digits(s, 4);
	month = get_digits(s + 4, 2);
	day = get_digits(s + 6, 2);
	if (len >= 12) {
		hour = get_digits(s + 8, 2);
		minute = get_digits(s + 10, 2);
	}
	if (len == 14)
		second = get_digits(s + 12, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] + (month == 2 && is_leap(year)) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 59)
		return -EBADMSG;
	*tm = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1,
	    .tm_mday = day, .tm_hour = hour, .tm_min = minute,
	    .tm_sec = second };
	return 0;
}

int
nk_expirytime_parse(const char *text, size_t len, struct nk_sshd_version v,
    time_t *tp, const char **whyp)
{
	struct tm tm;
	time_t t;
	bool utc = false;

	if (len > 1 && (text[len - 1] == 'Z' || text[len - 1] == 'z')) {
		utc = true;
		len--;
	} else if (len > 3 && strncasecmp(text + len - 3, "UTC", 3) == 0) {
		utc = true;
		len -= 3;
	}
	if (get_fields(text, len, &tm) < 0)
		return nk_refuse(whyp, -EBADMSG, malformed);
	if (utc && !nk_sshd_version_has(v, since_utc))
		return nk_refuse(whyp, -EPERM, "this system's sshd knows no "
		    "expiry-time in UTC (OpenSSH 9.1 does): write it in "
		    "local time, without the Z");
	/* tm_isdst is 0 here, as it is in sshd: local standard time. */
	t = utc ? timegm(&tm) : mktime(&tm);
	if (t <= 0)
		return nk_refuse(whyp, -EBADMSG, malformed);
	*tp = t;
	return 0;
}

/* tm as YYYYMMDDHHMMSS and suffix; false when the year has not 4 digits. */
static bool
write_fields(const struct tm *tm, const char *suffix,
    char buf[static NK_EXPIRYTIME_SIZE])
{
	size_t n;

	if (tm->tm_year < 70 || tm->tm_year > 9999 - 1900)
		return false;
	n = strftime(buf, NK_EXPIRYTIME_SIZE - 1, "%Y%m%d%H%M%S", tm);
	if (n != NK_EXPIRYTIME_SIZE - 2)
		return false;
	memcpy(buf + n, suffix, strlen(suffix) + 1);
	return true;
}

/*
 * Find the fields that mktime(3) with tm_isdst = 0 takes for t, or for the
 * nearest moment before it.
 */
static bool
local_fields(time_t t, struct tm *out)
{
	struct tm tm, probe;
	time_t shown = t, seen;
	int tries;

	if (localtime_r(&t, &tm) == NULL)
		return false;
	shown += tm.tm_gmtoff;
	for (tries = 0; tries < 4; tries++) {
		if (gmtime_r(&shown, &tm) == NULL)
			return false;
		tm.tm_isdst = 0;
		probe = tm;
		if ((seen = mktime(&probe)) == t)
			break;
		shown += t - seen;
	}
	if (tries == 4 && seen > t) {		/* never later than t */
		shown -= seen - t;
		if (gmtime_r(&shown, &tm) == NULL)
			return false;
		tm.tm_isdst = 0;
		probe = tm;
		if (mktime(&probe) > t)
			return false;
	}
	*out = tm;
	return true;
}

int
nk_expirytime_format(time_t t, struct nk_sshd_version v,
    char buf[static NK_EXPIRYTIME_SIZE])
{
	struct tm tm;
	bool utc = nk_sshd_version_has(v, since_utc);

	buf[0] = '\0';
	if (!nk_sshd_version_has(v, since_option))
		return -ENOTSUP;
	if (t <= 0)
		return -EINVAL;
	if (utc ? gmtime_r(&t, &tm) == NULL : !local_fields(t, &tm))
		return -EINVAL;
	if (!write_fields(&tm, utc ? "Z" : "", buf)) {
		buf[0] = '\0';
		return -EINVAL;
	}
	return 0;
}
