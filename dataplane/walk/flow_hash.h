// SPDX-License-Identifier: BSD-3-Clause
/* flow_hash - one number for all packets of an inner flow: for outer flow labels (RFC 6438 3), for choosing a way. */
#ifndef KEDGE_DATAPLANE_FLOW_HASH_H
#define KEDGE_DATAPLANE_FLOW_HASH_H

#include <stdint.h>

/*
 * `halves` are those of both addresses, `ports` the ports (0 where there are none), as they stand in memory. The
 * products are side by side, as a chain of five would take longer than all that is written of the outer header.
 */
static inline uint64_t flow_hash_of(uint64_t secret, const uint64_t halves[4], uint32_t inner_label,
                                    uint8_t next_header, uint32_t ports)
{
	uint64_t rest = (uint64_t)inner_label << 40 ^ (uint64_t)next_header << 32 ^ ports;
	uint64_t hash = (halves[0] ^ secret) * 0x9e3779b97f4a7c15ull +
	                (halves[1] ^ secret >> 7) * 0xbf58476d1ce4e5b9ull +
	                (halves[2] ^ secret << 9) * 0x94d049bb133111ebull +
	                (halves[3] + secret) * 0xd1342543de82ef95ull + rest * 0xc2b2ae3d27d4eb4full;

	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Never 0, which would stand for "no label". */
static inline uint32_t flow_label_of(uint64_t hash)
{
	uint32_t label = (uint32_t)hash & 0xfffff;

	return label ? label : 1;
}

#endif
