// SPDX-License-Identifier: BSD-3-Clause
#include "population.h"

static void store_u64(uint8_t *bytes, uint64_t value)
{
	wire_store_u32(bytes, (uint32_t)(value >> 32));
	wire_store_u32(bytes + 4, (uint32_t)value);
}

void population_row(const struct population *population, uint32_t number, uint64_t expiry_unix_ms, struct feed_row *row)
{
	*row = (struct feed_row){.operation = FEED_SET,
	                         .key_length = POPULATION_KEY_LENGTH,
	                         .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	                         .expiry_unix_ms = expiry_unix_ms};
	store_u64(row->key, population_network(population, number));
	store_u64(row->care_of_address, POPULATION_ACCESS);
	store_u64(row->care_of_address + 8, population_access_host(number));
}
