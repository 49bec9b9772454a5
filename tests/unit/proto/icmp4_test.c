// SPDX-License-Identifier: BSD-3-Clause
/* The packets were made by scapy 2.5.0. */
#include <arpa/inet.h>
#include <errno.h>

#include "icmp4.h"
#include "vectors.h"

static const char echo[] = "450000210000400040014e9dc633640ac00002010800ec07123400016461746121";
static const char needed[] =
        "450000380000400040014d96c63364fac00002010304451b00000578450005dc0000400040113708c0000201cb007107"
        "105f9c4105c80000";

static uint8_t bytes[128], written[ICMPV4_ERROR_OCTETS_MAX];
static size_t octets;

static void load(const char *hex, struct ip_packet *packet)
{
	octets = hex_decode(hex, bytes, sizeof(bytes));
	assert_int_equal(ip_packet_read(bytes, octets, packet), 0);
}

static void echo_is_read_and_answered(void **state)
{
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	struct icmp_message message;
	struct ip_packet packet;

	(void)state;
	load(echo, &packet);
	assert_int_equal(icmp4_read(&packet, &message), 0);
	assert_int_equal(message.type, ICMPV4_ECHO_REQUEST);
	assert_int_equal(message.parameter, 0x12340001);
	assert_octets(message.body.bytes, message.body.octets, "data!", 5);
	octets = icmp4_echo_reply_write(&writer, &packet.destination, &packet.source, message.parameter, message.body);
	assert_int_equal(octets, 33);
	assert_int_equal(ip_packet_read(written, octets, &packet), 0);
	assert_int_equal(icmp4_read(&packet, &message), 0);
	assert_int_equal(message.type, ICMPV4_ECHO_REPLY);
	bytes[31] ^= 1;
	load(echo, &packet);
	bytes[31] ^= 1;
	assert_int_equal(icmp4_read(&packet, &message), -EBADMSG);
}

/* RFC 1191 4, RFC 1812 4.3.2.3 */
static void errors_are_those_of_scapy_and_of_576_octets(void **state)
{
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	uint8_t large[1500] = {0x45};
	struct icmp_message message;
	struct ip_packet packet;

	(void)state;
	load(needed, &packet);
	assert_int_equal(icmp4_read(&packet, &message), 0);
	assert_int_equal(message.code, ICMPV4_FRAGMENTATION_NEEDED);
	assert_int_equal(message.parameter, 1400);
	assert_true(icmp4_error_is_forbidden(&packet));
	octets = icmp4_error_write(&writer, &packet.source, &packet.destination, ICMPV4_UNREACHABLE,
	                           ICMPV4_FRAGMENTATION_NEEDED, 1400, message.body);
	assert_octets(written, octets, bytes, 56);
	writer = wire_writer_of(written, sizeof(written));
	octets = icmp4_error_write(&writer, &packet.source, &packet.destination, ICMPV4_TIME_EXCEEDED, 0, 0,
	                           (struct wire_view){large, sizeof(large)});
	assert_int_equal(octets, 576);
}

/* RFC 1122 3.2.2 */
static void what_is_never_answered(void **state)
{
	struct ip_packet packet;

	(void)state;
	load(echo, &packet);
	assert_false(icmp4_error_is_forbidden(&packet));
	packet.fragment_offset = 8;
	assert_true(icmp4_error_is_forbidden(&packet));
	packet.fragment_offset = 0;
	packet.destination.s6_addr[12] = 224;
	assert_true(icmp4_error_is_forbidden(&packet));
	packet.destination.s6_addr[12] = 192;
	packet.source.s6_addr[12] = 127;
	assert_true(icmp4_error_is_forbidden(&packet));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(echo_is_read_and_answered),
	        cmocka_unit_test(errors_are_those_of_scapy_and_of_576_octets),
	        cmocka_unit_test(what_is_never_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
