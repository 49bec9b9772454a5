// SPDX-License-Identifier: BSD-3-Clause
/*
 * walk_loop - the loops that are timed: a worker's, as dataplane/polling.c has it, on frames that are written as they
 * are needed; the least that any forwarder of this kind has to do; and the memory's own limit.
 *
 * Each takes `count` packets of a traffic from `first` on (wrapping around) and returns cycles of the time-stamp
 * counter for all of them. Taking buffers, writing headers into them and freeing what left are in the first two.
 */
#ifndef KEDGE_BENCH_WALK_LOOP_H
#define KEDGE_BENCH_WALK_LOOP_H

#include "replay_world.h"
#include "traffic.h"

struct loop {
	struct world *world;
	const struct traffic *traffic;
};

/* Everything that a worker does. */
uint64_t loop_worker(const struct loop *loop, size_t first, size_t count);

/*
 * Downlink packets only: find the service prefix, look up, write the same octets as a worker (traffic class, flow
 * label, hop limits). No check that could drop a packet, no counter, expiry, MTU, route, neighbour or quiescent state.
 */
uint64_t loop_bare(const struct loop *loop, size_t first, size_t count);

/* Buffers, headers, free: what the two above have in common with each other and with nothing real. */
uint64_t loop_generator(const struct loop *loop, size_t first, size_t count);

/* One cache line a packet, read at random from `lines` of them in bursts like the table's: no table can be faster. */
uint64_t loop_memory(const struct loop *loop, size_t first, size_t count, const uint64_t (*lines)[8],
                     size_t line_count);

#endif
