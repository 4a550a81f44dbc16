/* SPDX-License-Identifier: ISC */
#include "lib/account/nsswitch.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define OURS	"naskeys"

struct span {
	const char	*p;
	size_t		 len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	return s;
}

/* Cut the next line off *rest, without its comment. */
static bool
next_line(struct span *rest, struct span *line)
{
	const char *end, *hash;

	if (rest->len == 0)
		return false;
	if ((end = memchr(rest->p, '\n', rest->len)) == NULL)
		end = rest->p + rest->len;
	line->p = rest->p;
	line->len = (size_t)(end - rest->p);
	rest->p = end;
	rest->len -= line->len;
	if (rest->len > 0) {
		rest->p++;
		rest->len--;
	}
	if ((hash = memchr(line->p, '#', line->len)) != NULL)
		line->len = (size_t)(hash - line->p);
	return true;
}

/* If line is about the database, make *services what follows the colon. */
static bool
is_about(struct span line, const char *database, struct span *services)
{
	size_t n = strlen(database);

	line = skip_blanks(line);
	if (line.len < n || memcmp(line.p, database, n) != 0)
		return false;
	line.p += n;
	line.len -= n;
	line = skip_blanks(line);
	if (line.len == 0 || line.p[0] != ':')
		return false;
	services->p = line.p + 1;
	services->len = line.len - 1;
	return true;
}

/* Cut the next word, or a whole bracket, off *rest.  1, 0 at the end. */
static int
next_word(struct span *rest, struct span *word)
{
	const char *close;
	size_t n = 0;

	*rest = skip_blanks(*rest);
	if (rest->len == 0)
		return 0;
	if (rest->p[0] == '[') {
		if ((close = memchr(rest->p, ']', rest->len)) == NULL)
			return -EBADMSG;
		n = (size_t)(close - rest->p) + 1;
	} else {
		while (n < rest->len && !is_blank(rest->p[n]) &&
		    rest->p[n] != '[')
			n++;
	}
	word->p = rest->p;
	word->len = n;
	rest->p += n;
	rest->len -= n;
	return 1;
}

static int
append(char out[NK_SERVICES_MAX], size_t *at, struct span word)
{
	size_t blank = *at > 0 ? 1 : 0;

	if (word.len >= NK_SERVICES_MAX - *at - blank)
		return -E2BIG;
	if (blank != 0)
		out[(*at)++] = ' ';
	memcpy(out + *at, word.p, word.len);
	*at += word.len;
	out[*at] = '\0';
	return 0;
}

static int
copy_others(struct span services, char out[NK_SERVICES_MAX])
{
	struct span word;
	bool ours = false;
	size_t at = 0;
	int more, r;

	out[0] = '\0';
	while ((more = next_word(&services, &word)) == 1) {
		if (word.p[0] != '[') {
			ours = word.len == strlen(OURS) &&
			    memcmp(word.p, OURS, word.len) == 0;
		} else if (at == 0) {
			continue;	/* an action of no service */
		}
		if (!ours && (r = append(out, &at, word)) < 0)
			return r;
	}
	return more;
}

int
nk_nsswitch_services(const char *text, size_t len, const char *database,
    char out[NK_SERVICES_MAX])
{
	static const char none[] = "files";
	struct span rest = { text, len }, line, services = { NULL, 0 };
	int r;

	out[0] = '\0';
	if (memchr(text, '\0', len) != NULL)
		return -EBADMSG;
	while (next_line(&rest, &line))
		(void)is_about(line, database, &services);
	if (services.p != NULL && (r = copy_others(services, out)) < 0)
		return r;
	if (out[0] == '\0')
		memcpy(out, none, sizeof(none));
	return 0;
}
