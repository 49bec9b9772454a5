// SPDX-License-Identifier: BSD-3-Clause
/*
 * publisher - makes batches of rows, and heartbeats (architecture.md 2, feed.h).
 *
 * Rows wait until the loop's turn ends or 32 KB are together. A heartbeat never overtakes a row: what waits goes first.
 * Pure: frames leave through a function. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_PUBLISHER_H
#define KEDGE_MOBILITYSERVER_PUBLISHER_H

#include "feed.h"

struct publisher {
	void *context;
	void (*frames)(void *context, const struct wire_view *frames, size_t count);
	uint64_t batches;
	uint64_t rows_sent;
	uint64_t rows_refused; /* changes that are no feed rows: a programming error, counted rather than sent */
	size_t rows;
	struct feed_range ranges[FEED_SHARDS]; /* by shard; epoch 0: none in this batch */
	uint8_t octets[FEED_ROWS_MAX * FEED_ROW_OCTETS];
	uint8_t head[FEED_HEAD_OCTETS_MAX];
};

void publisher_start(struct publisher *publisher,
                     void (*frames)(void *context, const struct wire_view *frames, size_t count), void *context);

/*
 * Takes over one change: its encoded row, and extra rows behind it, which are never parted from it. A batch without
 * room for them, or one that they do not continue, leaves first.
 */
void publisher_change(struct publisher *publisher, const void *rows, size_t octets, uint64_t now_unix_ms);

/* Sends what waits; nothing when nothing does. */
void publisher_flush(struct publisher *publisher, uint64_t now_unix_ms);

/* Flushes, then sends the newest versions; `heads` ascend by shard. */
void publisher_heartbeat(struct publisher *publisher, const struct feed_range *heads, size_t count,
                         uint64_t now_unix_ms);

/* The welcome message for these heads; holds until the next call of any of these functions. */
struct wire_view publisher_welcome(struct publisher *publisher, const struct feed_range *heads, size_t count,
                                   uint64_t now_unix_ms);

#endif
