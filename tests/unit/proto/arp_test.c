// SPDX-License-Identifier: BSD-3-Clause
/* The octets were made by scapy 2.5.0: ARP(op=1, hwsrc=02:00:00:00:00:01, psrc=192.0.2.2, pdst=192.0.2.1), its reply.
 */
#include <errno.h>

#include "arp.h"
#include "vectors.h"

static const char request[] = "0001080006040001020000000001c0000202000000000000c0000201";
static const char reply[] = "00010800060400020200000000fec0000201020000000001c0000202";

static uint8_t bytes[64];

static int load(const char *hex, struct arp_packet *packet)
{
	size_t octets = hex_decode(hex, bytes, sizeof(bytes));

	return arp_read((struct wire_view){bytes, octets}, packet);
}

static void round_trip(const char *hex)
{
	uint8_t again[ARP_OCTETS];
	struct wire_writer writer = wire_writer_of(again, sizeof(again));
	struct arp_packet packet;

	assert_int_equal(load(hex, &packet), 0);
	arp_write(&writer, &packet);
	assert_int_equal(wire_written(&writer), ARP_OCTETS);
	assert_octets(again, ARP_OCTETS, bytes, ARP_OCTETS);
}

/* RFC 826 */
static void request_and_reply_come_back(void **state)
{
	struct arp_packet packet;

	(void)state;
	round_trip(request);
	round_trip(reply);
	assert_int_equal(load(reply, &packet), 0);
	assert_int_equal(packet.operation, ARP_REPLY);
	assert_int_equal(packet.sender_link[5], 0xfe);
	assert_true(IN6_IS_ADDR_V4MAPPED(&packet.sender));
	assert_int_equal(packet.sender.s6_addr[15], 1);
	assert_int_equal(packet.target.s6_addr[15], 2);
}

/* Each octet of the head that is another, each length that is short, and a sender that is many. */
static void what_is_not_ipv4_on_ethernet_is_refused(void **state)
{
	struct arp_packet packet;

	(void)state;
	for (size_t at = 0; at < 8; at++) {
		assert_int_equal(load(request, &packet), 0);
		bytes[at] ^= 0x40;
		assert_int_equal(arp_read((struct wire_view){bytes, ARP_OCTETS}, &packet), -EBADMSG);
	}
	for (size_t octets = 0; octets < ARP_OCTETS; octets++) {
		assert_int_equal(load(request, &packet), 0);
		assert_int_equal(arp_read((struct wire_view){bytes, octets}, &packet), -EBADMSG);
	}
	assert_int_equal(load(request, &packet), 0);
	bytes[8] |= 1;
	assert_int_equal(arp_read((struct wire_view){bytes, ARP_OCTETS}, &packet), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(request_and_reply_come_back),
	        cmocka_unit_test(what_is_not_ipv4_on_ethernet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
