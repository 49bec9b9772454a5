// SPDX-License-Identifier: BSD-3-Clause
#include "change_history.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"

enum { BLOCK_ROWS = 64, RING_FIRST_BLOCKS = 4 };

struct extras {
	size_t count;
	uint8_t rows[];
};

struct block {
	struct block *next; /* by age, over all shards */
	struct block *prev;
	uint8_t shard;
	struct extras **extras; /* BLOCK_ROWS, NULL where there are none; NULL: none at all */
	uint8_t rows[BLOCK_ROWS][FEED_ROW_OCTETS];
};

/* A shard's blocks in a ring; all but the last are full, so a sequence says where its row lies. */
struct shard_history {
	struct block **ring;
	size_t capacity; /* a power of two, or 0 */
	size_t first;
	size_t blocks;
	uint64_t begin; /* sequence of the first row of the first block */
	uint64_t head;
};

struct change_history {
	struct shard_history shards[FEED_SHARDS];
	struct block *oldest;
	size_t blocks;
	size_t blocks_max;
};

struct change_history *change_history_new(size_t changes_max)
{
	struct change_history *history = allocate(sizeof(*history));

	/* each shard's last block may be nearly empty */
	history->blocks_max = (changes_max + BLOCK_ROWS - 1) / BLOCK_ROWS + FEED_SHARDS;
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		change_history_reset(history, (uint8_t)shard, 0);
	return history;
}

static struct block **slot(const struct shard_history *shard, size_t index)
{
	return &shard->ring[(shard->first + index) & (shard->capacity - 1)];
}

static void free_block(struct block *block)
{
	for (unsigned i = 0; block->extras && i < BLOCK_ROWS; i++)
		free(block->extras[i]);
	free(block->extras);
	free(block);
}

static void forget_first(struct change_history *history, struct shard_history *shard)
{
	struct block *block = *slot(shard, 0);

	DL_DELETE(history->oldest, block);
	free_block(block);
	history->blocks--;
	shard->first = (shard->first + 1) & (shard->capacity - 1);
	shard->blocks--;
	shard->begin = shard->blocks ? shard->begin + BLOCK_ROWS : shard->head + 1;
}

void change_history_free(struct change_history *history)
{
	if (!history)
		return;
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++) {
		change_history_reset(history, (uint8_t)shard, 0);
		free(history->shards[shard].ring);
	}
	free(history);
}

void change_history_reset(struct change_history *history, uint8_t shard_number, uint64_t sequence)
{
	struct shard_history *shard = &history->shards[shard_number];

	while (shard->blocks)
		forget_first(history, shard);
	shard->head = sequence;
	shard->begin = sequence + 1;
}

static void grow_ring(struct shard_history *shard)
{
	size_t capacity = shard->capacity ? shard->capacity * 2 : RING_FIRST_BLOCKS;
	struct block **ring = allocated(calloc(capacity, sizeof(*ring)));

	for (size_t i = 0; i < shard->blocks; i++)
		ring[i] = *slot(shard, i);
	free(shard->ring);
	shard->ring = ring;
	shard->capacity = capacity;
	shard->first = 0;
}

static void add_block(struct change_history *history, uint8_t shard_number)
{
	struct shard_history *shard = &history->shards[shard_number];
	struct block *block;

	if (history->blocks == history->blocks_max)
		forget_first(history, &history->shards[history->oldest->shard]);
	if (shard->blocks == shard->capacity)
		grow_ring(shard);
	block = allocated(malloc(sizeof(*block)));
	block->shard = shard_number;
	block->extras = NULL;
	DL_APPEND(history->oldest, block);
	history->blocks++;
	*slot(shard, shard->blocks++) = block;
}

static void append_extras(struct block *block, size_t index, const uint8_t *rows, size_t count)
{
	struct extras *extras = allocate(sizeof(*extras) + count * FEED_ROW_OCTETS);

	if (!block->extras)
		block->extras = allocated(calloc(BLOCK_ROWS, sizeof(struct extras *)));
	extras->count = count;
	memcpy(extras->rows, rows, count * FEED_ROW_OCTETS);
	block->extras[index] = extras;
}

void change_history_append(struct change_history *history, uint8_t shard_number, const uint8_t *rows, size_t count)
{
	struct shard_history *shard = &history->shards[shard_number];
	size_t index = (shard->head + 1 - shard->begin) % BLOCK_ROWS;
	struct block *block;

	if (shard->head + 1 - shard->begin == shard->blocks * BLOCK_ROWS)
		add_block(history, shard_number);
	block = *slot(shard, shard->blocks - 1);
	memcpy(block->rows[index], rows, FEED_ROW_OCTETS);
	if (count > 1)
		append_extras(block, index, rows + FEED_ROW_OCTETS, count - 1);
	shard->head++;
}

const uint8_t *change_history_row(const struct change_history *history, uint8_t shard_number, uint64_t sequence)
{
	const struct shard_history *shard = &history->shards[shard_number];
	uint64_t index = sequence - shard->begin;

	if (sequence < shard->begin || sequence > shard->head)
		return NULL;
	return (*slot(shard, index / BLOCK_ROWS))->rows[index % BLOCK_ROWS];
}

const uint8_t *change_history_extras(const struct change_history *history, uint8_t shard_number, uint64_t sequence,
                                     size_t *count)
{
	const struct shard_history *shard = &history->shards[shard_number];
	uint64_t index = sequence - shard->begin;
	const struct block *block = *slot(shard, index / BLOCK_ROWS);
	const struct extras *extras = block->extras ? block->extras[index % BLOCK_ROWS] : NULL;

	*count = extras ? extras->count : 0;
	return extras ? extras->rows : NULL;
}
