// SPDX-License-Identifier: BSD-3-Clause
#include "binding_update_checks.h"
#include "home_agent_counters.h"
#include "operator.h"
#include "pana_agent_counters.h"
#include "radius_relay_counters.h"

#define SET(name, help)                       json_object_set_new(object, #name, json_integer((json_int_t)counters->name));
#define SET_FAULT(name, answer, status, help) SET(name, help)

static json_t *pana_stats(const struct pana_agent_counters *counters)
{
	json_t *object = json_object(), *invalid = json_object();

	PANA_AGENT_COUNTERS(SET)
	for (int fault = 0; fault < PANA_FAULT_COUNT; fault++)
		if (counters->invalid[fault])
			json_object_set_new(invalid, pana_fault_name((enum pana_fault)fault),
			                    json_integer((json_int_t)counters->invalid[fault]));
	json_object_set_new(object, "invalid", invalid);
	return object;
}

static json_t *relay_stats(const struct radius_relay_counters *counters)
{
	json_t *object = json_object();

	RADIUS_RELAY_COUNTERS(SET)
	return object;
}

static json_t *bootstrap_stats(const struct bootstrap_counters *counters)
{
	json_t *object = json_object();

	BOOTSTRAP_COUNTERS(SET)
	return object;
}

static json_t *naming_stats(const struct naming_counters *counters)
{
	json_t *object = json_object();

	NAMING_COUNTERS(SET)
	return object;
}

static json_t *home_agent_stats(const struct home_agent_counters *counters)
{
	json_t *object = json_object();

	HOME_AGENT_COUNTERS(SET)
	BINDING_UPDATE_FAULTS(SET_FAULT)
	return object;
}

static json_t *bindings_stats(const struct bindings *bindings)
{
	const struct bindings_counters *counters = bindings_counters(bindings);
	json_t *object = json_pack("{s:I}", "bindings", (json_int_t)bindings_count(bindings));

	BINDINGS_COUNTERS(SET)
	return object;
}

static json_t *data_plane_stats(const struct bindings *bindings, const struct instant *now)
{
	struct data_plane_view views[DATA_PLANES_MAX];
	size_t count = bindings_data_planes(bindings, views, DATA_PLANES_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct punt_status *status = &views[i].status;
		uint64_t silent_ms = now->monotonic_ms - views[i].heard_ms;

		json_array_append_new(
		        list,
		        json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
		                  status->name, "heard", silent_ms < DATA_PLANE_SILENT_MS, "in_sync", status->in_sync,
		                  "silent_ms", (json_int_t)silent_ms, "boot", (json_int_t)status->boot, "restarts",
		                  (json_int_t)views[i].boots, "shards", (json_int_t)status->shards, "shards_complete",
		                  (json_int_t)status->shards_complete, "lag_rows", (json_int_t)status->lag_rows,
		                  "rows_applied_a_second", (json_int_t)views[i].rows_a_second, "gaps",
		                  (json_int_t)status->gaps, "resynchronisations", (json_int_t)status->asks, "snapshots",
		                  (json_int_t)status->snapshots, "bindings", (json_int_t)status->bindings,
		                  "rows_waiting_for_room", (json_int_t)status->rows_waiting));
	}
	return list;
}

static json_t *bus_stats(const struct bus_counters *counters)
{
	json_t *object = json_object();

	BUS_COUNTERS(SET)
	return object;
}

static json_t *server_stats(const struct mobility_server_counters *counters)
{
	json_t *object = json_object();

	MOBILITY_SERVER_COUNTERS(SET)
	return object;
}

static json_t *pool_stats(const struct address_pool *pool)
{
	return json_pack("{s:I, s:I, s:I, s:s}", "subnets", (json_int_t)pool->subnets, "excluded",
	                 (json_int_t)pool->excluded, "used", (json_int_t)pool->used, "alarm",
	                 address_alarm_text(address_pool_alarm(pool)));
}

static json_t *process_stats(const struct operator* operator)
{
	struct loop_counters loop = loop_counters(operator->loop);
	struct sqlite_store_counters store = sqlite_store_counters(operator->store);
	const struct executor_counters *executor = executor_counters(loop_executor(operator->loop));

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "steps", (json_int_t)executor->steps,
	                 "steps_waiting", (json_int_t)executor->steps_waiting, "outputs_dropped",
	                 (json_int_t)executor->outputs_dropped, "longest_turn_us", (json_int_t)loop.longest_turn_us,
	                 "turns_over_5_ms", (json_int_t)loop.turns_over_5_ms, "turns_preempted",
	                 (json_int_t)loop.turns_preempted, "commits", (json_int_t)store.commits, "commits_failed",
	                 (json_int_t)store.commits_failed, "longest_commit_us", (json_int_t)store.longest_commit_us);
}

OPERATOR_RUN(operator_stats_show)
{
	struct operator* operator= context;
	struct mobility_server *server = operator->server;
	json_t *body = json_object();

	(void)arguments, (void)effects;
	json_object_set_new(body, "pana", pana_stats(pana_agent_counters(mobility_server_pana(server))));
	json_object_set_new(body, "relay", relay_stats(radius_relay_counters(mobility_server_relay(server))));
	json_object_set_new(body, "bootstrap", bootstrap_stats(bootstrap_counters(mobility_server_bootstrap(server))));
	json_object_set_new(body, "address_pool", pool_stats(bootstrap_pool(mobility_server_bootstrap(server))));
	json_object_set_new(body, "naming", naming_stats(naming_counters(mobility_server_naming(server))));
	json_object_set_new(body, "home_agent",
	                    home_agent_stats(home_agent_counters(mobility_server_home_agent(server))));
	json_object_set_new(body, "bindings", bindings_stats(mobility_server_bindings(server)));
	json_object_set_new(body, "data_planes", data_plane_stats(mobility_server_bindings(server), now));
	json_object_set_new(body, "punts", server_stats(mobility_server_counters(server)));
	json_object_set_new(body, "bus", bus_stats(bus_counters(operator->bus)));
	json_object_set_new(body, "process", process_stats(operator));
	command_reply(operator->commands, ticket, body);
}
