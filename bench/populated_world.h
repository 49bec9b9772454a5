// SPDX-License-Identifier: BSD-3-Clause
/* populated_world - the world of scenario_default() with a binding for each node of a population. */
#ifndef KEDGE_BENCH_POPULATED_WORLD_H
#define KEDGE_BENCH_POPULATED_WORLD_H

#include "population.h"
#include "replay.h"

#define POPULATED_START_MS  1700000000000ull
#define POPULATED_EXPIRY_MS (POPULATED_START_MS + (1ull << 30))

/* Frames that leave go to replay_transmit() with `outlet`. Returns 0, -ENOMEM, or -ENOSPC when the table is full. */
int populated_world_new(struct rte_mempool *pool, const struct population *population, struct replay_outlet *outlet,
                        struct world **made);

/* Binds all nodes of the population, with expiries from `expiry_ms` on within so many milliseconds (1: all with the
 * same): after world_start(). */
int populate(struct world *world, const struct population *population, uint64_t expiry_ms, uint32_t within_ms);

#endif
