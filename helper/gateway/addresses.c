/* SPDX-License-Identifier: ISC */
#include "helper/gateway/addresses.h"

#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/hash.h"

#define BUCKETS	4096u		/* a power of two */
#define NETWORK	8u		/* bytes of an IPv6 address that count */

struct address {
	LIST_ENTRY(address)	 same;		/* bucket */
	TAILQ_ENTRY(address)	 idle;		/* while connections is 0 */
	struct address_key	 key;
	unsigned int		 connections;
	unsigned int		 calls;
	int64_t			 until_ms;	/* of the window */
};

LIST_HEAD(address_list, address);
TAILQ_HEAD(address_queue, address);

struct addresses {
	struct address_list	 buckets[BUCKETS];
	struct address_queue	 idle;		/* the longest idle first */
	unsigned int		 n_idle;
	unsigned int		 per_address, calls;
	uint64_t		 salt[2];
};

int
addresses_new(struct addresses **ap, unsigned int per_address,
    unsigned int calls, const uint64_t salt[2])
{
	struct addresses *a;

	*ap = NULL;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return -ENOMEM;
	TAILQ_INIT(&a->idle);
	a->per_address = per_address;
	a->calls = calls;
	memcpy(a->salt, salt, sizeof(a->salt));
	*ap = a;
	return 0;
}

/* It has no connection. */
static void
forget(struct addresses *a, struct address *e)
{
	TAILQ_REMOVE(&a->idle, e, idle);
	a->n_idle--;
	LIST_REMOVE(e, same);
	free(e);
}

void
addresses_free(struct addresses *a)
{
	struct address *e;

	if (a == NULL)
		return;
	while ((e = TAILQ_FIRST(&a->idle)) != NULL)
		forget(a, e);
	free(a);
}

static bool
is_v4(const struct address_key *k)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(k->bytes, prefix, sizeof(prefix)) == 0;
}

static struct address *
find(struct addresses *a, const struct address_key *k, uint64_t bucket)
{
	struct address *e;

	for (e = LIST_FIRST(&a->buckets[bucket]); e != NULL;
	    e = LIST_NEXT(e, same))
		if (memcmp(&e->key, k, sizeof(*k)) == 0)
			return e;
	return NULL;
}

/* In the order in which they became idle; windows end about so, too. */
static void
forget_old(struct addresses *a, int64_t now_ms)
{
	struct address *e;

	while ((e = TAILQ_FIRST(&a->idle)) != NULL &&
	    (e->until_ms <= now_ms || a->n_idle > ADDRESSES_IDLE_MAX))
		forget(a, e);
}

int
addresses_enter(struct addresses *a, const struct address_key *k,
    int64_t now_ms, struct address **ep)
{
	struct address_key key = *k;
	struct address *e;
	uint64_t bucket;

	*ep = NULL;
	if (!is_v4(&key))
		memset(key.bytes + NETWORK, 0, sizeof(key.bytes) - NETWORK);
	bucket = nk_siphash13(a->salt, &key, sizeof(key)) % BUCKETS;
	forget_old(a, now_ms);
	if ((e = find(a, &key, bucket)) == NULL) {
		if ((e = calloc(1, sizeof(*e))) == NULL)
			return -ENOMEM;
		e->key = key;
		LIST_INSERT_HEAD(&a->buckets[bucket], e, same);
	} else if (e->connections == 0) {
		TAILQ_REMOVE(&a->idle, e, idle);
		a->n_idle--;
	} else if (e->connections >= a->per_address)
		return -EUSERS;
	e->connections++;
	*ep = e;
	return 0;
}

void
addresses_leave(struct addresses *a, struct address *e, int64_t now_ms)
{
	if (e == NULL || --e->connections > 0)
		return;
	TAILQ_INSERT_TAIL(&a->idle, e, idle);
	a->n_idle++;
	forget_old(a, now_ms);
}

bool
addresses_may_call(const struct addresses *a, struct address *e,
    int64_t now_ms)
{
	if (e->until_ms <= now_ms) {
		e->until_ms = now_ms + ADDRESSES_WINDOW_MS;
		e->calls = 0;
	}
	if (e->calls >= a->calls)
		return false;
	e->calls++;
	return true;
}
