// SPDX-License-Identifier: BSD-3-Clause
#include "simulated_plane.h"

#include <stdlib.h>
#include <string.h>

#include "ip.h"

enum {
	TABLE_MAX = 256,
	TICK_MS = 20,
	QUIET_TICK_MS = 500,
	HOLD_MS = 50,
	HANDOVER_GRACE_MS = 2000,
	HOME_PREFIX_OCTETS = 8
};

static int ask(void *context, struct wire_view frame)
{
	struct simulated_plane *plane = context;

	plane->outlet.ask(plane->outlet.context, plane->number, frame);
	return 0;
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	struct simulated_plane *plane = context;

	(void)row;
	plane->outlet.broken(plane->outlet.context, trouble == RECEIVER_TABLE_FULL
	                                                    ? "the data plane's table is full"
	                                                    : "one key with two owners came to the data plane (A-7)");
}

static void make(struct simulated_plane *plane)
{
	const struct receiver_outlet outlet = {.context = plane, .ask = ask, .trouble = trouble};

	receiving_end_open(&plane->end, TABLE_MAX, HANDOVER_GRACE_MS, plane->time->now_ms, &outlet);
	plane->key_count = 0;
}

static struct plane_key *key_of(struct simulated_plane *plane, const struct in6_addr *key)
{
	for (size_t i = 0; i < plane->key_count; i++) {
		if (in6_is_equal(&plane->keys[i].key, key))
			return &plane->keys[i];
	}
	if (plane->key_count == PLANE_KEYS_MAX)
		abort();
	plane->keys[plane->key_count] = (struct plane_key){.key = *key};
	return &plane->keys[plane->key_count++];
}

/* No withdrawn key comes back: what was gone stands there again only in a newer version, and no version ever falls. */
static void look(struct simulated_plane *plane)
{
	const struct binding_entry *entry;
	bool was_there[PLANE_KEYS_MAX];
	size_t cursor = 0;

	for (size_t i = 0; i < plane->key_count; i++) {
		was_there[i] = plane->keys[i].is_there;
		plane->keys[i].is_there = false;
	}
	while ((entry = table_writer_next(plane->end.table, &cursor))) {
		const struct binding_cold *cold = binding_table_cold(plane->end.table, entry);
		struct plane_key *key = key_of(plane, &entry->key);
		struct feed_version version = {cold->epoch, cold->sequence};
		size_t index = (size_t)(key - plane->keys);
		int order = feed_version_compare(version, key->newest);

		if (key->newest.epoch && (order < 0 || (order == 0 && !was_there[index])))
			plane->outlet.broken(plane->outlet.context, order < 0
			                                                    ? "a binding fell back to an older version"
			                                                    : "a withdrawn key came back");
		key->newest = version;
		key->is_there = true;
	}
	while (table_writer_reclaim(plane->end.table, 64, NULL, NULL) > 64)
		;
}

static void tick(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_plane *plane = context;

	(void)bytes;
	(void)octets;
	if (life != plane->life)
		return;
	expiry_tick(&plane->end.expiry, plane->time->now_ms);
	feed_receiver_tick(plane->end.receiver, plane->time->now_ms);
	look(plane);
	virtual_time_schedule(plane->time, feed_receiver_in_sync(plane->end.receiver) ? QUIET_TICK_MS : TICK_MS, tick,
	                      plane, plane->life, NULL, 0);
}

void simulated_plane_start(struct simulated_plane *plane, unsigned number, struct virtual_time *time,
                           const struct plane_outlet *outlet)
{
	memset(plane, 0, sizeof(*plane));
	plane->number = number;
	plane->time = time;
	plane->outlet = *outlet;
	make(plane);
	virtual_time_schedule(time, TICK_MS, tick, plane, plane->life, NULL, 0);
}

void simulated_plane_end(struct simulated_plane *plane)
{
	plane->life++;
	receiving_end_close(&plane->end);
}

void simulated_plane_restart(struct simulated_plane *plane)
{
	plane->life++;
	receiving_end_close(&plane->end);
	make(plane);
	virtual_time_schedule(plane->time, TICK_MS, tick, plane, plane->life, NULL, 0);
}

void simulated_plane_feed(struct simulated_plane *plane, const struct wire_view *frames, size_t count)
{
	feed_receiver_feed(plane->end.receiver, frames, count, plane->time->now_ms);
	look(plane);
}

void simulated_plane_catch_up(struct simulated_plane *plane, const struct wire_view *frames, size_t count)
{
	feed_receiver_catch_up(plane->end.receiver, frames, count, plane->time->now_ms);
	look(plane);
}

void simulated_plane_disconnected(struct simulated_plane *plane)
{
	feed_receiver_disconnected(plane->end.receiver);
}

/* A packet that waits: until when, for what, and its octets. */
struct held_packet {
	uint64_t until_ms;
	struct feed_version not_before;
	uint8_t shard;
};

static void try_to_send(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_plane *plane = context;
	struct held_packet held;

	if (life != plane->life)
		return;
	memcpy(&held, bytes, sizeof(held));
	if (!feed_receiver_has(plane->end.receiver, held.shard, held.not_before)) {
		if (plane->time->now_ms < held.until_ms) {
			virtual_time_schedule(plane->time, 1, try_to_send, plane, life, bytes, octets);
			return;
		}
		plane->too_late++;
	}
	plane->outlet.deliver(plane->outlet.context, bytes + sizeof(held), octets - sizeof(held));
}

void simulated_plane_inject(struct simulated_plane *plane, uint8_t shard, struct feed_version not_before,
                            const void *packet, size_t octets)
{
	uint8_t whole[sizeof(struct held_packet) + 2048];
	struct held_packet held = {plane->time->now_ms + HOLD_MS, not_before, shard};

	if (octets > 2048)
		abort();
	memcpy(whole, &held, sizeof(held));
	memcpy(whole + sizeof(held), packet, octets);
	try_to_send(plane, plane->life, whole, sizeof(held) + octets);
}

bool simulated_plane_find(const struct simulated_plane *plane, const struct in6_addr *key,
                          struct in6_addr *care_of_address)
{
	const struct binding_entry *entry = table_writer_find(plane->end.table, key);

	if (!entry)
		return false;
	*care_of_address = shared_address_load(&entry->care_of_address);
	return true;
}

/* A subscriber's key is his /64. An entry that has expired counts as absent. */
static const struct binding_entry *live_entry(const struct simulated_plane *plane, const struct in6_addr *home_address)
{
	uint64_t horizon = expiry_horizon(&plane->end.expiry, plane->time->now_ms);
	struct in6_addr key = *home_address;
	const struct binding_entry *entry;

	memset(key.s6_addr + HOME_PREFIX_OCTETS, 0, sizeof(key) - HOME_PREFIX_OCTETS);
	entry = table_writer_find(plane->end.table, &key);
	return entry && binding_expiry_load(entry) > horizon ? entry : NULL;
}

bool simulated_plane_lets_up(const struct simulated_plane *plane, const struct in6_addr *home_address,
                             const struct in6_addr *care_of_address)
{
	const struct binding_entry *entry = live_entry(plane, home_address);
	const struct binding_side *side;
	struct in6_addr bound;

	if (!entry)
		return false;
	bound = shared_address_load(&entry->care_of_address);
	if (in6_is_equal(&bound, care_of_address))
		return true;
	if (!(binding_traits_load(entry).flags & BINDING_HAS_PREVIOUS))
		return false;
	side = binding_table_side(plane->end.table, entry);
	if (!side || plane->time->now_ms >= side->previous_until_and_port >> 16)
		return false;
	bound = shared_address_load(&side->previous_care_of);
	return in6_is_equal(&bound, care_of_address);
}

bool simulated_plane_lets_down(const struct simulated_plane *plane, const struct in6_addr *home_address,
                               struct in6_addr *care_of_address)
{
	const struct binding_entry *entry = live_entry(plane, home_address);

	if (entry)
		*care_of_address = shared_address_load(&entry->care_of_address);
	return entry != NULL;
}

size_t simulated_plane_count(const struct simulated_plane *plane)
{
	return binding_table_count(plane->end.table);
}
