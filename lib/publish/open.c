/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ownfolder.h"
#include "lib/publish/central.h"
#include "lib/publish/internal.h"
#include "lib/publish/lock.h"
#include "lib/publish/revoked.h"
#include "lib/publish/sudofile.h"
#include "lib/store/revoked.h"
#include "lib/store/sudo.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LEN	36	/* 8-4-4-4-12 */
#define CENTRAL_LATE	"central.late"	/* beside the maps */

const struct nk_publish_file nk_publish_files[NK_PUB_MAPS] = {
	[NK_PUB_KEYS] =	    { NK_MAP_KEYS, NK_MAP_KIND_KEYS, 0640 },
	[NK_PUB_SECRETS] =  { NK_MAP_SECRETS, NK_MAP_KIND_SECRETS, 0600 },
	[NK_PUB_ACCOUNTS] = { NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS, 0644 },
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* text is a UUID: 32 digits, dashes between. */
static int
uuid_parse(const char *text, uint8_t id[16])
{
	size_t i, n = 0;
	int v;

	memset(id, 0, 16);
	for (i = 0; i < BOOT_ID_LEN; i++) {
		if (text[i] == '-')
			continue;
		if ((v = hex_value(text[i])) < 0 || n == 32)
			return -EBADMSG;
		id[n / 2] = (uint8_t)(id[n / 2] << 4 | v);
		n++;
	}
	return n == 32 ? 0 : -EBADMSG;
}

static int
boot_id(uint8_t id[16])
{
	char text[BOOT_ID_LEN + 1];
	ssize_t n;
	int fd, r;

	if ((fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC)) == -1)
		return -errno;
	do
		n = read(fd, text, BOOT_ID_LEN);
	while (n == -1 && errno == EINTR);
	r = n == -1 ? -errno : 0;
	(void)close(fd);
	if (r == 0 && n != BOOT_ID_LEN)
		r = -EBADMSG;
	return r < 0 ? r : uuid_parse(text, id);
}

void
nk_publish_close_maps(struct nk_publisher *p)
{
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++) {
		nk_mapwriter_free(p->map[i]);
		p->map[i] = NULL;
	}
	if (p->dirfd != -1)
		(void)close(p->dirfd);
	p->dirfd = -1;
}

int
nk_publish_folder(const struct nk_publisher *p, int *fdp)
{
	struct stat st;
	int fd, r = 0;

	if ((fd = open(p->state->maps,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!nk_is_own(&st, p->state->owner))
		r = -EPERM;
	if (r < 0)
		(void)close(fd);
	else
		*fdp = fd;
	return r;
}

/* The same, made if need be. */
static int
folder_open(struct nk_publisher *p)
{
	struct stat st;
	int fd, r;

	if (mkdir(p->state->maps, 0755) == -1 && errno != EEXIST)
		return -errno;
	if ((r = nk_publish_folder(p, &fd)) < 0)
		return r;
	/* readers come through it, whatever the umask was */
	if (fstat(fd, &st) == -1 || ((st.st_mode & 0555) != 0555 &&
	    fchmod(fd, 0755) == -1)) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	p->dirfd = fd;
	p->dir_dev = st.st_dev;
	p->dir_ino = st.st_ino;
	return 0;
}

static bool
folder_is_current(const struct nk_publisher *p)
{
	struct stat there;

	return p->dirfd != -1 && lstat(p->state->maps, &there) == 0 &&
	    there.st_dev == p->dir_dev && there.st_ino == p->dir_ino;
}

int
nk_publish_settings(struct nk_publisher *p, struct nk_mapwriter *w)
{
	const struct nk_map_settings s = {
		.managed_gid = p->state->managed_gid,
		.min_id = p->conf->min_id,
		.flags = p->conf->shadow_hashes ? NK_MAP_SHADOW_HASHES : 0,
		.max_days = (uint16_t)p->conf->password_max_days,
		.warn_days = (uint16_t)p->conf->password_warn_days,
	};

	return nk_mapwriter_settings(w, &s);
}

/* What makes a map one that must be built anew. */
static bool
is_lost(int r)
{
	return r == -ENOENT || r == -ESTALE || r == -EBADMSG;
}

/* Have one map open as its path names it now. */
static int
map_refresh(struct nk_publisher *p, size_t i)
{
	const struct nk_publish_file *f = &nk_publish_files[i];
	int r;

	if (p->map[i] != NULL &&
	    (r = nk_mapwriter_refresh(p->map[i])) != -ESTALE)
		return r;
	nk_mapwriter_free(p->map[i]);
	p->map[i] = NULL;
	r = nk_mapwriter_open(&p->map[i], p->dirfd, f->name, f->kind,
	    &p->id);
	if (r == 0 && i == NK_PUB_ACCOUNTS)
		r = nk_publish_settings(p, p->map[i]);
	return r;
}

int
nk_publish_refresh(struct nk_publisher *p)
{
	bool lost = false;
	size_t i;
	int r;

	if (!folder_is_current(p)) {
		nk_publish_close_maps(p);
		if ((r = folder_open(p)) < 0)
			return r;
	}
	for (i = 0; i < NK_PUB_MAPS; i++) {
		if ((r = map_refresh(p, i)) == 0)
			continue;
		nk_mapwriter_free(p->map[i]);
		p->map[i] = NULL;
		if (!is_lost(r))
			return r;
		lost = true;
	}
	return lost ? -ESTALE : 0;
}

int64_t
nk_publish_published(const struct nk_publisher *p)
{
	uint64_t seq = UINT64_MAX, one;
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++)
		if ((one = nk_mapwriter_published(p->map[i])) < seq)
			seq = one;
	return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

/*
 * Publish what the maps lack.  Returns 0; -ESTALE, they must be built anew;
 * other errors.
 */
static int
catch_up(struct nk_publisher *p, int64_t seq)
{
	struct nk_changes cs = { NULL, 0 };
	struct nk_plan plan = { 0 };
	int64_t since = nk_publish_published(p);
	int r;

	if (since == seq)
		return 0;
	if (since > seq) {	/* the store is an older copy of itself */
		p->missing = since - seq;
		return -ESTALE;
	}
	if ((r = nk_store_changes(p->store, since, &cs)) < 0)
		return r == -ERANGE ? -ESTALE : r;
	if (nk_plan_is_large(&cs)) {
		r = -ESTALE;
		goto out;
	}
	if ((r = nk_plan_make(p, &cs, &plan)) == 0 &&
	    (r = nk_plan_reserve(p, &plan)) == 0 &&
	    (r = nk_plan_publish(p, &plan)) == 0)
		r = nk_publish_note(p, seq);
	if (r == -EBADMSG || r == -EFBIG)
		r = -ESTALE;
 out:
	nk_plan_clear(&plan);
	nk_changes_clear(&cs);
	return r;
}

static int
rebuild(struct nk_publisher *p, int64_t seq,
    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
{
	struct nk_rebuild b = { 0 };
	int r;

	if ((r = nk_rebuild_make(p, seq, &b, progress, arg)) == 0)
		r = nk_rebuild_install(p, &b);
	nk_rebuild_clear(&b);
	return r;
}

int
nk_publish_revoked(struct nk_publisher *p)
{
	struct nk_revoked_file f;
	int r;

	if ((r = nk_revoked_file_make(p->store, &f)) == 0 &&
	    nk_revoked_file_compare(p->state, &f) < 0)
		r = nk_revoked_file_write(p->state, &f);
	nk_revoked_file_clear(&f);
	return p->revoked = r;
}

/* What should be there and cannot be told is none: a stale rule must go. */
void
nk_publish_sudo(struct nk_publisher *p)
{
	struct nk_sudo_file f;
	int r;

	if ((p->sudo = nk_sudo_file_make(p->store, p->state, &f)) < 0) {
		if ((r = nk_sudo_file_write(p->state, &f)) < 0)
			p->sudo = r;
		return;
	}
	if (nk_sudo_file_compare(p->state, &f) < 0)
		p->sudo = nk_sudo_file_write(p->state, &f);
	if (p->sudo == 0)
		p->sudo = f.fault;
	nk_sudo_file_clear(&f);
}

bool
nk_publish_central_is_late(const struct nk_publisher *p)
{
	struct stat st;

	return fstatat(p->dirfd, CENTRAL_LATE, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int
nk_publish_central(struct nk_publisher *p)
{
	struct nk_central c;
	int fd;

	if ((p->central = nk_central_prepare(p->store, p->state, NULL,
	    &c)) == 0) {
		p->central = nk_central_install(&c);
		nk_central_clear(&c);
	}
	if (p->central == 0) {
		/* otherwise they are looked at once more */
		(void)unlinkat(p->dirfd, CENTRAL_LATE, 0);
		return 0;
	}
	if ((fd = openat(p->dirfd, CENTRAL_LATE, O_WRONLY | O_CREAT |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return -errno;
	(void)close(fd);
	return 0;
}

int
nk_publish_agree(struct nk_publisher *p, bool force,
    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
{
	bool lost = force;
	int64_t seq;
	int r;

	if ((r = nk_publish_refresh(p)) == -ESTALE)
		lost = true;
	else if (r < 0)
		return r;
	if ((r = nk_store_read_begin(p->store)) < 0)
		return r;
	if ((r = nk_store_seq(p->store, &seq)) < 0)
		goto out;
	/* before the maps note that all is done */
	if ((r = nk_publish_central(p)) < 0)
		goto out;
	if (!lost && (r = catch_up(p, seq)) == -ESTALE)
		lost = true;
	if (lost)
		r = rebuild(p, seq, progress, arg);
	/* the maps agree without them */
	if (r == 0) {
		(void)nk_publish_revoked(p);
		nk_publish_sudo(p);
	}
 out:
	nk_store_read_end(p->store);
	return r;
}

int
nk_publish_identify(struct nk_publisher *p)
{
	uint8_t id[sizeof(p->id.store_id)];
	int r;

	if ((r = nk_store_id(p->store, id)) < 0 ||
	    memcmp(id, p->id.store_id, sizeof(id)) == 0)
		return r;
	nk_publish_close_maps(p);
	memcpy(p->id.store_id, id, sizeof(id));
	return 1;
}

/* Has somebody put another file in the place of the store? */
static int
store_check(struct nk_publisher *p)
{
	struct stat st;

	if (stat(p->state->store, &st) == -1)
		return errno == ENOENT ? -EAGAIN : -errno;
	return st.st_dev == p->store_dev && st.st_ino == p->store_ino ? 0 :
	    -EAGAIN;
}

int
nk_publish_lock_only(struct nk_publisher *p, uint32_t wait_ms)
{
	int r;

	if (p->lock != -1)
		return -EINVAL;
	if ((r = nk_lock_take(p->state->lock, p->state->owner,
	    wait_ms, &p->lock)) < 0)
		return r;
	if (p->store != NULL && (r = store_check(p)) < 0)
		nk_publish_unlock(p);
	return r;
}

int
nk_publish_lock(struct nk_publisher *p, uint32_t wait_ms)
{
	int r;

	if ((r = nk_publish_lock_only(p, wait_ms)) < 0 || p->store == NULL)
		return r;
	if ((r = nk_publish_identify(p)) < 0)
		nk_publish_unlock(p);
	return r < 0 ? r : 0;
}

void
nk_publish_unlock(struct nk_publisher *p)
{
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++)
		if (p->map[i] != NULL)
			nk_mapwriter_forget(p->map[i]);
	nk_lock_drop(&p->lock);
}

/*
 * Open the store and remember which file it is.  -EAGAIN: another file has
 * come into its place meanwhile, as only happens without the lock.  One
 * that can only be read says so here, not at the first edit.
 */
static int
store_open(struct nk_publisher *p)
{
	struct stat before, st;
	bool there = stat(p->state->store, &before) == 0;
	int r;

	if ((r = nk_store_open(&p->store, p->state->store, p->mode)) < 0 ||
	    (r = nk_store_id(p->store, p->id.store_id)) < 0)
		return r;
	if (stat(p->state->store, &st) == -1)
		return -errno;
	if (there && (st.st_dev != before.st_dev ||
	    st.st_ino != before.st_ino))
		return -EAGAIN;
	p->store_dev = st.st_dev;
	p->store_ino = st.st_ino;
	return p->mode == NK_STORE_READ ? 0 : nk_store_is_writable(p->store);
}

/*
 * Do store and maps agree as they stand?  Then whoever only reads need not
 * wait for the lock.  Looks, and changes nothing.
 */
static bool
is_agreed(struct nk_publisher *p)
{
	struct nk_map_settings s;
	int64_t seq, revision;
	uint64_t published;
	size_t i;

	if (folder_open(p) < 0 || nk_publish_central_is_late(p) ||
	    nk_store_seq(p->store, &seq) < 0 ||
	    nk_revoked_revision(p->store, &revision) < 0 ||
	    !nk_revoked_file_is(&p->revoked_file, p->state, revision) ||
	    nk_sudo_revision(p->store, &revision) < 0 ||
	    !nk_sudo_file_is(p->store, p->state, revision))
		return false;
	for (i = 0; i < NK_PUB_MAPS; i++) {
		if (nk_mapwriter_peek(p->dirfd, nk_publish_files[i].name,
		    nk_publish_files[i].kind, &p->id, &published,
		    i == NK_PUB_ACCOUNTS ? &s : NULL) < 0 ||
		    published != (uint64_t)seq)
			return false;
	}
	if (s.managed_gid != p->state->managed_gid ||
	    s.min_id != p->conf->min_id ||
	    ((s.flags & NK_MAP_SHADOW_HASHES) != 0) != p->conf->shadow_hashes)
		return false;
	p->done = p->tidied = seq;
	return true;
}

/* As a whole, under the lock. */
static int
open_locked(struct nk_publisher *p)
{
	int r;

	nk_store_close(p->store);
	p->store = NULL;
	nk_publish_close_maps(p);
	if ((r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) == 0 &&
	    (r = store_open(p)) == 0 &&
	    (r = nk_publish_agree(p, false, NULL, NULL)) == 0)
		p->done = p->tidied = nk_publish_published(p);
	nk_publish_unlock(p);
	return r;
}

int
nk_publisher_open_as_is(struct nk_publisher **pp,
    const struct nk_state *state, const struct nk_conf *conf,
    enum nk_store_mode mode)
{
	struct nk_publisher *p;
	int r;

	*pp = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -ENOMEM;
	p->state = state;
	p->conf = conf;
	p->mode = mode;
	p->dirfd = -1;
	p->lock = -1;
	p->revoked_file = NK_OWNFILE_NONE;
	if ((r = boot_id(p->id.boot_id)) < 0)
		goto out;
	if (mode == NK_STORE_READ)
		r = store_open(p);
	else if (access(state->store, F_OK) == -1 || store_open(p) < 0)
		r = open_locked(p);
	else
		p->as_is = true;
 out:
	if (r < 0)
		nk_publisher_free(p);
	else
		*pp = p;
	return r;
}

int
nk_publisher_mend(struct nk_publisher *p)
{
	if (!p->as_is)
		return 0;
	p->as_is = false;
	return is_agreed(p) ? 0 : open_locked(p);
}

int
nk_publisher_open(struct nk_publisher **pp, const struct nk_state *state,
    const struct nk_conf *conf, enum nk_store_mode mode)
{
	int r;

	if ((r = nk_publisher_open_as_is(pp, state, conf, mode)) < 0 ||
	    (r = nk_publisher_mend(*pp)) == 0)
		return r;
	nk_publisher_free(*pp);
	*pp = NULL;
	return r;
}

int64_t
nk_publisher_missing(const struct nk_publisher *p)
{
	return p->missing;
}

int
nk_publisher_revoked(const struct nk_publisher *p)
{
	return p->revoked;
}

int
nk_publisher_central(const struct nk_publisher *p)
{
	return p->central;
}

int
nk_publisher_sudo(const struct nk_publisher *p)
{
	return p->sudo;
}

void
nk_publisher_free(struct nk_publisher *p)
{
	if (p == NULL)
		return;
	if (p->lock != -1)
		nk_edit_abort(p);
	nk_publish_close_maps(p);
	nk_ownfile_close(&p->revoked_file);
	nk_store_close(p->store);
	nk_ids_clear(&p->homes);
	free(p);
}

struct nk_store *
nk_publisher_store(struct nk_publisher *p)
{
	return p->store;
}

int
nk_publisher_sync(struct nk_publisher *p, bool force,
    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
{
	int r;

	if (p->mode == NK_STORE_READ)
		return -EROFS;
	if ((r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		return r;
	r = nk_publish_agree(p, force, progress, arg);
	nk_publish_unlock(p);
	if (r == 0)
		r = p->revoked;
	return r < 0 ? r : p->central;
}
