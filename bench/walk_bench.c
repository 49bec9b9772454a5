// SPDX-License-Identifier: BSD-3-Clause
/* walk_bench - kedge-bench walk: cycles per packet over the number of bindings, and what they are made of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_command.h"
#include "huge_memory.h"
#include "machine.h"
#include "populated_world.h"
#include "results.h"
#include "walk_loop.h"

enum { TABLES_MAX = 8, CASES_MAX = 40, REPETITIONS_MAX = 101 };

struct options {
	const char *json;
	unsigned long bindings_max;
	unsigned long packets;
	unsigned long repetitions;
	unsigned long seed;
};

struct table {
	const char *name;
	uint32_t bindings;
	struct world *world;
	uint64_t (*lines)[8]; /* as many as bindings */
	size_t octets;        /* all that a data plane with it takes */
};

typedef uint64_t timed_loop(const struct loop *loop, size_t first, size_t count);

/* One thing that is measured, in each round once. */
struct measured_case {
	char name[40];
	const struct table *table;
	struct traffic traffic;
	timed_loop *run; /* NULL: the memory's limit */
	double cycles[REPETITIONS_MAX];
};

struct bench {
	const struct options *options;
	struct replay_outlet outlet;
	struct rte_mempool *pool;
	unsigned table_count;
	struct table tables[TABLES_MAX];
	unsigned case_count;
	struct measured_case cases[CASES_MAX];
};

static const struct {
	const char *name;
	uint32_t bindings;
} sizes[] = {{"1k", 1000}, {"10k", 10000}, {"100k", 100000}, {"1m", 1000000}, {"10m", 10000000}};

/* What is measured at each number of bindings, and at one alone. */
static const struct {
	const char *name;
	const char *mix;
	const char *table; /* NULL: each */
	timed_loop *run;
} kinds[] = {
        {"walk_cycles", "downlink", NULL, loop_worker},
        {"bare_cycles", "downlink", NULL, loop_bare},
        {"memory_cycles", "downlink", NULL, NULL},
        {"generator_cycles", "downlink", "1m", loop_generator},
        {"uplink_cycles", "uplink", "1m", loop_worker},
        {"hairpin_cycles", "hairpin", "1m", loop_worker},
        {"imix_cycles", "imix", "1m", loop_worker},
        {"zipf_cycles", "zipf", "1m", loop_worker},
        {"half_hits_cycles", "half-hits", "1m", loop_worker},
        {"spoofed_cycles", "spoofed", "1m", loop_worker},
};

/* quotients of the medians' cases, round by round: bars and other ratios */
static const struct {
	const char *name;
	const char *above;
	const char *below;
} ratios[] = {
        {"walk_10m_over_1k", "walk_cycles_10m", "walk_cycles_1k"},
        {"walk_over_bare", "walk_cycles_1m", "bare_cycles_1m"},
        {"decapsulation_over_encapsulation", "uplink_cycles_1m", "walk_cycles_1m"},
};

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings_max, .maximum = POPULATION_MAX},
	        {"packets", .number = &options->packets, .maximum = 100000000},
	        {"repeat", .number = &options->repetitions, .maximum = REPETITIONS_MAX},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){.bindings_max = 10000000, .packets = 20000, .repetitions = 51, .seed = 1};
	return command_options(argc, argv, known) == argc;
}

static int fill_table(struct bench *bench, struct table *table)
{
	const struct population population = {.seed = bench->options->seed, .bindings = table->bindings};
	size_t before = huge_memory_share().resident_octets;
	int result = populated_world_new(bench->pool, &population, &bench->outlet, &table->world);

	if (result)
		return result;
	table->octets = huge_memory_share().resident_octets - before + machine_dpdk_octets();
	table->lines = huge_memory_map(table->bindings * sizeof(*table->lines));
	if (!table->lines)
		return -ENOMEM;
	memset(table->lines, 1, table->bindings * sizeof(*table->lines));
	return 0;
}

static int add_case(struct bench *bench, unsigned kind, const struct table *table)
{
	const struct options *options = bench->options;
	const struct population population = {.seed = options->seed, .bindings = table->bindings};
	struct measured_case *made = &bench->cases[bench->case_count++];
	char error[MIX_ERROR_OCTETS];
	struct mix mix;

	snprintf(made->name, sizeof(made->name), "%s_%s", kinds[kind].name, table->name);
	made->table = table;
	made->run = kinds[kind].run;
	/* each case and repetition takes other packets, so that none finds the lines of the one before in a cache */
	return mix_load(kinds[kind].mix, &mix, error) ||
	       traffic_draw(&made->traffic, &population, &mix, bench->case_count,
	                    options->packets * options->repetitions);
}

static int prepare(struct bench *bench)
{
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct table *table = &bench->tables[bench->table_count];
		int result;

		if (sizes[i].bindings > bench->options->bindings_max)
			break;
		bench->table_count++;
		*table = (struct table){.name = sizes[i].name, .bindings = sizes[i].bindings};
		result = fill_table(bench, table);
		if (result)
			return result;
		for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]) && !result; kind++)
			if (!kinds[kind].table || strcmp(kinds[kind].table, table->name) == 0)
				result = add_case(bench, kind, table);
		if (result)
			return -ENOMEM;
	}
	return 0;
}

static double measure(const struct bench *bench, struct measured_case *one, size_t round)
{
	const size_t count = bench->options->packets;
	const struct loop loop = {.world = one->table->world, .traffic = &one->traffic};
	uint64_t cycles = one->run ? one->run(&loop, round * count, count)
	                           : loop_memory(&loop, round * count, count, (const uint64_t(*)[8])one->table->lines,
	                                         one->table->bindings);

	world_main_turn(one->table->world);
	return (double)cycles / (double)count;
}

static const struct measured_case *case_named(const struct bench *bench, const char *name)
{
	for (unsigned i = 0; i < bench->case_count; i++)
		if (strcmp(bench->cases[i].name, name) == 0)
			return &bench->cases[i];
	return NULL;
}

static void add_ratios(const struct bench *bench, struct results *results)
{
	const unsigned long rounds = bench->options->repetitions;

	for (unsigned i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		const struct measured_case *above = case_named(bench, ratios[i].above);
		const struct measured_case *below = case_named(bench, ratios[i].below);
		double samples[REPETITIONS_MAX];

		for (unsigned long r = 0; above && below && r < rounds; r++)
			samples[r] = above->cycles[r] / below->cycles[r];
		if (above && below)
			results_add(results, ratios[i].name, "", samples, rounds);
	}
}

/* What is in memory, not what was asked for. Once, as memory is taken at the start and stays. */
static void add_octets(const struct table *table, struct results *results)
{
	double octets = (double)table->octets / table->bindings;

	results_add(results, "bytes_per_binding", "octets", &octets, 1);
}

/* All cases in turn, round by round, so that a machine that changes its mind does so to all of them. */
static void run_rounds(struct bench *bench, struct results *results)
{
	const unsigned long rounds = bench->options->repetitions;

	for (unsigned i = 0; i < bench->case_count; i++)
		(void)measure(bench, &bench->cases[i], 0);
	for (unsigned long round = 0; round < rounds; round++)
		for (unsigned i = 0; i < bench->case_count; i++)
			bench->cases[i].cycles[round] = measure(bench, &bench->cases[i], round);
	add_ratios(bench, results);
	for (unsigned i = 0; i < bench->table_count; i++)
		if (strcmp(bench->tables[i].name, "10m") == 0)
			add_octets(&bench->tables[i], results);
	for (unsigned i = 0; i < bench->case_count; i++)
		results_add(results, bench->cases[i].name, "cycles", bench->cases[i].cycles, rounds);
}

static void release(struct bench *bench)
{
	for (unsigned i = 0; i < bench->case_count; i++)
		traffic_free(&bench->cases[i].traffic);
	for (unsigned i = 0; i < bench->table_count; i++) {
		world_free(bench->tables[i].world);
		huge_memory_unmap(bench->tables[i].lines);
	}
	rte_mempool_free(bench->pool);
	free(bench);
}

static bool counters_add_up(const struct bench *bench)
{
	for (unsigned i = 0; i < bench->table_count; i++) {
		struct walk_counters sum = {0};

		walk_counters_add(&sum, &bench->tables[i].world->counters);
		walk_counters_add(&sum, &bench->tables[i].world->main);
		if (!walk_counters_balance(&sum))
			return false;
	}
	return true;
}

static int run_walk(int argc, char **argv)
{
	struct results *results = results_new("walk");
	struct bench *bench = calloc(1, sizeof(*bench));
	struct options options;
	int result;

	if (!parse(argc, argv, &options))
		return COMMAND_WRONG_CALL;
	result = machine_start_dpdk(true);
	if (result || !results || !bench) {
		fprintf(stderr, "error: DPDK does not start\n");
		return 1;
	}
	bench->options = &options;
	bench->pool = world_pool_new();
	result = bench->pool ? prepare(bench) : -ENOMEM;
	if (result) {
		fprintf(stderr, "error: the tables do not fit: %s\n", strerror(-result));
		goto end;
	}
	run_rounds(bench, results);
	results_note(results, "packets_a_repetition", json_integer((json_int_t)options.packets));
	results_print(results, stdout);
	if (!counters_add_up(bench)) {
		fprintf(stderr, "error: the counters do not add up\n");
		result = -EINVAL;
	} else if (options.json && results_write(results, options.json)) {
		fprintf(stderr, "error: %s: cannot be written\n", options.json);
		result = -EIO;
	}
end:
	release(bench);
	results_free(results);
	return result ? 1 : 0;
}

const struct command walk_command = {
        .name = "walk",
        .usage = "walk [OPTION…]\n"
                 "Cycles per packet of a worker over the number of bindings, beside a bare loop and the memory's "
                 "limit.\n"
                 "  --bindings N       up to so many: 1k, 10k, 100k, 1M, 10M (default 10M)\n"
                 "  --packets N        in a repetition (default 20000)\n"
                 "  --repeat N         repetitions (default 51)\n"
                 "  --seed N           of bindings and packets (default 1)\n"
                 "  --json FILE        figures and machine\n",
        .run = run_walk,
};
