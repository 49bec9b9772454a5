// SPDX-License-Identifier: BSD-3-Clause
/* replay_command - kedge-bench replay: options, then the world, the frames, the report. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "bench_command.h"
#include "fill.h"
#include "huge_memory.h"
#include "machine.h"
#include "populated_world.h"
#include "report.h"

struct options {
	const char *pcap;
	const char *scenario;
	const char *output;
	const char *json;
	unsigned long bindings;
	unsigned long repetitions;
	bool is_deterministic;
	bool long_way;
};

static bool parse_options(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"bindings", .number = &options->bindings, .maximum = 100000000},
	        {"scenario", .text = &options->scenario},
	        {"deterministic", .flag = &options->is_deterministic},
	        {"output", .text = &options->output},
	        {"json", .text = &options->json},
	        {"repeat", .number = &options->repetitions, .maximum = 1000000},
	        {"long-way", .flag = &options->long_way},
	        {0},
	};
	int place;

	*options = (struct options){.bindings = 1000, .repetitions = 7};
	place = command_options(argc, argv, known);
	options->pcap = place >= 0 && place + 1 == argc ? argv[place] : NULL;
	return options->pcap && (!options->output || options->is_deterministic);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Fills the world as the options say and replays; `error` says what is wrong. */
static int run(const struct options *options, struct world *world, const struct frames *frames,
               char error[SCENARIO_ERROR_OCTETS])
{
	struct report report = {.pcap = options->pcap, .frames = frames, .is_timed = !options->is_deterministic};
	struct replay_outlet outlet = {0};
	struct frame_writer *output = NULL;
	struct scenario scenario = {0};
	double begun = seconds_now();
	size_t room;
	int result = 0;

	world->long_way = options->long_way;
	world->start_ms = frames->count ? frames->list[0].time_ns / 1000000 : 0;
	if (options->scenario)
		result = scenario_load(options->scenario, world, &scenario, error);
	else
		scenario_default(world);
	if (result)
		return result;
	if (options->output && !(output = frame_writer_open(options->output, error))) {
		result = -EINVAL;
		goto end;
	}
	/* a scenario's changes may add bindings */
	room = options->scenario ? scenario.binding_count + scenario.change_count + scenario.population.bindings + 1024
	                         : options->bindings;
	result = world_start(world, room, replay_transmit, &outlet);
	if (result == -ENOMEM)
		snprintf(error, SCENARIO_ERROR_OCTETS, "%zu bindings take %zu MB, which are not there", room,
		         binding_table_octets(&huge_table_memory, room) >> 20);
	if (result)
		goto end;
	result = populate(world, &scenario.population, scenario.population_expiry_ms, 1);
	if (result)
		goto end;
	for (size_t i = 0; i < scenario.binding_count; i++)
		world_change(world, &scenario.bindings[i], world->start_ms);
	world_apply(world, world->start_ms);
	report.bindings =
	        options->scenario ? binding_table_count(world->table) : fill_bindings(world, frames, options->bindings);
	report.fill_seconds = seconds_now() - begun;
	if (options->is_deterministic)
		replay_deterministic(world, frames, &scenario, output);
	else
		replay_timed(world, frames, options->repetitions, &report.figures);
	report_print(&report, world, stdout);
	if (options->json && report_write(&report, world, options->json)) {
		snprintf(error, SCENARIO_ERROR_OCTETS, "%.200s: cannot be written", options->json);
		result = -EIO;
	}
end:
	if (output && frame_writer_close(output) && !result) {
		snprintf(error, SCENARIO_ERROR_OCTETS, "%.200s: cannot be written", options->output);
		result = -EIO;
	}
	scenario_free(&scenario);
	return result;
}

static int replay(const struct options *options)
{
	char error[SCENARIO_ERROR_OCTETS] = "";
	struct rte_mempool *pool = NULL;
	struct world *world = NULL;
	struct frames frames;
	int result = frames_load(options->pcap, &frames, error);

	if (result)
		goto end;
	result = machine_start_dpdk(!options->is_deterministic);
	if (result) {
		snprintf(error, sizeof(error), "DPDK does not start: %s", strerror(-result));
		goto end;
	}
	pool = world_pool_new();
	world = pool ? world_new(pool) : NULL;
	result = world ? run(options, world, &frames, error) : -ENOMEM;
	world_free(world);
	rte_mempool_free(pool);
end:
	if (result)
		fprintf(stderr, "error: %s\n", error[0] ? error : strerror(-result));
	frames_free(&frames);
	return result ? 1 : 0;
}

static int run_replay(int argc, char **argv)
{
	struct options options;

	return parse_options(argc, argv, &options) ? replay(&options) : COMMAND_WRONG_CALL;
}

const struct command replay_command = {
        .name = "replay",
        .usage = "replay FILE.pcap [OPTION…]\n"
                 "Replays the frames of a pcap through the code of a worker, in memory.\n"
                 "  --bindings N       a table of N bindings: those that the pcap needs, then synthetic ones (default "
                 "1000)\n"
                 "  --scenario FILE    addresses, neighbours, bindings and changes from JSON (tests/oracle/README.md)\n"
                 "  --deterministic    packet by packet, the pcap's time as the clock: the same octets on any machine\n"
                 "  --output FILE.pcap what leaves (deterministic only)\n"
                 "  --json FILE        counters and figures\n"
                 "  --long-way         ordinary packets, too, through every step of the walk\n"
                 "  --repeat N         repetitions of a timed replay (default 7)\n",
        .run = run_replay,
};
