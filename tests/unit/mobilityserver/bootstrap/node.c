// SPDX-License-Identifier: BSD-3-Clause
/* The other end of the bootstrap in its tests: builds and signs requests, reads and verifies answers. */
#include <stdlib.h>
#include <string.h>

#include "mobility_keys.h"
#include "proof_of_possession.h"
#include "world.h"

static uint64_t next_session = 1;

void node_new_session(struct node *node)
{
	struct bootstrap_session *session = &node->session;
	struct secret msk = {.octets = 0};
	uint8_t random[64];

	if (session->token)
		bootstrap_session_ended(node->world->core, &session->identity, session->token);
	session->token = next_session++;
	session->session_id = 0x1000 + (uint32_t)session->token;
	session->key_id = 1;
	randomness_fill(&node->world->seeded.randomness, random, sizeof(random));
	secret_set(&msk, random, sizeof(random));
	memcpy(session->start_digest, random, sizeof(session->start_digest));
	randomness_fill(&node->world->seeded.randomness, node->paa_nonce, sizeof(node->paa_nonce));
	randomness_fill(&node->world->seeded.randomness, node->pac_nonce, sizeof(node->pac_nonce));
	session->paa_nonce = (struct wire_view){node->paa_nonce, sizeof(node->paa_nonce)};
	session->pac_nonce = (struct wire_view){node->pac_nonce, sizeof(node->pac_nonce)};
	mobility_root_key(&msk, session->session_id, session->key_id, session->start_digest, "ha.mob.example",
	                  &session->mobility_root);
	session->expires_ms = node->world->now.monotonic_ms + 3600 * 1000;
	node->number = 100;
}

void node_new_id(struct node *node)
{
	randomness_fill(&node->world->seeded.randomness, node->id, sizeof(node->id));
}

void node_new_key(struct node *node)
{
	host_key_free(node->key);
	assert_int_equal(host_key_generate(&node->key), 0);
	node->identity_octets = host_key_identity(node->key, node->identity);
}

void node_start(struct world *world, struct node *node, const char *imsi)
{
	memset(node, 0, sizeof(*node));
	node->world = world;
	node->services = SERVICE_MIP6;
	assert_int_equal(subscriber_identity_from_imsi("home", imsi, &node->session.identity), 0);
	node->session.profile = (struct subscriber_profile){
	        .name = "Matti Virtanen", .services = SERVICE_MIP6 | SERVICE_HIP, .name_consent = true};
	node_new_key(node);
	node_new_session(node);
	node_new_id(node);
}

void node_end(struct node *node)
{
	host_key_free(node->key);
}

static void describe(const struct node *node, const struct secret *boot_bind, const uint8_t *rest_digest,
                     struct proof_of_possession *proof)
{
	struct wire_view identity = hash_part(node->identity, node->identity_octets);

	*proof = (struct proof_of_possession){
	        .paa_nonce = node->session.paa_nonce,
	        .pac_nonce = node->session.pac_nonce,
	        .session_id = node->session.session_id,
	        .key_id = node->session.key_id,
	        .boot_bind = boot_bind,
	        .paa_id = "ha.mob.example",
	};
	memcpy(proof->start_digest, node->session.start_digest, 32);
	memcpy(proof->request_id, node->id, 16);
	hash_digest(HASH_SHA256, &identity, 1, proof->host_identity_digest);
	memcpy(proof->request_digest, rest_digest, 32);
}

static void write_request(const struct node *node, struct wire_writer *writer)
{
	struct bootstrap_avps avps = {
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_HOST_IDENTITY) |
	                   bootstrap_bit(BOOT_SERVICE_TYPE),
	        .host_identity = {node->identity, node->identity_octets},
	        .services = node->services,
	};

	memcpy(avps.request_id, node->id, sizeof(avps.request_id));
	if (node->fqdn) {
		avps.present |= bootstrap_bit(BOOT_DESIRED_FQDN);
		avps.fqdn = hash_text(node->fqdn);
	}
	if (node->address) {
		avps.present |= bootstrap_bit(BOOT_DESIRED_ADDRESS);
		avps.addresses.count = 1;
		avps.addresses.at[0] = (struct bootstrap_address){.family = BOOTSTRAP_IPV6, .prefix_length = 128};
		memcpy(avps.addresses.at[0].address, node->address, 16);
	}
	if (node->secret) {
		avps.present |= bootstrap_bit(BOOT_SHARED_SECRET);
		avps.shared_secret = hash_text(node->secret);
	}
	bootstrap_avps_write(writer, VENDOR, &avps);
}

static void sign(const struct node *node, struct wire_writer *writer)
{
	uint8_t rest_digest[32], tbs[PROOF_TBS_MAX], signature[HOST_SIGNATURE_MAX];
	struct secret boot_bind = {.octets = 0};
	struct proof_of_possession proof;
	size_t octets;

	assert_int_equal(proof_request_digest(hash_part(writer->begin, wire_written(writer)), rest_digest), 0);
	mobility_boot_bind(&node->session.mobility_root, &boot_bind);
	describe(node, &boot_bind, rest_digest, &proof);
	if (node->signs_as_key_id)
		proof.key_id = node->signs_as_key_id;
	octets = proof_of_node(&proof, tbs);
	assert_int_equal(host_key_sign(node->key, hash_part(tbs, octets), signature, &octets), 0);
	signature[octets - 1] ^= node->spoil_signature;
	bootstrap_signature_write(writer, VENDOR, BOOT_POP_SIGNATURE, (uint16_t)(signature[0] << 8 | signature[1]),
	                          signature + 2, octets - 2);
}

static void send_plaintext(struct node *node, const void *plaintext, size_t octets)
{
	struct world *world = node->world;
	struct effects *step = executor_begin(world->executor);

	bootstrap_request(world->core, &node->session, ++node->number, plaintext, octets, &world->now, step);
	executor_run(world->executor, step, &world->now);
}

void node_request(struct node *node)
{
	uint8_t plaintext[2048];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));

	write_request(node, &writer);
	if (!node->omit_signature)
		sign(node, &writer);
	send_plaintext(node, plaintext, wire_written(&writer));
}

void node_poll(struct node *node)
{
	uint8_t plaintext[64];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct bootstrap_avps avps = {.present = bootstrap_bit(BOOT_REQUEST_ID)};

	memcpy(avps.request_id, node->id, sizeof(avps.request_id));
	bootstrap_avps_write(&writer, VENDOR, &avps);
	send_plaintext(node, plaintext, wire_written(&writer));
}

bool node_answered(struct node *node)
{
	struct world *world = node->world;
	const struct told_answer *found = NULL;

	for (size_t i = 0; i < ANSWERS_MAX && i < world->answer_count; i++)
		if (world->answers[i].session == node->session.token && world->answers[i].number == node->number) {
			assert_null(found); /* an answer to one number is told once */
			found = &world->answers[i];
		}
	if (!found)
		return false;
	memcpy(node->plaintext, found->avps, found->octets);
	node->plaintext_octets = found->octets;
	assert_int_equal(bootstrap_answer_read(node->plaintext, found->octets, VENDOR, &node->answer), BOOTSTRAP_OK);
	return true;
}

static void expect(struct node *node, uint32_t status)
{
	world_settle(node->world);
	assert_true(node_answered(node));
	if (node->answer.status != status)
		fail_msg("status %u, expected %u", node->answer.status, status);
	assert_memory_equal(node->answer.request_id, node->id, sizeof(node->id));
	if (status <= BOOTSTRAP_NAME_CHANGED)
		node_verifies(node);
}

void node_gets(struct node *node, uint32_t status)
{
	node_request(node);
	expect(node, status);
}

void node_polls(struct node *node, uint32_t status)
{
	node_poll(node);
	expect(node, status);
}

/* R of the request as it is sent now. */
static void rest_digest_of(const struct node *node, uint8_t digest[32])
{
	uint8_t plaintext[2048];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));

	write_request(node, &writer);
	assert_int_equal(proof_request_digest(hash_part(plaintext, wire_written(&writer)), digest), 0);
}

void node_verifies(struct node *node)
{
	uint8_t rest_digest[32], answer_digest[32], tbs[PROOF_TBS_MAX];
	struct secret boot_bind = {.octets = 0};
	struct proof_of_possession proof;
	size_t octets;

	rest_digest_of(node, rest_digest);
	mobility_boot_bind(&node->session.mobility_root, &boot_bind);
	describe(node, &boot_bind, rest_digest, &proof);
	assert_int_equal(proof_answer_digest(hash_part(node->plaintext, node->plaintext_octets), answer_digest), 0);
	octets = proof_of_server(&proof, answer_digest, tbs);
	assert_int_equal(
	        host_identity_verify(node->answer.host_identity, hash_part(tbs, octets), node->answer.signature), 0);
}

const char *node_fqdn(const struct node *node)
{
	static char fqdn[NAME_TEXT_OCTETS];

	memset(fqdn, 0, sizeof(fqdn));
	memcpy(fqdn, node->answer.fqdn.bytes, node->answer.fqdn.octets);
	return fqdn;
}
