/* SPDX-License-Identifier: ISC */
#include "lib/rpc/ssh_fields.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/object.h"
#include "lib/ssh/linetext.h"
#include "lib/sshservice/interfaces.h"
#include "lib/sshservice/matchname.h"

#define SCHEMA		"ssh_update"
#define PATH_LEN	128
#define OPTIONS_MAX	65536	/* characters */
#define LIST_MAX	256	/* elements */

static const struct nk_arg words[] = {
	{ .name = "", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY,
	    .max = 255 },
};

const struct nk_arg nk_ssh_update_fields[] = {
	{ .name = "tcpport", .type = NK_ARG_INT, .min = 1,
	    .max = UINT16_MAX },
	{ .name = "bindiface", .type = NK_ARG_ARRAY, .max = LIST_MAX,
	    .fields = words },
	{ .name = "password_login_groups", .type = NK_ARG_ARRAY,
	    .max = LIST_MAX, .fields = words },
	{ .name = "passwordauth", .type = NK_ARG_BOOL },
	{ .name = "kerberosauth", .type = NK_ARG_BOOL },
	{ .name = "tcpfwd", .type = NK_ARG_BOOL },
	{ .name = "compression", .type = NK_ARG_BOOL },
	{ .name = "sftp_log_level", .type = NK_ARG_STRING },
	{ .name = "sftp_log_facility", .type = NK_ARG_STRING },
	{ .name = "weak_ciphers", .type = NK_ARG_ARRAY, .max = LIST_MAX,
	    .fields = words },
	{ .name = "options", .type = NK_ARG_STRING, .max = OPTIONS_MAX },
	{ .name = "revoked_keys", .type = NK_ARG_BOOL },
	{ .name = "key_files", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL },
	{ .name = "host_key_types", .type = NK_ARG_ARRAY, .max = LIST_MAX,
	    .fields = words },
	{ .name = "host_certificates", .type = NK_ARG_ARRAY,
	    .max = LIST_MAX, .fields = words },
	{ .name = NULL },
};

static const struct {
	const char	*name;
	size_t		 offset;
} flags[] = {
	{ "passwordauth", offsetof(struct nk_ssh_service, passwordauth) },
	{ "kerberosauth", offsetof(struct nk_ssh_service, kerberosauth) },
	{ "tcpfwd", offsetof(struct nk_ssh_service, tcpfwd) },
	{ "compression", offsetof(struct nk_ssh_service, compression) },
	{ "revoked_keys", offsetof(struct nk_ssh_service, revoked_keys) },
};
#define NFLAGS	(sizeof(flags) / sizeof(flags[0]))

static const char *const levels[] = { "", "QUIET", "FATAL", "ERROR", "INFO",
	"VERBOSE", "DEBUG", "DEBUG2", "DEBUG3", NULL };
static const char *const facilities[] = { "", "DAEMON", "USER", "AUTH",
	"LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6",
	"LOCAL7", NULL };
static const char *const ciphers[] = { "AES128-CBC", "NONE", NULL };
static const char *const key_types[] = { "RSA", "ECDSA", "ED25519", NULL };
static const char *const file_words[] = {
	[NK_SSH_FILES_OWN - 1] = "OWN",
	[NK_SSH_FILES_NONE - 1] = "NONE",
	[NK_SSH_FILES_CENTRAL - 1] = "CENTRAL",
	[NK_SSH_FILES_CENTRAL] = NULL,
};

static void
complain(struct nk_error *e, const char *member, const char *text)
{
	char where[PATH_LEN];

	(void)snprintf(where, sizeof(where), SCHEMA ".%s", member);
	nk_error_add(e, where, EINVAL, "%s", text);
}

/* ---- one word of several ---- */

/* "Input should be 'A', 'B' or 'C'", as the peer puts it. */
static void
complain_words(struct nk_error *e, const char *member,
    const char *const known[])
{
	char text[256];
	size_t i, at = 0;
	int n;

	for (i = 0; known[i] != NULL; i++) {
		n = snprintf(text + at, sizeof(text) - at, "%s'%s'",
		    i == 0 ? "Input should be " : known[i + 1] == NULL ?
		    " or " : ", ", known[i]);
		if (n < 0 || (size_t)n >= sizeof(text) - at)
			break;
		at += (size_t)n;
	}
	complain(e, member, text);
}

/* Its place among them; -EINVAL: it is none of them. */
static int
find_word(const char *word, const char *const known[])
{
	int i;

	for (i = 0; known[i] != NULL; i++)
		if (strcmp(word, known[i]) == 0)
			return i;
	return -EINVAL;
}

/* ---- lists ---- */

static bool
has_line(const char *lines, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = lines; *p != '\0'; p += strcspn(p, "\n") + 1)
		if (strncmp(p, word, len) == 0 && p[len] == '\n')
			return true;
	return false;
}

/* A value a line, each of them once. */
static int
join(const json_t *list, char **textp)
{
	size_t i, len, room = 1;
	json_t *word;
	char *text, *end;

	json_array_foreach(list, i, word)
		room += json_string_length(word) + 1;
	if ((text = calloc(1, room)) == NULL)
		return -ENOMEM;
	end = text;
	json_array_foreach(list, i, word) {
		if (has_line(text, json_string_value(word)))
			continue;
		len = json_string_length(word);
		memcpy(end, json_string_value(word), len);
		end[len] = '\n';
		end += len + 1;
	}
	*textp = text;
	return 0;
}

struct wanted {
	const char	*name;
	bool		 found;
};

static int
match_interface(void *arg, const char *name, const char *address)
{
	struct wanted *w = arg;

	(void)address;
	w->found = w->found || strcmp(w->name, name) == 0;
	return 0;
}

/* All that are none, in one sentence. */
static int
check_interfaces(const json_t *list, struct nk_error *e)
{
	char text[1024];
	struct wanted w;
	size_t i, at = 0;
	json_t *word;
	int n, r;

	json_array_foreach(list, i, word) {
		w = (struct wanted){ json_string_value(word), false };
		if ((r = nk_interfaces_each(match_interface, &w)) < 0)
			return r;
		if (w.found)
			continue;
		n = snprintf(text + at, sizeof(text) - at, "%s%.100s",
		    at > 0 ? ", " : "", w.name);
		if (n > 0 && (size_t)n < sizeof(text) - at)
			at += (size_t)n;
	}
	text[at] = '\0';
	if (at > 0)
		nk_error_add(e, SCHEMA ".bindiface", EINVAL, "The following "
		    "interfaces are not valid: %s", text);
	return 0;
}

static int
check_groups(const json_t *list, struct nk_error *e)
{
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
		if (!nk_matchname_is_plain(json_string_value(word)))
			nk_error_add(e, SCHEMA ".password_login_groups",
			    EINVAL, "%.100s: sshd's Match Group cannot mean "
			    "this name alone", json_string_value(word));
	return 0;
}

static int
check_paths(const json_t *list, struct nk_error *e)
{
	json_t *word;
	const char *s;
	size_t i;

	json_array_foreach(list, i, word) {
		s = json_string_value(word);
		if (s[0] != '/' || strpbrk(s, " \t\"'\\%#") != NULL ||
		    nk_linetext_check(s, strlen(s), NULL) < 0)
			complain(e, "host_certificates", "A certificate is "
			    "named by an absolute path without blanks and "
			    "quotes");
	}
	return 0;
}

static int
check_words(const json_t *list, const char *name, const char *const known[],
    struct nk_error *e)
{
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
		if (find_word(json_string_value(word), known) < 0)
			complain_words(e, name, known);
	return 0;
}

static int
check_ciphers(const json_t *list, struct nk_error *e)
{
	return check_words(list, "weak_ciphers", ciphers, e);
}

static int
check_key_types(const json_t *list, struct nk_error *e)
{
	return check_words(list, "host_key_types", key_types, e);
}

static const struct list {
	const char	*name;
	size_t		 offset;
	int		(*check)(const json_t *list, struct nk_error *e);
} lists[] = {
	{ "bindiface", offsetof(struct nk_ssh_service, bindiface),
	    check_interfaces },
	{ "password_login_groups", offsetof(struct nk_ssh_service,
	    password_login_groups), check_groups },
	{ "weak_ciphers", offsetof(struct nk_ssh_service, weak_ciphers),
	    check_ciphers },
	{ "host_key_types", offsetof(struct nk_ssh_service, host_key_types),
	    check_key_types },
	{ "host_certificates", offsetof(struct nk_ssh_service,
	    host_certificates), check_paths },
};
#define NLISTS	(sizeof(lists) / sizeof(lists[0]))

static char **
text_at(struct nk_ssh_service *v, size_t offset)
{
	return (char **)(void *)((char *)v + offset);
}

static int
read_lists(const json_t *data, struct nk_ssh_service *v, struct nk_error *e)
{
	const json_t *list;
	char *text;
	size_t i;
	int r;

	for (i = 0; i < NLISTS; i++) {
		if ((list = json_object_get(data, lists[i].name)) == NULL)
			continue;
		if ((r = lists[i].check(list, e)) < 0 ||
		    (r = join(list, &text)) < 0)
			return r;
		free(*text_at(v, lists[i].offset));
		*text_at(v, lists[i].offset) = text;
	}
	return 0;
}

/* ---- texts ---- */

/* Lines of text, and no byte that a terminal or sshd would take otherwise. */
static void
check_options(const char *text, struct nk_error *e)
{
	const char *why;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (nk_linetext_check(text, len, &why) == 0)
			continue;
		complain(e, "options", why);
		return;
	}
}

static int
read_text(const json_t *data, const char *name, const char *const known[],
    char **textp, struct nk_error *e)
{
	const json_t *given = json_object_get(data, name);
	const char *text = json_string_value(given);
	char *copy;

	if (text == NULL)
		return 0;
	if (known == NULL)
		check_options(text, e);
	else if (find_word(text, known) < 0)
		complain_words(e, name, known);
	if ((copy = strdup(text)) == NULL)
		return -ENOMEM;
	free(*textp);
	*textp = copy;
	return 0;
}

/* ---- all of them ---- */

static void
read_scalars(const json_t *data, struct nk_ssh_service *v,
    struct nk_error *e)
{
	const json_t *given;
	size_t i;
	int word;

	if ((given = json_object_get(data, "tcpport")) != NULL)
		v->tcpport = (uint32_t)json_integer_value(given);
	for (i = 0; i < NFLAGS; i++)
		if ((given = json_object_get(data, flags[i].name)) != NULL)
			*(bool *)(void *)((char *)v + flags[i].offset) =
			    json_is_true(given);
	if ((given = json_object_get(data, "key_files")) == NULL)
		return;
	if (json_is_null(given))
		v->key_files = NK_SSH_FILES_KEEP;
	else if ((word = find_word(json_string_value(given),
	    file_words)) < 0)
		complain_words(e, "key_files", file_words);
	else
		v->key_files = (enum nk_ssh_files)(word + 1);
}

int
nk_ssh_fields_read(const json_t *data, struct nk_ssh_service *v,
    struct nk_error *e)
{
	int r;

	read_scalars(data, v, e);
	if ((r = read_lists(data, v, e)) < 0 ||
	    (r = read_text(data, "sftp_log_level", levels,
	    &v->sftp_log_level, e)) < 0 ||
	    (r = read_text(data, "sftp_log_facility", facilities,
	    &v->sftp_log_facility, e)) < 0 ||
	    (r = read_text(data, "options", NULL, &v->options, e)) < 0)
		return r;
	return nk_error_is_set(e) ? -EINVAL : 0;
}

json_t *
nk_ssh_fields_show(const struct nk_ssh_service *v)
{
	struct nk_object b;
	json_t *o;
	size_t i;

	nk_object_init(&b, NULL);
	nk_object_int(&b, "id", 1);
	nk_object_int(&b, "tcpport", v->tcpport);
	for (i = 0; i < NFLAGS; i++)
		nk_object_bool(&b, flags[i].name, *(const bool *)
		    (const void *)((const char *)v + flags[i].offset));
	for (i = 0; i < NLISTS; i++)
		nk_object_put(&b, lists[i].name, nk_json_lines(
		    *(char *const *)(const void *)((const char *)v +
		    lists[i].offset)));
	nk_object_text(&b, "sftp_log_level", v->sftp_log_level);
	nk_object_text(&b, "sftp_log_facility", v->sftp_log_facility);
	nk_object_text(&b, "options", v->options);
	nk_object_text(&b, "key_files", v->key_files == NK_SSH_FILES_KEEP ?
	    NULL : file_words[v->key_files - 1]);
	return nk_object_finish(&b, &o) < 0 ? NULL : o;
}
