/* SPDX-License-Identifier: ISC */

/*
 * By a shell.  Each command is one line for sh(1) in single quotes, without
 * a backslash or an exclamation mark, so that it means the same to csh and
 * fish, and without exec, which a restricted shell refuses; what comes from
 * us goes in on standard input, never into a command.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/login.h"
#include "helper/net/place.h"

#define TURN_MS		50
#define CHUNK		4096u
#define COMMAND_SIZE	1024
#define COMPLAINT_MAX	120	/* bytes of what goes to standard error */

/* Behind which stands the file; a shell may print something before. */
#define MARK		"naskeys-keys "
#define MARK_SIZE	(sizeof(MARK) - 1)

static const char read_command[] =
    "sh -c 'cd || exit 9; d=no; f=no; [ -d .ssh ] && d=yes; "
    "[ -f .ssh/authorized_keys ] && f=yes; echo " MARK "$d $f; "
    "[ $f = no ] || cat .ssh/authorized_keys'";
static const char append_command[] =
    "sh -c 'umask 077; cd || exit 9; [ -d .ssh ] || mkdir .ssh || "
    "exit 8; cat >>.ssh/authorized_keys'";
static const char overwrite_command[] =
    "sh -c 'cd || exit 9; dd of=.ssh/authorized_keys conv=notrunc'";

/* $f is the file, where it is a symbolic link what that leads to. */
#define FIND	"cd || exit 9; f=.ssh/authorized_keys; " \
    "if [ -h $f ]; then f=$(readlink -f $f) || exit 8; fi; "

/*
 * The connection may break while the bytes come: their number decides.  cp
 * keeps owner and mode as far as it may; ls says how far that was.  Where dd
 * cannot sync one file, sync does all.
 */
static const char beside_command[] =
    "sh -c 'umask 077; " FIND "t=$f" PLACE_BESIDE "; "
    "o() { set -- $(ls -ln \"$1\"); echo m$1 $3 $4; }; "
    "cp -p \"$f\" \"$t\" && cat >\"$t\" && "
    "[ $(wc -c <\"$t\") -eq %zu ] && [ \"$(o \"$f\")\" = "
    "\"$(o \"$t\")\" ] && "
    "{ dd if=/dev/null of=\"$t\" conv=notrunc,fsync || sync; } "
    "2>/dev/null && exit 0; rm -f \"$t\"; exit 7'";
static const char take_command[] =
    "sh -c '" FIND "t=$f" PLACE_BESIDE "; "
    "mv -f \"$t\" \"$f\" && exit 0; rm -f \"$t\"; exit 7'";
static const char drop_command[] =
    "sh -c '" FIND "rm -f \"$f" PLACE_BESIDE "\"'";

struct run {
	struct place_text	 out;
	size_t			 room;
	char			 complaint[COMPLAINT_MAX + 1];
	size_t			 complaint_len;
};

static void
take_complaint(struct run *r, const char *bytes, int n)
{
	int i;

	for (i = 0; i < n && r->complaint_len < COMPLAINT_MAX; i++) {
		if (bytes[i] == '\n')
			break;
		r->complaint[r->complaint_len++] = bytes[i];
	}
	r->complaint[r->complaint_len] = '\0';
}

/* Some shells that run no command say so on standard output. */
static const char *
complaint(struct run *r)
{
	if (r->complaint_len == 0 && r->out.len > 0)
		take_complaint(r, r->out.p, (int)r->out.len);
	return r->complaint_len > 0 ? r->complaint :
	    "its shell could not do it";
}

/* All that it prints; false: it is too much. */
static bool
read_output(struct place *p, ssh_channel c, struct run *r)
{
	struct session *s = p->session;
	char bytes[CHUNK];
	int n, m;

	while (!ssh_channel_is_eof(c)) {
		if (!place_grow(&r->out, &r->room, CHUNK))
			return false;
		n = ssh_channel_read_timeout(c, r->out.p + r->out.len, CHUNK,
		    0, TURN_MS);
		m = ssh_channel_read_nonblocking(c, bytes, CHUNK, 1);
		if (n == SSH_ERROR || m == SSH_ERROR) {
			/* a channel that is closed already is at its end */
			if (ssh_is_connected(s->ssh) == 0)
				login_fault(s, p->fault);
			break;
		}
		r->out.len += n > 0 ? (size_t)n : 0;
		take_complaint(r, bytes, m);
	}
	return true;
}

/*
 * A command that has ended may be gone before it has all its input, and its
 * channel with it: what it came to is known by its exit status.
 */
static void
write_input(struct place *p, ssh_channel c, const char *input, size_t len)
{
	struct session *s = p->session;

	if ((len == 0 || ssh_channel_write(c, input, (uint32_t)len) ==
	    (int)len) && ssh_channel_send_eof(c) == SSH_OK)
		return;
	if (ssh_is_connected(s->ssh) == 0)
		login_fault(s, p->fault);
}

/* Run a command.  NULL, or why it is not done. */
static const char *
run(struct place *p, const char *command, const char *input, size_t len,
    struct run *r)
{
	struct session *s = p->session;
	const char *why = NULL;
	ssh_channel c = session_channel(s);

	memset(r, 0, sizeof(*r));
	if (c == NULL)
		login_fault(s, p->fault);
	if (ssh_channel_request_exec(c, command) != SSH_OK) {
		if (ssh_is_connected(s->ssh) == 0)
			login_fault(s, p->fault);
		why = "it has neither SFTP nor a shell";
	} else {
		write_input(p, c, input, len);
		if (!read_output(p, c, r))
			why = "its authorized_keys is too long";
		else if (session_exit_status(c) != 0)
			why = complaint(r);
	}
	ssh_channel_free(c);
	return why;
}

/* What stands behind the mark becomes the text. */
static bool
take_file(struct place_text *t)
{
	char *p = memmem(t->p, t->len, MARK, MARK_SIZE), *end;

	if (p == NULL)
		return false;
	p += MARK_SIZE;
	end = memchr(p, '\n', (size_t)(t->p + t->len - p));
	if (end == NULL)
		return false;
	*end++ = '\0';
	t->folder = strncmp(p, "yes ", 4) == 0;
	t->present = strcmp(p, "yes yes") == 0;
	t->len -= (size_t)(end - t->p);
	memmove(t->p, end, t->len);
	return true;
}

static const char *
read_place(struct place *p, struct place_text *t)
{
	static struct run r;
	const char *why;

	if ((why = run(p, read_command, NULL, 0, &r)) != NULL)
		return why;
	*t = r.out;
	return take_file(t) ? NULL : "it has neither SFTP nor a POSIX shell";
}

static const char *
append(struct place *p, const char *bytes, size_t len,
    const struct place_text *before)
{
	static struct run r;

	(void)before;
	return run(p, append_command, bytes, len, &r);
}

static const char *
restore(struct place *p, const struct place_text *before)
{
	static struct run r;
	char command[COMMAND_SIZE];

	if (before->present)
		(void)snprintf(command, sizeof(command), "sh -c 'cd && "
		    "dd of=.ssh/authorized_keys bs=1 seek=%zu count=0 "
		    "</dev/null 2>/dev/null'", before->len);
	else
		(void)snprintf(command, sizeof(command), "sh -c 'cd && "
		    "rm -f .ssh/authorized_keys && %s'", before->folder ?
		    "exit 0" : "{ rmdir .ssh; exit 0; }");
	return run(p, command, NULL, 0, &r);
}

static const char *
beside(struct place *p, const char *bytes, size_t len)
{
	static struct run r;
	char command[COMMAND_SIZE];

	(void)snprintf(command, sizeof(command), beside_command, p->number,
	    len);
	return run(p, command, bytes, len, &r);
}

static const char *
settle(struct place *p, bool take)
{
	static struct run r;
	char command[COMMAND_SIZE];

	(void)snprintf(command, sizeof(command), take ? take_command :
	    drop_command, p->number);
	return run(p, command, NULL, 0, &r);
}

static const char *
overwrite(struct place *p, const char *bytes, size_t len)
{
	static struct run r;

	return run(p, overwrite_command, bytes, len, &r);
}

void
place_shell(struct place *p, struct session *s)
{
	p->session = s;
	p->read = read_place;
	p->append = append;
	p->restore = restore;
	p->beside = beside;
	p->settle = settle;
	p->overwrite = overwrite;
}
