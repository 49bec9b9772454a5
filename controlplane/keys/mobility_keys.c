// SPDX-License-Identifier: BSD-3-Clause
#include "mobility_keys.h"

#include "prf_plus.h"

/* The part at the end of a seed: how many octets are asked for. */
static const uint8_t length_64[] = {0, 64}, length_32[] = {0, 32}, length_16[] = {0, 16};

/* A label with its NUL. */
#define LABEL(text)  hash_part(text, sizeof(text))

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void mobility_start_digest(struct wire_view i_par, struct wire_view i_pan, uint8_t digest[HASH_SHA256_OCTETS])
{
	const struct wire_view parts[] = {i_par, i_pan};

	hash_digest(HASH_SHA256, parts, COUNT(parts), digest);
}

void mobility_root_key(const struct secret *msk, uint32_t session_id, uint32_t key_id,
                       const uint8_t start_digest[HASH_SHA256_OCTETS], const char *paa_id, struct secret *root)
{
	uint8_t numbers[8], paa_id_octets[2];
	const struct wire_view seed[] = {
	        LABEL("kedge MOB-RK v1"),
	        hash_part(numbers, sizeof(numbers)),
	        hash_part(start_digest, HASH_SHA256_OCTETS),
	        hash_part(paa_id_octets, 2),
	        hash_text(paa_id),
	        hash_part(length_64, 2),
	};

	wire_store_u32(numbers, session_id);
	wire_store_u32(numbers + 4, key_id);
	wire_store_u16(paa_id_octets, (uint16_t)strlen(paa_id));
	prf_plus_secret(HASH_SHA256, hash_secret(msk), seed, COUNT(seed), root, MOBILITY_ROOT_KEY_OCTETS);
}

void mobility_root_key_with_secret(const struct secret *root, const struct secret *shared_secret,
                                   struct secret *root_of_answer)
{
	const struct wire_view seed[] = {LABEL("kedge MOB-RK' v1"), hash_part(length_64, 2)};
	const struct wire_view input = hash_secret(root);
	struct secret key;

	hash_hmac(HASH_SHA256, hash_secret(shared_secret), &input, 1, secret_fill(&key, HASH_SHA256_OCTETS));
	prf_plus_secret(HASH_SHA256, hash_secret(&key), seed, COUNT(seed), root_of_answer, MOBILITY_ROOT_KEY_OCTETS);
	secret_wipe(&key);
}

void mobility_boot_bind(const struct secret *root, struct secret *boot_bind)
{
	const struct wire_view seed[] = {LABEL("PoP bind")};

	prf_plus_secret(HASH_SHA256, hash_secret(root), seed, COUNT(seed), boot_bind, MOBILITY_BIND_OCTETS);
}

void mobility_agent_key(const struct secret *root, uint32_t spi, const struct in6_addr *home_address,
                        const struct in6_addr *home_agent, const uint8_t host_identity_digest[HASH_SHA256_OCTETS],
                        struct secret *key)
{
	uint8_t spi_octets[4];
	const struct wire_view seed[] = {
	        LABEL("MIP6 MN-HA"),
	        hash_part(spi_octets, 4),
	        hash_part(home_address->s6_addr, 16),
	        hash_part(home_agent->s6_addr, 16),
	        hash_part(host_identity_digest, HASH_SHA256_OCTETS),
	        hash_part(length_16, 2),
	};

	wire_store_u32(spi_octets, spi);
	prf_plus_secret(HASH_SHA256, hash_secret(root), seed, COUNT(seed), key, MOBILITY_AGENT_KEY_OCTETS);
}

void mobility_registration_key(const struct secret *root, const struct in6_addr *node_hit,
                               const struct in6_addr *server_hit, struct secret *key)
{
	const struct wire_view seed[] = {
	        LABEL("HIP REG"),
	        hash_part(node_hit->s6_addr, 16),
	        hash_part(server_hit->s6_addr, 16),
	        hash_part(length_32, 2),
	};

	prf_plus_secret(HASH_SHA256, hash_secret(root), seed, COUNT(seed), key, MOBILITY_REGISTRATION_KEY_OCTETS);
}

void mobility_export_key(const struct secret *root, const char *label, struct secret *key)
{
	const struct wire_view seed[] = {LABEL("EXPORT"), hash_text(label), hash_part(length_32, 2)};

	prf_plus_secret(HASH_SHA256, hash_secret(root), seed, COUNT(seed), key, MOBILITY_EXPORT_KEY_OCTETS);
}
