// SPDX-License-Identifier: BSD-3-Clause
/*
 * scenario_file - the world of a replay from JSON, in the format of tests/oracle/README.md ("The packet oracle"): one
 * port, own addresses, neighbours, service prefixes, bindings at the start, and changes that count from a packet on.
 */
#ifndef KEDGE_BENCH_SCENARIO_FILE_H
#define KEDGE_BENCH_SCENARIO_FILE_H

#include "population.h"
#include "replay_world.h"

enum { SCENARIO_ERROR_OCTETS = 512 };

struct scenario_change {
	size_t before_packet;
	struct feed_row row;
};

struct scenario {
	size_t binding_count;
	struct feed_row *bindings;
	size_t change_count;
	struct scenario_change *changes; /* ascending by before_packet */
	struct population population;    /* none of it: no bindings */
	uint64_t population_expiry_ms;
};

/*
 * Fills `world` (forwarding, neighbours, start) and lists bindings and changes, which the caller feeds. Returns 0, or
 * -EINVAL with `error` that names file and member.
 */
int scenario_load(const char *path, struct world *world, struct scenario *scenario, char error[SCENARIO_ERROR_OCTETS]);
void scenario_free(struct scenario *scenario);

/* The world of the lab (tests/netns/topology.py): service address, home prefix, gateway, one port; and
 * 2001:db8:b000::/36 for more keys than the home prefix has. */
void scenario_default(struct world *world);

#endif
