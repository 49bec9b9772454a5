// SPDX-License-Identifier: BSD-3-Clause
#include "feed_plane.h"

#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include <rte_cycles.h>

#include "machine.h"

enum { RECLAIMS_A_TURN = 4096, WAIT_MS = 1, OLD_EPOCH = FEED_OWNER_EPOCH - 1, LIFETIME_MS = 24 * 3600 * 1000 };

static uint64_t unix_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void feed(void *context, const struct wire_view *frames, size_t count)
{
	feed_receiver_feed(((struct feed_plane *)context)->receiver, frames, count, unix_ms());
}

static void catch_up(void *context, const struct wire_view *frames, size_t count)
{
	feed_receiver_catch_up(((struct feed_plane *)context)->receiver, frames, count, unix_ms());
}

static void down(void *context, const struct punt_down *packet)
{
	(void)context, (void)packet;
}

static void disconnected(void *context)
{
	feed_receiver_disconnected(((struct feed_plane *)context)->receiver);
}

static int ask(void *context, struct wire_view frame)
{
	return bus_client_ask(((struct feed_plane *)context)->bus, frame);
}

static bool resolve(void *context, const struct feed_row *row, struct binding_record *record)
{
	const struct world *world = ((struct feed_plane *)context)->world;

	forwarding_resolve(&world->forwarding, row->inner_mtu_bytes, record);
	return true;
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	(void)context, (void)row;
	fprintf(stderr, "warning: a binding was refused: %s\n",
	        trouble == RECEIVER_TABLE_FULL ? "table full" : "key taken");
}

/* What an owner before this one told: one batch has two rows of each shard. */
static void load_batch(struct feed_plane *plane, uint32_t first)
{
	static uint8_t rows[FEED_ROWS_MAX * FEED_ROW_OCTETS];
	struct feed_range ranges[FEED_SHARDS];
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer writer = wire_writer_of(rows, sizeof(rows));
	uint64_t now_ms = unix_ms();
	struct wire_view frames[FEED_FRAMES_MAX];

	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		ranges[shard] = (struct feed_range){.shard = (uint8_t)shard,
		                                    .epoch = OLD_EPOCH,
		                                    .first = first / FEED_SHARDS + 1,
		                                    .last = (first + FEED_ROWS_MAX) / FEED_SHARDS};
	for (uint32_t i = first; i < first + FEED_ROWS_MAX; i++) {
		struct feed_row row;

		population_row(&plane->owner->population, i, now_ms + LIFETIME_MS, &row);
		row.shard = feed_owner_shard(i);
		row.version = (struct feed_version){OLD_EPOCH, i / FEED_SHARDS + 1};
		feed_row_write(&writer, &row);
	}
	feed_batch_head_write(&head_writer, now_ms, ranges, FEED_SHARDS);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){rows, sizeof(rows)};
	feed_receiver_feed(plane->receiver, frames, FEED_FRAMES_MAX, now_ms);
}

static void turn(struct feed_plane *plane)
{
	void *sockets[BUS_CLIENT_SOCKETS];
	zmq_pollitem_t items[BUS_CLIENT_SOCKETS] = {0};
	bool more = bus_client_serve(plane->bus);
	uint64_t now_ms = unix_ms(); /* not before what was served: the tick would take an answer for a silent one */

	expiry_tick(&plane->world->expiry, now_ms);
	feed_receiver_tick(plane->receiver, now_ms);
	table_writer_reclaim(plane->world->table, RECLAIMS_A_TURN, NULL, NULL);
	if (!plane->in_sync && feed_receiver_in_sync(plane->receiver)) {
		plane->sync_end_cycles = rte_rdtsc();
		__atomic_store_n(&plane->in_sync, true, __ATOMIC_RELEASE);
	}
	if (more)
		return;
	bus_client_sockets(plane->bus, sockets);
	for (unsigned i = 0; i < BUS_CLIENT_SOCKETS; i++)
		items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
	zmq_poll(items, BUS_CLIENT_SOCKETS, WAIT_MS);
}

static void *run(void *context)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct feed_plane *plane = context;
	const struct receiver_outlet outlet = {.context = plane, .ask = ask, .resolve = resolve, .trouble = trouble};
	const struct bus_client_handlers handlers = {plane, feed, catch_up, down, disconnected};

	machine_stay_on(plane->processor);
	plane->receiver = feed_receiver_new(plane->world->table, &plane->world->expiry, 0, &outlet);
	for (uint32_t first = 0; first + FEED_ROWS_MAX <= plane->loaded; first += FEED_ROWS_MAX)
		load_batch(plane, first);
	__atomic_store_n(&plane->is_loaded, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&plane->connects, __ATOMIC_ACQUIRE))
		nanosleep(&pause, NULL);
	plane->sync_begin_cycles = rte_rdtsc();
	plane->bus = bus_client_new(plane->owner->zeromq_context, plane->owner->folder, &handlers);
	while (plane->bus && !__atomic_load_n(&plane->ends, __ATOMIC_ACQUIRE))
		turn(plane);
	bus_client_free(plane->bus);
	feed_receiver_free(plane->receiver);
	return NULL;
}

int feed_plane_start(struct feed_plane *plane)
{
	return -pthread_create(&plane->thread, NULL, run, plane);
}

void feed_plane_end(struct feed_plane *plane)
{
	__atomic_store_n(&plane->ends, true, __ATOMIC_RELEASE);
	__atomic_store_n(&plane->connects, true, __ATOMIC_RELEASE);
	pthread_join(plane->thread, NULL);
}
