// SPDX-License-Identifier: BSD-3-Clause
/*
 * key_wrapping - keys at rest: AES-256-GCM under the store's key (32 octets, from the owner's key file), a fresh random
 * nonce each time; `bound_to` (what the key is for) is authenticated with it, so that a wrapped key is of no use in
 * another row. Wrapped: nonce 12 | ciphertext | tag 16. Any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_KEY_WRAPPING_H
#define KEDGE_MOBILITYSERVER_KEY_WRAPPING_H

#include "sealing.h"
#include "secret.h"

enum {
	KEY_WRAPPING_KEY_OCTETS = SEALING_KEY_OCTETS,
	KEY_WRAPPED_MAX = SEALING_NONCE_OCTETS + SECRET_MAX_OCTETS + SEALING_TAG_OCTETS,
};

/* Returns the octets written, or -EINVAL (the store's key has another length), -EIO. */
int key_wrap(const struct secret *store_key, struct wire_view bound_to, const struct secret *key,
             uint8_t wrapped[KEY_WRAPPED_MAX]);

/* Returns 0; -EKEYREJECTED when it was not wrapped so, or changed since; -EINVAL, -EIO. */
int key_unwrap(const struct secret *store_key, struct wire_view bound_to, struct wire_view wrapped, struct secret *key);

#endif
