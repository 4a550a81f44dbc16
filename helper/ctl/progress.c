/* SPDX-License-Identifier: ISC */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/progress.h"

#define WIDTH	40
#define CLEAR	"\r\033[K"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define NSIGNALS	(sizeof(signals) / sizeof(signals[0]))

static bool shown;	/* one bar for one process */
static struct sigaction before[NSIGNALS];

/* What was asked for may be done all the same: the helper has it. */
static void
interrupted(int number)
{
	static const char text[] = CLEAR "naskeysctl: interrupted; the helper "
	    "may still finish what it was asked for\n";
	ssize_t n;

	n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n;
	(void)raise(number);	/* as it would have been: SA_RESETHAND */
}

/* Signals that somebody ignores (nohup) stay so. */
static void
watch_signals(void)
{
	struct sigaction sa = { .sa_handler = interrupted,
	    .sa_flags = (int)SA_RESETHAND };
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < NSIGNALS; i++)
		if (sigaction(signals[i], NULL, &before[i]) == 0 &&
		    before[i].sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
}

static void
leave_signals(void)
{
	size_t i;

	for (i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
}

void
ctl_progress(void *arg, const char *method, const json_t *params)
{
	json_int_t done, total;
	char bar[WIDTH + 1];
	double part;

	(void)arg;
	if (strcmp(method, "naskeys.progress") != 0 || !isatty(STDERR_FILENO))
		return;
	done = json_integer_value(json_object_get(params, "done"));
	total = json_integer_value(json_object_get(params, "total"));
	if (done < 0)
		return;
	if (!shown)
		watch_signals();
	shown = true;
	if (total <= 0 || done > total) {	/* how much is not known yet */
		fprintf(stderr, CLEAR "%" JSON_INTEGER_FORMAT " done", done);
	} else {
		part = (double)done / (double)total;
		memset(bar, ' ', WIDTH);
		memset(bar, '#', (size_t)(part * WIDTH));
		bar[WIDTH] = '\0';
		fprintf(stderr, "\r[%s] %3d%%  %" JSON_INTEGER_FORMAT
		    " of %" JSON_INTEGER_FORMAT, bar, (int)(part * 100),
		    done, total);
	}
	fflush(stderr);
}

void
ctl_progress_end(void)
{
	if (!shown)
		return;
	fputs(CLEAR, stderr);
	leave_signals();
	shown = false;
}
