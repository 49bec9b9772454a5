// SPDX-License-Identifier: BSD-3-Clause
/*
 * Bursts in flight (worker.h) against the same bursts one by one: the same frames leave in the same order, and all
 * counters, those of the bindings included, are the same. The traffic is of all kinds: both ways, node to node,
 * unbound, spoofed, so that bursts go the short and the long way.
 */
#include <stdlib.h>

#include <rte_eal.h>

#include "populated_world.h"
#include "table_writer.h"
#include "traffic.h"
#include "vectors.h"

enum { BINDINGS = 500, PACKETS = 20000, SENT_MAX = 2 * PACKETS };

/* What left of a world: a hash of the octets of each frame. */
struct outlet {
	size_t count;
	uint64_t frames[SENT_MAX];
};

struct side {
	struct world *world;
	struct outlet outlet;
};

static const struct population population = {.seed = 5, .bindings = BINDINGS};
static struct rte_mempool *pool;

static uint16_t send_frames(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	struct outlet *outlet = (struct outlet *)context;

	(void)port;
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *octets = rte_pktmbuf_mtod(frames[i], const uint8_t *);
		uint64_t hash = rte_pktmbuf_data_len(frames[i]);

		for (unsigned at = 0; at < rte_pktmbuf_data_len(frames[i]); at++)
			hash = (hash ^ octets[at]) * 0x100000001b3ull;
		assert_true(outlet->count < SENT_MAX);
		outlet->frames[outlet->count++] = hash;
	}
	rte_pktmbuf_free_bulk(frames, count);
	return count;
}

static struct side *make(void)
{
	struct side *side = calloc(1, sizeof(*side));

	assert_non_null(side);
	side->world = world_new(pool);
	assert_non_null(side->world);
	side->world->start_ms = POPULATED_START_MS;
	scenario_default(side->world);
	assert_int_equal(world_start(side->world, BINDINGS, send_frames, &side->outlet), 0);
	assert_int_equal(populate(side->world, &population, POPULATED_EXPIRY_MS, 1), 0);
	return side;
}

static void unmake(struct side *side)
{
	walk_stop(&side->world->walk);
	world_free(side->world);
	free(side);
}

static unsigned make_burst(const struct traffic *traffic, size_t first, unsigned count, struct rte_mbuf **buffers)
{
	for (unsigned i = 0; i < count; i++) {
		uint16_t octets = traffic_octets(&traffic->packets[first + i]);

		buffers[i] = rte_pktmbuf_alloc(pool);
		assert_non_null(buffers[i]);
		memset(rte_pktmbuf_append(buffers[i], octets), 0, octets);
		(void)traffic_headers(traffic, first + i, rte_pktmbuf_mtod(buffers[i], uint8_t *));
	}
	return count;
}

/* Bursts and turns of many lengths, those of a lone packet included. */
static unsigned packets_of(size_t burst)
{
	return 1 + (unsigned)(population_draw(7, 1, burst) % BURST_MAX);
}

static bool turn_ends_with(size_t burst)
{
	return population_draw(7, 2, burst) % 5 == 0;
}

static void run(struct side *side, const struct traffic *traffic, bool in_flight)
{
	struct world *world = side->world;
	struct rte_mbuf *buffers[BURST_MAX];
	size_t burst = 0;

	for (size_t at = 0; at < PACKETS; burst++) {
		size_t left = PACKETS - at;
		unsigned wanted = packets_of(burst);
		unsigned count = make_burst(traffic, at, left < wanted ? (unsigned)left : wanted, buffers);

		at += count;
		if (in_flight)
			worker_take(&world->walk, buffers, count, 0, world->start_ms);
		else
			worker_burst(&world->walk, buffers, count, 0, world->start_ms);
		if (!turn_ends_with(burst))
			continue;
		worker_drain(&world->walk);
		world_worker_turn(world);
		world_main_turn(world);
	}
	worker_drain(&world->walk);
	world_worker_turn(world);
	world_main_turn(world);
}

static void assert_like_bindings(const struct side *one, const struct side *other)
{
	for (uint32_t i = 0; i < BINDINGS; i++) {
		const struct binding_entry *a, *b;
		struct feed_row row;
		struct in6_addr key;

		population_row(&population, i, 0, &row);
		memcpy(&key, row.key, sizeof(key));
		a = table_writer_find(one->world->table, &key);
		b = table_writer_find(other->world->table, &key);
		assert_true(a && b && a->down == b->down && a->up == b->up);
	}
}

static void draw_traffic(struct traffic *traffic)
{
	char error[MIX_ERROR_OCTETS];
	struct mix mix;

	assert_int_equal(mix_load("rough", &mix, error), 0);
	assert_int_equal(traffic_draw(traffic, &population, &mix, 1, PACKETS), 0);
}

static void what_leaves_is_the_same_and_in_order(void **state)
{
	struct side *alone = make(), *together = make();
	struct traffic traffic;

	(void)state;
	draw_traffic(&traffic);
	run(alone, &traffic, false);
	run(together, &traffic, true);
	assert_true(alone->outlet.count > PACKETS / 2);
	assert_int_equal(alone->outlet.count, together->outlet.count);
	assert_memory_equal(alone->outlet.frames, together->outlet.frames,
	                    alone->outlet.count * sizeof(alone->outlet.frames[0]));
	assert_memory_equal(&alone->world->counters, &together->world->counters, sizeof(struct walk_counters));
	assert_true(alone->world->counters.node_to_node > 0);
	assert_true(alone->world->counters.drops[DROP_destination_unbound] > 0);
	assert_like_bindings(alone, together);
	traffic_free(&traffic);
	unmake(alone);
	unmake(together);
}

/* A burst with none behind it leaves when it is drained, and none is kept longer than its turn. */
static void a_lone_burst_waits_for_nobody(void **state)
{
	struct side *side = make();
	struct rte_mbuf *buffers[BURST_MAX];
	struct traffic traffic;

	(void)state;
	draw_traffic(&traffic);
	worker_take(&side->world->walk, buffers, make_burst(&traffic, 0, 3, buffers), 0, side->world->start_ms);
	assert_int_equal(side->world->counters.received, 3);
	assert_int_equal(side->outlet.count, 0);
	worker_drain(&side->world->walk);
	world_main_turn(side->world);
	assert_true(side->outlet.count > 0);
	assert_true(walk_counters_balance(&side->world->counters));
	traffic_free(&traffic);
	unmake(side);
}

/* What the writer does to a binding while its packets are in flight counts from then on, and loses no packet. */
static void changes_meet_bursts_in_flight(void **state)
{
	struct side *side = make();
	struct world *world = side->world;
	struct rte_mbuf *buffers[BURST_MAX];
	struct traffic traffic;
	size_t bound;

	(void)state;
	draw_traffic(&traffic);
	for (size_t i = 0; i < BURST_MAX; i++)
		traffic.packets[i] = (struct traffic_packet){.node = (uint32_t)i, .inner_octets = 64};
	/* begun, not located: half of the bindings go away, the others get new entries */
	worker_take(&world->walk, buffers, make_burst(&traffic, 0, BURST_MAX, buffers), 0, world->start_ms);
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		struct feed_row row;

		population_row(&population, i, POPULATED_EXPIRY_MS, &row);
		row.operation = i % 2 ? FEED_WITHDRAW : FEED_SET;
		row.inner_mtu_bytes = 1300;
		world_change(world, &row, world->start_ms);
	}
	world_apply(world, world->start_ms);
	bound = binding_table_count(world->table);
	assert_int_equal(bound, BINDINGS - BURST_MAX / 2);
	worker_drain(&world->walk);
	assert_int_equal(world->counters.encapsulated, BURST_MAX / 2);
	assert_int_equal(world->counters.drops[DROP_destination_unbound], BURST_MAX / 2);
	traffic_free(&traffic);
	unmake(side);
}

int main(void)
{
	char *arguments[] = {"bursts_in_flight_test",
	                     "--no-huge",
	                     "--no-pci",
	                     "--no-telemetry",
	                     "--no-shconf",
	                     "-m",
	                     "32",
	                     "--lcores",
	                     "0@0",
	                     "--log-level=error"};
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_leaves_is_the_same_and_in_order),
	        cmocka_unit_test(a_lone_burst_waits_for_nobody),
	        cmocka_unit_test(changes_meet_bursts_in_flight),
	};

	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0)
		return 1;
	pool = world_pool_new();
	return pool ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
