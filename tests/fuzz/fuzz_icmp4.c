// SPDX-License-Identifier: BSD-3-Clause
/* Any octets as ICMP of IPv4; an error about them, where one is allowed, reads back. */
#include <stdlib.h>

#include "icmp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	uint8_t buffer[ICMPV4_ERROR_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct wire_view offending = {.bytes = bytes, .octets = octets};
	struct icmp_message message, again;
	struct ip_packet packet, error;

	if (ip_packet_read(bytes, octets, &packet) || packet.version != 4)
		return 0;
	(void)icmp4_read(&packet, &message);
	if (icmp4_error_is_forbidden(&packet))
		return 0;
	octets = icmp4_error_write(&writer, &packet.destination, &packet.source, ICMPV4_UNREACHABLE,
	                           ICMPV4_FRAGMENTATION_NEEDED, 1400, offending);
	if (!octets || ip_packet_read(buffer, octets, &error) || icmp4_read(&error, &again) ||
	    again.parameter != 1400 || !icmp4_error_is_forbidden(&error))
		abort();
	return 0;
}
