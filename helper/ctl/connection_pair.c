/* SPDX-License-Identifier: ISC */

/* naskeysctl connection pair: keys are exchanged with another NAS. */

#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/secret.h"
#include "helper/ctl/value.h"
#include "lib/remote/url.h"

#define PROMPT_MAX	512

const struct ctl_option ctl_connection_pair_options[] = {
	{ "url", "URL", "the other NAS's web interface, https://HOST" },
	{ "admin-username", "U", "an administrator there, root by default" },
	{ "password-stdin", NULL, "the first line of standard input is its "
	    "password" },
	{ "token-stdin", NULL, "it is a token made there" },
	{ "otp", "CODE", "the one-time password; \"-\": the next line of "
	    "standard input" },
	{ "user", "U", "the account that gets the key, root by default" },
	{ "keypair", "K", "log in with this keypair" },
	{ "generate-keypair", "K", "make this keypair, to log in with it" },
	{ "no-verify-tls", NULL, "whatever certificate it shows" },
	{ "pin-certificate", "FINGERPRINT", "it shows this certificate" },
	{ "sudo", NULL, "let the account run zfs by sudo" },
	{ "timeout", "S", "seconds for each step, 10 by default" },
	{ "dry-run", NULL, "only say what would be changed there" },
	{ NULL, NULL, NULL },
};

/* ---- what is asked for ---- */

static int
check_usage(const struct ctl *c, const struct ctl_args *a)
{
	const char *made = ctl_get(a, "generate-keypair");

	if (ctl_get(a, "url") == NULL ||
	    (ctl_get(a, "keypair") == NULL) == (made == NULL))
		return ctl_misuse(c, "say --url, and --keypair or "
		    "--generate-keypair");
	if (ctl_has(a, "password-stdin") && ctl_has(a, "token-stdin"))
		return ctl_misuse(c, "say --password-stdin or --token-stdin, "
		    "not both");
	if (ctl_has(a, "token-stdin") && (ctl_has(a, "otp") ||
	    ctl_has(a, "admin-username")))
		return ctl_misuse(c, "a token needs neither --admin-username "
		    "nor --otp");
	if (ctl_has(a, "no-verify-tls") && ctl_has(a, "pin-certificate"))
		return ctl_misuse(c, "say --no-verify-tls or "
		    "--pin-certificate, not both");
	if (made != NULL && strcmp(made, a->positional[0]) == 0)
		return ctl_misuse(c, "keypairs and connections share their "
		    "names: the keypair needs another one than %s", made);
	return CTL_DONE;
}

static int
check_url(struct ctl *c, const struct ctl_args *a, struct nk_url *u)
{
	const char *why;

	if (nk_url_read(ctl_get(a, "url"), u, &why) < 0)
		return ctl_misuse(c, "--url: %s", why);
	if (u->tls || nk_url_is_loopback(u))
		return CTL_DONE;
	return ctl_confirm(c, "What lets in goes to %s without TLS: whoever "
	    "is on the way can read it.  Send it?", u->host);
}

/* ---- what lets in ---- */

static int
put_secret(const struct ctl *c, json_t *to, const char *field, char *text)
{
	int r = put(c, to, field, json_string(text), "standard input");

	explicit_bzero(text, SECRET_MAX);
	return r;
}

/* It is seen in the list of processes no longer than it must be. */
static void
hide(const char *text)
{
	char *p;

	memcpy(&p, &text, sizeof(p));
	explicit_bzero(p, strlen(p));
}

static int
add_otp(const struct ctl *c, const struct ctl_args *a, json_t *semi)
{
	const char *code = ctl_get(a, "otp");
	char text[SECRET_MAX];
	int r;

	if (code == NULL)
		return CTL_DONE;
	if (strcmp(code, "-") != 0) {
		r = put(c, semi, "otp_token", json_string(code), "--otp");
		hide(code);
		return r;
	}
	if ((r = secret_read_line(c, text, sizeof(text))) == CTL_DONE)
		r = put_secret(c, semi, "otp_token", text);
	return r;
}

static int
add_secrets(struct ctl *c, const struct ctl_args *a, const struct nk_url *u,
    json_t *semi)
{
	const char *admin = ctl_get(a, "admin-username");
	char text[SECRET_MAX], prompt[PROMPT_MAX];
	int r;

	if (ctl_has(a, "password-stdin") || ctl_has(a, "token-stdin")) {
		r = secret_read_line(c, text, sizeof(text));
	} else {
		(void)snprintf(prompt, sizeof(prompt),
		    "Password of %.64s at %s: ", admin == NULL ? "root" :
		    admin, u->host);
		ctl_hang_up(c);	/* the helper waits for nobody who thinks */
		r = secret_ask(c, prompt, text, sizeof(text));
	}
	if (r != CTL_DONE || (r = put_secret(c, semi,
	    ctl_has(a, "token-stdin") ? "token" : "password", text)) !=
	    CTL_DONE)
		return r;
	return add_otp(c, a, semi);
}

static int
add_rest(const struct ctl *c, const struct ctl_args *a, json_t *semi)
{
	int r;

	if ((r = add_string(c, a, "url", semi, "url")) != CTL_DONE ||
	    (r = add_string(c, a, "admin-username", semi,
	    "admin_username")) != CTL_DONE ||
	    (r = add_string(c, a, "user", semi, "username")) != CTL_DONE ||
	    (r = add_string(c, a, "pin-certificate", semi,
	    "certificate_fingerprint")) != CTL_DONE ||
	    (r = add_number(c, a, "timeout", semi, "connect_timeout")) !=
	    CTL_DONE ||
	    (r = put(c, semi, "verify_ssl", json_boolean(!ctl_has(a,
	    "no-verify-tls")), "")) != CTL_DONE ||
	    (r = put(c, semi, "sudo", json_boolean(ctl_has(a, "sudo")),
	    "")) != CTL_DONE)
		return r;
	return put(c, semi, "dry_run", json_boolean(ctl_has(a, "dry-run")),
	    "");
}

/* ---- what was done ---- */

/* With whom, and how it is known who that is. */
static void
say_trust(const struct ctl_args *a, const struct nk_url *u,
    const json_t *pairing)
{
	const char *how = "not verified";

	if (!u->tls)
		return;
	if (ctl_has(a, "pin-certificate"))
		how = "pinned";
	else if (row_bool(pairing, "certificate_trusted"))
		how = "trusted";
	ctl_say("Certificate of %s: %s, %s", u->host, row_string(pairing,
	    "certificate"), how);
}

static void
say_changes(const struct ctl_args *a, const struct nk_url *u,
    const json_t *pairing)
{
	const char *user = ctl_get(a, "user");
	bool would = row_bool(pairing, "dry_run");

	if (user == NULL)
		user = "root";
	if (row_bool(pairing, "key_added"))
		ctl_say("%s the key to %s at %s", would ? "Would add" :
		    "Added", user, u->host);
	else
		ctl_say("%s at %s has the key already", user, u->host);
	if (row_bool(pairing, "shell_changed"))
		ctl_say("%s %s a shell: /usr/bin/bash for /usr/sbin/nologin",
		    would ? "Would give" : "Gave", user);
	if (row_bool(pairing, "sudo_changed"))
		ctl_say("%s %s run /usr/sbin/zfs by sudo", would ?
		    "Would let" : "Let", user);
}

static int
paired(struct ctl *c, const struct ctl_args *a, const struct nk_url *u,
    const json_t *row)
{
	const char *made = ctl_get(a, "generate-keypair");
	const char *name = a->positional[0];
	const json_t *pairing = json_object_get(row, "pairing");
	bool would = row_bool(pairing, "dry_run");

	if (!c->json) {
		say_trust(a, u, pairing);
		if (made != NULL)
			ctl_say("%s keypair %s", would ? "Would generate" :
			    "Generated", made);
		say_changes(a, u, pairing);
	}
	return ctl_done(c, row, would ? "Would log in with it, and add "
	    "connection %s" : "Added connection %s", name);
}

int
ctl_connection_pair(struct ctl *c, const struct ctl_args *a)
{
	json_t *semi = json_object(), *key = json_object();
	json_t *options = NULL, *row = NULL;
	struct nk_url u;
	int r;

	if ((r = check_usage(c, a)) != CTL_DONE ||
	    (r = check_url(c, a, &u)) != CTL_DONE ||
	    (r = connection_add_key(c, a, key)) != CTL_DONE ||
	    (r = add_rest(c, a, semi)) != CTL_DONE ||
	    (r = add_secrets(c, a, &u, semi)) != CTL_DONE)
		goto out;
	options = json_pack("{s:O,s:s,s:O}", "private_key", key,
	    "setup_type", "SEMI-AUTOMATIC", "semi_automatic_setup", semi);
	if ((r = put(c, options, "connection_name",
	    json_string(a->positional[0]), "NAME")) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.setup_ssh_connection",
	    json_pack("[O]", options), -1, &row)) == CTL_DONE)
		r = paired(c, a, &u, row);
 out:
	json_decref(key);
	json_decref(semi);
	json_decref(options);
	json_decref(row);
	return r;
}
