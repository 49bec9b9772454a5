// SPDX-License-Identifier: BSD-3-Clause
/* dataplane_commands - what operators can ask of a data plane; bodies are documented in docs/operation.md. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>

#include "dataplane.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *address_text(const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET6, address, text, sizeof(text)));
}

static void sum_counters(const struct dataplane *dataplane, struct walk_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	walk_counters_add(sum, &dataplane->main_counters);
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		walk_counters_add(sum, &dataplane->workers[i]->counters);
}

static json_t *drops_of(const struct walk_counters *counters)
{
	json_t *drops = json_object();

	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (counters->drops[i])
			json_object_set_new(drops, drop_name((enum drop_reason)i), number(counters->drops[i]));
	return drops;
}

static json_t *counters_of(const struct walk_counters *counters)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < walk_counters_count(); i++)
		json_object_set_new(object, walk_counters_name(i), number(walk_counters_value(counters, i)));
	return object;
}

#define SET(name, help) json_object_set_new(object, #name, number(counters->name));

static json_t *receiver_counters_of(const struct dataplane *dataplane)
{
	const struct feed_receiver_counters *counters = feed_receiver_counters(dataplane->receiver);
	json_t *object = json_object();

	FEED_RECEIVER_COUNTERS(SET)
	return object;
}

static json_t *bus_counters_of(const struct dataplane *dataplane)
{
	const struct bus_client_counters *counters = bus_client_counters(dataplane->bus);
	json_t *object = json_object();

	BUS_CLIENT_COUNTERS(SET)
	json_object_set_new(object, "not_before_timeouts", number(dataplane->not_before_timeouts));
	return object;
}

static json_t *show_worker(const struct worker *worker)
{
	uint64_t busy = __atomic_load_n(&worker->busy_cycles, __ATOMIC_RELAXED);
	uint64_t all = __atomic_load_n(&worker->all_cycles, __ATOMIC_RELAXED);
	uint64_t received = __atomic_load_n(&worker->counters.received, __ATOMIC_RELAXED);

	return json_pack("{s:i, s:o, s:o, s:f, s:o, s:o}", "worker", (int)worker->number, "received", number(received),
	                 "cycles_per_packet", received ? number(busy / received) : json_null(), "busy_share",
	                 all ? (double)busy / (double)all : 0.0, "punts_waiting", number(rte_ring_count(worker->punts)),
	                 "injections_waiting", number(rte_ring_count(worker->injected)));
}

static json_t *show_port(const struct dataplane *dataplane, unsigned index)
{
	const struct forwarding_port *link = &dataplane->forwarding.ports[index];
	const struct port *port = &dataplane->ports[index];
	const uint8_t *a = link->link_address;
	char address[18];

	snprintf(address, sizeof(address), "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
	return json_pack("{s:s, s:s, s:s, s:i, s:i}", "port", port->name, "driver", port->driver, "link_address",
	                 address, "mtu_bytes", (int)link->mtu_bytes, "queues", (int)port->queues);
}

/* How far the slowest shards are behind; complete ones are only counted. */
static json_t *show_shards(const struct dataplane *dataplane)
{
	json_t *behind = json_array();

	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		struct receiver_shard_view view = feed_receiver_shard(dataplane->receiver, (uint8_t)i);

		if (!view.head.epoch || view.is_complete)
			continue;
		json_array_append_new(behind,
		                      json_pack("{s:i, s:o, s:o, s:b, s:b}", "shard", (int)i, "complete",
		                                number(view.complete.sequence), "head", number(view.head.sequence),
		                                "asking", view.asking, "in_snapshot", view.in_snapshot));
	}
	return behind;
}

static json_t *run_show(void *context, json_t *arguments, json_t **error)
{
	const struct dataplane *dataplane = context;
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	json_t *workers = json_array(), *ports = json_array();
	struct walk_counters sum;
	unsigned owned, complete;

	(void)arguments, (void)error;
	feed_receiver_summary(dataplane->receiver, &owned, &complete);
	sum_counters(dataplane, &sum);
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		json_array_append_new(workers, show_worker(dataplane->workers[i]));
	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		json_array_append_new(ports, show_port(dataplane, i));
	return json_pack("{s:b, s:b, s:i, s:i, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "in_sync",
	                 feed_receiver_in_sync(dataplane->receiver), "owner_heard",
	                 expiry_owner_is_heard(&dataplane->expiry, now_ms), "shards", (int)owned, "shards_complete",
	                 (int)complete, "shards_behind", show_shards(dataplane), "bindings",
	                 number(binding_table_count(dataplane->forwarding.table)), "bindings_max",
	                 number(binding_table_capacity(dataplane->forwarding.table)), "rows_waiting_for_room",
	                 number(feed_receiver_refused(dataplane->receiver)), "lacks_rows",
	                 feed_receiver_lacks_rows(dataplane->receiver), "huge_pages", dataplane->has_huge_pages, "boot",
	                 number(dataplane->boot), "workers", workers, "ports", ports, "drops", drops_of(&sum));
}

static json_t *run_stats(void *context, json_t *arguments, json_t **error)
{
	const struct dataplane *dataplane = context;
	struct walk_counters sum;

	(void)arguments, (void)error;
	sum_counters(dataplane, &sum);
	return json_pack("{s:o, s:o, s:b, s:o, s:o}", "walk", counters_of(&sum), "drops", drops_of(&sum), "adds_up",
	                 walk_counters_balance(&sum), "feed", receiver_counters_of(dataplane), "bus",
	                 bus_counters_of(dataplane));
}

static json_t *show_entry(struct dataplane *dataplane, struct binding_entry *entry)
{
	const struct binding_cold *cold;
	struct binding_traits traits = binding_traits_load(entry);
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	uint64_t owner_ms = expiry_owner_clock(&dataplane->expiry, now_ms), expiry_ms = binding_expiry_load(entry);
	char key[INET6_ADDRSTRLEN + 8], text[INET6_ADDRSTRLEN];

	table_writer_drain(dataplane->forwarding.table, entry);
	cold = binding_table_cold(dataplane->forwarding.table, entry);
	snprintf(key, sizeof(key), "%s/%u", inet_ntop(AF_INET6, &entry->key, text, sizeof(text)), cold->key_length);
	return json_pack("{s:s, s:o, s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "key", key, "care_of_address",
	                 address_text(&care_of), "inner_mtu_bytes", (int)traits.inner_mtu_bytes, "seconds_left",
	                 number(expiry_ms > owner_ms ? (expiry_ms - owner_ms) / 1000 : 0), "age_s",
	                 number(now_ms / 1000 - cold->changed_s), "care_of_verified",
	                 !(traits.flags & BINDING_CARE_OF_UNVERIFIED), "down_packets",
	                 number(cold->totals.down_packets), "down_octets", number(cold->totals.down_octets),
	                 "up_packets", number(cold->totals.up_packets), "up_octets", number(cold->totals.up_octets),
	                 "epoch", number(cold->epoch), "sequence", number(cold->sequence));
}

/* The entry whose key holds this address, as the walk would find it. */
static struct binding_entry *entry_of(struct dataplane *dataplane, const struct in6_addr *address)
{
	const struct service_prefix *prefix = service_prefix_of(&dataplane->forwarding.prefixes, address);
	struct in6_addr key;

	if (!prefix)
		return NULL;
	service_prefix_key(prefix, address, &key);
	return table_writer_find(dataplane->forwarding.table, &key);
}

static json_t *run_bindings(void *context, json_t *arguments, json_t **error)
{
	struct dataplane *dataplane = context;
	const char *text = json_string_value(json_object_get(arguments, "address"));
	const char *after = json_string_value(json_object_get(arguments, "after"));
	json_t *limit_value = json_object_get(arguments, "limit"), *rows, *body;
	json_int_t limit = limit_value ? json_integer_value(limit_value) : PAGE_DEFAULT;
	size_t cursor = after ? strtoull(after, NULL, 10) : 0;
	struct binding_entry *entry = NULL;
	struct in6_addr address;
	char next[24];

	if (limit < 1 || limit > PAGE_MAX) {
		*error = command_error("bad-argument", "'limit' takes an integer from 1 to %d", PAGE_MAX);
		return NULL;
	}
	if (text && inet_pton(AF_INET6, text, &address) != 1) {
		*error = command_error("bad-argument", "'%.60s' is no address", text);
		return NULL;
	}
	rows = json_array();
	if (text) {
		entry = entry_of(dataplane, &address);
		if (entry)
			json_array_append_new(rows, show_entry(dataplane, entry));
		return json_pack("{s:o}", "rows", rows);
	}
	while ((json_int_t)json_array_size(rows) < limit &&
	       (entry = table_writer_next(dataplane->forwarding.table, &cursor)))
		json_array_append_new(rows, show_entry(dataplane, entry));
	body = json_pack("{s:o}", "rows", rows);
	if (entry) {
		snprintf(next, sizeof(next), "%zu", cursor);
		json_object_set_new(body, "next", json_string(next));
	}
	return body;
}

static json_t *run_config_check(void *context, json_t *arguments, json_t **error)
{
	const struct dataplane *dataplane = context;
	struct dataplane_configuration configuration;
	char fault[ERROR_OCTETS];

	(void)arguments;
	if (configuration_read(dataplane->configuration_file, &configuration, fault)) {
		*error = command_error("failed", "%s", fault);
		return NULL;
	}
	return json_pack("{s:s, s:s}", "file", dataplane->configuration_file, "result", "right");
}

static json_t *run_log_level(void *context, json_t *arguments, json_t **error)
{
	(void)context;
	if (json_object_get(arguments, "level")) {
		*error = command_error("bad-argument", "the data plane logs notices alone");
		return NULL;
	}
	return json_pack("{s:s}", "level", "notice");
}

const struct dataplane_command dataplane_commands[DATAPLANE_COMMANDS] = {
        {.name = "dataplane show", .run = run_show, .arguments = ""},
        {.name = "dataplane bindings", .run = run_bindings, .arguments = "address limit after"},
        {.name = "stats show", .run = run_stats, .arguments = ""},
        {.name = "config check", .run = run_config_check, .arguments = ""},
        {.name = "log level", .operates = true, .run = run_log_level, .arguments = "level"},
};
