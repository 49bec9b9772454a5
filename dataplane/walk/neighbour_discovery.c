// SPDX-License-Identifier: BSD-3-Clause
/* neighbour_discovery - who has which link-layer address (RFC 4861 7.2): asked, answered, learnt. */
#include "walk.h"
#include "neighbour.h"

/* Whether `target` is ours on this port: its link-local address, or an own address of this link. */
static bool is_ours(const struct forwarding *forwarding, const struct in6_addr *target, uint8_t port)
{
	int own = forwarding_own(forwarding, target);

	return in6_is_equal(&forwarding->ports[port].link_local, target) ||
	       (own >= 0 && forwarding->own[own].port == port);
}

static void learn(struct walk *walk, const struct in6_addr *address, uint8_t port,
                  const uint8_t link_address[LINK_ADDRESS_OCTETS])
{
	struct neighbour_table *table = walk->forwarding->neighbours;
	struct neighbour *neighbour = neighbour_claim(table, address, port, walk->now_ms);

	if (neighbour)
		neighbour_learn(table, neighbour, link_address, walk->now_ms);
}

static void advertise(struct walk *walk, struct packet *packet, const struct icmp6_neighbour *asked)
{
	static const struct in6_addr all_nodes = {{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
	bool duplicate_detection = IN6_IS_ADDR_UNSPECIFIED(&asked->source);
	struct icmp6_neighbour answer = {
	        .is_advertisement = true,
	        .router = true,
	        .solicited = !duplicate_detection,
	        .override = true,
	        .source = asked->target,
	        .destination = duplicate_detection ? all_nodes : asked->source,
	        .target = asked->target,
	        .has_link_address = true,
	};
	uint8_t link_address[LINK_ADDRESS_OCTETS];
	struct wire_writer writer;
	struct packet *made = made_begin(walk, &writer, NEIGHBOUR_PACKET_OCTETS);

	if (!made) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	memcpy(answer.link_address, walk->forwarding->ports[packet->port].link_address, sizeof(answer.link_address));
	if (duplicate_detection)
		icmp6_multicast_link_address(&all_nodes, link_address);
	else
		memcpy(link_address, asked->has_link_address ? asked->link_address : packet->link_source,
		       sizeof(link_address));
	transmit_made(walk, made, icmp6_neighbour_write(&writer, &answer), packet->port, link_address, ETHERTYPE_IPV6);
	packet_consume(walk, packet);
}

static void receive_solicitation(struct walk *walk, struct packet *packet, const struct icmp6_neighbour *asked)
{
	if (!is_ours(walk->forwarding, &asked->target, packet->port)) {
		packet_drop(walk, packet, DROP_neighbour_foreign);
		return;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&asked->source) && asked->has_link_address)
		learn(walk, &asked->source, packet->port, asked->link_address);
	advertise(walk, packet, asked);
}

/* RFC 4861 7.2.5: without Override a different address of a resolved neighbour is not believed. */
static void receive_advertisement(struct walk *walk, struct packet *packet, const struct icmp6_neighbour *told)
{
	struct neighbour_table *table = walk->forwarding->neighbours;
	struct neighbour *neighbour = neighbour_find(table, &told->target, packet->port);
	uint8_t known[LINK_ADDRESS_OCTETS];

	if (!neighbour) {
		packet_drop(walk, packet, DROP_neighbour_unknown);
		return;
	}
	if (told->has_link_address && (told->override || !neighbour_link_address(neighbour, known) ||
	                               memcmp(known, told->link_address, sizeof(known)) == 0))
		neighbour_learn(table, neighbour, told->link_address, walk->now_ms);
	packet_consume(walk, packet);
}

void neighbour_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	struct icmp6_neighbour message;

	if (packet->was_inside || packet->port == NO_PORT || icmp6_neighbour_read(parsed, &message))
		packet_drop(walk, packet, DROP_neighbour_malformed);
	else if (message.is_advertisement)
		receive_advertisement(walk, packet, &message);
	else
		receive_solicitation(walk, packet, &message);
}

static const struct in6_addr *source_on(const struct forwarding *forwarding, uint8_t port)
{
	for (unsigned i = 0; i < forwarding->own_count; i++)
		if (forwarding->own[i].port == port && !IN6_IS_ADDR_V4MAPPED(&forwarding->own[i].address))
			return &forwarding->own[i].address;
	return &forwarding->ports[port].link_local;
}

void neighbour_solicit(struct walk *walk, const struct in6_addr *address, struct neighbour *neighbour)
{
	uint8_t port = neighbour->port, link_address[LINK_ADDRESS_OCTETS];
	struct icmp6_neighbour question = {
	        .source = *source_on(walk->forwarding, port),
	        .target = *address,
	        .has_link_address = true,
	};
	struct wire_writer writer;
	struct packet *made = made_begin(walk, &writer, NEIGHBOUR_PACKET_OCTETS);

	if (!made)
		return;
	icmp6_solicited_node(address, &question.destination);
	icmp6_multicast_link_address(&question.destination, link_address);
	memcpy(question.link_address, walk->forwarding->ports[port].link_address, sizeof(question.link_address));
	transmit_made(walk, made, icmp6_neighbour_write(&writer, &question), port, link_address, ETHERTYPE_IPV6);
	counter_add(&walk->counters->solicitations, 1);
}
