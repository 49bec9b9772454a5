// SPDX-License-Identifier: BSD-3-Clause
/*
 * ip - IPv6 (RFC 8200), IPv4 (RFC 791) and UDP (RFC 768): headers read and written, extension headers walked, whole
 * packets built. Sources: RFC 8200, 791, 768, 6275 (sections 6.1.1, 6.3, 6.4), 2473 (4.1.1).
 *
 * Addresses are `struct in6_addr` in network order; an IPv4 address is held in mapped form (::ffff:a.b.c.d). Everything
 * else is host order. Views point into the caller's packet. Thread: no state; any.
 */
#ifndef KEDGE_PROTO_IP_H
#define KEDGE_PROTO_IP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire.h"

enum {
	IPV6_HEADER_OCTETS = 40,
	IPV4_HEADER_OCTETS = 20,
	UDP_HEADER_OCTETS = 8,
	IPV6_MINIMUM_MTU = 1280,
	IP_EXTENSIONS_MAX = 8,
	IP_HOP_LIMIT_DEFAULT = 64,
	MAPPED_PREFIX_BITS = 96, /* in front of an IPv4 address in mapped form */
};

enum { UDP_PORT_DSMIPV6 = 4191 }; /* RFC 5555 2.3.2.2 */

/* Values of the next header (protocol) field. */
enum {
	NEXT_HEADER_HOP_BY_HOP = 0,
	NEXT_HEADER_ICMPV4 = 1,
	NEXT_HEADER_IPV4 = 4,
	NEXT_HEADER_TCP = 6,
	NEXT_HEADER_UDP = 17,
	NEXT_HEADER_IPV6 = 41,
	NEXT_HEADER_ROUTING = 43,
	NEXT_HEADER_FRAGMENT = 44,
	NEXT_HEADER_ESP = 50,
	NEXT_HEADER_ICMPV6 = 58,
	NEXT_HEADER_NONE = 59,
	NEXT_HEADER_DESTINATION_OPTIONS = 60,
	NEXT_HEADER_MOBILITY = 135,
	NEXT_HEADER_HIP = 139,
};

struct ipv6_header {
	struct in6_addr source;
	struct in6_addr destination;
	uint32_t flow_label; /* 20 bits */
	uint16_t payload_octets;
	uint8_t traffic_class; /* DSCP and ECN */
	uint8_t next_header;
	uint8_t hop_limit;
};

struct ipv4_header {
	struct in6_addr source; /* mapped */
	struct in6_addr destination;
	uint16_t total_octets;
	uint16_t header_octets;
	uint16_t identification;
	uint16_t fragment_offset; /* in octets */
	uint8_t traffic_class;
	uint8_t time_to_live;
	uint8_t protocol;
	bool dont_fragment;
	bool more_fragments;
};

/* The fixed header in forty octets; its version is not looked at. */
static inline void ipv6_header_load(const uint8_t *bytes, struct ipv6_header *header)
{
	uint64_t first = wire_load_u64(bytes);

	header->traffic_class = (uint8_t)(first >> 52);
	header->flow_label = (uint32_t)(first >> 32) & 0xfffff;
	header->payload_octets = (uint16_t)(first >> 16);
	header->next_header = (uint8_t)(first >> 8);
	header->hop_limit = (uint8_t)first;
	memcpy(&header->source, bytes + 8, sizeof(header->source));
	memcpy(&header->destination, bytes + 24, sizeof(header->destination));
}

/* The fixed header at the reader. Fails the reader (and zeroes the header) when it is short or no IPv6. */
static inline void ipv6_header_read(struct wire_reader *reader, struct ipv6_header *header)
{
	const uint8_t *bytes = wire_read_bytes(reader, IPV6_HEADER_OCTETS);

	if (bytes && bytes[0] >> 4 == 6) {
		ipv6_header_load(bytes, header);
		return;
	}
	memset(header, 0, sizeof(*header));
	wire_reader_fail(reader);
}

void ipv6_header_write(struct wire_writer *writer, const struct ipv6_header *header);

/* Header with options, which are skipped. Fails the reader when it is short, no IPv4, or its checksum is wrong. */
void ipv4_header_read(struct wire_reader *reader, struct ipv4_header *header);

/* Without options; the checksum is computed. `header_octets` is not looked at. */
void ipv4_header_write(struct wire_writer *writer, const struct ipv4_header *header);

/* A whole packet, walked down to the first header that is no extension header. */
struct ip_packet {
	uint8_t version; /* 4 or 6 */
	uint8_t traffic_class;
	uint8_t hop_limit;
	uint8_t protocol; /* of `payload`; NEXT_HEADER_NONE where nothing follows */
	uint32_t flow_label;
	struct in6_addr source; /* as on the wire */
	struct in6_addr destination;

	/* what the extension headers said */
	bool has_home_address; /* home address destination option, RFC 6275 6.3 */
	struct in6_addr home_address;
	bool has_routing_home_address; /* type 2 routing header with one segment left, RFC 6275 6.4 */
	struct in6_addr routing_home_address;
	bool has_encapsulation_limit; /* tunnel encapsulation limit, RFC 2473 4.1.1 */
	uint8_t encapsulation_limit;
	bool has_unknown_routing; /* a routing header of another type with segments left: RFC 8200 4.4 wants it dropped
	                           */
	bool has_refused_option;  /* an unknown option that wants the packet dropped, RFC 8200 4.2 */
	bool is_fragment;         /* `payload` is a piece; of the first one if fragment_offset is 0 */
	bool more_fragments;
	uint16_t fragment_offset; /* octets */
	uint32_t fragment_identification;
	size_t fragment_header_offset; /* IPv6: octets from the packet's begin to the fragment header */
	size_t fragment_named_at;      /* IPv6: where the next header field is that names it */

	size_t payload_offset; /* octets from the packet's begin to `payload` */
	struct wire_view payload;
};

/*
 * Reads a whole IPv6 or IPv4 packet; octets behind the length that its header names are ignored (link padding).
 * Returns 0; -EBADMSG when it is truncated or malformed; -EPROTONOSUPPORT when the version is neither 4 nor 6;
 * -E2BIG for more than IP_EXTENSIONS_MAX extension headers.
 */
int ip_packet_read(const void *bytes, size_t octets, struct ip_packet *packet);

/* Source and destination that upper-layer checksums use: with the home addresses of RFC 6275 6.3 and 6.4 put in. */
const struct in6_addr *ip_packet_checksum_source(const struct ip_packet *packet);
const struct in6_addr *ip_packet_checksum_destination(const struct ip_packet *packet);

/*
 * The sum over the pseudo-header (RFC 8200 8.1; RFC 768 when both addresses are mapped), to go on with
 * wire_checksum_add() over the upper-layer packet.
 */
uint32_t ip_pseudo_header_sum(const struct in6_addr *source, const struct in6_addr *destination, uint8_t protocol,
                              uint32_t upper_layer_octets);

/* True when the checksum that lies inside `payload` (ICMPv6, Mobility Header, UDP, TCP) is right over it. */
bool ip_packet_checksum_is_right(const struct ip_packet *packet);

struct udp_datagram {
	struct in6_addr source;
	struct in6_addr destination;
	uint16_t source_port;
	uint16_t destination_port;
	struct wire_view payload;
};

/*
 * The UDP datagram in a packet. Returns 0; -EPROTONOSUPPORT when the packet holds no UDP or is a fragment; -EBADMSG
 * when lengths disagree or the checksum is wrong (a zero one is right in IPv4 only).
 */
int udp_datagram_read(const struct ip_packet *packet, struct udp_datagram *datagram);

/*
 * Writes IP header (IPv4 when both addresses are mapped), UDP header with checksum, and payload. Fails the writer when
 * there is no room, the payload is over 65,000 octets, or the families differ. Returns the octets of the packet or 0.
 */
size_t udp_packet_write(struct wire_writer *writer, const struct udp_datagram *datagram, uint8_t hop_limit);

/* A Mobility Header packet (RFC 6275 6.1). */
struct mobility_packet {
	struct in6_addr source; /* of the IPv6 header: the MN's care-of address in a Binding Update */
	struct in6_addr destination;
	bool has_home_address; /* true puts a home address option in front (Binding Update) */
	struct in6_addr home_address;
	bool has_routing_home_address; /* true puts a type 2 routing header in front (Binding Acknowledgement) */
	struct in6_addr routing_home_address;
	uint8_t hop_limit; /* 0 stands for IP_HOP_LIMIT_DEFAULT */
	struct wire_view
	        message; /* the Mobility Header from its payload protocol field on; its checksum is overwritten */
};

/*
 * Writes IPv6 header, the extension headers asked for, and the message with its checksum computed over the home
 * addresses (RFC 6275 6.1.1). Fails the writer when there is no room or the message is shorter than 8 octets, no
 * multiple of 8, or over 2048. Returns the octets of the packet or 0.
 */
size_t mobility_packet_write(struct wire_writer *writer, const struct mobility_packet *packet);

static inline bool in6_is_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Multicast; in mapped form also IPv4's broadcast and 240/4. */
static inline bool in6_is_multicast(const struct in6_addr *address)
{
	return IN6_IS_ADDR_MULTICAST(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] >= 224);
}

/* True when the first `bits` bits (0..128) of both are the same. */
static inline bool in6_has_prefix(const struct in6_addr *address, const struct in6_addr *prefix, unsigned bits)
{
	uint64_t first = wire_load_u64(address->s6_addr) ^ wire_load_u64(prefix->s6_addr);
	uint64_t last = wire_load_u64(address->s6_addr + 8) ^ wire_load_u64(prefix->s6_addr + 8);

	if (bits <= 64)
		return bits == 0 || first >> (64 - bits) == 0;
	return first == 0 && last >> (128 - bits) == 0;
}

/* Clears all but the first `bits` bits (0..128). */
void in6_mask(struct in6_addr *address, unsigned bits);

/* Multicast, link-local, loopback, unspecified, also in mapped form, 240/4 and 0/8: never a packet's source beyond its
 * link, never tunnelled (architecture.md 3). */
bool in6_is_confined(const struct in6_addr *address);

#endif
