// SPDX-License-Identifier: BSD-3-Clause
/*
 * Extra rows through the receiver: by the feed, by changes and by a snapshot of catch-up; what came before goes when
 * they do not come again; those of rows that were not applied are counted and change nothing.
 */
#include <stdlib.h>

#include "extras.h"
#include "receiving_end.h"
#include "vectors.h"

enum { EPOCH = 3, SHARD = 5, ROWS = 8 };

struct world {
	struct receiving_end end;
	struct catch_up_message asked;
};

static int take_ask(void *context, struct wire_view frame)
{
	struct world *world = context;

	assert_int_equal(catch_up_message_read(&frame, 1, &world->asked), 0);
	return 0;
}

static int start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct receiver_outlet outlet = {.context = world, .ask = take_ask};

	receiving_end_open(&world->end, 64, 0, 1000, &outlet);
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

static struct feed_row row_of(uint8_t operation, uint8_t number, uint64_t sequence, uint8_t care_of)
{
	struct feed_row row = {.operation = operation,
	                       .shard = SHARD,
	                       .key_length = 64,
	                       .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	                       .version = {EPOCH, sequence},
	                       .key = {0x20, 0x01, 0x0d, 0xb8, [7] = number},
	                       .care_of_address = {0x20, 0x01, [15] = care_of},
	                       .flags = (uint32_t)care_of << FEED_WEIGHT_SHIFT,
	                       .expiry_unix_ms = 1 << 30};

	return row;
}

static struct feed_row rates_of(uint8_t number, uint64_t sequence)
{
	struct feed_row row = row_of(FEED_RATES, number, sequence, 0);

	row.tunnel_kind = 0;
	row.up = (struct feed_rate){.octets_per_s = 1000, .burst_octets = 2000};
	row.down = (struct feed_rate){0};
	return row;
}

static void feed(struct world *world, uint64_t first, uint64_t last, const struct feed_row *rows, size_t count)
{
	struct feed_range range = {SHARD, EPOCH, first, last};
	uint8_t head[FEED_HEAD_OCTETS_MAX], octets[ROWS * FEED_ROW_OCTETS];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frames[2];

	feed_batch_head_write(&head_writer, 1000, &range, 1);
	for (size_t i = 0; i < count; i++)
		feed_row_write(&row_writer, &rows[i]);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){octets, wire_written(&row_writer)};
	feed_receiver_feed(world->end.receiver, frames, 2, 1000);
}

static void answer(struct world *world, enum catch_up_kind kind, uint64_t sequence, uint32_t amount,
                   const struct feed_row *rows, size_t count)
{
	struct catch_up_message message = {.kind = kind,
	                                   .shard = SHARD,
	                                   .request = world->asked.request,
	                                   .version = {EPOCH, sequence},
	                                   .amount = amount};
	uint8_t head[CATCH_UP_HEAD_OCTETS], octets[ROWS * FEED_ROW_OCTETS];
	struct wire_writer head_writer = wire_writer_of(head, sizeof(head));
	struct wire_writer row_writer = wire_writer_of(octets, sizeof(octets));
	struct wire_view frames[2];

	for (size_t i = 0; i < count; i++)
		feed_row_write(&row_writer, &rows[i]);
	catch_up_head_write(&head_writer, &message);
	frames[0] = (struct wire_view){head, wire_written(&head_writer)};
	frames[1] = (struct wire_view){octets, wire_written(&row_writer)};
	feed_receiver_catch_up(world->end.receiver, frames, catch_up_has_rows(kind) ? 2 : 1, 1000);
}

static struct binding_side *side_of(struct world *world, uint8_t number)
{
	struct in6_addr key = {{{0x20, 0x01, 0x0d, 0xb8, [7] = number}}};
	struct binding_entry *entry = table_writer_find(world->end.table, &key);

	assert_non_null(entry);
	return binding_table_side(world->end.table, entry);
}

static const struct feed_receiver_counters *counters(struct world *world)
{
	return feed_receiver_counters(world->end.receiver);
}

static void the_feed_brings_and_takes_extras(void **state)
{
	struct world *world = *state;
	const struct feed_row rows[] = {row_of(FEED_SET, 1, 1, 7), row_of(FEED_CARE_OF, 1, 1, 8),
	                                row_of(FEED_CARE_OF, 1, 1, 9), rates_of(1, 1), row_of(FEED_SET, 2, 2, 7)};
	const struct feed_row again = row_of(FEED_SET, 1, 3, 7);

	feed(world, 1, 2, rows, 5);
	assert_int_equal(counters(world)->rows_set, 2);
	assert_int_equal(counters(world)->rows_extra, 3);
	assert_int_equal(side_of(world, 1)->ways->count, 2);
	assert_int_equal(side_of(world, 1)->ways->own_weight, 7);
	assert_int_equal(side_of(world, 1)->ways->weights[1], 9);
	assert_int_equal(side_of(world, 1)->police->up_rate.octets_per_s, 1000);
	assert_null(side_of(world, 2));
	feed(world, 3, 3, &again, 1);
	assert_null(side_of(world, 1));
	feed(world, 1, 2, rows, 5); /* late: neither the rows nor what is behind them */
	assert_null(side_of(world, 1));
	assert_int_equal(counters(world)->rows_extra, 3);
	assert_int_equal(counters(world)->rows_extra_refused, 3);
}

static void one_too_many_is_counted(void **state)
{
	struct world *world = *state;
	struct feed_row rows[1 + BINDING_WAYS_MAX + 1] = {row_of(FEED_SET, 1, 1, 7)};

	for (uint8_t i = 1; i <= BINDING_WAYS_MAX + 1; i++)
		rows[i] = row_of(FEED_CARE_OF, 1, 1, i);
	feed(world, 1, 1, rows, 1 + BINDING_WAYS_MAX + 1);
	assert_int_equal(side_of(world, 1)->ways->count, BINDING_WAYS_MAX);
	assert_int_equal(counters(world)->rows_extra_refused, 1);
}

static void catch_up_brings_extras(void **state)
{
	struct world *world = *state;
	const struct feed_row chunk[] = {row_of(FEED_SET, 1, 2, 7), row_of(FEED_CARE_OF, 1, 2, 8),
	                                 row_of(FEED_SET, 2, 1, 7), rates_of(2, 1)};
	const struct feed_row changes[] = {row_of(FEED_SET, 1, 3, 7), rates_of(1, 3), row_of(FEED_SET, 2, 4, 7),
	                                   row_of(FEED_CARE_OF, 2, 4, 8), row_of(FEED_CARE_OF, 2, 4, 9)};
	const struct feed_row late = row_of(FEED_SET, 3, 5, 7);

	feed(world, 2, 2, &(struct feed_row){0}, 0); /* no rows: refused as malformed */
	assert_int_equal(counters(world)->malformed, 1);
	feed(world, 2, 2, chunk, 2); /* the first is missing */
	feed_receiver_tick(world->end.receiver, 1000);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN, 2, 0, NULL, 0);
	answer(world, CATCH_UP_SNAPSHOT_CHUNK, 2, 0, chunk, 4);
	answer(world, CATCH_UP_SNAPSHOT_END, 2, 1, NULL, 0);
	feed_receiver_tick(world->end.receiver, 1001);
	assert_true(feed_receiver_in_sync(world->end.receiver));
	assert_int_equal(side_of(world, 1)->ways->count, 1);
	assert_non_null(side_of(world, 2)->police);
	feed(world, 5, 5, &late, 1); /* 3 and 4 are missing */
	feed_receiver_tick(world->end.receiver, 1002);
	answer(world, CATCH_UP_CHANGES, 4, 0, changes, 5);
	assert_true(feed_receiver_in_sync(world->end.receiver));
	assert_null(side_of(world, 1)->ways);
	assert_non_null(side_of(world, 1)->police);
	assert_null(side_of(world, 2)->police);
	assert_int_equal(side_of(world, 2)->ways->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(the_feed_brings_and_takes_extras, start, end),
	        cmocka_unit_test_setup_teardown(one_too_many_is_counted, start, end),
	        cmocka_unit_test_setup_teardown(catch_up_brings_extras, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
