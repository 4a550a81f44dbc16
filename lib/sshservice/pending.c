/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/pending.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/conffile.h"
#include "lib/account/network.h"
#include "lib/fullio.h"
#include "lib/publish/lock.h"
#include "lib/sshservice/control.h"
#include "lib/sshservice/conftext.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_ROOM	64
#define HELPER		NK_LIBEXECDIR "/naskeys/naskeys-helper"

int64_t
nk_pending_now(void)
{
	struct timespec now = { 0, 0 };

	/* cannot fail: the clock is there and now is ours */
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec;
}

/* The file says that it is empty, and is not. */
static int
read_boot_id(char id[BOOT_ID_ROOM])
{
	size_t len = 0;
	int fd, r;

	if ((fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC)) == -1)
		return -errno;
	r = nk_read_full(fd, id, BOOT_ID_ROOM - 1, &len);
	close(fd);
	id[len] = '\0';
	return r < 0 ? r : len == 0 ? -EBADMSG : 0;
}

int
nk_pending_make(const struct nk_sshplan *plan, int64_t until,
    struct nk_ssh_pending *p)
{
	char id[BOOT_ID_ROOM];
	int r;

	*p = (struct nk_ssh_pending){ .until = until };
	if ((r = read_boot_id(id)) < 0)
		return r;
	if ((p->boot_id = strdup(id)) == NULL ||
	    (plan->old_drop_in != NULL &&
	    (p->drop_in = strdup(plan->old_drop_in)) == NULL) ||
	    (strcmp(plan->old_main, plan->main) != 0 &&
	    (p->main = strdup(plan->old_main)) == NULL)) {
		nk_ssh_pending_clear(p);
		return -ENOMEM;
	}
	return 0;
}

/* ---- files ---- */

static int
put_drop_in(const char *text)
{
	if (text != NULL)
		return nk_conffile_replace(NK_SSHD_DROP_IN, text,
		    strlen(text), 0644);
	return unlink(NK_SSHD_DROP_IN) == -1 && errno != ENOENT ? -errno : 0;
}

int
nk_pending_install(const struct nk_sshplan *plan)
{
	int r = 0;

	if (strcmp(plan->old_main, plan->main) != 0)
		r = nk_conffile_replace(NK_SSHD_MAIN, plan->main,
		    strlen(plan->main), 0644);
	return r < 0 ? r : put_drop_in(plan->drop_in);
}

/*
 * The old text where only our marks differ; where somebody has edited the
 * file meanwhile, his text without the new marks.
 */
static int
put_main(const char *old)
{
	char *now = NULL, *bare_now = NULL, *bare_old = NULL, *text = NULL;
	int r;

	if (old == NULL)
		return 0;
	if ((r = nk_conffile_read(NK_SSHD_MAIN, &now)) == 0 &&
	    (r = nk_conftext_unmark(now, NULL, &bare_now)) == 0 &&
	    (r = nk_conftext_unmark(old, NULL, &bare_old)) == 0 &&
	    strcmp(bare_now, bare_old) != 0 &&
	    (r = nk_conftext_unmark(now, old, &text)) == 0)
		old = text;
	if (r == 0)
		r = nk_conffile_replace(NK_SSHD_MAIN, old, strlen(old), 0644);
	free(now);
	free(bare_now);
	free(bare_old);
	free(text);
	return r;
}

int
nk_pending_restore(const struct nk_conf *conf,
    const struct nk_ssh_pending *p, bool start)
{
	bool running;
	int r, s;

	r = put_drop_in(p->drop_in);
	if ((s = put_main(p->main)) < 0)
		r = s;
	if (r < 0 || (r = nk_control_look(conf, "status", &running)) < 0)
		return r;
	if (running)
		return nk_control_run(conf, "reload");
	return start ? nk_control_run(conf, "start") : 0;
}

/* ---- the store ---- */

static int
forget(struct nk_store *s, void *arg)
{
	(void)arg;
	return nk_ssh_pending_delete(s);
}

int
nk_pending_forget(struct nk_publisher *p)
{
	return nk_publisher_record(p, forget, NULL);
}

static int
forget_and_tell(struct nk_store *s, void *arg)
{
	struct nk_audit a = {
		.at = (int64_t)time(NULL), .actor = "naskeys",
		.action = "ssh.apply", .object_kind = "service",
		.object_id = 1, .object = "ssh", .text = "Put the old SSH "
		    "configuration back, since the new one was not confirmed",
	};
	int r;

	if ((r = forget(s, arg)) < 0)
		return r;
	return nk_audit_add(s, &a);
}

static int
settle(struct nk_publisher *p, const struct nk_conf *conf, int64_t *untilp)
{
	struct nk_ssh_pending pending;
	char boot[BOOT_ID_ROOM];
	bool same_boot;
	int r;

	r = nk_ssh_pending_get(nk_publisher_store(p), &pending);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if ((r = read_boot_id(boot)) < 0)
		goto out;
	same_boot = strcmp(boot, pending.boot_id) == 0;
	if (same_boot && nk_pending_now() < pending.until) {
		*untilp = pending.until;
		r = 2;
	} else if ((r = nk_pending_restore(conf, &pending, same_boot)) == 0)
		r = nk_publisher_record(p, forget_and_tell, NULL);
	if (r == 0)
		r = 1;
 out:
	nk_ssh_pending_clear(&pending);
	return r;
}

int
nk_pending_settle(struct nk_publisher *p, const struct nk_conf *conf,
    int64_t *untilp)
{
	int fd = -1, r;

	if ((r = nk_lock_take(NK_PENDING_LOCK, geteuid(),
	    NK_PENDING_LOCK_MS, &fd)) < 0)
		return r;
	r = settle(p, conf, untilp);
	nk_lock_drop(&fd);
	return r;
}

/* ---- who waits ---- */

static void __attribute__((noreturn))
become_waiter(void)
{
	char name[] = "naskeys-helper", mode[] = "--ssh-wait";
	char network[] = "--network", path[PATH_MAX];
	char *argv[] = { name, mode, NULL, NULL, NULL }, *envp[] = { NULL };
	int fd;

	if (nk_network_path() != NULL) {
		(void)snprintf(path, sizeof(path), "%s", nk_network_path());
		argv[2] = network;
		argv[3] = path;
	}

	if (setsid() == -1 || (fd = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(fd, 0) == -1 || dup2(fd, 1) == -1 || dup2(fd, 2) == -1)
		_exit(126);
	closefrom(3);
	/* not the starter's child, so that nobody waits for it */
	switch (fork()) {
	case -1:
		_exit(126);
	case 0:
		(void)execve(HELPER, argv, envp);
		_exit(127);
	default:
		_exit(0);
	}
}

int
nk_pending_start_waiter(void)
{
	int status = -1;
	pid_t pid;

	if (access(HELPER, X_OK) == -1)
		return -errno;
	if ((pid = fork()) == -1)
		return -errno;
	if (pid == 0)
		become_waiter();
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
