// SPDX-License-Identifier: BSD-3-Clause
/* The packets were made by scapy 2.5.0; the checksum of the Binding Update by hand, as scapy leaves out the home
 * address. */
#include <arpa/inet.h>
#include <errno.h>

#include "ip.h"
#include "vectors.h"

static const char udp6[] = "60000000000d114020010db801000000000000000000001020010db80001000000000000000000019c4002cc"
                           "000dc07168656c6c6f";
static const char udp4[] = "4500001f0000400040114e97c0000201c6336402105f105f000b2e80616263";
static const char binding_update[] =
        "6000000000283c4020010db801000000000000000000001020010db80001000000000000000000018702"
        "01020000c91020010db800aa000100000000000000013b010500a2330007c000000a01020000";
static const char acknowledgement[] =
        "6000000000282b4020010db800010000000000000000000120010db801000000000000000000001087"
        "0202010000000020010db800aa000100000000000000013b01060060b400800007000a01020000";
static const char fragment[] =
        "600000000018004020010db801000000000000000000001020010db80001000000000000000000012c000502"
        "0000010011000051000000993132333435363738";
static const char limited[] =
        "6000000000383c4020010db801000000000000000000001020010db800010000000000000000000129000401"
        "03010100600000000008114020010db800aa0001000000000000000120010db8000c0000000000000000001000"
        "0100020008a3a1";
static const char nine_headers[] =
        "6000000000503c4020010db801000000000000000000001020010db80001000000000000000000013c00"
        "0104000000003c000104000000003c000104000000003c000104000000003c000104000000003c000104"
        "000000003c000104000000003c000104000000001100010400000000000100020008a357";
static const char ipv4_with_options[] = "460000200001000040018ca5c0000201c6336402010000000800f7ff00000000";

static struct in6_addr address(const char *text)
{
	struct in6_addr value;

	assert_int_equal(inet_pton(AF_INET6, text, &value), 1);
	return value;
}

static uint8_t bytes[512];

static int read_hex(const char *hex, struct ip_packet *packet)
{
	return ip_packet_read(bytes, hex_decode(hex, bytes, sizeof(bytes)), packet);
}

static void udp_is_read(void **state)
{
	struct udp_datagram datagram;
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(udp6, &packet), 0);
	assert_int_equal(packet.protocol, NEXT_HEADER_UDP);
	assert_int_equal(packet.payload_offset, 40);
	assert_int_equal(udp_datagram_read(&packet, &datagram), 0);
	assert_int_equal(datagram.source_port, 40000);
	assert_int_equal(datagram.destination_port, 716);
	assert_octets(datagram.payload.bytes, datagram.payload.octets, "hello", 5);
	assert_int_equal(read_hex(udp4, &packet), 0);
	assert_int_equal(udp_datagram_read(&packet, &datagram), 0);
	assert_octets(datagram.source.s6_addr, 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01", 16);
	assert_int_equal(datagram.destination_port, 4191);
}

static void udp_with_wrong_checksum_or_length_is_refused(void **state)
{
	struct udp_datagram datagram;
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(udp6, &packet), 0);
	bytes[48] ^= 1;
	assert_int_equal(udp_datagram_read(&packet, &datagram), -EBADMSG);
	bytes[48] ^= 1;
	bytes[45]--;
	assert_int_equal(udp_datagram_read(&packet, &datagram), -EBADMSG);
	bytes[45]++;
	bytes[46] = bytes[47] = 0; /* RFC 8200 8.1: no zero checksum in IPv6 */
	assert_int_equal(udp_datagram_read(&packet, &datagram), -EBADMSG);
	assert_int_equal(read_hex(udp4, &packet), 0);
	bytes[26] = bytes[27] = 0;
	assert_int_equal(udp_datagram_read(&packet, &datagram), 0);
}

static void udp_is_written_as_scapy_does(void **state)
{
	struct udp_datagram datagram = {.source = address("2001:db8:100::10"),
	                                .destination = address("2001:db8:1::1"),
	                                .source_port = 40000,
	                                .destination_port = 716,
	                                .payload = {(const uint8_t *)"hello", 5}};
	struct udp_datagram ipv4 = {.source = address("::ffff:192.0.2.1"),
	                            .destination = address("::ffff:198.51.100.2"),
	                            .source_port = 4191,
	                            .destination_port = 4191,
	                            .payload = {(const uint8_t *)"abc", 3}};
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	size_t octets = hex_decode(udp6, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(udp_packet_write(&writer, &datagram, 0), octets);
	assert_octets(buffer, octets, bytes, octets);
	writer = wire_writer_of(buffer, sizeof(buffer));
	octets = hex_decode(udp4, bytes, sizeof(bytes));
	assert_int_equal(udp_packet_write(&writer, &ipv4, 64), octets);
	assert_octets(buffer, octets, bytes, octets);
	writer = wire_writer_of(buffer, octets - 1);
	assert_int_equal(udp_packet_write(&writer, &ipv4, 64), 0);
	writer = wire_writer_of(buffer, sizeof(buffer));
	ipv4.destination = datagram.destination;
	assert_int_equal(udp_packet_write(&writer, &ipv4, 64), 0);
	assert_true(writer.failed);
}

/* RFC 6275 6.3, 6.1.1: the home address option, and the checksum over the home address */
static void binding_update_is_read_and_written(void **state)
{
	struct mobility_packet update = {.source = address("2001:db8:100::10"),
	                                 .destination = address("2001:db8:1::1"),
	                                 .has_home_address = true,
	                                 .home_address = address("2001:db8:aa:1::1")};
	uint8_t message[16], buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(binding_update, &packet), 0);
	assert_int_equal(packet.protocol, NEXT_HEADER_MOBILITY);
	assert_true(packet.has_home_address && !packet.has_refused_option);
	assert_true(in6_is_equal(&packet.home_address, &update.home_address));
	assert_true(ip_packet_checksum_is_right(&packet));
	memcpy(message, packet.payload.bytes, sizeof(message));
	message[4] = message[5] = 0x55;
	update.message = (struct wire_view){message, sizeof(message)};
	assert_int_equal(mobility_packet_write(&writer, &update), 80);
	assert_octets(buffer, 80, bytes, 80);
	bytes[60] ^= 1; /* another home address: another checksum */
	assert_int_equal(ip_packet_read(bytes, 80, &packet), 0);
	assert_false(ip_packet_checksum_is_right(&packet));
}

/* M-20; RFC 6275 6.4 */
static void acknowledgement_is_read_and_written(void **state)
{
	struct mobility_packet reply = {.source = address("2001:db8:1::1"),
	                                .destination = address("2001:db8:100::10"),
	                                .has_routing_home_address = true,
	                                .routing_home_address = address("2001:db8:aa:1::1")};
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(acknowledgement, &packet), 0);
	assert_true(packet.has_routing_home_address && !packet.has_unknown_routing);
	assert_true(in6_is_equal(&packet.routing_home_address, &reply.routing_home_address));
	assert_true(ip_packet_checksum_is_right(&packet));
	reply.message = packet.payload;
	assert_int_equal(mobility_packet_write(&writer, &reply), 80);
	assert_octets(buffer, 80, bytes, 80);
	reply.message.octets = 12;
	assert_int_equal(mobility_packet_write(&writer, &reply), 0);
}

static void fragments_and_options_are_seen(void **state)
{
	struct udp_datagram datagram;
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(fragment, &packet), 0);
	assert_true(packet.is_fragment && packet.more_fragments);
	assert_int_equal(packet.fragment_offset, 80);
	assert_int_equal(packet.fragment_identification, 0x99);
	assert_int_equal(packet.fragment_header_offset, 48);
	assert_int_equal(packet.fragment_named_at, 40);
	assert_int_equal(packet.protocol, NEXT_HEADER_UDP);
	assert_int_equal(udp_datagram_read(&packet, &datagram), -EPROTONOSUPPORT);
	assert_int_equal(read_hex(limited, &packet), 0); /* M-18 */
	assert_true(packet.has_encapsulation_limit);
	assert_int_equal(packet.encapsulation_limit, 3);
	assert_int_equal(packet.protocol, NEXT_HEADER_IPV6);
	bytes[42] = 0xc4; /* an unknown option of the kind "discard, tell" */
	assert_int_equal(ip_packet_read(bytes, sizeof(bytes), &packet), 0);
	assert_true(packet.has_refused_option);
	assert_int_equal(read_hex(ipv4_with_options, &packet), 0);
	assert_int_equal(packet.protocol, NEXT_HEADER_ICMPV4);
	assert_int_equal(packet.payload_offset, 24);
	bytes[20] ^= 1;
	assert_int_equal(ip_packet_read(bytes, 32, &packet), -EBADMSG);
}

static void at_most_eight_extension_headers(void **state)
{
	struct ip_packet packet;

	(void)state;
	assert_int_equal(read_hex(nine_headers, &packet), -E2BIG);
	assert_int_equal(packet.version, 6);
	bytes[40 + 8 * 7] = NEXT_HEADER_UDP;
	assert_int_equal(ip_packet_read(bytes, hex_decode(nine_headers, bytes, sizeof(bytes)), &packet), -E2BIG);
	bytes[40 + 8 * 7] = NEXT_HEADER_NONE;
	assert_int_equal(ip_packet_read(bytes, 40 + 80, &packet), 0);
	assert_int_equal(packet.protocol, NEXT_HEADER_NONE);
}

static void hostile_lengths_are_refused(void **state)
{
	struct ip_packet packet;
	size_t octets = hex_decode(binding_update, bytes, sizeof(bytes));

	(void)state;
	for (size_t cut = 0; cut < octets; cut++)
		assert_int_equal(ip_packet_read(bytes, cut, &packet), -EBADMSG);
	assert_int_equal(ip_packet_read(bytes, octets + 20, &packet), 0); /* link padding is no payload */
	assert_int_equal(packet.payload.octets, 16);
	bytes[41] = 0xff; /* an options header longer than the packet */
	assert_int_equal(ip_packet_read(bytes, octets, &packet), -EBADMSG);
	bytes[0] = 0x50;
	assert_int_equal(ip_packet_read(bytes, octets, &packet), -EPROTONOSUPPORT);
}

static void prefixes_and_scopes(void **state)
{
	static const char *const confined[] = {
	        "ff02::1",       "fe80::1", "::1", "::", "::ffff:224.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.1.1",
	        "::ffff:0.0.0.0"};
	struct in6_addr a = address("2001:db8:aa:1::1"), b = address("2001:db8:aa:ff::");

	(void)state;
	assert_true(in6_has_prefix(&a, &b, 0));
	assert_true(in6_has_prefix(&a, &b, 56));
	assert_false(in6_has_prefix(&a, &b, 57));
	assert_true(in6_has_prefix(&a, &a, 128));
	in6_mask(&a, 63);
	b = address("2001:db8:aa::");
	assert_true(in6_is_equal(&a, &b));
	for (size_t i = 0; i < sizeof(confined) / sizeof(confined[0]); i++) {
		a = address(confined[i]);
		assert_true(in6_is_confined(&a));
	}
	a = address("2001:db8::1");
	assert_false(in6_is_confined(&a));
	a = address("::ffff:192.0.2.1");
	assert_false(in6_is_confined(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(udp_is_read),
	        cmocka_unit_test(udp_with_wrong_checksum_or_length_is_refused),
	        cmocka_unit_test(udp_is_written_as_scapy_does),
	        cmocka_unit_test(binding_update_is_read_and_written),
	        cmocka_unit_test(acknowledgement_is_read_and_written),
	        cmocka_unit_test(fragments_and_options_are_seen),
	        cmocka_unit_test(at_most_eight_extension_headers),
	        cmocka_unit_test(hostile_lengths_are_refused),
	        cmocka_unit_test(prefixes_and_scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
