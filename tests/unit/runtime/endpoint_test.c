// SPDX-License-Identifier: BSD-3-Clause
#include "endpoint.h"
#include "vectors.h"

static void parses_and_formats(void **state)
{
	static const struct {
		const char *text, *formatted;
		int port;
	} good[] = {
	        {"2001:db8::1", "[2001:db8::1]:0", 0},
	        {"[2001:db8::1]:53", "[2001:db8::1]:53", 53},
	        {"[::1]", "[::1]:0", 0},
	        {"192.0.2.1", "192.0.2.1:0", 0},
	        {"192.0.2.1:65535", "192.0.2.1:65535", 65535},
	};
	char text[ENDPOINT_TEXT_OCTETS];
	struct endpoint endpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(endpoint_parse(good[i].text, &endpoint), 0);
		assert_string_equal(endpoint_format(&endpoint, text), good[i].formatted);
		assert_int_equal(endpoint.port, good[i].port);
	}
}

static void refuses_what_is_no_endpoint(void **state)
{
	static const char *const bad[] = {"",
	                                  "x",
	                                  "2001:db8::1::2",
	                                  "[::1",
	                                  "[::1]53",
	                                  "[::1]:65536",
	                                  "192.0.2.1:-1",
	                                  "192.0.2",
	                                  "192.0.2.1:",
	                                  "[::1]:",
	                                  "1.2.3.4:5x",
	                                  "[::1]:0000000000000000000000000000000000000000000000000000000001"};
	struct endpoint endpoint;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(endpoint_parse(bad[i], &endpoint) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(parses_and_formats),
	        cmocka_unit_test(refuses_what_is_no_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
