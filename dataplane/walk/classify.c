// SPDX-License-Identifier: BSD-3-Clause
/* classify - what a frame is: for a node, out of a tunnel, for ourselves, or nothing of ours. */
#include <errno.h>

#include "arp.h"
#include "walk.h"

static bool is_extension(uint8_t next_header)
{
	return next_header == NEXT_HEADER_DESTINATION_OPTIONS || next_header == NEXT_HEADER_HOP_BY_HOP ||
	       next_header == NEXT_HEADER_ROUTING;
}

static bool is_tunnel(uint8_t protocol)
{
	return protocol == NEXT_HEADER_IPV6 || protocol == NEXT_HEADER_IPV4;
}

/* A tunnel's outer packet behind extension headers, or something for ourselves. */
static void look_behind_extensions(struct walk *walk, struct packet *packet)
{
	struct ip_packet parsed;
	int result = ip_packet_read(packet->ip, packet->octets, &parsed);

	if (result)
		packet_drop(walk, packet, result == -E2BIG ? DROP_ip_too_many_extensions : DROP_ip_malformed);
	else if (!is_tunnel(parsed.protocol))
		return;
	else if (parsed.has_refused_option || parsed.has_unknown_routing)
		packet_drop(walk, packet, DROP_ip_option_refused);
	else if (parsed.is_fragment)
		reassemble(walk, packet, &parsed);
	else
		classify_inner(walk, packet, parsed.payload_offset, parsed.protocol);
}

/* M-24: in IPv4 a tunnel has UDP, RFC 5555 2.3.2.2. */
static void classify_local_ipv4(struct walk *walk, struct packet *packet)
{
	struct udp_datagram datagram = {0};
	struct ip_packet parsed;
	int result;

	if (is_tunnel(packet->header.next_header)) {
		packet_drop(walk, packet, DROP_tunnel_unserved);
		return;
	}
	if (packet->header.next_header != NEXT_HEADER_UDP)
		return;
	if (ip_packet_read(packet->ip, packet->octets, &parsed)) {
		packet_drop(walk, packet, DROP_ip_malformed);
		return;
	}
	result = udp_datagram_read(&parsed, &datagram);
	if (parsed.is_fragment) {
		reassemble(walk, packet, &parsed);
	} else if (result) {
		packet_drop(walk, packet, DROP_udp_malformed);
	} else if (datagram.destination_port == UDP_PORT_DSMIPV6) {
		packet->outer_port = datagram.source_port;
		classify_inner(walk, packet, parsed.payload_offset + UDP_HEADER_OCTETS, NEXT_HEADER_UDP);
	}
}

/* For one of our addresses: a tunnel's outer packet, or something for ourselves. */
static void classify_local(struct walk *walk, struct packet *packet)
{
	uint8_t next_header = packet->header.next_header;

	packet->step = STEP_LOCAL;
	if (packet->version == 4)
		classify_local_ipv4(walk, packet);
	else if (is_tunnel(next_header))
		classify_inner(walk, packet, IPV6_HEADER_OCTETS, next_header);
	else if (is_extension(next_header))
		look_behind_extensions(walk, packet);
}

static void classify_ip(struct walk *walk, struct packet *packet, uint8_t version)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct ipv6_header *header = &packet->header;
	const struct service_prefix *prefix;

	packet->octets = read_header(packet, packet->ip, packet->octets, version);
	if (!packet->octets) {
		packet_drop(walk, packet, DROP_ip_malformed);
	} else if (in6_is_multicast(&header->source)) {
		packet_drop(walk, packet, DROP_ip_source_confined);
	} else if (in6_is_multicast(&header->destination)) {
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

static void classify_other(struct walk *walk, struct packet *packet, uint16_t ethertype)
{
	if (ethertype != ETHERTYPE_IPV4 && ethertype != ETHERTYPE_ARP)
		packet_drop(walk, packet, DROP_frame_not_ip);
	else if (!walk->forwarding->serves_ipv4)
		packet_drop(walk, packet, DROP_ipv4_unserved);
	else if (ethertype == ETHERTYPE_IPV4)
		classify_ip(walk, packet, 4);
	else
		arp_receive(walk, packet);
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
		classify_ip(walk, packet, 6);
	else
		classify_other(walk, packet, ethertype);
}

void classify_reassembled(struct walk *walk, struct packet *packet)
{
	if (!packet->was_inside)
		classify_ip(walk, packet, packet->version);
	else if (read_header(packet, packet->ip, packet->octets, packet->version))
		packet->step = STEP_LOCAL; /* its source has been checked, and only what is for us is put together */
	else
		packet_drop(walk, packet, DROP_inner_malformed);
}

void classify_own(struct walk *walk, struct packet *packet)
{
	const struct service_prefix *prefix;

	packet->octets = read_header(packet, packet->ip, packet->octets, 0);
	if (!packet->octets) {
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
