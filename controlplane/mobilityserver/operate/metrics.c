// SPDX-License-Identifier: BSD-3-Clause
/* metrics - what the mobility server counts, for Prometheus: names and help from the lists that `stats show` prints. */
#include "binding_update_checks.h"
#include "home_agent_counters.h"
#include "operator.h"
#include "pana_agent_counters.h"
#include "radius_relay_counters.h"

enum { LABELS_OCTETS = 96 };

#define COUNT(room, name, help)      metrics_counter(text, "kedge_controlplane_" room "_" #name, help, counters->name);
#define COUNT_PANA(name, help)       COUNT("pana", name, help)
#define COUNT_RELAY(name, help)      COUNT("relay", name, help)
#define COUNT_BOOTSTRAP(name, help)  COUNT("bootstrap", name, help)
#define COUNT_NAMING(name, help)     COUNT("naming", name, help)
#define COUNT_HOME_AGENT(name, help) COUNT("home_agent", name, help)
#define COUNT_BINDINGS(name, help)   COUNT("bindings", name, help)
#define COUNT_BUS(name, help)        COUNT("bus", name, help)
#define COUNT_PUNTS(name, help)      COUNT("punts", name, help)

static void write_pana(struct metrics_text *text, const struct pana_agent_counters *counters)
{
	PANA_AGENT_COUNTERS(COUNT_PANA)
	metrics_family(text, METRICS_COUNTER, "kedge_controlplane_pana_invalid",
	               "PANA messages refused, by what is wrong");
	for (int fault = 0; fault < PANA_FAULT_COUNT; fault++) {
		char labels[LABELS_OCTETS];

		snprintf(labels, sizeof(labels), "fault=\"%s\"", pana_fault_name((enum pana_fault)fault));
		metrics_count(text, METRICS_COUNTER, "kedge_controlplane_pana_invalid", labels,
		              counters->invalid[fault]);
	}
}

static void write_relay(struct metrics_text *text, const struct radius_relay_counters *counters)
{
	RADIUS_RELAY_COUNTERS(COUNT_RELAY)
}

static void write_bootstrap(struct metrics_text *text, const struct bootstrap_counters *counters)
{
	BOOTSTRAP_COUNTERS(COUNT_BOOTSTRAP)
}

static void write_naming(struct metrics_text *text, const struct naming_counters *counters)
{
	NAMING_COUNTERS(COUNT_NAMING)
}

#define REFUSED(name, answer, status, help)                                                                            \
	metrics_count(text, METRICS_COUNTER, "kedge_controlplane_home_agent_updates_refused", "fault=\"" #name "\"",   \
	              counters->name);

static void write_home_agent(struct metrics_text *text, const struct home_agent_counters *counters)
{
	HOME_AGENT_COUNTERS(COUNT_HOME_AGENT)
	metrics_family(text, METRICS_COUNTER, "kedge_controlplane_home_agent_updates_refused",
	               "binding updates refused, by the check that failed");
	BINDING_UPDATE_FAULTS(REFUSED)
}

static void write_bindings(struct metrics_text *text, const struct bindings *bindings)
{
	const struct bindings_counters *counters = bindings_counters(bindings);

	metrics_gauge(text, "kedge_controlplane_bindings", "home addresses that are bound",
	              (int64_t)bindings_count(bindings));
	BINDINGS_COUNTERS(COUNT_BINDINGS)
}

static void write_bus(struct metrics_text *text, const struct bus_counters *counters)
{
	BUS_COUNTERS(COUNT_BUS)
}

static void write_punts(struct metrics_text *text, const struct mobility_server_counters *counters)
{
	MOBILITY_SERVER_COUNTERS(COUNT_PUNTS)
}

static void write_pool(struct metrics_text *text, const struct address_pool *pool)
{
	metrics_gauge(text, "kedge_controlplane_address_pool_subnets", "prefixes that the pool has",
	              (int64_t)pool->subnets);
	metrics_gauge(text, "kedge_controlplane_address_pool_used", "prefixes that are given away",
	              (int64_t)pool->used);
}

static void write_process(struct metrics_text *text, const struct operator* operator)
{
	struct sqlite_store_counters store = sqlite_store_counters(operator->store);
	const struct executor_counters *executor = executor_counters(loop_executor(operator->loop));

	metrics_watcher_loop(text, "kedge_controlplane_", operator->loop);
	metrics_counter(text, "kedge_controlplane_steps", "messages and timers that were worked on", executor->steps);
	metrics_gauge(text, "kedge_controlplane_steps_waiting", "steps that wait for the store",
	              (int64_t)executor->steps_waiting);
	metrics_counter(text, "kedge_controlplane_outputs_dropped", "outputs that a failed commit took with it",
	                executor->outputs_dropped);
	metrics_counter(text, "kedge_controlplane_store_commits", "transactions of the store", store.commits);
	metrics_counter(text, "kedge_controlplane_store_commits_failed", "transactions that failed",
	                store.commits_failed);
	metrics_gauge_seconds(text, "kedge_controlplane_store_longest_commit_seconds", "the longest transaction so far",
	                      store.longest_commit_us);
}

void operator_metrics(void *context, struct metrics_text *text)
{
	struct operator* operator= context;
	struct mobility_server *server = operator->server;

	if (!server || !operator->store)
		return; /* before it is ready */
	metrics_family(text, METRICS_GAUGE, "kedge_controlplane_info", "version of the mobility server");
	metrics_count(text, METRICS_GAUGE, "kedge_controlplane_info", "version=\"" KEDGE_VERSION "\"", 1);
	write_pana(text, pana_agent_counters(mobility_server_pana(server)));
	write_relay(text, radius_relay_counters(mobility_server_relay(server)));
	write_bootstrap(text, bootstrap_counters(mobility_server_bootstrap(server)));
	write_pool(text, bootstrap_pool(mobility_server_bootstrap(server)));
	write_naming(text, naming_counters(mobility_server_naming(server)));
	write_home_agent(text, home_agent_counters(mobility_server_home_agent(server)));
	write_bindings(text, mobility_server_bindings(server));
	write_punts(text, mobility_server_counters(server));
	write_bus(text, bus_counters(operator->bus));
	write_process(text, operator);
}
