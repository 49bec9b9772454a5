// SPDX-License-Identifier: BSD-3-Clause
/* What a configuration says of both families of addresses and of tunnels, and the sentences about what is wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dataplane_configuration.h"
#include "vectors.h"

static const char right[] = "ports:\n"
                            "  - {name: core, device: net_null0, addresses: [2001:db8:f3::2/64, 192.0.2.2/24],\n"
                            "     gateway: 2001:db8:f3::1, gateway-ipv4: 192.0.2.1}\n"
                            "service-prefixes:\n"
                            "  - {prefix: 2001:db8:aa::/48, key-length: 64}\n"
                            "  - {prefix: 10.1.0.0/16, key-length: 32}\n"
                            "service-addresses: [2001:db8:1::1, 198.51.100.1]\n";

/* `right` with `from` (which is there) become `to`, and `more` behind it. */
static int read_text(const char *from, const char *to, const char *more, struct dataplane_configuration *configuration,
                     char error[ERROR_OCTETS])
{
	char path[] = "/tmp/dataplane_configuration_XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	const char *at = strstr(right, from);
	int result;

	assert_non_null(file);
	assert_non_null(at);
	fprintf(file, "%.*s%s%s%s", (int)(at - right), right, to, at + strlen(from), more);
	fclose(file);
	result = configuration_read(path, configuration, error);
	unlink(path);
	return result;
}

static void both_families_are_read(void **state)
{
	struct dataplane_configuration configuration;
	char error[ERROR_OCTETS];

	(void)state;
	assert_int_equal(
	        read_text("", "", "tunnels: {dscp: pipe, dscp-value: 46, udp-checksum: compute, dont-fragment: copy}\n",
	                  &configuration, error),
	        0);
	assert_int_equal(configuration.ports[0].addresses[1].length, 120);
	assert_true(configuration.ports[0].has_gateway && configuration.ports[0].has_gateway_ipv4);
	assert_true(IN6_IS_ADDR_V4MAPPED(&configuration.ports[0].gateway_ipv4));
	assert_int_equal(configuration.service_prefixes[1].prefix.length, 112);
	assert_int_equal(configuration.service_prefixes[1].key_length, 128);
	assert_true(IN6_IS_ADDR_V4MAPPED(&configuration.service_addresses[1]));
	assert_int_equal(configuration.tunnels.dscp, DSCP_PIPE);
	assert_int_equal(configuration.tunnels.dscp_value, 46);
	assert_int_equal(configuration.tunnels.udp_checksum, UDP_CHECKSUM_COMPUTE);
	assert_int_equal(configuration.tunnels.dont_fragment, OUTER_DF_COPY);
	assert_int_equal(read_text("", "", "", &configuration, error), 0);
	assert_int_equal(configuration.tunnels.dscp, DSCP_COPY);
	assert_int_equal(configuration.tunnels.udp_checksum, UDP_CHECKSUM_ZERO);
	assert_int_equal(configuration.tunnels.dont_fragment, OUTER_DF_PATH_MTU);
}

static void refused(const char *from, const char *to, const char *more, const char *sentence)
{
	struct dataplane_configuration configuration;
	char error[ERROR_OCTETS];

	assert_int_equal(read_text(from, to, more, &configuration, error), -EINVAL);
	if (!strstr(error, sentence))
		fail_msg("'%s' does not say '%s'", error, sentence);
}

static void what_does_not_fit_is_a_sentence(void **state)
{
	(void)state;
	refused("gateway: 2001:db8:f3::1", "gateway: 192.0.2.1", "", "is 'gateway-ipv4'");
	refused("gateway-ipv4: 192.0.2.1", "gateway-ipv4: 2001:db8::1", "", "takes an IPv4 address");
	refused("key-length: 32", "key-length: 33", "", "at most 32 bits");
	refused("key-length: 32", "key-length: 8", "", "at least as long as its prefix");
	refused("10.1.0.0/16", "10.1.0.1/16", "", "prefix without bits behind its length");
	refused("[2001:db8:1::1, 198.51.100.1]", "[198.51.100.1]", "", "at least one is an IPv6 address");
	refused("", "", "routes: [{prefix: 10.9.0.0/16, port: core, via: 2001:db8:f3::9}]\n", "both IPv6 or both IPv4");
	refused("", "", "tunnels: {dscp: copied}\n", "one of: copy pipe uniform");
	refused("", "", "tunnels: {dscp-value: 64}\n", "a number from 0 to 63");
}

struct told {
	char live[128];
	char others[128];
};

static void tell(void *context, const char *path, bool is_live)
{
	struct told *told = context;
	char *text = is_live ? told->live : told->others;
	size_t used = strlen(text);

	snprintf(text + used, sizeof(told->live) - used, "%s ", path);
}

/* Nothing of a changed file is passed over: each key is live, or takes a restart. */
static void what_changed_is_told(void **state)
{
	static const char more[] = "workers: 2\ntelemetry: on\nmetrics: 127.0.0.1:9464\ncapture-folder: /tmp\n"
	                           "limits: {icmp-errors-per-s: 7}\nhandover-grace-ms: 1\n";
	struct dataplane_configuration older, newer;
	char error[ERROR_OCTETS];
	struct told told = {0};

	(void)state;
	assert_int_equal(read_text("", "", "", &older, error), 0);
	assert_int_equal(read_text("key-length: 64", "key-length: 56", more, &newer, error), 0);
	configuration_compare(&older, &newer, tell, &told);
	assert_string_equal(told.live, "handover-grace-ms limits.icmp-errors-per-s metrics capture-folder ");
	assert_string_equal(told.others, "service-prefixes workers telemetry ");
}

static void keys_are_found_by_line(void **state)
{
	char path[] = "/tmp/dataplane_configuration_XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(file);
	fprintf(file, "%stelemetry: on\nlimits:\n  icmp-errors-per-s: 7\n", right);
	fclose(file);
	assert_int_equal(configuration_line(path, "ports"), 1);
	assert_int_equal(configuration_line(path, "service-prefixes"), 4);
	assert_int_equal(configuration_line(path, "telemetry"), 8);
	assert_int_equal(configuration_line(path, "limits.icmp-errors-per-s"), 10);
	assert_int_equal(configuration_line(path, "limits.echo-replies-per-s"), 9); /* where it would stand */
	assert_int_equal(configuration_line(path, "metrics"), 1);
	unlink(path);
	assert_int_equal(configuration_line(path, "telemetry"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(both_families_are_read),
	        cmocka_unit_test(what_does_not_fit_is_a_sentence),
	        cmocka_unit_test(what_changed_is_told),
	        cmocka_unit_test(keys_are_found_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
