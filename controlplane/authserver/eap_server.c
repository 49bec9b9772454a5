// SPDX-License-Identifier: BSD-3-Clause
#include "eap_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <openssl/crypto.h>

enum stage {
	STAGE_START,    /* waits for EAP-Response/Identity */
	STAGE_IDENTITY, /* waits for AKA-Identity */
	STAGE_VECTOR,   /* waits for the authentication centre */
	STAGE_CHALLENGE,
	STAGE_SUCCESS_NOTIFIED,
	STAGE_FAILURE_NOTIFIED,
};

struct conversation {
	UT_hash_handle hh;
	uint64_t number;
	struct eap_server *server;
	struct timer life;
	enum stage stage;
	enum eap_aka_attribute_type last_request; /* of the identity rounds: ANY, then PERMANENT */
	bool resynchronised;
	bool token_taken;
	bool has_source;
	struct in6_addr source;
	char imsi[IMSI_TEXT_OCTETS];
	struct eap_aka_exchange exchange;
};

static struct conversation *find(struct eap_server *server, uint64_t number)
{
	struct conversation *conversation;

	HASH_FIND(hh, server->conversations, &number, sizeof(number), conversation);
	return conversation;
}

static void end(struct eap_server *server, struct conversation *conversation)
{
	timer_disarm(&conversation->life);
	HASH_DEL(server->conversations, conversation);
	OPENSSL_cleanse(conversation, sizeof(*conversation));
	free(conversation);
}

void eap_server_start(struct eap_server *server, struct subscriber_table *table, struct authentication_centre *centre,
                      struct timer_wheel *timers, struct randomness *randomness, const struct eap_server_outlet *outlet)
{
	*server = (struct eap_server){
	        .table = table, .centre = centre, .timers = timers, .randomness = randomness, .outlet = *outlet};
}

void eap_server_end(struct eap_server *server)
{
	struct conversation *conversation, *following;

	HASH_ITER (hh, server->conversations, conversation, following)
		end(server, conversation);
	attempt_limits_end(&server->limits);
}

static void life_over(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct conversation *conversation = timer_owner(timer, struct conversation, life);
	struct eap_server *server = conversation->server;
	uint64_t number = conversation->number;

	(void)now, (void)effects;
	server->counters.timed_out++;
	end(server, conversation);
	server->outlet.gone(server->outlet.context, number);
}

uint64_t eap_server_begin(struct eap_server *server, const char *network_name, const struct in6_addr *source,
                          const struct instant *now)
{
	struct conversation *conversation;

	if (HASH_COUNT(server->conversations) >= CONVERSATIONS_MAX ||
	    !(conversation = calloc(1, sizeof(*conversation)))) {
		server->counters.conversations_full++;
		return 0;
	}
	conversation->number = ++server->last_conversation;
	conversation->server = server;
	conversation->has_source = source != NULL;
	if (source)
		conversation->source = *source;
	snprintf(conversation->exchange.network_name, sizeof(conversation->exchange.network_name), "%s", network_name);
	HASH_ADD(hh, server->conversations, number, sizeof(conversation->number), conversation);
	timer_arm(server->timers, &conversation->life, now->monotonic_ms + CONVERSATION_LIFE_MS, life_over);
	server->counters.conversations++;
	return conversation->number;
}

static void note_outcome(struct conversation *conversation, const char *outcome, const struct instant *now)
{
	struct subscriber *subscriber = subscriber_table_find(conversation->server->table, conversation->imsi);

	if (!subscriber)
		return;
	subscriber->last_run_unix_ms = now->unix_ms;
	snprintf(subscriber->last_outcome, sizeof(subscriber->last_outcome), "%s", outcome);
}

static void reply_challenge(struct conversation *conversation, const uint8_t *packet, size_t octets,
                            const struct instant *now, struct effects *effects)
{
	struct eap_server *server = conversation->server;
	struct eap_reply reply = {.kind = EAP_REPLY_CHALLENGE, .packet = packet, .octets = octets};

	server->outlet.reply(server->outlet.context, conversation->number, &reply, now, effects);
}

/* EAP-Success or EAP-Failure; the conversation is over. */
static void reply_end(struct conversation *conversation, bool success, const struct instant *now,
                      struct effects *effects)
{
	struct eap_server *server = conversation->server;
	uint8_t packet[EAP_HEADER_OCTETS];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	struct eap_reply reply = {.kind = EAP_REPLY_REJECT, .packet = packet, .octets = sizeof(packet)};

	reply.subscriber = success ? subscriber_table_find(server->table, conversation->imsi) : NULL;
	if (success && reply.subscriber) {
		reply.kind = EAP_REPLY_ACCEPT;
		reply.msk = &conversation->exchange.keys.msk;
		server->counters.accepted++;
	} else {
		server->counters.rejected++;
	}
	eap_write(&writer, reply.kind == EAP_REPLY_ACCEPT ? EAP_SUCCESS : EAP_FAILURE,
	          conversation->exchange.identifier, 0, NULL, 0);
	server->outlet.reply(server->outlet.context, conversation->number, &reply, now, effects);
	end(server, conversation);
}

static void fail(struct conversation *conversation, const char *why, const struct instant *now, struct effects *effects)
{
	char masked[LOG_MASKED_OCTETS];

	if (conversation->imsi[0]) {
		effects_log(effects, LOG_LEVEL_INFO, "eap", "%s: %s", log_mask_imsi(conversation->imsi, masked), why);
		note_outcome(conversation, why, now);
	}
	reply_end(conversation, false, now, effects);
}

/* RFC 4187 6.3.1: the peer is told by a notification, and EAP-Failure follows its answer. */
static void notify_failure(struct conversation *conversation, const char *why, const struct instant *now,
                           struct effects *effects)
{
	uint8_t packet[128];
	char masked[LOG_MASKED_OCTETS];
	size_t octets;

	if (conversation->imsi[0]) {
		effects_log(effects, LOG_LEVEL_INFO, "eap", "%s: %s", log_mask_imsi(conversation->imsi, masked), why);
		note_outcome(conversation, why, now);
	}
	octets = eap_aka_notification_request(&conversation->exchange, EAP_AKA_NOTIFICATION_GENERAL_FAILURE, packet,
	                                      sizeof(packet));
	conversation->stage = STAGE_FAILURE_NOTIFIED;
	reply_challenge(conversation, packet, octets, now, effects);
}

static void vector_made(void *core, uint64_t token, int result, const struct aka_vector *vector,
                        const struct instant *now, struct effects *effects)
{
	struct eap_server *server = core;
	struct conversation *conversation = find(server, token);
	uint8_t packet[1024];
	size_t octets;

	if (!conversation || conversation->stage != STAGE_VECTOR)
		return;
	if (result) {
		server->counters.no_vector++;
		notify_failure(conversation, "no vector could be made", now, effects);
		return;
	}
	conversation->exchange.vector = *vector;
	octets = eap_aka_challenge_request(&conversation->exchange, packet, sizeof(packet));
	conversation->stage = STAGE_CHALLENGE;
	server->counters.challenges++;
	reply_challenge(conversation, packet, octets, now, effects);
}

static void challenge(struct conversation *conversation, const struct instant *now, struct effects *effects)
{
	struct eap_server *server = conversation->server;

	conversation->stage = STAGE_VECTOR;
	authentication_centre_vector(server->centre, conversation->imsi,
	                             conversation->exchange.method == EAP_TYPE_AKA_PRIME, vector_made, server,
	                             conversation->number, now, effects);
}

/* The peer is known by his permanent identity: may he, and may he now? */
static void admit(struct conversation *conversation, const struct instant *now, struct effects *effects)
{
	struct eap_server *server = conversation->server;
	struct subscriber *subscriber = subscriber_table_find(server->table, conversation->imsi);
	uint8_t method = conversation->exchange.method == EAP_TYPE_AKA ? METHOD_AKA : METHOD_AKA_PRIME;

	if (!subscriber) {
		server->counters.unknown_subscriber++;
		notify_failure(conversation, "unknown subscriber", now, effects);
		return;
	}
	conversation->exchange.would_serve_aka_prime = subscriber->record.methods & METHOD_AKA_PRIME;
	if (!(subscriber->record.methods & method)) {
		server->counters.method_not_allowed++;
		notify_failure(conversation, "the subscriber may not use this method", now, effects);
		return;
	}
	/* F-10: a limited attempt looks like that of an unknown subscriber */
	if (!attempt_begin(&server->limits, &subscriber->attempts,
	                   conversation->has_source ? &conversation->source : NULL, now->monotonic_ms)) {
		server->counters.limited++;
		notify_failure(conversation, "too many unanswered attempts", now, effects);
		return;
	}
	conversation->token_taken = true;
	challenge(conversation, now, effects);
}

/* E-2: 0 or 6, then 6..15 digits up to the realm. The prefix tells the method that the peer means. */
static bool permanent_identity(const uint8_t *identity, size_t octets, char imsi[IMSI_TEXT_OCTETS])
{
	size_t digits = 0;

	if (!octets || (identity[0] != '0' && identity[0] != '6'))
		return false;
	while (1 + digits < octets && identity[1 + digits] >= '0' && identity[1 + digits] <= '9')
		digits++;
	if (digits < 6 || digits > 15 || (1 + digits < octets && identity[1 + digits] != '@'))
		return false;
	memcpy(imsi, identity + 1, digits);
	imsi[digits] = '\0';
	return true;
}

static void keep_identity(struct conversation *conversation, struct wire_view identity)
{
	conversation->exchange.identity_octets =
	        identity.octets < EAP_IDENTITY_MAX ? identity.octets : EAP_IDENTITY_MAX;
	memcpy(conversation->exchange.identity, identity.bytes, conversation->exchange.identity_octets);
}

static void ask_identity(struct conversation *conversation, enum eap_aka_attribute_type request,
                         const struct instant *now, struct effects *effects)
{
	uint8_t packet[64];
	size_t octets = eap_aka_identity_request(&conversation->exchange, request, packet, sizeof(packet));

	conversation->stage = STAGE_IDENTITY;
	conversation->last_request = request;
	reply_challenge(conversation, packet, octets, now, effects);
}

/* By subscriber where he is known, else by what the peer's name begins with: 0, 2, 4 are AKA's (E-7). */
static void choose_method(struct conversation *conversation, struct wire_view identity)
{
	const struct subscriber *subscriber = subscriber_table_find(conversation->server->table, conversation->imsi);
	uint8_t first = identity.octets ? identity.bytes[0] : 0;

	conversation->exchange.method = EAP_TYPE_AKA_PRIME;
	if (subscriber && !(subscriber->record.methods & METHOD_AKA_PRIME))
		conversation->exchange.method = EAP_TYPE_AKA;
	if (!subscriber && (first == '0' || first == '2' || first == '4'))
		conversation->exchange.method = EAP_TYPE_AKA;
}

static void receive_start(struct conversation *conversation, const struct eap_packet *packet, const struct instant *now,
                          struct effects *effects)
{
	conversation->exchange.identifier = packet->identifier;
	if (packet->type != EAP_TYPE_IDENTITY || packet->data.octets > EAP_IDENTITY_MAX) {
		conversation->server->counters.malformed++;
		fail(conversation, "no EAP-Response/Identity", now, effects);
		return;
	}
	keep_identity(conversation, packet->data);
	if (permanent_identity(packet->data.bytes, packet->data.octets, conversation->imsi)) {
		choose_method(conversation, packet->data);
		admit(conversation, now, effects);
		return;
	}
	choose_method(conversation, packet->data);
	ask_identity(conversation, AT_ANY_ID_REQ, now, effects);
}

static void receive_identity(struct conversation *conversation, const struct eap_packet *packet,
                             const struct instant *now, struct effects *effects)
{
	struct eap_aka_message message;

	if (eap_aka_read(packet->data.bytes, packet->data.octets, &message) || message.subtype != EAP_AKA_IDENTITY ||
	    !message.identity.bytes || message.identity.octets > EAP_IDENTITY_MAX) {
		conversation->server->counters.malformed += message.subtype == EAP_AKA_IDENTITY;
		conversation->server->counters.rejected_by_peer += message.subtype != EAP_AKA_IDENTITY;
		fail(conversation, "no identity", now, effects);
		return;
	}
	eap_aka_checkcode_add(&conversation->exchange.checkcode, packet->octets.bytes, packet->octets.octets);
	keep_identity(conversation, message.identity);
	if (permanent_identity(message.identity.bytes, message.identity.octets, conversation->imsi))
		admit(conversation, now, effects);
	else if (conversation->last_request == AT_ANY_ID_REQ)
		ask_identity(conversation, AT_PERMANENT_ID_REQ, now, effects);
	else
		notify_failure(conversation, "no permanent identity", now, effects);
}

/* F-5: for a right RES or a right AUTS alone; a refusal carries no MAC, so anybody could make it. */
static void give_token_back(struct conversation *conversation)
{
	struct subscriber *subscriber = subscriber_table_find(conversation->server->table, conversation->imsi);

	if (conversation->token_taken && subscriber)
		attempt_answered(&conversation->server->limits, &subscriber->attempts,
		                 conversation->has_source ? &conversation->source : NULL);
	conversation->token_taken = false;
}

static void resynchronise(struct conversation *conversation, const uint8_t auts[AKA_AUTS_OCTETS],
                          const struct instant *now, struct effects *effects)
{
	struct eap_server *server = conversation->server;

	server->counters.out_of_sync++;
	if (conversation->resynchronised ||
	    authentication_centre_resynchronise(server->centre, conversation->imsi, conversation->exchange.vector.rand,
	                                        auts)) {
		notify_failure(conversation, "the resynchronisation failed", now, effects);
		return;
	}
	conversation->resynchronised = true;
	give_token_back(conversation);
	challenge(conversation, now, effects);
}

static void receive_challenge(struct conversation *conversation, const struct eap_packet *packet,
                              const struct instant *now, struct effects *effects)
{
	struct eap_server *server = conversation->server;
	uint8_t auts[AKA_AUTS_OCTETS], request[128];
	bool result_indication;
	size_t octets;

	switch (eap_aka_challenge_judge(&conversation->exchange, packet, &result_indication, auts)) {
	case CHALLENGE_RIGHT:
		give_token_back(conversation);
		note_outcome(conversation, conversation->exchange.method == EAP_TYPE_AKA ? "AKA: right" : "AKA': right",
		             now);
		if (!result_indication) {
			reply_end(conversation, true, now, effects);
			return;
		}
		octets = eap_aka_notification_request(&conversation->exchange, EAP_AKA_NOTIFICATION_SUCCESS, request,
		                                      sizeof(request));
		conversation->stage = STAGE_SUCCESS_NOTIFIED;
		reply_challenge(conversation, request, octets, now, effects);
		return;
	case CHALLENGE_OUT_OF_SYNC:
		resynchronise(conversation, auts, now, effects);
		return;
	case CHALLENGE_REJECTED:
		server->counters.rejected_by_peer++;
		fail(conversation, "the peer refused the challenge", now, effects);
		return;
	case CHALLENGE_MALFORMED:
		server->counters.malformed++;
		notify_failure(conversation, "malformed response", now, effects);
		return;
	case CHALLENGE_WRONG:
		server->counters.wrong_response++;
		notify_failure(conversation, "wrong response", now, effects);
		return;
	}
}

static void receive(struct conversation *conversation, const struct eap_packet *packet, const struct instant *now,
                    struct effects *effects)
{
	switch (conversation->stage) {
	case STAGE_START:
		receive_start(conversation, packet, now, effects);
		return;
	case STAGE_IDENTITY:
		receive_identity(conversation, packet, now, effects);
		return;
	case STAGE_CHALLENGE:
		receive_challenge(conversation, packet, now, effects);
		return;
	case STAGE_SUCCESS_NOTIFIED:
		if (eap_aka_notification_acknowledged(&conversation->exchange, packet))
			reply_end(conversation, true, now, effects);
		else
			fail(conversation, "the result indication was not acknowledged", now, effects);
		return;
	case STAGE_FAILURE_NOTIFIED:
		reply_end(conversation, false, now, effects);
		return;
	case STAGE_VECTOR:
		conversation->server->counters.waiting++;
		return;
	}
}

bool eap_server_packet(struct eap_server *server, uint64_t number, const uint8_t *octets, size_t count,
                       const struct instant *now, struct effects *effects)
{
	struct conversation *conversation = find(server, number);
	struct eap_packet packet;

	if (!conversation)
		return false;
	if (eap_read(octets, count, &packet) || packet.code != EAP_RESPONSE) {
		server->counters.malformed++;
		return true;
	}
	if (conversation->stage != STAGE_START && packet.identifier != conversation->exchange.identifier) {
		server->counters.unexpected_identifier++;
		return true;
	}
	if (conversation->stage != STAGE_START && packet.type != conversation->exchange.method) {
		server->counters.naks += packet.type == EAP_TYPE_NAK;
		server->counters.malformed += packet.type != EAP_TYPE_NAK;
		if (conversation->stage != STAGE_VECTOR)
			fail(conversation,
			     packet.type == EAP_TYPE_NAK ? "the peer wants another method (E-7)"
			                                 : "another method's packet",
			     now, effects);
		return true;
	}
	receive(conversation, &packet, now, effects);
	return true;
}
