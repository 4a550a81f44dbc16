/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_BENCH_NSS_USERS_H
#define NASKEYS_TESTS_BENCH_NSS_USERS_H

#include <stdint.h>

#define NK_BENCH_FIRST_UID	10000u
#define NK_BENCH_GROUPS		2u	/* of everybody, beside the primary */

/*
 * Make so many users, user0, user1 and so on, with uids in the same order:
 * in accounts.map, in /etc/passwd, and in the file of the service "floor"
 * (tests/bench/floor.h), which is as large as the map and has as many slots.
 * For a process within nk_fixture_enter(); a failure ends it.
 */
void	nk_bench_make_users(uint32_t users);

#endif /* NASKEYS_TESTS_BENCH_NSS_USERS_H */
