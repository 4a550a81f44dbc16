/* SPDX-License-Identifier: ISC */

/*
 * A connection of the gateway's as the helper sees it: the first line is the
 * hello, each other one a message, of either protocol.  Nothing but a login
 * gives a right, each message has at most one answer, which is one line and
 * has the shape that clients rely on, and subscriptions stay within their
 * number.
 */

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/json_memory.h"
#include "lib/rpc/legacy.h"
#include "lib/rpc/message.h"
#include "lib/rpc/web.h"

int	LLVMFuzzerInitialize(int *argc, char ***argv);
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in;			/* "login" has been called */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nk_json_wipe_memory();
	return 0;
}

static void
need(bool condition)
{
	if (!condition)
		abort();
}

/* ---- methods ---- */

static int
login(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)e;
	in = true;
	*resultp = json_true();
	return 0;
}

static int
echo(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)e;
	need(in && c->rank == NK_RANK_ADMIN);
	*resultp = json_incref(params);
	return 0;
}

static int
forbidden(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)resultp;
	(void)e;
	abort();
}

static const struct nk_arg args[] = {
	{ .name = "a", .type = NK_ARG_STRING, .max = 8,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "b", .type = NK_ARG_ANY },
	{ .name = NULL },
};

static const struct nk_method methods[] = {
	{ "auth.login", NK_RIGHT_ANYBODY, NK_EDITS, args, login },
	{ "user.query", NK_RIGHT_USER, NK_READS, args, echo },
	{ "user.create", NK_RIGHT_ROOT, NK_EDITS, args, forbidden },
};

static const struct nk_method *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	}
	return NULL;
}

static int
rights(struct nk_context *c)
{
	c->rank = in ? NK_RANK_ADMIN : NK_RANK_NOBODY;
	return 0;
}

static int
rate(struct nk_context *c)
{
	(void)c;
	return 0;
}

/* ---- answers ---- */

static void
check_result(const json_t *root)
{
	const json_t *error = json_object_get(root, "error");
	const char *type;

	need((error == NULL) != (json_object_get(root, "result") == NULL));
	if (error == NULL)
		return;
	need(json_object_size(error) == 6);
	need(json_integer_value(json_object_get(error, "error")) != 0);
	need(json_is_string(json_object_get(error, "reason")));
	type = json_string_value(json_object_get(error, "type"));
	if (type != NULL)
		need(strcmp(type, "VALIDATION") == 0 &&
		    json_object_size(json_object_get(error, "trace")) > 0);
}

static void
check_legacy(const json_t *root)
{
	const char *msg = json_string_value(json_object_get(root, "msg"));

	need(msg != NULL);
	if (strcmp(msg, "result") == 0)
		check_result(root);
	else if (strcmp(msg, "ready") == 0)
		need(in && json_array_size(json_object_get(root,
		    "subs")) == 1);
	else
		need(strcmp(msg, "nosub") == 0);
}

static void
check_answer(const struct nk_web *w, const char *text, size_t len)
{
	json_t *root;

	need(strlen(text) == len && strchr(text, '\n') == NULL);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	need(json_is_object(root));
	if (w->legacy)
		check_legacy(root);
	else
		need(json_object_size(root) == 3);
	json_decref(root);
}

static void
check_hello(const struct nk_web *w, const struct nk_context *c)
{
	char network[NK_WEB_ADDRESS_SIZE], origin[NK_WEB_ORIGIN_SIZE];
	unsigned char bytes[16];

	need(inet_pton(strchr(w->address, ':') != NULL ? AF_INET6 : AF_INET,
	    w->address, bytes) == 1);
	need(w->port >= 1 && w->port <= 65535 && w->path[0] != '\0');
	need(memchr(w->path, '\0', sizeof(w->path)) != NULL);
	need(!w->in && c->rank == NK_RANK_NOBODY && c->user_id == 0);
	nk_web_network(w, network);
	nk_web_origin(w, origin);
	need(strstr(origin, w->address) != NULL);
}

/* ---- messages ---- */

static void
take_message(struct nk_context *c, const char *line, size_t len)
{
	static const struct nk_rpc_hooks hooks = {
		.find = find, .rights = rights, .rate = rate,
	};
	char *answer;
	size_t n;
	int r;

	r = c->web->legacy ?
	    nk_legacy_handle_with(&hooks, c, line, len, &answer, &n) :
	    nk_rpc_handle_with(&hooks, c, line, len, &answer, &n);
	need(r == 0 || (r == -EBADMSG && c->web->legacy && answer == NULL));
	if (answer != NULL)
		check_answer(c->web, answer, n);
	nk_rpc_free(answer, n);
	need(c->web->n_subscriptions <= NK_WEB_SUBSCRIPTIONS);
	need(in || c->web->n_subscriptions == 0);
}

static size_t
line_length(const char *p, size_t left)
{
	const char *end = memchr(p, '\n', left);

	return end == NULL ? left : (size_t)(end - p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* nobody is told of anything: what is followed cannot be listened to */
	static const struct nk_state nowhere = { .feed = "/none/feed",
	    .jobs = "/none/feed" };
	const char *p = (const char *)data, *end = p + size;
	struct nk_web w;
	struct nk_context c = { .passed_fd = -1, .web = &w,
	    .state = &nowhere };
	size_t len;

	if (size == 0)
		return 0;
	in = false;
	nk_web_init(&w, -1);
	len = line_length(p, size);
	if (nk_web_hello(&w, &c, p, len) < 0)
		return 0;
	check_hello(&w, &c);
	for (p += len; p < end; p += len) {
		p++;			/* the newline */
		len = line_length(p, (size_t)(end - p));
		take_message(&c, p, len);
	}
	free(w.subscriptions);
	return 0;
}
