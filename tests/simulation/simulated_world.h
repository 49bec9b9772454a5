// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulated_world - a whole network in one process and in virtual time: mobile nodes, mobility server, authentication
 * server, DNS server, data planes and the lossy network between them (architecture.md 6). A seed decides what gets
 * lost, late, doubled, who dies at which effect, who moves, whose clock jumps. The invariants are looked at after each
 * event; when peace has been given everything must have converged.
 */
#ifndef KEDGE_TESTS_SIMULATED_WORLD_H
#define KEDGE_TESTS_SIMULATED_WORLD_H

#include "authentication_process.h"
#include "dns_model.h"
#include "simulated_node.h"
#include "mobility_process.h"
#include "simulated_plane.h"

enum {
	WORLD_CARDS = 3,
	WORLD_NODES = 4,
	WORLD_PLANES = 2,
	WORLD_RECORDED = 8
}; /* the last node has the SIM of the first: two devices with one SIM */

/* How bad the network is, in percent of the packets. */
struct weather {
	uint32_t lost;
	uint32_t doubled;
	uint32_t late; /* by up to 300 ms: reordering */
};

/* What a subscriber was last told, and by which node. */
struct promise {
	bool is_there;
	char fqdn[NODE_NAME_OCTETS];
	struct in6_addr home_address;
	uint64_t version; /* of the lease when it was told */
};

/* What somebody on the way has written down, to send it again. */
struct recorded {
	uint8_t packet[NODE_PACKET_MAX];
	size_t octets;
};

/* Traffic of nodes and correspondents, as the data planes judged it. */
struct world_traffic {
	uint32_t up, up_dropped;
	uint32_t down, down_dropped;
	uint32_t spoofed;
};

struct simulated_world {
	struct virtual_time time;
	uint64_t seed;
	bool tells; /* prints what happens */
	struct settings settings;
	struct secret radius_secret;
	struct weather weather;
	struct sim_card cards[WORLD_CARDS];
	struct simulated_node nodes[WORLD_NODES];
	struct promise promises[WORLD_CARDS];
	struct mobility_process mobility;
	struct authentication_process *authentication;
	struct simulated_plane planes[WORLD_PLANES];
	struct dns_model *dns;
	uint32_t feed_lost; /* percent of feed messages */
	struct recorded recorded[WORLD_RECORDED];
	uint32_t recorded_count;
	struct world_traffic traffic;
	bool peace;

	char broken[512]; /* the first invariant that was broken; empty: none */
	uint32_t grants;
	uint32_t bindings;
	uint32_t looked_at_commit; /* commits of the mobility server when its store was last looked at */
};

void simulated_world_start(struct simulated_world *world, uint64_t seed, bool tells);
void simulated_world_end(struct simulated_world *world);

/* Lets time pass; false as soon as an invariant is broken. */
bool simulated_world_run(struct simulated_world *world, uint64_t for_ms);

/* Somebody sends again what he has written down, from where it came or as another's. */
void simulated_world_replay(struct simulated_world *world);

/* A data plane dies and is back, empty. */
void simulated_world_restart_plane(struct simulated_world *world, unsigned plane);

/* The weather clears, nobody dies any more, servers answer. */
void simulated_world_give_peace(struct simulated_world *world);

__attribute__((format(printf, 2, 3))) void simulated_world_break(struct simulated_world *world, const char *format,
                                                                 ...);

/* Invariants. After each event; and those that hold when everything has come to rest. */
void invariants_look(struct simulated_world *world);
void invariants_at_rest(struct simulated_world *world);
/* What a node was just told is durable; returns the version of its lease. */
uint64_t invariants_granted(struct simulated_world *world, const struct simulated_node *node);
void invariants_sent(struct simulated_world *world, const uint8_t *packet, size_t octets);
void invariants_bound(struct simulated_world *world, const struct simulated_node *node);

/*
 * Everybody talks: each node to a correspondent through a data plane, a correspondent to each address that was told,
 * and each node pretends once to be another. What comes through is judged. At rest all that is right comes through.
 */
void traffic_flows(struct simulated_world *world);
void traffic_at_rest(struct simulated_world *world);

#endif
