/* SPDX-License-Identifier: ISC */

/* With which options a key stands in the user's authorized_keys. */

#include <stdlib.h>
#include <unistd.h>

#include "helper/net/login.h"
#include "helper/net/net.h"
#include "helper/net/place.h"

void
options_run(size_t n_sockets)
{
	static char type[64], base64[NK_REMOTE_LINE_MAX + 1];
	struct place_text text = { NULL, 0, false, false };
	struct nk_wire request = hear_request();
	struct place_options o;
	struct session s;
	struct place p;
	const char *why;

	if (n_sockets != LOGIN_SOCKETS)
		_exit(1);
	login(&s, &request);
	take_text(&request, type, sizeof(type));
	take_text(&request, base64, sizeof(base64));
	if (nk_wire_get_end(&request) < 0)
		_exit(1);
	place_open(&p, &s, NK_REMOTE_NO_LINE);
	if ((why = p.read(&p, &text)) == NULL)
		why = place_options(&text, type, base64, &o);
	if (why == NULL && o.len > NK_REMOTE_OPTIONS_MAX)
		why = "its options are too long";
	if (why != NULL)
		say_fault(p.fault, why);
	ssh_disconnect(s.ssh);
	say_options(o.p, o.len);
	free(text.p);
	say_done();
}
