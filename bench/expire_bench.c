// SPDX-License-Identifier: BSD-3-Clause
/*
 * expire_bench - kedge-bench expire: all bindings of a table expire within one second. A worker walks before, when they
 * have expired, and while another thread applies the owner's withdrawals from feed messages, turn by turn as the main
 * core does: how long its longest turn was, and what it took from the worker.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>

#include "bench_command.h"
#include "bus_client.h"
#include "machine.h"
#include "populated_world.h"
#include "results.h"
#include "walk_loop.h"

enum { SLICES_MAX = 65536, SLICES_BESIDE_LEAST = 7, SECOND_MS = 1000, EXPIRY_AFTER_MS = 60000 };

struct options {
	const char *json;
	unsigned long bindings;
	unsigned long packets;
	unsigned long repetitions;
	unsigned long seed;
};

/* The main core's thread. */
struct writer {
	pthread_t thread;
	struct world *world;
	struct population population;
	uint64_t turns;
	uint64_t longest_turn; /* cycles by the clock */
	double longest_cpu_ms; /* of the thread's own */
	uint64_t cycles;       /* all turns */
	bool ended;            /* atomic */
};

static double own_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void withdraw(struct writer *writer, uint32_t number)
{
	struct feed_row row;

	population_row(&writer->population, number, POPULATED_EXPIRY_MS, &row);
	row.operation = FEED_WITHDRAW;
	row.tunnel_kind = FEED_TUNNEL_NONE;
	memset(row.care_of_address, 0, sizeof(row.care_of_address));
	row.expiry_unix_ms = 0;
	world_change(writer->world, &row, writer->world->start_ms);
}

/* As many messages as the main core takes in a turn, and what else it does then. Returns the next number. */
static uint32_t turn(struct writer *writer, uint32_t number)
{
	const uint64_t now_ms = writer->world->start_ms;

	for (unsigned message = 0; message < BUS_CLIENT_FEED_A_TURN; message++) {
		for (unsigned i = 0; i < FEED_ROWS_MAX && number < writer->population.bindings; i++)
			withdraw(writer, number++);
		world_apply(writer->world, now_ms);
	}
	feed_receiver_tick(writer->world->receiver, now_ms);
	world_main_turn(writer->world);
	return number;
}

static void *withdraw_all(void *context)
{
	struct writer *writer = context;
	const uint64_t begun = rte_rdtsc();
	uint32_t number = 0;

	machine_stay_on(0); /* DPDK keeps the worker on the last one */
	while (number < writer->population.bindings) {
		uint64_t before = rte_rdtsc(), passed;
		double before_ms = own_ms(), passed_ms;

		number = turn(writer, number);
		passed_ms = own_ms() - before_ms;
		passed = rte_rdtsc() - before;
		writer->longest_turn = passed > writer->longest_turn ? passed : writer->longest_turn;
		writer->longest_cpu_ms = passed_ms > writer->longest_cpu_ms ? passed_ms : writer->longest_cpu_ms;
		writer->turns++;
	}
	writer->cycles = rte_rdtsc() - begun;
	__atomic_store_n(&writer->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static int make_world(struct rte_mempool *pool, const struct population *population, struct replay_outlet *outlet,
                      struct world **made)
{
	struct world *world = *made = world_new(pool);
	int result;

	if (!world)
		return -ENOMEM;
	world->start_ms = POPULATED_START_MS;
	world->forwarding.limits.icmp_errors_per_s = 1000; /* the default: else each drop is told to its source */
	scenario_default(world);
	result = world_start(world, population->bindings, replay_transmit, outlet);
	return result ? result : populate(world, population, POPULATED_START_MS + EXPIRY_AFTER_MS, SECOND_MS);
}

struct slices {
	size_t count;
	double cycles[SLICES_MAX]; /* per packet */
};

static void walk_slice(const struct loop *loop, const struct options *options, size_t *place, struct slices *slices)
{
	uint64_t cycles = loop_worker(loop, *place, options->packets);

	*place += options->packets;
	if (slices->count < SLICES_MAX)
		slices->cycles[slices->count++] = (double)cycles / (double)options->packets;
}

struct measured {
	struct slices valid;   /* nothing has expired */
	struct slices expired; /* everything has, and nobody has done anything about it */
	struct slices beside;  /* beside the withdrawals */
	struct slices gone;    /* behind them */
};

static int measure(const struct options *options, struct writer *writer, const struct traffic *traffic,
                   struct measured *measured)
{
	const struct loop loop = {.world = writer->world, .traffic = traffic};
	struct walk_counters *counters = &writer->world->counters;
	size_t place = 0;
	int result;

	for (unsigned long r = 0; r < options->repetitions; r++)
		walk_slice(&loop, options, &place, &measured->valid);
	if (counters->encapsulated != options->repetitions * options->packets)
		return -EILSEQ;
	writer->world->start_ms += EXPIRY_AFTER_MS + SECOND_MS; /* the second has passed */
	for (unsigned long r = 0; r < options->repetitions; r++)
		walk_slice(&loop, options, &place, &measured->expired);
	result = -pthread_create(&writer->thread, NULL, withdraw_all, writer);
	if (result)
		return result;
	while (!__atomic_load_n(&writer->ended, __ATOMIC_ACQUIRE) || measured->beside.count < SLICES_BESIDE_LEAST)
		walk_slice(&loop, options, &place, &measured->beside);
	pthread_join(writer->thread, NULL);
	for (unsigned long r = 0; r < options->repetitions; r++)
		walk_slice(&loop, options, &place, &measured->gone);
	/* not one more has gone through */
	if (counters->encapsulated != options->repetitions * options->packets ||
	    counters->drops[DROP_destination_unbound] + counters->drops[DROP_destination_expired] +
	                    counters->encapsulated !=
	            counters->received)
		return -EILSEQ;
	return binding_table_count(writer->world->table) || !walk_counters_balance(counters) ? -EILSEQ : 0;
}

static void add(const struct writer *writer, struct measured *measured, struct results *results)
{
	double longest_ms = machine_ns_of((double)writer->longest_turn) / 1e6, cpu_ms = writer->longest_cpu_ms;
	double seconds = machine_ns_of((double)writer->cycles) / 1e9;
	double rate = (double)writer->population.bindings / seconds, share;

	results_add(results, "expire_walk_cycles", "cycles", measured->valid.cycles, measured->valid.count);
	results_add(results, "expire_walk_cycles_expired", "cycles", measured->expired.cycles, measured->expired.count);
	results_add(results, "expire_walk_cycles_beside", "cycles", measured->beside.cycles, measured->beside.count);
	results_add(results, "expire_walk_cycles_gone", "cycles", measured->gone.cycles, measured->gone.count);
	share = results_median(results, "expire_walk_cycles_expired") /
	        results_median(results, "expire_walk_cycles_beside");
	results_add(results, "expire_reader_share_beside", "", &share, 1);
	results_add(results, "expire_withdrawals_per_s", "1/s", &rate, 1);
	results_add(results, "expire_all_withdrawn_s", "s", &seconds, 1);
	results_add(results, "expire_longest_turn_ms", "ms", &longest_ms, 1);
	results_add(results, "expire_longest_turn_own_ms", "ms", &cpu_ms, 1);
	results_note(results, "turns", json_integer((json_int_t)writer->turns));
	results_note(results, "bindings", json_integer(writer->population.bindings));
}

static int expire(const struct options *options, struct rte_mempool *pool, struct results *results)
{
	struct writer writer = {.population = {.seed = options->seed, .bindings = (uint32_t)options->bindings}};
	struct measured *measured = calloc(1, sizeof(*measured));
	struct replay_outlet outlet = {0};
	struct traffic traffic = {0};
	char error[MIX_ERROR_OCTETS];
	struct mix mix;
	int result = make_world(pool, &writer.population, &outlet, &writer.world);

	if (!result && (!measured || mix_load("downlink", &mix, error) ||
	                traffic_draw(&traffic, &writer.population, &mix, 1,
	                             options->packets * (options->repetitions + SLICES_BESIDE_LEAST) * 2)))
		result = -ENOMEM;
	if (!result)
		result = measure(options, &writer, &traffic, measured);
	if (!result)
		add(&writer, measured, results);
	world_free(writer.world);
	traffic_free(&traffic);
	free(measured);
	return result;
}

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings, .maximum = POPULATION_MAX},
	        {"packets", .number = &options->packets, .maximum = 10000000},
	        {"repeat", .number = &options->repetitions, .maximum = SLICES_MAX},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){.bindings = 10000000, .packets = 100000, .repetitions = 21, .seed = 1};
	return command_options(argc, argv, known) == argc;
}

static int run_expire(int argc, char **argv)
{
	struct results *results = results_new("expire");
	struct rte_mempool *pool = NULL;
	struct options options;
	int result;

	if (!parse(argc, argv, &options))
		return COMMAND_WRONG_CALL;
	result = machine_start_dpdk(true);
	if (!result && results)
		pool = world_pool_new();
	result = pool ? expire(&options, pool, results) : -ENOMEM;
	if (!result)
		result = results_tell(results, options.json);
	if (result)
		fprintf(stderr, "error: %s\n",
		        result == -EILSEQ
		                ? "a packet went by an expired binding, one that was valid was missed, or the "
		                  "counters do not add up"
		                : strerror(-result));
	rte_mempool_free(pool);
	results_free(results);
	return result ? 1 : 0;
}

const struct command expire_command = {
        .name = "expire",
        .usage = "expire [OPTION…]\n"
                 "All bindings expire within one second: a worker before it, behind it, and beside the owner's "
                 "withdrawals, which are\n"
                 "applied from feed messages turn by turn, as the main core does.\n"
                 "  --bindings N       (default 10M)\n"
                 "  --packets N        in a slice (default 100000)\n"
                 "  --repeat N         slices before, behind, and in the end (default 21)\n"
                 "  --seed N           of bindings and packets (default 1)\n"
                 "  --json FILE        figures and machine\n",
        .run = run_expire,
};
