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

#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#include "announcement.h"
#include "bus_client.h"
#include "command_socket.h"
#include "feed_receiver.h"
#include "host_port.h"
#include "neighbour.h"
#include "plane_log.h"
#include "port.h"
#include "usage.h"
#include "watcher.h"
#include "worker.h"

enum { NOT_BEFORE_MS = 50, WAITING_INJECTIONS_MAX = 1024 };

/* One polling core. */
struct worker {
	struct walk walk;
	struct walk_counters counters;
	struct rte_ring *injected;  /* main core → worker */
	struct rte_ring *punts;     /* worker → main core */
	struct rte_ring *shared;    /* other workers → this one: frames of its flows (spreading.h) */
	struct rte_ring *outgoing;  /* other workers → this one: frames to send by its queues */
	struct rte_ring *to_host;   /* worker → main core; NULL without a host port */
	struct rte_ring *from_host; /* main core → worker */
	struct rte_ring *reports;   /* worker → main core: what operators look at (watch.h) */
	struct dataplane *dataplane;
	unsigned number;
	enum idle_mode idle;
	unsigned empty_polls;
	bool is_waiting; /* for an interrupt; others look at it */
	int wake_descriptor;
	struct rte_epoll_event wake_event;
	uint64_t turns;       /* of its loop: its sign of life; relaxed */
	uint64_t busy_cycles; /* in bursts; relaxed */
	uint64_t all_cycles;
};

/* What a worker has done; the main core compares two moments. */
struct worker_load {
	uint64_t packets;
	uint64_t busy_cycles;
	uint64_t all_cycles;
};

static inline struct worker_load worker_load_now(const struct worker *worker)
{
	return (struct worker_load){
	        .packets = shared_load(&worker->counters.received),
	        .busy_cycles = shared_load(&worker->busy_cycles),
	        .all_cycles = shared_load(&worker->all_cycles),
	};
}

struct worker_pace {
	struct worker_load at;     /* when it was last looked at */
	struct worker_load second; /* what was done in the second before */
};

/* Turns of the main core: while one lasts, nothing of the feed is applied. */
#define MAIN_CORE_TURNS(X)                                                                                             \
	X(turns, "turns of the main core's loop")                                                                      \
	X(longest_turn_us, "the longest one by the clock, in microseconds")                                            \
	X(turns_over_5_ms, "turns that worked for more than five milliseconds")                                        \
	X(turns_preempted, "turns of more than five milliseconds in which other programs had the processor")

struct main_core_turns {
#define X(name, help) uint64_t name;
	MAIN_CORE_TURNS(X)
#undef X
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
	volatile bool ending;    /* asked to end: withdraws, forwards a little longer, then stops */
	volatile bool stopping;  /* workers end their loops */
	volatile bool reloading; /* SIGHUP came */

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
	struct worker_pace paces[WORKERS_MAX];
	struct main_core_turns turns;
	struct plane_log log;
	struct watcher watcher;
	struct metrics_socket *metrics; /* NULL: none */
	bool was_in_sync;
	struct announcement announcement;
	struct heartbeat heartbeats[WORKERS_MAX];
	enum announcement_obstacle obstacle;
	bool drained; /* by an operator */
	bool is_announced;
	uint64_t withdrawn_ms;
	uint64_t announce_again_ms; /* after a failure */
	uint64_t last_second_ms;
	uint64_t trouble_told_ms; /* when the control plane last heard of a refused row */
};

/* The walk's clock: milliseconds, monotonic, the same for all cores. */
static inline uint64_t dataplane_ms_of(const struct dataplane *dataplane, uint64_t tsc)
{
	return dataplane->ms_start +
	       (uint64_t)((unsigned __int128)(tsc - dataplane->tsc_start) * dataplane->tsc_multiplier >> 64);
}

/* reload.c: on the main core, when SIGHUP has come. */
void dataplane_reload(struct dataplane *dataplane);

/* main_core.c: serves bus, rings and commands until `stopping`. */
int main_core_open(struct dataplane *dataplane, void *zeromq_context, char error[ERROR_OCTETS]);
void main_core_run(struct dataplane *dataplane);
void main_core_close(struct dataplane *dataplane);

/* polling.c: a worker's loop, as lcore_function_t. */
int polling_run(void *worker);

#endif
