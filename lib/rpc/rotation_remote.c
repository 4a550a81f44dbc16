/* SPDX-License-Identifier: ISC */
#include "lib/rpc/rotation_remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/remote/remote.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/pubkey.h"

struct way {
	struct nk_sandbox	 sb;
	struct nk_remote_target	 target;
	struct nk_remote_login	 login;
	struct nk_remote_report	 report;
};

/* The way there with this key. */
static int
way_init(struct way *w, const struct nk_rotating *ro,
    const struct nk_privatekey *key, struct nk_error *e)
{
	const struct nk_connection *row = &ro->o.row;
	int r;

	if ((r = nk_keychain_sandbox(&w->sb, e)) < 0)
		return r;
	w->sb.program = NK_REMOTE_PROGRAM;
	w->target = (struct nk_remote_target){ row->host, row->port,
	    row->connect_timeout };
	w->login = (struct nk_remote_login){ row->username, &ro->o.pins, key,
	    NULL };
	return 0;
}

static int
result(const struct way *w, int r, struct nk_error *e)
{
	return r == -EIO ? nk_error_call(e, EFAULT, "%s", w->report.reason) :
	    r;
}

/* The line of the key with these options, read as any line of keys is. */
static int
make_line(const struct nk_privatekey *key, const char *options,
    struct nk_keyline *l, struct nk_error *e)
{
	struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	char *public, *text = NULL;
	const char *why;
	int n, r;

	policy.rsa_min_bits = NK_RSA_BITS_FLOOR;
	if ((r = nk_privatekey_public_line(key, &public)) < 0)
		return r;
	n = asprintf(&text, "%s%s%s", options == NULL ? "" : options,
	    options == NULL ? "" : " ", public);
	free(public);
	if (n == -1)
		return -ENOMEM;
	r = nk_keyline_parse(text, (size_t)n, &policy, l, &why);
	free(text);
	return r == 0 || r == -ENOMEM ? r : nk_error_call(e, EFAULT, "The "
	    "new key makes no line of authorized_keys: %s", why);
}

int
nk_rotation_options(const struct nk_rotating *ro, char **optionsp,
    struct nk_error *e)
{
	struct nk_keyline l;
	struct way w;
	int r;

	*optionsp = NULL;
	if ((r = way_init(&w, ro, &ro->o.key, e)) < 0 ||
	    (r = make_line(&ro->o.key, NULL, &l, e)) < 0)
		return r;
	r = result(&w, nk_remote_key_options(&w.sb, &w.target, &w.login,
	    l.type, l.base64, optionsp, &w.report), e);
	nk_keyline_clear(&l);
	return r;
}

int
nk_rotation_copy(const struct nk_rotating *ro, const char *options,
    struct nk_error *e)
{
	struct nk_keyline l;
	char *line = NULL;
	struct way w;
	size_t len;
	bool added;
	int r;

	if ((r = way_init(&w, ro, &ro->o.key, e)) < 0 ||
	    (r = make_line(&ro->other, options, &l, e)) < 0)
		return r;
	if ((r = nk_keyline_format(&l, &line, &len)) == 0)
		r = result(&w, nk_remote_copy_key(&w.sb, &w.target, &w.login,
		    line, l.type, l.base64, &added, &w.report), e);
	free(line);
	nk_keyline_clear(&l);
	return r;
}

int
nk_rotation_try(const struct nk_rotating *ro, struct nk_error *e)
{
	struct way w;
	int r;

	if ((r = way_init(&w, ro, &ro->other, e)) < 0)
		return r;
	return result(&w, nk_remote_test(&w.sb, &w.target, &w.login, NULL,
	    false, &w.report), e);
}

int
nk_rotation_remove(const struct nk_rotating *ro, struct nk_error *e)
{
	struct nk_keyline l;
	struct way w;
	bool removed;
	int r;

	if ((r = way_init(&w, ro, &ro->o.key, e)) < 0 ||
	    (r = make_line(&ro->other, NULL, &l, e)) < 0)
		return r;
	r = result(&w, nk_remote_remove_key(&w.sb, &w.target, &w.login,
	    l.type, l.base64, &removed, &w.report), e);
	nk_keyline_clear(&l);
	return r;
}
