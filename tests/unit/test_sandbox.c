/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/sandbox/sandbox.h"

#define NET_UID	64123
#define NET_GID	64124
#define SELF	"/proc/self/exe"

/* As root the child becomes somebody else; else it stays who it is. */
static struct nk_sandbox
sandbox(void)
{
	struct nk_sandbox sb = { NET_UID, NET_GID, 20, SELF };

	if (geteuid() != 0)
		sb.uid = sb.gid = (uid_t)-1;
	return sb;
}

static int64_t
seconds_now(void)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return ts.tv_sec;
}

static bool
has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
}

/* nk_sandbox_run() of a function, which the child finds by its name. */
static int	ask(const struct nk_sandbox *sb, nk_sandbox_function work,
		    const void *request, size_t len, size_t max,
		    struct nk_secret *answer);

/* The result; on failure there must be no answer, and no child ever. */
static int
run(nk_sandbox_function work, size_t max)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;
	int r;

	r = ask(&sb, work, "request", 7, max, &answer);
	ck_assert(r == 0 || (answer.p == NULL && answer.len == 0));
	ck_assert(!has_children());
	nk_secret_clear(&answer);
	return r;
}

/* ---- one question, one answer ---- */

static int
echo(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	return nk_secret_append(answer, request, len);
}

static const size_t lengths[] = {
	0, 1, 12, 4096, 65536, NK_SECRET_MAX - 12,
};

START_TEST(answers)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret request = NK_SECRET_NONE, answer = NK_SECRET_NONE;
	size_t len = lengths[_i], i;

	ck_assert_int_eq(nk_secret_reserve(&request, len), 0);
	for (i = 0; i < len; i++)
		request.p[i] = (uint8_t)(i * 13 + i / 256);
	ck_assert_int_eq(ask(&sb, echo, request.p, len, len,
	    &answer), 0);
	ck_assert_uint_eq(answer.len, len);
	ck_assert(len == 0 || memcmp(answer.p, request.p, len) == 0);
	ck_assert(answer.p == NULL || answer.p[len] == '\0');
	nk_secret_clear(&answer);
	if (len > 0)
		ck_assert_int_eq(ask(&sb, echo, request.p, len,
		    len - 1, &answer), -E2BIG);
	ck_assert_ptr_null(answer.p);
	nk_secret_clear(&request);
	ck_assert(!has_children());
}
END_TEST

START_TEST(too_long)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;
	uint8_t *bytes;

	ck_assert_ptr_nonnull(bytes = calloc(1, NK_SECRET_MAX));
	ck_assert_int_eq(ask(&sb, echo, bytes, NK_SECRET_MAX - 11,
	    1, &answer), -E2BIG);
	ck_assert_int_eq(ask(&sb, echo, bytes, 1,
	    NK_SECRET_MAX + 1, &answer), -E2BIG);
	free(bytes);
}
END_TEST

static int
refuse(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	if (nk_secret_append(answer, request, len) < 0)
		return -ENOMEM;
	return -EBADMSG;
}

START_TEST(refuses)
{
	ck_assert_int_eq(run(refuse, 100), -EBADMSG);
}
END_TEST

/* ---- what it may do: what keys need ---- */

static bool
use_rsa(struct nk_secret *answer)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIGNUM *p = NULL;
	BN_CTX *ctx = BN_CTX_new();
	bool ok;

	ok = key != NULL && ctx != NULL &&
	    EVP_PKEY_get_bn_param(key, "rsa-factor1", &p) == 1 &&
	    BN_check_prime(p, ctx, NULL) == 1 &&
	    BN_add_word(p, 2) == 1 && BN_check_prime(p, ctx, NULL) >= 0 &&
	    nk_secret_append(answer, "rsa ", 4) == 0;
	BN_clear_free(p);
	BN_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

static bool
use_curves(struct nk_secret *answer)
{
	static const char *const names[] = { "P-256", "P-384", "P-521" };
	EVP_PKEY *key;
	size_t i;

	for (i = 0; i < 3; i++) {
		if ((key = EVP_EC_gen(names[i])) == NULL)
			return false;
		EVP_PKEY_free(key);
	}
	if ((key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")) == NULL)
		return false;
	EVP_PKEY_free(key);
	return nk_secret_append(answer, "ec ", 3) == 0;
}

static bool
use_digests(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	static const char *const names[] = {
		"SHA1", "SHA256", "SHA384", "SHA512", "MD5",
	};
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t i, n;

	for (i = 0; i < 5; i++) {
		if (EVP_Q_digest(NULL, names[i], NULL, request, len, digest,
		    &n) != 1)
			return false;
	}
	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, "k", 1, request,
	    len, digest, sizeof(digest), &n) != NULL &&
	    nk_secret_append(answer, "sha", 3) == 0;
}

static int
use_libcrypto(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	return use_rsa(answer) && use_curves(answer) &&
	    use_digests(request, len, answer) ? 0 : -EIO;
}

static int
use_memory(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	size_t n;
	char *p = NULL, *more;

	(void)request;
	(void)len;
	for (n = 1; n < (16u << 20); n *= 2) {
		if ((more = realloc(p, n)) == NULL) {
			free(p);
			return -ENOMEM;
		}
		p = more;
		memset(p, 'x', n);
	}
	free(p);
	return nk_secret_append(answer, "memory", 6);
}

static const struct {
	nk_sandbox_function	 work;
	const char	*says;
} fine[] = {
	{ echo, "request" },
	{ use_libcrypto, "rsa ec sha" },
	{ use_memory, "memory" },
};

START_TEST(may)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;

	ck_assert_int_eq(ask(&sb, fine[_i].work, "request", 7, 64,
	    &answer), 0);
	ck_assert_str_eq((const char *)answer.p, fine[_i].says);
	nk_secret_clear(&answer);
}
END_TEST

/* ---- what it may not: each call ends it, whatever it would return ---- */

static int
done(long result, struct nk_secret *answer)
{
	(void)result;
	return nk_secret_append(answer, "still here", 10);
}

#define WORK(name, call)						\
static int								\
name(const uint8_t *request, size_t len, struct nk_secret *answer)	\
{									\
	(void)request;							\
	(void)len;							\
	return done((long)(call), answer);				\
}

static char *const no_words[] = { NULL };
static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

WORK(try_open, open("/etc/passwd", O_RDONLY))
WORK(try_open_nothing, syscall(SYS_openat, AT_FDCWD, "", O_RDONLY))
WORK(try_read, syscall(SYS_read, 0, NULL, 0))
WORK(try_write, syscall(SYS_write, 2, "x", 1))
WORK(try_stat, access("/", F_OK))
WORK(try_unlink, unlink("/nothing/there"))
WORK(try_fcntl, fcntl(0, F_GETFD))
WORK(try_dup, dup(0))
WORK(try_socket, socket(AF_INET, SOCK_STREAM, 0))
WORK(try_unix_socket, socket(AF_UNIX, SOCK_STREAM, 0))
WORK(try_send_elsewhere, send(1, "x", 1, MSG_NOSIGNAL))
WORK(try_send_to, sendto(0, "x", 1, MSG_NOSIGNAL, &nobody, sizeof(nobody)))
WORK(try_receive_descriptor, recvmsg(0, &(struct msghdr){ 0 }, MSG_DONTWAIT))
WORK(try_pass_descriptor, sendmsg(0, &(struct msghdr){ 0 }, MSG_NOSIGNAL))
WORK(try_pipe, pipe((int[2]){ 0, 0 }))
WORK(try_fork, syscall(SYS_fork))
WORK(try_clone, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0))
WORK(try_clone3, syscall(SYS_clone3, NULL, 0))
WORK(try_exec, execve("/bin/true", no_words, no_words))
WORK(try_ptrace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
WORK(try_read_parent, syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0))
WORK(try_kill, kill(1, 0))
WORK(try_uid, setresuid(0, 0, 0))
WORK(try_groups, syscall(SYS_setgroups, 0, NULL))
WORK(try_limits, syscall(SYS_prlimit64, 0, 7, NULL, NULL))
WORK(try_prctl, syscall(SYS_prctl, 4, 1, 0, 0, 0))
WORK(try_seccomp, syscall(SYS_seccomp, 0, 0, NULL))
WORK(try_mount, syscall(SYS_mount, "", "", "", 0, NULL))
WORK(try_unshare, syscall(SYS_unshare, 0))
WORK(try_bpf, syscall(SYS_bpf, 0, NULL, 0))
WORK(try_io_uring, syscall(SYS_io_uring_setup, 0, NULL))
WORK(try_memfd, syscall(SYS_memfd_create, "x", 0))
WORK(try_code, mmap(NULL, 4096, PROT_READ | PROT_EXEC,
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
WORK(try_code_later, mprotect(NULL, 0, PROT_EXEC))
WORK(try_file_pages, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0))
WORK(try_wait_for_ever, syscall(SYS_futex, NULL, 128, 0, NULL, NULL, 0))
WORK(try_unknown, syscall(100000))
WORK(try_x32, syscall(0x40000000 + SYS_getpid))
WORK(try_crash, raise(SIGSEGV))
WORK(try_abort, (abort(), 0))
WORK(try_exit, (_exit(0), 0))

#define ROW(name)	{ #name, name }
static const struct {
	const char	*what;
	nk_sandbox_function	 work;
} deadly[] = {
	ROW(try_open), ROW(try_open_nothing), ROW(try_read), ROW(try_write),
	ROW(try_stat), ROW(try_unlink), ROW(try_fcntl), ROW(try_dup),
	ROW(try_socket), ROW(try_unix_socket), ROW(try_send_elsewhere),
	ROW(try_send_to), ROW(try_receive_descriptor),
	ROW(try_pass_descriptor), ROW(try_pipe), ROW(try_fork),
	ROW(try_clone), ROW(try_clone3), ROW(try_exec), ROW(try_ptrace),
	ROW(try_read_parent), ROW(try_kill), ROW(try_uid), ROW(try_groups),
	ROW(try_limits), ROW(try_prctl), ROW(try_seccomp), ROW(try_mount),
	ROW(try_unshare), ROW(try_bpf), ROW(try_io_uring), ROW(try_memfd),
	ROW(try_code), ROW(try_code_later), ROW(try_file_pages),
	ROW(try_wait_for_ever), ROW(try_unknown), ROW(try_x32),
	ROW(try_crash), ROW(try_abort), ROW(try_exit),
};

START_TEST(may_not)
{
	int r = run(deadly[_i].work, 64);

	ck_assert_msg(r == -EIO, "%s: got %d", deadly[_i].what, r);
}
END_TEST

static int
take_much_memory(const uint8_t *request, size_t len,
    struct nk_secret *answer)
{
	char *p;

	(void)request;
	(void)len;
	if ((p = malloc(512u << 20)) == NULL)
		return -ENOMEM;
	free(p);
	return done(0, answer);
}

START_TEST(little_memory)
{
#ifndef NK_SANITIZERS	/* with them no address is out of the limit */
	ck_assert_int_eq(run(take_much_memory, 64), -ENOMEM);
#else
	(void)take_much_memory;
#endif
}
END_TEST

/* ---- what it says instead of one answer ---- */

static void
say(const void *bytes, size_t len)
{
	if (send(0, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		_exit(9);
}

/* A head: version, result, length. */
static void
say_head(uint32_t version, int32_t result, uint32_t len)
{
	const uint32_t head[3] = { version, (uint32_t)result, len };

	say(head, sizeof(head));
}

#define SAYING(name, what)						\
static int								\
name(const uint8_t *request, size_t len, struct nk_secret *answer)	\
{									\
	(void)request;							\
	(void)len;							\
	(void)answer;							\
	what;								\
	_exit(0);							\
}

SAYING(say_nothing, (void)0)
SAYING(say_part_of_head, say("\1\0\0", 3))
SAYING(say_other_version, (say_head(2, 0, 1), say("x", 1)))
SAYING(say_no_version, (say_head(0, 0, 1), say("x", 1)))
SAYING(say_positive, say_head(1, 1, 0))
SAYING(say_lowest, say_head(1, INT32_MIN, 0))
SAYING(say_no_errno, say_head(1, -4096, 0))
SAYING(say_refusal_with_bytes, (say_head(1, -EPERM, 1), say("x", 1)))
SAYING(say_too_long, (say_head(1, 0, 65), say((char[65]){ 0 }, 65)))
SAYING(say_far_too_long, (say_head(1, 0, UINT32_MAX), say("x", 1)))
SAYING(say_short, (say_head(1, 0, 5), say("four", 4)))
SAYING(say_no_bytes, say_head(1, 0, 64))
SAYING(say_one_more, (say_head(1, 0, 4), say("five5", 5)))
SAYING(say_more_after_nothing, (say_head(1, 0, 0), say("x", 1)))
SAYING(say_more_after_refusal, (say_head(1, -EPERM, 0), say("x", 1)))
SAYING(say_twice, (say_head(1, 0, 1), say("x", 1), say_head(1, 0, 1),
    say("x", 1)))
SAYING(say_garbage, say("GET / HTTP/1.1\r\n\r\n", 18))
SAYING(say_text, say("-----BEGIN OPENSSH PRIVATE KEY-----\n", 36))
SAYING(say_and_die, (say_head(1, 0, 4), say("fo", 2),
    (void)syscall(SYS_getuid)))

/* What is said so is an answer: the way the rows above say it is right. */
SAYING(say_well, (say_head(1, 0, 4), say("four", 4)))
SAYING(say_refused, say_head(1, -EPERM, 0))

static const struct {
	const char	*what;
	nk_sandbox_function	 work;
	int		 r;
} sayings[] = {
	{ "say_well", say_well, 0 },
	{ "say_refused", say_refused, -EPERM },
#define BAD(name)	{ #name, name, -EIO }
	BAD(say_nothing), BAD(say_part_of_head), BAD(say_other_version),
	BAD(say_no_version), BAD(say_positive), BAD(say_lowest),
	BAD(say_no_errno), BAD(say_refusal_with_bytes), BAD(say_too_long),
	BAD(say_far_too_long), BAD(say_short), BAD(say_no_bytes),
	BAD(say_one_more), BAD(say_more_after_nothing),
	BAD(say_more_after_refusal), BAD(say_twice), BAD(say_garbage),
	BAD(say_text), BAD(say_and_die),
};

START_TEST(says)
{
	int r = run(sayings[_i].work, 64);

	ck_assert_msg(r == sayings[_i].r, "%s: got %d", sayings[_i].what, r);
}
END_TEST

static int
flood(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	static const char zeros[4096];

	(void)request;
	(void)len;
	(void)answer;
	say_head(1, 0, 64);
	while (send(0, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

static int
spin(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	volatile unsigned int n = 0;

	(void)request;
	(void)len;
	(void)answer;
	while (n < 2)
		n ^= 1;
	return 0;
}

static int
spin_in_answer(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	say_head(1, 0, 64);
	say("x", 1);
	return spin(request, len, answer);
}

static int
spin_after_answer(const uint8_t *request, size_t len,
    struct nk_secret *answer)
{
	say_head(1, 0, 1);
	say("x", 1);
	return spin(request, len, answer);
}

/* Waits for another byte of a request that has ended. */
static int
wait_for_more(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	char c;

	(void)request;
	(void)len;
	(void)recv(0, &c, 1, 0);
	return done(0, answer);
}

static const nk_sandbox_function stalling[] = {
	spin, spin_in_answer, spin_after_answer, wait_for_more,
};

START_TEST(ends_in_time)
{
	struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;
	int64_t begin = seconds_now();

	sb.seconds = 1;
	ck_assert_int_eq(ask(&sb, stalling[_i], "x", 1, 64,
	    &answer), -ETIMEDOUT);
	ck_assert_ptr_null(answer.p);
	ck_assert_int_le(seconds_now() - begin, 60);
	ck_assert(!has_children());
}
END_TEST

START_TEST(floods)
{
	int64_t begin = seconds_now();

	ck_assert_int_eq(run(flood, 64), -EIO);
	ck_assert_int_le(seconds_now() - begin, 60);
}
END_TEST

/* ---- what it knows of its parent ---- */

#define FAR	0x200000000000	/* where nothing is mapped by itself */

static char inherited[32];

/* Is the page mapped?  The filter allows this much. */
static bool
is_mapped(void *page)
{
	return madvise(page, 4096, MADV_NORMAL) == 0;
}

/* The parent's addresses come in the request. */
static int
look_for_pages(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	void *pages[2];

	if (len != sizeof(pages))
		return -EINVAL;
	memcpy(pages, request, sizeof(pages));
	if (is_mapped(pages[0]))
		return nk_secret_append(answer, "a page", 6);
	if (is_mapped(pages[1]))
		return nk_secret_append(answer, "a secret", 8);
	if (inherited[0] != '\0')
		return nk_secret_append(answer, "a variable", 10);
	if (getenv("PATH") != NULL || getenv("HOME") != NULL)
		return nk_secret_append(answer, "the environment", 15);
	return is_mapped((void *)((uintptr_t)answer & ~4095ul)) ?
	    nk_secret_append(answer, "nothing", 7) : -EIO;
}

START_TEST(sees_nothing_of_its_parent)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE, secret = NK_SECRET_NONE;
	void *pages[2];

	/* aligned and alone, so that no other mapping is taken for it */
	pages[0] = mmap((void *)FAR, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(pages[0], (void *)FAR);
	ck_assert_int_eq(nk_secret_append(&secret, "secret", 6), 0);
	pages[1] = secret.p;
	memcpy(pages[0], "secret", 6);
	memcpy(inherited, "secret", 6);
	ck_assert_int_eq(ask(&sb, look_for_pages, pages,
	    sizeof(pages), 64, &answer), 0);
	ck_assert_str_eq((const char *)answer.p, "nothing");
	nk_secret_clear(&answer);
	/* nor does it take anything away */
	ck_assert_mem_eq(secret.p, "secret", 6);
	ck_assert_mem_eq(pages[0], "secret", 6);
	nk_secret_clear(&secret);
	ck_assert_int_eq(munmap(pages[0], 4096), 0);
}
END_TEST

static void
handle(int sig)
{
	(void)sig;
}

/* The parent's handlers, mask and descriptors stay as they were. */
START_TEST(leaves_the_parent_alone)
{
	struct sigaction sa = { .sa_handler = handle }, after;
	sigset_t set, now;

	(void)sigaction(SIGUSR1, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR2);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &set, NULL), 0);
	ck_assert_int_eq(run(echo, 64), 0);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	ck_assert(sigismember(&now, SIGUSR2) == 1 &&
	    sigismember(&now, SIGUSR1) == 0 &&
	    sigismember(&now, SIGTERM) == 0);
	ck_assert_int_eq(sigaction(SIGUSR1, NULL, &after), 0);
	ck_assert(after.sa_handler == handle);
	ck_assert_int_ne(fcntl(2, F_GETFD), -1);
}
END_TEST

/* With SIGCHLD ignored nobody can wait for it; the answer counts. */
START_TEST(with_nobody_to_wait)
{
	ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(run(echo, 64), 0);
	ck_assert_int_eq(run(try_open, 64), -EIO);
	ck_assert_int_eq(run(refuse, 64), -EBADMSG);
}
END_TEST

/* With the descriptor 0 closed the socket may be that one itself. */
START_TEST(without_standard_input)
{
	int saved = dup(0);

	ck_assert_int_eq(close(0), 0);
	ck_assert_int_eq(run(echo, 64), 0);
	ck_assert_int_ge(open("/dev/null", O_RDONLY), 0);
	(void)dup2(saved, 0);
	(void)close(saved);
}
END_TEST

/* ---- what the kernel says of it ---- */

static pid_t
child_of(pid_t parent)
{
	char path[300], name[64];
	struct dirent *e;
	int pid, ppid;
	pid_t found = 0;
	DIR *d;
	FILE *f;

	ck_assert_ptr_nonnull(d = opendir("/proc"));
	while (found == 0 && (e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "/proc/%s/stat",
		    e->d_name);
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    (f = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(f, "%d %60s %*c %d", &pid, name, &ppid) == 3 &&
		    ppid == parent)
			found = pid;
		(void)fclose(f);
	}
	(void)closedir(d);
	return found;
}

static void
read_proc(pid_t pid, const char *what, char *text, size_t room)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	text[0] = '\0';
	if ((fd = open(path, O_RDONLY)) == -1)
		return;
	n = read(fd, text, room - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
}

static void
check_status(const char *status)
{
	char line[128];
	bool root = geteuid() == 0;
	uid_t u = root ? NET_UID : getuid();
	gid_t g = root ? NET_GID : getgid();

	(void)snprintf(line, sizeof(line), "\nUid:\t%u\t%u\t%u\t%u\n", u, u,
	    u, u);
	ck_assert_ptr_nonnull(strstr(status, line));
	(void)snprintf(line, sizeof(line), "\nGid:\t%u\t%u\t%u\t%u\n", g, g,
	    g, g);
	ck_assert_ptr_nonnull(strstr(status, line));
	if (root)
		ck_assert_ptr_nonnull(strstr(status, "\nGroups:\t \n"));
	ck_assert_ptr_nonnull(strstr(status, "\nCapInh:\t0000000000000000\n"
	    "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "\nCapAmb:\t0000000000000000\n"
	    "NoNewPrivs:\t1\nSeccomp:\t2\n"));
	if (root)
		ck_assert_ptr_nonnull(strstr(status,
		    "\nCapBnd:\t0000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(status, "\nThreads:\t1\n"));
	ck_assert_ptr_nonnull(strstr(status,
	    "\nSigBlk:\t0000000000000000\n"));
#ifndef NK_SANITIZERS	/* they handle faults in every program */
	ck_assert_ptr_nonnull(strstr(status,
	    "\nSigCgt:\t0000000000000000\n"));
#endif
}

static void
check_limits(const char *limits)
{
	static const char *const none[] = {
		"\nMax core file size        0                    0 ",
		"\nMax file size             0                    0 ",
		"\nMax open files            0                    0 ",
		"\nMax processes             0                    0 ",
		"\nMax cpu time              21                   21 ",
	};
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(strstr(limits, none[i]) != NULL, "%s",
		    none[i]);
#ifndef NK_SANITIZERS
	ck_assert_ptr_null(strstr(limits,
	    "\nMax address space         unlimited"));
#endif
}

/* One descriptor, which is a socket. */
static void
check_descriptors(pid_t pid)
{
	char path[64], target[64] = "";
	struct dirent *e;
	int n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	ck_assert_int_eq(n, 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/0", pid);
	ck_assert_int_gt(readlink(path, target, sizeof(target) - 1), 0);
	ck_assert_msg(strncmp(target, "socket:", 7) == 0, "%s", target);
}

static void
look_at(pid_t pid)
{
	char text[8192];
	struct stat st;
	char path[64];

	read_proc(pid, "status", text, sizeof(text));
	check_status(text);
	read_proc(pid, "limits", text, sizeof(text));
	check_limits(text);
	if (geteuid() != 0)
		return;		/* it is not dumpable: the rest is root's */
	check_descriptors(pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
}

START_TEST(as_the_kernel_sees_it)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;
	pid_t parent, pid = 0;
	char status[8192];
	int i;

	if (geteuid() == 0)	/* a group that must go */
		ck_assert_int_eq(syscall(SYS_setgroups, 1,
		    &(gid_t){ 4711 }), 0);
	ck_assert_int_ge(open("/etc/passwd", O_RDONLY), 0);
	ck_assert_int_ge(parent = fork(), 0);
	if (parent == 0)
		_exit(ask(&sb, spin, "x", 1, 64, &answer) != 0);
	for (i = 0; i < 6000; i++) {
		(void)usleep(10000);
		if ((pid = child_of(parent)) == 0)
			continue;
		read_proc(pid, "status", status, sizeof(status));
		if (strstr(status, "\nSeccomp:\t2\n") != NULL)
			break;
	}
	ck_assert_int_gt(pid, 0);
	look_at(pid);
	/* it does not outlive its parent */
	ck_assert_int_eq(kill(parent, SIGKILL), 0);
	ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
	for (i = 0; i < 6000 && kill(pid, 0) == 0; i++) {
		read_proc(pid, "status", status, sizeof(status));
		if (strstr(status, "\nState:\tZ") != NULL)
			break;
		(void)usleep(10000);
	}
	ck_assert_int_lt(i, 6000);
}
END_TEST

/* ---- whose it is ---- */

static const struct {
	const char	*what;
	uid_t		 uid;
	gid_t		 gid;
} roots[] = {
	{ "stays root", (uid_t)-1, (gid_t)-1 },
	{ "stays root, with a group", (uid_t)-1, NET_GID },
	{ "becomes root", 0, NET_GID },
	{ "keeps root's group", NET_UID, 0 },
	{ "no group", NET_UID, (gid_t)-1 },
};

START_TEST(never_root)
{
	struct nk_sandbox sb = { roots[_i].uid, roots[_i].gid, 20, SELF };
	struct nk_secret answer = NK_SECRET_NONE;

	if (geteuid() != 0)
		return;
	ck_assert_msg(ask(&sb, echo, "x", 1, 64, &answer) ==
	    -EPERM, "%s", roots[_i].what);
}
END_TEST

/* Neither may a user that is root in one of its ids, nor become another. */
START_TEST(never_half_root)
{
	struct nk_sandbox sb = { (uid_t)-1, (gid_t)-1, 20, SELF };
	struct nk_secret answer = NK_SECRET_NONE;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(setresuid(0, NET_UID, NET_UID), 0);
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64, &answer),
	    -EPERM);
	ck_assert_int_eq(setresuid(NET_UID, 0, NET_UID), 0);
	/* a saved one is not there any more in a program that is started */
	ck_assert_int_eq(setresuid(NET_UID, NET_UID, 0), 0);
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64,
	    &answer), 0);
	nk_secret_clear(&answer);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	ck_assert_int_eq(setresuid(NET_UID, NET_UID, NET_UID), 0);
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64, &answer), 0);
	nk_secret_clear(&answer);
	sb.uid = sb.gid = 1;
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64, &answer),
	    -EPERM);
}
END_TEST

#define NOBODY	"root:x:0:0::/root:/bin/sh\n"
static const struct {
	const char	*text;		/* NULL: no file */
	int		 r;
	uid_t		 uid;
} files[] = {
	{ "naskeys-net:x:901:902::/:/bin/false\n", 0, 901 },
	{ NOBODY "naskeys-net:x:901:902::/:/bin/false", 0, 901 },
	{ NOBODY "# naskeys-net\nnaskeys-net:x:901:902::/:/f\nnaskeys-net:x:"
	    "903:904::/:/f\n", 0, 901 },
	{ NULL, -ENOENT, 0 },
	{ "", -ENOENT, 0 },
	{ NOBODY, -ENOENT, 0 },
	{ NOBODY "naskeys-ne:x:901:902::/:/bin/false\n", -ENOENT, 0 },
	{ NOBODY "naskeys-net2:x:901:902::/:/bin/false\n", -ENOENT, 0 },
	{ NOBODY "Naskeys-net:x:901:902::/:/bin/false\n", -ENOENT, 0 },
	{ NOBODY "+naskeys-net:x:901:902::/:/bin/false\n", -ENOENT, 0 },
	{ NOBODY "naskeys-net:x:901::::\n", -ENOENT, 0 },
	{ NOBODY "naskeys-net:x:-1:902::/:/bin/false\n", -ENOENT, 0 },
	{ NOBODY "naskeys-net:x:0:902::/:/bin/false\n", -EPERM, 0 },
	{ NOBODY "naskeys-net:x:901:0::/:/bin/false\n", -EPERM, 0 },
	{ NOBODY "naskeys-net:x:0:0::/:/f\nnaskeys-net:x:901:902::/:/f\n",
	    -EPERM, 0 },
};

START_TEST(user)
{
	char path[] = "/tmp/test_sandbox.XXXXXX";
	struct nk_sandbox sb;
	size_t len;
	int fd, r;

	if (geteuid() != 0)
		return;
	ck_assert_int_ge(fd = mkstemp(path), 0);
	if (files[_i].text != NULL) {
		len = strlen(files[_i].text);
		ck_assert_int_eq(write(fd, files[_i].text, len),
		    (ssize_t)len);
	}
	(void)close(fd);
	if (files[_i].text == NULL)
		ck_assert_int_eq(unlink(path), 0);
	r = nk_sandbox_init(&sb, path);
	(void)unlink(path);
	ck_assert_int_eq(r, files[_i].r);
	if (r == 0) {
		ck_assert_uint_eq(sb.uid, files[_i].uid);
		ck_assert_uint_eq(sb.gid, 902);
		ck_assert_uint_ge(sb.seconds, 1);
	} else
		ck_assert_uint_eq(sb.uid, (uid_t)-1);
}
END_TEST

START_TEST(plain_user)
{
	struct nk_sandbox sb;
	struct nk_secret answer = NK_SECRET_NONE;

	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(NET_UID, NET_UID, NET_UID), 0);
	ck_assert_int_eq(nk_sandbox_init(&sb, "/nowhere"), 0);
	ck_assert_uint_eq(sb.uid, (uid_t)-1);
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64, &answer), 0);
	nk_secret_clear(&answer);
}
END_TEST

/* ---- by their names ---- */

static const struct nk_sandbox_work works[] = {
#define W(name)	{ #name, name }
	W(echo), W(refuse), W(use_libcrypto), W(use_memory), W(try_open),
	W(try_open_nothing), W(try_read), W(try_write), W(try_stat),
	W(try_unlink), W(try_fcntl), W(try_dup), W(try_socket),
	W(try_unix_socket), W(try_send_elsewhere), W(try_send_to),
	W(try_receive_descriptor), W(try_pass_descriptor), W(try_pipe),
	W(try_fork), W(try_clone), W(try_clone3), W(try_exec), W(try_ptrace),
	W(try_read_parent), W(try_kill), W(try_uid), W(try_groups),
	W(try_limits), W(try_prctl), W(try_seccomp), W(try_mount),
	W(try_unshare), W(try_bpf), W(try_io_uring), W(try_memfd),
	W(try_code), W(try_code_later), W(try_file_pages),
	W(try_wait_for_ever), W(try_unknown), W(try_x32), W(try_crash),
	W(try_abort), W(try_exit), W(take_much_memory), W(say_nothing),
	W(say_part_of_head), W(say_other_version), W(say_no_version),
	W(say_positive), W(say_lowest), W(say_no_errno),
	W(say_refusal_with_bytes), W(say_too_long), W(say_far_too_long),
	W(say_short), W(say_no_bytes), W(say_one_more),
	W(say_more_after_nothing), W(say_more_after_refusal), W(say_twice),
	W(say_garbage), W(say_text), W(say_and_die), W(say_well),
	W(say_refused), W(flood), W(spin), W(spin_in_answer),
	W(spin_after_answer), W(wait_for_more), W(look_for_pages),
	{ .name = NULL },
#undef W
};
static const struct nk_sandbox_work others[] = {
	{ "other", refuse },
	{ .name = NULL },
};
/* One that stands in no first place is found, too. */
static const struct nk_sandbox_work *const tables[] = { others, works, NULL };

static int
ask(const struct nk_sandbox *sb, nk_sandbox_function work,
    const void *request, size_t len, size_t max, struct nk_secret *answer)
{
	size_t i = 0;

	while (works[i].run != work)
		ck_assert_ptr_nonnull(works[i++].name);
	return nk_sandbox_run(sb, works[i].name, request, len, max, answer);
}

START_TEST(unknown)
{
	static const char *const names[] = {
		"", "ech", "echo ", "a name that is longer than any work's",
	};
	const struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(nk_sandbox_run(&sb, names[i], "x", 1, 64,
		    &answer), -ENOSYS);
	ck_assert(!has_children());
}
END_TEST

static const struct {
	const char	*program;
	int		 r;
} programs[] = {
	{ "/nowhere/at/all", -ENOENT },
	{ "/etc/passwd", -EACCES },
	{ "/", -EACCES },
	{ "/bin/true", -EIO },
	{ "/bin/cat", -EIO },
};

/* What cannot be started, or is no program of ours. */
START_TEST(other_program)
{
	struct nk_sandbox sb = sandbox();
	struct nk_secret answer = NK_SECRET_NONE;

	sb.program = programs[_i].program;
	ck_assert_int_eq(ask(&sb, echo, "x", 1, 64,
	    &answer), programs[_i].r);
	ck_assert_ptr_null(answer.p);
	ck_assert(!has_children());
}
END_TEST

/* Arguments that are not the child's: a program goes on as it would. */
START_TEST(not_for_it)
{
	static const char *const rows[][8] = {
		{ "x", NULL },
		{ "x", "--sandbox", NULL },
		{ "x", "--sandbox", "echo", "1", "1", "1", NULL },
		{ "x", "--sandbox", "echo", "1", "1", "1", "", NULL },
		{ "x", "--sandbox", "echo", "-1", "1", "1", "1", NULL },
		{ "x", "--sandbox", "echo", "1", "1", "4294967296", "1",
		    NULL },
		{ "x", "--sandbox", "echo", "1", "1x", "1", "1", NULL },
		{ "x", "--sandbox", "echo", "99999999999", "1", "1", "1",
		    NULL },
		{ "x", "--sandboxes", "echo", "1", "1", "1", "1", NULL },
	};
	char *argv[8];
	size_t i;
	int n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (n = 0; rows[i][n] != NULL; n++)
			ck_assert_ptr_nonnull(argv[n] = strdup(rows[i][n]));
		nk_sandbox_serve(n, argv, tables);
		while (n > 0)
			free(argv[--n]);
	}
}
END_TEST

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

int
main(int argc, char **argv)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = tcase_create("sandbox");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, answers, 0, COUNT(lengths));
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, refuses);
	tcase_add_loop_test(tc, may, 0, COUNT(fine));
	tcase_add_loop_test(tc, may_not, 0, COUNT(deadly));
	tcase_add_test(tc, little_memory);
	tcase_add_loop_test(tc, says, 0, COUNT(sayings));
	tcase_add_loop_test(tc, ends_in_time, 0, COUNT(stalling));
	tcase_add_test(tc, floods);
	tcase_add_test(tc, sees_nothing_of_its_parent);
	tcase_add_test(tc, leaves_the_parent_alone);
	tcase_add_test(tc, with_nobody_to_wait);
	tcase_add_test(tc, without_standard_input);
	tcase_add_test(tc, as_the_kernel_sees_it);
	tcase_add_loop_test(tc, never_root, 0, COUNT(roots));
	tcase_add_test(tc, never_half_root);
	tcase_add_loop_test(tc, user, 0, COUNT(files));
	tcase_add_test(tc, plain_user);
	tcase_add_test(tc, unknown);
	tcase_add_loop_test(tc, other_program, 0, COUNT(programs));
	tcase_add_test(tc, not_for_it);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
