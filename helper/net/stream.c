/* SPDX-License-Identifier: ISC */
#include "helper/net/stream.h"

#include <sys/socket.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"
#include "lib/ssh/target.h"

/* Whom this machine trusts, as Debian's ca-certificates has it. */
#define AUTHORITIES	NK_SYSCONFDIR "/ssl/certs/ca-certificates.crt"

/* What is read while there are files, and used when there are none. */
static SSL_CTX *prepared;

/* Where the file is missing nobody is trusted: that is said of each one. */
int
stream_prepare(void)
{
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    (prepared = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(prepared, TLS1_2_VERSION) != 1)
		return -EIO;
	SSL_CTX_set_verify(prepared, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_mode(prepared, SSL_MODE_AUTO_RETRY);
	(void)SSL_CTX_load_verify_file(prepared, AUTHORITIES);
	return 0;
}

void
stream_open(struct stream *s, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1)
		say_fault(NK_REMOTE_FAILED, strerror(errno));
	*s = (struct stream){ fd, NULL };
}

/* ---- TLS ---- */

/* An address is shown as one in a certificate, and asked for by no name. */
static bool
set_host(SSL *ssl, const char *host)
{
	char name[NK_TARGET_HOST_MAX + 1];
	struct in6_addr a;

	if (inet_pton(AF_INET, host, &a) == 1 || strchr(host, ':') != NULL)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
		    host) == 1;
	/* the macro casts const away */
	if (snprintf(name, sizeof(name), "%s", host) >= (int)sizeof(name))
		return false;
	return SSL_set1_host(ssl, host) == 1 &&
	    SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool
get_digest(SSL *ssl, uint8_t digest[NK_PAIR_DIGEST])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	X509 *x = SSL_get0_peer_certificate(ssl);
	unsigned int len;

	if (x == NULL || X509_digest(x, EVP_sha256(), bytes, &len) != 1 ||
	    len != NK_PAIR_DIGEST)
		return false;
	memcpy(digest, bytes, NK_PAIR_DIGEST);
	return true;
}

const char *
stream_secure(struct stream *s, const char *host,
    uint8_t digest[NK_PAIR_DIGEST])
{
	bool named;
	long result;

	if ((s->ssl = SSL_new(prepared)) == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	/* one with an interface behind it is no address in a certificate */
	named = set_host(s->ssl, host);
	if (SSL_set_fd(s->ssl, s->fd) != 1)
		say_fault(NK_REMOTE_FAILED, NULL);
	if (SSL_connect(s->ssl) != 1 || !get_digest(s->ssl, digest))
		say_fault(NK_REMOTE_NO_TLS, NULL);
	result = SSL_get_verify_result(s->ssl);
	if (result != X509_V_OK)
		return X509_verify_cert_error_string(result);
	return named ? NULL : "such an address stands in no certificate";
}

/* ---- bytes ---- */

static _Noreturn void
broken(void)
{
	say_fault(NK_REMOTE_CLOSED, NULL);
}

size_t
stream_read(struct stream *s, void *bytes, size_t room)
{
	size_t got = 0;
	ssize_t n;

	if (s->ssl != NULL) {
		if (SSL_read_ex(s->ssl, bytes, room, &got) != 1 || got == 0)
			broken();
		return got;
	}
	do {
		n = recv(s->fd, bytes, room, 0);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		broken();
	return (size_t)n;
}

void
stream_write(struct stream *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t done = 0;
	ssize_t n;

	if (s->ssl != NULL) {
		if (len > 0 && (SSL_write_ex(s->ssl, p, len, &done) != 1 ||
		    done != len))
			broken();
		return;
	}
	for (; done < len; done += (size_t)n) {
		n = send(s->fd, p + done, len - done, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			broken();
	}
}
