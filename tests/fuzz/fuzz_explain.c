/* SPDX-License-Identifier: ISC */

/*
 * What explain reads that others wrote: sshd -T's output (first byte even),
 * or a line of authorized_keys from a home.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/explain/authline.h"
#include "lib/account/sshdsettings.h"
#include "lib/ssh/wildcard.h"

/* Each value is found again by its keyword, in order, and within the text. */
static void
check_settings(const char *text, size_t len)
{
	struct nk_settings s;
	const char *value, *word;
	size_t pos, i, word_len;

	if (nk_settings_parse(&s, text, len) < 0) {
		if (s.n != 0 || s.v != NULL || s.text != NULL)
			abort();
		return;
	}
	for (i = 0; i < s.n; i++) {
		pos = i;
		value = nk_setting_next(&s, s.v[i].keyword, &pos);
		if (value != s.v[i].value || pos != i + 1 ||
		    value < s.text || value > s.text + len ||
		    strchr(value, '\n') != NULL)
			abort();
		while ((word = nk_setting_word(&value, &word_len)) != NULL) {
			if (word_len == 0 || word + word_len > s.text + len ||
			    !nk_wildcard_is("*", 1, word))
				abort();
			(void)nk_wildcard_is_user(word, word_len, "alice",
			    "192.0.2.1");
		}
		(void)nk_wildcard_list_has(s.v[i].value, "ssh-ed25519");
	}
	nk_settings_clear(&s);
}

/* The parts lie within the line, in their order, and hold no space. */
static void
check_line(const char *text, size_t len)
{
	const char *end = text + len;
	struct nk_authline l;

	if (nk_authline_split(text, len, &l) < 0)
		return;
	if (l.type < text || l.base64 <= l.type + l.type_len ||
	    l.base64 + l.base64_len > end || l.base64_len == 0 ||
	    memchr(l.base64, ' ', l.base64_len) != NULL ||
	    memchr(l.type, ' ', l.type_len) != NULL)
		abort();
	if (l.options != NULL && (l.options < text || l.options_len == 0 ||
	    l.options + l.options_len >= l.type))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (data[0] % 2 == 0)
		check_settings(text, size - 1);
	else
		check_line(text, size - 1);
	free(text);
	return 0;
}
