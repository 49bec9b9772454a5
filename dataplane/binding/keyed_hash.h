// SPDX-License-Identifier: BSD-3-Clause
/*
 * keyed_hash - SipHash-1-3 of 16 octets under a secret drawn at start.
 *
 * Owners choose their Host Identity Tags and the low half of their addresses, so a hash that they could compute, or a
 * linear one (CRC, Toeplitz) of which they could compute differences, would let them pile their keys into one bucket.
 */
#ifndef KEDGE_DATAPLANE_KEYED_HASH_H
#define KEDGE_DATAPLANE_KEYED_HASH_H

#include <stdint.h>

struct hash_secret {
	uint64_t words[2];
};

static inline uint64_t hash_rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void hash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = hash_rotate(v[1], 13) ^ v[0];
	v[3] = hash_rotate(v[3], 16) ^ v[2];
	v[0] = hash_rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = hash_rotate(v[3], 21) ^ v[0];
	v[1] = hash_rotate(v[1], 17) ^ v[2];
	v[2] = hash_rotate(v[2], 32);
}

/* The two halves of the key as little-endian words. */
static inline uint64_t keyed_hash(struct hash_secret secret, uint64_t low, uint64_t high)
{
	const uint64_t octets = 16ull << 56;
	uint64_t v[4] = {
	        secret.words[0] ^ 0x736f6d6570736575ull,
	        secret.words[1] ^ 0x646f72616e646f6dull,
	        secret.words[0] ^ 0x6c7967656e657261ull,
	        secret.words[1] ^ 0x7465646279746573ull,
	};

	v[3] ^= low;
	hash_round(v);
	v[0] ^= low;
	v[3] ^= high;
	hash_round(v);
	v[0] ^= high;
	v[3] ^= octets;
	hash_round(v);
	v[0] ^= octets;
	v[2] ^= 0xff;
	hash_round(v);
	hash_round(v);
	hash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
