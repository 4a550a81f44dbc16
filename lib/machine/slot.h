/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MACHINE_SLOT_H
#define NASKEYS_MACHINE_SLOT_H

/*
 * sshd's one AuthorizedKeysCommand and its one list of revoked keys: whose
 * are they?  sshd takes the first value that it meets, so what counts is
 * known by sshd -T alone; the files only tell where it comes from.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"

#define NK_SLOT_WHY_MAX		1024
#define NK_SLOT_VALUE_MAX	512	/* more is cut */

/*
 * What the program "sshd" says of itself for a connection, as "-C" takes it.
 * No Match is meant for the first one, but such as are for all.  0, or as
 * nk_runner_run() and nk_settings_parse() with a sentence in why; then *s
 * needs no clear.
 */
#define NK_SLOT_NOBODY	"user=,host=,addr=0.0.0.0,laddr=0.0.0.0,lport=1"
#define NK_SLOT_ROOT	"user=root," NK_SETTINGS_HERE
int	nk_slot_ask(const char *sshd, const char *connection,
	    struct nk_settings *s, char why[NK_SLOT_WHY_MAX]) NK_MUST_CHECK;

/*
 * The value of AuthorizedKeysCommand in the text of a configuration file,
 * wherever it stands; false when there is none.
 */
bool	nk_slot_command_in(const char *text, char *value, size_t len);

/* Is our list of revoked keys there, and can sshd read it? */
bool	nk_slot_list_is_there(void);

/*
 * Does sshd run our command, by what it says of itself?  0 if so; -ENOENT
 * it runs none, -EEXIST another one or as another user, -EINVAL with other
 * arguments; with a sentence in why, which names file and line.
 */
int	nk_slot_command(const struct nk_settings *s,
	    char why[NK_SLOT_WHY_MAX]) NK_MUST_CHECK;

/*
 * Does it read our list of revoked keys?  0 if so; -ENOENT it reads none,
 * -EEXIST another one, -EBADMSG ours, which is not there.
 */
int	nk_slot_revoked(const struct nk_settings *s,
	    char why[NK_SLOT_WHY_MAX]) NK_MUST_CHECK;

/* Some file's RevokedKeys is another list, in why.  false: there is none. */
bool	nk_slot_other_list(char why[NK_SLOT_WHY_MAX]);

/*
 * Another AuthorizedKeysCommand that stands in a file but is not asked since
 * ours comes first: its file and value in why.  false: there is none.
 */
bool	nk_slot_displaced(char why[NK_SLOT_WHY_MAX]);

#endif /* NASKEYS_MACHINE_SLOT_H */
