// SPDX-License-Identifier: BSD-3-Clause
#include "prf_plus.h"

#include <stdlib.h>
#include <openssl/crypto.h>

void prf_plus(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
              void *out, size_t octets)
{
	struct wire_view input[PRF_PLUS_PARTS_MAX + 2];
	uint8_t block[HASH_MAX_OCTETS];
	uint8_t *at = (uint8_t *)out;
	uint8_t number = 1;

	if (count > PRF_PLUS_PARTS_MAX || octets > 255 * hash_octets(algorithm))
		abort(); /* a programming error: all lengths are constants of ours */
	for (size_t i = 0; i < count; i++)
		input[i + 1] = parts[i];
	input[0] = hash_part(block, 0);
	input[count + 1] = hash_part(&number, 1);
	for (; octets > 0; number++) {
		size_t taken = hash_octets(algorithm);

		hash_hmac(algorithm, key, input, count + 2, block);
		input[0] = hash_part(block, taken);
		taken = octets < taken ? octets : taken;
		memcpy(at, block, taken);
		at += taken;
		octets -= taken;
	}
	OPENSSL_cleanse(block, sizeof(block));
}

void prf_plus_secret(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
                     struct secret *out, size_t octets)
{
	struct secret derived;

	/* not straight into `out`, which may be the key */
	prf_plus(algorithm, key, parts, count, secret_fill(&derived, octets), octets);
	*out = derived;
	secret_wipe(&derived);
}
