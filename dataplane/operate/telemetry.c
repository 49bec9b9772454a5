// SPDX-License-Identifier: BSD-3-Clause
/*
 * telemetry - /kedge/... for DPDK's own telemetry socket (dpdk-telemetry.py). DPDK calls on a thread of its own and
 * hands no context over, so this file knows the one data plane of the process; it reads what workers count, with
 * relaxed loads, and nothing that the main core alone may touch.
 */
#include <rte_telemetry.h>

#include "plane_operator.h"

static const struct dataplane *the_dataplane; /* set before the commands are registered, and for good */

static int tell_walk(const char *command, const char *parameters, struct rte_tel_data *data)
{
	struct walk_counters sum;

	(void)command, (void)parameters;
	plane_sum_counters(the_dataplane, &sum);
	rte_tel_data_start_dict(data);
	for (unsigned i = 0; i < walk_counters_count(); i++)
		rte_tel_data_add_dict_u64(data, walk_counters_name(i), walk_counters_value(&sum, i));
	return 0;
}

/* A dictionary of DPDK 22.11 has room for 256: those that have occurred. */
static int tell_drops(const char *command, const char *parameters, struct rte_tel_data *data)
{
	struct walk_counters sum;

	(void)command, (void)parameters;
	plane_sum_counters(the_dataplane, &sum);
	rte_tel_data_start_dict(data);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (sum.drops[i])
			rte_tel_data_add_dict_u64(data, drop_name((enum drop_reason)i), sum.drops[i]);
	return 0;
}

static int tell_worker(const char *command, const char *parameters, struct rte_tel_data *data)
{
	unsigned long number = parameters ? strtoul(parameters, NULL, 10) : 0;
	const struct worker *worker;
	struct worker_load load;

	(void)command;
	if (number >= the_dataplane->worker_count)
		return -1;
	worker = the_dataplane->workers[number];
	load = worker_load_now(worker);
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_u64(data, "packets", load.packets);
	rte_tel_data_add_dict_u64(data, "busy_cycles", load.busy_cycles);
	rte_tel_data_add_dict_u64(data, "all_cycles", load.all_cycles);
	rte_tel_data_add_dict_u64(data, "punts_waiting", rte_ring_count(worker->punts));
	rte_tel_data_add_dict_u64(data, "injections_waiting", rte_ring_count(worker->injected));
	return 0;
}

int plane_telemetry_register(const struct dataplane *dataplane)
{
	the_dataplane = dataplane;
	if (rte_telemetry_register_cmd("/kedge/walk", tell_walk, "Returns what all workers count. No parameters") ||
	    rte_telemetry_register_cmd("/kedge/drops", tell_drops, "Returns drops by reason. No parameters") ||
	    rte_telemetry_register_cmd("/kedge/worker", tell_worker,
	                               "Returns one worker's load. Parameter: its number"))
		return -1;
	return 0;
}
