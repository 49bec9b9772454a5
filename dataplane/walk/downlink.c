// SPDX-License-Identifier: BSD-3-Clause
/*
 * downlink - into the tunnel: outer header by RFC 2473 or RFC 5555, hop limit once less (M-18), ECN by RFC 6040 3.2
 * (normal mode: copied), DSCP copied or set, flow label by RFC 6438 from the inner flow.
 */
#include "flow_hash.h"
#include "walk.h"

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

static uint8_t outer_class(const struct walk *walk, const struct packet *packet)
{
	const struct tunnel_marking *marking = &walk->forwarding->marking;

	return (uint8_t)((packet->header.traffic_class & ~marking->outer_cleared) | marking->outer_set);
}

/* RFC 2473 3.1, 5 */
static void write_ipv6(const struct walk *walk, const struct packet *packet, const struct tunnel_end *end,
                       uint8_t *place)
{
	struct wire_writer writer = wire_writer_of(place, IPV6_HEADER_OCTETS);

	ipv6_header_write(&writer, &(struct ipv6_header){
	                                   .source = walk->forwarding->own[end->traits.own].address,
	                                   .destination = end->address,
	                                   .flow_label = flow_label_of(flow_hash(walk, packet)),
	                                   .payload_octets = packet->octets,
	                                   .traffic_class = outer_class(walk, packet),
	                                   .next_header = tunnel_kind(end->traits.kind)->protocol,
	                                   .hop_limit = walk->forwarding->hop_limit,
	                           });
}

/* What does not fit is left to the routers (RFC 4213 3.2.2). */
static bool outer_dont_fragment(const struct walk *walk, const struct packet *packet, bool fits)
{
	switch (walk->forwarding->outer_dont_fragment) {
	case OUTER_DF_NEVER:
		return false;
	case OUTER_DF_COPY:
		return fits && (packet->version == 6 || packet_load_u16(packet, IPV4_FRAGMENT_AT) & IPV4_DONT_FRAGMENT);
	case OUTER_DF_PATH_MTU:
		break;
	}
	return fits;
}

/* RFC 5555 2.3.2.2. The identification of what is not to be fragmented may be 0 (RFC 6864 4.1). */
static void write_udp_ipv4(struct walk *walk, const struct packet *packet, const struct tunnel_end *end, bool fits,
                           uint8_t *place)
{
	const bool dont_fragment = outer_dont_fragment(walk, packet, fits);
	struct wire_writer writer = wire_writer_of(place, IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS);
	uint16_t udp_octets = (uint16_t)(UDP_HEADER_OCTETS + packet->octets), checksum;
	const struct ipv4_header header = {
	        .source = walk->forwarding->own[end->traits.own].address,
	        .destination = end->address,
	        .total_octets = (uint16_t)(IPV4_HEADER_OCTETS + udp_octets),
	        .traffic_class = outer_class(walk, packet),
	        .time_to_live = walk->forwarding->hop_limit,
	        .protocol = NEXT_HEADER_UDP,
	        .dont_fragment = dont_fragment,
	        .identification = dont_fragment ? 0 : (uint16_t)fragment_identification(walk),
	};
	uint8_t *udp = place + IPV4_HEADER_OCTETS;
	uint32_t sum;

	ipv4_header_write(&writer, &header);
	wire_write_u16(&writer, UDP_PORT_DSMIPV6);
	wire_write_u16(&writer, end->port);
	wire_write_u16(&writer, udp_octets);
	wire_write_u16(&writer, 0);
	if (!walk->forwarding->udp_checksum)
		return;
	sum = ip_pseudo_header_sum(&header.source, &header.destination, NEXT_HEADER_UDP, udp_octets);
	checksum = wire_checksum_end(wire_checksum_add(sum, udp, udp_octets));
	wire_store_u16(udp + 6, checksum ? checksum : 0xffff); /* zero stands for "none", RFC 768 */
}

static void encapsulate(struct walk *walk, struct packet *packet, const struct tunnel_end *end, bool fits)
{
	const struct tunnel_kind *kind = tunnel_kind(end->traits.kind);
	uint8_t *place;

	packet_trim(packet);
	place = packet_room(packet, kind->outer_octets);
	if (!place) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	packet_count_up(packet);
	if (!packet->is_own) { /* our own errors and replies are not the subscriber's traffic */
		packet_pass_hop(packet);
		binding_count(&packet->entry->down, packet->octets);
	}
	if (kind->outer_version == 6)
		write_ipv6(walk, packet, end, place);
	else
		write_udp_ipv4(walk, packet, end, fits, place);
	packet_grow(packet, kind->outer_octets);
	packet->version = kind->outer_version;
	counter_add(&walk->counters->encapsulated, 1);
	if (packet->was_inside)
		counter_add(&walk->counters->node_to_node, 1);
	packet->next_hop = end->address;
	packet->route = end->traits.route;
	packet->step = STEP_ROUTE;
}

/* What only some bindings have: false when the packet was dropped for it. */
static bool pass_flags(struct walk *walk, struct packet *packet, uint16_t flags)
{
	if (flags & BINDING_CARE_OF_REFUSED) {
		packet_drop(walk, packet, DROP_care_of_refused);
		return false;
	}
	if (flags & BINDING_CARE_OF_UNVERIFIED && !take_credit(walk, packet->entry, packet->octets)) {
		packet_drop(walk, packet, DROP_credit_used_up);
		return false;
	}
	/* our own errors and replies are not the subscriber's traffic */
	return !(flags & BINDING_POLICED) || packet->is_own || police_down(walk, packet);
}

/* Larger than one outer packet carries, yet not to be told so: no more than every IPv6 link must carry (M-19), or an
 * IPv4 packet that may be fragmented (RFC 2473 7.2). */
static bool may_be_cut(const struct packet *packet)
{
	if (packet->version == 4)
		return !(packet_load_u16(packet, IPV4_FRAGMENT_AT) & IPV4_DONT_FRAGMENT);
	return packet->octets <= IPV6_MINIMUM_MTU;
}

static void into_tunnel(struct walk *walk, struct packet *packet, const struct tunnel_end *end)
{
	const uint16_t carried = end->traits.inner_mtu_bytes;
	const bool fits = packet->octets <= carried;
	uint32_t pointer;

	if (tunnel_kind(end->traits.kind)->inner_version != packet->version) {
		packet_drop(walk, packet, DROP_tunnel_kind_unserved);
	} else if (!packet->is_own && packet->header.hop_limit <= 1) {
		icmp_error(walk, packet, ICMPV6_TIME_EXCEEDED, 0, 0, DROP_hop_limit_exceeded);
	} else if (packet->header.next_header == NEXT_HEADER_DESTINATION_OPTIONS && packet->version == 6 &&
	           limit_forbids(packet, &pointer)) {
		icmp_error(walk, packet, ICMPV6_PARAMETER_PROBLEM, 0, pointer, DROP_encapsulation_limit);
	} else if (!fits && !may_be_cut(packet)) {
		icmp_error(walk, packet, ICMPV6_PACKET_TOO_BIG, 0,
		           carried > IPV6_MINIMUM_MTU || packet->version == 4 ? carried : IPV6_MINIMUM_MTU,
		           DROP_too_big);
	} else if (!(end->traits.flags & BINDING_DOWN_FLAGS) || pass_flags(walk, packet, end->traits.flags)) {
		encapsulate(walk, packet, end, fits);
		if (!fits && packet->step == STEP_ROUTE && packet->version == 6)
			fragment(walk, packet, (uint16_t)(carried + IPV6_HEADER_OCTETS));
	}
}

void downlink(struct walk *walk, struct packet *packet)
{
	const struct binding_entry *entry = packet->entry;
	struct tunnel_end end;

	if (!entry) {
		packet_drop(walk, packet, DROP_destination_unbound);
		return;
	}
	if (has_expired(walk, entry)) {
		packet_drop(walk, packet, DROP_destination_expired);
		return;
	}
	end.traits = binding_traits_load(entry);
	end.address = shared_address_load(&entry->care_of_address);
	end.port = binding_port_load(entry);
	if (end.traits.flags & BINDING_SEVERAL)
		way_choose(walk, packet, &end);
	into_tunnel(walk, packet, &end);
}
