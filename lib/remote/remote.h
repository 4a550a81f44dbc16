/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_H
#define NASKEYS_REMOTE_H

/*
 * Speaking to another machine, SSH and the API of a NAS.  Every byte from
 * there is read by a child of naskeys-net in the sandbox; here is decided
 * what follows from what the children say, and here the time is kept.
 *
 *  1. No byte of the other machine's MUST be read in this process, nor a
 *     child's word be believed without a check: numbers against tables,
 *     lengths against limits, keys by the parser of keys, descriptors by
 *     what the kernel says of them.
 *  2. What the other machine says MUST reach a sentence only as printable
 *     ASCII and cut short.
 *  3. When the time is over, the children MUST be ended, whatever they do.
 */

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/privatekey.h"

#define NK_REMOTE_PROGRAM	NK_LIBEXECDIR "/naskeys/naskeys-net"

#define NK_REMOTE_SECONDS_MAX	3600u
#define NK_REMOTE_REASON_MAX	900u	/* bytes of a sentence */
#define NK_REMOTE_COMMAND_MAX	4096u	/* bytes of a command */

/* In this order, as far as a piece of work has them. */
enum nk_remote_step {
	NK_REMOTE_RESOLVE,
	NK_REMOTE_CONNECT,
	NK_REMOTE_GREET,	/* who the other end is */
	NK_REMOTE_EXCHANGE,	/* of keys; it ends with the host key */
	NK_REMOTE_VERIFY,	/* is it one of the pinned ones? */
	NK_REMOTE_LOGIN,
	NK_REMOTE_COMMAND,
	NK_REMOTE_SFTP,
	NK_REMOTE_WRITE,	/* the user's file of keys */
	NK_REMOTE_TLS,
	NK_REMOTE_UPGRADE,	/* to a websocket */
	NK_REMOTE_ENTER,	/* log in to its API */
	NK_REMOTE_LOOK,		/* at the account there */
	NK_REMOTE_PAIR,		/* give it the key, get its host keys */
	NK_REMOTE_UPDATE,	/* the account there */
	NK_REMOTE_UNDO,		/* both of that */
};

#define NK_REMOTE_STEPS	16

/* "resolve", "connect" and so on. */
const char *nk_remote_step_name(enum nk_remote_step step);

/* Why a step failed; what is said of it is in lib/remote/reason.c. */
enum nk_remote_fault {
	NK_REMOTE_FINE,
	NK_REMOTE_TIME,		/* is over */
	NK_REMOTE_NO_NAME,
	NK_REMOTE_NO_SERVERS,	/* of names answer */
	NK_REMOTE_REFUSED,
	NK_REMOTE_UNREACHABLE,
	NK_REMOTE_CLOSED,	/* by the other end */
	NK_REMOTE_NO_SSH,
	NK_REMOTE_NO_KEY,	/* of a type that was asked for */
	NK_REMOTE_NO_ALGORITHM,	/* in common, but for that */
	NK_REMOTE_PROTOCOL,	/* is broken */
	NK_REMOTE_CHANGED,	/* its host key is not pinned */
	NK_REMOTE_DENIED,	/* the key lets nobody in */
	NK_REMOTE_MORE,		/* than the key is wanted */
	NK_REMOTE_NO_COMMAND,	/* can be run, or it fails */
	NK_REMOTE_NO_SFTP,
	NK_REMOTE_NO_PASSWORD,	/* that lets the user in */
	NK_REMOTE_NOT_COPIED,	/* and the file is as it was */
	NK_REMOTE_NOT_REMOVED,	/* likewise */
	NK_REMOTE_NO_LINE,	/* for the key, that can be read */
	NK_REMOTE_FAILED,	/* on our side */
	NK_REMOTE_NO_TLS,	/* with us */
	NK_REMOTE_UNTRUSTED,	/* is its certificate */
	NK_REMOTE_NO_API,	/* on a websocket */
	NK_REMOTE_BROKEN,	/* is what its API says */
	NK_REMOTE_NO_ENTRY,	/* to its API */
	NK_REMOTE_NOT_PAIRED,	/* it refuses */
	NK_REMOTE_NOT_UPDATED,	/* is the account there */
	NK_REMOTE_NOT_UNDONE,	/* is what was changed there */
};

#define NK_REMOTE_FAULTS	29

struct nk_remote_target {
	const char	*host;		/* nk_target_check_host() */
	uint16_t	 port;
	unsigned int	 seconds;	/* for all of it; 1 to the maximum */
};

/* "TYPE SHA256:...", with its NUL */
#define NK_REMOTE_SHOWN_SIZE	80

struct nk_remote_report {
	struct {
		enum nk_remote_step	step;
		int64_t			ms;	/* that it took */
		bool			done;
	} steps[NK_REMOTE_STEPS];
	size_t			 n;
	int64_t			 since;		/* of the last one */
	enum nk_remote_fault	 fault;
	char			 reason[NK_REMOTE_REASON_MAX + 1];
	char			 address[INET6_ADDRSTRLEN]; /* or "" */
	char			 host_key[NK_REMOTE_SHOWN_SIZE]; /* that it
						   has proven, or "" */
};

/*
 * The host keys of the remote, of each type that is taken and that fits
 * (nk_hostkeys_add()); keys that it has not proven to have are not among
 * them.  0 with at least one key; -EIO, *report says why; -ENOMEM.
 * sb->program is NK_REMOTE_PROGRAM, sb->seconds does not matter.
 */
int	nk_remote_scan(const struct nk_sandbox *sb,
	    const struct nk_remote_target *t, struct nk_hostkeys *hk,
	    struct nk_remote_report *report) NK_MUST_CHECK;

/*
 * Who logs in.  The key stays here: the child gets one signature by it, for
 * a login as this user, and that only behind a pinned host key.
 */
struct nk_remote_login {
	const char			*user;
	const struct nk_hostkeys	*pins;
	const struct nk_privatekey	*key;	/* NULL: by password */
	const struct nk_secret		*password; /* NULL: by key */
};

/*
 * Log in, run a command unless it is NULL, and see with sftp whether SFTP
 * works; what the command prints is dropped.  0; -EIO, *report says how far
 * it came and why no further; -E2BIG, the command is too long; -ENOMEM.
 */
int	nk_remote_test(const struct nk_sandbox *sb,
	    const struct nk_remote_target *t,
	    const struct nk_remote_login *login, const char *command,
	    bool sftp, struct nk_remote_report *report) NK_MUST_CHECK;

#define NK_REMOTE_LINE_MAX	16384u	/* bytes of an authorized_keys line */

/*
 * Log in and append line, which is one of authorized_keys for the key with
 * that type and base64, to the user's ~/.ssh/authorized_keys, which is made
 * if it is missing: by SFTP, or where there is none by a shell.  *addedp:
 * whether it was; a line with the key may be there.  On failure: whether it
 * may have been, there being none before.  What was written is read again,
 * and taken back if it is not whole.  0; -EIO, *report says why; -E2BIG;
 * -ENOMEM.
 */
int	nk_remote_copy_key(const struct nk_sandbox *sb,
	    const struct nk_remote_target *t,
	    const struct nk_remote_login *login, const char *line,
	    const char *type, const char *base64, bool *addedp,
	    struct nk_remote_report *report) NK_MUST_CHECK;

/*
 * Log in and take every line whose key is that type and base64, with
 * whatever options, out of that file; no other byte of it changes.  A new
 * file with its owner and mode takes its place; where none can be made, it
 * is written over, and as it was again if that fails.  *removedp: whether
 * there was such a line.  If somebody else writes to it meanwhile, nothing is
 * taken.  Results as above.
 */
int	nk_remote_remove_key(const struct nk_sandbox *sb,
	    const struct nk_remote_target *t,
	    const struct nk_remote_login *login, const char *type,
	    const char *base64, bool *removedp,
	    struct nk_remote_report *report) NK_MUST_CHECK;

/* bytes of options: another key and its comment fit behind them */
#define NK_REMOTE_OPTIONS_MAX	12288u

/*
 * Log in and read with which options the lines for that key stand in that
 * file.  *optionsp is the caller's to free, NULL: they have none; an sshd
 * takes them as they are, and they make no certificate authority of it.
 * Results as above; it fails, too, when there is no such line, or when there
 * are several with different options.
 */
int	nk_remote_key_options(const struct nk_sandbox *sb,
	    const struct nk_remote_target *t,
	    const struct nk_remote_login *login, const char *type,
	    const char *base64, char **optionsp,
	    struct nk_remote_report *report) NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_H */
