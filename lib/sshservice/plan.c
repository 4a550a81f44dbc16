/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/conffile.h"
#include "lib/account/names.h"
#include "lib/account/runner.h"
#include "lib/sshservice/conftext.h"
#include "lib/sshservice/effect.h"

/* Beside the files; sshd includes no such name. */
#define CHECK_MAIN	NK_SSHD_MAIN ".naskeys-check"
#define CHECK_DROP_IN	NK_SSHD_DROP_IN ".naskeys-check"
#define SECONDS		10

void
nk_sshplan_clear(struct nk_sshplan *p)
{
	free(p->old_drop_in);
	free(p->drop_in);
	free(p->old_main);
	free(p->main);
	nk_settings_clear(&p->before);
	nk_settings_clear(&p->after);
	*p = (struct nk_sshplan){ .n = 0 };
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
nk_sshplan_changes(const struct nk_sshplan *p)
{
	return !same(p->old_drop_in, p->drop_in) ||
	    !same(p->old_main, p->main);
}

/* ---- the files ---- */

static int
read_files(struct nk_sshplan *p, enum nk_ssh_files *nowp,
    char why[NK_SSHPLAN_WHY_MAX])
{
	enum nk_dropin_maker maker;
	int r;

	*nowp = NK_SSH_FILES_OWN;
	if ((r = nk_conffile_read(NK_SSHD_MAIN, &p->old_main)) < 0) {
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, NK_SSHD_MAIN ": %s",
		    strerror(-r));
		return r;
	}
	r = nk_conffile_read(NK_SSHD_DROP_IN, &p->old_drop_in);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = nk_dropin_look(p->old_drop_in, &maker, nowp);
	if (r < 0) {
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, NK_SSHD_DROP_IN ": %s",
		    strerror(-r));
		return r;
	}
	if (maker != NK_DROPIN_BY_HAND)
		return 0;
	(void)snprintf(why, NK_SSHPLAN_WHY_MAX, NK_SSHD_DROP_IN " was "
	    "written or changed by hand and is left alone: keep what you "
	    "need of it as settings or in another file, and remove it");
	return -EEXIST;
}

static int
comment_out(struct nk_sshplan *p)
{
	unsigned int lines[NK_CONFLICTS_MAX];
	char *text;
	size_t i;
	int r;

	for (i = 0; i < p->n; i++)
		lines[i] = p->conflicts[i].number;
	if ((r = nk_conftext_mark(p->main, lines, p->n, &text)) < 0)
		return r;
	free(p->main);
	p->main = text;
	return 0;
}

/* What is in the way is either commented out, or the end of it. */
static int
clear_way(struct nk_sshplan *p, const struct nk_mainconf *m, bool edit_main,
    char why[NK_SSHPLAN_WHY_MAX])
{
	const struct nk_conflict *c;
	size_t i;
	int r;

	if ((r = nk_mainconf_conflicts(m, p->conflicts, &p->n)) < 0)
		return r;
	for (i = 0; i < p->n; i++) {
		c = &p->conflicts[i];
		if (c->in_main && edit_main)
			continue;
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "%.255s:%u: \"%.255s\" "
		    "is in the way of the service's settings: %s", c->path,
		    c->number, c->line, c->in_main ?
		    "--edit-main comments it out" :
		    "take it away, or keep it and change the settings");
		return -EEXIST;
	}
	return p->n > 0 ? comment_out(p) : 0;
}

/* ---- sshd's word ---- */

/* What sshd says, with the files' own names. */
static void
put_names(char *text)
{
	static const char tail[] = ".naskeys-check";
	char *p;

	while ((p = strstr(text, tail)) != NULL)
		memmove(p, p + sizeof(tail) - 1,
		    strlen(p + sizeof(tail) - 1) + 1);
}

/* sshd -t, or, with settings to be read, -T for a user of this machine's. */
static int
ask(const struct nk_conf *conf, const char *config, const char *user,
    struct nk_settings *s, char why[NK_SSHPLAN_WHY_MAX])
{
	char spec[NK_EXTERNAL_NAME_MAX + 128];
	const struct nk_runner p = { .path = conf->sshd, .args = { "-f",
	    config, s != NULL ? "-T" : "-t", s != NULL ? "-C" : NULL, spec },
	    .seconds = SECONDS, .max = NK_SETTINGS_MAX, .network = true };
	char *text = NULL;
	size_t len;
	int r;

	(void)snprintf(spec, sizeof(spec), "user=%s," NK_SETTINGS_HERE, user);

	if ((r = nk_runner_run(&p, &text, &len)) == 0 && s != NULL)
		r = nk_settings_parse(s, text, len);
	if (r == -EIO) {
		put_names(text);
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "sshd does not take "
		    "it: %.800s", nk_runner_line(text));
		r = -EINVAL;
	} else if (r < 0)
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "%s: %s", conf->sshd,
		    strerror(-r));
	free(text);
	return r;
}

static int
write_candidate(const struct nk_mainconf *m, char why[NK_SSHPLAN_WHY_MAX])
{
	const char *drop_in = m->drop_in_text;
	char *text;
	int r;

	r = nk_mainconf_candidate(m, drop_in != NULL ? CHECK_DROP_IN : NULL,
	    &text);
	if (r == 0)
		r = nk_conffile_replace(CHECK_MAIN, text, strlen(text), 0600);
	free(text);
	if (r == 0 && drop_in != NULL)
		r = nk_conffile_replace(CHECK_DROP_IN, drop_in,
		    strlen(drop_in), 0600);
	if (r < 0)
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, CHECK_MAIN ": %s",
		    strerror(-r));
	return r;
}

/* A Match of somebody else's that is read before ours would win. */
static int
check_password_login(const struct nk_conf *conf, const char *drop_in,
    char why[NK_SSHPLAN_WHY_MAX])
{
	char user[NK_EXTERNAL_NAME_MAX + 1], text[NK_EFFECT_WHY_MAX];
	struct nk_settings s = { .n = 0 };
	const char *lines;
	int r;

	lines = nk_effect_match_user(drop_in, user, sizeof(user));
	if (lines == NULL || (r = ask(conf, CHECK_MAIN, user, &s, why)) < 0)
		return lines == NULL ? 0 : r;
	if ((r = nk_effect_check(&s, lines, "", text)) < 0) {
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "For user %s %s; a "
		    "Match that is read before ours is in the way", user,
		    text);
		r = -EINVAL;
	}
	nk_settings_clear(&s);
	return r;
}

/* What the administrator's own Match says is meant. */
static int
check_effect(const struct nk_conf *conf, const struct nk_settings *after,
    const char *drop_in, const char *options, char why[NK_SSHPLAN_WHY_MAX])
{
	char text[NK_EFFECT_WHY_MAX];

	if (nk_effect_check(after, drop_in, options, text) < 0) {
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "%s", text);
		return -EINVAL;
	}
	return nk_conftext_has(options, "Match") ? 0 :
	    check_password_login(conf, drop_in, why);
}

static int
check(struct nk_sshplan *p, const struct nk_conf *conf,
    const struct nk_mainconf *m, const char *options,
    char why[NK_SSHPLAN_WHY_MAX])
{
	char text[NK_EFFECT_WHY_MAX] = "";
	int r;

	if ((r = write_candidate(m, why)) == 0 &&
	    (r = ask(conf, CHECK_MAIN, "root", NULL, why)) == 0 &&
	    (r = ask(conf, CHECK_MAIN, "root", &p->after, why)) == 0 &&
	    m->drop_in_text != NULL)
		r = check_effect(conf, &p->after, m->drop_in_text, options,
		    why);
	(void)unlink(CHECK_MAIN);
	(void)unlink(CHECK_DROP_IN);
	if (r == 0 && (r = nk_effect_files(&p->after, text)) < 0)
		(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "%s", text);
	return r;
}

/* ---- the plan ---- */

static int
must_include(const struct nk_mainconf *m, char why[NK_SSHPLAN_WHY_MAX])
{
	bool yes;
	int r;

	if ((r = nk_mainconf_includes(m, &yes)) < 0)
		return r;
	if (yes || m->drop_in_text == NULL)
		return 0;
	(void)snprintf(why, NK_SSHPLAN_WHY_MAX, NK_SSHD_MAIN " does not "
	    "include the drop-ins for every connection: put \"Include "
	    NK_SSHD_FOLDER "/sshd_config.d/*.conf\" at its top");
	return -ENOENT;
}

static int
render(struct nk_sshplan *p, const struct nk_dropin *d, enum nk_ssh_files now)
{
	struct nk_dropin copy;

	if (d == NULL)
		return 0;
	copy = *d;
	if (copy.files == NK_SSH_FILES_KEEP)
		copy.files = now;
	return nk_dropin_render(&copy, &p->drop_in);
}

int
nk_sshplan_make(struct nk_sshplan *p, const struct nk_conf *conf,
    const struct nk_dropin *d, bool edit_main, char why[NK_SSHPLAN_WHY_MAX])
{
	const char *options = d != NULL ? d->settings->options : "";
	struct nk_mainconf m = { .folder = NK_SSHD_FOLDER,
	    .main = NK_SSHD_MAIN, .drop_in = NK_SSHD_DROP_IN };
	char ignored[NK_SSHPLAN_WHY_MAX];
	enum nk_ssh_files now;
	int r;

	*p = (struct nk_sshplan){ .n = 0 };
	(void)snprintf(why, NK_SSHPLAN_WHY_MAX, "%s", "");
	if ((r = read_files(p, &now, why)) < 0 ||
	    (r = render(p, d, now)) < 0)
		return r;
	r = d == NULL ? nk_conftext_unmark(p->old_main, NULL, &p->main) :
	    (p->main = strdup(p->old_main)) == NULL ? -ENOMEM : 0;
	if (r < 0)
		return r;
	m.main_text = p->main;
	m.drop_in_text = p->drop_in;
	if ((r = must_include(&m, why)) < 0 ||
	    (r = clear_way(p, &m, edit_main, why)) < 0)
		return r;
	m.main_text = p->main;
	p->has_before = ask(conf, NK_SSHD_MAIN, "root", &p->before,
	    ignored) == 0;
	return check(p, conf, &m, options, why);
}
