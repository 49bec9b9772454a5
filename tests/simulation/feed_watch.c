// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "feed_world.h"

void feed_watch_told(struct feed_plane *plane, const struct wire_view *frames, size_t count)
{
	static struct feed_message message;
	struct wire_reader rows;
	struct feed_row row;

	if (feed_message_read(frames, count, &message))
		return;
	rows = wire_reader_of_view(message.rows);
	while (wire_remaining(&rows) && feed_row_read(&rows, &row) == 0) {
		int number = feed_world_number(row.key);
		struct feed_version *withdrawn;

		if (row.operation != FEED_WITHDRAW || number < 0)
			continue;
		withdrawn = &plane->keys[number].withdrawn[row.shard];
		if (feed_version_compare(row.version, *withdrawn) > 0)
			*withdrawn = row.version;
	}
}

/* Whether an owner has published this very binding. */
static bool is_told(const struct feed_world *world, unsigned number, const struct binding_entry *entry,
                    const struct binding_cold *cold)
{
	const struct told_shard *shard = &world->told[cold->epoch][cold->shard];
	const struct told_change *change;

	if (cold->epoch >= FEED_EPOCHS_MAX || !cold->sequence || cold->sequence > shard->count)
		return false;
	change = &shard->changes[cold->sequence - 1];
	return change->operation == FEED_SET && change->key == number &&
	       change->care_of == shared_address_load(&entry->care_of_address).s6_addr[15];
}

static void look_at(struct feed_plane *plane, const struct binding_entry *entry, const struct binding_cold *cold,
                    bool was_there)
{
	struct feed_world *world = plane->world;
	int number = feed_world_number(entry->key.s6_addr);
	struct feed_version version = {cold->epoch, cold->sequence};
	struct watched_key *key;

	if (number < 0 || cold->shard >= FEED_MODEL_SHARDS || !is_told(world, (unsigned)number, entry, cold)) {
		feed_world_break(world, "plane %u, key %d: no owner has published this", plane->number, number);
		return;
	}
	key = &plane->keys[number];
	if (feed_version_compare(version, key->newest[cold->shard]) < 0)
		feed_world_break(world, "plane %u, key %d: fell from %u/%llu to %u/%llu", plane->number, number,
		                 key->newest[cold->shard].epoch, (unsigned long long)key->newest[cold->shard].sequence,
		                 version.epoch, (unsigned long long)version.sequence);
	else if (!was_there && feed_version_compare(version, key->newest[cold->shard]) == 0)
		feed_world_break(world, "plane %u, key %d: version %u/%llu was gone and came back", plane->number,
		                 number, version.epoch, (unsigned long long)version.sequence);
	else if (!was_there && feed_version_compare(version, key->withdrawn[cold->shard]) < 0)
		feed_world_break(world, "plane %u, key %d: %u/%llu came after its withdrawal by %u/%llu", plane->number,
		                 number, version.epoch, (unsigned long long)version.sequence,
		                 key->withdrawn[cold->shard].epoch,
		                 (unsigned long long)key->withdrawn[cold->shard].sequence);
	key->newest[cold->shard] = version;
	key->is_there[cold->shard] = true;
}

void feed_watch_look(struct feed_plane *plane)
{
	bool was_there[FEED_KEYS][FEED_MODEL_SHARDS];
	const struct binding_entry *entry;
	size_t cursor = 0;

	for (unsigned i = 0; i < FEED_KEYS; i++) {
		memcpy(was_there[i], plane->keys[i].is_there, sizeof(was_there[i]));
		memset(plane->keys[i].is_there, 0, sizeof(plane->keys[i].is_there));
	}
	while ((entry = table_writer_next(plane->end.table, &cursor)) && !plane->world->broken[0]) {
		const struct binding_cold *cold = binding_table_cold(plane->end.table, entry);
		int number = feed_world_number(entry->key.s6_addr);

		look_at(plane, entry, cold,
		        number >= 0 && cold->shard < FEED_MODEL_SHARDS && was_there[number][cold->shard]);
	}
}

static void plane_at_rest(struct feed_world *world, struct feed_plane *plane)
{
	size_t bound = 0;

	if (!feed_receiver_in_sync(plane->end.receiver))
		feed_world_break(world, "plane %u does not come in sync", plane->number);
	for (unsigned number = 0; number < FEED_KEYS; number++) {
		struct binding_key key = feed_world_key(number);
		const struct durable_key *durable = &world->keys[number];
		const struct binding_entry *entry;
		struct in6_addr octets;

		memcpy(&octets, key.octets, sizeof(octets));
		entry = table_writer_find(plane->end.table, &octets);
		bound += durable->subscriber != 0;
		if (!entry != !durable->subscriber)
			feed_world_break(world, "plane %u, key %u: %s", plane->number, number,
			                 entry ? "is there without an owner" : "is missing");
		else if (entry && shared_address_load(&entry->care_of_address).s6_addr[15] != durable->care_of)
			feed_world_break(world, "plane %u, key %u: an old care-of address", plane->number, number);
		else if (entry && binding_table_cold(plane->end.table, entry)->shard !=
		                          feed_world_shard(durable->subscriber - 1u))
			feed_world_break(world, "plane %u, key %u: of an old subscriber", plane->number, number);
	}
	if (binding_table_count(plane->end.table) != bound)
		feed_world_break(world, "plane %u holds %zu bindings, not %zu", plane->number,
		                 binding_table_count(plane->end.table), bound);
	if (feed_receiver_held(plane->end.receiver))
		feed_world_break(world, "plane %u still holds %zu tombstones and refused rows", plane->number,
		                 feed_receiver_held(plane->end.receiver));
}

void feed_watch_at_rest(struct feed_world *world)
{
	for (unsigned i = 0; i < FEED_PLANES && !world->broken[0]; i++)
		plane_at_rest(world, &world->planes[i]);
}
