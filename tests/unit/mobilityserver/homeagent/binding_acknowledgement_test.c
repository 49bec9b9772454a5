// SPDX-License-Identifier: BSD-3-Clause
/* M-4, M-20: against the RFC 4285 examples of kedge_bootstrap.json */
#include "binding_acknowledgement.h"

#include <arpa/inet.h>

#include "ip.h"
#include "mobility_header.h"
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
	        cmocka_unit_test(an_acknowledgement_is_the_example_octet_for_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
