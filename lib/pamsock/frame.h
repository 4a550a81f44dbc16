/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAMSOCK_FRAME_H
#define NASKEYS_PAMSOCK_FRAME_H

/*
 * The frames of pam.sock: what the PAM module and the helper say to each
 * other.  Both sides include this page; libc only, allocates nothing.
 *
 * A connection carries one request after another, each answered, or not,
 * before the next is sent.  Numbers are most significant byte first, and
 * strings are those of RFC 4251, section 5 (lib/ssh/wire.h).
 *
 *	request		 1 byte		version: NK_FRAME_VERSION
 *			 1 byte		operation: enum nk_frame_op
 *			 2 bytes	0
 *			 4 bytes	length of the fields
 *			 strings	the operation's fields, each of them
 *
 *	answer		 1 byte		version
 *			 1 byte		code: enum nk_frame_code
 *			 2 bytes	0
 *			 string		text, or for NK_FRAME_CONTINUE a
 *					message to the agent
 *
 * Whoever gets a frame that breaks these rules closes the connection.
 *
 *  1. root may send every operation, for every user.
 *  2. Another user may send NK_FRAME_VERIFY, NK_FRAME_OTP and
 *     NK_FRAME_CHAUTHTOK, for its own account.  Any other name gets the
 *     answer of a wrong password, at the cost of one.
 *  3. Who asks is the socket's peer, as the kernel knows it: no frame has a
 *     uid or a process id in it.
 *
 * operation	fields, in this order			answered with
 *
 * VERIFY	user, password				OK, AUTH_ERR, ...
 *	Is this the password?  A second factor is not looked at.  The helper
 *	counts the result itself, as a failure or a success.
 * OTP		user, one-time password			OK, AUTH_ERR, ...
 *	Is this the one-time password, or a recovery code?  Each is taken
 *	once.  Counted by the helper.  OK as well for a user without one; an
 *	empty one only asks whether there is one, and is not counted.
 * FAILURE	user, service, rhost, tty		OK
 *	The password was wrong: count it.
 * SUCCESS	user, service, rhost, tty		nothing
 *	A login has succeeded: its failures are forgotten.
 * SESSION_OPEN	user, service, rhost, tty, auth_info	nothing
 *	The peer is the session's process.  auth_info is what sshd has in
 *	SSH_AUTH_INFO_0, or empty.
 * SESSION_CLOSE user, service, tty			nothing
 * CHAUTHTOK	user, old password, new password	OK, AUTH_ERR,
 *	A new password.  root may leave the old one	AUTHTOK_ERR
 *	empty: an administrator's change.  With it
 *	the rules of the user's own change hold.
 *	An empty new one only asks whether it may be
 *	changed now.
 * MKHOME	user					OK, PERM_DENIED
 *	Make the home directory from the skeleton, unless there is one.
 * AGENT_CHALLENGE user, service, rhost			CONTINUE, AUTH_ERR
 *	Authenticate the user by its ssh-agent: the text is a message of
 *	draft-miller-ssh-agent, without its length, to give to the agent.
 * AGENT_VERIFY	the agent's answer			CONTINUE, OK,
 *	On the connection of the challenge.		AUTH_ERR
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_FRAME_VERSION	1
#define NK_FRAME_HEAD		8u	/* bytes before a request's fields */
#define NK_FRAME_ANSWER_HEAD	8u	/* bytes before an answer's text */
#define NK_FRAME_FIELDS_MAX	5u

/* What a field or a text may have; an empty text field is allowed. */
#define NK_FRAME_USER_MAX	256u
#define NK_FRAME_SECRET_MAX	512u	/* PAM_MAX_RESP_SIZE */
#define NK_FRAME_TEXT_MAX	512u	/* service, rhost, tty, a sentence */
#define NK_FRAME_INFO_MAX	16384u	/* keys with their certificates */
#define NK_FRAME_AGENT_MAX	65536u	/* a message from or to an agent */

/* Any frame, whole. */
#define NK_FRAME_MAX		(NK_FRAME_HEAD + 4u + NK_FRAME_AGENT_MAX)

enum nk_frame_op {
	NK_FRAME_VERIFY = 1,
	NK_FRAME_OTP,
	NK_FRAME_FAILURE,
	NK_FRAME_SUCCESS,
	NK_FRAME_SESSION_OPEN,
	NK_FRAME_SESSION_CLOSE,
	NK_FRAME_CHAUTHTOK,
	NK_FRAME_MKHOME,
	NK_FRAME_AGENT_CHALLENGE,
	NK_FRAME_AGENT_VERIFY,
	NK_FRAME_OP_END
};

enum nk_frame_code {
	NK_FRAME_OK = 1,
	NK_FRAME_CONTINUE,	/* the text is for the agent */
	NK_FRAME_AUTH_ERR,	/* wrong, locked out, or not for the asker */
	NK_FRAME_USER_UNKNOWN,	/* not ours; root is told, nobody else */
	NK_FRAME_ACCT_EXPIRED,
	NK_FRAME_PERM_DENIED,
	NK_FRAME_AUTHTOK_ERR,	/* the text says what is wrong with it */
	NK_FRAME_UNAVAILABLE,	/* the store or the maps are */
	NK_FRAME_CODE_END
};

/* A field in memory that is not its own. */
struct nk_frame_field {
	const uint8_t	*p;
	size_t		 len;
};

struct nk_frame {
	enum nk_frame_op	 op;
	struct nk_frame_field	 field[NK_FRAME_FIELDS_MAX];
};

/* How many fields op has, 0 for none of ours; is it answered? */
size_t	nk_frame_nfields(enum nk_frame_op op);
bool	nk_frame_is_answered(enum nk_frame_op op);
/* VERIFY, for the log; never NULL. */
const char *nk_frame_name(enum nk_frame_op op);

/*
 * How long the request is that begins with these NK_FRAME_HEAD bytes, the
 * head included.  -EBADMSG: it is none, or longer than its operation's.
 */
int	nk_frame_length(const uint8_t head[static NK_FRAME_HEAD],
	    size_t *lenp) NK_MUST_CHECK;

/*
 * Take a whole request apart; the fields point into buf.  -EBADMSG: too
 * short, too long, a field too many, too few or over its limit, a NUL in a
 * text.
 */
int	nk_frame_parse(const uint8_t *buf, size_t len, struct nk_frame *f)
	    NK_MUST_CHECK;

/*
 * Write the request into buf.  0 and its length; -ENOBUFS: it does not fit;
 * -EMSGSIZE or -EINVAL: a field that nk_frame_parse() would refuse.
 */
int	nk_frame_write(const struct nk_frame *f, uint8_t *buf, size_t room,
	    size_t *lenp) NK_MUST_CHECK;

/*
 * Put field i in place from text; NULL is an empty one.
 * Nothing is copied.
 */
void	nk_frame_set(struct nk_frame *f, size_t i, const char *text);

/*
 * An answer's head: the code, and how long the text is that follows.
 * -EBADMSG.
 */
int	nk_frame_answer_head(const uint8_t head[static NK_FRAME_ANSWER_HEAD],
	    enum nk_frame_code *codep, size_t *textp) NK_MUST_CHECK;

/* Write an answer; -ENOBUFS; -EMSGSIZE: the text is too long for the code. */
int	nk_frame_answer_write(enum nk_frame_code code, const void *text,
	    size_t len, uint8_t *buf, size_t room, size_t *lenp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PAMSOCK_FRAME_H */
