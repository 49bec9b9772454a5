// SPDX-License-Identifier: BSD-3-Clause
#include "eal_arguments.h"

#include <string.h>

#include "device.h"

static void add(struct eal_arguments *arguments, const char *text)
{
	arguments->list[arguments->count++] = text;
	arguments->list[arguments->count] = NULL;
}

/* Each PCI device by its address; without one DPDK looks at none. */
static void add_devices(const struct dataplane_configuration *configuration, struct eal_arguments *arguments)
{
	bool has_pci = false;

	for (unsigned i = 0; i < configuration->port_count; i++) {
		char fault[DEVICE_FAULT_OCTETS];
		struct device device;

		if (device_parse(configuration->ports[i].device, &device, fault) || device.is_virtual)
			continue;
		snprintf(arguments->devices[i], sizeof(arguments->devices[i]), "--allow=%s", device.address);
		add(arguments, arguments->devices[i]);
		has_pci = true;
	}
	if (!has_pci)
		add(arguments, "--no-pci");
}

void eal_arguments_make(const struct dataplane_configuration *configuration, const char *cores, unsigned megabytes,
                        struct eal_arguments *arguments)
{
	memset(arguments, 0, sizeof(*arguments));
	snprintf(arguments->cores, sizeof(arguments->cores), "%s", cores);
	snprintf(arguments->prefix, sizeof(arguments->prefix), "--file-prefix=%s", configuration->file_prefix);
	add(arguments, "kedge-dataplane");
	add(arguments, configuration->telemetry == TELEMETRY_ON ? "--telemetry" : "--no-telemetry");
	add(arguments, "--log-level=lib.*:error");
	add(arguments, "--log-level=pmd.*:error");
	add(arguments, "--lcores");
	add(arguments, arguments->cores);
	add(arguments, arguments->prefix);
	if (megabytes) {
		snprintf(arguments->memory, sizeof(arguments->memory), "%u", megabytes);
		add(arguments, "--no-huge");
		add(arguments, "-m");
		add(arguments, arguments->memory);
	} else {
		add(arguments, "--in-memory");
	}
	add_devices(configuration, arguments);
}
