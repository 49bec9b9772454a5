// SPDX-License-Identifier: BSD-3-Clause
/*
 * icmp4 - ICMP for IPv4: errors and echo (RFC 792, RFC 1122 3.2.2, RFC 1191 4, RFC 1812 4.3.2.3).
 *
 * Readers take a packet that ip_packet_read() has walked; writers make whole IPv4 packets. Addresses are in mapped
 * form. A writer without room fails and the function returns 0. Thread: no state; any.
 */
#ifndef KEDGE_PROTO_ICMP4_H
#define KEDGE_PROTO_ICMP4_H

#include "icmp_message.h"
#include "ip.h"

enum {
	ICMPV4_ECHO_REPLY = 0,
	ICMPV4_UNREACHABLE = 3,
	ICMPV4_SOURCE_QUENCH = 4,
	ICMPV4_REDIRECT = 5,
	ICMPV4_ECHO_REQUEST = 8,
	ICMPV4_TIME_EXCEEDED = 11,
	ICMPV4_PARAMETER_PROBLEM = 12,
};

/* Codes of ICMPV4_UNREACHABLE. */
enum { ICMPV4_NET_UNREACHABLE = 0, ICMPV4_HOST_UNREACHABLE = 1, ICMPV4_FRAGMENTATION_NEEDED = 4 };

enum { ICMPV4_ERROR_OCTETS_MAX = 576 };

static inline bool icmp4_is_error(uint8_t type)
{
	return type == ICMPV4_UNREACHABLE || type == ICMPV4_SOURCE_QUENCH || type == ICMPV4_REDIRECT ||
	       type == ICMPV4_TIME_EXCEEDED || type == ICMPV4_PARAMETER_PROBLEM;
}

/* Returns 0; -EPROTONOSUPPORT when the packet is no whole ICMP of IPv4; -EBADMSG when it is short or its checksum is
 * wrong. */
int icmp4_read(const struct ip_packet *packet, struct icmp_message *message);

/*
 * An error about `offending`, of which as much is quoted as fits in 576 octets (RFC 1812 4.3.2.3). `parameter` is the
 * MTU (fragmentation needed), the pointer << 24 (parameter problem), else 0. Returns the octets written.
 */
size_t icmp4_error_write(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending);

/* An echo reply with `parameter` = identifier << 16 | sequence. Returns the octets written. */
size_t icmp4_echo_reply_write(struct wire_writer *writer, const struct in6_addr *source,
                              const struct in6_addr *destination, uint32_t parameter, struct wire_view data);

/*
 * True when no error may answer the packet: it is an error itself, its source is no single node, it is a fragment other
 * than the first, or it went to many (RFC 1122 3.2.2).
 */
bool icmp4_error_is_forbidden(const struct ip_packet *offending);

#endif
