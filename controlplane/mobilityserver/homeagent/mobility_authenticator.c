// SPDX-License-Identifier: BSD-3-Clause
#include "mobility_authenticator.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { CHECKSUM_AT = 4, CHECKSUM_OCTETS = 2, ADDRESSES_OCTETS = 2 * MOBILITY_ADDRESS_OCTETS };

int mobility_authenticator_make(const struct secret *key, const struct in6_addr *care_of_address,
                                const struct in6_addr *home_address, struct wire_view message,
                                const struct mobility_header *header, uint8_t authenticator[MOBILITY_MAC_OCTETS])
{
	uint8_t input[ADDRESSES_OCTETS + MOBILITY_HEADER_OCTETS_MAX];
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct wire_writer writer = wire_writer_of(input, sizeof(input));

	if (header->authenticator_offset < CHECKSUM_AT + CHECKSUM_OCTETS ||
	    header->authenticator_offset > message.octets)
		return -EINVAL;
	wire_write_bytes(&writer, care_of_address, MOBILITY_ADDRESS_OCTETS);
	wire_write_bytes(&writer, home_address, MOBILITY_ADDRESS_OCTETS);
	wire_write_bytes(&writer, message.bytes, header->authenticator_offset);
	wire_patch_u16(&writer, ADDRESSES_OCTETS + CHECKSUM_AT, 0);
	if (!wire_written(&writer) ||
	    !HMAC(EVP_sha1(), secret_bytes(key), (int)secret_octets(key), input, wire_written(&writer), digest, NULL))
		return -EIO;
	memcpy(authenticator, digest, MOBILITY_MAC_OCTETS);
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}

bool mobility_authenticator_is_right(const struct secret *key, const struct in6_addr *care_of_address,
                                     const struct in6_addr *home_address, struct wire_view message,
                                     const struct mobility_header *header)
{
	uint8_t expected[MOBILITY_MAC_OCTETS];
	bool right;

	if (header->options.authenticator.octets != sizeof(expected) ||
	    mobility_authenticator_make(key, care_of_address, home_address, message, header, expected))
		return false;
	right = CRYPTO_memcmp(expected, header->options.authenticator.bytes, sizeof(expected)) == 0;
	OPENSSL_cleanse(expected, sizeof(expected));
	return right;
}
