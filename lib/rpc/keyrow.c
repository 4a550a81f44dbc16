/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keyrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyoptions_fields.h"

struct nk_keypolicy
nk_keyrow_policy(const struct nk_conf *conf)
{
	struct nk_keypolicy p = NK_KEYPOLICY_DEFAULT;

	p.rsa_min_bits = conf->rsa_min_bits;
	return p;
}

int
nk_keyrow_take(struct nk_key *k, struct nk_keyline *l, const char *added_by,
    int64_t now)
{
	static const enum nk_key_kind kinds[] = {
		[NK_LINE_KEY] = NK_KEY_KEY,
		[NK_LINE_COMMENT] = NK_KEY_COMMENT,
		[NK_LINE_BLANK] = NK_KEY_BLANK,
	};

	memset(k, 0, sizeof(*k));
	k->kind = kinds[l->kind];
	k->cert_authority = l->cert_authority;
	k->bits = l->bits;
	k->added_at = now;
	k->expires_at = INT64_MAX;
	k->options = l->options;
	k->type = l->type;
	k->blob = l->blob;
	k->blob_len = l->blob_len;
	k->comment = l->comment;
	l->options = l->type = l->comment = NULL;
	l->blob = NULL;
	l->blob_len = 0;
	nk_keyline_clear(l);
	if ((k->added_by = strdup(added_by)) == NULL)
		return -ENOMEM;
	if (k->kind != NK_KEY_KEY)
		return 0;
	return nk_fingerprint_sha256(k->blob, k->blob_len, &k->fingerprint);
}

int
nk_keyrow_parse(const char *text, size_t len, const struct nk_conf *conf,
    const char *added_by, struct nk_keys *ks, size_t *linep,
    const char **whyp)
{
	struct nk_keypolicy policy = nk_keyrow_policy(conf);
	struct nk_keylines ls = { NULL, 0 };
	int64_t now = nk_now();
	size_t i;
	int r;

	*ks = (struct nk_keys){ NULL, 0 };
	*linep = 0;
	*whyp = NULL;
	r = nk_keylines_parse(text, len, &policy, &ls, linep, whyp);
	if (r < 0)
		return r;
	if (ls.n > 0 && (ks->v = calloc(ls.n, sizeof(*ks->v))) == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < ls.n; i++) {
		ks->n++;
		r = nk_keyrow_take(&ks->v[i], &ls.v[i], added_by, now);
	}
	nk_keylines_clear(&ls);
	if (r < 0)
		nk_keys_clear(ks);
	return r;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
nk_keyrow_equal(const struct nk_key *a, const struct nk_key *b)
{
	return a->kind == b->kind && a->blob_len == b->blob_len &&
	    (a->blob_len == 0 ||
	    memcmp(a->blob, b->blob, a->blob_len) == 0) &&
	    same_text(a->type, b->type) &&
	    same_text(a->options, b->options) &&
	    same_text(a->comment, b->comment);
}

int
nk_keyrow_line(const struct nk_key *k, char **textp)
{
	struct nk_keyline l = {
		.options = k->options,
		.type = k->type,
		.blob = k->blob,
		.blob_len = k->blob_len,
		.comment = k->comment,
		.bits = k->bits,
		.cert_authority = k->cert_authority,
	};
	size_t len;
	int r;

	*textp = NULL;
	switch (k->kind) {
	case NK_KEY_KEY:
		l.kind = NK_LINE_KEY;
		break;
	case NK_KEY_COMMENT:
		l.kind = NK_LINE_COMMENT;
		break;
	default:
		l.kind = NK_LINE_BLANK;
		break;
	}
	if (k->kind == NK_KEY_KEY &&
	    (r = nk_base64_encode(k->blob, k->blob_len, &l.base64)) < 0)
		return r;
	r = nk_keyline_format(&l, textp, &len);
	free(l.base64);		/* the rest is the row's */
	return r;
}

int
nk_keyrow_text(const struct nk_keys *ks, char **textp)
{
	size_t first = 0, end = ks->n, i, len = 0, n;
	char *text = NULL, *line, *more;
	int r;

	*textp = NULL;
	while (first < end && ks->v[first].kind == NK_KEY_BLANK)
		first++;
	while (end > first && ks->v[end - 1].kind == NK_KEY_BLANK)
		end--;
	for (i = first; i < end; i++) {
		if ((r = nk_keyrow_line(&ks->v[i], &line)) < 0) {
			free(text);
			return r;
		}
		n = strlen(line);
		if ((more = realloc(text, len + n + 2)) == NULL) {
			free(line);
			free(text);
			return -ENOMEM;
		}
		text = more;
		if (i > first)
			text[len++] = '\n';
		memcpy(text + len, line, n + 1);
		len += n;
		free(line);
	}
	*textp = text;
	return 0;
}

/* ---- options as fields ---- */

static void
put_list(struct nk_object *b, const char *name,
    const struct nk_option_list *l)
{
	json_t *a;
	size_t i;

	if (l->n == 0) {
		nk_object_null(b, name);
		return;
	}
	a = json_array();
	for (i = 0; i < l->n; i++) {
		if (json_array_append_new(a, json_string(l->v[i])) == -1) {
			json_decref(a);
			a = NULL;
			break;
		}
	}
	nk_object_put(b, name, a);
}

static json_t *
options_json(const struct nk_keyoption_fields *f)
{
	struct nk_object b;
	json_t *o = NULL;

	nk_object_init(&b, NULL);
	put_list(&b, "from", &f->from);
	nk_object_date(&b, "expiry_time", f->expires ? f->expiry : INT64_MAX,
	    INT64_MAX);
	nk_object_text(&b, "command", f->command);
	put_list(&b, "environment", &f->environment);
	put_list(&b, "permitopen", &f->permitopen);
	put_list(&b, "permitlisten", &f->permitlisten);
	put_list(&b, "principals", &f->principals);
	nk_object_text(&b, "tunnel", f->tunnel);
	nk_object_bool(&b, "cert_authority", f->cert_authority);
	nk_object_bool(&b, "restrict", f->restricted);
	nk_object_bool(&b, "agent_forwarding", f->agent_forwarding);
	nk_object_bool(&b, "port_forwarding", f->port_forwarding);
	nk_object_bool(&b, "pty", f->pty);
	nk_object_bool(&b, "user_rc", f->user_rc);
	nk_object_bool(&b, "x11_forwarding", f->x11_forwarding);
	nk_object_bool(&b, "touch_required", f->touch_required);
	nk_object_bool(&b, "verify_required", f->verify_required);
	return nk_object_finish(&b, &o) < 0 ? NULL : o;
}

/* Options that cannot be read are no reason to say that there are none. */
static json_t *
parse_options(const char *text)
{
	struct nk_keyoption_fields f;
	json_t *o;
	int r;

	if (text == NULL)
		return json_null();
	r = nk_keyoption_fields_read(text, strlen(text), &f);
	if (r < 0)
		return r == -ENOMEM ? NULL : json_object();
	o = options_json(&f);
	nk_keyoption_fields_clear(&f);
	return o;
}

json_t *
nk_keyrow_json(const struct nk_key *k)
{
	struct nk_object b;
	json_t *o = NULL;
	char *line;

	if (nk_keyrow_line(k, &line) < 0)
		return NULL;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "line", line);
	nk_object_text(&b, "fingerprint", k->fingerprint);
	nk_object_text(&b, "type", k->type);
	nk_object_int(&b, "bits", k->bits);
	nk_object_text(&b, "comment", k->comment);
	nk_object_text(&b, "options", k->options);
	nk_object_put(&b, "parsed_options", parse_options(k->options));
	nk_object_date(&b, "added_at", k->added_at, 0);
	nk_object_text(&b, "added_by", k->added_by);
	nk_object_date(&b, "expires_at", k->expires_at, INT64_MAX);
	nk_object_date(&b, "last_used_at", k->last_used_at, 0);
	nk_object_text(&b, "last_used_from", k->last_used_from);
	free(line);
	return nk_object_finish(&b, &o) < 0 ? NULL : o;
}

/* Text that is too long ends between two characters, with "...". */
static void
put_part(struct nk_object *b, const char *name, const char *text)
{
	char part[NK_AUDIT_PART_MAX + sizeof("...")];
	size_t n = NK_AUDIT_PART_MAX;

	if (text == NULL || strlen(text) <= n) {
		nk_object_text(b, name, text);
		return;
	}
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	memcpy(part, text, n);
	memcpy(part + n, "...", sizeof("..."));
	nk_object_text(b, name, part);
}

json_t *
nk_keyrow_audit(const struct nk_key *k)
{
	struct nk_object b;
	json_t *o = NULL;

	nk_object_init(&b, NULL);
	nk_object_text(&b, "fingerprint", k->fingerprint);
	nk_object_text(&b, "type", k->type);
	nk_object_int(&b, "bits", k->bits);
	put_part(&b, "options", k->options);
	put_part(&b, "comment", k->comment);
	nk_object_date(&b, "expires_at", k->expires_at, INT64_MAX);
	return nk_object_finish(&b, &o) < 0 ? NULL : o;
}

json_t *
nk_keyrow_audit_all(const struct nk_keys *ks)
{
	json_t *a = json_array(), *o;
	size_t i;

	for (i = 0; a != NULL && i < ks->n; i++) {
		if (ks->v[i].kind != NK_KEY_KEY)
			continue;
		o = json_array_size(a) < NK_AUDIT_KEYS_MAX ?
		    nk_keyrow_audit(&ks->v[i]) :
		    json_pack("{s:s}", "fingerprint", ks->v[i].fingerprint);
		if (json_array_append_new(a, o) == -1) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}
