// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "catch_up.h"
#include "vectors.h"

struct message_octets {
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	uint8_t rows[4 * FEED_ROW_OCTETS];
	struct wire_view frames[2];
};

static void write_rows(struct message_octets *octets, uint8_t shard, const uint64_t *sequences, size_t count)
{
	struct wire_writer writer = wire_writer_of(octets->rows, sizeof(octets->rows));

	for (size_t i = 0; i < count; i++) {
		struct feed_row row = {.operation = FEED_SET,
		                       .shard = shard,
		                       .key_length = 128,
		                       .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
		                       .version = {2, sequences[i]},
		                       .key = {0x20, 0x01, 0x0d, 0xb8}};

		feed_row_write(&writer, &row);
	}
	octets->frames[1] = (struct wire_view){octets->rows, wire_written(&writer)};
}

static void write_head(struct message_octets *octets, const struct catch_up_message *message)
{
	struct wire_writer writer = wire_writer_of(octets->head, sizeof(octets->head));

	catch_up_head_write(&writer, message);
	octets->frames[0] = (struct wire_view){octets->head, wire_written(&writer)};
}

static const struct catch_up_message messages[] = {
        {.kind = CATCH_UP_ASK, .shard = 3, .request = 7, .version = {2, 5}, .amount = 8},
        {.kind = CATCH_UP_ASK, .shard = 3, .request = 7, .amount = 1},
        {.kind = CATCH_UP_CREDIT, .shard = 3, .request = 7, .amount = 2},
        {.kind = CATCH_UP_CHANGES, .shard = 3, .request = 7, .version = {2, 6}, .amount = 1},
        {.kind = CATCH_UP_SNAPSHOT_BEGIN, .shard = 3, .request = 7, .version = {2, 0}},
        {.kind = CATCH_UP_SNAPSHOT_CHUNK, .shard = 3, .request = 7, .version = {2, 6}, .amount = 11},
        {.kind = CATCH_UP_SNAPSHOT_END, .shard = 3, .request = 7, .version = {2, 6}, .amount = 12},
        {.kind = CATCH_UP_REFUSED, .shard = 3, .request = 7, .amount = CATCH_UP_BUSY},
};

enum { MESSAGES = sizeof(messages) / sizeof(messages[0]) };

static void every_kind_makes_the_round(void **state)
{
	static const uint64_t sequences[] = {5, 6};

	(void)state;
	for (size_t i = 0; i < MESSAGES; i++) {
		struct message_octets octets;
		struct catch_up_message read;
		bool rows = catch_up_has_rows(messages[i].kind);

		write_head(&octets, &messages[i]);
		write_rows(&octets, 3, sequences, 2);
		assert_int_equal(catch_up_message_read(octets.frames, rows ? 2 : 1, &read), 0);
		assert_int_equal(read.kind, messages[i].kind);
		assert_int_equal(read.shard, 3);
		assert_int_equal(read.request, 7);
		assert_int_equal(read.amount, messages[i].amount);
		assert_int_equal(feed_version_compare(read.version, messages[i].version), 0);
		assert_int_equal(read.rows.octets, rows ? 2 * FEED_ROW_OCTETS : 0);
		/* C-2: the number of frames is fixed by the kind */
		assert_int_equal(catch_up_message_read(octets.frames, rows ? 1 : 2, &read), -EBADMSG);
		assert_int_equal(catch_up_message_read(octets.frames, 0, &read), -EBADMSG);
	}
}

/* C-2 */
static void truncated_and_over_long_heads_are_refused(void **state)
{
	uint8_t longer[CATCH_UP_HEAD_OCTETS + 1] = {0};
	struct message_octets octets;
	struct catch_up_message read;
	struct wire_view frame;

	(void)state;
	write_head(&octets, &messages[0]);
	for (size_t length = 0; length < CATCH_UP_HEAD_OCTETS; length++) {
		frame = (struct wire_view){octets.head, length};
		assert_int_equal(catch_up_message_read(&frame, 1, &read), -EBADMSG);
	}
	memcpy(longer, octets.head, CATCH_UP_HEAD_OCTETS);
	frame = (struct wire_view){longer, sizeof(longer)};
	assert_int_equal(catch_up_message_read(&frame, 1, &read), -EBADMSG);
	frame = (struct wire_view){octets.head, CATCH_UP_HEAD_OCTETS};
	octets.head[0] = 2;
	assert_int_equal(catch_up_message_read(&frame, 1, &read), -EPROTONOSUPPORT);
	octets.head[0] = 1;
	octets.head[1] = 22;
	assert_int_equal(catch_up_message_read(&frame, 1, &read), -EPROTONOSUPPORT);
}

static void senseless_heads_are_refused(void **state)
{
	static const struct catch_up_message wrong[] = {
	        {.kind = CATCH_UP_ASK, .version = {2, 5}, .amount = 0},
	        {.kind = CATCH_UP_ASK, .version = {0, 5}, .amount = 1},
	        {.kind = CATCH_UP_CREDIT, .amount = 0},
	        {.kind = CATCH_UP_CREDIT, .version = {1, 0}, .amount = 1},
	        {.kind = CATCH_UP_SNAPSHOT_BEGIN, .version = {0, 1}},
	        {.kind = CATCH_UP_SNAPSHOT_END},
	        {.kind = CATCH_UP_REFUSED, .amount = 0},
	        {.kind = CATCH_UP_REFUSED, .amount = 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct message_octets octets;
		struct catch_up_message read;

		write_head(&octets, &wrong[i]);
		assert_int_equal(catch_up_message_read(octets.frames, 1, &read), -EBADMSG);
	}
}

/* Changes with a gap would make the receiver believe that it is complete. */
static void changes_have_no_gap(void **state)
{
	static const uint64_t right[] = {5, 6};
	static const uint64_t wrong[][2] = {{4, 6}, {5, 7}, {6, 5}, {4, 5}, {6, 7}};
	struct message_octets octets;
	struct catch_up_message read;

	(void)state;
	write_head(&octets, &messages[3]);
	write_rows(&octets, 3, right, 2);
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), 0);
	write_rows(&octets, 3, right, 0);
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_rows(&octets, 3, wrong[i], 2);
		assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
	}
	write_rows(&octets, 4, right, 2); /* another shard's */
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
}

static void snapshots_hold_no_withdrawals(void **state)
{
	static const uint64_t any_order[] = {6, 2};
	struct message_octets octets;
	struct catch_up_message read;

	(void)state;
	write_head(&octets, &messages[5]);
	write_rows(&octets, 3, any_order, 2);
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), 0);
	octets.rows[0] = FEED_WITHDRAW;
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
	octets.rows[0] = FEED_SET;
	octets.frames[1].octets--;
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
	octets.frames[1].octets = (CATCH_UP_ROWS_MAX + 1) * FEED_ROW_OCTETS; /* refused before it is read */
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
}

/* Extra rows are rows of a chunk, but no changes of their own. */
static void extra_rows_are_no_changes(void **state)
{
	struct catch_up_message message = messages[3], read;
	struct message_octets octets;
	struct feed_row row;
	struct wire_writer writer;
	struct wire_reader reader;
	static const uint64_t sequences[] = {5, 6};

	(void)state;
	write_head(&octets, &message);
	write_rows(&octets, 3, sequences, 2);
	reader = wire_reader_of(octets.rows + FEED_ROW_OCTETS, FEED_ROW_OCTETS);
	assert_int_equal(feed_row_read(&reader, &row), 0);
	row.operation = FEED_CARE_OF;
	writer = wire_writer_of(octets.rows + 2 * FEED_ROW_OCTETS, FEED_ROW_OCTETS);
	feed_row_write(&writer, &row);
	octets.frames[1].octets = 3 * FEED_ROW_OCTETS;
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), 0);
	message = messages[5]; /* a chunk of a snapshot */
	write_head(&octets, &message);
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), 0);
	row.version.sequence = 5;
	writer = wire_writer_of(octets.rows + 2 * FEED_ROW_OCTETS, FEED_ROW_OCTETS);
	feed_row_write(&writer, &row);
	assert_int_equal(catch_up_message_read(octets.frames, 2, &read), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(extra_rows_are_no_changes),
	        cmocka_unit_test(every_kind_makes_the_round),
	        cmocka_unit_test(truncated_and_over_long_heads_are_refused),
	        cmocka_unit_test(senseless_heads_are_refused),
	        cmocka_unit_test(changes_have_no_gap),
	        cmocka_unit_test(snapshots_hold_no_withdrawals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
