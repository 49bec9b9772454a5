// SPDX-License-Identifier: BSD-3-Clause
/* make_command - kedge-bench make: a table as a scenario file, and a pcap of traffic over it; the same octets each
 * time. */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench_command.h"
#include "packet.h"
#include "pcap_frames.h"
#include "populated_world.h"
#include "traffic.h"

enum { FRAME_STEP_NS = 10000, LISTED_MAX = 1000000, INNER_MTU_BYTES = 1460 };

struct options {
	const char *mix;
	const char *output;
	unsigned long bindings;
	unsigned long packets;
	unsigned long seed;
	bool lists;
};

static bool parse(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	        {"bindings", .number = &options->bindings, .maximum = POPULATION_MAX},
	        {"packets", .number = &options->packets, .maximum = 100000000},
	        {"seed", .number = &options->seed, .maximum = UINT32_MAX},
	        {"mix", .text = &options->mix},
	        {"output", .text = &options->output},
	        {"list", .flag = &options->lists},
	        {0},
	};

	*options = (struct options){.mix = "imix", .bindings = 1000, .packets = 100000, .seed = 1};
	return command_options(argc, argv, known) == argc && options->output &&
	       (!options->lists || options->bindings <= LISTED_MAX);
}

static json_t *listed(const struct population *population)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < population->bindings; i++) {
		char key[INET6_ADDRSTRLEN], care_of[INET6_ADDRSTRLEN];
		struct feed_row row;

		population_row(population, i, POPULATED_EXPIRY_MS, &row);
		inet_ntop(AF_INET6, row.key, key, sizeof(key));
		inet_ntop(AF_INET6, row.care_of_address, care_of, sizeof(care_of));
		json_array_append_new(rows, json_pack("{s:s, s:i, s:s, s:i, s:I}", "key", key, "key_length",
		                                      POPULATION_KEY_LENGTH, "care_of", care_of, "inner_mtu",
		                                      INNER_MTU_BYTES, "expires_ms", (json_int_t)POPULATED_EXPIRY_MS));
	}
	return rows;
}

/* The world of scenario_default() in words. */
static json_t *scenario_json(const struct options *options, const struct population *population)
{
	json_t *root = json_pack("{s:i, s:I, s:i, s:i, s:{s:s, s:s, s:i, s:s, s:[s, s]}, s:[s], s:{s:s},"
	                         " s:[{s:s, s:i}, {s:s, s:i}], s:[]}",
	                         "format", 1, "start_ms", (json_int_t)POPULATED_START_MS, "handover_grace_ms", 1000,
	                         "hop_limit", IP_HOP_LIMIT_DEFAULT, "port", "name", "core0", "mac", "02:00:00:00:00:01",
	                         "mtu", 1500, "gateway", "2001:db8:f3::1", "addresses", "2001:db8:f3::2/64",
	                         "fe80::2/64", "service_addresses", "2001:db8:1::1", "neighbours", "2001:db8:f3::1",
	                         "02:00:00:00:00:fe", "service_prefixes", "prefix", "2001:db8:aa::/48", "key_length",
	                         64, "prefix", "2001:db8:b000::/36", "key_length", POPULATION_KEY_LENGTH, "changes");

	if (options->lists) {
		json_object_set_new(root, "bindings", listed(population));
		return root;
	}
	json_object_set_new(root, "bindings", json_array());
	json_object_set_new(root, "population",
	                    json_pack("{s:I, s:I, s:I}", "bindings", (json_int_t)population->bindings, "seed",
	                              (json_int_t)population->seed, "expires_ms", (json_int_t)POPULATED_EXPIRY_MS));
	return root;
}

static int write_frames(const struct traffic *traffic, const char *path, char error[MIX_ERROR_OCTETS])
{
	struct frame_writer *writer = frame_writer_open(path, error);
	uint8_t frame[FRAME_OCTETS_MAX];

	if (!writer)
		return -EINVAL;
	for (size_t i = 0; i < traffic->count; i++) {
		size_t octets = traffic_octets(&traffic->packets[i]), used;

		memset(frame, 0, octets);
		used = traffic_headers(traffic, i, frame);
		frame_writer_add(writer, POPULATED_START_MS * 1000000 + i * FRAME_STEP_NS, frame,
		                 octets > used ? octets : used);
	}
	if (!frame_writer_close(writer))
		return 0;
	snprintf(error, MIX_ERROR_OCTETS, "%.200s: cannot be written", path);
	return -EIO;
}

static int make(const struct options *options, char error[MIX_ERROR_OCTETS])
{
	const struct population population = {.seed = options->seed, .bindings = (uint32_t)options->bindings};
	struct traffic traffic = {0};
	char path[4096];
	struct mix mix;
	json_t *scenario;
	int result = mix_load(options->mix, &mix, error);

	if (!result)
		result = traffic_draw(&traffic, &population, &mix, 0, options->packets);
	if (result)
		return result;
	snprintf(path, sizeof(path), "%s.pcap", options->output);
	result = write_frames(&traffic, path, error);
	traffic_free(&traffic);
	if (result)
		return result;
	snprintf(path, sizeof(path), "%s.json", options->output);
	scenario = scenario_json(options, &population);
	if (!scenario || json_dump_file(scenario, path, JSON_INDENT(1))) {
		snprintf(error, MIX_ERROR_OCTETS, "%.200s: cannot be written", path);
		result = -EIO;
	}
	json_decref(scenario);
	if (!result)
		printf("%s.json: %lu bindings; %s.pcap: %lu frames\n", options->output, options->bindings,
		       options->output, options->packets);
	return result;
}

static int run_make(int argc, char **argv)
{
	char error[MIX_ERROR_OCTETS] = "";
	struct options options;
	int result;

	if (!parse(argc, argv, &options))
		return COMMAND_WRONG_CALL;
	result = make(&options, error);
	if (result)
		fprintf(stderr, "error: %s\n", error[0] ? error : strerror(-result));
	return result ? 1 : 0;
}

const struct command make_command = {
        .name = "make",
        .usage = "make --output BASE [OPTION…]\n"
                 "Writes BASE.json, a table, and BASE.pcap, traffic over it: for replay --scenario BASE.json "
                 "BASE.pcap.\n"
                 "  --bindings N       nodes that are bound (default 1000)\n"
                 "  --seed N           the same octets for the same seed, on any machine (default 1)\n"
                 "  --mix NAME|FILE    what the packets are (default imix; docs/benchmarks.md)\n"
                 "  --packets N        frames (default 100000)\n"
                 "  --list             every binding in BASE.json, for the packet oracle (at most 1M)\n",
        .run = run_make,
};
