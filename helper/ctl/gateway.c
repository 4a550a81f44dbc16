/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/ctl.h"
#include "helper/ctl/table.h"
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
	static const char *const headings[] = { "LISTENS ON", "FINGERPRINT",
	    "CERTIFICATE" };
	struct table t;
	int r;

	if (c->json)
		return print_json(c, conf, path, fingerprint);
	table_init(&t, headings, 3);
	table_add(&t, conf->gateway_listen[0] != '\0' ?
	    conf->gateway_listen : "naskeys-gateway.socket");
	table_add(&t, fingerprint);
	table_add(&t, path);
	r = table_print(&t) == 0 ? CTL_DONE : ctl_fail(c, "%s",
	    strerror(ENOMEM));
	table_clear(&t);
	return r;
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
