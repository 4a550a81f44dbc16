/* SPDX-License-Identifier: ISC */

/* ssh.*: the settings of the SSH service. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/textfile.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/ssh_apply.h"
#include "lib/rpc/ssh_fields.h"
#include "lib/rpc/ssh_hostkeys.h"
#include "lib/ssh/base64.h"
#include "lib/sshservice/interfaces.h"
#include "lib/store/sshd_keys.h"

#define KEY_FILE_MAX	65536	/* bytes */

/* ---- what is shown ---- */

/* What the store keeps of it: of a key, by its private half's file. */
static int
read_kept(const struct nk_context *c, const char *path, char **textp,
    size_t *lenp)
{
	const char *tail = strstr(path, "_key.pub");
	struct nk_sshd_key k;
	char name[128];
	int n, r;

	(void)snprintf(name, sizeof(name), "%.*s", tail != NULL ?
	    (int)(tail + 4 - path) : (int)strlen(path), path);
	if ((r = nk_sshd_key_get(nk_publisher_store(c->publisher), name,
	    &k)) < 0)
		return r;
	if ((n = asprintf(textp, "%s%s", k.text, tail != NULL ? "\n" :
	    "")) == -1)
		r = -ENOMEM;
	*lenp = n == -1 ? 0 : (size_t)n;
	nk_sshd_key_clear(&k);
	return r;
}

/*
 * The file as base64, or null; only of the machine's own sshd.  Where there
 * is no file, what the store would put there.
 */
static void
put_file(struct nk_object *b, const char *member, const char *path,
    const struct nk_context *c)
{
	union { char *text; uint8_t *bytes; } file = { .text = NULL };
	char *shown = NULL;
	size_t len;

	if (c->state->system && (nk_textfile_read(AT_FDCWD, path,
	    KEY_FILE_MAX, &file.text, &len) == 0 ||
	    read_kept(c, path, &file.text, &len) == 0) &&
	    nk_base64_encode(file.bytes, len, &shown) < 0)
		b->failed = true;
	nk_object_text(b, member, shown);
	free(shown);
	free(file.text);
}

/* Host keys: the peer's members, but no private half leaves sshd's files. */
static int
put_host_keys(const struct nk_context *c, json_t *o)
{
	static const char *const kinds[] = { "dsa", "ecdsa", "ed25519",
	    "rsa" };
	char member[64], path[128];
	struct nk_object b = { .o = o };
	size_t i;

	nk_object_null(&b, "privatekey");
	nk_object_null(&b, "host_key");
	nk_object_null(&b, "host_key_pub");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)snprintf(member, sizeof(member), "host_%s_key",
		    kinds[i]);
		nk_object_null(&b, member);
		(void)snprintf(member, sizeof(member), "host_%s_key_pub",
		    kinds[i]);
		(void)snprintf(path, sizeof(path), NK_SYSCONFDIR
		    "/ssh/ssh_host_%s_key.pub", kinds[i]);
		put_file(&b, member, path, c);
		(void)snprintf(member, sizeof(member),
		    "host_%s_key_cert_pub", kinds[i]);
		(void)snprintf(path, sizeof(path), NK_SYSCONFDIR
		    "/ssh/ssh_host_%s_key-cert.pub", kinds[i]);
		put_file(&b, member, path, c);
	}
	nk_object_text(&b, "chained_command", c->conf->chained_command);
	return b.failed ? -ENOMEM : 0;
}

static int
show(struct nk_context *c, json_t **resultp)
{
	struct nk_ssh_service v;
	json_t *o;
	int r;

	if ((r = nk_ssh_service_get(nk_publisher_store(c->publisher),
	    &v)) < 0)
		return r;
	o = nk_ssh_fields_show(&v);
	nk_ssh_service_clear(&v);
	if (o == NULL || put_host_keys(c, o) < 0) {
		json_decref(o);
		return -ENOMEM;
	}
	*resultp = o;
	return 0;
}

static int
ssh_config(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)params;
	(void)e;
	return show(c, resultp);
}

static int
add_choice(void *arg, const char *name, const char *address)
{
	json_t *o = arg;

	(void)address;
	return json_object_set_new(o, name, json_string(name)) == -1 ?
	    -ENOMEM : 0;
}

static int
ssh_bindiface_choices(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	json_t *o = json_object();
	int r;

	(void)c;
	(void)params;
	(void)e;
	if (o == NULL)
		return -ENOMEM;
	if ((r = nk_interfaces_each(add_choice, o)) < 0) {
		json_decref(o);
		return r;
	}
	*resultp = o;
	return 0;
}

/* ---- update ---- */

static int
write_settings(struct nk_context *c, const struct nk_ssh_service *v,
    json_t *before, json_t *after)
{
	const struct nk_subject subject = { "service", 1, "ssh" };
	int r;

	if ((r = nk_ssh_service_set(nk_publisher_store(c->publisher),
	    v)) < 0)
		return r;
	nk_json_keep_changes(before, after);
	return nk_audit_write(c, "ssh.update", &subject, before, after,
	    "Update SSH configuration");
}

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	json_t *before = NULL, *after = NULL;
	struct nk_ssh_service v;
	int r;

	if ((r = nk_ssh_service_get(nk_publisher_store(c->publisher),
	    &v)) < 0)
		return r;
	if ((before = nk_ssh_fields_show(&v)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = nk_ssh_fields_read(arg, &v, e)) < 0)
		goto out;
	if ((after = nk_ssh_fields_show(&v)) == NULL)
		r = -ENOMEM;
	else if (json_equal(before, after))
		r = 1;
	else
		r = write_settings(c, &v, before, after);
 out:
	json_decref(before);
	json_decref(after);
	nk_ssh_service_clear(&v);
	return r;
}

static int
ssh_update(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	r = nk_edit_run(c, update, json_array_get(params, 0), e);
	return r < 0 ? r : show(c, resultp);
}

/* ---- the table ---- */

static const struct nk_arg update_args[] = {
	{ .name = "ssh_update", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = nk_ssh_update_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_ssh[] = {
	{ "ssh.config", NK_RIGHT_ADMIN, NK_READS, nk_no_args, ssh_config },
	{ "ssh.bindiface_choices", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    ssh_bindiface_choices },
	{ "ssh.update", NK_RIGHT_ADMIN, NK_EDITS, update_args, ssh_update },
	{ "ssh.apply", NK_RIGHT_ADMIN, NK_EDITS, nk_ssh_apply_args,
	    nk_ssh_apply_method },
	{ "ssh.confirm", NK_RIGHT_ADMIN, NK_EDITS, nk_no_args,
	    nk_ssh_confirm_method },
	{ "ssh.host_keys", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    nk_ssh_hostkeys_method },
	{ "ssh.host_key_accept", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_ssh_hostkey_args, nk_ssh_hostkey_accept },
	{ "ssh.host_key_restore", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_ssh_hostkey_args, nk_ssh_hostkey_restore },
	{ "ssh.host_key_forget", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_ssh_hostkey_args, nk_ssh_hostkey_forget },
	{ "ssh.host_key_generate", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_ssh_hostkey_type_args, nk_ssh_hostkey_generate },
	{ .name = NULL },
};
