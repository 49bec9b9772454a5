// SPDX-License-Identifier: BSD-3-Clause
#include "populated_world.h"

#include <errno.h>

int populate(struct world *world, const struct population *population, uint64_t expiry_ms, uint32_t within_ms)
{
	for (uint32_t i = 0; i < population->bindings; i++) {
		struct feed_row row;

		population_row(population, i, expiry_ms + i % within_ms, &row);
		world_change(world, &row, world->start_ms);
		if (i % FEED_ROWS_MAX == FEED_ROWS_MAX - 1)
			world_settle(world, world->start_ms);
	}
	world_settle(world, world->start_ms);
	return binding_table_count(world->table) >= population->bindings ? 0 : -ENOSPC;
}

int populated_world_new(struct rte_mempool *pool, const struct population *population, struct replay_outlet *outlet,
                        struct world **made)
{
	struct world *world = *made = world_new(pool);
	int result;

	if (!world)
		return -ENOMEM;
	world->start_ms = POPULATED_START_MS;
	scenario_default(world);
	result = world_start(world, population->bindings, replay_transmit, outlet);
	return result ? result : populate(world, population, POPULATED_EXPIRY_MS, 1);
}
