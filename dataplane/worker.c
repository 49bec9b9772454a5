// SPDX-License-Identifier: BSD-3-Clause
#include "worker.h"

typedef void step_function(struct walk *walk, struct packet *packet);

/* Looks up the keys of all packets at this step, all at a time, then takes each through it. */
static void look_up_and(struct walk *walk, struct packet *packets, unsigned count, enum step step, step_function *run)
{
	const struct in6_addr *keys[BURST_MAX];
	struct binding_entry *entries[BURST_MAX];
	struct packet *waiting[BURST_MAX];
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++)
		if (packets[i].step == step) {
			waiting[found] = &packets[i];
			keys[found++] = &packets[i].key;
		}
	if (!found)
		return;
	binding_table_lookup(walk->forwarding->table, keys, found, entries);
	for (unsigned i = 0; i < found; i++) {
		waiting[i]->entry = entries[i];
		run(walk, waiting[i]);
	}
}

static void each_at(struct walk *walk, struct packet *packets, unsigned count, enum step step, step_function *run)
{
	for (unsigned i = 0; i < count; i++)
		if (packets[i].step == step)
			run(walk, &packets[i]);
}

/* A traced packet by its steps with a look at each, the others as ever. */
static void watched(struct walk *walk, struct packet *packet, bool may_begin, step_function *run)
{
	bool is_new = may_begin && !packet->trace && watch_concerns(walk, packet);

	if (packet->trace)
		watch_step(walk, packet, is_new, run);
	else
		run(walk, packet);
}

static void watched_uplink(struct walk *walk, struct packet *packet)
{
	watched(walk, packet, true, uplink);
}

static void watched_downlink(struct walk *walk, struct packet *packet)
{
	watched(walk, packet, true, downlink);
}

static void watched_local(struct walk *walk, struct packet *packet)
{
	watched(walk, packet, false, local);
}

static void watched_route(struct walk *walk, struct packet *packet)
{
	watched(walk, packet, false, route);
}

/* Whether a packet of the burst is traced, or may become so by its key. */
static bool someone_is_traced(const struct walk *walk, const struct packet *packets, unsigned count)
{
	uint32_t traces = walk->watching & WATCH_TRACES;

	for (unsigned i = 0; i < count; i++) {
		if (packets[i].trace)
			return true;
		for (uint32_t slots = traces; slots; slots &= slots - 1)
			if (in6_is_equal(&walk->watch->traces[__builtin_ctz(slots)].key, &packets[i].key))
				return true;
	}
	return false;
}

/* The same walk while an operator traces somebody. Out of a tunnel a packet may go on to one who is traced. */
static void take_through_watched(struct walk *walk, struct packet *packets, unsigned count)
{
	bool traced = someone_is_traced(walk, packets, count);

	look_up_and(walk, packets, count, STEP_UPLINK, traced ? watched_uplink : uplink);
	traced = someone_is_traced(walk, packets, count);
	look_up_and(walk, packets, count, STEP_DOWNLINK, traced ? watched_downlink : downlink);
	each_at(walk, packets, count, STEP_LOCAL, traced ? watched_local : local);
	each_at(walk, packets, count, STEP_ROUTE, traced ? watched_route : route);
}

/* The walk, on one screen. */
static void take_through(struct walk *walk, struct packet *packets, unsigned count)
{
	if (walk->watching & WATCH_TRACES) {
		take_through_watched(walk, packets, count);
		return;
	}
	look_up_and(walk, packets, count, STEP_UPLINK, uplink);
	look_up_and(walk, packets, count, STEP_DOWNLINK, downlink);
	each_at(walk, packets, count, STEP_LOCAL, local);
	each_at(walk, packets, count, STEP_ROUTE, route);
}

/* Errors, replies, fragments and whole packets that the burst gave rise to; each is a step nearer to its end. */
static void take_made_through(struct walk *walk)
{
	struct packet packets[BURST_MAX];
	unsigned done = 0;

	while (done < walk->made_count) {
		unsigned left = walk->made_count - done, count = left < BURST_MAX ? left : BURST_MAX;

		memcpy(packets, &walk->made[done], count * sizeof(packets[0]));
		done += count;
		for (unsigned i = 0; i < count; i++)
			if (packets[i].is_own)
				classify_own(walk, &packets[i]);
			else
				classify_reassembled(walk, &packets[i]);
		take_through(walk, packets, count);
	}
	walk->made_count = 0;
}

static void end_burst(struct walk *walk)
{
	if (walk->now_ms >= walk->reassembly_due_ms)
		reassemble_time_out(walk);
	take_made_through(walk);
	route_pending(walk);
	transmit_flush(walk);
}

static struct burst *nth_burst(struct walk *walk, uint64_t number)
{
	return &walk->bursts[number % BURSTS_IN_FLIGHT];
}

static void read_burst(struct walk *walk, struct burst *burst, struct rte_mbuf **frames, unsigned count, uint8_t port)
{
	if (walk->watching & WATCH_CAPTURE)
		watch_frames(walk, frames, count, port, WATCH_IN);
	counter_add(&walk->counters->received, count);
	counter_add(&walk->counters->bursts, 1);
	burst->count = count;
	burst->port = port;
	memcpy(burst->frames, frames, count * sizeof(*frames));
	binding_lookup_start(&burst->lookup, 0);
	if (!walk->long_way)
		ordinary_read(walk, burst);
}

/*
 * The oldest burst all the way. Its short way takes the lookups of the others in flight a stage further meanwhile.
 * Where no burst is behind it there is one that was finished, and whose lookup has no keys left.
 */
static void finish_burst(struct walk *walk)
{
	const struct binding_table *table = walk->forwarding->table;
	struct burst *burst = nth_burst(walk, walk->finished++);
	struct burst *next = nth_burst(walk, walk->finished), *newest = nth_burst(walk, walk->finished + 1);
	struct packet packets[BURST_MAX];

	binding_lookup_locate(table, &burst->lookup, BURST_MAX);
	if (burst->lookup.count)
		ordinary_finish(walk, burst, &next->lookup, &newest->lookup);
	binding_lookup_locate(table, &next->lookup, BURST_MAX);
	binding_lookup_begin(table, &newest->lookup, BURST_MAX);
	for (unsigned i = 0; i < burst->count; i++) {
		packets[i] = (struct packet){.buffer = burst->frames[i], .port = burst->port, .route = NO_ROUTE};
		classify(walk, &packets[i]);
	}
	take_through(walk, packets, burst->count);
	end_burst(walk);
}

/* The first two bursts of a turn have none before them that takes their lookups along. */
static void begin_turn(struct walk *walk, struct burst *newest)
{
	const struct binding_table *table = walk->forwarding->table;

	binding_lookup_begin(table, &newest->lookup, BURST_MAX);
	if (walk->taken - walk->finished > 1)
		binding_lookup_locate(table, &nth_burst(walk, walk->finished)->lookup, BURST_MAX);
}

void worker_take(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint8_t port, uint64_t now_ms)
{
	struct burst *burst = nth_burst(walk, walk->taken++);

	walk_begin(walk, now_ms);
	read_burst(walk, burst, frames, count, port);
	if (walk->taken - walk->finished == BURSTS_IN_FLIGHT)
		finish_burst(walk);
	else
		begin_turn(walk, burst);
}

void worker_drain(struct walk *walk)
{
	while (walk->finished != walk->taken)
		finish_burst(walk);
}

void worker_burst(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint8_t port, uint64_t now_ms)
{
	worker_take(walk, frames, count, port, now_ms);
	worker_drain(walk);
}

void worker_inject(struct walk *walk, struct rte_mbuf **injected, unsigned count, uint64_t now_ms)
{
	struct packet packets[BURST_MAX];

	walk_begin(walk, now_ms);
	for (unsigned i = 0; i < count; i++) {
		packets[i] = (struct packet){.buffer = injected[i], .port = NO_PORT, .route = NO_ROUTE, .is_own = true};
		packets[i].ip = rte_pktmbuf_mtod(injected[i], uint8_t *);
		packets[i].octets = rte_pktmbuf_data_len(injected[i]);
		classify_own(walk, &packets[i]);
		if (packets[i].step != STEP_DONE && forwarding_own(walk->forwarding, &packets[i].header.source) < 0)
			packet_drop(walk, &packets[i], DROP_inject_malformed);
		if (walk->watching & WATCH_TRACES && packets[i].step != STEP_DONE)
			watch_injected(walk, &packets[i]);
	}
	counter_add(&walk->counters->injected, count);
	take_through(walk, packets, count);
	end_burst(walk);
}

void worker_from_host(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint64_t now_ms)
{
	struct packet packets[BURST_MAX];

	walk_begin(walk, now_ms);
	counter_add(&walk->counters->from_host, count);
	for (unsigned i = 0; i < count; i++) {
		packets[i] = (struct packet){.buffer = frames[i], .port = (uint8_t)frames[i]->port, .route = NO_ROUTE};
		host_classify(walk, &packets[i]);
	}
	take_through(walk, packets, count);
	end_burst(walk);
}

void worker_idle(struct walk *walk, uint64_t now_ms)
{
	walk_begin(walk, now_ms);
	counter_add(&walk->counters->idle_polls, 1);
	if (walk->pending_count || now_ms >= walk->reassembly_due_ms)
		end_burst(walk);
}
