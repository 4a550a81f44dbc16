/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_CHECKER_H
#define NASKEYS_AGENT_CHECKER_H

/*
 * The answers of an ssh-agent, read where they can do no harm: in the
 * sandbox (lib/sandbox/sandbox.h), each in a child of its own.  The child
 * says what an answer holds; what follows from it is decided here, outside.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/wire.h"

#define NK_AGENT_MESSAGE_MAX	65536u	/* bytes of a message */
#define NK_AGENT_KEYS_MAX	64u	/* of an agent's that are looked at */
#define NK_AGENT_BLOB_MAX	32768u	/* bytes of one of them */

/* For nk_sandbox_serve(), in each program that asks agents. */
extern const struct nk_sandbox_work nk_agent_works[];

/* What a key or a certificate is held against. */
struct nk_agent_rules {
	struct nk_keypolicy	 policy;
	int64_t			 now;
	const char		*rhost;		/* "": unknown */
};

/* ---- which keys it has ---- */

/* A key, or a certificate that is good for somebody at this moment. */
struct nk_agent_offer {
	const uint8_t	*blob;
	size_t		 len;
	const uint8_t	*ca;		/* who signed the certificate */
	size_t		 ca_len;	/* 0: it is a key */
	struct nk_wire	 principals;	/* of the certificate; unchecked */
	bool		 rsa;
};

struct nk_agent_offers {
	struct nk_secret	answer;		/* that they point into */
	struct nk_agent_offer	v[NK_AGENT_KEYS_MAX];
	size_t			n;
};

/*
 * Read the answer msg[len] to nk_agentmsg_put_list(), as far as the first
 * NK_AGENT_KEYS_MAX.  Keys of unknown types, certificates whose signature
 * is wrong or that nk_agent_certificate_check() refuses are left out.  0,
 * and *o is the caller's to clear; -EACCES, the agent refuses; -EBADMSG, it
 * is no such answer; -ETIMEDOUT; -EIO, the child was ended or said what it
 * may not; -errno of nk_sandbox_run().
 */
int	nk_agent_offers_read(const struct nk_sandbox *sb,
	    const struct nk_agent_rules *rules, const uint8_t *msg,
	    size_t len, struct nk_agent_offers *o) NK_MUST_CHECK;
void	nk_agent_offers_clear(struct nk_agent_offers *o);

/*
 * What the child says to that, of which nothing is trusted.  answer is then
 * empty, its bytes are o's.  Results as above, but of those the child's.
 */
int	nk_agent_offers_take(struct nk_secret *answer,
	    struct nk_agent_offers *o) NK_MUST_CHECK;

/* ---- a signature ---- */

struct nk_agent_claim {
	const uint8_t	*blob;		/* whose it should be */
	size_t		 blob_len;
	const uint8_t	*ca;		/* by whose certificate; */
	size_t		 ca_len;	/* 0: by the key itself */
	const char	*names;		/* one of them in the certificate */
	const uint8_t	*data;		/* what is signed */
	size_t		 len;
};

/* What a right signature shows. */
#define NK_AGENT_SECURITY_KEY	0x01u
#define NK_AGENT_TOUCHED	0x02u
#define NK_AGENT_VERIFIED	0x04u	/* by PIN or finger */
#define NK_AGENT_CERT_NO_TOUCH	0x08u	/* what the certificate says */
#define NK_AGENT_CERT_VERIFY	0x10u
#define NK_AGENT_SHOWN		0x1fu	/* all of them */

/*
 * Is the answer msg[len] to nk_agentmsg_put_sign() a signature that makes
 * the claim true?  0; -EACCES, the agent refuses, or the certificate is not
 * one for the claim; -EBADMSG, malformed or wrong; -EPERM, an algorithm that
 * is not taken; the others as above.
 */
int	nk_agent_signature_check(const struct nk_sandbox *sb,
	    const struct nk_agent_rules *rules,
	    const struct nk_agent_claim *claim, const uint8_t *msg,
	    size_t len, uint32_t *shownp) NK_MUST_CHECK;

/* What the child says to that, likewise. */
int	nk_agent_signature_take(const struct nk_secret *answer,
	    uint32_t *shownp) NK_MUST_CHECK;

/*
 * Is sig[sig_len] (RFC 4253, section 6.6) a signature over data[len] by the
 * host key blob[blob_len]?  Results as of nk_agent_signature_check().
 */
int	nk_agent_host_check(const struct nk_sandbox *sb, const uint8_t *blob,
	    size_t blob_len, const uint8_t *sig, size_t sig_len,
	    const uint8_t *data, size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_AGENT_CHECKER_H */
