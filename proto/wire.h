// SPDX-License-Identifier: BSD-3-Clause
/*
 * wire - the bounds-checked cursor, the only code that touches raw lengths.
 *
 * A reader walks over octets that came from outside, a writer over a buffer of fixed size. Both have a sticky error:
 * after the first access out of bounds each further read yields zero and each further write does nothing, so a codec
 * reads straight on and asks once, at its end. All integers are big-endian on the wire and host order in C.
 *
 * Thread: none of this keeps state outside the cursor.
 */
#ifndef KEDGE_PROTO_WIRE_H
#define KEDGE_PROTO_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

struct wire_writer {
	uint8_t *begin;
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

/* A view of octets owned by somebody else. */
struct wire_view {
	const uint8_t *bytes;
	size_t octets;
};

static inline struct wire_reader wire_reader_of(const void *bytes, size_t octets)
{
	const uint8_t *at = (const uint8_t *)bytes;

	return (struct wire_reader){.at = at, .end = octets ? at + octets : at};
}

static inline struct wire_reader wire_reader_of_view(struct wire_view view)
{
	return wire_reader_of(view.bytes, view.octets);
}

static inline size_t wire_remaining(const struct wire_reader *reader)
{
	return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

/* True when everything was read and nothing went out of bounds. */
static inline bool wire_complete(const struct wire_reader *reader)
{
	return !reader->failed && reader->at == reader->end;
}

static inline void wire_reader_fail(struct wire_reader *reader)
{
	reader->failed = true;
	reader->at = reader->end;
}

/* The next `octets` octets, or NULL (and a failed reader) when there are fewer. The view is never past the end. */
static inline const uint8_t *wire_read_bytes(struct wire_reader *reader, size_t octets)
{
	const uint8_t *bytes = reader->at;

	if (reader->failed || octets > (size_t)(reader->end - reader->at)) {
		wire_reader_fail(reader);
		return NULL;
	}
	reader->at += octets;
	return bytes;
}

static inline struct wire_view wire_read_view(struct wire_reader *reader, size_t octets)
{
	const uint8_t *bytes = wire_read_bytes(reader, octets);

	return (struct wire_view){.bytes = bytes, .octets = bytes ? octets : 0};
}

/* A reader over the next `octets` octets; a failed one when there are fewer. */
static inline struct wire_reader wire_read_part(struct wire_reader *reader, size_t octets)
{
	const uint8_t *bytes = wire_read_bytes(reader, octets);

	return (struct wire_reader){.at = bytes, .end = bytes ? bytes + octets : bytes, .failed = reader->failed};
}

/* Copies `octets` octets to `to`; zeroes `to` when there are fewer. */
static inline void wire_read_copy(struct wire_reader *reader, void *to, size_t octets)
{
	const uint8_t *bytes = wire_read_bytes(reader, octets);

	if (bytes && octets)
		memcpy(to, bytes, octets);
	else if (octets)
		memset(to, 0, octets);
}

static inline void wire_skip(struct wire_reader *reader, size_t octets)
{
	(void)wire_read_bytes(reader, octets);
}

static inline uint8_t wire_read_u8(struct wire_reader *reader)
{
	const uint8_t *bytes = wire_read_bytes(reader, 1);

	return bytes ? bytes[0] : 0;
}

static inline uint16_t wire_read_u16(struct wire_reader *reader)
{
	const uint8_t *bytes = wire_read_bytes(reader, 2);

	return bytes ? (uint16_t)(bytes[0] << 8 | bytes[1]) : 0;
}

static inline uint32_t wire_read_u32(struct wire_reader *reader)
{
	const uint8_t *bytes = wire_read_bytes(reader, 4);

	if (!bytes)
		return 0;
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint64_t wire_read_u64(struct wire_reader *reader)
{
	uint64_t high = wire_read_u32(reader);

	return high << 32 | wire_read_u32(reader);
}

static inline struct wire_writer wire_writer_of(void *buffer, size_t octets)
{
	uint8_t *begin = (uint8_t *)buffer;

	return (struct wire_writer){.begin = begin, .at = begin, .end = octets ? begin + octets : begin};
}

/* Octets written so far; 0 after a failure, so that nobody sends half a message. */
static inline size_t wire_written(const struct wire_writer *writer)
{
	return writer->failed ? 0 : (size_t)(writer->at - writer->begin);
}

static inline void wire_writer_fail(struct wire_writer *writer)
{
	writer->failed = true;
}

/* Room for `octets` octets that the caller fills, or NULL. */
static inline uint8_t *wire_write_space(struct wire_writer *writer, size_t octets)
{
	uint8_t *bytes = writer->at;

	if (writer->failed || octets > (size_t)(writer->end - writer->at)) {
		writer->failed = true;
		return NULL;
	}
	writer->at += octets;
	return bytes;
}

static inline void wire_write_bytes(struct wire_writer *writer, const void *from, size_t octets)
{
	uint8_t *bytes = wire_write_space(writer, octets);

	if (bytes && octets)
		memcpy(bytes, from, octets);
}

static inline void wire_write_view(struct wire_writer *writer, struct wire_view view)
{
	wire_write_bytes(writer, view.bytes, view.octets);
}

static inline void wire_write_zeros(struct wire_writer *writer, size_t octets)
{
	uint8_t *bytes = wire_write_space(writer, octets);

	if (bytes && octets)
		memset(bytes, 0, octets);
}

/* Of octets that were read whole. */
static inline uint32_t wire_load_u32(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return be32toh(word);
}

static inline uint64_t wire_load_u64(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return be64toh(word);
}

static inline void wire_store_u64(uint8_t *bytes, uint64_t value)
{
	value = htobe64(value);
	memcpy(bytes, &value, sizeof(value));
}

static inline void wire_store_u16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static inline void wire_store_u32(uint8_t *bytes, uint32_t value)
{
	wire_store_u16(bytes, (uint16_t)(value >> 16));
	wire_store_u16(bytes + 2, (uint16_t)value);
}

static inline void wire_write_u8(struct wire_writer *writer, uint8_t value)
{
	uint8_t *bytes = wire_write_space(writer, 1);

	if (bytes)
		bytes[0] = value;
}

static inline void wire_write_u16(struct wire_writer *writer, uint16_t value)
{
	uint8_t *bytes = wire_write_space(writer, 2);

	if (bytes)
		wire_store_u16(bytes, value);
}

static inline void wire_write_u32(struct wire_writer *writer, uint32_t value)
{
	uint8_t *bytes = wire_write_space(writer, 4);

	if (bytes)
		wire_store_u32(bytes, value);
}

static inline void wire_write_u64(struct wire_writer *writer, uint64_t value)
{
	wire_write_u32(writer, (uint32_t)(value >> 32));
	wire_write_u32(writer, (uint32_t)value);
}

/*
 * Overwrites two octets at `offset` from the writer's begin, for lengths and checksums that are known only at the end.
 * Fails the writer when they were not yet written.
 */
void wire_patch_u16(struct wire_writer *writer, size_t offset, uint16_t value);

/*
 * The Internet checksum's running sum (RFC 1071) over `octets` octets, added to `sum`; an odd last octet is padded with
 * zero, so only the last of several pieces may be odd. `wire_checksum_end` folds and complements it.
 */
uint32_t wire_checksum_add(uint32_t sum, const void *bytes, size_t octets);
uint16_t wire_checksum_end(uint32_t sum);

/* The checksum when one of the 16-bit words under it changes (RFC 1624 3, equation 3). */
static inline uint16_t wire_checksum_change(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~before + after;

	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

#endif
