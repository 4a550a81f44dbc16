/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CONF_H
#define NASKEYS_CONF_H

/*
 * naskeys.conf(5): "key = value" lines, '#' comments, no sections.  An
 * unknown key, a bad value and a key given twice are errors that name the
 * line.  Needs libc only, allocates nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_CONF_PATH_MAX	512	/* with its NUL */
#define NK_CONF_METHOD_MAX	16	/* with its NUL */
#define NK_CONF_MODE_MAX	8	/* with its NUL */
#define NK_CONF_FILE_MAX	65536	/* bytes */

struct nk_conf {
	/* ids */
	uint32_t	min_id;			/* 1000: never served below */
	uint32_t	first_auto_id;		/* 3000 */
	uint32_t	max_id;			/* 90000000 */
	/* accounts */
	char		default_shell[NK_CONF_PATH_MAX];	/* /bin/bash */
	char		default_home[NK_CONF_PATH_MAX];		/* /var/empty */
	char		skeleton[NK_CONF_PATH_MAX];		/* /etc/skel */
	char		authorized_keys_file[NK_CONF_MODE_MAX];	/* none */
	bool		shadow_hashes;		/* no */
	uint32_t	lookup_timeout;		/* s, other name services: 5 */
	/* failed logins */
	uint32_t	lockout_failures;	/* 5; 0: nobody is locked out */
	uint32_t	lockout_window;		/* s: 900 */
	uint32_t	lockout_time;		/* s: 600 */
	/* passwords */
	char		password_method[NK_CONF_METHOD_MAX];	/* yescrypt */
	uint32_t	password_cost;		/* 0: crypt(3)'s own */
	uint32_t	password_history;	/* old ones refused: 0 */
	uint32_t	password_min_days;	/* for who has none: 0 */
	uint32_t	password_max_days;	/* likewise, 0: for ever */
	uint32_t	password_warn_days;	/* 7 */
	/* keys */
	uint32_t	rsa_min_bits;		/* 2048 */
	char		sshd[NK_CONF_PATH_MAX];	/* /usr/sbin/sshd */
	char		ssh_control[NK_CONF_PATH_MAX];	/* "": systemd, or
						   the init script */
	char		chained_command[NK_CONF_PATH_MAX];	/* "" */
	uint32_t	chained_timeout;	/* s: 5 */
	uint32_t	chained_max;		/* bytes of output: 65536 */
	/* the helper's limits */
	uint32_t	connections_per_uid;	/* 16 */
	uint32_t	connections_max;	/* 256, root's not counted */
	uint32_t	request_max;		/* bytes: 8 MiB */
	uint32_t	request_timeout;	/* s: 10 */
	uint32_t	edits_per_minute;	/* of a plain user: 60 */
	uint32_t	wal_limit;	/* bytes before a checkpoint: 4 MiB */
	/* the gateway's connections */
	uint32_t	gateway_connections;	/* with a helper: 1024 */
	uint32_t	gateway_calls;	/* a minute, method and address: 20 */
	uint32_t	gateway_session; /* s that a login lasts: 86400 */
	uint32_t	gateway_idle;	/* s without a message: 3600 */
	/* the gateway: its sockets, its certificate, who may come */
	char		gateway_listen[NK_CONF_PATH_MAX];	/* "" */
	bool		gateway_plain;		/* no */
	char		gateway_certificate[NK_CONF_PATH_MAX];	/* "": made */
	char		gateway_key[NK_CONF_PATH_MAX];
	char		gateway_origins[NK_CONF_PATH_MAX];	/* "" */
	char		gateway_proxy_header[NK_CONF_PATH_MAX];	/* "" */
	uint32_t	gateway_clients;	/* 10000 */
	uint32_t	gateway_clients_per_address;	/* 256 */
	/* the audit log's retention */
	uint32_t	audit_days;		/* 730 */
	uint32_t	audit_rows;		/* 5000000 */
	uint32_t	audit_size;		/* MiB: 2048 */
};

/* All defaults. */
void	nk_conf_init(struct nk_conf *c);

/*
 * Parse text over *c, which holds the defaults.  Returns 0, or -EBADMSG
 * with the number of the line in *linep and a sentence in *whyp; *c is
 * then unchanged.
 */
int	nk_conf_parse(struct nk_conf *c, const char *text, size_t len,
	    unsigned int *linep, const char **whyp) NK_MUST_CHECK;

/*
 * Read the file "path", which may be absent (then the defaults hold).  It
 * must be a regular file that belongs to owner and is not writable by
 * group or others (-EPERM).  -EFBIG above NK_CONF_FILE_MAX; otherwise as
 * nk_conf_parse(), and *linep is 0 where no line is to blame.
 */
int	nk_conf_load(struct nk_conf *c, const char *path, uint32_t owner,
	    unsigned int *linep, const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_CONF_H */
