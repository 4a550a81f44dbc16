/* SPDX-License-Identifier: ISC */
/*
 * remove_key HOST PORT USER HOST-KEY TYPE BASE64 [PRIVATE-KEY-FILE]: take a
 * key out of another machine's authorized_keys, logged in with that key, or
 * by the password on standard input.  Says true, false, or why not.
 */
#include <bsd/stdlib.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/remote/remote.h"

#define TEXT_MAX	16384

/* All of it, without a newline at its end. */
static void
read_text(FILE *f, struct nk_secret *text)
{
	static char bytes[TEXT_MAX];
	size_t n;

	if (f == NULL)
		err(2, "private key");
	n = fread(bytes, 1, sizeof(bytes), f);
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	if (nk_secret_append(text, bytes, n) < 0)
		errx(2, "memory");
}

int
main(int argc, char **argv)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_remote_target t = { .seconds = 20 };
	struct nk_remote_login login = { .user = NULL };
	struct nk_remote_report report;
	struct nk_privatekey key;
	struct nk_hostkeys pins;
	struct nk_sandbox sb;
	bool removed;
	int r;

	if (argc < 7)
		errx(2, "usage: remove_key HOST PORT USER HOST-KEY TYPE "
		    "BASE64 [PRIVATE-KEY-FILE]");
	t.host = argv[1];
	t.port = (uint16_t)strtonum(argv[2], 1, UINT16_MAX, NULL);
	login.user = argv[3];
	login.pins = &pins;
	read_text(argc > 7 ? fopen(argv[7], "re") : stdin, &text);
	if (argc == 7)
		login.password = &text;
	else if (nk_privatekey_read((const char *)text.p, text.len, &policy,
	    &key, NULL) == 0)
		login.key = &key;
	else
		errx(2, "private key");
	if (nk_hostkeys_read(argv[4], &pins, NULL) < 0 ||
	    nk_sandbox_init(&sb, "/etc/passwd") < 0)
		errx(2, "host key, or no user naskeys-net");
	sb.program = NK_REMOTE_PROGRAM;
	r = nk_remote_remove_key(&sb, &t, &login, argv[5], argv[6], &removed,
	    &report);
	puts(r < 0 ? report.reason : removed ? "true" : "false");
	nk_hostkeys_clear(&pins);
	nk_secret_clear(&text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
