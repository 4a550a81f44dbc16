/* SPDX-License-Identifier: ISC */
#include "pam/options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char	*name;		/* with "=": takes a number */
	size_t		 offset;
} words[] = {
	{ "agent",		offsetof(struct nk_options, agent) },
	{ "debug",		offsetof(struct nk_options, debug) },
	{ "min_uid=",		offsetof(struct nk_options, min_uid) },
	{ "mkhome",		offsetof(struct nk_options, mkhome) },
	{ "nullok",		offsetof(struct nk_options, nullok) },
	{ "otp",		offsetof(struct nk_options, otp) },
	{ "try_first_pass",	offsetof(struct nk_options, try_first_pass) },
	{ "use_authtok",	offsetof(struct nk_options, use_authtok) },
	{ "use_first_pass",	offsetof(struct nk_options, use_first_pass) },
};
#define NWORDS	(sizeof(words) / sizeof(words[0]))

/* 1 to 4294967294, in decimal digits alone. */
static int
parse_uid(const char *text, uint32_t *uidp)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n >= UINT32_MAX)
			return -EINVAL;
	}
	if (i == 0 || text[i] != '\0' || n == 0)
		return -EINVAL;
	*uidp = (uint32_t)n;
	return 0;
}

static int
parse_word(struct nk_options *o, uint32_t *seenp, const char *word)
{
	char *base = (char *)o;
	size_t i, len;

	for (i = 0; i < NWORDS; i++) {
		len = strlen(words[i].name);
		if (strncmp(word, words[i].name, len) != 0)
			continue;
		if (words[i].name[len - 1] != '=' && word[len] != '\0')
			continue;
		if ((*seenp & UINT32_C(1) << i) != 0)
			return -EINVAL;
		*seenp |= UINT32_C(1) << i;
		if (words[i].name[len - 1] == '=')
			return parse_uid(word + len,
			    (uint32_t *)(void *)(base + words[i].offset));
		*(bool *)(base + words[i].offset) = true;
		return 0;
	}
	return -EINVAL;
}

int
nk_options_parse(struct nk_options *o, int argc, const char **argv,
    const char **badp)
{
	struct nk_options n = { 0 };
	uint32_t seen = 0;
	int i, r;

	*o = n;
	for (i = 0; i < argc; i++) {
		if ((r = parse_word(&n, &seen, argv[i])) < 0) {
			*badp = argv[i];
			return r;
		}
	}
	*o = n;
	return 0;
}
