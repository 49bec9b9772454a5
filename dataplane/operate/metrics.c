// SPDX-License-Identifier: BSD-3-Clause
/* metrics - what a data plane counts, for Prometheus: names and help from the lists that `stats show` prints. */
#include <rte_cycles.h>

#include "plane_operator.h"

enum { LABELS_OCTETS = 96 };

#define COUNTER(prefix, name, help) metrics_counter(text, "kedge_dataplane_" prefix #name, help, counters->name);

/* What is missing in the equation of walk_counters.h; read in the middle of a burst it may be below zero. */
static int64_t under_way(const struct walk_counters *counters)
{
	uint64_t in = counters->received + counters->injected + counters->from_host + counters->originated;
	uint64_t out = counters->transmitted + counters->punted + counters->to_host + counters->consumed;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		out += counters->drops[i];
	return (int64_t)(in - out);
}

static void write_walk(struct metrics_text *text, const struct walk_counters *counters)
{
	char labels[LABELS_OCTETS];

	for (unsigned i = 0; i < walk_counters_count(); i++) {
		char name[LABELS_OCTETS];

		snprintf(name, sizeof(name), "kedge_dataplane_walk_%s", walk_counters_name(i));
		metrics_counter(text, name, walk_counters_help(i), walk_counters_value(counters, i));
	}
	/* all of them, so that an alarm can be set on one that has not occurred yet */
	metrics_family(text, METRICS_COUNTER, "kedge_dataplane_drops", "packets dropped, by reason");
	for (unsigned i = 0; i < DROP_REASONS; i++) {
		snprintf(labels, sizeof(labels), "reason=\"%s\"", drop_name((enum drop_reason)i));
		metrics_count(text, METRICS_COUNTER, "kedge_dataplane_drops", labels, counters->drops[i]);
	}
	metrics_gauge(
	        text, "kedge_dataplane_packets_under_way",
	        "packets that have come and neither left nor been dropped; it grows without end by a defect alone",
	        under_way(counters));
}

static void write_feed(struct metrics_text *text, const struct feed_receiver_counters *counters)
{
#define X(name, help) COUNTER("feed_", name, help)
	FEED_RECEIVER_COUNTERS(X)
#undef X
}

static void write_bus(struct metrics_text *text, const struct bus_client_counters *counters)
{
#define X(name, help) COUNTER("bus_", name, help)
	BUS_CLIENT_COUNTERS(X)
#undef X
}

/* One family with a sample for each worker. */
static void each_worker(struct metrics_text *text, const struct dataplane *dataplane, enum metrics_type type,
                        const char *name, const char *help, uint64_t (*value)(const struct worker *worker))
{
	metrics_family(text, type, name, help);
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		char labels[LABELS_OCTETS];

		snprintf(labels, sizeof(labels), "worker=\"%u\"", i);
		metrics_count(text, type, name, labels, value(dataplane->workers[i]));
	}
}

static uint64_t packets_of(const struct worker *worker)
{
	return shared_load(&worker->counters.received);
}

static uint64_t busy_of(const struct worker *worker)
{
	return shared_load(&worker->busy_cycles);
}

static uint64_t cycles_of(const struct worker *worker)
{
	return shared_load(&worker->all_cycles);
}

static uint64_t lost_of(const struct worker *worker)
{
	return shared_load(&worker->walk.reports_lost);
}

static uint64_t punts_of(const struct worker *worker)
{
	return rte_ring_count(worker->punts);
}

static uint64_t injections_of(const struct worker *worker)
{
	return rte_ring_count(worker->injected);
}

static void write_workers(struct metrics_text *text, const struct dataplane *dataplane)
{
	each_worker(text, dataplane, METRICS_COUNTER, "kedge_dataplane_worker_packets",
	            "packets that a worker received", packets_of);
	each_worker(text, dataplane, METRICS_COUNTER, "kedge_dataplane_worker_busy_cycles",
	            "processor cycles in which a worker had packets", busy_of);
	each_worker(text, dataplane, METRICS_COUNTER, "kedge_dataplane_worker_cycles",
	            "processor cycles of a worker, with packets or without", cycles_of);
	each_worker(text, dataplane, METRICS_COUNTER, "kedge_dataplane_worker_reports_lost",
	            "packets of traces and captures that found no room on their way to the operator", lost_of);
	each_worker(text, dataplane, METRICS_GAUGE, "kedge_dataplane_worker_punts_waiting",
	            "control packets on their way from a worker to the main core", punts_of);
	each_worker(text, dataplane, METRICS_GAUGE, "kedge_dataplane_worker_injections_waiting",
	            "packets on their way from the main core to a worker", injections_of);
}

static void write_sync(struct metrics_text *text, const struct dataplane *dataplane)
{
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	unsigned owned, complete;

	feed_receiver_summary(dataplane->receiver, &owned, &complete);
	metrics_gauge(text, "kedge_dataplane_in_sync", "1 while the table is as its owners have it",
	              feed_receiver_in_sync(dataplane->receiver));
	metrics_gauge(text, "kedge_dataplane_owner_heard", "1 while a control plane is heard",
	              expiry_owner_is_heard(&dataplane->expiry, now_ms));
	metrics_gauge(text, "kedge_dataplane_shards", "shards that have an owner", owned);
	metrics_gauge(text, "kedge_dataplane_shards_complete", "shards that are complete here", complete);
	metrics_gauge(text, "kedge_dataplane_rows_behind", "rows that the table lacks",
	              (int64_t)plane_rows_behind(dataplane));
	metrics_gauge(text, "kedge_dataplane_bindings", "bindings in the table",
	              (int64_t)binding_table_count(dataplane->forwarding.table));
	metrics_gauge(text, "kedge_dataplane_bindings_limit", "bindings that the table has room for",
	              (int64_t)binding_table_capacity(dataplane->forwarding.table));
	metrics_gauge(text, "kedge_dataplane_table_octets", "memory that the table has taken up to now",
	              (int64_t)binding_table_octets_taken(dataplane->forwarding.table));
	metrics_gauge(text, "kedge_dataplane_table_octets_limit", "memory that the table takes at most",
	              (int64_t)binding_table_octets_most(dataplane->forwarding.table));
	metrics_gauge(text, "kedge_dataplane_buffers_free", "packet buffers that nobody holds",
	              rte_mempool_avail_count(dataplane->pool));
}

static void write_main_core(struct metrics_text *text, const struct dataplane *dataplane)
{
	const struct main_core_turns *turns = &dataplane->turns;

	metrics_counter(text, "kedge_dataplane_main_core_turns", "turns of the main core's loop", turns->turns);
	metrics_counter(text, "kedge_dataplane_main_core_long_turns",
	                "turns that worked for more than five milliseconds", turns->turns_over_5_ms);
	metrics_counter(text, "kedge_dataplane_main_core_preempted_turns",
	                "turns of more than five milliseconds in which other programs had the processor",
	                turns->turns_preempted);
	metrics_gauge_seconds(text, "kedge_dataplane_main_core_longest_turn_seconds", "the longest turn so far",
	                      turns->longest_turn_us);
	metrics_counter(text, "kedge_dataplane_not_before_timeouts",
	                "packets sent although the version that they waited for had not come",
	                dataplane->not_before_timeouts);
}

void plane_metrics(void *context, struct metrics_text *text)
{
	const struct dataplane *dataplane = context;
	struct walk_counters sum;

	plane_sum_counters(dataplane, &sum);
	metrics_family(text, METRICS_GAUGE, "kedge_dataplane_info", "version and name of the data plane");
	metrics_count(text, METRICS_GAUGE, "kedge_dataplane_info", "version=\"" KEDGE_VERSION "\"", 1);
	write_walk(text, &sum);
	write_feed(text, feed_receiver_counters(dataplane->receiver));
	write_bus(text, bus_client_counters(dataplane->bus));
	write_workers(text, dataplane);
	write_sync(text, dataplane);
	write_main_core(text, dataplane);
}
