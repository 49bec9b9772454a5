// SPDX-License-Identifier: BSD-3-Clause
#include "host_port.h"

#include <errno.h>
#include <net/if.h>
#include <unistd.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include "host_netlink.h"

#define VHOST_NET "/dev/vhost-net"

enum { DESCRIPTORS = 256 };

bool host_ports_wanted(const struct dataplane_configuration *configuration)
{
	for (unsigned i = 0; i < configuration->port_count; i++)
		if (configuration->ports[i].host[0])
			return true;
	return false;
}

/* A device of this driver; 0 or negative. */
static int make_device(const char *driver, unsigned number, const char *interface, const uint8_t *link_address,
                       uint16_t *device)
{
	char name[NAME_OCTETS], arguments[DEVICE_OCTETS];
	const uint8_t *a = link_address;
	bool is_tap = strcmp(driver, "net_tap") == 0;
	int result;

	/* beside the numbers of the ports' own vdevs */
	snprintf(name, sizeof(name), "%s%u", driver, PORTS_MAX + number);
	snprintf(arguments, sizeof(arguments), "%siface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x",
	         is_tap ? "" : "path=" VHOST_NET ",queues=1,", interface, a[0], a[1], a[2], a[3], a[4], a[5]);
	result = rte_eal_hotplug_add("vdev", name, arguments);
	return result ? result : rte_eth_dev_get_port_by_name(name, device);
}

static int start_device(uint16_t device, uint16_t mtu_bytes, struct rte_mempool *pool)
{
	const struct rte_eth_conf configuration = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	int result = rte_eth_dev_configure(device, 1, 1, &configuration);

	if (!result)
		result = rte_eth_dev_adjust_nb_rx_tx_desc(device, &rx, &tx);
	if (!result)
		result = rte_eth_rx_queue_setup(device, 0, rx, SOCKET_ID_ANY, NULL, pool);
	if (!result)
		result = rte_eth_tx_queue_setup(device, 0, tx, SOCKET_ID_ANY, NULL);
	if (!result)
		result = rte_eth_dev_start(device);
	if (!result)
		result = rte_eth_dev_set_mtu(device, mtu_bytes);
	return result == -ENOTSUP ? 0 : result;
}

/* The data plane takes no address or router from advertisements, so its twin must not either. Best effort: /proc/sys
 * may be read-only. */
static void take_no_advertisements(const char *interface)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", interface);
	file = fopen(path, "we");
	if (!file)
		return;
	fputs("0", file);
	fclose(file);
}

/* A default route that serves when the host has no other. */
static int set_last_route(int netlink, unsigned index, const struct in6_addr *anywhere, uint8_t length,
                          const struct in6_addr *gateway)
{
	const struct host_route last = {
	        .prefix = *anywhere,
	        .length = length,
	        .interface_index = index,
	        .via = gateway,
	        .metric = HOST_ROUTE_LAST_METRIC,
	        .protocol = HOST_ROUTE_STATIC_PROTOCOL,
	};

	return host_netlink_route_set(netlink, &last);
}

static int set_up_interface(const struct configured_port *port, const struct forwarding_port *link, int netlink,
                            unsigned index)
{
	static const struct in6_addr anywhere, any_ipv4 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	int result;

	take_no_advertisements(port->host);
	result = host_netlink_link_up(netlink, index, link->link_address, link->mtu_bytes);
	for (unsigned i = 0; i < port->address_count && !result; i++)
		result = host_netlink_address_add(netlink, index, &port->addresses[i].address,
		                                  port->addresses[i].length);
	if (!result && port->has_gateway)
		result = set_last_route(netlink, index, &anywhere, 0, &port->gateway);
	if (!result && port->has_gateway_ipv4)
		result = set_last_route(netlink, index, &any_ipv4, MAPPED_PREFIX_BITS, &port->gateway_ipv4);
	return result;
}

static int start_one(const struct configured_port *port, unsigned number, const struct forwarding_port *link,
                     struct rte_mempool *pool, int netlink, struct host_port *host)
{
	int result = -ENOTSUP;

	host->driver = "net_virtio_user";
	host->why = "";
	if (access(VHOST_NET, R_OK | W_OK) == 0)
		result = make_device(host->driver, number, port->host, link->link_address, &host->device);
	if (result) {
		host->why = access(VHOST_NET, F_OK)          ? ", as there is no " VHOST_NET
		            : access(VHOST_NET, R_OK | W_OK) ? ", as " VHOST_NET " may not be opened"
		                                             : ", as " VHOST_NET " gives no net_virtio_user";
		host->driver = "net_tap";
		result = make_device(host->driver, number, port->host, link->link_address, &host->device);
	}
	if (result)
		return result;
	host->is_there = true;
	result = start_device(host->device, link->mtu_bytes, pool);
	host->interface_index = if_nametoindex(port->host);
	if (!result && !host->interface_index)
		result = -errno;
	return result ? result : set_up_interface(port, link, netlink, host->interface_index);
}

int host_ports_start(const struct dataplane_configuration *configuration, struct rte_mempool *pool, int netlink,
                     struct host_port *hosts, struct forwarding *forwarding, char error[ERROR_OCTETS])
{
	bool is_first = true;

	for (unsigned i = 0; i < configuration->port_count; i++) {
		const struct configured_port *port = &configuration->ports[i];
		int result;

		if (!port->host[0])
			continue;
		/* the driver complains of flow rules that nobody wants; what matters is said below */
		rte_log_set_level_pattern("pmd.net.tap*", RTE_LOG_CRIT);
		result = start_one(port, i, &forwarding->ports[i], pool, netlink, &hosts[i]);
		for (unsigned j = 0; is_first && j < configuration->service_address_count && !result; j++)
			result = host_netlink_address_add(netlink, hosts[i].interface_index,
			                                  &configuration->service_addresses[j], 128);
		if (result) {
			snprintf(error, ERROR_OCTETS,
			         "port %s: the host port '%s' cannot be made: %s (is the name free, and is there "
			         "/dev/net/tun?)",
			         port->name, port->host, strerror(-result));
			return result;
		}
		forwarding->ports[i].has_host = true;
		if (is_first)
			forwarding->host_port = (uint8_t)i;
		is_first = false;
	}
	return 0;
}

void host_ports_stop(const struct host_port *hosts, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!hosts[i].is_there)
			continue;
		rte_eth_dev_stop(hosts[i].device);
		rte_eth_dev_close(hosts[i].device);
	}
}
