// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap_server - the conversations of the authentication server: identity rounds, choice of the method by subscriber
 * (E-7), challenge, one resynchronisation (E-14), protected result indication (E-11), and every way in which they fail.
 *
 * A pure core. It knows EAP and subscribers, not RADIUS: radius_server hands in packets and gets replies through the
 * outlet, at once or when the store has answered. Pseudonyms and fast re-authentication come later; a name that is not
 * a permanent identity is asked for one (E-6).
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_AUTHSERVER_EAP_SERVER_H
#define KEDGE_AUTHSERVER_EAP_SERVER_H

#include "attempt_limits.h"
#include "authentication_centre.h"
#include "eap_aka_method.h"
#include "timer_wheel.h"

enum { CONVERSATION_LIFE_MS = 60000, CONVERSATIONS_MAX = 100000 };

enum eap_reply_kind { EAP_REPLY_CHALLENGE, EAP_REPLY_ACCEPT, EAP_REPLY_REJECT };

struct eap_reply {
	enum eap_reply_kind kind;
	const uint8_t *packet; /* an EAP packet */
	size_t octets;
	const struct subscriber *subscriber; /* with ACCEPT */
	const struct secret *msk;            /* with ACCEPT */
};

struct eap_server_outlet {
	void *context;
	/* The answer to the last packet of this conversation. With ACCEPT and REJECT the conversation is over. */
	void (*reply)(void *context, uint64_t conversation, const struct eap_reply *reply, const struct instant *now,
	              struct effects *effects);
	/* The conversation ended without an answer (60 s are over). */
	void (*gone)(void *context, uint64_t conversation);
};

#define EAP_SERVER_COUNTERS(X)                                                                                         \
	X(conversations, "conversations begun")                                                                        \
	X(accepted, "ended with EAP-Success")                                                                          \
	X(rejected, "ended with EAP-Failure")                                                                          \
	X(timed_out, "ended after 60 s without an end")                                                                \
	X(conversations_full, "refused because there were too many")                                                   \
	X(malformed, "packets that are no EAP, or no AKA of the expected kind")                                        \
	X(unexpected_identifier, "responses to another request than the last")                                         \
	X(unknown_subscriber, "permanent identities that are nobody's")                                                \
	X(method_not_allowed, "subscribers who may not use the method that the peer began")                            \
	X(naks, "Naks: never a reason for another method (E-7)")                                                       \
	X(limited, "attempts refused by F-5")                                                                          \
	X(challenges, "challenges sent")                                                                               \
	X(wrong_response, "responses with a wrong RES, AT_MAC or AT_CHECKCODE")                                        \
	X(rejected_by_peer, "Authentication-Reject or Client-Error")                                                   \
	X(out_of_sync, "synchronisation failures")                                                                     \
	X(no_vector, "no vector: store or keys")                                                                       \
	X(waiting, "packets that came while the store was asked")

struct eap_server_counters {
#define X(name, help) uint64_t name;
	EAP_SERVER_COUNTERS(X)
#undef X
};

struct conversation;

struct eap_server {
	struct subscriber_table *table;
	struct authentication_centre *centre;
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct eap_server_outlet outlet;
	struct attempt_limits limits;
	struct conversation *conversations;
	uint64_t last_conversation;
	struct eap_server_counters counters;
};

/* The outlet is copied; all else outlives the server. */
void eap_server_start(struct eap_server *server, struct subscriber_table *table, struct authentication_centre *centre,
                      struct timer_wheel *timers, struct randomness *randomness,
                      const struct eap_server_outlet *outlet);
void eap_server_end(struct eap_server *server);

/*
 * Begins a conversation; `network_name` is that of the client (E-8), `source` (may be NULL) counts for F-5. Returns its
 * number, 0 when there are too many. The first packet is then given to eap_server_packet().
 */
uint64_t eap_server_begin(struct eap_server *server, const char *network_name, const struct in6_addr *source,
                          const struct instant *now);

/* An EAP packet of the peer. False: no such conversation. Malformed and unexpected packets are ignored and counted. */
bool eap_server_packet(struct eap_server *server, uint64_t conversation, const uint8_t *packet, size_t octets,
                       const struct instant *now, struct effects *effects);

#endif
