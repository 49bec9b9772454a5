// SPDX-License-Identifier: BSD-3-Clause
/*
 * uplink - out of the tunnel: the inner source must be bound to the outer source (architecture.md 3); then to another
 * node, to one of our own addresses, or out. Exempt from the check are control packets for us, which prove themselves:
 * they are punted as they came.
 */
#include <errno.h>

#include "feed.h"
#include "walk.h"

/* Whether a tunnelled packet for one of our own addresses is mobility control. */
static bool holds_control(const struct walk *walk, struct wire_view inner, const struct in6_addr *destination,
                          uint8_t *packet_class)
{
	struct ip_packet parsed;

	return forwarding_own(walk->forwarding, destination) >= 0 &&
	       !ip_packet_read(inner.bytes, inner.octets, &parsed) && !parsed.is_fragment &&
	       punt_class_of(parsed.protocol, parsed.payload, packet_class);
}

void classify_inner(struct walk *walk, struct packet *packet, const struct ip_packet *outer)
{
	const struct service_prefix *prefix;
	struct packet inner = *packet;
	uint8_t packet_class;

	if (outer->has_refused_option || outer->has_unknown_routing) {
		packet_drop(walk, packet, DROP_ip_option_refused);
		return;
	}
	if (outer->is_fragment) {
		packet_drop(walk, packet, DROP_fragment_unserved);
		return;
	}
	inner.ip = packet->ip + outer->payload_offset;
	if (!read_header(&inner, outer->payload.octets)) {
		packet_drop(walk, packet, DROP_inner_malformed);
		return;
	}
	if (holds_control(walk, packet_view(&inner), &inner.header.destination, &packet_class)) {
		punt(walk, packet, packet_class);
		return;
	}
	if (in6_is_confined(&inner.header.source))
		packet_drop(walk, packet, DROP_inner_source_confined);
	else if (forwarding_own(walk->forwarding, &inner.header.source) >= 0)
		packet_drop(walk, packet, DROP_inner_source_own);
	else if (!(prefix = service_prefix_of(&walk->forwarding->prefixes, &inner.header.source)))
		packet_drop(walk, packet, DROP_inner_source_foreign);
	else {
		service_prefix_key(prefix, &inner.header.source, &packet->key);
		packet->inner_offset = (uint16_t)outer->payload_offset;
		packet->step = STEP_UPLINK;
	}
}

/* The address that the node has just left is still good for packets that were under way. */
static bool is_previous(struct walk *walk, const struct binding_entry *entry, struct binding_traits traits,
                        const struct in6_addr *source)
{
	const struct binding_side *side;
	struct in6_addr previous;

	if (!(traits.flags & BINDING_HAS_PREVIOUS))
		return false;
	side = binding_table_side(walk->forwarding->table, entry);
	if (!side || walk->now_ms >= shared_acquire(&side->previous_until_ms))
		return false;
	previous = shared_address_load(&side->previous_care_of);
	return in6_is_equal(&previous, source);
}

/* RFC 6040 4.2, figure 4: the ECN field that goes on; false where the packet must be dropped. */
static bool merge_ecn(uint8_t *traffic_class, uint8_t outer_class)
{
	enum { NOT_ECT = 0, ECT1 = 1, CE = 3 };
	uint8_t inner = *traffic_class & 3, outer = outer_class & 3;

	if (outer == CE) {
		if (inner == NOT_ECT)
			return false;
		inner = CE;
	} else if (outer == ECT1 && inner != NOT_ECT && inner != CE) {
		inner = ECT1;
	}
	*traffic_class = (uint8_t)((*traffic_class & 0xfc) | inner);
	return true;
}

/* M-17: a valid packet from the care-of address proves that its node wants what we send there. */
static void call_verified(struct binding_entry *entry)
{
	uint64_t flag = binding_traits_word((struct binding_traits){.flags = BINDING_CARE_OF_UNVERIFIED});

	__atomic_fetch_and(&entry->traits, ~flag, __ATOMIC_RELAXED);
}

/* The outer header goes; the packet is the inner one from here on. False when it was dropped. */
static bool decapsulate(struct walk *walk, struct packet *packet)
{
	uint8_t outer_class = packet->header.traffic_class, traffic_class;

	packet->ip += packet->inner_offset;
	(void)read_header(packet, packet->octets - packet->inner_offset);
	traffic_class = packet->header.traffic_class;
	if (!merge_ecn(&traffic_class, outer_class)) {
		packet_drop(walk, packet, DROP_inner_not_ecn_capable);
		return false;
	}
	if (traffic_class != packet->header.traffic_class) {
		packet->ip[1] = (uint8_t)((packet->ip[1] & 0x0f) | traffic_class << 4);
		packet->header.traffic_class = traffic_class;
	}
	packet->was_inside = true;
	packet->up = packet->entry;
	counter_add(&walk->counters->decapsulated, 1);
	return true;
}

static void leave_for_core(struct walk *walk, struct packet *packet, const struct in6_addr *own)
{
	const struct forwarding *forwarding = walk->forwarding;
	uint16_t mtu_bytes;

	packet->route = forwarding_route(forwarding, &packet->header.destination);
	packet->next_hop = packet->header.destination;
	if (packet->header.hop_limit <= 1) {
		icmp_error(walk, packet, own, ICMPV6_TIME_EXCEEDED, 0, 0, DROP_hop_limit_exceeded);
		return;
	}
	if (packet->route == NO_ROUTE) {
		icmp_error(walk, packet, own, ICMPV6_DESTINATION_UNREACHABLE, 0, 0, DROP_no_route);
		return;
	}
	mtu_bytes = forwarding->ports[forwarding->routes[packet->route].port].mtu_bytes;
	if (packet->octets > mtu_bytes) {
		icmp_error(walk, packet, own, ICMPV6_PACKET_TOO_BIG, 0, mtu_bytes, DROP_too_big);
		return;
	}
	packet->ip[7] = (uint8_t)(packet->header.hop_limit - 1);
	packet_count_up(packet);
	packet_trim(packet);
	packet->step = STEP_ROUTE;
}

static void forward_inner(struct walk *walk, struct packet *packet, struct binding_traits traits)
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
		leave_for_core(walk, packet, &forwarding->own[traits.own].address);
	}
}

void uplink(struct walk *walk, struct packet *packet)
{
	struct binding_entry *entry = packet->entry;
	struct binding_traits traits;
	struct in6_addr care_of;

	if (!entry) {
		packet_drop(walk, packet, DROP_inner_source_unbound);
		return;
	}
	if (binding_expiry_load(entry) <= walk->expiry_horizon_ms) {
		packet_drop(walk, packet, DROP_inner_source_expired);
		return;
	}
	care_of = shared_address_load(&entry->care_of_address);
	traits = binding_traits_load(
	        entry); /* after the address: whoever sees a new one sees that there is a previous */
	if (traits.kind != FEED_TUNNEL_IP6_IN_IP6) {
		packet_drop(walk, packet, DROP_tunnel_kind_unserved);
		return;
	}
	if (in6_is_equal(&care_of, &packet->header.source)) {
		if (traits.flags & BINDING_CARE_OF_UNVERIFIED)
			call_verified(entry);
	} else if (is_previous(walk, entry, traits, &packet->header.source)) {
		counter_add(&walk->counters->previous_care_of, 1);
	} else {
		packet_drop(walk, packet, DROP_care_of_mismatch);
		return;
	}
	if (decapsulate(walk, packet))
		forward_inner(walk, packet, traits);
}
