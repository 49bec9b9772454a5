// SPDX-License-Identifier: BSD-3-Clause
#include "address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { SUBNET_OCTETS = 8, DIGEST_OCTETS = HASH_SHA256_OCTETS, WORD_BITS = 64 };

static bool bit_of(const uint64_t *map, uint32_t at)
{
	return map[at / WORD_BITS] >> at % WORD_BITS & 1;
}

static void set_bit(uint64_t *map, uint32_t at, bool value)
{
	uint64_t bit = 1ull << at % WORD_BITS;

	map[at / WORD_BITS] = value ? map[at / WORD_BITS] | bit : map[at / WORD_BITS] & ~bit;
}

static uint64_t load_u64(const uint8_t *bytes)
{
	struct wire_reader reader = wire_reader_of(bytes, 8);

	return wire_read_u64(&reader);
}

static void store_u64(uint8_t *bytes, uint64_t value)
{
	wire_store_u32(bytes, (uint32_t)(value >> 32));
	wire_store_u32(bytes + 4, (uint32_t)value);
}

void address_pool_exclude_subnet(struct address_pool *pool, uint32_t subnet)
{
	if (subnet >= pool->subnets || bit_of(pool->never, subnet))
		return;
	if (bit_of(pool->map, subnet))
		pool->used--; /* it was leased before the configuration took it out */
	set_bit(pool->never, subnet, true);
	set_bit(pool->map, subnet, true);
	pool->excluded++;
}

int address_pool_start(struct address_pool *pool, const struct in6_addr *prefix, uint8_t prefix_length,
                       const struct secret *key)
{
	uint64_t network = load_u64(prefix->s6_addr);
	size_t words;

	memset(pool, 0, sizeof(*pool));
	if (prefix_length > 63 || prefix_length < 64 - ADDRESS_SUBNET_BITS_MAX)
		return -EINVAL;
	pool->prefix_length = prefix_length;
	store_u64(pool->prefix.s6_addr, network & ~0ull << (64 - prefix_length));
	pool->subnets = 1u << (64 - prefix_length);
	words = (pool->subnets + WORD_BITS - 1) / WORD_BITS;
	pool->map = calloc(words, sizeof(*pool->map));
	pool->never = calloc(words, sizeof(*pool->never));
	if (!pool->map || !pool->never) {
		address_pool_end(pool);
		return -ENOMEM;
	}
	pool->key = *key;
	address_pool_exclude_subnet(pool, 0);
	return 0;
}

void address_pool_end(struct address_pool *pool)
{
	free(pool->map);
	free(pool->never);
	secret_wipe(&pool->key);
	memset(pool, 0, sizeof(*pool));
}

bool address_pool_contains(const struct address_pool *pool, const struct in6_addr *address, uint32_t *subnet)
{
	uint64_t offset = load_u64(address->s6_addr) - load_u64(pool->prefix.s6_addr);

	if (offset >= pool->subnets)
		return false;
	*subnet = (uint32_t)offset;
	return true;
}

void address_pool_exclude(struct address_pool *pool, const struct in6_addr *address)
{
	uint32_t subnet;

	if (address_pool_contains(pool, address, &subnet))
		address_pool_exclude_subnet(pool, subnet);
}

void address_pool_take(struct address_pool *pool, uint32_t subnet)
{
	if (bit_of(pool->map, subnet))
		return;
	set_bit(pool->map, subnet, true);
	pool->used++;
}

void address_pool_give_back(struct address_pool *pool, uint32_t subnet)
{
	if (!bit_of(pool->map, subnet) || bit_of(pool->never, subnet))
		return;
	set_bit(pool->map, subnet, false);
	pool->used--;
}

enum address_alarm address_pool_alarm(const struct address_pool *pool)
{
	uint64_t dynamic = pool->subnets - pool->excluded;

	if (pool->used >= dynamic)
		return ADDRESS_ALARM_FULL;
	if (pool->used * 100ull >= dynamic * ADDRESS_ALARM_HIGH_PERCENT)
		return ADDRESS_ALARM_NEARLY_FULL;
	return pool->used * 100ull >= dynamic * ADDRESS_ALARM_PERCENT ? ADDRESS_ALARM_FILLING : ADDRESS_ALARM_NONE;
}

const char *address_alarm_text(enum address_alarm alarm)
{
	static const char *const texts[] = {"below 80 %", "80 % used", "95 % used", "full"};

	return texts[alarm];
}

const char *address_reason_text(enum address_reason reason)
{
	switch (reason) {
	case ADDRESS_SAME_AGAIN:
		return "the same as before";
	case ADDRESS_RESERVED:
		return "reserved for the subscriber";
	case ADDRESS_FROM_POOL:
		return "from the pool";
	case ADDRESS_WISH_NOT_LEASED:
		return "the wished address is not the subscriber's";
	case ADDRESS_POOL_EMPTY:
		return "the pool is empty";
	}
	return "unknown";
}

static void keyed_digest(const struct secret *key, const uint8_t prefix[SUBNET_OCTETS], const char *subscriber,
                         uint32_t counter, uint8_t digest[DIGEST_OCTETS])
{
	uint8_t number[4];
	const struct wire_view parts[] = {
	        hash_part(prefix, SUBNET_OCTETS),
	        hash_part(subscriber, strlen(subscriber) + 1),
	        hash_part(number, sizeof(number)),
	};

	wire_store_u32(number, counter);
	hash_hmac(HASH_SHA256, hash_secret(key), parts, sizeof(parts) / sizeof(parts[0]), digest);
}

bool address_identifier_is_reserved(const struct in6_addr *address)
{
	uint64_t identifier = load_u64(address->s6_addr + SUBNET_OCTETS);

	if (identifier == 0)
		return true; /* subnet-router anycast, RFC 4291 2.6.1 */
	if (identifier >= 0xfdffffffffffff80 && identifier <= 0xfdffffffffffffff)
		return true;                                                         /* RFC 2526 */
	return identifier >= 0x02005efffe000000 && identifier <= 0x02005efffeffffff; /* IANA Ethernet block, RFC 5453 */
}

void address_stable_identifier(const struct secret *key, const char *subscriber, struct in6_addr *address)
{
	uint8_t digest[DIGEST_OCTETS];
	uint32_t counter = 0;

	do {
		keyed_digest(key, address->s6_addr, subscriber, counter++, digest);
		memcpy(address->s6_addr + SUBNET_OCTETS, digest + DIGEST_OCTETS - SUBNET_OCTETS, SUBNET_OCTETS);
	} while (address_identifier_is_reserved(address));
}

/* The first free subnet at or behind `start`, round the pool. False: none. */
static bool next_free(const struct address_pool *pool, uint32_t start, uint32_t *subnet)
{
	uint32_t words = (pool->subnets + WORD_BITS - 1) / WORD_BITS;
	uint64_t valid = pool->subnets < WORD_BITS ? (1ull << pool->subnets) - 1 : ~0ull;

	for (uint32_t i = 0; i <= words; i++) {
		uint32_t word = (start / WORD_BITS + i) % words;
		uint64_t free_bits = ~pool->map[word] & valid;

		if (i == 0)
			free_bits &= ~0ull << start % WORD_BITS;
		if (free_bits) {
			*subnet = word * WORD_BITS + (uint32_t)__builtin_ctzll(free_bits);
			return true;
		}
	}
	return false;
}

/* The /64 that is reserved for the subscriber, or NULL. */
static const struct address_reservation *reservation_of(const struct address_question *question)
{
	for (size_t i = 0; i < question->reservation_count; i++)
		if (strcmp(question->reservations[i].subscriber, question->subscriber) == 0)
			return &question->reservations[i];
	return NULL;
}

static bool pick_from_pool(const struct address_question *question, uint32_t *subnet)
{
	const struct address_pool *pool = question->pool;
	uint8_t digest[DIGEST_OCTETS];

	keyed_digest(&pool->key, pool->prefix.s6_addr, question->subscriber, UINT32_MAX, digest);
	return next_free(pool, (uint32_t)(load_u64(digest) % pool->subnets), subnet);
}

/* B-38: only the address that is leased to him is a wish that can be had. */
static bool wish_is_current(const struct address_question *question)
{
	for (size_t i = 0; i < question->wish_count; i++)
		if (!question->current || memcmp(&question->wishes[i], question->current, sizeof(struct in6_addr)) != 0)
			return false;
	return true;
}

void address_decide(const struct address_question *question, struct address_decision *decision)
{
	const struct address_reservation *reservation = reservation_of(question);

	memset(decision, 0, sizeof(*decision));
	decision->wish_ignored = !wish_is_current(question);
	if (decision->wish_ignored && question->wish_strict) {
		decision->status = BOOTSTRAP_ADDRESS_NOT_AUTHORISED;
		decision->reason = ADDRESS_WISH_NOT_LEASED;
		return;
	}
	if (question->current && address_pool_contains(question->pool, question->current, &decision->subnet)) {
		decision->address = *question->current;
		decision->reason = ADDRESS_SAME_AGAIN;
		return;
	}
	if (reservation) {
		decision->subnet = reservation->subnet;
		decision->reason = ADDRESS_RESERVED;
	} else if (pick_from_pool(question, &decision->subnet)) {
		decision->reason = ADDRESS_FROM_POOL;
	} else {
		decision->status = BOOTSTRAP_POOL_EMPTY;
		decision->reason = ADDRESS_POOL_EMPTY;
		return;
	}
	store_u64(decision->address.s6_addr, load_u64(question->pool->prefix.s6_addr) + decision->subnet);
	address_stable_identifier(&question->pool->key, question->subscriber, &decision->address);
}
