// SPDX-License-Identifier: BSD-3-Clause
/*
 * replay_world - what a replay needs of a data plane: forwarding, table with its writer, one worker's walk, and the
 * main core's half of the punts; all stepped by one thread, so that the same input gives the same octets on any
 * machine.
 *
 * Bindings come as feed messages through the same receiver that the daemon has.
 */
#ifndef KEDGE_BENCH_REPLAY_WORLD_H
#define KEDGE_BENCH_REPLAY_WORLD_H

#include "feed_receiver.h"
#include "neighbour.h"
#include "worker.h"

enum { WORLD_BUFFER_OCTETS = 2048, WORLD_RING = 1024 };

struct world {
	struct forwarding forwarding;
	struct neighbour_table neighbours;
	struct expiry expiry;
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	struct feed_receiver *receiver;
	struct rte_mempool *pool;
	struct rte_ring *punts;
	struct rte_ring *injected;     /* nothing ever is */
	struct walk_counters counters; /* of the worker */
	struct walk_counters main;     /* of the main core: what it punted */
	struct walk walk;
	void *reassembly;
	uint64_t sequence;   /* of the last feed row */
	uint32_t request;    /* of the last ask */
	uint64_t start_ms;   /* milliseconds since 1970, like all times of a replay */
	size_t rows_waiting; /* in `rows` */
	bool long_way;       /* see struct walk_options */
	uint8_t rows[FEED_ROWS_MAX * FEED_ROW_OCTETS];
};

/* Packet buffers for any number of worlds that one thread steps; NULL without memory. */
struct rte_mempool *world_pool_new(void);

/* `forwarding` is to be filled by the caller. Returns NULL without memory. */
struct world *world_new(struct rte_mempool *pool);
void world_free(struct world *world);

/* After forwarding is filled: resolves routes, makes the table, starts the walk. Returns 0 or a negative errno. */
int world_start(struct world *world, size_t bindings_max, port_transmit *send, void *context);

/*
 * Adds one row to the feed; version, shard and the writing are the world's; extra rows belong to the change before.
 * Applied by world_apply() at the latest.
 */
void world_change(struct world *world, struct feed_row *row, uint64_t now_ms);
void world_apply(struct world *world, uint64_t now_ms);

/* Applies what waits and takes back what it left over, where no worker is in a burst: after each 512 rows of many. */
void world_settle(struct world *world, uint64_t now_ms);

/* What a worker does after each burst: says that it holds no entry. Before the first time it is held to have none, so
 * that the writer can fill the table alone. */
void world_worker_turn(struct world *world);

/* What the main core does between bursts: punts leave, path MTUs are applied, old entries come back. */
void world_main_turn(struct world *world);

#endif
