// SPDX-License-Identifier: BSD-3-Clause
#include "feed_receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "tombstones.h"

struct shard {
	struct feed_version complete;
	struct feed_version head; /* the newest version heard of */
	struct feed_range run;    /* what the feed brought without gap, last */
	struct tombstones tombstones;
	bool asking;
	bool in_snapshot;
	bool sweeping; /* the snapshot has ended; what it did not name is to be removed … */
	bool swept;    /* … by the walk under way */
	uint32_t request;
	uint32_t chunks;   /* of the snapshot, so far */
	uint32_t snapshot; /* its number here */
	struct feed_version snapshot_version;
	uint64_t heard_ms; /* last message for the request */
};

struct feed_receiver {
	struct binding_table *table;
	struct expiry *expiry;
	uint32_t handover_grace_ms;
	struct receiver_outlet outlet;
	struct feed_receiver_counters counters;
	struct feed_message message; /* large, so not on the stack */
	uint32_t last_request;
	uint32_t last_snapshot;
	unsigned asking;
	unsigned next_to_ask;
	bool walking; /* over the table, for the shards whose `swept` is set */
	size_t walk_cursor;
	struct shard shards[FEED_SHARDS];
};

struct feed_receiver *feed_receiver_new(struct binding_table *table, struct expiry *expiry, uint32_t handover_grace_ms,
                                        const struct receiver_outlet *outlet)
{
	struct feed_receiver *receiver = calloc(1, sizeof(*receiver));

	if (!receiver)
		return NULL;
	receiver->table = table;
	receiver->expiry = expiry;
	receiver->handover_grace_ms = handover_grace_ms;
	receiver->outlet = *outlet;
	return receiver;
}

void feed_receiver_free(struct feed_receiver *receiver)
{
	if (!receiver)
		return;
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		tombstones_clear(&receiver->shards[i].tombstones);
	free(receiver);
}

static bool is_complete(const struct shard *shard)
{
	return shard->complete.epoch && !shard->asking && !shard->sweeping &&
	       feed_version_compare(shard->complete, shard->head) >= 0;
}

/* Nothing older can come any more. */
static void settle(struct shard *shard)
{
	if (is_complete(shard))
		tombstones_clear(&shard->tombstones);
}

static void note_head(struct shard *shard, struct feed_version head)
{
	if (feed_version_compare(head, shard->head) > 0)
		shard->head = head;
}

/* What the feed brought without gap may reach further than what was asked for. */
static void join_run(struct shard *shard)
{
	if (shard->run.epoch == shard->complete.epoch && shard->run.first <= shard->complete.sequence + 1 &&
	    shard->run.last > shard->complete.sequence)
		shard->complete.sequence = shard->run.last;
}

static struct feed_version version_of(const struct binding_table *table, const struct binding_entry *entry)
{
	const struct binding_cold *cold = binding_table_cold(table, entry);

	return (struct feed_version){cold->epoch, cold->sequence};
}

static void set(struct feed_receiver *receiver, struct shard *shard, const struct feed_row *row, uint64_t now_ms)
{
	struct binding_record record = {
	        .expiry_unix_ms = row->expiry_unix_ms,
	        .sequence = row->version.sequence,
	        .epoch = row->version.epoch,
	        .named_in = shard->in_snapshot || shard->sweeping ? shard->snapshot : 0,
	        .port = row->port,
	        .inner_mtu_bytes = row->inner_mtu_bytes,
	        .kind = row->tunnel_kind,
	        .shard = row->shard,
	        .key_length = row->key_length,
	        .care_of_unverified = row->flags & FEED_FLAG_CARE_OF_UNVERIFIED,
	};
	int result;

	memcpy(&record.key, row->key, sizeof(record.key));
	memcpy(&record.care_of_address, row->care_of_address, sizeof(record.care_of_address));
	receiver->outlet.resolve(receiver->outlet.context, row, &record);
	result = table_writer_set(receiver->table, &record, now_ms, receiver->handover_grace_ms);
	if (result == -EEXIST) {
		receiver->counters.rows_key_conflict++;
		receiver->outlet.trouble(receiver->outlet.context, RECEIVER_KEY_CONFLICT, row);
	} else if (result) {
		receiver->counters.rows_table_full++;
		receiver->outlet.trouble(receiver->outlet.context, RECEIVER_TABLE_FULL, row);
	} else {
		receiver->counters.rows_set++;
	}
}

static void withdraw(struct feed_receiver *receiver, struct shard *shard, const struct feed_row *row,
                     const struct in6_addr *key)
{
	if (table_writer_withdraw(receiver->table, key) == 0)
		receiver->counters.rows_withdrawn++;
	if (!is_complete(shard))
		tombstones_add(&shard->tombstones, key, row->version);
}

/* Over a lower version alone: what is newer already, or withdrawn later, stays. */
static void apply(struct feed_receiver *receiver, const struct feed_row *row, uint64_t now_ms)
{
	struct shard *shard = &receiver->shards[row->shard];
	struct binding_entry *entry;
	struct in6_addr key;

	memcpy(&key, row->key, sizeof(key));
	entry = table_writer_find(receiver->table, &key);
	if (entry && binding_table_cold(receiver->table, entry)->shard == row->shard &&
	    feed_version_compare(version_of(receiver->table, entry), row->version) >= 0) {
		receiver->counters.rows_old++;
		if (shard->in_snapshot)
			binding_table_cold(receiver->table, entry)->named_in = shard->snapshot;
		return;
	}
	if (feed_version_compare(tombstones_find(&shard->tombstones, &key), row->version) >= 0) {
		receiver->counters.rows_old++;
		return;
	}
	if (row->operation == FEED_SET)
		set(receiver, shard, row, now_ms);
	else if (!entry || binding_table_cold(receiver->table, entry)->shard == row->shard)
		withdraw(receiver, shard, row, &key);
}

static void note_range(struct feed_receiver *receiver, const struct feed_range *range, bool is_batch)
{
	struct shard *shard = &receiver->shards[range->shard];
	bool was_complete = is_complete(shard);

	note_head(shard, (struct feed_version){range->epoch, range->last});
	if (is_batch && range->epoch >= shard->complete.epoch) {
		if (shard->run.epoch == range->epoch && shard->run.last + 1 == range->first)
			shard->run.last = range->last;
		else
			shard->run = *range;
		if (!shard->asking)
			join_run(shard);
	}
	receiver->counters.gaps += was_complete && !is_complete(shard);
}

void feed_receiver_feed(struct feed_receiver *receiver, const struct wire_view *frames, size_t count, uint64_t now_ms)
{
	struct feed_message *message = &receiver->message;
	struct wire_reader rows;
	struct feed_row row;

	if (feed_message_read(frames, count, message)) {
		receiver->counters.malformed++;
		return;
	}
	receiver->counters.messages++;
	expiry_heard(receiver->expiry, message->clock_unix_ms, now_ms);
	/* ranges first: whether the shard is complete decides if a withdrawal leaves a tombstone */
	for (unsigned i = 0; i < message->shards; i++)
		note_range(receiver, &message->ranges[i], message->kind == FEED_BATCH);
	rows = wire_reader_of_view(message->rows);
	while (wire_remaining(&rows) && feed_row_read(&rows, &row) == 0) {
		if (row.version.epoch < receiver->shards[row.shard].complete.epoch)
			receiver->counters.rows_of_lower_epoch++;
		else
			apply(receiver, &row, now_ms);
	}
}

static void give_up(struct feed_receiver *receiver, struct shard *shard)
{
	receiver->asking -= shard->asking;
	receiver->counters.asks_given_up += shard->asking;
	shard->asking = false;
	shard->in_snapshot = false;
}

/* The shard is complete up to `version`; the feed may have gone further. */
static void caught_up(struct feed_receiver *receiver, struct shard *shard, struct feed_version version)
{
	receiver->asking -= shard->asking;
	shard->asking = false;
	shard->in_snapshot = false;
	shard->complete = version;
	note_head(shard, version);
	join_run(shard);
	settle(shard);
}

/* Whether a message before this one was lost. */
static bool chunk_is_missing(struct shard *shard, const struct catch_up_message *message)
{
	uint64_t rows = message->rows.octets / FEED_ROW_OCTETS;

	if (message->kind == CATCH_UP_CHANGES)
		return shard->in_snapshot || message->version.epoch != shard->complete.epoch ||
		       message->version.sequence - rows != shard->complete.sequence;
	if (!shard->in_snapshot)
		return true;
	return message->amount != (message->kind == CATCH_UP_SNAPSHOT_CHUNK ? shard->chunks++ : shard->chunks);
}

static void send_ask(struct feed_receiver *receiver, enum catch_up_kind kind, uint8_t number, uint32_t amount)
{
	struct shard *shard = &receiver->shards[number];
	struct catch_up_message message = {.kind = kind, .shard = number, .request = shard->request, .amount = amount};
	uint8_t frame[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(frame, sizeof(frame));

	if (kind == CATCH_UP_ASK)
		message.version = shard->complete;
	catch_up_head_write(&writer, &message);
	receiver->outlet.ask(receiver->outlet.context, (struct wire_view){frame, wire_written(&writer)});
}

static void apply_chunk(struct feed_receiver *receiver, const struct catch_up_message *message, uint64_t now_ms)
{
	struct wire_reader rows = wire_reader_of_view(message->rows);
	struct feed_row row;

	while (wire_remaining(&rows) && feed_row_read(&rows, &row) == 0)
		apply(receiver, &row, now_ms);
}

static void begin_snapshot(struct feed_receiver *receiver, struct shard *shard)
{
	shard->in_snapshot = true;
	shard->chunks = 0;
	/* number 0 says "named by none" in the entries */
	shard->snapshot = ++receiver->last_snapshot ? receiver->last_snapshot : ++receiver->last_snapshot;
	receiver->counters.snapshots++;
}

static void receive_changes(struct feed_receiver *receiver, struct shard *shard, const struct catch_up_message *message,
                            uint64_t now_ms)
{
	apply_chunk(receiver, message, now_ms);
	receiver->counters.changes++;
	shard->complete = message->version;
	if (message->amount)
		send_ask(receiver, CATCH_UP_CREDIT, message->shard, 1);
	else
		caught_up(receiver, shard, message->version);
}

static void end_snapshot(struct feed_receiver *receiver, struct shard *shard, const struct catch_up_message *message)
{
	receiver->asking -= shard->asking;
	shard->asking = false;
	shard->in_snapshot = false;
	shard->sweeping = true;
	shard->snapshot_version = message->version;
}

void feed_receiver_catch_up(struct feed_receiver *receiver, const struct wire_view *frames, size_t count,
                            uint64_t now_ms)
{
	struct catch_up_message message;
	struct shard *shard;

	if (catch_up_message_read(frames, count, &message)) {
		receiver->counters.malformed++;
		return;
	}
	shard = &receiver->shards[message.shard];
	if (!shard->asking || shard->request != message.request)
		return;
	shard->heard_ms = now_ms;
	if (message.kind == CATCH_UP_SNAPSHOT_BEGIN) {
		begin_snapshot(receiver, shard);
		return;
	}
	if (message.kind == CATCH_UP_REFUSED || chunk_is_missing(shard, &message)) {
		give_up(receiver, shard);
		return;
	}
	switch (message.kind) {
	case CATCH_UP_CHANGES:
		receive_changes(receiver, shard, &message, now_ms);
		return;
	case CATCH_UP_SNAPSHOT_CHUNK:
		apply_chunk(receiver, &message, now_ms);
		send_ask(receiver, CATCH_UP_CREDIT, message.shard, 1);
		return;
	case CATCH_UP_SNAPSHOT_END:
		end_snapshot(receiver, shard, &message);
		return;
	default:
		receiver->counters.malformed++;
	}
}

/* Whether a snapshot that has ended did not name this entry, although it is older. */
static bool is_unnamed(const struct feed_receiver *receiver, const struct binding_entry *entry)
{
	const struct binding_cold *cold = binding_table_cold(receiver->table, entry);
	const struct shard *shard = &receiver->shards[cold->shard];

	return shard->swept && cold->named_in != shard->snapshot &&
	       feed_version_compare(version_of(receiver->table, entry), shard->snapshot_version) <= 0;
}

static bool begin_walk(struct feed_receiver *receiver)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		receiver->shards[i].swept = receiver->shards[i].sweeping;
		receiver->walking |= receiver->shards[i].sweeping;
	}
	receiver->walk_cursor = 0;
	return receiver->walking;
}

static void end_walk(struct feed_receiver *receiver)
{
	receiver->walking = false;
	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		struct shard *shard = &receiver->shards[i];

		if (!shard->swept)
			continue;
		shard->swept = shard->sweeping = false;
		caught_up(receiver, shard, shard->snapshot_version);
	}
}

/* One walk over the table, in slices, serves all snapshots that had ended when it began. */
static void sweep(struct feed_receiver *receiver)
{
	if (!receiver->walking && !begin_walk(receiver))
		return;
	for (unsigned i = 0; i < RECEIVER_SWEEP_SLICE; i++) {
		struct binding_entry *entry = table_writer_next(receiver->table, &receiver->walk_cursor);
		struct in6_addr key;

		if (!entry) {
			end_walk(receiver);
			return;
		}
		key = entry->key;
		if (is_unnamed(receiver, entry) && table_writer_withdraw(receiver->table, &key) == 0)
			receiver->counters.snapshot_removals++;
	}
}

static void ask(struct feed_receiver *receiver, uint8_t number, uint64_t now_ms)
{
	struct shard *shard = &receiver->shards[number];

	shard->asking = true;
	shard->in_snapshot = false;
	shard->request = ++receiver->last_request;
	shard->heard_ms = now_ms;
	receiver->asking++;
	receiver->counters.asks++;
	send_ask(receiver, CATCH_UP_ASK, number, RECEIVER_CREDIT);
}

void feed_receiver_tick(struct feed_receiver *receiver, uint64_t now_ms)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		if (receiver->shards[i].asking && now_ms - receiver->shards[i].heard_ms > RECEIVER_PATIENCE_MS)
			give_up(receiver, &receiver->shards[i]);
	sweep(receiver);
	for (unsigned i = 0; i < FEED_SHARDS && receiver->asking < RECEIVER_ASKS_MAX; i++) {
		unsigned number = receiver->next_to_ask++ % FEED_SHARDS;
		struct shard *shard = &receiver->shards[number];

		if (shard->head.epoch && !shard->asking && !shard->sweeping && !is_complete(shard))
			ask(receiver, (uint8_t)number, now_ms);
	}
}

void feed_receiver_disconnected(struct feed_receiver *receiver)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		give_up(receiver, &receiver->shards[i]);
}

bool feed_receiver_has(const struct feed_receiver *receiver, uint8_t number, struct feed_version version)
{
	const struct shard *shard = &receiver->shards[number];
	struct feed_version run = {shard->run.epoch, shard->run.last};

	return !version.epoch || feed_version_compare(shard->complete, version) >= 0 ||
	       (run.epoch == version.epoch && shard->run.first <= version.sequence && run.sequence >= version.sequence);
}

void feed_receiver_summary(const struct feed_receiver *receiver, unsigned *owned, unsigned *complete)
{
	*owned = *complete = 0;
	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		*owned += receiver->shards[i].head.epoch != 0;
		*complete += is_complete(&receiver->shards[i]);
	}
}

bool feed_receiver_in_sync(const struct feed_receiver *receiver)
{
	unsigned owned, complete;

	feed_receiver_summary(receiver, &owned, &complete);
	return owned && owned == complete;
}

struct receiver_shard_view feed_receiver_shard(const struct feed_receiver *receiver, uint8_t number)
{
	const struct shard *shard = &receiver->shards[number];

	return (struct receiver_shard_view){
	        .complete = shard->complete,
	        .head = shard->head,
	        .is_complete = is_complete(shard),
	        .asking = shard->asking,
	        .in_snapshot = shard->in_snapshot,
	};
}

const struct feed_receiver_counters *feed_receiver_counters(const struct feed_receiver *receiver)
{
	return &receiver->counters;
}
