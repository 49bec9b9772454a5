// SPDX-License-Identifier: BSD-3-Clause
/*
 * packet - one packet on its way through the walk: where its IP header is, and what the steps found out. The buffer is
 * an rte_mbuf of one segment; only this header and transmit.c touch it.
 */
#ifndef KEDGE_DATAPLANE_PACKET_H
#define KEDGE_DATAPLANE_PACKET_H

#include <rte_mbuf.h>

#include "forwarding.h"

/* What is to be done with a packet next. */
enum step {
	STEP_DONE,     /* it has left, or is in somebody else's hands */
	STEP_DOWNLINK, /* into the tunnel of `entry`, found by `key` */
	STEP_UPLINK,   /* out of the tunnel of `entry`, found by `key` */
	STEP_LOCAL,    /* for one of our own addresses */
	STEP_ROUTE,    /* to the next hop */
};

enum { ETHERNET_OCTETS = 14, ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };

struct packet {
	struct rte_mbuf *buffer;
	uint8_t *ip; /* the first octet of the packet that counts now: the inner one once decapsulated */
	uint16_t octets;
	uint8_t port; /* by which it came; NO_PORT if it was made or injected here */
	uint8_t step;
	bool is_own;           /* made here or by the control plane: never answered by an error */
	bool was_inside;       /* came out of a tunnel */
	uint16_t route;        /* when it is known before STEP_ROUTE, else NO_ROUTE */
	uint16_t inner_offset; /* uplink: from the outer to the inner header */
	struct in6_addr key;
	struct in6_addr next_hop; /* the destination that STEP_ROUTE goes by */
	struct binding_entry *entry;
	struct binding_entry *up;                 /* the binding to count the packet for once it is forwarded */
	struct ipv6_header header;                /* of `ip` */
	uint8_t link_source[LINK_ADDRESS_OCTETS]; /* whoever sent the frame */
};

static inline struct wire_view packet_view(const struct packet *packet)
{
	return (struct wire_view){.bytes = packet->ip, .octets = packet->octets};
}

/* Makes the buffer hold the IP packet alone. */
static inline void packet_trim(struct packet *packet)
{
	uint8_t *begin = rte_pktmbuf_mtod(packet->buffer, uint8_t *);

	rte_pktmbuf_adj(packet->buffer, (uint16_t)(packet->ip - begin));
	rte_pktmbuf_trim(packet->buffer, (uint16_t)(rte_pktmbuf_data_len(packet->buffer) - packet->octets));
}

/* Room for `octets` in front of the IP packet, which must have been trimmed; NULL when there is none. */
static inline uint8_t *packet_prepend(struct packet *packet, uint16_t octets)
{
	uint8_t *begin = (uint8_t *)rte_pktmbuf_prepend(packet->buffer, octets);

	if (begin) {
		packet->ip = begin;
		packet->octets = (uint16_t)(packet->octets + octets);
	}
	return begin;
}

#endif
