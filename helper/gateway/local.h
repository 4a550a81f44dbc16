/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_LOCAL_H
#define NASKEYS_GATEWAY_LOCAL_H

/*
 * The websocket of one caller on this machine: a child of naskeys-helper's
 * (helper/helper/middleware.h), which has given up everything but the
 * caller's socket and the one to its parent before it reads a byte
 * (lib/sandbox/sandbox.h).
 */

/*
 * The first thing in main(): when naskeys-helper has started the program,
 * serve the caller, and do not return.  Otherwise nothing is done.
 */
void	local_serve(int argc, char *const *argv);

#endif /* NASKEYS_GATEWAY_LOCAL_H */
