// SPDX-License-Identifier: BSD-3-Clause
#include "radius.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

/* the pieces join to the packet that the transcript names; the Message-Authenticator is found wherever it stands.
 */
static void transcripts_of_hostapd_read(void **state)
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
			uint8_t octets[RADIUS_PACKET_MAX], eap[2048], joined[2048];
			size_t length = vectors_hex(message, "radius", octets, sizeof(octets));
			size_t eap_octets = vectors_hex(message, "eap", eap, sizeof(eap));
			struct radius_packet packet;

			assert_int_equal(radius_read(octets, length, &packet), 0);
			assert_true(packet.message_authenticator > RADIUS_HEADER_OCTETS);
			assert_octets(joined, radius_eap_message(&packet, joined, sizeof(joined)), eap, eap_octets);
		}
	}
	json_decref(root);
}

static void reads_vendor_attributes_of_the_accept(void **state)
{
	json_t *root = vectors_load("radius.json");
	uint8_t octets[RADIUS_PACKET_MAX];
	size_t length = vectors_hex(root, "mppe_generated/access_accept", octets, sizeof(octets));
	struct radius_packet packet;

	(void)state;
	assert_int_equal(radius_read(octets, length, &packet), 0);
	assert_int_equal(packet.code, RADIUS_ACCESS_ACCEPT);
	assert_int_equal(packet.message_authenticator, RADIUS_HEADER_OCTETS + 2);
	assert_int_equal(radius_find(&packet, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY).octets, 50);
	assert_int_equal(radius_find(&packet, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY).octets, 50);
	assert_null(radius_find(&packet, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI).bytes);
	assert_int_equal(radius_count(&packet, 0, RADIUS_EAP_MESSAGE), 1);
	json_decref(root);
}

static void builds_what_it_reads(void **state)
{
	static const uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS] = {1, 2, 3};
	uint8_t octets[RADIUS_PACKET_MAX], eap[600], joined[600];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	struct radius_packet packet;
	struct wire_view imsi;
	uint32_t timeout_s;
	size_t at, length;

	(void)state;
	memset(eap, 0x5a, sizeof(eap));
	radius_begin(&writer, RADIUS_ACCESS_ACCEPT, 7, authenticator);
	at = radius_message_authenticator_write(&writer);
	radius_attribute_write_u32(&writer, RADIUS_SESSION_TIMEOUT, 3600);
	radius_vendor_write(&writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, "001010000000001", 15);
	radius_eap_message_write(&writer, eap, sizeof(eap));
	length = radius_end(&writer);
	assert_int_equal(radius_read(octets, length, &packet), 0);
	assert_int_equal(packet.identifier, 7);
	assert_int_equal(packet.message_authenticator, at);
	assert_true(radius_find_u32(&packet, 0, RADIUS_SESSION_TIMEOUT, &timeout_s));
	assert_int_equal(timeout_s, 3600);
	imsi = radius_find(&packet, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI);
	assert_octets(imsi.bytes, imsi.octets, "001010000000001", 15);
	assert_int_equal(radius_count(&packet, 0, RADIUS_EAP_MESSAGE), 3);
	assert_octets(joined, radius_eap_message(&packet, joined, sizeof(joined)), eap, sizeof(eap));
	assert_int_equal(radius_eap_message(&packet, joined, sizeof(joined) - 1), 0);
}

static int read_attributes(const char *hex)
{
	uint8_t octets[512] = {RADIUS_ACCESS_REQUEST, 1, 0, 0};
	size_t length = RADIUS_HEADER_OCTETS + hex_decode(hex, octets + RADIUS_HEADER_OCTETS, 400);
	struct radius_packet packet;

	octets[3] = (uint8_t)length;
	return radius_read(octets, length, &packet);
}

static void refuses_malformed_attributes(void **state)
{
	static const char authenticator[] = "501200000000000000000000000000000000";
	char twice[128];

	(void)state;
	assert_int_equal(read_attributes(""), 0);
	assert_int_equal(read_attributes("0103"), -EBADMSG); /* past the end */
	assert_int_equal(read_attributes("0101"), -EBADMSG); /* shorter than its head */
	assert_int_equal(read_attributes("01"), -EBADMSG);
	assert_int_equal(read_attributes("0102"), 0);
	assert_int_equal(read_attributes("4f03024f0301"), 0); /* two pieces, together */
	assert_int_equal(read_attributes("4f0302010361"
	                                 "4f0301"),
	                 -EBADMSG); /* apart */
	assert_int_equal(read_attributes(authenticator), 0);
	assert_int_equal(read_attributes("501100000000000000000000000000000000"), -EBADMSG);
	snprintf(twice, sizeof(twice), "%s%s", authenticator, authenticator);
	assert_int_equal(read_attributes(twice), -EBADMSG);
	assert_int_equal(read_attributes("1a0400"
	                                 "00"),
	                 0); /* a vendor attribute too short for a vendor: passed on */
}

static void refuses_wrong_lengths(void **state)
{
	uint8_t octets[64] = {1, 1, 0, 20};
	struct radius_packet packet;

	(void)state;
	assert_int_equal(radius_read(octets, 19, &packet), -EBADMSG);
	assert_int_equal(radius_read(octets, 20, &packet), 0);
	assert_int_equal(radius_read(octets, 64, &packet), 0); /* RFC 2865 3: padding */
	assert_int_equal(packet.octets.octets, 20);
	octets[3] = 21;
	assert_int_equal(radius_read(octets, 20, &packet), -EBADMSG);
	octets[3] = 19;
	assert_int_equal(radius_read(octets, 20, &packet), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(transcripts_of_hostapd_read), cmocka_unit_test(reads_vendor_attributes_of_the_accept),
	        cmocka_unit_test(builds_what_it_reads),        cmocka_unit_test(refuses_malformed_attributes),
	        cmocka_unit_test(refuses_wrong_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
