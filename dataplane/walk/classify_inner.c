// SPDX-License-Identifier: BSD-3-Clause
/*
 * classify_inner - what a tunnel to us holds: a packet of a node, whose source is looked up next, or control for one of
 * our own addresses, which proves itself and is punted as it came (the first Binding Update of a node in an IPv4
 * network comes in UDP 4191 before any binding is there, M-22).
 */
#include "walk.h"

/* Whether a tunnelled packet for one of our own addresses is mobility control. */
static bool holds_control(const struct walk *walk, const struct packet *packet, uint8_t *packet_class)
{
	struct ip_packet parsed;

	return forwarding_own(walk->forwarding, &packet->header.destination) >= 0 &&
	       !ip_packet_read(packet->ip + packet->inner_offset, packet->inner_octets, &parsed) &&
	       !parsed.is_fragment && punt_class_of(parsed.protocol, parsed.payload, packet_class);
}

void classify_inner(struct walk *walk, struct packet *packet, size_t payload_offset, uint8_t protocol)
{
	uint8_t outer_version = packet->version, packet_class, inner_version = 0;
	const struct service_prefix *prefix;

	if (protocol != NEXT_HEADER_UDP)
		inner_version = protocol == NEXT_HEADER_IPV4 ? 4 : 6;
	packet->outer_source = packet->header.source;
	packet->outer_class = packet->header.traffic_class;
	packet->inner_offset = (uint16_t)payload_offset;
	packet->inner_octets =
	        read_header(packet, packet->ip + payload_offset, packet->octets - payload_offset, inner_version);
	packet->tunnel_kind = tunnel_kind_of(packet->version, outer_version);
	if (!packet->inner_octets)
		packet_drop(walk, packet, DROP_inner_malformed);
	else if (holds_control(walk, packet, &packet_class))
		punt(walk, packet, packet_class);
	else if (in6_is_confined(&packet->header.source))
		packet_drop(walk, packet, DROP_inner_source_confined);
	else if (forwarding_own(walk->forwarding, &packet->header.source) >= 0)
		packet_drop(walk, packet, DROP_inner_source_own);
	else if (!(prefix = service_prefix_of(&walk->forwarding->prefixes, &packet->header.source)))
		packet_drop(walk, packet, DROP_inner_source_foreign);
	else {
		service_prefix_key(prefix, &packet->header.source, &packet->key);
		packet->step = STEP_UPLINK;
	}
}
