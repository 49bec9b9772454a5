// SPDX-License-Identifier: BSD-3-Clause
#include "pana_world.h"

#include <stdlib.h>

enum { EPOCH_OF_VECTORS = 58000000 };

/* The first 32 octets drawn are the cookies' secret, the next are the PAA's nonce of the published example. */
static void fill(struct randomness *randomness, void *out, size_t octets)
{
	struct pana_world *world = timer_owner(randomness, struct pana_world, randomness);
	static const char *const cases[] = {"cookie over IPv6, i = 0", "example: PANA_AUTH_KEY"};
	static const char *const paths[] = {"input/secret", "input/paa_nonce"};
	uint8_t *bytes = (uint8_t *)out;

	if (octets == 32 && world->draws < 2) {
		vectors_hex(vectors_named(world->vectors, "cases", cases[world->draws]), paths[world->draws], bytes,
		            32);
		world->draws++;
		return;
	}
	for (size_t i = 0; i < octets; i++) {
		world->draw_state = world->draw_state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(world->draw_state >> 56);
	}
}

static void record_eap(void *context, const struct pana_agent_eap *eap, const struct instant *now,
                       struct effects *effects)
{
	struct pana_world *world = context;

	(void)now, (void)effects;
	world->eap_count++;
	world->eap = *eap;
	memcpy(world->eap_packet, eap->packet.bytes, eap->packet.octets);
	world->eap.packet.bytes = world->eap_packet;
}

static void record_abandoned(void *context, uint64_t conversation)
{
	struct pana_world *world = context;

	(void)conversation;
	world->abandoned_count++;
}

static void record_request(void *context, const struct pana_agent_request *request, const struct instant *now,
                           struct effects *effects)
{
	struct pana_world *world = context;

	(void)now, (void)effects;
	world->request_count++;
	world->request = *request;
	memcpy(world->plaintext, request->plaintext.bytes, request->plaintext.octets);
	memcpy(world->start_digest, request->start_digest, 32);
	memcpy(world->paa_nonce, request->paa_nonce.bytes, request->paa_nonce.octets);
	memcpy(world->pac_nonce, request->pac_nonce.bytes, request->pac_nonce.octets);
	world->mobility_root = *request->mobility_root;
	world->request_identity = *request->identity;
}

static void record_admitted(void *context, const struct subscriber_identity *identity,
                            const struct subscriber_profile *profile, const struct instant *now,
                            struct effects *effects)
{
	struct pana_world *world = context;

	(void)identity, (void)now, (void)effects;
	world->admitted_count++;
	world->admitted = *profile;
}

static void record_ended(void *context, uint64_t session, const struct subscriber_identity *identity,
                         enum pana_agent_end reason, const struct instant *now, struct effects *effects)
{
	struct pana_world *world = context;

	(void)identity, (void)now, (void)effects;
	world->ended_count++;
	world->ended = reason;
	world->ended_session = session;
}

void world_start(struct pana_world *world)
{
	memset(world, 0, sizeof(*world));
	world->vectors = vectors_load("kedge_bootstrap.json");
	world->now = (struct instant){.monotonic_ms = 5000, .unix_ms = (uint64_t)EPOCH_OF_VECTORS * 30 * 1000};
	timer_wheel_start(&world->wheel, world->now.monotonic_ms);
	world->randomness.fill = fill;
	world->effects = effects_new();
	assert_int_equal(address_parse("2001:db8:1::1", &world->service_address), 0);
	world->options = (struct pana_agent_options){
	        .paa_id = "anchor1.mob.example",
	        .vendor = WORLD_VENDOR,
	        .capability =
	                PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_DSMIP6 | PANA_CAPABILITY_HIP | PANA_CAPABILITY_RFC4285,
	        .limits = {.session_lifetime_max_s = 86400, .half_open = 1000, .sessions_per_subscriber = 3},
	        .timers = &world->wheel,
	        .randomness = &world->randomness,
	        .outlet = {world, record_eap, record_abandoned, record_request, record_admitted, record_ended},
	};
	world->agent = pana_agent_new(&world->options);
}

void world_stop(struct pana_world *world)
{
	pana_agent_free(world->agent);
	effects_free(world->effects);
	json_decref(world->vectors);
}

/* Moves the packets of the step into the list. */
static void collect(struct pana_world *world)
{
	struct effect_inject inject;

	for (size_t i = 0; effects_inject_at(world->effects, i, &inject); i++) {
		struct sent_message *sent = &world->sent[world->sent_count++];
		struct udp_datagram datagram;
		struct ip_packet packet;

		assert_true(world->sent_count <= WORLD_SENT_MAX);
		assert_int_equal(ip_packet_read(inject.packet, inject.octets, &packet), 0);
		assert_int_equal(udp_datagram_read(&packet, &datagram), 0);
		sent->from = datagram.source;
		sent->from_port = datagram.source_port;
		sent->to = (struct endpoint){datagram.destination, datagram.destination_port};
		sent->octets = datagram.payload.octets;
		sent->route_octet = inject.route.identity[0];
		assert_true(sent->octets <= PANA_PAYLOAD_MAX);
		memcpy(sent->bytes, datagram.payload.bytes, sent->octets);
		assert_int_equal(inject.not_before.epoch, 0);
	}
	effects_clear(world->effects);
}

void world_advance(struct pana_world *world, uint64_t ms)
{
	uint64_t until = world->now.monotonic_ms + ms;

	while (world->now.monotonic_ms <= until) {
		struct timer *timer;

		while ((timer = timer_wheel_pop(&world->wheel, world->now.monotonic_ms)))
			timer->fire(timer, &world->now, world->effects);
		collect(world);
		if (world->now.monotonic_ms == until)
			break;
		uint64_t next = timer_wheel_next_ms(&world->wheel);

		next = next > until ? until : next;
		next = next <= world->now.monotonic_ms ? world->now.monotonic_ms + 1 : next;
		world->now.unix_ms += next - world->now.monotonic_ms;
		world->now.monotonic_ms = next;
	}
}

void world_receive(struct pana_world *world, const struct endpoint *from, uint8_t route_octet, const void *payload,
                   size_t octets)
{
	uint8_t packet[2048];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	struct punt_route route = {.octets = 1, .identity = {route_octet}};
	struct udp_datagram datagram = {
	        .source = from->address,
	        .source_port = from->port,
	        .destination = world->service_address,
	        .destination_port = PANA_UDP_PORT,
	        .payload = {payload, octets},
	};
	size_t packet_octets = udp_packet_write(&writer, &datagram, 64);

	assert_true(packet_octets > 0);
	pana_agent_packet(world->agent, &route, (struct wire_view){packet, packet_octets}, &world->now, world->effects);
	collect(world);
}

const struct sent_message *world_sent(struct pana_world *world)
{
	const struct sent_message *sent = &world->sent[world->sent_taken];

	assert_true(world->sent_taken < world->sent_count);
	world->sent_taken++;
	assert_memory_equal(&sent->from, &world->service_address, 16);
	assert_int_equal(sent->from_port, PANA_UDP_PORT);
	return sent;
}

void world_sent_as(struct pana_world *world, enum pana_kind kind, struct pana_message *message)
{
	const struct sent_message *sent = world_sent(world);

	assert_int_equal(pana_message_read(sent->bytes, sent->octets, WORLD_VENDOR, message), PANA_FAULT_VALID);
	assert_string_equal(pana_kind_name(message->kind), pana_kind_name(kind));
}

void world_nothing_sent(const struct pana_world *world)
{
	assert_int_equal(world->sent_taken, world->sent_count);
}

void node_start(struct pana_world *world, struct pana_node *node, const char *address, uint16_t port)
{
	json_t *key = vectors_named(world->vectors, "cases", "example: PANA_AUTH_KEY");
	uint8_t msk[64];

	memset(node, 0, sizeof(*node));
	assert_int_equal(address_parse(address, &node->address.address), 0);
	node->address.port = port;
	node->route_octet = 'a';
	node->number = 0x9b2c3d40; /* the published PNR has the next one */
	secret_set(&node->msk, msk, vectors_hex(key, "input/msk", msk, sizeof(msk)));
	vectors_hex(key, "input/pac_nonce", node->pac_nonce, 32);
}

void node_send(struct pana_world *world, const struct pana_node *node, struct wire_writer *writer,
               const struct pana_keys *keys)
{
	size_t octets =
	        keys ? pana_message_end_with_auth(writer, pana_auth_octets(keys->integrity)) : pana_message_end(writer);

	assert_true(octets > 0);
	if (keys)
		pana_auth_set(keys, writer->begin, octets);
	world_receive(world, &node->address, node->route_octet, writer->begin, octets);
}

void node_sends_pci(struct pana_world *world, struct pana_node *node)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PCI, 0, 0);
	pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, 0x1f);
	node_send(world, node, &writer, NULL);
}

void node_begins(struct pana_world *world, struct pana_node *node)
{
	const struct sent_message *sent;
	struct pana_message message;
	struct wire_writer writer;

	node_sends_pci(world, node);
	sent = world_sent(world);
	assert_int_equal(pana_message_read(sent->bytes, sent->octets, WORLD_VENDOR, &message), PANA_FAULT_VALID);
	assert_int_equal(message.kind, PANA_PAR_START);
	node->session_id = message.session_id;
	node->first_number = message.sequence_number;
	node->i_par_octets = sent->octets;
	memcpy(node->i_par, sent->bytes, sent->octets);
	writer = wire_writer_of(node->i_pan, sizeof(node->i_pan));
	pana_message_begin(&writer, PANA_PAN_START, node->session_id, node->first_number);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
	pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, 0x1f);
	node->i_pan_octets = pana_message_end(&writer);
	world_receive(world, &node->address, node->route_octet, node->i_pan, node->i_pan_octets);
}

void node_answers_identity(struct pana_world *world, struct pana_node *node, const struct pana_keys *keys)
{
	static const char identity[] = "6anonymous@wlan.mnc001.mcc001.3gppnetwork.org";
	struct pana_message message;
	struct eap_packet eap;
	struct wire_view value;
	uint8_t buffer[512], packet[256];
	struct wire_writer writer, eap_writer;
	size_t before = world->eap_count;

	world_sent_as(world, PANA_PAR, &message);
	value = pana_message_value(&message, PANA_NONCE);
	assert_int_equal(value.octets, 32);
	memcpy(node->paa_nonce, value.bytes, 32);
	value = pana_message_value(&message, PANA_EAP_PAYLOAD);
	assert_int_equal(eap_read(value.bytes, value.octets, &eap), 0);
	assert_int_equal(eap.code, EAP_REQUEST);
	assert_int_equal(eap.type, EAP_TYPE_IDENTITY);
	if (keys)
		assert_true(pana_auth_verify(keys, &message));
	else
		assert_false(pana_message_has(&message, PANA_AUTH));
	node->paa_number = message.sequence_number;
	eap_writer = wire_writer_of(packet, sizeof(packet));
	eap_write(&eap_writer, EAP_RESPONSE, eap.identifier, EAP_TYPE_IDENTITY, identity, sizeof(identity) - 1);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PAN, node->session_id, node->paa_number);
	pana_avp_write(&writer, 0, PANA_NONCE, node->pac_nonce, 32);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, packet, wire_written(&eap_writer));
	node_send(world, node, &writer, keys);
	assert_int_equal(world->eap_count, before + 1);
	assert_true(world->eap.is_first);
	assert_octets(world->eap_packet, world->eap.packet.octets, packet, wire_written(&eap_writer));
}

struct pana_agent_acceptance world_acceptance(const struct pana_node *node)
{
	static const uint8_t success[] = {EAP_SUCCESS, 9, 0, 4};
	struct pana_agent_acceptance acceptance = {
	        .eap = {success, sizeof(success)},
	        .msk = node->msk,
	        .is_admitted = true,
	        .session_timeout_s = 3600,
	        .profile.services = 1,
	};

	assert_int_equal(subscriber_identity_from_imsi("home", "001010000000001", &acceptance.identity), 0);
	return acceptance;
}

void node_is_accepted(struct pana_world *world, struct pana_node *node)
{
	struct pana_agent_acceptance acceptance = world_acceptance(node);

	pana_agent_accepted(world->agent, world->eap.conversation, &acceptance, &world->now, world->effects);
	collect(world);
}

void node_derive_keys(struct pana_node *node, uint32_t key_id)
{
	const struct pana_key_input input = {
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {node->i_par, node->i_par_octets},
	        .i_pan = {node->i_pan, node->i_pan_octets},
	        .pac_nonce = {node->pac_nonce, 32},
	        .paa_nonce = {node->paa_nonce, 32},
	        .key_id = key_id,
	};

	pana_keys_derive(&node->keys, &node->msk, &input);
}

void node_takes_completion(struct pana_world *world, struct pana_node *node)
{
	struct pana_message message;

	world_sent_as(world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_SUCCESS);
	assert_true(pana_message_has(&message, PANA_KEY_ID));
	node->paa_number = message.sequence_number;
	node_derive_keys(node, pana_message_u32(&message, PANA_KEY_ID));
	assert_true(pana_auth_verify(&node->keys, &message));
}

void node_completes(struct pana_world *world, struct pana_node *node)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAN_COMPLETE, node->session_id, node->paa_number);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, node->keys.key_id);
	node_send(world, node, &writer, &node->keys);
}

void node_authenticates(struct pana_world *world, struct pana_node *node)
{
	node_begins(world, node);
	node_answers_identity(world, node, NULL);
	node_is_accepted(world, node);
	node_takes_completion(world, node);
	node_completes(world, node);
	world_nothing_sent(world);
}

size_t node_ping(struct pana_node *node, const void *plaintext, size_t octets, uint8_t message[WORLD_MESSAGE_MAX])
{
	struct wire_writer writer = wire_writer_of(message, WORLD_MESSAGE_MAX);
	size_t count;

	pana_message_begin(&writer, PANA_PNR_PING, node->session_id, ++node->number);
	if (plaintext)
		pana_encap_crypt(&node->keys, PANA_FROM_PAC, node->session_id, node->number, plaintext,
		                 pana_avp_write_space(&writer, 0, PANA_ENCRYPTION_ENCAP, octets), octets);
	count = pana_message_end_with_auth(&writer, pana_auth_octets(node->keys.integrity));
	pana_auth_set(&node->keys, message, count);
	return count;
}
