// SPDX-License-Identifier: BSD-3-Clause
#include "spreading.h"

#include <rte_ethdev.h>

#include "flow_spread.h"
#include "idling.h"

static unsigned worker_of(const struct rte_mbuf *frame, unsigned workers)
{
	uint32_t hash = flow_spread_hash(rte_pktmbuf_mtod(frame, const uint8_t *), rte_pktmbuf_data_len(frame));

	return (unsigned)((uint64_t)hash * workers >> 32);
}

/* Received and dropped here, as nobody else will see it. */
static void drop(struct worker *worker, struct rte_mbuf *frame)
{
	counter_add(&worker->counters.received, 1);
	counter_add(&worker->counters.drops[DROP_spread_queue_full], 1);
	rte_pktmbuf_free(frame);
}

unsigned spreading_share(struct worker *worker, unsigned port, struct rte_mbuf **frames, unsigned count)
{
	struct dataplane *dataplane = worker->dataplane;
	uint64_t woken = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned target = worker_of(frames[i], dataplane->worker_count);

		if (target == worker->number) {
			frames[kept++] = frames[i];
			continue;
		}
		frames[i]->port = (uint16_t)port;
		if (rte_ring_enqueue(dataplane->workers[target]->shared, frames[i]))
			drop(worker, frames[i]);
		else
			woken |= 1ull << target;
	}
	for (unsigned target = 0; woken >> target && target < dataplane->worker_count; target++)
		if (woken >> target & 1)
			idling_wake(dataplane->workers[target]);
	return kept;
}

/* Frames that another worker walked: on behalf of it, and off its count if the queue is full. */
static unsigned send_for_others(struct worker *worker)
{
	struct rte_mbuf *frames[BURST_MAX];
	unsigned count = rte_ring_dequeue_burst(worker->outgoing, (void **)frames, BURST_MAX, NULL);

	for (unsigned i = 0; i < count; i++) {
		const struct port *port = &worker->dataplane->ports[frames[i]->port];

		if (rte_eth_tx_burst(port->device, (uint16_t)worker->number, &frames[i], 1))
			continue;
		counter_add(&worker->counters.transmitted, (uint64_t)-1);
		counter_add(&worker->counters.drops[DROP_transmit_refused], 1);
		rte_pktmbuf_free(frames[i]);
	}
	return count;
}

unsigned spreading_take(struct worker *worker, uint64_t now_ms)
{
	struct rte_mbuf *frames[BURST_MAX];
	unsigned count = rte_ring_dequeue_burst(worker->shared, (void **)frames, BURST_MAX, NULL), first = 0;

	for (unsigned i = 1; i <= count; i++) {
		if (i < count && frames[i]->port == frames[first]->port)
			continue;
		worker_take(&worker->walk, &frames[first], i - first, (uint8_t)frames[first]->port, now_ms);
		first = i;
	}
	return count + send_for_others(worker);
}

uint16_t spreading_send(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	const struct worker *worker = context;
	const struct dataplane *dataplane = worker->dataplane;
	const struct port *link = &dataplane->ports[port];
	struct worker *sender;
	unsigned handed;

	if (worker->number < link->transmit_queues)
		return rte_eth_tx_burst(link->device, (uint16_t)worker->number, frames, count);
	sender = dataplane->workers[worker->number % link->transmit_queues];
	for (unsigned i = 0; i < count; i++)
		frames[i]->port = (uint16_t)port;
	handed = rte_ring_enqueue_burst(sender->outgoing, (void *const *)frames, count, NULL);
	idling_wake(sender);
	return (uint16_t)handed;
}

static void empty(struct worker *worker, struct rte_ring *ring, uint64_t *counter)
{
	void *frame;

	while (rte_ring_dequeue(ring, &frame) == 0) {
		counter_add(counter, 1);
		counter_add(&worker->counters.drops[DROP_spread_queue_full], 1);
		rte_pktmbuf_free((struct rte_mbuf *)frame);
	}
}

void spreading_end(struct worker *worker)
{
	empty(worker, worker->shared, &worker->counters.received);
	send_for_others(worker);
}
