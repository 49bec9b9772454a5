// SPDX-License-Identifier: BSD-3-Clause
#include "publisher.h"

void publisher_start(struct publisher *publisher,
                     void (*frames)(void *context, const struct wire_view *frames, size_t count), void *context)
{
	publisher->context = context;
	publisher->frames = frames;
	publisher->batches = publisher->rows_sent = publisher->rows_refused = 0;
	publisher->rows = 0;
	memset(publisher->ranges, 0, sizeof(publisher->ranges));
}

/* Reads the row of a change; false when it is none, or what stands behind it are no extra rows of it. */
static bool read_change(struct wire_reader *reader, struct feed_row *row)
{
	struct feed_row before, extra;

	if (feed_row_read(reader, row) || feed_row_is_extra(row))
		return false;
	for (before = *row; wire_remaining(reader); before = extra)
		if (feed_row_read(reader, &extra) || !feed_row_follows(&extra, &before))
			return false;
	return true;
}

void publisher_change(struct publisher *publisher, const void *bytes, size_t octets, uint64_t now_unix_ms)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	size_t rows = octets / FEED_ROW_OCTETS;
	struct feed_row row;
	struct feed_range *range;

	if (rows > 1 + FEED_EXTRA_ROWS_MAX || !read_change(&reader, &row)) {
		publisher->rows_refused++;
		return;
	}
	range = &publisher->ranges[row.shard];
	if (publisher->rows + rows > FEED_ROWS_MAX ||
	    (range->epoch && (range->epoch != row.version.epoch || range->last + 1 != row.version.sequence)))
		publisher_flush(publisher, now_unix_ms);
	if (!range->epoch)
		*range = (struct feed_range){row.shard, row.version.epoch, row.version.sequence, row.version.sequence};
	range->last = row.version.sequence;
	memcpy(publisher->octets + publisher->rows * FEED_ROW_OCTETS, bytes, octets);
	publisher->rows += rows;
}

void publisher_flush(struct publisher *publisher, uint64_t now_unix_ms)
{
	struct wire_writer writer = wire_writer_of(publisher->head, sizeof(publisher->head));
	struct wire_view frames[2];
	size_t shards = 0;

	if (!publisher->rows)
		return;
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		if (publisher->ranges[shard].epoch)
			publisher->ranges[shards++] = publisher->ranges[shard];
	feed_batch_head_write(&writer, now_unix_ms, publisher->ranges, shards);
	frames[0] = (struct wire_view){publisher->head, wire_written(&writer)};
	frames[1] = (struct wire_view){publisher->octets, publisher->rows * FEED_ROW_OCTETS};
	publisher->frames(publisher->context, frames, 2);
	publisher->batches++;
	publisher->rows_sent += publisher->rows;
	publisher->rows = 0;
	memset(publisher->ranges, 0, sizeof(publisher->ranges));
}

void publisher_heartbeat(struct publisher *publisher, const struct feed_range *heads, size_t count,
                         uint64_t now_unix_ms)
{
	struct wire_writer writer;
	struct wire_view frame;

	publisher_flush(publisher, now_unix_ms);
	writer = wire_writer_of(publisher->head, sizeof(publisher->head));
	feed_heads_write(&writer, FEED_HEARTBEAT, now_unix_ms, heads, count);
	frame = (struct wire_view){publisher->head, wire_written(&writer)};
	publisher->frames(publisher->context, &frame, 1);
}

struct wire_view publisher_welcome(struct publisher *publisher, const struct feed_range *heads, size_t count,
                                   uint64_t now_unix_ms)
{
	struct wire_writer writer = wire_writer_of(publisher->head, sizeof(publisher->head));

	feed_heads_write(&writer, FEED_WELCOME, now_unix_ms, heads, count);
	return (struct wire_view){publisher->head, wire_written(&writer)};
}
