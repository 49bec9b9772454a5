// SPDX-License-Identifier: BSD-3-Clause
#include "key_wrapping.h"

#include <errno.h>

#include "hash.h"
#include "randomness.h"

int key_wrap(const struct secret *store_key, struct wire_view bound_to, const struct secret *key,
             uint8_t wrapped[KEY_WRAPPED_MAX])
{
	int result;

	if (secret_octets(store_key) != KEY_WRAPPING_KEY_OCTETS)
		return -EINVAL;
	randomness_fill(randomness_system(), wrapped, SEALING_NONCE_OCTETS);
	result = sealing_seal(secret_bytes(store_key), wrapped, bound_to, hash_secret(key),
	                      wrapped + SEALING_NONCE_OCTETS);
	return result ? result : (int)(SEALING_NONCE_OCTETS + secret_octets(key) + SEALING_TAG_OCTETS);
}

int key_unwrap(const struct secret *store_key, struct wire_view bound_to, struct wire_view wrapped, struct secret *key)
{
	struct wire_reader reader = wire_reader_of_view(wrapped);
	const uint8_t *nonce = wire_read_bytes(&reader, SEALING_NONCE_OCTETS);
	struct wire_view sealed = wire_read_view(&reader, wire_remaining(&reader));
	int result = -EBADMSG;

	secret_wipe(key);
	if (secret_octets(store_key) != KEY_WRAPPING_KEY_OCTETS)
		return -EINVAL;
	if (sealed.octets >= SEALING_TAG_OCTETS && sealed.octets - SEALING_TAG_OCTETS <= SECRET_MAX_OCTETS)
		result = sealing_open(secret_bytes(store_key), nonce, bound_to, sealed,
		                      secret_fill(key, sealed.octets - SEALING_TAG_OCTETS));
	if (result)
		secret_wipe(key);
	return result == -EBADMSG ? -EKEYREJECTED : result;
}
