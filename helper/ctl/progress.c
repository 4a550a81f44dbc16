/* SPDX-License-Identifier: ISC */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/progress.h"

#define WIDTH	40

static bool shown;	/* one bar for one process */

void
ctl_progress(void *arg, const char *method, const json_t *params)
{
	json_int_t done, total;
	char bar[WIDTH + 1];
	size_t filled;

	(void)arg;
	if (strcmp(method, "naskeys.progress") != 0 || !isatty(STDERR_FILENO))
		return;
	done = json_integer_value(json_object_get(params, "done"));
	total = json_integer_value(json_object_get(params, "total"));
	if (done < 0)
		return;
	if (total <= 0 || done > total) {	/* how much is not known yet */
		fprintf(stderr, "\r%" JSON_INTEGER_FORMAT " done", done);
	} else {
		filled = (size_t)((double)done / (double)total * WIDTH);
		memset(bar, ' ', WIDTH);
		memset(bar, '#', filled < WIDTH ? filled : WIDTH);
		bar[WIDTH] = '\0';
		fprintf(stderr, "\r[%s] %3d%%  %" JSON_INTEGER_FORMAT
		    " of %" JSON_INTEGER_FORMAT, bar,
		    (int)((double)done / (double)total * 100), done, total);
	}
	fflush(stderr);
	shown = true;
}

void
ctl_progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}
