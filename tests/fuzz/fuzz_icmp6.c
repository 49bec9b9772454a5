// SPDX-License-Identifier: BSD-3-Clause
/* Any octets as ICMPv6; a neighbour message that is accepted comes back the same from what is written of it. */
#include <stdlib.h>

#include "icmp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void round_trip(const struct icmp6_neighbour *neighbour)
{
	uint8_t buffer[NEIGHBOUR_PACKET_OCTETS];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct icmp6_neighbour again;
	struct ip_packet packet;
	size_t octets = icmp6_neighbour_write(&writer, neighbour);

	if (!octets || ip_packet_read(buffer, octets, &packet) || icmp6_neighbour_read(&packet, &again) ||
	    !in6_is_equal(&again.target, &neighbour->target) || again.has_link_address != neighbour->has_link_address)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	uint8_t buffer[IPV6_MINIMUM_MTU];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct wire_view offending = {.bytes = bytes, .octets = octets};
	struct icmp6_neighbour neighbour;
	struct icmp_message message;
	struct ip_packet packet;

	if (ip_packet_read(bytes, octets, &packet))
		return 0;
	if (icmp6_error_write(&writer, &packet.destination, &packet.source, ICMPV6_PACKET_TOO_BIG, 0, 1280,
	                      offending) == 0)
		abort();
	(void)icmp6_error_is_forbidden(&packet);
	(void)icmp6_read(&packet, &message);
	if (icmp6_neighbour_read(&packet, &neighbour) == 0)
		round_trip(&neighbour);
	return 0;
}
