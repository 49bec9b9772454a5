// SPDX-License-Identifier: BSD-3-Clause
#include "device.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct driver {
	const char *name;
	const char *arguments;   /* those it knows (DPDK 22.11, nics/) */
	const char *interface;   /* the one that names an interface of the kernel's that is there already */
	const char *queue_pairs; /* the one that says how many queues to make */
};

static const struct driver drivers[] = {
        {"net_af_packet", "iface qpairs blocksz framesz framecnt qdisc_bypass", "iface", "qpairs"},
        {"net_af_xdp", "iface start_queue queue_count shared_umem xdp_prog busy_budget force_copy", "iface", NULL},
        {"net_null", "size copy no-rx", NULL, NULL},
        {"net_pcap", "rx_pcap tx_pcap rx_iface rx_iface_in tx_iface iface phy_mac infinite_rx", "iface", NULL},
        {"net_ring", "nodeaction", NULL, NULL},
        {"net_tap", "iface mac remote speed persist", NULL, NULL},
        {"net_virtio_user", "path mac queues queue_size iface server mrg_rxbuf in_order packed_vq vectorized speed cq",
         NULL, NULL},
};

static const struct driver *driver_of(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}

static bool has_word(const char *words, const char *word, size_t octets)
{
	for (const char *at = words; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strcspn(at, " ") == octets && strncmp(at, word, octets) == 0)
			return true;
	}
	return false;
}

static int refuse_driver(const char *name, char *fault)
{
	int used = snprintf(fault, DEVICE_FAULT_OCTETS, "no driver is called '%.40s'; there are", name);

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		used += snprintf(fault + used, (size_t)(DEVICE_FAULT_OCTETS - used), "%s %s", i ? "," : "",
		                 drivers[i].name);
	return -EINVAL;
}

static int check_arguments(const struct driver *driver, const char *arguments, char *fault)
{
	for (const char *at = arguments; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
		size_t name = strcspn(at, "=,");

		if (has_word(driver->arguments, at, name) && at[name] == '=' && at[name + 1] && at[name + 1] != ',')
			continue;
		snprintf(fault, DEVICE_FAULT_OCTETS, "%s does not take '%.*s'; it takes NAME=VALUE of: %s",
		         driver->name, (int)strcspn(at, ","), at, driver->arguments);
		return -EINVAL;
	}
	return 0;
}

/* [domain:]bus:device.function, in hexadecimal. */
static bool read_pci(const char *text, struct device *device)
{
	unsigned domain = 0, bus, slot, function;
	int used = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4 || text[used]) {
		domain = 0;
		used = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &used) != 3 || text[used])
			return false;
	}
	snprintf(device->address, sizeof(device->address), "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

int device_parse(const char *text, struct device *device, char fault[DEVICE_FAULT_OCTETS])
{
	size_t name = strcspn(text, ",");
	const struct driver *driver;

	memset(device, 0, sizeof(*device));
	if (isxdigit((unsigned char)text[0]) && read_pci(text, device))
		return 0;
	if (strncmp(text, "net_", 4) != 0) {
		snprintf(fault, DEVICE_FAULT_OCTETS,
		         "'%.60s' is neither a driver with arguments, like net_af_packet,iface=core0, nor a PCI "
		         "address, like "
		         "0000:03:00.0",
		         text);
		return -EINVAL;
	}
	if (name >= sizeof(device->driver) || strlen(text + name) > sizeof(device->arguments))
		return refuse_driver(text, fault);
	device->is_virtual = true;
	memcpy(device->driver, text, name);
	while (name && isdigit((unsigned char)device->driver[name - 1]))
		device->driver[--name] = '\0'; /* DPDK's number of a vdev, which is given here */
	name = strcspn(text, ",");
	if (text[name])
		strcpy(device->arguments, text + name + 1);
	driver = driver_of(device->driver);
	return driver ? check_arguments(driver, device->arguments, fault) : refuse_driver(device->driver, fault);
}

bool device_argument(const struct device *device, const char *name, char value[ARGUMENT_OCTETS])
{
	size_t octets = strlen(name);

	for (const char *at = device->arguments; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, octets) != 0 || at[octets] != '=')
			continue;
		at += octets + 1;
		return snprintf(value, ARGUMENT_OCTETS, "%.*s", (int)strcspn(at, ","), at) < ARGUMENT_OCTETS;
	}
	return false;
}

bool device_needs_interface(const struct device *device, char interface[ARGUMENT_OCTETS])
{
	const struct driver *driver = driver_of(device->driver);

	return driver && driver->interface && device_argument(device, driver->interface, interface);
}

void device_ask_queues(struct device *device, unsigned queues)
{
	const struct driver *driver = driver_of(device->driver);
	char value[ARGUMENT_OCTETS];
	size_t used = strlen(device->arguments);

	if (!driver || !driver->queue_pairs || device_argument(device, driver->queue_pairs, value))
		return;
	if (snprintf(device->arguments + used, sizeof(device->arguments) - used, ",%s=%u", driver->queue_pairs,
	             queues) >= (int)(sizeof(device->arguments) - used))
		device->arguments[used] = '\0';
}
