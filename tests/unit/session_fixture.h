/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_SESSION_FIXTURE_H
#define NASKEYS_TEST_SESSION_FIXTURE_H

/* What lives until the next boot, in a folder of its own for each test. */

#include "lib/store/session.h"
#include "tests/unit/store_fixture.h"

static struct nk_session *ss;

static inline void
setup_session(void)
{
	make_dir();
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
}

static inline void
teardown_session(void)
{
	nk_session_close(ss);
	ss = NULL;
	remove_dir();
}

#endif /* NASKEYS_TEST_SESSION_FIXTURE_H */
