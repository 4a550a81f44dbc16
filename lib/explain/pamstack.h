/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_PAMSTACK_H
#define NASKEYS_EXPLAIN_PAMSTACK_H

#include <stdbool.h>

/*
 * Does the account phase of /etc/pam.d/sshd, or a file that it includes, have
 * a line with this module?
 */
bool	nk_pam_account_has(const char *module);

#endif /* NASKEYS_EXPLAIN_PAMSTACK_H */
