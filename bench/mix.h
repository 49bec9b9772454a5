// SPDX-License-Identifier: BSD-3-Clause
/* mix - what the packets of a made traffic are: sizes, directions, how popular the nodes are, what goes wrong. */
#ifndef KEDGE_BENCH_MIX_H
#define KEDGE_BENCH_MIX_H

#include <stdbool.h>
#include <stdint.h>

enum { MIX_SIZES_MAX = 8, MIX_ERROR_OCTETS = 512, MIX_SHARE_WHOLE = 1000000 };

/* Octets of the inner IP packet, and how often. */
struct mix_size {
	uint16_t octets;
	uint16_t weight;
};

/* Shares are millionths. */
struct mix {
	unsigned size_count;
	struct mix_size sizes[MIX_SIZES_MAX];
	uint32_t uplink;  /* out of a tunnel to the core; what is neither uplink nor hairpin is downlink */
	uint32_t hairpin; /* out of a tunnel into another */
	uint32_t hits;    /* of the lookups of the sender, downlink: of the receiver; the others find no binding */
	uint32_t spoofed; /* of packets out of a tunnel: from another's care-of address */
	bool is_zipf;     /* the k-th node is 1/k as popular as the first; else all are the same */
};

/* A named mix (docs/benchmarks.md) or a JSON file's. Returns 0, or -EINVAL with `error`. */
int mix_load(const char *name_or_file, struct mix *mix, char error[MIX_ERROR_OCTETS]);

#endif
