// SPDX-License-Identifier: BSD-3-Clause
/* replay - frames of a pcap through the worker's own code, in memory: timed, or step by step with the same result
 * anywhere. */
#ifndef KEDGE_BENCH_REPLAY_H
#define KEDGE_BENCH_REPLAY_H

#include "pcap_frames.h"
#include "scenario_file.h"

struct replay_figures {
	uint64_t packets;
	uint64_t cycles;
	double seconds;
	double cycles_per_packet; /* median of the repetitions */
	double packets_per_second;
	double burst_p50_cycles; /* all bursts of all repetitions */
	double burst_p99_cycles;
};

/*
 * The time of each frame is the clock; changes are applied before the packet that they name; what leaves goes to
 * `output` (may be NULL) at the time of the frame that caused it.
 */
void replay_deterministic(struct world *world, const struct frames *frames, const struct scenario *scenario,
                          struct frame_writer *output);

/* All frames in bursts, `repetitions` times; frames that leave are freed. Copying a frame into its buffer is included.
 */
void replay_timed(struct world *world, const struct frames *frames, unsigned repetitions,
                  struct replay_figures *figures);

/* For world_start(); `context` is a struct replay_outlet. */
struct replay_outlet {
	struct frame_writer *output;
	uint64_t time_ns;
};
port_transmit replay_transmit;

#endif
