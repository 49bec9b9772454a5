// SPDX-License-Identifier: BSD-3-Clause
/* receiver_state - what feed_receiver.c keeps and receiver_views.c shows; nobody else includes it. */
#ifndef KEDGE_DATAPLANE_RECEIVER_STATE_H
#define KEDGE_DATAPLANE_RECEIVER_STATE_H

#include "extra_rows.h"
#include "feed_receiver.h"
#include "refused_rows.h"
#include "tombstones.h"

struct shard {
	struct feed_version complete;
	struct feed_version applied; /* `complete` before the feed's message at hand */
	struct feed_version head;    /* the newest version heard of */
	struct feed_range run;       /* what the feed brought without gap, last */
	struct tombstones tombstones;
	bool asking;
	bool in_snapshot;
	bool sweeping;   /* the snapshot has ended; what it did not name is to be removed … */
	bool swept;      /* … by the walk under way */
	bool lacks_rows; /* more were refused than are kept: a snapshot has to bring them */
	bool lacks_more; /* since it was last asked for */
	bool refilling;  /* a snapshot is asked for because of that, while the feed goes on */
	uint32_t request;
	uint32_t chunks;   /* of the snapshot, so far */
	uint32_t snapshot; /* its number here */
	struct feed_version snapshot_version;
	uint64_t heard_ms; /* last message for the request */
	uint64_t again_ms; /* after an ask that was given up: not before this */
	size_t entries;    /* in the table */
	size_t named;      /* of these: in the last snapshot, or newer than it */
};

struct feed_receiver {
	struct binding_table *table;
	struct expiry *expiry;
	uint32_t handover_grace_ms;
	struct receiver_outlet outlet;
	struct feed_receiver_counters counters;
	struct feed_message message; /* large, so not on the stack */
	struct extra_rows extras;    /* behind the set row that was applied last */
	uint32_t last_request;
	uint32_t last_snapshot;
	unsigned asking;
	unsigned next_to_ask;
	unsigned next_to_settle;
	unsigned sweeping; /* shards whose `sweeping` is set */
	bool may_lack;     /* a shard may have to be asked for: look */
	size_t tombstones; /* of all shards */
	struct refused_rows refused;
	bool retry_is_due; /* something was removed since refused rows were last tried */
	uint64_t refilled_ms;
	bool walking; /* over the table, for the shards whose `swept` is set */
	size_t walk_cursor;
	struct shard shards[FEED_SHARDS];
};

static inline bool shard_is_complete(const struct shard *shard)
{
	return shard->complete.epoch && !shard->asking && !shard->sweeping &&
	       feed_version_compare(shard->complete, shard->head) >= 0;
}

#endif
