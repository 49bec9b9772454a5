// SPDX-License-Identifier: BSD-3-Clause
/*
 * randomness - the one source of random octets. Processes use the system's; the simulation gives a seeded one, so that
 * a seed replays exactly.
 */
#ifndef KEDGE_RUNTIME_RANDOMNESS_H
#define KEDGE_RUNTIME_RANDOMNESS_H

#include <stddef.h>
#include <stdint.h>

struct randomness {
	void (*fill)(struct randomness *self, void *out, size_t octets);
};

/* Fills `out`; never fails (a process without randomness ends at once). */
void randomness_fill(struct randomness *randomness, void *out, size_t octets);
uint32_t randomness_u32(struct randomness *randomness);
uint64_t randomness_u64(struct randomness *randomness);

/* Uniform in 0..bound-1, bound > 0. */
uint32_t randomness_below(struct randomness *randomness, uint32_t bound);

/* The kernel's generator through OpenSSL. Any thread. */
struct randomness *randomness_system(void);

/* Deterministic (xoshiro256**), for the simulation and for tests; never for keys. */
struct randomness_seeded {
	struct randomness randomness;
	uint64_t state[4];
};
struct randomness *randomness_seeded_start(struct randomness_seeded *seeded, uint64_t seed);

#endif
