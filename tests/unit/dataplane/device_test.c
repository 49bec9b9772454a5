// SPDX-License-Identifier: BSD-3-Clause
/* One grammar for all devices; what a driver does not take is refused by name. */
#include <string.h>

#include "vectors.h"

#include "device.h"

static void every_driver_is_read(void **state)
{
	static const struct {
		const char *text;
		const char *driver;
		const char *arguments;
	} cases[] = {
	        {"net_af_packet,iface=core0", "net_af_packet", "iface=core0"},
	        {"net_af_packet,iface=core0,qpairs=2", "net_af_packet", "iface=core0,qpairs=2"},
	        {"net_af_xdp,iface=core0,start_queue=0,queue_count=2", "net_af_xdp",
	         "iface=core0,start_queue=0,queue_count=2"},
	        {"net_tap,iface=kedge1", "net_tap", "iface=kedge1"},
	        {"net_pcap,rx_pcap=/tmp/in.pcap,tx_pcap=/tmp/out.pcap", "net_pcap",
	         "rx_pcap=/tmp/in.pcap,tx_pcap=/tmp/out.pcap"},
	        {"net_ring", "net_ring", ""},
	        {"net_af_packet7,iface=core0", "net_af_packet", "iface=core0"},
	        {"net_null,size=128", "net_null", "size=128"},
	        {"net_virtio_user,path=/dev/vhost-net,queues=2", "net_virtio_user", "path=/dev/vhost-net,queues=2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device device;
		char fault[DEVICE_FAULT_OCTETS];

		assert_int_equal(device_parse(cases[i].text, &device, fault), 0);
		assert_true(device.is_virtual);
		assert_string_equal(device.driver, cases[i].driver);
		assert_string_equal(device.arguments, cases[i].arguments);
	}
}

static void pci_addresses_get_their_domain(void **state)
{
	static const char *const texts[] = {"0000:03:00.0", "03:00.0"};
	struct device device;
	char fault[DEVICE_FAULT_OCTETS];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(device_parse(texts[i], &device, fault), 0);
		assert_false(device.is_virtual);
		assert_string_equal(device.address, "0000:03:00.0");
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *named;
	} cases[] = {
	        {"net_af_paket,iface=core0", "net_af_paket"},
	        {"net_af_packet,iface=core0,speed=fast", "speed=fast"},
	        {"net_af_packet,iface", "'iface'"},
	        {"net_af_packet,iface=", "'iface='"},
	        {"net_null,iface=core0", "iface=core0"},
	        {"core0", "core0"},
	        {"0000:03:00", "0000:03:00"},
	        {"0000:03:00.0,x=1", "0000:03:00.0,x=1"},
	        {"", "''"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device device;
		char fault[DEVICE_FAULT_OCTETS] = "";

		assert_int_not_equal(device_parse(cases[i].text, &device, fault), 0);
		assert_non_null(strstr(fault, cases[i].named));
	}
}

static void queues_are_asked_for_where_that_is_an_argument(void **state)
{
	struct device device;
	char fault[DEVICE_FAULT_OCTETS], value[ARGUMENT_OCTETS];

	(void)state;
	assert_int_equal(device_parse("net_af_packet,iface=core0", &device, fault), 0);
	device_ask_queues(&device, 4);
	assert_true(device_argument(&device, "qpairs", value));
	assert_string_equal(value, "4");
	device_ask_queues(&device, 8); /* it stands there */
	assert_string_equal(device.arguments, "iface=core0,qpairs=4");
	assert_int_equal(device_parse("net_tap,iface=t0", &device, fault), 0);
	device_ask_queues(&device, 4);
	assert_string_equal(device.arguments, "iface=t0");
}

static void interfaces_that_must_be_there(void **state)
{
	struct device device;
	char fault[DEVICE_FAULT_OCTETS], interface[ARGUMENT_OCTETS];

	(void)state;
	assert_int_equal(device_parse("net_af_xdp,queue_count=1,iface=core0", &device, fault), 0);
	assert_true(device_needs_interface(&device, interface));
	assert_string_equal(interface, "core0");
	assert_int_equal(device_parse("net_tap,iface=new0", &device, fault), 0);
	assert_false(device_needs_interface(&device, interface));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_driver_is_read),
	        cmocka_unit_test(pci_addresses_get_their_domain),
	        cmocka_unit_test(what_is_wrong_is_named),
	        cmocka_unit_test(queues_are_asked_for_where_that_is_an_argument),
	        cmocka_unit_test(interfaces_that_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
