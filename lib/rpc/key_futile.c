/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_futile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/account/shells.h"
#include "lib/explain/judge.h"
#include "lib/ssh/frommatch.h"
#include "lib/ssh/keyoptions_fields.h"

static void
say_expired(const char *what, int64_t when, char text[NK_KEY_FUTILE_MAX])
{
	char moment[NK_MOMENT_MAX];

	nk_moment(when, moment);
	(void)snprintf(text, NK_KEY_FUTILE_MAX, "%s is past (%s), so that it "
	    "lets nobody in.", what, moment);
}

static void
judge_options(const struct nk_keyoption_fields *f, int64_t now,
    char text[NK_KEY_FUTILE_MAX])
{
	enum nk_from_reach reach = f->from.n == 0 ? NK_FROM_SOME :
	    nk_from_reach(f->from.v, f->from.n);

	if (f->expires && (int64_t)f->expiry < now)
		say_expired("The expiry-time of the key", (int64_t)f->expiry,
		    text);
	else if (reach != NK_FROM_SOME)
		(void)snprintf(text, NK_KEY_FUTILE_MAX, "%s", reach ==
		    NK_FROM_NOBODY ? "The key's from= excludes every address "
		    "that it names, so that it lets nobody in." : "The key's "
		    "from= names hosts alone, and sshd looks at addresses "
		    "unless its UseDNS is on: it lets nobody in.");
}

int
nk_key_futile_line(const struct nk_key *k, int64_t now,
    char text[static NK_KEY_FUTILE_MAX])
{
	struct nk_keyoption_fields f;
	int r;

	text[0] = '\0';
	if (k->expires_at <= now)
		say_expired("The end of the key", k->expires_at, text);
	if (text[0] != '\0' || k->options == NULL)
		return 0;
	r = nk_keyoption_fields_read(k->options, strlen(k->options), &f);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	judge_options(&f, now, text);
	nk_keyoption_fields_clear(&f);
	return 0;
}

void
nk_key_futile_user(const struct nk_user *u, int64_t now,
    char text[static NK_KEY_FUTILE_MAX])
{
	text[0] = '\0';
	if (u->locked)
		(void)snprintf(text, NK_KEY_FUTILE_MAX, "The account is "
		    "locked: no key lets it in before it is unlocked.");
	else if (u->expires_at <= now)
		say_expired("The end of the account", u->expires_at, text);
	else if (u->managed && nk_shell_is_nologin(u->shell))
		(void)snprintf(text, NK_KEY_FUTILE_MAX, "The account's shell "
		    "%.200s ends each session at once: its keys are good for "
		    "forwarding, and for sftp where sshd serves that itself "
		    "(internal-sftp).", u->shell);
}
