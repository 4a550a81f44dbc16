/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/wanted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sshservice/interfaces.h"
#include "lib/sshservice/matchname.h"

void
nk_wanted_clear(struct nk_wanted_dropin *w)
{
	nk_ssh_service_clear(&w->settings);
	free(w->addresses);
	free(w->users);
	free(w->odd);
	*w = (struct nk_wanted_dropin){ .addresses = NULL };
}

static bool
has_line(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; *list != '\0'; list += strcspn(list, "\n") + 1)
		if (strncmp(list, word, len) == 0 && list[len] == '\n')
			return true;
	return false;
}

/* ---- addresses ---- */

struct addresses {
	const char	*interfaces;
	FILE		*f;
};

/* This machine itself is there always, once. */
static int
add_address(void *arg, const char *name, const char *address)
{
	struct addresses *a = arg;

	if (has_line(a->interfaces, name) &&
	    strcmp(address, "127.0.0.1") != 0)
		fprintf(a->f, "%s\n", address);
	return 0;
}

static int
gather_addresses(struct nk_wanted_dropin *w)
{
	struct addresses a = { .interfaces = w->settings.bindiface };
	size_t len;
	int r = 0;

	if ((a.f = open_memstream(&w->addresses, &len)) == NULL)
		return -ENOMEM;
	if (a.interfaces[0] != '\0') {
		fputs("127.0.0.1\n", a.f);
		r = nk_interfaces_each(add_address, &a);
	}
	return fclose(a.f) == EOF ? -ENOMEM : r;
}

/* ---- users ---- */

struct users {
	struct nk_wanted_dropin	*w;
	FILE			*f;
};

static int
add_user(void *arg, const struct nk_user *u)
{
	struct users *all = arg;

	if (!u->ssh_password_enabled)
		return 0;
	if (u->id == NK_USER_ROOT_ID)
		all->w->d.root_password = true;
	if (nk_matchname_is_plain(u->name))
		fprintf(all->f, "%s\n", u->name);
	else if (all->w->odd == NULL &&
	    (all->w->odd = strdup(u->name)) == NULL)
		return -ENOMEM;
	return 0;
}

static int
gather_users(struct nk_store *s, struct nk_wanted_dropin *w)
{
	struct users all = { .w = w };
	size_t len;
	int r;

	if ((all.f = open_memstream(&w->users, &len)) == NULL)
		return -ENOMEM;
	r = nk_user_each(s, 0, add_user, &all);
	return fclose(all.f) == EOF ? -ENOMEM : r;
}

int
nk_wanted_gather(struct nk_store *s, struct nk_wanted_dropin *w)
{
	int r;

	*w = (struct nk_wanted_dropin){ .addresses = NULL };
	if ((r = nk_ssh_service_get(s, &w->settings)) < 0 ||
	    (r = gather_addresses(w)) < 0 ||
	    (r = gather_users(s, w)) < 0)
		return r;
	w->d.settings = &w->settings;
	w->d.revoked = w->settings.revoked_keys;
	w->d.files = w->settings.key_files;
	w->d.addresses = w->addresses;
	w->d.users = w->users;
	return 0;
}
