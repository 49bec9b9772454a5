// SPDX-License-Identifier: BSD-3-Clause
/*
 * The feed as a model, with the true ends of both planes: an owner changes bindings, crashes and comes back; two data
 * planes follow over channels that lose messages, with real tables. Whatever the seed, no withdrawn key comes back, and
 * once nothing is lost any more both tables hold what the owner holds. C-1, C-2.
 */
#include <stdio.h>
#include <stdlib.h>
#include "binding_owner.h"
#include "receiving_end.h"
#include "randomness.h"
#include "vectors.h"

enum { KEYS = 120, SHARDS = 3, STEPS = 3000, SEEDS = 30, HISTORY = 64, PLANES = 2, ASKS_MAX = 4096, TABLE_MAX = 256 };

struct ask {
	uint8_t octets[CATCH_UP_HEAD_OCTETS];
};

struct plane {
	struct receiving_end end;
	uint8_t number; /* the peer as the owner knows it */
	size_t ask_count;
	struct ask asks[ASKS_MAX];
	size_t full;
	size_t conflicts;
};

struct model {
	struct owner owner;
	struct plane planes[PLANES];
	struct randomness_seeded seeded;
	struct randomness *random;
	uint8_t care_of[KEYS]; /* what is durable; 0: not bound */
	uint32_t epoch;
	uint64_t now_ms;
	bool lossy;
};

static bool chance(struct model *model, unsigned percent)
{
	return randomness_below(model->random, 100) < percent;
}

static int take_ask(void *context, struct wire_view frame)
{
	struct plane *plane = context;

	assert_int_equal(frame.octets, CATCH_UP_HEAD_OCTETS);
	assert_true(plane->ask_count < ASKS_MAX);
	memcpy(plane->asks[plane->ask_count++].octets, frame.bytes, frame.octets);
	return 0;
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	struct plane *plane = context;

	(void)row;
	plane->full += trouble == RECEIVER_TABLE_FULL;
	plane->conflicts += trouble == RECEIVER_KEY_CONFLICT;
}

static void plane_start(struct plane *plane, uint8_t number)
{
	struct receiver_outlet outlet = {.context = plane, .ask = take_ask, .trouble = trouble};

	plane->number = number;
	plane->ask_count = 0;
	receiving_end_open(&plane->end, TABLE_MAX, 0, 0, &outlet);
}

static void plane_end(struct plane *plane)
{
	receiving_end_close(&plane->end);
}

static void change_something(struct model *model)
{
	unsigned number = randomness_below(model->random, KEYS);

	if (chance(model, 35)) {
		owner_withdraw(&model->owner, number);
		model->care_of[number] = 0;
	} else {
		model->care_of[number] = (uint8_t)(1 + randomness_below(model->random, 250));
		owner_set(&model->owner, number, SHARDS, model->care_of[number]);
	}
	if (chance(model, 60))
		owner_turn(&model->owner);
}

static void deliver_feed(struct model *model)
{
	struct owner_message message;
	struct wire_view views[2];
	size_t count;

	if (!owner_take(&model->owner.feed, &message))
		return;
	count = owner_views(&message, views);
	for (unsigned i = 0; i < PLANES; i++)
		if (!model->lossy || !chance(model, 25))
			feed_receiver_feed(model->planes[i].end.receiver, views, count, model->now_ms);
	owner_message_free(&message);
}

/* The owner answers one ask at a time here, so every answer in its queue is this plane's. */
static void serve_ask(struct model *model, struct plane *plane)
{
	struct catch_up_message ask;
	struct owner_message answer;
	struct wire_view frame, views[2];

	if (!plane->ask_count)
		return;
	frame = (struct wire_view){plane->asks[0].octets, CATCH_UP_HEAD_OCTETS};
	assert_int_equal(catch_up_message_read(&frame, 1, &ask), 0);
	plane->ask_count--;
	memmove(plane->asks, plane->asks + 1, plane->ask_count * sizeof(plane->asks[0]));
	if (model->lossy && chance(model, 5))
		return;
	owner_ask(&model->owner, &ask, plane->number);
	while (owner_take(&model->owner.answers, &answer)) {
		size_t count = owner_views(&answer, views);

		/* the feed overtakes: changes are withdrawn before the chunk that still has them arrives */
		for (int i = 0; model->lossy && chance(model, 50) && i < 20; i++) {
			change_something(model);
			owner_turn(&model->owner);
			while (model->owner.feed.count)
				deliver_feed(model);
		}

		if (!model->lossy || !chance(model, 4))
			feed_receiver_catch_up(plane->end.receiver, views, count, model->now_ms);
		owner_message_free(&answer);
	}
}

static void tick(struct model *model, uint64_t ms)
{
	model->now_ms += ms;
	owner_pass(&model->owner, ms);
	for (unsigned i = 0; i < PLANES; i++) {
		feed_receiver_tick(model->planes[i].end.receiver, model->now_ms);
		table_writer_reclaim(model->planes[i].end.table, 64, NULL, NULL);
	}
}

/* A new run of the owner: what is durable is loaded, what was under way is lost. */
static void restart_owner(struct model *model)
{
	owner_end(&model->owner);
	owner_start(&model->owner, ++model->epoch, HISTORY);
	for (unsigned number = 0; number < KEYS; number++)
		if (model->care_of[number])
			owner_set(&model->owner, number, SHARDS, model->care_of[number]);
	bindings_serve(model->owner.bindings, &model->owner.now);
	for (unsigned i = 0; i < PLANES; i++) {
		feed_receiver_disconnected(model->planes[i].end.receiver);
		model->planes[i].ask_count = 0;
	}
}

static void restart_plane(struct plane *plane)
{
	uint8_t number = plane->number;

	plane_end(plane);
	plane_start(plane, number);
}

/* The tables are large enough, and each key has one subscriber. */
static void assert_no_trouble(struct model *model)
{
	for (unsigned i = 0; i < PLANES; i++) {
		assert_int_equal(model->planes[i].conflicts, 0);
		assert_int_equal(model->planes[i].full, 0);
	}
}

static void step(struct model *model)
{
	unsigned what = randomness_below(model->random, 1000);

	if (what < 400)
		change_something(model);
	else if (what < 650)
		deliver_feed(model);
	else if (what < 880)
		serve_ask(model, &model->planes[randomness_below(model->random, PLANES)]);
	else if (what < 980)
		tick(model, randomness_below(model->random, 300));
	else if (what < 990)
		tick(model, RECEIVER_PATIENCE_MS);
	else if (what < 996)
		restart_owner(model);
	else
		restart_plane(&model->planes[randomness_below(model->random, PLANES)]);
	assert_no_trouble(model);
}

static void settle(struct model *model)
{
	model->lossy = false;
	owner_turn(&model->owner);
	tick(model, RECEIVER_PATIENCE_MS + 1);
	for (int round = 0; round < 40; round++) {
		tick(model, BINDINGS_HEARTBEAT_MS);
		while (model->owner.feed.count)
			deliver_feed(model);
		for (unsigned i = 0; i < PLANES; i++)
			while (model->planes[i].ask_count)
				serve_ask(model, &model->planes[i]);
	}
}

static void assert_same(struct model *model)
{
	for (unsigned i = 0; i < PLANES; i++) {
		size_t bound = 0;

		assert_true(feed_receiver_in_sync(model->planes[i].end.receiver));
		for (unsigned number = 0; number < KEYS; number++) {
			struct binding_key key = owner_key(number);
			struct binding_entry *entry;
			struct in6_addr octets;

			memcpy(&octets, key.octets, sizeof(octets));
			entry = table_writer_find(model->planes[i].end.table, &octets);
			bound += model->care_of[number] != 0;
			if ((entry != NULL) != (model->care_of[number] != 0))
				fail_msg("plane %u, key %u: %s", i, number, entry ? "came back" : "is missing");
			if (entry)
				assert_int_equal(shared_address_load(&entry->care_of_address).s6_addr[15],
				                 model->care_of[number]);
		}
		assert_int_equal(binding_table_count(model->planes[i].end.table), bound);
	}
}

static void any_seed_converges(void **state)
{
	static struct model model;
	uint64_t snapshots = 0, changes = 0, removals = 0;
	const char *only = getenv("KEDGE_SEED");

	(void)state;
	for (uint64_t seed = only ? strtoull(only, NULL, 10) : 1; seed <= (only ? strtoull(only, NULL, 10) : SEEDS);
	     seed++) {
		memset(&model, 0, sizeof(model));
		print_message("seed %d\n", (int)seed);
		model.random = randomness_seeded_start(&model.seeded, seed);
		model.lossy = true;
		model.epoch = 7;
		owner_start(&model.owner, model.epoch, HISTORY);
		bindings_serve(model.owner.bindings, &model.owner.now);
		for (unsigned i = 0; i < PLANES; i++)
			plane_start(&model.planes[i], (uint8_t)(i + 1));
		for (int i = 0; i < STEPS; i++)
			step(&model);
		settle(&model);
		assert_same(&model);
		for (unsigned i = 0; i < PLANES; i++) {
			snapshots += feed_receiver_counters(model.planes[i].end.receiver)->snapshots;
			changes += feed_receiver_counters(model.planes[i].end.receiver)->changes;
			removals += feed_receiver_counters(model.planes[i].end.receiver)->snapshot_removals;
			plane_end(&model.planes[i]);
		}
		owner_end(&model.owner);
	}
	/* all ways were gone */
	if (!only)
		assert_true(snapshots > SEEDS && changes > SEEDS && removals > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_seed_converges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
