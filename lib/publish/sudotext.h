/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_SUDOTEXT_H
#define NASKEYS_PUBLISH_SUDOTEXT_H

/* What the file of rules for sudo should hold (sudofile.h): its text. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

/* The first line says whose file it is, and of which revision. */
#define NK_SUDO_MARK	"# Made by naskeys"
#define NK_SUDO_HEAD_MAX	128u

/* Of at most NK_SUDO_HEAD_MAX - 1 characters, with its newline. */
int	nk_sudotext_head(struct nk_store *s, int64_t revision,
	    char head[NK_SUDO_HEAD_MAX]) NK_MUST_CHECK;

/*
 * *textp, to be freed, is as visudo took it; *leftp is set when something
 * was left out of it.
 */
int	nk_sudotext_make(struct nk_store *s, const char *visudo, char **textp,
	    size_t *lenp, bool *leftp) NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_SUDOTEXT_H */
