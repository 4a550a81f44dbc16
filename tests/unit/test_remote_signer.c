/* SPDX-License-Identifier: ISC */

/* The one signature that a child of naskeys-net gets. */

#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/remote/signer.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"

#define FAILURE		NK_AGENTMSG_FAILURE
#define LIST		NK_AGENTMSG_LIST_ANSWER
#define SIGNATURE	NK_AGENTMSG_SIGN_ANSWER

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };
static struct nk_privatekey key;
static struct nk_remote_signer signer;
static int child = -1;

static void
setup(void)
{
	ck_assert_int_eq(nk_privatekey_read(ED_OPENSSH, strlen(ED_OPENSSH),
	    &policy, &key, NULL), 0);
	ck_assert_int_eq(nk_remote_signer_init(&signer, "backup", &key,
	    &child), 0);
	ck_assert_int_eq(fcntl(child, F_SETFL, O_NONBLOCK), 0);
}

static void
teardown(void)
{
	nk_remote_signer_close(&signer);
	nk_privatekey_clear(&key);
	close(child);
}

static void
put_text(struct nk_wire_out *o, const char *s)
{
	ck_assert_int_eq(nk_wire_put_string(o, s, strlen(s)), 0);
}

/* A whole message to the agent: sign a login as this user. */
static size_t
sign_request(const char *user, uint8_t *msg, size_t room)
{
	uint8_t data[1024];
	struct nk_wire_out d = { data, sizeof(data) };
	struct nk_wire_out o = { msg + 4, room - 4 }, head = { msg, 4 };
	size_t len;

	put_text(&d, "0123456789abcdef0123456789abcdef");
	ck_assert_int_eq(nk_wire_put(&d, "\x32", 1), 0);
	put_text(&d, user);
	put_text(&d, "ssh-connection");
	put_text(&d, "publickey");
	ck_assert_int_eq(nk_wire_put(&d, "\x01", 1), 0);
	put_text(&d, "ssh-ed25519");
	ck_assert_int_eq(nk_wire_put_string(&d, key.blob, key.blob_len), 0);
	ck_assert_int_eq(nk_wire_put(&o, "\x0d", 1), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, key.blob, key.blob_len), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, data, sizeof(data) -
	    d.left), 0);
	ck_assert_int_eq(nk_wire_put_u32(&o, 0), 0);
	len = room - 4 - o.left;
	ck_assert_int_eq(nk_wire_put_u32(&head, (uint32_t)len), 0);
	return 4 + len;
}

static void
say(const void *bytes, size_t len)
{
	ck_assert_int_eq(send(child, bytes, len, MSG_NOSIGNAL),
	    (ssize_t)len);
}

/* The type of the one answer that there is; -1: none. */
static int
heard(void)
{
	uint8_t buf[4096];
	struct nk_wire w = { buf, 4 };
	uint32_t len;

	if (recv(child, buf, 4, 0) != 4)
		return -1;
	ck_assert_int_eq(nk_wire_get_u32(&w, &len), 0);
	ck_assert_int_eq(recv(child, buf, len, 0), (ssize_t)len);
	return buf[0];
}

static int
ask_to_sign(const char *user)
{
	uint8_t msg[2048];

	say(msg, sign_request(user, msg, sizeof(msg)));
	ck_assert_int_eq(nk_remote_signer_serve(&signer), 0);
	return heard();
}

START_TEST(one_signature)
{
	signer.open = true;
	say("\0\0\0\1\x0b", 5);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), 0);
	ck_assert_int_eq(heard(), LIST);
	ck_assert_int_eq(ask_to_sign("root"), FAILURE);
	ck_assert_int_eq(ask_to_sign("backup"), SIGNATURE);
	say("\0\0\0\1\x0b", 5);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), -EPIPE);
	ck_assert_int_eq(heard(), -1);
}
END_TEST

/* Not even when both requests come at once. */
START_TEST(no_two_signatures)
{
	uint8_t msg[4096];
	size_t len = sign_request("backup", msg, sizeof(msg));

	signer.open = true;
	memcpy(msg + len, msg, len);
	say(msg, 2 * len);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), 0);
	ck_assert_int_eq(heard(), SIGNATURE);
	ck_assert_int_eq(heard(), -1);
}
END_TEST

START_TEST(not_before_it_is_open)
{
	uint8_t msg[2048];

	say(msg, sign_request("backup", msg, sizeof(msg)));
	ck_assert_int_eq(nk_remote_signer_serve(&signer), -EPIPE);
	ck_assert_int_eq(signer.fd, -1);
	ck_assert_int_eq(heard(), -1);
}
END_TEST

/* In pieces of any size, and several at once. */
START_TEST(pieces)
{
	uint8_t msg[4096];
	size_t i, len, cut = (size_t)_i;

	signer.open = true;
	len = sign_request("root", msg, sizeof(msg));
	memcpy(msg + len, msg, len);
	for (i = 0; i < 2 * len; i += cut) {
		say(msg + i, i + cut > 2 * len ? 2 * len - i : cut);
		ck_assert_int_eq(nk_remote_signer_serve(&signer), 0);
	}
	ck_assert_int_eq(heard(), FAILURE);
	ck_assert_int_eq(heard(), FAILURE);
	ck_assert_int_eq(heard(), -1);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), 0);
}
END_TEST

START_TEST(too_long)
{
	signer.open = true;
	say("\0\0\x40\1", 4);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), -EBADMSG);
	ck_assert_int_eq(signer.fd, -1);
}
END_TEST

START_TEST(hung_up)
{
	signer.open = true;
	ck_assert_int_eq(shutdown(child, SHUT_WR), 0);
	ck_assert_int_eq(nk_remote_signer_serve(&signer), -EPIPE);
	ck_assert_int_eq(signer.fd, -1);
	ck_assert(!signer.open);
}
END_TEST

/* Who takes no answers gets no more. */
START_TEST(flooded)
{
	int i, r = 0;

	signer.open = true;
	for (i = 0; i < 100000 && r == 0; i++) {
		if (send(child, "\0\0\0\1\x0b", 5, MSG_NOSIGNAL) != 5)
			break;
		r = nk_remote_signer_serve(&signer);
	}
	ck_assert_int_eq(r, -EPIPE);
	ck_assert_int_eq(signer.fd, -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("remote_signer");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_signature);
	tcase_add_test(tc, no_two_signatures);
	tcase_add_test(tc, not_before_it_is_open);
	tcase_add_loop_test(tc, pieces, 1, 12);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, hung_up);
	tcase_add_test(tc, flooded);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
