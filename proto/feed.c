// SPDX-License-Identifier: BSD-3-Clause
#include "feed.h"

#include <endian.h>
#include <errno.h>

enum { KEY_BITS = 128 };

int feed_version_compare(struct feed_version a, struct feed_version b)
{
	if (a.epoch != b.epoch)
		return a.epoch < b.epoch ? -1 : 1;
	if (a.sequence != b.sequence)
		return a.sequence < b.sequence ? -1 : 1;
	return 0;
}

void feed_key_mask(uint8_t key[FEED_ADDRESS_OCTETS], uint8_t key_length)
{
	for (unsigned at = 0; at < FEED_ADDRESS_OCTETS; at++) {
		unsigned bits = key_length > at * 8 ? key_length - at * 8 : 0;

		if (bits < 8)
			key[at] &= (uint8_t)(0xff00 >> bits);
	}
}

/* Whether no bit stands behind the key's length; looked at for every row twice, so by words. */
static bool key_is_masked(const struct feed_row *row)
{
	unsigned length = row->key_length;
	uint64_t words[2], behind[2] = {0, UINT64_MAX};

	memcpy(words, row->key, sizeof(words));
	if (length < KEY_BITS / 2)
		behind[0] = UINT64_MAX >> length;
	else if (length < KEY_BITS)
		behind[1] = UINT64_MAX >> (length - KEY_BITS / 2);
	else
		behind[1] = 0;
	return !(be64toh(words[0]) & behind[0]) && !(be64toh(words[1]) & behind[1]);
}

static void read_rate(struct wire_reader *reader, struct feed_rate *rate)
{
	rate->octets_per_s = wire_read_u64(reader);
	rate->burst_octets = wire_read_u32(reader);
	rate->excess_octets = wire_read_u32(reader);
}

static void write_rate(struct wire_writer *writer, const struct feed_rate *rate)
{
	wire_write_u64(writer, rate->octets_per_s);
	wire_write_u32(writer, rate->burst_octets);
	wire_write_u32(writer, rate->excess_octets);
}

/* A rate without a burst would never let a packet pass; what is not limited has neither. */
static bool rate_is_sane(const struct feed_rate *rate)
{
	return rate->octets_per_s ? rate->burst_octets : !rate->burst_octets && !rate->excess_octets;
}

static bool operation_is_sane(const struct feed_row *row)
{
	if (row->operation == FEED_RATES)
		return rate_is_sane(&row->up) && rate_is_sane(&row->down);
	return row->operation >= FEED_SET && row->operation <= FEED_CARE_OF;
}

bool feed_row_follows(const struct feed_row *extra, const struct feed_row *before)
{
	return before->operation != FEED_WITHDRAW && before->operation != FEED_RATES && extra->shard == before->shard &&
	       extra->key_length == before->key_length && feed_version_compare(extra->version, before->version) == 0 &&
	       memcmp(extra->key, before->key, sizeof(extra->key)) == 0;
}

uint64_t feed_rows_changes(struct wire_view rows)
{
	uint64_t changes = 0;

	/* the first octet of a row is its operation */
	for (size_t at = 0; at < rows.octets; at += FEED_ROW_OCTETS)
		changes += rows.bytes[at] == FEED_SET || rows.bytes[at] == FEED_WITHDRAW;
	return changes;
}

int feed_row_read(struct wire_reader *reader, struct feed_row *row)
{
	row->operation = wire_read_u8(reader);
	row->shard = wire_read_u8(reader);
	row->key_length = wire_read_u8(reader);
	row->tunnel_kind = wire_read_u8(reader);
	row->version.epoch = wire_read_u32(reader);
	row->version.sequence = wire_read_u64(reader);
	wire_read_copy(reader, row->key, sizeof(row->key));
	if (row->operation == FEED_RATES) {
		read_rate(reader, &row->up);
		read_rate(reader, &row->down);
	} else {
		wire_read_copy(reader, row->care_of_address, sizeof(row->care_of_address));
		row->port = wire_read_u16(reader);
		row->inner_mtu_bytes = wire_read_u16(reader);
		row->flags = wire_read_u32(reader);
		row->expiry_unix_ms = wire_read_u64(reader);
	}
	if (reader->failed || !operation_is_sane(row) || !row->key_length || row->key_length > KEY_BITS ||
	    !row->version.epoch || !row->version.sequence || !key_is_masked(row))
		return -EBADMSG;
	return 0;
}

void feed_row_write(struct wire_writer *writer, const struct feed_row *row)
{
	wire_write_u8(writer, row->operation);
	wire_write_u8(writer, row->shard);
	wire_write_u8(writer, row->key_length);
	wire_write_u8(writer, row->tunnel_kind);
	wire_write_u32(writer, row->version.epoch);
	wire_write_u64(writer, row->version.sequence);
	wire_write_bytes(writer, row->key, sizeof(row->key));
	if (row->operation == FEED_RATES) {
		write_rate(writer, &row->up);
		write_rate(writer, &row->down);
		return;
	}
	wire_write_bytes(writer, row->care_of_address, sizeof(row->care_of_address));
	wire_write_u16(writer, row->port);
	wire_write_u16(writer, row->inner_mtu_bytes);
	wire_write_u32(writer, row->flags);
	wire_write_u64(writer, row->expiry_unix_ms);
}

static void read_range(struct wire_reader *reader, enum feed_kind kind, struct feed_range *range)
{
	range->shard = wire_read_u8(reader);
	wire_skip(reader, 3);
	range->epoch = wire_read_u32(reader);
	range->first = wire_read_u64(reader);
	range->last = kind == FEED_BATCH ? wire_read_u64(reader) : range->first;
}

static bool range_is_sane(const struct feed_range *range, enum feed_kind kind)
{
	return range->epoch && range->first <= range->last && (kind != FEED_BATCH || range->first);
}

/* Frame 1. Returns 0 or an error as feed_message_read(). */
static int read_head(struct wire_view frame, struct feed_message *message)
{
	struct wire_reader reader = wire_reader_of_view(frame);
	uint8_t format = wire_read_u8(&reader);
	uint8_t kind = wire_read_u8(&reader);

	if (reader.failed)
		return -EBADMSG;
	if (format != FEED_FORMAT || kind < FEED_BATCH || kind > FEED_WELCOME)
		return -EPROTONOSUPPORT;
	message->kind = (enum feed_kind)kind;
	message->shards = wire_read_u16(&reader);
	message->clock_unix_ms = wire_read_u64(&reader);
	if (message->shards > FEED_SHARDS)
		return -EBADMSG;
	for (unsigned i = 0; i < message->shards; i++) {
		struct feed_range *range = &message->ranges[i];

		read_range(&reader, message->kind, range);
		if (!range_is_sane(range, message->kind) || (i > 0 && range->shard <= range[-1].shard))
			return -EBADMSG;
	}
	return wire_complete(&reader) ? 0 : -EBADMSG;
}

/* The rows of each shard are exactly first..last of its range, ascending. */
static int check_rows(const struct feed_message *message)
{
	struct wire_reader reader = wire_reader_of_view(message->rows);
	uint64_t next[FEED_SHARDS] = {0};
	uint64_t last[FEED_SHARDS] = {0};
	uint32_t epoch[FEED_SHARDS] = {0};
	struct feed_row row, before = {.operation = FEED_WITHDRAW};
	unsigned extras = 0;

	for (unsigned i = 0; i < message->shards; i++) {
		const struct feed_range *range = &message->ranges[i];

		next[range->shard] = range->first;
		last[range->shard] = range->last;
		epoch[range->shard] = range->epoch;
	}
	while (wire_remaining(&reader)) {
		if (feed_row_read(&reader, &row))
			return -EBADMSG;
		extras = feed_row_is_extra(&row) ? extras + 1 : 0;
		if (extras > FEED_EXTRA_ROWS_MAX || (extras && !feed_row_follows(&row, &before)))
			return -EBADMSG;
		before = row;
		if (extras)
			continue;
		if (row.version.epoch != epoch[row.shard] || row.version.sequence != next[row.shard] ||
		    next[row.shard] > last[row.shard])
			return -EBADMSG;
		next[row.shard]++;
	}
	for (unsigned i = 0; i < message->shards; i++)
		if (next[message->ranges[i].shard] != message->ranges[i].last + 1)
			return -EBADMSG;
	return 0;
}

int feed_message_read(const struct wire_view *frames, size_t count, struct feed_message *message)
{
	int result;

	if (count < 1 || count > FEED_FRAMES_MAX)
		return -EBADMSG;
	result = read_head(frames[0], message);
	if (result)
		return result;
	message->rows = (struct wire_view){0};
	if (message->kind != FEED_BATCH)
		return count == 1 ? 0 : -EBADMSG;
	if (count != 2 || frames[1].octets > (size_t)FEED_ROWS_MAX * FEED_ROW_OCTETS)
		return -EBADMSG;
	message->rows = frames[1];
	return check_rows(message);
}

static void write_head(struct wire_writer *writer, enum feed_kind kind, uint64_t clock_unix_ms,
                       const struct feed_range *ranges, size_t count)
{
	wire_write_u8(writer, FEED_FORMAT);
	wire_write_u8(writer, (uint8_t)kind);
	wire_write_u16(writer, (uint16_t)count);
	wire_write_u64(writer, clock_unix_ms);
	for (size_t i = 0; i < count; i++) {
		wire_write_u8(writer, ranges[i].shard);
		wire_write_zeros(writer, 3);
		wire_write_u32(writer, ranges[i].epoch);
		if (kind == FEED_BATCH)
			wire_write_u64(writer, ranges[i].first);
		wire_write_u64(writer, ranges[i].last);
	}
}

void feed_batch_head_write(struct wire_writer *writer, uint64_t clock_unix_ms, const struct feed_range *ranges,
                           size_t count)
{
	write_head(writer, FEED_BATCH, clock_unix_ms, ranges, count);
}

void feed_heads_write(struct wire_writer *writer, enum feed_kind kind, uint64_t clock_unix_ms,
                      const struct feed_range *heads, size_t count)
{
	write_head(writer, kind, clock_unix_ms, heads, count);
}
