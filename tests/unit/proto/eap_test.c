// SPDX-License-Identifier: BSD-3-Clause
#include "eap.h"

#include <string.h>
#include "vectors.h"

/* Every packet of the transcripts reads and is written again octet for octet. */
static void transcripts_of_hostapd_read_and_write(void **state)
{
	json_t *root = vectors_load("eap_radius_transcripts_hostapd.json");
	const char *name;
	json_t *run;

	(void)state;
	json_object_foreach(vectors_at(root, "runs"), name, run)
	{
		json_t *message;
		size_t index;

		json_array_foreach(vectors_at(run, "transcript"), index, message)
		{
			uint8_t octets[2048], again[2048];
			size_t length = vectors_hex(message, "eap", octets, sizeof(octets));
			struct wire_writer writer = wire_writer_of(again, sizeof(again));
			struct eap_packet packet;

			assert_int_equal(eap_read(octets, length, &packet), 0);
			eap_write(&writer, packet.code, packet.identifier, packet.type, packet.data.bytes,
			          packet.data.octets);
			assert_octets(again, wire_written(&writer), octets, length);
		}
	}
	json_decref(root);
}

static void refuses_what_is_no_packet(void **state)
{
	static const struct {
		const char *hex;
		int result;
	} cases[] = {
	        {"", -1},
	        {"0101", -1},
	        {"01010004", -1}, /* a request without a type */
	        {"0101000501", 0},
	        {"0101000601", -1},
	        {"0501000501", -1},
	        {"0001000501", -1},
	        {"03010004", 0},
	        {"0301000501", -1},
	        {"010100050133", 0},
	        {"0101000300", -1},
	        {"0101000500", -1},
	        {"0401000400000000", 0},
	};
	struct eap_packet packet;
	uint8_t octets[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = hex_decode(cases[i].hex, octets, sizeof(octets));
		int result = eap_read(octets, length, &packet);

		if ((result == 0) != (cases[i].result == 0))
			fail_msg("%s: %d", cases[i].hex, result);
	}
}

/* RFC 3748 4: octets outside the range of the length field are padding and ignored. */
static void padding_behind_the_length_is_ignored(void **state)
{
	struct eap_packet packet;

	(void)state;
	assert_int_equal(eap_read("\x02\x07\x00\x06\x01x\0\0", 8, &packet), 0);
	assert_int_equal(packet.octets.octets, 6);
	assert_octets(packet.data.bytes, packet.data.octets, "x", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(transcripts_of_hostapd_read_and_write),
	        cmocka_unit_test(refuses_what_is_no_packet),
	        cmocka_unit_test(padding_behind_the_length_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
