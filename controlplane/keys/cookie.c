// SPDX-License-Identifier: BSD-3-Clause
#include "cookie.h"

#include "hash.h"

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, INPUT_MAX = 64 };

static void write_address(struct wire_writer *writer, const struct in6_addr *address, bool ipv4)
{
	wire_write_bytes(writer, address->s6_addr + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
}

struct cookie cookie_compute(const struct secret *secret, const struct cookie_input *input)
{
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(&input->source.address);
	uint8_t octets[INPUT_MAX], digest[HASH_SHA256_OCTETS];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	struct wire_reader reader = wire_reader_of(digest, sizeof(digest));
	struct wire_view part;
	struct cookie cookie;

	wire_write_u32(&writer, input->epoch);
	wire_write_u8(&writer, input->index);
	wire_write_u8(&writer, input->has_capability);
	wire_write_u8(&writer, ipv4 ? FAMILY_IPV4 : FAMILY_IPV6);
	write_address(&writer, &input->source.address, ipv4);
	wire_write_u16(&writer, input->source.port);
	write_address(&writer, &input->destination, ipv4);
	wire_write_u32(&writer, input->configuration);
	part = hash_part(octets, wire_written(&writer));
	hash_hmac(HASH_SHA256, hash_secret(secret), &part, 1, digest);
	cookie.session_id = wire_read_u32(&reader);
	cookie.first_sequence_number = wire_read_u32(&reader) & 0x3fffffff;
	return cookie;
}
