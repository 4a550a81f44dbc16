/* SPDX-License-Identifier: ISC */

#include "lib/map/wait.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#define SPINS		64u
#define YIELDS		16u
#define SLEEPS		9u		/* each twice as long as the last */
#define FIRST_SLEEP	20000L		/* ns; together 10.2 ms */

static inline void
pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

bool
nk_wait(unsigned int *triesp)
{
	struct timespec ts = { 0 };
	unsigned int n = (*triesp)++;
	int cancel, saved = errno;

	if (n < SPINS) {
		pause_briefly();
		return true;
	}
	n -= SPINS;
	if (n < YIELDS) {
		sched_yield();
		errno = saved;
		return true;
	}
	n -= YIELDS;
	if (n >= SLEEPS)
		return false;
	ts.tv_nsec = FIRST_SLEEP << n;
	/* A cancelled thread would take its caller's reference with it. */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	nanosleep(&ts, NULL);		/* cut short is short enough */
	(void)pthread_setcancelstate(cancel, NULL);
	errno = saved;
	return true;
}
