// SPDX-License-Identifier: BSD-3-Clause
/*
 * sealing - what rests on a disk under a key: AES-256-GCM. The layout around it (version, nonce, what it is bound to)
 * is its owner's.
 *
 * Pure; any thread.
 */
#ifndef KEDGE_KEYS_SEALING_H
#define KEDGE_KEYS_SEALING_H

#include "wire.h"

enum { SEALING_KEY_OCTETS = 32, SEALING_NONCE_OCTETS = 12, SEALING_TAG_OCTETS = 16 };

/*
 * Writes ciphertext and tag, SEALING_TAG_OCTETS more than the plaintext. `nonce` never comes twice under one key;
 * `bound_to` is authenticated with it. Returns 0 or -EIO (the cryptographic library refused).
 */
int sealing_seal(const uint8_t key[SEALING_KEY_OCTETS], const uint8_t nonce[SEALING_NONCE_OCTETS],
                 struct wire_view bound_to, struct wire_view plaintext, uint8_t *sealed);

/*
 * Writes the plaintext, SEALING_TAG_OCTETS less than `sealed` (which has at least those). Returns 0; -EBADMSG when it
 * was sealed under another key, nonce or bond, or changed since: the plaintext is wiped then; -EIO.
 */
int sealing_open(const uint8_t key[SEALING_KEY_OCTETS], const uint8_t nonce[SEALING_NONCE_OCTETS],
                 struct wire_view bound_to, struct wire_view sealed, uint8_t *plaintext);

#endif
