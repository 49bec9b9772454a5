// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulation [--tell] [FIRST [COUNT]]: lives as many worlds, one after the other, each from its seed. A world that
 * breaks an invariant is told with its seed, by which it can be lived again: simulation --tell SEED.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulated_world.h"

enum { ACTIONS = 40, LONG_REST_MS = 2400000, REST_SLICE_MS = 60000, REST_MS = 300000 };

static void change_weather(struct simulated_world *world)
{
	static const struct weather weathers[] = {{0, 0, 0}, {5, 5, 10}, {20, 10, 30}, {50, 0, 50}};

	world->weather = weathers[virtual_roll(&world->time, 4)];
	world->feed_lost = virtual_roll(&world->time, 3) * 20;
}

static void trouble_dns(struct simulated_world *world)
{
	static const enum dns_model_mode modes[] = {DNS_MODEL_GOOD, DNS_MODEL_SILENT, DNS_MODEL_SERVFAIL,
	                                            DNS_MODEL_SERVFAIL_APPLIED};

	switch (virtual_roll(&world->time, 3)) {
	case 0:
		dns_model_lose_answers(world->dns, 1 + virtual_roll(&world->time, 6));
		break;
	case 1:
		/* an administrator's mistake */
		if (world->promises[0].is_there)
			dns_model_drop(world->dns, world->promises[0].fqdn, 0);
		break;
	default:
		dns_model_set_mode(world->dns, modes[virtual_roll(&world->time, 4)]);
		break;
	}
}

static void kill_somebody(struct simulated_world *world)
{
	struct simulated_process *process = virtual_chance(&world->time, 70)
	                                            ? &world->mobility.process
	                                            : authentication_process_of(world->authentication);

	if (virtual_chance(&world->time, 70))
		process->effects_left = 1 + virtual_roll(&world->time, 30); /* at one of the next effects */
	else
		simulated_process_kill(process);
}

static void act_on_node(struct simulated_world *world)
{
	static const char *const wishes[] = {"", "matti.mob.example", "aino.mob.example", "www.mob.example"};
	struct simulated_node *node = &world->nodes[virtual_roll(&world->time, WORLD_NODES)];

	switch (virtual_roll(&world->time, 10)) {
	case 0:
		simulated_node_off(node, virtual_chance(&world->time, 50));
		break;
	case 1:
		simulated_node_wish(node, wishes[virtual_roll(&world->time, 4)]);
		break;
	case 2:
		simulated_node_crash(node, virtual_roll(&world->time, 6));
		break;
	case 3:
		if (virtual_chance(&world->time, 30))
			simulated_node_install(node);
		simulated_node_ask_again(node);
		break;
	case 4:
		if (virtual_chance(&world->time, 50))
			simulated_node_move(node, 0);
		else
			simulated_node_go_home(node);
		break;
	case 5:
		node->disk_failures = 1 + virtual_roll(&world->time, 3);
		node->process.clock_ahead_ms = (int64_t)virtual_roll(&world->time, 120000) - 60000;
		break;
	default:
		simulated_node_on(node);
		simulated_node_move(node, 1 + virtual_roll(&world->time, 3));
		break;
	}
}

static void act(struct simulated_world *world)
{
	switch (virtual_roll(&world->time, 14)) {
	case 0:
		change_weather(world);
		break;
	case 1:
		trouble_dns(world);
		break;
	case 2:
		kill_somebody(world);
		break;
	case 3:
		if (virtual_chance(&world->time, 30))
			simulated_world_restart_plane(world, virtual_roll(&world->time, WORLD_PLANES));
		break;
	case 4:
		store_model_fail(world->mobility.process.store, virtual_roll(&world->time, 5),
		                 virtual_roll(&world->time, 3), virtual_chance(&world->time, 50) ? -ENOSPC : -EIO);
		break;
	case 5:
		world->mobility.process.clock_ahead_ms = (int64_t)virtual_roll(&world->time, 120000) - 60000;
		break;
	case 6:
		simulated_world_replay(world);
		break;
	default:
		act_on_node(world);
		break;
	}
}

/* L-8: who changed his key too often has to wait until tomorrow. */
static const struct simulated_node *find_restless(const struct simulated_world *world)
{
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		const struct simulated_node *node = &world->nodes[i];

		if (!simulated_node_is_at_rest(node) && !node->needs_approval)
			return node;
	}
	return NULL;
}

/* Until all are at rest, or for the longest time that this can take. */
static bool run_to_rest(struct simulated_world *world)
{
	for (uint64_t ms = 0; ms < LONG_REST_MS && (ms == 0 || find_restless(world)); ms += REST_SLICE_MS) {
		if (!simulated_world_run(world, REST_SLICE_MS))
			return false;
	}
	return true;
}

/* All devices but the second of one SIM are on, and everybody gets what he asks for. */
static bool comes_to_rest(struct simulated_world *world)
{
	const struct simulated_node *restless;

	simulated_world_give_peace(world);
	simulated_node_off(&world->nodes[WORLD_NODES - 1], false);
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		simulated_node_on(&world->nodes[i]);
		simulated_node_move(&world->nodes[i], 2);
	}
	if (!run_to_rest(world))
		return false;
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		simulated_node_move(&world->nodes[i], 1);
	}
	if (!simulated_world_run(world, REST_MS) || !run_to_rest(world))
		return false;
	restless = find_restless(world);
	if (restless)
		simulated_world_break(world, "%s does not come to rest (%s)", restless->name,
		                      mobilenode_state_name(mobilenode_state(restless->mobilenode)));
	invariants_at_rest(world);
	traffic_at_rest(world);
	return !world->broken[0];
}

static bool live(struct simulated_world *world)
{
	static const uint32_t waits_ms[] = {20, 100, 500, 2000, 10000, 60000};

	for (uint32_t i = 0; i < WORLD_CARDS; i++)
		simulated_node_on(&world->nodes[i]);
	for (int i = 0; i < ACTIONS; i++) {
		act(world);
		traffic_flows(world);
		if (!simulated_world_run(world, virtual_roll(&world->time, waits_ms[virtual_roll(&world->time, 6)])))
			return false;
	}
	return comes_to_rest(world);
}

/* What happened in all worlds: a simulation in which nothing happens shows nothing. */
struct sum {
	uint64_t events, grants, bindings, reauthentications, crashes, node_crashes;
	struct world_traffic traffic;
};

static void add(struct sum *sum, struct simulated_world *world)
{
	sum->events += world->time.happened;
	sum->grants += world->grants;
	sum->bindings += world->bindings;
	sum->crashes += world->mobility.process.crashes + authentication_process_of(world->authentication)->crashes;
	for (size_t i = 0; i < WORLD_NODES; i++) {
		sum->node_crashes += world->nodes[i].process.crashes;
		sum->reauthentications += world->nodes[i].reauthentications;
	}
	sum->traffic.up += world->traffic.up;
	sum->traffic.up_dropped += world->traffic.up_dropped;
	sum->traffic.down += world->traffic.down;
	sum->traffic.down_dropped += world->traffic.down_dropped;
	sum->traffic.spoofed += world->traffic.spoofed;
}

static void print_sum(const struct sum *sum, uint64_t worlds, int failed)
{
	printf("%llu worlds: %llu events, %llu grants, %llu bindings acknowledged, %llu re-authentications, %llu "
	       "crashes of servers, %llu of nodes; packets up %u (dropped %u, %u of them spoofed), down %u (dropped "
	       "%u); "
	       "%d broken\n",
	       (unsigned long long)worlds, (unsigned long long)sum->events, (unsigned long long)sum->grants,
	       (unsigned long long)sum->bindings, (unsigned long long)sum->reauthentications,
	       (unsigned long long)sum->crashes, (unsigned long long)sum->node_crashes, sum->traffic.up,
	       sum->traffic.up_dropped, sum->traffic.spoofed, sum->traffic.down, sum->traffic.down_dropped, failed);
}

int main(int argc, char **argv)
{
	struct simulated_world *world = calloc(1, sizeof(*world));
	bool tells = argc > 1 && strcmp(argv[1], "--tell") == 0;
	char **numbers = argv + 1 + tells;
	uint64_t first = argc > 1 + tells ? strtoull(numbers[0], NULL, 10) : 1;
	uint64_t count = argc > 2 + tells ? strtoull(numbers[1], NULL, 10) : 1;
	struct sum sum = {0};
	int failed = 0;

	if (!world)
		return 2;
	for (uint64_t seed = first; seed < first + count && failed < 3; seed++) {
		simulated_world_start(world, seed, tells);
		if (!live(world)) {
			printf("seed %llu: %s\n  again: simulation --tell %llu\n", (unsigned long long)seed,
			       world->broken, (unsigned long long)seed);
			failed++;
		}
		add(&sum, world);
		simulated_world_end(world);
	}
	print_sum(&sum, count, failed);
	free(world);
	return failed ? 1 : 0;
}
