/* SPDX-License-Identifier: ISC */

/*
 * naskeys-login: asks PAM about somebody who logs in over the network
 * (lib/login/ask.h).
 *
 *  1. It MUST say yes only when PAM did, to the authentication and to the
 *     account, and to the name that it was asked for.
 *  2. It MUST NOT outlive its parent, nor its time, and MUST leave nothing of
 *     a password behind.
 *  3. Only so many of it MUST be with PAM at a time (turn.h).
 */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "helper/login/turn.h"
#include "lib/login/ask.h"

#define EXIT_USAGE	2
#define ENTRY_START	1024	/* bytes of an entry of passwd(5) */
#define ENTRY_MAX	(1 << 20)

struct login {
	char		 packet[NK_ASK_PACKET_MAX];
	const char	*name, *password, *address;
	char		 code[NK_ASK_SECRET_MAX + 1];
	unsigned int	 prompts;	/* of this conversation */
	bool		 asked;		/* for a code */
	bool		 wrong;		/* the one before was */
	struct turn	 turn;
};

/* ---- the socket ---- */

static int
say(const char *bytes, size_t len)
{
	return send(STDIN_FILENO, bytes, len, MSG_NOSIGNAL) ==
	    (ssize_t)len ? 0 : -1;
}

/* The next packet, of this kind; a NUL ends it.  Its length, or -1. */
static ssize_t
hear(char kind, char *bytes, size_t room)
{
	ssize_t n;

	do
		n = recv(STDIN_FILENO, bytes, room, MSG_TRUNC);
	while (n == -1 && errno == EINTR);
	if (n < 2 || (size_t)n > room || bytes[0] != kind ||
	    bytes[n - 1] != '\0')
		return -1;
	return n;
}

/* The field behind this one; NULL: there is none. */
static const char *
next_field(const char *field, const char *end)
{
	field += strlen(field) + 1;
	return field < end ? field : NULL;
}

static int
hear_login(struct login *l)
{
	const char *end;
	ssize_t n;

	if ((n = hear(NK_ASK_LOGIN, l->packet, sizeof(l->packet))) == -1)
		return -1;
	end = l->packet + n;
	l->name = l->packet + 1;
	if ((l->password = next_field(l->name, end)) == NULL ||
	    (l->address = next_field(l->password, end)) == NULL ||
	    next_field(l->address, end) != NULL)
		return -1;
	return 0;
}

/* ---- the conversation ---- */

/* From here on it is known how long PAM takes. */
static int
take_turn(struct login *l)
{
	const char kind = NK_ASK_TURN;

	return turn_take(&l->turn) < 0 ? -1 : say(&kind, 1);
}

/* As hear(), of a code; meanwhile others have their turn. */
static ssize_t
await_code(struct login *l, char *packet, size_t room)
{
	ssize_t n;

	if (turn_give(&l->turn) < 0)
		return -1;
	n = hear(NK_ASK_CODE, packet, room);
	if (take_turn(l) == -1) {
		explicit_bzero(packet, room);
		return -1;
	}
	return n;
}

/* The first question is for the password, each other one for a code. */
static const char *
find_answer(struct login *l)
{
	char packet[NK_ASK_SECRET_MAX + 2];
	const char kind = l->wrong ? NK_ASK_WRONG : NK_ASK_MORE;
	ssize_t n;

	if (l->prompts++ == 0)
		return l->password;
	l->asked = true;
	l->wrong = false;
	if (say(&kind, 1) == -1 ||
	    (n = await_code(l, packet, sizeof(packet))) == -1)
		return NULL;
	memcpy(l->code, packet + 1, (size_t)n - 1);
	explicit_bzero(packet, sizeof(packet));
	return l->code;
}

static void
free_answers(struct pam_response *v, int n)
{
	while (n-- > 0) {
		if (v[n].resp != NULL)
			explicit_bzero(v[n].resp, strlen(v[n].resp));
		free(v[n].resp);
	}
	free(v);
}

static int
converse(int n, const struct pam_message **messages,
    struct pam_response **answersp, void *arg)
{
	struct pam_response *v;
	const char *answer;
	int i;

	if (n <= 0 || n > PAM_MAX_NUM_MSG ||
	    (v = calloc((size_t)n, sizeof(*v))) == NULL)
		return PAM_CONV_ERR;
	for (i = 0; i < n; i++) {
		if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF &&
		    messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
			continue;
		if ((answer = find_answer(arg)) == NULL ||
		    (v[i].resp = strdup(answer)) == NULL) {
			free_answers(v, n);
			return PAM_CONV_ERR;
		}
	}
	*answersp = v;
	return PAM_SUCCESS;
}

/* How long a refusal takes is not decided here. */
static void
no_delay(int result, unsigned int usec, void *arg)
{
	(void)result;
	(void)usec;
	(void)arg;
}

/* PAM takes what to call as an item like any other. */
static int
set_no_delay(pam_handle_t *h)
{
	union {
		void		(*fn)(int, unsigned int, void *);
		const void	*item;
	} u = { .fn = no_delay };

	return pam_set_item(h, PAM_FAIL_DELAY, u.item);
}

/* PAM_USER_UNKNOWN: the name service does not say it. */
static int
look_up(const char *name, uint32_t *uidp)
{
	struct passwd pw, *found = NULL;
	size_t size = ENTRY_START;
	char *buf = NULL, *more;
	int r = ERANGE;

	for (; r == ERANGE && size <= ENTRY_MAX; size *= 2) {
		if ((more = realloc(buf, size)) == NULL)
			break;
		buf = more;
		r = getpwnam_r(name, &pw, buf, size, &found);
	}
	if (r == 0 && found != NULL)
		*uidp = pw.pw_uid;
	free(buf);
	return r == 0 && found != NULL ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

/* Rule 1: no module may have made another one of it. */
static int
find_uid(pam_handle_t *h, const struct login *l, uint32_t *uidp)
{
	const void *user = NULL;

	if (pam_get_item(h, PAM_USER, &user) != PAM_SUCCESS ||
	    user == NULL || strcmp(user, l->name) != 0)
		return PAM_USER_UNKNOWN;
	return look_up(l->name, uidp);
}

static int
ask_pam(struct login *l, uint32_t *uidp)
{
	const struct pam_conv conv = { converse, l };
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	pam_handle_t *h = NULL;
	int result;

	l->prompts = 0;
	l->asked = false;
	if ((result = pam_start(NK_ASK_SERVICE, l->name, &conv, &h)) !=
	    PAM_SUCCESS)
		return result;
	if ((result = pam_set_item(h, PAM_RHOST, l->address)) ==
	    PAM_SUCCESS && (result = set_no_delay(h)) == PAM_SUCCESS &&
	    (result = pam_authenticate(h, flags)) == PAM_SUCCESS &&
	    (result = pam_acct_mgmt(h, flags)) == PAM_SUCCESS)
		result = find_uid(h, l, uidp);
	(void)pam_end(h, result);
	explicit_bzero(l->code, sizeof(l->code));
	return result;
}

static enum nk_ask_result
result_of(int result)
{
	switch (result) {
	case PAM_SUCCESS:
		return NK_ASK_OK;
	case PAM_ACCT_EXPIRED:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_CRED_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD:
		return NK_ASK_EXPIRED;
	case PAM_ABORT:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_BUF_ERR:
	case PAM_SERVICE_ERR:
	case PAM_SYSTEM_ERR:
		return NK_ASK_UNAVAILABLE;
	default:
		return NK_ASK_REFUSED;
	}
}

/* Who gave a wrong code, and a right password before, may try another. */
static int
serve(void)
{
	struct login l = { .wrong = false };
	unsigned int codes;
	uint32_t uid = 0;
	char text[16];
	int result, n;

	if (hear_login(&l) == -1 || turn_open(&l.turn) < 0 ||
	    take_turn(&l) == -1)
		return EXIT_FAILURE;
	result = ask_pam(&l, &uid);
	for (codes = 1; result == PAM_AUTH_ERR && l.asked &&
	    codes < NK_ASK_CODES; codes++) {
		l.wrong = true;
		result = ask_pam(&l, &uid);
	}
	explicit_bzero(&l, sizeof(l));
	n = snprintf(text, sizeof(text), "%c%d%u", NK_ASK_RESULT,
	    (int)result_of(result), uid);
	return say(text, (size_t)n + 1) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Rule 2. */
static int
confine(void)
{
	const struct rlimit none = { 0, 0 };
	pid_t parent = getppid();

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != parent || chdir("/") == -1)
		return -1;
	(void)alarm(NK_ASK_SECONDS);
	return 0;
}

static bool
is_asked(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return geteuid() == 0 && getuid() == 0 && getsockopt(STDIN_FILENO,
	    SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static int
print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print("naskeys-login " NK_VERSION "\n");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return print("usage: naskeys-login --version | --help\n"
		    "Asks PAM for naskeys-helper, which starts it.\n");
	if (argc == 1 && is_asked())
		return confine() == 0 ? serve() : EXIT_FAILURE;
	(void)fputs("naskeys-login: it is started by naskeys-helper alone\n",
	    stderr);
	return EXIT_USAGE;
}
