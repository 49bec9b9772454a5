// SPDX-License-Identifier: BSD-3-Clause
#include "icmp6.h"

#include <errno.h>

enum { HOP_LIMIT_ON_LINK = 255, OPTION_SOURCE_LINK_ADDRESS = 1, OPTION_TARGET_LINK_ADDRESS = 2 };
enum { FLAG_ROUTER = 0x80, FLAG_SOLICITED = 0x40, FLAG_OVERRIDE = 0x20 };

int icmp6_read(const struct ip_packet *packet, struct icmp_message *message)
{
	if (packet->version != 6 || packet->protocol != NEXT_HEADER_ICMPV6 || packet->is_fragment)
		return -EPROTONOSUPPORT;
	return icmp_message_read(packet->payload, message) && ip_packet_checksum_is_right(packet) ? 0 : -EBADMSG;
}

/* Header with the payload's length, and the ICMPv6 checksum when `finish` is called with where the message began. */
static uint8_t *begin_packet(struct wire_writer *writer, const struct in6_addr *source,
                             const struct in6_addr *destination, size_t message_octets, uint8_t hop_limit)
{
	struct ipv6_header header = {.source = *source,
	                             .destination = *destination,
	                             .payload_octets = (uint16_t)message_octets,
	                             .next_header = NEXT_HEADER_ICMPV6,
	                             .hop_limit = hop_limit};

	if (message_octets > UINT16_MAX)
		wire_writer_fail(writer);
	ipv6_header_write(writer, &header);
	return writer->at;
}

static size_t finish_packet(struct wire_writer *writer, const struct in6_addr *source,
                            const struct in6_addr *destination, uint8_t *message, size_t message_octets)
{
	uint32_t sum = ip_pseudo_header_sum(source, destination, NEXT_HEADER_ICMPV6, (uint32_t)message_octets);

	if (writer->failed)
		return 0;
	wire_store_u16(message + ICMP_CHECKSUM_OFFSET,
	               wire_checksum_end(wire_checksum_add(sum, message, message_octets)));
	return IPV6_HEADER_OCTETS + message_octets;
}

static size_t packet_write(struct wire_writer *writer, const struct in6_addr *source,
                           const struct in6_addr *destination, const struct icmp_message *message)
{
	size_t octets = ICMP_HEADER_OCTETS + message->body.octets;
	uint8_t *begin = begin_packet(writer, source, destination, octets, IP_HOP_LIMIT_DEFAULT);

	icmp_message_write(writer, message);
	return finish_packet(writer, source, destination, begin, octets);
}

size_t icmp6_error_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending)
{
	const size_t room = IPV6_MINIMUM_MTU - IPV6_HEADER_OCTETS - ICMP_HEADER_OCTETS;

	if (offending.octets > room)
		offending.octets = room;
	return packet_write(writer, source, destination, &(struct icmp_message){type, code, parameter, offending});
}

size_t icmp6_echo_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                        uint8_t type, uint32_t parameter, struct wire_view data)
{
	return packet_write(writer, source, destination, &(struct icmp_message){type, 0, parameter, data});
}

bool icmp6_error_is_forbidden(const struct ip_packet *offending)
{
	const struct wire_view *payload = &offending->payload;

	if (IN6_IS_ADDR_UNSPECIFIED(&offending->source) || IN6_IS_ADDR_MULTICAST(&offending->source) ||
	    IN6_IS_ADDR_MULTICAST(&offending->destination) || offending->fragment_offset)
		return true;
	if (offending->protocol != NEXT_HEADER_ICMPV6)
		return false;
	/* one too short to tell counts as an error */
	return !payload->octets || icmp6_is_error(payload->bytes[0]) || payload->bytes[0] == ICMPV6_REDIRECT;
}

/* The options behind the target; only our own link-layer address option is of interest. */
static void read_options(struct wire_reader *reader, struct icmp6_neighbour *neighbour)
{
	uint8_t wanted = neighbour->is_advertisement ? OPTION_TARGET_LINK_ADDRESS : OPTION_SOURCE_LINK_ADDRESS;

	while (wire_remaining(reader)) {
		uint8_t type = wire_read_u8(reader);
		uint8_t units = wire_read_u8(reader);
		struct wire_reader value;

		if (units == 0) {
			wire_reader_fail(reader);
			return;
		}
		value = wire_read_part(reader, (size_t)units * 8 - 2);
		if (type != wanted || units != 1)
			continue;
		neighbour->has_link_address = true;
		wire_read_copy(&value, neighbour->link_address, LINK_ADDRESS_OCTETS);
	}
}

static bool is_valid(const struct icmp6_neighbour *neighbour)
{
	struct in6_addr solicited_node;

	if (IN6_IS_ADDR_MULTICAST(&neighbour->target))
		return false;
	if (neighbour->is_advertisement)
		return !(neighbour->solicited && IN6_IS_ADDR_MULTICAST(&neighbour->destination));
	if (!IN6_IS_ADDR_UNSPECIFIED(&neighbour->source))
		return true;
	icmp6_solicited_node(&neighbour->target, &solicited_node);
	return !neighbour->has_link_address && in6_is_equal(&neighbour->destination, &solicited_node);
}

int icmp6_neighbour_read(const struct ip_packet *packet, struct icmp6_neighbour *neighbour)
{
	struct icmp_message message;
	struct wire_reader reader;
	int result = icmp6_read(packet, &message);

	if (result)
		return result;
	if (message.type != ICMPV6_NEIGHBOUR_SOLICITATION && message.type != ICMPV6_NEIGHBOUR_ADVERTISEMENT)
		return -EPROTONOSUPPORT;
	memset(neighbour, 0, sizeof(*neighbour));
	neighbour->is_advertisement = message.type == ICMPV6_NEIGHBOUR_ADVERTISEMENT;
	neighbour->router = message.parameter >> 24 & FLAG_ROUTER;
	neighbour->solicited = message.parameter >> 24 & FLAG_SOLICITED;
	neighbour->override = message.parameter >> 24 & FLAG_OVERRIDE;
	neighbour->source = packet->source;
	neighbour->destination = packet->destination;
	reader = wire_reader_of_view(message.body);
	wire_read_copy(&reader, &neighbour->target, sizeof(neighbour->target));
	read_options(&reader, neighbour);
	if (reader.failed || packet->hop_limit != HOP_LIMIT_ON_LINK || message.code != 0 || !is_valid(neighbour))
		return -EBADMSG;
	return 0;
}

size_t icmp6_neighbour_write(struct wire_writer *writer, const struct icmp6_neighbour *neighbour)
{
	size_t octets = neighbour->has_link_address ? 32 : 24;
	uint8_t *message = begin_packet(writer, &neighbour->source, &neighbour->destination, octets, HOP_LIMIT_ON_LINK);
	uint8_t flags = (uint8_t)((neighbour->router ? FLAG_ROUTER : 0) | (neighbour->solicited ? FLAG_SOLICITED : 0) |
	                          (neighbour->override ? FLAG_OVERRIDE : 0));

	wire_write_u8(writer,
	              neighbour->is_advertisement ? ICMPV6_NEIGHBOUR_ADVERTISEMENT : ICMPV6_NEIGHBOUR_SOLICITATION);
	wire_write_u8(writer, 0);
	wire_write_u16(writer, 0);
	wire_write_u32(writer, neighbour->is_advertisement ? (uint32_t)flags << 24 : 0);
	wire_write_bytes(writer, &neighbour->target, sizeof(neighbour->target));
	if (neighbour->has_link_address) {
		wire_write_u8(writer,
		              neighbour->is_advertisement ? OPTION_TARGET_LINK_ADDRESS : OPTION_SOURCE_LINK_ADDRESS);
		wire_write_u8(writer, 1);
		wire_write_bytes(writer, neighbour->link_address, LINK_ADDRESS_OCTETS);
	}
	return finish_packet(writer, &neighbour->source, &neighbour->destination, message, octets);
}

void icmp6_solicited_node(const struct in6_addr *address, struct in6_addr *multicast)
{
	memset(multicast, 0, sizeof(*multicast));
	multicast->s6_addr[0] = 0xff;
	multicast->s6_addr[1] = 0x02;
	multicast->s6_addr[11] = 0x01;
	multicast->s6_addr[12] = 0xff;
	memcpy(&multicast->s6_addr[13], &address->s6_addr[13], 3);
}

void icmp6_multicast_link_address(const struct in6_addr *multicast, uint8_t link_address[LINK_ADDRESS_OCTETS])
{
	link_address[0] = link_address[1] = 0x33;
	memcpy(link_address + 2, &multicast->s6_addr[12], 4);
}
