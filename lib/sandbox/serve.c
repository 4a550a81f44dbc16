/* SPDX-License-Identifier: ISC */

/* The sandbox's child, from its main() to its end. */

#include <sys/socket.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/libcrypto.h"
#include "lib/sandbox/confine.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/packet.h"
#include "lib/sandbox/sandbox.h"

#define DESCRIPTORS	64

/* ---- how it was started ---- */

/* Decimal digits of a uint32, and nothing else. */
static bool
get_number(const char *text, uint32_t *np)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 10; i++)
		n = n * 10 + (uint64_t)(text[i] - '0');
	if (i == 0 || text[i] != '\0' || n > UINT32_MAX)
		return false;
	*np = (uint32_t)n;
	return true;
}

static bool
get_arguments(int argc, char *const *argv, const char *option,
    struct nk_sandbox *sb, uint32_t *lastp)
{
	uint32_t v[NK_SANDBOX_NUMBERS];
	int i;

	if (argc != NK_SANDBOX_ARGS ||
	    strcmp(argv[1], option) != 0)
		return false;
	for (i = 0; i < NK_SANDBOX_NUMBERS; i++) {
		if (!get_number(argv[3 + i], &v[i]))
			return false;
	}
	*sb = (struct nk_sandbox){ v[0], v[1], v[2], NULL };
	*lastp = v[3];
	return true;
}

static nk_sandbox_function
find_work(const struct nk_sandbox_work *const *tables, const char *name)
{
	const struct nk_sandbox_work *w;

	for (; *tables != NULL; tables++) {
		for (w = *tables; w->name != NULL; w++) {
			if (strcmp(w->name, name) == 0)
				return w->run;
		}
	}
	return NULL;
}

/* ---- giving up ---- */

/*
 * libcrypto looks for randomness when it is first used: that must be over
 * before files are out of reach.
 */
static int
start_libcrypto(void)
{
	unsigned char byte;

	int r;

	if ((r = nk_libcrypto_start()) < 0)
		return r;
	if (OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS |
	    OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) != 1 ||
	    RAND_bytes(&byte, 1) != 1 || RAND_priv_bytes(&byte, 1) != 1)
		return -EIO;
	return 0;
}

/*
 * Whatever this kind needs none of.  Of descriptors that is all but those
 * that it has; one that asks name servers opens some, but none below a
 * folder that only who called us may enter.
 */
static int
confine(const struct nk_sandbox *sb, enum nk_sandbox_kind kind,
    int (*prepare)(void))
{
	unsigned int descriptors = kind == NK_SANDBOX_COMPUTE ? 0 :
	    DESCRIPTORS;
	size_t size = 0;
	int r;

	if (chdir("/") == -1)
		return -errno;
	if ((r = nk_confine_measure(&size)) < 0 ||
	    (r = nk_confine_identity(sb)) < 0 ||
	    (r = start_libcrypto()) < 0 ||
	    (prepare != NULL && (r = prepare()) < 0) ||
	    (r = nk_confine_limits(size, sb->seconds, descriptors)) < 0)
		return r;
	return nk_confine_calls(kind);
}

/* ---- request and answer ---- */

static int
receive_all(void *bytes, size_t len)
{
	uint8_t *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = recv(NK_CONFINE_FD, p, len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
receive_request(struct nk_secret *request)
{
	struct nk_sandbox_head head;
	int r;

	if ((r = receive_all(&head, sizeof(head))) < 0)
		return r;
	if (head.version != NK_SANDBOX_VERSION || head.result != 0)
		return -EIO;
	if ((r = nk_secret_reserve(request, head.len)) < 0 ||
	    (r = receive_all(request->p, head.len)) < 0)
		return r;
	request->len = head.len;
	return 0;
}

void
nk_sandbox_serve(int argc, char *const *argv,
    const struct nk_sandbox_work *const *tables)
{
	struct nk_secret request = NK_SECRET_NONE, answer = NK_SECRET_NONE;
	struct nk_sandbox_head head = { .version = NK_SANDBOX_VERSION };
	nk_sandbox_function work;
	struct nk_sandbox sb;
	uint32_t max;
	int r;

	if (!get_arguments(argc, argv, NK_SANDBOX_OPTION, &sb, &max))
		return;
	work = find_work(tables, argv[2]);
	/* Without its limits it does nothing but say so. */
	if ((r = nk_confine_descriptors(NK_CONFINE_FD)) == 0 &&
	    (r = confine(&sb, NK_SANDBOX_COMPUTE, NULL)) == 0 &&
	    (r = receive_request(&request)) == 0) {
		r = work == NULL ? -ENOSYS :
		    work(request.p, request.len, &answer);
		if (r == 0 && answer.len > max)
			r = -E2BIG;
	}
	nk_secret_clear(&request);
	head.result = r;
	head.len = r == 0 ? (uint32_t)answer.len : 0;
	if (nk_send_full(NK_CONFINE_FD, &head, sizeof(head)) == 0 &&
	    head.len > 0)
		r = nk_send_full(NK_CONFINE_FD, answer.p, head.len);
	nk_secret_clear(&answer);
	_exit(r < 0 ? 1 : 0);
}

/* ---- tasks ---- */

static const struct nk_sandbox_task *
find_task(const struct nk_sandbox_task *const *tables, const char *name)
{
	const struct nk_sandbox_task *t;

	for (; *tables != NULL; tables++) {
		for (t = *tables; t->name != NULL; t++) {
			if (strcmp(t->name, name) == 0)
				return t;
		}
	}
	return NULL;
}

void
nk_sandbox_serve_tasks(int argc, char *const *argv,
    const struct nk_sandbox_task *const *tables)
{
	int fds[NK_SANDBOX_SOCKETS_MAX];
	const struct nk_sandbox_task *task;
	struct nk_sandbox sb;
	uint32_t n, i;

	if (!get_arguments(argc, argv, NK_SANDBOX_TASK_OPTION, &sb, &n))
		return;
	if (n > NK_SANDBOX_SOCKETS_MAX ||
	    (task = find_task(tables, argv[2])) == NULL ||
	    task->kind == NK_SANDBOX_COMPUTE)
		_exit(1);
	for (i = 0; i < n; i++)
		fds[i] = NK_CONFINE_SOCKET + (int)i;
	if (nk_confine_sockets(NK_CONFINE_FD, fds, n) < 0 ||
	    confine(&sb, task->kind, task->prepare) < 0)
		_exit(1);
	task->run(n);
	_exit(0);
}

int
nk_sandbox_say(uint32_t type, const void *bytes, size_t len, int fd)
{
	return nk_packet_send(NK_CONFINE_FD, type, bytes, len, fd, 0);
}

int
nk_sandbox_listen(uint32_t *typep, struct nk_secret *bytes)
{
	int fd, r;

	do {
		r = nk_packet_receive(NK_CONFINE_FD, 0, typep, bytes, &fd);
	} while (r == -EINTR);
	return r;	/* a parent passes nothing on later */
}
