// SPDX-License-Identifier: BSD-3-Clause
/* architecture.md 2: versions without gap, batches, heartbeats, catch-up with credit, snapshot; A-7, C-1, M-19. */
#include <errno.h>

#include "binding_owner.h"
#include "reference_receiver.h"
#include "vectors.h"

static struct owner owner;
static struct receiver receiver;

static int start(void **state)
{
	(void)state;
	owner_start(&owner, 5, 1000);
	receiver_start(&receiver);
	return 0;
}

static int end(void **state)
{
	(void)state;
	owner_end(&owner);
	return 0;
}

static void drain_feed(bool deliver)
{
	struct owner_message message;
	struct wire_view views[2];

	while (owner_take(&owner.feed, &message)) {
		if (deliver)
			receiver_feed(&receiver, views, owner_views(&message, views));
		owner_message_free(&message);
	}
}

/* The next message of the catch-up channel. */
static struct catch_up_message take_answer(bool deliver)
{
	static struct owner_message kept;
	struct wire_view views[2];
	struct catch_up_message answer;
	size_t count;

	owner_message_free(&kept);
	assert_true(owner_take(&owner.answers, &kept));
	count = owner_views(&kept, views);
	assert_int_equal(catch_up_message_read(views, count, &answer), 0);
	if (deliver)
		receiver_answer(&receiver, views, count);
	return answer;
}

static void versions_have_no_gap_and_belong_to_the_shard(void **state)
{
	struct binding_version version;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	version = owner_set(&owner, 1, 2, 9);
	assert_true(version.epoch == 5 && version.sequence == 1);
	version = owner_set(&owner, 2, 2, 9);
	assert_true(version.epoch == 5 && version.sequence == 1);
	version = owner_set(&owner, 1, 2, 10);
	assert_true(version.sequence == 2);
	version = owner_withdraw(&owner, 1);
	assert_true(version.sequence == 3);
	version = owner_withdraw(&owner, 1); /* nothing there: no change, no number */
	assert_true(version.epoch == 0);
	assert_true(bindings_head(owner.bindings, 1).sequence == 3);
	assert_true(bindings_head(owner.bindings, 0).sequence == 1);
	owner_turn(&owner);
	drain_feed(true);
	assert_true(receiver.shards[1].complete.sequence == 0); /* no heartbeat heard, nothing asked */
	assert_int_equal(receiver_count(&receiver), 1);
}

static void a_turn_is_one_batch_and_a_large_one_is_split(void **state)
{
	struct wire_view views[2];
	static struct feed_message message;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(false);
	for (unsigned i = 0; i < FEED_ROWS_MAX + 10; i++)
		owner_set(&owner, i, 200, 1);
	owner_turn(&owner);
	assert_int_equal(owner.feed.count, 2);
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[0], views), &message), 0);
	assert_int_equal(message.rows.octets, FEED_ROWS_MAX * FEED_ROW_OCTETS);
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[1], views), &message), 0);
	assert_int_equal(message.rows.octets, 10 * FEED_ROW_OCTETS);
	owner_turn(&owner); /* nothing to tell, nothing sent */
	assert_int_equal(owner.feed.count, 2);
}

static void heartbeats_and_welcome_tell_the_heads(void **state)
{
	static struct feed_message message;
	struct wire_view views[2];

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(false);
	owner_set(&owner, 3, 200, 1);
	owner_turn(&owner);
	owner_pass(&owner, BINDINGS_HEARTBEAT_MS);
	assert_int_equal(owner.feed.count, 2); /* the row goes before the heartbeat that tells its version */
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[0], views), &message), 0);
	assert_int_equal(message.kind, FEED_BATCH);
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[1], views), &message), 0);
	assert_int_equal(message.kind, FEED_HEARTBEAT);
	assert_int_equal(message.shards, FEED_SHARDS);
	assert_true(message.ranges[3].last == 1 && message.ranges[4].last == 0 && message.ranges[4].epoch == 5);
	assert_true(message.clock_unix_ms == owner.now.unix_ms);
	assert_int_equal(feed_message_read(views, owner_views(&owner.welcome, views), &message), 0);
	assert_int_equal(message.kind, FEED_WELCOME);
	assert_true(message.ranges[3].last == 1);
}

/* What a batch would hide by a hole (an output that was dropped) is shown as one: ranges never span it. */
static void a_hole_in_what_is_published_stays_visible(void **state)
{
	struct effect_publish publish;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(false);
	for (uint8_t i = 1; i <= 3; i++)
		owner_set(&owner, 1, 2, i);
	for (size_t i = 0; effects_publish_at(owner.effects, i, &publish); i++)
		if (i != 1)
			bindings_publish(owner.bindings, &publish, &owner.now);
	effects_clear(owner.effects);
	bindings_turn_end(owner.bindings, &owner.now);
	assert_int_equal(owner.feed.count, 2);
	drain_feed(true);
	assert_false(receiver_is_complete(&receiver, 1));
}

/* C-1 and after: subscribe, hear the heads, ask, be complete. */
static void a_newcomer_takes_a_snapshot(void **state)
{
	struct catch_up_message message;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		owner_set(&owner, i, 1, 1);
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(true);
	assert_true(receiver_wants(&receiver, 0, 4, &message));
	assert_int_equal(message.version.epoch, 0);
	owner_ask(&owner, &message, 1);
	message = take_answer(true);
	assert_int_equal(message.kind, CATCH_UP_SNAPSHOT_BEGIN);
	assert_true(message.version.epoch == 5 && message.version.sequence == 5);
	assert_int_equal(take_answer(true).kind, CATCH_UP_SNAPSHOT_CHUNK);
	message = take_answer(true);
	assert_int_equal(message.kind, CATCH_UP_SNAPSHOT_END);
	assert_int_equal(message.amount, 1);
	assert_true(receiver_is_complete(&receiver, 0));
	assert_int_equal(receiver_count(&receiver), 5);
	/* an empty shard: begin and end alone */
	assert_true(receiver_wants(&receiver, 7, 4, &message));
	owner_ask(&owner, &message, 1);
	assert_int_equal(take_answer(true).kind, CATCH_UP_SNAPSHOT_BEGIN);
	assert_int_equal(take_answer(true).kind, CATCH_UP_SNAPSHOT_END);
	assert_true(receiver_is_complete(&receiver, 7));
}

static void what_was_missed_comes_as_changes(void **state)
{
	struct catch_up_message message;

	(void)state;
	a_newcomer_takes_a_snapshot(state);
	owner_set(&owner, 0, 1, 2);
	owner_withdraw(&owner, 1);
	owner_turn(&owner);
	drain_feed(false);
	owner_set(&owner, 2, 1, 2);
	owner_turn(&owner);
	drain_feed(true);
	assert_false(receiver_is_complete(&receiver, 0));
	assert_true(receiver_wants(&receiver, 0, 4, &message));
	assert_true(message.version.sequence == 5);
	owner_ask(&owner, &message, 1);
	message = take_answer(true);
	assert_int_equal(message.kind, CATCH_UP_CHANGES);
	assert_int_equal(message.rows.octets, 3 * FEED_ROW_OCTETS);
	assert_int_equal(message.amount, 0);
	assert_int_equal(receiver_count(&receiver), 4);
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_changes, 1);
	/* nothing new: an answer without rows */
	message = (struct catch_up_message){.kind = CATCH_UP_ASK, .request = 9, .version = {5, 8}, .amount = 1};
	owner_ask(&owner, &message, 1);
	message = take_answer(false);
	assert_int_equal(message.kind, CATCH_UP_CHANGES);
	assert_int_equal(message.rows.octets, 0);
}

static void assert_rates(struct wire_reader *rows, struct feed_version version, uint64_t octets_per_s)
{
	struct feed_row set, rates;

	assert_int_equal(feed_row_read(rows, &set), 0);
	assert_int_equal(set.operation, FEED_SET);
	assert_int_equal(feed_version_compare(set.version, version), 0);
	assert_int_equal(feed_row_read(rows, &rates), 0);
	assert_int_equal(rates.operation, FEED_RATES);
	assert_true(feed_row_follows(&rates, &set));
	assert_int_equal(rates.down.octets_per_s, octets_per_s);
	assert_int_equal(rates.up.octets_per_s, 0);
}

/* Rates go wherever their binding goes: by the feed, by changes, by a snapshot; and away with it. */
static void rates_follow_their_binding(void **state)
{
	struct catch_up_message ask = {.kind = CATCH_UP_ASK, .shard = 1, .request = 3, .amount = 4};
	static struct feed_message message;
	struct catch_up_message answer;
	struct wire_view views[2];
	struct wire_reader rows;
	struct binding_view view;
	struct binding_key key = owner_key(1);

	(void)state;
	owner_set_limited(&owner, 1, 2, 1, 5000); /* from the store, before anybody is told */
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(false);
	owner_ask(&owner, &ask, 1);
	assert_int_equal(take_answer(false).kind, CATCH_UP_SNAPSHOT_BEGIN);
	answer = take_answer(false);
	rows = wire_reader_of_view(answer.rows);
	assert_rates(&rows, (struct feed_version){5, 1}, 5000);
	assert_true(wire_complete(&rows));
	assert_int_equal(take_answer(false).kind, CATCH_UP_SNAPSHOT_END);

	owner_set_limited(&owner, 1, 2, 1, 6000);
	owner_set(&owner, 1, 2, 1);
	owner_withdraw(&owner, 1);
	owner_turn(&owner);
	assert_int_equal(owner.feed.count, 1);
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[0], views), &message), 0);
	assert_true(message.ranges[0].first == 2 && message.ranges[0].last == 4);
	rows = wire_reader_of_view(message.rows);
	assert_rates(&rows, (struct feed_version){5, 2}, 6000);
	assert_int_equal(wire_remaining(&rows), 2 * FEED_ROW_OCTETS);

	ask.version = (struct feed_version){5, 1};
	owner_ask(&owner, &ask, 1);
	answer = take_answer(false);
	assert_int_equal(answer.kind, CATCH_UP_CHANGES);
	assert_octets(answer.rows.bytes, answer.rows.octets, message.rows.bytes, message.rows.octets);
	assert_false(bindings_find(owner.bindings, &key, &view));
}

/* A path MTU that was learnt is a change of its own: the rates stand behind it again, or they would be taken away. */
static void rates_stay_when_the_path_changes(void **state)
{
	struct punt_path_mtu report = {.shard = 1, .key_length = 64, .path_mtu_bytes = 1400};
	static struct feed_message message;
	struct binding_key key = owner_key(1);
	struct wire_view views[2];
	struct wire_reader rows;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	owner_set_limited(&owner, 1, 2, 9, 5000);
	owner_turn(&owner);
	drain_feed(false);
	memcpy(report.key, key.octets, sizeof(report.key));
	report.care_of_address[0] = 0x20;
	report.care_of_address[15] = 9;
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	assert_int_equal(owner.feed.count, 1);
	assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[0], views), &message), 0);
	rows = wire_reader_of_view(message.rows);
	assert_rates(&rows, (struct feed_version){5, 2}, 5000);
}

/* Extra rows count in the sizes of batches and chunks, and are never parted from their row. */
static void extra_rows_are_not_parted(void **state)
{
	struct catch_up_message ask = {.kind = CATCH_UP_ASK, .shard = 0, .request = 3, .amount = 8};
	static struct feed_message message;
	struct wire_view views[2];
	size_t rows = 0;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	drain_feed(false);
	owner_set(&owner, 0, 1, 1); /* so that a pair would straddle the end */
	for (unsigned i = 1; i < FEED_ROWS_MAX; i++)
		owner_set_limited(&owner, i, 1, 1, 5000);
	owner_turn(&owner);
	assert_int_equal(owner.feed.count, 2);
	for (size_t i = 0; i < owner.feed.count; i++) {
		assert_int_equal(feed_message_read(views, owner_views(&owner.feed.messages[i], views), &message), 0);
		rows += message.rows.octets / FEED_ROW_OCTETS;
	}
	assert_int_equal(rows, 2 * FEED_ROWS_MAX - 1);
	ask.version = (struct feed_version){5, 0};
	for (unsigned way = 0; way < 2; way++) { /* changes, then a snapshot */
		owner_ask(&owner, &ask, 1);
		for (rows = 0; owner.answers.count;)
			rows += take_answer(false).rows.octets / FEED_ROW_OCTETS;
		assert_int_equal(rows, 2 * FEED_ROWS_MAX - 1);
		ask.version = (struct feed_version){0};
	}
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_snapshots, 1);
}

/* No more chunks are under way than were asked for. */
static void chunks_wait_for_credit(void **state)
{
	struct catch_up_message message = {.kind = CATCH_UP_ASK, .shard = 0, .request = 3, .amount = 1};

	(void)state;
	for (unsigned i = 0; i < 3 * CATCH_UP_ROWS_MAX; i++)
		owner_set(&owner, i, 1, 1);
	bindings_serve(owner.bindings, &owner.now);
	owner_ask(&owner, &message, 1);
	assert_int_equal(owner.answers.count, 2);
	message.kind = CATCH_UP_CREDIT;
	owner_ask(&owner, &message, 1);
	assert_int_equal(owner.answers.count, 3);
	owner_ask(&owner, &message, 2); /* another peer's request does not exist */
	assert_int_equal(owner.answers.count, 4);
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_refused, 1);
	owner_ask(&owner, &message, 1);
	assert_int_equal(owner.answers.count, 6); /* the last chunk, and the end */
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_rows, 3 * CATCH_UP_ROWS_MAX);
}

/* A binding at which a walk stands may go; the walk goes on behind it. */
static void a_snapshot_survives_what_goes_on_meanwhile(void **state)
{
	struct catch_up_message message = {.kind = CATCH_UP_ASK, .shard = 0, .request = 3, .amount = 1};
	size_t rows = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * CATCH_UP_ROWS_MAX; i++)
		owner_set(&owner, i, 1, 1);
	bindings_serve(owner.bindings, &owner.now);
	owner_ask(&owner, &message, 1);
	/* the walk stands in the middle; what is removed there is replaced by one that was sent already */
	for (unsigned i = 0; i < 10; i++)
		owner_withdraw(&owner, CATCH_UP_ROWS_MAX - 1 - i);
	owner_set(&owner, 3000, 1, 1); /* a newcomer comes by the feed alone */
	message.kind = CATCH_UP_CREDIT;
	owner_ask(&owner, &message, 1);
	while (owner.answers.count) {
		message = take_answer(false);
		rows += message.rows.octets / FEED_ROW_OCTETS;
	}
	assert_int_equal(message.kind, CATCH_UP_SNAPSHOT_END);
	assert_in_range(rows, 2 * CATCH_UP_ROWS_MAX - 10, 2 * CATCH_UP_ROWS_MAX);
}

static void a_request_without_credit_is_forgotten(void **state)
{
	struct catch_up_message message = {.kind = CATCH_UP_ASK, .shard = 0, .request = 3, .amount = 1};

	(void)state;
	for (unsigned i = 0; i < 2 * CATCH_UP_ROWS_MAX; i++)
		owner_set(&owner, i, 1, 1);
	bindings_serve(owner.bindings, &owner.now);
	owner_ask(&owner, &message, 1);
	for (int second = 0; second < 33; second++)
		owner_pass(&owner, 1000);
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_abandoned, 1);
	message.kind = CATCH_UP_CREDIT;
	while (owner.answers.count)
		take_answer(false);
	owner_ask(&owner, &message, 1);
	assert_int_equal(take_answer(false).kind, CATCH_UP_REFUSED);
}

static void hostile_catch_up_changes_nothing(void **state)
{
	struct catch_up_message message = {
	        .kind = CATCH_UP_ASK, .shard = 0, .request = 3, .version = {6, 1}, .amount = 1};
	const struct punt_route peer = {.octets = 1, .identity = {1}};
	const struct wire_view frame = {(const uint8_t *)"\1\1", 2};

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	owner_ask(&owner, &message, 1); /* it knows a later epoch than ours */
	message = take_answer(false);
	assert_int_equal(message.kind, CATCH_UP_REFUSED);
	assert_int_equal(message.amount, CATCH_UP_NOT_OWNER);
	message = (struct catch_up_message){.kind = CATCH_UP_ASK, .request = 4, .version = {5, 99}, .amount = 1};
	owner_ask(&owner, &message, 1); /* a version of ours that never was */
	assert_int_equal(take_answer(false).kind, CATCH_UP_SNAPSHOT_BEGIN);
	assert_int_equal(take_answer(false).kind, CATCH_UP_SNAPSHOT_END);
	bindings_catch_up(owner.bindings, &peer, &frame, 1, &owner.now);
	message.kind = CATCH_UP_SNAPSHOT_BEGIN; /* not for owners */
	owner_ask(&owner, &message, 1);
	assert_int_equal(owner.answers.count, 0);
	assert_int_equal(bindings_counters(owner.bindings)->catch_up_malformed, 2);
}

/* */
static void a_key_has_one_subscriber(void **state)
{
	struct binding_change change = {.key = owner_key(1), .subscriber = "lab/other", .shard = 0};
	struct binding_view view;

	(void)state;
	owner_set(&owner, 1, 1, 9);
	assert_int_equal(bindings_check(owner.bindings, &change.key, "lab/1"), 0);
	assert_int_equal(bindings_check(owner.bindings, &change.key, "lab/other"), -EEXIST);
	assert_int_equal(bindings_set(owner.bindings, &change, &owner.now, owner.effects).epoch, 0);
	assert_int_equal(bindings_counters(owner.bindings)->key_conflicts, 1);
	assert_true(bindings_find(owner.bindings, &change.key, &view));
	assert_string_equal(view.subscriber, "lab/1");
	assert_int_equal(view.row->care_of_address[15], 9);
	assert_int_equal(bindings_of_subscriber(owner.bindings, "lab/1", &view, 1), 1);
	assert_int_equal(bindings_of_subscriber(owner.bindings, "lab/other", &view, 1), 0);
}

/* M-13: at the exact time; the owner of the stored row withdraws it */
static void expiry_is_told_to_who_stored_it(void **state)
{
	struct binding_key key = owner_key(1);

	(void)state;
	owner_set(&owner, 1, 1, 9);
	owner_pass(&owner, 3600000 - 1);
	assert_int_equal(owner.expired_count, 0);
	owner_pass(&owner, 1);
	assert_int_equal(owner.expired_count, 1);
	assert_octets(owner.expired[0].octets, 16, key.octets, 16);
	owner_set(&owner, 1, 1, 9); /* a refresh moves it */
	owner_pass(&owner, 1800000);
	owner_set(&owner, 1, 1, 9);
	owner_pass(&owner, 1800000);
	assert_int_equal(owner.expired_count, 1);
}

/* M-19 */
static void a_lower_path_mtu_is_told_to_all(void **state)
{
	struct binding_key key = owner_key(1);
	struct punt_path_mtu report = {.key_length = 64, .path_mtu_bytes = 1400, .care_of_address = {0x20, [15] = 9}};
	struct binding_view view;

	(void)state;
	memcpy(report.key, key.octets, 16);
	owner_set(&owner, 1, 1, 9);
	bindings_serve(owner.bindings, &owner.now);
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	assert_true(bindings_find(owner.bindings, &key, &view));
	assert_int_equal(view.row->inner_mtu_bytes, 1360);
	assert_true(view.row->version.sequence == 2);
	report.path_mtu_bytes = 1450; /* higher: no */
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	report.path_mtu_bytes = 1279; /* no IPv6 path is as narrow: not believed */
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	assert_int_equal(view.row->inner_mtu_bytes, 1360);
	report.path_mtu_bytes = 1280; /* inner packets up to 1280 are sent in fragments now */
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	assert_int_equal(view.row->inner_mtu_bytes, 1240);
	report.care_of_address[15] = 8; /* where it was before */
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	assert_int_equal(bindings_counters(owner.bindings)->path_mtu_lowered, 2);
	assert_int_equal(bindings_counters(owner.bindings)->path_mtu_ignored, 3);
	assert_true(bindings_head(owner.bindings, 0).sequence == 3);
}

/* RFC 8201 5.3 */
static void a_learnt_path_mtu_is_forgotten(void **state)
{
	enum { TEN_MINUTES_MS = 10 * 60 * 1000 };
	struct binding_key key = owner_key(1);
	struct punt_path_mtu report = {.key_length = 64, .path_mtu_bytes = 1300, .care_of_address = {0x20, [15] = 9}};
	struct binding_view view;
	uint16_t asked;

	(void)state;
	memcpy(report.key, key.octets, 16);
	owner_set(&owner, 1, 1, 9);
	bindings_serve(owner.bindings, &owner.now);
	assert_true(bindings_find(owner.bindings, &key, &view));
	asked = view.row->inner_mtu_bytes;
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects);
	owner_turn(&owner);
	owner_set(&owner, 1, 1, 9); /* refreshed from where it is: what was learnt stays */
	assert_int_equal(view.row->inner_mtu_bytes, 1260);
	owner_pass(&owner, TEN_MINUTES_MS - 1);
	assert_int_equal(view.row->inner_mtu_bytes, 1260);
	owner_pass(&owner, 1);
	assert_int_equal(view.row->inner_mtu_bytes, asked);
	assert_int_equal(bindings_counters(owner.bindings)->path_mtu_raised, 1);
	bindings_path_mtu(owner.bindings, &report, &owner.now, owner.effects); /* still too high */
	owner_turn(&owner);
	assert_int_equal(view.row->inner_mtu_bytes, 1260);
	owner_set(&owner, 1, 1, 8); /* another path */
	assert_int_equal(view.row->inner_mtu_bytes, asked);
	owner_pass(&owner, TEN_MINUTES_MS);
	assert_int_equal(bindings_counters(owner.bindings)->path_mtu_raised, 1);
}

/* A change by a Binding Update: nobody has had a packet from the care-of address yet. */
static void set_unverified(unsigned number, uint8_t care_of)
{
	struct binding_change change = {
	        .key = owner_key(number),
	        .subscriber = "lab/1",
	        .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	        .flags = FEED_FLAG_CARE_OF_UNVERIFIED,
	        .expiry = {owner.now.monotonic_ms + 3600000, owner.now.unix_ms + 3600000},
	};

	change.care_of_address.s6_addr[0] = 0x20;
	change.care_of_address.s6_addr[15] = care_of;
	bindings_set(owner.bindings, &change, &owner.now, owner.effects);
	owner_turn(&owner);
}

static void tell_verified(unsigned number, uint64_t sequence)
{
	struct binding_key key = owner_key(number);
	struct punt_event_report event = {
	        .event = PUNT_EVENT_CARE_OF_VERIFIED, .key_length = key.length, .value = sequence};

	memcpy(event.key, key.octets, sizeof(event.key));
	bindings_care_of_verified(owner.bindings, &event, owner.effects);
	owner_turn(&owner);
}

/* M-17: what one data plane has seen counts for all, for this care-of address and no other. */
static void a_verified_care_of_address_is_told_to_all(void **state)
{
	struct punt_status one = {.boot = 1, .name = "one"}, other = {.boot = 2, .name = "other"};
	struct binding_key key = owner_key(1);
	struct binding_view view;

	(void)state;
	bindings_serve(owner.bindings, &owner.now);
	set_unverified(1, 9);
	assert_true(bindings_find(owner.bindings, &key, &view));
	tell_verified(1, 7); /* of a change that is none */
	tell_verified(2, 1);
	assert_int_equal(view.row->flags, FEED_FLAG_CARE_OF_UNVERIFIED);
	tell_verified(1, 1);
	assert_int_equal(view.row->flags, 0);
	assert_true(view.row->version.sequence == 1); /* nobody else is there to be told */
	set_unverified(1, 9);                         /* a refresh: the node is where it was */
	assert_int_equal(view.row->flags, 0);
	set_unverified(1, 8);
	assert_int_equal(view.row->flags, FEED_FLAG_CARE_OF_UNVERIFIED);
	assert_true(view.row->version.sequence == 3);
	bindings_status(owner.bindings, &one, &owner.now);
	bindings_status(owner.bindings, &other, &owner.now);
	tell_verified(1, 2); /* from where it was */
	assert_int_equal(view.row->flags, FEED_FLAG_CARE_OF_UNVERIFIED);
	tell_verified(1, 3);
	assert_int_equal(view.row->flags, 0);
	assert_true(view.row->version.sequence == 4);
	assert_true(bindings_head(owner.bindings, 0).sequence == 4);
	tell_verified(1, 4); /* said already */
	assert_true(bindings_head(owner.bindings, 0).sequence == 4);
	assert_int_equal(bindings_counters(owner.bindings)->care_of_verified, 2);
	assert_int_equal(bindings_counters(owner.bindings)->care_of_ignored, 4);
}

static void pages_walk_over_all(void **state)
{
	struct binding_view views[10];
	struct binding_key after;
	size_t seen = 0;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < 25; i++)
		owner_set(&owner, i, 7, 1);
	for (count = bindings_page(owner.bindings, NULL, views, 10); count;
	     count = bindings_page(owner.bindings, &after, views, 10)) {
		seen += count;
		after = views[count - 1].key;
	}
	assert_int_equal(seen, 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(versions_have_no_gap_and_belong_to_the_shard, start, end),
	        cmocka_unit_test_setup_teardown(a_turn_is_one_batch_and_a_large_one_is_split, start, end),
	        cmocka_unit_test_setup_teardown(heartbeats_and_welcome_tell_the_heads, start, end),
	        cmocka_unit_test_setup_teardown(a_hole_in_what_is_published_stays_visible, start, end),
	        cmocka_unit_test_setup_teardown(a_newcomer_takes_a_snapshot, start, end),
	        cmocka_unit_test_setup_teardown(what_was_missed_comes_as_changes, start, end),
	        cmocka_unit_test_setup_teardown(rates_follow_their_binding, start, end),
	        cmocka_unit_test_setup_teardown(rates_stay_when_the_path_changes, start, end),
	        cmocka_unit_test_setup_teardown(extra_rows_are_not_parted, start, end),
	        cmocka_unit_test_setup_teardown(chunks_wait_for_credit, start, end),
	        cmocka_unit_test_setup_teardown(a_snapshot_survives_what_goes_on_meanwhile, start, end),
	        cmocka_unit_test_setup_teardown(a_request_without_credit_is_forgotten, start, end),
	        cmocka_unit_test_setup_teardown(hostile_catch_up_changes_nothing, start, end),
	        cmocka_unit_test_setup_teardown(a_key_has_one_subscriber, start, end),
	        cmocka_unit_test_setup_teardown(expiry_is_told_to_who_stored_it, start, end),
	        cmocka_unit_test_setup_teardown(a_lower_path_mtu_is_told_to_all, start, end),
	        cmocka_unit_test_setup_teardown(a_learnt_path_mtu_is_forgotten, start, end),
	        cmocka_unit_test_setup_teardown(a_verified_care_of_address_is_told_to_all, start, end),
	        cmocka_unit_test_setup_teardown(pages_walk_over_all, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
