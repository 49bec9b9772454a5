// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "feed.h"
#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static struct feed_message message;
	static struct feed_message again;
	static uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_view frames[2];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	size_t count = frames_of_input(bytes, octets, frames);
	struct wire_reader rows;

	if (feed_message_read(frames, count, &message))
		return 0;
	if (message.kind == FEED_BATCH)
		feed_batch_head_write(&writer, message.clock_unix_ms, message.ranges, message.shards);
	else
		feed_heads_write(&writer, message.kind, message.clock_unix_ms, message.ranges, message.shards);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	if (feed_message_read(frames, count, &again) || again.shards != message.shards)
		abort();
	for (rows = wire_reader_of_view(message.rows); wire_remaining(&rows);) {
		const uint8_t *at = rows.at;
		uint8_t written[FEED_ROW_OCTETS];
		struct feed_row row;

		if (feed_row_read(&rows, &row))
			abort();
		writer = wire_writer_of(written, sizeof(written));
		feed_row_write(&writer, &row);
		if (wire_written(&writer) != sizeof(written) || memcmp(written, at, sizeof(written)) != 0)
			abort();
	}
	return 0;
}
