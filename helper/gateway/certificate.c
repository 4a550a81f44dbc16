/* SPDX-License-Identifier: ISC */
#include "helper/gateway/certificate.h"

#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"

/*
 * Who trusts it has pinned it: time has no part in that, and the clock of a
 * machine that has just started may be wrong (RFC 5280, section 4.1.2.5).
 */
#define NOT_BEFORE	"20200101000000Z"
#define NOT_AFTER	"99991231235959Z"

#define HOST_MAX	63		/* of a common name: X.520 has 64 */
#define SERIAL_SIZE	16

/* ---- reading ---- */

/* A file of PEM; NULL with -errno in *rp. */
static BIO *
open_pem(const char *path, int *fdp, int *rp)
{
	struct stat st;
	BIO *b = NULL;

	*fdp = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fdp == -1) {
		*rp = -errno;
		return NULL;
	}
	if (fstat(*fdp, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= (off_t)CERTIFICATE_FILE_MAX)
		b = BIO_new_fd(*fdp, BIO_NOCLOSE);
	if (b == NULL)
		close(*fdp);
	*rp = -EBADMSG;
	return b;
}

static X509 *
read_certificate(const char *path, int *rp)
{
	X509 *x;
	BIO *b;
	int fd;

	if ((b = open_pem(path, &fd, rp)) == NULL)
		return NULL;
	x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	BIO_free(b);
	close(fd);
	return x;
}

/* Nobody is there to be asked. */
static int
no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

int
certificate_check_key(const char *path, const char *key_path)
{
	EVP_PKEY *key;
	X509 *x;
	BIO *b;
	int fd, r;

	if ((x = read_certificate(path, &r)) == NULL)
		return r;
	if ((b = open_pem(key_path, &fd, &r)) != NULL) {
		key = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL);
		if (key != NULL)
			r = X509_check_private_key(x, key) == 1 ? 0 :
			    -EKEYREJECTED;
		EVP_PKEY_free(key);
		BIO_free(b);
		close(fd);
	}
	X509_free(x);
	return r;
}

int
certificate_fingerprint(const char *path,
    char text[CERTIFICATE_FINGERPRINT_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;
	size_t at;
	X509 *x;
	int r;

	if ((x = read_certificate(path, &r)) == NULL)
		return r;
	r = X509_digest(x, EVP_sha256(), digest, &len) == 1 && len == 32 ?
	    0 : -EBADMSG;
	X509_free(x);
	if (r < 0)
		return r;
	at = (size_t)snprintf(text, CERTIFICATE_FINGERPRINT_SIZE, "SHA256:");
	for (i = 0; i < len; i++)
		at += (size_t)snprintf(text + at,
		    CERTIFICATE_FINGERPRINT_SIZE - at, i == 0 ? "%02X" :
		    ":%02X", digest[i]);
	return 0;
}

/* ---- making ---- */

static bool
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	if ((e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return false;
	ok = X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool
set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_SIZE];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;	/* positive, and not short */
	if ((n = BN_bin2bn(bytes, sizeof(bytes), NULL)) == NULL)
		return false;
	ok = BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return ok;
}

/* A name of letters, digits, dots and hyphens, or else "naskeys". */
static void
set_host(char to[HOST_MAX + 1], const char *host)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t len = strlen(host);

	if (len == 0 || len > HOST_MAX || strspn(host, plain) != len)
		host = "naskeys";
	(void)snprintf(to, HOST_MAX + 1, "%s", host);
}

static bool
fill(X509 *x, EVP_PKEY *key, const char *host)
{
	X509_NAME *name = X509_get_subject_name(x);
	char cn[HOST_MAX + 1], san[HOST_MAX + 32];

	set_host(cn, host);
	(void)snprintf(san, sizeof(san), "DNS:%s,DNS:localhost", cn);
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	    ASN1_TIME_set_string(X509_getm_notBefore(x), NOT_BEFORE) == 1 &&
	    ASN1_TIME_set_string(X509_getm_notAfter(x), NOT_AFTER) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, name) == 1 &&
	    X509_set_pubkey(x, key) == 1 &&
	    add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(x, NID_ext_key_usage, "serverAuth") &&
	    add_extension(x, NID_subject_alt_name, san) &&
	    X509_sign(x, key, EVP_sha256()) > 0;
}

/* ---- writing ---- */

static int
write_bytes(int dirfd, const char *name, mode_t mode, const char *p,
    size_t len)
{
	char temp[64];
	int fd, r;

	(void)snprintf(temp, sizeof(temp), ".%s.new", name);
	if (unlinkat(dirfd, temp, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return -errno;
	r = nk_write_full(fd, p, len);
	if (r == 0 && (fchmod(fd, mode) == -1 || fsync(fd) == -1))
		r = -errno;
	close(fd);
	if (r == 0 && renameat(dirfd, temp, dirfd, name) == -1)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, temp, 0);
	return r;
}

/* What is in the BIO, which is wiped. */
static int
write_bio(int dirfd, const char *name, mode_t mode, BIO *b)
{
	char *p = NULL;
	long len = BIO_get_mem_data(b, &p);
	int r;

	if (len <= 0 || p == NULL)
		return -ENOMEM;
	r = write_bytes(dirfd, name, mode, p, (size_t)len);
	explicit_bzero(p, (size_t)len);
	return r;
}

/*
 * The old certificate goes first, so that a power failure between the two
 * cannot leave a pair that does not match.
 */
static int
write_pair(int dirfd, X509 *x, EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem()), *c = BIO_new(BIO_s_mem());
	int r = -ENOMEM;

	if (b == NULL || c == NULL || PEM_write_bio_PKCS8PrivateKey(b, key,
	    NULL, NULL, 0, NULL, NULL) != 1 || PEM_write_bio_X509(c, x) != 1)
		goto out;
	if (unlinkat(dirfd, CERTIFICATE_NAME, 0) == -1 && errno != ENOENT) {
		r = -errno;
		goto out;
	}
	if ((r = write_bio(dirfd, CERTIFICATE_KEY_NAME, 0600, b)) == 0 &&
	    (r = write_bio(dirfd, CERTIFICATE_NAME, 0644, c)) == 0 &&
	    fsync(dirfd) == -1)
		r = -errno;
 out:
	BIO_free(b);
	BIO_free(c);
	return r;
}

static int
make_pair(int dirfd, const char *host)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	int r = -ENOMEM;

	if (key != NULL && x != NULL && fill(x, key, host))
		r = write_pair(dirfd, x, key);
	X509_free(x);
	EVP_PKEY_free(key);
	return r;
}

/* ---- the folder ---- */

static int
open_folder(const char *folder, int *fdp)
{
	struct stat st;
	int fd, r = 0;

	*fdp = -1;
	if (mkdir(folder, 0755) == 0) {
		if (chmod(folder, 0755) == -1)	/* whatever the umask */
			return -errno;
	} else if (errno != EEXIST)
		return -errno;
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		r = -EPERM;
	if (r < 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

static int
check_file(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	return !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022) != 0 ? -EPERM : 0;
}

int
certificate_prepare(const char *folder, const char *host)
{
	int fd, r;

	if ((r = open_folder(folder, &fd)) < 0)
		return r;
	if ((r = check_file(fd, CERTIFICATE_KEY_NAME)) == 0)
		r = check_file(fd, CERTIFICATE_NAME);
	if (r == -ENOENT)
		r = make_pair(fd, host);
	close(fd);
	return r;
}
