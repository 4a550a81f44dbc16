/* SPDX-License-Identifier: ISC */
#include "lib/rpc/import_audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"

#define ACTION	"user.create"
#define FIXED	512	/* names of members, numbers, punctuation */

/* Room was made for the worst: six bytes for each. */
static char *
put_string(char *p, const char *name, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c;

	p = stpcpy(p, name);
	*p++ = '"';
	for (; (c = (unsigned char)*text) != '\0'; text++) {
		if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			p = stpcpy(p, "\\u00");
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		} else {
			*p++ = (char)c;
		}
	}
	*p++ = '"';
	return p;
}

static char *
put_int(char *p, const char *name, int64_t n)
{
	char digits[24];
	size_t i = sizeof(digits);
	uint64_t left = n < 0 ? 0 : (uint64_t)n;	/* ids are not */

	p = stpcpy(p, name);
	do {
		digits[--i] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	memcpy(p, digits + i, sizeof(digits) - i);
	return p + (sizeof(digits) - i);
}

static char *
put_bool(char *p, const char *name, bool v)
{
	return stpcpy(stpcpy(p, name), v ? "true" : "false");
}

static char *
put_user(char *p, const struct nk_user_edit *ed)
{
	const struct nk_user *u = ed->row;
	bool first = true;
	size_t i;

	p = put_int(p, "{\"id\":", u->id);
	p = put_int(p, ",\"uid\":", u->uid);
	p = put_string(p, ",\"username\":", u->name);
	p = put_string(p, ",\"full_name\":", u->full_name);
	p = put_string(p, ",\"home\":", u->home);
	p = put_string(p, ",\"shell\":", u->shell);
	p = put_bool(p, ",\"managed\":", u->managed);
	p = put_bool(p, ",\"admin\":", u->admin);
	p = put_bool(p, ",\"locked\":", u->locked);
	p = put_int(p, ",\"group\":", u->group_id);
	p = stpcpy(p, ",\"keys\":[");
	for (i = 0; i < ed->keys.n; i++) {
		if (ed->keys.v[i].kind != NK_KEY_KEY)
			continue;
		p = put_string(p, first ? "" : ",",
		    ed->keys.v[i].fingerprint);
		first = false;
	}
	return stpcpy(p, "]}");
}

int
nk_import_audit(struct nk_context *c, const struct nk_user_edit *ed)
{
	const struct nk_user *u = ed->row;
	struct nk_subject subject = { "user", u->id, u->name };
	size_t room, i, name = strlen(u->name);
	char *after, *text;
	int r;

	room = FIXED + 6 * (name + strlen(u->full_name) + strlen(u->home) +
	    strlen(u->shell));
	for (i = 0; i < ed->keys.n; i++) {
		if (ed->keys.v[i].kind == NK_KEY_KEY)
			room += 6 * strlen(ed->keys.v[i].fingerprint) + 3;
	}
	/* the sentence behind it, in one block */
	if ((after = malloc(room + name + sizeof("Create user "))) == NULL)
		return -ENOMEM;
	(void)put_user(after, ed);
	text = after + room;
	(void)stpcpy(stpcpy(text, "Create user "), u->name);
	r = nk_audit_write_text(c, ACTION, &subject, NULL, after, text);
	free(after);
	return r;
}
