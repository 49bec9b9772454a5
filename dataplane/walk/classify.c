// SPDX-License-Identifier: BSD-3-Clause
/* classify - what a frame is: for a node, out of a tunnel, for ourselves, or nothing of ours. */
#include <errno.h>

#include "walk.h"

bool read_header(struct packet *packet, size_t available)
{
	struct wire_reader reader = wire_reader_of(packet->ip, available);

	ipv6_header_read(&reader, &packet->header);
	if (reader.failed || packet->header.payload_octets > wire_remaining(&reader))
		return false;
	packet->octets = (uint16_t)(IPV6_HEADER_OCTETS + packet->header.payload_octets);
	return true;
}

/* For one of our addresses: a tunnel's outer packet, or something for ourselves. */
static void classify_local(struct walk *walk, struct packet *packet)
{
	struct ip_packet parsed;
	int result;

	packet->step = STEP_LOCAL;
	if (packet->header.next_header != NEXT_HEADER_IPV6 &&
	    packet->header.next_header != NEXT_HEADER_DESTINATION_OPTIONS &&
	    packet->header.next_header != NEXT_HEADER_HOP_BY_HOP && packet->header.next_header != NEXT_HEADER_ROUTING)
		return;
	result = ip_packet_read(packet->ip, packet->octets, &parsed);
	if (result)
		packet_drop(walk, packet, result == -E2BIG ? DROP_ip_too_many_extensions : DROP_ip_malformed);
	else if (parsed.protocol == NEXT_HEADER_IPV6)
		classify_inner(walk, packet, &parsed);
}

static void classify_ipv6(struct walk *walk, struct packet *packet)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct ipv6_header *header = &packet->header;
	const struct service_prefix *prefix;

	if (!read_header(packet, packet->octets)) {
		packet_drop(walk, packet, DROP_ip_malformed);
	} else if (IN6_IS_ADDR_MULTICAST(&header->source)) {
		packet_drop(walk, packet, DROP_ip_source_confined);
	} else if (IN6_IS_ADDR_MULTICAST(&header->destination)) {
		packet->step = STEP_LOCAL;
	} else if (service_prefix_of(&forwarding->prefixes, &header->source)) {
		packet_drop(walk, packet, DROP_source_spoofed);
	} else if (forwarding_own(forwarding, &header->destination) >= 0) {
		classify_local(walk, packet);
	} else if (in6_is_equal(&header->destination, &forwarding->ports[packet->port].link_local)) {
		packet->step = STEP_LOCAL;
	} else if (!(prefix = service_prefix_of(&forwarding->prefixes, &header->destination))) {
		packet_drop(walk, packet, DROP_destination_foreign);
	} else if (in6_is_confined(&header->source)) {
		packet_drop(walk, packet, DROP_ip_source_confined);
	} else if (forwarding_own(forwarding, &header->source) >= 0) {
		packet_drop(walk, packet, DROP_source_spoofed);
	} else {
		service_prefix_key(prefix, &header->destination, &packet->key);
		packet->step = STEP_DOWNLINK;
	}
}

void classify(struct walk *walk, struct packet *packet)
{
	const uint8_t *own = walk->forwarding->ports[packet->port].link_address;
	uint16_t octets = rte_pktmbuf_data_len(packet->buffer);
	struct wire_reader frame = wire_reader_of(rte_pktmbuf_mtod(packet->buffer, uint8_t *), octets);
	const uint8_t *destination = wire_read_bytes(&frame, LINK_ADDRESS_OCTETS);
	uint16_t ethertype;

	wire_read_copy(&frame, packet->link_source, LINK_ADDRESS_OCTETS);
	ethertype = wire_read_u16(&frame);
	if (frame.failed || packet->buffer->nb_segs != 1) {
		packet_drop(walk, packet, DROP_frame_truncated);
		return;
	}
	packet->ip = rte_pktmbuf_mtod(packet->buffer, uint8_t *) + ETHERNET_OCTETS;
	packet->octets = (uint16_t)(octets - ETHERNET_OCTETS);
	if (!(destination[0] & 1) && memcmp(destination, own, LINK_ADDRESS_OCTETS) != 0)
		packet_drop(walk, packet, DROP_frame_foreign);
	else if (ethertype == ETHERTYPE_IPV6)
		classify_ipv6(walk, packet);
	else
		packet_drop(walk, packet, ethertype == ETHERTYPE_IPV4 ? DROP_ipv4_unserved : DROP_frame_not_ip);
}

void classify_own(struct walk *walk, struct packet *packet)
{
	const struct service_prefix *prefix;

	if (!read_header(packet, packet->octets)) {
		packet_drop(walk, packet, DROP_inject_malformed);
		return;
	}
	if (forwarding_own(walk->forwarding, &packet->header.destination) >= 0) {
		host_send(walk, packet, DROP_local_unserved);
		return;
	}
	prefix = service_prefix_of(&walk->forwarding->prefixes, &packet->header.destination);
	packet->next_hop = packet->header.destination;
	packet->step = STEP_ROUTE;
	if (!prefix)
		return;
	service_prefix_key(prefix, &packet->header.destination, &packet->key);
	packet->step = STEP_DOWNLINK;
}
