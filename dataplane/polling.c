// SPDX-License-Identifier: BSD-3-Clause
/* polling - a worker's loop: frames from its queues, packets from the main core, a quiescent state each turn. */
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "idling.h"
#include "spreading.h"

/* A queue until it is empty, within bounds; how many frames it brought. */
static unsigned poll_queue(struct worker *worker, unsigned index, uint16_t queue, uint64_t now_ms)
{
	const struct dataplane *dataplane = worker->dataplane;
	const struct port *port = &dataplane->ports[index];
	struct rte_mbuf *frames[BURST_MAX];
	unsigned count, all = 0;

	do {
		unsigned own = count = rte_eth_rx_burst(port->device, queue, frames, BURST_MAX);

		if (count && port->receive_queues < dataplane->worker_count)
			own = spreading_share(worker, index, frames, count);
		if (own)
			worker_take(&worker->walk, frames, own, (uint8_t)index, now_ms);
		all += count;
	} while (count == BURST_MAX && all < TURN_BURSTS_MAX * BURST_MAX);
	return all;
}

/* The queues of a port that are this worker's. */
static unsigned poll_port(struct worker *worker, unsigned index, uint64_t now_ms)
{
	const struct dataplane *dataplane = worker->dataplane;
	const struct port *port = &dataplane->ports[index];
	unsigned all = 0;

	for (uint16_t queue = 0; queue < port->receive_queues; queue++)
		if (port_poller_of(port, index, queue, dataplane->worker_count) == worker->number)
			all += poll_queue(worker, index, queue, now_ms);
	return all;
}

/* One turn over all that may bring packets; how many came. None is in flight after it. */
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
	if (worker->dataplane->worker_count > 1)
		all += spreading_take(worker, now_ms);
	for (unsigned port = 0; port < worker->dataplane->forwarding.port_count; port++)
		all += poll_port(worker, port, now_ms);
	worker_drain(&worker->walk);
	return all;
}

int polling_run(void *argument)
{
	struct worker *worker = argument;
	struct dataplane *dataplane = worker->dataplane;
	uint64_t last_tsc = rte_rdtsc();

	rte_rcu_qsbr_thread_register(dataplane->qsbr, worker->number);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->number);
	idling_start(worker);
	while (!dataplane->stopping) {
		uint64_t tsc = rte_rdtsc();
		uint64_t now_ms = dataplane_ms_of(dataplane, tsc);
		unsigned count = poll_all(worker, now_ms);

		rte_rcu_qsbr_quiescent(dataplane->qsbr, worker->number);
		counter_add(&worker->turns, 1);
		if (count)
			counter_add(&worker->busy_cycles, rte_rdtsc() - tsc);
		else
			worker_idle(&worker->walk, now_ms);
		counter_add(&worker->all_cycles, tsc - last_tsc);
		last_tsc = tsc;
		idling_turn(worker, count);
	}
	spreading_end(worker);
	walk_stop(&worker->walk);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->number);
	rte_rcu_qsbr_thread_unregister(dataplane->qsbr, worker->number);
	return 0;
}
