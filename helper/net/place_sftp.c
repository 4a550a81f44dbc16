/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/place.h"
#include "helper/net/sftp.h"

#define CHUNK	16384u

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
read_place(struct place *p, struct place_text *t)
{
	sftp_session sftp = p->state;
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

static const char *
append(struct place *p, const char *bytes, size_t len,
    const struct place_text *before)
{
	static const char *const denied =
	    "its authorized_keys cannot be written: permission denied";
	static const char *const failed =
	    "its authorized_keys cannot be written: the disk may be full";
	sftp_session sftp = p->state;
	ssize_t n;
	sftp_file f;

	if (!before->folder && sftp_mkdir(sftp, PLACE_FOLDER, 0700) != 0)
		return reason(sftp, "its .ssh cannot be made: permission "
		    "denied", "its .ssh cannot be made: the disk may be full");
	f = sftp_open(sftp, PLACE_FILE, O_WRONLY | O_APPEND |
	    (before->present ? 0 : O_CREAT | O_EXCL), 0600);
	if (f == NULL)
		return reason(sftp, denied, failed);
	n = sftp_write(f, bytes, len);
	if (sftp_close(f) != SSH_OK || n != (ssize_t)len)
		return reason(sftp, denied, failed);
	return NULL;
}

static const char *
restore(struct place *p, const struct place_text *before)
{
	struct sftp_attributes_struct size = {
		.flags = SSH_FILEXFER_ATTR_SIZE, .size = before->len,
	};
	sftp_session sftp = p->state;
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

bool
place_sftp(struct place *p, struct session *s)
{
	*p = (struct place){ s, sftp_begin(s), read_place, append, restore };
	return p->state != NULL;
}
