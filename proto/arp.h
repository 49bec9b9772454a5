// SPDX-License-Identifier: BSD-3-Clause
/*
 * arp - address resolution for IPv4 on Ethernet (RFC 826): requests and replies. IPv4 addresses are held in mapped form
 * (::ffff:a.b.c.d). Thread: no state; any.
 */
#ifndef KEDGE_PROTO_ARP_H
#define KEDGE_PROTO_ARP_H

#include "icmp6.h"

enum { ARP_OCTETS = 28, ETHERTYPE_ARP = 0x0806 };
enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
	uint16_t operation; /* enum arp_operation */
	uint8_t sender_link[LINK_ADDRESS_OCTETS];
	struct in6_addr sender;                   /* 0.0.0.0 in a probe (RFC 5227 2.1.1) */
	uint8_t target_link[LINK_ADDRESS_OCTETS]; /* nobody's in a request */
	struct in6_addr target;
};

/*
 * Reads what stands behind the Ethernet header; padding behind it is ignored. Returns 0, or -EBADMSG when it is short,
 * not of IPv4 on Ethernet, of another operation, or its sender is a multicast link-layer address.
 */
int arp_read(struct wire_view payload, struct arp_packet *packet);

/* Fails the writer when there is no room. */
void arp_write(struct wire_writer *writer, const struct arp_packet *packet);

#endif
