// SPDX-License-Identifier: BSD-3-Clause
/*
 * table_rivals - what the binding table is measured against: the memory itself, and DPDK's hash table with a line of
 * the binding's own behind it.
 */
#ifndef KEDGE_BENCH_TABLE_RIVALS_H
#define KEDGE_BENCH_TABLE_RIVALS_H

#include <netinet/in.h>
#include <stdint.h>

enum { LINE_WORDS = 8 };

/* An array of entry lines, and one of index lines of which each names eight entries at random, half full as such
 * indexes are. */
struct memory_limits {
	uint64_t (*lines)[LINE_WORDS];
	uint64_t (*index)[LINE_WORDS];
	uint32_t line_count;
	uint32_t index_count;
};

/* 0 or -ENOMEM. */
int limits_make(struct memory_limits *limits, uint32_t lines, uint64_t seed);
void limits_free(struct memory_limits *limits);

/* Reads one random line each, or an index line and the line that it names: all prefetched, then read. */
uint64_t limits_one_line(const struct memory_limits *limits, const uint32_t *numbers, unsigned count);
uint64_t limits_two_lines(const struct memory_limits *limits, const uint32_t *numbers, unsigned count);

struct rte_hash;

/* DPDK with enough memory for its hash table, in large pages if there are any. 0 or a negative errno. */
int rivals_start_dpdk(uint32_t keys);

/* A hash table for so many keys of 16 octets, or NULL. */
struct rte_hash *rivals_hash(uint32_t keys);

/* Looks up keys by rte_hash_lookup_bulk(), then reads the line of each. */
uint64_t rivals_hash_and_line(const struct rte_hash *hash, const struct memory_limits *limits,
                              const struct in6_addr *const *keys, unsigned count);

#endif
