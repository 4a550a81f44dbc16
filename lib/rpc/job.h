/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_JOB_H
#define NASKEYS_RPC_JOB_H

/*
 * Methods that are jobs behind the gateway, as they are the peer's: one call
 * at a time, run by the connection's own process.  Where legacy_jobs is set
 * the call is answered with the job's id, and the job runs after that; else
 * the answer is the job's.
 */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/jobs.h"

/* nk_rpc_hooks' call. */
int	nk_job_call(struct nk_context *c, const struct nk_method *m,
	    json_t *params, json_t **resultp, struct nk_error *e)
	    NK_MUST_CHECK;
/* Run c->web->job, if there is one.  0, or -errno of session.db. */
int	nk_job_run(struct nk_context *c) NK_MUST_CHECK;

/*
 * As it is shown; one that has lost its process has failed.  It is a new
 * reference.
 */
int	nk_job_entity(const struct nk_job *j, json_t **op) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_JOB_H */
