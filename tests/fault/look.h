/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_LOOK_H
#define NASKEYS_TEST_LOOK_H

/*
 * A reader of the maps, as NSS, PAM and the AuthorizedKeysCommand are ones:
 * it keeps its views and finds its way to the new file.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/map/reader.h"
#include "tests/fault/model.h"

struct look {
	const char	*dir;
	struct nk_view	 view[3];	/* accounts, keys, secrets */
	enum nk_view_mode mode;		/* of look_all(): pread(2) unless
					   changed after look_init() */
	uint8_t		 line[NK_RECORD_MAX];
};

/* What the maps say about a user of that name; 0, -ENOENT or -errno. */
struct looked {
	bool		there, locked;
	uint32_t	uid;
	int64_t		expires_at;
	bool		gecos_fits;	/* to name and uid */
	uint32_t	groups;		/* bits */
	uint32_t	keys;		/* bits */
	bool		strange;	/* somebody else's key or group */
	uint32_t	hash;		/* version, if shown */
	bool		has_hash;
};

void	look_init(struct look *l, const char *dir);
void	look_end(struct look *l);
int	look_user(struct look *l, enum nk_view_mode mode, unsigned int user,
	    uint32_t version, struct looked *out);

/*
 * Is what look_user() said true in some state from *first to the one after
 * edit "last"?  Each part may be of another one.  Who is locked or expired
 * may be seen without keys and hash: he is refused anyway.  NULL, or what
 * is wrong.
 */
const char *look_judge(const struct model *first, uint64_t last,
	    unsigned int user, uint32_t version, int r,
	    const struct looked *l);
/* Do the maps say exactly what the model does?  0, or -EBADMSG and why. */
int	look_all(struct look *l, const struct model *m,
	    char why[MODEL_TEXT]);

#endif /* NASKEYS_TEST_LOOK_H */
