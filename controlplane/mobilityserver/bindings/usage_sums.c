// SPDX-License-Identifier: BSD-3-Clause
#include "usage_sums.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "allocation.h"
#include "record_table.h"

/* What one run of a data plane has counted. */
struct usage_source {
	struct usage_source *next;
	struct usage_source *prev;
	uint64_t boot;
	struct feed_version version; /* of the binding, when it reported last */
	bool has_ended;              /* the final report of the binding has come */
	struct binding_usage counted;
	struct binding_usage before; /* by the binding before: its final report may come late */
};

/* A key may be bound with another shard while that of the one before is not yet forgotten. */
struct usage_name {
	struct binding_key key;
	uint8_t shard;
};
_Static_assert(sizeof(struct usage_name) == sizeof(struct binding_key) + 1, "octets alone: it is hashed");

struct usage_record {
	struct usage_name name;
	char *subscriber;
	struct binding_usage sum;
	struct feed_version withdrawn;
	uint64_t unbound_ms; /* 0: bound */
	struct usage_record *next_unbound;
	struct usage_record *prev_unbound;
	struct usage_source *sources; /* latest first */
};

struct usage_sums {
	struct record_table records;
	struct usage_record *unbound; /* in the order in which they were withdrawn */
};

struct usage_sums *usage_sums_new(void)
{
	return allocate(sizeof(struct usage_sums));
}

static uint64_t hash_of(const struct usage_name *name)
{
	return record_hash(name, sizeof(*name));
}

static bool has_name(const void *record, const void *name)
{
	return memcmp(&((const struct usage_record *)record)->name, name, sizeof(struct usage_name)) == 0;
}

static void forget(struct usage_sums *sums, struct usage_record *record)
{
	struct usage_source *source, *following;

	if (record->unbound_ms)
		DL_DELETE2(sums->unbound, record, prev_unbound, next_unbound);
	record_table_remove(&sums->records, hash_of(&record->name), record);
	DL_FOREACH_SAFE(record->sources, source, following)
	free(source);
	free(record->subscriber);
	free(record);
}

void usage_sums_free(struct usage_sums *sums)
{
	struct usage_record *record;

	if (!sums)
		return;
	while ((record = record_table_first(&sums->records)))
		forget(sums, record);
	record_table_clear(&sums->records);
	free(sums);
}

static struct usage_record *find(const struct usage_sums *sums, const struct binding_key *key, uint8_t shard)
{
	const struct usage_name name = {*key, shard};

	return record_table_find(&sums->records, hash_of(&name), has_name, &name);
}

static struct usage_record *record_of(struct usage_sums *sums, const struct binding_key *key, uint8_t shard,
                                      const char *subscriber)
{
	struct usage_record *record = find(sums, key, shard);

	if (record || !subscriber)
		return record;
	record = allocate(sizeof(*record));
	record->name = (struct usage_name){*key, shard};
	record->subscriber = allocate_text(subscriber);
	record_table_add(&sums->records, hash_of(&record->name), record);
	return record;
}

/* The source of this boot, as the first of the list. The one that was silent longest goes when there are too many. */
static struct usage_source *source_of(struct usage_record *record, uint64_t boot)
{
	struct usage_source *source;
	unsigned count = 0;

	DL_FOREACH(record->sources, source)
	{
		if (source->boot == boot)
			break;
		count++;
	}
	if (source) {
		DL_DELETE(record->sources, source);
	} else {
		if (count == USAGE_BOOTS_MAX) {
			struct usage_source *last = record->sources->prev;

			DL_DELETE(record->sources, last);
			free(last);
		}
		source = allocate(sizeof(*source));
		source->boot = boot;
	}
	DL_PREPEND(record->sources, source);
	return source;
}

static bool has_fallen(const struct binding_usage *now, const struct binding_usage *before)
{
	return now->up_packets < before->up_packets || now->up_octets < before->up_octets ||
	       now->down_packets < before->down_packets || now->down_octets < before->down_octets;
}

/* Adds what has been counted since `before`, which then is `now`. Counters that fell have begun anew. */
static void add(struct binding_usage *sum, const struct binding_usage *now, struct binding_usage *before)
{
	if (has_fallen(now, before))
		*before = (struct binding_usage){0};
	sum->up_packets += now->up_packets - before->up_packets;
	sum->up_octets += now->up_octets - before->up_octets;
	sum->down_packets += now->down_packets - before->down_packets;
	sum->down_octets += now->down_octets - before->down_octets;
	*before = *now;
}

static bool is_newer(struct feed_version version, struct feed_version withdrawn)
{
	return feed_version_compare(version, withdrawn) > 0;
}

static void final_report(struct usage_record *record, struct usage_source *source, const struct binding_usage *now)
{
	if (record->withdrawn.epoch && source->version.epoch && is_newer(source->version, record->withdrawn)) {
		add(&record->sum, now, &source->before);
		source->before = (struct binding_usage){0};
		return;
	}
	if (source->has_ended)
		source->counted = (struct binding_usage){0};
	add(&record->sum, now, &source->counted);
	source->has_ended = true;
}

bool usage_sums_report(struct usage_sums *sums, uint64_t boot, const struct punt_usage_row *row, const char *subscriber)
{
	const struct binding_usage now = {row->up_packets, row->up_octets, row->down_packets, row->down_octets};
	struct binding_key key = {.length = row->key_length};
	struct usage_record *record;
	struct usage_source *source;

	memcpy(key.octets, row->key, sizeof(key.octets));
	record = record_of(sums, &key, row->shard, subscriber);
	if (!record)
		return false;
	source = source_of(record, boot);
	if (!row->version.epoch) {
		final_report(record, source, &now);
		return true;
	}
	if (source->has_ended || (source->version.epoch && is_newer(row->version, record->withdrawn) &&
	                          !is_newer(source->version, record->withdrawn))) {
		source->before = source->has_ended ? (struct binding_usage){0} : source->counted;
		source->counted = (struct binding_usage){0};
		source->has_ended = false;
	}
	source->version = row->version;
	add(&record->sum, &now, &source->counted);
	return true;
}

void usage_sums_bound(struct usage_sums *sums, const struct binding_key *key, uint8_t shard, const char *subscriber)
{
	struct usage_record *record = find(sums, key, shard);

	if (!record || !record->unbound_ms)
		return;
	DL_DELETE2(sums->unbound, record, prev_unbound, next_unbound);
	record->unbound_ms = 0;
	if (strcmp(record->subscriber, subscriber) == 0)
		return;
	free(record->subscriber);
	record->subscriber = allocate_text(subscriber);
	record->sum = (struct binding_usage){0};
}

void usage_sums_withdrawn(struct usage_sums *sums, const struct binding_key *key, uint8_t shard,
                          struct feed_version version, uint64_t now_ms)
{
	struct usage_record *record = find(sums, key, shard);

	if (!record || record->unbound_ms)
		return;
	record->withdrawn = version;
	record->unbound_ms = now_ms ? now_ms : 1;
	DL_APPEND2(sums->unbound, record, prev_unbound, next_unbound);
}

struct binding_usage usage_sums_of(const struct usage_sums *sums, const struct binding_key *key, uint8_t shard)
{
	const struct usage_record *record = find(sums, key, shard);

	return record ? record->sum : (struct binding_usage){0};
}

void usage_sums_sweep(struct usage_sums *sums, uint64_t now_ms)
{
	for (unsigned i = 0; i < USAGE_FORGOTTEN_A_TIME && sums->unbound; i++) {
		if (now_ms - sums->unbound->unbound_ms < USAGE_KEPT_MS)
			return;
		forget(sums, sums->unbound);
	}
}
