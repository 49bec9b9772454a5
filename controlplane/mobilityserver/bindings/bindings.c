// SPDX-License-Identifier: BSD-3-Clause
#include "bindings.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"
#include "binding_index.h"
#include "catch_up_server.h"
#include "change_history.h"
#include "data_planes.h"
#include "publisher.h"
#include "usage_sums.h"

enum { OVERHEAD_IN_IPV6_BYTES = 40, OVERHEAD_IN_UDP_IPV4_BYTES = 28 };

/* What every host must take at least (RFC 8200 5, RFC 791 3.2): a report of less is not believed (RFC 8201 4). */
enum { IPV6_PATH_MTU_MIN_BYTES = 1280, IPV4_PATH_MTU_MIN_BYTES = 576 };

enum { PATH_MTU_LIFETIME_MS = 10 * 60 * 1000 }; /* RFC 8201 5.3 */

/* What a data plane learnt, whose turn comes with the step's outputs, so that versions leave in their order. */
struct learnt_turn {
	struct learnt_turn *next;
	struct learnt_turn *prev;
	bool is_verified; /* of the key's care-of address, by the change of this sequence; else of an inner MTU */
	uint64_t sequence;
	struct punt_path_mtu report; /* path_mtu_bytes 0: what was learnt is forgotten */
};

struct bindings {
	struct bindings_options options;
	struct bindings_counters counters;
	bool serving;
	struct feed_version heads[FEED_SHARDS];
	struct binding_index index;
	struct change_history *history;
	struct catch_up_server *catch_up;
	struct publisher publisher;
	struct timer heartbeat;
	struct learnt_turn *learnt_turns;
	struct usage_sums *usage;
	struct data_planes data_planes;
};

struct bindings *bindings_new(const struct bindings_options *options)
{
	struct bindings *bindings = allocate(sizeof(*bindings));
	struct catch_up_source source = {
	        .index = &bindings->index,
	        .heads = bindings->heads,
	        .outlet = &bindings->options.outlet,
	        .counters = &bindings->counters,
	        .timers = options->timers,
	};

	bindings->options = *options;
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		bindings->heads[shard].epoch = options->epoch;
	bindings->history = change_history_new(options->history_changes);
	bindings->usage = usage_sums_new();
	source.history = bindings->history;
	bindings->catch_up = catch_up_server_new(&source);
	publisher_start(&bindings->publisher, options->outlet.feed_frames, options->outlet.context);
	return bindings;
}

void bindings_free(struct bindings *bindings)
{
	struct learnt_turn *turn;

	if (!bindings)
		return;
	timer_disarm(&bindings->heartbeat);
	while ((turn = bindings->learnt_turns)) {
		DL_DELETE(bindings->learnt_turns, turn);
		free(turn);
	}
	catch_up_server_free(bindings->catch_up);
	binding_index_clear(&bindings->index);
	change_history_free(bindings->history);
	usage_sums_free(bindings->usage);
	free(bindings);
}

/* --- heartbeats --- */

static size_t heads_of(const struct bindings *bindings, struct feed_range ranges[FEED_SHARDS])
{
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		ranges[shard] = (struct feed_range){
		        .shard = (uint8_t)shard,
		        .epoch = bindings->heads[shard].epoch,
		        .first = bindings->heads[shard].sequence,
		        .last = bindings->heads[shard].sequence,
		};
	return FEED_SHARDS;
}

static void beat(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct bindings *bindings = timer_owner(timer, struct bindings, heartbeat);
	const struct bindings_outlet *outlet = &bindings->options.outlet;
	struct feed_range heads[FEED_SHARDS];
	size_t count = heads_of(bindings, heads);

	(void)effects;
	publisher_heartbeat(&bindings->publisher, heads, count, now->unix_ms);
	outlet->feed_welcome(outlet->context, publisher_welcome(&bindings->publisher, heads, count, now->unix_ms));
	bindings->counters.heartbeats++;
	catch_up_server_sweep(bindings->catch_up, now);
	usage_sums_sweep(bindings->usage, now->monotonic_ms);
	data_planes_sweep(&bindings->data_planes, now->monotonic_ms);
	timer_arm(bindings->options.timers, timer, now->monotonic_ms + BINDINGS_HEARTBEAT_MS, beat);
}

void bindings_serve(struct bindings *bindings, const struct instant *now)
{
	bindings->serving = true;
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++)
		change_history_reset(bindings->history, (uint8_t)shard, bindings->heads[shard].sequence);
	beat(&bindings->heartbeat, now, NULL);
}

/* --- changes --- */

static struct binding_version version_of(struct feed_version version)
{
	return (struct binding_version){.epoch = version.epoch, .sequence = version.sequence};
}

/* The next version of the shard. */
static struct feed_version next_version(struct bindings *bindings, uint8_t shard)
{
	bindings->heads[shard].sequence++;
	return bindings->heads[shard];
}

/* Remembers a change and sends it on its way. */
static void commit_rows(struct bindings *bindings, uint8_t shard, struct wire_view rows, struct effects *effects)
{
	if (!bindings->serving)
		return;
	change_history_append(bindings->history, shard, rows.bytes, rows.octets / FEED_ROW_OCTETS);
	effects_publish(effects, shard, rows.bytes, rows.octets);
}

static struct binding_version commit_binding(struct bindings *bindings, struct binding *binding,
                                             struct effects *effects)
{
	uint8_t octets[(1 + FEED_EXTRA_ROWS_MAX) * FEED_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	uint8_t shard = binding->row.shard;

	binding->row.version = next_version(bindings, shard);
	if (binding->rates)
		binding->rates->version = binding->row.version;
	binding_rows_write(&writer, binding);
	commit_rows(bindings, shard, (struct wire_view){octets, wire_written(&writer)}, effects);
	return version_of(binding->row.version);
}

int bindings_check(const struct bindings *bindings, const struct binding_key *key, const char *subscriber)
{
	const struct binding *binding = binding_index_find(&bindings->index, key);

	if (binding)
		return strcmp(binding->subscriber->name, subscriber) == 0 ? 0 : -EEXIST;
	return binding_index_count(&bindings->index) < bindings->options.bindings_max ? 0 : -ENOSPC;
}

static void expire(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct binding *binding = timer_owner(timer, struct binding, expiry);
	const struct bindings_outlet *outlet = &binding->owner->options.outlet;
	struct binding_key key = binding->key;

	binding->owner->counters.expired++;
	outlet->expired(outlet->context, &key, now, effects);
}

static void set_rates(struct binding *binding, const struct feed_rate *up, const struct feed_rate *down)
{
	if (!up->octets_per_s && !down->octets_per_s) {
		free(binding->rates);
		binding->rates = NULL;
		return;
	}
	if (!binding->rates)
		binding->rates = allocate(sizeof(*binding->rates));
	binding->rates->operation = FEED_RATES;
	binding->rates->shard = binding->row.shard;
	binding->rates->key_length = binding->row.key_length;
	memcpy(binding->rates->key, binding->row.key, sizeof(binding->rates->key));
	binding->rates->up = *up;
	binding->rates->down = *down;
}

struct binding_version bindings_set(struct bindings *bindings, const struct binding_change *change,
                                    const struct instant *now, struct effects *effects)
{
	struct binding *binding = binding_index_find(&bindings->index, &change->key);
	bool stays, was_verified;
	struct feed_row *row;

	(void)now;
	if (binding && strcmp(binding->subscriber->name, change->subscriber) != 0) {
		bindings->counters.key_conflicts++;
		return (struct binding_version){0};
	}
	if (!binding) {
		binding = binding_index_add(&bindings->index, &change->key, change->subscriber, change->shard);
		usage_sums_bound(bindings->usage, &change->key, binding->subscriber->shard, change->subscriber);
	}
	binding->owner = bindings;
	row = &binding->row;
	row->operation = FEED_SET;
	row->shard = binding->subscriber->shard;
	row->key_length = change->key.length;
	row->tunnel_kind = change->tunnel_kind;
	memcpy(row->key, change->key.octets, sizeof(row->key));
	stays = row->port == change->port &&
	        memcmp(row->care_of_address, &change->care_of_address, sizeof(row->care_of_address)) == 0;
	if (!stays)
		timer_disarm(&binding->path_mtu_expiry);
	was_verified = stays && !(row->flags & FEED_FLAG_CARE_OF_UNVERIFIED);
	memcpy(row->care_of_address, &change->care_of_address, sizeof(row->care_of_address));
	row->port = change->port;
	/* what was learnt of a path stays while the node stays */
	if (!timer_is_armed(&binding->path_mtu_expiry) || change->inner_mtu_bytes < row->inner_mtu_bytes)
		row->inner_mtu_bytes = change->inner_mtu_bytes;
	binding->asked_inner_mtu_bytes = change->inner_mtu_bytes;
	row->flags = was_verified ? change->flags & ~(uint32_t)FEED_FLAG_CARE_OF_UNVERIFIED : change->flags;
	row->expiry_unix_ms = change->expiry.unix_ms;
	set_rates(binding, &change->up, &change->down);
	timer_arm(bindings->options.timers, &binding->expiry, change->expiry.monotonic_ms, expire);
	bindings->counters.set++;
	return commit_binding(bindings, binding, effects);
}

struct binding_version bindings_withdraw(struct bindings *bindings, const struct binding_key *key,
                                         const struct instant *now, struct effects *effects)
{
	struct binding *binding = binding_index_find(&bindings->index, key);
	struct feed_row row = {.operation = FEED_WITHDRAW};
	uint8_t octets[FEED_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	if (!binding)
		return (struct binding_version){0};
	row.shard = binding->row.shard;
	row.key_length = key->length;
	memcpy(row.key, key->octets, sizeof(row.key));
	binding_index_remove(&bindings->index, binding);
	bindings->counters.withdrawn++;
	row.version = next_version(bindings, row.shard);
	feed_row_write(&writer, &row);
	commit_rows(bindings, row.shard, (struct wire_view){octets, sizeof(octets)}, effects);
	usage_sums_withdrawn(bindings->usage, key, row.shard, row.version, now->monotonic_ms);
	return version_of(row.version);
}

/* --- path MTU --- */

/* What one outer packet carries; below 1280 the data plane sends inner packets up to that in fragments. 0: no. */
static uint16_t inner_mtu_of(const struct feed_row *row, uint16_t path_mtu_bytes)
{
	bool in_ipv4 = row->tunnel_kind == FEED_TUNNEL_IP6_IN_UDP4 || row->tunnel_kind == FEED_TUNNEL_IP4_IN_UDP4;
	uint16_t overhead = in_ipv4 ? OVERHEAD_IN_UDP_IPV4_BYTES : OVERHEAD_IN_IPV6_BYTES;

	if (path_mtu_bytes < (in_ipv4 ? IPV4_PATH_MTU_MIN_BYTES : IPV6_PATH_MTU_MIN_BYTES))
		return 0;
	return path_mtu_bytes - overhead;
}

static void take_turn(struct bindings *bindings, const struct punt_path_mtu *report, struct effects *effects);

static void forget_path_mtu(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct binding *binding = timer_owner(timer, struct binding, path_mtu_expiry);
	struct punt_path_mtu forget = {.key_length = binding->key.length};

	(void)now;
	memcpy(forget.key, binding->key.octets, sizeof(forget.key));
	memcpy(forget.care_of_address, binding->row.care_of_address, sizeof(forget.care_of_address));
	take_turn(binding->owner, &forget, effects);
}

/* RFC 8201 5.3: a higher one is tried; if it is too high, a Packet Too Big lowers it again. */
static void raise_inner_mtu(struct bindings *bindings, struct binding *binding, struct effects *effects)
{
	if (timer_is_armed(&binding->path_mtu_expiry) || binding->row.inner_mtu_bytes == binding->asked_inner_mtu_bytes)
		return; /* learnt anew meanwhile, or the node has moved */
	binding->row.inner_mtu_bytes = binding->asked_inner_mtu_bytes;
	bindings->counters.path_mtu_raised++;
	commit_binding(bindings, binding, effects);
}

static void lower_inner_mtu(struct bindings *bindings, struct binding *binding, uint16_t path_mtu_bytes,
                            const struct instant *now, struct effects *effects)
{
	uint16_t inner_mtu_bytes = inner_mtu_of(&binding->row, path_mtu_bytes);

	if (!inner_mtu_bytes || (binding->row.inner_mtu_bytes && inner_mtu_bytes >= binding->row.inner_mtu_bytes)) {
		bindings->counters.path_mtu_ignored++;
		return;
	}
	binding->row.inner_mtu_bytes = inner_mtu_bytes;
	timer_arm(bindings->options.timers, &binding->path_mtu_expiry, now->monotonic_ms + PATH_MTU_LIFETIME_MS,
	          forget_path_mtu);
	bindings->counters.path_mtu_lowered++;
	commit_binding(bindings, binding, effects);
}

static void change_inner_mtu(struct bindings *bindings, const struct punt_path_mtu *report, const struct instant *now,
                             struct effects *effects)
{
	struct binding_key key = {.length = report->key_length};
	struct binding *binding;

	memcpy(key.octets, report->key, sizeof(key.octets));
	binding = binding_index_find(&bindings->index, &key);
	if (!binding || memcmp(binding->row.care_of_address, report->care_of_address, FEED_ADDRESS_OCTETS) != 0)
		bindings->counters.path_mtu_ignored += report->path_mtu_bytes != 0;
	else if (report->path_mtu_bytes)
		lower_inner_mtu(bindings, binding, report->path_mtu_bytes, now, effects);
	else
		raise_inner_mtu(bindings, binding, effects);
}

/*
 * M-17: behind a router that spreads flows a node's packets come to one data plane, and those for it leave by others. A
 * single one need not be told what it has said; who comes later takes it with the row.
 */
static void call_verified(struct bindings *bindings, const struct learnt_turn *turn, struct effects *effects)
{
	struct binding_key key = {.length = turn->report.key_length};
	struct binding *binding;

	memcpy(key.octets, turn->report.key, sizeof(key.octets));
	binding = binding_index_find(&bindings->index, &key);
	if (!binding || binding->row.version.sequence != turn->sequence ||
	    !(binding->row.flags & FEED_FLAG_CARE_OF_UNVERIFIED)) {
		bindings->counters.care_of_ignored++;
		return;
	}
	binding->row.flags &= ~(uint32_t)FEED_FLAG_CARE_OF_UNVERIFIED;
	bindings->counters.care_of_verified++;
	if (bindings->data_planes.count > 1)
		commit_binding(bindings, binding, effects);
}

/* Nothing was stored; being called in its turn is all that matters, so the result says nothing. */
static void in_turn(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct bindings *bindings = core;
	struct learnt_turn *turn = bindings->learnt_turns;

	(void)token;
	(void)result;
	if (!turn)
		return;
	DL_DELETE(bindings->learnt_turns, turn);
	if (turn->is_verified)
		call_verified(bindings, turn, effects);
	else
		change_inner_mtu(bindings, &turn->report, now, effects);
	free(turn);
}

static void take_turn(struct bindings *bindings, const struct punt_path_mtu *report, struct effects *effects)
{
	struct learnt_turn *turn = allocated(calloc(1, sizeof(*turn)));

	turn->report = *report;
	DL_APPEND(bindings->learnt_turns, turn);
	effects_when_durable(effects, in_turn, bindings, 0);
}

void bindings_care_of_verified(struct bindings *bindings, const struct punt_event_report *event,
                               struct effects *effects)
{
	struct learnt_turn *turn = allocated(calloc(1, sizeof(*turn)));

	turn->is_verified = true;
	turn->sequence = event->value;
	turn->report.key_length = event->key_length;
	memcpy(turn->report.key, event->key, sizeof(turn->report.key));
	DL_APPEND(bindings->learnt_turns, turn);
	effects_when_durable(effects, in_turn, bindings, 0);
}

void bindings_path_mtu(struct bindings *bindings, const struct punt_path_mtu *report, const struct instant *now,
                       struct effects *effects)
{
	(void)now;
	take_turn(bindings, report, effects);
}

/* --- channels --- */

void bindings_publish(struct bindings *bindings, const struct effect_publish *publish, const struct instant *now)
{
	publisher_change(&bindings->publisher, publish->row, publish->octets, now->unix_ms);
}

void bindings_turn_end(struct bindings *bindings, const struct instant *now)
{
	publisher_flush(&bindings->publisher, now->unix_ms);
	catch_up_server_turn_end(bindings->catch_up);
}

void bindings_catch_up(struct bindings *bindings, const struct punt_route *peer, const struct wire_view *frames,
                       size_t count, const struct instant *now)
{
	catch_up_server_message(bindings->catch_up, peer, frames, count, now);
}

/* --- what data planes tell --- */

void bindings_usage(struct bindings *bindings, const struct punt_usage *usage)
{
	struct wire_reader reader = wire_reader_of_view(usage->rows);
	struct punt_usage_row row;

	while (wire_remaining(&reader) && punt_usage_row_read(&reader, &row) == 0) {
		struct binding_key key = {.length = row.key_length};
		const struct binding *binding;

		memcpy(key.octets, row.key, sizeof(key.octets));
		binding = binding_index_find(&bindings->index, &key);
		if (binding && binding->subscriber->shard != row.shard)
			binding = NULL; /* of one who had the key before */
		bindings->counters.usage_rows++;
		bindings->counters.usage_rows_unknown += !usage_sums_report(bindings->usage, usage->boot, &row,
		                                                            binding ? binding->subscriber->name : NULL);
	}
}

void bindings_status(struct bindings *bindings, const struct punt_status *status, const struct instant *now)
{
	data_planes_told(&bindings->data_planes, status, now->monotonic_ms);
}

size_t bindings_data_planes(const struct bindings *bindings, struct data_plane_view *views, size_t capacity)
{
	size_t count = bindings->data_planes.count < capacity ? bindings->data_planes.count : capacity;

	memcpy(views, bindings->data_planes.planes, count * sizeof(*views));
	return count;
}

/* --- views --- */

static struct binding_view view_of(const struct bindings *bindings, const struct binding *binding)
{
	return (struct binding_view){
	        .key = binding->key,
	        .subscriber = binding->subscriber->name,
	        .row = &binding->row,
	        .rates = binding->rates,
	        .usage = usage_sums_of(bindings->usage, &binding->key, binding->subscriber->shard),
	};
}

size_t bindings_count(const struct bindings *bindings)
{
	return binding_index_count(&bindings->index);
}

struct binding_version bindings_head(const struct bindings *bindings, uint8_t shard)
{
	return version_of(bindings->heads[shard]);
}

bool bindings_find(const struct bindings *bindings, const struct binding_key *key, struct binding_view *view)
{
	const struct binding *binding = binding_index_find(&bindings->index, key);

	if (binding)
		*view = view_of(bindings, binding);
	return binding != NULL;
}

size_t bindings_page(const struct bindings *bindings, const struct binding_key *after, struct binding_view *views,
                     size_t capacity)
{
	const struct binding_index *index = &bindings->index;
	const struct binding *last = after ? binding_index_find(index, after) : NULL;
	/* one that has gone since the page before ended with it: on with what surely lies behind */
	const struct binding *binding =
	        after && !last ? binding_index_behind(index, after) : binding_index_next(index, last);
	size_t count = 0;

	for (; binding && count < capacity; binding = binding_index_next(index, binding))
		views[count++] = view_of(bindings, binding);
	return count;
}

size_t bindings_of_subscriber(const struct bindings *bindings, const char *name, struct binding_view *views,
                              size_t capacity)
{
	const struct bound_subscriber *subscriber = binding_index_subscriber(&bindings->index, name);
	const struct binding *binding;
	size_t count = 0;

	if (!subscriber)
		return 0;
	DL_FOREACH2(subscriber->bindings, binding, next_of_subscriber)
	if (count < capacity)
		views[count++] = view_of(bindings, binding);
	return count;
}

const struct bindings_counters *bindings_counters(const struct bindings *bindings)
{
	return &bindings->counters;
}
