/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_API_H
#define NASKEYS_NET_API_H

/*
 * The API of another NAS on a websocket, in either of its protocols.  What
 * JSON there is in naskeys-net stands in the files of this header.  Where the
 * connection breaks, or what comes is no answer, nothing returns.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/net/ws.h"

struct api {
	struct ws	*ws;
	bool		 legacy;	/* /websocket, not JSON-RPC */
	unsigned int	 calls;		/* the last one's number */
	int		 number;	/* errno of a refusal, or 0 */
	char		 words[NK_REMOTE_WORDS_MAX + 1];	/* its reason */
};

/* Before all else: what was JSON is wiped. */
void	api_prepare(void);

/* Begin to speak. */
void	api_begin(struct api *a, struct ws *ws, bool legacy);

struct api_who {
	const char	*admin;
	const char	*password;
	const char	*otp;		/* "": none */
	const char	*token;		/* "": by password */
};

/* Log in.  False: api->words says why not. */
bool	api_enter(struct api *a, const struct api_who *who);

/* An account there. */
struct api_account {
	json_int_t	 id;
	bool		 no_shell;	/* its shell lets nobody in */
	bool		 our_shell;	/* it is what that is replaced by */
	bool		 has_rules;	/* of sudo, by command */
	bool		 may_replicate;	/* one of them says so */
	char		*keys;		/* lines, "": none; NULL: unknown */
	json_t		*row;
};

/* The account of that name.  False: words.  To be cleared in any case. */
bool	api_look(struct api *a, const char *user, struct api_account *u);
void	api_account_clear(struct api_account *u);

/*
 * Give the account the key.  False: words.  *textp, the caller's to free, is
 * its host keys, a name in front of each.
 */
bool	api_pair(struct api *a, const char *user, const char *line,
	    uint16_t *portp, char **textp);

struct api_change {
	const char	*keys;		/* all of them; NULL: they stay */
	bool		 shell;		/* it lets in, or nobody in again */
	bool		 sudo;		/* a rule comes, or goes */
};

/* Change the account; back: as it was.  False: words. */
bool	api_change(struct api *a, const struct api_account *u,
	    const struct api_change *change, bool back);

/* Remove the key with this fingerprint, where there is a method for it. */
void	api_remove_key(struct api *a, const char *user,
	    const char *fingerprint);

/* ---- for the files of this header, and what tests them ---- */

enum api_outcome {
	API_OTHER,		/* nothing that was asked for */
	API_RESULT,
	API_NO_METHOD,
	API_REFUSED,
	API_NONSENSE,
};

/*
 * What a text says to the call a->calls.  API_RESULT: *resultp is a new
 * reference; a refusal is in a->number and a->words.
 */
enum api_outcome	api_read(struct api *a, const char *text,
	    size_t len, json_t **resultp);

/*
 * Call a method; the reference to params is taken.  Neither API_OTHER nor
 * API_NONSENSE.
 */
enum api_outcome	api_call(struct api *a, const char *method,
	    json_t *params, json_t **resultp);

/* What it says, in a->words: one line. */
void	api_say(struct api *a, const char *words);

/* What is asked for, of the rows of a query.  False: it is none of them. */
bool	api_read_account(const json_t *rows, struct api_account *u);

#define API_ID_SIZE	32

/* The id of the last call. */
void	api_id(const struct api *a, char id[API_ID_SIZE]);
/* The text of a member, or otherwise. */
const char *api_text(const json_t *o, const char *member,
	    const char *otherwise);
/* Is it this text? */
bool	api_is(const json_t *o, const char *text);

/* What TrueNAS's own pairing replaces and adds (22.12 and later). */
#define API_NO_SHELL	"/usr/sbin/nologin"
#define API_SHELL	"/usr/bin/bash"
#define API_RULE	"/usr/sbin/zfs"
#define API_RULES	"sudo_commands_nopasswd"

#endif /* NASKEYS_NET_API_H */
