// SPDX-License-Identifier: BSD-3-Clause
/* The node's bootstrap request and what it makes of the answer; B-34, B-43 to B-45, B-50, K-7, K-8, K-10, K-11. */
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "simulated_node.h"
#include "mobility_keys.h"

enum { SERVICE_MIP6 = 1, PENDING_MS_MAX = 60000 };

static void describe(const struct simulated_node *node, const struct secret *boot_bind,
                     struct proof_of_possession *proof)
{
	*proof = (struct proof_of_possession){
	        .paa_nonce = {node->paa_nonce, node->paa_nonce_octets},
	        .pac_nonce = {node->pac_nonce, sizeof(node->pac_nonce)},
	        .session_id = node->session_id,
	        .key_id = node->keys.key_id,
	        .boot_bind = boot_bind,
	        .paa_id = node->paa_id,
	};
	mobility_start_digest((struct wire_view){node->i_par, node->i_par_octets},
	                      (struct wire_view){node->i_pan, node->i_pan_octets}, proof->start_digest);
	memcpy(proof->request_id, node->request_id, sizeof(proof->request_id));
	memcpy(proof->host_identity_digest, node->identity_digest, sizeof(proof->host_identity_digest));
	memcpy(proof->request_digest, node->request_digest, sizeof(proof->request_digest));
}

static void write_wishes(struct simulated_node *node, struct wire_writer *writer)
{
	struct bootstrap_avps avps = {
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_HOST_IDENTITY) |
	                   bootstrap_bit(BOOT_SERVICE_TYPE),
	        .host_identity = {node->identity, node->identity_octets},
	        .services = SERVICE_MIP6,
	};

	memcpy(avps.request_id, node->request_id, sizeof(avps.request_id));
	if (node->wish[0]) {
		avps.present |= bootstrap_bit(BOOT_DESIRED_FQDN);
		avps.fqdn = (struct wire_view){(const uint8_t *)node->wish, strlen(node->wish)};
	}
	bootstrap_avps_write(writer, NODE_VENDOR, &avps);
}

static void sign(struct simulated_node *node, struct wire_writer *writer)
{
	uint8_t tbs[PROOF_TBS_MAX], signature[HOST_SIGNATURE_MAX];
	struct secret boot_bind = {0};
	struct proof_of_possession proof;
	size_t octets = 0;

	proof_request_digest((struct wire_view){writer->begin, wire_written(writer)}, node->request_digest);
	mobility_boot_bind(&node->mobility_root, &boot_bind);
	describe(node, &boot_bind, &proof);
	octets = proof_of_node(&proof, tbs);
	if (host_key_sign(node->host_key, (struct wire_view){tbs, octets}, signature, &octets))
		node->outlet.broken(node->outlet.context, "a node could not sign");
	bootstrap_signature_write(writer, NODE_VENDOR, BOOT_POP_SIGNATURE, (uint16_t)(signature[0] << 8 | signature[1]),
	                          signature + 2, octets - 2);
	secret_wipe(&boot_bind);
}

/* A full request; the id stays until an answer ends the wish (B-40: after a failure the same id may be sent again). */
void node_asks(struct simulated_node *node)
{
	uint8_t plaintext[1200];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct wire_view identity = {node->identity, node->identity_octets};

	hash_digest(HASH_SHA256, &identity, 1, node->identity_digest);
	if (!node->request_is_new) {
		randomness_fill(&node->time->dice.randomness, node->request_id, sizeof(node->request_id));
		node->request_is_new = true;
	}
	node->poll_from_ms = node->time->now_ms;
	write_wishes(node, &writer);
	sign(node, &writer);
	node_sends_request(node, plaintext, wire_written(&writer));
}

/* A poll is a new request with the id alone (B-43); after a minute the wish is given up. */
void node_polls(struct simulated_node *node)
{
	uint8_t plaintext[64];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct bootstrap_avps avps = {.present = bootstrap_bit(BOOT_REQUEST_ID)};

	if (node->time->now_ms - node->poll_from_ms > PENDING_MS_MAX) {
		node_rests(node, "pending for too long");
		return;
	}
	memcpy(avps.request_id, node->request_id, sizeof(avps.request_id));
	bootstrap_avps_write(&writer, NODE_VENDOR, &avps);
	node_sends_request(node, plaintext, wire_written(&writer));
}

/* B-50: id, signature of the server, addresses. */
static bool is_acceptable(struct simulated_node *node, const struct bootstrap_avps *avps, struct wire_view plaintext)
{
	uint8_t digest[HASH_SHA256_OCTETS], tbs[PROOF_TBS_MAX];
	struct secret boot_bind = {0};
	struct proof_of_possession proof;
	size_t octets;

	if (memcmp(avps->request_id, node->request_id, sizeof(node->request_id)) != 0 ||
	    proof_answer_digest(plaintext, digest) || avps->addresses.count != 1 || avps->association.spi < 256)
		return false;
	mobility_boot_bind(&node->mobility_root, &boot_bind);
	describe(node, &boot_bind, &proof);
	octets = proof_of_server(&proof, digest, tbs);
	secret_wipe(&boot_bind);
	return host_identity_verify(avps->host_identity, (struct wire_view){tbs, octets}, avps->signature) == 0;
}

static void take_grant(struct simulated_node *node, const struct bootstrap_avps *avps)
{
	struct node_grant *grant = &node->grant;
	const char *dot;

	memset(grant, 0, sizeof(*grant));
	memcpy(grant->fqdn, avps->fqdn.bytes, avps->fqdn.octets);
	dot = strchr(grant->fqdn, '.');
	snprintf(grant->nai, sizeof(grant->nai), "%.*s@%s", (int)(dot - grant->fqdn), grant->fqdn, dot + 1); /* M-6 */
	memcpy(&grant->home_address, avps->addresses.at[0].address, sizeof(grant->home_address));
	grant->spi = avps->association.spi;
	grant->granted_ms = node->time->now_ms;
	grant->expires_ms = node->time->now_ms + 1000ull * avps->association.lifetime_s;
	mobility_agent_key(&node->mobility_root, grant->spi, &grant->home_address, &node->server, node->identity_digest,
	                   &grant->key);
	grant->is_there = true;
	node->binding.is_outstanding = false;
	node->binding.leaves = false;
	node->binding.due_ms = node->time->now_ms;
}

static void granted(struct simulated_node *node, const struct bootstrap_avps *avps, struct wire_view plaintext)
{
	if (!is_acceptable(node, avps, plaintext)) {
		node->outlet.broken(node->outlet.context, "an answer under right keys does not verify (B-50)");
		return;
	}
	node->request_is_new = false;
	take_grant(node, avps);
	node_was_granted(node);
	node->outlet.granted(node->outlet.context, node, avps->status);
}

void node_answered(struct simulated_node *node, const uint8_t *plaintext, size_t octets)
{
	struct bootstrap_avps avps;
	uint64_t wait_ms;

	if (bootstrap_answer_read(plaintext, octets, NODE_VENDOR, &avps) != BOOTSTRAP_OK) {
		node->outlet.broken(node->outlet.context, "an answer under right keys is malformed");
		return;
	}
	node->last_status = avps.status;
	switch (avps.status) {
	case BOOTSTRAP_OK:
	case BOOTSTRAP_NAME_CHANGED:
		granted(node, &avps, (struct wire_view){plaintext, octets});
		break;
	case BOOTSTRAP_PENDING:
		wait_ms = avps.retry_after_ms;
		node->due_ms = node->time->now_ms + wait_ms; /* request_octets is 0: then it polls */
		node_wakes_at(node, node->due_ms);
		break;
	case BOOTSTRAP_UNKNOWN_REQUEST:
		node_asks(node);
		break;
	case BOOTSTRAP_MALFORMED:
	case BOOTSTRAP_BAD_PROOF:
		node->outlet.broken(node->outlet.context, avps.status == BOOTSTRAP_MALFORMED
		                                                  ? "a well-formed request was called malformed"
		                                                  : "a right signature was called wrong");
		break;
	default: /* B-41 */
		node_rests(node, bootstrap_status_name(avps.status));
		break;
	}
}
