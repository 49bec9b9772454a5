// SPDX-License-Identifier: BSD-3-Clause
#include "feed_receiver.h"

#include <errno.h>
#include <stdlib.h>

#include "receiver_state.h"

enum { ROWS_AT_A_TIME = 32 };
_Static_assert(ROWS_AT_A_TIME <= (int)BINDING_LOOKUP_MAX, "one lookup for all of them");

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
	receiver->refused.rows_max = RECEIVER_REFUSED_MAX;
	return receiver;
}

void feed_receiver_keep_refused(struct feed_receiver *receiver, size_t rows_max)
{
	receiver->refused.rows_max = rows_max;
}

void feed_receiver_set_handover_grace(struct feed_receiver *receiver, uint32_t handover_grace_ms)
{
	receiver->handover_grace_ms = handover_grace_ms;
}

void feed_receiver_free(struct feed_receiver *receiver)
{
	if (!receiver)
		return;
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		tombstones_forget(&receiver->shards[i].tombstones, SIZE_MAX);
	refused_rows_clear(&receiver->refused);
	free(receiver);
}

/* Nothing older can come any more to a shard that is complete: its tombstones go, some at a time. */
static void settle(struct feed_receiver *receiver)
{
	size_t budget = RECEIVER_SETTLE_SLICE;

	for (unsigned i = 0; i < FEED_SHARDS && budget && receiver->tombstones; i++) {
		struct shard *shard = &receiver->shards[receiver->next_to_settle % FEED_SHARDS];
		size_t forgotten = shard_is_complete(shard) ? tombstones_forget(&shard->tombstones, budget) : 0;

		budget -= forgotten;
		receiver->tombstones -= forgotten;
		receiver->next_to_settle += budget > 0;
	}
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

/* A row that the table cannot take now: kept for later, or, if these are too many, brought by a snapshot later. */
static void refuse(struct feed_receiver *receiver, const struct feed_row *row, uint32_t named_in, int reason)
{
	enum receiver_trouble trouble = reason == -EEXIST   ? RECEIVER_KEY_CONFLICT
	                                : reason == -ENOMEM ? RECEIVER_NO_MEMORY
	                                                    : RECEIVER_TABLE_FULL;
	struct shard *shard = &receiver->shards[row->shard];

	receiver->counters.rows_key_conflict += trouble == RECEIVER_KEY_CONFLICT;
	receiver->counters.rows_no_memory += trouble == RECEIVER_NO_MEMORY;
	receiver->counters.rows_table_full += trouble == RECEIVER_TABLE_FULL;
	if (!refused_rows_keep(&receiver->refused, row, named_in)) {
		receiver->counters.rows_forgotten++;
		shard->lacks_rows = shard->lacks_more = true;
		receiver->may_lack = true;
	}
	receiver->outlet.trouble(receiver->outlet.context, trouble, row);
}

static bool is_named(const struct shard *shard, uint32_t named_in)
{
	return named_in && named_in == shard->snapshot;
}

/*
 * `entry` is what stands under the row's key. Returns 0, or the table's reason. What is newer than the snapshot needs
 * no naming, but is named all the same: so that, when all entries are, there is nothing to be looked for.
 */
static int set(struct feed_receiver *receiver, const struct binding_entry *entry, const struct feed_row *row,
               uint32_t named_in, uint64_t now_ms)
{
	struct shard *shard = &receiver->shards[row->shard];
	struct binding_record record = {
	        .expiry_unix_ms = row->expiry_unix_ms,
	        .sequence = row->version.sequence,
	        .epoch = row->version.epoch,
	        .named_in = named_in,
	        .port = row->port,
	        .inner_mtu_bytes = row->inner_mtu_bytes,
	        .kind = row->tunnel_kind,
	        .shard = row->shard,
	        .key_length = row->key_length,
	        .care_of_unverified = row->flags & FEED_FLAG_CARE_OF_UNVERIFIED,
	};
	uint16_t flags = entry ? binding_traits_load(entry).flags : 0;
	bool was_named = entry && is_named(shard, binding_table_cold(receiver->table, entry)->named_in);
	int result;

	memcpy(&record.key, row->key, sizeof(record.key));
	memcpy(&record.care_of_address, row->care_of_address, sizeof(record.care_of_address));
	if (!receiver->outlet.resolve(receiver->outlet.context, row, &record)) {
		receiver->counters.rows_wrong_key++;
		return 0;
	}
	/* until its extra rows are there, a binding of several care-of addresses lives as long as it did */
	if (flags & BINDING_SEVERAL && binding_expiry_load(entry) > record.expiry_unix_ms)
		record.expiry_unix_ms = binding_expiry_load(entry);
	result = table_writer_set(receiver->table, &record, now_ms, receiver->handover_grace_ms);
	if (result)
		return result;
	receiver->counters.rows_set++;
	extra_rows_begin(&receiver->extras, row, flags & BINDING_EXTRA_FLAGS);
	shard->entries += !entry;
	shard->named += is_named(shard, named_in);
	shard->named -= was_named;
	return 0;
}

/* The extra rows behind the last set row, if it was applied, are all there. */
static void end_extras(struct feed_receiver *receiver, uint64_t now_ms)
{
	receiver->counters.rows_extra_refused += extra_rows_end(&receiver->extras, receiver->table, now_ms) != 0;
}

/* Behind a set row that waits for room: both have to come by a snapshot then, since the row alone is kept. */
static void give_up_waiting(struct feed_receiver *receiver, const struct feed_row *extra)
{
	struct shard *shard = &receiver->shards[extra->shard];
	struct refused_row *held;
	struct in6_addr key;

	memcpy(&key, extra->key, sizeof(key));
	held = refused_rows_find(&receiver->refused, &key, extra->shard);
	if (!held || feed_version_compare(refused_row_feed(held)->version, extra->version) != 0)
		return;
	refused_rows_drop(&receiver->refused, held);
	receiver->counters.rows_forgotten++;
	shard->lacks_rows = shard->lacks_more = true;
	receiver->may_lack = true;
}

static void add_extra(struct feed_receiver *receiver, const struct feed_row *row)
{
	struct binding_record care_of = {.key_length = row->key_length};
	bool is_right = true;

	if (row->operation == FEED_CARE_OF) {
		care_of.expiry_unix_ms = row->expiry_unix_ms;
		care_of.port = row->port;
		care_of.kind = row->tunnel_kind;
		care_of.care_of_unverified = row->flags & FEED_FLAG_CARE_OF_UNVERIFIED;
		memcpy(&care_of.key, row->key, sizeof(care_of.key));
		memcpy(&care_of.care_of_address, row->care_of_address, sizeof(care_of.care_of_address));
		is_right = receiver->outlet.resolve(receiver->outlet.context, row, &care_of);
	}
	if (is_right && extra_rows_add(&receiver->extras, row, &care_of)) {
		receiver->counters.rows_extra++;
		return;
	}
	receiver->counters.rows_extra_refused++;
	give_up_waiting(receiver, row);
}

/* False when the key is not there. */
static bool remove_entry(struct feed_receiver *receiver, struct shard *shard, const struct binding_entry *entry)
{
	struct in6_addr key = entry->key;
	bool was_named = is_named(shard, binding_table_cold(receiver->table, entry)->named_in);

	if (table_writer_withdraw(receiver->table, &key))
		return false;
	shard->entries--;
	shard->named -= was_named;
	receiver->retry_is_due = true;
	return true;
}

/* `entry` and `held` are the key's in this shard, or NULL. */
static void withdraw(struct feed_receiver *receiver, const struct feed_row *row, const struct binding_entry *entry,
                     struct refused_row *held, const struct in6_addr *key)
{
	struct shard *shard = &receiver->shards[row->shard];

	if (entry)
		receiver->counters.rows_withdrawn += remove_entry(receiver, shard, entry);
	if (held)
		refused_rows_drop(&receiver->refused, held);
	if (!shard_is_complete(shard))
		receiver->tombstones += tombstones_add(&shard->tombstones, key, row->version);
}

/* What a snapshot names is not removed at its end. */
static void name(struct feed_receiver *receiver, struct shard *shard, const struct binding_entry *entry,
                 struct refused_row *held)
{
	if (entry) {
		struct binding_cold *cold = binding_table_cold(receiver->table, entry);

		shard->named += !is_named(shard, cold->named_in);
		cold->named_in = shard->snapshot;
	}
	if (held)
		refused_row_name(held, shard->snapshot);
}

/*
 * A row that the snapshot covers, when some row of it could not be kept: this may be that one, and would be removed
 * again as unnamed. The next snapshot, which that one calls for, brings it; the feed has not.
 */
static bool leaves_to_snapshot(struct shard *shard, const struct feed_row *row)
{
	if (!(shard->in_snapshot || shard->sweeping) || !shard->lacks_more ||
	    feed_version_compare(row->version, shard->snapshot_version) > 0)
		return false;
	if (shard->run.first <= row->version.sequence)
		shard->run.first = row->version.sequence + 1;
	return true;
}

/* Over a lower version alone: what is newer already, or withdrawn later, stays. */
static void apply(struct feed_receiver *receiver, const struct feed_row *row, bool by_snapshot, uint64_t now_ms)
{
	struct shard *shard = &receiver->shards[row->shard];
	struct binding_entry *entry, *own;
	struct refused_row *held;
	struct in6_addr key;
	uint32_t named_in = 0;
	int result;

	memcpy(&key, row->key, sizeof(key));
	entry = table_writer_find(receiver->table, &key);
	own = entry && binding_table_cold(receiver->table, entry)->shard == row->shard ? entry : NULL;
	held = refused_rows_find(&receiver->refused, &key, row->shard);
	if ((own && feed_version_compare(version_of(receiver->table, own), row->version) >= 0) ||
	    (held && feed_version_compare(refused_row_feed(held)->version, row->version) >= 0)) {
		receiver->counters.rows_old++;
		if (by_snapshot)
			name(receiver, shard, own, held);
		return;
	}
	if (feed_version_compare(tombstones_find(&shard->tombstones, &key), row->version) >= 0) {
		receiver->counters.rows_old++;
		return;
	}
	if (row->operation == FEED_WITHDRAW) {
		withdraw(receiver, row, own, held, &key);
		return;
	}
	if (!by_snapshot && !own && leaves_to_snapshot(shard, row)) {
		receiver->counters.rows_old++;
		return;
	}
	if (by_snapshot || ((shard->in_snapshot || shard->sweeping) &&
	                    feed_version_compare(row->version, shard->snapshot_version) > 0))
		named_in = shard->snapshot;
	result = set(receiver, entry, row, named_in, now_ms);
	/* an entry that is there found no room for its copy alone: that comes with the readers' next quiet states */
	receiver->retry_is_due |= result == -ENOSPC && own;
	if (result)
		refuse(receiver, row, named_in, result);
	else if (held)
		refused_rows_drop(&receiver->refused, held);
}

/* Refused rows whose time may have come. */
static void try_refused(struct feed_receiver *receiver, uint64_t now_ms)
{
	size_t budget = refused_rows_count(&receiver->refused);

	if (!budget || (!receiver->retry_is_due &&
	                binding_table_count(receiver->table) >= binding_table_capacity(receiver->table)))
		return;
	receiver->retry_is_due = receiver->retry_is_due && budget > RECEIVER_RETRY_SLICE;
	if (budget > RECEIVER_RETRY_SLICE)
		budget = RECEIVER_RETRY_SLICE;
	while (budget--) {
		struct refused_row *held = refused_rows_first(&receiver->refused);
		const struct feed_row *row = refused_row_feed(held);
		struct in6_addr key;

		memcpy(&key, row->key, sizeof(key));
		/* while the shard is not complete, what it lacks may be the row's withdrawal */
		if (!shard_is_complete(&receiver->shards[row->shard]) ||
		    set(receiver, table_writer_find(receiver->table, &key), row, refused_row_named_in(held), now_ms)) {
			refused_rows_postpone(&receiver->refused, held);
			continue;
		}
		end_extras(receiver, now_ms); /* a row that was kept had none */
		receiver->counters.rows_applied_later++;
		refused_rows_drop(&receiver->refused, held);
	}
}

/* Notes what a batch or heartbeat tells of a shard. An owner that has been replaced tells nothing. */
static void note_range(struct feed_receiver *receiver, const struct feed_range *range, bool is_batch)
{
	struct shard *shard = &receiver->shards[range->shard];
	bool was_complete = shard_is_complete(shard);

	shard->applied = shard->complete;
	if (range->epoch < shard->head.epoch)
		return;
	note_head(shard, (struct feed_version){range->epoch, range->last});
	if (is_batch) {
		if (shard->run.epoch == range->epoch && range->first >= shard->run.first &&
		    range->first <= shard->run.last + 1) {
			if (range->last > shard->run.last)
				shard->run.last = range->last;
		} else {
			shard->run = *range;
		}
		if (!shard->asking)
			join_run(shard);
	}
	receiver->counters.gaps += was_complete && !shard_is_complete(shard);
	receiver->may_lack |= !shard_is_complete(shard);
}

/* A row may come twice or late: what the shard is complete up to has been applied, or withdrawn again, already. */
static void apply_told(struct feed_receiver *receiver, const struct feed_row *row, uint64_t now_ms)
{
	const struct shard *shard = &receiver->shards[row->shard];

	if (row->version.epoch < shard->head.epoch)
		receiver->counters.rows_of_lower_epoch++;
	else if (feed_version_compare(row->version, shard->applied) <= 0)
		receiver->counters.rows_old++;
	else
		apply(receiver, row, false, now_ms);
}

enum source { SOURCE_FEED, SOURCE_CHANGES, SOURCE_SNAPSHOT };

/*
 * All rows of a message, some at a time: what the table has to look at for them is fetched side by side, and then
 * they are applied one after the other.
 */
static void apply_rows(struct feed_receiver *receiver, struct wire_view view, enum source source, uint64_t now_ms)
{
	struct wire_reader reader = wire_reader_of_view(view);
	struct feed_row rows[ROWS_AT_A_TIME];
	struct in6_addr addresses[ROWS_AT_A_TIME];
	const struct in6_addr *keys[ROWS_AT_A_TIME];
	unsigned count;

	do {
		for (count = 0; count < ROWS_AT_A_TIME && wire_remaining(&reader); count++) {
			if (feed_row_read(&reader, &rows[count]))
				return; /* cannot be: the whole message was looked at */
			memcpy(&addresses[count], rows[count].key, sizeof(addresses[count]));
			keys[count] = &addresses[count];
		}
		table_writer_expect(receiver->table, keys, count);
		for (unsigned i = 0; i < count; i++) {
			if (feed_row_is_extra(&rows[i])) {
				add_extra(receiver, &rows[i]);
				continue;
			}
			end_extras(receiver, now_ms);
			if (source == SOURCE_FEED)
				apply_told(receiver, &rows[i], now_ms);
			else
				apply(receiver, &rows[i], source == SOURCE_SNAPSHOT, now_ms);
		}
	} while (count == ROWS_AT_A_TIME);
	end_extras(receiver, now_ms);
}

void feed_receiver_feed(struct feed_receiver *receiver, const struct wire_view *frames, size_t count, uint64_t now_ms)
{
	struct feed_message *message = &receiver->message;

	if (feed_message_read(frames, count, message)) {
		receiver->counters.malformed++;
		return;
	}
	receiver->counters.messages++;
	expiry_heard(receiver->expiry, message->clock_unix_ms, now_ms);
	/* ranges first: whether the shard is complete decides if a withdrawal leaves a tombstone */
	for (unsigned i = 0; i < message->shards; i++)
		note_range(receiver, &message->ranges[i], message->kind == FEED_BATCH);
	apply_rows(receiver, message->rows, SOURCE_FEED, now_ms);
}

static void give_up(struct feed_receiver *receiver, struct shard *shard, uint64_t again_ms)
{
	shard->again_ms = again_ms;
	receiver->asking -= shard->asking;
	receiver->counters.asks_given_up += shard->asking;
	receiver->may_lack = true;
	shard->asking = false;
	shard->in_snapshot = false;
	shard->refilling = false;
}

/* The shard is complete up to `version`; the feed may have gone further. */
static void caught_up(struct feed_receiver *receiver, struct shard *shard, struct feed_version version)
{
	receiver->asking -= shard->asking;
	receiver->may_lack = true;
	shard->asking = false;
	shard->in_snapshot = false;
	shard->refilling = false;
	if (feed_version_compare(version, shard->complete) > 0)
		shard->complete = version;
	note_head(shard, version);
	join_run(shard);
}

/* Whether a message before this one was lost. */
static bool chunk_is_missing(struct shard *shard, const struct catch_up_message *message)
{
	uint64_t rows = feed_rows_changes(message->rows);

	if (message->kind == CATCH_UP_CHANGES)
		return shard->in_snapshot || message->version.epoch != shard->complete.epoch ||
		       message->version.sequence - rows != shard->complete.sequence;
	if (!shard->in_snapshot)
		return true;
	return message->amount != (message->kind == CATCH_UP_SNAPSHOT_CHUNK ? shard->chunks++ : shard->chunks);
}

/* An owner that has been replaced may answer still: what he holds may have been withdrawn since. */
static bool is_of_no_use(struct shard *shard, const struct catch_up_message *message)
{
	if (message->kind == CATCH_UP_REFUSED || message->version.epoch < shard->head.epoch)
		return true;
	return message->kind != CATCH_UP_SNAPSHOT_BEGIN && chunk_is_missing(shard, message);
}

static int send_ask(struct feed_receiver *receiver, enum catch_up_kind kind, uint8_t number, uint32_t amount)
{
	struct shard *shard = &receiver->shards[number];
	struct catch_up_message message = {.kind = kind, .shard = number, .request = shard->request, .amount = amount};
	uint8_t frame[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(frame, sizeof(frame));

	if (kind == CATCH_UP_ASK && !shard->refilling)
		message.version = shard->complete;
	catch_up_head_write(&writer, &message);
	return receiver->outlet.ask(receiver->outlet.context, (struct wire_view){frame, wire_written(&writer)});
}

static void begin_snapshot(struct feed_receiver *receiver, struct shard *shard, struct feed_version version)
{
	shard->in_snapshot = true;
	shard->snapshot_version = version;
	shard->chunks = 0;
	shard->named = 0;
	/* number 0 says "named by none" in the entries */
	shard->snapshot = ++receiver->last_snapshot ? receiver->last_snapshot : ++receiver->last_snapshot;
	receiver->counters.snapshots++;
}

static void receive_changes(struct feed_receiver *receiver, struct shard *shard, const struct catch_up_message *message,
                            uint64_t now_ms)
{
	apply_rows(receiver, message->rows, SOURCE_CHANGES, now_ms);
	receiver->counters.changes++;
	shard->complete = message->version;
	if (message->amount)
		send_ask(receiver, CATCH_UP_CREDIT, message->shard, 1);
	else
		caught_up(receiver, shard, message->version);
}

/* All that the snapshot did not name is gone. */
static void end_sweep(struct feed_receiver *receiver, unsigned number)
{
	struct shard *shard = &receiver->shards[number];

	shard->lacks_rows = shard->lacks_more;
	receiver->sweeping -= shard->sweeping;
	shard->swept = shard->sweeping = false;
	refused_rows_sweep(&receiver->refused, (uint8_t)number, shard->snapshot_version, shard->snapshot);
	caught_up(receiver, shard, shard->snapshot_version);
}

static void end_snapshot(struct feed_receiver *receiver, const struct catch_up_message *message)
{
	struct shard *shard = &receiver->shards[message->shard];

	receiver->asking -= shard->asking;
	shard->asking = false;
	shard->in_snapshot = false;
	receiver->may_lack = true;
	if (shard->named == shard->entries) {
		end_sweep(receiver, message->shard);
	} else {
		shard->sweeping = true;
		receiver->sweeping++;
	}
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
	if (is_of_no_use(shard, &message)) {
		give_up(receiver, shard, now_ms + RECEIVER_AGAIN_MS);
		return;
	}
	switch (message.kind) {
	case CATCH_UP_SNAPSHOT_BEGIN:
		begin_snapshot(receiver, shard, message.version);
		return;
	case CATCH_UP_CHANGES:
		receive_changes(receiver, shard, &message, now_ms);
		return;
	case CATCH_UP_SNAPSHOT_CHUNK:
		apply_rows(receiver, message.rows, SOURCE_SNAPSHOT, now_ms);
		send_ask(receiver, CATCH_UP_CREDIT, message.shard, 1);
		return;
	case CATCH_UP_SNAPSHOT_END:
		end_snapshot(receiver, &message);
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
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		if (receiver->shards[i].swept)
			end_sweep(receiver, i);
}

/* One walk over the table, in slices, serves all snapshots that had ended when it began. */
static void sweep(struct feed_receiver *receiver)
{
	if (!receiver->sweeping || (!receiver->walking && !begin_walk(receiver)))
		return;
	for (unsigned i = 0; i < RECEIVER_SWEEP_SLICE; i++) {
		struct binding_entry *entry = table_writer_next(receiver->table, &receiver->walk_cursor);
		unsigned shard;

		if (!entry) {
			end_walk(receiver);
			return;
		}
		shard = binding_table_cold(receiver->table, entry)->shard;
		if (is_unnamed(receiver, entry) && remove_entry(receiver, &receiver->shards[shard], entry))
			receiver->counters.snapshot_removals++;
	}
}

static void ask(struct feed_receiver *receiver, uint8_t number, bool refills, uint64_t now_ms)
{
	struct shard *shard = &receiver->shards[number];

	shard->asking = true;
	shard->in_snapshot = false;
	shard->lacks_more = false;
	shard->refilling = refills;
	shard->request = ++receiver->last_request;
	shard->heard_ms = now_ms;
	receiver->asking++;
	receiver->counters.asks++;
	if (send_ask(receiver, CATCH_UP_ASK, number, RECEIVER_CREDIT))
		give_up(receiver, shard, now_ms + RECEIVER_AGAIN_MS); /* not connected yet */
}

/* Whether there is room again for what was refused and could not be kept; not over and over. */
static bool may_ask_for_refused(const struct feed_receiver *receiver, uint64_t now_ms)
{
	size_t most = binding_table_capacity(receiver->table);
	size_t wanted = binding_table_count(receiver->table) + refused_rows_count(&receiver->refused) +
	                most / RECEIVER_REFILL_ROOM_SHARE;

	return wanted < most && now_ms - receiver->refilled_ms >= RECEIVER_REFILL_PAUSE_MS;
}

/* Asks for shards that are not complete, and for those whose refused rows have room now, as many as may be. */
static void ask_for_lacking(struct feed_receiver *receiver, uint64_t now_ms)
{
	bool may_refill = may_ask_for_refused(receiver, now_ms);
	unsigned looked = 0, lacking = 0;

	for (; looked < FEED_SHARDS && receiver->asking < RECEIVER_ASKS_MAX; looked++) {
		unsigned number = receiver->next_to_ask++ % FEED_SHARDS;
		struct shard *shard = &receiver->shards[number];

		if (!shard->head.epoch || shard->asking || shard->sweeping)
			continue;
		if (now_ms < shard->again_ms) {
			lacking++;
		} else if (!shard_is_complete(shard)) {
			ask(receiver, (uint8_t)number, false, now_ms);
		} else if (shard->lacks_rows && may_refill) {
			receiver->refilled_ms = now_ms;
			ask(receiver, (uint8_t)number, true, now_ms);
		} else {
			lacking += shard->lacks_rows;
		}
	}
	receiver->may_lack = lacking || looked < FEED_SHARDS;
}

static void give_up_silent(struct feed_receiver *receiver, uint64_t now_ms)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		if (receiver->shards[i].asking && now_ms > receiver->shards[i].heard_ms + RECEIVER_PATIENCE_MS)
			give_up(receiver, &receiver->shards[i], now_ms);
}

void feed_receiver_tick(struct feed_receiver *receiver, uint64_t now_ms)
{
	if (receiver->asking)
		give_up_silent(receiver, now_ms);
	sweep(receiver);
	try_refused(receiver, now_ms);
	settle(receiver);
	if (receiver->may_lack)
		ask_for_lacking(receiver, now_ms);
}

void feed_receiver_disconnected(struct feed_receiver *receiver)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		give_up(receiver, &receiver->shards[i], 0);
}
