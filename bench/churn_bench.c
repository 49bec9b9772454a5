// SPDX-License-Identifier: BSD-3-Clause
/*
 * churn_bench - kedge-bench churn: a worker's cycles per packet beside a writer that applies feed messages on another
 * processor, and without; in turn, so that each ratio is of neighbours in time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "bench_command.h"
#include "machine.h"
#include "populated_world.h"
#include "results.h"
#include "walk_loop.h"

enum { REPETITIONS_MAX = 101, CHANGES_A_BATCH = 128, HANDOVER_BINDINGS = 1000000 };

struct options {
	const char *json;
	unsigned long bindings;
	unsigned long packets;
	unsigned long repetitions;
	unsigned long rate;
	unsigned long seed;
};

enum churn_kind {
	CHURN_HANDOVER, /* another care-of address for a binding drawn at random */
	CHURN_REPLACE,  /* the oldest of those that come and go is withdrawn, a new one set */
};

/* The writer's thread: what the main core does. */
struct writer {
	pthread_t thread;
	struct world *world;
	struct population population;
	enum churn_kind kind;
	uint32_t first; /* replace: nodes [first, first + coming) are bound now and come and go */
	uint32_t coming;
	uint32_t others; /* nodes below are never withdrawn: the traffic's */
	uint64_t drawn;
	uint64_t rate;    /* changes a second; 0: as many as it can */
	uint64_t changes; /* done; relaxed */
	uint64_t busy_ns; /* of a processor that they took; relaxed */
	bool running;     /* wanted */
	bool is_running;
	bool ending;
};

static void change_one(struct writer *writer)
{
	struct feed_row row;

	if (writer->kind == CHURN_HANDOVER) {
		uint64_t drawn = population_draw(writer->population.seed, 0, writer->drawn++);
		uint32_t node = population_below(drawn, writer->population.bindings);

		population_row(&writer->population, node, POPULATED_EXPIRY_MS, &row);
		row.care_of_address[9] = (uint8_t)drawn; /* another network */
	} else {
		population_row(&writer->population, writer->first, POPULATED_EXPIRY_MS, &row);
		row.operation = FEED_WITHDRAW;
		row.tunnel_kind = FEED_TUNNEL_NONE;
		memset(row.care_of_address, 0, sizeof(row.care_of_address));
		row.expiry_unix_ms = 0;
		world_change(writer->world, &row, POPULATED_START_MS);
		population_row(&writer->population, writer->first + writer->coming, POPULATED_EXPIRY_MS, &row);
		writer->first++;
	}
	world_change(writer->world, &row, POPULATED_START_MS);
}

/* What others took from the processor meanwhile does not count. */
static uint64_t thread_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void change_batch(struct writer *writer)
{
	uint64_t begin = thread_ns();

	for (unsigned i = 0; i < CHANGES_A_BATCH; i++)
		change_one(writer);
	world_apply(writer->world, POPULATED_START_MS);
	world_main_turn(writer->world);
	__atomic_fetch_add(&writer->changes, CHANGES_A_BATCH, __ATOMIC_RELAXED);
	__atomic_fetch_add(&writer->busy_ns, thread_ns() - begin, __ATOMIC_RELAXED);
}

static void *write_on(void *argument)
{
	struct writer *writer = (struct writer *)argument;
	uint64_t due = 0;

	machine_stay_on(0); /* DPDK keeps the worker on the last one */
	while (!__atomic_load_n(&writer->ending, __ATOMIC_ACQUIRE)) {
		if (!__atomic_load_n(&writer->running, __ATOMIC_ACQUIRE)) {
			__atomic_store_n(&writer->is_running, false, __ATOMIC_RELEASE);
			rte_pause();
			due = 0;
			continue;
		}
		if (writer->rate && due > rte_rdtsc()) {
			rte_pause();
			continue;
		}
		due = (due ? due : rte_rdtsc()) +
		      (writer->rate ? CHANGES_A_BATCH * rte_get_tsc_hz() / writer->rate : 0);
		change_batch(writer);
		__atomic_store_n(&writer->is_running, true, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void end_writer(struct writer *writer)
{
	__atomic_store_n(&writer->ending, true, __ATOMIC_RELEASE);
	pthread_join(writer->thread, NULL);
}

/* The worker reports quiescent states meanwhile, as nothing else lets the writer go on. */
static void switch_writer(struct writer *writer, bool on)
{
	__atomic_store_n(&writer->running, on, __ATOMIC_RELEASE);
	while (__atomic_load_n(&writer->is_running, __ATOMIC_ACQUIRE) != on)
		world_worker_turn(writer->world);
}

/* What one setting of the writer did. */
struct churned {
	double without[REPETITIONS_MAX]; /* cycles per packet */
	double beside[REPETITIONS_MAX];
	double slowdown[REPETITIONS_MAX];
	double rates[REPETITIONS_MAX];     /* changes a second */
	double change_ns[REPETITIONS_MAX]; /* of the writer's processor, a change */
};

static void measure(const struct options *options, struct writer *writer, const struct traffic *traffic,
                    struct churned *churned)
{
	const struct loop loop = {.world = writer->world, .traffic = traffic};
	const size_t count = options->packets;
	size_t place = 0;

	(void)loop_worker(&loop, 0, count);
	for (unsigned long r = 0; r < options->repetitions; r++) {
		uint64_t cycles, changes, busy_ns;

		churned->without[r] = (double)loop_worker(&loop, place, count) / (double)count;
		place += count;
		switch_writer(writer, true);
		changes = __atomic_load_n(&writer->changes, __ATOMIC_RELAXED);
		busy_ns = __atomic_load_n(&writer->busy_ns, __ATOMIC_RELAXED);
		cycles = loop_worker(&loop, place, count);
		changes = __atomic_load_n(&writer->changes, __ATOMIC_RELAXED) - changes;
		busy_ns = __atomic_load_n(&writer->busy_ns, __ATOMIC_RELAXED) - busy_ns;
		place += count;
		switch_writer(writer, false);
		churned->beside[r] = (double)cycles / (double)count;
		churned->slowdown[r] = churned->beside[r] / churned->without[r];
		churned->rates[r] = (double)changes * 1e9 / machine_ns_of((double)cycles);
		churned->change_ns[r] = changes ? (double)busy_ns / (double)changes : 0;
	}
}

static int draw(const struct options *options, const struct population *all, uint32_t nodes, struct traffic *traffic)
{
	const struct population population = {.seed = all->seed, .bindings = nodes};
	char error[MIX_ERROR_OCTETS];
	struct mix mix;

	return mix_load("downlink", &mix, error) ||
	                       traffic_draw(traffic, &population, &mix, 1, options->packets * options->repetitions * 2)
	               ? -ENOMEM
	               : 0;
}

static int run_handover(const struct options *options, struct rte_mempool *pool, struct results *results)
{
	const struct population population = {
	        .seed = options->seed,
	        .bindings = options->bindings < HANDOVER_BINDINGS ? (uint32_t)options->bindings : HANDOVER_BINDINGS};
	struct writer writer = {.kind = CHURN_HANDOVER, .population = population, .rate = options->rate};
	struct churned *churned = calloc(1, sizeof(*churned));
	struct replay_outlet outlet = {0};
	struct traffic traffic = {0};
	int result = populated_world_new(pool, &population, &outlet, &writer.world);

	if (!result)
		result = draw(options, &population, population.bindings, &traffic);
	if (!result && churned)
		result = -pthread_create(&writer.thread, NULL, write_on, &writer);
	if (result || !churned)
		goto end;
	measure(options, &writer, &traffic, churned);
	end_writer(&writer);
	results_add(results, "reader_slowdown_handover_1m", "", churned->slowdown, options->repetitions);
	results_add(results, "handovers_per_s", "1/s", churned->rates, options->repetitions);
	results_add(results, "handover_writer_ns", "ns", churned->change_ns, options->repetitions);
	results_add(results, "handover_walk_cycles", "cycles", churned->beside, options->repetitions);
	results_add(results, "handover_walk_cycles_without", "cycles", churned->without, options->repetitions);
end:
	world_free(writer.world);
	traffic_free(&traffic);
	free(churned);
	return result;
}

/* From as fast as it can downwards, until the worker is slowed by no more than a twentieth. */
static void find_rate(const struct options *options, struct writer *writer, const struct traffic *traffic,
                      struct churned *churned, struct results *results)
{
	static const uint64_t rates[] = {0, 2000000, 1600000, 1300000, 1000000, 700000, 500000, 300000, 100000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double slowdown;

		writer->rate = rates[i];
		measure(options, writer, traffic, churned);
		if (i == 0) {
			double copy[REPETITIONS_MAX];

			memcpy(copy, churned->rates, sizeof(copy));
			results_add(results, "new_bindings_per_s_at_most", "1/s", copy, options->repetitions);
			memcpy(copy, churned->slowdown, sizeof(copy));
			results_add(results, "new_bindings_slowdown_at_most", "", copy, options->repetitions);
			results_add(results, "new_binding_writer_ns", "ns", churned->change_ns, options->repetitions);
		}
		slowdown = samples_median(churned->slowdown, options->repetitions);
		if (slowdown > 1.05)
			continue;
		results_add(results, "new_bindings_per_s", "1/s", churned->rates, options->repetitions);
		results_add(results, "new_bindings_slowdown", "", churned->slowdown, options->repetitions);
		return;
	}
	/* even the lowest was too much */
	memset(churned->rates, 0, sizeof(churned->rates));
	results_add(results, "new_bindings_per_s", "1/s", churned->rates, options->repetitions);
}

static int run_replace(const struct options *options, struct rte_mempool *pool, struct results *results)
{
	const struct population population = {.seed = options->seed, .bindings = (uint32_t)options->bindings};
	const uint32_t coming = population.bindings / 10;
	struct writer writer = {.kind = CHURN_REPLACE,
	                        .population = population,
	                        .first = population.bindings - coming,
	                        .coming = coming};
	struct churned *churned = calloc(1, sizeof(*churned));
	struct replay_outlet outlet = {0};
	struct traffic traffic = {0};
	int result = populated_world_new(pool, &population, &outlet, &writer.world);

	if (!result)
		result = draw(options, &population, population.bindings - coming, &traffic);
	if (!result && churned)
		result = -pthread_create(&writer.thread, NULL, write_on, &writer);
	if (result || !churned)
		goto end;
	find_rate(options, &writer, &traffic, churned, results);
	end_writer(&writer);
	if (writer.world->counters.drops[DROP_destination_unbound])
		result = -EILSEQ;
end:
	world_free(writer.world);
	traffic_free(&traffic);
	free(churned);
	return result;
}

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings, .maximum = POPULATION_MAX},
	        {"packets", .number = &options->packets, .maximum = 10000000},
	        {"repeat", .number = &options->repetitions, .maximum = REPETITIONS_MAX},
	        {"rate", .number = &options->rate, .maximum = 100000000},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){
	        .bindings = 10000000, .packets = 100000, .repetitions = 21, .rate = 1000000, .seed = 1};
	return command_options(argc, argv, known) == argc && options->bindings >= 100;
}

static int run_churn(int argc, char **argv)
{
	struct results *results = results_new("churn");
	struct rte_mempool *pool = NULL;
	struct options options;
	int result;

	if (!parse(argc, argv, &options))
		return COMMAND_WRONG_CALL;
	result = machine_start_dpdk(true);
	if (!result && results)
		pool = world_pool_new();
	result = pool ? run_handover(&options, pool, results) : -ENOMEM;
	if (!result)
		result = run_replace(&options, pool, results);
	if (!result)
		result = results_tell(results, options.json);
	if (result)
		fprintf(stderr, "error: %s\n",
		        result == -EILSEQ ? "a packet missed a binding that was there" : strerror(-result));
	rte_mempool_free(pool);
	results_free(results);
	return result ? 1 : 0;
}

const struct command churn_command = {
        .name = "churn",
        .usage = "churn [OPTION…]\n"
                 "A worker beside a writer that applies changes from feed messages, and without: handovers at a rate, "
                 "then\n"
                 "withdrawn and new bindings, as many a second as slow the worker by no more than 5 %.\n"
                 "  --bindings N       for the new bindings (default 10M); handovers have at most 1M\n"
                 "  --rate N           handovers a second (default 1M)\n"
                 "  --packets N        in a repetition (default 100000)\n"
                 "  --repeat N         repetitions (default 21)\n"
                 "  --seed N           of bindings and packets (default 1)\n"
                 "  --json FILE        figures and machine\n",
        .run = run_churn,
};
