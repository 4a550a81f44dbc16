/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_JUDGE_H
#define NASKEYS_EXPLAIN_JUDGE_H

/* What sshd makes of one line and one key, now and for one address. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/explain/examined.h"
#include "lib/ssh/sshdversion.h"

#define NK_JUDGED_TEXT_MAX	512

enum nk_judged {
	NK_JUDGED_OTHER,	/* the line is another key's */
	NK_JUDGED_REFUSED,
	NK_JUDGED_TAKEN,
};

struct nk_judge {
	const char		*user;
	const char		*address;
	int64_t			 now;
	struct nk_sshd_version	 version;
	bool			 use_dns; /* names of hosts may decide */
};

struct nk_judgement {
	enum nk_judged	 judged;
	bool		 unknown;	/* refused, as far as is known here */
	bool		 command;	/* one is forced */
	bool		 restricted;
	const char	*remedy;	/* static; of a refusal */
	char		 why[NK_JUDGED_TEXT_MAX];
};

/*
 * A line with the options text[len] (NULL: none) and the key blob.  0, or
 * -ENOMEM.
 */
int	nk_judge_line(const struct nk_judge *q, const struct nk_examined *k,
	    const char *options, size_t len, const uint8_t *blob,
	    size_t blob_len, struct nk_judgement *j) NK_MUST_CHECK;

/*
 * A certificate by itself: kind, time, addresses, and its principals, one
 * of which must be in names (with commas; NULL: it need have none).
 */
void	nk_judge_certificate(const struct nk_judge *q,
	    const struct nk_examined *k, const char *names,
	    struct nk_judgement *j);

/* YYYY-MM-DD HH:MM UTC. */
#define NK_MOMENT_MAX	32
void	nk_moment(int64_t t, char text[static NK_MOMENT_MAX]);

#endif /* NASKEYS_EXPLAIN_JUDGE_H */
