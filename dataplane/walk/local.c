// SPDX-License-Identifier: BSD-3-Clause
/*
 * local - for one of our own addresses, or a multicast that we must hear: Neighbour Discovery, echo, control packets,
 * and the rest for the host's kernel.
 */
#include <errno.h>

#include "punt.h"
#include "walk.h"

/* To a multicast or our link-local address: only Neighbour Discovery is the walk's. */
static void local_on_link(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	if (parsed->version == 6 && parsed->protocol == NEXT_HEADER_ICMPV6)
		icmp_receive(walk, packet, parsed);
	else
		host_send(walk, packet, DROP_multicast_unserved);
}

void local(struct walk *walk, struct packet *packet)
{
	struct ip_packet parsed;
	uint8_t packet_class;
	int result = ip_packet_read(packet->ip, packet->octets, &parsed);

	if (result)
		packet_drop(walk, packet, result == -E2BIG ? DROP_ip_too_many_extensions : DROP_ip_malformed);
	else if (parsed.has_refused_option || parsed.has_unknown_routing)
		packet_drop(walk, packet, DROP_ip_option_refused);
	else if (parsed.is_fragment)
		reassemble(walk, packet, &parsed);
	else if (in6_is_multicast(&parsed.destination) || IN6_IS_ADDR_LINKLOCAL(&parsed.destination))
		local_on_link(walk, packet, &parsed);
	else if (parsed.version == 6 && parsed.protocol == NEXT_HEADER_ICMPV6)
		icmp_receive(walk, packet, &parsed);
	else if (parsed.version == 4 && parsed.protocol == NEXT_HEADER_ICMPV4)
		icmp4_receive(walk, packet, &parsed);
	else if (in6_is_confined(&parsed.source))
		packet_drop(walk, packet, DROP_ip_source_confined);
	else if (forwarding_own(walk->forwarding, &parsed.source) >= 0)
		packet_drop(walk, packet, packet->was_inside ? DROP_inner_source_own : DROP_source_spoofed);
	else if (punt_class_of(parsed.protocol, parsed.payload, &packet_class))
		punt(walk, packet, packet_class);
	else
		host_send(walk, packet, packet->was_inside ? DROP_inner_not_served : DROP_local_unserved);
}
