/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/explain.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_explain_options[] = {
	{ "key", "FILE", "the public key or certificate (\"-\": standard "
	    "input); without it, all keys of the user" },
	{ "from", "ADDRESS", "where the user comes from (127.0.0.1)" },
	{ NULL, NULL, NULL },
};

static const struct mark {
	const char	*state, *mark, *colour;
} marks[] = {
	{ "ok", "ok   ", "\033[32m" },
	{ "stop", "STOP ", "\033[1;31m" },
	{ "warn", "warn ", "\033[33m" },
	{ "info", "info ", "\033[36m" },
};

static void
print_step(const json_t *step, bool colour)
{
	const char *state = row_string(step, "state");
	char *text = ctl_text_safe(row_string(step, "text"));
	const struct mark *m = &marks[0];
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(marks[i].state, state) == 0)
			m = &marks[i];
	}
	printf("%s%s%s%s\n", colour ? m->colour : "", m->mark,
	    colour ? "\033[0m" : "", text != NULL ? text : "");
	free(text);
}

static void
print_explanation(const json_t *result)
{
	bool colour = ctl_text_colour(STDOUT_FILENO);
	const char *remedy = row_string(result, "remedy");
	const json_t *step;
	size_t i;

	json_array_foreach(json_object_get(result, "steps"), i, step)
		print_step(step, colour);
	ctl_say("%s", row_string(result, "verdict"));
	if (remedy[0] != '\0')
		ctl_say("What to do: %s", remedy);
}

int
ctl_explain(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *result = NULL;
	const char *file = ctl_get(a, "key");
	char *text = NULL;
	int r;

	if ((r = add_string(c, a, "from", o, "from")) != CTL_DONE ||
	    (file != NULL && ((r = read_text(c, file, &text)) != CTL_DONE ||
	    (r = put(c, o, "key", json_string(text), "key")) != CTL_DONE)))
		goto out;
	r = ctl_call(c, "user.explain", json_pack("[s,O]", a->positional[0],
	    o), -1, &result);
	if (r != CTL_DONE)
		goto out;
	if (c->json)
		ctl_print_json(result);
	else
		print_explanation(result);
	r = row_bool(result, "login") ? CTL_DONE : CTL_FAILED;
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	json_decref(o);
	json_decref(result);
	return r;
}

/* ---- one key, in short ---- */

static void
say_shortly(const char *user, const json_t *result)
{
	const char *remedy = row_string(result, "remedy");

	ctl_say("From %s: %s", row_string(result, "from"),
	    row_string(result, "verdict"));
	if (remedy[0] != '\0')
		ctl_say("What to do: %s", remedy);
	if (!row_bool(result, "login"))
		ctl_say("\"naskeysctl explain %s\" with --key and --from shows "
		    "each step.", user);
}

void
ctl_explain_key(struct ctl *c, const char *user, json_t *key)
{
	const char *options = row_string(key, "options");
	const char *line = row_string(key, "line");
	json_t *result;

	/* an authority lets in who has a certificate of it, not itself */
	if (row_bool(json_object_get(key, "parsed_options"),
	    "cert_authority"))
		return;
	if (options[0] != '\0' && strncmp(line, options,
	    strlen(options)) == 0)
		line += strlen(options);
	if (ctl_try(c, "user.explain", json_pack("[s,{s:s}]", user, "key",
	    line), &result) != CTL_DONE)
		return;
	if (!c->json)
		say_shortly(user, result);
	else if (json_object_set(key, "explanation", result) == -1)
		ctl_warn(c, "the explanation is left out: out of memory");
	json_decref(result);
}
