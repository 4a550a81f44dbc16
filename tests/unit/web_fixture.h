/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_WEB_FIXTURE_H
#define NASKEYS_TESTS_WEB_FIXTURE_H

/*
 * Two connections through the gateway, in the world of methods_fixture.h.
 * The test's own program stands in naskeys-login's place.
 */

#include "lib/rpc/web.h"
#include "lib/rpc/web_login.h"
#include "tests/unit/methods_fixture.h"

#define IS_IN		gives("group.query", "[[],{'count':true}]", \
	"error", NULL)
#define IS_OUT		gives("group.query", "[]", "error.data.error", "207")

static struct nk_web one, two;

static inline void
connection(struct nk_web *web, const char *address)
{
	nk_web_init(web, -1);
	web->ask_program = "/proc/self/exe";
	web->wrong_ms = 0;
	web->port = 5123;
	web->tls = true;
	(void)snprintf(web->address, sizeof(web->address), "%s", address);
}

/* Who asks from now on; NULL: root, at the machine itself. */
static inline void
through(struct nk_web *web)
{
	as(0);
	w.c.web = web;
	w.caller.gateway = web != NULL;
	w.state.system = web != NULL;
	if (web != NULL)
		w.caller.uid = 990;
}

static inline void
setup_web(void)
{
	make_world();
	connection(&one, "192.0.2.7");
	connection(&two, "192.0.2.8");
	through(&one);
}

static inline void
teardown_web(void)
{
	through(&one);
	ck_assert_int_eq(nk_web_end(&w.c), 0);
	through(&two);
	ck_assert_int_eq(nk_web_end(&w.c), 0);
	through(NULL);
	drop_world();
}

static inline json_t *
ask(const char *method, const char *params)
{
	char *text = unquote(params), *line = NULL, *answer = NULL;
	size_t len = 0;
	json_t *v;
	int n;

	if (w.c.web == NULL) {
		free(text);
		return call(method, params);
	}
	n = asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"%s\",\"params\":%s}", method, text);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(nk_web_handle(&w.c, line, (size_t)n, &answer,
	    &len), 0);
	v = json_loadb(answer, len, 0, NULL);
	ck_assert_msg(v != NULL, "%s", answer);
	nk_rpc_free(answer, len);
	free(line);
	free(text);
	return v;
}

/* At the path in the whole answer there is this; NULL: nothing. */
static inline void
gives(const char *method, const char *params, const char *path,
    const char *value)
{
	json_t *v = ask(method, params), *got = at(v, path), *want = NULL;
	char *text = unquote(value != NULL ? value : "null");
	char *whole = dump(v);

	if (value != NULL)
		want = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_msg(value == NULL ? got == NULL : json_equal(got, want),
	    "%s %s: %s is not %s in %s", method, params, path, text, whole);
	json_decref(want);
	json_decref(v);
	free(whole);
	free(text);
}

#endif /* NASKEYS_TESTS_WEB_FIXTURE_H */
