/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_REQUEST_H
#define NASKEYS_AKC_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

/* What sshd asks. */
struct nk_request {
	const char	*user;
	const char	*type;		/* NULL: every key */
	const char	*blob;		/* base64; NULL with type */
	const char	*uid_text;	/* NULL: not given */
	uint32_t	 uid;
	bool		 has_uid;
};

#endif /* NASKEYS_AKC_REQUEST_H */
