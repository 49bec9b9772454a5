// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_model - schedules for the feed's model (feed_world.h): changes, expiry, losses, stalls, deaths and changes of
 * the owner, restarts of data planes, tables that are too small; all by a seed. C-1, C-2.
 *
 *	feed_model [--tell] [FIRST [COUNT]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_world.h"

enum {
	ACTIONS = 250,
	BURST_CHANGES = 20000, /* more than an owner remembers */
	BURST_A_TURN = 4000,
	REST_MS = 20000,
	LONG_LIFE_MS = 3600000,
	SMALL_TABLE = 40,
	HOT_KEYS = 4,
	OWNERS_MAX = FEED_EPOCHS_MAX - 2,
};

static unsigned any(struct feed_world *world, unsigned sides)
{
	return virtual_roll(&world->time, sides);
}

static void change_something(struct feed_world *world)
{
	/* a few keys change over and over, so that a late row finds its key changed again */
	unsigned number = any(world, virtual_chance(&world->time, 50) ? HOT_KEYS : FEED_KEYS);
	/* mostly the same subscriber, now and then another one, of another shard, after him */
	unsigned subscriber =
	        virtual_chance(&world->time, 85) ? number % FEED_SUBSCRIBERS : any(world, FEED_SUBSCRIBERS);

	if (virtual_chance(&world->time, 35))
		feed_world_withdraw(world, number);
	else
		feed_world_set(world, number, subscriber, (uint8_t)(1 + any(world, 250)),
		               virtual_chance(&world->time, 10) ? 50 + any(world, 2000) : LONG_LIFE_MS);
	if (virtual_chance(&world->time, 50))
		feed_world_turn(world);
}

static void change_weather(struct feed_world *world)
{
	static const uint32_t losses[] = {0, 0, 5, 25, 60}, delays_ms[] = {0, 5, 40, 300};

	world->weather = (struct feed_weather){
	        .loss_percent = losses[any(world, 5)],
	        .repeat_percent = virtual_chance(&world->time, 50) ? 0 : any(world, 30),
	        .delay_ms = delays_ms[any(world, 4)],
	        .reorders = virtual_chance(&world->time, 50),
	};
	feed_world_tell(world, "weather: %u %% lost, %u %% repeated, up to %u ms%s", world->weather.loss_percent,
	                world->weather.repeat_percent, world->weather.delay_ms,
	                world->weather.reorders ? ", out of order" : "");
}

static void burst(struct feed_world *world)
{
	feed_world_tell(world, "%d changes at once", BURST_CHANGES);
	for (int i = 0; i < BURST_CHANGES; i++) {
		unsigned number = any(world, FEED_KEYS);

		feed_world_set(world, number, number % FEED_SUBSCRIBERS, (uint8_t)(1 + any(world, 250)), LONG_LIFE_MS);
		if (i % BURST_A_TURN == 0)
			feed_world_turn(world);
	}
}

static void stall(struct feed_world *world)
{
	struct feed_plane *plane = &world->planes[any(world, FEED_PLANES)];

	plane->stalled_until_ms = world->time.now_ms + any(world, 12000);
	feed_world_tell(world, "plane %u stalls", plane->number);
}

static void act(struct feed_world *world)
{
	unsigned what = any(world, 1000);

	if (what < 930)
		for (unsigned i = any(world, 8) + 1; i; i--)
			change_something(world);
	else if (what < 960)
		change_weather(world);
	else if (what < 968)
		stall(world);
	else if (what < 975 && world->epoch < OWNERS_MAX)
		feed_world_restart_owner(world, any(world, 5000));
	else if (what < 982 && world->epoch < OWNERS_MAX)
		feed_world_change_owner(world, any(world, 8000));
	else if (what < 992)
		feed_world_restart_plane(world, any(world, FEED_PLANES),
		                         virtual_chance(&world->time, 40) ? SMALL_TABLE : FEED_KEYS);
	else if (what < 993)
		burst(world);
}

/* Withdraws until every table has room for all. */
static void make_room(struct feed_world *world)
{
	size_t room = FEED_KEYS, bound = 0;

	for (unsigned i = 0; i < FEED_PLANES; i++)
		if (world->planes[i].table_max < room)
			room = world->planes[i].table_max;
	for (unsigned number = 0; number < FEED_KEYS; number++) {
		bound += world->keys[number].subscriber != 0;
		if (bound > room)
			feed_world_withdraw(world, number);
	}
}

static bool comes_to_rest(struct feed_world *world)
{
	if (!feed_world_run(world, 10000)) /* an owner that is to come has come */
		return false;
	world->weather = (struct feed_weather){.delay_ms = 5};
	feed_world_tell(world, "peace");
	/* whatever order rows come in, a full table stays within its bound and takes the rest when there is room */
	if (!feed_world_run(world, REST_MS))
		return false;
	make_room(world);
	if (!feed_world_run(world, REST_MS))
		return false;
	feed_watch_at_rest(world);
	return !world->broken[0];
}

static bool live(struct feed_world *world)
{
	static const uint32_t waits_ms[] = {0, 1, 5, 20, 100, 1500};

	change_weather(world);
	for (int i = 0; i < ACTIONS; i++) {
		act(world);
		if (!feed_world_run(world, any(world, waits_ms[any(world, 6)] + 1)))
			return false;
	}
	return comes_to_rest(world);
}

int main(int argc, char **argv)
{
	struct feed_world *world = calloc(1, sizeof(*world));
	bool tells = argc > 1 && strcmp(argv[1], "--tell") == 0;
	char **numbers = argv + 1 + tells;
	uint64_t first = argc > 1 + tells ? strtoull(numbers[0], NULL, 10) : 1;
	uint64_t count = argc > 2 + tells ? strtoull(numbers[1], NULL, 10) : 1;
	uint64_t snapshots = 0, changes = 0, removals = 0, refused = 0, applied_later = 0, lower_epochs = 0;
	int failed = 0;

	if (!world)
		return 2;
	for (uint64_t seed = first; seed < first + count && failed < 3; seed++) {
		feed_world_start(world, seed, tells);
		if (!live(world)) {
			printf("seed %llu: %s\n  again: feed_model --tell %llu\n", (unsigned long long)seed,
			       world->broken, (unsigned long long)seed);
			failed++;
		}
		feed_world_end(world);
		snapshots += world->snapshots;
		changes += world->changes;
		removals += world->removals;
		refused += world->refused;
		applied_later += world->applied_later;
		lower_epochs += world->lower_epochs;
	}
	printf("%llu worlds: %llu snapshots, %llu chunks of changes, %llu bindings removed by snapshots, %llu rows "
	       "refused, %llu applied later, %llu of lower epochs; %d broken\n",
	       (unsigned long long)count, (unsigned long long)snapshots, (unsigned long long)changes,
	       (unsigned long long)removals, (unsigned long long)refused, (unsigned long long)applied_later,
	       (unsigned long long)lower_epochs, failed);
	free(world);
	/* some hundred worlds go every way, else this shows nothing */
	if (count >= 500 && !(snapshots && changes && removals && refused && applied_later && lower_epochs))
		failed++;
	return failed ? 1 : 0;
}
