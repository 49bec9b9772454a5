// SPDX-License-Identifier: BSD-3-Clause
#include "table_rivals.h"

#include <errno.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>

#include "huge_memory.h"
#include "machine.h"
#include "population.h"

enum { BURST_MAX_LINES = 64, HASH_OCTETS_A_KEY = 96, DPDK_OCTETS = 96 << 20 };

int limits_make(struct memory_limits *limits, uint32_t lines, uint64_t seed)
{
	limits->line_count = lines;
	limits->index_count = lines / (LINE_WORDS / 2) + 1;
	limits->lines = huge_memory_map(lines * sizeof(*limits->lines));
	limits->index = huge_memory_map(limits->index_count * sizeof(*limits->index));
	if (!limits->lines || !limits->index)
		return -ENOMEM;
	memset(limits->lines, 1, lines * sizeof(*limits->lines));
	for (uint32_t i = 0; i < limits->index_count; i++)
		for (uint32_t j = 0; j < LINE_WORDS; j++)
			limits->index[i][j] =
			        population_below(population_draw(seed, 9, (uint64_t)i * LINE_WORDS + j), lines);
	return 0;
}

void limits_free(struct memory_limits *limits)
{
	huge_memory_unmap(limits->lines);
	huge_memory_unmap(limits->index);
}

uint64_t limits_one_line(const struct memory_limits *limits, const uint32_t *numbers, unsigned count)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(limits->lines[numbers[i]]);
	for (unsigned i = 0; i < count; i++)
		sum += limits->lines[numbers[i]][0];
	return sum;
}

uint64_t limits_two_lines(const struct memory_limits *limits, const uint32_t *numbers, unsigned count)
{
	uint64_t named[BURST_MAX_LINES], sum = 0;

	for (unsigned i = 0; i < count; i++) {
		named[i] = (uint64_t)(numbers[i] * 0x9e3779b1u) * limits->index_count >> 32;
		__builtin_prefetch(limits->index[named[i]]);
	}
	for (unsigned i = 0; i < count; i++) {
		named[i] = limits->index[named[i]][numbers[i] % LINE_WORDS];
		__builtin_prefetch(limits->lines[named[i]]);
	}
	for (unsigned i = 0; i < count; i++)
		sum += limits->lines[named[i]][0];
	return sum;
}

int rivals_start_dpdk(uint32_t keys)
{
	return machine_start_dpdk_for((size_t)keys * HASH_OCTETS_A_KEY + DPDK_OCTETS);
}

struct rte_hash *rivals_hash(uint32_t keys)
{
	const struct rte_hash_parameters parameters = {
	        .name = "bindings",
	        .entries = keys + keys / 4, /* it holds no more than that surely */
	        .key_len = sizeof(struct in6_addr),
	        .hash_func = rte_hash_crc,
	        .socket_id = SOCKET_ID_ANY,
	};

	return rte_hash_create(&parameters);
}

uint64_t rivals_hash_and_line(const struct rte_hash *hash, const struct memory_limits *limits,
                              const struct in6_addr *const *keys, unsigned count)
{
	const void *pointers[BURST_MAX_LINES];
	int32_t positions[BURST_MAX_LINES];
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		pointers[i] = keys[i];
	if (rte_hash_lookup_bulk(hash, pointers, count, positions))
		return 0;
	for (unsigned i = 0; i < count; i++) {
		positions[i] = positions[i] < 0 ? 0 : (int32_t)((uint32_t)positions[i] % limits->line_count);
		__builtin_prefetch(limits->lines[positions[i]]);
	}
	for (unsigned i = 0; i < count; i++)
		sum += limits->lines[positions[i]][0];
	return sum;
}
