// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "feed.h"
#include "vectors.h"

static const char ROW_HEX[] = "01034001 00000002 0000000000000005 20010db800aa00070000000000000000"
                              "20010db8000c00000000000000000009 1057 05ac 00000001 000001a3185c5000";

static struct feed_row row_of(uint8_t operation, uint8_t shard, uint64_t sequence)
{
	struct feed_row row = {.operation = operation,
	                       .shard = shard,
	                       .key_length = 64,
	                       .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	                       .version = {.epoch = 2, .sequence = sequence},
	                       .port = 4183,
	                       .inner_mtu_bytes = 1452,
	                       .flags = FEED_FLAG_CARE_OF_UNVERIFIED,
	                       .expiry_unix_ms = 1800000000000};

	hex_decode("20010db800aa00070000000000000000", row.key, sizeof(row.key));
	hex_decode("20010db8000c00000000000000000009", row.care_of_address, sizeof(row.care_of_address));
	return row;
}

struct batch {
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	uint8_t rows[FEED_ROWS_MAX * FEED_ROW_OCTETS];
	struct wire_view frames[2];
};

static void batch_of(struct batch *batch, const struct feed_range *ranges, size_t count, const struct feed_row *rows,
                     size_t row_count)
{
	struct wire_writer head = wire_writer_of(batch->head, sizeof(batch->head));
	struct wire_writer body = wire_writer_of(batch->rows, sizeof(batch->rows));

	feed_batch_head_write(&head, 42, ranges, count);
	for (size_t i = 0; i < row_count; i++)
		feed_row_write(&body, &rows[i]);
	batch->frames[0] = (struct wire_view){batch->head, wire_written(&head)};
	batch->frames[1] = (struct wire_view){batch->rows, wire_written(&body)};
}

/* feed.h: the order of its fields, octet for octet */
static void row_has_the_agreed_layout(void **state)
{
	uint8_t expected[FEED_ROW_OCTETS];
	uint8_t written[FEED_ROW_OCTETS];
	struct feed_row row = row_of(FEED_SET, 3, 5);
	struct feed_row read;
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	struct wire_reader reader = wire_reader_of(expected, sizeof(expected));

	(void)state;
	assert_int_equal(hex_decode(ROW_HEX, expected, sizeof(expected)), FEED_ROW_OCTETS);
	feed_row_write(&writer, &row);
	assert_octets(written, wire_written(&writer), expected, sizeof(expected));
	assert_int_equal(feed_row_read(&reader, &read), 0);
	assert_true(wire_complete(&reader));
	assert_int_equal(read.port, 4183);
	assert_int_equal(read.inner_mtu_bytes, 1452);
	assert_true(read.expiry_unix_ms == 1800000000000);
	assert_octets(read.key, 16, row.key, 16);
}

/* C-2 */
static void row_refuses_what_is_not_one(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 0}, {0, 5}, {2, 0}, {2, 129}, {2, 32}, {7, 0}, {15, 0}};
	uint8_t bytes[FEED_ROW_OCTETS];
	struct feed_row row;

	(void)state;
	hex_decode(ROW_HEX, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t broken[FEED_ROW_OCTETS];
		struct wire_reader reader = wire_reader_of(broken, sizeof(broken));

		memcpy(broken, bytes, sizeof(broken));
		broken[wrong[i].at] = wrong[i].value;
		assert_int_equal(feed_row_read(&reader, &row), -EBADMSG);
	}
	for (size_t octets = 0; octets < FEED_ROW_OCTETS; octets++) {
		struct wire_reader reader = wire_reader_of(bytes, octets);

		assert_int_equal(feed_row_read(&reader, &row), -EBADMSG);
	}
}

static void batch_makes_the_round(void **state)
{
	static struct batch batch;
	static struct feed_message message;
	const struct feed_range ranges[] = {{3, 2, 5, 6}, {9, 2, 1, 1}};
	struct feed_row rows[] = {row_of(FEED_SET, 3, 5), row_of(FEED_SET, 9, 1), row_of(FEED_WITHDRAW, 3, 6)};
	struct wire_reader reader;
	struct feed_row row;

	(void)state;
	batch_of(&batch, ranges, 2, rows, 3);
	assert_int_equal(feed_message_read(batch.frames, 2, &message), 0);
	assert_int_equal(message.kind, FEED_BATCH);
	assert_int_equal(message.shards, 2);
	assert_true(message.clock_unix_ms == 42);
	assert_true(message.ranges[0].first == 5 && message.ranges[0].last == 6);
	reader = wire_reader_of_view(message.rows);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(feed_row_read(&reader, &row), 0);
		assert_int_equal(row.shard, rows[i].shard);
		assert_int_equal(row.operation, rows[i].operation);
	}
	assert_true(wire_complete(&reader));
}

/* A batch that claims other versions than its rows have could hide a gap: all or nothing. */
static void batch_refuses_rows_that_disagree_with_its_head(void **state)
{
	static struct batch batch;
	static struct feed_message message;
	struct feed_row rows[] = {row_of(FEED_SET, 3, 5), row_of(FEED_SET, 3, 6)};
	struct feed_row swapped[] = {rows[1], rows[0]};
	const struct feed_range right = {3, 2, 5, 6};
	const struct feed_range wrong[] = {{3, 2, 4, 6}, {3, 2, 5, 7}, {3, 2, 5, 5},          {4, 2, 5, 6},
	                                   {3, 1, 5, 6}, {3, 2, 6, 5}, {3, 2, 5, UINT64_MAX}, {3, 0, 5, 6}};
	const struct feed_range twice[] = {{3, 2, 5, 6}, {3, 2, 5, 6}};
	const struct feed_range unordered[] = {{4, 2, 1, 1}, {3, 2, 5, 6}};

	(void)state;
	batch_of(&batch, &right, 1, rows, 2);
	assert_int_equal(feed_message_read(batch.frames, 2, &message), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		batch_of(&batch, &wrong[i], 1, rows, 2);
		assert_int_equal(feed_message_read(batch.frames, 2, &message), -EBADMSG);
	}
	batch_of(&batch, twice, 2, rows, 2);
	assert_int_equal(feed_message_read(batch.frames, 2, &message), -EBADMSG);
	batch_of(&batch, unordered, 2, rows, 2);
	assert_int_equal(feed_message_read(batch.frames, 2, &message), -EBADMSG);
	batch_of(&batch, &right, 1, swapped, 2);
	assert_int_equal(feed_message_read(batch.frames, 2, &message), -EBADMSG);
}

static struct feed_row rates_of(uint8_t shard, uint64_t sequence)
{
	struct feed_row row = row_of(FEED_RATES, shard, sequence);

	row.tunnel_kind = 0;
	row.up = (struct feed_rate){.octets_per_s = 125000, .burst_octets = 3000, .excess_octets = 1500};
	row.down = (struct feed_rate){0};
	return row;
}

/* feed.h: the body of a row of rates, octet for octet */
static void rates_have_the_agreed_layout(void **state)
{
	static const char hex[] = "04034000 00000002 0000000000000005 20010db800aa00070000000000000000"
	                          "000000000001e848 00000bb8 000005dc 0000000000000000 00000000 00000000";
	uint8_t expected[FEED_ROW_OCTETS], written[FEED_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	struct wire_reader reader = wire_reader_of(expected, sizeof(expected));
	struct feed_row row = rates_of(3, 5), read;

	(void)state;
	assert_int_equal(hex_decode(hex, expected, sizeof(expected)), FEED_ROW_OCTETS);
	feed_row_write(&writer, &row);
	assert_octets(written, wire_written(&writer), expected, sizeof(expected));
	assert_int_equal(feed_row_read(&reader, &read), 0);
	assert_true(read.up.octets_per_s == 125000 && read.up.burst_octets == 3000 && read.up.excess_octets == 1500);
	expected[47 - 4] = expected[47 - 5] = 0; /* no burst: nothing would ever pass */
	memset(expected + 40, 0, 4);
	reader = wire_reader_of(expected, sizeof(expected));
	assert_int_equal(feed_row_read(&reader, &read), -EBADMSG);
}

static int batch_result(const struct feed_row *rows, size_t count)
{
	static struct batch batch;
	static struct feed_message message;
	const struct feed_range ranges[] = {{3, 2, 5, 6}, {9, 2, 1, 1}};

	batch_of(&batch, ranges, 2, rows, count);
	return feed_message_read(batch.frames, 2, &message);
}

/* Extra rows count as no change, stand directly behind their row, are of its key and version, rates last. */
static void extra_rows_belong_to_the_row_before(void **state)
{
	struct feed_row rows[] = {row_of(FEED_SET, 3, 5), row_of(FEED_CARE_OF, 3, 5), row_of(FEED_CARE_OF, 3, 5),
	                          rates_of(3, 5),         row_of(FEED_SET, 9, 1),     rates_of(9, 1),
	                          row_of(FEED_SET, 3, 6)};
	struct feed_row many[3 + FEED_EXTRA_ROWS_MAX + 1] = {row_of(FEED_SET, 3, 5), row_of(FEED_SET, 9, 1),
	                                                     row_of(FEED_SET, 3, 6)};
	struct feed_row other[7];
	uint8_t octets[sizeof(rows) / sizeof(rows[0]) * FEED_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	(void)state;
	assert_int_equal(batch_result(rows, 7), 0);
	for (size_t i = 0; i < 7; i++)
		feed_row_write(&writer, &rows[i]);
	assert_int_equal(feed_rows_changes((struct wire_view){octets, sizeof(octets)}), 3);
	memcpy(other, rows, sizeof(rows)); /* of another version */
	other[1].version.sequence = 6;
	assert_int_equal(batch_result(other, 7), -EBADMSG);
	memcpy(other, rows, sizeof(rows)); /* of another key */
	other[2].key[7] ^= 1;
	assert_int_equal(batch_result(other, 7), -EBADMSG);
	memcpy(other, rows, sizeof(rows)); /* behind a withdrawal */
	other[0].operation = FEED_WITHDRAW;
	assert_int_equal(batch_result(other, 7), -EBADMSG);
	memcpy(other, rows, sizeof(rows)); /* rates and then one more */
	other[2] = rows[3];
	other[3] = rows[2];
	assert_int_equal(batch_result(other, 7), -EBADMSG);
	memcpy(other, rows, sizeof(rows)); /* behind a row of another shard */
	other[3] = rows[4];
	other[4] = rows[3];
	assert_int_equal(batch_result(other, 7), -EBADMSG);
	assert_int_equal(batch_result(rows + 1, 6), -EBADMSG); /* behind none */
	for (size_t i = 3; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = row_of(FEED_CARE_OF, 3, 6);
	assert_int_equal(batch_result(many, 3 + FEED_EXTRA_ROWS_MAX), 0);
	assert_int_equal(batch_result(many, 3 + FEED_EXTRA_ROWS_MAX + 1), -EBADMSG);
}

static void weights_are_at_least_one(void **state)
{
	struct feed_row row = row_of(FEED_SET, 3, 5);

	(void)state;
	assert_int_equal(feed_row_weight(&row), 1);
	row.flags |= 300u << FEED_WEIGHT_SHIFT;
	assert_int_equal(feed_row_weight(&row), 300);
}

/* C-2: version octet, number of frames, lengths */
static void messages_refuse_wrong_frames(void **state)
{
	static struct batch batch;
	static struct feed_message message;
	struct feed_row row = row_of(FEED_SET, 3, 5);
	const struct feed_range range = {3, 2, 5, 5};
	struct wire_view frames[3];

	(void)state;
	batch_of(&batch, &range, 1, &row, 1);
	memcpy(frames, batch.frames, sizeof(batch.frames));
	assert_int_equal(feed_message_read(frames, 0, &message), -EBADMSG);
	assert_int_equal(feed_message_read(frames, 1, &message), -EBADMSG);
	assert_int_equal(feed_message_read(frames, 3, &message), -EBADMSG);
	for (size_t octets = 0; octets < batch.frames[0].octets; octets++) {
		frames[0].octets = octets;
		assert_int_equal(feed_message_read(frames, 2, &message), -EBADMSG);
	}
	frames[0].octets = batch.frames[0].octets + 1; /* over-long */
	assert_int_equal(feed_message_read(frames, 2, &message), -EBADMSG);
	frames[0].octets = batch.frames[0].octets;
	frames[1].octets = FEED_ROW_OCTETS - 1;
	assert_int_equal(feed_message_read(frames, 2, &message), -EBADMSG);
	frames[1].octets = (FEED_ROWS_MAX + 1) * FEED_ROW_OCTETS; /* refused before it is read */
	assert_int_equal(feed_message_read(frames, 2, &message), -EBADMSG);
	frames[1].octets = FEED_ROW_OCTETS;
	batch.head[0] = 2;
	assert_int_equal(feed_message_read(frames, 2, &message), -EPROTONOSUPPORT);
	batch.head[0] = 1;
	batch.head[1] = 4;
	assert_int_equal(feed_message_read(frames, 2, &message), -EPROTONOSUPPORT);
	batch.head[1] = 1;
	wire_store_u16(batch.head + 2, 257);
	assert_int_equal(feed_message_read(frames, 2, &message), -EBADMSG);
}

static void heads_make_the_round(void **state)
{
	static struct feed_message message;
	static struct feed_range heads[FEED_SHARDS];
	static uint8_t bytes[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(bytes, sizeof(bytes));
	struct wire_view frame;

	(void)state;
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		heads[i] = (struct feed_range){.shard = (uint8_t)i, .epoch = 7, .last = i * 10ull};
	feed_heads_write(&writer, FEED_HEARTBEAT, 99, heads, FEED_SHARDS);
	frame = (struct wire_view){bytes, wire_written(&writer)};
	assert_int_equal(frame.octets, 12 + 256 * 16);
	assert_int_equal(feed_message_read(&frame, 1, &message), 0);
	assert_int_equal(message.kind, FEED_HEARTBEAT);
	assert_int_equal(message.shards, FEED_SHARDS);
	assert_true(message.ranges[255].last == 2550 && message.ranges[255].epoch == 7);
	frame.octets--;
	assert_int_equal(feed_message_read(&frame, 1, &message), -EBADMSG);
}

static void versions_are_ordered_by_epoch_first(void **state)
{
	(void)state;
	assert_true(feed_version_compare((struct feed_version){1, 900}, (struct feed_version){2, 0}) < 0);
	assert_true(feed_version_compare((struct feed_version){2, 1}, (struct feed_version){2, 0}) > 0);
	assert_int_equal(feed_version_compare((struct feed_version){2, 1}, (struct feed_version){2, 1}), 0);
}

static void keys_are_masked(void **state)
{
	static const uint8_t lengths[] = {0, 1, 8, 56, 63, 64, 127, 128};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths); i++) {
		uint8_t key[16];

		memset(key, 0xff, sizeof(key));
		feed_key_mask(key, lengths[i]);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(key[bit / 8] >> (7 - bit % 8) & 1, bit < lengths[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(row_has_the_agreed_layout),
	        cmocka_unit_test(row_refuses_what_is_not_one),
	        cmocka_unit_test(batch_makes_the_round),
	        cmocka_unit_test(batch_refuses_rows_that_disagree_with_its_head),
	        cmocka_unit_test(rates_have_the_agreed_layout),
	        cmocka_unit_test(extra_rows_belong_to_the_row_before),
	        cmocka_unit_test(weights_are_at_least_one),
	        cmocka_unit_test(messages_refuse_wrong_frames),
	        cmocka_unit_test(heads_make_the_round),
	        cmocka_unit_test(versions_are_ordered_by_epoch_first),
	        cmocka_unit_test(keys_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
