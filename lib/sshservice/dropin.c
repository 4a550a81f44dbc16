/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/dropin.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "lib/sshservice/conftext.h"

#define HEADER		"# Made by naskeys from the settings of the SSH " \
			"service: change them with\n" \
			"# \"naskeysctl service set\".  With another sum the " \
			"file is left alone.\n# "
#define DIGEST_LEN	32u
#define MATCH_MAX	800	/* bytes of names in one Match */
#define HOST_KEY	NK_SSHD_FOLDER "/ssh_host_%s_key"

/* ---- the parts ---- */

static void
put_command(FILE *f)
{
	fputs("AuthorizedKeysCommand " NK_SSHD_COMMAND "\n"
	    "AuthorizedKeysCommandUser " NK_SSHD_USER "\n", f);
}

static void
put_revoked(FILE *f)
{
	fputs("# Without this file sshd refuses every key.\n"
	    "RevokedKeys " NK_SSHD_REVOKED "\n", f);
}

static void
put_managed(FILE *f, enum nk_ssh_files files)
{
	fputs("# A key that may run one command only must not reach the "
	    "helper's\n"
	    "# socket by a forwarding, and add another key there.\n"
	    "Match Group naskeys-managed\n"
	    "    AllowStreamLocalForwarding no\n", f);
	if (files == NK_SSH_FILES_NONE)
		fputs("    AuthorizedKeysFile none\n", f);
	else if (files == NK_SSH_FILES_CENTRAL)
		fputs("    AuthorizedKeysFile " NK_SSHD_CENTRAL "\n", f);
}

/* "KEYWORD value" for each line of a list. */
static void
put_list(FILE *f, const char *keyword, const char *list)
{
	size_t len;

	for (; *list != '\0'; list += len + (list[len] == '\n')) {
		len = strcspn(list, "\n");
		fprintf(f, "%s %.*s\n", keyword, (int)len, list);
	}
}

static const char *
yes_no(bool v)
{
	return v ? "yes" : "no";
}

static void
put_host_keys(FILE *f, const struct nk_ssh_service *v)
{
	static const char *const types[][2] = { { "ED25519\n", "ed25519" },
	    { "ECDSA\n", "ecdsa" }, { "RSA\n", "rsa" } };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strstr(v->host_key_types, types[i][0]) != NULL)
			fprintf(f, "HostKey " HOST_KEY "\n", types[i][1]);
	put_list(f, "HostCertificate", v->host_certificates);
}

/* What the administrator's parameters may say otherwise. */
static void
put_defaults(FILE *f, const char *options)
{
	static const char *const rows[][3] = {
		{ "UsePAM", NULL, "yes" },
		{ "KbdInteractiveAuthentication",
		    "ChallengeResponseAuthentication", "no" },
		{ "UseDNS", NULL, "no" },
		{ "ClientAliveCountMax", NULL, "3" },
		{ "ClientAliveInterval", NULL, "15" },
		{ "VersionAddendum", NULL, "none" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!nk_conftext_has(options, rows[i][0]) &&
		    (rows[i][1] == NULL ||
		    !nk_conftext_has(options, rows[i][1])))
			fprintf(f, "%s %s\n", rows[i][0], rows[i][2]);
}

static const char *
or(const char *text, const char *otherwise)
{
	return text[0] != '\0' ? text : otherwise;
}

static void
put_settings(FILE *f, const struct nk_dropin *d)
{
	const struct nk_ssh_service *v = d->settings;

	fprintf(f, "Port %u\n", v->tcpport);
	put_list(f, "ListenAddress", d->addresses);
	put_host_keys(f, v);
	fprintf(f, "PermitRootLogin %s\n", d->root_password ? "yes" :
	    "prohibit-password");
	fputs("PubkeyAuthentication yes\n"
	    "PasswordAuthentication no\n", f);
	fprintf(f, "GSSAPIAuthentication %s\n", yes_no(v->kerberosauth));
	fprintf(f, "AllowTcpForwarding %s\n", yes_no(v->tcpfwd));
	fprintf(f, "Compression %s\n", v->compression ? "delayed" : "no");
	if (strstr(v->weak_ciphers, "AES128-CBC\n") != NULL &&
	    !nk_conftext_has(v->options, "Ciphers"))
		fputs("Ciphers +aes128-cbc\n", f);
	/* without either, what is there already logs likewise */
	if (v->sftp_log_level[0] != '\0' || v->sftp_log_facility[0] != '\0')
		fprintf(f, "Subsystem sftp internal-sftp -l %s -f %s\n",
		    or(v->sftp_log_level, "ERROR"),
		    or(v->sftp_log_facility, "AUTH"));
	put_defaults(f, v->options);
	fputs(v->options, f);
	if (v->options[0] != '\0' &&
	    v->options[strlen(v->options) - 1] != '\n')
		fputc('\n', f);
}

/* One Match for many names, none of which is a pattern. */
static void
put_passwords(FILE *f, const char *criterion, const char *list)
{
	size_t len, used = 0;

	for (; *list != '\0'; list += len + (list[len] == '\n')) {
		len = strcspn(list, "\n");
		if (used > MATCH_MAX) {
			fputs("\"\n    PasswordAuthentication yes\n"
			    "    KbdInteractiveAuthentication yes\n", f);
			used = 0;
		}
		if (used == 0)
			fprintf(f, "Match %s \"", criterion);
		else
			fputc(',', f);
		fprintf(f, "%.*s", (int)len, list);
		used += len + 1;
	}
	if (used > 0)
		fputs("\"\n    PasswordAuthentication yes\n"
		    "    KbdInteractiveAuthentication yes\n", f);
}

/* All but the header. */
static void
put_body(FILE *f, const struct nk_dropin *d)
{
	put_command(f);
	if (d->revoked)
		put_revoked(f);
	if (d->settings != NULL) {
		put_settings(f, d);
		if (d->settings->passwordauth) {
			put_passwords(f, "User", d->users);
			put_passwords(f, "Group",
			    d->settings->password_login_groups);
		}
	}
	put_managed(f, d->files);
}

/* ---- the whole ---- */

/* The digest of a text as a line of a comment. */
static int
digest_line(const char *text, char line[2 * DIGEST_LEN + 2])
{
	unsigned char digest[DIGEST_LEN];
	unsigned int len = 0;
	size_t i;

	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(),
	    NULL) != 1 || len != DIGEST_LEN)
		return -ENOTSUP;
	for (i = 0; i < DIGEST_LEN; i++)
		(void)snprintf(line + 2 * i, 3, "%02x", digest[i]);
	memcpy(line + 2 * i, "\n", 2);
	return 0;
}

static int
render_body(const struct nk_dropin *d, char **textp)
{
	char *text = NULL;
	bool failed;
	size_t len;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		return -ENOMEM;
	put_body(f, d);
	failed = ferror(f) != 0;
	if (fclose(f) == EOF || failed) {
		free(text);
		return -ENOMEM;
	}
	*textp = text;
	return 0;
}

int
nk_dropin_render(const struct nk_dropin *d, char **textp)
{
	char *body, line[2 * DIGEST_LEN + 2];
	int r;

	*textp = NULL;
	if (d->files == NK_SSH_FILES_KEEP)
		return -EINVAL;
	if ((r = render_body(d, &body)) < 0)
		return r;
	if ((r = digest_line(body, line)) == 0 &&
	    asprintf(textp, "%s%s%s", d->settings != NULL ? HEADER :
	    "# Made by \"naskeysctl init --configure\".\n",
	    d->settings != NULL ? line : "", body) == -1) {
		*textp = NULL;
		r = -ENOMEM;
	}
	free(body);
	return r;
}

/* ---- whose work it is ---- */

static int
look_service(const char *text, enum nk_dropin_maker *makerp,
    enum nk_ssh_files *filesp)
{
	const char *body = text + sizeof(HEADER) - 1, *tail;
	char line[2 * DIGEST_LEN + 2];
	int r;

	if (strncmp(text, HEADER, sizeof(HEADER) - 1) != 0 ||
	    strlen(body) < sizeof(line) - 1)
		return 0;
	if ((r = digest_line(body + sizeof(line) - 1, line)) < 0)
		return r;
	if (strncmp(body, line, sizeof(line) - 1) != 0)
		return 0;
	*makerp = NK_DROPIN_BY_SERVICE;
	/* the last line of put_managed() */
	tail = strstr(body, "Match Group naskeys-managed\n");
	if (tail != NULL && strstr(tail,
	    "    AuthorizedKeysFile none\n") != NULL)
		*filesp = NK_SSH_FILES_NONE;
	else if (tail != NULL && strstr(tail,
	    "    AuthorizedKeysFile " NK_SSHD_CENTRAL "\n") != NULL)
		*filesp = NK_SSH_FILES_CENTRAL;
	else
		*filesp = NK_SSH_FILES_OWN;
	return 0;
}

int
nk_dropin_look(const char *text, enum nk_dropin_maker *makerp,
    enum nk_ssh_files *filesp)
{
	enum nk_ssh_files files;
	struct nk_dropin d;
	char *made;
	bool same;
	int i, r;

	*makerp = NK_DROPIN_BY_HAND;
	*filesp = NK_SSH_FILES_OWN;
	for (files = NK_SSH_FILES_OWN; files <= NK_SSH_FILES_CENTRAL;
	    files++) {
		for (i = 0; i < 2; i++) {
			d = (struct nk_dropin){ .revoked = i == 1,
			    .files = files };
			if ((r = nk_dropin_render(&d, &made)) < 0)
				return r;
			same = strcmp(made, text) == 0;
			free(made);
			if (!same)
				continue;
			*makerp = NK_DROPIN_BY_INIT;
			*filesp = files;
			return 0;
		}
	}
	return look_service(text, makerp, filesp);
}
