/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/compare.h"

void
nk_bench_pin(void)
{
	cpu_set_t set;
	int cpu;

	if ((cpu = sched_getcpu()) == -1)
		err(EXIT_FAILURE, "sched_getcpu");
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(EXIT_FAILURE, "sched_setaffinity");
}

uint64_t
nk_bench_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		err(EXIT_FAILURE, "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
nk_bench_quantile(const double *values, size_t count, double share)
{
	static double sorted[NK_ROUNDS_MAX];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare);
	return sorted[(size_t)((double)(count - 1) * share)];
}

void
nk_bench_report(const char *what, const struct nk_rounds *r)
{
	static double ratios[NK_ROUNDS_MAX];
	size_t i;

	for (i = 0; i < r->count; i++)
		ratios[i] = r->ours[i] / r->theirs[i];
	printf("%-34s %10.0f ns against %10.0f ns: %.3f (%.3f to %.3f)\n",
	    what, nk_bench_quantile(r->ours, r->count, 0.5),
	    nk_bench_quantile(r->theirs, r->count, 0.5),
	    nk_bench_quantile(ratios, r->count, 0.5),
	    nk_bench_quantile(ratios, r->count, 0.25),
	    nk_bench_quantile(ratios, r->count, 0.75));
	(void)fflush(stdout);
}
