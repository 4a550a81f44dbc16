/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_OPTIONVALUE_H
#define NASKEYS_SSH_OPTIONVALUE_H

/*
 * Values of single key options, without quotes and escapes, as strings.
 * Each returns 0, or -EBADMSG and a static sentence in *whyp (may be NULL).
 */

#include "lib/attr.h"

/* A command must say something. */
int	nk_optionvalue_command(const char *s, const char **whyp)
	    NK_MUST_CHECK;

/* NAME=value, the name of letters, digits and underscores. */
int	nk_optionvalue_environment(const char *s, const char **whyp)
	    NK_MUST_CHECK;

/* HOST:PORT; the port may be *, an IPv6 address stands in brackets. */
int	nk_optionvalue_permitopen(const char *s, const char **whyp)
	    NK_MUST_CHECK;

/* [HOST:]PORT; the host may have the wildcards * and ?. */
int	nk_optionvalue_permitlisten(const char *s, const char **whyp)
	    NK_MUST_CHECK;

/* Names separated by commas, as many as sshd looks at. */
int	nk_optionvalue_principals(const char *s, const char **whyp)
	    NK_MUST_CHECK;

/* The number of a tun(4) device, or "any". */
int	nk_optionvalue_tunnel(const char *s, const char **whyp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_OPTIONVALUE_H */
