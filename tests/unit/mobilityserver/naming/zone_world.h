// SPDX-License-Identifier: BSD-3-Clause
/* The naming core, the DNS model and a network between them, in virtual time: one millisecond each way. */
#ifndef KEDGE_TESTS_ZONE_WORLD_H
#define KEDGE_TESTS_ZONE_WORLD_H

#include "vectors.h"

#include "dns_model.h"
#include "naming.h"

#define FORWARD_ZONE "mob.example"
#define REVERSE_ZONE "a.a.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

enum { DATAGRAM_CHANNEL = 11, STREAM_CHANNEL, TRANSFER_CHANNEL };
enum { WORLD_ENDS_MAX = 512, WORLD_WISHES_MAX = 32, WORLD_PACKETS_MAX = 256 };

struct world_end {
	uint64_t token;
	enum naming_outcome outcome;
	char detail[200];
};

struct world_packet {
	uint64_t due_ms;
	bool to_server;
	uint16_t channel;
	size_t octets;
	uint8_t *bytes;
};

struct zone_world {
	struct naming *core;
	struct dns_model *server;
	struct tsig_key key;
	struct secret owner_key;
	struct timer_wheel wheel;
	struct randomness_seeded randomness;
	struct instant now;
	struct endpoint server_endpoint;
	struct effects *effects;

	struct world_end ends[WORLD_ENDS_MAX];
	size_t end_count;
	char logs[8192];

	struct world_packet packets[WORLD_PACKETS_MAX];
	size_t packet_count;
	unsigned int requests_lost; /* the next so many messages to the server get lost */
	bool stream_broken;         /* connections fail */
	bool duplicates;            /* each datagram arrives twice */
	/* Called for each answer before the core gets it; may change it. */
	void (*tamper)(struct zone_world *world, uint8_t *bytes, size_t octets);

	/* What the store of the test wants (D-13). */
	struct naming_request wishes[WORLD_WISHES_MAX];
	size_t wish_count;
	const char *left_alone;
};

struct zone_world *zone_world_new(void);
void zone_world_free(struct zone_world *world);

/* Crash and restart of the core: all that it remembered is gone. */
void zone_world_restart(struct zone_world *world);

/* A request for `label`.mob.example with the home address 2001:db8:aa:NUMBER::1 and a HIP record; owner "imsi". */
struct naming_request zone_world_request(uint64_t token, enum naming_kind kind, const char *fqdn, unsigned int number,
                                         const char *owner);
void zone_world_apply(struct zone_world *world, const struct naming_request *request);

void zone_world_run(struct zone_world *world, uint64_t for_ms);

/* Runs until the request has ended (fails the test when it does not) and returns how. */
enum naming_outcome zone_world_outcome(struct zone_world *world, uint64_t token);
const char *zone_world_detail(const struct zone_world *world, uint64_t token);

/* apply and outcome in one. */
enum naming_outcome zone_world_do(struct zone_world *world, const struct naming_request *request);

/* Fails unless the zones hold exactly what such a request writes. */
void zone_world_assert_stands(const struct zone_world *world, const struct naming_request *request);
void zone_world_assert_absent(const struct zone_world *world, const struct naming_request *request);

/* "d.c.b.a…ip6.arpa" of a request's address. */
const char *zone_world_reverse(const struct naming_request *request);

#endif
