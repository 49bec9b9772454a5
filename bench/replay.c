// SPDX-License-Identifier: BSD-3-Clause
#include "replay.h"

#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>

#include "results.h"

uint16_t replay_transmit(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	struct replay_outlet *outlet = (struct replay_outlet *)context;

	(void)port;
	for (unsigned i = 0; i < count && outlet->output; i++)
		frame_writer_add(outlet->output, outlet->time_ns, rte_pktmbuf_mtod(frames[i], const uint8_t *),
		                 rte_pktmbuf_data_len(frames[i]));
	rte_pktmbuf_free_bulk(frames, count);
	return count;
}

static struct rte_mbuf *buffer_of(struct rte_mempool *pool, const struct frame *frame)
{
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(pool);
	char *room = buffer ? rte_pktmbuf_append(buffer, (uint16_t)frame->octets) : NULL;

	if (!room)
		rte_exit(EXIT_FAILURE, "no packet buffer: the walk keeps what it should free\n");
	memcpy(room, frame->bytes, frame->octets);
	return buffer;
}

void replay_deterministic(struct world *world, const struct frames *frames, const struct scenario *scenario,
                          struct frame_writer *output)
{
	struct replay_outlet *outlet = (struct replay_outlet *)world->walk.transmit_context;
	size_t change = 0;

	outlet->output = output;
	for (size_t i = 0; i < frames->count; i++) {
		uint64_t now_ms = frames->list[i].time_ns / 1000000;
		struct rte_mbuf *buffer = buffer_of(world->pool, &frames->list[i]);

		outlet->time_ns = frames->list[i].time_ns;
		for (; change < scenario->change_count && scenario->changes[change].before_packet <= i; change++)
			world_change(world, &scenario->changes[change].row, now_ms);
		world_apply(world, now_ms);
		worker_burst(&world->walk, &buffer, 1, 0, now_ms);
		world_worker_turn(world);
		world_main_turn(world);
	}
	walk_stop(&world->walk);
	world_worker_turn(world);
	world_main_turn(world);
}

static void one_burst(struct world *world, const struct frames *frames, size_t first, uint64_t now_ms)
{
	size_t left = frames->count - first;
	unsigned count = left < BURST_MAX ? (unsigned)left : BURST_MAX;
	struct rte_mbuf *buffers[BURST_MAX];

	for (unsigned i = 0; i < count; i++)
		buffers[i] = buffer_of(world->pool, &frames->list[first + i]);
	worker_burst(&world->walk, buffers, count, 0, now_ms);
	world_worker_turn(world);
	world_main_turn(world);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void replay_timed(struct world *world, const struct frames *frames, unsigned repetitions,
                  struct replay_figures *figures)
{
	const size_t bursts = (frames->count + BURST_MAX - 1) / BURST_MAX * repetitions;
	double *rates = calloc(repetitions, sizeof(*rates)), *latencies = calloc(bursts + 1, sizeof(*latencies));
	size_t burst = 0;
	double begun = seconds_now();

	memset(figures, 0, sizeof(*figures));
	for (unsigned r = 0; rates && latencies && r < repetitions; r++) {
		uint64_t before = rte_rdtsc(), last = before, cycles;

		for (size_t first = 0; first < frames->count; first += BURST_MAX) {
			uint64_t now;

			one_burst(world, frames, first, world->start_ms);
			now = rte_rdtsc();
			latencies[burst++] = (double)(now - last);
			last = now;
		}
		cycles = last - before;
		figures->cycles += cycles;
		rates[r] = (double)cycles / (double)frames->count;
	}
	figures->seconds = seconds_now() - begun;
	figures->packets = (uint64_t)frames->count * repetitions;
	figures->packets_per_second = (double)figures->packets / figures->seconds;
	if (rates) {
		sort_samples(rates, repetitions);
		figures->cycles_per_packet = sorted_quantile(rates, repetitions, 0.5);
	}
	if (latencies) {
		sort_samples(latencies, burst);
		figures->burst_p50_cycles = sorted_quantile(latencies, burst, 0.5);
		figures->burst_p99_cycles = sorted_quantile(latencies, burst, 0.99);
	}
	free(latencies);
	free(rates);
	walk_stop(&world->walk);
	world_worker_turn(world);
	world_main_turn(world);
}
