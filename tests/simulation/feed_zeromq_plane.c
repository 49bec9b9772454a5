// SPDX-License-Identifier: BSD-3-Clause
#include "feed_zeromq.h"

#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "bus_client.h"
#include "receiving_end.h"

enum { RECLAIMS_A_TURN = 4096, WAIT_MS = 1 };

struct plane {
	struct plane_thread *thread;
	struct receiving_end end;
	struct bus_client *bus;
	uint64_t counted[4]; /* of receivers that are gone */
};

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void zeromq_key(unsigned number, uint8_t octets[FEED_ADDRESS_OCTETS])
{
	const uint8_t key[FEED_ADDRESS_OCTETS] = {0x20,           0x01, 0x0d, 0xb8, 0, 0xaa, (uint8_t)(number >> 8),
	                                          (uint8_t)number};

	memcpy(octets, key, sizeof(key));
}

static void feed(void *context, const struct wire_view *frames, size_t count)
{
	feed_receiver_feed(((struct plane *)context)->end.receiver, frames, count, now_ms());
}

static void catch_up(void *context, const struct wire_view *frames, size_t count)
{
	feed_receiver_catch_up(((struct plane *)context)->end.receiver, frames, count, now_ms());
}

static void down(void *context, const struct punt_down *packet)
{
	(void)context, (void)packet;
}

static void disconnected(void *context)
{
	feed_receiver_disconnected(((struct plane *)context)->end.receiver);
}

static int ask(void *context, struct wire_view frame)
{
	return bus_client_ask(((struct plane *)context)->bus, frame);
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	(void)context, (void)trouble, (void)row;
}

static void start(struct plane *plane)
{
	const struct receiver_outlet outlet = {.context = plane, .ask = ask, .trouble = trouble};
	const struct bus_client_handlers handlers = {plane, feed, catch_up, down, disconnected};

	receiving_end_open(&plane->end, ZEROMQ_KEYS, 0, now_ms(), &outlet);
	plane->bus = bus_client_new(plane->thread->zeromq_context, plane->thread->folder, &handlers);
	if (!plane->bus)
		abort();
}

static void end(struct plane *plane)
{
	const struct feed_receiver_counters *counters = feed_receiver_counters(plane->end.receiver);

	plane->counted[0] += counters->rows_set + counters->rows_withdrawn;
	plane->counted[1] += counters->gaps;
	plane->counted[2] += counters->snapshots;
	plane->counted[3] += counters->changes;
	bus_client_free(plane->bus);
	receiving_end_close(&plane->end);
}

static void report(const struct plane *plane)
{
	const struct feed_receiver_counters *counters = feed_receiver_counters(plane->end.receiver);
	struct plane_thread *thread = plane->thread;

	__atomic_store_n(&thread->in_sync, feed_receiver_in_sync(plane->end.receiver), __ATOMIC_RELAXED);
	__atomic_store_n(&thread->rows, plane->counted[0] + counters->rows_set + counters->rows_withdrawn,
	                 __ATOMIC_RELAXED);
	__atomic_store_n(&thread->gaps, plane->counted[1] + counters->gaps, __ATOMIC_RELAXED);
	__atomic_store_n(&thread->snapshots, plane->counted[2] + counters->snapshots, __ATOMIC_RELAXED);
	__atomic_store_n(&thread->changes, plane->counted[3] + counters->changes, __ATOMIC_RELAXED);
}

static bool is_equal(const struct plane *plane)
{
	size_t bound = 0;

	if (!feed_receiver_in_sync(plane->end.receiver))
		return false;
	for (unsigned number = 0; number < ZEROMQ_KEYS; number++) {
		uint16_t care_of = plane->thread->expected->care_of[number];
		const struct binding_entry *entry;
		struct in6_addr key, address;

		zeromq_key(number, key.s6_addr);
		entry = table_writer_find(plane->end.table, &key);
		bound += care_of != 0;
		if (!entry != !care_of)
			return false;
		if (!entry)
			continue;
		address = shared_address_load(&entry->care_of_address);
		if (address.s6_addr[14] != care_of >> 8 || address.s6_addr[15] != (care_of & 0xff))
			return false;
	}
	return binding_table_count(plane->end.table) == bound;
}

static void turn(struct plane *plane)
{
	struct plane_thread *thread = plane->thread;
	void *sockets[BUS_CLIENT_SOCKETS];
	zmq_pollitem_t items[BUS_CLIENT_SOCKETS] = {0};
	bool more = false;

	if (!__atomic_load_n(&thread->stalls, __ATOMIC_ACQUIRE)) {
		more = bus_client_serve(plane->bus);
		expiry_tick(&plane->end.expiry, now_ms());
		feed_receiver_tick(plane->end.receiver, now_ms());
		table_writer_reclaim(plane->end.table, RECLAIMS_A_TURN, NULL, NULL);
	}
	report(plane);
	if (__atomic_load_n(&thread->compares, __ATOMIC_ACQUIRE))
		__atomic_store_n(&thread->is_equal, is_equal(plane), __ATOMIC_RELEASE);
	if (more)
		return;
	bus_client_sockets(plane->bus, sockets);
	for (unsigned i = 0; i < BUS_CLIENT_SOCKETS; i++)
		items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
	/* one that stalls hears nothing, and looks up now and then whether it may go on */
	zmq_poll(items, thread->stalls ? 0 : BUS_CLIENT_SOCKETS, WAIT_MS);
}

static void *run(void *context)
{
	struct plane plane = {.thread = context};
	struct plane_thread *thread = context;

	start(&plane);
	while (!__atomic_load_n(&thread->ends, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&thread->restarts, __ATOMIC_ACQUIRE)) {
			end(&plane);
			start(&plane);
			__atomic_store_n(&thread->restarts, false, __ATOMIC_RELAXED);
			__atomic_fetch_add(&thread->restarts_done, 1, __ATOMIC_RELEASE);
		}
		turn(&plane);
	}
	end(&plane);
	return NULL;
}

void plane_thread_start(struct plane_thread *plane)
{
	if (pthread_create(&plane->thread, NULL, run, plane))
		abort();
}

void plane_thread_end(struct plane_thread *plane)
{
	__atomic_store_n(&plane->ends, true, __ATOMIC_RELEASE);
	pthread_join(plane->thread, NULL);
}
