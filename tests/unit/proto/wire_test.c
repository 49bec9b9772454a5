// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"
#include "wire.h"

static void reader_walks_and_completes(void **state)
{
	static const uint8_t bytes[] = {1, 0x02, 0x03, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct wire_reader reader = wire_reader_of(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(wire_read_u8(&reader), 1);
	assert_int_equal(wire_read_u16(&reader), 0x0203);
	assert_int_equal(wire_read_u32(&reader), 0x04050607);
	assert_false(wire_complete(&reader));
	assert_true(wire_read_u64(&reader) == 0x08090a0b0c0d0e0full);
	assert_true(wire_complete(&reader));
}

static void reader_error_is_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	uint8_t copy[4] = {9, 9, 9, 9};
	struct wire_reader reader = wire_reader_of(bytes, 3);

	(void)state;
	assert_int_equal(wire_read_u32(&reader), 0);
	assert_true(reader.failed);
	assert_int_equal(wire_remaining(&reader), 0);
	assert_int_equal(wire_read_u8(&reader), 0);
	wire_read_copy(&reader, copy, sizeof(copy));
	assert_octets(copy, 4, "\0\0\0\0", 4);
	assert_null(wire_read_bytes(&reader, 0));
	assert_false(wire_complete(&reader));
}

static void reader_part_is_bounded(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4};
	struct wire_reader reader = wire_reader_of(bytes, sizeof(bytes));
	struct wire_reader part = wire_read_part(&reader, 2);

	(void)state;
	assert_int_equal(wire_read_u16(&part), 0x0102);
	assert_int_equal(wire_read_u8(&part), 0);
	assert_true(part.failed);
	assert_false(reader.failed);
	assert_int_equal(wire_read_u16(&reader), 0x0304);
	part = wire_read_part(&reader, 1);
	assert_true(part.failed);
	assert_true(reader.failed);
	part = wire_reader_of(NULL, 0);
	assert_true(wire_complete(&part));
}

static void huge_length_does_not_wrap(void **state)
{
	static const uint8_t bytes[] = {1, 2};
	struct wire_reader reader = wire_reader_of(bytes, sizeof(bytes));
	uint8_t buffer[2];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	assert_null(wire_read_bytes(&reader, SIZE_MAX));
	assert_true(reader.failed);
	assert_null(wire_write_space(&writer, SIZE_MAX));
	assert_true(writer.failed);
}

static void writer_writes_and_patches(void **state)
{
	uint8_t buffer[16];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	wire_write_u16(&writer, 0);
	wire_write_u8(&writer, 0xaa);
	wire_write_zeros(&writer, 1);
	wire_write_u64(&writer, 0x0102030405060708ull);
	wire_patch_u16(&writer, 0, 0x000c);
	assert_octets(buffer, wire_written(&writer), "\x00\x0c\xaa\x00\x01\x02\x03\x04\x05\x06\x07\x08", 12);
}

static void writer_error_is_sticky(void **state)
{
	uint8_t buffer[5] = {0};
	struct wire_writer writer = wire_writer_of(buffer, 3);

	(void)state;
	wire_write_u32(&writer, 0xffffffff);
	assert_true(writer.failed);
	wire_write_u8(&writer, 1);
	assert_int_equal(wire_written(&writer), 0);
	assert_octets(buffer, 5, "\0\0\0\0\0", 5);
	writer = wire_writer_of(buffer, 4);
	wire_write_u8(&writer, 1);
	wire_patch_u16(&writer, 0, 7);
	assert_true(writer.failed);
}

/* The example of RFC 1071 section 3: the sum is ddf2. */
static void checksum_of_rfc1071(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(wire_checksum_end(wire_checksum_add(0, bytes, sizeof(bytes))), (uint16_t)~0xddf2);
	assert_int_equal(wire_checksum_end(wire_checksum_add(wire_checksum_add(0, bytes, 4), bytes + 4, 4)),
	                 (uint16_t)~0xddf2);
	assert_int_equal(wire_checksum_end(wire_checksum_add(0, "\x12", 1)), (uint16_t)~0x1200);
}

/* The example of RFC 1624 section 4. */
static void checksum_of_rfc1624(void **state)
{
	(void)state;
	assert_int_equal(wire_checksum_change(0xdd2f, 0x5555, 0x3285), 0x0000);
	for (unsigned word = 0; word < 0x10000; word += 0x101) {
		uint8_t bytes[] = {0x45, 0x00, 0x40, 0x11};
		uint16_t before = wire_checksum_end(wire_checksum_add(0, bytes, sizeof(bytes)));

		wire_store_u16(bytes + 2, (uint16_t)word);
		assert_int_equal(wire_checksum_change(before, 0x4011, (uint16_t)word),
		                 wire_checksum_end(wire_checksum_add(0, bytes, sizeof(bytes))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reader_walks_and_completes), cmocka_unit_test(reader_error_is_sticky),
	        cmocka_unit_test(reader_part_is_bounded),     cmocka_unit_test(huge_length_does_not_wrap),
	        cmocka_unit_test(writer_writes_and_patches),  cmocka_unit_test(writer_error_is_sticky),
	        cmocka_unit_test(checksum_of_rfc1071),        cmocka_unit_test(checksum_of_rfc1624),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
