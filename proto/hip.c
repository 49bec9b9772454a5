// SPDX-License-Identifier: BSD-3-Clause
#include "hip.h"

#include "dns_name.h"

uint8_t hip_suite_of(uint8_t key_algorithm)
{
	switch (key_algorithm) {
	case HIP_KEY_RSA:
		return HIP_SUITE_RSA_SHA256;
	case HIP_KEY_ECDSA:
		return HIP_SUITE_ECDSA_SHA384;
	default:
		return 0;
	}
}

uint8_t hip_algorithm_of(uint8_t key_algorithm)
{
	switch (key_algorithm) {
	case HIP_KEY_RSA:
		return HIP_ALGORITHM_RSA;
	case HIP_KEY_ECDSA:
		return HIP_ALGORITHM_ECDSA;
	default:
		return 0;
	}
}

static unsigned int significant_bits(struct wire_view number)
{
	unsigned int bits = (unsigned int)(number.octets - 1) * 8;

	for (uint8_t first = number.bytes[0]; first; first >>= 1)
		bits++;
	return bits;
}

static bool rsa_is_acceptable(struct wire_view key)
{
	struct wire_reader reader = wire_reader_of_view(key);
	uint8_t exponent_octets = wire_read_u8(&reader);
	struct wire_view exponent = wire_read_view(&reader, exponent_octets);
	struct wire_view modulus = wire_read_view(&reader, wire_remaining(&reader));
	unsigned int modulus_bits;

	if (!wire_complete(&reader) || exponent.octets == 0 || exponent.octets > HIP_RSA_EXPONENT_MAX ||
	    modulus.octets == 0)
		return false;
	if (exponent.bytes[0] == 0 || modulus.bytes[0] == 0)
		return false;
	if (exponent.octets == 1 && exponent.bytes[0] < 3)
		return false;
	modulus_bits = significant_bits(modulus);
	return (exponent.bytes[exponent.octets - 1] & 1) && (modulus.bytes[modulus.octets - 1] & 1) &&
	       modulus_bits >= HIP_RSA_MIN_BITS && modulus_bits <= HIP_RSA_MAX_BITS;
}

uint8_t hip_curve_of(const struct hip_host_identity *identity)
{
	if (identity->key_algorithm != HIP_KEY_ECDSA)
		return 0;
	if (identity->key.octets == HIP_P256_OCTETS)
		return HIP_CURVE_P256;
	return identity->key.octets == HIP_P384_OCTETS ? HIP_CURVE_P384 : 0;
}

bool hip_host_identity_is_acceptable(const struct hip_host_identity *identity)
{
	if (identity->key_algorithm == HIP_KEY_RSA)
		return rsa_is_acceptable(identity->key);
	return hip_curve_of(identity) != 0;
}

bool hip_identity_value_read(struct wire_view value, struct hip_host_identity *identity)
{
	struct wire_reader reader = wire_reader_of_view(value);
	uint8_t suite;
	uint16_t zero;

	identity->key_algorithm = wire_read_u8(&reader);
	suite = wire_read_u8(&reader);
	zero = wire_read_u16(&reader);
	identity->key = wire_read_view(&reader, wire_remaining(&reader));
	return !reader.failed && zero == 0 && suite != 0 && suite == hip_suite_of(identity->key_algorithm) &&
	       hip_host_identity_is_acceptable(identity);
}

void hip_identity_value_write(struct wire_writer *writer, const struct hip_host_identity *identity)
{
	wire_write_u8(writer, identity->key_algorithm);
	wire_write_u8(writer, hip_suite_of(identity->key_algorithm));
	wire_write_u16(writer, 0);
	wire_write_view(writer, identity->key);
}

void hip_host_id_form_write(struct wire_writer *writer, const struct hip_host_identity *identity)
{
	if (!hip_host_identity_is_acceptable(identity)) {
		wire_writer_fail(writer);
		return;
	}
	if (identity->key_algorithm == HIP_KEY_ECDSA)
		wire_write_u16(writer, hip_curve_of(identity));
	wire_write_view(writer, identity->key);
}

bool hip_host_id_form_read(uint16_t algorithm, struct wire_view host_identity, struct hip_host_identity *identity)
{
	struct wire_reader reader = wire_reader_of_view(host_identity);
	uint16_t curve = 0;

	if (algorithm == HIP_ALGORITHM_ECDSA) {
		identity->key_algorithm = HIP_KEY_ECDSA;
		curve = wire_read_u16(&reader);
	} else if (algorithm == HIP_ALGORITHM_RSA) {
		identity->key_algorithm = HIP_KEY_RSA;
	} else {
		return false;
	}
	identity->key = wire_read_view(&reader, wire_remaining(&reader));
	return !reader.failed && hip_host_identity_is_acceptable(identity) && curve == hip_curve_of(identity);
}

static bool are_whole_names(struct wire_view names)
{
	struct wire_reader reader = wire_reader_of_view(names);
	char name[DNS_NAME_TEXT_OCTETS];

	while (wire_remaining(&reader))
		dns_name_read(&reader, name);
	return wire_complete(&reader);
}

bool hip_rr_read(struct wire_view rdata, struct hip_rr *rr)
{
	struct wire_reader reader = wire_reader_of_view(rdata);
	uint8_t hit_octets = wire_read_u8(&reader);
	uint16_t key_octets;

	rr->key_algorithm = wire_read_u8(&reader);
	key_octets = wire_read_u16(&reader);
	if (hit_octets != HIT_OCTETS)
		return false;
	wire_read_copy(&reader, rr->hit, HIT_OCTETS);
	rr->key = wire_read_view(&reader, key_octets);
	rr->rendezvous_servers = wire_read_view(&reader, wire_remaining(&reader));
	return wire_complete(&reader) && are_whole_names(rr->rendezvous_servers);
}

void hip_rr_write(struct wire_writer *writer, const struct hip_rr *rr)
{
	if (rr->key.octets > UINT16_MAX) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, HIT_OCTETS);
	wire_write_u8(writer, rr->key_algorithm);
	wire_write_u16(writer, (uint16_t)rr->key.octets);
	wire_write_bytes(writer, rr->hit, HIT_OCTETS);
	wire_write_view(writer, rr->key);
	wire_write_view(writer, rr->rendezvous_servers);
}
