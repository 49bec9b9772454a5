// SPDX-License-Identifier: BSD-3-Clause
#include "hip_identity.h"

#include <errno.h>

#include "hash.h"

enum { CONTEXT_ID_OCTETS = 16, MIDDLE_OCTETS = 12 };

/* The HIP context id of RFC 7401 section 3.2. */
static const uint8_t context_id[CONTEXT_ID_OCTETS] = {0xf0, 0xef, 0xf0, 0x2f, 0xbf, 0xf4, 0x3d, 0x0f,
                                                      0xe7, 0x93, 0x0c, 0x3c, 0x6e, 0x61, 0x74, 0xea};

int hip_identity_tag(const struct hip_host_identity *identity, struct in6_addr *tag)
{
	uint8_t host_id[HIP_HOST_ID_MAX], digest[HASH_MAX_OCTETS];
	struct wire_writer writer = wire_writer_of(host_id, sizeof(host_id));
	uint8_t suite = hip_suite_of(identity->key_algorithm);
	enum hash_algorithm algorithm = suite == HIP_SUITE_RSA_SHA256 ? HASH_SHA256 : HASH_SHA384;
	struct wire_view parts[2] = {hash_part(context_id, sizeof(context_id))};

	hip_host_id_form_write(&writer, identity);
	if (writer.failed)
		return -EKEYREJECTED;
	parts[1] = hash_part(host_id, wire_written(&writer));
	hash_digest(algorithm, parts, 2, digest);
	tag->s6_addr[0] = 0x20;
	tag->s6_addr[1] = 0x01;
	tag->s6_addr[2] = 0x00;
	tag->s6_addr[3] = (uint8_t)(0x20 | suite);
	memcpy(&tag->s6_addr[4], digest + (hash_octets(algorithm) - MIDDLE_OCTETS) / 2, MIDDLE_OCTETS);
	return 0;
}

bool hip_identity_is_tag(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0x20 && address->s6_addr[1] == 0x01 && address->s6_addr[2] == 0x00 &&
	       (address->s6_addr[3] & 0xf0) == 0x20;
}
