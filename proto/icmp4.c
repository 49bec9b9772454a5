// SPDX-License-Identifier: BSD-3-Clause
#include "icmp4.h"

#include <errno.h>

int icmp4_read(const struct ip_packet *packet, struct icmp4_message *message)
{
	struct wire_reader reader = wire_reader_of_view(packet->payload);

	if (packet->version != 4 || packet->protocol != NEXT_HEADER_ICMPV4 || packet->is_fragment)
		return -EPROTONOSUPPORT;
	message->type = wire_read_u8(&reader);
	message->code = wire_read_u8(&reader);
	wire_skip(&reader, 2);
	message->parameter = wire_read_u32(&reader);
	message->body = wire_read_view(&reader, wire_remaining(&reader));
	if (reader.failed || wire_checksum_end(wire_checksum_add(0, packet->payload.bytes, packet->payload.octets)))
		return -EBADMSG;
	return 0;
}

static size_t message_write(struct wire_writer *writer, const struct in6_addr *source,
                            const struct in6_addr *destination, uint16_t type_and_code, uint32_t parameter,
                            struct wire_view body)
{
	const size_t octets = ICMPV4_HEADER_OCTETS + body.octets;
	uint8_t *message;

	if (octets > UINT16_MAX - IPV4_HEADER_OCTETS)
		wire_writer_fail(writer);
	ipv4_header_write(writer, &(struct ipv4_header){.source = *source,
	                                                .destination = *destination,
	                                                .total_octets = (uint16_t)(IPV4_HEADER_OCTETS + octets),
	                                                .time_to_live = IP_HOP_LIMIT_DEFAULT,
	                                                .protocol = NEXT_HEADER_ICMPV4,
	                                                .dont_fragment = true});
	message = writer->at;
	wire_write_u16(writer, type_and_code);
	wire_write_u16(writer, 0);
	wire_write_u32(writer, parameter);
	wire_write_view(writer, body);
	if (writer->failed)
		return 0;
	wire_store_u16(message + 2, wire_checksum_end(wire_checksum_add(0, message, octets)));
	return IPV4_HEADER_OCTETS + octets;
}

size_t icmp4_error_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending)
{
	const size_t room = ICMPV4_ERROR_OCTETS_MAX - IPV4_HEADER_OCTETS - ICMPV4_HEADER_OCTETS;

	if (offending.octets > room)
		offending.octets = room;
	return message_write(writer, source, destination, (uint16_t)(type << 8 | code), parameter, offending);
}

size_t icmp4_echo_reply_write(struct wire_writer *writer, const struct in6_addr *source,
                              const struct in6_addr *destination, uint32_t parameter, struct wire_view data)
{
	return message_write(writer, source, destination, ICMPV4_ECHO_REPLY << 8, parameter, data);
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
