// SPDX-License-Identifier: BSD-3-Clause
/* M-4, M-20, K-16: against the RFC 4285 examples of kedge_bootstrap.json */
#include "binding_acknowledgement.h"

#include <arpa/inet.h>

#include "ip.h"
#include "mobility_authenticator.h"
#include "vectors.h"

struct example {
	struct secret key;
	struct in6_addr home_address;
	struct in6_addr home_agent;
	struct in6_addr care_of_address;
	uint8_t message[128];
	size_t octets;
};

static struct example example_of(const char *name)
{
	json_t *root = vectors_load("kedge_bootstrap.json");
	json_t *vector = vectors_named(root, "cases", name);
	struct example example = {0};
	uint8_t key[16];

	secret_set(&example.key, key, vectors_hex(vector, "input/key", key, sizeof(key)));
	assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, "input/home_address"), &example.home_address), 1);
	assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, "input/home_agent"), &example.home_agent), 1);
	vectors_hex(vector, "input/care_of_in_mac", example.care_of_address.s6_addr, 16);
	example.octets = vectors_hex(vector, "output/mobility_header", example.message, sizeof(example.message));
	json_decref(root);
	return example;
}

static void examples_authenticate(void **state)
{
	static const char *const names[] = {
	        "RFC 4285: BU with Alternate Care-of Address", "RFC 4285: BU with IPv4 care-of address",
	        "RFC 4285: BU without either option",          "RFC 4285: BA",
	        "RFC 4285: BA to the IPv4 care-of address",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct example example = example_of(names[i]);
		struct wire_view message = {example.message, example.octets};
		struct mobility_header header;

		assert_int_equal(mobility_header_read(message.bytes, message.octets, &header), 0);
		assert_true(mobility_authenticator_is_right(&example.key, &example.care_of_address,
		                                            &example.home_address, message, &header));
		for (size_t at = 0; at < example.octets; at++) { /* every octet but the checksum is covered */
			example.message[at] ^= 1;
			if (at != 4 && at != 5)
				assert_false(mobility_authenticator_is_right(&example.key, &example.care_of_address,
				                                             &example.home_address, message, &header));
			example.message[at] ^= 1;
		}
		example.care_of_address.s6_addr[15] ^= 1;
		assert_false(mobility_authenticator_is_right(&example.key, &example.care_of_address,
		                                             &example.home_address, message, &header));
	}
}

static void an_acknowledgement_is_the_example_octet_for_octet(void **state)
{
	struct example example = example_of("RFC 4285: BA");
	struct binding_acknowledgement acknowledgement = {
	        .sequence = 4660,
	        .lifetime_units = 150,
	        .home_agent_address = example.home_agent,
	        .destination = example.care_of_address,
	        .home_address = example.home_address,
	        .care_of_address = example.care_of_address,
	        .spi = 0x1001,
	        .key = &example.key,
	        .nai = "matti@example",
	};
	uint8_t octets[512];
	struct ip_packet packet;

	(void)state;
	assert_int_equal(ip_packet_read(octets, binding_acknowledgement_write(&acknowledgement, octets, sizeof(octets)),
	                                &packet),
	                 0);
	assert_true(packet.has_routing_home_address);
	assert_true(in6_is_equal(&packet.destination, &example.care_of_address));
	assert_octets(packet.payload.bytes, packet.payload.octets, example.message, example.octets);
	acknowledgement.at_home = true;
	acknowledgement.destination = example.home_address;
	assert_int_equal(ip_packet_read(octets, binding_acknowledgement_write(&acknowledgement, octets, sizeof(octets)),
	                                &packet),
	                 0);
	assert_false(packet.has_routing_home_address);
	assert_octets(packet.payload.bytes, packet.payload.octets, example.message, example.octets);
	for (size_t capacity = 0; capacity < 88; capacity++)
		assert_int_equal(binding_acknowledgement_write(&acknowledgement, octets, capacity), 0);
	assert_int_equal(binding_acknowledgement_write(&acknowledgement, octets, 88), 88);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(examples_authenticate),
	        cmocka_unit_test(an_acknowledgement_is_the_example_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
