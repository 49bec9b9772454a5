// SPDX-License-Identifier: BSD-3-Clause
#include "ip.h"

#include <errno.h>

enum { OPTION_PAD1 = 0, OPTION_PADN = 1, OPTION_ENCAPSULATION_LIMIT = 4, OPTION_HOME_ADDRESS = 201 };
enum { ROUTING_TYPE_HOME_ADDRESS = 2, NEXT_HEADER_OFFSET = 6 };
enum { UDP_PAYLOAD_MAX = 65000, MOBILITY_MESSAGE_MAX = 2048 };

static void map_ipv4(struct wire_reader *reader, struct in6_addr *address)
{
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	wire_read_copy(reader, &address->s6_addr[12], 4);
}

void ipv6_header_write(struct wire_writer *writer, const struct ipv6_header *header)
{
	uint8_t *bytes = wire_write_space(writer, IPV6_HEADER_OCTETS);

	if (!bytes)
		return;
	wire_store_u64(bytes, 6ull << 60 | (uint64_t)header->traffic_class << 52 |
	                              (uint64_t)(header->flow_label & 0xfffff) << 32 |
	                              (uint64_t)header->payload_octets << 16 | (uint64_t)header->next_header << 8 |
	                              header->hop_limit);
	memcpy(bytes + 8, &header->source, sizeof(header->source));
	memcpy(bytes + 24, &header->destination, sizeof(header->destination));
}

void ipv4_header_read(struct wire_reader *reader, struct ipv4_header *header)
{
	struct wire_reader whole = *reader;
	uint8_t first = wire_read_u8(reader);
	uint16_t fragment;
	const uint8_t *bytes;

	header->header_octets = (uint16_t)((first & 0xf) * 4);
	header->traffic_class = wire_read_u8(reader);
	header->total_octets = wire_read_u16(reader);
	header->identification = wire_read_u16(reader);
	fragment = wire_read_u16(reader);
	header->dont_fragment = fragment & 0x4000;
	header->more_fragments = fragment & 0x2000;
	header->fragment_offset = (uint16_t)((fragment & 0x1fff) * 8);
	header->time_to_live = wire_read_u8(reader);
	header->protocol = wire_read_u8(reader);
	wire_skip(reader, 2);
	map_ipv4(reader, &header->source);
	map_ipv4(reader, &header->destination);
	bytes = wire_read_bytes(&whole, header->header_octets);
	if (first >> 4 != 4 || header->header_octets < IPV4_HEADER_OCTETS || !bytes ||
	    wire_checksum_end(wire_checksum_add(0, bytes, header->header_octets)) != 0) {
		wire_reader_fail(reader);
		return;
	}
	wire_skip(reader, header->header_octets - (size_t)IPV4_HEADER_OCTETS);
}

void ipv4_header_write(struct wire_writer *writer, const struct ipv4_header *header)
{
	uint8_t *begin = wire_write_space(writer, IPV4_HEADER_OCTETS);
	struct wire_writer inner;

	if (!begin)
		return;
	inner = wire_writer_of(begin, IPV4_HEADER_OCTETS);
	wire_write_u8(&inner, 0x45);
	wire_write_u8(&inner, header->traffic_class);
	wire_write_u16(&inner, header->total_octets);
	wire_write_u16(&inner, header->identification);
	wire_write_u16(&inner, (uint16_t)((header->dont_fragment ? 0x4000 : 0) | (header->more_fragments ? 0x2000 : 0) |
	                                  header->fragment_offset / 8));
	wire_write_u8(&inner, header->time_to_live);
	wire_write_u8(&inner, header->protocol);
	wire_write_u16(&inner, 0);
	wire_write_bytes(&inner, &header->source.s6_addr[12], 4);
	wire_write_bytes(&inner, &header->destination.s6_addr[12], 4);
	wire_patch_u16(&inner, 10, wire_checksum_end(wire_checksum_add(0, begin, IPV4_HEADER_OCTETS)));
}

/* Options of a hop-by-hop or destination options header; only the destination ones carry what we know. */
static void read_options(struct wire_reader options, bool for_destination, struct ip_packet *packet)
{
	while (wire_remaining(&options)) {
		uint8_t type = wire_read_u8(&options);
		struct wire_reader value;

		if (type == OPTION_PAD1)
			continue;
		value = wire_read_part(&options, wire_read_u8(&options));
		if (options.failed) {
			packet->has_refused_option = true;
		} else if (type == OPTION_PADN) {
			continue;
		} else if (for_destination && type == OPTION_HOME_ADDRESS) {
			packet->has_refused_option |= packet->has_home_address || wire_remaining(&value) != 16;
			packet->has_home_address = true;
			wire_read_copy(&value, &packet->home_address, sizeof(packet->home_address));
		} else if (for_destination && type == OPTION_ENCAPSULATION_LIMIT) {
			packet->has_refused_option |= wire_remaining(&value) != 1;
			packet->has_encapsulation_limit = true;
			packet->encapsulation_limit = wire_read_u8(&value);
		} else {
			packet->has_refused_option |= type >> 6 != 0;
		}
	}
}

static void read_routing(struct wire_reader header, struct ip_packet *packet)
{
	size_t octets = wire_remaining(&header);
	uint8_t type = wire_read_u8(&header);
	uint8_t segments_left = wire_read_u8(&header);

	if (segments_left == 0)
		return;
	if (type != ROUTING_TYPE_HOME_ADDRESS || segments_left != 1 || octets != 22 ||
	    packet->has_routing_home_address) {
		packet->has_unknown_routing = true;
		return;
	}
	wire_skip(&header, 4);
	packet->has_routing_home_address = true;
	wire_read_copy(&header, &packet->routing_home_address, sizeof(packet->routing_home_address));
}

static void read_fragment(struct wire_reader *reader, struct ip_packet *packet)
{
	uint16_t fragment;

	if (packet->is_fragment) { /* one inside the other: the outer one is put together first */
		wire_skip(reader, 7);
		return;
	}
	wire_skip(reader, 1);
	fragment = wire_read_u16(reader);
	packet->fragment_identification = wire_read_u32(reader);
	packet->fragment_offset = fragment & 0xfff8;
	packet->more_fragments = fragment & 1;
	packet->is_fragment = packet->fragment_offset || packet->more_fragments;
}

/* One extension header at the reader; sets packet->protocol to what follows. */
static void read_extension(struct wire_reader *reader, struct ip_packet *packet)
{
	uint8_t kind = packet->protocol;
	struct wire_reader header;

	packet->protocol = wire_read_u8(reader);
	if (kind == NEXT_HEADER_FRAGMENT) {
		read_fragment(reader, packet);
		return;
	}
	header = wire_read_part(reader, (size_t)wire_read_u8(reader) * 8 + 6);
	if (reader->failed)
		return;
	if (kind == NEXT_HEADER_ROUTING)
		read_routing(header, packet);
	else
		read_options(header, kind == NEXT_HEADER_DESTINATION_OPTIONS, packet);
}

static bool is_extension(uint8_t protocol)
{
	return protocol == NEXT_HEADER_HOP_BY_HOP || protocol == NEXT_HEADER_ROUTING ||
	       protocol == NEXT_HEADER_FRAGMENT || protocol == NEXT_HEADER_DESTINATION_OPTIONS;
}

static int read_ipv6(struct wire_reader reader, struct ip_packet *packet)
{
	const uint8_t *begin = reader.at;
	size_t named_at = NEXT_HEADER_OFFSET;
	struct ipv6_header header;

	ipv6_header_read(&reader, &header);
	reader = wire_read_part(&reader, header.payload_octets);
	if (reader.failed)
		return -EBADMSG;
	packet->traffic_class = header.traffic_class;
	packet->flow_label = header.flow_label;
	packet->hop_limit = header.hop_limit;
	packet->source = header.source;
	packet->destination = header.destination;
	packet->protocol = header.next_header;
	for (int extensions = 0; is_extension(packet->protocol); extensions++) {
		const size_t at = (size_t)(reader.at - begin);

		if (extensions == IP_EXTENSIONS_MAX)
			return -E2BIG;
		/* hop-by-hop options stand first or nowhere, RFC 8200 4.1 */
		if (packet->protocol == NEXT_HEADER_HOP_BY_HOP && extensions)
			return -EBADMSG;
		if (packet->protocol == NEXT_HEADER_FRAGMENT && !packet->is_fragment) {
			packet->fragment_header_offset = at;
			packet->fragment_named_at = named_at;
		}
		named_at = at;
		read_extension(&reader, packet);
		if (reader.failed)
			return -EBADMSG;
		if (packet->is_fragment && packet->fragment_offset)
			break;
	}
	packet->payload_offset = (size_t)(reader.at - begin);
	packet->payload = wire_read_view(&reader, wire_remaining(&reader));
	return 0;
}

static int read_ipv4(struct wire_reader reader, struct ip_packet *packet)
{
	const uint8_t *begin = reader.at;
	struct ipv4_header header;

	ipv4_header_read(&reader, &header);
	if (reader.failed || header.total_octets < header.header_octets)
		return -EBADMSG;
	reader = wire_read_part(&reader, (size_t)(header.total_octets - header.header_octets));
	if (reader.failed)
		return -EBADMSG;
	packet->traffic_class = header.traffic_class;
	packet->hop_limit = header.time_to_live;
	packet->protocol = header.protocol;
	packet->source = header.source;
	packet->destination = header.destination;
	packet->more_fragments = header.more_fragments;
	packet->fragment_offset = header.fragment_offset;
	packet->fragment_identification = header.identification;
	packet->is_fragment = header.more_fragments || header.fragment_offset;
	packet->payload_offset = (size_t)(reader.at - begin);
	packet->payload = wire_read_view(&reader, wire_remaining(&reader));
	return 0;
}

int ip_packet_read(const void *bytes, size_t octets, struct ip_packet *packet)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	struct wire_reader peek = reader;
	uint8_t version = wire_read_u8(&peek) >> 4;

	memset(packet, 0, sizeof(*packet));
	packet->version = version;
	if (peek.failed)
		return -EBADMSG;
	if (version == 6)
		return read_ipv6(reader, packet);
	if (version == 4)
		return read_ipv4(reader, packet);
	return -EPROTONOSUPPORT;
}

const struct in6_addr *ip_packet_checksum_source(const struct ip_packet *packet)
{
	return packet->has_home_address ? &packet->home_address : &packet->source;
}

const struct in6_addr *ip_packet_checksum_destination(const struct ip_packet *packet)
{
	return packet->has_routing_home_address ? &packet->routing_home_address : &packet->destination;
}

uint32_t ip_pseudo_header_sum(const struct in6_addr *source, const struct in6_addr *destination, uint8_t protocol,
                              uint32_t upper_layer_octets)
{
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(source) && IN6_IS_ADDR_V4MAPPED(destination);
	size_t skip = ipv4 ? 12 : 0;
	uint32_t sum = protocol + (upper_layer_octets >> 16) + (upper_layer_octets & 0xffff);

	sum = wire_checksum_add(sum, source->s6_addr + skip, sizeof(source->s6_addr) - skip);
	return wire_checksum_add(sum, destination->s6_addr + skip, sizeof(destination->s6_addr) - skip);
}

bool ip_packet_checksum_is_right(const struct ip_packet *packet)
{
	uint32_t sum = ip_pseudo_header_sum(ip_packet_checksum_source(packet), ip_packet_checksum_destination(packet),
	                                    packet->protocol, (uint32_t)packet->payload.octets);

	return wire_checksum_end(wire_checksum_add(sum, packet->payload.bytes, packet->payload.octets)) == 0;
}

int udp_datagram_read(const struct ip_packet *packet, struct udp_datagram *datagram)
{
	struct wire_reader reader = wire_reader_of_view(packet->payload);
	uint16_t octets, checksum;

	if (packet->protocol != NEXT_HEADER_UDP || packet->is_fragment)
		return -EPROTONOSUPPORT;
	datagram->source = packet->source;
	datagram->destination = packet->destination;
	datagram->source_port = wire_read_u16(&reader);
	datagram->destination_port = wire_read_u16(&reader);
	octets = wire_read_u16(&reader);
	checksum = wire_read_u16(&reader);
	datagram->payload = wire_read_view(&reader, wire_remaining(&reader));
	if (reader.failed || octets != packet->payload.octets)
		return -EBADMSG;
	if (checksum == 0)
		return packet->version == 4 ? 0 : -EBADMSG; /* RFC 8200 8.1 */
	return ip_packet_checksum_is_right(packet) ? 0 : -EBADMSG;
}

static void write_ip_header(struct wire_writer *writer, const struct udp_datagram *datagram, uint16_t udp_octets,
                            uint8_t hop_limit)
{
	struct ipv6_header ipv6 = {.source = datagram->source,
	                           .destination = datagram->destination,
	                           .payload_octets = udp_octets,
	                           .next_header = NEXT_HEADER_UDP,
	                           .hop_limit = hop_limit};
	struct ipv4_header ipv4 = {.source = datagram->source,
	                           .destination = datagram->destination,
	                           .total_octets = (uint16_t)(IPV4_HEADER_OCTETS + udp_octets),
	                           .time_to_live = hop_limit,
	                           .protocol = NEXT_HEADER_UDP,
	                           .dont_fragment = true};

	if (IN6_IS_ADDR_V4MAPPED(&datagram->source))
		ipv4_header_write(writer, &ipv4);
	else
		ipv6_header_write(writer, &ipv6);
}

size_t udp_packet_write(struct wire_writer *writer, const struct udp_datagram *datagram, uint8_t hop_limit)
{
	size_t udp_octets = UDP_HEADER_OCTETS + datagram->payload.octets;
	size_t before = wire_written(writer);
	uint8_t *udp;
	uint16_t checksum;
	uint32_t sum;

	if (datagram->payload.octets > UDP_PAYLOAD_MAX ||
	    !IN6_IS_ADDR_V4MAPPED(&datagram->source) != !IN6_IS_ADDR_V4MAPPED(&datagram->destination)) {
		wire_writer_fail(writer);
		return 0;
	}
	write_ip_header(writer, datagram, (uint16_t)udp_octets, hop_limit ? hop_limit : IP_HOP_LIMIT_DEFAULT);
	udp = writer->at;
	wire_write_u16(writer, datagram->source_port);
	wire_write_u16(writer, datagram->destination_port);
	wire_write_u16(writer, (uint16_t)udp_octets);
	wire_write_u16(writer, 0);
	wire_write_view(writer, datagram->payload);
	if (writer->failed)
		return 0;
	sum = ip_pseudo_header_sum(&datagram->source, &datagram->destination, NEXT_HEADER_UDP, (uint32_t)udp_octets);
	checksum = wire_checksum_end(wire_checksum_add(sum, udp, udp_octets));
	wire_store_u16(udp + 6, checksum ? checksum : 0xffff); /* zero stands for "none", RFC 768 */
	return wire_written(writer) - before;
}

static void write_home_address_option(struct wire_writer *writer, const struct in6_addr *home_address)
{
	wire_write_u8(writer, NEXT_HEADER_MOBILITY);
	wire_write_u8(writer, 2);
	wire_write_u8(writer, OPTION_PADN); /* the option stands at 8n+6, RFC 6275 6.3 */
	wire_write_u8(writer, 2);
	wire_write_u16(writer, 0);
	wire_write_u8(writer, OPTION_HOME_ADDRESS);
	wire_write_u8(writer, 16);
	wire_write_bytes(writer, home_address, sizeof(*home_address));
}

static void write_routing_header(struct wire_writer *writer, uint8_t next_header, const struct in6_addr *home_address)
{
	wire_write_u8(writer, next_header);
	wire_write_u8(writer, 2);
	wire_write_u8(writer, ROUTING_TYPE_HOME_ADDRESS);
	wire_write_u8(writer, 1);
	wire_write_u32(writer, 0);
	wire_write_bytes(writer, home_address, sizeof(*home_address));
}

size_t mobility_packet_write(struct wire_writer *writer, const struct mobility_packet *packet)
{
	size_t octets = packet->message.octets;
	size_t before = wire_written(writer);
	uint8_t inner = packet->has_home_address ? NEXT_HEADER_DESTINATION_OPTIONS : NEXT_HEADER_MOBILITY;
	struct ipv6_header header = {.source = packet->source,
	                             .destination = packet->destination,
	                             .payload_octets = (uint16_t)(octets + (packet->has_home_address ? 24 : 0) +
	                                                          (packet->has_routing_home_address ? 24 : 0)),
	                             .next_header = packet->has_routing_home_address ? NEXT_HEADER_ROUTING : inner,
	                             .hop_limit = packet->hop_limit ? packet->hop_limit : IP_HOP_LIMIT_DEFAULT};
	uint8_t *message;
	uint32_t sum;

	if (octets < 8 || octets % 8 || octets > MOBILITY_MESSAGE_MAX) {
		wire_writer_fail(writer);
		return 0;
	}
	ipv6_header_write(writer, &header);
	if (packet->has_routing_home_address)
		write_routing_header(writer, inner, &packet->routing_home_address);
	if (packet->has_home_address)
		write_home_address_option(writer, &packet->home_address);
	message = writer->at;
	wire_write_view(writer, packet->message);
	if (writer->failed)
		return 0;
	wire_store_u16(message + 4, 0);
	sum = ip_pseudo_header_sum(packet->has_home_address ? &packet->home_address : &packet->source,
	                           packet->has_routing_home_address ? &packet->routing_home_address
	                                                            : &packet->destination,
	                           NEXT_HEADER_MOBILITY, (uint32_t)octets);
	wire_store_u16(message + 4, wire_checksum_end(wire_checksum_add(sum, message, octets)));
	return wire_written(writer) - before;
}

void in6_mask(struct in6_addr *address, unsigned bits)
{
	unsigned whole = bits / 8;

	if (whole >= sizeof(address->s6_addr))
		return;
	address->s6_addr[whole] &= (uint8_t)(0xff00 >> bits % 8);
	memset(&address->s6_addr[whole + 1], 0, sizeof(address->s6_addr) - whole - 1);
}

bool in6_is_confined(const struct in6_addr *address)
{
	const uint8_t *ipv4 = &address->s6_addr[12];

	if (IN6_IS_ADDR_V4MAPPED(address))
		return ipv4[0] == 0 || ipv4[0] == 127 || ipv4[0] >= 224 || (ipv4[0] == 169 && ipv4[1] == 254);
	return IN6_IS_ADDR_MULTICAST(address) || IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_LOOPBACK(address) ||
	       IN6_IS_ADDR_UNSPECIFIED(address);
}
