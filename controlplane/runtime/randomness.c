// SPDX-License-Identifier: BSD-3-Clause
#include "randomness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>

void randomness_fill(struct randomness *randomness, void *out, size_t octets)
{
	randomness->fill(randomness, out, octets);
}

uint32_t randomness_u32(struct randomness *randomness)
{
	uint32_t value;

	randomness_fill(randomness, &value, sizeof(value));
	return value;
}

uint64_t randomness_u64(struct randomness *randomness)
{
	uint64_t value;

	randomness_fill(randomness, &value, sizeof(value));
	return value;
}

uint32_t randomness_below(struct randomness *randomness, uint32_t bound)
{
	uint32_t reject_below = -bound % bound;
	uint32_t value;

	do {
		value = randomness_u32(randomness);
	} while (value < reject_below);
	return value % bound;
}

static void system_fill(struct randomness *self, void *out, size_t octets)
{
	(void)self;
	if (RAND_bytes(out, (int)octets) != 1) {
		fprintf(stderr, "error: the system gives no random octets\n");
		abort();
	}
}

struct randomness *randomness_system(void)
{
	static struct randomness system = {.fill = system_fill};

	return &system;
}

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static uint64_t seeded_next(uint64_t state[4])
{
	uint64_t result = rotate(state[1] * 5, 7) * 9;
	uint64_t shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate(state[3], 45);
	return result;
}

static void seeded_fill(struct randomness *self, void *out, size_t octets)
{
	struct randomness_seeded *seeded = (struct randomness_seeded *)self;
	uint8_t *at = out;

	while (octets) {
		uint64_t word = seeded_next(seeded->state);
		size_t piece = octets < sizeof(word) ? octets : sizeof(word);

		memcpy(at, &word, piece);
		at += piece;
		octets -= piece;
	}
}

struct randomness *randomness_seeded_start(struct randomness_seeded *seeded, uint64_t seed)
{
	seeded->randomness.fill = seeded_fill;
	for (int i = 0; i < 4; i++) {
		/* splitmix64, so that near seeds give far states */
		uint64_t z = seed += 0x9e3779b97f4a7c15ull;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		seeded->state[i] = z ^ z >> 31;
	}
	return &seeded->randomness;
}
