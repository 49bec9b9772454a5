// SPDX-License-Identifier: BSD-3-Clause
/*
 * feed_world - both ends of the feed in virtual time: the control plane's owner of bindings (two of them while the
 * ownership changes), data planes with receiver and table, and between them channels that lose, repeat, delay and
 * reorder. What is durable outlives the owners; everything else dies with its process.
 *
 * After each message the tables are looked at (feed_watch.c): no withdrawn key comes back, no version falls, and each
 * entry is one that an owner has published.
 */
#ifndef KEDGE_TESTS_FEED_WORLD_H
#define KEDGE_TESTS_FEED_WORLD_H

#include "bindings.h"
#include "catch_up.h"
#include "receiving_end.h"
#include "virtual_time.h"

enum {
	FEED_KEYS = 96,
	FEED_SUBSCRIBERS = 12,
	FEED_MODEL_SHARDS = 5,
	FEED_PLANES = 2,
	FEED_OWNERS = 2,
	FEED_EPOCHS_MAX = 32,
	FEED_BROKEN_OCTETS = 200,
};

struct feed_world;

/* A change as it was published, to be found again by its version. */
struct told_change {
	uint8_t operation;
	uint8_t key; /* number */
	uint8_t care_of;
};

struct told_shard {
	struct told_change *changes; /* changes[i] has the sequence i + 1 */
	size_t count;
	size_t capacity;
};

/* A key as the operators' store holds it. */
struct durable_key {
	uint8_t subscriber; /* its number + 1; 0: not bound */
	uint8_t care_of;
	uint64_t expiry_ms;
};

struct feed_owner {
	struct feed_world *world;
	bool is_alive;
	uint64_t life;
	uint32_t epoch;
	struct timer_wheel timers;
	struct bindings *bindings;
	struct effects *effects;
};

/* What the watch knows of one key at one data plane since its start, for each shard. */
struct watched_key {
	bool is_there[FEED_MODEL_SHARDS];
	struct feed_version newest[FEED_MODEL_SHARDS];
	struct feed_version withdrawn[FEED_MODEL_SHARDS]; /* the newest withdrawal that has been delivered */
};

struct feed_plane {
	struct feed_world *world;
	unsigned number;
	uint64_t life;
	uint64_t stalled_until_ms; /* all that is sent to it until then is lost */
	uint64_t last_ms[2];       /* channels in order: nothing arrives before this */
	size_t table_max;
	struct receiving_end end;
	struct watched_key keys[FEED_KEYS];
};

struct feed_weather {
	uint32_t loss_percent;
	uint32_t repeat_percent;
	uint32_t delay_ms;
	bool reorders; /* else each channel keeps its order */
};

struct feed_world {
	struct virtual_time time;
	bool tells;
	struct feed_weather weather;
	size_t history_changes;
	uint32_t epoch;
	struct feed_owner owners[FEED_OWNERS];
	unsigned current; /* the owner that may write */
	struct feed_plane planes[FEED_PLANES];
	struct durable_key keys[FEED_KEYS];
	struct told_shard told[FEED_EPOCHS_MAX][FEED_MODEL_SHARDS];
	char broken[FEED_BROKEN_OCTETS]; /* the first thing that must not be; "" when all is well */
	uint64_t snapshots, changes, refused, applied_later, removals, lower_epochs;
};

void feed_world_start(struct feed_world *world, uint64_t seed, bool tells);
void feed_world_end(struct feed_world *world);

/* Lets `ms` pass; false as soon as something is broken. */
bool feed_world_run(struct feed_world *world, uint64_t ms);

__attribute__((format(printf, 2, 3))) void feed_world_break(struct feed_world *world, const char *format, ...);
__attribute__((format(printf, 2, 3))) void feed_world_tell(struct feed_world *world, const char *format, ...);

/* Binds the key for the subscriber, or withdraws it (subscriber 0), durably and by the current owner. */
void feed_world_set(struct feed_world *world, unsigned key, unsigned subscriber, uint8_t care_of, uint32_t lifetime_ms);
void feed_world_withdraw(struct feed_world *world, unsigned key);

/* The owner's turn ends: what was changed leaves. */
void feed_world_turn(struct feed_world *world);

/* The current owner dies; another one, of a higher epoch, takes over now or, `gap_ms` later, in its place. */
void feed_world_restart_owner(struct feed_world *world, uint32_t gap_ms);

/* Another owner takes over while the present one talks on for `zombie_ms`, though it can write no more. */
void feed_world_change_owner(struct feed_world *world, uint32_t zombie_ms);
void feed_world_restart_plane(struct feed_world *world, unsigned plane, size_t table_max);

/* The address 2001:db8:aa:NUMBER::/64, and back; -1 for none of them. */
struct binding_key feed_world_key(unsigned number);
int feed_world_number(const uint8_t octets[FEED_ADDRESS_OCTETS]);
uint8_t feed_world_shard(unsigned subscriber);

/* feed_watch.c: what a data plane was told, and how its table stands after it. */
void feed_watch_told(struct feed_plane *plane, const struct wire_view *frames, size_t count);
void feed_watch_look(struct feed_plane *plane);

/* All is quiet: both tables hold what is durable. */
void feed_watch_at_rest(struct feed_world *world);

#endif
