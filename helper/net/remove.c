/* SPDX-License-Identifier: ISC */

/* Lines of the user's authorized_keys that have a key: taken out of it. */

#include <unistd.h>

#include "helper/net/login.h"
#include "helper/net/net.h"
#include "helper/net/place.h"

void
remove_run(size_t n_sockets)
{
	static char type[64], base64[NK_REMOTE_LINE_MAX + 1];
	struct nk_wire request = hear_request();
	struct session s;
	struct place p;
	const char *why;
	bool removed;

	if (n_sockets != LOGIN_SOCKETS)
		_exit(1);
	login(&s, &request);
	take_text(&request, type, sizeof(type));
	take_text(&request, base64, sizeof(base64));
	if (nk_wire_get_end(&request) < 0)
		_exit(1);
	place_open(&p, &s, NK_REMOTE_NOT_REMOVED);
	if ((why = place_remove(&p, type, base64, &removed)) != NULL)
		say_fault(p.fault, why);
	ssh_disconnect(s.ssh);
	say_written(removed);
	say_done();
}
