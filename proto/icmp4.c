// SPDX-License-Identifier: BSD-3-Clause
#include "icmp4.h"

#include <errno.h>

int icmp4_read(const struct ip_packet *packet, struct icmp_message *message)
{
	if (packet->version != 4 || packet->protocol != NEXT_HEADER_ICMPV4 || packet->is_fragment)
		return -EPROTONOSUPPORT;
	if (!icmp_message_read(packet->payload, message) ||
	    wire_checksum_end(wire_checksum_add(0, packet->payload.bytes, packet->payload.octets)))
		return -EBADMSG;
	return 0;
}

static size_t packet_write(struct wire_writer *writer, const struct in6_addr *source,
                           const struct in6_addr *destination, const struct icmp_message *message)
{
	const size_t octets = ICMP_HEADER_OCTETS + message->body.octets;
	uint8_t *begin;

	if (octets > UINT16_MAX - IPV4_HEADER_OCTETS)
		wire_writer_fail(writer);
	ipv4_header_write(writer, &(struct ipv4_header){.source = *source,
	                                                .destination = *destination,
	                                                .total_octets = (uint16_t)(IPV4_HEADER_OCTETS + octets),
	                                                .time_to_live = IP_HOP_LIMIT_DEFAULT,
	                                                .protocol = NEXT_HEADER_ICMPV4,
	                                                .dont_fragment = true});
	begin = writer->at;
	icmp_message_write(writer, message);
	if (writer->failed)
		return 0;
	wire_store_u16(begin + ICMP_CHECKSUM_OFFSET, wire_checksum_end(wire_checksum_add(0, begin, octets)));
	return IPV4_HEADER_OCTETS + octets;
}

size_t icmp4_error_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending)
{
	const size_t room = ICMPV4_ERROR_OCTETS_MAX - IPV4_HEADER_OCTETS - ICMP_HEADER_OCTETS;

	if (offending.octets > room)
		offending.octets = room;
	return packet_write(writer, source, destination, &(struct icmp_message){type, code, parameter, offending});
}

size_t icmp4_echo_reply_write(struct wire_writer *writer, const struct in6_addr *source,
                              const struct in6_addr *destination, uint32_t parameter, struct wire_view data)
{
	return packet_write(writer, source, destination, &(struct icmp_message){ICMPV4_ECHO_REPLY, 0, parameter, data});
}

bool icmp4_error_is_forbidden(const struct ip_packet *offending)
{
	const struct wire_view *payload = &offending->payload;

	if (in6_is_confined(&offending->source) || in6_is_multicast(&offending->destination) ||
	    offending->fragment_offset)
		return true;
	if (offending->protocol != NEXT_HEADER_ICMPV4)
		return false;
	/* one too short to tell counts as an error */
	return !payload->octets || icmp4_is_error(payload->bytes[0]);
}
