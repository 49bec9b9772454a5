// SPDX-License-Identifier: BSD-3-Clause
/*
 * service_prefix - which addresses are ours, and which of their bits make the key (architecture.md 3): home prefixes
 * with /128, /64 or /56 keys, IPv4 in mapped form, Host Identity Tags. So tables need exact matches only, and "ours but
 * unbound" and "not ours" are different.
 *
 * Thread: built before the workers start; then read by any.
 */
#ifndef KEDGE_DATAPLANE_SERVICE_PREFIX_H
#define KEDGE_DATAPLANE_SERVICE_PREFIX_H

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

enum { SERVICE_PREFIXES_MAX = 64 };

struct service_prefix {
	uint64_t value[2]; /* as in memory: network order */
	uint64_t mask[2];
	uint64_t key_mask[2];
	uint8_t length;
	uint8_t key_length;
};

struct service_prefixes {
	unsigned count;
	struct service_prefix list[SERVICE_PREFIXES_MAX]; /* longest first */
};

/*
 * Adds a prefix; addresses in it are keyed by their first `key_length` bits. Returns 0; -EINVAL when key_length is
 * shorter than the prefix or over 128, the prefix has bits behind its length, or holds the unspecified address, which
 * is no key; -EEXIST; -ENOSPC.
 */
int service_prefixes_add(struct service_prefixes *prefixes, const struct in6_addr *prefix, unsigned length,
                         unsigned key_length);

/* The longest service prefix that holds the address, whose halves are as they stand in memory, or NULL. */
static inline const struct service_prefix *service_prefix_of_words(const struct service_prefixes *prefixes,
                                                                   uint64_t first, uint64_t last)
{
	const struct service_prefix *end = prefixes->list + prefixes->count;

	for (const struct service_prefix *prefix = prefixes->list; prefix < end; prefix++)
		if ((first & prefix->mask[0]) == prefix->value[0] && (last & prefix->mask[1]) == prefix->value[1])
			return prefix;
	return NULL;
}

static inline const struct service_prefix *service_prefix_of(const struct service_prefixes *prefixes,
                                                             const struct in6_addr *address)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return service_prefix_of_words(prefixes, words[0], words[1]);
}

/* The key of an address in this prefix. */
static inline void service_prefix_key(const struct service_prefix *prefix, const struct in6_addr *address,
                                      struct in6_addr *key)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	words[0] &= prefix->key_mask[0];
	words[1] &= prefix->key_mask[1];
	memcpy(key, words, sizeof(words));
}

#endif
