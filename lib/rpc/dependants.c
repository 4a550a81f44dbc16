/* SPDX-License-Identifier: ISC */
#include "lib/rpc/dependants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/connections.h"

/* How the peer names what it knows; others are shown by their title. */
static const struct {
	const char	*kind;
	const char	*before, *after;
} titles[] = {
	{ "REPLICATION",	"Replication task ",	"" },
	{ "RSYNC",		"Rsync task for '",	"'" },
	{ "SFTP_CLOUD",		"Cloud credentials ",	"" },
};

static int
make_title(const char *before, const char *title, const char *after,
    char **titlep)
{
	if (asprintf(titlep, "%s%s%s", before, title, after) == -1) {
		*titlep = NULL;
		return -ENOMEM;
	}
	return 0;
}

int
nk_dependant_title(const struct nk_consumer *c, char **titlep)
{
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (strcmp(titles[i].kind, c->kind) == 0)
			return make_title(titles[i].before, c->title,
			    titles[i].after, titlep);
	}
	return make_title("", c->title, "", titlep);
}

/* Takes title over. */
static int
append(struct nk_dependants *ds, bool connection, int64_t id, char *title,
    enum nk_on_delete unbind)
{
	struct nk_dependant *v;

	if ((v = reallocarray(ds->v, ds->n + 1, sizeof(*v))) == NULL) {
		free(title);
		return -ENOMEM;
	}
	ds->v = v;
	v[ds->n++] = (struct nk_dependant){ connection, id, title, unbind };
	return 0;
}

static int
add_consumer(void *arg, const struct nk_consumer *c)
{
	char *title;
	int r;

	if ((r = nk_dependant_title(c, &title)) < 0)
		return r;
	return append(arg, false, c->id, title, c->on_delete);
}

static int
add_connection(struct nk_store *s, int64_t id, struct nk_dependants *ds)
{
	struct nk_credential row;
	char *title = NULL;
	int r;

	if ((r = nk_credential_get(s, id, &row)) == 0)
		r = make_title("SSH credentials ", row.name, "", &title);
	nk_credential_clear(&row);
	if (r < 0 || (r = append(ds, true, id, title,
	    NK_ON_DELETE_DELETE)) < 0)
		return r;
	return nk_consumer_each(s, id, 0, add_consumer, ds);
}

int
nk_dependants_find(struct nk_store *s, int64_t credential,
    struct nk_dependants *ds)
{
	struct nk_ids connections;
	size_t i;
	int r;

	*ds = (struct nk_dependants){ NULL, 0 };
	r = nk_connections_of_keypair(s, credential, &connections);
	for (i = 0; r == 0 && i < connections.n; i++)
		r = add_connection(s, connections.v[i], ds);
	nk_ids_clear(&connections);
	if (r == 0)
		r = nk_consumer_each(s, credential, 0, add_consumer, ds);
	if (r < 0)
		nk_dependants_clear(ds);
	return r;
}

void
nk_dependants_clear(struct nk_dependants *ds)
{
	size_t i;

	for (i = 0; i < ds->n; i++)
		free(ds->v[i].title);
	free(ds->v);
	*ds = (struct nk_dependants){ NULL, 0 };
}

json_t *
nk_dependants_json(const struct nk_dependants *ds)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < ds->n; i++) {
		if (json_array_append_new(list, json_pack("{s:s,s:s}",
		    "title", ds->v[i].title, "unbind_method",
		    ds->v[i].unbind == NK_ON_DELETE_DELETE ? "delete" :
		    "disable")) == -1) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
