/* SPDX-License-Identifier: ISC */

/* What a websocket reads before it reads what it is for. */

#include <openssl/evp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "helper/net/ws.h"

#define SHA1_LEN	20
#define CONTROL_MAX	125u	/* bytes of a control frame */

void
ws_accept(const char *key, char accept[WS_KEY_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[WS_KEY_SIZE + sizeof(guid)];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	accept[0] = '\0';
	(void)snprintf(text, sizeof(text), "%s%s", key, guid);
	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(),
	    NULL) == 1 && len == SHA1_LEN)
		(void)EVP_EncodeBlock((unsigned char *)accept, digest,
		    SHA1_LEN);
}

/* ---- the answer to an upgrade ---- */

/* The status of "HTTP/1.1 101 ...". */
static int
read_status(const char *line)
{
	static const char http[] = "HTTP/1.";
	const char *p = line + sizeof(http) - 1;

	if (strncmp(line, http, sizeof(http) - 1) != 0 ||
	    (p[0] != '0' && p[0] != '1') || p[1] != ' ' ||
	    p[2] < '1' || p[2] > '5' || p[3] < '0' || p[3] > '9' ||
	    p[4] < '0' || p[4] > '9' || (p[5] != ' ' && p[5] != '\r' &&
	    p[5] != '\n'))
		return 0;
	return (p[2] - '0') * 100 + (p[3] - '0') * 10 + (p[4] - '0');
}

struct value {
	const char	*p;
	size_t		 len;
};

/* The value of the one line of this name, without blanks around it. */
static bool
find_field(const char *head, const char *name, struct value *v)
{
	size_t len = strlen(name), n = 0;
	const char *line, *end;

	for (line = strchr(head, '\n'); line != NULL;
	    line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		n++;
		v->p = line + len + 1;
		v->p += strspn(v->p, " \t");
		end = v->p + strcspn(v->p, "\r\n");
		while (end > v->p && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		v->len = (size_t)(end - v->p);
	}
	return n == 1;
}

static bool
is_word(const struct value *v, const char *word)
{
	return v->len == strlen(word) &&
	    strncasecmp(v->p, word, v->len) == 0;
}

/* "keep-alive, Upgrade" */
static bool
has_word(const struct value *v, const char *word)
{
	const char *p = v->p, *end = v->p + v->len;
	struct value one;

	while (p < end) {
		p += strspn(p, " \t,");
		one.p = p;
		one.len = strcspn(p, " \t,\r\n");
		if (one.len == 0)
			break;
		if (is_word(&one, word))
			return true;
		p += one.len;
	}
	return false;
}

int
ws_read_answer(const char *head, const char *accept, int *statusp)
{
	struct value v;

	if ((*statusp = read_status(head)) == 0)
		return -EBADMSG;
	if (*statusp != 101 ||
	    !find_field(head, "Upgrade", &v) || !is_word(&v, "websocket") ||
	    !find_field(head, "Connection", &v) ||
	    !has_word(&v, "upgrade") ||
	    !find_field(head, "Sec-WebSocket-Accept", &v) ||
	    v.len != strlen(accept) || memcmp(v.p, accept, v.len) != 0)
		return -EPROTO;
	/* we have asked for neither */
	if (find_field(head, "Sec-WebSocket-Extensions", &v) ||
	    find_field(head, "Sec-WebSocket-Protocol", &v))
		return -EPROTO;
	return 0;
}

/* ---- frames ---- */

static uint64_t
big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static bool
is_frame(const struct ws_frame *f)
{
	switch (f->opcode) {
	case WS_CONTINUED:
	case WS_TEXT:
		return f->len <= WS_MESSAGE_MAX;
	case WS_CLOSE:
	case WS_PING:
	case WS_PONG:
		return f->final && f->len <= CONTROL_MAX;
	default:
		return false;
	}
}

int
ws_read_frame(const uint8_t *p, size_t n, struct ws_frame *f)
{
	size_t more;

	if (n < 2)
		return 0;
	/* no extension has given the other bits a meaning; no server masks */
	if ((p[0] & 0x70) != 0 || (p[1] & 0x80) != 0)
		return -EPROTO;
	f->final = (p[0] & 0x80) != 0;
	f->opcode = p[0] & 0x0f;
	f->len = p[1];
	more = f->len == 127 ? 8 : f->len == 126 ? 2 : 0;
	if (n < 2 + more)
		return 0;
	if (more > 0)
		f->len = big_endian(p + 2, more);
	/* it is written in the one shortest way */
	if (more > 0 && f->len < (more == 8 ? 65536u : 126u))
		return -EPROTO;
	return is_frame(f) ? (int)(2 + more) : -EPROTO;
}
