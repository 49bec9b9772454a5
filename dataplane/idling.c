// SPDX-License-Identifier: BSD-3-Clause
#include "idling.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>

enum { POLLS_BEFORE_IDLING = 256, SLEEP_NS = 50000, WAIT_MS = 100, EVENTS_MAX = PORTS_MAX + 1 };

static bool polls(const struct dataplane *dataplane, unsigned worker, unsigned index, unsigned queue)
{
	return port_poller_of(&dataplane->ports[index], index, queue, dataplane->configuration.workers) == worker;
}

enum idle_mode idling_mode_of(const struct dataplane *dataplane, unsigned worker)
{
	enum idle_mode mode = dataplane->configuration.idle;
	bool all_virtual = true, all_interrupt = true;

	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		for (unsigned queue = 0; queue < dataplane->ports[i].receive_queues; queue++) {
			if (!polls(dataplane, worker, i, queue))
				continue;
			all_virtual &= dataplane->ports[i].is_virtual;
			all_interrupt &= dataplane->ports[i].grants_interrupts;
		}
	if (mode == IDLE_AUTO)
		return all_virtual ? IDLE_SLEEP : IDLE_BUSY;
	return mode == IDLE_INTERRUPT && !all_interrupt ? IDLE_SLEEP : mode;
}

const char *idling_mode_name(enum idle_mode mode)
{
	static const char *const names[] = {
	        [IDLE_AUTO] = "auto",
	        [IDLE_BUSY] = "busy",
	        [IDLE_SLEEP] = "sleep",
	        [IDLE_INTERRUPT] = "interrupt",
	};

	return names[mode];
}

/* Whether every queue of this worker can wake it. */
static bool arm_queues(struct worker *worker, int operation)
{
	const struct dataplane *dataplane = worker->dataplane;
	bool good = true;

	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		for (uint16_t queue = 0; queue < dataplane->ports[i].receive_queues; queue++)
			if (polls(dataplane, worker->number, i, queue))
				good &= rte_eth_dev_rx_intr_ctl_q(dataplane->ports[i].device, queue,
				                                  RTE_EPOLL_PER_THREAD, operation, NULL) == 0;
	return good;
}

static void set_interrupts(const struct worker *worker, bool on)
{
	const struct dataplane *dataplane = worker->dataplane;

	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		for (uint16_t queue = 0; queue < dataplane->ports[i].receive_queues; queue++) {
			if (!polls(dataplane, worker->number, i, queue))
				continue;
			if (on)
				rte_eth_dev_rx_intr_enable(dataplane->ports[i].device, queue);
			else
				rte_eth_dev_rx_intr_disable(dataplane->ports[i].device, queue);
		}
}

void idling_start(struct worker *worker)
{
	worker->idle = idling_mode_of(worker->dataplane, worker->number);
	worker->empty_polls = 0;
	if (worker->idle != IDLE_INTERRUPT)
		return;
	worker->wake_event = (struct rte_epoll_event){.epdata = {.event = EPOLLIN}};
	if (!arm_queues(worker, RTE_INTR_EVENT_ADD) ||
	    rte_epoll_ctl(RTE_EPOLL_PER_THREAD, EPOLL_CTL_ADD, worker->wake_descriptor, &worker->wake_event))
		worker->idle = IDLE_SLEEP;
}

static bool has_work(const struct worker *worker)
{
	return !rte_ring_empty(worker->injected) || !rte_ring_empty(worker->shared) ||
	       !rte_ring_empty(worker->outgoing) || (worker->from_host && !rte_ring_empty(worker->from_host));
}

/* A frame that came between the last poll and the arming is found by the interrupt itself, a ring's content by looking.
 */
static void wait_for_interrupt(struct worker *worker)
{
	struct rte_epoll_event events[EVENTS_MAX];
	uint64_t told;

	set_interrupts(worker, true);
	__atomic_store_n(&worker->is_waiting, true, __ATOMIC_SEQ_CST);
	if (!has_work(worker) && !worker->dataplane->stopping)
		rte_epoll_wait(RTE_EPOLL_PER_THREAD, events, EVENTS_MAX, worker->walk.pending_count ? 1 : WAIT_MS);
	__atomic_store_n(&worker->is_waiting, false, __ATOMIC_SEQ_CST);
	if (read(worker->wake_descriptor, &told, sizeof(told)) < 0)
		told = 0; /* nobody woke it */
	set_interrupts(worker, false);
}

void idling_turn(struct worker *worker, unsigned count)
{
	const struct timespec pause = {.tv_nsec = SLEEP_NS};
	struct rte_rcu_qsbr *qsbr = worker->dataplane->qsbr;

	worker->empty_polls = count ? 0 : worker->empty_polls + 1;
	if (worker->idle == IDLE_BUSY || worker->empty_polls <= POLLS_BEFORE_IDLING)
		return;
	/* nobody waits for a worker that sleeps */
	rte_rcu_qsbr_thread_offline(qsbr, worker->number);
	if (worker->idle == IDLE_INTERRUPT)
		wait_for_interrupt(worker);
	else
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	rte_rcu_qsbr_thread_online(qsbr, worker->number);
}

void idling_wake(struct worker *worker)
{
	const uint64_t one = 1;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&worker->is_waiting, __ATOMIC_RELAXED) &&
	    write(worker->wake_descriptor, &one, sizeof(one)) < 0)
		return; /* it has been woken so often that it must be awake */
}
