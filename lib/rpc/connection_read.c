/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/rotation_guard.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/target.h"

#define PATH_LEN	128

/* Host keys as they come, with names and comments. */
#define MEMBERS \
	{ .name = "host", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED }, \
	{ .name = "port", .type = NK_ARG_INT, .min = 1, .max = UINT16_MAX }, \
	{ .name = "username", .type = NK_ARG_STRING }, \
	{ .name = "remote_host_key", .type = NK_ARG_STRING, \
	    .flags = NK_ARG_REQUIRED, .max = NK_HOSTKEYS_TEXT_MAX }, \
	{ .name = "connect_timeout", .type = NK_ARG_INT, .min = 1, \
	    .max = NK_CONNECTION_TIMEOUT_MAX }

const struct nk_arg nk_connection_fields[] = {
	MEMBERS,
	{ .name = "private_key", .type = NK_ARG_INT,
	    .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

const struct nk_arg nk_connection_manual_fields[] = {
	MEMBERS,
	{ .name = NULL },
};

static void
complain(struct nk_error *e, const char *schema, const char *member,
    const char *text)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s.attributes.%s", schema,
	    member);
	nk_error_add(e, path, EINVAL, "%s", text);
}

/* Sets *textp to the form that is kept. */
static int
read_host_keys(const char *text, const char *schema, char **textp,
    struct nk_error *e)
{
	struct nk_hostkeys hk;
	const char *why;
	int r;

	if ((r = nk_hostkeys_read(text, &hk, &why)) == 0)
		r = nk_hostkeys_write(&hk, textp);
	nk_hostkeys_clear(&hk);
	if (r == 0 || r == -ENOMEM)
		return r;
	complain(e, schema, "remote_host_key", why);
	return -EINVAL;
}

static int64_t
number(const json_t *attributes, const char *name, int64_t otherwise)
{
	const json_t *v = json_object_get(attributes, name);

	return v == NULL ? otherwise : json_integer_value(v);
}

int
nk_connection_read(const json_t *attributes, const char *schema,
    struct nk_connection *conn, struct nk_error *e)
{
	const char *host = json_string_value(json_object_get(attributes,
	    "host"));
	const char *user = json_string_value(json_object_get(attributes,
	    "username"));
	const char *why;
	int r;

	if (user == NULL)
		user = NK_CONNECTION_USER;
	*conn = (struct nk_connection){
		.keypair_id = number(attributes, "private_key", 0),
		.port = (uint16_t)number(attributes, "port",
		    NK_CONNECTION_PORT),
		.connect_timeout = (unsigned int)number(attributes,
		    "connect_timeout", NK_CONNECTION_TIMEOUT),
	};
	if (nk_target_check_host(host, &why) < 0)
		complain(e, schema, "host", why);
	if (nk_target_check_user(user, &why) < 0)
		complain(e, schema, "username", why);
	r = read_host_keys(json_string_value(json_object_get(attributes,
	    "remote_host_key")), schema, &conn->host_keys, e);
	if (r == 0 && nk_error_is_set(e))
		r = -EINVAL;
	if (r == 0 && ((conn->host = strdup(host)) == NULL ||
	    (conn->username = strdup(user)) == NULL))
		r = -ENOMEM;
	if (r < 0)
		nk_connection_clear(conn);
	return r;
}

int
nk_connection_check_keypair(struct nk_context *c,
    const struct nk_connection *conn, const char *path, struct nk_error *e)
{
	struct nk_credential pair;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher),
	    conn->keypair_id, &pair);
	if (r == -ENOENT || (r == 0 && pair.type != NK_CREDENTIAL_KEYPAIR)) {
		nk_error_add(e, path, EINVAL, "SSH Key Pair not found");
		r = -EINVAL;
	} else if (r == 0 && !pair.has_private) {
		nk_error_add(e, path, EINVAL, "This keypair has no private "
		    "half, with which the connection would log in");
		r = -EINVAL;
	}
	nk_credential_clear(&pair);
	return r < 0 ? r : nk_rotation_check_pair(c, conn->keypair_id,
	    conn->id, e);
}
