// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>

#include "rfc4285_mac.h"
#include "vectors.h"

/* M-4: the published messages as they stand on the wire, checksum and all. */
static void published(void **state)
{
	static const char *const names[] = {
	        "RFC 4285: BU with Alternate Care-of Address", "RFC 4285: BU with IPv4 care-of address",
	        "RFC 4285: BU without either option",          "RFC 4285: BA",
	        "RFC 4285: BA to the IPv4 care-of address",
	};
	json_t *file = vectors_load("kedge_bootstrap.json");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		json_t *vector = vectors_named(file, "cases", names[i]);
		struct in6_addr care_of_address, home_address;
		struct secret key;
		uint8_t octets[64], header[256], expected[12], mac[RFC4285_MAC_OCTETS];
		size_t count =
		        vectors_hex(vector, "output/mobility_header", header, sizeof(header)) - RFC4285_MAC_OCTETS;

		secret_set(&key, octets, vectors_hex(vector, "input/key", octets, sizeof(octets)));
		assert_int_equal(vectors_hex(vector, "input/care_of_in_mac", care_of_address.s6_addr, 16), 16);
		assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, "input/home_address"), &home_address), 1);
		assert_int_equal(vectors_hex(vector, "output/authenticator", expected, sizeof(expected)), 12);
		rfc4285_mac_compute(&key, &care_of_address, &home_address, header, count, mac);
		assert_octets(mac, sizeof(mac), expected, sizeof(expected));
		assert_true(rfc4285_mac_verify(&key, &care_of_address, &home_address, header, count, header + count));
		for (size_t at = 0; at < count + RFC4285_MAC_OCTETS; at++) {
			bool checksum = at == 4 || at == 5;

			header[at] ^= 0x10;
			assert_int_equal(rfc4285_mac_verify(&key, &care_of_address, &home_address, header, count,
			                                    header + count),
			                 checksum);
			header[at] ^= 0x10;
		}
		care_of_address.s6_addr[15] ^= 1;
		assert_false(rfc4285_mac_verify(&key, &care_of_address, &home_address, header, count, header + count));
	}
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(published)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
