// SPDX-License-Identifier: BSD-3-Clause
/*
 * bindings - the owner of all bindings: which key is tunnelled where, told to the data planes without a gap
 * (architecture.md 2).
 *
 * Every change gets the next sequence of its shard when the caller says that it is durable, so sequences follow the
 * order of commits, and a commit that failed leaves none out. The change goes into the history, from which receivers
 * catch up, and out as an effect, which the executor's backend hands back to bindings_publish(). An epoch holds for one
 * run of the program: it is raised durably before bindings_new().
 *
 * Pure: frames leave through the outlet. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDINGS_H
#define KEDGE_MOBILITYSERVER_BINDINGS_H

#include <netinet/in.h>

#include "effects.h"
#include "feed.h"
#include "punt.h"
#include "timer_wheel.h"

struct bindings;

/* An address of which the first `length` bits count; the others are zero. */
struct binding_key {
	uint8_t octets[FEED_ADDRESS_OCTETS];
	uint8_t length;
};

/* What a binding is set to. */
struct binding_change {
	struct binding_key key;
	const char *subscriber; /* the text of subscriber_key() */
	uint8_t shard;          /* of the subscriber */
	uint8_t tunnel_kind;    /* enum feed_tunnel_kind */
	uint16_t port;
	uint16_t inner_mtu_bytes;
	uint32_t flags; /* enum feed_flag */
	struct in6_addr care_of_address;
	struct instant expiry;
	struct feed_rate up; /* of the subscriber; without a rate: not limited */
	struct feed_rate down;
};

/* Where frames go, and who is told that a binding's time is over. */
struct bindings_outlet {
	void *context;
	/* To the subscribers of the feed; copied by the callee. */
	void (*feed_frames)(void *context, const struct wire_view *frames, size_t count);
	/* What each new subscriber is to get first (XPUB_WELCOME_MSG). */
	void (*feed_welcome)(void *context, struct wire_view frame);
	/* One message of the catch-up channel to this peer; copied by the callee. */
	void (*catch_up_send)(void *context, const struct punt_route *peer, const struct wire_view *frames,
	                      size_t count);
	/* The binding has expired: whoever stored it deletes it durably and then withdraws it here. */
	void (*expired)(void *context, const struct binding_key *key, const struct instant *now,
	                struct effects *effects);
};

struct bindings_options {
	uint32_t epoch; /* > 0, higher than that of any run before */
	size_t history_changes;
	size_t bindings_max;
	struct timer_wheel *timers;
	struct bindings_outlet outlet;
};

enum { BINDINGS_HISTORY_DEFAULT = 1 << 20, BINDINGS_HEARTBEAT_MS = 1000 };

#define BINDINGS_COUNTERS(X)                                                                                           \
	X(set, "bindings set or changed")                                                                              \
	X(withdrawn, "bindings withdrawn")                                                                             \
	X(expired, "bindings whose time was over")                                                                     \
	X(key_conflicts, "changes refused because the key is another subscriber's")                                    \
	X(path_mtu_lowered, "inner MTUs lowered after a report")                                                       \
	X(path_mtu_raised, "inner MTUs raised again because what was learnt is ten minutes old")                       \
	X(path_mtu_ignored, "reports of a path MTU without effect")                                                    \
	X(care_of_verified, "care-of addresses that a data plane has had a packet from (M-17)")                        \
	X(care_of_ignored, "such reports without effect")                                                              \
	X(heartbeats, "heartbeats sent")                                                                               \
	X(catch_up_malformed, "catch-up messages that could not be read")                                              \
	X(catch_up_asks, "shards asked for")                                                                           \
	X(catch_up_changes, "answered with changes")                                                                   \
	X(catch_up_snapshots, "answered with a snapshot")                                                              \
	X(catch_up_rows, "rows sent by catch-up")                                                                      \
	X(catch_up_refused, "asks and credits refused")                                                                \
	X(usage_rows, "bindings in reports of usage")                                                                  \
	X(usage_rows_unknown, "of these: not bound here, and not lately")                                              \
	X(catch_up_abandoned, "requests forgotten because no credit came")

struct bindings_counters {
#define X(name, help) uint64_t name;
	BINDINGS_COUNTERS(X)
#undef X
};

struct bindings *bindings_new(const struct bindings_options *options);
void bindings_free(struct bindings *bindings);

/*
 * Until here changes were loaded from the store: they got versions, but nobody was told. From here on they are
 * published and heartbeats go out. Data planes of an earlier run have a lower epoch and take a snapshot.
 */
void bindings_serve(struct bindings *bindings, const struct instant *now);

/* Whether the key could be set for this subscriber: 0, -EEXIST (another's, A-7) or -ENOSPC. Ask before storing. */
int bindings_check(const struct bindings *bindings, const struct binding_key *key, const char *subscriber);

/*
 * Sets or changes a binding, or withdraws it; to be called when the change is durable, that is from an
 * effects_durable_function, to whose effects the publication is appended. Returns the version of the change; epoch 0
 * when nothing was changed (the key is another subscriber's; there is no such binding).
 */
struct binding_version bindings_set(struct bindings *bindings, const struct binding_change *change,
                                    const struct instant *now, struct effects *effects);
struct binding_version bindings_withdraw(struct bindings *bindings, const struct binding_key *key,
                                         const struct instant *now, struct effects *effects);

/*
 * A data plane learnt the path MTU to a care-of address: a lower one is told to all (M-19, architecture.md 3). After
 * ten minutes, or when the node moves, it is forgotten, and a higher one is tried (RFC 8201 5.3).
 */
void bindings_path_mtu(struct bindings *bindings, const struct punt_path_mtu *report, const struct instant *now,
                       struct effects *effects);

/* A data plane had a packet from the care-of address that the change of this sequence named: told to all (M-17). */
void bindings_care_of_verified(struct bindings *bindings, const struct punt_event_report *event,
                               struct effects *effects);

/* For the executor's backend: what bindings_set() and its like appended comes here when its turn has come. */
void bindings_publish(struct bindings *bindings, const struct effect_publish *publish, const struct instant *now);

/* The loop's turn ends: rows that wait for others leave now. */
void bindings_turn_end(struct bindings *bindings, const struct instant *now);

/* A message of the catch-up channel. Answers leave through the outlet. */
void bindings_catch_up(struct bindings *bindings, const struct punt_route *peer, const struct wire_view *frames,
                       size_t count, const struct instant *now);

/* What a data plane counted, and how it says it stands. */
void bindings_usage(struct bindings *bindings, const struct punt_usage *usage);
void bindings_status(struct bindings *bindings, const struct punt_status *status, const struct instant *now);

/* Packets and octets of inner packets, of all data planes together (usage_sums.h). */
struct binding_usage {
	uint64_t up_packets;
	uint64_t up_octets;
	uint64_t down_packets;
	uint64_t down_octets;
};

/* A data plane, as it told last (C-5). */
enum { DATA_PLANES_MAX = 64, DATA_PLANE_SILENT_MS = 5000 };
struct data_plane_view {
	struct punt_status status;
	uint64_t heard_ms;      /* monotonic */
	uint64_t rows_a_second; /* applied, between its last two reports */
	uint64_t boots;         /* how often it started anew since it was first heard */
};

/* Up to `capacity` of them; returns their number. */
size_t bindings_data_planes(const struct bindings *bindings, struct data_plane_view *views, size_t capacity);

/* For operators: what stands in the index. */
struct binding_view {
	struct binding_key key;
	const char *subscriber;
	const struct feed_row *row;
	const struct feed_row *rates; /* the extra row; NULL: not limited */
	struct binding_usage usage;
};
size_t bindings_count(const struct bindings *bindings);
struct binding_version bindings_head(const struct bindings *bindings, uint8_t shard);
bool bindings_find(const struct bindings *bindings, const struct binding_key *key, struct binding_view *view);

/* Up to `capacity` bindings behind `after` (NULL: from the first) in a stable order; returns their number. */
size_t bindings_page(const struct bindings *bindings, const struct binding_key *after, struct binding_view *views,
                     size_t capacity);

/* Up to `capacity` bindings of the subscriber; returns their number. */
size_t bindings_of_subscriber(const struct bindings *bindings, const char *subscriber, struct binding_view *views,
                              size_t capacity);

const struct bindings_counters *bindings_counters(const struct bindings *bindings);

#endif
