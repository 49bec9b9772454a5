// SPDX-License-Identifier: BSD-3-Clause
#include "feed_owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "bindings.h"
#include "bus.h"
#include "machine.h"

enum { LIFETIME_MS = 24 * 3600 * 1000, ARRIVAL_US = 200, CHANGES_AN_ARRIVAL = 256 };
#define SECOND_NS UINT64_C(1000000000)

struct owner_thread {
	struct feed_owner *owner;
	struct loop *loop;
	struct bus *bus;
	struct bindings *bindings;
	int clock; /* a descriptor that is readable every ARRIVAL_US */
	uv_poll_t arrivals;
	uint64_t random;
	uint32_t offered; /* the binding whose change was offered last */
	uint64_t due;     /* changes, in billionths */
	uint64_t last_ns; /* the arrival before */
};

static void expired(void *context, const struct binding_key *key, const struct instant *now, struct effects *effects)
{
	(void)context, (void)key, (void)now, (void)effects;
}

static void catch_up(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count,
                     const struct instant *now)
{
	bindings_catch_up(((struct owner_thread *)context)->bindings, peer, frames, count, now);
}

static void punted(void *context, const struct punt_route *route, const struct punt_up *up, const struct instant *now,
                   struct effects *effects)
{
	(void)context, (void)route, (void)up, (void)now, (void)effects;
}

static void publish(void *context, const struct effect_publish *publication)
{
	struct instant now = instant_now();

	bindings_publish(((struct owner_thread *)context)->bindings, publication, &now);
}

static void inject(void *context, const struct effect_inject *injection)
{
	(void)context, (void)injection;
}

static void turn_end(void *context, const struct instant *now)
{
	struct owner_thread *thread = context;

	bindings_turn_end(thread->bindings, now);
	__atomic_store_n(&thread->owner->longest_turn_us, loop_counters(thread->loop).longest_turn_us,
	                 __ATOMIC_RELAXED);
}

/* The number-th binding as the population has it, but for a care-of address of the given generation. */
static void set(struct owner_thread *thread, uint32_t number, uint16_t generation, const struct instant *now,
                struct effects *effects, struct binding_change *change)
{
	char subscriber[16];
	struct feed_row row;

	population_row(&thread->owner->population, number, now->unix_ms + LIFETIME_MS, &row);
	*change = (struct binding_change){
	        .key = {.length = row.key_length},
	        .subscriber = subscriber,
	        .shard = feed_owner_shard(number),
	        .tunnel_kind = row.tunnel_kind,
	        .expiry = {now->monotonic_ms + LIFETIME_MS, row.expiry_unix_ms},
	};
	memcpy(change->key.octets, row.key, sizeof(change->key.octets));
	memcpy(&change->care_of_address, row.care_of_address, sizeof(row.care_of_address));
	change->care_of_address.s6_addr[8] = (uint8_t)(generation >> 8);
	change->care_of_address.s6_addr[9] = (uint8_t)generation;
	snprintf(subscriber, sizeof(subscriber), "b%u", number);
	bindings_set(thread->bindings, change, now, effects);
}

static void load(struct owner_thread *thread)
{
	struct instant now = instant_now();
	struct effects *loading = effects_new();
	struct binding_change change;

	for (uint32_t i = 0; i < thread->owner->population.bindings; i++)
		set(thread, i, 0, &now, loading, &change);
	effects_free(loading);
	bindings_serve(thread->bindings, &now);
}

static bool offer(struct awaited_change *awaited, const struct binding_change *change, uint64_t begin_cycles)
{
	if (__atomic_load_n(&awaited->wanted, __ATOMIC_ACQUIRE))
		return false;
	awaited->begin_cycles = begin_cycles;
	memcpy(&awaited->key, change->key.octets, sizeof(awaited->key));
	awaited->care_of_address = change->care_of_address;
	__atomic_store_n(&awaited->wanted, 1, __ATOMIC_RELEASE);
	return true;
}

static uint32_t number_of(const struct owner_thread *thread, uint64_t drawn)
{
	return (uint32_t)population_below(drawn, thread->owner->population.bindings);
}

/* Any binding but the one whose change is waited for: with a second change it would be waited for in vain. */
static uint64_t draw_change(struct owner_thread *thread)
{
	uint64_t drawn;

	do
		drawn = population_draw(thread->owner->population.seed, 77, thread->random++);
	while (number_of(thread, drawn) == thread->offered &&
	       __atomic_load_n(&thread->owner->awaited.wanted, __ATOMIC_ACQUIRE));
	return drawn;
}

/* One step, as the Home Agent's would be. */
static void change_one(struct owner_thread *thread)
{
	uint64_t drawn = draw_change(thread);
	uint64_t begin_cycles = rte_rdtsc();
	struct binding_change change;
	struct instant now;
	struct effects *step = loop_begin(thread->loop, &now);

	set(thread, number_of(thread, drawn), (uint16_t)(1 + drawn % 60000), &now, step, &change);
	loop_end(thread->loop, step, &now);
	if (offer(&thread->owner->awaited, &change, begin_cycles))
		thread->offered = number_of(thread, drawn);
}

/*
 * As many changes as the time since the last arrival asks for. They come as control packets do: a descriptor wakes the
 * loop, which takes no more than so many in one turn.
 */
static void arrive(uv_poll_t *arrivals, int status, int events)
{
	struct owner_thread *thread = arrivals->data;
	struct feed_owner *owner = thread->owner;
	uint64_t now_ns = uv_hrtime(), times;

	(void)status, (void)events;
	if (read(thread->clock, &times, sizeof(times)) < 0)
		return;
	thread->due += __atomic_load_n(&owner->changes_a_second, __ATOMIC_RELAXED) * (now_ns - thread->last_ns);
	thread->last_ns = now_ns;
	for (unsigned i = 0; i < CHANGES_AN_ARRIVAL && thread->due >= SECOND_NS; i++, thread->due -= SECOND_NS) {
		change_one(thread);
		__atomic_fetch_add(&owner->changes, 1, __ATOMIC_RELAXED);
	}
	if (__atomic_load_n(&owner->ends, __ATOMIC_ACQUIRE))
		loop_stop(thread->loop);
}

static int start_arrivals(struct owner_thread *thread)
{
	const struct timespec interval = {.tv_nsec = ARRIVAL_US * 1000};
	const struct itimerspec setting = {interval, interval};

	thread->clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (thread->clock < 0 || timerfd_settime(thread->clock, 0, &setting, NULL))
		return -errno;
	thread->last_ns = uv_hrtime();
	thread->arrivals.data = thread;
	uv_poll_init(loop_uv(thread->loop), &thread->arrivals, thread->clock);
	return uv_poll_start(&thread->arrivals, UV_READABLE, arrive);
}

static bool open_owner(struct owner_thread *thread)
{
	const struct bus_handlers handlers = {thread, catch_up, punted};
	const struct loop_bus loop_bus = {thread, publish, inject};
	struct bindings_options options = {
	        .epoch = FEED_OWNER_EPOCH,
	        .history_changes = BINDINGS_HISTORY_DEFAULT,
	        .bindings_max = POPULATION_MAX,
	        .outlet = {.feed_frames = bus_feed_frames,
	                   .feed_welcome = bus_feed_welcome,
	                   .catch_up_send = bus_catch_up_send,
	                   .expired = expired},
	};
	char error[BUS_ERROR_OCTETS];

	thread->loop = loop_new();
	if (bus_open(thread->loop, thread->owner->zeromq_context, thread->owner->folder, &handlers, &thread->bus,
	             error)) {
		fprintf(stderr, "error: %s\n", error);
		return false;
	}
	loop_set_bus(thread->loop, &loop_bus);
	options.timers = loop_timers(thread->loop);
	options.outlet.context = thread->bus;
	thread->bindings = bindings_new(&options);
	return true;
}

static void *run(void *context)
{
	struct owner_thread thread = {.owner = context, .clock = -1};

	machine_stay_on(thread.owner->processor);
	if (open_owner(&thread)) {
		load(&thread);
		loop_at_turn_end(thread.loop, turn_end, &thread);
	}
	if (thread.bindings && start_arrivals(&thread) == 0) {
		__atomic_store_n(&thread.owner->serves, true, __ATOMIC_RELEASE);
		loop_run(thread.loop);
		uv_poll_stop(&thread.arrivals);
	} else {
		__atomic_store_n(&thread.owner->failed, true, __ATOMIC_RELEASE);
	}
	bindings_free(thread.bindings);
	bus_close(thread.bus);
	loop_free(thread.loop);
	if (thread.clock >= 0)
		close(thread.clock);
	return NULL;
}

int feed_owner_start(struct feed_owner *owner)
{
	return -pthread_create(&owner->thread, NULL, run, owner);
}

void feed_owner_end(struct feed_owner *owner)
{
	__atomic_store_n(&owner->ends, true, __ATOMIC_RELEASE);
	pthread_join(owner->thread, NULL);
}
