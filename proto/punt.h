// SPDX-License-Identifier: BSD-3-Clause
/*
 * punt - what passes between a data plane and the mobility server beside bindings (ZeroMQ DEALER ↔ ROUTER).
 *
 * Up: control packets as they came, whole, from the outer IP header on; usage; path MTU; events. Down: packets to be
 * injected. Each message is two frames. Integers are big-endian, addresses 16 octets (an IPv4 address in mapped form).
 *
 *   up, frame 1     version8 = 1 | kind8 | class8 | 0x00 | time64
 *                   time: when the data plane received or saw it, milliseconds since 1970 by its clock. The mobility
 *                   server drops control packets older than a second
 *   kind 1, packet  class = enum punt_class; frame 2 = the packet
 *   kind 2, usage   frame 2 = boot64, then rows of 64 octets: shard8 key_length8 0x0000 epoch32 sequence64 key(16)
 *                   up_packets64 up_octets64 down_packets64 down_octets64; octets are those of the inner packets.
 *                   Cumulative since the key was bound in the data plane's run that `boot` names. epoch, sequence =
 *                   version of the feed's row that was applied last; 0, 0: the binding was withdrawn, and this is all
 *   kind 3, mtu     frame 2 = shard8 key_length8 path_mtu16 port16 tunnel_kind8 0x00 key(16) care_of_address(16): the
 *                   path to this care-of address, which may be any of the binding's, carries outer packets of so many
 *                   octets
 *   kind 5, status  frame 2 = boot64 shards16 shards_complete16 in_sync8 name_octets8 0x0000 lag_rows64
 *                   rows_applied64 gaps64 asks64 snapshots64 bindings64 rows_waiting64 name: once a second (C-5)
 *   kind 4, event   frame 2 = event16 shard8 key_length8 0x00000000 value64 key(16): enum punt_event
 *
 *   down, frame 1   version8 = 1 | kind8 | shard8 | 0x00 | epoch32 | sequence64
 *   kind 1, inject  frame 2 = the packet; it leaves when the data plane has applied this version of the shard, or after
 *                   50 ms. epoch 0: at once
 *
 * New path MTUs go to all data planes in the rows of the feed.
 *
 * Rules: C-2, architecture.md 2. Thread: nothing here keeps state.
 */
#ifndef KEDGE_PROTO_PUNT_H
#define KEDGE_PROTO_PUNT_H

#include "feed.h"

enum {
	PUNT_FORMAT = 1,
	PUNT_FRAMES = 2,
	PUNT_UP_HEAD_OCTETS = 12,
	PUNT_DOWN_HEAD_OCTETS = 16,
	PUNT_PACKET_MAX = 9216,
	PUNT_USAGE_HEAD_OCTETS = 8,
	PUNT_USAGE_ROW_OCTETS = 64,
	PUNT_USAGE_ROWS_MAX = 512,
	PUNT_PATH_MTU_OCTETS = 40,
	PUNT_EVENT_OCTETS = 32,
	PUNT_NAME_MAX = 63,
	PUNT_STATUS_OCTETS_MAX = 72 + PUNT_NAME_MAX,
};

enum punt_up_kind { PUNT_PACKET = 1, PUNT_USAGE = 2, PUNT_PATH_MTU = 3, PUNT_EVENT = 4, PUNT_STATUS = 5 };
enum punt_down_kind { PUNT_INJECT = 1 };

enum punt_class {
	PUNT_CLASS_PANA = 1,
	PUNT_CLASS_MOBILITY_HEADER = 2,
	PUNT_CLASS_HIP = 3,
	PUNT_CLASS_ICMP = 4, /* ICMPv6 for the Home Agent itself: home agent address discovery, prefix solicitation */
};

/* What a data plane tells about itself; a number that the receiver does not know is counted and skipped. */
enum punt_event {
	PUNT_EVENT_STARTED = 1,     /* value: boot */
	PUNT_EVENT_IN_SYNC = 2,     /* all shards complete; value: bindings in the table */
	PUNT_EVENT_OUT_OF_SYNC = 3, /* value: shards that are not complete */
	PUNT_EVENT_DRAINING = 4,
	PUNT_EVENT_TABLE_FULL = 5,       /* shard, key: a row that found no room */
	PUNT_EVENT_KEY_CONFLICT = 6,     /* shard, key: already bound with another shard */
	PUNT_EVENT_CARE_OF_VERIFIED = 7, /* shard, key; value: sequence of the change that it is bound by (M-17) */
};

struct punt_usage_row {
	uint8_t shard;
	uint8_t key_length;
	struct feed_version version; /* epoch 0: the final row of a binding */
	uint8_t key[FEED_ADDRESS_OCTETS];
	uint64_t up_packets;
	uint64_t up_octets;
	uint64_t down_packets;
	uint64_t down_octets;
};

struct punt_usage {
	uint64_t boot;
	struct wire_view rows; /* read with punt_usage_row_read() until nothing remains */
};

struct punt_path_mtu {
	uint8_t shard;
	uint8_t key_length;
	uint16_t path_mtu_bytes;
	uint16_t port;       /* of the care-of address in UDP tunnels, else 0 */
	uint8_t tunnel_kind; /* enum feed_tunnel_kind */
	uint8_t key[FEED_ADDRESS_OCTETS];
	uint8_t care_of_address[FEED_ADDRESS_OCTETS];
};

struct punt_event_report {
	uint16_t event; /* enum punt_event */
	uint8_t shard;
	uint8_t key_length; /* 0: the event is about no key */
	uint64_t value;
	uint8_t key[FEED_ADDRESS_OCTETS];
};

/* How a data plane stands with its owner. */
struct punt_status {
	uint64_t boot;
	uint16_t shards; /* that have an owner */
	uint16_t shards_complete;
	bool in_sync;
	uint64_t lag_rows; /* changes that it knows of and has not applied */
	uint64_t rows_applied;
	uint64_t gaps;      /* seen */
	uint64_t asks;      /* resynchronisations: shards that were asked for … */
	uint64_t snapshots; /* … and came as a snapshot */
	uint64_t bindings;
	uint64_t rows_waiting; /* refused, until there is room */
	char name[PUNT_NAME_MAX + 1];
};

struct punt_up {
	enum punt_up_kind kind;
	uint8_t packet_class; /* enum punt_class; packets alone */
	uint64_t time_unix_ms;
	union {
		struct wire_view packet;
		struct punt_usage usage;
		struct punt_path_mtu path_mtu;
		struct punt_event_report event;
		struct punt_status status;
	};
};

struct punt_down {
	enum punt_down_kind kind;
	uint8_t shard;
	struct feed_version not_before;
	struct wire_view packet;
};

/*
 * Read a whole message of `count` frames; views point into frame 2. Return 0, -EPROTONOSUPPORT (another version octet
 * or kind) or -EBADMSG. Packets are 1..PUNT_PACKET_MAX octets and not looked into.
 */
int punt_up_read(const struct wire_view *frames, size_t count, struct punt_up *up);
int punt_down_read(const struct wire_view *frames, size_t count, struct punt_down *down);

/* Returns 0 or -EBADMSG. */
int punt_usage_row_read(struct wire_reader *reader, struct punt_usage_row *row);

/* Write frame 1. */
void punt_up_head_write(struct wire_writer *writer, enum punt_up_kind kind, uint8_t packet_class,
                        uint64_t time_unix_ms);
void punt_inject_head_write(struct wire_writer *writer, uint8_t shard, struct feed_version not_before);

/* Write (a part of) frame 2. */
void punt_usage_begin_write(struct wire_writer *writer, uint64_t boot);
void punt_usage_row_write(struct wire_writer *writer, const struct punt_usage_row *row);
void punt_path_mtu_write(struct wire_writer *writer, const struct punt_path_mtu *path_mtu);
void punt_status_write(struct wire_writer *writer, const struct punt_status *status);
void punt_event_write(struct wire_writer *writer, const struct punt_event_report *event);

#endif
