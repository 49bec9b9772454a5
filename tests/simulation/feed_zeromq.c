// SPDX-License-Identifier: BSD-3-Clause
/*
 * The feed through real ZeroMQ: the owner's loop, bus and bindings, and two data planes in threads of their own.
 *
 *	feed_zeromq proxy SEED   a proxy between them loses, repeats, delays and reorders on both channels, while the
 *	                         owner changes bindings and is replaced by one of a higher epoch, and a data plane
 *	                         starts anew
 *	feed_zeromq stall        no proxy; one data plane serves nothing until more has been published than queues
 *	                         hold: the other follows unhurt, the stalled one catches up
 *
 * In the end both tables hold what the owner holds. C-1, C-2, C-3, C-7.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "bindings.h"
#include "bus.h"
#include "feed_zeromq.h"
#include "randomness.h"

enum {
	PHASE_MS = 1000,
	CHANGES_A_BEAT = 20,
	STALL_MESSAGES = 60000, /* more than both queues of 20,000 and the socket between them hold */
	STALL_CHANGES_A_BEAT = 50,
	HISTORY = 20000,
	LIFETIME_MS = 3600000,
};

enum phase { PHASE_BEGIN, PHASE_MIDDLE, PHASE_LATE, PHASE_QUIET };

struct world {
	struct loop *loop;
	void *zeromq;
	struct bus *bus;
	struct bindings *bindings;
	struct randomness_seeded seeded;
	struct randomness *random;
	struct timer beat;
	char folder[FOLDER_OCTETS];
	char owner_folder[FOLDER_OCTETS];
	char plane_folders[ZEROMQ_PLANES][FOLDER_OCTETS];
	struct expected_bindings held;
	struct plane_thread planes[ZEROMQ_PLANES];
	struct feed_proxy *proxy;
	bool is_hostile;
	bool stalls;
	uint32_t epoch;
	enum phase phase;
	uint64_t phase_began_ms;
	uint64_t rows_at_stall;
};

static struct world *the_world; /* timers know no context */

static void expired(void *context, const struct binding_key *key, const struct instant *now, struct effects *effects)
{
	(void)context, (void)key, (void)now, (void)effects;
}

static void set(struct world *world, unsigned number, uint16_t care_of, const struct instant *now,
                struct effects *effects)
{
	char subscriber[16];
	struct binding_change change = {
	        .key = {.length = 64},
	        .subscriber = subscriber,
	        .shard = (uint8_t)(number * 7),
	        .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	        .care_of_address = {{{0x20, 0x01, [14] = (uint8_t)(care_of >> 8), [15] = (uint8_t)care_of}}},
	        .expiry = {now->monotonic_ms + LIFETIME_MS, now->unix_ms + LIFETIME_MS},
	};

	zeromq_key(number, change.key.octets);
	snprintf(subscriber, sizeof(subscriber), "lab/%u", number);
	bindings_set(world->bindings, &change, now, effects);
	world->held.care_of[number] = care_of;
}

static void change_something(struct world *world, const struct instant *now, struct effects *effects)
{
	unsigned number = randomness_below(world->random, ZEROMQ_KEYS);
	struct binding_key key = {.length = 64};

	if (randomness_below(world->random, 100) >= 30) {
		set(world, number, (uint16_t)(1 + randomness_below(world->random, 60000)), now, effects);
		return;
	}
	zeromq_key(number, key.octets);
	bindings_withdraw(world->bindings, &key, now, effects);
	world->held.care_of[number] = 0;
}

/* An owner of the next epoch, who loads what is durable. */
static void own(struct world *world)
{
	const struct bindings_options options = {
	        .epoch = ++world->epoch,
	        .history_changes = HISTORY,
	        .bindings_max = ZEROMQ_KEYS,
	        .timers = loop_timers(world->loop),
	        .outlet = {world->bus, bus_feed_frames, bus_feed_welcome, bus_catch_up_send, expired},
	};
	struct instant now = instant_now();
	struct effects *loading = effects_new();

	bindings_free(world->bindings);
	world->bindings = bindings_new(&options);
	for (unsigned number = 0; number < ZEROMQ_KEYS; number++)
		if (world->held.care_of[number])
			set(world, number, world->held.care_of[number], &now, loading);
	effects_free(loading);
	bindings_serve(world->bindings, &now);
}

static void next_phase(struct world *world, enum phase phase, const struct instant *now)
{
	world->phase = phase;
	world->phase_began_ms = now->monotonic_ms;
}

static void go_quiet(struct world *world, const struct instant *now)
{
	next_phase(world, PHASE_QUIET, now);
	__atomic_store_n(&world->is_hostile, false, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++)
		__atomic_store_n(&world->planes[i].compares, true, __ATOMIC_RELEASE);
}

static void end_when_equal(struct world *world)
{
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++)
		if (!__atomic_load_n(&world->planes[i].is_equal, __ATOMIC_ACQUIRE))
			return;
	loop_stop(world->loop);
}

/* The proxy's story: replaced in the middle, a data plane that starts anew, then quiet. */
static void proxy_goes_on(struct world *world, const struct instant *now)
{
	if (now->monotonic_ms < world->phase_began_ms + PHASE_MS)
		return;
	switch (world->phase) {
	case PHASE_BEGIN:
		own(world);
		next_phase(world, PHASE_MIDDLE, now);
		break;
	case PHASE_MIDDLE:
		__atomic_store_n(&world->planes[1].restarts, true, __ATOMIC_RELEASE);
		next_phase(world, PHASE_LATE, now);
		break;
	case PHASE_LATE:
		go_quiet(world, now);
		break;
	case PHASE_QUIET:
		break;
	}
}

static bool are_in_sync(const struct world *world)
{
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++)
		if (!__atomic_load_n(&world->planes[i].in_sync, __ATOMIC_RELAXED))
			return false;
	return true;
}

/* The stall's story: by what was published, not by time. */
static void stall_goes_on(struct world *world, const struct instant *now)
{
	uint64_t rows = __atomic_load_n(&world->planes[0].rows, __ATOMIC_RELAXED);

	if (world->phase == PHASE_BEGIN && are_in_sync(world)) {
		__atomic_store_n(&world->planes[1].stalls, true, __ATOMIC_RELEASE);
		world->rows_at_stall = rows;
		next_phase(world, PHASE_MIDDLE, now);
	} else if (world->phase == PHASE_MIDDLE && rows >= world->rows_at_stall + STALL_MESSAGES) {
		/* the other one has followed all the while */
		__atomic_store_n(&world->planes[1].stalls, false, __ATOMIC_RELEASE);
		go_quiet(world, now);
	}
}

static void beat(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct world *world = the_world;

	if (world->phase == PHASE_QUIET)
		end_when_equal(world);
	for (int i = 0; world->phase != PHASE_QUIET && i < CHANGES_A_BEAT && !world->stalls; i++)
		change_something(world, now, effects);
	for (int i = 0; world->phase != PHASE_QUIET && i < STALL_CHANGES_A_BEAT && world->stalls; i++) {
		struct effects *step = executor_begin(loop_executor(world->loop));

		/* each in a message of its own, so that queues fill fast */
		change_something(world, now, step);
		executor_run(loop_executor(world->loop), step, now);
		bindings_turn_end(world->bindings, now);
	}
	if (world->stalls)
		stall_goes_on(world, now);
	else
		proxy_goes_on(world, now);
	timer_arm(loop_timers(world->loop), timer, now->monotonic_ms + 1, beat);
}

static void catch_up(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count,
                     const struct instant *now)
{
	bindings_catch_up(((struct world *)context)->bindings, peer, frames, count, now);
}

static void punted(void *context, const struct punt_route *route, const struct punt_up *up, const struct instant *now,
                   struct effects *effects)
{
	(void)context, (void)route, (void)up, (void)now, (void)effects;
}

static void publish(void *context, const struct effect_publish *publication)
{
	struct instant now = instant_now();

	bindings_publish(((struct world *)context)->bindings, publication, &now);
}

static void inject(void *context, const struct effect_inject *injection)
{
	(void)context, (void)injection;
}

static void turn_end(void *context, const struct instant *now)
{
	bindings_turn_end(((struct world *)context)->bindings, now);
}

static bool make_folder(char folder[FOLDER_OCTETS], const char *in, const char *name)
{
	snprintf(folder, FOLDER_OCTETS, "%.64s/%.16s", in, name);
	return mkdir(folder, 0750) == 0;
}

static bool make_folders(struct world *world)
{
	strcpy(world->folder, "/tmp/kedge-feed-XXXXXX");
	return mkdtemp(world->folder) && make_folder(world->owner_folder, world->folder, "owner") &&
	       make_folder(world->plane_folders[0], world->folder, "plane0") &&
	       make_folder(world->plane_folders[1], world->folder, "plane1");
}

static bool start(struct world *world, uint64_t seed)
{
	const struct bus_handlers handlers = {world, catch_up, punted};
	const struct loop_bus loop_bus = {world, publish, inject};
	char error[BUS_ERROR_OCTETS];

	world->random = randomness_seeded_start(&world->seeded, seed);
	world->loop = loop_new();
	world->zeromq = zmq_ctx_new();
	if (!make_folders(world) ||
	    bus_open(world->loop, world->zeromq, world->owner_folder, &handlers, &world->bus, error))
		return false;
	loop_set_bus(world->loop, &loop_bus);
	own(world);
	loop_at_turn_end(world->loop, turn_end, world);
	world->is_hostile = !world->stalls;
	if (!world->stalls)
		world->proxy = feed_proxy_start(world->zeromq, world->owner_folder, world->plane_folders,
		                                &world->is_hostile, seed);
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++) {
		world->planes[i].zeromq_context = world->zeromq;
		world->planes[i].expected = &world->held;
		memcpy(world->planes[i].folder, world->stalls ? world->owner_folder : world->plane_folders[i],
		       FOLDER_OCTETS);
		plane_thread_start(&world->planes[i]);
	}
	world->phase_began_ms = instant_now().monotonic_ms;
	timer_arm(loop_timers(world->loop), &world->beat, world->phase_began_ms + 1, beat);
	return world->stalls || world->proxy;
}

static void end(struct world *world)
{
	char command[FOLDER_OCTETS + 16];

	bindings_free(world->bindings);
	timer_disarm(&world->beat);
	bus_close(world->bus);
	loop_free(world->loop);
	zmq_ctx_term(world->zeromq);
	snprintf(command, sizeof(command), "rm -r %s", world->folder);
	if (system(command))
		fprintf(stderr, "%s remains\n", world->folder);
}

/* All that the story is about must have happened. */
static bool has_shown(const struct world *world, const struct feed_proxy_counters *proxy)
{
	const struct plane_thread *first = &world->planes[0], *second = &world->planes[1];

	if (world->stalls)
		return second->gaps && second->changes + second->snapshots > first->changes + first->snapshots &&
		       !first->gaps;
	return proxy->lost && proxy->delayed && proxy->repeated && first->gaps && first->changes && second->snapshots &&
	       second->restarts_done;
}

int main(int argc, char **argv)
{
	struct world *world = calloc(1, sizeof(*world));
	struct feed_proxy_counters proxy = {0};
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	bool has;

	if (!world)
		return 2;
	the_world = world;
	world->stalls = argc > 1 && strcmp(argv[1], "stall") == 0;
	if (!start(world, seed)) {
		fprintf(stderr, "the sockets cannot be opened\n");
		return 2;
	}
	loop_run(world->loop);
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++)
		plane_thread_end(&world->planes[i]);
	if (world->proxy)
		proxy = feed_proxy_end(world->proxy);
	printf("seed %llu: %llu messages passed, %llu lost, %llu repeated, %llu delayed\n", (unsigned long long)seed,
	       (unsigned long long)proxy.passed, (unsigned long long)proxy.lost, (unsigned long long)proxy.repeated,
	       (unsigned long long)proxy.delayed);
	for (unsigned i = 0; i < ZEROMQ_PLANES; i++)
		printf("data plane %u: %llu rows, %llu gaps, %llu chunks of changes, %llu snapshots\n", i,
		       (unsigned long long)world->planes[i].rows, (unsigned long long)world->planes[i].gaps,
		       (unsigned long long)world->planes[i].changes, (unsigned long long)world->planes[i].snapshots);
	has = has_shown(world, &proxy);
	printf("%s\n", has ? "both hold what the owner holds" : "the story did not happen as it should");
	end(world);
	free(world);
	return has ? 0 : 1;
}
