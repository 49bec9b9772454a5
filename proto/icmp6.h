// SPDX-License-Identifier: BSD-3-Clause
/*
 * icmp6 - ICMPv6 errors and echo (RFC 4443), Neighbour Solicitation and Advertisement (RFC 4861 section 4.3 to 4.6).
 *
 * Readers take a packet that ip_packet_read() has walked; writers make whole IPv6 packets with their checksum. A writer
 * without room fails and the function returns 0. Thread: no state; any.
 */
#ifndef KEDGE_PROTO_ICMP6_H
#define KEDGE_PROTO_ICMP6_H

#include "icmp_message.h"
#include "ip.h"

enum {
	ICMPV6_DESTINATION_UNREACHABLE = 1,
	ICMPV6_PACKET_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_ROUTER_SOLICITATION = 133,
	ICMPV6_ROUTER_ADVERTISEMENT = 134,
	ICMPV6_NEIGHBOUR_SOLICITATION = 135,
	ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136,
	ICMPV6_REDIRECT = 137,
};

/* Codes of Time Exceeded and of Parameter Problem (RFC 7112 for the second). */
enum { ICMPV6_REASSEMBLY_TIME_EXCEEDED = 1, ICMPV6_INCOMPLETE_HEADERS = 3 };

enum { ICMPV6_UNREACHABLE_ADDRESS = 3, ICMPV6_UNREACHABLE_POLICY = 5 };

enum {
	LINK_ADDRESS_OCTETS = 6,
	NEIGHBOUR_PACKET_OCTETS = IPV6_HEADER_OCTETS + 32,
};

/* Types below 128 are errors (RFC 4443 2.1). */
static inline bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

/* Returns 0; -EPROTONOSUPPORT when the packet is no whole ICMPv6; -EBADMSG when it is short or its checksum is wrong.
 */
int icmp6_read(const struct ip_packet *packet, struct icmp_message *message);

/*
 * An error about `offending`, of which as much is quoted as fits in the minimum MTU (RFC 4443 2.4 c). `parameter` is
 * the MTU (type 2) or the pointer (type 4), else 0. Returns the octets written.
 */
size_t icmp6_error_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending);

/* An echo request or reply with `parameter` = identifier << 16 | sequence. Returns the octets written. */
size_t icmp6_echo_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                        uint8_t type, uint32_t parameter, struct wire_view data);

/*
 * True when no error may answer the packet: it is an error itself or a redirect, its source is no single node, or it is
 * a fragment other than the first, or it went to a multicast address (RFC 4443 2.4 e; the two exceptions for multicast
 * are not made).
 */
bool icmp6_error_is_forbidden(const struct ip_packet *offending);

/* Neighbour Solicitation or Advertisement. */
struct icmp6_neighbour {
	bool is_advertisement;
	bool router; /* the three flags of an advertisement */
	bool solicited;
	bool override;
	struct in6_addr source; /* of the IPv6 header; unspecified in duplicate address detection */
	struct in6_addr destination;
	struct in6_addr target;
	bool has_link_address; /* source (solicitation) or target (advertisement) link-layer address option */
	uint8_t link_address[LINK_ADDRESS_OCTETS];
};

/*
 * Returns 0; -EPROTONOSUPPORT for another type; -EBADMSG when a check of RFC 4861 7.1.1 or 7.1.2 fails: hop limit 255,
 * checksum, code 0, target no multicast, options of non-zero length, what duplicate address detection must look like,
 * and an advertisement to multicast is not solicited.
 */
int icmp6_neighbour_read(const struct ip_packet *packet, struct icmp6_neighbour *neighbour);

/* With hop limit 255; the option is written when has_link_address. Returns the octets written. */
size_t icmp6_neighbour_write(struct wire_writer *writer, const struct icmp6_neighbour *neighbour);

/* ff02::1:ffXX:XXXX of an address (RFC 4291 2.7.1), and 33:33 and the last 4 octets (RFC 2464 7) of a multicast one. */
void icmp6_solicited_node(const struct in6_addr *address, struct in6_addr *multicast);
void icmp6_multicast_link_address(const struct in6_addr *multicast, uint8_t link_address[LINK_ADDRESS_OCTETS]);

#endif
