// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>

#include "punt.h"
#include "vectors.h"

static const uint8_t KEY[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0, 7};
static const uint8_t CARE_OF[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x0c, [15] = 9};

struct octets {
	uint8_t head[PUNT_DOWN_HEAD_OCTETS];
	uint8_t body[512];
	struct wire_view frames[3];
	struct wire_writer writer; /* of the body */
};

static void begin(struct octets *octets, enum punt_up_kind kind, uint8_t packet_class)
{
	struct wire_writer head = wire_writer_of(octets->head, sizeof(octets->head));

	punt_up_head_write(&head, kind, packet_class, 1700000000123);
	octets->frames[0] = (struct wire_view){octets->head, wire_written(&head)};
	octets->writer = wire_writer_of(octets->body, sizeof(octets->body));
}

static void end(struct octets *octets)
{
	octets->frames[1] = (struct wire_view){octets->body, wire_written(&octets->writer)};
}

/* C-2: every length but the right ones is refused. */
static void assert_only_whole(struct octets *octets)
{
	struct wire_view whole[2] = {octets->frames[0], octets->frames[1]};
	struct punt_up up;

	assert_int_equal(punt_up_read(whole, 2, &up), 0);
	for (size_t length = 0; length < octets->frames[0].octets; length++) {
		whole[0].octets = length;
		assert_int_equal(punt_up_read(whole, 2, &up), -EBADMSG);
	}
	whole[0].octets = octets->frames[0].octets + 1;
	assert_int_equal(punt_up_read(whole, 2, &up), -EBADMSG);
	whole[0].octets--;
	assert_int_equal(punt_up_read(whole, 0, &up), -EBADMSG);
	assert_int_equal(punt_up_read(whole, 1, &up), -EBADMSG);
	assert_int_equal(punt_up_read(octets->frames, 3, &up), -EBADMSG);
	octets->head[0] = 2;
	assert_int_equal(punt_up_read(whole, 2, &up), -EPROTONOSUPPORT);
	octets->head[0] = 1;
}

static void assert_body_length_is_fixed(struct octets *octets)
{
	struct wire_view frames[2] = {octets->frames[0], octets->frames[1]};
	struct punt_up up;

	for (size_t length = 0; length < octets->frames[1].octets; length++) {
		frames[1].octets = length;
		assert_int_equal(punt_up_read(frames, 2, &up), -EBADMSG);
	}
	frames[1].octets = octets->frames[1].octets + 1;
	assert_int_equal(punt_up_read(frames, 2, &up), -EBADMSG);
}

static void packets_make_the_round(void **state)
{
	static uint8_t large[PUNT_PACKET_MAX + 1];
	struct octets octets;
	struct punt_up up;

	(void)state;
	begin(&octets, PUNT_PACKET, PUNT_CLASS_MOBILITY_HEADER);
	wire_write_bytes(&octets.writer, "packet", 6);
	end(&octets);
	assert_only_whole(&octets);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), 0);
	assert_int_equal(up.kind, PUNT_PACKET);
	assert_int_equal(up.packet_class, PUNT_CLASS_MOBILITY_HEADER);
	assert_true(up.time_unix_ms == 1700000000123);
	assert_octets(up.packet.bytes, up.packet.octets, "packet", 6);
	octets.frames[1].octets = 0;
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
	octets.frames[1] = (struct wire_view){large, sizeof(large)};
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
}

static void usage_makes_the_round(void **state)
{
	struct punt_usage_row row = {.shard = 3,
	                             .key_length = 64,
	                             .version = {7, 1ull << 33},
	                             .up_packets = 1,
	                             .up_octets = 100,
	                             .down_packets = 2,
	                             .down_octets = 1ull << 40};
	struct punt_usage_row read;
	struct octets octets;
	struct punt_up up;
	struct wire_reader rows;

	(void)state;
	memcpy(row.key, KEY, sizeof(KEY));
	begin(&octets, PUNT_USAGE, 0);
	punt_usage_begin_write(&octets.writer, 0x1122334455667788);
	punt_usage_row_write(&octets.writer, &row);
	punt_usage_row_write(&octets.writer, &row);
	end(&octets);
	assert_int_equal(octets.frames[1].octets, PUNT_USAGE_HEAD_OCTETS + 2 * PUNT_USAGE_ROW_OCTETS);
	assert_only_whole(&octets);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), 0);
	assert_true(up.usage.boot == 0x1122334455667788);
	rows = wire_reader_of_view(up.usage.rows);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(punt_usage_row_read(&rows, &read), 0);
		assert_octets(read.key, 16, KEY, 16);
		assert_true(read.version.epoch == 7 && read.version.sequence == 1ull << 33);
		assert_true(read.up_packets == 1 && read.up_octets == 100);
		assert_true(read.down_packets == 2 && read.down_octets == 1ull << 40);
	}
	assert_true(wire_complete(&rows));
	octets.frames[1].octets--;
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
	octets.frames[1].octets = PUNT_USAGE_HEAD_OCTETS + (PUNT_USAGE_ROWS_MAX + 1) * PUNT_USAGE_ROW_OCTETS;
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG); /* refused before it is read */
	octets.frames[1].octets = PUNT_USAGE_HEAD_OCTETS + PUNT_USAGE_ROW_OCTETS;
	octets.body[PUNT_USAGE_HEAD_OCTETS + 1] = 129;
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
}

/* C-5 */
static void status_makes_the_round(void **state)
{
	const struct punt_status status = {.boot = 1ull << 60,
	                                   .shards = 256,
	                                   .shards_complete = 250,
	                                   .in_sync = true,
	                                   .lag_rows = 11,
	                                   .rows_applied = 1ull << 40,
	                                   .gaps = 12,
	                                   .asks = 13,
	                                   .snapshots = 14,
	                                   .bindings = 15,
	                                   .rows_waiting = 16,
	                                   .name = "dp1"};
	struct octets octets;
	struct punt_up up;

	(void)state;
	begin(&octets, PUNT_STATUS, 0);
	punt_status_write(&octets.writer, &status);
	end(&octets);
	assert_only_whole(&octets);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), 0);
	assert_int_equal(up.kind, PUNT_STATUS);
	assert_true(up.status.boot == status.boot && up.status.rows_applied == status.rows_applied);
	assert_true(up.status.shards == 256 && up.status.shards_complete == 250 && up.status.in_sync);
	assert_true(up.status.lag_rows == 11 && up.status.gaps == 12 && up.status.asks == 13);
	assert_true(up.status.snapshots == 14 && up.status.bindings == 15 && up.status.rows_waiting == 16);
	assert_string_equal(up.status.name, "dp1");
	octets.body[12] = 2; /* neither in sync nor not */
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
}

static void path_mtu_makes_the_round(void **state)
{
	struct punt_path_mtu path_mtu = {.shard = 3,
	                                 .key_length = 64,
	                                 .path_mtu_bytes = 1400,
	                                 .port = 40001,
	                                 .tunnel_kind = FEED_TUNNEL_IP4_IN_UDP4};
	struct octets octets;
	struct punt_up up;

	(void)state;
	memcpy(path_mtu.key, KEY, sizeof(KEY));
	memcpy(path_mtu.care_of_address, CARE_OF, sizeof(CARE_OF));
	begin(&octets, PUNT_PATH_MTU, 0);
	punt_path_mtu_write(&octets.writer, &path_mtu);
	end(&octets);
	assert_int_equal(octets.frames[1].octets, PUNT_PATH_MTU_OCTETS);
	assert_only_whole(&octets);
	assert_body_length_is_fixed(&octets);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), 0);
	assert_int_equal(up.path_mtu.path_mtu_bytes, 1400);
	assert_int_equal(up.path_mtu.port, 40001);
	assert_int_equal(up.path_mtu.tunnel_kind, FEED_TUNNEL_IP4_IN_UDP4);
	assert_octets(up.path_mtu.key, 16, KEY, 16);
	assert_octets(up.path_mtu.care_of_address, 16, CARE_OF, 16);
	wire_store_u16(octets.body + 2, 67);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), -EBADMSG);
}

static void events_make_the_round(void **state)
{
	struct punt_event_report event = {.event = PUNT_EVENT_TABLE_FULL, .shard = 3, .key_length = 64, .value = 17};
	struct octets octets;
	struct punt_up up;

	(void)state;
	memcpy(event.key, KEY, sizeof(KEY));
	begin(&octets, PUNT_EVENT, 0);
	punt_event_write(&octets.writer, &event);
	end(&octets);
	assert_int_equal(octets.frames[1].octets, PUNT_EVENT_OCTETS);
	assert_only_whole(&octets);
	assert_body_length_is_fixed(&octets);
	assert_int_equal(punt_up_read(octets.frames, 2, &up), 0);
	assert_int_equal(up.event.event, PUNT_EVENT_TABLE_FULL);
	assert_true(up.event.value == 17);
	assert_octets(up.event.key, 16, KEY, 16);
}

/* architecture.md 2: "not before (shard, version)" */
static void injections_make_the_round(void **state)
{
	struct octets octets;
	struct punt_down down;
	struct wire_writer head = wire_writer_of(octets.head, sizeof(octets.head));

	(void)state;
	punt_inject_head_write(&head, 200, (struct feed_version){2, 6});
	assert_int_equal(wire_written(&head), PUNT_DOWN_HEAD_OCTETS);
	octets.frames[0] = (struct wire_view){octets.head, wire_written(&head)};
	octets.frames[1] = (struct wire_view){(const uint8_t *)"packet", 6};
	assert_int_equal(punt_down_read(octets.frames, 2, &down), 0);
	assert_int_equal(down.shard, 200);
	assert_int_equal(feed_version_compare(down.not_before, (struct feed_version){2, 6}), 0);
	assert_octets(down.packet.bytes, down.packet.octets, "packet", 6);
	for (size_t length = 0; length < PUNT_DOWN_HEAD_OCTETS; length++) {
		octets.frames[0].octets = length;
		assert_int_equal(punt_down_read(octets.frames, 2, &down), -EBADMSG);
	}
	octets.frames[0].octets = PUNT_DOWN_HEAD_OCTETS;
	assert_int_equal(punt_down_read(octets.frames, 1, &down), -EBADMSG);
	octets.frames[1].octets = 0;
	assert_int_equal(punt_down_read(octets.frames, 2, &down), -EBADMSG);
	octets.head[1] = 2;
	assert_int_equal(punt_down_read(octets.frames, 2, &down), -EPROTONOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(packets_make_the_round), cmocka_unit_test(usage_makes_the_round),
	        cmocka_unit_test(status_makes_the_round), cmocka_unit_test(path_mtu_makes_the_round),
	        cmocka_unit_test(events_make_the_round),  cmocka_unit_test(injections_make_the_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
