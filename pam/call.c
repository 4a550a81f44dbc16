/* SPDX-License-Identifier: ISC */
#include "pam/call.h"

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define MEMORY		"naskeys_auth"
#define FAILURES_MAX	3u		/* as pam_unix(8) */
#define LINE_MAX_LEN	512

int
nk_result(int r)
{
	switch (r) {
	case 0:
		return PAM_SUCCESS;
	case -ENOENT:
		return PAM_USER_UNKNOWN;
	case -ENODATA:
		return PAM_AUTHINFO_UNAVAIL;
	case -EPERM:
		return PAM_AUTH_ERR;
	case -ENOMEM:
		return PAM_BUF_ERR;
	default:
		return PAM_SYSTEM_ERR;
	}
}

int
nk_check_theirs(const struct nk_call *c, const struct nk_account *a)
{
	const struct passwd *pw = pam_modutil_getpwnam(c->pamh, c->user);

	if (pw != NULL)
		return pw->pw_uid == a->uid ? PAM_SUCCESS : PAM_USER_UNKNOWN;
	nk_log(c, LOG_ERR, "the name service does not know the account");
	return PAM_SYSTEM_ERR;
}

bool
nk_is_root(void)
{
	return geteuid() == 0;
}

const char *
nk_item(const struct nk_call *c, int item)
{
	const void *p = NULL;

	if (pam_get_item(c->pamh, item, &p) != PAM_SUCCESS || p == NULL)
		return "";
	return p;
}

void
nk_log(const struct nk_call *c, int priority, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list ap;

	if (priority == LOG_DEBUG && !c->options->debug)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	pam_syslog(c->pamh, priority, "user %.100s: %s", c->user, line);
}

void
nk_log_no_map(const struct nk_call *c)
{
	pam_syslog(c->pamh, LOG_ERR, "accounts.map cannot be read or "
	    "trusted");
}

/* A person who cannot be told is no reason to change a result. */
void
nk_tell_person(const struct nk_call *c, int style, const char *text)
{
	if ((c->flags & PAM_SILENT) == 0)
		(void)pam_prompt(c->pamh, style, NULL, "%s", text);
}

static void
forget(pam_handle_t *pamh, void *data, int status)
{
	struct nk_memory *m = data;

	(void)pamh;
	(void)status;
	if (m != NULL)
		free(m->user);
	free(m);
}

const struct nk_memory *
nk_remembered(const struct nk_call *c)
{
	const void *p = NULL;
	const struct nk_memory *m;

	if (pam_get_data(c->pamh, MEMORY, &p) != PAM_SUCCESS || p == NULL)
		return NULL;
	m = p;
	return strcmp(m->user, c->user) == 0 ? m : NULL;
}

int
nk_remember(const struct nk_call *c, int result, bool by_password)
{
	const struct nk_memory *old = nk_remembered(c);
	struct nk_memory *m;

	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    (m->user = strdup(c->user)) == NULL) {
		free(m);
		return PAM_BUF_ERR;
	}
	m->failures = old != NULL ? old->failures : 0;
	if (result == PAM_AUTH_ERR && ++m->failures >= FAILURES_MAX)
		result = PAM_MAXTRIES;
	m->by_password = by_password && result == PAM_SUCCESS;
	if (pam_set_data(c->pamh, MEMORY, m, forget) != PAM_SUCCESS) {
		forget(NULL, m, 0);
		return PAM_BUF_ERR;
	}
	return result;
}
