/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_MATCHNAME_H
#define NASKEYS_SSHSERVICE_MATCHNAME_H

#include <stdbool.h>

/*
 * Does a Match User or Match Group of sshd_config(5), with this name between
 * double quotes, mean it byte for byte, whatever the version of sshd?  Not
 * where it would be a pattern, a list or a negation, nor where a backslash
 * could escape what is behind it.
 */
bool	nk_matchname_is_plain(const char *name);

#endif /* NASKEYS_SSHSERVICE_MATCHNAME_H */
