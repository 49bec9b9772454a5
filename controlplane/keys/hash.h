// SPDX-License-Identifier: BSD-3-Clause
/*
 * hash - digests and HMACs over octets that lie in several places, so that key derivations read like their formulas.
 *
 * None of these can fail with valid arguments: a process whose cryptographic library fails (out of memory) ends at
 * once. Thread: any.
 */
#ifndef KEDGE_KEYS_HASH_H
#define KEDGE_KEYS_HASH_H

#include <string.h>

#include "secret.h"
#include "wire.h"

enum hash_algorithm { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

enum { HASH_SHA1_OCTETS = 20, HASH_SHA256_OCTETS = 32, HASH_SHA384_OCTETS = 48, HASH_MAX_OCTETS = 48 };

size_t hash_octets(enum hash_algorithm algorithm);

/* Parts of an input. */
static inline struct wire_view hash_part(const void *bytes, size_t octets)
{
	return (struct wire_view){.bytes = (const uint8_t *)bytes, .octets = octets};
}

static inline struct wire_view hash_text(const char *text)
{
	return hash_part(text, strlen(text));
}

static inline struct wire_view hash_secret(const struct secret *secret)
{
	return hash_part(secret_bytes(secret), secret_octets(secret));
}

/* Writes hash_octets(algorithm) octets to `out`. */
void hash_digest(enum hash_algorithm algorithm, const struct wire_view *parts, size_t count, uint8_t *out);
void hash_hmac(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
               uint8_t *out);

#endif
