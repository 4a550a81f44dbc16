/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_PARTS_H
#define NASKEYS_EXPLAIN_PARTS_H

/* What the parts of an explanation share; for lib/explain alone. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/account/sshdsettings.h"
#include "lib/explain/account.h"
#include "lib/explain/examined.h"
#include "lib/explain/explain.h"
#include "lib/explain/judge.h"
#include "lib/explain/authfile.h"
#include "lib/explain/published.h"

struct nk_explaining {
	const struct nk_explain_question *q;
	struct nk_explain		*x;	/* where steps go now */
	struct nk_settings		 settings;
	struct nk_sshd_version		 version;
	bool				 lone_group;	/* see modes.h */
	struct nk_seen_account		*account;
	struct nk_published		 published;
	int				 published_error;
	bool				 partial; /* a key is not enough */
};

/*
 * Each part says its steps.  1: sshd goes on; 0: it does not (or nothing
 * more can be said); -ENOMEM.
 */

/* config.c: the settings in force. */
int	nk_explain_config(struct nk_explaining *e) NK_MUST_CHECK;

/* admission.c: whom sshd lets try at all. */
int	nk_explain_admission(struct nk_explaining *e) NK_MUST_CHECK;

/*
 * keycheck.c: may this key be tried at all, whoever has it?  And which ways
 * to authenticate are there?
 */
int	nk_explain_methods(struct nk_explaining *e) NK_MUST_CHECK;
int	nk_explain_keycheck(struct nk_explaining *e,
	    const struct nk_examined *k) NK_MUST_CHECK;

/* sources.c: who has it.  *j is how the line that took it judged. */
int	nk_explain_sources(struct nk_explaining *e,
	    const struct nk_examined *k, struct nk_judgement *j)
	    NK_MUST_CHECK;

/* finish.c: what comes once the key is accepted. */
int	nk_explain_root(struct nk_explaining *e, bool command) NK_MUST_CHECK;
int	nk_explain_finish(struct nk_explaining *e) NK_MUST_CHECK;

/* What judge.h asks for. */
struct nk_judge nk_explain_judge(const struct nk_explaining *e);

/*
 * The files of AuthorizedKeysFile, one after another: *posp is 0 at first.
 * False: no more.  A word that cannot be made a path is said and left out.
 */
struct nk_file_walk {
	const char	*left;		/* words; NULL at first */
	char		 path[PATH_MAX];
};
bool	nk_explain_next_file(struct nk_explaining *e,
	    struct nk_file_walk *w);

/* The question for such a file and this key (NULL: any). */
struct nk_authfile_question nk_explain_authfile(const struct nk_explaining *e,
	    const char *path, const struct nk_examined *k);

/* Can everybody read the file? */
bool	nk_explain_is_public(const char *path);

#endif /* NASKEYS_EXPLAIN_PARTS_H */
