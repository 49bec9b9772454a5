// SPDX-License-Identifier: BSD-3-Clause
/*
 * population - the nodes of a made table: key and care-of address of the number-th are functions of seed and number, so
 * that a table of ten million is two numbers in a file. Each node has a /64 of 2001:db8:b000::/36.
 *
 * All numbers are drawn in counter mode: a function of seed, what they are for, and their place, by integers alone. So
 * they are the same on any machine, whatever their order.
 */
#ifndef KEDGE_BENCH_POPULATION_H
#define KEDGE_BENCH_POPULATION_H

#include "feed.h"
#include "ip.h"

enum { POPULATION_BITS = 28, POPULATION_KEY_LENGTH = 64, POPULATION_MAX = 100000000 };

struct population {
	uint64_t seed;
	uint32_t bindings; /* numbers from here to 2^28 - 1 are nodes without a binding */
};

/* splitmix64's last step. */
static inline uint64_t population_mix(uint64_t word)
{
	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
	word = (word ^ word >> 27) * 0x94d049bb133111ebull;
	return word ^ word >> 31;
}

/* The number drawn at `place` for `purpose`. */
static inline uint64_t population_draw(uint64_t seed, uint64_t purpose, uint64_t place)
{
	return population_mix(population_mix(seed + purpose * 0xd1342543de82ef95ull) + place * 0x9e3779b97f4a7c15ull);
}

/* A number below `bound` (< 2^32), from a drawn one. */
static inline uint32_t population_below(uint64_t drawn, uint64_t bound)
{
	return (uint32_t)((drawn >> 32) * bound >> 32);
}

/* The first eight octets of the number-th node's addresses, host order: another for each number below 2^28. */
static inline uint64_t population_network(const struct population *population, uint32_t number)
{
	const uint32_t all = (1u << POPULATION_BITS) - 1;
	uint32_t word = (number ^ (uint32_t)population->seed) & all;

	word = word * 0x9e3779b1u & all;
	word ^= word >> 15;
	word = word * 0x85ebca6bu & all;
	word ^= word >> 13;
	return 0x20010db8b0000000ull | word;
}

/* The last eight octets of the number-th node's care-of address, host order; the first are POPULATION_ACCESS. */
#define POPULATION_ACCESS 0x20010db801000000ull
static inline uint64_t population_access_host(uint32_t number)
{
	return 0x10000ull + number;
}

/* The row that binds the number-th node, without version. */
void population_row(const struct population *population, uint32_t number, uint64_t expiry_unix_ms,
                    struct feed_row *row);

#endif
