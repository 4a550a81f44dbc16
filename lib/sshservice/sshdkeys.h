/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_SSHDKEYS_H
#define NASKEYS_SSHSERVICE_SSHDKEYS_H

/*
 * This machine's host keys, kept in the store, so that whoever knows the
 * machine still does so after it was installed anew.
 *
 *  1. A file that is there MUST NOT be replaced unless somebody says so.
 *  2. A key in the store MUST NOT be replaced unless somebody says so;
 *     a certificate is, since it is signed anew from time to time.
 *  3. A key MUST NOT be made unless somebody says so.
 *  4. A private half lies in the store sealed, and nowhere else but in its
 *     file, mode 0600; what parses it is the sandbox.
 */

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"
#include "lib/sshservice/keyfile.h"
#include "lib/store/sshd_keys.h"

/* Who changes them holds the lock of pending.h. */
struct nk_sshd_work {
	struct nk_publisher	*publisher;
	const struct nk_state	*state;
	/* A sentence about each that was put back, or is not as it should
	   be. */
	void			(*report)(void *arg, const char *text);
	void			*arg;
};

/*
 * Put back the files that are missing of all that the store has.  0, or the
 * -errno of one that could not be; the others are.
 */
int	nk_sshd_keys_restore(const struct nk_sshd_work *w) NK_MUST_CHECK;

/*
 * Take into the store what sshd's settings name and the store has not.
 * What differs, or cannot be read, is reported.  0, or -errno of the store.
 */
int	nk_sshd_keys_save(const struct nk_sshd_work *w,
	    const struct nk_settings *s) NK_MUST_CHECK;

/* Report where files and store differ.  0; -EBADMSG, there was one. */
int	nk_sshd_keys_check(const struct nk_sshd_work *w) NK_MUST_CHECK;

/*
 * All of it, once the store keeps any, for the machine's own state: take the
 * lock, put back, and keep what is new.  0; -EAGAIN, somebody else is at
 * work; -errno.
 */
int	nk_sshd_keys_sync(const struct nk_sshd_work *w,
	    const struct nk_conf *conf) NK_MUST_CHECK;

/* Inside an edit: keep what *f has as the key of path. */
int	nk_sshd_keys_keep(struct nk_store *s, const char *seal_key,
	    const char *path, const struct nk_sshd_file *f) NK_MUST_CHECK;

/*
 * Write the row's file, over what is there only if "over"; and the one with
 * the public half beside a key, likewise.  -EEXIST, as of
 * nk_sshd_file_write(); it is none that there is a public half.
 */
int	nk_sshd_keys_write(const struct nk_sshd_work *w,
	    const struct nk_sshd_key *k, bool over, bool over_public)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_SSHDKEYS_H */
