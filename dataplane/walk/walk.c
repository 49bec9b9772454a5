// SPDX-License-Identifier: BSD-3-Clause
#include "walk.h"

static struct token_bucket share(uint32_t rate_per_s, unsigned workers)
{
	uint32_t rate = rate_per_s / workers;

	if (rate_per_s && !rate)
		rate = 1;
	/* a tenth of a second at once, at least a handful */
	return token_bucket_of(rate, rate / 10 > 8 ? rate / 10 : 8);
}

void walk_start(struct walk *walk, const struct walk_options *options)
{
	const struct forwarding_limits *limits = &options->forwarding->limits;
	unsigned workers = options->workers ? options->workers : 1;

	memset(walk, 0, sizeof(*walk));
	walk->forwarding = options->forwarding;
	walk->counters = options->counters;
	walk->pool = options->pool;
	walk->punts = options->punts;
	walk->to_host = options->to_host;
	walk->watch = options->watch;
	walk->reports = options->reports;
	walk->transmit = options->transmit;
	walk->transmit_context = options->transmit_context;
	walk->long_way = options->long_way;
	walk->punt_pana = share(limits->punt_pana_per_s, workers);
	walk->punt_mobility = share(limits->punt_mobility_per_s, workers);
	walk->punt_hip = share(limits->punt_hip_per_s, workers);
	walk->icmp_errors = share(limits->icmp_errors_per_s, workers);
	walk->reassembler = options->reassembler;
	walk->reassembly_due_ms = UINT64_MAX;
	walk->fragment_secret = options->forwarding->flow_secret ^ 0xc2b2ae3d27d4eb4full * (options->number + 1);
	walk->echo_replies = share(limits->echo_replies_per_s, workers);
}

void walk_set_limits(struct walk *walk, const struct forwarding_limits *limits, unsigned workers)
{
	token_bucket_set(&walk->punt_pana, share(limits->punt_pana_per_s, workers));
	token_bucket_set(&walk->punt_mobility, share(limits->punt_mobility_per_s, workers));
	token_bucket_set(&walk->punt_hip, share(limits->punt_hip_per_s, workers));
	token_bucket_set(&walk->icmp_errors, share(limits->icmp_errors_per_s, workers));
	token_bucket_set(&walk->echo_replies, share(limits->echo_replies_per_s, workers));
}

void walk_stop(struct walk *walk)
{
	reassemble_stop(walk);
	for (; walk->pending_count; walk->pending_count--) {
		rte_pktmbuf_free(walk->pending[walk->pending_count - 1].buffer);
		counter_add(&walk->counters->drops[DROP_neighbour_unresolved], 1);
	}
	transmit_flush(walk);
}

void packet_drop(struct walk *walk, struct packet *packet, enum drop_reason reason)
{
	counter_add(&walk->counters->drops[reason], 1);
	drop_memory_add(&walk->dropped, &packet->key, reason, walk->now_ms);
	/* node to node: it is the sender's packet, too */
	if (packet->up && !in6_is_equal(&packet->up->key, &packet->key))
		drop_memory_add(&walk->dropped, &packet->up->key, reason, walk->now_ms);
	if (walk->watching & WATCH_CAPTURE)
		watch_drop(walk, packet, reason);
	rte_pktmbuf_free(packet->buffer);
	packet->step = STEP_DONE;
}

void packet_consume(struct walk *walk, struct packet *packet)
{
	packet_count_up(packet);
	counter_add(&walk->counters->consumed, 1);
	rte_pktmbuf_free(packet->buffer);
	packet->step = STEP_DONE;
}

struct packet *made_begin(struct walk *walk, struct wire_writer *writer, uint16_t octets)
{
	struct rte_mbuf *buffer = walk->made_count < MADE_MAX ? rte_pktmbuf_alloc(walk->pool) : NULL;
	struct packet *packet = &walk->made[walk->made_count];

	if (!buffer)
		return NULL;
	if (rte_pktmbuf_tailroom(buffer) < octets) {
		rte_pktmbuf_free(buffer);
		return NULL;
	}
	*packet = (struct packet){.buffer = buffer, .port = NO_PORT, .route = NO_ROUTE, .is_own = true};
	packet->ip = rte_pktmbuf_mtod(buffer, uint8_t *);
	*writer = wire_writer_of(packet->ip, octets);
	return packet;
}

void made_finish(struct walk *walk, struct packet *packet, size_t octets)
{
	(void)rte_pktmbuf_append(packet->buffer, (uint16_t)octets);
	packet->octets = (uint16_t)octets;
	counter_add(&walk->counters->originated, 1);
	walk->made_count++;
}
