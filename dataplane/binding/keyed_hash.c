// SPDX-License-Identifier: BSD-3-Clause
#include "keyed_hash.h"

void hash_key_make(struct hash_secret secret, struct hash_key *key)
{
	key->secret = secret;
	key->has_aes = __builtin_cpu_supports("aes");
	for (uint64_t round = 0; round <= HASH_AES_ROUNDS; round++)
		for (uint64_t half = 0; half < 2; half++)
			key->rounds[round][half] = keyed_hash(secret, round, half);
}

static __attribute__((target("aes"))) uint64_t hash_one_by_aes(const struct hash_key *key,
                                                               const struct in6_addr *address)
{
	return hash_by_aes(key, address);
}

uint64_t hash_address(const struct hash_key *key, const struct in6_addr *address)
{
	return key->has_aes ? hash_one_by_aes(key, address) : hash_by_siphash(key, address);
}
