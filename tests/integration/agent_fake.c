/* SPDX-License-Identifier: ISC */
#include "tests/integration/agent_fake.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/wire.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define APPLICATION	"ssh:"
#define SK_ED		"sk-ssh-ed25519@openssh.com"
#define SK_EC		"sk-ecdsa-sha2-nistp256@openssh.com"

void
die(const char *what)
{
	(void)fprintf(stderr, "agent_auth: %s\n", what);
	exit(2);
}

static void
must(int yes, const char *what)
{
	if (!yes)
		die(what);
}

/* ---- writing ---- */

static void
put(struct message *m, const void *p, size_t len)
{
	must(len <= sizeof(m->p) - m->len, "the message is too long");
	if (len > 0)
		memcpy(m->p + m->len, p, len);
	m->len += len;
}

static void
put_u8(struct message *m, uint8_t v)
{
	put(m, &v, 1);
}

static void
put_u32(struct message *m, size_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	put(m, b, 4);
}

static void
put_string(struct message *m, const void *p, size_t len)
{
	put_u32(m, len);
	put(m, p, len);
}

static void
put_text(struct message *m, const char *s)
{
	put_string(m, s, strlen(s));
}

static void
put_list_head(struct message *m, size_t n)
{
	m->len = 0;
	put_u8(m, 12);
	put_u32(m, n);
}

static void
put_key(struct message *m, const uint8_t *blob, size_t len)
{
	put_string(m, blob, len);
	put_text(m, "comment");
}

static void
fail(struct message *m)
{
	m->len = 0;
	put_u8(m, 5);
}

/* ---- the real one ---- */

static void
transfer(int fd, uint8_t *p, size_t len, ssize_t (*fn)(int, void *, size_t))
{
	ssize_t n;

	while (len > 0) {
		n = fn(fd, p, len);
		must(n > 0, "SSH_AUTH_SOCK hangs up");
		p += n;
		len -= (size_t)n;
	}
}

static ssize_t
write_some(int fd, void *p, size_t len)
{
	return write(fd, p, len);
}

void
agent_relay(const struct message *q, struct message *a)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("SSH_AUTH_SOCK");
	struct message *out = calloc(1, sizeof(*out));
	uint8_t head[4];
	int fd;

	must(out != NULL && path != NULL &&
	    strlen(path) < sizeof(sun.sun_path), "SSH_AUTH_SOCK");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd != -1 && connect(fd, (const struct sockaddr *)&sun,
	    sizeof(sun)) == 0, "SSH_AUTH_SOCK cannot be connected");
	put_u32(out, q->len);
	put(out, q->p, q->len);
	transfer(fd, out->p, out->len, write_some);
	transfer(fd, head, 4, read);
	a->len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	must(a->len <= sizeof(a->p), "the agent says too much");
	transfer(fd, a->p, a->len, read);
	close(fd);
	free(out);
}

static void
real(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	agent_relay(q, a);
}

/* ---- others ---- */

static void
refuses(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	(void)q;
	fail(a);
}

static void
garbage(struct agent *g, const struct message *q, struct message *a)
{
	size_t i;

	(void)q;
	a->len = 200 + g->lists;
	for (i = 0; i < a->len; i++)
		a->p[i] = (uint8_t)(i * 37 + 12);
	a->p[0] = q->p[0] == AGENT_LIST ? 12 : 14;
}

static void
no_keys(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	(void)q;
	put_list_head(a, 0);
}

static void
cut(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	agent_relay(q, a);
	a->len--;
}

static void
longer(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	agent_relay(q, a);
	put_u8(a, 0);
}

/* The answer to a signature where a list is due, and the other way round. */
static void
crossed(struct agent *g, const struct message *q, struct message *a)
{
	(void)g;
	agent_relay(q, a);
	a->p[0] = a->p[0] == 12 ? 14 : 12;
}

/* 10,000 keys, as many of them as there is room for. */
static void
many(struct agent *g, const struct message *q, struct message *a)
{
	size_t i;

	(void)g;
	(void)q;
	put_list_head(a, 10000);
	for (i = 0; a->len + 16 < sizeof(a->p); i++) {
		put_string(a, "\0\0\0\0", i % 5);
		put_text(a, "");
	}
}

/* As many keys of no known type as arg says, and the real one's first. */
static void
far(struct agent *g, const struct message *q, struct message *a)
{
	size_t i, n = strtoul(g->arg, NULL, 10);

	if (q->p[0] == AGENT_LIST) {
		put_list_head(a, n + 1);
		for (i = 0; i < n; i++)
			put_key(a, (const uint8_t *)"\0\0\0\3far", 7);
		put_key(a, g->blob.p, g->blob.len);
	} else
		agent_relay(q, a);
}

/* One key over and over, which never signs. */
static void
flood(struct agent *g, const struct message *q, struct message *a)
{
	size_t i;

	if (q->p[0] != AGENT_LIST) {
		fail(a);
		return;
	}
	put_list_head(a, 100);
	for (i = 0; i < 100; i++)
		put_key(a, g->blob.p, g->blob.len);
}

/* Signs something else. */
static void
other_data(struct agent *g, const struct message *q, struct message *a)
{
	struct message *changed = malloc(sizeof(*changed));

	(void)g;
	must(changed != NULL, "no memory");
	*changed = *q;
	if (q->p[0] == AGENT_SIGN)
		changed->p[changed->len - 5] ^= 1;	/* a random byte */
	agent_relay(changed, a);
	free(changed);
}

/* Lists the blob of somebody's key, and signs with the real one's first. */
static void
other_key(struct agent *g, const struct message *q, struct message *a)
{
	struct message *m = calloc(1, sizeof(*m));
	struct nk_wire w = { q->p + 1, q->len - 1 };
	const uint8_t *s;
	uint32_t n;
	size_t len;

	must(m != NULL, "no memory");
	if (q->p[0] == AGENT_LIST) {
		put_list_head(a, 1);
		put_key(a, g->blob.p, g->blob.len);
		free(m);
		return;
	}
	put_u8(m, AGENT_LIST);
	agent_relay(m, a);
	must(nk_wire_get_string(&w, &s, &len) == 0, "the question");
	m->len = 0;
	put_u8(m, AGENT_SIGN);
	w = (struct nk_wire){ a->p + 1, a->len - 1 };
	must(nk_wire_get_u32(&w, &n) == 0 && n > 0 &&
	    nk_wire_get_string(&w, &s, &len) == 0, "the real one has no key");
	put_string(m, s, len);
	w = (struct nk_wire){ q->p + 1, q->len - 1 };
	must(nk_wire_get_string(&w, &s, &len) == 0, "the question");
	put(m, w.p, w.left);
	agent_relay(m, a);
	free(m);
}

/* The signature that it gave before, where it gave one. */
static void
replay(struct agent *g, const struct message *q, struct message *a)
{
	if (q->p[0] == AGENT_SIGN && g->last.len > 0) {
		*a = g->last;
		return;
	}
	agent_relay(q, a);
	if (q->p[0] == AGENT_SIGN)
		g->last = *a;
}

/* Something happens while it signs. */
static void
meanwhile(struct agent *g, const struct message *q, struct message *a)
{
	agent_relay(q, a);
	if (q->p[0] == AGENT_SIGN)
		must(system(g->arg) == 0, g->arg);	/* NOLINT */
}

static void
slow(struct agent *g, const struct message *q, struct message *a)
{
	sleep((unsigned int)strtoul(g->arg, NULL, 10));
	agent_relay(q, a);
}

/* ---- a security key in software: PROTOCOL.u2f ---- */

static int
is_ecdsa(const struct agent *g)
{
	return EVP_PKEY_get_base_id(g->pkey) == EVP_PKEY_EC;
}

void
agent_load_key(struct agent *g, const char *pem)
{
	FILE *f = fopen(pem, "r");

	must(f != NULL, pem);
	g->pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	must(g->pkey != NULL, pem);
	(void)fclose(f);
}

void
agent_load_blob(struct agent *g, const char *pub)
{
	char line[16384], *base64, *end;
	FILE *f = fopen(pub, "r");
	uint8_t *blob;
	size_t len;

	must(f != NULL && fgets(line, sizeof(line), f) != NULL, pub);
	(void)fclose(f);
	must((base64 = strchr(line, ' ')) != NULL, pub);
	base64++;
	end = base64 + strcspn(base64, " \n");
	must(nk_base64_decode(base64, (size_t)(end - base64), &blob,
	    &len) == 0, pub);
	g->blob.len = 0;
	put(&g->blob, blob, len);
	free(blob);
}

void
agent_print_sk(const struct agent *g)
{
	const char *name = is_ecdsa(g) ? SK_EC : SK_ED;
	struct message *m = calloc(1, sizeof(*m));
	uint8_t point[128];
	size_t len = sizeof(point);
	char *text;

	must(m != NULL, "no memory");
	put_text(m, name);
	if (is_ecdsa(g)) {
		must(EVP_PKEY_get_octet_string_param(g->pkey, "pub", point,
		    sizeof(point), &len) == 1, "the key");
		put_text(m, "nistp256");
	} else
		must(EVP_PKEY_get_raw_public_key(g->pkey, point, &len) == 1,
		    "the key");
	put_string(m, point, len);
	put_text(m, APPLICATION);
	must(nk_base64_encode(m->p, m->len, &text) == 0, "no memory");
	(void)printf("%s %s software\n", name, text);
	free(text);
	free(m);
}

static void
put_mpint(struct message *m, const BIGNUM *n)
{
	uint8_t bytes[40] = { 0 };
	int len = BN_bn2bin(n, bytes + 1);

	if ((bytes[1] & 0x80) != 0)
		put_string(m, bytes, (size_t)len + 1);
	else
		put_string(m, bytes + 1, (size_t)len);
}

static void
put_ecdsa(struct message *m, const uint8_t *der, size_t len)
{
	struct message *inner = calloc(1, sizeof(*inner));
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

	must(inner != NULL && sig != NULL, "the signature");
	put_mpint(inner, ECDSA_SIG_get0_r(sig));
	put_mpint(inner, ECDSA_SIG_get0_s(sig));
	put_string(m, inner->p, inner->len);
	ECDSA_SIG_free(sig);
	free(inner);
}

static void
sign_sk(const struct agent *g, const uint8_t *data, size_t len,
    struct message *m)
{
	uint8_t what[32 + 5 + 32] = { 0 }, sig[128];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = sizeof(sig);

	what[32] = g->flags;
	what[36] = 7;			/* the counter */
	must(ctx != NULL && EVP_Digest(APPLICATION, strlen(APPLICATION),
	    what, NULL, EVP_sha256(), NULL) == 1 &&
	    EVP_Digest(data, len, what + 37, NULL, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestSignInit(ctx, NULL, is_ecdsa(g) ? EVP_sha256() : NULL,
	    NULL, g->pkey) == 1 && EVP_DigestSign(ctx, sig, &n, what,
	    sizeof(what)) == 1, "cannot sign");
	put_text(m, is_ecdsa(g) ? SK_EC : SK_ED);
	if (is_ecdsa(g))
		put_ecdsa(m, sig, n);
	else
		put_string(m, sig, n);
	put(m, what + 32, 5);
	EVP_MD_CTX_free(ctx);
}

static void
security_key(struct agent *g, const struct message *q, struct message *a)
{
	struct nk_wire w = { q->p + 1, q->len - 1 };
	struct message *sig = calloc(1, sizeof(*sig));
	const uint8_t *s;
	size_t len;

	must(sig != NULL, "no memory");
	if (q->p[0] == AGENT_LIST) {
		put_list_head(a, 1);
		put_key(a, g->blob.p, g->blob.len);
	} else {
		must(nk_wire_get_string(&w, &s, &len) == 0 &&
		    nk_wire_get_string(&w, &s, &len) == 0, "the question");
		sign_sk(g, s, len, sig);
		a->len = 0;
		put_u8(a, 14);
		put_string(a, sig->p, sig->len);
	}
	free(sig);
}

static const struct {
	const char	*name;
	agent_fn	*answer;
} agents[] = {
	{ "real", real },
	{ "refuses", refuses },
	{ "garbage", garbage },
	{ "no-keys", no_keys },
	{ "cut", cut },
	{ "longer", longer },
	{ "crossed", crossed },
	{ "many", many },
	{ "far", far },
	{ "flood", flood },
	{ "other-data", other_data },
	{ "other-key", other_key },
	{ "replay", replay },
	{ "meanwhile", meanwhile },
	{ "slow", slow },
	{ "security-key", security_key },
};

agent_fn *
agent_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(agents); i++) {
		if (strcmp(agents[i].name, name) == 0)
			return agents[i].answer;
	}
	return NULL;
}
