// SPDX-License-Identifier: BSD-3-Clause
/* show - how a data plane is: sync, shards, workers, ports; and its counters. */
#include <rte_cycles.h>

#include "announcing.h"
#include "capability.h"
#include "idling.h"
#include "plane_operator.h"

static json_t *counters_of(const struct walk_counters *counters)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < walk_counters_count(); i++)
		json_object_set_new(object, walk_counters_name(i), plane_number(walk_counters_value(counters, i)));
	return object;
}

#define SET(name, help) json_object_set_new(object, #name, plane_number(counters->name));

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
	json_object_set_new(object, "not_before_timeouts", plane_number(dataplane->not_before_timeouts));
	return object;
}

static json_t *turns_of(const struct dataplane *dataplane)
{
	const struct main_core_turns *counters = &dataplane->turns;
	json_t *object = json_object();

	MAIN_CORE_TURNS(SET)
	return object;
}

static json_t *quotient(uint64_t dividend, uint64_t divisor)
{
	return divisor ? json_real((double)dividend / (double)divisor) : json_null();
}

/* Since the start, and over the last whole second. */
static json_t *show_worker(const struct worker *worker)
{
	struct worker_load all = worker_load_now(worker), last = worker->dataplane->paces[worker->number].second;
	struct walk_counters drops = {0};
	uint64_t dropped = 0;

	walk_counters_add(&drops, &worker->counters);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		dropped += drops.drops[i];
	return json_pack(
	        "{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "worker", (int)worker->number, "idle",
	        idling_mode_name(worker->idle), "received", plane_number(all.packets), "dropped", plane_number(dropped),
	        "cycles_per_packet", all.packets ? plane_number(all.busy_cycles / all.packets) : json_null(),
	        "cycles_per_packet_now", last.packets ? plane_number(last.busy_cycles / last.packets) : json_null(),
	        "idle_share", quotient(all.all_cycles - all.busy_cycles, all.all_cycles), "idle_share_now",
	        quotient(last.all_cycles - last.busy_cycles, last.all_cycles), "punts_waiting",
	        plane_number(rte_ring_count(worker->punts)), "injections_waiting",
	        plane_number(rte_ring_count(worker->injected)), "punt_ring", (int)rte_ring_get_capacity(worker->punts),
	        "injection_ring", (int)rte_ring_get_capacity(worker->injected));
}

static json_t *show_port(const struct dataplane *dataplane, unsigned index)
{
	const struct forwarding_port *link = &dataplane->forwarding.ports[index];
	const struct port *port = &dataplane->ports[index];
	const uint8_t *a = link->link_address;
	char address[18];

	snprintf(address, sizeof(address), "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:s}", "port", port->name, "driver", port->driver,
	                 "link_address", address, "mtu_bytes", (int)link->mtu_bytes, "queues",
	                 (int)port->receive_queues, "transmit_queues", (int)port->transmit_queues, "spread",
	                 capability_spread_name(port->spread));
}

/* Versions of one epoch have no gaps; of an older epoch nothing counts. */
static uint64_t rows_behind(const struct receiver_shard_view *view)
{
	if (view->complete.epoch != view->head.epoch)
		return view->head.sequence;
	return view->head.sequence > view->complete.sequence ? view->head.sequence - view->complete.sequence : 0;
}

uint64_t plane_rows_behind(const struct dataplane *dataplane)
{
	uint64_t rows = 0;

	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		struct receiver_shard_view view = feed_receiver_shard(dataplane->receiver, (uint8_t)i);

		if (view.head.epoch && !view.is_complete)
			rows += rows_behind(&view);
	}
	return rows;
}

struct lag {
	uint64_t rows;
	uint64_t worst_rows;
	int worst_shard; /* -1: none is behind */
	json_t *behind;  /* one row a shard; complete ones are only counted */
};

static struct lag lag_of(const struct dataplane *dataplane)
{
	struct lag lag = {.worst_shard = -1, .behind = json_array()};

	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		struct receiver_shard_view view = feed_receiver_shard(dataplane->receiver, (uint8_t)i);
		uint64_t rows = rows_behind(&view);

		if (!view.head.epoch || view.is_complete)
			continue;
		lag.rows += rows;
		if (lag.worst_shard < 0 || rows > lag.worst_rows) {
			lag.worst_shard = (int)i;
			lag.worst_rows = rows;
		}
		json_array_append_new(lag.behind,
		                      json_pack("{s:i, s:o, s:o, s:o, s:b, s:b}", "shard", (int)i, "complete",
		                                plane_number(view.complete.sequence), "head",
		                                plane_number(view.head.sequence), "rows_behind", plane_number(rows),
		                                "asking", view.asking, "in_snapshot", view.in_snapshot));
	}
	return lag;
}

static json_t *show_lag(const struct lag *lag)
{
	return json_pack("{s:o, s:o, s:o}", "rows", plane_number(lag->rows), "worst_shard",
	                 lag->worst_shard < 0 ? json_null() : json_integer(lag->worst_shard), "worst_rows",
	                 plane_number(lag->worst_rows));
}

static json_t *show_main_core(const struct dataplane *dataplane)
{
	return json_pack("{s:i, s:i, s:o}", "injections_waiting_for_a_version", (int)dataplane->waiting_count,
	                 "injections_waiting_max", WAITING_INJECTIONS_MAX, "buffers_free",
	                 plane_number(rte_mempool_avail_count(dataplane->pool)));
}

PLANE_RUN(plane_show)
{
	const struct dataplane *dataplane = context;
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	json_t *workers = json_array(), *ports = json_array();
	struct lag lag = lag_of(dataplane);
	struct walk_counters sum;
	unsigned owned, complete;

	(void)arguments, (void)error;
	feed_receiver_summary(dataplane->receiver, &owned, &complete);
	plane_sum_counters(dataplane, &sum);
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		json_array_append_new(workers, show_worker(dataplane->workers[i]));
	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		json_array_append_new(ports, show_port(dataplane, i));
	return json_pack(
	        "{s:b, s:o, s:b, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:b}",
	        "in_sync", feed_receiver_in_sync(dataplane->receiver), "announcement", announcing_show(dataplane),
	        "owner_heard", expiry_owner_is_heard(&dataplane->expiry, now_ms), "shards", (int)owned,
	        "shards_complete", (int)complete, "lag", show_lag(&lag), "shards_behind", lag.behind, "bindings",
	        plane_number(binding_table_count(dataplane->forwarding.table)), "bindings_max",
	        plane_number(binding_table_capacity(dataplane->forwarding.table)), "table_octets",
	        plane_number(binding_table_octets_taken(dataplane->forwarding.table)), "table_octets_max",
	        plane_number(binding_table_octets_most(dataplane->forwarding.table)), "rows_waiting_for_room",
	        plane_number(feed_receiver_refused(dataplane->receiver)), "lacks_rows",
	        feed_receiver_lacks_rows(dataplane->receiver), "huge_pages", dataplane->has_huge_pages, "boot",
	        plane_number(dataplane->boot), "workers", workers, "ports", ports, "main_core",
	        show_main_core(dataplane), "drops", plane_drop_counters(&sum), "adds_up", walk_counters_balance(&sum));
}

PLANE_RUN(plane_stats)
{
	const struct dataplane *dataplane = context;
	struct walk_counters sum;

	(void)arguments, (void)error;
	plane_sum_counters(dataplane, &sum);
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o}", "walk", counters_of(&sum), "drops",
	                 plane_drop_counters(&sum), "adds_up", walk_counters_balance(&sum), "feed",
	                 receiver_counters_of(dataplane), "bus", bus_counters_of(dataplane), "process",
	                 turns_of(dataplane));
}
