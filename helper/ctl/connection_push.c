/* SPDX-License-Identifier: ISC */
#include "helper/ctl/connection_push.h"

#include <stdio.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/secret.h"
#include "helper/ctl/value.h"

#define PROMPT_MAX	512

static int
put_password(const struct ctl *c, json_t *push, char *password)
{
	int r = put(c, push, "password", json_string(password),
	    "the password");

	explicit_bzero(password, SECRET_MAX);
	return r;
}

static int
read_options(const struct ctl *c, const struct ctl_args *a, json_t *push)
{
	char password[SECRET_MAX];
	int r;

	if (ctl_has(a, "restrict") &&
	    (r = put(c, push, "restrict", json_true(), "")) != CTL_DONE)
		return r;
	if ((r = add_string(c, a, "from", push, "from")) != CTL_DONE ||
	    (r = add_string(c, a, "command", push, "command")) != CTL_DONE ||
	    !ctl_has(a, "password-stdin"))
		return r;
	if ((r = secret_read_line(c, password, sizeof(password))) ==
	    CTL_DONE)
		r = put_password(c, push, password);
	return r;
}

int
connection_push_read(const struct ctl *c, const struct ctl_args *a,
    json_t **pushp)
{
	static const char *const only[] = { "password-stdin", "restrict",
	    "from", "command" };
	size_t i;
	int r;

	*pushp = NULL;
	for (i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
		if (!ctl_has(a, "copy-key") && ctl_has(a, only[i]))
			return ctl_misuse(c, "--%s goes with --copy-key",
			    only[i]);
	}
	if (!ctl_has(a, "copy-key"))
		return CTL_DONE;
	if ((*pushp = json_object()) == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = read_options(c, a, *pushp)) != CTL_DONE) {
		json_decref(*pushp);
		*pushp = NULL;
	}
	return r;
}

/* Who logs in there, where nobody is named. */
static const char *
user_of(const json_t *attributes)
{
	const char *user = row_string(attributes, "username");

	return user[0] == '\0' ? "root" : user;
}

int
connection_push_ask(struct ctl *c, const json_t *attributes, json_t *push)
{
	char password[SECRET_MAX], prompt[PROMPT_MAX];
	int r;

	if (push == NULL || json_object_get(push, "password") != NULL)
		return CTL_DONE;
	(void)snprintf(prompt, sizeof(prompt), "Password of %s at %s: ",
	    user_of(attributes), row_string(attributes, "host"));
	ctl_hang_up(c);		/* the helper waits for nobody who thinks */
	if ((r = secret_ask(c, prompt, password, sizeof(password))) ==
	    CTL_DONE)
		r = put_password(c, push, password);
	return r;
}

void
connection_push_say(const struct ctl *c, const json_t *push,
    const json_t *row)
{
	const json_t *attributes = json_object_get(row, "attributes");
	const char *user = user_of(attributes);
	const char *host = row_string(attributes, "host");

	if (push == NULL || c->json)
		return;
	if (row_bool(row, "key_added"))
		ctl_say("Copied its key to %s at %s", user, host);
	else if (json_object_get(push, "restrict") == NULL &&
	    json_object_get(push, "from") == NULL &&
	    json_object_get(push, "command") == NULL)
		ctl_say("%s at %s has its key already", user, host);
	else
		ctl_warn(c, "%s at %s has its key already, on a line that "
		    "stays as it is: --restrict, --from and --command are "
		    "not in force", user, host);
}
