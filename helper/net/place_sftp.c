/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "helper/net/login.h"
#include "helper/net/place.h"
#include "helper/net/sftp.h"

#define CHUNK	16384u

static const char unwritable[] =
    "its authorized_keys cannot be written: permission denied";
static const char unwritten[] =
    "its authorized_keys cannot be written: the disk may be full";

struct by_sftp {
	sftp_session	 sftp;
	char		*path;		/* of the file, without links */
	char		*beside;	/* of the new one */
};

static sftp_session
sftp_of(const struct place *p)
{
	return ((const struct by_sftp *)p->state)->sftp;
}

/* Why a call has failed, as far as SFTP has words for it. */
static const char *
reason(sftp_session sftp, const char *denied, const char *otherwise)
{
	return sftp_get_error(sftp) == SSH_FX_PERMISSION_DENIED ? denied :
	    otherwise;
}

static const char *
read_all(sftp_file f, struct place_text *t)
{
	size_t room = 0;
	ssize_t n;

	do {
		if (!place_grow(t, &room, CHUNK))
			return "its authorized_keys is too long";
		n = sftp_read(f, t->p + t->len, CHUNK);
		if (n < 0)
			return "its authorized_keys cannot be read";
		t->len += (size_t)n;
	} while (n > 0);
	return NULL;
}

static const char *
try_read(struct place *p, struct place_text *t)
{
	sftp_session sftp = sftp_of(p);
	sftp_attributes a;
	const char *why;
	sftp_file f;

	if ((a = sftp_stat(sftp, PLACE_FOLDER)) == NULL)
		return sftp_get_error(sftp) == SSH_FX_NO_SUCH_FILE ? NULL :
		    "its .ssh cannot be looked at";
	t->folder = true;
	sftp_attributes_free(a);
	if ((f = sftp_open(sftp, PLACE_FILE, O_RDONLY, 0)) == NULL)
		return sftp_get_error(sftp) == SSH_FX_NO_SUCH_FILE ? NULL :
		    reason(sftp, "its authorized_keys cannot be read: "
		    "permission denied", "its authorized_keys cannot be read");
	t->present = true;
	why = read_all(f, t);
	(void)sftp_close(f);
	return why;
}

/*
 * Whatever has failed, the file is read behind it: if that was because the
 * connection is gone, it shows here.
 */
static const char *
read_place(struct place *p, struct place_text *t)
{
	const char *why = try_read(p, t);

	if (why != NULL && ssh_is_connected(p->session->ssh) == 0)
		login_fault(p->session, NK_REMOTE_NOT_COPIED);
	return why;
}

static const char *
append(struct place *p, const char *bytes, size_t len,
    const struct place_text *before)
{
	sftp_session sftp = sftp_of(p);
	ssize_t n;
	sftp_file f;

	if (!before->folder && sftp_mkdir(sftp, PLACE_FOLDER, 0700) != 0)
		return reason(sftp, "its .ssh cannot be made: permission "
		    "denied", "its .ssh cannot be made: the disk may be full");
	f = sftp_open(sftp, PLACE_FILE, O_WRONLY | O_APPEND |
	    (before->present ? 0 : O_CREAT | O_EXCL), 0600);
	if (f == NULL)
		return reason(sftp, unwritable, unwritten);
	n = sftp_write(f, bytes, len);
	if (sftp_close(f) != SSH_OK || n != (ssize_t)len)
		return reason(sftp, unwritable, unwritten);
	return NULL;
}

static const char *
restore(struct place *p, const struct place_text *before)
{
	struct sftp_attributes_struct size = {
		.flags = SSH_FILEXFER_ATTR_SIZE, .size = before->len,
	};
	sftp_session sftp = sftp_of(p);
	int r;

	if (before->present) {
		r = sftp_setstat(sftp, PLACE_FILE, &size);
		return r == 0 ? NULL : "its size cannot be changed";
	}
	r = sftp_unlink(sftp, PLACE_FILE);
	if (r != 0 && sftp_get_error(sftp) != SSH_FX_NO_SUCH_FILE)
		return "it cannot be removed";
	/* somebody else may have put something there meanwhile */
	if (!before->folder)
		(void)sftp_rmdir(sftp, PLACE_FOLDER);
	return NULL;
}

/* ---- a new file beside it ---- */

static bool
write_all(sftp_file f, const char *bytes, size_t len)
{
	size_t n, done;

	for (done = 0; done < len; done += n) {
		n = len - done > CHUNK ? CHUNK : len - done;
		if (sftp_write(f, bytes + done, n) != (ssize_t)n)
			return false;
	}
	return true;
}

/* Has the file at path the owner and the mode of like, or can be given it? */
static bool
take_owner(sftp_session sftp, const char *path,
    const struct sftp_attributes_struct *like)
{
	struct sftp_attributes_struct set = {
		.flags = SSH_FILEXFER_ATTR_UIDGID |
		    SSH_FILEXFER_ATTR_PERMISSIONS,
		.uid = like->uid, .gid = like->gid,
		.permissions = like->permissions & 07777,
	};
	sftp_attributes a;
	bool same = false;
	int i;

	for (i = 0; i < 2 && !same; i++) {
		if (i > 0 && sftp_setstat(sftp, path, &set) != 0)
			return false;
		if ((a = sftp_lstat(sftp, path)) == NULL)
			return false;
		same = a->uid == like->uid && a->gid == like->gid &&
		    a->permissions == like->permissions;
		sftp_attributes_free(a);
	}
	return same;
}

/* The new file, or none. */
static bool
write_new(const struct by_sftp *b, const char *bytes, size_t len)
{
	sftp_attributes like = sftp_lstat(b->sftp, b->path);
	sftp_file f = NULL;
	bool done = like != NULL &&
	    like->type == SSH_FILEXFER_TYPE_REGULAR &&
	    (f = sftp_open(b->sftp, b->beside, O_WRONLY | O_CREAT | O_EXCL,
	    0600)) != NULL && write_all(f, bytes, len) &&
	    (sftp_extension_supported(b->sftp, "fsync@openssh.com", "1") ==
	    0 || sftp_fsync(f) == 0);

	if (f != NULL && sftp_close(f) != SSH_OK)
		done = false;
	if (done)
		done = take_owner(b->sftp, b->beside, like);
	if (f != NULL && !done)
		(void)sftp_unlink(b->sftp, b->beside);
	sftp_attributes_free(like);
	return done;
}

static const char *
beside(struct place *p, const char *bytes, size_t len)
{
	struct by_sftp *b = p->state;

	if ((b->path = sftp_canonicalize_path(b->sftp, PLACE_FILE)) == NULL ||
	    asprintf(&b->beside, "%s" PLACE_BESIDE, b->path, p->number) == -1)
		return "it cannot be found";
	return write_new(b, bytes, len) ? NULL : "a file cannot be made";
}

static const char *
settle(struct place *p, bool take)
{
	const struct by_sftp *b = p->state;

	if (take && sftp_replace(b->sftp, b->beside, b->path))
		return NULL;
	return sftp_unlink(b->sftp, b->beside) == 0 && !take ? NULL :
	    "a file cannot be replaced";
}

static const char *
overwrite(struct place *p, const char *bytes, size_t len)
{
	const struct by_sftp *b = p->state;
	sftp_file f = sftp_open(b->sftp, PLACE_FILE, O_WRONLY, 0);
	bool done = f != NULL && write_all(f, bytes, len);

	if (f != NULL && sftp_close(f) != SSH_OK)
		done = false;
	return done ? NULL : reason(b->sftp, unwritable, unwritten);
}

bool
place_sftp(struct place *p, struct session *s)
{
	static struct by_sftp state;

	if ((state.sftp = sftp_begin(s)) == NULL)
		return false;
	p->state = &state;
	p->read = read_place;
	p->append = append;
	p->restore = restore;
	p->beside = beside;
	p->settle = settle;
	p->overwrite = overwrite;
	return true;
}
