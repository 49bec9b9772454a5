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

/* Where the fields that we change stand in a header. */
enum {
	IPV6_HOP_LIMIT_AT = 7,
	IPV4_CLASS_AT = 1,
	IPV4_FRAGMENT_AT = 6,
	IPV4_TIME_TO_LIVE_AT = 8,
	IPV4_CHECKSUM_AT = 10,
	IPV4_DONT_FRAGMENT = 0x4000, /* of the word at IPV4_FRAGMENT_AT */
};

struct packet {
	struct rte_mbuf *buffer;
	uint8_t *ip; /* the first octet of the packet that counts now: the inner one once decapsulated */
	uint16_t octets;
	uint8_t port; /* by which it came; NO_PORT if it was made or injected here */
	uint8_t step;
	bool is_own;     /* made here or by the control plane: never answered by an error */
	bool was_inside; /* came out of a tunnel */
	uint16_t route;  /* when it is known before STEP_ROUTE, else NO_ROUTE */
	uint8_t version; /* of `header` */
	/* STEP_UPLINK: `ip` and `octets` are still the outer packet's, `header` is the inner one's */
	uint8_t tunnel_kind;   /* enum feed_tunnel_kind */
	uint8_t outer_class;   /* DSCP and ECN */
	uint8_t punt_class;    /* enum punt_class, of what is punted */
	uint16_t outer_port;   /* UDP source port, 0 without UDP */
	uint16_t inner_offset; /* from the outer to the inner header */
	uint16_t inner_octets;
	bool is_injected; /* traced, and the control plane's */
	struct in6_addr outer_source;
	uint32_t trace; /* slot + 1 << 24 | number of a traced packet (watch.h); 0: as nearly all */
	struct in6_addr key;
	struct in6_addr next_hop; /* the destination that STEP_ROUTE goes by */
	struct binding_entry *entry;
	struct binding_entry *up;                 /* the binding to count the packet for once it is forwarded */
	struct ipv6_header header;                /* of `ip`; IPv4's in the same words, with mapped addresses */
	uint8_t link_source[LINK_ADDRESS_OCTETS]; /* whoever sent the frame */
};

static inline struct wire_view packet_view(const struct packet *packet)
{
	return (struct wire_view){.bytes = packet->ip, .octets = packet->octets};
}

static inline uint16_t packet_load_u16(const struct packet *packet, unsigned at)
{
	return (uint16_t)(packet->ip[at] << 8 | packet->ip[at + 1]);
}

/* Stores a 16-bit word of the IPv4 header, with the checksum that it makes. */
static inline void packet_change_ipv4(struct packet *packet, unsigned at, uint16_t word)
{
	uint16_t checksum = packet_load_u16(packet, IPV4_CHECKSUM_AT);

	wire_store_u16(packet->ip + IPV4_CHECKSUM_AT,
	               wire_checksum_change(checksum, packet_load_u16(packet, at), word));
	wire_store_u16(packet->ip + at, word);
}

/* One hop: hop limit or time to live, which is not 0. */
static inline void packet_pass_hop(struct packet *packet)
{
	packet->header.hop_limit--;
	if (packet->version == 6)
		packet->ip[IPV6_HOP_LIMIT_AT] = packet->header.hop_limit;
	else
		packet_change_ipv4(packet, IPV4_TIME_TO_LIVE_AT,
		                   (uint16_t)(packet->header.hop_limit << 8 | packet->header.next_header));
}

static inline void packet_set_class(struct packet *packet, uint8_t traffic_class)
{
	packet->header.traffic_class = traffic_class;
	if (packet->version == 6) {
		packet->ip[0] = (uint8_t)(6 << 4 | traffic_class >> 4);
		packet->ip[1] = (uint8_t)((packet->ip[1] & 0x0f) | traffic_class << 4);
	} else {
		packet_change_ipv4(packet, IPV4_CLASS_AT - 1, (uint16_t)(packet->ip[0] << 8 | traffic_class));
	}
}

/* Makes the buffer hold the IP packet alone. */
static inline void packet_trim(struct packet *packet)
{
	uint8_t *begin = rte_pktmbuf_mtod(packet->buffer, uint8_t *);

	rte_pktmbuf_adj(packet->buffer, (uint16_t)(packet->ip - begin));
	rte_pktmbuf_trim(packet->buffer, (uint16_t)(rte_pktmbuf_data_len(packet->buffer) - packet->octets));
}

/* Room for `octets` in front of the IP packet, which must have been trimmed; NULL when there is none. */
static inline uint8_t *packet_room(const struct packet *packet, uint16_t octets)
{
	return (uint8_t *)rte_pktmbuf_prepend(packet->buffer, octets);
}

/* The packet begins with the room that packet_room() made. */
static inline void packet_grow(struct packet *packet, uint16_t octets)
{
	packet->ip -= octets;
	packet->octets = (uint16_t)(packet->octets + octets);
}

#endif
