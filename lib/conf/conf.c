/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf/conf.h"
#include "lib/fullio.h"

enum kind {
	KIND_NUMBER,
	KIND_BOOL,
	KIND_PATH,		/* absolute */
	KIND_FIELD,		/* absolute, and fit for a field of passwd(5) */
	KIND_COMMAND,		/* empty, or a program with its arguments */
	KIND_METHOD,		/* a method of crypt(5) */
	KIND_KEYFILE,		/* none or central */
	KIND_FILE,		/* empty, or absolute */
	KIND_WORDS,		/* empty, or any */
};

struct key {
	const char	*name;
	size_t		 offset;
	enum kind	 kind;
	uint32_t	 min, max;		/* of a number */
};

#define ID_MAX	2147483647u	/* programs that take ids as signed exist */

#define AT(field)	#field, offsetof(struct nk_conf, field)
static const struct key keys[] = {
	{ AT(min_id),			KIND_NUMBER,	1, ID_MAX },
	{ AT(first_auto_id),		KIND_NUMBER,	1, ID_MAX },
	{ AT(max_id),			KIND_NUMBER,	1, ID_MAX },
	{ AT(default_shell),		KIND_FIELD,	0, 0 },
	{ AT(default_home),		KIND_FIELD,	0, 0 },
	{ AT(skeleton),			KIND_PATH,	0, 0 },
	{ AT(authorized_keys_file),	KIND_KEYFILE,	0, 0 },
	{ AT(shadow_hashes),		KIND_BOOL,	0, 0 },
	{ AT(lookup_timeout),		KIND_NUMBER,	1, 60 },
	{ AT(lockout_failures),		KIND_NUMBER,	0, 1000 },
	{ AT(lockout_window),		KIND_NUMBER,	1, 86400 },
	{ AT(lockout_time),		KIND_NUMBER,	1, 86400 },
	{ AT(password_method),		KIND_METHOD,	0, 0 },
	{ AT(password_cost),		KIND_NUMBER,	0, 999999999 },
	{ AT(password_history),		KIND_NUMBER,	0, 10 },
	{ AT(password_min_days),	KIND_NUMBER,	0, 9999 },
	{ AT(password_max_days),	KIND_NUMBER,	0, 9999 },
	{ AT(password_warn_days),	KIND_NUMBER,	0, 9999 },
	{ AT(rsa_min_bits),		KIND_NUMBER,	1024, 16384 },
	{ AT(sshd),			KIND_PATH,	0, 0 },
	{ AT(ssh_control),		KIND_FILE,	0, 0 },
	{ AT(chained_command),		KIND_COMMAND,	0, 0 },
	{ AT(chained_timeout),		KIND_NUMBER,	1, 60 },
	{ AT(chained_max),		KIND_NUMBER,	1024, 1u << 20 },
	{ AT(connections_per_uid),	KIND_NUMBER,	1, 4096 },
	{ AT(connections_max),		KIND_NUMBER,	1, 4096 },
	{ AT(request_max),		KIND_NUMBER,	65536, 1u << 30 },
	{ AT(request_timeout),		KIND_NUMBER,	1, 3600 },
	{ AT(edits_per_minute),		KIND_NUMBER,	1, 100000 },
	{ AT(wal_limit),		KIND_NUMBER,	65536, 1u << 30 },
	{ AT(gateway_connections),	KIND_NUMBER,	1, 16384 },
	{ AT(gateway_calls),		KIND_NUMBER,	1, 1000000 },
	{ AT(gateway_session),		KIND_NUMBER,	60, 31536000 },
	{ AT(gateway_idle),		KIND_NUMBER,	10, 31536000 },
	{ AT(gateway_listen),		KIND_WORDS,	0, 0 },
	{ AT(gateway_plain),		KIND_BOOL,	0, 0 },
	{ AT(gateway_certificate),	KIND_FILE,	0, 0 },
	{ AT(gateway_key),		KIND_FILE,	0, 0 },
	{ AT(gateway_origins),		KIND_WORDS,	0, 0 },
	{ AT(gateway_proxy_header),	KIND_WORDS,	0, 0 },
	{ AT(gateway_clients),		KIND_NUMBER,	1, 100000 },
	{ AT(gateway_clients_per_address), KIND_NUMBER,	1, 100000 },
	{ AT(audit_days),		KIND_NUMBER,	1, 36500 },
	{ AT(audit_rows),		KIND_NUMBER,	1000, 4000000000u },
	{ AT(audit_size),		KIND_NUMBER,	16, 1u << 20 },
};
#undef AT
#define NKEYS	(sizeof(keys) / sizeof(keys[0]))

/* A piece of the text; not NUL-terminated. */
struct span {
	const char	*p;
	size_t		 len;
};

void
nk_conf_init(struct nk_conf *c)
{
	*c = (struct nk_conf){
		.min_id = 1000,
		.first_auto_id = 3000,
		.max_id = 90000000,
		.default_shell = "/bin/bash",
		.default_home = "/var/empty",
		.skeleton = "/etc/skel",
		.authorized_keys_file = "none",
		.shadow_hashes = false,
		.lookup_timeout = 5,
		.lockout_failures = 5,
		.lockout_window = 900,
		.lockout_time = 600,
		.password_method = "yescrypt",
		.password_cost = 0,
		.password_history = 0,
		.password_min_days = 0,
		.password_max_days = 0,
		.password_warn_days = 7,
		.rsa_min_bits = 2048,
		.sshd = "/usr/sbin/sshd",
		.ssh_control = "",
		.chained_command = "",
		.chained_timeout = 5,
		.chained_max = 65536,
		.connections_per_uid = 16,
		.connections_max = 256,
		.request_max = 8u << 20,
		.request_timeout = 10,
		.edits_per_minute = 60,
		.wal_limit = 4u << 20,
		.gateway_connections = 1024,
		.gateway_calls = 20,
		.gateway_session = 86400,
		.gateway_idle = 3600,
		.gateway_listen = "",
		.gateway_plain = false,
		.gateway_certificate = "",
		.gateway_key = "",
		.gateway_origins = "",
		.gateway_proxy_header = "",
		.gateway_clients = 10000,
		.gateway_clients_per_address = 256,
		.audit_days = 730,
		.audit_rows = 5000000,
		.audit_size = 2048,
	};
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

static bool
span_equals(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/*
 * Does a '#' begin a word?  It could have been meant as a comment, and as
 * part of a path or command it would be taken silently.
 */
static bool
has_late_comment(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '#' && (i == 0 || is_blank(s.p[i - 1])))
			return true;
	}
	return false;
}

static int
set_number(const struct key *k, struct span s, uint32_t *out,
    const char **whyp)
{
	uint64_t n = 0;
	size_t i;

	if (s.len > 10 || (s.len > 1 && s.p[0] == '0')) {
		*whyp = "the number is out of range";
		return -EBADMSG;
	}
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9') {
			*whyp = "the value must be a decimal number";
			return -EBADMSG;
		}
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (n < k->min || n > k->max) {
		*whyp = "the number is out of range";
		return -EBADMSG;
	}
	*out = (uint32_t)n;
	return 0;
}

static int
set_bool(struct span s, bool *out, const char **whyp)
{
	if (span_equals(s, "yes"))
		*out = true;
	else if (span_equals(s, "no"))
		*out = false;
	else {
		*whyp = "the value must be yes or no";
		return -EBADMSG;
	}
	return 0;
}

static int
set_keyfile(struct span s, char *out, const char **whyp)
{
	if (!span_equals(s, "none") && !span_equals(s, "home") &&
	    !span_equals(s, "central")) {
		*whyp = "the value must be none, home or central";
		return -EBADMSG;
	}
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
	return 0;
}

/* The tokens are sshd's, as far as they are known to us. */
static int
check_command(struct span s, const char **whyp)
{
	bool program = true;		/* still in the first word */
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (is_blank(s.p[i]))
			program = false;
		if (strchr("\"'\\", s.p[i]) != NULL) {
			*whyp = "quotes and backslashes are not understood "
			    "in a command";
			return -EBADMSG;
		}
		if (s.p[i] != '%')
			continue;
		if (program) {
			*whyp = "the program itself cannot contain a token";
			return -EBADMSG;
		}
		if (++i == s.len || strchr("utkU%", s.p[i]) == NULL) {
			*whyp = "the tokens of a command are "
			    "%u, %t, %k, %U and %%";
			return -EBADMSG;
		}
	}
	return 0;
}

static int
set_method(struct span s, char *out, const char **whyp)
{
	static const char *const methods[] = { "yescrypt", "gost-yescrypt",
	    "bcrypt", "sha512" };
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!span_equals(s, methods[i]))
			continue;
		memcpy(out, s.p, s.len);
		out[s.len] = '\0';
		return 0;
	}
	*whyp = "the value must be yescrypt, gost-yescrypt, bcrypt or sha512";
	return -EBADMSG;
}

static int
set_text(const struct key *k, struct span s, char *out, const char **whyp)
{
	if (s.len >= NK_CONF_PATH_MAX) {
		*whyp = "the value is too long";
		return -EBADMSG;
	}
	if (k->kind != KIND_WORDS && s.len > 0 && s.p[0] != '/') {
		*whyp = "the value must begin with a slash";
		return -EBADMSG;
	}
	if (k->kind == KIND_FIELD && memchr(s.p, ':', s.len) != NULL) {
		*whyp = "the value cannot contain a colon";
		return -EBADMSG;
	}
	if (k->kind == KIND_COMMAND && check_command(s, whyp) < 0)
		return -EBADMSG;
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
	return 0;
}

static bool
may_be_empty(enum kind kind)
{
	return kind == KIND_COMMAND || kind == KIND_FILE ||
	    kind == KIND_WORDS;
}

static int
set_value(struct nk_conf *c, const struct key *k, struct span s,
    const char **whyp)
{
	void *field = (char *)c + k->offset;

	if (s.len == 0 && !may_be_empty(k->kind)) {
		*whyp = "the value is missing";
		return -EBADMSG;
	}
	if (has_late_comment(s)) {
		*whyp = "a comment must stand on a line of its own";
		return -EBADMSG;
	}
	switch (k->kind) {
	case KIND_NUMBER:
		return set_number(k, s, field, whyp);
	case KIND_BOOL:
		return set_bool(s, field, whyp);
	case KIND_METHOD:
		return set_method(s, field, whyp);
	case KIND_KEYFILE:
		return set_keyfile(s, field, whyp);
	case KIND_PATH:
	case KIND_FIELD:
	case KIND_COMMAND:
	case KIND_FILE:
	case KIND_WORDS:
		return set_text(k, s, field, whyp);
	}
	*whyp = "the key is unknown";
	return -EBADMSG;
}

static const struct key *
find_key(struct span name)
{
	size_t i;

	for (i = 0; i < NKEYS; i++) {
		if (span_equals(name, keys[i].name))
			return &keys[i];
	}
	return NULL;
}

static int
check_bytes(struct span s, const char **whyp)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') ||
		    s.p[i] == 0x7f) {
			*whyp = "the line contains a control character";
			return -EBADMSG;
		}
	}
	return 0;
}

/* lines[] remembers where each key was set, 0 where it was not. */
static int
parse_line(struct nk_conf *c, struct span line, unsigned int number,
    unsigned int lines[NKEYS], const char **whyp)
{
	const struct key *k;
	struct span name, value;
	const char *eq;

	if (check_bytes(line, whyp) < 0)
		return -EBADMSG;
	line = trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return 0;
	if ((eq = memchr(line.p, '=', line.len)) == NULL) {
		*whyp = "the line is not of the form key = value";
		return -EBADMSG;
	}
	name = trim((struct span){ line.p, (size_t)(eq - line.p) });
	value = trim((struct span){ eq + 1,
	    line.len - (size_t)(eq - line.p) - 1 });
	if ((k = find_key(name)) == NULL) {
		*whyp = "the key is unknown";
		return -EBADMSG;
	}
	if (lines[k - keys] != 0) {
		*whyp = "the key is given twice";
		return -EBADMSG;
	}
	lines[k - keys] = number;
	return set_value(c, k, value, whyp);
}

/* The settings that must agree; the later of two lines is to blame. */
static int
check_together(const struct nk_conf *c, const unsigned int lines[NKEYS],
    unsigned int *linep, const char **whyp)
{
	unsigned int min = 0, first = 0, max = 0, a, b;
	size_t i;

	for (i = 0; i < NKEYS; i++) {
		if (keys[i].offset == offsetof(struct nk_conf, min_id))
			min = lines[i];
		if (keys[i].offset == offsetof(struct nk_conf, first_auto_id))
			first = lines[i];
		if (keys[i].offset == offsetof(struct nk_conf, max_id))
			max = lines[i];
	}
	if (c->first_auto_id < c->min_id) {
		*whyp = "first_auto_id is below min_id";
		a = min;
		b = first;
	} else if (c->first_auto_id > c->max_id) {
		*whyp = "first_auto_id is above max_id";
		a = first;
		b = max;
	} else
		return 0;
	*linep = a > b ? a : b;
	return -EBADMSG;
}

int
nk_conf_parse(struct nk_conf *c, const char *text, size_t len,
    unsigned int *linep, const char **whyp)
{
	unsigned int lines[NKEYS] = { 0 };
	struct nk_conf next = *c;
	struct span line;
	const char *nl;
	int r;

	*linep = 0;
	*whyp = NULL;
	while (len > 0) {
		nl = memchr(text, '\n', len);
		line.p = text;
		line.len = nl == NULL ? len : (size_t)(nl - text);
		++*linep;
		if ((r = parse_line(&next, line, *linep, lines, whyp)) < 0)
			return r;
		text += line.len + (nl != NULL);
		len -= line.len + (nl != NULL);
	}
	if ((r = check_together(&next, lines, linep, whyp)) < 0)
		return r;
	*linep = 0;
	*c = next;
	return 0;
}

static int
check_file(int fd, uint32_t owner, const char **whyp)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		*whyp = "the file cannot be examined";
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*whyp = "it is not a regular file";
		return -EPERM;
	}
	if (st.st_uid != owner) {
		*whyp = "the file has the wrong owner";
		return -EPERM;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		*whyp = "the file is writable by group or others";
		return -EPERM;
	}
	return 0;
}

int
nk_conf_load(struct nk_conf *c, const char *path, uint32_t owner,
    unsigned int *linep, const char **whyp)
{
	char text[NK_CONF_FILE_MAX + 1];
	struct nk_conf next;
	size_t len = 0;
	int fd, r;

	*linep = 0;
	*whyp = NULL;
	nk_conf_init(&next);
	if ((fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) == -1) {
		if (errno == ENOENT) {
			*c = next;
			return 0;
		}
		r = -errno;
		*whyp = r == -ELOOP ? "the file is a symbolic link" :
		    "the file cannot be opened";
		return r;
	}
	if ((r = check_file(fd, owner, whyp)) < 0)
		goto out;
	if ((r = nk_read_full(fd, text, sizeof(text), &len)) < 0) {
		*whyp = "the file cannot be read";
		goto out;
	}
	if (len > NK_CONF_FILE_MAX) {
		*whyp = "the file is too large";
		r = -EFBIG;
		goto out;
	}
	if ((r = nk_conf_parse(&next, text, len, linep, whyp)) == 0)
		*c = next;
 out:
	close(fd);
	return r;
}
