// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_receiver - keeps the binding table equal to what the owners of the shards hold (architecture.md 2; proto/feed.h,
 * proto/catch_up.h).
 *
 * Per shard it knows the version up to which it is complete, ignores lower epochs, and applies a row only over a lower
 * version. A gap is seen from the next batch or heartbeat; then it asks for the changes after its version and gets
 * these, or a fuzzy snapshot that is applied in place. While a shard is not complete, withdrawals leave tombstones, so
 * that a row that is late brings nothing back.
 *
 * Pure: messages in, asks out through the outlet; time is an argument. Thread: the writer's (main lcore).
 */
#ifndef KEDGE_DATAPLANE_FEED_RECEIVER_H
#define KEDGE_DATAPLANE_FEED_RECEIVER_H

#include "catch_up.h"
#include "expiry.h"
#include "table_writer.h"

enum {
	RECEIVER_ASKS_MAX = 32,      /* shards that are asked for at a time */
	RECEIVER_CREDIT = 4,         /* chunks under way for each */
	RECEIVER_PATIENCE_MS = 5000, /* without a chunk an ask is given up */
	RECEIVER_SWEEP_SLICE = 8192, /* entries looked at in one tick after a snapshot */
};

/* Why a row could not be applied. */
enum receiver_trouble { RECEIVER_TABLE_FULL, RECEIVER_KEY_CONFLICT };

struct receiver_outlet {
	void *context;
	/* One message of the catch-up channel to the owner; copied by the callee. */
	void (*ask)(void *context, struct wire_view frame);
	/* Fills route, own and inner_mtu_bytes of a record: how its care-of address is reached from here. */
	void (*resolve)(void *context, const struct feed_row *row, struct binding_record *record);
	void (*trouble)(void *context, enum receiver_trouble trouble, const struct feed_row *row);
};

#define FEED_RECEIVER_COUNTERS(X)                                                                                      \
	X(messages, "messages of the feed")                                                                            \
	X(malformed, "messages of feed or catch-up that could not be read")                                            \
	X(rows_set, "bindings set or changed")                                                                         \
	X(rows_withdrawn, "bindings withdrawn")                                                                        \
	X(rows_old, "rows of a version that was there already")                                                        \
	X(rows_of_lower_epoch, "rows of an owner that has been replaced")                                              \
	X(rows_table_full, "rows refused because the table is full")                                                   \
	X(rows_key_conflict, "rows refused because the key is bound with another shard (A-7)")                         \
	X(gaps, "gaps seen")                                                                                           \
	X(asks, "asks sent")                                                                                           \
	X(asks_given_up, "asks given up: refused, broken, or silent")                                                  \
	X(changes, "chunks of changes")                                                                                \
	X(snapshots, "snapshots taken")                                                                                \
	X(snapshot_removals, "bindings removed because a snapshot did not name them")

struct feed_receiver_counters {
#define X(name, help) uint64_t name;
	FEED_RECEIVER_COUNTERS(X)
#undef X
};

struct feed_receiver;

/* NULL without memory. `table` and `expiry` outlive it. */
struct feed_receiver *feed_receiver_new(struct binding_table *table, struct expiry *expiry, uint32_t handover_grace_ms,
                                        const struct receiver_outlet *outlet);
void feed_receiver_free(struct feed_receiver *receiver);

/* A message of the feed, and one of the catch-up channel. Malformed ones change nothing and are counted. */
void feed_receiver_feed(struct feed_receiver *receiver, const struct wire_view *frames, size_t count, uint64_t now_ms);
void feed_receiver_catch_up(struct feed_receiver *receiver, const struct wire_view *frames, size_t count,
                            uint64_t now_ms);

/* Asks for what is missing, gives up what is silent, removes what a snapshot did not name. Often: each loop turn. */
void feed_receiver_tick(struct feed_receiver *receiver, uint64_t now_ms);

/* The connection to the owner broke: nothing that was asked for will come. */
void feed_receiver_disconnected(struct feed_receiver *receiver);

/* Whether this version of the shard has been applied ("not before"). Epoch 0 always has. */
bool feed_receiver_has(const struct feed_receiver *receiver, uint8_t shard, struct feed_version version);

/* Whether every shard that an owner has is complete, and there is one. */
bool feed_receiver_in_sync(const struct feed_receiver *receiver);

struct receiver_shard_view {
	struct feed_version complete;
	struct feed_version head;
	bool is_complete;
	bool asking;
	bool in_snapshot;
};
struct receiver_shard_view feed_receiver_shard(const struct feed_receiver *receiver, uint8_t shard);
/* Shards with an owner, and how many of them are complete. */
void feed_receiver_summary(const struct feed_receiver *receiver, unsigned *owned, unsigned *complete);
const struct feed_receiver_counters *feed_receiver_counters(const struct feed_receiver *receiver);

#endif
