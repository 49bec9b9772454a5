// SPDX-License-Identifier: BSD-3-Clause
#include "feed_owner.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "bindings.h"
#include "bus.h"
#include "machine.h"

enum { LIFETIME_MS = 24 * 3600 * 1000, BEAT_MS = 1, SECOND_MS = 1000 };

struct owner_thread {
	struct feed_owner *owner;
	struct loop *loop;
	struct bus *bus;
	struct bindings *bindings;
	struct timer beat;
	uint64_t random;
	uint64_t due;     /* changes, in thousandths */
	uint64_t last_ms; /* the beat before */
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

static void offer(struct awaited_change *awaited, const struct binding_change *change, uint64_t begin_cycles)
{
	if (__atomic_load_n(&awaited->wanted, __ATOMIC_ACQUIRE))
		return;
	awaited->begin_cycles = begin_cycles;
	memcpy(&awaited->key, change->key.octets, sizeof(awaited->key));
	awaited->care_of_address = change->care_of_address;
	__atomic_store_n(&awaited->wanted, 1, __ATOMIC_RELEASE);
}

/* As many changes as the time since the last beat asks for, each a step as the Home Agent's would be. */
static void beat(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct owner_thread *thread = timer_owner(timer, struct owner_thread, beat);
	struct feed_owner *owner = thread->owner;
	struct executor *executor = loop_executor(thread->loop);

	(void)effects;
	thread->due +=
	        __atomic_load_n(&owner->changes_a_second, __ATOMIC_RELAXED) * (now->monotonic_ms - thread->last_ms);
	thread->last_ms = now->monotonic_ms;
	for (; thread->due >= SECOND_MS; thread->due -= SECOND_MS) {
		uint64_t drawn = population_draw(owner->population.seed, 77, thread->random++);
		struct effects *step = executor_begin(executor);
		struct binding_change change;
		uint64_t begin_cycles = rte_rdtsc();

		set(thread, population_below(drawn, owner->population.bindings), (uint16_t)(1 + drawn % 60000), now,
		    step, &change);
		executor_run(executor, step, now);
		offer(&owner->awaited, &change, begin_cycles);
		__atomic_fetch_add(&owner->changes, 1, __ATOMIC_RELAXED);
	}
	if (__atomic_load_n(&owner->ends, __ATOMIC_ACQUIRE))
		loop_stop(thread->loop);
	timer_arm(loop_timers(thread->loop), timer, now->monotonic_ms + BEAT_MS, beat);
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
	struct owner_thread thread = {.owner = context};

	machine_stay_on(thread.owner->processor);
	if (!open_owner(&thread)) {
		__atomic_store_n(&thread.owner->failed, true, __ATOMIC_RELEASE);
		loop_free(thread.loop);
		return NULL;
	}
	load(&thread);
	thread.last_ms = instant_now().monotonic_ms;
	timer_arm(loop_timers(thread.loop), &thread.beat, thread.last_ms + BEAT_MS, beat);
	loop_at_turn_end(thread.loop, turn_end, &thread);
	__atomic_store_n(&thread.owner->serves, true, __ATOMIC_RELEASE);
	loop_run(thread.loop);
	timer_disarm(&thread.beat);
	bindings_free(thread.bindings);
	bus_close(thread.bus);
	loop_free(thread.loop);
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
