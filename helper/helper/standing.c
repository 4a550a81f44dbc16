/* SPDX-License-Identifier: ISC */

#include "helper/helper/standing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "helper/helper/peer.h"
#include "lib/account/groupfile.h"
#include "lib/map/reader.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"

static bool
has_changed(const struct standing_groups *g, const struct stat *st)
{
	return !g->known || st->st_dev != g->st.st_dev ||
	    st->st_ino != g->st.st_ino || st->st_size != g->st.st_size ||
	    st->st_mtim.tv_sec != g->st.st_mtim.tv_sec ||
	    st->st_mtim.tv_nsec != g->st.st_mtim.tv_nsec;
}

static gid_t
admin_gid(struct standing_groups *g)
{
	struct stat st;
	uint32_t gid;

	if (stat(GROUP_FILE, &st) == -1)
		return 0;
	if (has_changed(g, &st)) {
		g->gid = nk_groupfile_gid(GROUP_FILE, NK_ADMIN_GROUP,
		    &gid) == 0 ? gid : 0;
		g->st = st;
		g->known = true;
	}
	return g->gid;
}

static bool
is_in_admin_group(struct standing_groups *g, int fd)
{
	gid_t gid = admin_gid(g);
	struct nk_caller peer;
	bool in;

	if (gid == 0 || peer_get(fd, &peer) < 0)
		return false;
	in = nk_caller_is_in(&peer, gid);
	peer_clear(&peer);
	return in;
}

/* As accounts.map has it at this moment; what is torn is not read again. */
static enum standing
look_up(const struct state *state, uid_t uid)
{
	enum standing standing = STANDING_STRANGER;
	char path[STATE_PATH_MAX];
	struct nk_map_user u;
	struct nk_view v;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", state->nk.maps,
	    NK_MAP_ACCOUNTS);
	if (n < 0 || (size_t)n >= sizeof(path) || nk_view_open(&v, -1, path,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_PREAD) < 0)
		return standing;
	v.alone = 1;
	if (nk_map_user_by_uid(&v, uid, &u) == 0 && u.uid == uid &&
	    (u.flags & NK_USER_LOCKED) == 0 &&
	    u.expires_at > (int64_t)time(NULL))
		standing = (u.flags & NK_USER_MANAGED) != 0 &&
		    (u.flags & NK_USER_ADMIN) != 0 ? STANDING_ADMIN :
		    STANDING_ACCOUNT;
	nk_view_close(&v);
	return standing;
}

enum standing
standing_find(struct standing_groups *g, const struct state *state, int fd,
    uid_t uid)
{
	enum standing standing = look_up(state, uid);

	if (standing != STANDING_ADMIN && is_in_admin_group(g, fd))
		standing = STANDING_ADMIN;
	return standing;
}
