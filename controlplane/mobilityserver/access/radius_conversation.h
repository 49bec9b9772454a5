// SPDX-License-Identifier: BSD-3-Clause
/* radius_conversation - what the relay remembers, and how its files share it. Private to this folder. */
#ifndef KEDGE_MOBILITYSERVER_RADIUS_CONVERSATION_H
#define KEDGE_MOBILITYSERVER_RADIUS_CONVERSATION_H

#include <uthash.h>

#include "eap.h"
#include "identity_observer.h"
#include "radius.h"
#include "radius_relay.h"

enum { IDENTIFIERS = 256 };

/* One EAP conversation; it stays with its server, since State pins it. */
struct radius_conversation {
	struct radius_relay *relay;
	uint64_t token;
	const struct radius_relay_server *server;
	struct in6_addr source;
	uint8_t user_name_octets;
	uint8_t user_name[RADIUS_VALUE_MAX];
	uint16_t state_octets;
	bool has_state;
	uint8_t state[RADIUS_VALUE_MAX];
	struct identity_observer observer;

	/* the request that is out: NULL packet means none */
	uint8_t *packet;
	size_t packet_octets;
	uint16_t channel;
	uint8_t identifier;
	uint32_t sendings;
	uint32_t interval_ms;
	struct timer timer;
	UT_hash_handle hh;
};

/* One identifier of one channel; it rests after its answer, so that a late one meets nobody. */
struct radius_slot {
	struct radius_conversation *conversation;
	uint64_t rests_until_ms;
};

struct radius_relay {
	struct radius_relay_options options;
	struct radius_relay_counters counters;
	struct log_limit log_limit;
	struct radius_conversation *conversations;
	struct radius_slot *slots; /* channel_count * IDENTIFIERS */
	size_t next_slot;
};

/* radius_request.c: an Access-Request with this EAP packet leaves. False: no identifier is free. */
bool radius_request_send(struct radius_conversation *conversation, struct wire_view eap, const struct instant *now,
                         struct effects *effects);
/* The request is over; its identifier rests. `now_ms` monotonic. */
void radius_request_end(struct radius_conversation *conversation, uint64_t now_ms);

/* radius_relay.c */
void radius_conversation_free(struct radius_conversation *conversation, uint64_t now_ms);
void radius_conversation_reject(struct radius_conversation *conversation, struct wire_view packet,
                                const struct instant *now, struct effects *effects);

/* radius_accept.c: what an Access-Accept means (E-16, E-17, K-2); the conversation is over. */
void radius_accept(struct radius_conversation *conversation, const struct radius_packet *accept,
                   const uint8_t *request_authenticator, struct wire_view eap, const struct instant *now,
                   struct effects *effects);

#endif
