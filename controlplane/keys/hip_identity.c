// SPDX-License-Identifier: BSD-3-Clause
#include "hip_identity.h"

#include <errno.h>
#include <openssl/evp.h>

enum { CONTEXT_ID_OCTETS = 16, MIDDLE_OCTETS = 12 };

/* The HIP context id of RFC 7401 section 3.2. */
static const uint8_t context_id[CONTEXT_ID_OCTETS] = {0xf0, 0xef, 0xf0, 0x2f, 0xbf, 0xf4, 0x3d, 0x0f,
                                                      0xe7, 0x93, 0x0c, 0x3c, 0x6e, 0x61, 0x74, 0xea};

int hip_identity_tag(const struct hip_host_identity *identity, struct in6_addr *tag)
{
	uint8_t input[CONTEXT_ID_OCTETS + HIP_HOST_ID_MAX];
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned int hash_octets = 0;
	struct wire_writer writer = wire_writer_of(input, sizeof(input));
	uint8_t suite = hip_suite_of(identity->key_algorithm);
	const EVP_MD *digest = suite == HIP_SUITE_RSA_SHA256 ? EVP_sha256() : EVP_sha384();

	wire_write_bytes(&writer, context_id, sizeof(context_id));
	hip_host_id_form_write(&writer, identity);
	if (writer.failed)
		return -EKEYREJECTED;
	if (EVP_Digest(input, wire_written(&writer), hash, &hash_octets, digest, NULL) != 1)
		return -EIO;
	tag->s6_addr[0] = 0x20;
	tag->s6_addr[1] = 0x01;
	tag->s6_addr[2] = 0x00;
	tag->s6_addr[3] = (uint8_t)(0x20 | suite);
	memcpy(&tag->s6_addr[4], hash + (hash_octets - MIDDLE_OCTETS) / 2, MIDDLE_OCTETS);
	return 0;
}

bool hip_identity_is_tag(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0x20 && address->s6_addr[1] == 0x01 && address->s6_addr[2] == 0x00 &&
	       (address->s6_addr[3] & 0xf0) == 0x20;
}
