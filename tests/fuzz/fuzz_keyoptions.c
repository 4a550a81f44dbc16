/* SPDX-License-Identifier: ISC */

/*
 * Key options.  Accepted ones can be walked through to the end, are accepted
 * by later releases of sshd too, take an expiry that then counts, and are
 * read into fields that say the same.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keyoptions_fields.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_sshd_version now = { 9, 2 }, past = { 7, 8 };

static void
must(int yes)
{
	if (!yes)
		abort();
}

/* Take text apart and see that nothing of it is lost. */
static void
walk(const char *text, size_t len)
{
	const char *before = text, *why = NULL;
	struct nk_keyoption o;
	size_t left = len;
	char *value;
	int r;

	while ((r = nk_keyoption_get(&text, &left, now, &o, &why)) == 0) {
		must(text > before && left < len);
		must(nk_keyoption_value(&o, &value) == 0);
		must((value == NULL) == (o.value == NULL));
		if (o.value != NULL) {
			must(o.value > before &&
			    o.value + o.value_len < text);
			must(strlen(value) <= o.value_len);
		}
		free(value);
		before = text;
	}
	must(r == -ENOENT && left == 0 && why == NULL);
}

static void
expire(const char *text, size_t len, const struct nk_keyoptions *o)
{
	const time_t when = 1893456000;
	struct nk_keyoptions merged;
	char *options = strndup(text, len), *out;

	must(options != NULL);
	must(nk_keyoptions_add_expiry(options, when, now, &out) == 0);
	must(strncmp(out, options, len) == 0);
	must(nk_keyoptions_parse(out, strlen(out), now, &merged, NULL) == 0);
	must(merged.expires && merged.expiry ==
	    (o->expires && o->expiry < when ? o->expiry : when));
	must(merged.restricted == o->restricted && merged.from == o->from &&
	    merged.command == o->command &&
	    merged.cert_authority == o->cert_authority);
	free(options);
	free(out);
}

/* How many parts a list of the options has, counted anew. */
static size_t
count(const char *text, size_t len, enum nk_keyoption_name name, int parts)
{
	struct nk_keyoption o;
	size_t n = 0, i;

	while (nk_keyoption_get(&text, &len, now, &o, NULL) == 0) {
		if (o.name != name)
			continue;
		n++;
		for (i = 0; parts && i < o.value_len; i++)
			n += o.value[i] == ',';
	}
	return n;
}

static void
compare(const char *text, size_t len, const struct nk_keyoptions *o)
{
	struct nk_keyoption_fields f;

	must(nk_keyoption_fields_read(text, len, &f) == 0);
	must(f.cert_authority == o->cert_authority &&
	    f.restricted == o->restricted);
	must((f.command != NULL) == o->command);
	must((f.from.n > 0) == o->from);
	must(f.expires == o->expires &&
	    (!f.expires || f.expiry == o->expiry));
	must(f.from.n == count(text, len, NK_OPT_FROM, 1));
	must(f.principals.n == count(text, len, NK_OPT_PRINCIPALS, 1));
	must(f.permitopen.n == count(text, len, NK_OPT_PERMITOPEN, 0));
	must(f.permitlisten.n == count(text, len, NK_OPT_PERMITLISTEN, 0));
	must(f.environment.n == count(text, len, NK_OPT_ENVIRONMENT, 0));
	must((f.tunnel != NULL) ==
	    (count(text, len, NK_OPT_TUNNEL, 0) > 0));
	nk_keyoption_fields_clear(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *why = NULL;
	struct nk_keyoptions o, older;
	struct nk_keyoption_fields any;

	if (nk_keyoption_fields_read(text, size, &any) == 0)
		nk_keyoption_fields_clear(&any);
	if (nk_keyoptions_parse(text, size, now, &o, &why) < 0) {
		must(why != NULL);
		must(nk_keyoptions_parse(text, size, past, &older, NULL) < 0);
		return 0;
	}
	walk(text, size);
	expire(text, size, &o);
	compare(text, size, &o);
	return 0;
}
