// SPDX-License-Identifier: BSD-3-Clause
#include "catch_up.h"

#include <errno.h>

bool catch_up_has_rows(enum catch_up_kind kind)
{
	return kind == CATCH_UP_CHANGES || kind == CATCH_UP_SNAPSHOT_CHUNK;
}

static bool kind_is_known(uint8_t kind)
{
	return (kind >= CATCH_UP_ASK && kind <= CATCH_UP_CREDIT) ||
	       (kind >= CATCH_UP_CHANGES && kind <= CATCH_UP_REFUSED);
}

static bool head_is_sane(const struct catch_up_message *message)
{
	bool nothing = !message->version.epoch && !message->version.sequence;

	switch (message->kind) {
	case CATCH_UP_ASK:
		return message->amount && (message->version.epoch || nothing);
	case CATCH_UP_CREDIT:
		return message->amount && nothing;
	case CATCH_UP_CHANGES:
		return message->version.epoch && message->amount <= 1;
	case CATCH_UP_SNAPSHOT_BEGIN:
	case CATCH_UP_SNAPSHOT_CHUNK:
	case CATCH_UP_SNAPSHOT_END:
		return message->version.epoch;
	case CATCH_UP_REFUSED:
		return message->amount >= CATCH_UP_NOT_OWNER && message->amount <= CATCH_UP_UNKNOWN;
	}
	return false;
}

static int read_head(struct wire_view frame, struct catch_up_message *message)
{
	struct wire_reader reader = wire_reader_of_view(frame);
	uint8_t format = wire_read_u8(&reader);
	uint8_t kind = wire_read_u8(&reader);

	if (reader.failed)
		return -EBADMSG;
	if (format != CATCH_UP_FORMAT || !kind_is_known(kind))
		return -EPROTONOSUPPORT;
	message->kind = (enum catch_up_kind)kind;
	message->shard = wire_read_u8(&reader);
	wire_skip(&reader, 1);
	message->request = wire_read_u32(&reader);
	message->version.epoch = wire_read_u32(&reader);
	message->version.sequence = wire_read_u64(&reader);
	message->amount = wire_read_u32(&reader);
	return wire_complete(&reader) && head_is_sane(message) ? 0 : -EBADMSG;
}

static int check_rows(const struct catch_up_message *message)
{
	struct wire_reader reader = wire_reader_of_view(message->rows);
	struct feed_row row, before = {.operation = FEED_WITHDRAW};
	unsigned extras = 0;
	uint64_t next;

	if (message->rows.octets / FEED_ROW_OCTETS > CATCH_UP_ROWS_MAX)
		return -EBADMSG;
	next = message->version.sequence - feed_rows_changes(message->rows) + 1;
	while (wire_remaining(&reader)) {
		if (feed_row_read(&reader, &row) || row.shard != message->shard)
			return -EBADMSG;
		extras = feed_row_is_extra(&row) ? extras + 1 : 0;
		if (extras > FEED_EXTRA_ROWS_MAX || (extras && !feed_row_follows(&row, &before)))
			return -EBADMSG;
		before = row;
		if (extras)
			continue;
		if (message->kind == CATCH_UP_CHANGES &&
		    (row.version.epoch != message->version.epoch || row.version.sequence != next++))
			return -EBADMSG;
		if (message->kind == CATCH_UP_SNAPSHOT_CHUNK && row.operation != FEED_SET)
			return -EBADMSG;
	}
	return 0;
}

int catch_up_message_read(const struct wire_view *frames, size_t count, struct catch_up_message *message)
{
	int result;

	if (count < 1 || count > CATCH_UP_FRAMES_MAX)
		return -EBADMSG;
	result = read_head(frames[0], message);
	if (result)
		return result;
	message->rows = (struct wire_view){0};
	if (!catch_up_has_rows(message->kind))
		return count == 1 ? 0 : -EBADMSG;
	if (count != 2)
		return -EBADMSG;
	message->rows = frames[1];
	return check_rows(message);
}

void catch_up_head_write(struct wire_writer *writer, const struct catch_up_message *message)
{
	wire_write_u8(writer, CATCH_UP_FORMAT);
	wire_write_u8(writer, (uint8_t)message->kind);
	wire_write_u8(writer, message->shard);
	wire_write_u8(writer, 0);
	wire_write_u32(writer, message->request);
	wire_write_u32(writer, message->version.epoch);
	wire_write_u64(writer, message->version.sequence);
	wire_write_u32(writer, message->amount);
}
