// SPDX-License-Identifier: BSD-3-Clause
/*
 * A home agent in a world of its own: the real executor and the real bindings, a store whose commits happen when the
 * test says so, and mobile nodes that build Binding Updates and check what comes back.
 */
#ifndef KEDGE_TESTS_HOME_WORLD_H
#define KEDGE_TESTS_HOME_WORLD_H

#include "binding_store_model.h"
#include "bindings.h"
#include "executor.h"
#include "home_agent.h"
#include "mobility_header.h"

enum { WORLD_INJECTED_MAX = 64 };

struct injected {
	uint8_t shard;
	struct binding_version not_before;
	size_t octets;
	uint8_t packet[512];
};

struct home_world {
	struct instant now;
	struct timer_wheel timers;
	struct randomness_seeded seeded;
	struct randomness *random;
	struct store_model *store;
	struct executor *executor;
	struct bindings *bindings;
	struct home_agent *agent;
	struct home_agent_options options;
	uint32_t epoch;
	bool holds; /* commits wait for world_commit() */
	size_t injected_count;
	struct injected injected[WORLD_INJECTED_MAX];
	size_t published; /* rows handed to the publisher */
	size_t published_at_injection;
};

/* A mobile node as the tests move it. */
struct node {
	uint32_t spi;
	struct secret key;
	const char *nai;
	const char *subscriber;
	struct in6_addr home_address;
	struct in6_addr care_of_address;
	uint8_t device; /* stands for the Host Identity */
	uint32_t services;
	struct session_ambr ambr;            /* that the association is made with */
	uint64_t session;                    /* that the association was made in */
	struct in6_addr mac_care_of_address; /* unspecified: the address that is answered to */
};

/* A Binding Update, and how it is spoilt. */
struct update {
	uint16_t sequence;
	uint16_t lifetime_units;
	uint16_t flags; /* 0: A and H */
	bool at_home;   /* no home address option */
	bool with_alternate;
	struct in6_addr alternate;
	bool with_ipv4;         /* option 32: 192.0.2.7 */
	const char *udp_source; /* in UDP from this mapped address: no home address option, option 32 */
	uint16_t udp_port;
	bool with_home_address;           /* in UDP nevertheless */
	bool without_ipv4;                /* in UDP without option 32 */
	const uint8_t *ipv4_home_address; /* option 29 */
	bool with_nonce_indices;
	bool with_timestamp;
	uint64_t timestamp;
	bool without_authentication;
	bool without_nai;
	uint8_t authentication_subtype; /* 0: MN-HA */
	bool wrong_mac;
	bool wrong_checksum;
	bool option_behind;     /* something else than padding behind option 9 */
	const char *home_agent; /* NULL: the home agent's address */
};

struct acknowledged {
	uint8_t status;
	uint16_t sequence;
	uint16_t lifetime_units;
	struct in6_addr destination;
	bool has_routing_header;
	bool has_timestamp;
	uint64_t timestamp;
	size_t octets; /* of the Mobility Header */
	uint8_t message[256];
	struct binding_version not_before;
	uint8_t shard;
	/* in UDP */
	uint16_t port; /* 0: natively */
	struct in6_addr outer_destination;
	uint16_t nat_flags;
	uint32_t nat_refresh_s;
	uint8_t ipv4_status; /* of option 30; 0: without */
};

#define IPV4_HOME_AGENT_ADDRESS "::ffff:203.0.113.10"
#define HOME_AGENT_ADDRESS      "2001:db8:1::1"

void world_start(struct home_world *world);
void world_end(struct home_world *world);

/* Power off and on: memory is gone, the durable half of the store stays. */
void world_restart(struct home_world *world);

/* Moves the clocks and fires timers. */
void world_pass(struct home_world *world, uint64_t ms);

/* Lets everything that waits in the store be committed (or fail). */
void world_commit(struct home_world *world);

struct in6_addr address_of(const char *text);
struct node node_of(unsigned number);
int world_associate(struct home_world *world, const struct node *node, uint32_t lifetime_s);
void world_revoke(struct home_world *world, const char *subscriber);
/* The subscriber is admitted with this session AMBR; and what his binding is told with. */
void world_set_ambr(struct home_world *world, const struct node *node, uint64_t down_bps, uint64_t up_bps);
void assert_rates(struct home_world *world, const struct node *node, uint64_t down_bps, uint64_t up_bps);
/* The node's session of this number ends, as it wished. */
void world_session_ended(struct home_world *world, const struct node *node, uint64_t session);

/* The packet of an update; returns its octets. */
size_t update_packet(const struct node *node, const struct update *update, uint8_t *packet, size_t capacity);
void world_send(struct home_world *world, const struct node *node, const struct update *update);
void world_send_octets(struct home_world *world, const uint8_t *packet, size_t octets);

/* The oldest packet that was injected, checked as this node would: addresses, checksum, NAI, MAC. */
struct acknowledged world_acknowledged(struct home_world *world, const struct node *node);
void world_assert_silence(struct home_world *world);

/* Sends, commits, and asserts the status of the answer. */
struct acknowledged world_exchange(struct home_world *world, const struct node *node, const struct update *update,
                                   uint8_t status);

/* Where the home address is tunnelled; false when nowhere. */
bool world_bound(struct home_world *world, const struct node *node, struct binding_view *view);
void assert_bound_to(struct home_world *world, const struct node *node, const char *care_of_address);

#endif
