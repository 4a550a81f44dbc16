/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_SSH_SERVICE_H
#define NASKEYS_STORE_SSH_SERVICE_H

/*
 * The settings of the SSH service, of which there is one row, and what is to
 * be put back unless somebody confirms them.  Results as in store.h; nothing
 * here is in a map or in the journal.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

/* Which authorized_keys files sshd reads for users of naskeys. */
enum nk_ssh_files {
	NK_SSH_FILES_KEEP,	/* as the drop-in says already */
	NK_SSH_FILES_OWN,	/* those that it reads for others */
	NK_SSH_FILES_NONE,
	NK_SSH_FILES_CENTRAL,
};

/* Lists are texts, a value a line, each with its newline; "" is none. */
struct nk_ssh_service {
	uint32_t		 tcpport;
	bool			 passwordauth;
	bool			 kerberosauth;
	bool			 tcpfwd;
	bool			 compression;
	bool			 revoked_keys;	/* sshd reads our list */
	enum nk_ssh_files	 key_files;
	char			*sftp_log_level;	/* "" or a word */
	char			*sftp_log_facility;
	char			*bindiface;		/* names, a list */
	char			*password_login_groups;	/* names, a list */
	char			*weak_ciphers;		/* words, a list */
	char			*host_key_types;	/* words, a list */
	char			*host_certificates;	/* paths, a list */
	char			*options;	/* lines of sshd_config(5) */
};

/* Free what v owns and make it empty.  NULL is fine. */
void	nk_ssh_service_clear(struct nk_ssh_service *v);
/* *v is the caller's to clear, and empty on failure. */
int	nk_ssh_service_get(struct nk_store *s, struct nk_ssh_service *v)
	    NK_MUST_CHECK;
int	nk_ssh_service_set(struct nk_store *s,
	    const struct nk_ssh_service *v) NK_MUST_CHECK;

/* ---- what waits for confirmation ---- */

struct nk_ssh_pending {
	int64_t	 until;		/* s of CLOCK_BOOTTIME */
	char	*boot_id;	/* of that boot */
	char	*drop_in;	/* the old text; NULL: there was none */
	char	*main;		/* likewise of sshd_config; NULL: it is as
				   it was */
};

void	nk_ssh_pending_clear(struct nk_ssh_pending *p);	/* NULL is fine */
/* -ENOENT: nothing waits. */
int	nk_ssh_pending_get(struct nk_store *s, struct nk_ssh_pending *p)
	    NK_MUST_CHECK;
/* -EEXIST: something waits already. */
int	nk_ssh_pending_insert(struct nk_store *s,
	    const struct nk_ssh_pending *p) NK_MUST_CHECK;
int	nk_ssh_pending_extend(struct nk_store *s, int64_t until)
	    NK_MUST_CHECK;
int	nk_ssh_pending_delete(struct nk_store *s) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_SSH_SERVICE_H */
