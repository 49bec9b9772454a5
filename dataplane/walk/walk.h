// SPDX-License-Identifier: BSD-3-Clause
/*
 * walk - the steps that a packet takes through a worker, one file each (architecture.md 3):
 *
 *   classify → (lookup) → uplink → (lookup) → downlink → route → transmit
 *            ↘ local: icmp, neighbour, arp, punt, host
 *
 * A step reads no clock (`now_ms` is set once a burst) and drops only by name. worker.c has the whole walk on one
 * screen. Thread: a walk belongs to one worker.
 */
#ifndef KEDGE_DATAPLANE_WALK_H
#define KEDGE_DATAPLANE_WALK_H

#include <rte_ring.h>

#include "drop_memory.h"
#include "forwarding.h"
#include "packet.h"
#include "token_bucket.h"
#include "walk_counters.h"
#include "watch.h"

enum {
	BURST_MAX = 32,
	BURSTS_IN_FLIGHT = 3,
	MADE_MAX = 4 * BURST_MAX,
	PENDING_MAX = 64,
	PENDING_PER_NEIGHBOUR = 3,
	PENDING_MS = 3000
};

/* Lookups in flight go on by so many keys at a time. */
enum { LOOKUP_STEP = 8 };

struct reassembler;

/* A frame that may be ordinary (ordinary.c). */
struct candidate {
	uint8_t *ip;              /* of the packet that goes on: the inner one, if there are two */
	struct binding_entry *up; /* hairpin: whom to count it for */
	uint16_t octets;
	uint8_t frame; /* place in the burst */
	bool is_inner; /* came in a tunnel */
};

/* A burst that is in flight (worker.c): its frames, and the lookup of those that may be ordinary. */
struct burst {
	unsigned count;
	uint8_t port;
	struct rte_mbuf *frames[BURST_MAX];
	struct candidate candidates[BURST_MAX]; /* as many as the lookup has keys */
	struct binding_lookup lookup;
};

/* Frames that wait to leave by a port at the end of the burst. */
struct transmit_queue {
	unsigned count;
	struct rte_mbuf *frames[2 * BURST_MAX];
};

/* A packet that waits for its next hop's link-layer address. */
struct pending_packet {
	struct rte_mbuf *buffer;
	struct in6_addr next_hop;
	uint64_t since_ms;
	uint8_t port;
};

/* Sends up to `count` frames by a port; returns how many were taken. */
typedef uint16_t port_transmit(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count);

struct walk {
	/* set by walk_start() */
	const struct forwarding *forwarding;
	struct walk_counters *counters;
	struct rte_mempool *pool;
	struct rte_ring *punts;   /* to the main core: buffers that begin with a struct punt_note */
	struct rte_ring *to_host; /* to the main core: frames for the twin of port buffer->port; NULL without twins */
	port_transmit *transmit;
	void *transmit_context;
	bool long_way; /* for ordinary packets, too */
	struct token_bucket punt_pana, punt_mobility, punt_hip, icmp_errors, echo_replies;

	/* set by walk_begin() for a burst */
	uint64_t now_ms;
	uint64_t expiry_horizon_ms; /* an entry has expired when its expiry is ≤ this */
	uint64_t owner_clock_ms;
	uint32_t watching; /* bits of watch->active; 0: nobody looks */

	/* worker.c: how many bursts have come and have been finished so far; those between are in flight */
	uint64_t taken, finished;
	struct burst bursts[BURSTS_IN_FLIGHT];

	unsigned made_count;
	struct packet made[MADE_MAX]; /* errors, echo replies, pieces: packets that the burst gave rise to */
	struct transmit_queue queues[PORTS_MAX];
	unsigned pending_count;
	uint32_t pending_generation; /* of the neighbours, when the pending packets were last looked at */
	uint64_t pending_ms;
	struct pending_packet pending[PENDING_MAX];

	struct reassembler *reassembler; /* NULL: fragments for us are dropped */
	uint64_t reassembly_due_ms;      /* when to look for packets that did not become whole; UINT64_MAX: never */
	uint64_t fragment_secret;
	uint32_t fragmented_count; /* what the next identification is made of */

	/* for operators */
	struct watch *watch;      /* NULL: nobody can look */
	struct rte_ring *reports; /* to the main core: buffers that begin with a struct watch_report */
	uint64_t reports_lost;
	struct drop_memory dropped;
};

/* What a worker hands to the main core, in front of the packet. */
enum punt_note_kind { PUNT_NOTE_PACKET, PUNT_NOTE_PATH_MTU, PUNT_NOTE_VERIFIED };
struct punt_note {
	uint8_t kind;
	uint8_t packet_class; /* enum punt_class */
	uint16_t path_mtu_bytes;
	uint16_t port;        /* of the care-of address, 0 without UDP */
	uint8_t tunnel_kind;  /* enum feed_tunnel_kind */
	bool is_other_way;    /* not the binding's first care-of address: the worker has applied it */
	uint64_t received_ms; /* by the walk's clock */
	struct in6_addr key;
	struct in6_addr care_of_address;
};

struct walk_options {
	const struct forwarding *forwarding;
	struct walk_counters *counters;
	struct rte_mempool *pool;
	struct rte_ring *punts;
	struct rte_ring *to_host; /* NULL when no port has a twin */
	struct watch *watch;      /* NULL when nobody is to look; else with `reports` */
	struct rte_ring *reports;
	port_transmit *transmit;
	void *transmit_context;
	unsigned workers;                /* limits are divided by it */
	bool long_way;                   /* every packet goes every step: what tests compare the short way with */
	unsigned number;                 /* of the worker, from 0 */
	struct reassembler *reassembler; /* or NULL */
};

void walk_start(struct walk *walk, const struct walk_options *options);

/* Other limits than the forwarding's, divided by `workers`. Thread: any; they count for packets from now on. */
void walk_set_limits(struct walk *walk, const struct forwarding_limits *limits, unsigned workers);

/* Frees what still waits; drops are counted. */
void walk_stop(struct walk *walk);

static inline void walk_begin(struct walk *walk, uint64_t now_ms)
{
	walk->now_ms = now_ms;
	walk->expiry_horizon_ms = expiry_horizon(walk->forwarding->expiry, now_ms);
	walk->owner_clock_ms = expiry_owner_clock(walk->forwarding->expiry, now_ms);
	walk->watching = walk->watch ? shared_acquire(&walk->watch->active) : 0;
}

/* Frees the packet, counts why, and remembers it for its subscriber. */
void packet_drop(struct walk *walk, struct packet *packet, enum drop_reason reason);

/* Frees a packet that was answered or told us something, and counts it for its binding. */
void packet_consume(struct walk *walk, struct packet *packet);

/* The packet is forwarded: counts it for the binding that it came from. */
static inline void packet_count_up(struct packet *packet)
{
	if (packet->up)
		binding_count(&packet->up->up, packet->octets);
	packet->up = NULL;
}

/* classify.c: a frame of a port. Sets step, and for STEP_DOWNLINK and STEP_UPLINK the key. */
void classify(struct walk *walk, struct packet *packet);

/* classify.c: a packet that was put together here, from its IP header on. */
void classify_reassembled(struct walk *walk, struct packet *packet);

/* classify.c: a packet that was made here or injected: down a tunnel or to the next hop. */
void classify_own(struct walk *walk, struct packet *packet);

/*
 * headers.c: reads the IP header at `ip` into packet->header and packet->version. Returns the octets of the packet, or
 * 0 when it is no whole packet of `version` (4 or 6; 0: either) in `available` octets, or an IPv6 packet with an
 * address in IPv4-mapped form, which is nobody's on the wire and an IPv4 address in our tables.
 */
uint16_t read_header(struct packet *packet, const uint8_t *ip, size_t available, uint8_t version);

/* headers.c: DSCP and ECN of what comes out of a tunnel; false when RFC 6040 4.2 wants it dropped. */
bool class_after_tunnel(struct tunnel_marking marking, uint8_t outer_class, uint8_t *traffic_class);

/* headers.c: a hash of the flow (addresses, protocol, flow label, ports), for flow labels and for choosing a way. */
uint64_t flow_hash(const struct walk *walk, const struct packet *packet);

/* Where a packet of a binding goes: the other end of its tunnel. */
struct tunnel_end {
	struct in6_addr address;
	struct binding_traits traits;
	uint16_t port;
};

/* ways.c: of a binding with several: whether its first care-of address is alive. */
bool way_own_is_alive(const struct walk *walk, const struct binding_entry *entry);

/* ways.c: what the way of a binding to this care-of address is like; false when there is none. */
bool way_traits(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                const struct in6_addr *care_of, uint16_t port, struct binding_traits *traits);

/* ways.c: an outer Packet Too Big came for this way. */
void way_lower_mtu(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                   const struct in6_addr *care_of, uint16_t port, uint16_t inner_mtu_bytes);

/*
 * ways.c: of the care-of addresses that are alive the one of the packet's flow; `end` is the binding's first one
 * before, and stays if it is that, or if no other leads to a kind of tunnel for this packet.
 */
void way_choose(struct walk *walk, const struct packet *packet, struct tunnel_end *end);

/* ways.c: whether the outer source is one of them. */
bool way_has_source(const struct walk *walk, const struct packet *packet);

/* policing.c: false when the packet was dropped, as it is above the rate of its binding. */
bool police_up(struct walk *walk, struct packet *packet);
bool police_down(struct walk *walk, struct packet *packet);

/* downlink.c: into the tunnel; `entry` was looked up. */
void downlink(struct walk *walk, struct packet *packet);

/* uplink.c: the outer packet is for us and holds a tunnelled one at `inner_offset`; `entry` was looked up. */
void uplink(struct walk *walk, struct packet *packet);

/*
 * uplink.c: whether packets of packet->entry come from the packet's outer source and port in its kind of tunnel: from a
 * care-of address, or from the one that the node has just left. Changes nothing.
 */
bool uplink_is_bound(const struct walk *walk, const struct packet *packet);

/*
 * classify_inner.c: an outer packet for one of our addresses whose payload is of a tunnel protocol: sets STEP_UPLINK
 * with the key of the inner source, punts control, or drops. `protocol` NEXT_HEADER_UDP stands for port 4191.
 */
void classify_inner(struct walk *walk, struct packet *packet, size_t payload_offset, uint8_t protocol);

/*
 * fragment.c: the packet, which is ready to be routed with its outer IPv6 header alone in front, goes on as fragments
 * of at most `mtu_bytes` (not below 1280). Those behind the first count as originated.
 */
void fragment(struct walk *walk, struct packet *packet, uint16_t mtu_bytes);

/* fragment.c: an identification for a packet that may be fragmented. */
uint32_t fragment_identification(struct walk *walk);

/*
 * reassemble.c: a fragment for one of our addresses. Waits until its packet is whole, which then begins its walk at the
 * end of the burst: of n pieces n - 1 count as consumed. `memory`: reassembler_octets() of the caller's; `pieces_max`:
 * how many buffers may wait at most.
 */
size_t reassembler_octets(void);
struct reassembler *reassembler_start(void *memory, unsigned pieces_max);
void reassemble(struct walk *walk, struct packet *packet, const struct ip_packet *parsed);
void reassemble_time_out(struct walk *walk);
void reassemble_stop(struct walk *walk);

/* Which of the sets of places packets from this source share: a secret hash, which replays tell the packet oracle. */
unsigned reassembler_set(const struct walk *walk, const struct in6_addr *source);

/* local.c: for one of our own addresses; `inner` ones have passed the source check. */
void local(struct walk *walk, struct packet *packet);

/* icmp.c */
void icmp_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed);
void icmp4_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed);

/*
 * icmp.c: drops the packet for the reason `otherwise`, and tells its source if that is allowed and within the rate. The
 * words are those of RFC 4443; an IPv4 packet's source is told the like of RFC 792. icmp_tell() tells alone: about
 * `offending`, whose octets as far as they are here are `view`.
 */
void icmp_error(struct walk *walk, struct packet *packet, uint8_t type, uint8_t code, uint32_t parameter,
                enum drop_reason otherwise);
void icmp_tell(struct walk *walk, const struct ip_packet *offending, struct wire_view view, uint8_t type, uint8_t code,
               uint32_t parameter);

/* path_mtu.c: an ICMP error to one of our addresses, with the packet that it quotes. */
enum outer_trouble { OUTER_TOO_BIG, OUTER_UNREACHABLE, OUTER_OTHER };
void outer_error(struct walk *walk, struct packet *packet, enum outer_trouble trouble, uint32_t mtu_bytes,
                 struct wire_view view);

/* neighbour_discovery.c */
void neighbour_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed);
void neighbour_solicit(struct walk *walk, const struct in6_addr *address, struct neighbour *neighbour);

/* arp.c: what stands behind the Ethernet header; asks for the neighbour of an IPv4 address. */
void arp_receive(struct walk *walk, struct packet *packet);
void arp_request(struct walk *walk, const struct in6_addr *address, struct neighbour *neighbour);

/* punting.c: `packet->ip` is where the punted packet begins. */
bool punt_class_of(uint8_t protocol, struct wire_view payload, uint8_t *packet_class);
void punt(struct walk *walk, struct packet *packet, uint8_t packet_class);
void punt_path_mtu(struct walk *walk, struct packet *packet, const struct punt_note *learnt);

/* punting.c: a packet came from a new care-of address. False: no room to tell it, to be tried again. */
bool punt_verified(struct walk *walk, const struct in6_addr *key, const struct in6_addr *care_of_address);

/* host.c: to the host's kernel; dropped by `otherwise` when no port has a twin there. */
void host_send(struct walk *walk, struct packet *packet, enum drop_reason otherwise);

/* host.c: a frame of the kernel, out of the twin of packet->port: down a tunnel, to the next hop, or onto the link. */
void host_classify(struct walk *walk, struct packet *packet);

/* route.c: finds next hop and link, or lets the packet wait for its neighbour. */
void route(struct walk *walk, struct packet *packet);

/* The same for packet->next_hop on this port's link. */
void route_on_link(struct walk *walk, struct packet *packet, uint8_t port);
void route_pending(struct walk *walk);

/*
 * ordinary.c: reads the frames of a burst, and starts the lookup of those that may be ordinary; and, once that is
 * located, takes what is ordinary all the way, while it locates the `next` lookup and begins the `newest` one. What is
 * left then are the first burst->count frames.
 */
void ordinary_read(const struct walk *walk, struct burst *burst);
void ordinary_finish(struct walk *walk, struct burst *burst, struct binding_lookup *next,
                     struct binding_lookup *newest);

/* transmit.c */
void transmit_port(struct walk *walk, unsigned port);
void transmit(struct walk *walk, struct packet *packet, uint8_t port, const uint8_t link_address[LINK_ADDRESS_OCTETS],
              uint16_t ethertype);

/* transmit.c: what was written into a made packet, straight onto a link: its addresses need not be routable. */
void transmit_made(struct walk *walk, struct packet *packet, size_t octets, uint8_t port,
                   const uint8_t link_address[LINK_ADDRESS_OCTETS], uint16_t ethertype);
void transmit_flush(struct walk *walk);

/* A whole frame: leaves with the others of its port. */
static inline void transmit_queue(struct walk *walk, unsigned port, struct rte_mbuf *frame)
{
	struct transmit_queue *queue = &walk->queues[port];

	queue->frames[queue->count++] = frame;
	if (queue->count == sizeof(queue->frames) / sizeof(queue->frames[0]))
		transmit_port(walk, port);
}

/*
 * watching.c: only while walk->watching says so. Frames that came or go, a packet that is dropped, and a step of the
 * walk around which a traced packet is looked at.
 */
void watch_frames(struct walk *walk, struct rte_mbuf *const *frames, unsigned count, uint8_t port,
                  enum watch_direction direction);
void watch_drop(struct walk *walk, const struct packet *packet, enum drop_reason reason);
void watch_step(struct walk *walk, struct packet *packet, bool is_new,
                void (*run)(struct walk *walk, struct packet *packet));

/*
 * A control packet that is about to be punted, or was injected: true when one of its addresses is of a traced key or
 * its care-of address, and there are packets left to trace; then it is a traced one. An injected one is told as
 * received.
 */
bool watch_control(struct walk *walk, struct packet *packet);
void watch_injected(struct walk *walk, struct packet *packet);

/* The packet's key is that of a trace: true when there are packets left to trace; then it is a traced one. */
bool watch_begins(struct walk *walk, struct packet *packet, unsigned slot);

/* Whether a packet becomes a traced one by its key. */
static inline bool watch_concerns(struct walk *walk, struct packet *packet)
{
	for (uint32_t slots = walk->watching & WATCH_TRACES; slots; slots &= slots - 1) {
		unsigned slot = (unsigned)__builtin_ctz(slots);

		if (in6_is_equal(&walk->watch->traces[slot].key, &packet->key))
			return watch_begins(walk, packet, slot);
	}
	return false;
}

/*
 * A fresh packet of up to `octets` octets, to be written and given to made_finish(); NULL (and counted) when there is
 * no buffer. It counts as originated in made_finish().
 */
struct packet *made_begin(struct walk *walk, struct wire_writer *writer, uint16_t octets);
void made_finish(struct walk *walk, struct packet *packet, size_t octets);

#endif
