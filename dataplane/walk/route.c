// SPDX-License-Identifier: BSD-3-Clause
/* route - the next hop and its link; a packet whose next hop has no link-layer address yet waits, three a neighbour. */
#include "neighbour.h"
#include "walk.h"

/* An IP packet's Ethertype, by the version in its first octet. */
static uint16_t ethertype_of(const struct packet *packet)
{
	return packet->ip[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
}

/* Asks for a neighbour's link-layer address: ARP for IPv4, else Neighbour Discovery. */
static void ask(struct walk *walk, struct neighbour *neighbour)
{
	if (IN6_IS_ADDR_V4MAPPED(&neighbour->address))
		arp_request(walk, &neighbour->address, neighbour);
	else
		neighbour_solicit(walk, &neighbour->address, neighbour);
}

static bool too_many_wait(const struct walk *walk, const struct in6_addr *next_hop)
{
	unsigned same = 0;

	if (walk->pending_count == PENDING_MAX)
		return true;
	for (unsigned i = 0; i < walk->pending_count; i++)
		same += in6_is_equal(&walk->pending[i].next_hop, next_hop);
	return same >= PENDING_PER_NEIGHBOUR;
}

static void let_wait(struct walk *walk, struct packet *packet, const struct neighbour *neighbour)
{
	if (too_many_wait(walk, &neighbour->address)) {
		packet_drop(walk, packet, DROP_neighbour_unresolved);
		return;
	}
	walk->pending[walk->pending_count++] = (struct pending_packet){
	        .buffer = packet->buffer,
	        .next_hop = neighbour->address,
	        .since_ms = walk->now_ms,
	        .port = neighbour->port,
	};
	packet->step = STEP_DONE;
}

static void send_to(struct walk *walk, struct packet *packet, struct neighbour *neighbour)
{
	uint8_t link_address[LINK_ADDRESS_OCTETS];

	if (!neighbour) {
		packet_drop(walk, packet, DROP_neighbour_table_full);
		return;
	}
	if (neighbour_use(neighbour, walk->now_ms))
		ask(walk, neighbour);
	if (neighbour_link_address(neighbour, link_address))
		transmit(walk, packet, neighbour->port, link_address, ethertype_of(packet));
	else
		let_wait(walk, packet, neighbour);
}

void route(struct walk *walk, struct packet *packet)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct route *way;

	if (packet->route == NO_ROUTE)
		packet->route = forwarding_route(forwarding, &packet->next_hop);
	if (packet->route == NO_ROUTE) {
		packet_drop(walk, packet, DROP_no_route);
		return;
	}
	way = &forwarding->routes[packet->route];
	if (packet->octets > forwarding->ports[way->port].mtu_bytes) {
		packet_drop(walk, packet, DROP_frame_too_big);
		return;
	}
	if (way->on_link)
		route_on_link(walk, packet, way->port);
	else
		send_to(walk, packet, way->neighbour);
}

void route_on_link(struct walk *walk, struct packet *packet, uint8_t port)
{
	send_to(walk, packet, neighbour_claim(walk->forwarding->neighbours, &packet->next_hop, port, walk->now_ms));
}

/* True when the waiting packet is in somebody else's hands. */
static bool try_pending(struct walk *walk, const struct pending_packet *pending)
{
	struct neighbour *neighbour = neighbour_find(walk->forwarding->neighbours, &pending->next_hop, pending->port);
	struct packet packet = {
	        .buffer = pending->buffer,
	        .ip = rte_pktmbuf_mtod(pending->buffer, uint8_t *),
	        .octets = rte_pktmbuf_data_len(pending->buffer),
	        .port = pending->port,
	};
	uint8_t link_address[LINK_ADDRESS_OCTETS];

	if (neighbour && neighbour_link_address(neighbour, link_address)) {
		transmit(walk, &packet, pending->port, link_address, ethertype_of(&packet));
		return true;
	}
	if (walk->now_ms >= pending->since_ms + PENDING_MS) {
		packet_drop(walk, &packet, DROP_neighbour_unresolved);
		return true;
	}
	if (neighbour && neighbour_use(neighbour, walk->now_ms))
		ask(walk, neighbour);
	return false;
}

void route_pending(struct walk *walk)
{
	uint32_t generation = __atomic_load_n(&walk->forwarding->neighbours->generation, __ATOMIC_ACQUIRE);
	unsigned kept = 0, count = walk->pending_count;

	if (!count || (generation == walk->pending_generation && walk->now_ms == walk->pending_ms))
		return;
	walk->pending_generation = generation;
	walk->pending_ms = walk->now_ms;
	for (unsigned i = 0; i < count; i++) {
		struct pending_packet pending = walk->pending[i];

		if (!try_pending(walk, &pending))
			walk->pending[kept++] = pending;
	}
	walk->pending_count = kept;
}
