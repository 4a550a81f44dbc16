/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_H
#define NASKEYS_CTL_H

/*
 * What the commands of naskeysctl share.  A command is a row of a table
 * (commands.c); its options are a table too, from which getopt, --help and
 * the completion come.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/* Exit status. */
#define CTL_DONE	0
#define CTL_FAILED	1
#define CTL_USAGE	2

#define CTL_OPTIONS_MAX	24
#define CTL_VALUES_MAX	64	/* of one option given many times */

struct nk_client;

struct ctl_option {
	const char	*name;		/* without "--"; NULL ends a table */
	const char	*arg;		/* what its value is; NULL: none */
	const char	*help;
};

struct ctl_args {
	const struct ctl_option *options;
	const char	**values[CTL_OPTIONS_MAX];
	size_t		 n[CTL_OPTIONS_MAX];
	char		**positional;
	int		 npositional;
	bool		 passes;	/* words to a program, behind -- */
};

struct ctl {
	const char	*where;		/* "user add", for messages */
	bool		 json;
	bool		 force;
	const char	*state_dir;
	const char	*seal_key;
	struct nk_client *client;	/* opened by the first call */
};

struct ctl_command {
	const char	*object;
	const char	*verb;		/* NULL: the object is the command */
	const char	*synopsis;	/* of what follows them */
	const char	*summary;
	const struct ctl_option *options;
	int		 min, max;	/* positional arguments; max -1: any */
	int		(*run)(struct ctl *c, const struct ctl_args *a);
};

/* Ends with an entry whose object is NULL. */
extern const struct ctl_command ctl_commands[];

/* The commands, a file for each object. */
int	ctl_user_add(struct ctl *c, const struct ctl_args *a);
int	ctl_user_list(struct ctl *c, const struct ctl_args *a);
int	ctl_user_show(struct ctl *c, const struct ctl_args *a);
int	ctl_user_edit(struct ctl *c, const struct ctl_args *a);
int	ctl_user_lock(struct ctl *c, const struct ctl_args *a);
int	ctl_user_unlock(struct ctl *c, const struct ctl_args *a);
int	ctl_user_delete(struct ctl *c, const struct ctl_args *a);
int	ctl_user_passwd(struct ctl *c, const struct ctl_args *a);
int	ctl_user_otp(struct ctl *c, const struct ctl_args *a);
int	ctl_user_import(struct ctl *c, const struct ctl_args *a);
int	ctl_key_add(struct ctl *c, const struct ctl_args *a);
int	ctl_key_list(struct ctl *c, const struct ctl_args *a);
int	ctl_key_remove(struct ctl *c, const struct ctl_args *a);
int	ctl_key_set(struct ctl *c, const struct ctl_args *a);
int	ctl_key_adopt(struct ctl *c, const struct ctl_args *a);
int	ctl_key_file(struct ctl *c, const struct ctl_args *a);
int	ctl_key_revoke(struct ctl *c, const struct ctl_args *a);
int	ctl_explain(struct ctl *c, const struct ctl_args *a);
int	ctl_group_add(struct ctl *c, const struct ctl_args *a);
int	ctl_group_list(struct ctl *c, const struct ctl_args *a);
int	ctl_group_show(struct ctl *c, const struct ctl_args *a);
int	ctl_group_edit(struct ctl *c, const struct ctl_args *a);
int	ctl_group_delete(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_generate(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_import(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_list(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_show(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_export(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_rename(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_delete(struct ctl *c, const struct ctl_args *a);
int	ctl_keypair_used_by(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_add(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_pair(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_list(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_show(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_edit(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_accept_host_key(struct ctl *c,
	    const struct ctl_args *a);
int	ctl_connection_delete(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_used_by(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_export(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_scan(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_test(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_rotate(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_ssh(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_sftp(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_rsync(struct ctl *c, const struct ctl_args *a);
int	ctl_connection_exec(struct ctl *c, const struct ctl_args *a);
int	ctl_service_show(struct ctl *c, const struct ctl_args *a);
int	ctl_service_set(struct ctl *c, const struct ctl_args *a);
int	ctl_service_apply(struct ctl *c, const struct ctl_args *a);
int	ctl_service_confirm(struct ctl *c, const struct ctl_args *a);
int	ctl_service_host_key(struct ctl *c, const struct ctl_args *a);
int	ctl_service_status(struct ctl *c, const struct ctl_args *a);
int	ctl_service_start(struct ctl *c, const struct ctl_args *a);
int	ctl_service_stop(struct ctl *c, const struct ctl_args *a);
int	ctl_service_restart(struct ctl *c, const struct ctl_args *a);
int	ctl_service_reload(struct ctl *c, const struct ctl_args *a);
int	ctl_service_enable(struct ctl *c, const struct ctl_args *a);
int	ctl_service_disable(struct ctl *c, const struct ctl_args *a);
int	ctl_gateway_show(struct ctl *c, const struct ctl_args *a);
int	ctl_seal_rotate(struct ctl *c, const struct ctl_args *a);
int	ctl_audit(struct ctl *c, const struct ctl_args *a);
int	ctl_check(struct ctl *c, const struct ctl_args *a);
int	ctl_sync(struct ctl *c, const struct ctl_args *a);
int	ctl_backup(struct ctl *c, const struct ctl_args *a);
int	ctl_restore(struct ctl *c, const struct ctl_args *a);
int	ctl_init(struct ctl *c, const struct ctl_args *a);

extern const struct ctl_option ctl_user_add_options[];
extern const struct ctl_option ctl_user_edit_options[];
extern const struct ctl_option ctl_user_passwd_options[];
extern const struct ctl_option ctl_user_otp_options[];
extern const struct ctl_option ctl_user_import_options[];
extern const struct ctl_option ctl_key_add_options[];
extern const struct ctl_option ctl_key_adopt_options[];
extern const struct ctl_option ctl_key_file_options[];
extern const struct ctl_option ctl_key_revoke_options[];
extern const struct ctl_option ctl_explain_options[];
extern const struct ctl_option ctl_group_add_options[];
extern const struct ctl_option ctl_group_edit_options[];
extern const struct ctl_option ctl_group_delete_options[];
extern const struct ctl_option ctl_keypair_generate_options[];
extern const struct ctl_option ctl_keypair_import_options[];
extern const struct ctl_option ctl_keypair_show_options[];
extern const struct ctl_option ctl_keypair_export_options[];
extern const struct ctl_option ctl_keypair_delete_options[];
extern const struct ctl_option ctl_connection_add_options[];
extern const struct ctl_option ctl_connection_pair_options[];
extern const struct ctl_option ctl_connection_edit_options[];
extern const struct ctl_option ctl_connection_delete_options[];
extern const struct ctl_option ctl_connection_export_options[];
extern const struct ctl_option ctl_connection_scan_options[];
extern const struct ctl_option ctl_connection_test_options[];
extern const struct ctl_option ctl_connection_rotate_options[];
extern const struct ctl_option ctl_connection_exec_options[];
extern const struct ctl_option ctl_service_apply_options[];
extern const struct ctl_option ctl_audit_options[];
extern const struct ctl_option ctl_backup_options[];
extern const struct ctl_option ctl_restore_options[];
extern const struct ctl_option ctl_sync_options[];
extern const struct ctl_option ctl_init_options[];

/* The (last) value of an option, NULL when it was not given. */
const char *ctl_get(const struct ctl_args *a, const char *name);
bool	ctl_has(const struct ctl_args *a, const char *name);
/* All values of an option; *np of them. */
const char *const *ctl_all(const struct ctl_args *a, const char *name,
	    size_t *np);

/*
 * One line each, made safe for a terminal (text.h): on standard output;
 * "naskeysctl: WHERE: warning: text", "naskeysctl: WHERE: text" on standard
 * error.  ctl_fail() returns CTL_FAILED; ctl_misuse(), for a wrong call,
 * names --help and returns CTL_USAGE.
 */
void	ctl_say(const char *fmt, ...) NK_PRINTF(1, 2);
void	ctl_warn(const struct ctl *c, const char *fmt, ...) NK_PRINTF(2, 3);
int	ctl_fail(const struct ctl *c, const char *fmt, ...) NK_PRINTF(2, 3);
int	ctl_misuse(const struct ctl *c, const char *fmt, ...)
	    NK_PRINTF(2, 3);

#endif /* NASKEYS_CTL_H */
