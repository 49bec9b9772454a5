// SPDX-License-Identifier: BSD-3-Clause
#include "owner_marker.h"

#include "hash.h"

enum { MARKED_OCTETS = 16 };

char *owner_marker(const struct secret *owner_key, const void *id, size_t id_octets, char marker[OWNER_MARKER_OCTETS])
{
	static const char digits[] = "0123456789abcdef";
	const struct wire_view owner = hash_part(id, id_octets);
	uint8_t mac[HASH_SHA256_OCTETS];
	char *at = marker;

	hash_hmac(HASH_SHA256, hash_secret(owner_key), &owner, 1, mac);
	memcpy(at, "v1 ", 3);
	at += 3;
	for (size_t i = 0; i < MARKED_OCTETS; i++) {
		*at++ = digits[mac[i] >> 4];
		*at++ = digits[mac[i] & 15];
	}
	*at = '\0';
	return marker;
}
