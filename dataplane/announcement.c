// SPDX-License-Identifier: BSD-3-Clause
#include "announcement.h"

enum announcement_obstacle announcement_judge(struct announcement *announcement, const struct announcement_facts *facts,
                                              uint64_t now_ms)
{
	if (facts->in_sync) {
		announcement->was_in_sync = true;
		announcement->in_sync_ms = now_ms;
	}
	if (facts->ending)
		return OBSTACLE_ENDING;
	if (facts->drained)
		return OBSTACLE_DRAINED;
	if (facts->worker_stands)
		return OBSTACLE_WORKER_STANDS;
	if (!announcement->was_in_sync)
		return OBSTACLE_OUT_OF_SYNC;
	if (now_ms - announcement->in_sync_ms > announcement->withdraw_after_ms) {
		announcement->was_in_sync = false; /* only a whole table brings it back */
		return OBSTACLE_OUT_OF_SYNC;
	}
	return OBSTACLE_NONE;
}

const char *announcement_obstacle_name(enum announcement_obstacle obstacle)
{
	static const char *const names[OBSTACLES] = {
	        [OBSTACLE_NONE] = "none",
	        [OBSTACLE_ENDING] = "ending",
	        [OBSTACLE_DRAINED] = "drained",
	        [OBSTACLE_WORKER_STANDS] = "a worker stands still",
	        [OBSTACLE_OUT_OF_SYNC] = "out of sync",
	};

	return names[obstacle];
}

bool heartbeat_look(struct heartbeat *heartbeat, uint64_t turns, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - heartbeat->looked_ms;

	heartbeat->looked_ms = now_ms;
	if (turns != heartbeat->turns) {
		heartbeat->turns = turns;
		heartbeat->still_ms = 0;
		return false;
	}
	heartbeat->still_ms += passed_ms < HEARTBEAT_STEP_MS ? passed_ms : HEARTBEAT_STEP_MS;
	return heartbeat->still_ms >= HEARTBEAT_PATIENCE_MS;
}
