// SPDX-License-Identifier: BSD-3-Clause
/*
 * A receiver of the feed as proto/catch_up.h describes it, as plain as can be: one list of keys, no data plane. It is
 * what the owner's tests hold against.
 */
#ifndef KEDGE_TESTS_REFERENCE_RECEIVER_H
#define KEDGE_TESTS_REFERENCE_RECEIVER_H

#include "bindings.h"
#include "catch_up.h"

enum { RECEIVER_KEYS_MAX = 4096, RECEIVER_FRAME_MAX = FEED_ROWS_MAX * FEED_ROW_OCTETS };

struct known {
	bool used;
	bool present; /* false: a tombstone */
	bool named;   /* by the snapshot under way */
	struct feed_row row;
	struct feed_version withdrawn; /* newest withdrawal that was ever applied: nothing older may come back */
};

struct receiver_shard {
	struct feed_version complete;
	struct feed_version head; /* newest version heard of */
	struct feed_range run;    /* what the feed brought without gap, last */
	bool asking;
	bool in_snapshot;
	uint32_t request;
	uint32_t chunks; /* of the snapshot, so far */
};

struct receiver {
	struct receiver_shard shards[FEED_SHARDS];
	struct known known[RECEIVER_KEYS_MAX];
	uint32_t requests;
	uint32_t snapshots;
	uint32_t change_answers;
	uint32_t came_back; /* withdrawn keys that came back: always 0 */
};

void receiver_start(struct receiver *receiver);
void receiver_feed(struct receiver *receiver, const struct wire_view *frames, size_t count);

/* Takes an answer; returns the credit to give for it (0 or 1). */
uint32_t receiver_answer(struct receiver *receiver, const struct wire_view *frames, size_t count);

/* Whether the shard has a gap and no request under way; then `ask` is what to send. */
bool receiver_wants(struct receiver *receiver, uint8_t shard, uint32_t credit, struct catch_up_message *ask);

/* The request is lost (connection broken): it is forgotten. */
void receiver_give_up(struct receiver *receiver, uint8_t shard);

bool receiver_is_complete(const struct receiver *receiver, uint8_t shard);
const struct feed_row *receiver_find(const struct receiver *receiver, const struct binding_key *key);
size_t receiver_count(const struct receiver *receiver);

#endif
