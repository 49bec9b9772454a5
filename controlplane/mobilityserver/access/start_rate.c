// SPDX-License-Identifier: BSD-3-Clause
#include "start_rate.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"

enum { SLOTS = 16384, PER_SECOND = 100, SECOND_MS = 1000 };

struct slot {
	uint64_t last_ms;
	uint32_t tokens_ms; /* a token is SECOND_MS / PER_SECOND of them */
};

struct start_rate {
	uint64_t keys[2];
	struct slot slots[SLOTS];
};

/* The first 48 bits of an IPv6 address, or the first 24 of an IPv4 address, and which of both it is. */
static uint64_t network_of(const struct in6_addr *source)
{
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(source);
	const uint8_t *at = source->s6_addr + (ipv4 ? 12 : 0);
	uint64_t network = ipv4 ? 4 : 6;

	for (int i = 0; i < (ipv4 ? 3 : 6); i++)
		network = network << 8 | at[i];
	return network;
}

/* Keyed and not linear, so that nobody can choose networks that meet in one slot. */
static size_t slot_of(const struct start_rate *rate, uint64_t network)
{
	unsigned __int128 product = (unsigned __int128)(network ^ rate->keys[0]) * (rate->keys[1] | 1);
	uint64_t mixed = (uint64_t)product ^ (uint64_t)(product >> 64);

	mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15;
	return (size_t)(mixed >> 40) % SLOTS;
}

struct start_rate *start_rate_new(struct randomness *randomness)
{
	struct start_rate *rate = allocate(sizeof(*rate));

	randomness_fill(randomness, rate->keys, sizeof(rate->keys));
	for (size_t i = 0; i < SLOTS; i++)
		rate->slots[i].tokens_ms = SECOND_MS;
	return rate;
}

void start_rate_free(struct start_rate *rate)
{
	free(rate);
}

bool start_rate_pass(struct start_rate *rate, const struct in6_addr *source, uint64_t now_ms)
{
	struct slot *slot = &rate->slots[slot_of(rate, network_of(source))];
	uint64_t passed_ms = now_ms - slot->last_ms;
	uint64_t tokens_ms = slot->tokens_ms + passed_ms;

	slot->tokens_ms = tokens_ms > SECOND_MS ? SECOND_MS : (uint32_t)tokens_ms;
	slot->last_ms = now_ms;
	if (slot->tokens_ms < SECOND_MS / PER_SECOND)
		return false;
	slot->tokens_ms -= SECOND_MS / PER_SECOND;
	return true;
}
