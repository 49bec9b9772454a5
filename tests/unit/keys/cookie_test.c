// SPDX-License-Identifier: BSD-3-Clause
#include "cookie.h"
#include "vectors.h"
#include "wire.h"

static struct cookie_input input_of(json_t *vector)
{
	struct cookie_input input = {
	        .epoch = (uint32_t)vectors_number(vector, "input/epoch"),
	        .index = (uint8_t)vectors_number(vector, "input/i"),
	        .has_capability = vectors_number(vector, "input/has_capability"),
	        .source.port = (uint16_t)vectors_number(vector, "input/source_port"),
	        .configuration = (uint32_t)vectors_number(vector, "input/configuration_number"),
	};

	assert_int_equal(address_parse(vectors_text(vector, "input/source"), &input.source.address), 0);
	assert_int_equal(address_parse(vectors_text(vector, "input/destination"), &input.destination), 0);
	return input;
}

/* B-10 */
static void published(void **state)
{
	static const char *const names[] = {"cookie over IPv6, i = 0", "cookie over IPv6, i = 1",
	                                    "cookie over IPv4, no Mob-Capability"};
	json_t *file = vectors_load("kedge_bootstrap.json");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		json_t *vector = vectors_named(file, "cases", names[i]);
		struct cookie_input input = input_of(vector);
		struct secret secret;
		struct cookie cookie;
		uint8_t octets[32], made[4];

		secret_set(&secret, octets, vectors_hex(vector, "input/secret", octets, sizeof(octets)));
		cookie = cookie_compute(&secret, &input);
		assert_int_equal(vectors_hex(vector, "output/session_id", octets, 4), 4);
		wire_store_u32(made, cookie.session_id);
		assert_octets(made, 4, octets, 4);
		assert_int_equal(vectors_hex(vector, "output/first_sequence_number", octets, 4), 4);
		wire_store_u32(made, cookie.first_sequence_number);
		assert_octets(made, 4, octets, 4);
	}
	json_decref(file);
}

/* B-10, B-17: every member of the input changes the cookie, and numbers begin with two zero bits. */
static void every_member_enters(void **state)
{
	struct cookie_input base = {.epoch = 7, .source.port = 50000, .configuration = 1};
	struct secret secret;
	struct cookie first;

	(void)state;
	secret_set(&secret, "0123456789abcdef0123456789abcdef", COOKIE_SECRET_OCTETS);
	assert_int_equal(address_parse("2001:db8::1", &base.source.address), 0);
	assert_int_equal(address_parse("2001:db8::2", &base.destination), 0);
	first = cookie_compute(&secret, &base);
	for (int member = 0; member < 7; member++) {
		struct cookie_input other = base;
		struct cookie cookie;

		other.epoch += member == 0;
		other.index += member == 1;
		other.has_capability = member == 2;
		other.source.port += member == 3;
		other.source.address.s6_addr[15] += member == 4;
		other.destination.s6_addr[15] += member == 5;
		other.configuration += member == 6;
		cookie = cookie_compute(&secret, &other);
		assert_true(cookie.session_id != first.session_id);
		assert_int_equal(cookie.first_sequence_number >> 30, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published),
	        cmocka_unit_test(every_member_enters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
