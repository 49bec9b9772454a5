// SPDX-License-Identifier: BSD-3-Clause
#include "radius_relay.h"

#include <stdlib.h>
#include <strings.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "radius_conversation.h"
#include "radius_security.h"

struct radius_relay *radius_relay_new(const struct radius_relay_options *options)
{
	struct radius_relay *relay = allocate(sizeof(*relay));

	relay->options = *options;
	relay->slots = allocate((size_t)options->channel_count * IDENTIFIERS * sizeof(*relay->slots));
	/* another first identifier at each start, so that a server does not take ours for repetitions */
	relay->next_slot = randomness_below(options->randomness, (uint32_t)options->channel_count * IDENTIFIERS);
	return relay;
}

void radius_relay_free(struct radius_relay *relay)
{
	struct radius_conversation *conversation, *next;

	if (!relay)
		return;
	HASH_ITER (hh, relay->conversations, conversation, next)
		radius_conversation_free(conversation, 0);
	free(relay->slots);
	free(relay);
}

static struct radius_conversation *conversation_of(struct radius_relay *relay, uint64_t token)
{
	struct radius_conversation *conversation;

	HASH_FIND(hh, relay->conversations, &token, sizeof(token), conversation);
	return conversation;
}

void radius_conversation_free(struct radius_conversation *conversation, uint64_t now_ms)
{
	radius_request_end(conversation, now_ms);
	HASH_DELETE(hh, conversation->relay->conversations, conversation);
	OPENSSL_cleanse(conversation, sizeof(*conversation));
	free(conversation);
}

void radius_conversation_reject(struct radius_conversation *conversation, struct wire_view packet,
                                const struct instant *now, struct effects *effects)
{
	const struct radius_relay_outlet *outlet = &conversation->relay->options.outlet;
	uint64_t token = conversation->token;

	radius_conversation_free(conversation, now->monotonic_ms);
	outlet->rejected(outlet->context, token, packet, now, effects);
}

/* The server whose realm stands behind the last '@', or NULL (E-17). */
static const struct radius_relay_server *server_of(const struct radius_relay *relay, struct wire_view identity)
{
	size_t at = identity.octets;

	while (at > 0 && identity.bytes[at - 1] != '@')
		at--;
	if (at == 0)
		return NULL;
	for (size_t i = 0; i < relay->options.server_count; i++) {
		const struct radius_relay_server *server = &relay->options.servers[i];

		for (size_t realm = 0; realm < server->realm_count; realm++)
			if (strlen(server->realms[realm]) == identity.octets - at &&
			    strncasecmp(server->realms[realm], (const char *)identity.bytes + at,
			                identity.octets - at) == 0)
				return server;
	}
	return NULL;
}

/* NULL: there is no server for this identity, or it is none. */
static struct radius_conversation *begin(struct radius_relay *relay, const struct pana_agent_eap *eap)
{
	const struct radius_relay_server *server;
	struct radius_conversation *conversation;
	struct eap_packet packet;

	if (eap_read(eap->packet.bytes, eap->packet.octets, &packet) || packet.type != EAP_TYPE_IDENTITY ||
	    packet.data.octets > RADIUS_VALUE_MAX)
		return NULL;
	server = server_of(relay, packet.data);
	if (!server)
		return NULL;
	conversation = allocate(sizeof(*conversation));
	conversation->relay = relay;
	conversation->token = eap->conversation;
	conversation->server = server;
	conversation->source = eap->source.address;
	conversation->user_name_octets = (uint8_t)packet.data.octets;
	memcpy(conversation->user_name, packet.data.bytes, packet.data.octets);
	HASH_ADD(hh, relay->conversations, token, sizeof(conversation->token), conversation);
	relay->counters.conversations++;
	return conversation;
}

static const struct radius_relay_server *same_server(const struct radius_relay_server *servers, size_t count,
                                                     const struct radius_relay_server *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(servers[i].name, wanted->name) == 0 &&
		    endpoint_equal(&servers[i].endpoint, &wanted->endpoint))
			return &servers[i];
	}
	return NULL;
}

void radius_relay_set_servers(struct radius_relay *relay, const struct radius_relay_server *servers, size_t count,
                              const struct instant *now, struct effects *effects)
{
	const struct wire_view nothing = {0};
	struct radius_conversation *conversation, *next;

	relay->options.servers = servers;
	relay->options.server_count = count;
	HASH_ITER (hh, relay->conversations, conversation, next) {
		conversation->server = same_server(servers, count, conversation->server);
		if (!conversation->server)
			radius_conversation_reject(conversation, nothing, now, effects);
	}
}

void radius_relay_eap(struct radius_relay *relay, const struct pana_agent_eap *eap, const struct instant *now,
                      struct effects *effects)
{
	const struct radius_relay_outlet *outlet = &relay->options.outlet;
	struct radius_conversation *conversation = conversation_of(relay, eap->conversation);

	if (eap->is_first && !conversation) {
		conversation = begin(relay, eap);
		relay->counters.no_server += conversation == NULL;
	}
	if (!conversation) {
		outlet->rejected(outlet->context, eap->conversation, (struct wire_view){0}, now, effects);
		return;
	}
	if (conversation->packet)
		return; /* one EAP identifier, one transaction; the agent does not let a second response through
		         */
	if (conversation->server->identity_from_eap)
		identity_observer_see(&conversation->observer, eap->packet);
	if (!radius_request_send(conversation, eap->packet, now, effects))
		radius_conversation_reject(conversation, (struct wire_view){0}, now, effects);
}

void radius_relay_abandon(struct radius_relay *relay, uint64_t token)
{
	struct radius_conversation *conversation = conversation_of(relay, token);

	/* its identifier rests from when it was last used on: the timer's time is later than any `now` so far */
	if (conversation)
		radius_conversation_free(conversation, conversation->timer.due_ms);
}

/* The conversation whose request this datagram answers, rightly protected; NULL and counted otherwise. */
static struct radius_conversation *answered(struct radius_relay *relay, uint16_t channel, const struct endpoint *from,
                                            const struct radius_packet *packet)
{
	struct radius_relay_counters *counters = &relay->counters;
	size_t offset = (size_t)(uint16_t)(channel - relay->options.first_channel);
	struct radius_conversation *conversation = NULL;
	const uint8_t *request_authenticator;

	if (offset < relay->options.channel_count)
		conversation = relay->slots[packet->identifier * relay->options.channel_count + offset].conversation;
	if (!conversation) {
		counters->unknown_answer++;
		return NULL;
	}
	request_authenticator = conversation->packet + RADIUS_HEADER_OCTETS - RADIUS_AUTHENTICATOR_OCTETS;
	if (!endpoint_equal(from, &conversation->server->endpoint))
		counters->wrong_source++;
	else if (!radius_response_authenticator_right(packet, request_authenticator, &conversation->server->secret))
		counters->wrong_authenticator++;
	else if (!radius_message_authenticator_right(packet, request_authenticator, &conversation->server->secret))
		counters->wrong_message_authenticator++;
	else
		return conversation;
	return NULL;
}

static void take_challenge(struct radius_conversation *conversation, const struct radius_packet *packet,
                           struct wire_view eap, const struct instant *now, struct effects *effects)
{
	const struct radius_relay_outlet *outlet = &conversation->relay->options.outlet;
	struct wire_view state = radius_find(packet, 0, RADIUS_STATE);

	radius_request_end(conversation, now->monotonic_ms);
	conversation->has_state = state.bytes != NULL; /* without one is legal */
	conversation->state_octets = (uint16_t)state.octets;
	if (state.octets)
		memcpy(conversation->state, state.bytes, state.octets);
	outlet->eap_request(outlet->context, conversation->token, eap, now, effects);
}

/* what the EAP code must be for the RADIUS code. */
static bool codes_agree(const struct radius_packet *packet, const struct eap_packet *eap, bool has_eap)
{
	switch (packet->code) {
	case RADIUS_ACCESS_ACCEPT:
		return has_eap && eap->code == EAP_SUCCESS;
	case RADIUS_ACCESS_CHALLENGE:
		return has_eap && eap->code == EAP_REQUEST;
	default:
		return !has_eap || eap->code == EAP_FAILURE;
	}
}

static void take_answer(struct radius_conversation *conversation, const struct radius_packet *packet,
                        const struct instant *now, struct effects *effects)
{
	struct radius_relay_counters *counters = &conversation->relay->counters;
	uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS], joined[EAP_PACKET_MAX];
	size_t octets = radius_eap_message(packet, joined, sizeof(joined));
	struct eap_packet eap = {0};
	bool has_eap = octets && eap_read(joined, octets, &eap) == 0;

	memcpy(request_authenticator, conversation->packet + RADIUS_HEADER_OCTETS - RADIUS_AUTHENTICATOR_OCTETS,
	       sizeof(request_authenticator));
	counters->challenges += packet->code == RADIUS_ACCESS_CHALLENGE;
	counters->accepts += packet->code == RADIUS_ACCESS_ACCEPT;
	counters->rejects += packet->code == RADIUS_ACCESS_REJECT;
	if (!codes_agree(packet, &eap, has_eap)) {
		counters->code_mismatch++;
		radius_conversation_reject(conversation, (struct wire_view){0}, now, effects);
	} else if (packet->code == RADIUS_ACCESS_CHALLENGE) {
		take_challenge(conversation, packet, eap.octets, now, effects);
	} else if (packet->code == RADIUS_ACCESS_ACCEPT) {
		radius_accept(conversation, packet, request_authenticator, eap.octets, now, effects);
	} else {
		radius_conversation_reject(conversation, eap.octets, now, effects);
	}
}

void radius_relay_datagram(struct radius_relay *relay, uint16_t channel, const struct endpoint *from,
                           const void *datagram, size_t octets, const struct instant *now, struct effects *effects)
{
	struct radius_conversation *conversation;
	struct radius_packet packet;

	relay->counters.datagrams++;
	if (radius_read(datagram, octets, &packet)) {
		relay->counters.malformed++;
		return;
	}
	conversation = answered(relay, channel, from, &packet);
	if (!conversation)
		return;
	if (packet.code != RADIUS_ACCESS_ACCEPT && packet.code != RADIUS_ACCESS_REJECT &&
	    packet.code != RADIUS_ACCESS_CHALLENGE) {
		relay->counters.unexpected_code++;
		return;
	}
	take_answer(conversation, &packet, now, effects);
}

const struct radius_relay_counters *radius_relay_counters(const struct radius_relay *relay)
{
	return &relay->counters;
}
