// SPDX-License-Identifier: BSD-3-Clause
/*
 * flood_bench - kedge-bench flood: somebody offers a worker a million control packets a second. What is over the rate
 * of its class is dropped by name before the ring; beside it the feed's changes are applied, and a probe in each burst
 * sees when. Every second slice is without the flood, for comparison.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "bench_command.h"
#include "machine.h"
#include "populated_world.h"
#include "results.h"

enum {
	REPETITIONS_MAX = 101,
	SECONDS_MAX = 60,
	BATCHES_A_SECOND = 1000,
	BATCHES_MAX = SECONDS_MAX * BATCHES_A_SECOND,
	PROBED_NODE = 0,
	PAYLOAD_OCTETS = 48,
	FRAME_OCTETS = ETHERNET_OCTETS + IPV6_HEADER_OCTETS + PAYLOAD_OCTETS,
	PANA_PORT = 716,
	PATIENCE_S = 10, /* with the last change */
};

/* The limits that a configuration has by default. */
static const struct forwarding_limits limits = {.punt_pana_per_s = 5000,
                                                .punt_mobility_per_s = 20000,
                                                .punt_hip_per_s = 5000,
                                                .icmp_errors_per_s = 1000,
                                                .echo_replies_per_s = 1000};

struct options {
	const char *json;
	unsigned long bindings;
	unsigned long rate;
	unsigned long changes;
	unsigned long milliseconds;
	unsigned long repetitions;
	unsigned long seed;
};

/* One slice: the main core's thread writes `due`, the worker's the rest but `ends`. */
struct slice {
	struct world *world;
	struct population population;
	uint64_t begin;       /* cycles */
	uint64_t begin_ms;    /* the walk's clock then */
	unsigned changes;     /* a batch */
	uint64_t numbered;    /* changes of the probed node before this slice */
	unsigned batches;     /* of them there were so many in this slice; read when the thread has ended */
	bool ends;            /* atomic */
	uint64_t drawn;       /* of the other nodes */
	uint64_t *due;        /* cycles at which a change was to be made, by its number in the slice */
	uint64_t *seen;       /* … at which a packet went by it; 0: never */
	uint64_t seen_number; /* the latest change that a packet went by, of all slices */
	uint64_t offered;     /* control packets */
	uint64_t walk_cycles; /* in bursts */
};

static uint64_t now_ms_of(const struct slice *slice, uint64_t cycles)
{
	return slice->begin_ms + (cycles - slice->begin) * 1000 / rte_get_tsc_hz();
}

/* The number of a change stands in the care-of address, behind a mark that no other one has. */
#define NUMBERED (1ull << 48)

static void change_probed(struct slice *slice, uint64_t number, uint64_t now_ms)
{
	struct feed_row row;
	struct wire_writer writer = wire_writer_of(row.care_of_address + 8, 8);

	population_row(&slice->population, PROBED_NODE, POPULATED_EXPIRY_MS, &row);
	wire_write_u64(&writer, NUMBERED | number);
	world_change(slice->world, &row, now_ms);
}

static void change_another(struct slice *slice, uint64_t now_ms)
{
	uint64_t drawn = population_draw(slice->population.seed, 0, slice->drawn++);
	uint32_t node = 1 + population_below(drawn, slice->population.bindings - 1);
	struct feed_row row;

	population_row(&slice->population, node, POPULATED_EXPIRY_MS, &row);
	row.care_of_address[9] = (uint8_t)drawn;
	world_change(slice->world, &row, now_ms);
}

/* What the main core does: the feed first, then punts. */
static void *serve(void *context)
{
	struct slice *slice = context;
	const uint64_t pause = rte_get_tsc_hz() / BATCHES_A_SECOND;
	unsigned batch = 0;

	while (!__atomic_load_n(&slice->ends, __ATOMIC_ACQUIRE)) {
		uint64_t now = rte_rdtsc(), due = slice->begin + (batch + 1) * pause;

		if (now >= due && batch < BATCHES_MAX) {
			for (unsigned i = 1; i < slice->changes; i++)
				change_another(slice, now_ms_of(slice, now));
			slice->due[batch++] = due;
			change_probed(slice, slice->numbered + batch, now_ms_of(slice, now));
			world_apply(slice->world, now_ms_of(slice, now));
		}
		expiry_tick(&slice->world->expiry, now_ms_of(slice, now));
		feed_receiver_tick(slice->world->receiver, now_ms_of(slice, now));
		world_main_turn(slice->world);
		rte_pause();
	}
	slice->batches = batch;
	return NULL;
}

/* On the first processor: DPDK keeps the worker on the last one. */
static int start_thread(struct slice *slice, pthread_t *thread)
{
	cpu_set_t processor;
	int result = pthread_create(thread, NULL, serve, slice);

	CPU_ZERO(&processor);
	CPU_SET(0, &processor);
	if (!result)
		(void)pthread_setaffinity_np(*thread, sizeof(processor), &processor);
	return -result;
}

/* PANA, Mobility Header and HIP in turn, to the service address; without content, which is the control plane's to see.
 */
static void write_control(const struct world *world, uint64_t number, uint8_t *frame)
{
	static const uint8_t protocols[] = {NEXT_HEADER_UDP, NEXT_HEADER_MOBILITY, NEXT_HEADER_HIP};
	struct ipv6_header header = {.source = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0xee}},
	                             .destination = world->forwarding.own[0].address,
	                             .payload_octets = PAYLOAD_OCTETS,
	                             .next_header = protocols[number % 3],
	                             .hop_limit = IP_HOP_LIMIT_DEFAULT};
	struct wire_writer writer = wire_writer_of(frame, FRAME_OCTETS);

	memset(frame, 0, FRAME_OCTETS);
	header.source.s6_addr[15] = (uint8_t)(1 + number % 251);
	wire_write_bytes(&writer, world->forwarding.ports[0].link_address, LINK_ADDRESS_OCTETS);
	wire_write_bytes(&writer, (const uint8_t[]){2, 0, 0, 0, 0, 0xfe}, LINK_ADDRESS_OCTETS);
	wire_write_u16(&writer, ETHERTYPE_IPV6);
	ipv6_header_write(&writer, &header);
	wire_write_u16(&writer, 50000);
	wire_write_u16(&writer, PANA_PORT);
	wire_write_u16(&writer, PAYLOAD_OCTETS);
}

static void write_probe(const struct world *world, const struct population *population, uint8_t *frame)
{
	uint64_t network = population_network(population, PROBED_NODE);
	struct wire_writer writer = wire_writer_of(frame + ETHERNET_OCTETS + 24, 8);

	write_control(world, 0, frame);
	wire_write_u64(&writer, network);
	frame[ETHERNET_OCTETS + 39] = 1;
}

static struct rte_mbuf *frame_of(struct world *world, const uint8_t *octets)
{
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(world->pool);

	if (!buffer)
		rte_exit(EXIT_FAILURE, "no packet buffer: the walk keeps what it should free\n");
	memcpy(rte_pktmbuf_append(buffer, FRAME_OCTETS), octets, FRAME_OCTETS);
	return buffer;
}

/* Of what leaves, the probe tells which change it went by. */
static uint16_t look_at_sent(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	struct slice *slice = context;

	(void)port;
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod(frames[i], const uint8_t *) + ETHERNET_OCTETS;
		uint64_t number = wire_load_u64(ip + 32) ^ NUMBERED;

		if (ip[6] != NEXT_HEADER_IPV6 || number >= NUMBERED)
			continue;
		for (; slice->seen_number < number; slice->seen_number++)
			slice->seen[slice->seen_number - slice->numbered] = rte_rdtsc();
	}
	rte_pktmbuf_free_bulk(frames, count);
	return count;
}

/* A burst with the probe at its end. */
static void walk_burst(struct slice *slice, const uint8_t (*control)[FRAME_OCTETS], unsigned count,
                       const uint8_t *probe)
{
	struct rte_mbuf *buffers[BURST_MAX];
	uint64_t before;

	for (unsigned i = 0; i < count; i++)
		buffers[i] = frame_of(slice->world, control[(slice->offered + i) % 3]);
	buffers[count] = frame_of(slice->world, probe);
	before = rte_rdtsc();
	worker_burst(&slice->world->walk, buffers, count + 1, 0, now_ms_of(slice, before));
	slice->walk_cycles += rte_rdtsc() - before;
	slice->offered += count;
}

/* Bursts as they are due by the rate; `flooded`: with control packets in them. */
static void work(struct slice *slice, const struct options *options, bool flooded)
{
	const uint64_t hz = rte_get_tsc_hz(), end = slice->begin + options->milliseconds * hz / 1000;
	const uint64_t pause = hz * (BURST_MAX - 1) / options->rate;
	uint64_t now = slice->begin, due = now;
	uint8_t control[3][FRAME_OCTETS], probe[FRAME_OCTETS];

	for (unsigned i = 0; i < 3; i++)
		write_control(slice->world, i, control[i]);
	write_probe(slice->world, &slice->population, probe);
	while (now < end) {
		if (now >= due) {
			walk_burst(slice, control, flooded ? BURST_MAX - 1 : 0, probe);
			/* who was held up does not hurry for ever */
			due = now > due + hz / 100 ? now : due + pause;
		}
		world_worker_turn(slice->world);
		now = rte_rdtsc();
	}
}

/* Until the last change is seen. False: it was not. */
static bool see_the_last(struct slice *slice)
{
	const uint64_t end = rte_rdtsc() + PATIENCE_S * rte_get_tsc_hz();
	uint8_t probe[FRAME_OCTETS];

	write_probe(slice->world, &slice->population, probe);
	while (slice->seen_number < slice->numbered + slice->batches) {
		if (rte_rdtsc() > end)
			return false;
		walk_burst(slice, NULL, 0, probe);
		world_worker_turn(slice->world);
	}
	return true;
}

static int run_slice(struct slice *slice, const struct options *options, bool flooded)
{
	pthread_t thread;
	int result;

	slice->begin_ms += 1 + options->milliseconds + PATIENCE_S * 1000; /* later than all of the slice before */
	slice->begin = rte_rdtsc();
	slice->ends = false;
	slice->offered = slice->walk_cycles = 0;
	memset(slice->seen, 0, BATCHES_MAX * sizeof(*slice->seen));
	result = start_thread(slice, &thread);
	if (result)
		return result;
	work(slice, options, flooded);
	__atomic_store_n(&slice->ends, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	if (!see_the_last(slice))
		return -ETIMEDOUT;
	world_main_turn(slice->world);
	return 0;
}

struct figures {
	double offered[REPETITIONS_MAX]; /* a second */
	double punted[REPETITIONS_MAX];
	double changes[REPETITIONS_MAX];
	double cycles[REPETITIONS_MAX]; /* a packet */
	double p50_ms[REPETITIONS_MAX];
	double p99_ms[REPETITIONS_MAX];
	double p99_ms_without[REPETITIONS_MAX];
	double delays[BATCHES_MAX];
};

/* The quantiles of how long changes took from when they were due; returns with `delays` sorted. */
static void sort_delays(const struct slice *slice, struct figures *figures)
{
	for (unsigned i = 0; i < slice->batches; i++)
		figures->delays[i] = machine_ns_of((double)(slice->seen[i] - slice->due[i])) / 1e6;
	sort_samples(figures->delays, slice->batches);
}

static int measure(struct slice *slice, const struct options *options, struct figures *figures)
{
	const double seconds = (double)options->milliseconds / 1000;

	for (unsigned long r = 0; r < options->repetitions; r++) {
		uint64_t punted = slice->world->main.punted;
		int result = run_slice(slice, options, true);

		if (result)
			return result;
		sort_delays(slice, figures);
		figures->offered[r] = (double)slice->offered / seconds;
		figures->punted[r] = (double)(slice->world->main.punted - punted) / seconds;
		figures->changes[r] = (double)slice->batches * slice->changes / seconds;
		figures->cycles[r] = (double)slice->walk_cycles / (double)(slice->offered + 1);
		figures->p50_ms[r] = sorted_quantile(figures->delays, slice->batches, 0.5);
		figures->p99_ms[r] = sorted_quantile(figures->delays, slice->batches, 0.99);
		slice->numbered += slice->batches;
		result = run_slice(slice, options, false);
		if (result)
			return result;
		sort_delays(slice, figures);
		figures->p99_ms_without[r] = sorted_quantile(figures->delays, slice->batches, 0.99);
		slice->numbered += slice->batches;
	}
	return 0;
}

/* Counters of worker and main core, which must add up, and that no change was refused. */
static int check(const struct world *world, struct results *results)
{
	const struct feed_receiver_counters *feed = feed_receiver_counters(world->receiver);
	struct walk_counters sum = {0};
	json_t *drops = json_object();

	walk_counters_add(&sum, &world->counters);
	walk_counters_add(&sum, &world->main);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (sum.drops[i])
			json_object_set_new(drops, drop_name((enum drop_reason)i),
			                    json_integer((json_int_t)sum.drops[i]));
	results_note(results, "drops", drops);
	results_note(results, "received", json_integer((json_int_t)sum.received));
	results_note(results, "punted", json_integer((json_int_t)sum.punted));
	results_note(results, "changes_applied", json_integer((json_int_t)feed->rows_set));
	results_note(results, "adds_up", json_boolean(walk_counters_balance(&sum)));
	return walk_counters_balance(&sum) && feed->rows_set == world->sequence && !feed->gaps ? 0 : -EILSEQ;
}

static void add_figures(const struct options *options, struct figures *figures, struct results *results)
{
	const unsigned long count = options->repetitions;

	results_add(results, "flood_offered_per_s", "1/s", figures->offered, count);
	results_add(results, "flood_punted_per_s", "1/s", figures->punted, count);
	results_add(results, "flood_changes_per_s", "1/s", figures->changes, count);
	results_add(results, "flood_packet_cycles", "cycles", figures->cycles, count);
	results_add(results, "flood_change_to_visible_p50_ms", "ms", figures->p50_ms, count);
	results_add(results, "flood_change_to_visible_p99_ms", "ms", figures->p99_ms, count);
	results_add(results, "flood_change_to_visible_p99_ms_without", "ms", figures->p99_ms_without, count);
}

static int make_world(struct slice *slice, struct rte_mempool *pool)
{
	int result;

	slice->world = world_new(pool);
	if (!slice->world)
		return -ENOMEM;
	slice->world->start_ms = POPULATED_START_MS;
	slice->world->forwarding.limits = limits;
	scenario_default(slice->world);
	result = world_start(slice->world, slice->population.bindings, look_at_sent, slice);
	return result ? result : populate(slice->world, &slice->population, POPULATED_EXPIRY_MS, 1);
}

static int flood(const struct options *options, struct rte_mempool *pool, struct results *results)
{
	struct slice slice = {.population = {.seed = options->seed, .bindings = (uint32_t)options->bindings},
	                      .begin_ms = POPULATED_START_MS,
	                      .changes = (unsigned)(options->changes / BATCHES_A_SECOND)};
	struct figures *figures = calloc(1, sizeof(*figures));
	int result = -ENOMEM;

	slice.due = calloc(BATCHES_MAX, sizeof(*slice.due));
	slice.seen = calloc(BATCHES_MAX, sizeof(*slice.seen));
	if (figures && slice.due && slice.seen)
		result = make_world(&slice, pool);
	if (!result)
		result = measure(&slice, options, figures);
	if (!result)
		result = check(slice.world, results);
	if (!result)
		add_figures(options, figures, results);
	world_free(slice.world);
	free(slice.due);
	free(slice.seen);
	free(figures);
	return result;
}

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings, .maximum = POPULATION_MAX},
	        {"rate", .number = &options->rate, .maximum = 100000000},
	        {"changes", .number = &options->changes, .maximum = FEED_ROWS_MAX * BATCHES_A_SECOND},
	        {"milliseconds", .number = &options->milliseconds, .maximum = SECONDS_MAX * 1000},
	        {"repeat", .number = &options->repetitions, .maximum = REPETITIONS_MAX},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){.bindings = 1000000,
	                            .rate = 1000000,
	                            .changes = 100000,
	                            .milliseconds = 500,
	                            .repetitions = 11,
	                            .seed = 1};
	return command_options(argc, argv, known) == argc && options->bindings >= 2 &&
	       options->changes >= BATCHES_A_SECOND;
}

static int run_flood(int argc, char **argv)
{
	struct results *results = results_new("flood");
	struct rte_mempool *pool = NULL;
	struct options options;
	int result;

	if (!parse(argc, argv, &options))
		return COMMAND_WRONG_CALL;
	result = machine_start_dpdk(true);
	if (!result && results)
		pool = world_pool_new();
	result = pool ? flood(&options, pool, results) : -ENOMEM;
	if (!result)
		result = results_tell(results, options.json);
	if (result)
		fprintf(stderr, "error: %s\n",
		        result == -EILSEQ      ? "the counters do not add up, or a change was not applied"
		        : result == -ETIMEDOUT ? "a change did not become visible"
		                               : strerror(-result));
	rte_mempool_free(pool);
	results_free(results);
	return result ? 1 : 0;
}

const struct command flood_command = {
        .name = "flood",
        .usage =
                "flood [OPTION…]\n"
                "A worker that is offered control packets of three classes far above their rates, while changes from "
                "feed messages\n"
                "are applied beside it: what is punted and dropped, and how long a change takes until a packet goes by "
                "it.\n"
                "  --rate N           control packets a second (default 1M)\n"
                "  --changes N        changes a second (default 100K)\n"
                "  --bindings N       (default 1M)\n"
                "  --milliseconds N   of a repetition (default 500)\n"
                "  --repeat N         repetitions (default 11)\n"
                "  --seed N           of the bindings (default 1)\n"
                "  --json FILE        figures and machine\n",
        .run = run_flood,
};
