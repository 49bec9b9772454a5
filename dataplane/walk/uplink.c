// SPDX-License-Identifier: BSD-3-Clause
/*
 * uplink - out of the tunnel: the inner source must be bound to the outer source, in UDP address and port (M-23); then
 * to another node, to one of our own addresses, or out (architecture.md 3).
 */
#include "walk.h"

/* The address that the node has just left is still good for packets that were under way. */
static bool is_previous(const struct walk *walk, const struct packet *packet)
{
	const struct binding_side *side;
	struct in6_addr previous;
	uint64_t until_and_port;

	/* loaded after the care-of address: whoever sees a new one sees that there is a previous one */
	if (!(binding_traits_load(packet->entry).flags & BINDING_HAS_PREVIOUS))
		return false;
	side = binding_table_side(walk->forwarding->table, packet->entry);
	until_and_port = side ? shared_acquire(&side->previous_until_and_port) : 0;
	if (walk->now_ms >= until_and_port >> 16 || packet->outer_port != (uint16_t)until_and_port)
		return false;
	previous = shared_address_load(&side->previous_care_of);
	/* both were there together */
	return in6_is_equal(&previous, &packet->outer_source) &&
	       shared_acquire(&side->previous_until_and_port) == until_and_port;
}

static bool is_from_first(const struct walk *walk, const struct packet *packet, struct binding_traits traits)
{
	struct in6_addr care_of = shared_address_load(&packet->entry->care_of_address);

	return traits.kind == packet->tunnel_kind && in6_is_equal(&care_of, &packet->outer_source) &&
	       binding_port_load(packet->entry) == packet->outer_port &&
	       (!(traits.flags & BINDING_SEVERAL) || way_own_is_alive(walk, packet->entry));
}

bool uplink_is_bound(const struct walk *walk, const struct packet *packet)
{
	struct binding_traits traits = binding_traits_load(packet->entry), other;

	return is_from_first(walk, packet, traits) ||
	       (traits.flags & BINDING_SEVERAL && way_traits(walk, packet->entry, packet->tunnel_kind,
	                                                     &packet->outer_source, packet->outer_port, &other)) ||
	       is_previous(walk, packet);
}

/* The outer source check, and the rate of the node. False when the packet was dropped. */
static bool is_bound(struct walk *walk, struct packet *packet)
{
	struct binding_entry *entry = packet->entry;
	struct binding_traits traits = binding_traits_load(entry); /* before the address: binding_call_verified() */

	if (is_from_first(walk, packet, traits)) {
		/* of several data planes this one may be the only one that the node's packets come to: the others are
		 * told */
		if (traits.flags & BINDING_CARE_OF_UNVERIFIED &&
		    punt_verified(walk, &packet->key, &packet->outer_source))
			binding_call_verified(entry, traits);
	} else if (traits.flags & BINDING_SEVERAL && way_has_source(walk, packet)) {
		counter_add(&walk->counters->other_care_of, 1);
	} else if (is_previous(walk, packet)) {
		counter_add(&walk->counters->previous_care_of, 1);
	} else {
		packet_drop(walk, packet,
		            tunnel_kind(traits.kind)->inner_version ? DROP_care_of_mismatch
		                                                    : DROP_tunnel_kind_unserved);
		return false;
	}
	return !(traits.flags & BINDING_POLICED) || police_up(walk, packet);
}

/* The outer header goes; the packet is the inner one from here on. False when it was dropped. */
static bool decapsulate(struct walk *walk, struct packet *packet)
{
	uint8_t traffic_class = packet->header.traffic_class;

	packet->ip += packet->inner_offset;
	packet->octets = packet->inner_octets;
	if (!class_after_tunnel(walk->forwarding->marking, packet->outer_class, &traffic_class)) {
		packet_drop(walk, packet, DROP_inner_not_ecn_capable);
		return false;
	}
	if (traffic_class != packet->header.traffic_class)
		packet_set_class(packet, traffic_class);
	packet->was_inside = true;
	packet->up = packet->entry;
	counter_add(&walk->counters->decapsulated, 1);
	return true;
}

static void leave_for_core(struct walk *walk, struct packet *packet)
{
	const struct forwarding *forwarding = walk->forwarding;
	uint16_t mtu_bytes;

	packet->route = forwarding_route(forwarding, &packet->header.destination);
	packet->next_hop = packet->header.destination;
	if (packet->header.hop_limit <= 1) {
		icmp_error(walk, packet, ICMPV6_TIME_EXCEEDED, 0, 0, DROP_hop_limit_exceeded);
		return;
	}
	if (packet->route == NO_ROUTE) {
		icmp_error(walk, packet, ICMPV6_DESTINATION_UNREACHABLE, 0, 0, DROP_no_route);
		return;
	}
	mtu_bytes = forwarding->ports[forwarding->routes[packet->route].port].mtu_bytes;
	if (packet->octets > mtu_bytes) {
		icmp_error(walk, packet, ICMPV6_PACKET_TOO_BIG, 0, mtu_bytes, DROP_too_big);
		return;
	}
	packet_pass_hop(packet);
	packet_count_up(packet);
	packet_trim(packet);
	packet->step = STEP_ROUTE;
}

static void forward_inner(struct walk *walk, struct packet *packet)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct in6_addr *destination = &packet->header.destination;
	const struct service_prefix *prefix;

	if (forwarding_own(forwarding, destination) >= 0) {
		packet->step = STEP_LOCAL;
	} else if (in6_is_confined(destination)) {
		packet_drop(walk, packet, DROP_inner_destination_confined);
	} else if ((prefix = service_prefix_of(&forwarding->prefixes, destination))) {
		service_prefix_key(prefix, destination, &packet->key);
		packet->step = STEP_DOWNLINK;
	} else {
		leave_for_core(walk, packet);
	}
}

void uplink(struct walk *walk, struct packet *packet)
{
	struct binding_entry *entry = packet->entry;

	if (!entry)
		packet_drop(walk, packet, DROP_inner_source_unbound);
	else if (binding_expiry_load(entry) <= walk->expiry_horizon_ms)
		packet_drop(walk, packet, DROP_inner_source_expired);
	else if (is_bound(walk, packet) && decapsulate(walk, packet))
		forward_inner(walk, packet);
}
