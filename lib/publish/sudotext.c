/* SPDX-License-Identifier: ISC */
#include "lib/publish/sudotext.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/runner.h"
#include "lib/account/sudorule.h"
#include "lib/store/sudo.h"

#define SUDOERS		NK_SYSCONFDIR "/sudoers"
#define INCLUDE		"#include " SUDOERS "\n"
#define ALPHABET	"abcdefghijklmnopqrstuvwxyz0123456789" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ._-"
#define YEAR_9999_END	253402300799	/* the last that has four digits */
#define VISUDO_S	60u
#define VISUDO_MAX	(256u * 1024u)	/* bytes of what it says */
#define TRIES_MAX	16		/* until its lines are taken out */

/* ---- the rules ---- */

struct maker {
	FILE	*f;
	bool	 left;		/* something was left out */
};

int
nk_sudotext_head(struct nk_store *s, int64_t revision,
    char head[NK_SUDO_HEAD_MAX])
{
	uint8_t id[16];
	char hex[2 * sizeof(id) + 1];
	size_t i;
	int r;

	if ((r = nk_store_id(s, id)) < 0)
		return r;
	for (i = 0; i < sizeof(id); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
	(void)snprintf(head, NK_SUDO_HEAD_MAX, NK_SUDO_MARK ": revision %"
	    PRId64 " of %s\n", revision, hex);
	return 0;
}

/* For who reads the file; whatever the name has else. */
static void
put_comment(FILE *f, const struct nk_sudo *row)
{
	const char *p;

	fprintf(f, "# %s ", row->is_group ? "group" : "user");
	for (p = row->name; *p != '\0'; p++)
		putc(strchr(ALPHABET, *p) != NULL ? *p : '?', f);
	putc('\n', f);
}

/* Those of a list that sudoers can say; *np counts them. */
static int
put_list(struct maker *m, FILE *f, const char *list, const char *tag,
    size_t *np)
{
	const char *why = NULL;
	char *command, *rule;
	size_t len;
	int r;

	for (; *list != '\0'; list += len + (list[len] == '\n')) {
		len = strcspn(list, "\n");
		if ((command = strndup(list, len)) == NULL)
			return -ENOMEM;
		r = nk_sudorule_format(command, &rule, &why);
		free(command);
		if (r == -EINVAL) {
			m->left = true;
			continue;
		}
		if (r < 0)
			return r;
		fprintf(f, "%s%s%s", *np > 0 ? ", " : "", tag, rule);
		free(rule);
		tag = "";
		(*np)++;
	}
	return 0;
}

/* MUST 2, the second half. */
static void
put_end(FILE *f, int64_t expires_at)
{
	char text[sizeof("NOTAFTER=20270131120000Z ")];
	time_t when = (time_t)expires_at;
	struct tm tm;

	if (expires_at > YEAR_9999_END || gmtime_r(&when, &tm) == NULL)
		return;
	if (strftime(text, sizeof(text), "NOTAFTER=%Y%m%d%H%M%SZ ",
	    &tm) > 0)
		fputs(text, f);
}

/* One line for each, whatever is left out of it. */
static int
put_row(void *arg, const struct nk_sudo *row)
{
	struct maker *m = arg;
	char *commands = NULL;
	size_t len, n = 0;
	FILE *f;
	int r;

	/* root needs none */
	if (row->locked || row->id == 0)
		return 0;
	if ((f = open_memstream(&commands, &len)) == NULL)
		return -ENOMEM;
	if ((r = put_list(m, f, row->commands, "", &n)) == 0)
		r = put_list(m, f, row->commands_nopasswd, "NOPASSWD: ", &n);
	if (fclose(f) == EOF && r == 0)
		r = -ENOMEM;
	if (r == 0 && n > 0) {
		put_comment(m->f, row);
		fprintf(m->f, "%s#%" PRIu32 " ALL=(ALL) ",
		    row->is_group ? "%" : "", row->id);
		put_end(m->f, row->expires_at);
		fprintf(m->f, "%s\n", commands);
	}
	free(commands);
	return r;
}

static int
put_rules(struct nk_store *s, struct maker *m)
{
	char head[NK_SUDO_HEAD_MAX];
	int64_t revision;
	int r;

	if ((r = nk_sudo_revision(s, &revision)) < 0 ||
	    (r = nk_sudotext_head(s, revision, head)) < 0)
		return r;
	fputs(head, m->f);
	fputs("# from the sudo_commands of its users and groups: change them "
	    "there, for what is\n# changed here is lost.\n", m->f);
	return nk_sudo_each(s, put_row, m);
}

/* ---- what visudo says of them ---- */

/*
 * 0; -EBADMSG: it does not take it, and *saidp, to be freed and perhaps NULL,
 * says what.  What cannot be checked does not count.
 */
static int
check(const char *visudo, const char *before, const char *text, char **saidp)
{
	struct nk_runner run = {
		.path = visudo,
		.args = { "-c", "-f", NK_RUNNER_INPUT },
		.seconds = VISUDO_S,
		.max = VISUDO_MAX,
	};
	char *whole;
	size_t len;
	int r;

	*saidp = NULL;
	if (asprintf(&whole, "%s%s", before, text) == -1)
		return -ENOMEM;
	run.input = whole;
	run.input_len = strlen(whole);
	r = nk_runner_run(&run, saidp, &len);
	free(whole);
	return r == 0 || r == -ENOMEM ? r : -EBADMSG;
}

/* Make the line a comment that says nothing.  Is there such a line? */
static bool
strike(char *text, unsigned long number)
{
	unsigned long i;
	char *end;

	for (i = 1; i < number && *text != '\0'; i++)
		text += strcspn(text, "\n") + (strchr(text, '\n') != NULL);
	if (*text == '\0' || *text == '\n')
		return false;
	for (end = text + strcspn(text, "\n"); text < end; text++)
		*text = '#';
	return true;
}

/* Each line that visudo names as "FILE:LINE:COLUMN: ...". */
static bool
strike_named(char *text, const char *said)
{
	static const char where[] = NK_RUNNER_INPUT ":";
	bool struck = false;
	unsigned long number;
	char *end;

	if (said == NULL)
		return false;
	while ((said = strstr(said, where)) != NULL) {
		said += sizeof(where) - 1;
		number = strtoul(said, &end, 10);
		if (end != said && *end == ':' && strike(text, number))
			struck = true;
	}
	return struck;
}

/* Without the lines that sudo does not take; in the end without any. */
static int
settle(const char *visudo, char *text, bool *leftp)
{
	char *said;
	bool more;
	int i, r;

	for (i = 0; i < TRIES_MAX; i++) {
		if ((r = check(visudo, "", text, &said)) != -EBADMSG) {
			free(said);
			return r;
		}
		*leftp = true;
		more = strike_named(text, said);
		free(said);
		if (!more)
			break;
	}
	*(strchr(text, '\n') + 1) = '\0';
	return 0;
}

/*
 * Where the rest of sudo's configuration is well with what is in place, and
 * not with this, this is at fault.
 */
static int
check_with_rest(const char *visudo, char *text, bool *leftp)
{
	char *said;
	int r;

	if (access(SUDOERS, F_OK) == -1)
		return 0;
	r = check(visudo, INCLUDE, text, &said);
	free(said);
	if (r != -EBADMSG)
		return r;
	r = check(visudo, INCLUDE, "", &said);
	free(said);
	if (r == 0) {
		*leftp = true;
		*(strchr(text, '\n') + 1) = '\0';
	}
	return r == -EBADMSG ? 0 : r;
}

int
nk_sudotext_make(struct nk_store *s, const char *visudo, char **textp,
    size_t *lenp, bool *leftp)
{
	struct maker m = { .left = false };
	char *text = NULL;
	size_t len;
	int r;

	*textp = NULL;
	if ((m.f = open_memstream(&text, &len)) == NULL)
		return -ENOMEM;
	r = put_rules(s, &m);
	if (fclose(m.f) == EOF && r == 0)
		r = -ENOMEM;
	if (r < 0 || (r = settle(visudo, text, &m.left)) < 0 ||
	    (r = check_with_rest(visudo, text, &m.left)) < 0) {
		free(text);
		return r;
	}
	*textp = text;
	*lenp = strlen(text);
	*leftp = m.left;
	return 0;
}
