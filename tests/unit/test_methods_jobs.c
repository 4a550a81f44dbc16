/* SPDX-License-Identifier: ISC */

/* Methods that are jobs, to whoever is behind the gateway. */

#include <sys/wait.h>

#include <poll.h>

#include "lib/account/process.h"
#include "lib/publish/feed.h"
#include "lib/rpc/job.h"
#include "lib/rpc/web_events.h"
#include "tests/unit/web_fixture.h"

static json_t *told;

static void
hear(void *arg, const char *method, json_t *params)
{
	(void)arg;
	ck_assert_str_eq(method, NK_WEB_EVENT);
	ck_assert_int_eq(json_array_append_new(told, params), 0);
}

/* With an API key: that needs nobody in PAM's place. */
static void
setup_jobs(void)
{
	char params[128];
	json_t *v;

	setup_web();
	w.c.notify = hear;
	told = json_array();
	through(NULL);
	v = call("api_key.create", "[{'username':'bob'}]");
	(void)snprintf(params, sizeof(params), "['%s']",
	    json_string_value(at(v, "result.key")));
	json_decref(v);
	through(&one);
	gives("auth.login_with_api_key", params, "result", "true");
}

static void
teardown_jobs(void)
{
	json_decref(told);
	teardown_web();
}

static const char *
events(void)
{
	static char text[512];
	const json_t *v;
	size_t i, n = 0;

	text[0] = '\0';
	json_array_foreach(told, i, v)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s %" JSON_INTEGER_FORMAT " %s", i == 0 ? "" : ", ",
		    json_string_value(json_object_get(v, "msg")),
		    json_integer_value(json_object_get(v, "id")),
		    json_string_value(json_object_get(json_object_get(v,
		    "fields"), "state")));
	ck_assert_uint_lt(n, sizeof(text));
	json_array_clear(told);
	return text;
}

/* A job of some process; its id. */
static int64_t
add_job(enum nk_job_state state, pid_t pid, const char *object)
{
	char *text = unquote(object);
	struct nk_job j = { .state = state, .pid = pid, .object = text };

	if (nk_process_start(pid, &j.start) < 0)
		j.start = 1;
	ck_assert_int_eq(nk_job_add(w.c.session, &j), 0);
	free(text);
	return j.id;
}

#define ABORTABLE	"{'abortable':true,'result':null,'error':null}"
#define DONE		"{'abortable':true,'result':{'a':[1]},'error':null}"

static void
new_style(void)
{
	gives("core.set_options", "[{'legacy_jobs':false}]",
	    "result.legacy_jobs", "false");
}

/* ---- both styles ---- */

/* The answer is the job's, after events by which the client knows it. */
START_TEST(in_the_new_style)
{
	new_style();
	gives("core.subscribe", "['core.get_jobs']", "error", NULL);
	gives("service.control", "['START','cifs']", "error.data.reason",
	    "'[ENOENT] There is no such service: naskeys has \\\"ssh\\\" "
	    "alone'");
	ck_assert_str_eq(events(),
	    "added 1 WAITING, changed 1 RUNNING, changed 1 FAILED");
	gives("core.get_jobs", "[]", "result.0.message_ids", "[1]");
	gives("core.get_jobs", "[]", "result.0.method",
	    "'service.control'");
	gives("core.get_jobs", "[]", "result.0.arguments",
	    "['START','cifs']");
	gives("core.get_jobs", "[]", "result.0.exc_info.errno", "2");
	gives("core.get_jobs", "[]", "result.0.exc_info.type", "null");
	gives("core.get_jobs", "[]", "result.0.credentials",
	    "{'type':'API_KEY','data':{'username':'bob'}}");
	gives("core.get_jobs", "[[['state','=','FAILED']],{'count':true}]",
	    "result", "1");
	through(NULL);
	expect("core.get_jobs", "[]", "", "[]");
}
END_TEST

/* The answer is its id; what it comes to stands in the job. */
START_TEST(in_the_old_style)
{
	gives("core.subscribe", "['core.get_jobs']", "error", NULL);
	gives("service.control", "['START','cifs']", "result", "1");
	ck_assert_str_eq(events(), "added 1 WAITING");
	ck_assert_int_eq(nk_job_run(&w.c), 0);
	ck_assert_str_eq(events(), "changed 1 RUNNING, changed 1 FAILED");
	ck_assert_int_eq(nk_job_run(&w.c), 0);
	ck_assert_str_eq(events(), "");
	(void)add_job(NK_JOB_SUCCESS, getpid(), DONE);
	gives("core.job_wait", "[2]", "result", "3");
	ck_assert_int_eq(nk_job_run(&w.c), 0);
	gives("core.get_jobs", "[[['id','=',3]],{'get':true}]",
	    "result.result", "{'a':[1]}");
	gives("core.get_jobs", "[[['id','=',3]],{'get':true}]",
	    "result.state", "'SUCCESS'");
	gives("core.get_jobs", "[[['id','=',3]],{'get':true}]",
	    "result.progress.percent", "100");
	/* one that was never run ends with the connection */
	gives("core.job_wait", "[2]", "result", "4");
}
END_TEST

/* The older protocol has no other style. */
START_TEST(in_the_older_protocol)
{
	static const char text[] = "{'msg':'method','id':'x','method':"
	    "'service.control','params':['START','cifs']}";
	char *line = unquote(text), *answer = NULL, *want;
	size_t len = 0;

	new_style();
	one.legacy = true;
	ck_assert_int_eq(nk_web_handle(&w.c, line, strlen(line), &answer,
	    &len), 0);
	want = unquote("{'msg':'result','id':'x','result':1}");
	ck_assert_str_eq(answer, want);
	nk_rpc_free(answer, len);
	free(line);
	free(want);
	ck_assert_int_eq(nk_job_run(&w.c), 0);
	one.legacy = false;
	gives("core.get_jobs", "[]", "result.0.message_ids", "['x']");
	gives("core.get_jobs", "[]", "result.0.state", "'FAILED'");
}
END_TEST

/* ---- waiting and ending ---- */

START_TEST(refusals)
{
	(void)add_job(NK_JOB_RUNNING, getpid(), ABORTABLE);
	(void)add_job(NK_JOB_RUNNING, getpid(), "{'abortable':false}");
	(void)add_job(NK_JOB_SUCCESS, getpid(), DONE);
	(void)add_job(NK_JOB_RUNNING, 0x3fffff, ABORTABLE);
	new_style();
	gives("core.job_wait", "[99]", "error.data.extra",
	    "[[null,'Job with id 99 does not exist',2]]");
	gives("core.get_jobs", "[[['id','=',5]],{'get':true}]",
	    "result.exc_info.type", "'VALIDATION'");
	gives("core.job_wait", "[6]", "error.data.reason",
	    "'[EINVAL] A job cannot wait for itself'");
	gives("core.job_wait", "[3]", "result", "{'a':[1]}");
	gives("core.job_wait", "[4]", "error.data.reason",
	    "'[EFAULT] The process that ran it has ended'");
	gives("core.job_abort", "[99]", "error.data.extra",
	    "[[null,'Job with id 99 does not exist',2]]");
	gives("core.job_abort", "[2]", "error.data.reason",
	    "'[EINVAL] Job 2 cannot be aborted'");
	gives("core.job_abort", "[3]", "result", "null");
	gives("core.job_abort", "[1]", "result", "null");
}
END_TEST

static int
see_state(void *arg, const struct nk_job *j)
{
	*(enum nk_job_state *)arg = j->state;
	return 0;
}

enum what { IS_DONE, ABORTS, ENDS_LOGIN };

static int
do_it(struct nk_session *s, enum what what, const struct nk_job *done)
{
	int r = 0;

	if (what == ABORTS)
		return nk_job_abort(s, 2);
	if (what == ENDS_LOGIN)
		r = nk_web_session_end(s, one.session.id, true);
	return r < 0 ? r : nk_job_set(s, done);
}

/* Another process waits until job 2 runs; then it does as it is told. */
static pid_t
other_process(enum what what)
{
	struct nk_job done = { .id = 1, .state = NK_JOB_SUCCESS,
	    .object = "{\"result\":7}" };
	enum nk_job_state state = NK_JOB_WAITING;
	struct pollfd p = { .fd = -1 };
	struct nk_session *s;
	pid_t pid = fork();
	int fd;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	if (nk_session_open(&s, w.session) < 0)
		_exit(1);
	for (;;) {
		if (nk_feed_listen(w.jobs, &fd) < 0)
			_exit(2);
		if (nk_job_get(s, 2, see_state, &state) == 0 &&
		    state == NK_JOB_RUNNING)
			break;
		p.fd = fd;
		if (poll(&p, 1, 30000) != 1)
			_exit(3);
		close(fd);
	}
	if (do_it(s, what, &done) < 0)
		_exit(4);
	nk_feed_tell(w.jobs);
	_exit(0);
}

START_TEST(of_another_process)
{
	int status;
	pid_t pid;

	(void)add_job(NK_JOB_RUNNING, getpid(), ABORTABLE);
	new_style();
	pid = other_process(_i == 1 ? ABORTS : IS_DONE);
	if (_i == 1)
		gives("core.job_wait", "[1]", "error.data.reason",
		    "'[ECANCELED] Aborted'");
	else
		gives("core.job_wait", "[1]", "result", "7");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	gives("core.get_jobs", "[[['id','=',2]],{'get':true}]",
	    "result.state", _i == 1 ? "'ABORTED'" : "'SUCCESS'");
}
END_TEST

/* Who is logged in no more is told no result. */
START_TEST(of_an_ended_login)
{
	int status;
	pid_t pid;

	(void)add_job(NK_JOB_RUNNING, getpid(), ABORTABLE);
	new_style();
	pid = other_process(ENDS_LOGIN);
	gives("core.job_wait", "[1]", "error.data.error", "207");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(!one.in);
}
END_TEST

/* ---- how many ---- */

static int
count(void *arg, const struct nk_job *j)
{
	int64_t *v = arg;

	if (v[0]++ == 0)
		v[1] = j->id;
	return 0;
}

START_TEST(the_newest)
{
	int64_t v[2] = { 0, 0 };
	int i;

	for (i = 0; i < NK_JOBS_MAX + 5; i++)
		ck_assert_int_eq(add_job(NK_JOB_SUCCESS, getpid(), DONE),
		    i + 1);
	ck_assert_int_eq(nk_job_each(w.c.session, 0, count, v), 0);
	ck_assert_int_eq(v[0], NK_JOBS_MAX);
	ck_assert_int_eq(v[1], 6);
}
END_TEST

START_TEST(for_nobody)
{
	through(&two);
	gives("core.job_wait", "[1]", "error.data.error", "207");
	gives("core.job_abort", "[1]", "error.data.error", "207");
	gives("core.get_jobs", "[]", "error.data.error", "207");
	gives("service.control", "['START','cifs']", "error.data.error",
	    "207");
	through(&one);
	gives("core.get_jobs", "[]", "result", "[]");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_jobs");
	TCase *tc = tcase_create("jobs");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_jobs, teardown_jobs);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, in_the_new_style);
	tcase_add_test(tc, in_the_old_style);
	tcase_add_test(tc, in_the_older_protocol);
	tcase_add_test(tc, refusals);
	tcase_add_loop_test(tc, of_another_process, 0, 2);
	tcase_add_test(tc, of_an_ended_login);
	tcase_add_test(tc, the_newest);
	tcase_add_test(tc, for_nobody);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
