// SPDX-License-Identifier: BSD-3-Clause
#include "reference_receiver.h"

#include "vectors.h"

void receiver_start(struct receiver *receiver)
{
	memset(receiver, 0, sizeof(*receiver));
}

static struct known *known_of(struct receiver *receiver, const struct feed_row *row)
{
	for (size_t i = 0; i < RECEIVER_KEYS_MAX; i++) {
		struct known *known = &receiver->known[i];

		if (!known->used) {
			known->used = true;
			memcpy(known->row.key, row->key, sizeof(row->key));
			known->row.key_length = row->key_length;
			known->row.shard = row->shard;
			return known;
		}
		if (known->row.key_length == row->key_length && memcmp(known->row.key, row->key, sizeof(row->key)) == 0)
			return known;
	}
	fail_msg("too many keys");
	return NULL;
}

static void apply(struct receiver *receiver, const struct feed_row *row)
{
	struct known *known = known_of(receiver, row);

	if (feed_version_compare(row->version, known->row.version) <= 0)
		return;
	known->row = *row;
	known->present = row->operation == FEED_SET;
	if (!known->present)
		known->withdrawn = row->version;
	else if (feed_version_compare(row->version, known->withdrawn) < 0)
		receiver->came_back++;
}

/* Tombstones may go when nothing older can come any more. The newest withdrawal stays known to the test alone. */
static void forget_tombstones(struct receiver *receiver, uint8_t shard)
{
	for (size_t i = 0; i < RECEIVER_KEYS_MAX && receiver->known[i].used; i++) {
		struct known *known = &receiver->known[i];

		if (known->row.shard == shard && !known->present)
			known->row.version = (struct feed_version){0};
	}
}

static void join_run(struct receiver_shard *shard)
{
	if (shard->run.epoch == shard->complete.epoch && shard->run.first <= shard->complete.sequence + 1 &&
	    shard->run.last > shard->complete.sequence)
		shard->complete.sequence = shard->run.last;
}

static void note_head(struct receiver_shard *shard, uint32_t epoch, uint64_t sequence)
{
	const struct feed_version head = {epoch, sequence};

	if (feed_version_compare(head, shard->head) > 0)
		shard->head = head;
}

bool receiver_is_complete(const struct receiver *receiver, uint8_t shard)
{
	const struct receiver_shard *at = &receiver->shards[shard];

	return at->complete.epoch && !at->asking && feed_version_compare(at->complete, at->head) >= 0;
}

void receiver_feed(struct receiver *receiver, const struct wire_view *frames, size_t count)
{
	static struct feed_message message;
	struct wire_reader rows;

	assert_int_equal(feed_message_read(frames, count, &message), 0);
	for (unsigned i = 0; i < message.shards; i++) {
		const struct feed_range *range = &message.ranges[i];
		struct receiver_shard *shard = &receiver->shards[range->shard];

		note_head(shard, range->epoch, range->last);
		if (message.kind != FEED_BATCH || range->epoch < shard->complete.epoch)
			continue;
		if (shard->run.epoch == range->epoch && shard->run.last + 1 == range->first)
			shard->run.last = range->last;
		else
			shard->run = *range;
		if (!shard->asking)
			join_run(shard);
	}
	for (rows = wire_reader_of_view(message.rows); wire_remaining(&rows);) {
		struct feed_row row;

		assert_int_equal(feed_row_read(&rows, &row), 0);
		if (row.version.epoch >= receiver->shards[row.shard].complete.epoch)
			apply(receiver, &row);
		if (receiver_is_complete(receiver, row.shard))
			forget_tombstones(receiver, row.shard);
	}
}

bool receiver_wants(struct receiver *receiver, uint8_t shard, uint32_t credit, struct catch_up_message *ask)
{
	struct receiver_shard *at = &receiver->shards[shard];

	if (at->asking || !at->head.epoch || receiver_is_complete(receiver, shard))
		return false;
	at->asking = true;
	at->in_snapshot = false;
	at->request = ++receiver->requests;
	*ask = (struct catch_up_message){
	        .kind = CATCH_UP_ASK,
	        .shard = shard,
	        .request = at->request,
	        .version = at->complete,
	        .amount = credit,
	};
	return true;
}

void receiver_give_up(struct receiver *receiver, uint8_t shard)
{
	receiver->shards[shard].asking = false;
	receiver->shards[shard].in_snapshot = false;
}

static void done(struct receiver *receiver, uint8_t number, struct feed_version version)
{
	struct receiver_shard *shard = &receiver->shards[number];

	shard->asking = false;
	shard->in_snapshot = false;
	shard->complete = version;
	note_head(shard, version.epoch, version.sequence);
	join_run(shard);
	if (receiver_is_complete(receiver, number))
		forget_tombstones(receiver, number);
}

static void mark_all(struct receiver *receiver, uint8_t shard, bool named)
{
	for (size_t i = 0; i < RECEIVER_KEYS_MAX && receiver->known[i].used; i++)
		if (receiver->known[i].row.shard == shard)
			receiver->known[i].named = named;
}

static void remove_unnamed(struct receiver *receiver, uint8_t shard, struct feed_version version)
{
	for (size_t i = 0; i < RECEIVER_KEYS_MAX && receiver->known[i].used; i++) {
		struct known *known = &receiver->known[i];

		if (known->row.shard == shard && known->present && !known->named &&
		    feed_version_compare(known->row.version, version) <= 0) {
			known->present = false;
			known->withdrawn = version;
		}
	}
}

/* Whether a message before this one was lost. */
static bool chunk_is_missing(struct receiver_shard *shard, const struct catch_up_message *message)
{
	uint64_t rows = message->rows.octets / FEED_ROW_OCTETS;

	if (message->kind == CATCH_UP_CHANGES)
		return shard->in_snapshot || message->version.epoch != shard->complete.epoch ||
		       message->version.sequence - rows != shard->complete.sequence;
	if (!shard->in_snapshot)
		return true;
	return message->amount != (message->kind == CATCH_UP_SNAPSHOT_CHUNK ? shard->chunks++ : shard->chunks);
}

uint32_t receiver_answer(struct receiver *receiver, const struct wire_view *frames, size_t count)
{
	struct catch_up_message message;
	struct receiver_shard *shard;
	struct wire_reader rows;
	struct feed_row row;

	assert_int_equal(catch_up_message_read(frames, count, &message), 0);
	shard = &receiver->shards[message.shard];
	if (!shard->asking || shard->request != message.request)
		return 0;
	if (message.kind == CATCH_UP_REFUSED) {
		receiver_give_up(receiver, message.shard);
		return 0;
	}
	if (message.kind == CATCH_UP_SNAPSHOT_BEGIN) {
		shard->in_snapshot = true;
		shard->chunks = 0;
		receiver->snapshots++;
		mark_all(receiver, message.shard, false);
		return 0;
	}
	if (chunk_is_missing(shard, &message)) {
		receiver_give_up(receiver, message.shard);
		return 0;
	}
	for (rows = wire_reader_of_view(message.rows); wire_remaining(&rows);) {
		assert_int_equal(feed_row_read(&rows, &row), 0);
		apply(receiver, &row);
		if (shard->in_snapshot)
			known_of(receiver, &row)->named = true;
	}
	if (message.kind == CATCH_UP_CHANGES) {
		shard->complete = message.version;
		receiver->change_answers++;
		if (!message.amount)
			done(receiver, message.shard, message.version);
		return message.amount;
	}
	if (message.kind == CATCH_UP_SNAPSHOT_END) {
		remove_unnamed(receiver, message.shard, message.version);
		done(receiver, message.shard, message.version);
		return 0;
	}
	return 1;
}

const struct feed_row *receiver_find(const struct receiver *receiver, const struct binding_key *key)
{
	for (size_t i = 0; i < RECEIVER_KEYS_MAX && receiver->known[i].used; i++) {
		const struct known *known = &receiver->known[i];

		if (known->present && known->row.key_length == key->length &&
		    memcmp(known->row.key, key->octets, sizeof(key->octets)) == 0)
			return &known->row;
	}
	return NULL;
}

size_t receiver_count(const struct receiver *receiver)
{
	size_t count = 0;

	for (size_t i = 0; i < RECEIVER_KEYS_MAX && receiver->known[i].used; i++)
		count += receiver->known[i].present;
	return count;
}
