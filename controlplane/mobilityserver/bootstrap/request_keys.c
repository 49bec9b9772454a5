// SPDX-License-Identifier: BSD-3-Clause
#include "request_keys.h"

#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hash.h"
#include "host_key.h"
#include "mobility_keys.h"
#include "pana.h"
#include "proof_of_possession.h"

/* What the worker thread gets; it knows nothing else. */
struct verification {
	struct host_identity_value identity;
	uint16_t signature_octets;
	uint8_t signature[HOST_SIGNATURE_MAX + 1]; /* with its algorithm */
	uint16_t tbs_octets;
	uint8_t tbs[PROOF_TBS_MAX];
};

void request_content_digest(struct wire_view plaintext, uint8_t digest[DIGEST_OCTETS])
{
	static const uint16_t signature[] = {BOOT_POP_SIGNATURE};

	if (proof_digest_avps(plaintext, signature, 1, digest))
		memset(digest, 0, DIGEST_OCTETS); /* not a row of AVPs: it was refused before */
}

void request_take_keys(struct saga *saga, struct wire_view plaintext, struct wire_view shared_secret)
{
	struct wire_view identity = hash_part(saga->identity.value, saga->identity.octets);

	if (proof_request_digest(plaintext, saga->rest_digest))
		memset(saga->rest_digest, 0, sizeof(saga->rest_digest));
	hash_digest(HASH_SHA256, &identity, 1, saga->identity_digest);
	if (shared_secret.octets) {
		struct secret secret = {.octets = 0};

		secret_set(&secret, shared_secret.bytes, shared_secret.octets);
		mobility_root_key_with_secret(&saga->session.mobility_root, &secret, &saga->root);
		secret_wipe(&secret);
	} else {
		saga->root = saga->session.mobility_root;
	}
}

static void describe(const struct saga *saga, const struct secret *boot_bind, struct proof_of_possession *proof)
{
	*proof = (struct proof_of_possession){
	        .paa_nonce = saga->session.paa_nonce,
	        .pac_nonce = saga->session.pac_nonce,
	        .session_id = saga->session.session_id,
	        .key_id = saga->session.key_id,
	        .boot_bind = boot_bind,
	        .paa_id = saga->core->options.paa_id,
	};
	memcpy(proof->start_digest, saga->session.start_digest, sizeof(proof->start_digest));
	memcpy(proof->request_id, saga->request_id, sizeof(proof->request_id));
	memcpy(proof->host_identity_digest, saga->identity_digest, sizeof(proof->host_identity_digest));
	memcpy(proof->request_digest, saga->rest_digest, sizeof(proof->request_digest));
}

/* The data that are signed; `answer_digest` NULL: by the node. Returns their octets. */
static size_t write_tbs(const struct saga *saga, const uint8_t *answer_digest, uint8_t tbs[PROOF_TBS_MAX])
{
	struct secret boot_bind = {.octets = 0};
	struct proof_of_possession proof;
	size_t octets;

	mobility_boot_bind(&saga->session.mobility_root, &boot_bind);
	describe(saga, &boot_bind, &proof);
	octets = answer_digest ? proof_of_server(&proof, answer_digest, tbs) : proof_of_node(&proof, tbs);
	secret_wipe(&boot_bind);
	return octets;
}

/* On a worker thread (F-7). */
static int verify(const void *request, size_t octets, void *answer, size_t answer_capacity, size_t *answer_octets)
{
	const struct verification *verification = request;

	(void)octets, (void)answer, (void)answer_capacity;
	*answer_octets = 0;
	return host_identity_verify(hash_part(verification->identity.value, verification->identity.octets),
	                            hash_part(verification->tbs, verification->tbs_octets),
	                            hash_part(verification->signature, verification->signature_octets));
}

void request_verify(struct saga *saga, struct wire_view signature, effects_answer_function *answered,
                    struct effects *effects)
{
	struct verification verification = {.identity = saga->identity};

	/* a longer one fits no key, and so does what is kept of it */
	verification.signature_octets =
	        (uint16_t)(signature.octets < sizeof(verification.signature) ? signature.octets
	                                                                     : sizeof(verification.signature));
	memcpy(verification.signature, signature.bytes, verification.signature_octets);
	verification.tbs_octets = (uint16_t)write_tbs(saga, NULL, verification.tbs);
	effects_query(effects, verify, &verification, sizeof(verification), answered, saga->core, saga->token);
	OPENSSL_cleanse(&verification, sizeof(verification));
}

int request_sign_answer(const struct saga *saga, const void *avps, size_t octets, struct wire_writer *writer)
{
	uint8_t digest[DIGEST_OCTETS], tbs[PROOF_TBS_MAX], signature[HOST_SIGNATURE_MAX];
	size_t signature_octets = 0, tbs_octets;
	int result = proof_answer_digest(hash_part(avps, octets), digest);

	if (result)
		return result;
	tbs_octets = write_tbs(saga, digest, tbs);
	result = host_key_sign(saga->core->options.host_key, hash_part(tbs, tbs_octets), signature, &signature_octets);
	OPENSSL_cleanse(tbs, sizeof(tbs));
	if (!result)
		pana_avp_write(writer, saga->core->options.vendor, BOOT_SERVER_SIGNATURE, signature, signature_octets);
	return result;
}

void request_association_key(const struct saga *saga, uint32_t spi, struct secret *key)
{
	mobility_agent_key(&saga->root, spi, &saga->target.address, &saga->core->options.home_agent,
	                   saga->identity_digest, key);
}
