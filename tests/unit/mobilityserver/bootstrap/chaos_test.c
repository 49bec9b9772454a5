// SPDX-License-Identifier: BSD-3-Clause
/*
 * Random days: three subscribers with four devices wish names from a small set, change keys and names, poll, lose
 * sessions, let leases run out, while zone and store have moods and the process dies; when peace returns everything
 * is consistent, and what was acknowledged is there. A failing seed is printed: KEDGE_SEED=N runs it alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { DEVICES = 4, ACTIONS = 60, SEEDS = 150, QUIET_MS = 1400000 };

static uint64_t seed;

struct day {
	struct world *world;
	struct node devices[DEVICES];
	struct randomness_seeded dice;
};

static uint32_t roll(struct day *day, uint32_t sides)
{
	return randomness_below(&day->dice.randomness, sides);
}

/* The answer that a device got just now is what the store holds (nothing acknowledged is lost). */
static void check_promise(struct day *day, const struct node *node)
{
	char key[SUBSCRIBER_KEY_OCTETS];
	const struct lease_row *lease;

	assert_int_equal(subscriber_key(&node->session.identity, key), 0);
	lease = world_lease(day->world, key);
	assert_non_null(lease);
	assert_string_equal(lease->fqdn, node_fqdn(node));
	assert_memory_equal(&lease->address, node->answer.addresses.at[0].address, 16);
}

static void request(struct day *day, struct node *node)
{
	static const char *const names[] = {"a.mob.example", "b.mob.example", "www.mob.example", "printer.mob.example"};
	uint64_t commits = day->world->commits;

	switch (roll(day, 4)) {
	case 0:
		node_new_id(node);
		node->fqdn = roll(day, 2) ? names[roll(day, 4)] : NULL;
		node->services = 1 + roll(day, 7);
		break;
	case 1:
		node_new_id(node);
		node_new_key(node);
		break;
	case 2:
		node_new_session(node);
		break;
	default: /* again */
		break;
	}
	node_request(node);
	world_settle(day->world);
	if (node_answered(node) && node->answer.status <= BOOTSTRAP_NAME_CHANGED && day->world->commits > commits)
		check_promise(day, node);
}

static void poll(struct day *day, struct node *node)
{
	node_poll(node);
	world_settle(day->world);
	(void)day;
}

static void release(struct day *day, const struct node *node)
{
	struct effects *step = executor_begin(day->world->executor);
	char key[SUBSCRIBER_KEY_OCTETS];

	assert_int_equal(subscriber_key(&node->session.identity, key), 0);
	bootstrap_lease_release(day->world->core, key, &day->world->now, step);
	executor_run(day->world->executor, step, &day->world->now);
}

/* New sessions for all: a restart ends them (L-6). */
static void restart(struct day *day)
{
	world_crash(day->world);
	for (int i = 0; i < DEVICES; i++)
		node_new_session(&day->devices[i]);
}

static void act(struct day *day)
{
	static const uint32_t waits_ms[] = {100, 600, 5000, 61000, 3600 * 1000, 30000 * 1000};
	struct world *world = day->world;
	struct node *node = &day->devices[roll(day, DEVICES)];

	switch (roll(day, 12)) {
	case 0:
		world->mood = (enum zone_mood)roll(day, ZONE_MUTE + 1);
		break;
	case 1:
		store_model_fail(world->store, roll(day, 4), roll(day, 3), roll(day, 2) ? -ENOSPC : -EIO);
		break;
	case 2:
		world->commits_left = (int)roll(day, 4);
		request(day, node);
		restart(day);
		break;
	case 3:
		world->zone_is_known = !world->zone_is_known;
		break;
	case 4:
		if (!roll(day, 4))
			release(day, node);
		break;
	case 5:
	case 6:
		poll(day, node);
		break;
	case 7:
	case 8:
		world_advance(world, waits_ms[roll(day, 6)]);
		break;
	default:
		request(day, node);
	}
}

static void make_peace(struct day *day)
{
	struct world *world = day->world;

	world->mood = ZONE_WELL;
	world->commits_left = -1;
	store_model_fail(world->store, 0, 0, 0);
	world_advance(world, QUIET_MS);
	world_check(world);
}

static void live_a_day(void)
{
	static const char *const imsis[DEVICES] = {"001010000000001", "001010000000001", "001010000000002",
	                                           "001010000000003"};
	struct day day = {.world = NULL};
	void *state;

	assert_int_equal(world_start(&state), 0);
	day.world = state;
	randomness_seeded_start(&day.dice, seed);
	world_zone_add(day.world, "printer.mob.example", "");
	for (int i = 0; i < DEVICES; i++)
		node_start(day.world, &day.devices[i], imsis[i]);
	for (int part = 0; part < 3; part++) {
		for (int action = 0; action < ACTIONS / 3; action++)
			act(&day);
		make_peace(&day);
	}
	/* in peace everybody gets what he asks for, unless his devices fought too long */
	for (int i = 0; i < DEVICES; i++) {
		struct node *node = &day.devices[i];

		world_advance(day.world, (uint64_t)25 * 3600 * 1000);
		node_new_session(node);
		node_new_id(node);
		node->services = SERVICE_MIP6;
		node_request(node);
		world_settle(day.world);
		assert_true(node_answered(node));
		assert_true(node->answer.status <= BOOTSTRAP_NAME_CHANGED);
		check_promise(&day, node);
	}
	make_peace(&day);
	for (int i = 0; i < DEVICES; i++)
		node_end(&day.devices[i]);
	world_end(&state);
}

static void random_days_end_consistent(void **state)
{
	const char *chosen = getenv("KEDGE_SEED");

	(void)state;
	for (uint64_t i = 1; i <= SEEDS; i++) {
		seed = chosen ? strtoull(chosen, NULL, 10) : i;
		live_a_day();
		if (chosen)
			return;
	}
}

/* Called for a failed test: which day it was. */
static int tell_seed(void **state)
{
	(void)state;
	if (seed < SEEDS)
		print_message("last seed: %llu\n", (unsigned long long)seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(random_days_end_consistent, tell_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
