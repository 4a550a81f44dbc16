/* SPDX-License-Identifier: ISC */
#include "helper/ctl/keyshow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/randomart.h"

static int
print(const struct ctl *c, const struct nk_keyline *l, bool visual)
{
	char *md5, *art = NULL, *line, *rest;
	int r;

	if (nk_fingerprint_md5(l->blob, l->blob_len, &md5) == 0)
		ctl_say("MD5          %s", md5);
	free(md5);
	ctl_say("Public key   %s %s%s%s", l->type, l->base64,
	    l->comment != NULL ? " " : "",
	    l->comment != NULL ? l->comment : "");
	if (!visual)
		return CTL_DONE;
	r = nk_randomart(l->blob, l->blob_len, nk_keytype_find(l->type,
	    strlen(l->type)), l->bits, &art);
	if (r < 0)
		return ctl_fail(c, "%s", strerror(-r));
	for (rest = art; (line = strsep(&rest, "\n")) != NULL;)
		ctl_say("%s", line);
	free(art);
	return CTL_DONE;
}

int
keyshow_public(const struct ctl *c, const char *text, bool visual)
{
	/* it was held against the helper's own policy when it came in */
	const struct nk_keypolicy any = { .rsa_min_bits = 1024,
	    .line_max = NK_KEYLINE_MAX, .lines_max = 1, .sshd = { 99, 0 } };
	const char *why = "it holds no key";
	struct nk_keylines ls;
	int r;

	if (nk_keylines_parse(text, strlen(text), &any, &ls, NULL, &why) < 0)
		return ctl_fail(c, "the public key: %s", why);
	r = ls.n > 0 && ls.v[0].kind == NK_LINE_KEY ?
	    print(c, &ls.v[0], visual) :
	    ctl_fail(c, "the public key: %s", why);
	nk_keylines_clear(&ls);
	return r;
}
