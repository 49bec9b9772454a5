// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "device.h"

enum { RX_DESCRIPTORS = 1024, TX_DESCRIPTORS = 1024 };

/* fe80:: with the interface identifier of RFC 4291 appendix A. */
static void link_local_of(const uint8_t link_address[LINK_ADDRESS_OCTETS], struct in6_addr *address)
{
	*address = (struct in6_addr){.s6_addr = {0xfe, 0x80}};
	memcpy(&address->s6_addr[8], link_address, 3);
	address->s6_addr[8] ^= 0x02;
	address->s6_addr[11] = 0xff;
	address->s6_addr[12] = 0xfe;
	memcpy(&address->s6_addr[13], link_address + 3, 3);
}

/* The name that DPDK knows a device by: vdevs are numbered as the ports. */
static void name_of(const struct device *device, unsigned index, char *name, size_t octets)
{
	if (device->is_virtual)
		snprintf(name, octets, "%s%u", device->driver, index);
	else
		snprintf(name, octets, "%s", device->address);
}

/* Makes a vdev, or finds a PCI device that DPDK has taken at its start. */
static int find_device(const struct configured_port *configured, unsigned index, unsigned workers, struct port *port,
                       char *error)
{
	char name[DEVICE_OCTETS], interface[ARGUMENT_OCTETS], fault[DEVICE_FAULT_OCTETS];
	struct device device;
	int result = device_parse(configured->device, &device, fault);

	if (result) {
		snprintf(error, ERROR_OCTETS, "port %s: %s", configured->name, fault);
		return result;
	}
	port->is_virtual = device.is_virtual;
	name_of(&device, index, name, sizeof(name));
	if (device_needs_interface(&device, interface) && !if_nametoindex(interface)) {
		snprintf(error, ERROR_OCTETS, "port %s: there is no interface '%s'", configured->name, interface);
		return -ENODEV;
	}
	if (workers > 1)
		device_ask_queues(&device, workers);
	if (device.is_virtual && rte_eal_hotplug_add("vdev", name, device.arguments)) {
		snprintf(error, ERROR_OCTETS,
		         "port %s: %s cannot be made with '%s': a value that it does not take, a file that is not "
		         "there, or "
		         "a right that is missing",
		         configured->name, device.driver, device.arguments);
		return -ENODEV;
	}
	if (rte_eth_dev_get_port_by_name(name, &port->device)) {
		snprintf(error, ERROR_OCTETS,
		         "port %s: there is no device '%s' (is it bound to vfio-pci, and has DPDK a driver for it?)",
		         configured->name, configured->device);
		return -ENODEV;
	}
	return 0;
}

/* The flows' hash that is asked for: the innermost header's where the device offers it. */
static uint64_t hash_functions_of(const struct rte_eth_dev_info *info)
{
	uint64_t functions = (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info->flow_type_rss_offloads;

	if (functions && (info->flow_type_rss_offloads & RTE_ETH_RSS_LEVEL_INNERMOST) == RTE_ETH_RSS_LEVEL_INNERMOST)
		functions |= RTE_ETH_RSS_LEVEL_INNERMOST;
	return functions;
}

/* Asks for everything at first, and for less where it is refused: no interrupts, no hash. */
static int configure_device(struct port *port, const struct rte_eth_dev_info *info, bool wants_interrupts)
{
	struct rte_eth_conf configuration = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE},
	                                     .intr_conf = {.rxq = wants_interrupts}};
	uint64_t functions = port->receive_queues > 1 ? hash_functions_of(info) : 0;
	int result;

	if (functions) {
		configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		configuration.rx_adv_conf.rss_conf.rss_hf = functions;
	}
	result = rte_eth_dev_configure(port->device, port->receive_queues, port->transmit_queues, &configuration);
	if (result && wants_interrupts) {
		configuration.intr_conf.rxq = 0;
		result = rte_eth_dev_configure(port->device, port->receive_queues, port->transmit_queues,
		                               &configuration);
	}
	if (result && functions) {
		configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
		configuration.rx_adv_conf.rss_conf.rss_hf = 0;
		result = rte_eth_dev_configure(port->device, port->receive_queues, port->transmit_queues,
		                               &configuration);
	}
	return result;
}

static int set_up_queues(const struct port *port, struct rte_mempool *pool)
{
	uint16_t rx = RX_DESCRIPTORS, tx = TX_DESCRIPTORS;
	unsigned socket = (unsigned)port->socket;
	int result = rte_eth_dev_adjust_nb_rx_tx_desc(port->device, &rx, &tx);

	for (uint16_t queue = 0; queue < port->receive_queues && !result; queue++)
		result = rte_eth_rx_queue_setup(port->device, queue, rx, socket, NULL, pool);
	for (uint16_t queue = 0; queue < port->transmit_queues && !result; queue++)
		result = rte_eth_tx_queue_setup(port->device, queue, tx, socket, NULL);
	return result;
}

static uint16_t at_most(unsigned wanted, uint16_t most)
{
	return (uint16_t)(most && wanted > most ? most : wanted);
}

/* What was granted of what was asked for. */
static void look_at_grants(struct port *port, bool wants_interrupts)
{
	struct rte_eth_rss_conf granted = {0};

	port->spread = port->receive_queues > 1 ? SPREAD_BY_DRIVER : SPREAD_ONE_QUEUE;
	if (port->receive_queues > 1 && rte_eth_dev_rss_hash_conf_get(port->device, &granted) == 0 && granted.rss_hf)
		port->spread = (granted.rss_hf & RTE_ETH_RSS_LEVEL_INNERMOST) == RTE_ETH_RSS_LEVEL_INNERMOST
		                       ? SPREAD_RSS_INNERMOST
		                       : SPREAD_RSS_OUTERMOST;
	/* some (net_tap) have nothing to enable, only a descriptor that wakes */
	port->grants_interrupts = wants_interrupts && (rte_eth_dev_rx_intr_enable(port->device, 0) == 0 ||
	                                               rte_eth_dev_rx_intr_ctl_q_get_fd(port->device, 0) >= 0);
}

static int start_device(struct port *port, const struct dataplane_configuration *configuration,
                        struct rte_mempool *pool, struct forwarding_port *link)
{
	bool wants_interrupts = configuration->idle == IDLE_INTERRUPT;
	struct rte_ether_addr address;
	struct rte_eth_dev_info info;
	uint16_t mtu_bytes;
	int result = rte_eth_dev_info_get(port->device, &info);

	if (result)
		return result;
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->socket = rte_eth_dev_socket_id(port->device);
	port->queues_max = info.max_rx_queues;
	port->receive_queues = at_most(configuration->workers, info.max_rx_queues);
	port->transmit_queues = at_most(configuration->workers, info.max_tx_queues);
	result = configure_device(port, &info, wants_interrupts);
	if (!result)
		result = set_up_queues(port, pool);
	if (!result)
		result = rte_eth_dev_start(port->device);
	if (result)
		return result;
	/* solicitations come to multicast addresses; afterwards there is no right any more to change it */
	rte_eth_promiscuous_enable(port->device);
	rte_eth_allmulticast_enable(port->device);
	look_at_grants(port, wants_interrupts);
	result = rte_eth_macaddr_get(port->device, &address);
	if (!result)
		result = rte_eth_dev_get_mtu(port->device, &mtu_bytes);
	if (result)
		return result;
	memcpy(link->link_address, address.addr_bytes, LINK_ADDRESS_OCTETS);
	link->mtu_bytes = mtu_bytes;
	link_local_of(link->link_address, &link->link_local);
	return 0;
}

int ports_start(const struct dataplane_configuration *configuration, struct rte_mempool *pool, struct port *ports,
                struct forwarding *forwarding, char error[ERROR_OCTETS])
{
	for (unsigned i = 0; i < configuration->port_count; i++) {
		const struct configured_port *configured = &configuration->ports[i];
		int result;

		snprintf(ports[i].name, sizeof(ports[i].name), "%s", configured->name);
		result = find_device(configured, i, configuration->workers, &ports[i], error);
		if (result)
			return result;
		result = start_device(&ports[i], configuration, pool, &forwarding->ports[i]);
		if (result) {
			snprintf(error, ERROR_OCTETS,
			         "port %s: %s cannot be started with %u receive and %u transmit queues: %s",
			         configured->name, configured->device, ports[i].receive_queues,
			         ports[i].transmit_queues, strerror(-result));
			return result;
		}
		forwarding->port_count = i + 1;
	}
	return 0;
}

void ports_stop(const struct port *ports, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		rte_eth_dev_stop(ports[i].device);
		rte_eth_dev_close(ports[i].device);
	}
}

static unsigned port_by_name(const struct dataplane_configuration *configuration, const char *name)
{
	for (unsigned i = 0; i < configuration->port_count; i++)
		if (strcmp(configuration->ports[i].name, name) == 0)
			return i;
	return 0; /* configuration_read() has looked: the name is there */
}

static int describe_port(const struct configured_port *port, uint8_t number, struct forwarding *forwarding)
{
	static const struct in6_addr anywhere, any_ipv4 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	int result = 0;

	for (unsigned i = 0; i < port->address_count && result >= 0; i++) {
		result = forwarding_add_own(forwarding, &port->addresses[i].address, number);
		if (result >= 0)
			result = forwarding_add_route(forwarding, &port->addresses[i].address,
			                              port->addresses[i].length, number, NULL);
		if (result == -EEXIST)
			result = 0;
	}
	if (result >= 0 && port->has_gateway)
		result = forwarding_add_route(forwarding, &anywhere, 0, number, &port->gateway);
	if (result >= 0 && port->has_gateway_ipv4)
		result = forwarding_add_route(forwarding, &any_ipv4, MAPPED_PREFIX_BITS, number, &port->gateway_ipv4);
	return result < 0 ? result : 0;
}

int ports_describe(const struct dataplane_configuration *configuration, struct forwarding *forwarding,
                   char error[ERROR_OCTETS])
{
	int result = 0;

	for (unsigned i = 0; i < configuration->service_address_count && result >= 0; i++)
		result = forwarding_add_own(forwarding, &configuration->service_addresses[i], NO_PORT);
	for (unsigned i = 0; i < configuration->port_count && result >= 0; i++)
		result = describe_port(&configuration->ports[i], (uint8_t)i, forwarding);
	for (unsigned i = 0; i < configuration->route_count && result >= 0; i++) {
		const struct configured_route *route = &configuration->routes[i];

		result = forwarding_add_route(forwarding, &route->prefix.address, route->prefix.length,
		                              (uint8_t)port_by_name(configuration, route->port),
		                              route->has_via ? &route->via : NULL);
	}
	for (unsigned i = 0; i < configuration->service_prefix_count && result >= 0; i++) {
		const struct configured_service_prefix *prefix = &configuration->service_prefixes[i];

		result = service_prefixes_add(&forwarding->prefixes, &prefix->prefix.address, prefix->prefix.length,
		                              prefix->key_length);
	}
	if (result >= 0)
		result = forwarding_finish(forwarding);
	if (result < 0) {
		snprintf(error, ERROR_OCTETS, "addresses, routes or service prefixes: %s",
		         result == -EEXIST ? "one of them stands twice" : strerror(-result));
		return result;
	}
	return 0;
}
