// SPDX-License-Identifier: BSD-3-Clause
/*
 * extras - what few bindings have: more than one care-of address (RFC 5648) and rates (the session AMBR). Each is a
 * record of its own behind the side record, so that a binding without them pays nothing, and one that has merely moved
 * no memory for them.
 *
 * Who writes what: records are filled, then published by a release store, and never changed by the writer; a change
 * publishes another and retires the old one until the readers' quiescent states. Workers write the meters, take
 * BINDING_CARE_OF_UNVERIFIED from a way, and lower and raise its inner MTU. Thread: as the table's.
 */
#ifndef KEDGE_DATAPLANE_EXTRAS_H
#define KEDGE_DATAPLANE_EXTRAS_H

#include <rte_meter.h>

#include "feed.h"
#include "table_writer.h"

enum { BINDING_WAYS_MAX = 6 }; /* care-of addresses beside the entry's own */

/* One more care-of address; the words are as in struct binding_entry. */
struct binding_way {
	struct shared_address address;
	uint64_t expiry_and_port;
	uint64_t traits;
};

/*
 * A flow goes by one of them that is alive, in proportion to the weights. The entry itself lives as long as the one
 * that lives longest.
 */
struct binding_ways {
	struct binding_way list[BINDING_WAYS_MAX];
	uint64_t own_expiry_unix_ms;          /* of the entry's own care-of address */
	uint32_t lowered_s[BINDING_WAYS_MAX]; /* workers: when a smaller path MTU was learnt, by the walk's clock; 0:
	                                         none */
	uint16_t fed_mtu_bytes[BINDING_WAYS_MAX]; /* the inner MTU without what was learnt */
	uint16_t own_weight;                      /* of the entry's own care-of address */
	uint16_t weights[BINDING_WAYS_MAX];
	uint8_t count;
};

/* One direction. Several workers may have packets of one subscriber: see policer_takes(). */
struct policer {
	struct rte_meter_srtcm_profile profile;
	struct rte_meter_srtcm meter;
	uint32_t busy;
	uint32_t owed_octets;
	uint32_t was_red;
	bool is_limited;
};

struct binding_police {
	struct policer up;
	struct policer down;
	struct feed_rate up_rate;
	struct feed_rate down_rate;
};

/* A direction without a rate is not limited. */
void policer_start(struct policer *policer, const struct feed_rate *rate, uint64_t now_ms);

/*
 * RFC 2697, colour-blind: whether a packet of this many octets is green or yellow. Any worker, and none waits: while
 * another one is at the meter, its last answer holds, and what is taken is charged with the next packet.
 */
static inline bool policer_takes(struct policer *policer, uint64_t now_ms, uint32_t octets)
{
	uint64_t time_ns = now_ms * 1000000;
	uint32_t owed;
	bool red;

	if (!policer->is_limited)
		return true;
	if (__atomic_exchange_n(&policer->busy, 1, __ATOMIC_ACQUIRE)) {
		__atomic_fetch_add(&policer->owed_octets, octets, __ATOMIC_RELAXED);
		return !shared_load(&policer->was_red);
	}
	/* another worker's clock may have been a little ahead */
	if (time_ns < policer->meter.time)
		time_ns = policer->meter.time;
	owed = shared_load(&policer->owed_octets) ? __atomic_exchange_n(&policer->owed_octets, 0, __ATOMIC_RELAXED) : 0;
	if (owed)
		(void)rte_meter_srtcm_color_blind_check(&policer->meter, &policer->profile, time_ns, owed);
	red = rte_meter_srtcm_color_blind_check(&policer->meter, &policer->profile, time_ns, octets) == RTE_COLOR_RED;
	shared_store(&policer->was_red, red);
	__atomic_store_n(&policer->busy, 0, __ATOMIC_RELEASE);
	return !red;
}

/* What the rows behind a set row said. */
struct binding_extras_record {
	uint64_t own_expiry_unix_ms; /* of the set row itself */
	uint16_t own_weight;
	unsigned ways;
	struct binding_record care_of[BINDING_WAYS_MAX];
	uint16_t weights[BINDING_WAYS_MAX];
	bool has_rates;
	struct feed_rate up;
	struct feed_rate down;
};

/*
 * Gives a binding these extras in place of those that it has, and the expiry that they make; meters whose rates stay
 * go on, and so does what was learnt of the path to a care-of address that stays. Returns 0; -ENOENT when the key is
 * not bound; -ENOMEM, and then nothing has changed.
 */
int table_writer_set_extras(struct binding_table *table, const struct in6_addr *key,
                            const struct binding_extras_record *record, uint64_t now_ms);

/* For the table: a side record that no reader refers to is let go; then all memory. */
void extras_let_go(struct binding_table *table, struct binding_side *side);
void extras_free(struct binding_table *table);

#endif
