// SPDX-License-Identifier: BSD-3-Clause
/* bindings - the table as this data plane has it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "address_text.h"
#include "extras.h"
#include "plane_operator.h"

/* What was dropped of his packets: how many, and the newest by name. */
static void add_drops(const struct dataplane *dataplane, const struct in6_addr *key, json_t *row)
{
	struct drop_note notes[DROP_MEMORY_WAYS], newest = {0};
	uint64_t packets = 0;

	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		unsigned count = drop_memory_of_key(&dataplane->workers[i]->walk.dropped, key, notes);

		for (unsigned j = 0; j < count; j++) {
			packets += notes[j].packets;
			if (notes[j].last_ms >= newest.last_ms)
				newest = notes[j];
		}
	}
	json_object_set_new(row, "dropped", plane_number(packets));
	json_object_set_new(row, "last_drop", packets ? json_string(drop_name(newest.reason)) : json_null());
}

static json_t *way_of(const struct dataplane *dataplane, const struct binding_ways *ways, unsigned number)
{
	const struct binding_way *way = &ways->list[number];
	struct in6_addr care_of = shared_address_load(&way->address);
	uint64_t owner_ms = expiry_owner_clock(&dataplane->expiry, dataplane_ms_of(dataplane, rte_rdtsc()));
	uint64_t expiry_ms = way->expiry_and_port >> 16;

	uint64_t word = shared_load(&way->traits);
	struct binding_traits traits;

	memcpy(&traits, &word, sizeof(traits));
	return json_pack("{s:o, s:s, s:i, s:i, s:i, s:o}", "care_of_address", plane_address_text(&care_of), "tunnel",
	                 tunnel_kind_name(traits.kind), "port", (int)(uint16_t)way->expiry_and_port, "inner_mtu_bytes",
	                 (int)traits.inner_mtu_bytes, "weight", (int)ways->weights[number], "seconds_left",
	                 plane_number(expiry_ms > owner_ms ? (expiry_ms - owner_ms) / 1000 : 0));
}

/* What few bindings have (extras.h). */
static void add_extras(const struct dataplane *dataplane, const struct binding_entry *entry, json_t *row)
{
	const struct binding_side *side = binding_table_side(dataplane->forwarding.table, entry);
	const struct binding_ways *ways = side ? side->ways : NULL;
	const struct binding_police *police = side ? side->police : NULL;
	json_t *others = ways ? json_array() : NULL;

	for (unsigned i = 0; ways && i < ways->count; i++)
		json_array_append_new(others, way_of(dataplane, ways, i));
	if (ways) {
		uint64_t owner_ms = expiry_owner_clock(&dataplane->expiry, dataplane_ms_of(dataplane, rte_rdtsc()));
		uint64_t expiry_ms = ways->own_expiry_unix_ms;

		json_object_set_new(row, "weight", json_integer(ways->own_weight));
		json_object_set_new(row, "care_of_address_seconds_left",
		                    plane_number(expiry_ms > owner_ms ? (expiry_ms - owner_ms) / 1000 : 0));
		json_object_set_new(row, "other_care_of_addresses", others);
	}
	if (police)
		json_object_set_new(row, "octets_per_s",
		                    json_pack("{s:o, s:o}", "up", plane_number(police->up_rate.octets_per_s), "down",
		                              plane_number(police->down_rate.octets_per_s)));
}

static json_t *row_of(struct dataplane *dataplane, struct binding_entry *entry)
{
	const struct binding_cold *cold;
	struct binding_traits traits = binding_traits_load(entry);
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	uint64_t owner_ms = expiry_owner_clock(&dataplane->expiry, now_ms), expiry_ms = binding_expiry_load(entry);
	char key[KEY_TEXT_OCTETS];
	json_t *row;

	table_writer_drain(dataplane->forwarding.table, entry);
	cold = binding_table_cold(dataplane->forwarding.table, entry);
	row = json_pack("{s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "key",
	                prefix_to_text(&entry->key, cold->key_length, key), "tunnel", tunnel_kind_name(traits.kind),
	                "care_of_address", plane_address_text(&care_of), "port", (int)binding_port_load(entry),
	                "inner_mtu_bytes", (int)traits.inner_mtu_bytes, "seconds_left",
	                plane_number(expiry_ms > owner_ms ? (expiry_ms - owner_ms) / 1000 : 0), "age_s",
	                plane_number(now_ms / 1000 - cold->changed_s), "care_of_verified",
	                !(traits.flags & BINDING_CARE_OF_UNVERIFIED), "down_packets",
	                plane_number(cold->totals.down_packets), "down_octets", plane_number(cold->totals.down_octets),
	                "up_packets", plane_number(cold->totals.up_packets), "up_octets",
	                plane_number(cold->totals.up_octets), "epoch", plane_number(cold->epoch), "sequence",
	                plane_number(cold->sequence));
	add_extras(dataplane, entry, row);
	add_drops(dataplane, &entry->key, row);
	return row;
}

static json_t *one_binding(struct dataplane *dataplane, const struct in6_addr *address)
{
	struct binding_entry *entry = NULL;
	json_t *rows = json_array();
	struct in6_addr key;
	uint8_t length;

	/* as the walk would find it */
	if (plane_key_of(dataplane, address, &key, &length))
		entry = table_writer_find(dataplane->forwarding.table, &key);
	if (entry)
		json_array_append_new(rows, row_of(dataplane, entry));
	return json_pack("{s:o}", "rows", rows);
}

/* "2001:db8::/64", as rows have it. */
static bool read_key(const char *text, struct in6_addr *key)
{
	uint8_t length;

	return text && prefix_from_text(text, key, &length);
}

/* The rows of a list of keys; those that are not bound here have none. */
static json_t *some_bindings(struct dataplane *dataplane, const json_t *keys, json_t **error)
{
	json_t *rows, *value;
	size_t index;

	if (!json_is_array(keys) || json_array_size(keys) > PLANE_PAGE_MAX) {
		*error = command_error("bad-argument", "'keys' takes a list of at most %d keys", PLANE_PAGE_MAX);
		return NULL;
	}
	rows = json_array();
	json_array_foreach(keys, index, value)
	{
		struct binding_entry *entry;
		struct in6_addr key;

		if (!read_key(json_string_value(value), &key))
			continue;
		entry = table_writer_find(dataplane->forwarding.table, &key);
		if (entry)
			json_array_append_new(rows, row_of(dataplane, entry));
	}
	return json_pack("{s:o}", "rows", rows);
}

PLANE_RUN(plane_bindings)
{
	struct dataplane *dataplane = context;
	const char *after = json_string_value(json_object_get(arguments, "after"));
	char *end = NULL;
	size_t cursor = after ? strtoull(after, &end, 10) : 0;
	const json_t *keys = json_object_get(arguments, "keys");
	struct binding_entry *entry = NULL;
	struct in6_addr address;
	json_t *rows, *body;
	json_int_t limit;
	char next[24];
	bool given;

	if (!plane_limit(arguments, &limit, error) || !plane_address(arguments, &given, &address, error))
		return NULL;
	if (given)
		return one_binding(dataplane, &address);
	if (keys)
		return some_bindings(dataplane, keys, error);
	if (after && (!isdigit((unsigned char)*after) || *end)) {
		*error = command_error("bad-argument", "'after' takes the 'next' of the page before");
		return NULL;
	}
	rows = json_array();
	while ((json_int_t)json_array_size(rows) < limit &&
	       (entry = table_writer_next(dataplane->forwarding.table, &cursor)))
		json_array_append_new(rows, row_of(dataplane, entry));
	body = json_pack("{s:o}", "rows", rows);
	if (entry) {
		snprintf(next, sizeof(next), "%zu", cursor);
		json_object_set_new(body, "next", json_string(next));
	}
	return body;
}
