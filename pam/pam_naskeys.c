/* SPDX-License-Identifier: ISC */
/* What libpam calls: options, one call, its result. */
#include <security/pam_ext.h>

#include <syslog.h>
#include <unistd.h>

#include "pam/call.h"

#define PAM_EXPORT	__attribute__((visibility("default")))
#define RUN		NK_RUNSTATEDIR "/naskeys/"

static const struct nk_place place = {
	.maps = {
		.accounts = RUN "maps/" NK_MAP_ACCOUNTS,
		.secrets = RUN "maps/" NK_MAP_SECRETS,
	},
	.socket = RUN "pam.sock",
	.root_socket = RUN "root/pam.sock",
	.owner = 0,
};

/* A slip in a file of pam.d(5) must not open the door. */
static int
call(pam_handle_t *pamh, int flags, int argc, const char **argv,
    nk_phase *phase)
{
	struct nk_options options;
	struct nk_call c = { .pamh = pamh, .flags = (unsigned int)flags,
	    .options = &options, .place = &place, .user = "" };
	const char *bad = NULL;

	if (nk_options_parse(&options, argc, argv, &bad) < 0) {
		pam_syslog(pamh, LOG_ERR, "refused: option \"%.100s\" is "
		    "unknown, given twice or has no good value", bad);
		return PAM_SERVICE_ERR;
	}
	return phase(&c);
}

PAM_EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
    const char **argv)
{
	return call(pamh, flags, argc, argv, nk_authenticate);
}

PAM_EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return call(pamh, flags, argc, argv, nk_set_credentials);
}

PAM_EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return call(pamh, flags, argc, argv, nk_manage_account);
}

PAM_EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv)
{
	return call(pamh, flags, argc, argv, nk_open_session);
}

PAM_EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv)
{
	return call(pamh, flags, argc, argv, nk_close_session);
}

PAM_EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return call(pamh, flags, argc, argv, nk_change_password);
}
