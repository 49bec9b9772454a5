// SPDX-License-Identifier: BSD-3-Clause
/*
 * walk_fixture - a worker's walk with all that it needs, for tests: one port, one node, and what leaves it. At its end
 * the counters add up and every buffer is back.
 */
#ifndef KEDGE_TESTS_WALK_FIXTURE_H
#define KEDGE_TESTS_WALK_FIXTURE_H

#include "neighbour.h"
#include "worker.h"

enum { BUFFERS = 1023, RING = 8, SENT_MAX = 256 };

struct fixture {
	struct forwarding forwarding;
	struct neighbour_table neighbours;
	struct expiry expiry;
	struct rte_rcu_qsbr *qsbr;
	struct rte_mempool *pool;
	struct rte_ring *punts;
	struct rte_ring *to_host;
	struct walk_counters counters;
	struct walk walk;
	void *reassembly;
	uint64_t handed_over; /* punts taken out of the ring */
	uint64_t host_got;
	uint8_t host_frame[128]; /* the last one */
	bool port_is_full;
	unsigned sent_count;
	uint8_t sent[SENT_MAX][128];
};

extern const uint8_t fixture_own_link[LINK_ADDRESS_OCTETS], fixture_gateway_link[LINK_ADDRESS_OCTETS];

/* Zeroed, on a cache line; free() takes it. */
void *fixture_allocate(size_t octets);
struct in6_addr fixture_address(const char *text);
void fixture_bind(struct fixture *fixture, const char *key, const char *care_of, uint64_t expiry_ms);

/* One port, one node (2001:db8:aa:1::/64 at 2001:db8:100::10); `limits` are those of the test. */
struct fixture *fixture_make(struct forwarding_limits limits);

/* Empties the rings; counts what was in them. */
void fixture_take_punts(struct fixture *fixture);
void fixture_take_host_frames(struct fixture *fixture);

/* Checks that the counters add up and that every buffer is back. */
void fixture_end(struct fixture *fixture);

/* An IPv6 packet whose payload is zeroes, in a frame or not. */
struct rte_mbuf *fixture_frame(struct fixture *fixture, const char *source, const char *destination, uint8_t protocol,
                               size_t payload_octets, bool with_ethernet);

/* `count` like frames in one burst. */
void fixture_burst(struct fixture *fixture, const char *source, const char *destination, uint8_t protocol,
                   size_t payload_octets, unsigned count, uint64_t now_ms);

/* DPDK without huge pages and ports. Returns as rte_eal_init(). */
int fixture_start_dpdk(void);

#endif
