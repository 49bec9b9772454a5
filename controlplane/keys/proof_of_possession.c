// SPDX-License-Identifier: BSD-3-Clause
#include "proof_of_possession.h"

#include <errno.h>

#include "bootstrap_avp.h"
#include "pana.h"

enum role { ROLE_NODE = 1, ROLE_SERVER = 2 };

enum { AVPS_MAX = PANA_PAYLOAD_MAX / PANA_AVP_HEADER_OCTETS };

static bool is_excluded(uint16_t code, const uint16_t *excluded, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (excluded[i] == code)
			return true;
	return false;
}

int proof_digest_avps(struct wire_view plaintext, const uint16_t *excluded, size_t excluded_count,
                      uint8_t digest[HASH_SHA256_OCTETS])
{
	struct wire_reader reader = wire_reader_of_view(plaintext);
	struct wire_view parts[AVPS_MAX];
	enum pana_fault fault;
	struct pana_avp avp;
	size_t count = 0;

	while (pana_avp_read(&reader, &avp, &fault)) {
		if (is_excluded(avp.code, excluded, excluded_count))
			continue;
		if (count == AVPS_MAX)
			return -EBADMSG;
		parts[count++] = avp.encoded;
	}
	if (fault != PANA_FAULT_VALID)
		return -EBADMSG;
	hash_digest(HASH_SHA256, parts, count, digest);
	return 0;
}

int proof_request_digest(struct wire_view plaintext, uint8_t digest[HASH_SHA256_OCTETS])
{
	static const uint16_t excluded[] = {BOOT_REQUEST_ID, BOOT_HOST_IDENTITY, BOOT_POP_SIGNATURE};

	return proof_digest_avps(plaintext, excluded, sizeof(excluded) / sizeof(*excluded), digest);
}

int proof_answer_digest(struct wire_view plaintext, uint8_t digest[HASH_SHA256_OCTETS])
{
	static const uint16_t excluded[] = {BOOT_SERVER_SIGNATURE};

	return proof_digest_avps(plaintext, excluded, sizeof(excluded) / sizeof(*excluded), digest);
}

static void write_statement(struct wire_writer *writer, const struct proof_of_possession *proof, enum role role)
{
	static const char label[] = "kedge-pop-v1"; /* its NUL is part of it */
	size_t paa_id_octets = strlen(proof->paa_id);

	if (paa_id_octets > PROOF_PAA_ID_MAX)
		wire_writer_fail(writer);
	wire_write_bytes(writer, label, sizeof(label));
	wire_write_u8(writer, (uint8_t)role);
	wire_write_bytes(writer, proof->start_digest, HASH_SHA256_OCTETS);
	wire_write_view(writer, proof->paa_nonce);
	wire_write_view(writer, proof->pac_nonce);
	wire_write_u32(writer, proof->session_id);
	wire_write_u32(writer, proof->key_id);
	wire_write_view(writer, hash_secret(proof->boot_bind));
	wire_write_bytes(writer, proof->request_id, PROOF_REQUEST_ID_OCTETS);
	wire_write_bytes(writer, proof->host_identity_digest, HASH_SHA256_OCTETS);
	wire_write_bytes(writer, proof->request_digest, HASH_SHA256_OCTETS);
	wire_write_u16(writer, (uint16_t)paa_id_octets);
	wire_write_bytes(writer, proof->paa_id, paa_id_octets);
}

size_t proof_of_node(const struct proof_of_possession *proof, uint8_t tbs[PROOF_TBS_MAX])
{
	struct wire_writer writer = wire_writer_of(tbs, PROOF_TBS_MAX);

	write_statement(&writer, proof, ROLE_NODE);
	return wire_written(&writer);
}

size_t proof_of_server(const struct proof_of_possession *proof, const uint8_t answer_digest[HASH_SHA256_OCTETS],
                       uint8_t tbs[PROOF_TBS_MAX])
{
	struct wire_writer writer = wire_writer_of(tbs, PROOF_TBS_MAX);

	write_statement(&writer, proof, ROLE_SERVER);
	wire_write_bytes(&writer, answer_digest, HASH_SHA256_OCTETS);
	return wire_written(&writer);
}
