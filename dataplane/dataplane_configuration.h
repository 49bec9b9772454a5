// SPDX-License-Identifier: BSD-3-Clause
/*
 * configuration - the data plane's YAML file as plain structs. Errors name file, line, what is wrong and what would be
 * right; unknown and repeated keys are errors. (docs/operation.md; the sample dataplane.yaml has all keys.)
 *
 * Thread: read once on the main thread, then constant.
 */
#ifndef KEDGE_DATAPLANE_CONFIGURATION_H
#define KEDGE_DATAPLANE_CONFIGURATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "forwarding.h"

enum { NAME_OCTETS = 32, DEVICE_OCTETS = 128, FOLDER_OCTETS = 96, PORT_ADDRESSES_MAX = 8, ERROR_OCTETS = 512 };
enum { WORKERS_MAX = 64, INTERFACE_OCTETS = 16 };

struct configured_prefix {
	struct in6_addr address;
	uint8_t length;
};

struct configured_port {
	char name[NAME_OCTETS];
	char device[DEVICE_OCTETS]; /* "net_af_packet,iface=core0", or a PCI address */
	unsigned address_count;
	struct configured_prefix addresses[PORT_ADDRESSES_MAX]; /* each with the length of its link's prefix */
	bool has_gateway;
	struct in6_addr gateway;
	bool has_gateway_ipv4;
	struct in6_addr gateway_ipv4; /* mapped form, like all IPv4 addresses here */
	char host[INTERFACE_OCTETS];  /* interface of the host's kernel beside the port; empty: none */
};

struct configured_route {
	struct configured_prefix prefix;
	char port[NAME_OCTETS];
	bool has_via;
	struct in6_addr via;
};

struct configured_service_prefix {
	struct configured_prefix prefix;
	uint8_t key_length;
};

enum telemetry_mode { TELEMETRY_OFF, TELEMETRY_ON };
enum memory_mode { MEMORY_AUTO, MEMORY_HUGE, MEMORY_NO_HUGE };
enum idle_mode { IDLE_AUTO, IDLE_BUSY, IDLE_SLEEP, IDLE_INTERRUPT };
enum dscp_model { DSCP_COPY, DSCP_PIPE, DSCP_UNIFORM };
enum udp_checksum_mode { UDP_CHECKSUM_ZERO, UDP_CHECKSUM_COMPUTE };

struct configured_tunnels {
	enum dscp_model dscp;
	uint32_t dscp_value; /* of the outer header in the pipe model */
	enum udp_checksum_mode udp_checksum;
	enum outer_dont_fragment dont_fragment;
};

struct dataplane_configuration {
	unsigned port_count;
	struct configured_port ports[PORTS_MAX];
	unsigned route_count;
	struct configured_route routes[ROUTES_MAX];
	unsigned service_prefix_count;
	struct configured_service_prefix service_prefixes[SERVICE_PREFIXES_MAX];
	unsigned service_address_count;
	struct in6_addr service_addresses[OWN_ADDRESSES_MAX]; /* the first of each family ends tunnels; on no link */
	unsigned workers;
	uint32_t bindings_max;
	enum memory_mode memory;
	enum idle_mode idle;
	char file_prefix[NAME_OCTETS];
	uint32_t buffers;
	uint32_t handover_grace_ms;
	uint32_t stale_grace_s;
	uint32_t withdraw_after_ms;
	struct forwarding_limits limits;
	struct configured_tunnels tunnels;
	char sockets[FOLDER_OCTETS];
	char name[NAME_OCTETS];
	char user[NAME_OCTETS];
	char capture_folder[FOLDER_OCTETS]; /* "": no captures */
	char metrics[FOLDER_OCTETS];        /* "": no endpoint */
	enum telemetry_mode telemetry;
};

/* Returns 0, or -EINVAL with `error`. */
int configuration_read(const char *path, struct dataplane_configuration *configuration, char error[ERROR_OCTETS]);

/*
 * Tells which keys have another value in `newer`: "limits.echo-replies-per-s"; lists as a whole. `is_live`: a reload
 * takes it over, else it takes a restart.
 */
typedef void configuration_difference(void *context, const char *path, bool is_live);
void configuration_compare(const struct dataplane_configuration *older, const struct dataplane_configuration *newer,
                           configuration_difference *differs, void *context);

/*
 * The line of the file in which a key of configuration_compare() stands; when it does not, that of the map where it
 * would stand.
 */
unsigned configuration_line(const char *path, const char *key);

/* Prints each key with type, range, default and help. */
void configuration_print_keys(FILE *to);

#endif
