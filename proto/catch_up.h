// SPDX-License-Identifier: BSD-3-Clause
/*
 * catch_up - how a data plane gets the bindings that it does not have (ZeroMQ DEALER → ROUTER and back).
 *
 * A receiver subscribes to the feed first and asks then (C-1): per shard for "the changes after version V" of which it
 * is complete. It gets these changes in their order, or, if the owner no longer remembers them, a snapshot. Chunks come
 * against credit: no more than were asked for are under way. A newer ask for the same shard ends the one before.
 *
 * A message is one frame, or two when rows follow. Integers are big-endian; rows are those of feed.h.
 *
 *   frame 1   version8 = 1 | kind8 | shard8 | 0x00 | request32 | epoch32 | sequence64 | amount32
 *
 *   to the owner
 *   kind 1, ask             epoch, sequence = V (0, 0: nothing); amount = credit in chunks
 *   kind 2, credit          amount = further chunks; epoch and sequence are 0
 *
 *   to the receiver; `request` is that of the ask
 *   kind 17, changes        rows = the changes after V or after the chunk before, ascending without gap; epoch,
 *                           sequence = the version up to which the receiver is complete with them; amount = 1 when more
 *                           chunks follow, else 0. Without rows: nothing has changed since V
 *   kind 18, snapshot begin epoch, sequence = S, the shard's version when the snapshot began
 *   kind 19, snapshot chunk rows = bindings in any order, each with the version of its last change; amount = number of
 *                           the chunk, from 0
 *   kind 20, snapshot end   epoch, sequence = S; amount = number of chunks
 *   kind 21, refused        amount = enum catch_up_refusal
 *
 * Feed and catch-up are two channels, so what was changed later may arrive earlier. Therefore, from the moment a gap is
 * seen (and before the ask) until the shard is complete again, the receiver keeps the version of each withdrawal, and
 * it applies a row only over a lower version: else a row of a chunk would bring back what the feed has withdrawn
 * already.
 *
 * A snapshot is fuzzy: changes go on while it is sent, and come by the feed as ever. At its end the receiver removes
 * every binding of the shard with a version ≤ S that the snapshot did not name (a row that it had already, or in a
 * newer version, is named, too), and is complete up to S, and up to whatever the feed brought without gap behind S.
 *
 * A chunk that got lost on the way (a full queue) shows: changes do not begin where the ones before ended, a snapshot's
 * chunk has not the next number, its end another count. Then, and when nothing comes for some seconds, the receiver
 * forgets the request and asks anew.
 *
 * Rules: C-1, C-2. Thread: nothing here keeps state.
 */
#ifndef KEDGE_PROTO_CATCH_UP_H
#define KEDGE_PROTO_CATCH_UP_H

#include "feed.h"

enum {
	CATCH_UP_FORMAT = 1,
	CATCH_UP_HEAD_OCTETS = 24,
	CATCH_UP_FRAMES_MAX = 2,
	CATCH_UP_ROWS_MAX = FEED_ROWS_MAX, /* a chunk */
	CATCH_UP_CREDIT_MAX = 64,          /* chunks under way for one request; more is cut to this */
};

enum catch_up_kind {
	CATCH_UP_ASK = 1,
	CATCH_UP_CREDIT = 2,
	CATCH_UP_CHANGES = 17,
	CATCH_UP_SNAPSHOT_BEGIN = 18,
	CATCH_UP_SNAPSHOT_CHUNK = 19,
	CATCH_UP_SNAPSHOT_END = 20,
	CATCH_UP_REFUSED = 21,
};

enum catch_up_refusal {
	CATCH_UP_NOT_OWNER = 1, /* this server does not own the shard */
	CATCH_UP_BUSY = 2,      /* too many requests; ask again later */
	CATCH_UP_UNKNOWN = 3,   /* credit for a request that does not exist (any more) */
};

struct catch_up_message {
	enum catch_up_kind kind;
	uint8_t shard;
	uint32_t request;
	struct feed_version version;
	uint32_t amount;
	struct wire_view rows; /* read with feed_row_read() until nothing remains */
};

/*
 * Reads a whole message of `count` frames. Rows are looked at: those of another shard, and changes that are not
 * ascending without gap up to `version`, are refused. `message->rows` points into frame 2. Returns 0, -EPROTONOSUPPORT
 * (another version octet or kind) or -EBADMSG.
 */
int catch_up_message_read(const struct wire_view *frames, size_t count, struct catch_up_message *message);

/* Whether a message of this kind has a second frame. */
bool catch_up_has_rows(enum catch_up_kind kind);

/* Writes frame 1; frame 2, where the kind has one, are `message->rows` as they stand. */
void catch_up_head_write(struct wire_writer *writer, const struct catch_up_message *message);

#endif
