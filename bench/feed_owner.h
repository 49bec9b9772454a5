// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_owner - the control plane's half of a feed benchmark, in a thread of its own: the mobility server's loop, bus
 * and bindings over a made population, which it changes at a given rate.
 */
#ifndef KEDGE_BENCH_FEED_OWNER_H
#define KEDGE_BENCH_FEED_OWNER_H

#include <pthread.h>

#include "population.h"

enum { FEED_OWNER_FOLDER_OCTETS = 64, FEED_OWNER_EPOCH = 2 };

/* A change that somebody waits for. The owner fills it while `wanted` is zero, and then sets it; the other resets it.
 */
struct awaited_change {
	uint64_t begin_cycles; /* when it was made */
	struct in6_addr key;
	struct in6_addr care_of_address;
	uint32_t wanted;
};

struct feed_owner {
	struct population population;
	char folder[FEED_OWNER_FOLDER_OCTETS]; /* feed and catch-up are bound there */
	void *zeromq_context;
	int processor; /* the thread's only one; -1: any */
	/* orders, atomic */
	uint32_t changes_a_second;
	bool ends;
	/* reports, atomic */
	bool serves; /* the population is loaded */
	bool failed;
	uint64_t changes;
	uint64_t longest_turn_us; /* of the loop, since it serves */
	struct awaited_change awaited;
	pthread_t thread;
};

/* The shard and the sequence with which the number-th binding is loaded. */
static inline uint8_t feed_owner_shard(uint32_t number)
{
	return (uint8_t)(number % FEED_SHARDS);
}

/* The caller has filled what stands before the orders. */
int feed_owner_start(struct feed_owner *owner);
void feed_owner_end(struct feed_owner *owner);

#endif
