// SPDX-License-Identifier: BSD-3-Clause
/* headers - what IPv6 and IPv4 headers say in the same words, and what tunnels do to their fields. */
#include "flow_hash.h"
#include "walk.h"

static uint16_t read_ipv4(struct packet *packet, struct wire_reader reader)
{
	struct ipv4_header header;

	ipv4_header_read(&reader, &header);
	if (reader.failed || header.total_octets < header.header_octets ||
	    header.total_octets - header.header_octets > (int)wire_remaining(&reader))
		return 0;
	packet->version = 4;
	packet->header = (struct ipv6_header){
	        .source = header.source,
	        .destination = header.destination,
	        .payload_octets = (uint16_t)(header.total_octets - header.header_octets),
	        .traffic_class = header.traffic_class,
	        .next_header = header.protocol,
	        .hop_limit = header.time_to_live,
	};
	return header.total_octets;
}

uint16_t read_header(struct packet *packet, const uint8_t *ip, size_t available, uint8_t version)
{
	struct wire_reader reader = wire_reader_of(ip, available), peek = reader;

	if (version != 6 && wire_read_u8(&peek) >> 4 == 4)
		return read_ipv4(packet, reader);
	ipv6_header_read(&reader, &packet->header);
	packet->version = 6;
	if (version == 4 || reader.failed || packet->header.payload_octets > wire_remaining(&reader) ||
	    IN6_IS_ADDR_V4MAPPED(&packet->header.source) || IN6_IS_ADDR_V4MAPPED(&packet->header.destination))
		return 0;
	return (uint16_t)(IPV6_HEADER_OCTETS + packet->header.payload_octets);
}

bool class_after_tunnel(struct tunnel_marking marking, uint8_t outer_class, uint8_t *traffic_class)
{
	enum { NOT_ECT = 0, ECT1 = 1, CE = 3, ECN_BITS = 3 };
	uint8_t inner = *traffic_class & ECN_BITS, outer = outer_class & ECN_BITS;

	/* RFC 6040 4.2, figure 4 */
	if (outer == CE) {
		if (inner == NOT_ECT)
			return false;
		inner = CE;
	} else if (outer == ECT1 && inner != NOT_ECT && inner != CE) {
		inner = ECT1;
	}
	*traffic_class = (uint8_t)((*traffic_class & ~(marking.inner_taken | ECN_BITS)) |
	                           (outer_class & marking.inner_taken & ~ECN_BITS) | inner);
	return true;
}

/* The ports of UDP and TCP; 0 in all pieces of a packet, as only the first one has them (RFC 6438 2). */
static uint32_t ports_of(const struct packet *packet)
{
	enum { FRAGMENT_BITS = 0x3fff }; /* offset, more fragments */
	const struct ipv6_header *header = &packet->header;
	size_t at = IPV6_HEADER_OCTETS;
	uint32_t ports = 0;

	if ((header->next_header != NEXT_HEADER_UDP && header->next_header != NEXT_HEADER_TCP) ||
	    header->payload_octets < sizeof(ports))
		return 0;
	if (packet->version == 4) {
		if (packet_load_u16(packet, IPV4_FRAGMENT_AT) & FRAGMENT_BITS)
			return 0;
		at = (size_t)(packet->ip[0] & 0x0f) * 4;
	}
	memcpy(&ports, packet->ip + at, sizeof(ports));
	return ports;
}

uint64_t flow_hash(const struct walk *walk, const struct packet *packet)
{
	const struct ipv6_header *inner = &packet->header;
	uint64_t halves[4];

	memcpy(halves, &inner->source, sizeof(inner->source));
	memcpy(halves + 2, &inner->destination, sizeof(inner->destination));
	return flow_hash_of(walk->forwarding->flow_secret, halves, inner->flow_label, inner->next_header,
	                    ports_of(packet));
}
