// SPDX-License-Identifier: BSD-3-Clause
/*
 * request_keys - signatures and keys of one request, on top of controlplane/keys. Private to this folder.
 */
#ifndef KEDGE_MOBILITYSERVER_REQUEST_KEYS_H
#define KEDGE_MOBILITYSERVER_REQUEST_KEYS_H

#include "saga.h"

/* SHA-256 over a request's AVPs but the signature (B-45). */
void request_content_digest(struct wire_view plaintext, uint8_t digest[DIGEST_OCTETS]);

/* Fills the digests and the root of keys (K-7) of the saga from its request; the secret is wiped after that. */
void request_take_keys(struct saga *saga, struct wire_view plaintext, struct wire_view shared_secret);

/*
 * Asks a worker thread whether the request's PoP-Signature is right (K-10, K-12). The answer comes with result 0;
 * -EKEYREJECTED: the key is none that is taken (B-37, 202); another negative errno: bad proof (201).
 */
void request_verify(struct saga *saga, struct wire_view signature, effects_answer_function *answered,
                    struct effects *effects);

/*
 * Appends Server-Signature over the `octets` AVPs of the answer so far (K-11) to the writer. Returns 0 or a negative
 * errno.
 */
int request_sign_answer(const struct saga *saga, const void *avps, size_t octets, struct wire_writer *writer);

/* K-8: MN-HA-K. */
void request_association_key(const struct saga *saga, uint32_t spi, struct secret *key);

#endif
