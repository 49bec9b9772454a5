// SPDX-License-Identifier: BSD-3-Clause
/*
 * relay_world - a RADIUS relay in injected time with what it sends and tells recorded, and answers of an authentication
 * server to be built attribute by attribute.
 */
#ifndef KEDGE_TESTS_RELAY_WORLD_H
#define KEDGE_TESTS_RELAY_WORLD_H

#include "vectors.h"

#include "eap.h"
#include "radius.h"
#include "radius_relay.h"
#include "radius_security.h"

enum { VENDOR = 32473, CHANNEL = 10, CHANNELS = 2, PACKET_MAX = 4096 };

/* An identity that says nothing of who the peer is, in a realm of the first server. */
#define ANONYMOUS "6anonymous@wlan.mnc232.mcc01.3gppnetwork.org"

struct relay_world {
	struct timer_wheel wheel;
	struct instant now;
	struct randomness randomness;
	uint8_t next_authenticator[16];
	bool has_authenticator;
	uint32_t draw;
	struct effects *effects;
	struct radius_relay_server servers[2];
	struct radius_relay_options options;
	struct radius_relay *relay;
	/* the last request that left */
	size_t sent_count;
	uint16_t channel;
	struct endpoint to;
	uint8_t sent[PACKET_MAX];
	size_t sent_octets;
	/* what the agent was told */
	size_t request_count, accepted_count, rejected_count;
	uint64_t conversation;
	uint8_t eap[PACKET_MAX];
	size_t eap_octets;
	struct pana_agent_acceptance acceptance;
	uint8_t class_attribute[253];
};

extern struct relay_world world;

int relay_setup(void **state);
int relay_teardown(void **state);
const struct radius_relay_counters *relay_counters(void);
void relay_advance(uint64_t ms);
void relay_send_eap(uint64_t conversation, bool is_first, const void *packet, size_t octets);
void relay_send_identity(uint64_t conversation, const char *identity);
void relay_receive(const void *datagram, size_t octets);

/* An answer to the last request, built attribute by attribute. */
struct answer {
	uint8_t packet[PACKET_MAX];
	struct wire_writer writer;
	size_t message_authenticator;
};

void answer_begin(struct answer *answer, enum radius_code code);
void answer_eap(struct answer *answer, enum eap_code code);
void answer_keys(struct answer *answer);
size_t answer_end(struct answer *answer);
void answer_send(struct answer *answer);

/* Access-Accept with EAP-Success, keys and one more attribute (type 0: none). */
void accept_with(uint32_t vendor, uint8_t type, const void *value, size_t octets);

#endif
