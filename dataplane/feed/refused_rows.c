// SPDX-License-Identifier: BSD-3-Clause
#include "refused_rows.h"

#include <stdlib.h>
#include <uthash.h>

struct refused_key {
	uint8_t octets[FEED_ADDRESS_OCTETS];
	uint8_t shard;
};

struct refused_row {
	UT_hash_handle hh;
	struct refused_key key;
	uint32_t named_in; /* the snapshot that named it last */
	struct feed_row feed;
};

static struct refused_key key_of(const void *octets, uint8_t shard)
{
	struct refused_key key = {.shard = shard};

	memcpy(key.octets, octets, sizeof(key.octets));
	return key;
}

size_t refused_rows_count(const struct refused_rows *rows)
{
	return HASH_COUNT(rows->by_key);
}

struct refused_row *refused_rows_find(const struct refused_rows *rows, const struct in6_addr *address, uint8_t shard)
{
	struct refused_key key;
	struct refused_row *row;

	if (!rows->by_key)
		return NULL;
	key = key_of(address, shard);
	HASH_FIND(hh, rows->by_key, &key, sizeof(key), row);
	return row;
}

const struct feed_row *refused_row_feed(const struct refused_row *row)
{
	return &row->feed;
}

uint32_t refused_row_named_in(const struct refused_row *row)
{
	return row->named_in;
}

void refused_row_name(struct refused_row *row, uint32_t snapshot)
{
	row->named_in = snapshot;
}

bool refused_rows_keep(struct refused_rows *rows, const struct feed_row *feed, uint32_t named_in)
{
	struct refused_key key = key_of(feed->key, feed->shard);
	struct refused_row *row;

	HASH_FIND(hh, rows->by_key, &key, sizeof(key), row);
	if (!row) {
		row = HASH_COUNT(rows->by_key) < rows->rows_max ? calloc(1, sizeof(*row)) : NULL;
		if (!row)
			return false;
		row->key = key;
		HASH_ADD(hh, rows->by_key, key, sizeof(row->key), row);
	}
	row->feed = *feed;
	row->named_in = named_in;
	return true;
}

void refused_rows_drop(struct refused_rows *rows, struct refused_row *row)
{
	HASH_DEL(rows->by_key, row);
	free(row);
}

struct refused_row *refused_rows_first(const struct refused_rows *rows)
{
	return rows->by_key;
}

void refused_rows_postpone(struct refused_rows *rows, struct refused_row *row)
{
	HASH_DEL(rows->by_key, row);
	HASH_ADD(hh, rows->by_key, key, sizeof(row->key), row);
}

void refused_rows_sweep(struct refused_rows *rows, uint8_t shard, struct feed_version version, uint32_t snapshot)
{
	struct refused_row *row, *following;

	HASH_ITER (hh, rows->by_key, row, following)
		if (row->feed.shard == shard && row->named_in != snapshot &&
		    feed_version_compare(row->feed.version, version) <= 0)
			refused_rows_drop(rows, row);
}

void refused_rows_clear(struct refused_rows *rows)
{
	while (rows->by_key)
		refused_rows_drop(rows, rows->by_key);
}
