// SPDX-License-Identifier: BSD-3-Clause
/* Any octets as an IP packet: the walk stays inside, and what it calls the payload lies in the packet. */
#include <stdlib.h>

#include "ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct udp_datagram datagram;
	struct ip_packet packet;

	if (ip_packet_read(bytes, octets, &packet))
		return 0;
	if (packet.payload_offset + packet.payload.octets > octets ||
	    packet.payload.bytes != bytes + packet.payload_offset)
		abort();
	(void)ip_packet_checksum_is_right(&packet);
	if (udp_datagram_read(&packet, &datagram) == 0 &&
	    datagram.payload.octets + UDP_HEADER_OCTETS != packet.payload.octets)
		abort();
	return 0;
}
