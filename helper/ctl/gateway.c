/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/ctl.h"
#include "helper/gateway/certificate.h"
#include "lib/conf/conf.h"

#define CONF_FILE	NK_SYSCONFDIR "/naskeys/naskeys.conf"
#define OWN_FILE	CERTIFICATE_FOLDER "/" CERTIFICATE_NAME

static int
load_conf(const struct ctl *c, struct nk_conf *conf)
{
	const char *why = "";
	unsigned int line = 0;
	int r;

	nk_conf_init(conf);
	if ((r = nk_conf_load(conf, CONF_FILE, 0, &line, &why)) == 0)
		return CTL_DONE;
	if (line > 0)
		return ctl_fail(c, CONF_FILE ":%u: %s", line, why);
	return ctl_fail(c, CONF_FILE ": %s", why[0] != '\0' ? why :
	    strerror(-r));
}

static int
print_json(const struct ctl *c, const struct nk_conf *conf, const char *path,
    const char *fingerprint)
{
	json_t *result;

	result = json_pack("{s:s, s:b, s:s?, s:s?}", "listen",
	    conf->gateway_listen, "plain", conf->gateway_plain, "certificate",
	    path, "fingerprint", fingerprint);
	if (result == NULL)
		return ctl_fail(c, "%s", strerror(ENOMEM));
	ctl_print_json(result);
	json_decref(result);
	return CTL_DONE;
}

static int
print(const struct ctl *c, const struct nk_conf *conf, const char *path,
    const char *fingerprint)
{
	if (c->json)
		return print_json(c, conf, path, fingerprint);
	ctl_say("Listens on   %s", conf->gateway_listen[0] != '\0' ?
	    conf->gateway_listen : "what naskeys-gateway.socket or its "
	    "command line says");
	ctl_say("Certificate  %s", path != NULL ? path : "none: without TLS");
	if (path != NULL)
		ctl_say("Fingerprint  %s", fingerprint != NULL ? fingerprint :
		    "none before its first start");
	return CTL_DONE;
}

int
ctl_gateway_show(struct ctl *c, const struct ctl_args *a)
{
	char fingerprint[CERTIFICATE_FINGERPRINT_SIZE];
	const char *path = OWN_FILE;
	struct nk_conf conf;
	int r;

	(void)a;
	if ((r = load_conf(c, &conf)) != CTL_DONE)
		return r;
	if (conf.gateway_plain)
		return print(c, &conf, NULL, NULL);
	if (conf.gateway_certificate[0] != '\0')
		path = conf.gateway_certificate;
	r = certificate_fingerprint(path, fingerprint);
	if (r == -ENOENT && path != conf.gateway_certificate)
		return print(c, &conf, path, NULL);
	if (r < 0)
		return ctl_fail(c, "%s: %s", path, r == -EBADMSG ?
		    "holds no certificate" : strerror(-r));
	return print(c, &conf, path, fingerprint);
}
