// SPDX-License-Identifier: BSD-3-Clause
#include "rfc4285_mac.h"

#include <stdlib.h>
#include <openssl/crypto.h>

#include "hash.h"

/* Payload Proto, Header Len, MH Type, Reserved, Checksum (RFC 6275 6.1.1) */
enum { CHECKSUM_OFFSET = 4, BEHIND_CHECKSUM = 6 };

void rfc4285_mac_compute(const struct secret *key, const struct in6_addr *care_of_address,
                         const struct in6_addr *home_address, const uint8_t *mobility_header, size_t octets,
                         uint8_t mac[RFC4285_MAC_OCTETS])
{
	static const uint8_t no_checksum[2];
	uint8_t digest[HASH_SHA1_OCTETS];

	if (octets < BEHIND_CHECKSUM)
		abort(); /* a programming error: the header was parsed before */

	const struct wire_view parts[] = {
	        hash_part(care_of_address->s6_addr, 16),
	        hash_part(home_address->s6_addr, 16),
	        hash_part(mobility_header, CHECKSUM_OFFSET),
	        hash_part(no_checksum, sizeof(no_checksum)),
	        hash_part(mobility_header + BEHIND_CHECKSUM, octets - BEHIND_CHECKSUM),
	};

	hash_hmac(HASH_SHA1, hash_secret(key), parts, sizeof(parts) / sizeof(*parts), digest);
	memcpy(mac, digest, RFC4285_MAC_OCTETS);
}

bool rfc4285_mac_verify(const struct secret *key, const struct in6_addr *care_of_address,
                        const struct in6_addr *home_address, const uint8_t *mobility_header, size_t octets,
                        const uint8_t mac[RFC4285_MAC_OCTETS])
{
	uint8_t right[RFC4285_MAC_OCTETS];

	rfc4285_mac_compute(key, care_of_address, home_address, mobility_header, octets, right);
	return CRYPTO_memcmp(right, mac, RFC4285_MAC_OCTETS) == 0;
}
