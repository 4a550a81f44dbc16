/* SPDX-License-Identifier: ISC */
#include "lib/ssh/privatekey.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/secretwire.h"

static const char bom[] = "\xef\xbb\xbf";

void
nk_privatekey_clear(struct nk_privatekey *k)
{
	if (k == NULL)
		return;
	nk_secret_clear(&k->numbers);
	free(k->blob);
	free(k->comment);
	*k = (struct nk_privatekey){ .type = NULL };
}

/* ---- the public line ---- */

int
nk_privatekey_public_line(const struct nk_privatekey *k, char **linep)
{
	const size_t type_len = strlen(k->type->name);
	const size_t comment_len = k->comment != NULL ? strlen(k->comment) : 0;
	char *base64 = NULL, *line;
	size_t base64_len;
	int r;

	*linep = NULL;
	if ((r = nk_base64_encode(k->blob, k->blob_len, &base64)) < 0)
		return r;
	base64_len = strlen(base64);
	line = malloc(type_len + 1 + base64_len + 1 + comment_len + 1);
	if (line == NULL) {
		free(base64);
		return -ENOMEM;
	}
	*linep = line;
	line = mempcpy(line, k->type->name, type_len);
	*line++ = ' ';
	line = mempcpy(line, base64, base64_len);
	if (comment_len > 0) {
		*line++ = ' ';
		line = mempcpy(line, k->comment, comment_len);
	}
	*line = '\0';
	free(base64);
	return 0;
}

/* ---- across the sandbox ---- */

int
nk_privatekey_pack(const struct nk_privatekey *k, struct nk_secret *out)
{
	const char *comment = k->comment != NULL ? k->comment : "";
	int r;

	if ((r = nk_secretwire_put_string(out, k->numbers.p,
	    k->numbers.len)) < 0 ||
	    (r = nk_secretwire_put_string(out, k->blob, k->blob_len)) < 0)
		return r;
	return nk_secretwire_put_string(out, comment, strlen(comment));
}

/* The public half, remade of the numbers, must be the blob to the byte. */
static int
check_blob(const struct nk_private_parts *a, const struct nk_wire *blob,
    unsigned int *bitsp)
{
	/* what is too small was refused when the key was made or read */
	const struct nk_keypolicy policy = { NK_RSA_BITS_FLOOR,
	    NK_KEYLINE_MAX, NK_KEYLINES_MAX, { 9, 2 } };
	struct nk_keyblob kb;
	uint8_t *own = NULL;
	size_t len;
	int r;

	if ((r = nk_private_parts_blob(a, &own, &len)) < 0)
		return r;
	if (len != blob->left || memcmp(own, blob->p, len) != 0)
		r = -EBADMSG;
	else if ((r = nk_keyblob_parse(own, len, &policy, &kb, NULL)) == 0)
		*bitsp = kb.key.bits;
	free(own);
	return r;
}

static int
unpack(struct nk_wire w, struct nk_privatekey *k)
{
	struct nk_private_parts a = { .type = NULL };
	struct nk_wire numbers, blob, comment, rest;
	int r;

	if ((r = nk_wire_get_sub(&w, &numbers)) < 0 ||
	    (r = nk_wire_get_sub(&w, &blob)) < 0 ||
	    (r = nk_wire_get_sub(&w, &comment)) < 0 ||
	    (r = nk_wire_get_end(&w)) < 0)
		return r;
	rest = numbers;
	if ((r = nk_private_parts_get(&rest, &a, NULL)) < 0 ||
	    (r = nk_wire_get_end(&rest)) < 0 ||
	    (r = check_blob(&a, &blob, &k->bits)) < 0 ||
	    (r = nk_private_comment(&comment, &k->comment, NULL)) < 0 ||
	    (r = nk_secret_append(&k->numbers, numbers.p, numbers.left)) < 0)
		return r;
	if ((k->blob = malloc(blob.left)) == NULL)
		return -ENOMEM;
	memcpy(k->blob, blob.p, blob.left);
	k->blob_len = blob.left;
	k->type = a.type;
	return 0;
}

int
nk_privatekey_unpack(const uint8_t *p, size_t len, struct nk_privatekey *k)
{
	int r;

	*k = (struct nk_privatekey){ .type = NULL };
	if ((r = unpack((struct nk_wire){ p, len }, k)) == 0)
		return 0;
	nk_privatekey_clear(k);
	return r == -ENOMEM ? r : -EBADMSG;
}

/* ---- reading ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
begins(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Text whose first byte is no white space. */
static int
read_text(const char *text, size_t len, const struct nk_keypolicy *policy,
    struct nk_privatekey *k, const char **whyp)
{
	if (begins(text, len, "PuTTY-User-Key-File-"))
		return nk_privatekey_read_putty(text, len, policy, k, whyp);
	if (begins(text, len, "-----BEGIN "))
		return nk_privatekey_read_pem(text, len, policy, k, whyp);
	if (begins(text, len, "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY") ||
	    begins(text, len, "SSH PRIVATE KEY FILE FORMAT"))
		return nk_refuse(whyp, -EPERM, "private keys of ssh.com and "
		    "of SSH 1 are not taken: make a new key with ssh-keygen "
		    "-t ed25519");
	return nk_refuse(whyp, -EBADMSG, "this is no private key in a form "
	    "that is known: give the whole file, from its BEGIN line (or "
	    "PuTTY-User-Key-File) to its end");
}

int
nk_privatekey_read(const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    const char **whyp)
{
	*k = (struct nk_privatekey){ .type = NULL };
	if (len > NK_PRIVATEKEY_TEXT_MAX)
		return nk_refuse(whyp, -E2BIG, "the private key is too long: "
		    "give one key and nothing else");
	if (begins(text, len, bom)) {
		text += sizeof(bom) - 1;
		len -= sizeof(bom) - 1;
	}
	for (; len > 0 && is_blank(*text); len--)
		text++;
	return read_text(text, len, policy, k, whyp);
}
