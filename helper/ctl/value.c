/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helper/ctl/value.h"
#include "helper/ctl/when.h"
#include "lib/fullio.h"

const char *
row_string(const json_t *row, const char *field)
{
	const char *s = json_string_value(json_object_get(row, field));

	return s != NULL ? s : "";
}

json_int_t
row_int(const json_t *row, const char *field)
{
	return json_integer_value(json_object_get(row, field));
}

bool
row_bool(const json_t *row, const char *field)
{
	return json_is_true(json_object_get(row, field));
}

const char *
row_date(const json_t *row, const char *field, const char *none, char *buf,
    size_t len)
{
	const json_t *ms = json_object_get(json_object_get(row, field),
	    "$date");

	if (!json_is_integer(ms))
		return none;
	return when_format(json_integer_value(ms) / 1000, buf, len);
}

int
put(const struct ctl *c, json_t *to, const char *field, json_t *value,
    const char *what)
{
	if (json_object_set_new(to, field, value) == 0)
		return CTL_DONE;
	if (what[0] == '\0')
		return ctl_fail(c, "out of memory");
	return ctl_fail(c, "%s: is no UTF-8 text", what);
}

/* The same for an option. */
static int
put_option(const struct ctl *c, json_t *to, const char *field, json_t *value,
    const char *option)
{
	char what[48];

	snprintf(what, sizeof(what), "--%s", option);
	return put(c, to, field, value, what);
}

int
add_string(const struct ctl *c, const struct ctl_args *a,
    const char *option, json_t *to, const char *field)
{
	const char *s = ctl_get(a, option);

	if (s == NULL)
		return CTL_DONE;
	return put_option(c, to, field, json_string(s), option);
}

int
add_number(const struct ctl *c, const struct ctl_args *a,
    const char *option, json_t *to, const char *field)
{
	const char *s = ctl_get(a, option), *why;
	long long n;

	if (s == NULL)
		return CTL_DONE;
	n = strtonum(s, 0, UINT32_MAX, &why);
	if (why != NULL)
		return ctl_misuse(c, "--%s: \"%s\" is no number", option, s);
	return put_option(c, to, field, json_integer(n), option);
}

int
add_date(const struct ctl *c, const struct ctl_args *a, const char *option,
    json_t *to, const char *field)
{
	const char *s = ctl_get(a, option);
	int64_t when;

	if (s == NULL)
		return CTL_DONE;
	if (when_parse(s, time(NULL), &when) < 0)
		return ctl_misuse(c, "--%s: \"%s\" is no time: say never, "
		    "+30d, 2027-01-31 or 2027-01-31T12:00", option, s);
	return put_option(c, to, field, when == WHEN_NEVER ? json_null() :
	    json_pack("{s:I}", "$date", (json_int_t)when * 1000), option);
}

int
add_bool(const struct ctl *c, const struct ctl_args *a, const char *option,
    const char *when, json_t *to, const char *field)
{
	const char *s = ctl_get(a, option);

	if (s == NULL)
		return CTL_DONE;
	if (strcmp(s, "yes") != 0 && strcmp(s, "no") != 0)
		return ctl_misuse(c, "--%s: say yes or no", option);
	return put_option(c, to, field, json_boolean(strcmp(s, when) == 0),
	    option);
}

/* As much as comes; *np bytes of it.  buf has READ_TEXT_MAX + 1. */
static int
read_all(const struct ctl *c, int fd, const char *name, char *buf, size_t *np)
{
	int r;

	if ((r = nk_read_full(fd, buf, READ_TEXT_MAX + 1, np)) < 0)
		return ctl_fail(c, "%s: %s", name, strerror(-r));
	if (*np > READ_TEXT_MAX)
		return ctl_fail(c, "%s: is larger than 6 MiB", name);
	return CTL_DONE;
}

int
add_list(const struct ctl *c, const struct ctl_args *a, const char *option,
    json_t *to, const char *field)
{
	json_t *list;
	size_t n, i;
	const char *const *v = ctl_all(a, option, &n);
	char what[64];

	if (n == 0)
		return CTL_DONE;
	if (n == 1 && strcmp(v[0], "none") == 0)
		n = 0;
	(void)snprintf(what, sizeof(what), "--%s", option);
	list = json_array();
	for (i = 0; list != NULL && i < n; i++) {
		if (json_array_append_new(list, json_string(v[i])) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	return put(c, to, field, list, what);
}

int
read_text(const struct ctl *c, const char *path, char **textp)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	char *buf = NULL;
	size_t n = 0;
	int fd = STDIN_FILENO, r;

	*textp = NULL;
	if (standard && isatty(fd))
		fputs("Paste, then end with Ctrl-D on a line of its own.\n",
		    stderr);
	if (!standard && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return ctl_fail(c, "%s: %s", path, strerror(errno));
	if ((buf = malloc(READ_TEXT_MAX + 1)) == NULL) {
		r = ctl_fail(c, "out of memory");
		goto out;
	}
	if ((r = read_all(c, fd, name, buf, &n)) != CTL_DONE)
		goto out;
	buf[n] = '\0';
	if (strlen(buf) != n) {
		r = ctl_fail(c, "%s: is no text: it has NUL bytes", name);
		goto out;
	}
	*textp = buf;
	buf = NULL;
 out:
	freezero(buf, buf != NULL ? READ_TEXT_MAX + 1 : 0);
	if (!standard)
		close(fd);
	return r;
}

int
write_new_file(const struct ctl *c, const char *path, const char *text)
{
	int fd, r;

	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600)) == -1)
		return ctl_fail(c, "%s: %s", path, strerror(errno));
	if ((r = nk_write_full(fd, text, strlen(text))) == 0 && fsync(fd) == -1)
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(path);
		return ctl_fail(c, "%s: %s", path, strerror(-r));
	}
	return CTL_DONE;
}
