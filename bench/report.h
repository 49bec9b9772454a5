// SPDX-License-Identifier: BSD-3-Clause
/* report - what a replay found out, for people and as JSON (docs/benchmarks.md). */
#ifndef KEDGE_BENCH_REPORT_H
#define KEDGE_BENCH_REPORT_H

#include <stdio.h>

#include "replay.h"

struct report {
	const char *pcap;
	size_t bindings;
	double fill_seconds;
	const struct frames *frames;
	bool is_timed;
	struct replay_figures figures; /* timed replays alone */
};

void report_print(const struct report *report, const struct world *world, FILE *to);

/*
 * Writes the counters of the equation, "drops" by name, "bindings" with what they counted (in a deterministic replay of
 * at most REPORT_BINDINGS_MAX), "reassembly_sets" of the sources of fragments there, and the figures with the machine's
 * fingerprint in a timed one. Returns 0 or -EIO.
 */
enum { REPORT_BINDINGS_MAX = 100000 };
int report_write(const struct report *report, struct world *world, const char *path);

#endif
