// SPDX-License-Identifier: BSD-3-Clause
#include "relay_world.h"

struct relay_world world;

/*
 * Request Authenticators are the recorded ones when a test has set one. Numbers drawn are 2^31, so that the first
 * identifier is 0, as in the recordings.
 */
static void fill(struct randomness *randomness, void *out, size_t octets)
{
	const uint32_t number = UINT32_C(1) << 31;

	(void)randomness;
	memset(out, 0, octets);
	if (octets == sizeof(number))
		memcpy(out, &number, sizeof(number));
	else if (octets == 16 && world.has_authenticator)
		memcpy(out, world.next_authenticator, 16);
	else if (octets == 16)
		wire_store_u32(out, ++world.draw);
}

static void keep_eap(uint64_t conversation, struct wire_view packet)
{
	world.conversation = conversation;
	world.eap_octets = packet.octets;
	if (packet.octets)
		memcpy(world.eap, packet.bytes, packet.octets);
}

static void on_request(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
                       struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	world.request_count++;
	keep_eap(conversation, packet);
}

static void on_accepted(void *context, uint64_t conversation, const struct pana_agent_acceptance *acceptance,
                        const struct instant *now, struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	world.accepted_count++;
	keep_eap(conversation, acceptance->eap);
	world.acceptance = *acceptance;
	if (acceptance->class_attribute.octets)
		memcpy(world.class_attribute, acceptance->class_attribute.bytes, acceptance->class_attribute.octets);
}

static void on_rejected(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
                        struct effects *effects)
{
	(void)context, (void)now, (void)effects;
	world.rejected_count++;
	keep_eap(conversation, packet);
}

int relay_setup(void **state)
{
	static const char *const realms[] = {"other.example", "wlan.mnc232.mcc01.3gppnetwork.org"};
	static const char *const second_realms[] = {"visited.example"};
	static const char *const prefixes[] = {"00101", "23201"};
	static const char *const second_prefixes[] = {"99970"};

	(void)state;
	memset(&world, 0, sizeof(world));
	world.now = (struct instant){.monotonic_ms = 1000, .unix_ms = 1700000000000};
	timer_wheel_start(&world.wheel, world.now.monotonic_ms);
	world.randomness.fill = fill;
	world.effects = effects_new();
	world.servers[0] = (struct radius_relay_server){
	        .name = "home",
	        .realms = realms,
	        .realm_count = 2,
	        .imsi_prefixes = prefixes,
	        .imsi_prefix_count = 2,
	        .defaults = {.services = 1},
	};
	world.servers[1] = (struct radius_relay_server){
	        .name = "visited",
	        .realms = second_realms,
	        .realm_count = 1,
	        .imsi_prefixes = second_prefixes,
	        .imsi_prefix_count = 1,
	};
	assert_int_equal(endpoint_parse("[::1]:1812", &world.servers[0].endpoint), 0);
	assert_int_equal(endpoint_parse("192.0.2.9:1812", &world.servers[1].endpoint), 0);
	secret_set(&world.servers[0].secret, "testing123", 10);
	secret_set(&world.servers[1].secret, "another-secret-16", 17);
	world.options = (struct radius_relay_options){
	        .servers = world.servers,
	        .server_count = 2,
	        .paa_id = "ha.mob.example",
	        .nas_identifier = "ha.mob.example",
	        .vendor = VENDOR,
	        .first_channel = CHANNEL,
	        .channel_count = 1,
	        .timers = &world.wheel,
	        .randomness = &world.randomness,
	        .outlet = {NULL, on_request, on_accepted, on_rejected},
	};
	assert_int_equal(address_parse("2001:db8:1::1", &world.options.nas_address), 0);
	world.relay = radius_relay_new(&world.options);
	return 0;
}

int relay_teardown(void **state)
{
	(void)state;
	radius_relay_free(world.relay);
	effects_free(world.effects);
	return 0;
}

const struct radius_relay_counters *relay_counters(void)
{
	return radius_relay_counters(world.relay);
}

static void collect(void)
{
	struct effect_send send;

	for (size_t i = 0; effects_send_at(world.effects, i, &send); i++) {
		world.sent_count++;
		world.channel = send.channel;
		world.to = send.to;
		world.sent_octets = send.octets;
		memcpy(world.sent, send.message, send.octets);
	}
	effects_clear(world.effects);
}

void relay_advance(uint64_t ms)
{
	for (uint64_t end = world.now.monotonic_ms + ms; world.now.monotonic_ms < end;) {
		struct timer *timer;

		world.now.monotonic_ms++;
		while ((timer = timer_wheel_pop(&world.wheel, world.now.monotonic_ms)))
			timer->fire(timer, &world.now, world.effects);
		collect();
	}
}

void relay_send_eap(uint64_t conversation, bool is_first, const void *packet, size_t octets)
{
	struct pana_agent_eap eap = {.conversation = conversation, .is_first = is_first, .packet = {packet, octets}};

	assert_int_equal(address_parse("2001:db8:2::77", &eap.source.address), 0);
	eap.source.port = 50000;
	radius_relay_eap(world.relay, &eap, &world.now, world.effects);
	collect();
}

void relay_send_identity(uint64_t conversation, const char *identity)
{
	uint8_t packet[512];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, identity, strlen(identity));
	relay_send_eap(conversation, true, packet, wire_written(&writer));
}

void relay_receive(const void *datagram, size_t octets)
{
	radius_relay_datagram(world.relay, world.channel, &world.to, datagram, octets, &world.now, world.effects);
	collect();
}

void answer_begin(struct answer *answer, enum radius_code code)
{
	static const uint8_t zeros[16];

	answer->writer = wire_writer_of(answer->packet, sizeof(answer->packet));
	radius_begin(&answer->writer, code, world.sent[1], zeros);
	answer->message_authenticator = radius_message_authenticator_write(&answer->writer);
}

void answer_eap(struct answer *answer, enum eap_code code)
{
	const uint8_t packet[] = {(uint8_t)code, 7, 0, code == EAP_REQUEST ? 6 : 4, 50, 1};

	radius_eap_message_write(&answer->writer, packet, packet[3]);
}

void answer_keys(struct answer *answer)
{
	uint8_t key[32], value[RADIUS_MPPE_OCTETS_MAX];

	memset(key, 0x11, sizeof(key));
	radius_vendor_write(&answer->writer, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY, value,
	                    radius_mppe_encrypt(key, 32, 0x8001, world.sent + 4, &world.servers[0].secret, value));
	memset(key, 0x22, sizeof(key));
	radius_vendor_write(&answer->writer, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY, value,
	                    radius_mppe_encrypt(key, 32, 0x8002, world.sent + 4, &world.servers[0].secret, value));
}

size_t answer_end(struct answer *answer)
{
	size_t octets = radius_end(&answer->writer);

	radius_protect(answer->packet, octets, answer->message_authenticator, world.sent + 4, &world.servers[0].secret);
	return octets;
}

void answer_send(struct answer *answer)
{
	size_t octets = answer_end(answer);

	relay_receive(answer->packet, octets);
}

void accept_with(uint32_t vendor, uint8_t type, const void *value, size_t octets)
{
	struct answer answer;

	answer_begin(&answer, RADIUS_ACCESS_ACCEPT);
	answer_eap(&answer, EAP_SUCCESS);
	answer_keys(&answer);
	if (vendor)
		radius_vendor_write(&answer.writer, vendor, type, value, octets);
	else if (type)
		radius_attribute_write(&answer.writer, type, value, octets);
	answer_send(&answer);
}
