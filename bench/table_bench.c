// SPDX-License-Identifier: BSD-3-Clause
/*
 * table_bench - kedge-bench table: the binding table against what the memory allows, measured in the same run, and what
 * its writer does beside a reader.
 *
 * Lookups are measured as a worker makes them (worker.h): bursts of 32 keys, three of them in flight, in turns of eight
 * after which none is. Limits: a burst of 32 random cache lines, all prefetched, then read; and the same with an index
 * line before each, which is what any table needs that keeps tags or positions apart from its entries. Those, and
 * rte_hash, have one burst at a time, as the bars define them.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_rcu_qsbr.h>

#include "bench_command.h"
#include "huge_memory.h"
#include "machine.h"
#include "population.h"
#include "results.h"
#include "table_rivals.h"
#include "table_writer.h"
#include "worker.h"

enum {
	BURST = BURST_MAX,
	TURN = TURN_BURSTS_MAX * BURST,
	BATCH = 32,
	REPETITIONS_MAX = 101,
	KEYS = 1 << 22,
	WARM_UP = 1 << 17,
	RECLAIM_BUDGET = 512
};

struct options {
	const char *json;
	unsigned long bindings;
	unsigned long lookups;
	unsigned long repetitions;
	unsigned long seed;
};

/* Who is looked up: numbers of nodes, and their keys. */
struct keys {
	uint32_t *numbers;
	struct in6_addr *keys;
};

struct bench {
	struct options options;
	struct population population;
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	struct memory_limits limits;
	struct rte_hash *hash;
	struct keys hits, half_hits;
	uint64_t sum; /* of what was read, so that it is read */
};

/*
 * What the writer does beside the reader: a batch of BATCH actions at a time, as they come from the feed, `rate`
 * actions a second, or as many as it can for 0.
 */
struct load {
	struct bench *bench;
	void (*act)(struct load *load);
	double rate;
	uint64_t place;          /* the next action's number, over all rounds */
	uint32_t waiting[BATCH]; /* nodes that were withdrawn, and are bound anew with the next batch */
	unsigned waiting_count;
	uint64_t done;
	double seconds;
	bool ended;
};

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings, .maximum = POPULATION_MAX},
	        {"lookups", .number = &options->lookups, .maximum = 1000000000},
	        {"repeat", .number = &options->repetitions, .maximum = REPETITIONS_MAX},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){.bindings = 10000000, .lookups = 1000000, .repetitions = 7, .seed = 1};
	return command_options(argc, argv, known) == argc;
}

static struct in6_addr key_of(const struct bench *bench, uint32_t number)
{
	uint64_t words[2] = {__builtin_bswap64(population_network(&bench->population, number)), 0};
	struct in6_addr key;

	memcpy(&key, words, sizeof(key));
	return key;
}

/* Binds a node; `move` tells its care-of addresses apart. */
static int bind_node(struct bench *bench, uint32_t number, uint64_t move)
{
	struct binding_record record = {.key = key_of(bench, number),
	                                .key_length = POPULATION_KEY_LENGTH,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6,
	                                .inner_mtu_bytes = 1460,
	                                .shard = (uint8_t)number,
	                                .expiry_unix_ms = UINT32_MAX};
	uint64_t words[2] = {__builtin_bswap64(POPULATION_ACCESS), population_access_host(number) + move};

	memcpy(&record.care_of_address, words, sizeof(words));
	return table_writer_set(bench->table, &record, 0, 1000);
}

static void draw_keys(const struct bench *bench, struct keys *keys, bool all_hit)
{
	const uint64_t bindings = bench->options.bindings;

	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t number = population_below(population_draw(bench->options.seed, all_hit, i), bindings);

		if (!all_hit && population_draw(bench->options.seed, 2, i) & 1)
			number += (uint32_t)bindings; /* nobody's */
		keys->numbers[i] = number;
		keys->keys[i] = key_of(bench, number);
	}
}

static int make_keys(struct bench *bench, struct keys *keys, bool all_hit)
{
	keys->numbers = huge_memory_map(KEYS * sizeof(*keys->numbers));
	keys->keys = huge_memory_map(KEYS * sizeof(*keys->keys));
	if (!keys->numbers || !keys->keys)
		return -ENOMEM;
	draw_keys(bench, keys, all_hit);
	return 0;
}

static int make_table(struct bench *bench)
{
	struct binding_table_options options = {.bindings_max = bench->options.bindings,
	                                        .secret = {{0x6b65646765000001ull, bench->options.seed}},
	                                        .memory = huge_table_memory};
	int result;

	bench->qsbr =
	        aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE));
	if (!bench->qsbr || rte_rcu_qsbr_init(bench->qsbr, 1) || rte_rcu_qsbr_thread_register(bench->qsbr, 0))
		return -ENOMEM;
	options.qsbr = bench->qsbr;
	result = binding_table_new(&options, &bench->table);
	for (uint32_t i = 0; i < bench->options.bindings && !result; i++)
		result = bind_node(bench, i, 0);
	while (!result && table_writer_reclaim(bench->table, 1000, NULL, NULL))
		;
	return result;
}

/* What is measured, a turn at a time: what a turn of a worker takes from a queue at most */

/* A burst is over before the next thing begins, as at a worker, which has packets to read and to send in between. */
static void end_burst(void)
{
	__builtin_ia32_lfence();
}

typedef uint64_t use_entry(struct binding_entry *entry);

/* The oldest burst, with the lookups of the others a stage further, as in ordinary.c. */
static inline uint64_t finish_burst(const struct binding_table *table, struct binding_lookup *oldest,
                                    struct binding_lookup *next, struct binding_lookup *newest, use_entry *use)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BURST; i++) {
		if (i % LOOKUP_STEP == 0) {
			binding_lookup_finish(oldest, LOOKUP_STEP);
			binding_lookup_locate(table, next, LOOKUP_STEP);
			binding_lookup_begin(table, newest, LOOKUP_STEP);
		}
		if (i < oldest->count)
			sum += use(oldest->entries[i]);
	}
	return sum;
}

static inline uint64_t look_up(struct bench *bench, const struct keys *keys, size_t at, use_entry *use)
{
	struct binding_lookup flight[BURSTS_IN_FLIGHT];
	uint64_t sum = 0;

	for (unsigned i = 0; i < BURSTS_IN_FLIGHT; i++)
		binding_lookup_start(&flight[i], 0);
	for (unsigned n = 0; n < TURN_BURSTS_MAX + BURSTS_IN_FLIGHT - 1; n++) {
		struct binding_lookup *newest = &flight[n % BURSTS_IN_FLIGHT];
		struct binding_lookup *oldest = &flight[(n + 1) % BURSTS_IN_FLIGHT];
		struct binding_lookup *next = &flight[(n + 2) % BURSTS_IN_FLIGHT];

		binding_lookup_start(newest, n < TURN_BURSTS_MAX ? BURST : 0);
		memcpy(newest->keys, &keys->keys[at + n * BURST], newest->count * sizeof(newest->keys[0]));
		sum += finish_burst(bench->table, oldest, next, newest, use);
		end_burst();
	}
	return sum;
}

static inline uint64_t add_up(struct binding_entry *entry)
{
	return (uintptr_t)entry;
}

static uint64_t look_up_hits(struct bench *bench, size_t at)
{
	return look_up(bench, &bench->hits, at, add_up);
}

static uint64_t look_up_half_hits(struct bench *bench, size_t at)
{
	return look_up(bench, &bench->half_hits, at, add_up);
}

static uint64_t read_one_line(struct bench *bench, size_t at)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < TURN_BURSTS_MAX; n++, at += BURST) {
		sum += limits_one_line(&bench->limits, &bench->hits.numbers[at], BURST);
		end_burst();
	}
	return sum;
}

static uint64_t read_two_lines(struct bench *bench, size_t at)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < TURN_BURSTS_MAX; n++, at += BURST) {
		sum += limits_two_lines(&bench->limits, &bench->hits.numbers[at], BURST);
		end_burst();
	}
	return sum;
}

static uint64_t look_up_in_rte_hash(struct bench *bench, size_t at)
{
	const struct in6_addr *pointers[BURST];
	uint64_t sum = 0;

	for (unsigned n = 0; n < TURN_BURSTS_MAX; n++, at += BURST) {
		for (unsigned i = 0; i < BURST; i++)
			pointers[i] = &bench->hits.keys[at + i];
		sum += rivals_hash_and_line(bench->hash, &bench->limits, pointers, BURST);
		end_burst();
	}
	return sum;
}

/* What a worker does with an entry, but for the packet. */
static inline uint64_t use_like_a_worker(struct binding_entry *entry)
{
	struct in6_addr care_of;

	if (!entry)
		return 0;
	care_of = shared_address_load(&entry->care_of_address);
	binding_count(&entry->down, 100);
	return care_of.s6_addr[15] + binding_traits_load(entry).route + binding_expiry_load(entry);
}

static uint64_t forward(struct bench *bench, size_t at)
{
	uint64_t sum = look_up(bench, &bench->hits, at, use_like_a_worker);

	rte_rcu_qsbr_quiescent(bench->qsbr, 0);
	return sum;
}

typedef uint64_t turn_function(struct bench *bench, size_t at);

/* What the calling thread had of a processor: what others took from it meanwhile does not count. */
static double seconds_of_thread(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Nanoseconds a lookup. */
static double ns_of(struct bench *bench, turn_function *turn, size_t first, size_t lookups)
{
	double begin = seconds_of_thread();

	for (size_t done = 0; done < lookups; done += TURN)
		bench->sum += turn(bench, (first + done) % KEYS / TURN * TURN);
	return (seconds_of_thread() - begin) * 1e9 / (double)((lookups + TURN - 1) / TURN * TURN);
}

static const struct {
	const char *name;
	turn_function *turn;
} measured[] = {
        {"one_line_ns", read_one_line},       {"two_lines_ns", read_two_lines},
        {"lookup_10m_ns", look_up_hits},      {"lookup_10m_half_hits_ns", look_up_half_hits},
        {"rte_hash_ns", look_up_in_rte_hash},
};
enum { ONE_LINE, TWO_LINES, HITS, HALF_HITS, RTE_HASH, MEASURED };

static const struct {
	const char *name;
	int above, below;
} ratios[] = {
        {"lookup_10m_over_one_line", HITS, ONE_LINE},
        {"lookup_10m_over_two_lines", HITS, TWO_LINES},
        {"lookup_10m_half_hits_over_two_lines", HALF_HITS, TWO_LINES},
        {"rte_hash_over_lookup_10m", RTE_HASH, HITS},
};

/* All in turn, round by round, each warm from its own. */
static void measure_lookups(struct bench *bench, struct results *results)
{
	static double samples[MEASURED][REPETITIONS_MAX], quotients[REPETITIONS_MAX];
	const size_t rounds = bench->options.repetitions, lookups = bench->options.lookups;

	for (size_t round = 0; round < rounds; round++)
		for (int i = 0; i < MEASURED; i++) {
			size_t first = (round * MEASURED + (size_t)i) * lookups;

			(void)ns_of(bench, measured[i].turn, first, WARM_UP);
			samples[i][round] = ns_of(bench, measured[i].turn, first + WARM_UP, lookups);
		}
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		for (size_t round = 0; round < rounds; round++)
			quotients[round] = samples[ratios[i].above][round] / samples[ratios[i].below][round];
		results_add(results, ratios[i].name, "", quotients, rounds);
	}
	for (int i = 0; i < MEASURED; i++)
		results_add(results, measured[i].name, "ns", samples[i], rounds);
}

/* The writer beside a reader */

static uint32_t draw_node(struct load *load)
{
	const struct options *options = &load->bench->options;

	return population_below(population_draw(options->seed, 3, load->place++), options->bindings);
}

static void change_care_of(struct load *load)
{
	const struct in6_addr *pointers[BATCH];
	struct in6_addr keys[BATCH];
	uint32_t numbers[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		numbers[i] = draw_node(load);
		keys[i] = key_of(load->bench, numbers[i]);
		pointers[i] = &keys[i];
	}
	table_writer_expect(load->bench->table, pointers, BATCH);
	for (unsigned i = 0; i < BATCH; i++)
		(void)bind_node(load->bench, numbers[i], (load->place << 32) + 1);
}

/* Takes the bindings of some nodes away, and binds those anew that lost theirs the last time. */
static void renew_bindings(struct load *load)
{
	const struct in6_addr *pointers[2 * BATCH];
	struct in6_addr keys[2 * BATCH];
	uint32_t numbers[BATCH];
	unsigned count = BATCH + load->waiting_count;

	for (unsigned i = 0; i < count; i++) {
		if (i < BATCH)
			numbers[i] = draw_node(load);
		keys[i] = key_of(load->bench, i < BATCH ? numbers[i] : load->waiting[i - BATCH]);
		pointers[i] = &keys[i];
	}
	table_writer_expect(load->bench->table, pointers, count);
	for (unsigned i = 0; i < BATCH; i++) {
		(void)table_writer_withdraw(load->bench->table, &keys[i]);
		/* as the feed's receiver does when nothing is free because a reader stood still: later */
		while (i < load->waiting_count && bind_node(load->bench, load->waiting[i], 0))
			(void)table_writer_reclaim(load->bench->table, RECLAIM_BUDGET, NULL, NULL);
	}
	memcpy(load->waiting, numbers, sizeof(numbers));
	load->waiting_count = BATCH;
}

/* All are bound again, so that the next load finds the same table. */
static void end_load(struct load *load)
{
	for (unsigned i = 0; i < load->waiting_count; i++)
		while (bind_node(load->bench, load->waiting[i], 0))
			(void)table_writer_reclaim(load->bench->table, RECLAIM_BUDGET, NULL, NULL);
	load->waiting_count = 0;
}

static void *write_beside(void *argument)
{
	struct load *load = (struct load *)argument;
	const double hz = (double)rte_get_tsc_hz();
	double begin_of_thread = seconds_of_thread();
	uint64_t begin = rte_rdtsc();

	for (load->done = 0; !__atomic_load_n(&load->ended, __ATOMIC_RELAXED); load->done += BATCH) {
		while (load->rate > 0 && (double)(rte_rdtsc() - begin) / hz < (double)load->done / load->rate &&
		       !__atomic_load_n(&load->ended, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
		load->act(load);
		(void)table_writer_reclaim(load->bench->table, RECLAIM_BUDGET, NULL, NULL);
	}
	load->seconds = load->rate > 0 ? (double)(rte_rdtsc() - begin) / hz : seconds_of_thread() - begin_of_thread;
	end_load(load);
	return NULL;
}

/* The writer runs on the first processor that this process may use; the reader stays on the last (machine.h). */
static int start_writer(struct load *load, pthread_t *thread)
{
	pthread_attr_t attributes;
	cpu_set_t set;
	int result;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	load->ended = false;
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
	result = pthread_create(thread, &attributes, write_beside, load);
	pthread_attr_destroy(&attributes);
	return result;
}

static const struct {
	const char *rate_name;
	const char *slowdown_name;
	void (*act)(struct load *load);
	double rate; /* 0: as often as it can */
} loads[] = {
        {NULL, "table_slowdown_handover_1m", change_care_of, 1e6},
        {"table_care_of_changes_per_s", "table_slowdown_handover", change_care_of, 0},
        {NULL, "table_slowdown_new_bindings_500k", renew_bindings, 5e5},
        {NULL, "table_slowdown_new_bindings_750k", renew_bindings, 7.5e5},
        {NULL, "table_slowdown_new_bindings_1m", renew_bindings, 1e6},
        {"table_new_bindings_per_s_at_most", "table_slowdown_new_bindings", renew_bindings, 0},
};
enum { LOADS = sizeof(loads) / sizeof(loads[0]) };

/* The reader's time a lookup beside a load; the rate that the writer reached. */
static double read_beside(struct bench *bench, struct load *load, size_t first, double *rate)
{
	double ns;
	pthread_t thread;

	if (start_writer(load, &thread))
		rte_exit(EXIT_FAILURE, "no thread for the writer\n");
	(void)ns_of(bench, forward, first, WARM_UP);
	ns = ns_of(bench, forward, first + WARM_UP, bench->options.lookups * 4);
	__atomic_store_n(&load->ended, true, __ATOMIC_RELAXED);
	rte_rcu_qsbr_thread_offline(bench->qsbr, 0);
	pthread_join(thread, NULL);
	rte_rcu_qsbr_thread_online(bench->qsbr, 0);
	*rate = (double)load->done / load->seconds;
	return ns;
}

/* The most renewals a second, of the rates above that were reached, which slow the reader by no more than 5 %. */
static void add_new_bindings(struct results *results, double rates[LOADS][REPETITIONS_MAX], size_t rounds)
{
	double best = 0;

	for (int i = 0; i < LOADS; i++) {
		double rate;

		sort_samples(rates[i], rounds);
		rate = sorted_quantile(rates[i], rounds, 0.5);
		if (loads[i].act == renew_bindings && results_median(results, loads[i].slowdown_name) <= 1.05 &&
		    rate > best)
			best = rate;
	}
	results_add(results, "table_new_bindings_per_s", "1/s", &best, 1);
}

static void measure_writer(struct bench *bench, struct results *results)
{
	static double slowdowns[LOADS][REPETITIONS_MAX], rates[LOADS][REPETITIONS_MAX];
	const size_t rounds = bench->options.repetitions, lookups = bench->options.lookups;
	static struct load states[LOADS];

	for (int i = 0; i < LOADS; i++)
		states[i] = (struct load){
		        .bench = bench, .act = loads[i].act, .rate = loads[i].rate, .place = (uint64_t)i << 40};
	rte_rcu_qsbr_thread_online(bench->qsbr, 0);
	for (size_t round = 0; round < rounds; round++)
		for (int i = 0; i < LOADS; i++) {
			size_t first = (round * LOADS + (size_t)i) * lookups;
			double alone;

			(void)ns_of(bench, forward, first, WARM_UP);
			alone = ns_of(bench, forward, first + WARM_UP, lookups * 2);
			slowdowns[i][round] = read_beside(bench, &states[i], first, &rates[i][round]) / alone;
		}
	rte_rcu_qsbr_thread_offline(bench->qsbr, 0);
	for (int i = 0; i < LOADS; i++) {
		results_add(results, loads[i].slowdown_name, "", slowdowns[i], rounds);
		if (loads[i].rate_name)
			results_add(results, loads[i].rate_name, "1/s", rates[i], rounds);
	}
	add_new_bindings(results, rates, rounds);
}

static int prepare(struct bench *bench, struct results *results)
{
	size_t before = huge_memory_share().resident_octets;
	double octets;
	int result = make_table(bench);

	if (result)
		return result;
	octets = (double)(huge_memory_share().resident_octets - before) / (double)bench->options.bindings;
	results_add(results, "table_bytes_per_binding", "octets", &octets, 1);
	result = make_keys(bench, &bench->hits, true);
	if (!result)
		result = make_keys(bench, &bench->half_hits, false);
	if (!result)
		result = limits_make(&bench->limits, (uint32_t)bench->options.bindings, bench->options.seed);
	bench->hash = result ? NULL : rivals_hash((uint32_t)bench->options.bindings);
	for (uint32_t i = 0; bench->hash && i < bench->options.bindings; i++) {
		struct in6_addr key = key_of(bench, i);

		if (rte_hash_add_key(bench->hash, &key) < 0)
			return -ENOSPC;
	}
	return bench->hash ? result : -ENOMEM;
}

static void release(struct bench *bench)
{
	rte_hash_free(bench->hash);
	limits_free(&bench->limits);
	huge_memory_unmap(bench->hits.numbers);
	huge_memory_unmap(bench->hits.keys);
	huge_memory_unmap(bench->half_hits.numbers);
	huge_memory_unmap(bench->half_hits.keys);
	binding_table_free(bench->table);
	free(bench->qsbr);
}

static int run_table(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct results *results = results_new("table");
	int result;

	if (!bench || !results)
		return 1;
	if (!parse(argc, argv, &bench->options)) {
		results_free(results);
		free(bench);
		return COMMAND_WRONG_CALL;
	}
	bench->population =
	        (struct population){.seed = bench->options.seed, .bindings = (uint32_t)bench->options.bindings};
	result = rivals_start_dpdk((uint32_t)bench->options.bindings);
	if (!result)
		result = prepare(bench, results);
	if (result) {
		fprintf(stderr, "error: %lu bindings do not fit: %s\n", bench->options.bindings, strerror(-result));
		goto end;
	}
	measure_lookups(bench, results);
	measure_writer(bench, results);
	results_note(results, "bindings", json_integer((json_int_t)bench->options.bindings));
	results_note(results, "lookups_a_repetition", json_integer((json_int_t)bench->options.lookups));
	results_note(results, "checksum", json_integer((json_int_t)(bench->sum >> 1)));
	results_print(results, stdout);
	if (bench->options.json && results_write(results, bench->options.json)) {
		fprintf(stderr, "error: %s: cannot be written\n", bench->options.json);
		result = -EIO;
	}
end:
	release(bench);
	results_free(results);
	free(bench);
	return result ? 1 : 0;
}

const struct command table_command = {
        .name = "table",
        .usage = "table [OPTION…]\n"
                 "  the binding table against the limits of the memory and rte_hash, and its writer beside a reader\n"
                 "  --bindings N       in the table (default 10M)\n"
                 "  --lookups N        in each measurement (default 1M)\n"
                 "  --repeat N         repetitions; figures are their medians (default 7)\n"
                 "  --seed N           of keys and order (default 1)\n"
                 "  --json FILE        the figures for programs\n",
        .run = run_table,
};
