// SPDX-License-Identifier: BSD-3-Clause
/*
 * The PANA client under arbitrary days. Input: deeds, one octet each: 0 a datagram of the server (length16 | payload),
 * 1 the same with the next sequence number and a right AUTH, which no fuzzer finds by itself, 2 time (tenths16 of a
 * second), 3 to 6 what the node wishes. Whatever leaves must be a valid message, and a session stands only after the
 * method was done.
 */
#include <stdlib.h>
#include <string.h>

#include "exact_copy.h"
#include "pana.h"
#include "pana_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

enum { VENDOR = 32473, CHANNEL = 3, NUMBER_OFFSET = 12, RESPONSE_OCTETS = 6 };

struct day {
	struct wire_reader input;
	struct pana_client *client;
	struct timer_wheel wheel;
	struct instant now;
	struct effects *effects;
	struct pana_client_settings settings;
	struct secret msk;
	unsigned eap_packets;
	/* what a server would know */
	uint8_t i_par[PANA_PAYLOAD_MAX], i_pan[PANA_PAYLOAD_MAX], paa_nonce[256], pac_nonce[256];
	size_t i_par_octets, i_pan_octets, paa_nonce_octets, pac_nonce_octets;
	uint32_t number, client_number;
	struct pana_keys keys;
};

static size_t on_eap(void *context, bool is_first, struct wire_view packet, uint8_t *response, size_t capacity)
{
	static const uint8_t answer[RESPONSE_OCTETS] = {2, 1, 0, RESPONSE_OCTETS, 50, 1};
	struct day *day = context;

	day->eap_packets = is_first ? 1 : day->eap_packets + 1;
	if (!packet.octets || packet.bytes[0] != 1 || capacity < sizeof(answer))
		return 0;
	memcpy(response, answer, sizeof(answer));
	return sizeof(answer);
}

static const struct secret *on_msk(void *context)
{
	const struct day *day = context;

	return day->eap_packets > 1 ? &day->msk : NULL;
}

static void on_opened(void *context, bool is_reauthentication, const struct instant *now, struct effects *effects)
{
	const struct day *day = context;

	(void)is_reauthentication, (void)now, (void)effects;
	if (day->eap_packets < 2 || !pana_client_session(day->client))
		abort();
}

static void on_answered(void *context, struct wire_view plaintext, const struct instant *now, struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	for (size_t i = 0; i + 1 < plaintext.octets; i++)
		if (plaintext.bytes[i] == 0xee && plaintext.bytes[i + 1] == 0xee)
			break;
}

static void on_ended(void *context, enum pana_client_end why, const struct instant *now, struct effects *effects)
{
	struct day *day = context;

	(void)why, (void)now, (void)effects;
	if (pana_client_session(day->client))
		abort();
	pana_keys_wipe(&day->keys);
}

static void keep(uint8_t *to, size_t *octets, struct wire_view value, size_t capacity)
{
	if (!value.octets || value.octets > capacity)
		return;
	memcpy(to, value.bytes, value.octets);
	*octets = value.octets;
}

/* Reads what the client sends, as the server would. */
static void collect(struct day *day)
{
	struct effect_send send;
	struct pana_message message;

	for (size_t i = 0; effects_send_at(day->effects, i, &send); i++) {
		if (send.channel != CHANNEL || send.octets > PANA_PAYLOAD_MAX ||
		    pana_message_read(send.message, send.octets, VENDOR, &message) != PANA_FAULT_VALID)
			abort();
		if (message.kind == PANA_PAN_START)
			keep(day->i_pan, &day->i_pan_octets, message.octets, sizeof(day->i_pan));
		if (message.kind == PANA_PAN)
			keep(day->pac_nonce, &day->pac_nonce_octets, pana_message_value(&message, PANA_NONCE),
			     sizeof(day->pac_nonce));
		if (pana_kind_is_request(message.kind))
			day->client_number = message.sequence_number;
	}
	effects_clear(day->effects);
}

/* Next number, and AUTH under the keys that this message begins or continues. */
static void set_right(struct day *day, uint8_t *payload, size_t octets)
{
	struct pana_key_input input = {
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {day->i_par, day->i_par_octets},
	        .i_pan = {day->i_pan, day->i_pan_octets},
	        .pac_nonce = {day->pac_nonce, day->pac_nonce_octets},
	        .paa_nonce = {day->paa_nonce, day->paa_nonce_octets},
	};
	struct pana_message message;

	if (pana_message_read(payload, octets, VENDOR, &message) != PANA_FAULT_VALID)
		return;
	if (message.kind == PANA_PAR_START) {
		keep(day->i_par, &day->i_par_octets, message.octets, sizeof(day->i_par));
		day->number = message.sequence_number;
		return;
	}
	wire_store_u32(payload + NUMBER_OFFSET,
	               pana_kind_is_request(message.kind) ? ++day->number : day->client_number);
	keep(day->paa_nonce, &day->paa_nonce_octets, pana_message_value(&message, PANA_NONCE), sizeof(day->paa_nonce));
	if (message.kind == PANA_PAR_COMPLETE && pana_message_has(&message, PANA_KEY_ID)) {
		input.key_id = pana_message_u32(&message, PANA_KEY_ID);
		pana_keys_wipe(&day->keys);
		pana_keys_derive(&day->keys, &day->msk, &input);
	}
	if (pana_keys_are_set(&day->keys) &&
	    pana_message_value(&message, PANA_AUTH).octets == pana_auth_octets(day->keys.integrity))
		pana_auth_set(&day->keys, payload, octets);
}

static void deliver(struct day *day, bool is_right)
{
	struct wire_view view = wire_read_view(&day->input, wire_read_u16(&day->input));
	uint8_t *payload;

	if (day->input.failed)
		return;
	payload = exact_copy(view);
	if (is_right)
		set_right(day, payload, view.octets);
	pana_client_datagram(day->client, &day->settings.paa, (struct wire_view){payload, view.octets}, &day->now,
	                     day->effects);
	free(payload);
}

static void pass(struct day *day, uint64_t ms)
{
	struct timer *timer;

	day->now.monotonic_ms += ms;
	while ((timer = timer_wheel_pop(&day->wheel, day->now.monotonic_ms))) {
		timer->fire(timer, &day->now, day->effects);
		collect(day);
	}
}

static void act(struct day *day, uint8_t deed)
{
	static const uint8_t wish[40];

	switch (deed) {
	case 0:
	case 1:
		deliver(day, deed == 1);
		break;
	case 2:
		pass(day, wire_read_u16(&day->input) * 100u);
		break;
	case 3:
		pana_client_start(day->client, &day->now, day->effects);
		break;
	case 4:
		(void)pana_client_ping(day->client, (struct wire_view){wish, sizeof(wish)}, &day->now, day->effects);
		break;
	case 5:
		(void)pana_client_reauthenticate(day->client, &day->now, day->effects);
		break;
	case 6:
		pana_client_logout(day->client, &day->now, day->effects);
		break;
	default:
		break;
	}
	collect(day);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static struct day day;
	struct randomness_seeded seeded;
	const struct pana_client_outlet outlet = {&day, on_eap, on_msk, on_opened, on_answered, on_ended};

	memset(&day, 0, sizeof(day));
	day.input = wire_reader_of(bytes, octets);
	day.settings = (struct pana_client_settings){.channel = CHANNEL, .vendor = VENDOR, .capabilities = 0x19};
	day.settings.paa.port = 716;
	memset(secret_fill(&day.msk, 64), 0x6b, 64);
	timer_wheel_start(&day.wheel, 0);
	day.effects = effects_new();
	day.client = pana_client_new(&day.settings, &outlet, randomness_seeded_start(&seeded, 1), &day.wheel);
	pana_client_start(day.client, &day.now, day.effects);
	collect(&day);
	while (!day.input.failed && wire_remaining(&day.input))
		act(&day, wire_read_u8(&day.input));
	pana_client_free(day.client);
	effects_free(day.effects);
	return 0;
}
