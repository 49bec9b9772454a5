// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"

#include <errno.h>
#include "vectors.h"

static void reads_what_it_writes(void **state)
{
	const struct command_envelope answer = {COMMAND_VERSION, COMMAND_ANSWER, COMMAND_FAILED, 0x01020304};
	struct command_envelope read;
	uint8_t bytes[COMMAND_ENVELOPE_OCTETS];

	(void)state;
	command_envelope_write(&answer, bytes);
	assert_octets(bytes, sizeof(bytes), "\x01\x02\x00\x01\x01\x02\x03\x04", 8);
	assert_int_equal(command_envelope_read(bytes, sizeof(bytes), &read), 0);
	assert_int_equal(read.status, COMMAND_FAILED);
	assert_int_equal(read.request, 0x01020304);
}

static void refuses_what_is_no_envelope(void **state)
{
	struct command_envelope read;

	(void)state;
	assert_int_equal(command_envelope_read("\x01\x01\0\0\0\0\0", 7, &read), -EINVAL);
	assert_int_equal(command_envelope_read("\x01\x01\0\0\0\0\0\0\0", 9, &read), -EINVAL);
	assert_int_equal(command_envelope_read("\x01\x03\0\0\0\0\0\0", 8, &read), -EINVAL);
	assert_int_equal(command_envelope_read("\x01\x01\0\1\0\0\0\0", 8, &read), -EINVAL);
	assert_int_equal(command_envelope_read("\x01\x02\0\2\0\0\0\0", 8, &read), -EINVAL);
	assert_int_equal(command_envelope_read("\x02\x01\0\0\0\0\0\x09", 8, &read), -EPROTO);
	assert_int_equal(read.version, 2);
	assert_int_equal(read.request, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_what_it_writes),
	        cmocka_unit_test(refuses_what_is_no_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
