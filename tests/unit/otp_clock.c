/* SPDX-License-Identifier: ISC */
/*
 * The step of 30 seconds in which a test begins is the one in which it ends:
 * this stands before libc's and stays where it was at first.
 */
#include <time.h>

time_t
time(time_t *now)
{
	static struct timespec first;

	if (first.tv_sec == 0 && clock_gettime(CLOCK_REALTIME, &first) == -1)
		return -1;
	if (now != NULL)
		*now = first.tv_sec;
	return first.tv_sec;
}
