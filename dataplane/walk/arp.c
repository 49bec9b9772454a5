// SPDX-License-Identifier: BSD-3-Clause
/* arp - who has which link-layer address in IPv4 (RFC 826): asked, answered, learnt; in the same table as IPv6's. */
#include "arp.h"

#include "neighbour.h"
#include "walk.h"

/* Whether the address is ours on this port's link. */
static bool is_ours(const struct forwarding *forwarding, const struct in6_addr *address, uint8_t port)
{
	int own = forwarding_own(forwarding, address);

	return own >= 0 && forwarding->own[own].port == port;
}

static bool is_probe(const struct arp_packet *told)
{
	return told->sender.s6_addr32[3] == 0;
}

static void send_arp(struct walk *walk, const struct arp_packet *message, uint8_t port,
                     const uint8_t link_address[LINK_ADDRESS_OCTETS])
{
	struct wire_writer writer;
	struct packet *made = made_begin(walk, &writer, ARP_OCTETS);

	if (!made)
		return;
	arp_write(&writer, message);
	transmit_made(walk, made, wire_written(&writer), port, link_address, ETHERTYPE_ARP);
}

static void receive_request(struct walk *walk, struct packet *packet, const struct arp_packet *asked)
{
	struct neighbour_table *table = walk->forwarding->neighbours;
	struct arp_packet answer = {.operation = ARP_REPLY, .sender = asked->target, .target = asked->sender};
	struct neighbour *neighbour;

	if (!is_ours(walk->forwarding, &asked->target, packet->port)) {
		packet_drop(walk, packet, DROP_neighbour_foreign);
		return;
	}
	if (!is_probe(asked) && !in6_is_confined(&asked->sender) &&
	    forwarding_own(walk->forwarding, &asked->sender) < 0) {
		neighbour = neighbour_claim(table, &asked->sender, packet->port, walk->now_ms);
		if (neighbour)
			neighbour_learn(table, neighbour, asked->sender_link, walk->now_ms);
	}
	memcpy(answer.sender_link, walk->forwarding->ports[packet->port].link_address, LINK_ADDRESS_OCTETS);
	memcpy(answer.target_link, asked->sender_link, LINK_ADDRESS_OCTETS);
	send_arp(walk, &answer, packet->port, asked->sender_link);
	packet_consume(walk, packet);
}

/* Only of somebody whom we know or have asked. */
static void receive_reply(struct walk *walk, struct packet *packet, const struct arp_packet *told)
{
	struct neighbour_table *table = walk->forwarding->neighbours;
	struct neighbour *neighbour = neighbour_find(table, &told->sender, packet->port);

	if (!neighbour) {
		packet_drop(walk, packet, DROP_neighbour_unknown);
		return;
	}
	neighbour_learn(table, neighbour, told->sender_link, walk->now_ms);
	packet_consume(walk, packet);
}

void arp_receive(struct walk *walk, struct packet *packet)
{
	struct arp_packet message;

	if (arp_read(packet_view(packet), &message))
		packet_drop(walk, packet, DROP_neighbour_malformed);
	else if (message.operation == ARP_REQUEST)
		receive_request(walk, packet, &message);
	else
		receive_reply(walk, packet, &message);
}

/* Our address on the link, or one of the service, or none, as in a probe (RFC 5227 2.1.1). */
static struct in6_addr sender_on(const struct forwarding *forwarding, uint8_t port)
{
	const struct in6_addr nobody = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	for (unsigned i = 0; i < forwarding->own_count; i++)
		if (forwarding->own[i].port == port && IN6_IS_ADDR_V4MAPPED(&forwarding->own[i].address))
			return forwarding->own[i].address;
	return forwarding->tunnel_end_ipv4 == NO_OWN ? nobody : forwarding->own[forwarding->tunnel_end_ipv4].address;
}

void arp_request(struct walk *walk, const struct in6_addr *address, struct neighbour *neighbour)
{
	static const uint8_t everybody[LINK_ADDRESS_OCTETS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct arp_packet question = {
	        .operation = ARP_REQUEST,
	        .sender = sender_on(walk->forwarding, neighbour->port),
	        .target = *address,
	};

	memcpy(question.sender_link, walk->forwarding->ports[neighbour->port].link_address, LINK_ADDRESS_OCTETS);
	send_arp(walk, &question, neighbour->port, everybody);
	counter_add(&walk->counters->solicitations, 1);
}
