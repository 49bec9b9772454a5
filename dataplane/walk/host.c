// SPDX-License-Identifier: BSD-3-Clause
/*
 * host - the host's kernel behind a port's twin interface (architecture.md 3). To it goes what is for us and neither
 * mobility control nor answered here; what it sends leaves as if it stood on the port's link: no hop is counted, so
 * that BGP's hop limit of 1 and BFD's of 255 hold, and multicast goes out as it is. The kernel never sees our
 * neighbours: whomever it asks for, it is told HOST_LINK, and the walk finds the way by the destination.
 */
#include "arp.h"
#include "neighbour.h"
#include "walk.h"

/* Locally administered (IEEE 802): "ked" and the next hop of whatever the host's kernel sends. */
static const uint8_t HOST_LINK[LINK_ADDRESS_OCTETS] = {0x02, 'k', 'e', 'd', 0x00, 0x01};

/* The port whose twin gives a packet to the kernel: the one it came by, else the first with a twin, else NO_PORT. */
static uint8_t twin_of(const struct forwarding *forwarding, uint8_t port)
{
	if (port == NO_PORT || !forwarding->ports[port].has_host)
		port = forwarding->host_port;
	return forwarding->ports[port].has_host ? port : NO_PORT;
}

/* RFC 2464 7, RFC 1112 6.4. */
static void multicast_link_address(const struct in6_addr *multicast, uint8_t link_address[LINK_ADDRESS_OCTETS])
{
	const uint8_t *ipv4 = &multicast->s6_addr[12];

	if (IN6_IS_ADDR_V4MAPPED(multicast))
		memcpy(link_address, (uint8_t[]){0x01, 0x00, 0x5e, ipv4[1] & 0x7f, ipv4[2], ipv4[3]},
		       LINK_ADDRESS_OCTETS);
	else
		icmp6_multicast_link_address(multicast, link_address);
}

/* A packet alone in its buffer, made a frame for the kernel and put on the ring; false when there is no room. */
static bool hand_over(struct walk *walk, struct rte_mbuf *buffer, uint8_t port, const struct in6_addr *destination,
                      uint16_t ethertype)
{
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(buffer, ETHERNET_OCTETS);
	uint8_t link_address[LINK_ADDRESS_OCTETS];
	struct wire_writer writer;

	if (!frame)
		return false;
	if (in6_is_multicast(destination))
		multicast_link_address(destination, link_address);
	else
		memcpy(link_address, walk->forwarding->ports[port].link_address, sizeof(link_address));
	writer = wire_writer_of(frame, ETHERNET_OCTETS);
	wire_write_bytes(&writer, link_address, sizeof(link_address));
	wire_write_bytes(&writer, HOST_LINK, sizeof(HOST_LINK));
	wire_write_u16(&writer, ethertype);
	buffer->port = port;
	return rte_ring_enqueue(walk->to_host, buffer) == 0;
}

/* What was put together here, as the walk had to see it whole, does not go through the twin whole. False: dropped. */
static bool cut(struct walk *walk, struct packet *packet, uint8_t port)
{
	if (packet->version == 6)
		fragment(walk, packet, walk->forwarding->ports[port].mtu_bytes);
	else
		packet_drop(walk, packet, DROP_frame_too_big);
	return packet->step != STEP_DONE;
}

void host_send(struct walk *walk, struct packet *packet, enum drop_reason otherwise)
{
	uint8_t port = twin_of(walk->forwarding, packet->port);

	if (port == NO_PORT) {
		packet_drop(walk, packet, otherwise);
		return;
	}
	packet_trim(packet);
	if (packet->octets > walk->forwarding->ports[port].mtu_bytes && !cut(walk, packet, port))
		return;
	if (!hand_over(walk, packet->buffer, port, &packet->header.destination,
	               packet->version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6)) {
		packet_drop(walk, packet, DROP_host_queue_full);
		return;
	}
	packet_count_up(packet);
	/* it counts as handed to the host, or as dropped, where it leaves: at the main core */
	packet->step = STEP_DONE;
}

static bool is_ours(const struct walk *walk, const struct in6_addr *address, uint8_t port)
{
	return forwarding_own(walk->forwarding, address) >= 0 ||
	       in6_is_equal(address, &walk->forwarding->ports[port].link_local);
}

/* What `made` holds answers the kernel's question, which is consumed. */
static void answer(struct walk *walk, struct packet *question, struct rte_mbuf *made, const struct in6_addr *asker,
                   uint16_t ethertype)
{
	counter_add(&walk->counters->originated, 1);
	if (!hand_over(walk, made, question->port, asker, ethertype)) {
		counter_add(&walk->counters->drops[DROP_host_queue_full], 1);
		rte_pktmbuf_free(made);
	}
	packet_consume(walk, question);
}

/* Whomever the kernel looks for is reached through us; but nobody else has our own addresses. */
static void answer_solicitation(struct walk *walk, struct packet *packet, const struct icmp6_neighbour *asked)
{
	struct icmp6_neighbour told = {
	        .is_advertisement = true,
	        .router = true,
	        .solicited = true,
	        .override = true,
	        .source = asked->target,
	        .destination = asked->source,
	        .target = asked->target,
	        .has_link_address = true,
	};
	struct rte_mbuf *made;
	struct wire_writer writer;

	if (IN6_IS_ADDR_UNSPECIFIED(&asked->source) || is_ours(walk, &asked->target, packet->port)) {
		packet_consume(walk, packet);
		return;
	}
	made = rte_pktmbuf_alloc(walk->pool);
	if (!made) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	memcpy(told.link_address, HOST_LINK, sizeof(told.link_address));
	writer = wire_writer_of(rte_pktmbuf_mtod(made, uint8_t *), NEIGHBOUR_PACKET_OCTETS);
	(void)rte_pktmbuf_append(made, (uint16_t)icmp6_neighbour_write(&writer, &told));
	answer(walk, packet, made, &asked->source, ETHERTYPE_IPV6);
}

/* The same in IPv4: probes and announcements of our own addresses stay without an answer. */
static void take_arp(struct walk *walk, struct packet *packet)
{
	struct arp_packet asked, told = {.operation = ARP_REPLY};
	struct wire_writer writer;
	struct rte_mbuf *made;

	if (arp_read(packet_view(packet), &asked)) {
		packet_drop(walk, packet, DROP_neighbour_malformed);
		return;
	}
	if (asked.operation != ARP_REQUEST || is_ours(walk, &asked.target, packet->port)) {
		packet_consume(walk, packet);
		return;
	}
	made = rte_pktmbuf_alloc(walk->pool);
	if (!made) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	told.sender = asked.target;
	told.target = asked.sender;
	memcpy(told.sender_link, HOST_LINK, sizeof(told.sender_link));
	memcpy(told.target_link, asked.sender_link, sizeof(told.target_link));
	writer = wire_writer_of(rte_pktmbuf_mtod(made, uint8_t *), ARP_OCTETS);
	arp_write(&writer, &told);
	(void)rte_pktmbuf_append(made, (uint16_t)wire_written(&writer));
	answer(walk, packet, made, &asked.sender, ETHERTYPE_ARP);
}

/* Neighbour Discovery between kernel and walk stays between them. True when it was that. */
static bool take_neighbour_discovery(struct walk *walk, struct packet *packet)
{
	struct icmp6_neighbour message;
	struct ip_packet parsed;

	if (packet->header.next_header != NEXT_HEADER_ICMPV6 || ip_packet_read(packet->ip, packet->octets, &parsed) ||
	    icmp6_neighbour_read(&parsed, &message))
		return false;
	if (message.is_advertisement)
		packet_consume(walk, packet); /* we know already where the kernel is */
	else
		answer_solicitation(walk, packet, &message);
	return true;
}

static void classify_destination(struct walk *walk, struct packet *packet)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct in6_addr *destination = &packet->header.destination;
	const struct service_prefix *prefix = service_prefix_of(&forwarding->prefixes, destination);
	uint8_t link_address[LINK_ADDRESS_OCTETS];

	packet_trim(packet);
	packet->next_hop = *destination;
	packet->step = STEP_ROUTE;
	if (in6_is_multicast(destination)) {
		multicast_link_address(destination, link_address);
		transmit(walk, packet, packet->port, link_address,
		         packet->version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	} else if (IN6_IS_ADDR_LINKLOCAL(destination)) {
		route_on_link(walk, packet, packet->port);
	} else if (in6_is_confined(destination) || forwarding_own(forwarding, destination) >= 0) {
		packet_drop(walk, packet, DROP_host_destination_refused);
	} else if (prefix) {
		service_prefix_key(prefix, destination, &packet->key);
		packet->step = STEP_DOWNLINK;
	}
}

static void classify_ip(struct walk *walk, struct packet *packet, uint8_t version)
{
	packet->octets = read_header(packet, packet->ip, packet->octets, version);
	if (!packet->octets)
		packet_drop(walk, packet, DROP_ip_malformed);
	else if (version == 6 && take_neighbour_discovery(walk, packet))
		return;
	else if (!is_ours(walk, &packet->header.source, packet->port))
		packet_drop(walk, packet, DROP_host_source_foreign);
	else
		classify_destination(walk, packet);
}

void host_classify(struct walk *walk, struct packet *packet)
{
	uint16_t octets = rte_pktmbuf_data_len(packet->buffer);
	struct wire_reader frame = wire_reader_of(rte_pktmbuf_mtod(packet->buffer, uint8_t *), octets);
	uint16_t ethertype;

	wire_skip(&frame, 2 * LINK_ADDRESS_OCTETS);
	ethertype = wire_read_u16(&frame);
	if (frame.failed || packet->buffer->nb_segs != 1) {
		packet_drop(walk, packet, DROP_frame_truncated);
		return;
	}
	packet->ip = rte_pktmbuf_mtod(packet->buffer, uint8_t *) + ETHERNET_OCTETS;
	packet->octets = (uint16_t)(octets - ETHERNET_OCTETS);
	if (ethertype == ETHERTYPE_IPV6)
		classify_ip(walk, packet, 6);
	else if (ethertype != ETHERTYPE_IPV4 && ethertype != ETHERTYPE_ARP)
		packet_drop(walk, packet, DROP_frame_not_ip);
	else if (!walk->forwarding->serves_ipv4)
		packet_drop(walk, packet, DROP_ipv4_unserved);
	else if (ethertype == ETHERTYPE_IPV4)
		classify_ip(walk, packet, 4);
	else
		take_arp(walk, packet);
}
