// SPDX-License-Identifier: BSD-3-Clause
/* Access-Requests: identifiers, what stands in them, and their retransmission. */
#include "radius_conversation.h"

#include <stdlib.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "radius_security.h"

/*
 * 0, 1, 3 and 7 s, given up after 10 s: less than a node waits for its PAA. An identifier rests longer than
 * servers and networks hold an answer back.
 */
enum {
	INITIAL_MS = 1000,
	SENDINGS = 4,
	LAST_WAIT_MS = 3000,
	RANDOM_PERMILLE = 100,
	REST_MS = 3000,
	FRAMED_MTU = 1100,
};

static bool take_slot(struct radius_conversation *conversation, uint64_t now_ms)
{
	struct radius_relay *relay = conversation->relay;
	size_t count = (size_t)relay->options.channel_count * IDENTIFIERS;

	for (size_t tried = 0; tried < count; tried++) {
		size_t index = (relay->next_slot + tried) % count;
		struct radius_slot *slot = &relay->slots[index];

		if (slot->conversation || slot->rests_until_ms > now_ms)
			continue;
		slot->conversation = conversation;
		/* the next one is of the next channel, so that all are used evenly */
		conversation->channel = (uint16_t)(relay->options.first_channel + index % relay->options.channel_count);
		conversation->identifier = (uint8_t)(index / relay->options.channel_count);
		relay->next_slot = (index + 1) % count;
		return true;
	}
	return false;
}

static struct radius_slot *slot_of(struct radius_conversation *conversation)
{
	struct radius_relay *relay = conversation->relay;
	size_t channel = (size_t)(conversation->channel - relay->options.first_channel);

	return &relay->slots[conversation->identifier * relay->options.channel_count + channel];
}

void radius_request_end(struct radius_conversation *conversation, uint64_t now_ms)
{
	struct radius_slot *slot;

	if (!conversation->packet)
		return;
	slot = slot_of(conversation);
	slot->conversation = NULL;
	slot->rests_until_ms = now_ms + REST_MS;
	timer_disarm(&conversation->timer);
	OPENSSL_cleanse(conversation->packet, conversation->packet_octets);
	free(conversation->packet);
	conversation->packet = NULL;
}

/* */
static size_t write_request(struct radius_conversation *conversation, struct wire_view eap,
                            uint8_t packet[RADIUS_PACKET_MAX])
{
	const struct radius_relay_options *options = &conversation->relay->options;
	struct wire_writer writer = wire_writer_of(packet, RADIUS_PACKET_MAX);
	uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS];
	static const uint8_t nul[1];
	char calling_station[ENDPOINT_TEXT_OCTETS];
	size_t message_authenticator, octets;

	randomness_fill(options->randomness, authenticator, sizeof(authenticator));
	radius_begin(&writer, RADIUS_ACCESS_REQUEST, conversation->identifier, authenticator);
	message_authenticator = radius_message_authenticator_write(&writer);
	radius_attribute_write(&writer, RADIUS_USER_NAME, conversation->user_name, conversation->user_name_octets);
	radius_attribute_write(&writer, RADIUS_NAS_IDENTIFIER, options->nas_identifier,
	                       strlen(options->nas_identifier));
	if (IN6_IS_ADDR_V4MAPPED(&options->nas_address))
		radius_attribute_write(&writer, RADIUS_NAS_IP_ADDRESS, options->nas_address.s6_addr + 12, 4);
	else
		radius_attribute_write(&writer, RADIUS_NAS_IPV6_ADDRESS, options->nas_address.s6_addr, 16);
	radius_attribute_write(&writer, RADIUS_CALLED_STATION_ID, options->paa_id, strlen(options->paa_id));
	address_format(&conversation->source, calling_station);
	radius_attribute_write(&writer, RADIUS_CALLING_STATION_ID, calling_station, strlen(calling_station));
	radius_attribute_write_u32(&writer, RADIUS_FRAMED_MTU, FRAMED_MTU);
	radius_attribute_write(&writer, RADIUS_CUI, nul, sizeof(nul));
	radius_eap_message_write(&writer, eap.bytes, eap.octets);
	if (conversation->has_state)
		radius_attribute_write(&writer, RADIUS_STATE, conversation->state, conversation->state_octets);
	octets = radius_end(&writer);
	if (octets)
		radius_protect(packet, octets, message_authenticator, NULL, &conversation->server->secret);
	return octets;
}

static timer_function no_answer;

static void send_packet(struct radius_conversation *conversation, const struct instant *now, struct effects *effects)
{
	struct radius_relay *relay = conversation->relay;
	uint32_t draw = randomness_below(relay->options.randomness, 2 * RANDOM_PERMILLE + 1);
	uint32_t base_ms = conversation->sendings == 0 ? INITIAL_MS : 2 * conversation->interval_ms;

	conversation->sendings++;
	if (conversation->sendings == SENDINGS)
		base_ms = LAST_WAIT_MS;
	conversation->interval_ms = base_ms + (uint32_t)((int64_t)base_ms * ((int64_t)draw - RANDOM_PERMILLE) / 1000);
	effects_send(effects, conversation->channel, &conversation->server->endpoint, conversation->packet,
	             conversation->packet_octets);
	timer_arm(relay->options.timers, &conversation->timer, now->monotonic_ms + conversation->interval_ms,
	          no_answer);
}

static void no_answer(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct radius_conversation *conversation = timer_owner(timer, struct radius_conversation, timer);
	struct radius_relay *relay = conversation->relay;
	uint32_t held_back;

	if (conversation->sendings < SENDINGS) {
		relay->counters.retransmissions++;
		send_packet(conversation, now, effects);
		return;
	}
	relay->counters.timeouts++;
	if (log_limit_pass(&relay->log_limit, now->monotonic_ms, &held_back))
		effects_log(effects, LOG_LEVEL_WARNING, "radius",
		            "authentication server %s does not answer (%u more held back)", conversation->server->name,
		            held_back);
	radius_conversation_reject(conversation, (struct wire_view){0}, now, effects);
}

bool radius_request_send(struct radius_conversation *conversation, struct wire_view eap, const struct instant *now,
                         struct effects *effects)
{
	struct radius_relay *relay = conversation->relay;
	uint8_t packet[RADIUS_PACKET_MAX];
	size_t octets;

	if (!take_slot(conversation, now->monotonic_ms)) {
		relay->counters.no_identifier++;
		return false;
	}
	octets = write_request(conversation, eap, packet);
	conversation->packet = allocate_copy(packet, octets);
	conversation->packet_octets = octets;
	if (octets == 0) {
		/* cannot be: a PANA message holds less than a RADIUS packet */
		radius_request_end(conversation, now->monotonic_ms);
		return false;
	}
	conversation->sendings = 0;
	relay->counters.requests++;
	send_packet(conversation, now, effects);
	return true;
}
