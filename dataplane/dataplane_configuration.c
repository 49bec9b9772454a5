// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane_configuration.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <yaml.h>

#include "address_text.h"
#include "device.h"
#include "metrics_scrape.h"

struct reading {
	const char *path;
	char *error;
	yaml_document_t document;
};

enum kind {
	KIND_TEXT,      /* maximum: octets of the field with its NUL */
	KIND_DEVICE,    /* the same, and device_parse() knows it */
	KIND_NUMBER,    /* uint32_t, minimum..maximum */
	KIND_CHOICE,    /* an enum: the index in `choices` */
	KIND_ADDRESS,   /* struct in6_addr; sets the bool at `presence` */
	KIND_PREFIX,    /* struct configured_prefix without bits behind its length */
	KIND_ADDRESSES, /* list of address/length into configured_port */
	KIND_OWN,       /* list of addresses into service_addresses */
	KIND_LIST,      /* list of maps: elements of `size` octets, their number at `presence` */
	KIND_MAP,
};

struct key {
	const char *name;
	enum kind kind;
	size_t field;
	size_t presence;
	long long minimum;
	long long maximum;
	const char *standard; /* default as it would stand in the file; NULL: required; "": absent */
	const char *choices;
	const struct key *keys;
	size_t size;
	const char *help;
	bool is_live; /* a reload takes it over */
};

#define PORT(name)   offsetof(struct configured_port, name)
#define ROUTE(name)  offsetof(struct configured_route, name)
#define PREFIX(name) offsetof(struct configured_service_prefix, name)
#define ROOT(name)   offsetof(struct dataplane_configuration, name)

static const struct key port_keys[] = {
        {"name", KIND_TEXT, PORT(name), 0, 1, NAME_OCTETS, NULL, NULL, NULL, 0, "What routes call it."},
        {"device", KIND_DEVICE, PORT(device), 0, 1, DEVICE_OCTETS, NULL, NULL, NULL, 0,
         "A vdev with its arguments, such as net_af_packet,iface=core0, or a PCI address."},
        {"addresses", KIND_ADDRESSES, 0, 0, 0, PORT_ADDRESSES_MAX, NULL, NULL, NULL, 0,
         "Addresses of this host on the link, with the length of the link's prefix."},
        {"gateway", KIND_ADDRESS, PORT(gateway), PORT(has_gateway), 0, 0, "", NULL, NULL, 0,
         "Router for all IPv6 that has no other route."},
        {"gateway-ipv4", KIND_ADDRESS, PORT(gateway_ipv4), PORT(has_gateway_ipv4), 0, 0, "", NULL, NULL, 0,
         "The same for IPv4."},
        {"host", KIND_TEXT, PORT(host), 0, 1, INTERFACE_OCTETS, "", NULL, NULL, 0,
         "Interface of the host's kernel that is made for what is for this host and not mobility control."},
        {0},
};

static const struct key route_keys[] = {
        {"prefix", KIND_PREFIX, ROUTE(prefix), 0, 0, 0, NULL, NULL, NULL, 0, "Where to."},
        {"port", KIND_TEXT, ROUTE(port), 0, 1, NAME_OCTETS, NULL, NULL, NULL, 0, "By which port."},
        {"via", KIND_ADDRESS, ROUTE(via), ROUTE(has_via), 0, 0, "", NULL, NULL, 0,
         "By which router; without: on the link."},
        {0},
};

static const struct key prefix_keys[] = {
        {"prefix", KIND_PREFIX, PREFIX(prefix), 0, 0, 0, NULL, NULL, NULL, 0, "Addresses that are ours."},
        {"key-length", KIND_NUMBER, PREFIX(key_length), 1, 1, 128, NULL, NULL, NULL, 0,
         "How many of their bits make the key of a binding; 32 in IPv4."},
        {0},
};

#define LIMIT(name) ROOT(limits) + offsetof(struct forwarding_limits, name)
static const struct key limit_keys[] = {
        {"punt-pana-per-s", KIND_NUMBER, LIMIT(punt_pana_per_s), 0, 1, 10000000, "5000", NULL, NULL, 0,
         "PANA packets to the control plane.", true},
        {"punt-mobility-per-s", KIND_NUMBER, LIMIT(punt_mobility_per_s), 0, 1, 10000000, "20000", NULL, NULL, 0,
         "Mobility Header packets to the control plane.", true},
        {"punt-hip-per-s", KIND_NUMBER, LIMIT(punt_hip_per_s), 0, 1, 10000000, "5000", NULL, NULL, 0,
         "HIP packets to the control plane.", true},
        {"icmp-errors-per-s", KIND_NUMBER, LIMIT(icmp_errors_per_s), 0, 1, 10000000, "1000", NULL, NULL, 0,
         "ICMPv6 errors made here.", true},
        {"echo-replies-per-s", KIND_NUMBER, LIMIT(echo_replies_per_s), 0, 1, 10000000, "1000", NULL, NULL, 0,
         "Echo requests answered.", true},
        {0},
};

#define TUNNELS(name) ROOT(tunnels) + offsetof(struct configured_tunnels, name)
static const struct key tunnels_keys[] = {
        {"dscp", KIND_CHOICE, TUNNELS(dscp), 0, 0, 0, "copy", "copy pipe uniform", NULL, 0,
         "copy: into the outer header, and kept inside on the way out; pipe: the outer header has dscp-value; uniform: "
         "copied both ways (RFC 2983). ECN is always by RFC 6040."},
        {"dscp-value", KIND_NUMBER, TUNNELS(dscp_value), 4, 0, 63, "0", NULL, NULL, 0,
         "DSCP of the outer header with pipe."},
        {"udp-checksum", KIND_CHOICE, TUNNELS(udp_checksum), 0, 0, 0, "zero", "zero compute", NULL, 0,
         "Of UDP over IPv4: none (RFC 768), or computed over the whole packet."},
        {"dont-fragment", KIND_CHOICE, TUNNELS(dont_fragment), 0, 0, 0, "path-mtu", "path-mtu copy never", NULL, 0,
         "Of outer IPv4 headers. path-mtu: on all that fits into the path's MTU, which is learnt so; copy: as the "
         "inner "
         "IPv4 packet has it (RFC 2003 3.1), and with IPv6 inside as path-mtu; never: routers may fragment (RFC 4213 "
         "3.2.1)."},
        {0},
};

static const struct key root_keys[] = {
        {"ports", KIND_LIST, ROOT(ports), ROOT(port_count), 1, PORTS_MAX, NULL, NULL, port_keys,
         sizeof(struct configured_port), "The links. One-armed is one port."},
        {"routes", KIND_LIST, ROOT(routes), ROOT(route_count), 0, ROUTES_MAX - 2 * PORTS_MAX, "", NULL, route_keys,
         sizeof(struct configured_route), "Routes beside those of ports and gateways."},
        {"service-prefixes", KIND_LIST, ROOT(service_prefixes), ROOT(service_prefix_count), 1, SERVICE_PREFIXES_MAX,
         NULL, NULL, prefix_keys, sizeof(struct configured_service_prefix), "Home prefixes."},
        {"service-addresses", KIND_OWN, 0, 0, 1, OWN_ADDRESSES_MAX / 2, NULL, NULL, NULL, 0,
         "Addresses of the service, on no link; the first one of each family ends its tunnels."},
        {"tunnels", KIND_MAP, 0, 0, 0, 0, "", NULL, tunnels_keys, 0, "What outer headers say."},
        {"workers", KIND_NUMBER, ROOT(workers), 4, 1, WORKERS_MAX, "1", NULL, NULL, 0, "Polling cores."},
        {"bindings-max", KIND_NUMBER, ROOT(bindings_max), 4, 1, 100000000, "1000000", NULL, NULL, 0,
         "Size of the table."},
        {"memory", KIND_CHOICE, ROOT(memory), 0, 0, 0, "auto", "auto huge no-huge", NULL, 0,
         "Huge pages: if there are any, always, never."},
        {"idle", KIND_CHOICE, ROOT(idle), 0, 0, 0, "auto", "auto busy sleep interrupt", NULL, 0,
         "What a worker does without packets; auto: sleep on vdevs, busy on NICs."},
        {"file-prefix", KIND_TEXT, ROOT(file_prefix), 0, 1, NAME_OCTETS, "kedge", NULL, NULL, 0,
         "Tells data planes of one host apart."},
        {"buffers", KIND_NUMBER, ROOT(buffers), 4, 1024, 10000000, "16384", NULL, NULL, 0, "Packet buffers."},
        {"handover-grace-ms", KIND_NUMBER, ROOT(handover_grace_ms), 4, 0, 60000, "1000", NULL, NULL, 0,
         "How long packets from the previous care-of address still pass.", true},
        {"stale-grace-s", KIND_NUMBER, ROOT(stale_grace_s), 4, 0, 86400, "3600", NULL, NULL, 0,
         "How long expiry stands still while no control plane is heard.", true},
        {"withdraw-after-ms", KIND_NUMBER, ROOT(withdraw_after_ms), 4, 0, 60000, "1000", NULL, NULL, 0,
         "How long it may be out of sync before its home prefixes are withdrawn.", true},
        {"limits", KIND_MAP, 0, 0, 0, 0, "", NULL, limit_keys, 0, "Token buckets, for all workers together."},
        {"sockets", KIND_TEXT, ROOT(sockets), 0, 1, FOLDER_OCTETS, "/run/kedge/default", NULL, NULL, 0,
         "Folder with bus/, view/ and operate/."},
        {"name", KIND_TEXT, ROOT(name), 0, 1, NAME_OCTETS, "dataplane", NULL, NULL, 0, "Name of its sockets."},
        {"metrics", KIND_TEXT, ROOT(metrics), 0, 1, FOLDER_OCTETS, "", NULL, NULL, 0,
         "Where Prometheus reads: 127.0.0.1:PORT, [::1]:PORT, or the path of a socket; without: nowhere.", true},
        {"telemetry", KIND_CHOICE, ROOT(telemetry), 0, 0, 0, "off", "off on", NULL, 0,
         "DPDK's own telemetry socket, with /kedge/walk, /kedge/drops and /kedge/worker."},
        {"capture-folder", KIND_TEXT, ROOT(capture_folder), 0, 1, FOLDER_OCTETS, "", NULL, NULL, 0,
         "Where operators' captures go; without: there are none.", true},
        {"user", KIND_TEXT, ROOT(user), 0, 0, NAME_OCTETS, "kedge-dataplane", NULL, NULL, 0,
         "Who it becomes when started as root."},
        {0},
};

static unsigned line_of(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

__attribute__((format(printf, 3, 4))) static int fail(const struct reading *reading, unsigned line, const char *format,
                                                      ...)
{
	va_list arguments;
	int used = snprintf(reading->error, ERROR_OCTETS, "%.200s:%u: ", reading->path, line);

	va_start(arguments, format);
	vsnprintf(reading->error + used, (size_t)(ERROR_OCTETS - used), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static void describe(const struct key *key, char *text, size_t octets)
{
	switch (key->kind) {
	case KIND_NUMBER:
		snprintf(text, octets, "a number from %lld to %lld", key->minimum, key->maximum);
		return;
	case KIND_CHOICE:
		snprintf(text, octets, "one of: %s", key->choices);
		return;
	case KIND_DEVICE:
	case KIND_TEXT:
		snprintf(text, octets, "a text of at most %lld octets", key->maximum - 1);
		return;
	case KIND_ADDRESS:
		snprintf(text, octets, "an IPv6 or IPv4 address");
		return;
	case KIND_PREFIX:
		snprintf(text, octets, "a prefix without bits behind its length, like 2001:db8:aa::/48 or 10.0.0.0/8");
		return;
	case KIND_ADDRESSES:
		snprintf(text, octets, "a list of up to %lld addresses like 2001:db8:f3::2/64 or 192.0.2.2/24",
		         key->maximum);
		return;
	case KIND_OWN:
		snprintf(text, octets, "a list of 1 to %lld addresses", key->maximum);
		return;
	case KIND_LIST:
		snprintf(text, octets, "a list of %lld to %lld maps", key->minimum, key->maximum);
		return;
	case KIND_MAP:
		snprintf(text, octets, "a map");
	}
}

static int wrong(const struct reading *reading, unsigned line, const struct key *key, const char *found)
{
	char right[160];

	describe(key, right, sizeof(right));
	return fail(reading, line, "%s: '%.80s' is not right; it takes %s", key->name, found, right);
}

static bool read_prefix(const char *text, bool with_host_bits, struct configured_prefix *prefix)
{
	struct in6_addr masked;

	if (!prefix_from_text(text, &prefix->address, &prefix->length))
		return false;
	masked = prefix->address;
	in6_mask(&masked, prefix->length);
	return with_host_bits || in6_is_equal(&masked, &prefix->address);
}

static bool read_choice(const char *choices, const char *text, unsigned *index)
{
	char copy[64], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", choices);
	*index = 0;
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save), (*index)++)
		if (strcmp(word, text) == 0)
			return true;
	return false;
}

static bool read_number(const struct key *key, const char *text, void *field)
{
	char *end;
	long long number = strtoll(text, &end, 10);
	uint32_t wide = (uint32_t)number;

	if (end == text || *end || number < key->minimum || number > key->maximum)
		return false;
	/* `presence` holds the field's octets; key-length is one octet, the others are four */
	if (key->presence == 1)
		*(uint8_t *)field = (uint8_t)number;
	else
		memcpy(field, &wide, sizeof(wide));
	return true;
}

static int check_device(const struct reading *reading, const char *text, unsigned line)
{
	char fault[DEVICE_FAULT_OCTETS];
	struct device device;

	return device_parse(text, &device, fault) ? fail(reading, line, "device: %s", fault) : 0;
}

static int read_scalar(const struct reading *reading, const struct key *key, const char *text, unsigned line,
                       uint8_t *into)
{
	uint8_t *field = into + key->field;
	unsigned choice;
	bool right = false;

	switch (key->kind) {
	case KIND_DEVICE:
	case KIND_TEXT:
		right = (long long)strlen(text) >= key->minimum && (long long)strlen(text) < key->maximum;
		if (right)
			strcpy((char *)field, text);
		break;
	case KIND_NUMBER:
		right = read_number(key, text, field);
		break;
	case KIND_CHOICE:
		right = read_choice(key->choices, text, &choice);
		if (right)
			memcpy(field, &choice, sizeof(choice));
		break;
	case KIND_ADDRESS:
		right = address_from_text(text, (struct in6_addr *)field);
		*(bool *)(into + key->presence) = right;
		break;
	case KIND_PREFIX:
		right = read_prefix(text, false, (struct configured_prefix *)field);
		break;
	default:
		break;
	}
	if (!right)
		return wrong(reading, line, key, text);
	return key->kind == KIND_DEVICE ? check_device(reading, text, line) : 0;
}

static const yaml_node_t *item_of(struct reading *reading, const yaml_node_t *list, size_t index)
{
	return yaml_document_get_node(&reading->document, list->data.sequence.items.start[index]);
}

static size_t count_of(const yaml_node_t *list)
{
	return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static int read_texts(struct reading *reading, const struct key *key, const yaml_node_t *yaml, uint8_t *into)
{
	struct configured_port *port = (struct configured_port *)into;
	struct dataplane_configuration *root = (struct dataplane_configuration *)into;
	size_t count = yaml->type == YAML_SEQUENCE_NODE ? count_of(yaml) : 0;

	if (yaml->type != YAML_SEQUENCE_NODE || (long long)count < key->minimum || (long long)count > key->maximum)
		return wrong(reading, line_of(yaml), key, "this");
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = item_of(reading, yaml, i);
		const char *text = item->type == YAML_SCALAR_NODE ? (const char *)item->data.scalar.value : "";

		if (key->kind == KIND_ADDRESSES ? !read_prefix(text, true, &port->addresses[i])
		                                : !address_from_text(text, &root->service_addresses[i]))
			return wrong(reading, line_of(item), key, text);
		if (key->kind == KIND_ADDRESSES)
			port->address_count = (unsigned)count;
		else
			root->service_address_count = (unsigned)count;
	}
	return 0;
}

static int read_map(struct reading *reading, const struct key *keys, const yaml_node_t *yaml, unsigned line,
                    uint8_t *into);

static int read_list(struct reading *reading, const struct key *key, const yaml_node_t *yaml, uint8_t *into)
{
	size_t count = yaml->type == YAML_SEQUENCE_NODE ? count_of(yaml) : 0;
	unsigned number = (unsigned)count;
	int result = 0;

	if (yaml->type != YAML_SEQUENCE_NODE || (long long)count < key->minimum || (long long)count > key->maximum)
		return wrong(reading, line_of(yaml), key, "this");
	for (size_t i = 0; i < count && !result; i++) {
		const yaml_node_t *item = item_of(reading, yaml, i);

		result = read_map(reading, key->keys, item, line_of(item), into + key->field + i * key->size);
	}
	memcpy(into + key->presence, &number, sizeof(number));
	return result;
}

static int read_value(struct reading *reading, const struct key *key, const yaml_node_t *yaml, uint8_t *into)
{
	if (key->kind == KIND_LIST)
		return read_list(reading, key, yaml, into);
	if (key->kind == KIND_MAP)
		return read_map(reading, key->keys, yaml, line_of(yaml), into);
	if (key->kind == KIND_ADDRESSES || key->kind == KIND_OWN)
		return read_texts(reading, key, yaml, into);
	if (yaml->type != YAML_SCALAR_NODE)
		return wrong(reading, line_of(yaml), key, "a list or map");
	return read_scalar(reading, key, (const char *)yaml->data.scalar.value, line_of(yaml), into);
}

static int read_default(struct reading *reading, const struct key *key, unsigned line, uint8_t *into)
{
	char right[160];

	if (!key->standard) {
		describe(key, right, sizeof(right));
		return fail(reading, line, "'%s' is missing; it takes %s", key->name, right);
	}
	if (key->kind == KIND_MAP)
		return read_map(reading, key->keys, NULL, line, into);
	return key->standard[0] ? read_scalar(reading, key, key->standard, line, into) : 0;
}

/* Octets of a value in its struct; of lists those of the elements that are there. */
static size_t value_octets(const struct key *key, const uint8_t *from)
{
	unsigned count = 0;

	switch (key->kind) {
	case KIND_TEXT:
		return (size_t)key->maximum;
	case KIND_NUMBER:
		return sizeof(uint32_t);
	case KIND_CHOICE:
		return sizeof(enum idle_mode);
	case KIND_ADDRESS:
		return sizeof(struct in6_addr);
	case KIND_PREFIX:
		return sizeof(struct configured_prefix);
	case KIND_LIST:
		memcpy(&count, from + key->presence, sizeof(count));
		return count * key->size;
	default:
		return 0;
	}
}

static bool is_same_value(const struct key *key, const struct dataplane_configuration *older,
                          const struct dataplane_configuration *newer)
{
	const uint8_t *before = (const uint8_t *)older, *after = (const uint8_t *)newer;
	size_t octets = value_octets(key, before);

	if (key->kind == KIND_OWN)
		return older->service_address_count == newer->service_address_count &&
		       memcmp(older->service_addresses, newer->service_addresses,
		              older->service_address_count * sizeof(older->service_addresses[0])) == 0;
	return octets == value_octets(key, after) && memcmp(before + key->field, after + key->field, octets) == 0;
}

static void compare(const struct key *keys, const char *prefix, const struct dataplane_configuration *older,
                    const struct dataplane_configuration *newer, configuration_difference *differs, void *context)
{
	for (const struct key *key = keys; key->name; key++) {
		char path[64];

		snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "." : "", key->name);
		if (key->kind == KIND_MAP)
			compare(key->keys, path, older, newer, differs, context);
		else if (!is_same_value(key, older, newer))
			differs(context, path, key->is_live);
	}
}

void configuration_compare(const struct dataplane_configuration *older, const struct dataplane_configuration *newer,
                           configuration_difference *differs, void *context)
{
	compare(root_keys, "", older, newer, differs, context);
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static int unknown_key(const struct reading *reading, unsigned line, const struct key *keys, const char *name)
{
	char known[300] = "";
	size_t used = 0;

	for (; keys->name && used < sizeof(known); keys++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", keys->name);
	return fail(reading, line, "unknown key '%.60s'; known here: %s", name, known);
}

static int read_map(struct reading *reading, const struct key *keys, const yaml_node_t *yaml, unsigned line,
                    uint8_t *into)
{
	unsigned seen[32] = {0}; /* line of each key that stood there */
	int result = 0;

	if (yaml && yaml->type != YAML_MAPPING_NODE)
		return fail(reading, line, "this must be a map of keys and values");
	for (const yaml_node_pair_t *pair = yaml ? yaml->data.mapping.pairs.start : NULL;
	     yaml && pair < yaml->data.mapping.pairs.top && !result; pair++) {
		const yaml_node_t *name = yaml_document_get_node(&reading->document, pair->key);
		const char *text = name->type == YAML_SCALAR_NODE ? (const char *)name->data.scalar.value : "";
		const struct key *key = find_key(keys, text);

		if (!key)
			return unknown_key(reading, line_of(name), keys, text);
		if (seen[key - keys])
			return fail(reading, line_of(name), "'%s' stands twice; it stood already in line %u", text,
			            seen[key - keys]);
		seen[key - keys] = line_of(name);
		result = read_value(reading, key, yaml_document_get_node(&reading->document, pair->value), into);
	}
	for (const struct key *key = keys; key->name && !result; key++)
		if (!seen[key - keys])
			result = read_default(reading, key, line, into);
	return result;
}

static int check_hosts(const struct reading *reading, const struct dataplane_configuration *configuration)
{
	for (unsigned i = 0; i < configuration->port_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (configuration->ports[i].host[0] &&
			    strcmp(configuration->ports[i].host, configuration->ports[j].host) == 0)
				return fail(reading, 1, "ports: two of them have the host interface '%s'",
				            configuration->ports[i].host);
	return 0;
}

static bool is_ipv4(const struct in6_addr *address)
{
	return IN6_IS_ADDR_V4MAPPED(address);
}

/* A router is of the family that it is the way for, and tunnels end at an IPv6 address at least. */
static int check_families(const struct reading *reading, const struct dataplane_configuration *configuration)
{
	bool has_ipv6 = false;

	for (unsigned i = 0; i < configuration->port_count; i++) {
		const struct configured_port *port = &configuration->ports[i];

		if (port->has_gateway && is_ipv4(&port->gateway))
			return fail(reading, 1, "ports: the IPv4 gateway of '%s' is 'gateway-ipv4'", port->name);
		if (port->has_gateway_ipv4 && !is_ipv4(&port->gateway_ipv4))
			return fail(reading, 1, "ports: 'gateway-ipv4' of '%s' takes an IPv4 address", port->name);
	}
	for (unsigned i = 0; i < configuration->route_count; i++) {
		const struct configured_route *route = &configuration->routes[i];

		if (route->has_via && is_ipv4(&route->via) != is_ipv4(&route->prefix.address))
			return fail(reading, 1, "routes: prefix and router are both IPv6 or both IPv4");
	}
	for (unsigned i = 0; i < configuration->service_address_count; i++)
		has_ipv6 |= !is_ipv4(&configuration->service_addresses[i]);
	return has_ipv6 ? 0 : fail(reading, 1, "service-addresses: at least one is an IPv6 address");
}

/* The keys of IPv4 are in mapped form, too. */
static int map_key_lengths(const struct reading *reading, struct dataplane_configuration *configuration)
{
	for (unsigned i = 0; i < configuration->service_prefix_count; i++) {
		struct configured_service_prefix *prefix = &configuration->service_prefixes[i];

		if (!is_ipv4(&prefix->prefix.address))
			continue;
		if (prefix->key_length > 128 - MAPPED_PREFIX_BITS)
			return fail(reading, 1, "service-prefixes: a key of IPv4 has at most 32 bits");
		prefix->key_length += MAPPED_PREFIX_BITS;
	}
	return 0;
}

/* What no single key can say. */
static int check_whole(const struct reading *reading, const struct dataplane_configuration *configuration)
{
	struct metrics_place place;
	int result;

	if (configuration->metrics[0] && metrics_place_read(configuration->metrics, &place))
		return fail(reading, 1, "metrics: '%.80s' is not right; it takes " METRICS_PLACES,
		            configuration->metrics);
	for (unsigned i = 0; i < configuration->route_count; i++) {
		bool found = false;

		for (unsigned j = 0; j < configuration->port_count; j++)
			found |= strcmp(configuration->routes[i].port, configuration->ports[j].name) == 0;
		if (!found)
			return fail(reading, 1, "routes: no port is named '%s'", configuration->routes[i].port);
	}
	for (unsigned i = 0; i < configuration->service_prefix_count; i++)
		if (configuration->service_prefixes[i].key_length < configuration->service_prefixes[i].prefix.length)
			return fail(reading, 1, "service-prefixes: a key is at least as long as its prefix");
	result = check_families(reading, configuration);
	return result ? result : check_hosts(reading, configuration);
}

/* Reads the file into `document`, which is the caller's to delete when it returns 0. */
static int load_document(struct reading *reading)
{
	FILE *file = fopen(reading->path, "re");
	yaml_parser_t parser;
	int result = 0;

	if (!file) {
		snprintf(reading->error, ERROR_OCTETS, "%.300s: %s", reading->path, strerror(errno));
		return -EINVAL;
	}
	if (!yaml_parser_initialize(&parser)) {
		fclose(file);
		return -ENOMEM;
	}
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, &reading->document))
		result = fail(reading, (unsigned)parser.problem_mark.line + 1, "this is not YAML: %s",
		              parser.problem ? parser.problem : "unreadable");
	yaml_parser_delete(&parser);
	fclose(file);
	return result;
}

int configuration_read(const char *path, struct dataplane_configuration *configuration, char error[ERROR_OCTETS])
{
	struct reading reading = {.path = path, .error = error};
	int result = load_document(&reading);

	memset(configuration, 0, sizeof(*configuration));
	if (result)
		return result;
	result = read_map(&reading, root_keys, yaml_document_get_root_node(&reading.document), 1,
	                  (uint8_t *)configuration);
	yaml_document_delete(&reading.document);
	if (!result)
		result = map_key_lengths(&reading, configuration);
	return result ? result : check_whole(&reading, configuration);
}

/* The pair of a map whose key begins `path` and goes on no farther than to its next dot. */
static const yaml_node_pair_t *pair_of(struct reading *reading, const yaml_node_t *map, const char *path)
{
	size_t octets = strcspn(path, ".");

	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = yaml_document_get_node(&reading->document, pair->key);

		if (name->type == YAML_SCALAR_NODE && name->data.scalar.length == octets &&
		    memcmp(name->data.scalar.value, path, octets) == 0)
			return pair;
	}
	return NULL;
}

unsigned configuration_line(const char *path, const char *key)
{
	char error[ERROR_OCTETS];
	struct reading reading = {.path = path, .error = error};
	const yaml_node_t *map;
	unsigned line = 1;

	if (load_document(&reading))
		return line;
	map = yaml_document_get_root_node(&reading.document);
	for (const char *at = key; at; at = strchr(at, '.')) {
		const yaml_node_pair_t *pair = pair_of(&reading, map, at += *at == '.');

		if (!pair)
			break;
		line = line_of(yaml_document_get_node(&reading.document, pair->key));
		map = yaml_document_get_node(&reading.document, pair->value);
	}
	yaml_document_delete(&reading.document);
	return line;
}

static void print_keys(FILE *to, const struct key *keys, int depth)
{
	for (; keys->name; keys++) {
		char right[160];

		describe(keys, right, sizeof(right));
		fprintf(to, "%*s%s: %s%s%s%s%s\n%*s%s\n", depth * 4, "", keys->name, right,
		        keys->standard ? (keys->standard[0] ? " (default " : "") : " (required)",
		        keys->standard ? keys->standard : "", keys->standard && keys->standard[0] ? ")" : "",
		        keys->is_live ? " [live]" : "", depth * 4 + 8, "", keys->help);
		if (keys->keys)
			print_keys(to, keys->keys, depth + 1);
	}
}

void configuration_print_keys(FILE *to)
{
	print_keys(to, root_keys, 0);
}
