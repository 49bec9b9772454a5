// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_bench - kedge-bench feed: how long a data plane takes to get all bindings from their owner, what that costs the
 * worker beside it, and when a change that the owner makes is seen by a worker.
 *
 * The owner (loop, bus, bindings) and the data plane's main core have threads of their own; this thread is the worker,
 * alone on its processor, over the same table.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include <rte_cycles.h>

#include "bench_command.h"
#include "feed_plane.h"
#include "machine.h"
#include "replay.h"
#include "results.h"
#include "scenario_file.h"
#include "walk_loop.h"

enum {
	REPETITIONS_MAX = 101,
	LOADED_SHARE = 10,    /* one binding in ten is there before: what the worker forwards by */
	CHUNK_PACKETS = 3200, /* a sample of the worker's speed */
	CHUNKS_ALONE = 400,
	CHUNKS_MAX = 200000,
	CHANGE_SAMPLES = 2000,
	BURST_PACKETS = 32,
	TABLE_SPARE = 1024,
	PACKETS = 1000000,
};

struct options {
	const char *json;
	unsigned long bindings;
	unsigned long repetitions;
	unsigned long changes_a_second;
	unsigned long seed;
};

struct bench {
	struct options options;
	struct replay_outlet outlet;
	struct rte_mempool *pool;
	struct traffic traffic; /* to bindings that are there before */
	struct feed_owner owner;
	size_t first; /* packet that comes next */
	double resync_s[REPETITIONS_MAX];
	double walk_share[REPETITIONS_MAX];
	double visible_p50_ms[REPETITIONS_MAX];
	double visible_p99_ms[REPETITIONS_MAX];
	double alone[CHUNKS_ALONE];
	double beside[CHUNKS_MAX];
	double visible_ms[CHANGE_SAMPLES];
};

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"json", .text = &options->json},
	        {"bindings", .number = &options->bindings, .maximum = 20000000},
	        {"repeat", .number = &options->repetitions, .maximum = REPETITIONS_MAX},
	        {"changes", .number = &options->changes_a_second, .maximum = 1000000},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {0},
	};

	*options = (struct options){.bindings = 1000000, .repetitions = 7, .changes_a_second = 100000, .seed = 1};
	return command_options(argc, argv, known) == argc && options->bindings >= LOADED_SHARE * FEED_ROWS_MAX;
}

static void wait_for(const bool *flag)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		nanosleep(&pause, NULL);
}

/* Cycles per packet of one chunk. */
static double walk_chunk(struct bench *bench, struct world *world, size_t packets)
{
	const struct loop loop = {.world = world, .traffic = &bench->traffic};
	uint64_t cycles = loop_worker(&loop, bench->first, packets);

	bench->first += packets;
	return (double)cycles / (double)packets;
}

static struct world *start_world(struct bench *bench)
{
	struct world *world = world_new(bench->pool);

	if (!world)
		return NULL;
	world->start_ms = (uint64_t)time(NULL) * 1000;
	scenario_default(world);
	if (world_start(world, bench->options.bindings + TABLE_SPARE, replay_transmit, &bench->outlet)) {
		world_free(world);
		return NULL;
	}
	return world;
}

/* All of the table's memory is there before anything is timed, as it is in the daemon, whose pages are reserved. */
static struct world *make_world(struct bench *bench)
{
	int locked = mlockall(MCL_FUTURE);
	struct world *world = start_world(bench);

	if (locked == 0)
		munlockall();
	return world;
}

/* Waits as a worker does, forwarding, until it sees the change; milliseconds since it was made. */
static double see_change(struct bench *bench, struct world *world)
{
	struct awaited_change *awaited = &bench->owner.awaited;
	const struct in6_addr *keys[1] = {&awaited->key};
	double ms;

	while (!__atomic_load_n(&awaited->wanted, __ATOMIC_ACQUIRE))
		walk_chunk(bench, world, BURST_PACKETS);
	for (;;) {
		struct binding_entry *entries[1];
		struct in6_addr care_of;

		binding_table_lookup(world->table, keys, 1, entries);
		if (entries[0]) {
			care_of = shared_address_load(&entries[0]->care_of_address);
			if (in6_is_equal(&care_of, &awaited->care_of_address))
				break;
		}
		world_worker_turn(world);
		walk_chunk(bench, world, BURST_PACKETS);
	}
	ms = machine_ns_of((double)(rte_rdtsc() - awaited->begin_cycles)) / 1e6;
	__atomic_store_n(&awaited->wanted, 0, __ATOMIC_RELEASE);
	return ms;
}

static void measure_changes(struct bench *bench, struct world *world, unsigned long round)
{
	__atomic_store_n(&bench->owner.changes_a_second, (uint32_t)bench->options.changes_a_second, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < CHANGE_SAMPLES; i++)
		bench->visible_ms[i] = see_change(bench, world);
	__atomic_store_n(&bench->owner.changes_a_second, 0, __ATOMIC_RELAXED);
	sort_samples(bench->visible_ms, CHANGE_SAMPLES);
	bench->visible_p50_ms[round] = sorted_quantile(bench->visible_ms, CHANGE_SAMPLES, 0.5);
	bench->visible_p99_ms[round] = sorted_quantile(bench->visible_ms, CHANGE_SAMPLES, 0.99);
}

/* A data plane with a tenth of the bindings gets all of them, while this thread forwards by that tenth. */
static int measure_round(struct bench *bench, unsigned long round)
{
	struct world *world = make_world(bench);
	struct feed_plane plane = {
	        .world = world,
	        .owner = &bench->owner,
	        .processor = bench->owner.processor,
	        .loaded = (uint32_t)(bench->options.bindings / LOADED_SHARE),
	};
	size_t beside = 0;
	double alone;
	int result = world ? feed_plane_start(&plane) : -ENOMEM;

	if (result)
		goto end;
	wait_for(&plane.is_loaded);
	for (unsigned i = 0; i < CHUNKS_ALONE; i++)
		bench->alone[i] = walk_chunk(bench, world, CHUNK_PACKETS);
	alone = samples_median(bench->alone, CHUNKS_ALONE);
	__atomic_store_n(&plane.connects, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&plane.in_sync, __ATOMIC_ACQUIRE)) {
		bench->beside[beside % CHUNKS_MAX] = walk_chunk(bench, world, CHUNK_PACKETS);
		beside++;
	}
	bench->walk_share[round] = alone / samples_median(bench->beside, beside < CHUNKS_MAX ? beside : CHUNKS_MAX);
	bench->resync_s[round] = machine_ns_of((double)(plane.sync_end_cycles - plane.sync_begin_cycles)) / 1e9;
	measure_changes(bench, world, round);
	if (binding_table_count(world->table) != bench->options.bindings) {
		fprintf(stderr, "error: %zu bindings in the table\n", binding_table_count(world->table));
		result = -EINVAL;
	}
	feed_plane_end(&plane);
end:
	world_free(world);
	return result;
}

/* Another processor than this thread's, if there is one. */
static int other_processor(void)
{
	int here = sched_getcpu();
	cpu_set_t all;

	CPU_ZERO(&all);
	for (int i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		if (i != here)
			return i;
	return -1;
}

static void add_figures(struct bench *bench, struct results *results)
{
	const unsigned long rounds = bench->options.repetitions;
	char name[40];

	if (bench->options.bindings == 10000000)
		snprintf(name, sizeof(name), "resync_10m_s");
	else
		snprintf(name, sizeof(name), "resync_%lu_s", bench->options.bindings);
	results_add(results, name, "s", bench->resync_s, rounds);
	results_add(results, "resync_walk_share", "", bench->walk_share, rounds);
	results_add(results, "change_to_visible_p50_ms", "ms", bench->visible_p50_ms, rounds);
	results_add(results, "change_to_visible_p99_ms", "ms", bench->visible_p99_ms, rounds);
	results_note(results, "bindings", json_integer((json_int_t)bench->options.bindings));
	results_note(results, "changes_a_second", json_integer((json_int_t)bench->options.changes_a_second));
	results_note(results, "owner_longest_turn_us",
	             json_integer((json_int_t)__atomic_load_n(&bench->owner.longest_turn_us, __ATOMIC_RELAXED)));
}

static int prepare(struct bench *bench)
{
	const struct population present = {.seed = bench->options.seed,
	                                   .bindings = (uint32_t)(bench->options.bindings / LOADED_SHARE) /
	                                               FEED_ROWS_MAX * FEED_ROWS_MAX};
	char error[MIX_ERROR_OCTETS];
	struct mix mix;

	bench->owner.population = (struct population){bench->options.seed, (uint32_t)bench->options.bindings};
	bench->owner.processor = other_processor();
	bench->owner.zeromq_context = zmq_ctx_new();
	strcpy(bench->owner.folder, "/tmp/kedge-bench-XXXXXX");
	bench->pool = world_pool_new();
	if (!bench->pool || !bench->owner.zeromq_context || !mkdtemp(bench->owner.folder))
		return -ENOMEM;
	if (bench->owner.processor >= 0)
		zmq_ctx_set(bench->owner.zeromq_context, ZMQ_THREAD_AFFINITY_CPU_ADD, bench->owner.processor);
	return mix_load("downlink", &mix, error) ? -EINVAL : traffic_draw(&bench->traffic, &present, &mix, 0, PACKETS);
}

static int measure(struct bench *bench)
{
	int result = feed_owner_start(&bench->owner);

	while (!result && !__atomic_load_n(&bench->owner.serves, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&bench->owner.failed, __ATOMIC_ACQUIRE))
			result = -EIO;
		usleep(1000);
	}
	for (unsigned long round = 0; round < bench->options.repetitions && !result; round++)
		result = measure_round(bench, round);
	return result;
}

static void release(struct bench *bench)
{
	char path[FEED_OWNER_FOLDER_OCTETS + 16];
	static const char *const names[] = {"feed", "catch-up", "punt"};

	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", bench->owner.folder, names[i]);
		unlink(path);
	}
	rmdir(bench->owner.folder);
	traffic_free(&bench->traffic);
	rte_mempool_free(bench->pool);
	free(bench);
}

static int run_feed(int argc, char **argv)
{
	struct results *results = results_new("feed");
	struct bench *bench = calloc(1, sizeof(*bench));
	int result = -ENOMEM;

	if (!bench || !results)
		return 1;
	if (!parse(argc, argv, &bench->options)) {
		free(bench);
		results_free(results);
		return COMMAND_WRONG_CALL;
	}
	if (machine_start_dpdk(true)) {
		fprintf(stderr, "error: DPDK does not start\n");
		return 1;
	}
	result = prepare(bench);
	if (!result)
		result = measure(bench);
	if (!result) {
		feed_owner_end(&bench->owner);
		zmq_ctx_term(bench->owner.zeromq_context);
		add_figures(bench, results);
		results_print(results, stdout);
		if (bench->options.json && results_write(results, bench->options.json)) {
			fprintf(stderr, "error: %s: cannot be written\n", bench->options.json);
			result = -EIO;
		}
	} else {
		fprintf(stderr, "error: the feed cannot be measured: %s\n", strerror(-result));
	}
	release(bench);
	results_free(results);
	return result ? 1 : 0;
}

const struct command feed_command = {
        .name = "feed",
        .usage = "feed [OPTION…]\n"
                 "Time to get all bindings from their owner by snapshot, the worker's speed meanwhile, and when a "
                 "change is seen by a worker.\n"
                 "  --bindings N       (default 1M; the bar is at 10M, and takes about 6 GB)\n"
                 "  --repeat N         repetitions (default 7)\n"
                 "  --changes N        a second, while changes are measured (default 100K)\n"
                 "  --seed N           of bindings, packets and changes (default 1)\n"
                 "  --json FILE        figures and machine\n",
        .run = run_feed,
};
