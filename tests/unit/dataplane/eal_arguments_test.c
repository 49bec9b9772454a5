// SPDX-License-Identifier: BSD-3-Clause
/* What DPDK is started with, for virtual and for PCI devices. */
#include <string.h>

#include "eal_arguments.h"
#include "vectors.h"

static bool has(const struct eal_arguments *arguments, const char *text)
{
	for (int i = 0; i < arguments->count; i++)
		if (strcmp(arguments->list[i], text) == 0)
			return true;
	return false;
}

static struct dataplane_configuration with_devices(const char *first, const char *second)
{
	struct dataplane_configuration configuration = {.port_count = second ? 2 : 1, .file_prefix = "kedge"};

	strcpy(configuration.ports[0].device, first);
	if (second)
		strcpy(configuration.ports[1].device, second);
	return configuration;
}

/* In each form of its address; beside it nothing on the bus is touched. */
static void pci_devices_are_allowed_by_address(void **state)
{
	struct dataplane_configuration configuration = with_devices("03:00.0", "0001:0a:1f.7");
	struct eal_arguments arguments;

	(void)state;
	eal_arguments_make(&configuration, "0@0,1@1", 0, &arguments);
	assert_true(has(&arguments, "--allow=0000:03:00.0"));
	assert_true(has(&arguments, "--allow=0001:0a:1f.7"));
	assert_false(has(&arguments, "--no-pci"));
	assert_null(arguments.list[arguments.count]);
}

static void beside_a_virtual_device_a_pci_device_is_allowed_alone(void **state)
{
	struct dataplane_configuration configuration = with_devices("net_af_packet,iface=core0", "0000:03:00.0");
	struct eal_arguments arguments;

	(void)state;
	eal_arguments_make(&configuration, "0@0", 0, &arguments);
	assert_string_equal(arguments.list[arguments.count - 1], "--allow=0000:03:00.0");
	for (int i = 0; i < arguments.count; i++)
		assert_null(strstr(arguments.list[i], "af_packet")); /* made later */
}

static void without_pci_devices_the_bus_is_left_alone(void **state)
{
	struct dataplane_configuration configuration = with_devices("net_tap,iface=twin0", NULL);
	struct eal_arguments arguments;

	(void)state;
	eal_arguments_make(&configuration, "0@0", 0, &arguments);
	assert_true(has(&arguments, "--no-pci"));
	assert_true(has(&arguments, "--no-telemetry") && has(&arguments, "--file-prefix=kedge"));
}

static void memory_is_huge_pages_or_so_many_megabytes(void **state)
{
	struct dataplane_configuration configuration = with_devices("net_null", NULL);
	struct eal_arguments arguments;

	(void)state;
	configuration.telemetry = TELEMETRY_ON;
	eal_arguments_make(&configuration, "0@0,1@2", 0, &arguments);
	assert_true(has(&arguments, "--in-memory") && !has(&arguments, "--no-huge"));
	assert_true(has(&arguments, "--telemetry") && has(&arguments, "0@0,1@2"));
	eal_arguments_make(&configuration, "0@0,1@2", 128, &arguments);
	assert_true(has(&arguments, "--no-huge") && has(&arguments, "128") && !has(&arguments, "--in-memory"));
}

static void as_many_ports_as_there_may_be(void **state)
{
	struct dataplane_configuration configuration = {.port_count = PORTS_MAX, .file_prefix = "kedge"};
	struct eal_arguments arguments;

	(void)state;
	for (unsigned i = 0; i < PORTS_MAX; i++)
		snprintf(configuration.ports[i].device, sizeof(configuration.ports[i].device), "%02x:00.0", i);
	eal_arguments_make(&configuration, "0@0", 128, &arguments);
	assert_true(arguments.count <= EAL_ARGUMENTS_MAX);
	assert_null(arguments.list[arguments.count]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pci_devices_are_allowed_by_address),
	        cmocka_unit_test(beside_a_virtual_device_a_pci_device_is_allowed_alone),
	        cmocka_unit_test(without_pci_devices_the_bus_is_left_alone),
	        cmocka_unit_test(memory_is_huge_pages_or_so_many_megabytes),
	        cmocka_unit_test(as_many_ports_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
