/* SPDX-License-Identifier: ISC */
#include "lib/store/connections.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "lib/store/internal.h"

#define COLUMNS	"id, keypair_id, port, connect_timeout, host, username," \
		" host_keys"

void
nk_connection_clear(struct nk_connection *c)
{
	if (c == NULL)
		return;
	free(c->host);
	free(c->username);
	free(c->host_keys);
	*c = (struct nk_connection){ .id = 0 };
}

static int
connection_copy(struct nk_connection *c, const struct nk_connection *from)
{
	int r;

	*c = *from;
	c->host = c->username = c->host_keys = NULL;
	if ((r = nk_text_copy(&c->host, from->host)) < 0 ||
	    (r = nk_text_copy(&c->username, from->username)) < 0 ||
	    (r = nk_text_copy(&c->host_keys, from->host_keys)) < 0)
		nk_connection_clear(c);
	return r;
}

/* What *c gets belongs to the statement. */
static int
connection_read(struct nk_stmt *st, struct nk_connection *c)
{
	int i = 0;

	c->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	c->keypair_id = nk_stmt_int(st, i++, 1, INT64_MAX);
	c->port = (uint16_t)nk_stmt_int(st, i++, 1, UINT16_MAX);
	c->connect_timeout = (unsigned int)nk_stmt_int(st, i++, 1, INT_MAX);
	c->host = nk_stmt_text(st, i++);
	c->username = nk_stmt_text(st, i++);
	c->host_keys = nk_stmt_text(st, i);
	return nk_stmt_check(st);
}

int
nk_connection_get(struct nk_store *s, int64_t id, struct nk_connection *c)
{
	struct nk_connection row;
	struct nk_stmt *st;
	int r;

	*c = (struct nk_connection){ .id = 0 };
	if ((r = nk_db_stmt(s->db, "SELECT " COLUMNS " FROM connections"
	    " WHERE id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1 && (r = connection_read(st, &row)) == 0)
		r = connection_copy(c, &row);
	nk_stmt_end(st);
	return r;
}

int
nk_connection_put(struct nk_store *s, const struct nk_connection *c)
{
	struct nk_stmt *st;
	int i = 1, r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (c->host == NULL || c->username == NULL || c->host_keys == NULL ||
	    c->connect_timeout > INT_MAX)
		return -EINVAL;
	if ((r = nk_db_stmt(s->db, "INSERT INTO connections (" COLUMNS ")"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id)"
	    " DO UPDATE SET keypair_id = excluded.keypair_id,"
	    " port = excluded.port,"
	    " connect_timeout = excluded.connect_timeout,"
	    " host = excluded.host, username = excluded.username,"
	    " host_keys = excluded.host_keys", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, i++, c->id);
	nk_stmt_bind_int(st, i++, c->keypair_id);
	nk_stmt_bind_int(st, i++, c->port);
	nk_stmt_bind_int(st, i++, c->connect_timeout);
	nk_stmt_bind_text(st, i++, c->host);
	nk_stmt_bind_text(st, i++, c->username);
	nk_stmt_bind_text(st, i, c->host_keys);
	return nk_stmt_run(st, NULL);
}

int
nk_connections_of_keypair(struct nk_store *s, int64_t keypair,
    struct nk_ids *connections)
{
	return nk_ids_read(s, "SELECT id FROM connections"
	    " WHERE keypair_id = $1 UNION SELECT connection_id"
	    " FROM rotations WHERE keypair_id = $1 ORDER BY 1", keypair,
	    connections);
}

int
nk_connection_drop(struct nk_store *s, int64_t id)
{
	int r;

	if ((r = nk_db_run(s->db, "DELETE FROM rotations"
	    " WHERE connection_id = $1", 1, &id, NULL)) < 0)
		return r;
	return nk_store_half(s, nk_db_run(s->db, "DELETE FROM connections"
	    " WHERE id = $1", 1, &id, NULL));
}

/* ---- rotations ---- */

static int
rotation_find(struct nk_store *s, const char *sql, int64_t id,
    struct nk_rotation *ro)
{
	struct nk_stmt *st;
	int r;

	*ro = (struct nk_rotation){ .connection_id = 0 };
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	if ((r = nk_stmt_step(st)) == 0) {
		r = -ENOENT;
	} else if (r == 1) {
		ro->connection_id = nk_stmt_int(st, 0, 1, INT64_MAX);
		ro->keypair_id = nk_stmt_int(st, 1, 1, INT64_MAX);
		ro->step = (unsigned int)nk_stmt_int(st, 2, 0, INT_MAX);
		r = nk_stmt_check(st);
	}
	nk_stmt_end(st);
	return r;
}

int
nk_rotation_get(struct nk_store *s, int64_t connection,
    struct nk_rotation *ro)
{
	return rotation_find(s, "SELECT connection_id, keypair_id, step"
	    " FROM rotations WHERE connection_id = $1", connection, ro);
}

int
nk_rotation_of_keypair(struct nk_store *s, int64_t keypair,
    struct nk_rotation *ro)
{
	return rotation_find(s, "SELECT connection_id, keypair_id, step"
	    " FROM rotations WHERE keypair_id = $1 OR connection_id IN"
	    " (SELECT id FROM connections WHERE keypair_id = $1)"
	    " ORDER BY connection_id LIMIT 1", keypair, ro);
}

int
nk_rotation_put(struct nk_store *s, const struct nk_rotation *ro)
{
	const int64_t v[] = { ro->connection_id, ro->keypair_id, ro->step };
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	return nk_db_run(s->db, "INSERT INTO rotations (connection_id,"
	    " keypair_id, step) VALUES ($1, $2, $3)"
	    " ON CONFLICT (connection_id) DO UPDATE SET"
	    " keypair_id = excluded.keypair_id, step = excluded.step", 3, v,
	    NULL);
}

int
nk_rotation_delete(struct nk_store *s, int64_t connection)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "DELETE FROM rotations"
	    " WHERE connection_id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, connection);
	return nk_row_run(st);
}
