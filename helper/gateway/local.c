/* SPDX-License-Identifier: ISC */
#include "helper/gateway/local.h"

#include <errno.h>
#include <fcntl.h>

#include "helper/gateway/web.h"
#include "helper/helper/log.h"
#include "helper/helper/middleware.h"
#include "lib/rpc/json_memory.h"
#include "lib/sandbox/confine.h"
#include "lib/sandbox/sandbox.h"

#define CALLER		NK_CONFINE_SOCKET
#define HELPER		(NK_CONFINE_SOCKET + 1)
#define DESCRIPTORS	32u
#define QUEUED		(16u << 20)	/* bytes on their way */

static struct clients clients;
static struct web_config config = { .descriptors = DESCRIPTORS,
    .origins = "", .proxy_header = "" };
static struct web *web;

/* All that needs files, as it is done before the filter is set. */
static int
prepare(void)
{
	/* The parent has admitted it, and counts what it asks. */
	const struct clients_limits one = { .max = 1, .helpers = 1,
	    .per_address = 1, .calls = 1, .memory = QUEUED };
	int r;

	log_to_syslog();	/* it is out of reach: nothing is logged */
	nk_json_wipe_memory();
	json_object_seed(0);
	if ((r = web_read_boot_id(config.boot_id)) < 0 ||
	    (r = clients_init(&clients, &one, NULL, HELPER)) < 0)
		return r;
	return web_new(&web, &config, &clients);
}

static int
set_nonblocking(int fd)
{
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

static void
run(size_t n_sockets)
{
	if (n_sockets != MIDDLEWARE_SOCKETS || set_nonblocking(CALLER) < 0 ||
	    set_nonblocking(HELPER) < 0)
		return;
	web_run_one(web, CALLER);
}

static const struct nk_sandbox_task tasks[] = {
	{ MIDDLEWARE_TASK, NK_SANDBOX_RELAY, run, prepare },
	{ .name = NULL },
};

void
local_serve(int argc, char *const *argv)
{
	static const struct nk_sandbox_task *const tables[] = { tasks, NULL };

	nk_sandbox_serve_tasks(argc, argv, tables);
}
