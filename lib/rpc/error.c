/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

#define NAME(e)	[e] = #e

static const char *const names[] = {
	NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO),
	NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF),
	NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES),
	NAME(EFAULT), NAME(ENOTBLK), NAME(EBUSY), NAME(EEXIST),
	NAME(EXDEV), NAME(ENODEV), NAME(ENOTDIR), NAME(EISDIR),
	NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY),
	NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE),
	NAME(EROFS), NAME(EMLINK), NAME(EPIPE), NAME(EDOM),
	NAME(ERANGE), NAME(EDEADLOCK), NAME(ENAMETOOLONG),
	NAME(ENOLCK), NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP),
	NAME(ENOMSG), NAME(EIDRM), NAME(ECHRNG), NAME(EL2NSYNC),
	NAME(EL3HLT), NAME(EL3RST), NAME(ELNRNG), NAME(EUNATCH),
	NAME(ENOCSI), NAME(EL2HLT), NAME(EBADE), NAME(EBADR),
	NAME(EXFULL), NAME(ENOANO), NAME(EBADRQC), NAME(EBADSLT),
	NAME(EBFONT), NAME(ENOSTR), NAME(ENODATA), NAME(ETIME),
	NAME(ENOSR), NAME(ENONET), NAME(ENOPKG), NAME(EREMOTE),
	NAME(ENOLINK), NAME(EADV), NAME(ESRMNT), NAME(ECOMM),
	NAME(EPROTO), NAME(EMULTIHOP), NAME(EDOTDOT), NAME(EBADMSG),
	NAME(EOVERFLOW), NAME(ENOTUNIQ), NAME(EBADFD), NAME(EREMCHG),
	NAME(ELIBACC), NAME(ELIBBAD), NAME(ELIBSCN), NAME(ELIBMAX),
	NAME(ELIBEXEC), NAME(EILSEQ), NAME(ERESTART), NAME(ESTRPIPE),
	NAME(EUSERS), NAME(ENOTSOCK), NAME(EDESTADDRREQ),
	NAME(EMSGSIZE), NAME(EPROTOTYPE), NAME(ENOPROTOOPT),
	NAME(EPROTONOSUPPORT), NAME(ESOCKTNOSUPPORT), NAME(ENOTSUP),
	NAME(EPFNOSUPPORT), NAME(EAFNOSUPPORT), NAME(EADDRINUSE),
	NAME(EADDRNOTAVAIL), NAME(ENETDOWN), NAME(ENETUNREACH),
	NAME(ENETRESET), NAME(ECONNABORTED), NAME(ECONNRESET),
	NAME(ENOBUFS), NAME(EISCONN), NAME(ENOTCONN), NAME(ESHUTDOWN),
	NAME(ETOOMANYREFS), NAME(ETIMEDOUT), NAME(ECONNREFUSED),
	NAME(EHOSTDOWN), NAME(EHOSTUNREACH), NAME(EALREADY),
	NAME(EINPROGRESS), NAME(ESTALE), NAME(EUCLEAN), NAME(ENOTNAM),
	NAME(ENAVAIL), NAME(EISNAM), NAME(EREMOTEIO), NAME(EDQUOT),
	NAME(ENOMEDIUM), NAME(EMEDIUMTYPE), NAME(ECANCELED),
	NAME(ENOKEY), NAME(EKEYEXPIRED), NAME(EKEYREVOKED),
	NAME(EKEYREJECTED), NAME(EOWNERDEAD), NAME(ENOTRECOVERABLE),
	NAME(ERFKILL), NAME(EHWPOISON),
	[NK_ENOMETHOD] = "ENOMETHOD",
	[202] = "ESERVICESTARTFAILURE",
	[203] = "EALERTCHECKERUNAVAILABLE",
	[204] = "EREMOTENODEERROR",
	[205] = "EDATASETISLOCKED",
	[206] = "EINVALIDRRDTIMESTAMP",
	[NK_ENOTAUTHENTICATED] = "ENOTAUTHENTICATED",
	[NK_ESSLCERT] = "ESSLCERTVERIFICATIONERROR",
	[209] = "EREBOOTREQUIRED",
	[210] = "EHAUNAVAILABLE",
};

const char *
nk_errno_name(int number)
{
	if (number < 0 || (size_t)number >= sizeof(names) / sizeof(names[0]) ||
	    names[number] == NULL)
		return "EUNKNOWN";
	return names[number];
}

const char *
nk_errno_sentence(int number)
{
	static const struct {
		int		 number;
		const char	*text;
	} sentences[] = {
		{ EAGAIN, "Another edit is taking too long; try again" },
		{ EBADMSG, "The store is damaged; run naskeysctl check" },
		{ EBUSY, "The store is busy; try again" },
		{ EINPROGRESS, "The change is stored but not yet in force; "
		    "run naskeysctl sync" },
		{ ENOMEM, "There is not enough memory" },
		{ ENOSPC, "No space is left on the disk or in /run; "
		    "nothing was changed" },
		{ ENOTSUP, "The store was made by a newer version of naskeys" },
		{ EROFS, "The disk of the store is read-only" },
		{ ETIMEDOUT, "The machine's name services did not answer "
		    "in time" },
	};
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (sentences[i].number == number)
			return sentences[i].text;
	}
	return strerror(number);
}

void
nk_error_init(struct nk_error *e)
{
	*e = (struct nk_error){ .code = 0 };
}

void
nk_error_clear(struct nk_error *e)
{
	free(e->reason);
	json_decref(e->triples);
	json_decref(e->extra);
	nk_error_init(e);
}

bool
nk_error_is_set(const struct nk_error *e)
{
	return e->code != 0;
}

const char *
nk_error_sentence(const struct nk_error *e, const char **attributep)
{
	const json_t *first = json_array_get(e->triples, 0);
	const char *text = json_string_value(json_array_get(first, 1));

	*attributep = e->reason != NULL ? NULL :
	    json_string_value(json_array_get(first, 0));
	if (e->reason != NULL)
		return e->reason;
	return text != NULL ? text : "The request was refused.";
}

/* JSON knows only UTF-8: where text is something else, '?' stands. */
static void
make_utf8(char *text)
{
	json_t *s;

	if ((s = json_string(text)) != NULL) {
		json_decref(s);
		return;
	}
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	}
}

static char *format_text(const char *fmt, va_list ap) NK_PRINTF(1, 0);

static char *
format_text(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) == -1)
		return NULL;
	make_utf8(text);
	return text;
}

static int
add_triple(struct nk_error *e, const char *attribute, const char *text,
    int number)
{
	json_t *triple = NULL, *name;
	char *copy = NULL;
	int r = -ENOMEM;

	if (e->triples == NULL && (e->triples = json_array()) == NULL)
		goto out;
	if (attribute == NULL)
		name = json_null();
	else if ((copy = strdup(attribute)) != NULL) {
		make_utf8(copy);
		name = json_string(copy);
	} else
		goto out;
	if ((triple = json_array()) == NULL) {
		json_decref(name);
		goto out;
	}
	if (json_array_append_new(triple, name) == -1 ||
	    json_array_append_new(triple, json_string(text)) == -1 ||
	    json_array_append_new(triple, json_integer(number)) == -1 ||
	    json_array_append(e->triples, triple) == -1)
		goto out;
	r = 0;
 out:
	json_decref(triple);
	free(copy);
	return r;
}

void
nk_error_add(struct nk_error *e, const char *attribute, int number,
    const char *fmt, ...)
{
	va_list ap;
	char *text;
	int r = -ENOMEM;

	if (e->code == NK_RPC_CALL_ERROR ||
	    json_array_size(e->triples) >= NK_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	text = format_text(fmt, ap);
	va_end(ap);
	if (text != NULL)
		r = add_triple(e, attribute, text, number);
	free(text);
	if (r < 0)
		(void)nk_error_call(e, ENOMEM, "%s", nk_errno_sentence(ENOMEM));
	else
		e->code = NK_RPC_INVALID_PARAMS;
}

int
nk_error_call(struct nk_error *e, int number, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_text(fmt, ap);	/* before what it may quote is freed */
	va_end(ap);
	nk_error_clear(e);
	e->code = NK_RPC_CALL_ERROR;
	e->number = number > 0 ? number : EFAULT;
	e->reason = text;		/* NULL: nk_error_json() knows one */
	return -e->number;
}

/* One line "[ERRNAME] attribute: text" for each triple. */
static char *
validation_reason(const json_t *triples)
{
	const json_t *t;
	const char *attribute;
	char *text = NULL;
	size_t i, size = 0;
	FILE *f;
	int bad = 0;

	if ((f = open_memstream(&text, &size)) == NULL)
		return NULL;
	for (i = 0; i < json_array_size(triples) && bad == 0; i++) {
		t = json_array_get(triples, i);
		attribute = json_string_value(json_array_get(t, 0));
		if (attribute == NULL || attribute[0] == '\0')
			attribute = "ALL";
		if (fprintf(f, "[%s] %s: %s\n",
		    nk_errno_name((int)json_integer_value(
		    json_array_get(t, 2))), attribute,
		    json_string_value(json_array_get(t, 1))) < 0)
			bad = 1;
	}
	if (fclose(f) == EOF)
		bad = 1;
	if (bad != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *
call_reason(const struct nk_error *e)
{
	const char *reason = e->reason;
	char *text = NULL;

	if (reason == NULL)
		reason = nk_errno_sentence(e->number);
	if (e->plain)
		return strdup(reason);
	if (asprintf(&text, "[%s] %s", nk_errno_name(e->number), reason) == -1)
		return NULL;
	return text;
}

static json_t *
data_json(int number, const char *reason, json_t *extra)
{
	json_t *data;

	if ((data = json_object()) == NULL)
		return NULL;
	if (json_object_set_new(data, "error", json_integer(number)) == -1 ||
	    json_object_set_new(data, "errname",
	    json_string(nk_errno_name(number))) == -1 ||
	    json_object_set_new(data, "reason", json_string(reason)) == -1 ||
	    json_object_set_new(data, "trace", json_null()) == -1 ||
	    json_object_set(data, "extra",
	    extra != NULL ? extra : json_null()) == -1) {
		json_decref(data);
		return NULL;
	}
	return data;
}

json_t *
nk_error_json(const struct nk_error *e)
{
	json_t *error, *data = NULL;
	const char *message = "Method call error";
	char *reason;

	if (e->code == NK_RPC_INVALID_PARAMS) {
		message = "Invalid params";
		if ((reason = validation_reason(e->triples)) != NULL)
			data = data_json(EINVAL, reason, e->triples);
	} else {
		if (e->code == NK_RPC_INTERNAL)
			message = "Failed to JSON serialize server message";
		if ((reason = call_reason(e)) != NULL)
			data = data_json(e->number, reason, e->extra);
	}
	free(reason);
	if (data == NULL)
		return NULL;
	if ((error = json_object()) == NULL) {
		json_decref(data);
		return NULL;
	}
	if (json_object_set_new(error, "code", json_integer(e->code)) == -1 ||
	    json_object_set_new(error, "message",
	    json_string(message)) == -1 ||
	    json_object_set(error, "data", data) == -1) {
		json_decref(error);
		error = NULL;
	}
	json_decref(data);
	return error;
}
