// SPDX-License-Identifier: BSD-3-Clause
#include "secret.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

uint8_t *secret_fill(struct secret *secret, size_t octets)
{
	if (octets > SECRET_MAX_OCTETS)
		abort();
	secret_wipe(secret);
	secret->octets = (uint8_t)octets;
	return secret->hidden;
}

void secret_set(struct secret *secret, const void *bytes, size_t octets)
{
	uint8_t *to = secret_fill(secret, octets);

	if (octets)
		memcpy(to, bytes, octets);
}

const uint8_t *secret_bytes(const struct secret *secret)
{
	return secret->hidden;
}

size_t secret_octets(const struct secret *secret)
{
	return secret->octets;
}

bool secret_is_empty(const struct secret *secret)
{
	return secret->octets == 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->octets == b->octets && CRYPTO_memcmp(a->hidden, b->hidden, a->octets) == 0;
}

void secret_wipe(struct secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}
