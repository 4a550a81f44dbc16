/* SPDX-License-Identifier: ISC */

/* What another machine says of itself: naskeysctl connection scan. */

#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/hostkeys.h"

const struct ctl_option ctl_connection_scan_options[] = {
	{ "port", "N", "the port of its SSH server, 22 by default" },
	{ "timeout", "S", "the seconds that all of it may take, 10 by "
	    "default" },
	{ NULL, NULL, NULL },
};

/* Its fingerprint as a comment, and the line of a known_hosts file. */
static int
show_key(const char *host, const char *port, const struct nk_hostkey *key)
{
	char *fingerprint = NULL, *text = NULL;
	int r;

	if ((r = nk_fingerprint_sha256(key->blob, key->len,
	    &fingerprint)) == 0 &&
	    (r = nk_base64_encode(key->blob, key->len, &text)) == 0) {
		ctl_say("# %s", fingerprint);
		if (port == NULL)
			ctl_say("%s %s %s", host, key->type->name, text);
		else
			ctl_say("[%s]:%s %s %s", host, port,
			    key->type->name, text);
	}
	free(fingerprint);
	free(text);
	return r;
}

static int
show(const struct ctl *c, const char *host, const char *port,
    const char *text)
{
	struct nk_hostkeys hk;
	const char *why = NULL;
	size_t i;
	int r;

	if (nk_hostkeys_read(text, &hk, &why) < 0)
		return ctl_fail(c, "the helper's answer: %s", why);
	for (i = 0, r = 0; r == 0 && i < hk.n; i++)
		r = show_key(host, port, &hk.v[i]);
	nk_hostkeys_clear(&hk);
	return r < 0 ? ctl_fail(c, "out of memory") : CTL_DONE;
}

int
ctl_connection_scan(struct ctl *c, const struct ctl_args *a)
{
	const char *host = a->positional[0], *port = ctl_get(a, "port");
	json_t *o = json_object(), *text = NULL;
	int r;

	if ((r = put(c, o, "host", json_string(host), "HOST")) == CTL_DONE &&
	    (r = add_number(c, a, "port", o, "port")) == CTL_DONE &&
	    (r = add_number(c, a, "timeout", o, "connect_timeout")) ==
	    CTL_DONE)
		r = ctl_call(c,
		    "keychaincredential.remote_ssh_host_key_scan",
		    json_pack("[O]", o), -1, &text);
	if (r == CTL_DONE && c->json)
		ctl_print_json(text);
	else if (r == CTL_DONE)
		r = show(c, host, port != NULL && strcmp(port, "22") != 0 ?
		    port : NULL, json_string_value(text));
	json_decref(o);
	json_decref(text);
	return r;
}
