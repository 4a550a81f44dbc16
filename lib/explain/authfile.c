/* SPDX-License-Identifier: ISC */
#include "lib/explain/authfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/account/textfile.h"
#include "lib/explain/account.h"
#include "lib/explain/authline.h"
#include "lib/fullio.h"
#include "lib/ssh/base64.h"

/* An answer: struct nk_modes, then lines, each with this before it. */
struct head {
	uint32_t	line;		/* 0: some were left out */
	uint32_t	len;
};

/* ---- in the child ---- */

static bool
is_wanted(const struct nk_authfile_question *q, const char *text, size_t len)
{
	struct nk_authline l;
	uint8_t *blob;
	size_t blob_len;
	bool yes;

	if (nk_authline_split(text, len, &l) < 0 ||
	    nk_base64_decode(l.base64, l.base64_len, &blob, &blob_len) < 0)
		return false;
	yes = q->blob == NULL || (blob_len == q->blob_len &&
	    memcmp(blob, q->blob, blob_len) == 0);
	free(blob);
	return yes;
}

static int
write_lines(const struct nk_authfile_question *q, const char *text,
    size_t len, int fd)
{
	const char *end = text + len, *p = text, *nl;
	struct head h = { 0, 0 };
	size_t n = 0;
	uint32_t line;
	int r = 0;

	for (line = 1; r == 0 && p < end; line++, p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (!is_wanted(q, p, (size_t)(nl - p)))
			continue;
		h.line = n++ < NK_AUTHLINES_MAX ? line : 0;
		h.len = h.line != 0 ? (uint32_t)(nl - p) : 0;
		if ((r = nk_write_full(fd, &h, sizeof(h))) == 0)
			r = nk_write_full(fd, p, h.len);
		if (h.line == 0)
			break;
	}
	return r;
}

static enum nk_modes_fault
fault_of(int number)
{
	return number == ENOENT || number == ENOTDIR ? NK_MODES_ABSENT :
	    NK_MODES_CLOSED;
}

static void
fail(const struct nk_authfile_question *q, struct nk_modes *m, int number)
{
	m->fault = fault_of(number);
	m->number = number;
	(void)snprintf(m->path, sizeof(m->path), "%s", q->path);
}

/* Rule 2: opening a device or pipe could do something. */
static int
look(const struct nk_authfile_question *q, struct nk_modes *m, char **textp,
    size_t *lenp)
{
	const struct nk_modes_check c = { .path = q->path,
	    .home = q->account->home, .uid = q->account->uid,
	    .lone_group = q->lone_group };
	struct stat st;
	int r;

	*m = (struct nk_modes){ .fault = NK_MODES_FINE };
	*textp = NULL;
	*lenp = 0;
	if (stat(q->path, &st) == -1) {
		fail(q, m, errno);
		return 0;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(q, m, 0);
		m->fault = NK_MODES_NOT_REGULAR;
		return 0;
	}
	r = nk_textfile_read(AT_FDCWD, q->path, NK_AUTHFILE_SIZE_MAX, textp,
	    lenp);
	if (r == -EFBIG || r == -ENOMEM)
		return r;
	if (r < 0)
		fail(q, m, -r);
	else if (q->strict)
		nk_modes_look(&c, m);
	return 0;
}

static int
work(void *arg, int fd)
{
	const struct nk_authfile_question *q = arg;
	struct nk_modes m;
	size_t len = 0;
	char *text = NULL;
	int r;

	if ((r = nk_seen_account_become(q->account)) < 0 ||
	    (r = look(q, &m, &text, &len)) < 0)
		return 1;
	r = nk_write_full(fd, &m, sizeof(m));
	if (r == 0 && text != NULL)
		r = write_lines(q, text, len, fd);
	free(text);
	return r == 0 ? 0 : 1;
}

/* ---- in the parent ---- */

static int
take(void *arg, const void *bytes, size_t len)
{
	struct nk_authfile *f = arg;

	if (len > NK_AUTHFILE_ANSWER_MAX - f->len)
		return -E2BIG;
	memcpy(f->answer + f->len, bytes, len);
	f->len += len;
	return 0;
}

int
nk_authfile_read(const struct nk_authfile_question *q, struct nk_authfile *f)
{
	struct nk_authfile_question copy = *q;
	int r;

	*f = (struct nk_authfile){ .answer = malloc(NK_AUTHFILE_ANSWER_MAX) };
	if (f->answer == NULL)
		return -ENOMEM;
	if (q->hangs)
		return -ETIMEDOUT;
	if ((r = nk_child_run(work, &copy, q->keep, q->seconds, take,
	    f)) < 0)
		return r;
	if (f->len < sizeof(f->modes))
		return -EIO;
	memcpy(&f->modes, f->answer, sizeof(f->modes));
	f->modes.path[sizeof(f->modes.path) - 1] = '\0';
	f->at = sizeof(f->modes);
	return 0;
}

bool
nk_authfile_next(struct nk_authfile *f, uint32_t *linep, const char **textp,
    size_t *lenp)
{
	struct head h;

	if (f->len - f->at < sizeof(h))
		return false;
	memcpy(&h, f->answer + f->at, sizeof(h));
	if (h.line == 0)
		f->more = true;
	if (h.line == 0 || h.len > f->len - f->at - sizeof(h))
		return false;
	*linep = h.line;
	*textp = f->answer + f->at + sizeof(h);
	*lenp = h.len;
	f->at += sizeof(h) + h.len;
	return true;
}

void
nk_authfile_clear(struct nk_authfile *f)
{
	free(f->answer);
	*f = (struct nk_authfile){ .answer = NULL };
}
