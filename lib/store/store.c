/* SPDX-License-Identifier: ISC */

/*
 * The handle and its transactions.  Rules that the rest of lib/store
 * relies on:
 *  1. Nothing is written outside begin and commit.
 *  2. A writing function that fails has changed nothing, or has said so by
 *     nk_store_half(); then the transaction can only be taken back.
 *  3. When the database ends a transaction by itself, what follows must not
 *     be written statement by statement.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/dbfile.h"
#include "lib/store/internal.h"

int
nk_store_may_write(const struct nk_store *s)
{
	if (!s->writing)
		return -EINVAL;
	if (s->failed < 0)
		return s->failed;
	if (!nk_db_in_transaction(s->db))
		return -EIO;
	return 0;
}

int
nk_store_half(struct nk_store *s, int r)
{
	if (r < 0 && s->failed == 0)
		s->failed = r;
	return r;
}

void
nk_store_single_thread(void)
{
	nk_db_single_thread();
}

void
nk_store_several_threads(void)
{
	nk_db_several_threads();
}

int
nk_store_open_wait(struct nk_store **sp, const char *path,
    enum nk_store_mode mode, unsigned int busy_ms)
{
	const struct nk_db_options options = {
		.readonly = mode == NK_STORE_READ,
		.durable = true,
		.busy_ms = busy_ms,
		.cache_kib = NK_STORE_CACHE_KIB,
	};
	struct nk_store *s = NULL;
	char *real = NULL;
	int r;

	*sp = NULL;
	if ((r = nk_dbfile_prepare(path, mode == NK_STORE_CREATE,
	    &real)) < 0)
		return r;
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = nk_db_open(&s->db, real, &options)) < 0 ||
	    (r = nk_schema_check(s->db, mode, nk_nmigrations)) < 0)
		goto out;
	if (mode != NK_STORE_READ &&
	    ((r = nk_db_use_log(s->db)) < 0 ||
	    (r = nk_schema_migrate(s->db, nk_migrations,
	    nk_nmigrations)) < 0))
		goto out;
	*sp = s;
	s = NULL;
 out:
	nk_store_close(s);
	free(real);
	return r;
}

int
nk_store_open(struct nk_store **sp, const char *path,
    enum nk_store_mode mode)
{
	return nk_store_open_wait(sp, path, mode, NK_STORE_BUSY_MS);
}

void
nk_store_close(struct nk_store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		nk_db_rollback(s->db);
	nk_notes_forget(s);
	nk_user_forget(s);
	nk_db_close(s->db);
	free(s);
}

const char *
nk_store_error(const struct nk_store *s)
{
	return nk_db_error(s->db);
}

int
nk_store_is_writable(struct nk_store *s)
{
	int r;

	if (s->writing || s->readers > 0)
		return -EINVAL;
	nk_db_set_busy(s->db, false);
	r = nk_db_begin(s->db, true);
	nk_db_set_busy(s->db, true);
	nk_db_rollback(s->db);
	/* a log that can only be read is found before the lock is */
	return r == -EBUSY ? 0 : r;
}

int
nk_store_id(struct nk_store *s, uint8_t id[16])
{
	uint8_t value[16];
	size_t len;
	int r;

	r = nk_property_get(s, "id", value, sizeof(value), &len);
	if (r == -ENOENT || (r == 0 && len != sizeof(value)))
		return -EBADMSG;
	if (r == 0)
		memcpy(id, value, sizeof(value));
	return r;
}

/* ---- transactions ---- */

/* The transaction is over, in whichever way. */
static void
ended(struct nk_store *s)
{
	s->writing = false;
	s->failed = 0;
	s->savepoints = 0;
	nk_counters_forget(s);
	nk_notes_forget(s);
	nk_user_forget(s);
	if (s->bulk)
		nk_db_set_cache(s->db, NK_STORE_CACHE_KIB);
	s->bulk = false;
}

int
nk_store_begin(struct nk_store *s)
{
	int r;

	if (s->writing || s->readers > 0)
		return -EINVAL;
	if ((r = nk_db_begin(s->db, true)) < 0)
		return r;
	s->writing = true;
	return 0;
}

void
nk_store_void(struct nk_store *s)
{
	if (nk_db_begin(s->db, true) < 0)
		return;
	if (nk_db_run(s->db, "INSERT INTO counters (name, value)"
	    " VALUES ('voided', 1) ON CONFLICT (name)"
	    " DO UPDATE SET value = counters.value + 1", 0, NULL,
	    NULL) < 0 || nk_db_commit(s->db) < 0)
		nk_db_rollback(s->db);
}

int
nk_store_commit(struct nk_store *s)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = s->savepoints > 0 ? -EINVAL : 0) < 0 ||
	    (r = nk_counters_write(s)) < 0) {
		nk_store_rollback(s);
		return r;
	}
	if ((r = nk_db_commit(s->db)) < 0) {
		nk_store_rollback(s);
		nk_store_void(s);
		return r;
	}
	ended(s);
	return 0;
}

void
nk_store_rollback(struct nk_store *s)
{
	if (!s->writing)
		return;
	nk_db_rollback(s->db);
	ended(s);
}

int
nk_store_read_begin(struct nk_store *s)
{
	int64_t seq;
	int r;

	if (s->readers == 0 && !s->writing) {
		if ((r = nk_db_begin(s->db, false)) < 0)
			return r;
		/* the snapshot is that of the first read: make it now */
		if ((r = nk_store_seq(s, &seq)) < 0) {
			nk_db_rollback(s->db);
			return r;
		}
	}
	s->readers++;
	return 0;
}

void
nk_store_read_end(struct nk_store *s)
{
	if (s->readers == 0)
		return;
	if (--s->readers == 0 && !s->writing) {
		nk_user_forget(s);
		nk_db_rollback(s->db);
	}
}

int
nk_store_savepoint(struct nk_store *s)
{
	int r;

	/* what is counted up to here must be in the rows to go back to */
	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_counters_write(s)) < 0 ||
	    (r = nk_db_run(s->db, "SAVEPOINT nk", 0, NULL, NULL)) < 0)
		return r;
	s->savepoints++;
	return 0;
}

int
nk_store_release(struct nk_store *s)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (s->savepoints == 0)
		return -EINVAL;
	if ((r = nk_db_run(s->db, "RELEASE SAVEPOINT nk", 0, NULL,
	    NULL)) < 0)
		return nk_store_half(s, r);
	s->savepoints--;
	return 0;
}

void
nk_store_rollback_to(struct nk_store *s)
{
	int r;

	if (!s->writing || s->savepoints == 0)
		return;
	s->savepoints--;
	s->failed = 0;
	nk_user_forget(s);
	if (!nk_db_in_transaction(s->db))
		return;		/* nk_store_may_write() says so */
	if ((r = nk_db_exec(s->db, "ROLLBACK TO SAVEPOINT nk;"
	    "RELEASE SAVEPOINT nk")) == 0) {
		nk_counters_forget(s);
		r = nk_notes_reload(s);
	}
	s->failed = r;
}

int
nk_store_checkpoint(struct nk_store *s, uint64_t limit)
{
	return nk_db_checkpoint(s->db, limit);
}
