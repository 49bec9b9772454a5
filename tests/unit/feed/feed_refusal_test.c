// SPDX-License-Identifier: BSD-3-Clause
/*
 * Rows that the table cannot take: refused, counted by name, what stands unharmed; applied when there is room (issue 3,
 * a bad day), or when the key's other shard lets go of it. The feed by hand, rows as an owner would number them.
 */
#include <stdlib.h>
#include "receiving_end.h"
#include "vectors.h"

enum { TABLE_MAX = 16, EPOCH = 3, SHARD = 5, OTHER_SHARD = 9 };

struct world {
	struct receiving_end end;
	uint64_t heads[FEED_SHARDS];
	uint64_t now_ms;
	unsigned full;
	unsigned conflicts;
	struct catch_up_message asked; /* the last ask */
	unsigned asks;
	bool key_is_wrong;
};

static int take_ask(void *context, struct wire_view frame)
{
	struct world *world = context;

	assert_int_equal(catch_up_message_read(&frame, 1, &world->asked), 0);
	world->asks++;
	return 0;
}

static bool resolve(void *context, const struct feed_row *row, struct binding_record *record)
{
	const struct world *world = context;

	(void)row;
	record->route = 0;
	record->own = 0;
	return !world->key_is_wrong;
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	struct world *world = context;

	(void)row;
	world->full += trouble == RECEIVER_TABLE_FULL;
	world->conflicts += trouble == RECEIVER_KEY_CONFLICT;
}

static int start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct receiver_outlet outlet = {.context = world, .ask = take_ask, .resolve = resolve, .trouble = trouble};

	world->now_ms = 1000;
	receiving_end_open(&world->end, TABLE_MAX, 0, world->now_ms, &outlet);
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

static struct in6_addr key_of(unsigned number)
{
	return (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, (uint8_t)(number >> 8), (uint8_t)number}}};
}

static struct feed_row row_of(uint8_t operation, uint8_t shard, unsigned number, uint64_t sequence, uint8_t care_of)
{
	struct in6_addr key = key_of(number);
	struct feed_row row = {
	        .operation = operation,
	        .shard = shard,
	        .key_length = 64,
	        .tunnel_kind = operation == FEED_SET ? FEED_TUNNEL_IP6_IN_IP6 : FEED_TUNNEL_NONE,
	        .version = {EPOCH, sequence},
	        .care_of_address = {0x20, 0x01, [15] = care_of},
	        .expiry_unix_ms = 1 << 30,
	};

	memcpy(row.key, &key, sizeof(row.key));
	return row;
}

/* One change by the feed, without a gap. */
static void tell(struct world *world, uint8_t operation, uint8_t shard, unsigned number, uint8_t care_of)
{
	struct feed_row row = row_of(operation, shard, number, ++world->heads[shard], care_of);
	struct feed_range range = {shard, EPOCH, row.version.sequence, row.version.sequence};
	uint8_t head[FEED_HEAD_OCTETS_MAX], octets[FEED_ROW_OCTETS];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frames[2];

	feed_batch_head_write(&head_writer, world->now_ms, &range, 1);
	feed_row_write(&row_writer, &row);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){octets, sizeof(octets)};
	feed_receiver_feed(world->end.receiver, frames, 2, world->now_ms);
}

static void answer(struct world *world, enum catch_up_kind kind, uint64_t sequence, uint32_t amount,
                   const struct feed_row *rows, size_t count)
{
	struct catch_up_message message = {
	        .kind = kind,
	        .shard = world->asked.shard,
	        .request = world->asked.request,
	        .version = {EPOCH, sequence},
	        .amount = amount,
	};
	uint8_t head[CATCH_UP_HEAD_OCTETS], octets[64 * FEED_ROW_OCTETS];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frames[2];

	for (size_t i = 0; i < count; i++)
		feed_row_write(&row_writer, &rows[i]);
	catch_up_head_write(&head_writer, &message);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){octets, wire_written(&row_writer)};
	feed_receiver_catch_up(world->end.receiver, frames, catch_up_has_rows(kind) ? 2 : 1, world->now_ms);
}

/* Complete at nothing: the owner has the shards, and they are empty. */
static void join(struct world *world, uint8_t shard)
{
	struct feed_range head = {shard, EPOCH, 0, 0};
	uint8_t octets[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frame;

	feed_heads_write(&writer, FEED_HEARTBEAT, world->now_ms, &head, 1);
	frame = (struct wire_view){octets, wire_written(&writer)};
	feed_receiver_feed(world->end.receiver, &frame, 1, world->now_ms);
	feed_receiver_tick(world->end.receiver, world->now_ms);
	assert_int_equal(world->asked.shard, shard);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, 0, 0, NULL, 0);
	answer(world, CATCH_UP_SNAPSHOT_END, 0, 0, NULL, 0);
	feed_receiver_tick(world->end.receiver, world->now_ms);
	assert_true(feed_receiver_in_sync(world->end.receiver));
}

static void pass(struct world *world, uint64_t ms)
{
	world->now_ms += ms;
	table_writer_reclaim(world->end.table, 64, NULL, NULL);
	feed_receiver_tick(world->end.receiver, world->now_ms);
}

/* The last octet of its care-of address; 0 when the key is not bound. */
static uint8_t care_of(struct world *world, unsigned number)
{
	struct in6_addr key = key_of(number);
	struct binding_entry *entry = table_writer_find(world->end.table, &key);

	return entry ? shared_address_load(&entry->care_of_address).s6_addr[15] : 0;
}

static void fill(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		tell(world, FEED_SET, SHARD, i, (uint8_t)(i + 1));
}

static void full_table_refuses_and_takes_later(void **state)
{
	struct world *world = *state;
	const struct feed_receiver_counters *counters = feed_receiver_counters(world->end.receiver);

	join(world, SHARD);
	fill(world, TABLE_MAX + 4);
	assert_int_equal(counters->rows_table_full, 4);
	assert_int_equal(world->full, 4);
	assert_int_equal(feed_receiver_refused(world->end.receiver), 4);
	assert_true(feed_receiver_in_sync(world->end.receiver));
	for (unsigned i = 0; i < TABLE_MAX; i++)
		assert_int_equal(care_of(world, i), i + 1);
	pass(world, 10);
	assert_int_equal(feed_receiver_refused(world->end.receiver), 4);

	/* what is there can be changed; of what waits, the newest counts, and what is withdrawn waits no more */
	tell(world, FEED_SET, SHARD, 3, 200);
	assert_int_equal(care_of(world, 3), 200);
	tell(world, FEED_SET, SHARD, TABLE_MAX, 201);
	tell(world, FEED_WITHDRAW, SHARD, TABLE_MAX + 1, 0);
	assert_int_equal(feed_receiver_refused(world->end.receiver), 3);

	for (unsigned i = 0; i < 3; i++)
		tell(world, FEED_WITHDRAW, SHARD, i, 0);
	pass(world, 10);
	assert_int_equal(care_of(world, TABLE_MAX), 201);
	assert_int_equal(care_of(world, TABLE_MAX + 1), 0);
	assert_int_equal(care_of(world, TABLE_MAX + 2), TABLE_MAX + 3);
	assert_int_equal(care_of(world, TABLE_MAX + 3), TABLE_MAX + 4);
	assert_int_equal(counters->rows_applied_later, 3);
	assert_int_equal(feed_receiver_held(world->end.receiver), 0);
	assert_int_equal(world->asks, 1);
}

static void key_of_another_shard_waits_until_it_is_free(void **state)
{
	struct world *world = *state;

	join(world, SHARD);
	join(world, OTHER_SHARD);
	tell(world, FEED_SET, SHARD, 1, 11);
	tell(world, FEED_SET, OTHER_SHARD, 1, 22);
	assert_int_equal(world->conflicts, 1);
	assert_int_equal(feed_receiver_counters(world->end.receiver)->rows_key_conflict, 1);
	pass(world, 10);
	assert_int_equal(care_of(world, 1), 11);
	tell(world, FEED_WITHDRAW, SHARD, 1, 0);
	pass(world, 10);
	assert_int_equal(care_of(world, 1), 22);
	assert_int_equal(feed_receiver_held(world->end.receiver), 0);
}

/* More refused rows than are kept: a snapshot brings them, while the shard stays in sync. */
static void forgotten_rows_come_by_a_snapshot(void **state)
{
	struct world *world = *state;
	struct feed_row rows[TABLE_MAX];
	unsigned count = 0;

	feed_receiver_keep_refused(world->end.receiver, 1);
	join(world, SHARD);
	fill(world, TABLE_MAX + 3);
	assert_int_equal(feed_receiver_refused(world->end.receiver), 1);
	assert_int_equal(feed_receiver_counters(world->end.receiver)->rows_forgotten, 2);
	assert_true(feed_receiver_lacks_rows(world->end.receiver));
	pass(world, RECEIVER_REFILL_PAUSE_MS);
	assert_int_equal(world->asks, 1);
	for (unsigned i = 0; i < 6; i++)
		tell(world, FEED_WITHDRAW, SHARD, i, 0);
	pass(world, 10);
	assert_int_equal(world->asks, 2);
	assert_int_equal(world->asked.version.epoch, 0);
	assert_true(feed_receiver_in_sync(world->end.receiver));
	assert_true(feed_receiver_has(world->end.receiver, SHARD, (struct feed_version){EPOCH, world->heads[SHARD]}));

	for (unsigned i = 6; i < TABLE_MAX + 3; i++)
		rows[count++] = row_of(FEED_SET, SHARD, i, i + 1, (uint8_t)(i + 1));
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, world->heads[SHARD], 0, NULL, 0);
	tell(world, FEED_SET, SHARD, 7, 99); /* newer than the row of the snapshot that comes next */
	answer(world, CATCH_UP_SNAPSHOT_CHUNK, world->heads[SHARD] - 1, 0, rows, count);
	answer(world, CATCH_UP_SNAPSHOT_END, world->heads[SHARD] - 1, 1, NULL, 0);
	pass(world, 10);
	assert_false(feed_receiver_lacks_rows(world->end.receiver));
	assert_true(feed_receiver_in_sync(world->end.receiver));
	assert_int_equal(binding_table_count(world->end.table), TABLE_MAX + 3 - 6);
	assert_int_equal(care_of(world, 7), 99);
	assert_int_equal(care_of(world, TABLE_MAX + 2), TABLE_MAX + 3);
	assert_int_equal(feed_receiver_held(world->end.receiver), 0);
}

/* A set row and its extra row, as one change. */
static size_t with_rates(struct feed_row rows[2], unsigned number, uint64_t sequence, uint8_t care_of)
{
	rows[0] = row_of(FEED_SET, SHARD, number, sequence, care_of);
	rows[1] = rows[0];
	rows[1].operation = FEED_RATES;
	rows[1].tunnel_kind = 0;
	rows[1].up = rows[1].down = (struct feed_rate){.octets_per_s = 1000000, .burst_octets = 100000};
	return 2;
}

/* A set row with extra rows is never applied without them. */
static void extra_rows_of_a_refused_row_come_by_a_snapshot(void **state)
{
	struct world *world = *state;
	const struct feed_range range = {SHARD, EPOCH, TABLE_MAX + 1, TABLE_MAX + 1};
	uint8_t head[FEED_HEAD_OCTETS_MAX], octets[2 * FEED_ROW_OCTETS];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct in6_addr key = key_of(TABLE_MAX);
	struct binding_entry *entry;
	struct wire_view frames[2];
	struct feed_row rows[TABLE_MAX + 1];
	size_t count = 0;

	join(world, SHARD);
	fill(world, TABLE_MAX);
	with_rates(rows, TABLE_MAX, ++world->heads[SHARD], 77);
	feed_batch_head_write(&head_writer, world->now_ms, &range, 1);
	feed_row_write(&row_writer, &rows[0]);
	feed_row_write(&row_writer, &rows[1]);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){octets, sizeof(octets)};
	feed_receiver_feed(world->end.receiver, frames, 2, world->now_ms);
	assert_int_equal(feed_receiver_counters(world->end.receiver)->malformed, 0);
	assert_int_equal(feed_receiver_refused(world->end.receiver), 0);
	assert_true(feed_receiver_lacks_rows(world->end.receiver));

	for (unsigned i = 0; i < 3; i++)
		tell(world, FEED_WITHDRAW, SHARD, i, 0);
	pass(world, RECEIVER_REFILL_PAUSE_MS);
	assert_int_equal(care_of(world, TABLE_MAX), 0);
	assert_int_equal(world->asks, 2);
	for (unsigned i = 3; i < TABLE_MAX; i++)
		rows[count++] = row_of(FEED_SET, SHARD, i, i + 1, (uint8_t)(i + 1));
	count += with_rates(rows + count, TABLE_MAX, TABLE_MAX + 1, 77);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, world->heads[SHARD], 0, NULL, 0);
	answer(world, CATCH_UP_SNAPSHOT_CHUNK, world->heads[SHARD], 0, rows, count);
	answer(world, CATCH_UP_SNAPSHOT_END, world->heads[SHARD], 1, NULL, 0);
	pass(world, 10);
	assert_int_equal(care_of(world, TABLE_MAX), 77);
	entry = table_writer_find(world->end.table, &key);
	assert_true(binding_traits_load(entry).flags & BINDING_POLICED);
	assert_false(feed_receiver_lacks_rows(world->end.receiver));
}

static void key_of_a_length_that_no_prefix_makes_is_counted(void **state)
{
	struct world *world = *state;

	join(world, SHARD);
	world->key_is_wrong = true;
	tell(world, FEED_SET, SHARD, 1, 11);
	assert_int_equal(feed_receiver_counters(world->end.receiver)->rows_wrong_key, 1);
	assert_int_equal(binding_table_count(world->end.table), 0);
	assert_true(feed_receiver_in_sync(world->end.receiver));
}

/* A row that is late, of a binding that was withdrawn before the snapshot began, is no part of the snapshot. */
static void late_row_is_not_named_by_a_snapshot(void **state)
{
	struct world *world = *state;
	struct feed_range heard = {OTHER_SHARD, EPOCH, 20, 20}, late = {OTHER_SHARD, EPOCH, 15, 15};
	struct feed_row row = row_of(FEED_SET, OTHER_SHARD, 1, 15, 7);
	uint8_t head[FEED_HEAD_OCTETS_MAX], octets[FEED_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frames[2];

	feed_heads_write(&writer, FEED_HEARTBEAT, world->now_ms, &heard, 1);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	feed_receiver_feed(world->end.receiver, frames, 1, world->now_ms);
	pass(world, 10);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, 20, 0, NULL, 0);
	writer = wire_writer_of(head, sizeof(head));
	feed_batch_head_write(&writer, world->now_ms, &late, 1);
	feed_row_write(&row_writer, &row);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	frames[1] = (struct wire_view){octets, sizeof(octets)};
	feed_receiver_feed(world->end.receiver, frames, 2, world->now_ms);
	answer(world, CATCH_UP_SNAPSHOT_END, 20, 0, NULL, 0);
	pass(world, 10);
	assert_int_equal(care_of(world, 1), 0);
	assert_true(feed_receiver_in_sync(world->end.receiver));
}

/* A tick whose time was read before an answer was: nobody has been silent for 2^64 ms. */
static void answer_newer_than_the_tick_is_no_silence(void **state)
{
	struct world *world = *state;
	struct feed_range heard = {SHARD, EPOCH, 20, 20};
	struct feed_row row = row_of(FEED_SET, SHARD, 1, 15, 7);
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	feed_heads_write(&writer, FEED_HEARTBEAT, world->now_ms, &heard, 1);
	frame = (struct wire_view){head, wire_written(&writer)};
	feed_receiver_feed(world->end.receiver, &frame, 1, world->now_ms);
	pass(world, 10);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, 20, 0, NULL, 0);
	feed_receiver_tick(world->end.receiver, world->now_ms - 1);
	answer(world, CATCH_UP_SNAPSHOT_CHUNK, 20, 0, &row, 1);
	answer(world, CATCH_UP_SNAPSHOT_END, 20, 1, NULL, 0);
	pass(world, 10);
	assert_int_equal(feed_receiver_counters(world->end.receiver)->asks_given_up, 0);
	assert_int_equal(care_of(world, 1), 7);
	assert_true(feed_receiver_in_sync(world->end.receiver));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(full_table_refuses_and_takes_later, start, end),
	        cmocka_unit_test_setup_teardown(key_of_another_shard_waits_until_it_is_free, start, end),
	        cmocka_unit_test_setup_teardown(forgotten_rows_come_by_a_snapshot, start, end),
	        cmocka_unit_test_setup_teardown(extra_rows_of_a_refused_row_come_by_a_snapshot, start, end),
	        cmocka_unit_test_setup_teardown(key_of_a_length_that_no_prefix_makes_is_counted, start, end),
	        cmocka_unit_test_setup_teardown(late_row_is_not_named_by_a_snapshot, start, end),
	        cmocka_unit_test_setup_teardown(answer_newer_than_the_tick_is_no_silence, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
