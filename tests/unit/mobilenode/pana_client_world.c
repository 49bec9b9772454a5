// SPDX-License-Identifier: BSD-3-Clause
#include "pana_client_world.h"

enum { FIRST_NUMBER_DRAWN = 0x1b2c3d41 };

static void fill(struct randomness *randomness, void *out, size_t octets)
{
	struct client_world *world = timer_owner(randomness, struct client_world, randomness);
	const uint32_t number = FIRST_NUMBER_DRAWN;

	memset(out, 0, octets);
	if (octets == sizeof(world->pac_nonce))
		memcpy(out, world->pac_nonce, octets);
	else if (octets == sizeof(number))
		memcpy(out, &number, octets);
}

static size_t on_eap(void *context, bool is_first, struct wire_view packet, uint8_t *response, size_t capacity)
{
	struct client_world *world = context;
	const uint8_t octets[] = {EAP_RESPONSE, packet.bytes[1], 0, 6, EAP_TYPE_IDENTITY, 'a'};

	assert_true(capacity >= sizeof(octets));
	world->eap_count++;
	world->is_first = is_first;
	if (packet.bytes[0] != EAP_REQUEST)
		return 0;
	memcpy(response, octets, sizeof(octets));
	return sizeof(octets);
}

static const struct secret *on_msk(void *context)
{
	struct client_world *world = context;

	return world->is_method_done ? &world->msk : NULL;
}

static void on_opened(void *context, bool is_reauthentication, const struct instant *now, struct effects *effects)
{
	struct client_world *world = context;

	(void)now, (void)effects;
	world->opened_count++;
	world->is_reauthentication = is_reauthentication;
}

static void on_answered(void *context, struct wire_view plaintext, const struct instant *now, struct effects *effects)
{
	struct client_world *world = context;

	(void)now, (void)effects;
	world->answered_count++;
	world->plaintext_octets = plaintext.octets;
	if (plaintext.octets)
		memcpy(world->plaintext, plaintext.bytes, plaintext.octets);
}

static void on_ended(void *context, enum pana_client_end why, const struct instant *now, struct effects *effects)
{
	struct client_world *world = context;

	(void)now, (void)effects;
	world->ended_count++;
	world->ended = why;
}

void world_start(struct client_world *world)
{
	world_start_with(world, 0);
}

void world_start_with(struct client_world *world, uint32_t requests_max)
{
	struct pana_client_settings settings = {
	        .channel = 7, .vendor = WORLD_VENDOR, .capabilities = 0x1f, .requests_max = requests_max};
	const struct pana_client_outlet outlet = {world, on_eap, on_msk, on_opened, on_answered, on_ended};
	json_t *key;
	uint8_t msk[64];

	memset(world, 0, sizeof(*world));
	world->vectors = vectors_load("kedge_bootstrap.json");
	key = vectors_named(world->vectors, "cases", "example: PANA_AUTH_KEY");
	secret_set(&world->msk, msk, vectors_hex(key, "input/msk", msk, sizeof(msk)));
	vectors_hex(key, "input/pac_nonce", world->pac_nonce, sizeof(world->pac_nonce));
	vectors_hex(key, "input/paa_nonce", world->paa_nonce, sizeof(world->paa_nonce));
	key = vectors_named(world->vectors, "cases", "example: I_PAR and I_PAN");
	world->i_par.octets = vectors_hex(key, "input/I_PAR", world->i_par.bytes, sizeof(world->i_par.bytes));
	world->i_pan.octets = vectors_hex(key, "input/I_PAN", world->i_pan.bytes, sizeof(world->i_pan.bytes));
	world->session_id = 0xf0386938;
	world->now = (struct instant){.monotonic_ms = 5000, .unix_ms = UINT64_C(1700000000000)};
	timer_wheel_start(&world->wheel, world->now.monotonic_ms);
	world->randomness.fill = fill;
	world->effects = effects_new();
	assert_int_equal(address_parse("2001:db8:1::1", &world->paa.address), 0);
	world->paa.port = PANA_UDP_PORT;
	settings.paa = world->paa;
	world->client = pana_client_new(&settings, &outlet, &world->randomness, &world->wheel);
}

void world_stop(struct client_world *world)
{
	pana_client_free(world->client);
	effects_free(world->effects);
	json_decref(world->vectors);
}

static void collect(struct client_world *world)
{
	struct effect_send effect;

	for (size_t i = 0; effects_send_at(world->effects, i, &effect); i++) {
		struct world_message *sent = &world->sent[world->sent_count++];

		assert_true(world->sent_count <= WORLD_SENT_MAX);
		assert_int_equal(effect.channel, 7);
		assert_true(endpoint_equal(&effect.to, &world->paa));
		assert_true(effect.octets <= sizeof(sent->bytes));
		memcpy(sent->bytes, effect.message, effect.octets);
		sent->octets = effect.octets;
	}
	effects_clear(world->effects);
}

void world_advance(struct client_world *world, uint64_t ms)
{
	uint64_t until = world->now.monotonic_ms + ms;

	for (;;) {
		struct timer *timer;
		uint64_t next;

		while ((timer = timer_wheel_pop(&world->wheel, world->now.monotonic_ms)))
			timer->fire(timer, &world->now, world->effects);
		collect(world);
		if (world->now.monotonic_ms == until)
			return;
		next = timer_wheel_next_ms(&world->wheel);
		next = next > until ? until : next;
		next = next <= world->now.monotonic_ms ? world->now.monotonic_ms + 1 : next;
		world->now.unix_ms += next - world->now.monotonic_ms;
		world->now.monotonic_ms = next;
	}
}

void world_receive(struct client_world *world, const void *octets, size_t count)
{
	pana_client_datagram(world->client, &world->paa, (struct wire_view){octets, count}, &world->now,
	                     world->effects);
	collect(world);
}

void world_say(struct client_world *world, struct wire_writer *writer, const struct pana_keys *keys)
{
	size_t octets =
	        keys ? pana_message_end_with_auth(writer, pana_auth_octets(keys->integrity)) : pana_message_end(writer);

	assert_true(octets > 0);
	if (keys)
		pana_auth_set(keys, writer->begin, octets);
	world_receive(world, writer->begin, octets);
}

const struct world_message *world_sent(struct client_world *world)
{
	assert_true(world->sent_taken < world->sent_count);
	return &world->sent[world->sent_taken++];
}

void world_sent_as(struct client_world *world, enum pana_kind kind, struct pana_message *message)
{
	const struct world_message *sent = world_sent(world);

	assert_int_equal(pana_message_read(sent->bytes, sent->octets, WORLD_VENDOR, message), PANA_FAULT_VALID);
	assert_string_equal(pana_kind_name(message->kind), pana_kind_name(kind));
}

void world_nothing_sent(const struct client_world *world)
{
	assert_int_equal(world->sent_taken, world->sent_count);
}

uint64_t world_counter(const struct client_world *world, const char *name)
{
	const char *found;
	uint64_t value;

	for (size_t i = 0; pana_client_counter(world->client, i, &found, &value); i++) {
		if (strcmp(found, name) == 0)
			return value;
	}
	fail_msg("no counter %s", name);
	return 0;
}

void world_begin(struct client_world *world)
{
	struct pana_message message;

	pana_client_start(world->client, &world->now, world->effects);
	world_advance(world, 0);
	world_sent_as(world, PANA_PCI, &message);
	assert_int_equal(pana_message_u32(&message, PANA_MOB_CAPABILITY), 0x1f);
	world_receive(world, world->i_par.bytes, world->i_par.octets);
	world_sent_as(world, PANA_PAN_START, &message);
	assert_octets(message.octets.bytes, message.octets.octets, world->i_pan.bytes, world->i_pan.octets);
	world->number = message.sequence_number;
}

void world_first_request(struct client_world *world, const struct pana_keys *keys)
{
	static const uint8_t eap[] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAR, world->session_id, ++world->number);
	pana_avp_write(&writer, 0, PANA_NONCE, world->paa_nonce, sizeof(world->paa_nonce));
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	world_say(world, &writer, keys);
}

static void derive(struct client_world *world, uint32_t key_id, struct pana_keys *keys)
{
	const struct pana_key_input input = {
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {world->i_par.bytes, world->i_par.octets},
	        .i_pan = {world->i_pan.bytes, world->i_pan.octets},
	        .pac_nonce = {world->pac_nonce, sizeof(world->pac_nonce)},
	        .paa_nonce = {world->paa_nonce, sizeof(world->paa_nonce)},
	        .key_id = key_id,
	};

	pana_keys_derive(keys, &world->msk, &input);
}

void world_complete(struct client_world *world, uint32_t key_id, uint32_t result, uint32_t lifetime_s,
                    enum eap_code code)
{
	const uint8_t eap[] = {(uint8_t)code, 9, 0, 4};
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAR_COMPLETE, world->session_id, world->number + 1);
	pana_avp_write_u32(&writer, 0, PANA_RESULT_CODE, result);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	if (lifetime_s)
		pana_avp_write_u32(&writer, 0, PANA_SESSION_LIFETIME, lifetime_s);
	if (key_id) {
		pana_avp_write_u32(&writer, 0, PANA_KEY_ID, key_id);
		derive(world, key_id, &world->keys);
	}
	world_say(world, &writer, key_id ? &world->keys : NULL);
}

void world_open(struct client_world *world)
{
	struct pana_message message;

	world_begin(world);
	world_first_request(world, NULL);
	world_sent_as(world, PANA_PAN, &message);
	world->is_method_done = true;
	world_complete(world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_sent_as(world, PANA_PAN_COMPLETE, &message);
	world->number++;
	assert_true(pana_auth_verify(&world->keys, &message));
	assert_int_equal(pana_message_u32(&message, PANA_KEY_ID), 1);
	assert_int_equal(pana_client_state(world->client), PANA_CLIENT_OPEN);
	assert_int_equal(world->opened_count, 1);
}
