/* SPDX-License-Identifier: ISC */

/* The machine's host keys: naskeysctl service host-key. */

#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

static const struct act {
	const char	*word, *method, *doing, *done;
} acts[] = {
	{ "accept", "ssh.host_key_accept", "Replace the key that the store "
	    "keeps by the one in",
	    "Kept, as it is there now" },
	{ "restore", "ssh.host_key_restore", "Write the key that the store "
	    "keeps over what is in", "Put back; \"naskeysctl service "
	    "reload\" has sshd read it" },
	{ "forget", "ssh.host_key_forget", "Forget the key that the store "
	    "keeps of", "Forgotten" },
	{ "generate", "ssh.host_key_generate", NULL, "Made and kept; "
	    "\"naskeysctl service reload\" has sshd read it" },
};
#define NACTS	(sizeof(acts) / sizeof(acts[0]))

static int
list(struct ctl *c)
{
	static const char *const headings[] = { "FILE", "FINGERPRINT",
	    "STATE", "KEPT SINCE" };
	json_t *rows = NULL, *row;
	char when[WHEN_LEN];
	struct table t;
	size_t i;
	int r;

	if ((r = ctl_call(c, "ssh.host_keys", json_array(), -1, &rows)) !=
	    CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(rows);
		json_decref(rows);
		return CTL_DONE;
	}
	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	json_array_foreach(rows, i, row) {
		table_add(&t, row_string(row, "path"));
		table_add(&t, row_bool(row, "certificate") ? "certificate" :
		    row_string(row, "fingerprint"));
		table_add(&t, row_string(row, "file"));
		table_add(&t, row_date(row, "saved_at", "", when,
		    sizeof(when)));
	}
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	json_decref(rows);
	return r;
}

static char *
upper(const char *text)
{
	char *copy = strdup(text), *p;

	for (p = copy; p != NULL && *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return copy;
}

static int
act(struct ctl *c, const struct act *a, const char *what)
{
	json_t *result = NULL;
	char *kind = NULL;
	int r;

	if (strcmp(a->word, "generate") == 0) {
		if ((kind = upper(what)) == NULL)
			return ctl_fail(c, "out of memory");
		what = kind;
	} else if ((r = ctl_confirm(c, "%s %s?", a->doing, what)) != CTL_DONE)
		return r;
	r = ctl_call(c, a->method, json_pack("[s]", what), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "%s", a->done);
	json_decref(result);
	free(kind);
	return r;
}

int
ctl_service_host_key(struct ctl *c, const struct ctl_args *a)
{
	const char *word = a->positional[0];
	size_t i;

	if (strcmp(word, "list") == 0 && a->npositional == 1)
		return list(c);
	for (i = 0; i < NACTS; i++)
		if (strcmp(word, acts[i].word) == 0 && a->npositional == 2)
			return act(c, &acts[i], a->positional[1]);
	return ctl_misuse(c, "say list, accept FILE, restore FILE, forget "
	    "FILE or generate TYPE");
}
