// SPDX-License-Identifier: BSD-3-Clause
/* Flows spread over workers and each stays whole: the innermost header that can be seen counts. */
#include <arpa/inet.h>

#include "vectors.h"

#include "flow_spread.h"
#include "ip.h"
#include "packet.h"

enum { FRAME_MAX = 256 };

struct frame {
	uint8_t octets[FRAME_MAX];
	size_t count;
};

static struct in6_addr numbered(const char *prefix, unsigned number)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, prefix, &address), 1);
	address.s6_addr[14] = (uint8_t)(number >> 8);
	address.s6_addr[15] = (uint8_t)number;
	return address;
}

static void begin(struct frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->octets[12] = 0x86;
	frame->octets[13] = 0xdd;
	frame->count = ETHERNET_OCTETS;
}

static void add_ipv6(struct frame *frame, struct in6_addr source, struct in6_addr destination, uint8_t next_header)
{
	struct wire_writer writer = wire_writer_of(frame->octets + frame->count, IPV6_HEADER_OCTETS);
	struct ipv6_header header = {.source = source,
	                             .destination = destination,
	                             .payload_octets = 8,
	                             .next_header = next_header,
	                             .hop_limit = 64};

	ipv6_header_write(&writer, &header);
	frame->count += IPV6_HEADER_OCTETS;
}

static void add_ports(struct frame *frame, uint16_t source, uint16_t destination)
{
	struct wire_writer writer = wire_writer_of(frame->octets + frame->count, 8);

	wire_write_u16(&writer, source);
	wire_write_u16(&writer, destination);
	wire_write_u32(&writer, 0);
	frame->count += 8;
}

static uint32_t hash_of(const struct frame *frame)
{
	return flow_spread_hash(frame->octets, frame->count);
}

/* Two to seven workers get their share, within a fifth of it. */
static void flows_spread_evenly(void **state)
{
	enum { FLOWS = 7000 };

	(void)state;
	for (unsigned workers = 2; workers <= 7; workers++) {
		unsigned shares[7] = {0};

		for (unsigned i = 0; i < FLOWS; i++) {
			struct frame frame;

			begin(&frame);
			add_ipv6(&frame, numbered("2001:db8:c::", i % 100), numbered("2001:db8:aa::", i / 100),
			         NEXT_HEADER_UDP);
			add_ports(&frame, (uint16_t)(1024 + i), 53);
			shares[(uint64_t)hash_of(&frame) * workers >> 32]++;
		}
		for (unsigned i = 0; i < workers; i++)
			assert_in_range(shares[i], FLOWS / workers * 4 / 5, FLOWS / workers * 6 / 5);
	}
}

/* One tunnel holds many flows: RSS of the outer header would give them all to one worker. */
static void flows_of_one_tunnel_spread(void **state)
{
	unsigned shares[2] = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct frame frame;

		begin(&frame);
		add_ipv6(&frame, numbered("2001:db8:100::", 1), numbered("2001:db8:1::", 1), NEXT_HEADER_IPV6);
		add_ipv6(&frame, numbered("2001:db8:aa::", 1), numbered("2001:db8:c::", i), NEXT_HEADER_ICMPV6);
		shares[(uint64_t)hash_of(&frame) * 2 >> 32]++;
	}
	assert_in_range(shares[0], 400, 600);
}

static void all_of_a_flow_meet(void **state)
{
	struct frame one, other;

	(void)state;
	begin(&one);
	add_ipv6(&one, numbered("2001:db8:c::", 1), numbered("2001:db8:aa::", 1), NEXT_HEADER_TCP);
	add_ports(&one, 4000, 80);
	other = one;
	other.octets[ETHERNET_OCTETS + 7] = 12;                      /* another hop limit */
	other.octets[ETHERNET_OCTETS + IPV6_HEADER_OCTETS + 7] = 99; /* another sequence number */
	assert_int_equal(hash_of(&one), hash_of(&other));
	other.octets[ETHERNET_OCTETS + IPV6_HEADER_OCTETS + 1] ^= 1; /* another port */
	assert_int_not_equal(hash_of(&one), hash_of(&other));
}

/* Whoever puts a packet together must get all its fragments. */
static void fragments_of_a_packet_meet(void **state)
{
	struct frame one, other;

	(void)state;
	begin(&one);
	add_ipv6(&one, numbered("2001:db8:100::", 1), numbered("2001:db8:1::", 1), NEXT_HEADER_FRAGMENT);
	add_ports(&one, 0x2900, 1); /* of a packet in a packet, first fragment */
	other = one;
	other.octets[ETHERNET_OCTETS + IPV6_HEADER_OCTETS + 2] = 0x05; /* a later one */
	assert_int_equal(hash_of(&one), hash_of(&other));
}

/* RFC 5555: the tunnel may be UDP over IPv4. */
static void tunnels_of_udp_over_ipv4_are_seen_through(void **state)
{
	static const uint8_t ipv4[20] = {0x45, 0, 0, 100, 0, 0, 0, 0, 64, 17, 0, 0, 198, 51, 100, 10, 192, 0, 2, 1};
	uint32_t hashes[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct frame frame;

		begin(&frame);
		memcpy(frame.octets + frame.count, ipv4, sizeof(ipv4));
		frame.count += sizeof(ipv4);
		add_ports(&frame, 40000, 4191);
		add_ipv6(&frame, numbered("2001:db8:aa::", 1), numbered("2001:db8:c::", i), NEXT_HEADER_ICMPV6);
		hashes[i] = hash_of(&frame);
	}
	assert_int_not_equal(hashes[0], hashes[1]);
}

static void short_frames_are_read_to_their_end(void **state)
{
	struct frame frame;

	(void)state;
	begin(&frame);
	add_ipv6(&frame, numbered("2001:db8:100::", 1), numbered("2001:db8:1::", 1), NEXT_HEADER_IPV6);
	add_ipv6(&frame, numbered("2001:db8:aa::", 1), numbered("2001:db8:c::", 1), NEXT_HEADER_UDP);
	add_ports(&frame, 1, 2);
	for (size_t octets = 0; octets <= frame.count; octets++) {
		uint8_t *copy = malloc(octets ? octets : 1); /* so that a sanitizer sees a read behind it */

		assert_non_null(copy);
		memcpy(copy, frame.octets, octets);
		(void)flow_spread_hash(copy, octets);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(flows_spread_evenly),
	        cmocka_unit_test(flows_of_one_tunnel_spread),
	        cmocka_unit_test(all_of_a_flow_meet),
	        cmocka_unit_test(fragments_of_a_packet_meet),
	        cmocka_unit_test(tunnels_of_udp_over_ipv4_are_seen_through),
	        cmocka_unit_test(short_frames_are_read_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
