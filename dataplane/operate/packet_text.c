// SPDX-License-Identifier: BSD-3-Clause
#include "packet_text.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "icmp6.h"
#include "ip.h"

enum { LAYERS_MAX = 2, PART_OCTETS = PACKET_TEXT_OCTETS / 2 };

struct layer {
	struct in6_addr source;
	struct in6_addr destination;
	uint8_t protocol;
	uint8_t hop_limit;
};

static const char *address_text(const struct in6_addr *address, char text[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return inet_ntop(AF_INET, &address->s6_addr[12], text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

/* The fixed headers alone: the rest may have been cut off. */
static bool read_layer(struct wire_reader *reader, struct layer *layer)
{
	const uint8_t *first = reader->at;
	struct ipv6_header header6;
	struct ipv4_header header4;

	if (!wire_remaining(reader))
		return false;
	if (*first >> 4 == 4) {
		ipv4_header_read(reader, &header4);
		*layer = (struct layer){header4.source, header4.destination, header4.protocol, header4.time_to_live};
	} else {
		ipv6_header_read(reader, &header6);
		*layer = (struct layer){header6.source, header6.destination, header6.next_header, header6.hop_limit};
	}
	return !reader->failed;
}

static const char *icmp_name(uint8_t type)
{
	switch (type) {
	case ICMPV6_DESTINATION_UNREACHABLE:
		return "ICMPv6 Destination Unreachable";
	case ICMPV6_PACKET_TOO_BIG:
		return "ICMPv6 Packet Too Big";
	case ICMPV6_TIME_EXCEEDED:
		return "ICMPv6 Time Exceeded";
	case ICMPV6_PARAMETER_PROBLEM:
		return "ICMPv6 Parameter Problem";
	case ICMPV6_ECHO_REQUEST:
		return "ICMPv6 echo request";
	case ICMPV6_ECHO_REPLY:
		return "ICMPv6 echo reply";
	default:
		return "ICMPv6";
	}
}

static void protocol_text(uint8_t protocol, struct wire_reader reader, char *text, size_t octets)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
	        {NEXT_HEADER_IPV6, "IPv6 in a tunnel"},
	        {NEXT_HEADER_IPV4, "IPv4 in a tunnel"},
	        {NEXT_HEADER_FRAGMENT, "a fragment"},
	        {NEXT_HEADER_MOBILITY, "Mobility Header"},
	        {NEXT_HEADER_HIP, "HIP"},
	        {NEXT_HEADER_ESP, "ESP"},
	        {NEXT_HEADER_ICMPV4, "ICMP"},
	};
	const char *name = NULL;
	uint16_t source, destination;

	if (protocol == NEXT_HEADER_TCP || protocol == NEXT_HEADER_UDP) {
		source = wire_read_u16(&reader);
		destination = wire_read_u16(&reader);
		snprintf(text, octets, "%s port %u > %u", protocol == NEXT_HEADER_TCP ? "TCP" : "UDP", source,
		         destination);
		return;
	}
	if (protocol == NEXT_HEADER_ICMPV6)
		name = icmp_name(wire_read_u8(&reader));
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]) && !name; i++)
		if (names[i].number == protocol)
			name = names[i].name;
	if (name)
		snprintf(text, octets, "%s", name);
	else
		snprintf(text, octets, "protocol %u", protocol);
}

/* To what is in a tunnel; in UDP it is one by its port (RFC 5555). */
static bool skip_to_inner(const struct layer *layer, struct wire_reader *reader)
{
	uint16_t source, destination;

	if (layer->protocol != NEXT_HEADER_UDP)
		return layer->protocol == NEXT_HEADER_IPV6 || layer->protocol == NEXT_HEADER_IPV4;
	source = wire_read_u16(reader);
	destination = wire_read_u16(reader);
	wire_skip(reader, UDP_HEADER_OCTETS - 4);
	return !reader->failed && (source == UDP_PORT_DSMIPV6 || destination == UDP_PORT_DSMIPV6);
}

const char *packet_text(const uint8_t *bytes, size_t kept, size_t octets, char text[PACKET_TEXT_OCTETS])
{
	struct wire_reader reader = wire_reader_of(bytes, kept);
	size_t used = 0;
	struct layer layer;

	text[0] = '\0';
	for (unsigned i = 0; i < LAYERS_MAX && read_layer(&reader, &layer); i++) {
		char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN], protocol[64];

		protocol_text(layer.protocol, reader, protocol, sizeof(protocol));
		used += (size_t)snprintf(text + used, PART_OCTETS, "%s%s > %s, %s, hop limit %u", i ? "; inside: " : "",
		                         address_text(&layer.source, source),
		                         address_text(&layer.destination, destination), protocol, layer.hop_limit);
		if (i == 0)
			used += (size_t)snprintf(text + used, PACKET_TEXT_OCTETS - used, ", %zu octets", octets);
		if (used >= PART_OCTETS || !skip_to_inner(&layer, &reader))
			break;
	}
	return text;
}
