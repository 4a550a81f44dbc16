/* SPDX-License-Identifier: ISC */

/*
 * naskeys-gateway: websockets from outside, on their way to the helper.
 *
 *  1. It MUST have every right taken from it (confine.h) before it accepts
 *     the first connection.
 *  2. It MUST pass on no byte of a client's as it came: what a message says
 *     is decoded, and written again (message.h).
 *  3. It decides nothing about rights.  What it says of a connection serves
 *     the helper's limits and log.
 *
 * Started by naskeys-helper, it is the child of one caller on this machine
 * instead (local.h).
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/gateway/certificate.h"
#include "helper/gateway/client.h"
#include "helper/gateway/confine.h"
#include "helper/gateway/local.h"
#include "helper/gateway/options.h"
#include "helper/gateway/web.h"
#include "helper/helper/log.h"
#include "helper/helper/notify.h"
#include "helper/helper/sanitise.h"
#include "lib/conf/conf.h"
#include "lib/fullio.h"
#include "lib/libcrypto.h"
#include "lib/rpc/json_memory.h"

#define EXIT_USAGE	2
#define CONF_FILE	NK_SYSCONFDIR "/naskeys/naskeys.conf"
#define CONF_OWNER	0

#define DESCRIPTORS	64u		/* beside those of clients */
#define QUEUED		(256u << 20)	/* bytes on their way */
#define PLAIN_EACH	(16u << 10)	/* bytes of a client's own */
#define TLS_EACH	(128u << 10)

struct gateway {
	struct options		 options;
	struct nk_conf		 conf;
	struct clients		 clients;
	struct web_config	 web;
	unsigned int		 n_clients, n_helpers;
};

static int
print(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

static int
print_help(void)
{
	return print(
	    "usage: naskeys-gateway [OPTION]...\n"
	    "Serves TrueNAS's websocket protocols for naskeys-helper.\n"
	    "\n"
	    "  --listen ADDRESS:PORT   accept connections there; may be given\n"
	    "                          several times\n"
	    "  --plain                 without TLS; on loopback only\n"
	    "  --certificate FILE      the certificate and its chain (PEM)\n"
	    "  --key FILE              its private key (PEM)\n"
	    "  --gateway-socket PATH   the socket of naskeys-helper\n"
	    "  --version, --help\n");
}

/* ---- what is read before the rights are given up ---- */

static int
load_conf(struct nk_conf *conf)
{
	const char *why = NULL;
	unsigned int line = 0;
	int r;

	nk_conf_init(conf);
	r = nk_conf_load(conf, CONF_FILE, CONF_OWNER, &line, &why);
	if (r < 0)
		log_say(LOG_ERR, CONF_FILE ": line %u: %s", line,
		    why == NULL ? strerror(-r) : why);
	return r;
}

static int
open_listeners(struct gateway *g, const struct handover *h)
{
	struct web_config *c = &g->web;
	const char *why = NULL;
	size_t i;
	int fd, r;

	for (fd = 3; fd < 3 + h->nfds; fd++) {
		r = c->n_listeners == LISTEN_MAX ? -E2BIG :
		    listen_adopt(fd, g->options.plain, &why);
		if (r < 0) {
			log_say(LOG_ERR, "descriptor %d %s", fd,
			    why == NULL ? strerror(-r) : why);
			return r;
		}
		c->listeners[c->n_listeners++] = fd;
	}
	for (i = 0; i < g->options.n_listen; i++) {
		r = c->n_listeners == LISTEN_MAX ? -E2BIG :
		    listen_open(g->options.listen[i], g->options.plain,
		    &c->listeners[c->n_listeners], &why);
		if (r < 0) {
			log_say(LOG_ERR, "%.100s %s: %s",
			    g->options.listen[i],
			    why == NULL ? "is one too many" : why,
			    strerror(-r));
			return r;
		}
		c->n_listeners++;
	}
	return 0;
}

static int
check_pair(const struct web_config *c)
{
	char fingerprint[CERTIFICATE_FINGERPRINT_SIZE];
	int r;

	r = certificate_fingerprint(c->certificate, fingerprint);
	if (r < 0) {
		log_say(LOG_ERR, "%s: %s", c->certificate, r == -EBADMSG ?
		    "holds no certificate" : strerror(-r));
		return r;
	}
	r = certificate_check_key(c->certificate, c->key);
	if (r == -EKEYREJECTED)
		log_say(LOG_ERR, "%s: belongs to another certificate", c->key);
	else if (r < 0)
		log_say(LOG_ERR, "%s: %s", c->key, r == -EBADMSG ?
		    "holds no key, or one with a passphrase" : strerror(-r));
	else
		log_say(LOG_INFO, "certificate %s", fingerprint);
	return r;
}

/* The one that is configured, or our own. */
static int
find_certificate(struct gateway *g)
{
	char host[256] = "";
	int r;

	if (g->options.plain)
		return 0;
	g->web.certificate = g->options.certificate;
	g->web.key = g->options.key;
	if (g->web.certificate == NULL) {
		(void)gethostname(host, sizeof(host) - 1);
		r = certificate_prepare(CERTIFICATE_FOLDER, host);
		if (r < 0) {
			log_say(LOG_ERR, CERTIFICATE_FOLDER ": %s",
			    strerror(-r));
			return r;
		}
		g->web.certificate = CERTIFICATE_FOLDER "/" CERTIFICATE_NAME;
		g->web.key = CERTIFICATE_FOLDER "/" CERTIFICATE_KEY_NAME;
	}
	return check_pair(&g->web);
}

/* ---- start ---- */

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Each has one descriptor, and those that speak to a helper another. */
static int
count_clients(struct gateway *g)
{
	unsigned int want = g->conf.gateway_clients, have;
	unsigned int helpers = g->conf.gateway_connections;
	int r;

	r = confine_descriptors(want + helpers + DESCRIPTORS, &have);
	if (r == 0 && have < DESCRIPTORS + 2)
		r = -EMFILE;
	if (r < 0) {
		log_say(LOG_ERR, "descriptors: %s", strerror(-r));
		return r;
	}
	g->web.descriptors = have;
	g->n_helpers = least(helpers, (have - DESCRIPTORS) / 2);
	g->n_clients = least(want, have - DESCRIPTORS - g->n_helpers);
	if (g->n_clients < want)
		log_say(LOG_NOTICE, "%u clients at most: the limit of "
		    "descriptors allows no more", g->n_clients);
	return 0;
}

static int
make_clients(struct gateway *g)
{
	const struct clients_limits l = {
		.max = g->n_clients,
		.helpers = g->n_helpers,
		.per_address = g->conf.gateway_clients_per_address,
		.calls = g->conf.gateway_calls,
		.memory = QUEUED,
	};
	int r;

	if ((r = clients_init(&g->clients, &l, g->options.socket, -1)) < 0)
		log_say(LOG_ERR, "%s", strerror(-r));
	return r;
}

static int
prepare(struct gateway *g, const struct handover *h, struct web **wp)
{
	int r;

	g->web.origins = g->conf.gateway_origins;
	g->web.proxy_header = g->conf.gateway_proxy_header;
	if ((r = open_listeners(g, h)) < 0 ||
	    (r = find_certificate(g)) < 0 ||
	    (r = web_read_boot_id(g->web.boot_id)) < 0 ||
	    (r = count_clients(g)) < 0 ||
	    (r = make_clients(g)) < 0)
		return r;
	if ((r = web_new(wp, &g->web, &g->clients)) < 0)
		log_say(LOG_ERR, "cannot start: %s", strerror(-r));
	return r;
}

/* MUST 1. */
static int
give_up_rights(const struct gateway *g)
{
	size_t each = g->options.plain ? PLAIN_EACH : TLS_EACH;
	int r;

	tzset();		/* for the log; later it can read no file */
	r = confine(QUEUED + g->n_clients * each);
	if (r == -ENOENT)
		log_say(LOG_ERR, "the user " CONFINE_USER " is missing; "
		    "\"naskeysctl init\" makes it");
	else if (r < 0)
		log_say(LOG_ERR, "cannot give up its rights: %s",
		    strerror(-r));
	return r;
}

static int
serve(struct gateway *g, const struct handover *h)
{
	struct web *web = NULL;
	int manager = notify_open(h), r;

	if ((r = prepare(g, h, &web)) < 0 || (r = give_up_rights(g)) < 0)
		goto out;
	log_to_syslog();
	notify_say(manager, "READY=1");
	web_run(web);
	notify_say(manager, "STOPPING=1");
 out:
	web_free(web);
	clients_clear(&g->clients);
	if (manager != -1)
		close(manager);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct gateway g;
	const char *why = NULL, *word = NULL;
	struct handover handover;
	int r;

	log_program("naskeys-gateway");
	local_serve(argc, argv);
	if ((r = sanitise(&handover)) < 0 ||
	    (r = nk_libcrypto_start()) < 0) {
		log_say(LOG_ERR, "cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	nk_json_wipe_memory();
	json_object_seed(0);	/* from a file, which is soon out of reach */
	if (options_parse(&g.options, argc, argv, &why, &word) < 0) {
		log_say(LOG_ERR, "%.100s %s", word, why);
		return EXIT_USAGE;
	}
	if (g.options.mode == OPTIONS_VERSION)
		return print("naskeys-gateway " NK_VERSION "\n");
	if (g.options.mode == OPTIONS_HELP)
		return print_help();
	if (load_conf(&g.conf) < 0)
		return EXIT_FAILURE;
	if (options_complete(&g.options, &g.conf, handover.nfds > 0, &why,
	    &word) < 0) {
		log_say(LOG_ERR, "%.100s %s", word, why);
		return EXIT_USAGE;
	}
	return serve(&g, &handover);
}
