// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"

#include <errno.h>
#include <rte_ethdev.h>

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

/* The n-th device that EAL probed: vdevs in the order of the configuration, PCI devices by their name. */
static int find_device(const struct configured_port *configured, unsigned index, uint16_t *device)
{
	char name[DEVICE_OCTETS];

	if (strncmp(configured->device, "net_", 4) == 0)
		snprintf(name, sizeof(name), "%.*s%u", (int)strcspn(configured->device, ","), configured->device,
		         index);
	else
		snprintf(name, sizeof(name), "%s", configured->device);
	return rte_eth_dev_get_port_by_name(name, device);
}

static int configure_device(struct port *port, unsigned workers, struct rte_mempool *pool, char *error)
{
	struct rte_eth_conf configuration = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	struct rte_eth_dev_info info;
	uint16_t rx = RX_DESCRIPTORS, tx = TX_DESCRIPTORS;
	int result = rte_eth_dev_info_get(port->device, &info);

	if (result)
		return result;
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	port->queues =
	        workers > 1 && info.max_rx_queues >= workers && info.max_tx_queues >= workers ? (uint16_t)workers : 1;
	if (port->queues > 1 && info.flow_type_rss_offloads) {
		configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		configuration.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP & info.flow_type_rss_offloads;
	}
	result = rte_eth_dev_configure(port->device, port->queues,
	                               workers > 1 && info.max_tx_queues >= workers ? (uint16_t)workers : 1,
	                               &configuration);
	if (!result)
		result = rte_eth_dev_adjust_nb_rx_tx_desc(port->device, &rx, &tx);
	for (uint16_t queue = 0; queue < port->queues && !result; queue++)
		result = rte_eth_rx_queue_setup(port->device, queue, rx, rte_eth_dev_socket_id(port->device), NULL,
		                                pool);
	for (uint16_t queue = 0; queue < (workers > 1 && info.max_tx_queues >= workers ? workers : 1) && !result;
	     queue++)
		result = rte_eth_tx_queue_setup(port->device, queue, tx, rte_eth_dev_socket_id(port->device), NULL);
	if (!result && workers > 1 && info.max_tx_queues < workers) {
		snprintf(error, ERROR_OCTETS, "port %s: %u workers need as many transmit queues, %s has %u", port->name,
		         workers, port->driver, info.max_tx_queues);
		return -ENOTSUP;
	}
	return result;
}

static int start_device(struct port *port, struct forwarding_port *link)
{
	struct rte_ether_addr address;
	uint16_t mtu_bytes;
	int result = rte_eth_dev_start(port->device);

	if (result)
		return result;
	/* solicitations come to multicast addresses; afterwards there is no right any more to change it */
	rte_eth_promiscuous_enable(port->device);
	rte_eth_allmulticast_enable(port->device);
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
		if (find_device(configured, i, &ports[i].device)) {
			snprintf(error, ERROR_OCTETS,
			         "port %s: there is no device '%s' (does the interface exist? is the PCI device bound "
			         "to a "
			         "userspace driver?)",
			         configured->name, configured->device);
			return -ENODEV;
		}
		error[0] = '\0';
		result = configure_device(&ports[i], configuration->workers, pool, error);
		if (!result)
			result = start_device(&ports[i], &forwarding->ports[i]);
		if (result) {
			if (!error[0])
				snprintf(error, ERROR_OCTETS, "port %s: %s cannot be started: %s", configured->name,
				         configured->device, strerror(-result));
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
