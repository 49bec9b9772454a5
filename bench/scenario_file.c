// SPDX-License-Identifier: BSD-3-Clause
#include "scenario_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "address_text.h"

struct load {
	const char *path;
	char *error;
	bool failed;
};

static void fail(struct load *load, const char *what, const char *found)
{
	if (!load->failed)
		snprintf(load->error, SCENARIO_ERROR_OCTETS, "%.200s: %.100s: '%.100s' is missing or not right",
		         load->path, what, found ? found : "");
	load->failed = true;
}

static uint64_t number_of(struct load *load, const json_t *map, const char *name)
{
	json_t *value = json_object_get(map, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		fail(load, name, "a number");
	return (uint64_t)json_integer_value(value);
}

/* "ADDRESS" or, with `length`, "ADDRESS/LENGTH"; of IPv4 the length is that of the mapped form. */
static struct in6_addr parse_address(struct load *load, const char *name, const char *text, unsigned *length)
{
	struct in6_addr address = {0};
	uint8_t bits = 0;

	if (!text || !(length ? prefix_from_text(text, &address, &bits) : address_from_text(text, &address)))
		fail(load, name, text);
	if (length)
		*length = bits;
	return address;
}

static struct in6_addr address_of(struct load *load, const json_t *map, const char *name)
{
	return parse_address(load, name, json_string_value(json_object_get(map, name)), NULL);
}

/* Bits of a key, as a row or prefix of this address names them. */
static unsigned key_length_of(struct load *load, const json_t *row, const struct in6_addr *address)
{
	unsigned length = (unsigned)number_of(load, row, "key_length");

	return IN6_IS_ADDR_V4MAPPED(address) ? length + MAPPED_PREFIX_BITS : length;
}

static void parse_link(struct load *load, const char *name, const char *text, uint8_t link[LINK_ADDRESS_OCTETS])
{
	if (!text || sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &link[0], &link[1], &link[2], &link[3], &link[4],
	                    &link[5]) != LINK_ADDRESS_OCTETS)
		fail(load, name, text);
}

/* Service addresses first: [0] ends the tunnels. */
static void load_own(struct load *load, const json_t *root, struct forwarding *forwarding)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(root, "service_addresses"), i, value)
	{
		struct in6_addr address = parse_address(load, "service_addresses", json_string_value(value), NULL);

		if (forwarding_add_own(forwarding, &address, NO_PORT) < 0)
			fail(load, "service_addresses", json_string_value(value));
	}
	if (!forwarding->own_count)
		fail(load, "service_addresses", NULL);
}

static void load_port(struct load *load, const json_t *root, struct forwarding *forwarding)
{
	const json_t *port = json_object_get(root, "port"), *value;
	struct in6_addr gateway = address_of(load, port, "gateway"), everything = {0};
	size_t i;

	forwarding->port_count = 1;
	forwarding->ports[0].mtu_bytes = (uint16_t)number_of(load, port, "mtu");
	parse_link(load, "port.mac", json_string_value(json_object_get(port, "mac")),
	           forwarding->ports[0].link_address);
	json_array_foreach(json_object_get(port, "addresses"), i, value)
	{
		unsigned length = 0;
		struct in6_addr address = parse_address(load, "port.addresses", json_string_value(value), &length);

		if (forwarding_add_own(forwarding, &address, 0) < 0)
			fail(load, "port.addresses", json_string_value(value));
		if (IN6_IS_ADDR_LINKLOCAL(&address))
			forwarding->ports[0].link_local = address;
		else if (forwarding_add_route(forwarding, &address, length, 0, NULL))
			fail(load, "port.addresses", json_string_value(value));
	}
	if (forwarding_add_route(forwarding, &everything, 0, 0, &gateway))
		fail(load, "port.gateway", NULL);
	if (json_object_get(port, "gateway_ipv4")) {
		gateway = address_of(load, port, "gateway_ipv4");
		everything = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		if (forwarding_add_route(forwarding, &everything, MAPPED_PREFIX_BITS, 0, &gateway))
			fail(load, "port.gateway_ipv4", NULL);
	}
}

/* "outer_dont_fragment": path-mtu (the default), copy, or never. */
static void load_dont_fragment(struct load *load, const json_t *root, struct forwarding *forwarding)
{
	const char *word = json_string_value(json_object_get(root, "outer_dont_fragment"));

	if (!word || strcmp(word, "path-mtu") == 0)
		forwarding->outer_dont_fragment = OUTER_DF_PATH_MTU;
	else if (strcmp(word, "copy") == 0)
		forwarding->outer_dont_fragment = OUTER_DF_COPY;
	else if (strcmp(word, "never") == 0)
		forwarding->outer_dont_fragment = OUTER_DF_NEVER;
	else
		fail(load, "outer_dont_fragment", word);
}

/* "dscp": copy (the default), pipe with "dscp_value", or uniform; "udp_checksum". */
static void load_marking(struct load *load, const json_t *root, struct forwarding *forwarding)
{
	const char *dscp = json_string_value(json_object_get(root, "dscp"));

	forwarding->udp_checksum = json_is_true(json_object_get(root, "udp_checksum"));
	if (!dscp || strcmp(dscp, "copy") == 0)
		return;
	if (strcmp(dscp, "pipe") == 0)
		forwarding->marking = tunnel_marking_pipe((uint8_t)number_of(load, root, "dscp_value"));
	else if (strcmp(dscp, "uniform") == 0)
		forwarding->marking = tunnel_marking_uniform();
	else
		fail(load, "dscp", dscp);
}

static void load_prefixes(struct load *load, const json_t *root, struct forwarding *forwarding)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(root, "service_prefixes"), i, row)
	{
		const char *text = json_string_value(json_object_get(row, "prefix"));
		unsigned length = 0;
		struct in6_addr prefix = parse_address(load, "service_prefixes", text, &length);

		if (service_prefixes_add(&forwarding->prefixes, &prefix, length, key_length_of(load, row, &prefix)))
			fail(load, "service_prefixes", text);
	}
}

static void load_neighbours(struct load *load, json_t *root, struct world *world)
{
	json_t *neighbours = json_object_get(root, "neighbours"), *value;
	const char *text;

	json_object_foreach(neighbours, text, value)
	{
		struct in6_addr address = parse_address(load, "neighbours", text, NULL);
		struct neighbour *neighbour = neighbour_claim(&world->neighbours, &address, 0, world->start_ms);
		uint8_t link[LINK_ADDRESS_OCTETS] = {0};

		parse_link(load, "neighbours", json_string_value(value), link);
		if (!neighbour) {
			fail(load, "neighbours", text);
			continue;
		}
		/* known for ever: what is never asked for needs no answer in a pcap */
		neighbour_learn(&world->neighbours, neighbour, link, UINT64_MAX / 2);
	}
}

/* The kind of tunnel; without one it is ip6-in-ip6. */
static uint8_t kind_of(struct load *load, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "kind"));

	if (!json_object_get(row, "kind"))
		return FEED_TUNNEL_IP6_IN_IP6;
	for (uint8_t kind = 1; name && kind < TUNNEL_KINDS; kind++)
		if (strcmp(name, tunnel_kind_name(kind)) == 0)
			return kind;
	fail(load, "kind", name);
	return FEED_TUNNEL_NONE;
}

static void load_care_of(struct load *load, const json_t *from, struct feed_row *row)
{
	struct in6_addr care_of = address_of(load, from, "care_of");
	uint32_t weight = json_object_get(from, "weight") ? (uint32_t)number_of(load, from, "weight") : 1;

	memcpy(row->care_of_address, &care_of, sizeof(care_of));
	row->tunnel_kind = kind_of(load, from);
	row->port = json_object_get(from, "port") ? (uint16_t)number_of(load, from, "port") : 0;
	row->inner_mtu_bytes = (uint16_t)number_of(load, from, "inner_mtu");
	row->expiry_unix_ms = number_of(load, from, "expires_ms");
	row->flags = weight << FEED_WEIGHT_SHIFT;
	if (json_is_true(json_object_get(from, "unverified")))
		row->flags |= FEED_FLAG_CARE_OF_UNVERIFIED;
}

static struct feed_rate rate_of(struct load *load, const json_t *rates, const char *direction)
{
	const json_t *from = json_object_get(rates, direction);

	if (!from)
		return (struct feed_rate){0};
	return (struct feed_rate){.octets_per_s = number_of(load, from, "octets_per_s"),
	                          .burst_octets = (uint32_t)number_of(load, from, "burst_octets"),
	                          .excess_octets = (uint32_t)number_of(load, from, "excess_octets")};
}

/* A row and the extra ones behind it; returns how many. */
static unsigned load_rows(struct load *load, const json_t *from, struct feed_row rows[1 + FEED_EXTRA_ROWS_MAX])
{
	const char *operation = json_string_value(json_object_get(from, "op"));
	const json_t *rates = json_object_get(from, "rates"), *care_of;
	struct in6_addr key = address_of(load, from, "key");
	unsigned count = 1;
	size_t i;

	memset(rows, 0, sizeof(*rows));
	rows->operation = operation && strcmp(operation, "withdraw") == 0 ? FEED_WITHDRAW : FEED_SET;
	rows->key_length = (uint8_t)key_length_of(load, from, &key);
	memcpy(rows->key, &key, sizeof(key));
	if (rows->operation == FEED_WITHDRAW)
		return count;
	load_care_of(load, from, rows);
	json_array_foreach(json_object_get(from, "care_ofs"), i, care_of)
	{
		if (count == FEED_EXTRA_ROWS_MAX) {
			fail(load, "care_ofs", "too many");
			break;
		}
		rows[count] = *rows;
		rows[count].operation = FEED_CARE_OF;
		load_care_of(load, care_of, &rows[count++]);
	}
	if (rates) {
		rows[count] = *rows;
		rows[count].operation = FEED_RATES;
		rows[count].up = rate_of(load, rates, "up");
		rows[count++].down = rate_of(load, rates, "down");
	}
	return count;
}

static void load_bindings(struct load *load, const json_t *root, struct scenario *scenario)
{
	const json_t *bindings = json_object_get(root, "bindings"), *changes = json_object_get(root, "changes"), *row;
	const size_t rows_each = 1 + FEED_EXTRA_ROWS_MAX;
	struct feed_row rows[1 + FEED_EXTRA_ROWS_MAX];
	size_t i;

	scenario->bindings = calloc(json_array_size(bindings) * rows_each + 1, sizeof(*scenario->bindings));
	scenario->changes = calloc(json_array_size(changes) * rows_each + 1, sizeof(*scenario->changes));
	if (!scenario->bindings || !scenario->changes) {
		fail(load, "bindings", "memory");
		return;
	}
	json_array_foreach(bindings, i, row) scenario->binding_count +=
	        load_rows(load, row, &scenario->bindings[scenario->binding_count]);
	json_array_foreach(changes, i, row)
	{
		size_t before_packet = (size_t)number_of(load, row, "before_packet");
		unsigned count = load_rows(load, row, rows);

		for (unsigned j = 0; j < count; j++)
			scenario->changes[scenario->change_count++] =
			        (struct scenario_change){.before_packet = before_packet, .row = rows[j]};
	}
}

/* "population": a table of so many made bindings (population.h), instead of a row for each. */
static void load_population(struct load *load, const json_t *root, struct scenario *scenario)
{
	const json_t *population = json_object_get(root, "population");
	uint64_t bindings;

	if (!population)
		return;
	bindings = number_of(load, population, "bindings");
	if (bindings > POPULATION_MAX)
		fail(load, "population.bindings", "a number up to 100000000");
	scenario->population =
	        (struct population){.seed = number_of(load, population, "seed"), .bindings = (uint32_t)bindings};
	scenario->population_expiry_ms = number_of(load, population, "expires_ms");
}

int scenario_load(const char *path, struct world *world, struct scenario *scenario, char error[SCENARIO_ERROR_OCTETS])
{
	struct load load = {.path = path, .error = error};
	json_error_t parse_error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &parse_error);

	memset(scenario, 0, sizeof(*scenario));
	if (!root) {
		snprintf(error, SCENARIO_ERROR_OCTETS, "%.200s:%d: %.250s", path, parse_error.line, parse_error.text);
		return -EINVAL;
	}
	world->start_ms = number_of(&load, root, "start_ms");
	world->forwarding.handover_grace_ms = (uint32_t)number_of(&load, root, "handover_grace_ms");
	world->forwarding.hop_limit = (uint8_t)number_of(&load, root, "hop_limit");
	load_marking(&load, root, &world->forwarding);
	load_dont_fragment(&load, root, &world->forwarding);
	load_own(&load, root, &world->forwarding);
	load_port(&load, root, &world->forwarding);
	load_prefixes(&load, root, &world->forwarding);
	load_neighbours(&load, root, world);
	load_bindings(&load, root, scenario);
	load_population(&load, root, scenario);
	json_decref(root);
	if (load.failed)
		scenario_free(scenario);
	return load.failed ? -EINVAL : 0;
}

void scenario_free(struct scenario *scenario)
{
	free(scenario->bindings);
	free(scenario->changes);
	memset(scenario, 0, sizeof(*scenario));
}

void scenario_default(struct world *world)
{
	static const uint8_t own_link[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 1};
	static const uint8_t gateway_link[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 0xfe};
	const struct in6_addr service = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1}};
	const struct in6_addr home = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0, 0xaa}};
	const struct in6_addr many = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0xb0}};
	const struct in6_addr port = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0, 0xf3, [15] = 2}};
	const struct in6_addr gateway = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0, 0xf3, [15] = 1}};
	const struct in6_addr everything = {0};
	struct forwarding *forwarding = &world->forwarding;
	struct neighbour *neighbour;

	forwarding->port_count = 1;
	forwarding->ports[0].mtu_bytes = 1500;
	memcpy(forwarding->ports[0].link_address, own_link, sizeof(own_link));
	(void)forwarding_add_own(forwarding, &service, NO_PORT);
	(void)forwarding_add_own(forwarding, &port, 0);
	(void)forwarding_add_route(forwarding, &port, 64, 0, NULL);
	(void)forwarding_add_route(forwarding, &everything, 0, 0, &gateway);
	(void)service_prefixes_add(&forwarding->prefixes, &home, 48, 64);
	(void)service_prefixes_add(&forwarding->prefixes, &many, 36, 64);
	neighbour = neighbour_claim(&world->neighbours, &gateway, 0, 0);
	if (neighbour)
		neighbour_learn(&world->neighbours, neighbour, gateway_link, UINT64_MAX / 2);
}
