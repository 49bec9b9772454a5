// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed - what an owner of bindings publishes to the data planes (ZeroMQ XPUB → SUB).
 *
 * Each message is one or two frames. Integers are big-endian, addresses 16 octets (an IPv4 address in mapped form).
 *
 *   frame 1   version8 = 1 | kind8 | shards16 | clock64 | shards × entry
 *   clock     the owner's time in milliseconds since 1970; expiry times are told by this clock, so a receiver keeps the
 *             difference to its own
 *
 *   kind 1, batch      entry = shard8 0x000000 epoch32 first64 last64; frame 2 = rows, each 64 octets. The rows of a
 *                      shard are exactly its changes first..last, ascending; shards ascend and may interleave in
 * frame 2. kind 2, heartbeat  entry = shard8 0x000000 epoch32 head64: the newest version of each shard that the sender
 * owns; kind 3, welcome    the same, sent by the socket itself to each new subscriber. No frame 2.
 *
 *   row   op8 shard8 key_length8 tunnel_kind8 epoch32 sequence64 key(16) care_of_address(16) port16 inner_mtu16 flags32
 *         expiry64
 *
 * What few bindings have comes in extra rows directly behind their set row, with its shard, key and version: further
 * care-of addresses (op 3, a row as above), then rates (op 4, at most one):
 *
 *   row   op8 shard8 key_length8 0x00 epoch32 sequence64 key(16) up(16) down(16)
 *   up, down   octets_per_s64 burst_octets32 excess_octets32; octets_per_s 0: not limited
 *
 * Each care-of address has in its row a lifetime of its own, the first one in the set row; the binding lives as long as
 * the one that lives longest. So it does with its inner MTU: what a data plane learns of one's path is reported with
 * its address, port and kind (punt.h), and published in that one's row.
 *
 * A set row without extra rows takes away those that the binding had. They are of one change: they count as none in
 * first..last, but as rows in the sizes of batches and chunks.
 *
 * Versions of a shard have no gaps (one epoch has the sequences 1, 2, 3 …), so a receiver sees what it lost, from the
 * next batch or heartbeat on. A receiver must not refuse a row for a tunnel kind or flag that it does not know without
 * counting it by name; the codec passes both on.
 *
 * Rules: C-2. Thread: nothing here keeps state.
 */
#ifndef KEDGE_PROTO_FEED_H
#define KEDGE_PROTO_FEED_H

#include "wire.h"

enum {
	FEED_FORMAT = 1,
	FEED_SHARDS = 256,
	FEED_FRAMES_MAX = 2,
	FEED_ADDRESS_OCTETS = 16,
	FEED_ROW_OCTETS = 64,
	FEED_ROWS_MAX = 512, /* 32 KB a batch */
	FEED_HEAD_OCTETS_MAX = 12 + FEED_SHARDS * 24,
};

enum feed_kind { FEED_BATCH = 1, FEED_HEARTBEAT = 2, FEED_WELCOME = 3 };
enum feed_operation { FEED_SET = 1, FEED_WITHDRAW = 2, FEED_CARE_OF = 3, FEED_RATES = 4 };
enum { FEED_EXTRA_ROWS_MAX = 7 }; /* behind one set row */

/* Outer header of downlink packets, and what is expected of uplink packets. */
enum feed_tunnel_kind {
	FEED_TUNNEL_NONE = 0, /* withdrawals */
	FEED_TUNNEL_IP6_IN_IP6 = 1,
	FEED_TUNNEL_IP4_IN_IP6 = 2,
	FEED_TUNNEL_IP6_IN_UDP4 = 3,
	FEED_TUNNEL_IP4_IN_UDP4 = 4,
};

enum feed_flag {
	/*
	 * M-17: until a valid uplink packet has come from this care-of address it gets a credit of 64 kB. A data plane
	 * that already knows this address as the binding's goes on with what it knows of it.
	 */
	FEED_FLAG_CARE_OF_UNVERIFIED = 0x00000001,
};

/*
 * The upper half of the flags is the weight of this care-of address among those of the binding; 0 stands for 1. A flow
 * goes by one of them, in proportion to the weights (RFC 5648 leaves the choice to policy).
 */
enum { FEED_WEIGHT_SHIFT = 16 };

/* A shard's version: by epoch, then by sequence. Epoch 0 means "none". */
struct feed_version {
	uint32_t epoch;
	uint64_t sequence;
};

/* A single-rate three-colour marker (RFC 2697): committed rate, committed and excess burst. Red is dropped. */
struct feed_rate {
	uint64_t octets_per_s; /* 0: not limited */
	uint32_t burst_octets;
	uint32_t excess_octets;
};

struct feed_row {
	uint8_t operation; /* enum feed_operation */
	uint8_t shard;
	uint8_t key_length;  /* bits of `key` that count, 1..128; the others are zero */
	uint8_t tunnel_kind; /* enum feed_tunnel_kind */
	struct feed_version version;
	uint8_t key[FEED_ADDRESS_OCTETS];
	union {
		struct {
			uint8_t care_of_address[FEED_ADDRESS_OCTETS];
			uint16_t port;            /* UDP tunnels: the node's port, host order */
			uint16_t inner_mtu_bytes; /* what one outer packet carries, also below 1280; 0: what the link
			                             allows */
			uint32_t flags;
			uint64_t expiry_unix_ms; /* by the owner's clock */
		};
		struct { /* FEED_RATES */
			struct feed_rate up;
			struct feed_rate down;
		};
	};
};

static inline bool feed_row_is_extra(const struct feed_row *row)
{
	return row->operation == FEED_CARE_OF || row->operation == FEED_RATES;
}

static inline uint16_t feed_row_weight(const struct feed_row *row)
{
	uint16_t weight = (uint16_t)(row->flags >> FEED_WEIGHT_SHIFT);

	return weight ? weight : 1;
}

/* Whether an extra row may stand directly behind this row: the same change of the same key, rates last. */
bool feed_row_follows(const struct feed_row *extra, const struct feed_row *before);

/* The number of changes in rows that are right: of those that are not extra. */
uint64_t feed_rows_changes(struct wire_view rows);

struct feed_range {
	uint8_t shard;
	uint32_t epoch;
	uint64_t first; /* in heartbeats equal to `last` */
	uint64_t last;
};

struct feed_message {
	enum feed_kind kind;
	uint64_t clock_unix_ms;
	uint16_t shards;
	struct feed_range ranges[FEED_SHARDS];
	struct wire_view rows; /* batch: read with feed_row_read() until nothing remains */
};

/* Less than, equal to or greater than 0 as `a` is older than, the same as or newer than `b`. */
int feed_version_compare(struct feed_version a, struct feed_version b);

/*
 * Reads a whole message of `count` frames. Every row of a batch is looked at: shard, order and number agree with frame
 * 1, so that a receiver applies all of them or none. `message->rows` points into frame 2. Returns 0, -EPROTONOSUPPORT
 * (another version octet or kind) or -EBADMSG.
 */
int feed_message_read(const struct wire_view *frames, size_t count, struct feed_message *message);

/* Reads one row. Returns 0 or -EBADMSG (truncated, unknown operation, key longer than its length, a rate without
 * burst). */
int feed_row_read(struct wire_reader *reader, struct feed_row *row);
void feed_row_write(struct wire_writer *writer, const struct feed_row *row);

/* Writes frame 1 of a batch; `ranges` ascend by shard. */
void feed_batch_head_write(struct wire_writer *writer, uint64_t clock_unix_ms, const struct feed_range *ranges,
                           size_t count);

/* Writes a heartbeat or welcome; only shard, epoch and `last` of each range are used. */
void feed_heads_write(struct wire_writer *writer, enum feed_kind kind, uint64_t clock_unix_ms,
                      const struct feed_range *heads, size_t count);

/* Zeroes the bits of `key` behind its first `key_length` (0..128). */
void feed_key_mask(uint8_t key[FEED_ADDRESS_OCTETS], uint8_t key_length);

#endif
