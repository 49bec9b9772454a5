// SPDX-License-Identifier: BSD-3-Clause
/*
 * radius_relay - carries EAP between the PANA agent and the authentication servers (RFC 2865, 3579; rules R, E-16 to
 * E-18, K-2 of docs/protocols.md).
 *
 * It is method-agnostic: of EAP it reads code, identifier and length, and the type-data of EAP-Response/Identity. The
 * realm of that identity chooses the server; who the subscriber is, the server alone says, in its Access-Accept.
 *
 * Pure core: time, randomness and timers are handed in; sockets are channels of the process. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_RADIUS_RELAY_H
#define KEDGE_MOBILITYSERVER_RADIUS_RELAY_H

#include "directory.h"
#include "effects.h"
#include "pana_agent.h"
#include "radius_relay_counters.h"
#include "randomness.h"
#include "secret.h"
#include "timer_wheel.h"

struct radius_relay;

/* An authentication server. Arrays and texts live as long as the relay, or until it is given other servers. */
struct radius_relay_server {
	const char *name; /* half of the subscriber's key (E-17) */
	struct endpoint endpoint;
	struct secret secret; /* */
	const char *const *realms;
	size_t realm_count;
	const char *const *imsi_prefixes; /* MCC and MNC in digits */
	size_t imsi_prefix_count;
	bool identity_from_eap;      /* E-16 */
	bool trust_accept_user_name; /* E-16 */
	struct directory_defaults defaults;
};

/* Answers to the PANA agent: the functions of pana_agent.h, with the agent as context. */
struct radius_relay_outlet {
	void *context;
	void (*eap_request)(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
	                    struct effects *effects);
	void (*accepted)(void *context, uint64_t conversation, const struct pana_agent_acceptance *acceptance,
	                 const struct instant *now, struct effects *effects);
	void (*rejected)(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
	                 struct effects *effects);
};

struct radius_relay_options {
	const struct radius_relay_server
	        *servers; /* the first one with the realm is taken; live as long as the relay */
	size_t server_count;
	const char *paa_id;          /* Called-Station-Id (R-1, K-3) */
	const char *nas_identifier;  /* */
	struct in6_addr nas_address; /* NAS-IPv6-Address, or NAS-IP-Address if it is a mapped IPv4 one */
	uint32_t vendor;             /* of the profile's attributes (B-35) */
	uint16_t first_channel;      /* UDP channels for requests: each has 256 identifiers */
	uint16_t channel_count;
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct radius_relay_outlet outlet;
};

struct radius_relay *radius_relay_new(const struct radius_relay_options *options);
void radius_relay_free(struct radius_relay *relay);

/*
 * One EAP response of a node. Answered through the outlet, from inside the call (no server has this realm: B-25
 * without a RADIUS packet) or later.
 */
void radius_relay_eap(struct radius_relay *relay, const struct pana_agent_eap *eap, const struct instant *now,
                      struct effects *effects);

/*
 * Other servers (a configuration that was read again), also they by reference. A conversation goes on with the server
 * of the same name and endpoint; one whose server is gone is answered as rejected (B-25).
 */
void radius_relay_set_servers(struct radius_relay *relay, const struct radius_relay_server *servers, size_t count,
                              const struct instant *now, struct effects *effects);

/* Nobody waits for this conversation any more. */
void radius_relay_abandon(struct radius_relay *relay, uint64_t conversation);

/* A datagram on one of the channels. */
void radius_relay_datagram(struct radius_relay *relay, uint16_t channel, const struct endpoint *from,
                           const void *datagram, size_t octets, const struct instant *now, struct effects *effects);

const struct radius_relay_counters *radius_relay_counters(const struct radius_relay *relay);

#endif
