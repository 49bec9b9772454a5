// SPDX-License-Identifier: BSD-3-Clause
/*
 * tunnel_kind - the kinds of tunnels (enum feed_tunnel_kind), a closed list: which IP version is inside and outside,
 * and how many octets the outer header takes (M-19: RFC 2473 and RFC 5555 2.3.2.2; M-24: in IPv4 there is UDP always).
 */
#ifndef KEDGE_DATAPLANE_TUNNEL_KIND_H
#define KEDGE_DATAPLANE_TUNNEL_KIND_H

#include "feed.h"
#include "ip.h"

enum { TUNNEL_KINDS = 5 };

struct tunnel_kind {
	uint8_t inner_version; /* 0: not served */
	uint8_t outer_version;
	uint8_t outer_octets;
	uint8_t protocol; /* of the inner packet in IPv6, 0 in UDP */
};

/* Any value is allowed; those that are no kind give one that is not served. */
static inline const struct tunnel_kind *tunnel_kind(uint8_t kind)
{
	static const struct tunnel_kind kinds[TUNNEL_KINDS] = {
	        [FEED_TUNNEL_IP6_IN_IP6] = {6, 6, IPV6_HEADER_OCTETS, NEXT_HEADER_IPV6},
	        [FEED_TUNNEL_IP4_IN_IP6] = {4, 6, IPV6_HEADER_OCTETS, NEXT_HEADER_IPV4},
	        [FEED_TUNNEL_IP6_IN_UDP4] = {6, 4, IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS, 0},
	        [FEED_TUNNEL_IP4_IN_UDP4] = {4, 4, IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS, 0},
	};

	return &kinds[kind < TUNNEL_KINDS ? kind : FEED_TUNNEL_NONE];
}

/* "ip6-in-udp4" and the like; "none" for what is no kind that is served. */
static inline const char *tunnel_kind_name(uint8_t kind)
{
	static const char *const names[TUNNEL_KINDS] = {"none", "ip6-in-ip6", "ip4-in-ip6", "ip6-in-udp4",
	                                                "ip4-in-udp4"};

	return names[kind < TUNNEL_KINDS ? kind : FEED_TUNNEL_NONE];
}

/* The kind that an inner packet of one version in an outer one of the other is. */
static inline uint8_t tunnel_kind_of(uint8_t inner_version, uint8_t outer_version)
{
	return (uint8_t)((outer_version == 4 ? FEED_TUNNEL_IP6_IN_UDP4 : FEED_TUNNEL_IP6_IN_IP6) +
	                 (inner_version == 4));
}

/*
 * What becomes of the DSCP (RFC 2983 3). All zero: copied into the outer header and kept inside on the way out. The ECN
 * bits are RFC 6040's alone.
 */
struct tunnel_marking {
	uint8_t outer_cleared; /* bits of the outer class that are not copied: 0 or 0xfc */
	uint8_t outer_set;     /* and what stands there instead */
	uint8_t inner_taken;   /* bits of the inner class that come from the outer one on the way out: 0 or 0xfc */
};

/*
 * Don't Fragment in an outer IPv4 header. What is not to be fragmented makes routers tell what is too big, so that the
 * path's MTU is learnt. In each of them an inner packet that does not fit and may be cut is left to the routers.
 */
enum outer_dont_fragment {
	OUTER_DF_PATH_MTU, /* of all that fits into the path's MTU as far as it is known (RFC 4213 3.2.2) */
	OUTER_DF_COPY,     /* as the inner IPv4 packet has it (RFC 2003 3.1); what is inside in IPv6 as above */
	OUTER_DF_NEVER,    /* routers may cut all (RFC 4213 3.2.1): for paths that lose their errors */
};

/* The outer header has a DSCP of its own; what is inside stays as it is. */
static inline struct tunnel_marking tunnel_marking_pipe(uint8_t dscp)
{
	return (struct tunnel_marking){.outer_cleared = 0xfc, .outer_set = (uint8_t)(dscp << 2)};
}

/* One DSCP for the whole way: copied into the outer header and back. */
static inline struct tunnel_marking tunnel_marking_uniform(void)
{
	return (struct tunnel_marking){.inner_taken = 0xfc};
}

#endif
