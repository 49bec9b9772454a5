// SPDX-License-Identifier: BSD-3-Clause
/*
 * dataplane - all that one running data plane consists of. main.c makes it; the main core's loop and the operators'
 * commands look at it.
 *
 * Fields say whose they are: workers touch their own `struct worker` and what `forwarding` shares; everything else is
 * the main core's.
 */
#ifndef KEDGE_DATAPLANE_DATAPLANE_H
#define KEDGE_DATAPLANE_DATAPLANE_H

#include <rte_rcu_qsbr.h>

#include "bus_client.h"
#include "command_socket.h"
#include "feed_receiver.h"
#include "host_port.h"
#include "neighbour.h"
#include "port.h"
#include "usage.h"
#include "worker.h"

enum { NOT_BEFORE_MS = 50, WAITING_INJECTIONS_MAX = 1024, DATAPLANE_COMMANDS = 5 };

/* One polling core. */
struct worker {
	struct walk walk;
	struct walk_counters counters;
	struct rte_ring *injected;  /* main core → worker */
	struct rte_ring *punts;     /* worker → main core */
	struct rte_ring *to_host;   /* worker → main core; NULL without a host port */
	struct rte_ring *from_host; /* main core → worker */
	struct dataplane *dataplane;
	unsigned number;
	uint64_t busy_cycles; /* in bursts; relaxed */
	uint64_t all_cycles;
};

/* An injected packet that waits for its version. */
struct waiting_injection {
	struct rte_mbuf *buffer;
	uint8_t shard;
	struct feed_version not_before;
	uint64_t until_ms;
};

struct dataplane {
	struct dataplane_configuration configuration;
	const char *configuration_file;
	struct forwarding forwarding;
	struct expiry expiry;
	struct neighbour_table neighbours;
	struct port ports[PORTS_MAX];
	struct host_port hosts[PORTS_MAX];
	int netlink; /* -1 without a host port */
	struct rte_mempool *pool;
	struct rte_rcu_qsbr *qsbr;
	bool has_huge_pages;
	unsigned worker_count;
	struct worker *workers[WORKERS_MAX];
	volatile bool stopping;

	struct walk_counters main_counters;
	struct feed_receiver *receiver;
	struct bus_client *bus;
	struct command_socket *commands;
	struct usage usage;
	uint64_t boot;
	uint64_t tsc_start; /* both clocks at the same moment, for the workers' cheap one */
	uint64_t ms_start;
	uint64_t tsc_multiplier; /* ms = cycles * this >> 64 */
	unsigned waiting_count;
	struct waiting_injection waiting[WAITING_INJECTIONS_MAX];
	uint64_t not_before_timeouts;
	unsigned usage_rows;
	uint8_t usage_body[PUNT_USAGE_HEAD_OCTETS + PUNT_USAGE_ROWS_MAX * PUNT_USAGE_ROW_OCTETS];
	bool was_in_sync;
	uint64_t last_second_ms;
	uint64_t trouble_told_ms; /* when the control plane last heard of a refused row */
};

/* The walk's clock: milliseconds, monotonic, the same for all cores. */
static inline uint64_t dataplane_ms_of(const struct dataplane *dataplane, uint64_t tsc)
{
	return dataplane->ms_start +
	       (uint64_t)((unsigned __int128)(tsc - dataplane->tsc_start) * dataplane->tsc_multiplier >> 64);
}

/* main_core.c: serves bus, rings and commands until `stopping`. */
int main_core_open(struct dataplane *dataplane, void *zeromq_context, char error[ERROR_OCTETS]);
void main_core_run(struct dataplane *dataplane);
void main_core_close(struct dataplane *dataplane);

/* polling.c: a worker's loop, as lcore_function_t. */
int polling_run(void *worker);

/* dataplane_commands.c */
extern const struct dataplane_command dataplane_commands[DATAPLANE_COMMANDS];

#endif
