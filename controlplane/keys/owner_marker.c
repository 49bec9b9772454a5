// SPDX-License-Identifier: BSD-3-Clause
#include "owner_marker.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { MARKED_OCTETS = 16 };

char *owner_marker(const struct secret *owner_key, const void *id, size_t id_octets, char marker[OWNER_MARKER_OCTETS])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[EVP_MAX_MD_SIZE];
	char *at = marker;

	if (!HMAC(EVP_sha256(), secret_bytes(owner_key), (int)secret_octets(owner_key), id, id_octets, mac, NULL))
		abort();
	memcpy(at, "v1 ", 3);
	at += 3;
	for (size_t i = 0; i < MARKED_OCTETS; i++) {
		*at++ = digits[mac[i] >> 4];
		*at++ = digits[mac[i] & 15];
	}
	*at = '\0';
	return marker;
}
