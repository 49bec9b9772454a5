// SPDX-License-Identifier: BSD-3-Clause
/* The packets were made by scapy 2.5.0. */
#include <arpa/inet.h>
#include <errno.h>

#include "drop.h"
#include "icmp6.h"
#include "vectors.h"

static const char echo[] =
        "60000000000d3a4020010db801000000000000000000001020010db80001000000000000000000018000173c1234"
        "00016461746121";
static const char too_big[] =
        "6000000000603a4020010db800f30000000000000000000120010db80001000000000000000000010200446100"
        "000578600000000030294020010db800010000000000000000000120010db80100000000000000000000106000"
        "00000008114020010db8000c0000000000000000001020010db800aa000100000000000000010001000200"
        "08a3a1";
static const char solicitation[] =
        "6000000000203afffe800000000000000000000000000001ff0200000000000000000001ff0000028700"
        "4a6c0000000020010db800f3000000000000000000020101020000000001";
static const char advertisement[] = "6000000000203aff20010db800f300000000000000000002fe80000000000000000000000000000188"
                                    "0037c3e000000020010db800f3000000000000000000020201020000000002";
static const char detection[] =
        "6000000000183aff00000000000000000000000000000000ff0200000000000000000001ff00000287004bf8"
        "0000000020010db800f300000000000000000002";

static uint8_t bytes[512];
static size_t octets;

static void load(const char *hex, struct ip_packet *packet)
{
	octets = hex_decode(hex, bytes, sizeof(bytes));
	assert_int_equal(ip_packet_read(bytes, octets, packet), 0);
}

static struct in6_addr address(const char *text)
{
	struct in6_addr value;

	assert_int_equal(inet_pton(AF_INET6, text, &value), 1);
	return value;
}

static void echo_is_read_and_written(void **state)
{
	struct icmp_message message;
	struct ip_packet packet;
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	load(echo, &packet);
	assert_int_equal(icmp6_read(&packet, &message), 0);
	assert_int_equal(message.type, ICMPV6_ECHO_REQUEST);
	assert_int_equal(message.parameter, 0x12340001);
	assert_int_equal(icmp6_echo_write(&writer, &packet.source, &packet.destination, ICMPV6_ECHO_REQUEST,
	                                  message.parameter, message.body),
	                 octets);
	assert_octets(buffer, octets, bytes, octets);
	bytes[octets - 1] ^= 1;
	assert_int_equal(icmp6_read(&packet, &message), -EBADMSG);
}

static void packet_too_big_is_read(void **state)
{
	struct icmp_message message;
	struct ip_packet packet, quoted;

	(void)state;
	load(too_big, &packet);
	assert_int_equal(icmp6_read(&packet, &message), 0);
	assert_int_equal(message.type, ICMPV6_PACKET_TOO_BIG);
	assert_int_equal(message.parameter, 1400);
	assert_int_equal(ip_packet_read(message.body.bytes, message.body.octets, &quoted), 0);
	assert_int_equal(quoted.protocol, NEXT_HEADER_IPV6);
}

/* RFC 4443 2.4 c: as much as fits in 1280 octets */
static void error_quotes_what_fits(void **state)
{
	static uint8_t large[3000];
	struct in6_addr from = address("2001:db8:1::1"), to = address("2001:db8:c::10");
	uint8_t buffer[1500];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct icmp_message message;
	struct ip_packet packet;

	(void)state;
	assert_int_equal(icmp6_error_write(&writer, &from, &to, ICMPV6_PACKET_TOO_BIG, 0, 1460,
	                                   (struct wire_view){large, sizeof(large)}),
	                 1280);
	assert_int_equal(ip_packet_read(buffer, 1280, &packet), 0);
	assert_int_equal(icmp6_read(&packet, &message), 0);
	assert_int_equal(message.parameter, 1460);
	assert_int_equal(message.body.octets, 1280 - 48);
	writer = wire_writer_of(buffer, 100);
	assert_int_equal(icmp6_error_write(&writer, &from, &to, ICMPV6_PACKET_TOO_BIG, 0, 1460,
	                                   (struct wire_view){large, sizeof(large)}),
	                 0);
}

/* RFC 4443 2.4 e */
static void errors_do_not_answer_errors(void **state)
{
	struct ip_packet packet;

	(void)state;
	load(echo, &packet);
	assert_false(icmp6_error_is_forbidden(&packet));
	packet.source = address("ff02::1");
	assert_true(icmp6_error_is_forbidden(&packet));
	load(too_big, &packet);
	assert_true(icmp6_error_is_forbidden(&packet));
	packet.payload.octets = 0;
	assert_true(icmp6_error_is_forbidden(&packet));
	load(solicitation, &packet); /* to multicast */
	assert_true(icmp6_error_is_forbidden(&packet));
}

static void neighbour_messages_come_back(void **state)
{
	static const char *const samples[3] = {solicitation, advertisement, detection};
	struct icmp6_neighbour neighbour;
	struct ip_packet packet;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint8_t buffer[NEIGHBOUR_PACKET_OCTETS];
		struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

		load(samples[i], &packet);
		assert_int_equal(icmp6_neighbour_read(&packet, &neighbour), 0);
		assert_int_equal(neighbour.is_advertisement, i == 1);
		assert_int_equal(neighbour.has_link_address, i != 2);
		assert_int_equal(icmp6_neighbour_write(&writer, &neighbour), octets);
		assert_octets(buffer, octets, bytes, octets);
	}
}

/* RFC 4861 7.1.1, 7.1.2 */
static void malformed_neighbour_messages_are_refused(void **state)
{
	static const struct {
		const char *sample;
		size_t at;
		uint8_t value;
	} faults[] = {
	        {solicitation, 7, 64},     /* hop limit: not from the link */
	        {solicitation, 41, 1},     /* code */
	        {solicitation, 48, 0xff},  /* multicast target */
	        {solicitation, 65, 0},     /* an option of length zero */
	        {solicitation, 65, 2},     /* an option past the end */
	        {detection, 39, 3},        /* not to the solicited-node address */
	        {advertisement, 24, 0xff}, /* solicited, yet to multicast */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct icmp6_neighbour neighbour;
		struct ip_packet packet;
		uint32_t sum;

		load(faults[i].sample, &packet);
		bytes[faults[i].at] = faults[i].value;
		assert_int_equal(ip_packet_read(bytes, octets, &packet), 0);
		wire_store_u16(bytes + 42, 0);
		sum = ip_pseudo_header_sum(&packet.source, &packet.destination, NEXT_HEADER_ICMPV6,
		                           (uint32_t)packet.payload.octets);
		wire_store_u16(bytes + 42,
		               wire_checksum_end(wire_checksum_add(sum, packet.payload.bytes, packet.payload.octets)));
		assert_int_equal(icmp6_neighbour_read(&packet, &neighbour), -EBADMSG);
	}
}

static void drop_reasons_have_names(void **state)
{
	(void)state;
	for (int reason = 0; reason < DROP_REASONS; reason++)
		assert_true(strlen(drop_name((enum drop_reason)reason)) > 3 &&
		            strlen(drop_help((enum drop_reason)reason)) > 10);
	assert_string_equal(drop_name(DROP_source_spoofed), "source_spoofed");
	assert_null(drop_name(DROP_REASONS));
	assert_null(drop_help(DROP_REASONS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(echo_is_read_and_written),
	        cmocka_unit_test(packet_too_big_is_read),
	        cmocka_unit_test(error_quotes_what_fits),
	        cmocka_unit_test(errors_do_not_answer_errors),
	        cmocka_unit_test(neighbour_messages_come_back),
	        cmocka_unit_test(malformed_neighbour_messages_are_refused),
	        cmocka_unit_test(drop_reasons_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
