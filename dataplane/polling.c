// SPDX-License-Identifier: BSD-3-Clause
/* polling - a worker's loop: frames from its queues, packets from the main core, a quiescent state each turn. */
#include <time.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane.h"

enum { POLLS_BEFORE_SLEEP = 256, SLEEP_NS = 50000 };

static bool polls_port(const struct worker *worker, unsigned port)
{
	const struct dataplane *dataplane = worker->dataplane;

	/* a port with one queue belongs to one worker */
	return dataplane->ports[port].queues > worker->number ||
	       (dataplane->ports[port].queues == 1 && worker->number == port % dataplane->worker_count);
}

static uint16_t queue_of(const struct worker *worker, unsigned port)
{
	return worker->dataplane->ports[port].queues == 1 ? 0 : (uint16_t)worker->number;
}

/* One turn over all that may bring packets; how many came. */
static unsigned poll_all(struct worker *worker, uint64_t now_ms)
{
	struct rte_mbuf *frames[BURST_MAX];
	unsigned count, all = 0;

	count = rte_ring_dequeue_burst(worker->injected, (void **)frames, BURST_MAX, NULL);
	if (count)
		worker_inject(&worker->walk, frames, count, now_ms);
	all += count;
	if (worker->from_host) {
		count = rte_ring_dequeue_burst(worker->from_host, (void **)frames, BURST_MAX, NULL);
		if (count)
			worker_from_host(&worker->walk, frames, count, now_ms);
		all += count;
	}
	for (unsigned port = 0; port < worker->dataplane->forwarding.port_count; port++) {
		if (!polls_port(worker, port))
			continue;
		count = rte_eth_rx_burst(worker->dataplane->ports[port].device, queue_of(worker, port), frames,
		                         BURST_MAX);
		if (count)
			worker_burst(&worker->walk, frames, count, (uint8_t)port, now_ms);
		all += count;
	}
	return all;
}

int polling_run(void *argument)
{
	struct worker *worker = argument;
	struct dataplane *dataplane = worker->dataplane;
	const struct timespec pause = {.tv_nsec = SLEEP_NS};
	uint64_t last_tsc = rte_rdtsc();
	unsigned empty_polls = 0;

	rte_rcu_qsbr_thread_register(dataplane->qsbr, worker->number);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->number);
	while (!dataplane->stopping) {
		uint64_t tsc = rte_rdtsc();
		uint64_t now_ms = dataplane_ms_of(dataplane, tsc);
		unsigned count = poll_all(worker, now_ms);

		rte_rcu_qsbr_quiescent(dataplane->qsbr, worker->number);
		counter_add(&worker->turns, 1);
		if (count) {
			empty_polls = 0;
			counter_add(&worker->busy_cycles, rte_rdtsc() - tsc);
		} else {
			worker_idle(&worker->walk, now_ms);
			empty_polls++;
		}
		counter_add(&worker->all_cycles, tsc - last_tsc);
		last_tsc = tsc;
		if (empty_polls > POLLS_BEFORE_SLEEP && dataplane->configuration.idle == IDLE_SLEEP) {
			/* nobody waits for a worker that sleeps */
			rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->number);
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
			rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->number);
		}
	}
	walk_stop(&worker->walk);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->number);
	rte_rcu_qsbr_thread_unregister(dataplane->qsbr, worker->number);
	return 0;
}
