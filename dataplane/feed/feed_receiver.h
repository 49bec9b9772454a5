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
 * A row that the table cannot take (it is full; the key is still bound with another shard) is refused and counted; what
 * stands in the table stays. Up to RECEIVER_REFUSED_MAX such rows wait for room; those beyond are forgotten, and their
 * shard is asked for a snapshot when there is room again, while it goes on by the feed.
 *
 * Pure: messages in, asks out through the outlet; time is an argument. Thread: the writer's (main lcore).
 */
#ifndef KEDGE_DATAPLANE_FEED_RECEIVER_H
#define KEDGE_DATAPLANE_FEED_RECEIVER_H

#include "catch_up.h"
#include "expiry.h"
#include "table_writer.h"

enum {
	RECEIVER_ASKS_MAX = 32,          /* shards that are asked for at a time */
	RECEIVER_CREDIT = 4,             /* chunks under way for each */
	RECEIVER_PATIENCE_MS = 5000,     /* without a chunk an ask is given up */
	RECEIVER_AGAIN_MS = 20,          /* after a refusal or a broken answer */
	RECEIVER_SWEEP_SLICE = 8192,     /* entries looked at in one tick after a snapshot */
	RECEIVER_SETTLE_SLICE = 4096,    /* tombstones forgotten in one tick */
	RECEIVER_RETRY_SLICE = 256,      /* refused rows tried again in one tick */
	RECEIVER_REFUSED_MAX = 65536,    /* refused rows that are kept */
	RECEIVER_REFILL_ROOM_SHARE = 64, /* of the table: free before what could not be kept is asked for … */
	RECEIVER_REFILL_PAUSE_MS = 5000, /* … and not more often than that */
};

/* Why a row could not be applied. */
enum receiver_trouble { RECEIVER_TABLE_FULL, RECEIVER_KEY_CONFLICT, RECEIVER_NO_MEMORY };

struct receiver_outlet {
	void *context;
	/* One message of the catch-up channel to the owner; copied by the callee. Not 0: it cannot be sent now. */
	int (*ask)(void *context, struct wire_view frame);
	/*
	 * Fills route, own and inner_mtu_bytes of a record: how its care-of address is reached from here. False when no
	 * service prefix makes a key of this length from this address: no packet would ever find such an entry.
	 */
	bool (*resolve)(void *context, const struct feed_row *row, struct binding_record *record);
	void (*trouble)(void *context, enum receiver_trouble trouble, const struct feed_row *row);
};

#define FEED_RECEIVER_COUNTERS(X)                                                                                      \
	X(messages, "messages of the feed")                                                                            \
	X(malformed, "messages of feed or catch-up that could not be read")                                            \
	X(rows_set, "bindings set or changed")                                                                         \
	X(rows_withdrawn, "bindings withdrawn")                                                                        \
	X(rows_extra, "extra rows: care-of addresses beside the first, rates")                                         \
	X(rows_extra_refused, "extra rows that are too many, of rows that were not applied, or without memory")        \
	X(rows_old, "rows of a version that was there already")                                                        \
	X(rows_of_lower_epoch, "rows of an owner that has been replaced")                                              \
	X(rows_table_full, "rows refused because the table is full")                                                   \
	X(rows_no_memory, "rows refused because the table found no memory to grow")                                    \
	X(rows_key_conflict, "rows refused because the key is bound with another shard (A-7)")                         \
	X(rows_applied_later, "refused rows applied when there was room")                                              \
	X(rows_forgotten, "refused rows that are too many to be kept: a snapshot brings them when there is room")      \
	X(rows_wrong_key, "rows whose key no service prefix makes")                                                    \
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
/* For care-of addresses that change from now on. */
void feed_receiver_set_handover_grace(struct feed_receiver *receiver, uint32_t handover_grace_ms);

void feed_receiver_free(struct feed_receiver *receiver);

/* Another number of refused rows to be kept than RECEIVER_REFUSED_MAX; before the first message. */
void feed_receiver_keep_refused(struct feed_receiver *receiver, size_t rows_max);

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

/*
 * Changes that are known of and not applied, of all shards; of one whose epoch is older than its owner's all that the
 * owner has made.
 */
uint64_t feed_receiver_lag(const struct feed_receiver *receiver);

/* Rows that wait for room, and whether there were more of them than are kept. */
size_t feed_receiver_refused(const struct feed_receiver *receiver);
bool feed_receiver_lacks_rows(const struct feed_receiver *receiver);

/* Refused rows and tombstones that are kept: none when all is quiet and there is room. */
size_t feed_receiver_held(const struct feed_receiver *receiver);

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
