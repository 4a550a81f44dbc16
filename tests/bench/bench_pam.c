/* SPDX-License-Identifier: ISC */
/*
 * A login through pam_naskeys (authenticate, account, session), in turns
 * with one crypt(3) and the same calls through pam_permit, and with the same
 * through pam_unix.
 *
 *	bench_pam ROUNDS USERS HASH PASSWORD UNIX-USER
 *
 * The services are bench_naskeys, bench_permit and bench_unix.  Makes
 * accounts.map and secrets.map anew with so many users, all of them with
 * this hash; UNIX-USER has it in /etc/shadow.  For a machine of its own.
 */
#include <crypt.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/compare.h"
#include "tests/fixture/maps.h"
#include "tests/fixture/pamtalk.h"

#define FIRST_UID	100000u

static struct nk_rounds rounds;
static const char *hash, *password;

static void
make_maps(uint32_t users)
{
	static const struct nk_map_settings settings = { .min_id = 1000 };
	static const struct nk_put_group group = { 1, 100000, "everybody" };
	struct nk_mapwriter *accounts, *secrets;
	struct nk_put_secret s = { .last_change = -1, .min_days = -1,
		.max_days = -1, .warn_days = -1, .inactive_days = -1,
		.hash = hash };
	struct nk_put_user u = { .generation = 1, .expires_at = NK_NEVER,
		.gid = 100000, .flags = NK_USER_MANAGED, .gecos = "",
		.home = "/", .shell = "/bin/sh" };
	char name[32];
	uint32_t i;

	accounts = nk_fixture_create(NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS,
	    users, 0644);
	secrets = nk_fixture_create(NK_MAP_SECRETS, NK_MAP_KIND_SECRETS,
	    users, 0600);
	nk_fixture_ok(nk_mapwriter_settings(accounts, &settings), "settings");
	nk_fixture_ok(nk_mapwriter_put_group(accounts, &group), "a group");
	u.name = name;
	s.generation[0] = s.generation[1] = 1;
	for (i = 0; i < users; i++) {
		(void)snprintf(name, sizeof(name), "bench%u", i);
		u.row = s.row = i + 1;
		u.uid = FIRST_UID + i;
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), name);
		nk_fixture_ok(nk_mapwriter_put_secret(secrets, &s), name);
	}
	nk_fixture_install(accounts);
	nk_fixture_install(secrets);
	nk_mapwriter_free(accounts);
	nk_mapwriter_free(secrets);
}

static void
must(int result, const char *what)
{
	if (result != PAM_SUCCESS)
		errx(EXIT_FAILURE, "%s: %s", what, nk_talk_code(result));
}

static void
log_in(const char *service, const char *user)
{
	struct nk_talk t = { .answer = { password } };
	struct pam_conv conv = { nk_talk, &t };
	pam_handle_t *pamh = NULL;

	must(pam_start(service, user, &conv, &pamh), service);
	must(pam_authenticate(pamh, 0), service);
	must(pam_acct_mgmt(pamh, 0), service);
	must(pam_open_session(pamh, 0), service);
	must(pam_close_session(pamh, 0), service);
	must(pam_end(pamh, PAM_SUCCESS), service);
}

static void
compute_hash(void)
{
	static struct crypt_data data;
	const char *out;

	memset(&data, 0, sizeof(data));
	out = crypt_r(password, hash, &data);
	if (out == NULL || strcmp(out, hash) != 0)
		errx(EXIT_FAILURE, "the hash is not that of the password");
}

static double
time_one(const char *service, const char *user, bool with_hash)
{
	uint64_t start = nk_bench_now();

	if (with_hash)
		compute_hash();
	log_in(service, user);
	return (double)(nk_bench_now() - start);
}

/* Who is first changes, and with it whoever comes after a login. */
static void
compare_with(const char *what, uint32_t users, const char *service,
    const char *user, bool with_hash)
{
	char name[32], line[64];
	size_t i;

	for (i = 0; i < rounds.count; i++) {
		(void)snprintf(name, sizeof(name), "bench%u",
		    (uint32_t)(i * 2654435761u) % users);
		if (i % 2 == 0)
			rounds.ours[i] = time_one("bench_naskeys", name,
			    false);
		rounds.theirs[i] = time_one(service, user != NULL ? user :
		    name, with_hash);
		if (i % 2 != 0)
			rounds.ours[i] = time_one("bench_naskeys", name,
			    false);
	}
	(void)snprintf(line, sizeof(line), "%u users, %s", users, what);
	nk_bench_report(line, &rounds);
}

int
main(int argc, char **argv)
{
	uint32_t users;

	if (argc != 6)
		errx(2, "usage: bench_pam ROUNDS USERS HASH PASSWORD "
		    "UNIX-USER");
	rounds.count = strtoul(argv[1], NULL, 10);
	users = (uint32_t)strtoul(argv[2], NULL, 10);
	if (rounds.count == 0 || rounds.count > NK_ROUNDS_MAX || users == 0)
		errx(2, "no such counts");
	hash = argv[3];
	password = argv[4];
	make_maps(users);
	nk_bench_pin();
	log_in("bench_naskeys", "bench0");
	log_in("bench_permit", "bench0");
	log_in("bench_unix", argv[5]);
	compare_with("crypt and pam_permit", users, "bench_permit", NULL,
	    true);
	compare_with("pam_unix", users, "bench_unix", argv[5], false);
	return EXIT_SUCCESS;
}
