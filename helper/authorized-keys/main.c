/* SPDX-License-Identifier: ISC */
/*
 * sshd's AuthorizedKeysCommand.  sshd throws all output away when the exit
 * status is not 0, and discards standard error: so everything is collected
 * first and written at once, and what went wrong is said in syslog.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/authorized-keys/chain.h"
#include "helper/authorized-keys/collect.h"
#include "helper/authorized-keys/output.h"
#include "helper/authorized-keys/report.h"
#include "helper/authorized-keys/request.h"
#include "lib/conf/conf.h"

#define EXIT_USAGE	2

static const char conf_path[] = NK_SYSCONFDIR "/naskeys/naskeys.conf";

static const char usage[] =
    "usage: naskeys-authorized-keys USER [TYPE BASE64 [UID]]\n"
    "       naskeys-authorized-keys --help | --version\n"
    "Prints the keys with which USER may log in, for sshd's "
    "AuthorizedKeysCommand.\n";
static const char version[] = "naskeys-authorized-keys " NK_VERSION "\n";

static int
say(int fd, const char *text, int status)
{
	size_t len = strlen(text);

	return write(fd, text, len) == (ssize_t)len ? status : EXIT_FAILURE;
}

/* Could this be the name of any account?  No name may pass as an option. */
static bool
is_name(const char *user)
{
	return user[0] != '\0' && user[0] != '-' &&
	    strpbrk(user, "/:\n") == NULL;
}

/* Strictly decimal, as sshd prints it. */
static bool
parse_uid(const char *text, uint32_t *uidp)
{
	uint64_t n = 0;
	size_t i;

	if (text[0] == '0' && text[1] != '\0')
		return false;
	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i >= 10)
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (i == 0 || n > UINT32_MAX)
		return false;
	*uidp = (uint32_t)n;
	return true;
}

static void
chain(const struct nk_request *q, struct nk_output *o)
{
	struct nk_conf conf;
	unsigned int line;
	const char *why;

	if (nk_conf_load(&conf, conf_path, 0, &line, &why) < 0)
		nk_report_line(LOG_ERR, q->user, conf_path, line, why);
	else
		nk_chain(q, &conf, o);
}

static int
answer(const struct nk_request *q)
{
	struct nk_output out;
	bool may_chain;

	nk_output_init(&out);
	if (nk_collect(q, &out, &may_chain) < 0)
		return EXIT_FAILURE;
	if (may_chain)
		chain(q, &out);
	if (out.len == 0)
		return EXIT_SUCCESS;
	(void)signal(SIGPIPE, SIG_IGN);
	if (nk_output_write(&out, STDOUT_FILENO) < 0) {
		nk_report(LOG_ERR, q->user, "the keys could not be "
		    "written", NULL);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct nk_request q = { .user = NULL };

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say(STDOUT_FILENO, usage, EXIT_SUCCESS);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say(STDOUT_FILENO, version, EXIT_SUCCESS);
	if ((argc != 2 && argc != 4 && argc != 5) ||
	    (argc == 2 && argv[1][0] == '-'))
		return say(STDERR_FILENO, usage, EXIT_USAGE);
	q.user = argv[1];
	if (!is_name(q.user))
		return EXIT_SUCCESS;
	if (argc >= 4) {
		q.type = argv[2];
		q.blob = argv[3];
	}
	if (argc == 5) {
		q.uid_text = argv[4];
		q.has_uid = true;
		if (!parse_uid(q.uid_text, &q.uid)) {
			nk_report(LOG_NOTICE, q.user, "refused: the uid is "
			    "not a number", NULL);
			return EXIT_SUCCESS;
		}
	}
	return answer(&q);
}
