/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_BENCH_COMPARE_H
#define NASKEYS_TESTS_BENCH_COMPARE_H

/*
 * Two ways of doing the same, measured in turns on one processor, so that
 * whatever the machine does meanwhile happens to both.
 */

#include <stddef.h>
#include <stdint.h>

#define NK_ROUNDS_MAX	4096

struct nk_rounds {
	size_t	 count;
	double	 ours[NK_ROUNDS_MAX];	/* ns for one operation */
	double	 theirs[NK_ROUNDS_MAX];
};

/* Stay on the processor that the process runs on. */
void	nk_bench_pin(void);

uint64_t nk_bench_now(void);		/* ns */

/* The value below which this share of at most NK_ROUNDS_MAX values lies. */
double	nk_bench_quantile(const double *values, size_t count, double share);

/*
 * One line: the medians of both, and the median of the ratios of the rounds
 * with its middle half.
 */
void	nk_bench_report(const char *what, const struct nk_rounds *r);

#endif /* NASKEYS_TESTS_BENCH_COMPARE_H */
