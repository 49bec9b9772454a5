// SPDX-License-Identifier: BSD-3-Clause
/*
 * proof_of_possession - the data that node and server sign in a bootstrap (K-10, K-11). The signature itself is
 * host_key's.
 *
 *   TBS = "kedge-pop-v1" | 0x00 | role | SHA256(I_PAR|I_PAN) | PAA_nonce | PaC_nonce | SID | Key-Id | BOOT-BIND
 *       | Boot-Request-Id | SHA256(HI-value) | SHA256(R) | L16(PAA-Id) | PAA-Id [| SHA256(A)]
 */
#ifndef KEDGE_KEYS_PROOF_OF_POSSESSION_H
#define KEDGE_KEYS_PROOF_OF_POSSESSION_H

#include "hash.h"

enum {
	PROOF_REQUEST_ID_OCTETS = 16,
	PROOF_NONCE_MAX = 256, /* ours have 32; B-18 accepts longer ones */
	PROOF_PAA_ID_MAX = 253,
	PROOF_TBS_MAX = 13 + 1 + 32 + 2 * PROOF_NONCE_MAX + 8 + 32 + 16 + 32 + 32 + 2 + PROOF_PAA_ID_MAX + 32,
};

/* One full request, as both ends know it. Also after polls it is this that the server signs (K-11). */
struct proof_of_possession {
	uint8_t start_digest[HASH_SHA256_OCTETS]; /* SHA256(I_PAR|I_PAN) */
	struct wire_view paa_nonce;
	struct wire_view pac_nonce;
	uint32_t session_id;
	uint32_t key_id;
	const struct secret *boot_bind;
	uint8_t request_id[PROOF_REQUEST_ID_OCTETS];
	uint8_t host_identity_digest[HASH_SHA256_OCTETS]; /* SHA256(HI-value), the node's */
	uint8_t request_digest[HASH_SHA256_OCTETS];       /* SHA256(R) */
	const char *paa_id;                               /* K-3 */
};

/*
 * SHA256 over the complete encodings of all AVPs of `plaintext` but those of the `excluded` codes: R (258, 259, 260)
 * and A (272) of K-10 and K-11. Returns 0, or -EBADMSG when the plaintext is no row of AVPs.
 */
int proof_digest_avps(struct wire_view plaintext, const uint16_t *excluded, size_t excluded_count,
                      uint8_t digest[HASH_SHA256_OCTETS]);

/* R of a request's plaintext, A of an answer's. */
int proof_request_digest(struct wire_view plaintext, uint8_t digest[HASH_SHA256_OCTETS]);
int proof_answer_digest(struct wire_view plaintext, uint8_t digest[HASH_SHA256_OCTETS]);

/*
 * What the node signs, and what the server signs (`answer_digest` = SHA256(A)). Each returns the octets written, or 0
 * when a nonce or PAA-Id is too long. It holds BOOT-BIND: the caller wipes it.
 */
size_t proof_of_node(const struct proof_of_possession *proof, uint8_t tbs[PROOF_TBS_MAX]);
size_t proof_of_server(const struct proof_of_possession *proof, const uint8_t answer_digest[HASH_SHA256_OCTETS],
                       uint8_t tbs[PROOF_TBS_MAX]);

#endif
