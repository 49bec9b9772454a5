// SPDX-License-Identifier: BSD-3-Clause
/*
 * announcement - whether this data plane may attract traffic: home prefixes and service addresses are routes on the
 * host port, for a routing daemon to announce, exactly while nothing stands against it (architecture.md 3). Not in sync
 * is not announced; but a gap of the feed that is closed within `withdraw-after-ms` is no reason to make the network
 * turn around.
 *
 * Pure: time and facts are arguments. Thread: the main core's.
 */
#ifndef KEDGE_DATAPLANE_ANNOUNCEMENT_H
#define KEDGE_DATAPLANE_ANNOUNCEMENT_H

#include <stdbool.h>
#include <stdint.h>

enum announcement_obstacle {
	OBSTACLE_NONE,
	OBSTACLE_ENDING,
	OBSTACLE_DRAINED,
	OBSTACLE_WORKER_STANDS,
	OBSTACLE_OUT_OF_SYNC,
	OBSTACLES,
};

struct announcement_facts {
	bool ending;
	bool drained;
	bool worker_stands;
	bool in_sync;
};

struct announcement {
	uint32_t withdraw_after_ms;
	bool was_in_sync;
	uint64_t in_sync_ms; /* when it was last seen in sync */
};

/* What stands against announcing now, the weightiest first. Called often: each turn of the loop. */
enum announcement_obstacle announcement_judge(struct announcement *announcement, const struct announcement_facts *facts,
                                              uint64_t now_ms);

/* For people: "drained". */
const char *announcement_obstacle_name(enum announcement_obstacle obstacle);

/*
 * A worker's sign of life is the number of its turns. It stands when that has not changed for HEARTBEAT_PATIENCE_MS of
 * time in which the watcher itself ran: after a pause of the whole process nobody is called dead.
 */
enum { HEARTBEAT_PATIENCE_MS = 2000, HEARTBEAT_STEP_MS = 50 };

struct heartbeat {
	uint64_t turns;
	uint64_t looked_ms;
	uint64_t still_ms;
};

/* True when the worker stands. */
bool heartbeat_look(struct heartbeat *heartbeat, uint64_t turns, uint64_t now_ms);

#endif
