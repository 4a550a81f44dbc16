/* SPDX-License-Identifier: ISC */
#include "lib/agent/challenge.h"

#include <sys/random.h>
#include <sys/utsname.h>

#include <openssl/evp.h>

#include <errno.h>
#include <string.h>

#include "lib/ssh/wire.h"

#define PURPOSE		"naskeys-agent-auth-v1"
#define DIGEST_SIZE	32
#define RANDOM_SIZE	32

static int
put_text(struct nk_wire_out *o, const char *s)
{
	return nk_wire_put_string(o, s, strlen(s));
}

int
nk_agent_challenge_make(struct nk_agent_challenge *c, const char *user,
    const char *service, const uint8_t *blob, size_t len)
{
	struct nk_wire_out o = { c->data, sizeof(c->data) };
	uint8_t digest[DIGEST_SIZE], fresh[RANDOM_SIZE];
	struct utsname machine;
	int r;

	c->len = 0;
	if (uname(&machine) == -1)
		return -errno;
	if (EVP_Digest(blob, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	if (getrandom(fresh, sizeof(fresh), 0) != (ssize_t)sizeof(fresh))
		return -EIO;
	if ((r = put_text(&o, PURPOSE)) < 0 ||
	    (r = put_text(&o, machine.nodename)) < 0 ||
	    (r = put_text(&o, user)) < 0 ||
	    (r = put_text(&o, service)) < 0 ||
	    (r = nk_wire_put_string(&o, digest, sizeof(digest))) < 0 ||
	    (r = nk_wire_put_string(&o, fresh, sizeof(fresh))) < 0)
		return r;
	c->len = sizeof(c->data) - o.left;
	return 0;
}
