// SPDX-License-Identifier: BSD-3-Clause
/*
 * A bad day: a million bindings expire in one second (ten million: `kedge-bench expire`). Time alone makes
 * them absent, without any work of the writer; the owner's withdrawals then are applied in slices, never waiting for
 * the worker, which goes on looking up all the while.
 */
#include <pthread.h>
#include <stdlib.h>
#include "bus_client.h"
#include "receiving_end.h"
#include "vectors.h"

enum {
	BINDINGS = 1954 * FEED_ROWS_MAX, /* a million */
	EPOCH = 2,
	BURST = 32,
	RECLAIMS_A_TURN = 4096,
	START_MS = 1000000,
	EXPIRY_MS = START_MS + 60000,
	SECOND_MS = 1000,
};

struct world {
	struct receiving_end end;
	uint64_t now_ms;  /* atomic: the worker's clock */
	bool ends;        /* atomic */
	uint64_t bursts;  /* atomic: of the worker */
	uint64_t valid;   /* atomic: bindings that its last burst found, and not expired */
	uint32_t request; /* of the last ask */
	pthread_t worker;
};

static struct in6_addr key_of(unsigned number)
{
	return (struct in6_addr){
	        {{0x20, 0x01, 0x0d, 0xb8, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}}};
}

/* Looks up as a worker does: bursts, time read once for each, then a quiescent state. */
static void *look_up(void *context)
{
	struct world *world = context;
	unsigned number = 0;

	rte_rcu_qsbr_thread_register(world->end.qsbr, 0);
	rte_rcu_qsbr_thread_online(world->end.qsbr, 0);
	while (!__atomic_load_n(&world->ends, __ATOMIC_ACQUIRE)) {
		uint64_t horizon =
		        expiry_horizon(&world->end.expiry, __atomic_load_n(&world->now_ms, __ATOMIC_RELAXED));
		struct binding_entry *entries[BURST];
		const struct in6_addr *keys[BURST];
		struct in6_addr addresses[BURST];
		uint64_t valid = 0;

		for (unsigned i = 0; i < BURST; i++) {
			addresses[i] = key_of(number = (number + 7919) % BINDINGS);
			keys[i] = &addresses[i];
		}
		binding_table_lookup(world->end.table, keys, BURST, entries);
		for (unsigned i = 0; i < BURST; i++)
			valid += entries[i] && binding_expiry_load(entries[i]) > horizon;
		rte_rcu_qsbr_quiescent(world->end.qsbr, 0);
		__atomic_store_n(&world->valid, valid, __ATOMIC_RELAXED);
		__atomic_fetch_add(&world->bursts, 1, __ATOMIC_RELEASE);
	}
	rte_rcu_qsbr_thread_offline(world->end.qsbr, 0);
	return NULL;
}

/* Waits until the worker has begun and ended a burst after now; what that one found. */
static uint64_t valid_now(struct world *world)
{
	uint64_t before = __atomic_load_n(&world->bursts, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&world->bursts, __ATOMIC_ACQUIRE) < before + 2)
		;
	return __atomic_load_n(&world->valid, __ATOMIC_RELAXED);
}

static int remember_ask(void *context, struct wire_view frame)
{
	struct world *world = context;
	struct catch_up_message message;

	assert_int_equal(catch_up_message_read(&frame, 1, &message), 0);
	world->request = message.request;
	return 0;
}

static int start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct receiver_outlet outlet = {.context = world, .ask = remember_ask};

	world->now_ms = START_MS;
	receiving_end_open(&world->end, BINDINGS, 0, START_MS, &outlet);
	*state = world;
	return 0;
}

static int end(void **state)
{
	struct world *world = *state;

	receiving_end_close(&world->end);
	free(world);
	return 0;
}

/* One batch, as the owner sends it: changes first..first + FEED_ROWS_MAX - 1 of shard 0. */
static void batch(struct world *world, uint8_t operation, uint64_t first, unsigned number)
{
	static uint8_t rows[FEED_ROWS_MAX * FEED_ROW_OCTETS];
	const struct feed_range range = {0, EPOCH, first, first + FEED_ROWS_MAX - 1};
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer writer = wire_writer_of(rows, sizeof(rows));
	struct wire_view frames[2];

	feed_batch_head_write(&head_writer, world->now_ms, &range, 1);
	for (unsigned i = 0; i < FEED_ROWS_MAX; i++) {
		struct in6_addr key = key_of(number + i);
		struct feed_row row = {
		        .operation = operation,
		        .key_length = 64,
		        .tunnel_kind = operation == FEED_SET ? FEED_TUNNEL_IP6_IN_IP6 : FEED_TUNNEL_NONE,
		        .version = {EPOCH, first + i},
		        .care_of_address = {0x20, 0x01, [15] = 1},
		        .expiry_unix_ms = EXPIRY_MS + i % SECOND_MS,
		};

		memcpy(row.key, &key, sizeof(row.key));
		feed_row_write(&writer, &row);
	}
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){rows, sizeof(rows)};
	feed_receiver_feed(world->end.receiver, frames, 2, world->now_ms);
}

static void answer(struct world *world, enum catch_up_kind kind)
{
	const struct catch_up_message message = {.kind = kind, .request = world->request, .version = {.epoch = EPOCH}};
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	catch_up_head_write(&writer, &message);
	frame = (struct wire_view){head, wire_written(&writer)};
	feed_receiver_catch_up(world->end.receiver, &frame, 1, world->now_ms);
}

/* An owner without a change yet: the shard is complete, and no withdrawal has to be remembered. */
static void join(struct world *world)
{
	const struct feed_range owned = {.epoch = EPOCH};
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	feed_heads_write(&writer, FEED_HEARTBEAT, world->now_ms, &owned, 1);
	frame = (struct wire_view){head, wire_written(&writer)};
	feed_receiver_feed(world->end.receiver, &frame, 1, world->now_ms);
	feed_receiver_tick(world->end.receiver, world->now_ms);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN);
	answer(world, CATCH_UP_SNAPSHOT_END);
	assert_true(feed_receiver_in_sync(world->end.receiver));
}

static void all_expire_in_one_second(void **state)
{
	struct world *world = *state;
	uint64_t sequence = 1, bursts;
	unsigned turns = 0;

	join(world);
	for (unsigned number = 0; number < BINDINGS; number += FEED_ROWS_MAX, sequence += FEED_ROWS_MAX)
		batch(world, FEED_SET, sequence, number);
	assert_int_equal(binding_table_count(world->end.table), BINDINGS);
	assert_int_equal(pthread_create(&world->worker, NULL, look_up, world), 0);
	assert_int_equal(valid_now(world), BURST);

	/* the second passes: nobody does anything, and all are absent */
	__atomic_store_n(&world->now_ms, EXPIRY_MS + SECOND_MS, __ATOMIC_RELAXED);
	assert_int_equal(valid_now(world), 0);
	assert_int_equal(binding_table_count(world->end.table), BINDINGS);

	/* the owner withdraws them, turn by turn of the main core */
	bursts = __atomic_load_n(&world->bursts, __ATOMIC_ACQUIRE);
	for (unsigned number = 0; number < BINDINGS;) {
		for (unsigned i = 0; i < BUS_CLIENT_FEED_A_TURN && number < BINDINGS; i++) {
			batch(world, FEED_WITHDRAW, sequence, number);
			number += FEED_ROWS_MAX;
			sequence += FEED_ROWS_MAX;
		}
		feed_receiver_tick(world->end.receiver, world->now_ms);
		table_writer_reclaim(world->end.table, RECLAIMS_A_TURN, NULL, NULL);
		assert_int_equal(valid_now(world), 0);
		turns++;
	}
	assert_true(turns >= BINDINGS / FEED_ROWS_MAX / BUS_CLIENT_FEED_A_TURN);
	assert_true(__atomic_load_n(&world->bursts, __ATOMIC_ACQUIRE) >= bursts + 2 * turns);
	assert_int_equal(binding_table_count(world->end.table), 0);
	assert_int_equal(feed_receiver_held(world->end.receiver), 0);
	assert_true(feed_receiver_in_sync(world->end.receiver));

	/* and there is room again, without waiting for what has not been taken back yet */
	__atomic_store_n(&world->now_ms, START_MS, __ATOMIC_RELAXED);
	while (table_writer_reclaim(world->end.table, RECLAIMS_A_TURN, NULL, NULL))
		;
	for (unsigned number = 0; number < BINDINGS; number += FEED_ROWS_MAX, sequence += FEED_ROWS_MAX)
		batch(world, FEED_SET, sequence, number);
	assert_int_equal(valid_now(world), BURST);
	__atomic_store_n(&world->ends, true, __ATOMIC_RELEASE);
	pthread_join(world->worker, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(all_expire_in_one_second, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
