// SPDX-License-Identifier: BSD-3-Clause
#include "punt.h"

#include <errno.h>

enum { KEY_BITS = 128, PATH_MTU_MIN = 68 };

static int read_packet(struct wire_view frame, struct wire_view *packet)
{
	*packet = frame;
	return frame.octets && frame.octets <= PUNT_PACKET_MAX ? 0 : -EBADMSG;
}

int punt_usage_row_read(struct wire_reader *reader, struct punt_usage_row *row)
{
	row->shard = wire_read_u8(reader);
	row->key_length = wire_read_u8(reader);
	wire_skip(reader, 2);
	row->version.epoch = wire_read_u32(reader);
	row->version.sequence = wire_read_u64(reader);
	wire_read_copy(reader, row->key, sizeof(row->key));
	row->up_packets = wire_read_u64(reader);
	row->up_octets = wire_read_u64(reader);
	row->down_packets = wire_read_u64(reader);
	row->down_octets = wire_read_u64(reader);
	return !reader->failed && row->key_length && row->key_length <= KEY_BITS ? 0 : -EBADMSG;
}

void punt_usage_begin_write(struct wire_writer *writer, uint64_t boot)
{
	wire_write_u64(writer, boot);
}

void punt_usage_row_write(struct wire_writer *writer, const struct punt_usage_row *row)
{
	wire_write_u8(writer, row->shard);
	wire_write_u8(writer, row->key_length);
	wire_write_zeros(writer, 2);
	wire_write_u32(writer, row->version.epoch);
	wire_write_u64(writer, row->version.sequence);
	wire_write_bytes(writer, row->key, sizeof(row->key));
	wire_write_u64(writer, row->up_packets);
	wire_write_u64(writer, row->up_octets);
	wire_write_u64(writer, row->down_packets);
	wire_write_u64(writer, row->down_octets);
}

static int read_usage(struct wire_view frame, struct punt_usage *usage)
{
	struct wire_reader reader = wire_reader_of_view(frame);
	struct punt_usage_row row;

	usage->boot = wire_read_u64(&reader);
	usage->rows = (struct wire_view){.bytes = reader.at, .octets = wire_remaining(&reader)};
	if (reader.failed || usage->rows.octets > (size_t)PUNT_USAGE_ROWS_MAX * PUNT_USAGE_ROW_OCTETS)
		return -EBADMSG;
	while (wire_remaining(&reader))
		if (punt_usage_row_read(&reader, &row))
			return -EBADMSG;
	return 0;
}

static int read_path_mtu(struct wire_view frame, struct punt_path_mtu *path_mtu)
{
	struct wire_reader reader = wire_reader_of_view(frame);

	path_mtu->shard = wire_read_u8(&reader);
	path_mtu->key_length = wire_read_u8(&reader);
	path_mtu->path_mtu_bytes = wire_read_u16(&reader);
	path_mtu->port = wire_read_u16(&reader);
	path_mtu->tunnel_kind = wire_read_u8(&reader);
	wire_skip(&reader, 1);
	wire_read_copy(&reader, path_mtu->key, sizeof(path_mtu->key));
	wire_read_copy(&reader, path_mtu->care_of_address, sizeof(path_mtu->care_of_address));
	if (!wire_complete(&reader) || !path_mtu->key_length || path_mtu->key_length > KEY_BITS ||
	    path_mtu->path_mtu_bytes < PATH_MTU_MIN)
		return -EBADMSG;
	return 0;
}

void punt_path_mtu_write(struct wire_writer *writer, const struct punt_path_mtu *path_mtu)
{
	wire_write_u8(writer, path_mtu->shard);
	wire_write_u8(writer, path_mtu->key_length);
	wire_write_u16(writer, path_mtu->path_mtu_bytes);
	wire_write_u16(writer, path_mtu->port);
	wire_write_u8(writer, path_mtu->tunnel_kind);
	wire_write_zeros(writer, 1);
	wire_write_bytes(writer, path_mtu->key, sizeof(path_mtu->key));
	wire_write_bytes(writer, path_mtu->care_of_address, sizeof(path_mtu->care_of_address));
}

static int read_event(struct wire_view frame, struct punt_event_report *event)
{
	struct wire_reader reader = wire_reader_of_view(frame);

	event->event = wire_read_u16(&reader);
	event->shard = wire_read_u8(&reader);
	event->key_length = wire_read_u8(&reader);
	wire_skip(&reader, 4);
	event->value = wire_read_u64(&reader);
	wire_read_copy(&reader, event->key, sizeof(event->key));
	return wire_complete(&reader) && event->key_length <= KEY_BITS ? 0 : -EBADMSG;
}

void punt_status_write(struct wire_writer *writer, const struct punt_status *status)
{
	size_t octets = strnlen(status->name, PUNT_NAME_MAX);

	wire_write_u64(writer, status->boot);
	wire_write_u16(writer, status->shards);
	wire_write_u16(writer, status->shards_complete);
	wire_write_u8(writer, status->in_sync);
	wire_write_u8(writer, (uint8_t)octets);
	wire_write_zeros(writer, 2);
	wire_write_u64(writer, status->lag_rows);
	wire_write_u64(writer, status->rows_applied);
	wire_write_u64(writer, status->gaps);
	wire_write_u64(writer, status->asks);
	wire_write_u64(writer, status->snapshots);
	wire_write_u64(writer, status->bindings);
	wire_write_u64(writer, status->rows_waiting);
	wire_write_bytes(writer, status->name, octets);
}

void punt_event_write(struct wire_writer *writer, const struct punt_event_report *event)
{
	wire_write_u16(writer, event->event);
	wire_write_u8(writer, event->shard);
	wire_write_u8(writer, event->key_length);
	wire_write_zeros(writer, 4);
	wire_write_u64(writer, event->value);
	wire_write_bytes(writer, event->key, sizeof(event->key));
}

static int read_status(struct wire_view frame, struct punt_status *status)
{
	struct wire_reader reader = wire_reader_of_view(frame);
	uint8_t in_sync, octets;

	status->boot = wire_read_u64(&reader);
	status->shards = wire_read_u16(&reader);
	status->shards_complete = wire_read_u16(&reader);
	in_sync = wire_read_u8(&reader);
	octets = wire_read_u8(&reader);
	wire_skip(&reader, 2);
	status->lag_rows = wire_read_u64(&reader);
	status->rows_applied = wire_read_u64(&reader);
	status->gaps = wire_read_u64(&reader);
	status->asks = wire_read_u64(&reader);
	status->snapshots = wire_read_u64(&reader);
	status->bindings = wire_read_u64(&reader);
	status->rows_waiting = wire_read_u64(&reader);
	status->in_sync = in_sync == 1;
	if (!octets || octets > PUNT_NAME_MAX || in_sync > 1 || status->shards > FEED_SHARDS ||
	    status->shards_complete > status->shards)
		return -EBADMSG;
	wire_read_copy(&reader, status->name, octets);
	status->name[octets] = '\0';
	return wire_complete(&reader) && !memchr(status->name, 0, octets) ? 0 : -EBADMSG;
}

int punt_up_read(const struct wire_view *frames, size_t count, struct punt_up *up)
{
	struct wire_reader reader = count ? wire_reader_of_view(frames[0]) : wire_reader_of(NULL, 0);
	uint8_t format = wire_read_u8(&reader);
	uint8_t kind = wire_read_u8(&reader);

	if (reader.failed || count != PUNT_FRAMES)
		return -EBADMSG;
	if (format != PUNT_FORMAT || kind < PUNT_PACKET || kind > PUNT_STATUS)
		return -EPROTONOSUPPORT;
	up->kind = (enum punt_up_kind)kind;
	up->packet_class = wire_read_u8(&reader);
	wire_skip(&reader, 1);
	up->time_unix_ms = wire_read_u64(&reader);
	if (!wire_complete(&reader))
		return -EBADMSG;
	switch (up->kind) {
	case PUNT_PACKET:
		return read_packet(frames[1], &up->packet);
	case PUNT_USAGE:
		return read_usage(frames[1], &up->usage);
	case PUNT_PATH_MTU:
		return read_path_mtu(frames[1], &up->path_mtu);
	case PUNT_EVENT:
		return read_event(frames[1], &up->event);
	case PUNT_STATUS:
		return read_status(frames[1], &up->status);
	}
	return -EPROTONOSUPPORT;
}

void punt_up_head_write(struct wire_writer *writer, enum punt_up_kind kind, uint8_t packet_class, uint64_t time_unix_ms)
{
	wire_write_u8(writer, PUNT_FORMAT);
	wire_write_u8(writer, (uint8_t)kind);
	wire_write_u8(writer, packet_class);
	wire_write_u8(writer, 0);
	wire_write_u64(writer, time_unix_ms);
}

int punt_down_read(const struct wire_view *frames, size_t count, struct punt_down *down)
{
	struct wire_reader reader = count ? wire_reader_of_view(frames[0]) : wire_reader_of(NULL, 0);
	uint8_t format = wire_read_u8(&reader);
	uint8_t kind = wire_read_u8(&reader);

	if (reader.failed || count != PUNT_FRAMES)
		return -EBADMSG;
	if (format != PUNT_FORMAT || kind != PUNT_INJECT)
		return -EPROTONOSUPPORT;
	down->kind = (enum punt_down_kind)kind;
	down->shard = wire_read_u8(&reader);
	wire_skip(&reader, 1);
	down->not_before.epoch = wire_read_u32(&reader);
	down->not_before.sequence = wire_read_u64(&reader);
	return wire_complete(&reader) ? read_packet(frames[1], &down->packet) : -EBADMSG;
}

void punt_inject_head_write(struct wire_writer *writer, uint8_t shard, struct feed_version not_before)
{
	wire_write_u8(writer, PUNT_FORMAT);
	wire_write_u8(writer, PUNT_INJECT);
	wire_write_u8(writer, shard);
	wire_write_u8(writer, 0);
	wire_write_u32(writer, not_before.epoch);
	wire_write_u64(writer, not_before.sequence);
}
