/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/privatekey_detect.h"
#include "lib/ssh/wire.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(s), sizeof(s) - 1

/* Made for this test by ssh-keygen and openssl, and of no other use. */
static const struct {
	const char	*what;
	size_t		 skip;		/* how much of the base64 text may be
					   cut off its front */
	const char	*text;
} keys[] = {
	{ "OpenSSH, Ed25519", 130,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAA"
	    "AAtzc2gtZW\n"
	    "QyNTUxOQAAACDYMxp+ZfIr4/KsDOPAYhWB6XBok7Kgdf18facSYMBuEQAAAI"
	    "gyE0mzMhNJ\n"
	    "swAAAAtzc2gtZWQyNTUxOQAAACDYMxp+ZfIr4/KsDOPAYhWB6XBok7Kgdf18"
	    "facSYMBuEQ\n"
	    "AAAEAtkoyYaXwruvLZPJOlvMh8+FA6g1kzcFd9mMEkyQHv79gzGn5l8ivj8q"
	    "wM48BiFYHp\n"
	    "cGiTsqB1/Xx9pxJgwG4RAAAAAXQBAgME\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "OpenSSH, encrypted", 10,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAA"
	    "ABCXIpD14f\n"
	    "ehxUg42ght8oP8AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIOe3jZ"
	    "6ObYIIhowt\n"
	    "acIwulWour4IuCtUR/mca4AD+je3AAAAkBJBXdATpj6nev6PeMIYiK1AzBk2"
	    "+L4Ghw8abL\n"
	    "PDayprW3sL0CXX/ZtSVxbgOLEEKiyFBG6T+ijQ7odqHnlIvk3P1s2buVK7eS"
	    "5JBvR88qrj\n"
	    "CVnG+asg4Qu41z4MIxdrUQAo8c4VBubHm7wlD2ukmZCnvrGb3QCzKOlljMwB"
	    "cB7/FCDDAO\n"
	    "Wztz9x9NeownVYyg==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "OpenSSH, ECDSA", 200,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAA"
	    "ABNlY2RzYS\n"
	    "1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSwatn8otaYXGy8dEm3pw"
	    "DHMGr+cFMH\n"
	    "bgKOjKRlcKwmGE/FPvwZRaTrUX8vCob0h6tLUQc0dMgYhvw+1EGqLEg3AAAA"
	    "oGYE115mBN\n"
	    "deAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLBq2f"
	    "yi1phcbLx0\n"
	    "SbenAMcwav5wUwduAo6MpGVwrCYYT8U+/BlFpOtRfy8KhvSHq0tRBzR0yBiG"
	    "/D7UQaosSD\n"
	    "cAAAAhAO9Lr99shAzA6znfjre5hIjjzj2UMekzVnfFCaYrb14MAAAAAXQBAg"
	    "MEBQY=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "OpenSSH, RSA", 260,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAlwAA"
	    "AAdzc2gtcn\n"
	    "NhAAAAAwEAAQAAAIEA2Y9uRLXqdWqn2iGpeGHrBnM4JQqR62apeMGMLNJpdC"
	    "6XL1IozDeX\n"
	    "Rxt2f7rNNb05rtiGDfwVisQGJOlo5KT53pvOMUZJ5S7pDWtKj4Slg1zl0tmU"
	    "xHx4pf0IF1\n"
	    "qgwbVjbiFNAz9uG28TSjf0f/b6Zrkxz3cPI9RZZ8M/KqZ9lvMAAAH4Ubji9V"
	    "G44vUAAAAH\n"
	    "c3NoLXJzYQAAAIEA2Y9uRLXqdWqn2iGpeGHrBnM4JQqR62apeMGMLNJpdC6X"
	    "L1IozDeXRx\n"
	    "t2f7rNNb05rtiGDfwVisQGJOlo5KT53pvOMUZJ5S7pDWtKj4Slg1zl0tmUxH"
	    "x4pf0IF1qg\n"
	    "wbVjbiFNAz9uG28TSjf0f/b6Zrkxz3cPI9RZZ8M/KqZ9lvMAAAADAQABAAAA"
	    "gEuud39zgQ\n"
	    "IjfgyFlTyJY4a04h0Qlj47Ukztl2OoNoLyCimt/P89f2R/CzPXubcuAjjunY"
	    "OT47KIClMg\n"
	    "1xpiwYCoU+RGfUeqg5GrpSlPMTgfeeuuVZGU5jBkcHwULlUNBzKbSwSGAPqB"
	    "pWYhN/r1Ln\n"
	    "E7zLKB0Fep3/qjabSAdyKBAAAAQEGbv9sbzYDxSobvzAk9KHlOtAkimQzIzX"
	    "SgW2Nx82+5\n"
	    "P6oYN31GoJiQBq1Uqm02xMdO4FRtEciAVBDMNzMoqX4AAABBAPseA7SQkyRS"
	    "JfxhHNh3ZL\n"
	    "+3J0ISS2Dx+LXH4ViieuIxF1teTLlcC8ciaItTWlo8JwjKfwzV1/KrDZG5H9"
	    "hPO2EAAABB\n"
	    "AN3KYT22jm78XiIYiCk4kf725M/uz9uipSn0ojQXuvaK/Ddwop1Gfr/Qoluk"
	    "8Lubep3PHL\n"
	    "Ar2ZE9eNsIl5fnZtMAAAABdAEC\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "PKCS#1", 150,
	    "-----BEGIN RSA PRIVATE KEY-----\n"
	    "MIICXAIBAAKBgQDZj25Etep1aqfaIal4YesGczglCpHrZql4wYws0ml0LpcvUijM\n"
	    "N5dHG3Z/us01vTmu2IYN/BWKxAYk6WjkpPnem84xRknlLukNa0qPhKWDXOXS2ZTE\n"
	    "fHil/QgXWqDBtWNuIU0DP24bbxNKN/R/9vpmuTHPdw8j1Flnwz8qpn2W8wIDAQAB\n"
	    "AoGAS653f3OBAiN+DIWVPIljhrTiHRCWPjtSTO2XY6g2gvIKKa38/z1/ZH8LM9e5\n"
	    "ty4COO6dg5PjsogKUyDXGmLBgKhT5EZ9R6qDkaulKU8xOB95665VkZTmMGRwfBQu\n"
	    "VQ0HMptLBIYA+oGlZiE3+vUucTvMsoHQV6nf+qNptIB3IoECQQD7HgO0kJMkUiX8\n"
	    "YRzYd2S/tydCEktg8fi1x+FYonriMRdbXky5XAvHImiLU1paPCcIyn8M1dfyqw2R\n"
	    "uR/YTzthAkEA3cphPbaObvxeIhiIKTiR/vbkz+7P26KlKfSiNBe69or8N3CinUZ+\n"
	    "v9CiW6Twu5t6nc8csCvZkT142wiXl+dm0wJAeAIoEyrkpv77WFmwx2KHq3eEM3c6\n"
	    "vuHk0jrr3sgHogGEAA5Y7Fyo5En1XGBBVc5ZeUIM5b1srnRAz9uA9IcpAQJBAJTO\n"
	    "i02/pXL7qiDQOtMFXJcnib+lKBrh1lT/CLFQ1qVB/RUpYkGJodMKpVQ9pzMIj01A\n"
	    "P6xHz3LuPp8e9a76l/cCQEGbv9sbzYDxSobvzAk9KHlOtAkimQzIzXSgW2Nx82+5\n"
	    "P6oYN31GoJiQBq1Uqm02xMdO4FRtEciAVBDMNzMoqX4=\n"
	    "-----END RSA PRIVATE KEY-----\n" },
	{ "PKCS#8, RSA", 180,
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANmPbkS16nVqp9oh\n"
	    "qXhh6wZzOCUKketmqXjBjCzSaXQuly9SKMw3l0cbdn+6zTW9Oa7Yhg38FYrEBiTp\n"
	    "aOSk+d6bzjFGSeUu6Q1rSo+EpYNc5dLZlMR8eKX9CBdaoMG1Y24hTQM/bhtvE0o3\n"
	    "9H/2+ma5Mc93DyPUWWfDPyqmfZbzAgMBAAECgYBLrnd/c4ECI34MhZU8iWOGtOId\n"
	    "EJY+O1JM7ZdjqDaC8goprfz/PX9kfwsz17m3LgI47p2Dk+OyiApTINcaYsGAqFPk\n"
	    "Rn1HqoORq6UpTzE4H3nrrlWRlOYwZHB8FC5VDQcym0sEhgD6gaVmITf69S5xO8yy\n"
	    "gdBXqd/6o2m0gHcigQJBAPseA7SQkyRSJfxhHNh3ZL+3J0ISS2Dx+LXH4ViieuIx\n"
	    "F1teTLlcC8ciaItTWlo8JwjKfwzV1/KrDZG5H9hPO2ECQQDdymE9to5u/F4iGIgp\n"
	    "OJH+9uTP7s/boqUp9KI0F7r2ivw3cKKdRn6/0KJbpPC7m3qdzxywK9mRPXjbCJeX\n"
	    "52bTAkB4AigTKuSm/vtYWbDHYoerd4Qzdzq+4eTSOuveyAeiAYQADljsXKjkSfVc\n"
	    "YEFVzll5QgzlvWyudEDP24D0hykBAkEAlM6LTb+lcvuqINA60wVclyeJv6UoGuHW\n"
	    "VP8IsVDWpUH9FSliQYmh0wqlVD2nMwiPTUA/rEfPcu4+nx71rvqX9wJAQZu/2xvN\n"
	    "gPFKhu/MCT0oeU60CSKZDMjNdKBbY3Hzb7k/qhg3fUagmJAGrVSqbTbEx07gVG0R\n"
	    "yIBUEMw3Myipfg==\n"
	    "-----END PRIVATE KEY-----\n" },
	{ "SEC1", 40,
	    "-----BEGIN EC PRIVATE KEY-----\n"
	    "MHcCAQEEIO9Lr99shAzA6znfjre5hIjjzj2UMekzVnfFCaYrb14MoAoGCCqGSM49\n"
	    "AwEHoUQDQgAEsGrZ/KLWmFxsvHRJt6cAxzBq/nBTB24CjoykZXCsJhhPxT78GUWk\n"
	    "61F/LwqG9IerS1EHNHTIGIb8PtRBqixINw==\n"
	    "-----END EC PRIVATE KEY-----\n" },
	{ "PKCS#8, ECDSA", 60,
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg70uv32yEDMDrOd+O\n"
	    "t7mEiOPOPZQx6TNWd8UJpitvXgyhRANCAASwatn8otaYXGy8dEm3pwDHMGr+cFMH\n"
	    "bgKOjKRlcKwmGE/FPvwZRaTrUX8vCob0h6tLUQc0dMgYhvw+1EGqLEg3\n"
	    "-----END PRIVATE KEY-----\n" },
	{ "PKCS#8, Ed25519", 8,
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIGKXPDam123fEPmE/Ejc8zKQz3c8WcRmrrr8XsTPq+IZ\n"
	    "-----END PRIVATE KEY-----\n" },
	{ "PKCS#8, encrypted", 0,
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAieHsZogOEfjAICCAAw\n"
	    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEIaJ6Z+EzN36ZDZIr1GLLKEEgZAC\n"
	    "owYj6GZZ2uwNjbdtjykUH0J8wJ8HQmhI6XFqdS6M8snDlJziqC1urrhlxk06WWkE\n"
	    "00SogxwyDK8H91MK5OoXNDcHULDCNw72hzlhwh0596Kw+wymxfyKdE2AKYqvDEJB\n"
	    "NrRWSBt7v9U3J8mYtS7DK0Rte5Mx37Uo1YmgcdiogvqJH8load8e+shn7P9SQsg=\n"
	    "-----END ENCRYPTED PRIVATE KEY-----\n" },
	{ "DSA", 0,
	    "-----BEGIN DSA PRIVATE KEY-----\n"
	    "MIIBuwIBAAKBgQC79tzxxDM033YeKYsOYf66gk2vzM3jr0NcLG/Gntpc7/GcL/8P\n"
	    "YSZg6ZyzxlWYjYSuhzKd0T+Bg76lWUXpmf8x3p4SLAiDP/hmgpGAyh7qALETm5Np\n"
	    "V2UnqsfYbWOEKnck/Ghz9vNJWMR9BZfgPhbdN9fiw8pkOfGIcTu7udqLEwIVAPvt\n"
	    "tDxEY1CMgFOz+vrtCo7TpvPPAoGBAI1VgKU8GExxjxP6003qpEwsq7Wxk1yp9ojM\n"
	    "FPaAtQlTdIBC6lzlFXvpadHEP9DLecGIpcjhg1RM2ELJ+/b1IruCpJqBJ9Dc7dah\n"
	    "MhgbjoJh3sLv81qVm4ygZihrUjII1tDl0NkgyZvAu3ZHc9P5DeBjzSgMhMEh1q32\n"
	    "cnyXcF7eAoGAXhVKWXeaSCOTC/HRDnOOyBuEZ5lfApTUFSGrLEXP4m7f16fJtxq1\n"
	    "K0iM9CkcC6Ib1Csea1haa3mhqPZ8jjJ7Ef01taQ+yiNH8G13rCXIFvE2CIX96YPz\n"
	    "cMblljxoPgETpYZgjXjW8sIkqdlMtWHTpaibx7umtxUGRKtPigEyao0CFAhr4dKc\n"
	    "HohVxSx0QvdlZdkF2iKP\n"
	    "-----END DSA PRIVATE KEY-----\n" },
};

/* Is text[len] taken for a private key, and by the line parsers too? */
static bool
is_private(const char *text, size_t len)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	const char *advice = NULL, *why = NULL;
	struct nk_keylines ls;
	struct nk_keyline l;
	size_t line;
	char *copy = malloc(len + 1);	/* so that a reader beyond is seen */
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	r = nk_privatekey_detect(copy, len, &advice);
	ck_assert(r == 0 || r == -EPERM);
	if (r == -EPERM) {
		ck_assert_ptr_nonnull(strstr(advice, "treat it as exposed"));
		ck_assert_int_eq(nk_keyline_parse(copy, len, &policy, &l,
		    &why), -EPERM);
		ck_assert_ptr_eq(why, advice);
		why = NULL;
		ck_assert_int_eq(nk_keylines_parse(copy, len, &policy, &ls,
		    &line, &why), -EPERM);
		ck_assert_ptr_eq(why, advice);
		ck_assert_uint_eq(line, 0);
		ck_assert_ptr_null(ls.v);
	}
	free(copy);
	return r == -EPERM;
}

/* The base64 text without first and last line; its length. */
static size_t
body_of(const char *text, const char **bodyp)
{
	const char *end = strstr(text, "\n-----END");

	*bodyp = strchr(text, '\n') + 1;
	return (size_t)(end - *bodyp);
}

/* Put "what" between the characters of text, or instead of newlines. */
static size_t
respell(const char *text, size_t len, char c, const char *what, size_t n,
    char *out)
{
	size_t i, used = 0;

	for (i = 0; i < len; i++) {
		if (c == '\0' || text[i] != c)
			out[used++] = text[i];
		if (c == '\0' || text[i] == c) {
			memcpy(out + used, what, n);
			used += n;
		}
	}
	return used;
}

START_TEST(whole)
{
	const char *text = keys[_i].text;
	char out[8192];
	size_t len = strlen(text), n;

	ck_assert_msg(is_private(text, len), "%s", keys[_i].what);
	n = respell(text, len, '\n', "\r\n", 2, out);
	ck_assert_msg(is_private(out, n), "%s: CRLF", keys[_i].what);
	n = respell(text, len, '\n', " ", 1, out);
	ck_assert_msg(is_private(out, n), "%s: one line", keys[_i].what);
	n = respell(text, len, '\n', "\\n", 2, out);
	ck_assert_msg(is_private(out, n), "%s: escaped", keys[_i].what);
	n = respell(text, len, '\n', "\n> ", 3, out);
	ck_assert_msg(is_private(out, n), "%s: quoted", keys[_i].what);
	n = respell(text, len, '\0', "\0", 1, out);
	ck_assert_msg(is_private(out, n), "%s: UTF-16", keys[_i].what);
	ck_assert_msg(is_private(out + 1, n - 1), "%s: UTF-16, other end",
	    keys[_i].what);
}
END_TEST

START_TEST(behind_a_public_key)
{
	char out[8192];
	int n = snprintf(out, sizeof(out), "# mine\nssh-ed25519 %s x\n\n%s",
	    ED25519_BASE64, keys[_i].text);

	ck_assert_int_lt(n, (int)sizeof(out));
	ck_assert(is_private(out, (size_t)n));
}
END_TEST

START_TEST(cut_behind)
{
	const char *text = keys[_i].text, *body;
	size_t len, n = strlen(text);

	for (len = strlen("-----BEGIN ENCRYPTED PRIV"); len <= n; len++)
		ck_assert_msg(is_private(text, len), "%s: %zu bytes",
		    keys[_i].what, len);
	n = body_of(text, &body);
	for (len = 64; len <= n; len++)
		ck_assert_msg(is_private(body, len), "%s: %zu bytes of body",
		    keys[_i].what, len);
}
END_TEST

START_TEST(cut_in_front)
{
	const char *text = keys[_i].text, *body, *end;
	size_t len = body_of(text, &body), i;
	char out[8192];

	end = body + len;
	for (i = 0; i <= keys[_i].skip; i++) {
		ck_assert_msg(is_private(body + i, len - i),
		    "%s: without %zu", keys[_i].what, i);
		/* and the lines joined */
		ck_assert_msg(is_private(out, respell(body + i, len - i,
		    '\n', "", 0, out)), "%s: one word without %zu",
		    keys[_i].what, i);
	}
	/* the last line tells, as long as most of it is there */
	ck_assert(is_private(end - 30, strlen(end) + 30));
	ck_assert(is_private(end - 5, strlen(end) + 5));
	ck_assert(is_private(strstr(end, "PRIVATE"), 13));
}
END_TEST

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
} others[] = {
	{ "PuTTY", RAW("PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none"
	    "\r\nComment: x\r\nPublic-Lines: 1\r\nAAAAB3Nz\r\n") },
	{ "PuTTY 3", RAW("PuTTY-User-Key-File-3: ssh-ed25519\n") },
	{ "end of a PuTTY file", RAW("AAAAB3Nz\nPrivate-Lines: 8\nAAAAgQC") },
	{ "last line of a PuTTY file", RAW("Private-MAC: 0123456789abcdef") },
	{ "PuTTY, old", RAW("Private-Hash: 0123456789abcdef") },
	{ "ssh.com", RAW("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"
	    "Comment: \"x\"\nP2/56wAAAgIAAAAm") },
	{ "ssh.com, body", RAW("P2/56wAAAgIAAAAmZGwtbW9kcHtzaWdue2RzYS1uaXN0"
	    "LXNoYTF9LGRoe3BsYWlufX0AAAAIM2Rlcy1jYmMAAAHAAAAB") },
	{ "SSH 1", RAW("SSH PRIVATE KEY FILE FORMAT 1.1\n\0\0") },
	{ "old PEM, encrypted, its head", RAW("Proc-Type: 4,ENCRYPTED\n"
	    "DEK-Info: AES-128-CBC,00\n\nx") },
	{ "PGP", RAW("-----BEGIN PGP PRIVATE KEY BLOCK-----") },
	{ "OpenSSH, raw", RAW("openssh-key-v1\0\0\0\0\4none") },
	{ "PKCS#8, raw", RAW("\x30\x2e\2\1\0\x30\5\6\3\x2b\x65\x70\4\x22\4"
	    "\x20") },
	{ "PKCS#1, raw", RAW("\x30\x82\4\xa4\2\1\0\2\x82\1\1\0\xaa") },
	{ "SEC1, raw", RAW("\x30\x77\2\1\1\4\x20\xaa\xbb") },
	{ "PKCS#12 style encryption, raw", RAW("\x30\x82\5\x0e\x30\x40\6\x0a"
	    "\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\3") },
};

START_TEST(other_forms)
{
	ck_assert_msg(is_private(others[_i].text, others[_i].len), "%s",
	    others[_i].what);
}
END_TEST

/* The private section of the OpenSSH form, made by hand for each type. */
static const struct {
	const char	*what;
	const char	*section;
	size_t		 len;
} sections[] = {
#define N32	"0123456789abcdef0123456789abcdef"
#define N64	N32 N32
#define N128	N64 N64
	{ "Ed25519", RAW("\0\0\0\x0bssh-ed25519\0\0\0\x20" N32 "\0\0\0\x40"
	    N32) },
	{ "P-256", RAW("\0\0\0\x13" "ecdsa-sha2-nistp256\0\0\0\x08nistp256"
	    "\0\0\0\x41\4" N64 "\0\0\0\x21\0" N32) },
	{ "P-521", RAW("\0\0\0\x13" "ecdsa-sha2-nistp521\0\0\0\x08nistp521"
	    "\0\0\0\x85\4" N128 "1234\0\0\0\x42" N32) },
	{ "RSA", RAW("\0\0\0\7ssh-rsa\0\0\0\x81\0" N128 "\0\0\0\3\1\0\1"
	    "\0\0\0\x80" N128) },
	{ "DSA", RAW("\0\0\0\7ssh-dss\0\0\0\x80" N128 "\0\0\0\4abcd"
	    "\0\0\0\4abcd\0\0\0\4abcd\0\0\0\x14" N32) },
	{ "Ed25519-SK", RAW("\0\0\0\x1ask-ssh-ed25519@openssh.com\0\0\0\x20"
	    N32 "\0\0\0\4ssh:\1\0\0\0\x80" N128) },
	{ "ECDSA-SK", RAW("\0\0\0\x22sk-ecdsa-sha2-nistp256@openssh.com"
	    "\0\0\0\x08nistp256\0\0\0\x41\4" N64 "\0\0\0\4ssh:\1\0\0\0\x80"
	    N128) },
};

START_TEST(private_section)
{
	uint8_t raw[1024];
	char *text = NULL;
	size_t shift;

	for (shift = 0; shift < 3; shift++) {
		memset(raw, 'x', shift);
		memcpy(raw + shift, sections[_i].section, sections[_i].len);
		ck_assert_int_eq(nk_base64_encode(raw, shift +
		    sections[_i].len, &text), 0);
		ck_assert_msg(is_private(text, strlen(text)), "%s",
		    sections[_i].what);
		free(text);
	}
}
END_TEST

static const char *const harmless[] = {
	"",
	" ",
	"# the PRIVATE KEY is in the safe",
	"# -----BEGIN PUBLIC KEY-----",
	"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n",
	"-----BEGIN RSA PUBLIC KEY-----",
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 private key of alice",
	"M", "MI", "MII", "MIIE", "MIIEpAIB",
	"MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuX7dgWSx",
	"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
};

START_TEST(not_private)
{
	ck_assert_msg(!is_private(harmless[_i], strlen(harmless[_i])), "%s",
	    harmless[_i]);
}
END_TEST

START_TEST(public_keys)
{
	char line[4096];
	int n = snprintf(line, sizeof(line), "%s %s a comment\n%s %s\n",
	    ssh_keys[_i].type, ssh_keys[_i].base64, ssh_keys[_i].type,
	    ssh_keys[_i].base64);

	ck_assert_int_lt(n, (int)sizeof(line));
	ck_assert_msg(!is_private(line, (size_t)n), "%s", ssh_keys[_i].type);
	ck_assert(!is_private(ssh_keys[_i].base64,
	    strlen(ssh_keys[_i].base64)));
}
END_TEST

/* A signature by ssh-rsa has the length where a private key has its own. */
START_TEST(rsa_signature)
{
	static const char raw[] = "\0\0\1\x14\0\0\0\7ssh-rsa\0\0\1\0" N128
	    N128;
	char *text = NULL;

	ck_assert_int_eq(nk_base64_encode((const uint8_t *)raw,
	    sizeof(raw) - 1, &text), 0);
	ck_assert(!is_private(text, strlen(text)));
	free(text);
}
END_TEST

START_TEST(no_advice_wanted)
{
	ck_assert_int_eq(nk_privatekey_detect(keys[0].text,
	    strlen(keys[0].text), NULL), -EPERM);
	ck_assert_int_eq(nk_privatekey_detect("", 0, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_privatekey");
	TCase *tc = tcase_create("privatekey");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, whole, 0, COUNT(keys));
	tcase_add_loop_test(tc, behind_a_public_key, 0, COUNT(keys));
	tcase_add_loop_test(tc, cut_behind, 0, COUNT(keys));
	tcase_add_loop_test(tc, cut_in_front, 0, COUNT(keys));
	tcase_add_loop_test(tc, other_forms, 0, COUNT(others));
	tcase_add_loop_test(tc, private_section, 0, COUNT(sections));
	tcase_add_loop_test(tc, not_private, 0, COUNT(harmless));
	tcase_add_loop_test(tc, public_keys, 0, KEY_COUNT);
	tcase_add_test(tc, rsa_signature);
	tcase_add_test(tc, no_advice_wanted);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
