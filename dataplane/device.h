// SPDX-License-Identifier: BSD-3-Clause
/*
 * device - how a port's device is written, the same for all: a driver and its arguments, "net_af_packet,iface=core0",
 * or the address of a PCI device, "0000:03:00.0". What a driver does not know is refused here, by name, before DPDK
 * sees it.
 *
 * Pure. Thread: any.
 */
#ifndef KEDGE_DATAPLANE_DEVICE_H
#define KEDGE_DATAPLANE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

enum { DRIVER_OCTETS = 32, ARGUMENTS_OCTETS = 128, ARGUMENT_OCTETS = 96, DEVICE_FAULT_OCTETS = 320 };

struct device {
	bool is_virtual;
	char driver[DRIVER_OCTETS];       /* of a virtual one; empty for PCI */
	char arguments[ARGUMENTS_OCTETS]; /* "iface=core0,qpairs=2"; empty for PCI */
	char address[ARGUMENTS_OCTETS];   /* of PCI, with its domain; empty for a virtual one */
};

/* Returns 0, or -EINVAL with a sentence in `fault`. */
int device_parse(const char *text, struct device *device, char fault[DEVICE_FAULT_OCTETS]);

/* Copies the value of an argument; false when it is not there. */
bool device_argument(const struct device *device, const char *name, char value[ARGUMENT_OCTETS]);

/* The interface of the kernel's that must be there before; false when the driver needs none. */
bool device_needs_interface(const struct device *device, char interface[ARGUMENT_OCTETS]);

/*
 * Asks for `queues` queues where that is an argument (qpairs of net_af_packet) and stands not there already. Without
 * room it changes nothing.
 */
void device_ask_queues(struct device *device, unsigned queues);

#endif
