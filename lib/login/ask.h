/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LOGIN_ASK_H
#define NASKEYS_LOGIN_ASK_H

/*
 * Is this who it says?  PAM knows: naskeys-login asks it, in a process of its
 * own, since its modules are anybody's code, and where the network is
 * (lib/account/network.h), over which some of them ask.  It has one socket of
 * packets as its standard input, and nothing else of its parent's.
 *
 * A packet is one byte that says what it is, and then fields, each ended by a
 * NUL:
 *
 *	to it	L	name, password, address
 *		C	a code: a one-time password
 *	from it	T	it has its turn with PAM, for which it has waited; again
 *			behind each code
 *		M	a code is wanted
 *		W	the code was wrong; another one is wanted
 *		R	the end: a digit of enum nk_ask_result and the uid that
 *			the name has on this machine, in decimal
 */

#include <sys/types.h>

#include <stdint.h>

#include "lib/account/network.h"
#include "lib/attr.h"

#define NK_ASK_PROGRAM	NK_LIBEXECDIR "/naskeys/naskeys-login"
#define NK_ASK_SERVICE	"naskeys-gateway"	/* pam.d(5) */

#define NK_ASK_NAME_MAX		256	/* bytes of the fields */
#define NK_ASK_SECRET_MAX	512	/* PAM_MAX_RESP_SIZE */
#define NK_ASK_ADDRESS_MAX	64
#define NK_ASK_PACKET_MAX	1024
#define NK_ASK_CODES		3	/* wrong ones, then it is over */
#define NK_ASK_SECONDS		180	/* all of it, with the person's part */

#define NK_ASK_LOGIN	'L'
#define NK_ASK_CODE	'C'
#define NK_ASK_TURN	'T'
#define NK_ASK_MORE	'M'
#define NK_ASK_WRONG	'W'
#define NK_ASK_RESULT	'R'

enum nk_ask_result {
	NK_ASK_OK,
	NK_ASK_REFUSED,
	NK_ASK_EXPIRED,		/* the account, or its password */
	NK_ASK_UNAVAILABLE,
};

struct nk_ask {
	pid_t	pid;		/* 0: none */
	int	fd;		/* or -1 */
	int	control;	/* where it is started elsewhere, or -1 */
};
#define NK_ASK_NONE	((struct nk_ask){ .pid = 0, .fd = -1, .control = -1 })

struct nk_ask_answer {
	char			what;	/* MORE, WRONG or RESULT */
	enum nk_ask_result	result;
	uint32_t		uid;	/* of NK_ASK_OK */
};

/*
 * Start the program and ask it.  0; -EINVAL: a field is too long, nothing was
 * started; -errno.
 */
int	nk_ask_start(struct nk_ask *a, const char *program, const char *name,
	    const char *password, const char *address) NK_MUST_CHECK;
/* Answer MORE or WRONG.  Likewise; then it is to be ended. */
int	nk_ask_code(const struct nk_ask *a, const char *code) NK_MUST_CHECK;
/*
 * Wait for what it says, for so long at most from when it has its turn with
 * PAM, and no longer than the other end of the socket "client" (-1: none) is
 * there.  0; -ETIMEDOUT; -EPIPE: the
 * client has gone; -EIO: it ended, or said something else; -errno.
 */
int	nk_ask_wait(const struct nk_ask *a, int client, int ms,
	    struct nk_ask_answer *answer) NK_MUST_CHECK;
/* End it, whatever it does. */
void	nk_ask_end(struct nk_ask *a);

/* For nk_network_serve(). */
extern const struct nk_network_work nk_ask_work;

#endif /* NASKEYS_LOGIN_ASK_H */
