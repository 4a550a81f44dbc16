/* SPDX-License-Identifier: ISC */
/*
 * Plays the PAM module with "agent": starts a naskeys-helper (or connects to
 * one that listens), asks it to authenticate a user, and carries its
 * questions to an agent.
 *
 *	agent_auth [-s SOCKET] [-n TIMES] [-p PUB] [-k PEM -f FLAGS] [-a ARG]
 *	    AGENT USER [SERVICE [RHOST]]
 *	agent_auth -k PEM line
 *
 * Prints the code of the last answer and how often the agent was asked for
 * a list and for a signature, as in "OK 1 1".  AGENT is "real" or another
 * of agent_fake.c, or one of those that the module itself would not do:
 * "unasked", an answer without a question; "leaves", which hangs up after
 * the question and prints how the helper ended.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/pamsock/client.h"
#include "tests/integration/agent_fake.h"

#define ROUNDS_MAX	100		/* the module has fewer */
#define PATIENCE	120000		/* ms */

static const char *const codes[NK_FRAME_CODE_END] = {
	[NK_FRAME_OK] = "OK",
	[NK_FRAME_CONTINUE] = "CONTINUE",
	[NK_FRAME_AUTH_ERR] = "AUTH_ERR",
	[NK_FRAME_USER_UNKNOWN] = "USER_UNKNOWN",
	[NK_FRAME_ACCT_EXPIRED] = "ACCT_EXPIRED",
	[NK_FRAME_PERM_DENIED] = "PERM_DENIED",
	[NK_FRAME_AUTHTOK_ERR] = "AUTHTOK_ERR",
	[NK_FRAME_UNAVAILABLE] = "UNAVAILABLE",
};

static const char *listener;
static struct agent agent;
static struct message question, answer;

static pid_t
start_helper(struct nk_pamsock *s)
{
	int fds[2];
	pid_t pid;

	if (listener != NULL) {
		if (nk_pamsock_open(s, listener, 0, PATIENCE) < 0)
			die(listener);
		return 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1 ||
	    (pid = fork()) == -1)
		die("cannot start the helper");
	if (pid == 0) {
		if (dup2(fds[1], 0) == -1 || dup2(fds[1], 1) == -1)
			_exit(126);
		(void)execl("/usr/libexec/naskeys/naskeys-helper",
		    "naskeys-helper", "--protocol", "pam", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	s->fd = fds[0];
	if (nk_pamsock_extend(s, PATIENCE) < 0)
		die("no time");
	return pid;
}

static enum nk_frame_code
ask(struct nk_pamsock *s, const struct nk_frame *f)
{
	static char text[MESSAGE_MAX + 1];
	enum nk_frame_code code;
	size_t len;
	int r;

	if ((r = nk_pamsock_ask(s, f, &code, text, sizeof(text),
	    &len)) < 0) {
		(void)printf("%s\n", strerror(-r));
		exit(1);
	}
	memcpy(question.p, text, len);
	question.len = len;
	return code;
}

static enum nk_frame_code
tell(struct nk_pamsock *s)
{
	struct nk_frame f = { .op = NK_FRAME_AGENT_VERIFY };

	f.field[0] = (struct nk_frame_field){ answer.p, answer.len };
	return ask(s, &f);
}

static enum nk_frame_code
authenticate(struct nk_pamsock *s, const struct nk_frame *f, agent_fn *fn)
{
	enum nk_frame_code code = ask(s, f);
	unsigned int i;

	for (i = 0; code == NK_FRAME_CONTINUE; i++) {
		if (i == ROUNDS_MAX || question.len == 0)
			die("the helper does not come to an end");
		if (question.p[0] == AGENT_LIST)
			agent.lists++;
		else
			agent.signs++;
		fn(&agent, &question, &answer);
		code = tell(s);
	}
	return code;
}

/* Hang up; how does the helper end? */
static void
leave(struct nk_pamsock *s, pid_t pid)
{
	int status = 0;

	nk_pamsock_close(s);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	(void)printf("status %d\n", WIFEXITED(status) ?
	    WEXITSTATUS(status) : -1);
}

static int
run(char *const argv[], int argc, unsigned int times)
{
	struct nk_frame f = { .op = NK_FRAME_AGENT_CHALLENGE };
	struct nk_pamsock s = NK_PAMSOCK_NONE;
	enum nk_frame_code code = NK_FRAME_AUTH_ERR;
	agent_fn *fn = agent_find(argv[0]);
	pid_t pid = start_helper(&s);

	nk_frame_set(&f, 0, argv[1]);
	nk_frame_set(&f, 1, argc > 2 ? argv[2] : "sudo");
	nk_frame_set(&f, 2, argc > 3 ? argv[3] : "");
	if (strcmp(argv[0], "unasked") == 0) {
		answer.len = 5;
		(void)printf("%s\n", codes[tell(&s)]);
	} else if (strcmp(argv[0], "leaves") == 0) {
		if (ask(&s, &f) != NK_FRAME_CONTINUE)
			die("nothing is asked");
		leave(&s, pid);
		return 0;
	} else if (fn == NULL)
		die("no such agent");
	for (; fn != NULL && times > 0; times--) {
		agent.lists = agent.signs = 0;
		code = authenticate(&s, &f, fn);
	}
	if (fn != NULL)
		(void)printf("%s %u %u\n", codes[code], agent.lists,
		    agent.signs);
	nk_pamsock_close(&s);
	if (pid != 0)
		(void)waitpid(pid, NULL, 0);
	return 0;
}

int
main(int argc, char *argv[])
{
	unsigned int times = 1;
	int c;

	while ((c = getopt(argc, argv, "a:f:k:n:p:s:")) != -1) {
		switch (c) {
		case 'a':
			agent.arg = optarg;
			break;
		case 'f':
			agent.flags = (uint8_t)strtoul(optarg, NULL, 0);
			break;
		case 'k':
			agent_load_key(&agent, optarg);
			break;
		case 'n':
			times = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			agent_load_blob(&agent, optarg);
			break;
		case 's':
			listener = optarg;
			break;
		default:
			return 2;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc == 1 && agent.pkey != NULL) {
		agent_print_sk(&agent);
		return 0;
	}
	if (argc < 2 || argc > 4)
		die("usage: see the comment on top of its source");
	return run(argv, argc, times);
}
