// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_world - a PANA agent in injected time, with the relay and the bootstrap recorded, and a scripted node whose
 * nonces, MSK and first numbers are those of kedge_bootstrap.json, so that its messages are the published ones.
 */
#ifndef KEDGE_TESTS_PANA_WORLD_H
#define KEDGE_TESTS_PANA_WORLD_H

#include "vectors.h"

#include "eap.h"
#include "ip.h"
#include "mobility_keys.h"
#include "pana.h"
#include "pana_agent.h"
#include "pana_keys.h"

enum { WORLD_VENDOR = 32473, WORLD_SENT_MAX = 4096, WORLD_MESSAGE_MAX = 1300 };

struct sent_message {
	struct in6_addr from;
	uint16_t from_port;
	struct endpoint to;
	size_t octets;
	uint8_t bytes[WORLD_MESSAGE_MAX];
	uint8_t route_octet; /* first octet of the punt route */
};

struct pana_world {
	json_t *vectors;
	struct timer_wheel wheel;
	struct instant now;
	struct randomness randomness;
	unsigned draws; /* of 32 octets */
	uint64_t draw_state;
	struct effects *effects;
	struct pana_agent_options options;
	struct pana_agent *agent;

	struct in6_addr service_address;
	size_t sent_count, sent_taken;
	struct sent_message sent[WORLD_SENT_MAX];

	/* recorded calls of the outlet */
	size_t eap_count, abandoned_count, request_count, admitted_count, ended_count;
	struct subscriber_profile admitted;
	struct pana_agent_eap eap;
	uint8_t eap_packet[1300];
	struct pana_agent_request request;
	uint8_t plaintext[1300], start_digest[32], paa_nonce[256], pac_nonce[256];
	struct secret mobility_root;
	struct subscriber_identity request_identity;
	enum pana_agent_end ended;
	uint64_t ended_session;
};

/* The node's side of one session. */
struct pana_node {
	struct endpoint address;
	uint8_t route_octet;
	uint32_t session_id;
	uint32_t first_number;
	uint8_t i_par[128], i_pan[128];
	size_t i_par_octets, i_pan_octets;
	uint8_t paa_nonce[32], pac_nonce[32];
	struct secret msk;
	struct pana_keys keys;
	uint32_t number; /* of the node's last request */
	uint32_t paa_number;
	uint8_t eap_identifier;
};

void world_start(struct pana_world *world);
void world_stop(struct pana_world *world);

/* Runs timers until `ms` later. */
void world_advance(struct pana_world *world, uint64_t ms);

/* A payload from `from` to the agent's PANA port. */
void world_receive(struct pana_world *world, const struct endpoint *from, uint8_t route_octet, const void *payload,
                   size_t octets);

/* The next message that the agent sent, checked to come from its address and port (B-1); fails when there is none. */
const struct sent_message *world_sent(struct pana_world *world);
void world_sent_as(struct pana_world *world, enum pana_kind kind, struct pana_message *message);
void world_nothing_sent(const struct pana_world *world);

void node_start(struct pana_world *world, struct pana_node *node, const char *address, uint16_t port);
void node_send(struct pana_world *world, const struct pana_node *node, struct wire_writer *writer,
               const struct pana_keys *keys);
void node_sends_pci(struct pana_world *world, struct pana_node *node);
/* PCI, PAR(S), PAN(S); PAR x+1 with nonce and EAP-Request/Identity is there. */
void node_begins(struct pana_world *world, struct pana_node *node);
/* Takes PAR with nonce; answers with nonce and EAP-Response/Identity. */
void node_answers_identity(struct pana_world *world, struct pana_node *node, const struct pana_keys *keys);
/* The AS accepts: PAR(C) is taken and its keys derived; PAN(C) is sent by node_completes(). */
struct pana_agent_acceptance world_acceptance(const struct pana_node *node);
void node_is_accepted(struct pana_world *world, struct pana_node *node);
void node_takes_completion(struct pana_world *world, struct pana_node *node);
void node_completes(struct pana_world *world, struct pana_node *node);
/* All of it. */
void node_authenticates(struct pana_world *world, struct pana_node *node);

/* Builds a PNR(P) with the node's next number; with an Encap if there is a plaintext. */
size_t node_ping(struct pana_node *node, const void *plaintext, size_t octets, uint8_t message[WORLD_MESSAGE_MAX]);
void node_derive_keys(struct pana_node *node, uint32_t key_id);

#endif
