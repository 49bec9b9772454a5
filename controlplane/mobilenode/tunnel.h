// SPDX-License-Identifier: BSD-3-Clause
/*
 * tunnel - the node's end of ip6-in-ip6 (RFC 2473, RFC 6275 11.3): a TUN interface with the home address, raw sockets
 * for what is tunnelled, and one that sees what a kernel without Mobile IPv6 shows nobody (N-9).
 *
 * Outer packets are the kernel's: it puts fragments together, learns the path's MTU and cuts what has to pass a smaller
 * one. Inner packets above 1280 octets that do not fit whole are told so (M-19, RFC 2473 7.1).
 *
 * Needs CAP_NET_ADMIN and CAP_NET_RAW. Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_TUNNEL_H
#define KEDGE_MOBILENODE_TUNNEL_H

#include "home_routing.h"
#include "loop.h"
#include "wire.h"

enum { TUNNEL_ERROR_OCTETS = 256 };

struct tunnel_settings {
	char interface[IFNAMSIZ]; /* name of the TUN interface */
	uint32_t mtu_bytes;       /* of inner packets */
	struct home_routing_settings routing;
};

/* Called within a step of the loop. */
struct tunnel_outlet {
	void *context;
	/* A packet to a care-of address with a routing or Mobility Header. */
	void (*mobility)(void *context, struct wire_view packet, const struct instant *now, struct effects *effects);
};

#define TUNNEL_COUNTERS(X)                                                                                             \
	X(up_packets)                                                                                                  \
	X(up_bytes)                                                                                                    \
	X(up_unbound) /* no binding: nobody would take it */                                                           \
	X(up_foreign) /* not from the home address */                                                                  \
	X(up_too_big) /* for one outer packet: told by Packet Too Big */                                               \
	X(up_errors)  /* the kernel did not take it */                                                                 \
	X(down_packets)                                                                                                \
	X(down_bytes)                                                                                                  \
	X(down_not_agent) /* tunnelled by somebody else */                                                             \
	X(down_foreign)   /* not to the home address, or no IPv6 */                                                    \
	X(down_errors)                                                                                                 \
	X(mobility_packets)

struct tunnel_counters {
#define X(name) uint64_t name;
	TUNNEL_COUNTERS(X)
#undef X
};

struct tunnel;

/* Makes the interface (it goes with the process) and opens the sockets. Returns 0 or a negative errno with `error`. */
int tunnel_open(struct loop *loop, const struct tunnel_settings *settings, const struct tunnel_outlet *outlet,
                struct tunnel **tunnel, char error[TUNNEL_ERROR_OCTETS]);

/* Stops reading; tunnel_free() after the loop has ended. */
void tunnel_close(struct tunnel *tunnel);
void tunnel_free(struct tunnel *tunnel);

unsigned tunnel_interface(const struct tunnel *tunnel);

/* The home address comes (or changes): address, route and rules are set. Returns 0 or a negative errno. */
int tunnel_home(struct tunnel *tunnel, const struct in6_addr *home_address, unsigned prefix_length,
                const struct in6_addr *home_agent);

/* Where the node is; NULL: nowhere. The place before still receives (packets under way to it). */
void tunnel_place(struct tunnel *tunnel, const struct movement_place *place);

/* All addresses that the node could be reached at; programs that bind one of them stay out of the tunnel. */
int tunnel_places(struct tunnel *tunnel, const struct movement_place *places, size_t count);

/*
 * true: a binding stands at the place, and inner packets leave from there until one stands elsewhere (N-3). false: the
 * home agent takes no packets any more. Returns 0 or the negative errno of a rule that could not be changed.
 */
int tunnel_bound(struct tunnel *tunnel, bool is_bound);

/* A whole packet with the care-of address as its source; the kernel finds the next hop. Returns 0 or negative errno. */
int tunnel_send(struct tunnel *tunnel, struct wire_view packet);

const struct tunnel_counters *tunnel_counters(const struct tunnel *tunnel);

#endif
