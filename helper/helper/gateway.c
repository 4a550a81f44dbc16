/* SPDX-License-Identifier: ISC */
#include "helper/helper/gateway.h"

#include <stdio.h>
#include <string.h>

static int
say(const struct sink *sink, const char *text)
{
	return sink_put(sink, GATEWAY_CONTROL, text, strlen(text));
}

int
gateway_say_limit(const struct gateway *g, const struct sink *sink)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "{\"message_max\":%zu}",
	    g->message_max);
	return say(sink, text);
}

int
gateway_say_idle(const struct sink *sink)
{
	return say(sink, "{\"idle\":true}");
}

int
gateway_say_close(const struct sink *sink, int code, const char *reason)
{
	char text[192];

	(void)snprintf(text, sizeof(text),
	    "{\"close\":%d,\"reason\":\"%s\"}", code, reason);
	return say(sink, text);
}
