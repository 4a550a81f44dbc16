/* SPDX-License-Identifier: ISC */
#include "lib/rpc/import_warn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/account/home.h"
#include "lib/account/homekeys.h"
#include "lib/account/ids.h"

#define TEXT_MAX	(NK_HOME_MAX + 512)

bool
nk_import_is_utf8(const char *text)
{
	json_t *v = json_string(text);

	json_decref(v);
	return v != NULL;
}

int
nk_import_warn(json_t *warnings, const char *name, const char *text)
{
	return json_array_append_new(warnings, json_sprintf("%s: %s", name,
	    text)) == -1 ? -ENOMEM : 0;
}

int
nk_import_warn_skipped(json_t *warnings, const struct nk_system *s,
    const char *etc)
{
	char where[64];
	size_t i;
	int r;

	for (i = 0; i < s->nskipped && i < NK_SYSTEM_SKIPPED_MAX; i++) {
		(void)snprintf(where, sizeof(where), "%s, line %zu",
		    s->skipped[i].file, s->skipped[i].line);
		if ((r = nk_import_warn(warnings, where, "the line is "
		    "malformed and stays as it is")) < 0)
			return r;
	}
	return s->nskipped <= NK_SYSTEM_SKIPPED_MAX ? 0 :
	    nk_import_warn(warnings, etc, "more lines are malformed");
}

int
nk_import_warn_others(json_t *warnings, const struct nk_system *s,
    uint32_t min, uint32_t max)
{
	const struct nk_system_user *u;
	const char *why;
	size_t i;
	int r;

	for (i = 0; i < s->nusers; i++) {
		u = &s->users[i];
		if (u->taken || u->pw.uid < min || u->pw.uid > max ||
		    nk_id_is_nobody(u->pw.uid))
			continue;
		if ((why = nk_system_refuses(u)) == NULL)
			why = "it has come since the rows were written, and "
			    "stays where it is";
		if ((r = nk_import_warn(warnings,
		    nk_import_is_utf8(u->pw.name) ? u->pw.name : "a user",
		    why)) < 0)
			return r;
	}
	return 0;
}

static int
warn_of_keys(json_t *warnings, const struct nk_system_user *u,
    enum nk_homekeys found)
{
	const char *home = nk_import_is_utf8(u->pw.home) ? u->pw.home :
	    "its home";
	char text[TEXT_MAX];

	if (found == NK_HOMEKEYS_NONE)
		return 0;
	if (found == NK_HOMEKEYS_FOUND)
		(void)snprintf(text, sizeof(text), "the keys in %s/"
		    NK_HOMEKEYS_FILE " are not taken over, and sshd may not "
		    "read that file for accounts of naskeys: \"naskeysctl "
		    "key adopt %s\" takes them afterwards", home,
		    u->pw.name);
	else
		(void)snprintf(text, sizeof(text), "whether there are keys "
		    "in %s/" NK_HOMEKEYS_FILE " could not be seen safely; "
		    "none are taken over: \"naskeysctl key adopt %s\" takes "
		    "them afterwards, or says why it cannot", home,
		    u->pw.name);
	return nk_import_warn(warnings, u->pw.name, text);
}

int
nk_import_warn_homes(json_t *warnings, const struct nk_system *s, uid_t root,
    unsigned int seconds)
{
	const char **home = calloc(s->nusers + 1, sizeof(*home));
	uint8_t *found = calloc(s->nusers + 1, 1);
	size_t i, n = 0, at = 0;
	int r = home == NULL || found == NULL ? -ENOMEM : 0;

	for (i = 0; r == 0 && i < s->nusers; i++)
		if (s->users[i].taken)
			home[n++] = s->users[i].pw.home;
	if (r == 0 && nk_homekeys_look(home, n, root, seconds, found) < 0) {
		r = nk_import_warn(warnings, "homes", "they could not be "
		    "looked at; keys in " NK_HOMEKEYS_FILE " there are not "
		    "taken over");
		at = n;
	}
	for (i = 0; r == 0 && at < n; i++)
		if (s->users[i].taken)
			r = warn_of_keys(warnings, &s->users[i],
			    (enum nk_homekeys)found[at++]);
	free(home);
	free(found);
	return r;
}
