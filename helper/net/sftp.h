/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_SFTP_H
#define NASKEYS_NET_SFTP_H

#include <libssh/sftp.h>

#include "helper/net/session.h"

/*
 * SFTP on a logged-in session; NULL, there is none.  Where the connection
 * breaks it does not return.
 */
sftp_session	sftp_begin(struct session *s);

#endif /* NASKEYS_NET_SFTP_H */
