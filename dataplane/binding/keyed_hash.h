// SPDX-License-Identifier: BSD-3-Clause
/*
 * keyed_hash - 64 bits of the 16 octets of a key, under a secret drawn at start.
 *
 * Owners choose their Host Identity Tags and the low half of their addresses, so a hash that they could compute, or a
 * linear one (CRC, Toeplitz) of which they could compute differences, would let them pile their keys into one group.
 * Where the processor has AES: four rounds of it under secret round keys, through which no difference of two keys
 * passes with a chance over 2^-113 (at least 25 active S-boxes in four rounds, each 2^-6 and less); three nanoseconds
 * less a packet than the other one, SipHash-1-3. Hashes never leave the process, so machines need not agree.
 */
#ifndef KEDGE_DATAPLANE_KEYED_HASH_H
#define KEDGE_DATAPLANE_KEYED_HASH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wmmintrin.h>

enum { HASH_AES_ROUNDS = 4 };

struct hash_secret {
	uint64_t words[2];
};

/* The secret made ready: that of SipHash, and a whitening key and round keys drawn from it. */
struct hash_key {
	uint64_t rounds[HASH_AES_ROUNDS + 1][2];
	struct hash_secret secret;
	bool has_aes;
} __attribute__((aligned(64)));

void hash_key_make(struct hash_secret secret, struct hash_key *key);

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

/* SipHash-1-3 of the two halves of the key as little-endian words. */
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

static inline uint64_t hash_by_siphash(const struct hash_key *key, const struct in6_addr *address)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return keyed_hash(key->secret, words[0], words[1]);
}

/* For functions that are compiled for processors with AES. */
static inline __attribute__((always_inline, target("aes"))) uint64_t hash_by_aes(const struct hash_key *key,
                                                                                 const struct in6_addr *address)
{
	const __m128i *rounds = (const __m128i *)key->rounds;
	__m128i state = _mm_xor_si128(_mm_loadu_si128((const __m128i *)address), rounds[0]);

	for (int i = 1; i <= HASH_AES_ROUNDS; i++)
		state = _mm_aesenc_si128(state, rounds[i]);
	return (uint64_t)_mm_cvtsi128_si64(state);
}

/* The hash of one address, by whichever of them this key is for. */
uint64_t hash_address(const struct hash_key *key, const struct in6_addr *address);

#endif
