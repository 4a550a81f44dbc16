/* SPDX-License-Identifier: ISC */
#include "lib/store/ssh_service.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "lib/store/internal.h"

/* In the order of the columns, behind those that are numbers. */
static const size_t texts[] = {
	offsetof(struct nk_ssh_service, sftp_log_level),
	offsetof(struct nk_ssh_service, sftp_log_facility),
	offsetof(struct nk_ssh_service, bindiface),
	offsetof(struct nk_ssh_service, password_login_groups),
	offsetof(struct nk_ssh_service, weak_ciphers),
	offsetof(struct nk_ssh_service, host_key_types),
	offsetof(struct nk_ssh_service, host_certificates),
	offsetof(struct nk_ssh_service, options),
};
#define NTEXTS	(sizeof(texts) / sizeof(texts[0]))

static char **
text_at(struct nk_ssh_service *v, size_t i)
{
	return (char **)(void *)((char *)v + texts[i]);
}

static const char *
text_of(const struct nk_ssh_service *v, size_t i)
{
	return *(char *const *)(const void *)((const char *)v + texts[i]);
}

void
nk_ssh_service_clear(struct nk_ssh_service *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < NTEXTS; i++)
		free(*text_at(v, i));
	*v = (struct nk_ssh_service){ .tcpport = 0 };
}

static int
service_read(struct nk_stmt *st, struct nk_ssh_service *v)
{
	int column = 0, r;
	size_t i;

	v->tcpport = (uint32_t)nk_stmt_int(st, column++, 1, UINT16_MAX);
	v->passwordauth = nk_stmt_bool(st, column++);
	v->kerberosauth = nk_stmt_bool(st, column++);
	v->tcpfwd = nk_stmt_bool(st, column++);
	v->compression = nk_stmt_bool(st, column++);
	v->revoked_keys = nk_stmt_bool(st, column++);
	v->key_files = (enum nk_ssh_files)nk_stmt_int(st, column++,
	    NK_SSH_FILES_KEEP, NK_SSH_FILES_CENTRAL);
	for (i = 0; i < NTEXTS; i++)
		if ((r = nk_text_copy(text_at(v, i), nk_stmt_text(st,
		    column++))) < 0)
			return r;
	return nk_stmt_check(st);
}

int
nk_ssh_service_get(struct nk_store *s, struct nk_ssh_service *v)
{
	struct nk_stmt *st;
	int r;

	*v = (struct nk_ssh_service){ .tcpport = 0 };
	if ((r = nk_db_stmt(s->db, "SELECT tcpport, passwordauth,"
	    " kerberosauth, tcpfwd, compression, revoked_keys, key_files,"
	    " sftp_log_level, sftp_log_facility, bindiface,"
	    " password_login_groups, weak_ciphers, host_key_types,"
	    " host_certificates, options FROM ssh_service WHERE id = 1",
	    &st)) < 0)
		return r;
	if ((r = nk_stmt_step(st)) == 0)
		r = -EBADMSG;		/* it is there from the start */
	else if (r == 1)
		r = service_read(st, v);
	nk_stmt_end(st);
	if (r < 0)
		nk_ssh_service_clear(v);
	return r;
}

int
nk_ssh_service_set(struct nk_store *s, const struct nk_ssh_service *v)
{
	struct nk_stmt *st;
	int column = 1, r;
	size_t i;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if ((r = nk_db_stmt(s->db, "UPDATE ssh_service SET tcpport = $1,"
	    " passwordauth = $2, kerberosauth = $3, tcpfwd = $4,"
	    " compression = $5, revoked_keys = $6, key_files = $7,"
	    " sftp_log_level = $8, sftp_log_facility = $9, bindiface = $10,"
	    " password_login_groups = $11, weak_ciphers = $12,"
	    " host_key_types = $13, host_certificates = $14, options = $15"
	    " WHERE id = 1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, column++, v->tcpport);
	nk_stmt_bind_int(st, column++, v->passwordauth);
	nk_stmt_bind_int(st, column++, v->kerberosauth);
	nk_stmt_bind_int(st, column++, v->tcpfwd);
	nk_stmt_bind_int(st, column++, v->compression);
	nk_stmt_bind_int(st, column++, v->revoked_keys);
	nk_stmt_bind_int(st, column++, v->key_files);
	for (i = 0; i < NTEXTS; i++)
		nk_stmt_bind_text(st, column++, text_of(v, i));
	return nk_row_run(st);
}

/* ---- what waits for confirmation ---- */

void
nk_ssh_pending_clear(struct nk_ssh_pending *p)
{
	if (p == NULL)
		return;
	free(p->boot_id);
	free(p->drop_in);
	free(p->main);
	*p = (struct nk_ssh_pending){ .until = 0 };
}

static int
pending_read(struct nk_stmt *st, struct nk_ssh_pending *p)
{
	int r;

	p->until = nk_stmt_int(st, 0, 0, INT64_MAX);
	if ((r = nk_text_copy(&p->boot_id, nk_stmt_text(st, 1))) < 0 ||
	    (r = nk_text_copy(&p->drop_in, nk_stmt_text_or_null(st,
	    2))) < 0 ||
	    (r = nk_text_copy(&p->main, nk_stmt_text_or_null(st, 3))) < 0)
		return r;
	return nk_stmt_check(st);
}

int
nk_ssh_pending_get(struct nk_store *s, struct nk_ssh_pending *p)
{
	struct nk_stmt *st;
	int r;

	*p = (struct nk_ssh_pending){ .until = 0 };
	if ((r = nk_db_stmt(s->db, "SELECT until, boot_id, drop_in, main"
	    " FROM ssh_pending WHERE id = 1", &st)) < 0)
		return r;
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1)
		r = pending_read(st, p);
	nk_stmt_end(st);
	if (r < 0)
		nk_ssh_pending_clear(p);
	return r;
}

int
nk_ssh_pending_insert(struct nk_store *s, const struct nk_ssh_pending *p)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO ssh_pending (id, until,"
	    " boot_id, drop_in, main) VALUES (1, $1, $2, $3, $4)", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, p->until);
	nk_stmt_bind_text(st, 2, p->boot_id);
	nk_stmt_bind_text(st, 3, p->drop_in);
	nk_stmt_bind_text(st, 4, p->main);
	return nk_stmt_run(st, NULL);
}

int
nk_ssh_pending_extend(struct nk_store *s, int64_t until)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "UPDATE ssh_pending SET until = $1"
	    " WHERE id = 1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, until);
	return nk_row_run(st);
}

int
nk_ssh_pending_delete(struct nk_store *s)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "DELETE FROM ssh_pending WHERE id = 1",
	    &st)) < 0)
		return r;
	return nk_row_run(st);
}
