// SPDX-License-Identifier: BSD-3-Clause
/* Catch-up in slices: whoever asks for how much, a turn sends no more than CATCH_UP_SLICE_ROWS, and nothing is lost. */
#include <stdlib.h>

#include "binding_owner.h"
#include "catch_up_server.h"
#include "vectors.h"

enum { BINDINGS = 30000, SHARDS = 3, HISTORY = 100000, EPOCH = 3 };

static int start(void **state)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	owner_start(owner, EPOCH, HISTORY);
	for (unsigned number = 0; number < BINDINGS; number++)
		owner_set(owner, number, SHARDS, 1);
	bindings_serve(owner->bindings, &owner->now);
	owner_turn(owner);
	*state = owner;
	return 0;
}

static int end(void **state)
{
	owner_end(*state);
	free(*state);
	return 0;
}

static void ask(struct owner *owner, uint8_t shard, struct feed_version version)
{
	owner_ask(owner,
	          &(struct catch_up_message){.kind = CATCH_UP_ASK,
	                                     .shard = shard,
	                                     .request = 1,
	                                     .version = version,
	                                     .amount = CATCH_UP_CREDIT_MAX},
	          1);
}

/* Takes what has been answered; rows of each shard and whether it ended. */
static size_t take(struct owner *owner, size_t rows[SHARDS], unsigned *ended)
{
	struct owner_message message;
	size_t taken = 0;

	while (owner_take(&owner->answers, &message)) {
		struct wire_view views[2];
		struct catch_up_message answer;
		size_t count = owner_views(&message, views);

		assert_int_equal(catch_up_message_read(views, count, &answer), 0);
		rows[answer.shard] += answer.rows.octets / FEED_ROW_OCTETS;
		taken += answer.rows.octets / FEED_ROW_OCTETS;
		*ended += answer.kind == CATCH_UP_SNAPSHOT_END || (answer.kind == CATCH_UP_CHANGES && !answer.amount);
		owner_message_free(&message);
	}
	return taken;
}

/* Turn by turn until all requests have ended; shards are served side by side, none before the others. */
static void take_all(struct owner *owner, size_t rows[SHARDS])
{
	unsigned ended = 0, turns = 0;
	size_t taken;

	while (ended < SHARDS) {
		taken = take(owner, rows, &ended);
		assert_in_range(taken, 1, CATCH_UP_SLICE_ROWS + CATCH_UP_ROWS_MAX);
		/* whoever asked first had the first turn; the second one is everybody's */
		if (++turns == 2)
			for (unsigned shard = 0; shard < SHARDS; shard++)
				assert_in_range(rows[shard], 1, BINDINGS / SHARDS);
		owner_turn(owner);
		owner_pass(owner, 1);
	}
	assert_true(turns >= BINDINGS / (CATCH_UP_SLICE_ROWS + CATCH_UP_ROWS_MAX));
}

static void snapshots_leave_in_slices(void **state)
{
	struct owner *owner = *state;
	size_t rows[SHARDS] = {0};

	for (uint8_t shard = 0; shard < SHARDS; shard++)
		ask(owner, shard, (struct feed_version){0});
	take_all(owner, rows);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		assert_int_equal(rows[shard], BINDINGS / SHARDS);
}

static void changes_leave_in_slices(void **state)
{
	struct owner *owner = *state;
	size_t rows[SHARDS] = {0};
	struct binding_version heads[SHARDS];

	for (uint8_t shard = 0; shard < SHARDS; shard++)
		heads[shard] = bindings_head(owner->bindings, shard);
	for (unsigned number = 0; number < BINDINGS; number++)
		owner_set(owner, number, SHARDS, 2);
	owner_turn(owner);
	for (uint8_t shard = 0; shard < SHARDS; shard++)
		ask(owner, shard, (struct feed_version){heads[shard].epoch, heads[shard].sequence});
	take_all(owner, rows);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		assert_int_equal(rows[shard], BINDINGS / SHARDS);
}

/* The pages of an index in parts hold each binding once, also when the last one of a page is withdrawn meanwhile. */
static void pages_hold_all(void **state)
{
	struct owner *owner = *state;
	struct binding_view views[997];
	struct binding_key last;
	size_t count, seen = 0;
	bool is_first = true;

	while ((count = bindings_page(owner->bindings, is_first ? NULL : &last, views, 997))) {
		seen += count;
		last = views[count - 1].key;
		is_first = false;
	}
	assert_int_equal(seen, BINDINGS);
	assert_int_equal(bindings_page(owner->bindings, NULL, views, 10), 10);
	last = views[9].key;
	bindings_withdraw(owner->bindings, &last, &owner->now, owner->effects);
	assert_true(bindings_page(owner->bindings, &last, views, 10) > 0);
	owner_turn(owner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(snapshots_leave_in_slices, start, end),
	        cmocka_unit_test_setup_teardown(changes_leave_in_slices, start, end),
	        cmocka_unit_test_setup_teardown(pages_hold_all, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
