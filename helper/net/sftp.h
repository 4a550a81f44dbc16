/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_SFTP_H
#define NASKEYS_NET_SFTP_H

#include <libssh/sftp.h>

#include <stdbool.h>

#include "helper/net/session.h"

/*
 * SFTP on a logged-in session; NULL, there is none.  Where the connection
 * breaks it does not return.
 */
sftp_session	sftp_begin(struct session *s);

/*
 * The file takes the other one's place at once, as rename(2) has it; libssh
 * asks for a rename alone, which is refused where there is such a file.
 * False: it does not.
 */
bool	sftp_replace(sftp_session sftp, const char *path,
	    const char *place);

#endif /* NASKEYS_NET_SFTP_H */
