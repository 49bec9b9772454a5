// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_plane - the data plane's main core of a feed benchmark, in a thread of its own: bus client, receiver and table
 * writer, as dataplane/main_core.c has them, over the table of a world that somebody else walks.
 */
#ifndef KEDGE_BENCH_FEED_PLANE_H
#define KEDGE_BENCH_FEED_PLANE_H

#include <pthread.h>

#include "bus_client.h"
#include "feed_owner.h"
#include "replay_world.h"

struct feed_plane {
	struct world *world;
	const struct feed_owner *owner;
	int processor;
	uint32_t loaded; /* the first so many of the population are there from an earlier time */
	/* orders, atomic */
	bool connects;
	bool ends;
	/* reports, atomic */
	bool is_loaded;
	bool in_sync;
	uint64_t sync_begin_cycles;
	uint64_t sync_end_cycles;
	struct feed_receiver *receiver;
	struct bus_client *bus;
	pthread_t thread;
};

int feed_plane_start(struct feed_plane *plane);
void feed_plane_end(struct feed_plane *plane);

#endif
