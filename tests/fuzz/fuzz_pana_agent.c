// SPDX-License-Identifier: BSD-3-Clause
/*
 * The PANA agent under arbitrary days: each input octet is one deed of the node, the relay, the bootstrap, an operator,
 * or time; what follows some of them is their material. Nodes come from a few addresses and share the agent. Messages
 * are right as far as the node knows, or bent by one octet. The agent must survive, tell each end once, and hold its
 * limits.
 */
#include <stdlib.h>

#include "eap.h"
#include "ip.h"
#include "pana.h"
#include "pana_agent.h"
#include "pana_keys.h"

enum { VENDOR = 32473, NODES = 4, MESSAGE_MAX = 1300, ENDED_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

struct node {
	struct endpoint address;
	uint32_t session_id, paa_number, number;
	uint8_t i_par[128], i_pan[128], paa_nonce[32], eap_identifier;
	size_t i_par_octets, i_pan_octets;
	struct pana_keys keys, next_keys;
};

static struct day {
	struct wire_reader input;
	struct timer_wheel wheel;
	struct instant now;
	struct randomness_seeded randomness;
	struct effects *effects;
	struct pana_agent *agent;
	struct in6_addr service_address;
	struct node nodes[NODES];
	struct node *node;
	uint64_t conversation, session;
	uint32_t number;
	uint8_t is_ended[ENDED_MAX];
	uint8_t last[MESSAGE_MAX];
	size_t last_octets;
} day;

static const struct secret msk = {.octets = 64};
static const uint8_t material[1200];

static void on_eap(void *context, const struct pana_agent_eap *eap, const struct instant *now, struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	day.conversation = eap->conversation;
}

static void on_abandoned(void *context, uint64_t conversation)
{
	(void)context, (void)conversation;
}

static void on_request(void *context, const struct pana_agent_request *request, const struct instant *now,
                       struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	day.session = request->session;
	day.number = request->number;
}

static void on_admitted(void *context, const struct subscriber_identity *identity,
                        const struct subscriber_profile *profile, const struct instant *now, struct effects *effects)
{
	(void)context, (void)identity, (void)profile, (void)now, (void)effects;
}

static void on_ended(void *context, uint64_t session, const struct subscriber_identity *identity,
                     enum pana_agent_end reason, const struct instant *now, struct effects *effects)
{
	(void)context, (void)identity, (void)now, (void)effects;
	if (session >= ENDED_MAX)
		return;
	if (day.is_ended[session] || !pana_agent_end_name(reason))
		abort();
	day.is_ended[session] = 1;
}

/* What the node whose address it is learns from a message of the agent's. */
static void hear(struct node *node, const struct pana_message *message)
{
	struct wire_view nonce = pana_message_value(message, PANA_NONCE);
	struct wire_view eap = pana_message_value(message, PANA_EAP_PAYLOAD);

	node->session_id = message->session_id;
	if (pana_kind_is_request(message->kind))
		node->paa_number = message->sequence_number;
	if (nonce.octets == sizeof(node->paa_nonce))
		memcpy(node->paa_nonce, nonce.bytes, nonce.octets);
	if (eap.octets > 1)
		node->eap_identifier = eap.bytes[1];
	if (message->kind == PANA_PAR_START) {
		node->i_par_octets = message->octets.octets;
		memcpy(node->i_par, message->octets.bytes, node->i_par_octets);
	}
	if (message->kind == PANA_PAR_COMPLETE && pana_message_has(message, PANA_KEY_ID)) {
		static const uint8_t nonce_of_node[32] = {1};
		const struct pana_key_input input = {
		        PANA_PRF_HMAC_SHA2_256,
		        PANA_INTEGRITY_HMAC_SHA2_256_128,
		        {node->i_par, node->i_par_octets},
		        {node->i_pan, node->i_pan_octets},
		        {nonce_of_node, 32},
		        {node->paa_nonce, 32},
		        pana_message_u32(message, PANA_KEY_ID),
		};

		pana_keys_derive(&node->next_keys, &msk, &input);
	}
}

static void collect(void)
{
	struct effect_inject inject;

	for (size_t i = 0; effects_inject_at(day.effects, i, &inject); i++) {
		struct pana_message message;
		struct udp_datagram datagram;
		struct ip_packet packet;

		if (ip_packet_read(inject.packet, inject.octets, &packet) || udp_datagram_read(&packet, &datagram) ||
		    datagram.payload.octets > PANA_PAYLOAD_MAX ||
		    pana_message_read(datagram.payload.bytes, datagram.payload.octets, VENDOR, &message))
			abort(); /* whatever leaves is a whole valid message */
		for (int n = 0; n < NODES; n++)
			if (in6_is_equal(&datagram.destination, &day.nodes[n].address.address) &&
			    datagram.destination_port == day.nodes[n].address.port)
				hear(&day.nodes[n], &message);
	}
	effects_clear(day.effects);
}

static void transmit(const void *payload, size_t octets)
{
	uint8_t packet[1400];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	const struct punt_route route = {.octets = 1};
	const struct udp_datagram datagram = {day.node->address.address,
	                                      day.service_address,
	                                      day.node->address.port,
	                                      PANA_UDP_PORT,
	                                      {payload, octets}};
	size_t packet_octets = udp_packet_write(&writer, &datagram, 64);

	if (payload != day.last) {
		memcpy(day.last, payload, octets);
		day.last_octets = octets;
	}
	pana_agent_packet(day.agent, &route, (struct wire_view){packet, packet_octets}, &day.now, day.effects);
	collect();
}

static void say(enum pana_kind kind, uint32_t number, uint16_t code, const void *value, size_t octets,
                const struct pana_keys *keys)
{
	uint8_t message[MESSAGE_MAX];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));
	static const uint8_t nonce[32] = {1};

	pana_message_begin(&writer, kind, kind == PANA_PCI ? 0 : day.node->session_id, number);
	if (kind == PANA_PAN_START) {
		pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
		pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
		pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	}
	if (kind == PANA_PCI || kind == PANA_PAN_START)
		pana_avp_write_u32(&writer, VENDOR, PANA_MOB_CAPABILITY, 0x1f);
	if (code == PANA_NONCE)
		pana_avp_write(&writer, 0, PANA_NONCE, nonce, sizeof(nonce));
	if (value)
		pana_avp_write(&writer, 0, code == PANA_NONCE ? PANA_EAP_PAYLOAD : code, value, octets);
	octets = keys && pana_keys_are_set(keys) ? pana_message_end_with_auth(&writer, 16) : pana_message_end(&writer);
	if (keys && pana_keys_are_set(keys))
		pana_auth_set(keys, message, octets);
	if (kind == PANA_PAN_START && octets <= sizeof(day.node->i_pan)) {
		memcpy(day.node->i_pan, message, octets);
		day.node->i_pan_octets = octets;
	}
	transmit(message, octets);
}

static void say_identity(uint16_t nonce)
{
	const uint8_t eap[] = {EAP_RESPONSE, day.node->eap_identifier, 0, 8, EAP_TYPE_IDENTITY, 'a', '@', 'b'};

	say(PANA_PAN, day.node->paa_number, nonce, nonce ? eap : NULL, sizeof(eap), &day.node->keys);
}

static void say_own_request(void)
{
	const uint8_t eap[] = {EAP_RESPONSE, day.node->eap_identifier, 0, 6, 50, 1};

	say(PANA_PAR, ++day.node->number, PANA_EAP_PAYLOAD, eap, sizeof(eap), &day.node->keys);
}

static void say_method(void)
{
	const uint8_t eap[] = {EAP_RESPONSE, day.node->eap_identifier, 0, 6, 50, 1};

	say(PANA_PAN, day.node->paa_number, PANA_EAP_PAYLOAD, eap, sizeof(eap), &day.node->keys);
}

static void say_complete(void)
{
	uint8_t key_id[4];

	wire_store_u32(key_id, day.node->next_keys.key_id);
	say(PANA_PAN_COMPLETE, day.node->paa_number, PANA_KEY_ID, key_id, sizeof(key_id), &day.node->next_keys);
	day.node->keys = day.node->next_keys;
}

static void say_bent(void)
{
	uint16_t at = wire_read_u16(&day.input);

	if (day.last_octets)
		day.last[at % day.last_octets] ^= (uint8_t)(1 + wire_read_u8(&day.input) % 255);
	transmit(day.last, day.last_octets);
}

static void say_raw(void)
{
	uint8_t message[256];
	struct wire_view view = wire_read_view(&day.input, wire_read_u8(&day.input));

	if (view.octets)
		memcpy(message, view.bytes, view.octets);
	transmit(message, view.octets);
}

static void relay_accepts(uint8_t how)
{
	static const uint8_t success[] = {EAP_SUCCESS, 1, 0, 4};
	struct pana_agent_acceptance acceptance = {
	        .eap = {success, 4}, .is_admitted = how & 3, .keeps_identity = how & 4};

	if (how & 9)
		acceptance.msk = msk;
	acceptance.session_timeout_s = how * 10;
	(void)subscriber_identity_from_imsi("home", how & 16 ? "001010000000001" : "001010000000002",
	                                    &acceptance.identity);
	pana_agent_accepted(day.agent, day.conversation, &acceptance, &day.now, day.effects);
}

static void relay_requests(uint8_t length)
{
	uint8_t packet[300] = {EAP_REQUEST, 5, 0, (uint8_t)(length & 0x7f), 50};

	pana_agent_eap_request(day.agent, day.conversation, (struct wire_view){packet, length}, &day.now, day.effects);
}

static void pass(uint64_t ms)
{
	struct timer *timer;

	day.now.monotonic_ms += ms;
	day.now.unix_ms += ms;
	while ((timer = timer_wheel_pop(&day.wheel, day.now.monotonic_ms)))
		timer->fire(timer, &day.now, day.effects);
}

/* What a node sends. False: the deed is another's. */
static bool node_acts(uint8_t deed)
{
	uint8_t cause[4] = {0, 0, 0, 1};

	switch (deed) {
	case 0:
		say(PANA_PCI, 0, 0, NULL, 0, NULL);
		break;
	case 1:
		say(PANA_PAN_START, day.node->paa_number, 0, NULL, 0, NULL);
		break;
	case 2:
		say_identity(PANA_NONCE);
		break;
	case 3:
		say_identity(0);
		break;
	case 4:
		say_method();
		break;
	case 5:
		say_own_request();
		break;
	case 6:
		say_complete();
		break;
	case 7:
		say(PANA_PNR_PING, ++day.node->number, 0, NULL, 0, &day.node->keys);
		break;
	case 8:
		say(PANA_PNR_PING, ++day.node->number, PANA_ENCRYPTION_ENCAP, material, 40, &day.node->keys);
		break;
	case 9:
		say(PANA_PNR_REAUTHENTICATION, ++day.node->number, 0, NULL, 0, &day.node->keys);
		break;
	case 10:
		say(PANA_PTR, ++day.node->number, PANA_TERMINATION_CAUSE, cause, 4, &day.node->keys);
		break;
	case 11:
		say(PANA_PTA, day.node->paa_number, 0, NULL, 0, &day.node->keys);
		break;
	case 12:
		transmit(day.last, day.last_octets);
		break;
	case 13:
		say_bent();
		break;
	case 14:
		say_raw();
		break;
	case 15:
		say(PANA_PAN_COMPLETE, day.node->paa_number, 0, NULL, 0, &day.node->keys);
		break;
	default:
		return false;
	}
	return true;
}

/* What the rooms around the agent do: the relay, the bootstrap, operators. False: the deed is another's. */
static bool server_acts(uint8_t deed)
{
	struct subscriber_identity identity;

	switch (deed) {
	case 16:
		relay_accepts(wire_read_u8(&day.input));
		break;
	case 17:
		relay_requests(wire_read_u8(&day.input));
		break;
	case 18:
		pana_agent_rejected(day.agent, day.conversation, (struct wire_view){0}, &day.now, day.effects);
		break;
	case 19:
		pana_agent_answer(day.agent, day.session, day.number, material, 20, &day.now, day.effects);
		break;
	case 20:
		pana_agent_answer(day.agent, day.session, day.number, material, 1200, &day.now, day.effects);
		break;
	case 24:
		pana_agent_set_capability(day.agent, wire_read_u8(&day.input), &day.now);
		break;
	case 25:
		(void)pana_agent_end_session(day.agent, wire_read_u8(&day.input), &day.now, day.effects);
		break;
	case 26:
		(void)subscriber_identity_from_imsi("home", "001010000000001", &identity);
		pana_agent_end_subscriber(day.agent, &identity, &day.now, day.effects);
		break;
	default:
		return false;
	}
	return true;
}

/* Time passes, and nodes are mistaken about where they are. */
static void world_changes(uint8_t deed)
{
	switch (deed) {
	case 21:
		pass(wire_read_u8(&day.input));
		break;
	case 22:
		pass(wire_read_u16(&day.input));
		break;
	case 23:
		pass((uint64_t)wire_read_u16(&day.input) * 2000);
		break;
	case 27:
		day.node->address.port++;
		break;
	case 28:
		day.node->number--;
		break;
	case 29:
		day.node->paa_number--;
		break;
	default:
		break;
	}
}

static void act(uint8_t choice)
{
	uint8_t deed = choice & 0x3f;

	day.node = &day.nodes[choice >> 6];
	if (!node_acts(deed) && !server_acts(deed))
		world_changes(deed);
	collect();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct pana_agent_options options = {
	        .paa_id = "ha.mob.example",
	        .vendor = VENDOR,
	        .capability = PANA_CAPABILITY_MIP6,
	        .limits = {.session_lifetime_max_s = 86400, .half_open = 3, .sessions_per_subscriber = 2},
	        .timers = &day.wheel,
	        .outlet = {NULL, on_eap, on_abandoned, on_request, on_admitted, on_ended},
	};

	memset(&day, 0, sizeof(day));
	day.input = wire_reader_of(bytes, octets);
	day.now = (struct instant){1000, UINT64_C(1700000000000)};
	timer_wheel_start(&day.wheel, day.now.monotonic_ms);
	options.randomness = randomness_seeded_start(&day.randomness, 1);
	day.effects = effects_new();
	day.agent = pana_agent_new(&options);
	(void)address_parse("2001:db8:1::1", &day.service_address);
	for (int n = 0; n < NODES; n++) {
		(void)address_parse("2001:db8:2::1", &day.nodes[n].address.address);
		day.nodes[n].address.address.s6_addr[n < 2 ? 15 : 5] += (uint8_t)n;
		day.nodes[n].address.port = 50000;
		day.nodes[n].number = 0x80000000;
	}
	while (wire_remaining(&day.input))
		act(wire_read_u8(&day.input));
	pana_agent_free(day.agent);
	effects_free(day.effects);
	return 0;
}
