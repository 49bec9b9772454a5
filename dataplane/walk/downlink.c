// SPDX-License-Identifier: BSD-3-Clause
/*
 * downlink - into the tunnel: outer header by RFC 2473, hop limit once less (M-18), ECN by RFC 6040 (normal mode:
 * copied), DSCP copied, flow label by RFC 6438 from the inner flow.
 */
#include "feed.h"
#include "walk.h"

/* The same for all packets of a flow, never 0. */
static uint32_t flow_label(const struct walk *walk, const struct packet *packet)
{
	const struct ipv6_header *inner = &packet->header;
	uint64_t words[4], hash = walk->forwarding->flow_secret;
	uint32_t ports = 0;

	memcpy(words, &inner->source, 16);
	memcpy(words + 2, &inner->destination, 16);
	if ((inner->next_header == NEXT_HEADER_UDP || inner->next_header == NEXT_HEADER_TCP) &&
	    inner->payload_octets >= 4)
		memcpy(&ports, packet->ip + IPV6_HEADER_OCTETS, sizeof(ports));
	for (unsigned i = 0; i < 4; i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 32;
	hash = (hash ^ ((uint64_t)inner->flow_label << 40) ^ ((uint64_t)inner->next_header << 32) ^ ports) *
	       0x9e3779b97f4a7c15ull;
	hash ^= hash >> 29;
	return (uint32_t)(hash & 0xfffff ? hash & 0xfffff : 1);
}

/* RFC 2473 4.1.1: a tunnel encapsulation limit of zero in the packet forbids one more tunnel. */
static bool limit_forbids(const struct packet *packet, uint32_t *pointer)
{
	struct wire_reader reader = wire_reader_of(packet->ip, packet->octets);
	struct wire_reader options;

	wire_skip(&reader, IPV6_HEADER_OCTETS + 1);
	options = wire_read_part(&reader, (size_t)wire_read_u8(&reader) * 8 + 6);
	while (wire_remaining(&options)) {
		uint8_t type = wire_read_u8(&options), octets;

		if (type == 0)
			continue;
		octets = wire_read_u8(&options);
		*pointer = (uint32_t)(options.at - packet->ip);
		if (type == 4 && octets == 1 && wire_read_u8(&options) == 0 && !options.failed)
			return true;
		if (type != 4 || octets != 1)
			wire_skip(&options, octets);
	}
	return false;
}

static bool has_expired(const struct walk *walk, const struct binding_entry *entry)
{
	uint64_t expiry_ms = binding_expiry_load(entry);

	if (expiry_ms <= walk->expiry_horizon_ms)
		return true;
	if (expiry_ms <= walk->owner_clock_ms)
		counter_add(&walk->counters->forwarded_stale, 1);
	return false;
}

/* M-17: true when the packet fits into what a care-of address that is not verified may still get. */
static bool take_credit(const struct walk *walk, const struct binding_entry *entry, uint16_t octets)
{
	uint16_t *credit = &binding_table_cold(walk->forwarding->table, entry)->credit_octets;
	uint16_t left = shared_load(credit);

	while (left >= octets)
		if (__atomic_compare_exchange_n(credit, &left, (uint16_t)(left - octets), true, __ATOMIC_RELAXED,
		                                __ATOMIC_RELAXED))
			return true;
	return false;
}

static void encapsulate(struct walk *walk, struct packet *packet, struct binding_traits traits)
{
	const struct forwarding *forwarding = walk->forwarding;
	struct binding_entry *entry = packet->entry;
	struct ipv6_header outer = {.source = forwarding->own[traits.own].address,
	                            .destination = shared_address_load(&entry->care_of_address),
	                            .flow_label = flow_label(walk, packet),
	                            .payload_octets = packet->octets,
	                            .traffic_class = packet->header.traffic_class,
	                            .next_header = NEXT_HEADER_IPV6,
	                            .hop_limit = forwarding->hop_limit};
	struct wire_writer writer;

	if (service_prefix_of(&forwarding->prefixes, &outer.destination) ||
	    forwarding_own(forwarding, &outer.destination) >= 0) {
		packet_drop(walk, packet, DROP_care_of_refused);
		return;
	}
	if (!packet->is_own)
		packet->ip[7] = (uint8_t)(packet->header.hop_limit - 1);
	packet_count_up(packet);
	if (!packet->is_own) /* our own errors and replies are not the subscriber's traffic */
		binding_count(&entry->down, packet->octets);
	packet_trim(packet);
	if (!packet_prepend(packet, IPV6_HEADER_OCTETS)) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	writer = wire_writer_of(packet->ip, IPV6_HEADER_OCTETS);
	ipv6_header_write(&writer, &outer);
	counter_add(&walk->counters->encapsulated, 1);
	if (packet->was_inside)
		counter_add(&walk->counters->node_to_node, 1);
	packet->next_hop = outer.destination;
	packet->route = traits.route;
	packet->step = STEP_ROUTE;
}

/* Larger than one outer packet carries: its source is told, unless it needs no more than every IPv6 link must carry. */
static void too_big_for_one(struct walk *walk, struct packet *packet, struct binding_traits traits)
{
	const uint16_t carried = traits.inner_mtu_bytes;

	if (packet->octets > IPV6_MINIMUM_MTU) {
		icmp_error(walk, packet, &walk->forwarding->own[traits.own].address, ICMPV6_PACKET_TOO_BIG, 0,
		           carried > IPV6_MINIMUM_MTU ? carried : IPV6_MINIMUM_MTU, DROP_too_big);
	} else if (traits.flags & BINDING_CARE_OF_UNVERIFIED && !take_credit(walk, packet->entry, packet->octets)) {
		packet_drop(walk, packet, DROP_credit_used_up);
	} else {
		encapsulate(walk, packet, traits);
		if (packet->step == STEP_ROUTE)
			fragment(walk, packet, (uint16_t)(carried + IPV6_HEADER_OCTETS));
	}
}

void downlink(struct walk *walk, struct packet *packet)
{
	struct binding_entry *entry = packet->entry;
	const struct in6_addr *own;
	struct binding_traits traits;
	uint32_t pointer;

	if (!entry) {
		packet_drop(walk, packet, DROP_destination_unbound);
		return;
	}
	if (has_expired(walk, entry)) {
		packet_drop(walk, packet, DROP_destination_expired);
		return;
	}
	traits = binding_traits_load(entry);
	own = &walk->forwarding->own[traits.own].address;
	if (traits.kind != FEED_TUNNEL_IP6_IN_IP6)
		packet_drop(walk, packet, DROP_tunnel_kind_unserved);
	else if (!packet->is_own && packet->header.hop_limit <= 1)
		icmp_error(walk, packet, own, ICMPV6_TIME_EXCEEDED, 0, 0, DROP_hop_limit_exceeded);
	else if (packet->header.next_header == NEXT_HEADER_DESTINATION_OPTIONS && limit_forbids(packet, &pointer))
		icmp_error(walk, packet, own, ICMPV6_PARAMETER_PROBLEM, 0, pointer, DROP_encapsulation_limit);
	else if (packet->octets > traits.inner_mtu_bytes)
		too_big_for_one(walk, packet, traits);
	else if (traits.flags & BINDING_CARE_OF_UNVERIFIED && !take_credit(walk, entry, packet->octets))
		packet_drop(walk, packet, DROP_credit_used_up);
	else
		encapsulate(walk, packet, traits);
}
