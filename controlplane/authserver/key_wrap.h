// SPDX-License-Identifier: BSD-3-Clause
/*
 * key_wrap - K and OPc at rest (S-10): AES-256-GCM under the key file's key, bound to the IMSI, so that a row cannot be
 * put under another subscriber.
 *
 *   wrapped = version8 = 1 | nonce(12) | ciphertext(32) | tag(16)
 *
 * Thread: any.
 */
#ifndef KEDGE_AUTHSERVER_KEY_WRAP_H
#define KEDGE_AUTHSERVER_KEY_WRAP_H

#include "randomness.h"
#include "sealing.h"
#include "secret.h"

enum {
	KEY_WRAP_KEY_OCTETS = SEALING_KEY_OCTETS,
	WRAPPED_KEYS_OCTETS = 1 + SEALING_NONCE_OCTETS + 32 + SEALING_TAG_OCTETS,
};

/* Encrypts K and OPc, 16 octets each. */
void key_wrap(const struct secret *key, const char *imsi, const struct secret *k, const struct secret *opc,
              struct randomness *randomness, uint8_t wrapped[WRAPPED_KEYS_OCTETS]);

/* Returns 0, or -EBADMSG: another key file, another subscriber's row, or a changed one. */
int key_unwrap(const struct secret *key, const char *imsi, const uint8_t wrapped[WRAPPED_KEYS_OCTETS], struct secret *k,
               struct secret *opc);

#endif
